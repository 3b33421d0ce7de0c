// SPDX-License-Identifier: ISC
// Tests of http/site.h: which tables are taken, and where paths lead.
#include "http/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static int handler(void *context, const struct vouch_http_request *request,
                   struct vouch_http_response *response) {
    (void)context;
    (void)request;
    response->status = 204;
    return VOUCH_OK;
}

static int take_route(struct vouch_http_route route) {
    struct vouch_http_site site;
    struct vouch_fault fault = {0};
    const struct vouch_http_config config = {.routes = &route, .route_count = 1};
    int err = vouch_http_site_init(&site, &config, &fault);
    assert_true(err == VOUCH_OK || fault.kind != NULL);
    vouch_http_site_done(&site);
    return err;
}

static void refuses_patterns_that_are_none(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "a",
                                      "//",
                                      "/a/",
                                      "/a//b",
                                      "/a/{b",
                                      NULL,
                                      "/{a}/{b}/{c}/{d}/{e}/{f}/{g}",
                                      "/1/2/3/4/5/6/7/8/9/10/11/12/13"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(
            take_route((struct vouch_http_route){.pattern = bad[i], .handler = handler}),
            VOUCH_ERR_ARGUMENT);
    }
    assert_int_equal(take_route((struct vouch_http_route){.pattern = "/", .handler = handler}),
                     VOUCH_OK);
}

static void refuses_a_route_without_a_handler_or_over_the_limit(void **state) {
    (void)state;
    assert_int_equal(take_route((struct vouch_http_route){.pattern = "/a"}), VOUCH_ERR_ARGUMENT);
    assert_int_equal(take_route((struct vouch_http_route){
                         .pattern = "/a", .handler = handler, .body_max = 65537}),
                     VOUCH_ERR_ARGUMENT);
    assert_int_equal(take_route((struct vouch_http_route){
                         .method = VOUCH_HTTP_HEAD, .pattern = "/a", .handler = handler}),
                     VOUCH_ERR_ARGUMENT);
}

static void refuses_headers_that_are_no_lines(void **state) {
    (void)state;
    static const char *const bad[] = {"A: b", "A: b\n", "A: b\r\n\r\n", "\r\n", "A: \x1b\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct vouch_http_site site;
        const struct vouch_http_config config = {.headers = bad[i]};
        assert_int_equal(vouch_http_site_init(&site, &config, NULL), VOUCH_ERR_ARGUMENT);
    }
}

static void refuses_files_that_cannot_be_served(void **state) {
    (void)state;
    static const struct vouch_http_file bad[] = {
        {.content_type = "a/b", .etag = "\"1\""},
        {.path = "a", .content_type = "a/b", .etag = "\"1\""},
        {.path = "/a/{b", .content_type = "a/b", .etag = "\"1\""},
        {.path = "/a", .etag = "\"1\""},
        {.path = "/a", .content_type = "a/b"},
        {.path = "/a", .content_type = "a/b", .etag = "1"},
        {.path = "/a", .content_type = "a/b", .etag = "\"1"},
        {.path = "/a",
         .content_type = "a/b", // no room for the mark of the compressed form
         .etag =
             "\"01234567890123456789012345678901234567890123456789012345678901234567890123456\""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct vouch_http_site site;
        const struct vouch_http_config config = {.files = &bad[i], .file_count = 1};
        assert_int_equal(vouch_http_site_init(&site, &config, NULL), VOUCH_ERR_ARGUMENT);
    }
}

static void refuses_settings_beyond_their_bounds(void **state) {
    (void)state;
    const struct vouch_http_config bad[] = {
        {.io_threads = 17},
        {.workers = 1025},
        {.listener_count = 9},
        {.limits.header_max = 511},
        {.limits.body_max = (size_t)2 << 30},
        {.limits.connections_max = 1000001},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct vouch_http_site site;
        assert_int_equal(vouch_http_site_init(&site, &bad[i], NULL), VOUCH_ERR_ARGUMENT);
    }
}

static void fills_in_defaults(void **state) {
    (void)state;
    struct vouch_http_site site;
    const struct vouch_http_config config = {0};
    assert_int_equal(vouch_http_site_init(&site, &config, NULL), VOUCH_OK);
    assert_int_equal(site.config.limits.header_max, 16384);
    assert_int_equal(site.config.limits.body_max, 65536);
    assert_int_equal(site.config.deadlines.idle_ns, 60000000000);
    assert_int_equal(site.config.workers, 8);
    vouch_http_site_done(&site);
}

static const struct vouch_http_route found_routes[] = {
    {VOUCH_HTTP_GET, "/", handler, 0, 0, NULL},
    {VOUCH_HTTP_GET, "/certs", handler, 0, 0, NULL},
    {VOUCH_HTTP_POST, "/certs", handler, 0, 0, NULL},
    {VOUCH_HTTP_GET, "/certs/latest", handler, 0, 0, NULL},
    {VOUCH_HTTP_GET, "/certs/{serial}", handler, 0, 0, NULL},
    {VOUCH_HTTP_DELETE, "/certs/{serial}", handler, 0, 0, NULL},
};

static const struct {
    enum vouch_http_method method;
    const char *target;
    int route; // its index, -1: none, -2: the first file, -3: the second
    unsigned allowed;
} found_cases[] = {
    {VOUCH_HTTP_GET, "/", 0, 3},           {VOUCH_HTTP_HEAD, "/certs", 1, 3},
    {VOUCH_HTTP_POST, "/certs", 2, 7},     {VOUCH_HTTP_GET, "/certs/latest", 3, 3},
    {VOUCH_HTTP_GET, "/certs/7", 4, 3},    {VOUCH_HTTP_DELETE, "/certs/latest", 5, 35},
    {VOUCH_HTTP_PUT, "/certs/7", -1, 35},  {VOUCH_HTTP_GET, "/Certs", -1, 0},
    {VOUCH_HTTP_GET, "/certs/7/8", -1, 0}, {VOUCH_HTTP_GET, "/app.js", -2, 3},
    {VOUCH_HTTP_POST, "/app.js", -1, 3},   {VOUCH_HTTP_GET, "/pages/%20", -3, 3},
    {VOUCH_HTTP_HEAD, "/pages/a", -3, 3},  {VOUCH_HTTP_GET, "/pages", -1, 0},
    {VOUCH_HTTP_GET, "/pages/a/b", -1, 0}, {VOUCH_HTTP_DELETE, "/pages/a", -1, 3},
};

static void finds_routes_and_files(void **state) {
    (void)state;
    static const struct vouch_http_file files[] = {
        {.path = "/app.js", .content_type = "text/javascript", .etag = "\"1\""},
        {.path = "/pages/{name}", .content_type = "text/html", .etag = "\"2\""}};
    const struct vouch_http_config config = {
        .routes = found_routes, .route_count = 6, .files = files, .file_count = 2};
    struct vouch_http_site site;
    assert_int_equal(vouch_http_site_init(&site, &config, NULL), VOUCH_OK);
    for (size_t i = 0; i < sizeof found_cases / sizeof found_cases[0]; i++) {
        uint8_t room[64];
        struct vouch_http_target target;
        struct vouch_http_refusal refusal;
        struct vouch_http_match match;
        assert_int_equal(
            vouch_http_target_parse(vouch_bytes_of(found_cases[i].target), room, &target, &refusal),
            VOUCH_OK);
        vouch_http_site_find(&site, found_cases[i].method, &target, &match);
        assert_ptr_equal(match.route,
                         found_cases[i].route >= 0 ? &found_routes[found_cases[i].route] : NULL);
        assert_ptr_equal(match.file,
                         found_cases[i].route < -1 ? &files[-2 - found_cases[i].route] : NULL);
        if (found_cases[i].route < 0) {
            assert_int_equal(match.allowed, found_cases[i].allowed);
        }
    }
    vouch_http_site_done(&site);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_patterns_that_are_none),
        cmocka_unit_test(refuses_a_route_without_a_handler_or_over_the_limit),
        cmocka_unit_test(refuses_headers_that_are_no_lines),
        cmocka_unit_test(refuses_files_that_cannot_be_served),
        cmocka_unit_test(refuses_settings_beyond_their_bounds),
        cmocka_unit_test(fills_in_defaults),
        cmocka_unit_test(finds_routes_and_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
