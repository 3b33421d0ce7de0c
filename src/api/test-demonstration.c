// SPDX-License-Identifier: ISC
// Tests of a server that changes nothing: every route that is more than a question is refused before anybody is
// asked, whoever calls; looking, and signing in and out, go on.
#include "api/routes.h"
#include "api/test-fixture.h"

// All that may be sent besides GET: questions, and what belongs to one's own signing in and out. Signing in by
// browser is signing in; taking one back ends sessions and revokes, and is none.
static const char *const open_routes[] = {
    "POST /v1/sessions",
    "DELETE /v1/session",
    "POST /v1/session/factor",
    "POST /v1/session/challenge",
    "POST /v1/passkeys/challenge",
    "POST /v1/device",
    "POST /v1/explain",
    "POST /v1/device/{code}/deny",
    "POST /v1/policy/diff",
    "POST /v1/device/{code}/approve",
};
#define OPEN_COUNT (sizeof open_routes / sizeof open_routes[0])

static int is_open(const struct vouch_http_route *route) {
    char name[128];
    (void)snprintf(name, sizeof name, "%s %s", vouch_http_method_text(route->method),
                   route->pattern);
    for (size_t i = 0; i < OPEN_COUNT; i++) {
        if (strcmp(open_routes[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

static int changes(const struct vouch_http_route *route) {
    return route->method != VOUCH_HTTP_GET && !is_open(route);
}

// Every capture is "7", which is a serial, a name and a code that nobody has.
static void put_path(const char *pattern, char ret_path[static 256]) {
    size_t len = 0;
    for (size_t i = 0; pattern[i] != '\0' && len < 255; i++) {
        int is_capture = pattern[i] == '{';
        ret_path[len++] = is_capture ? '7' : pattern[i];
        i += is_capture ? strcspn(pattern + i, "}") : 0;
    }
    ret_path[len] = '\0';
}

static unsigned ask(const struct vouch_http_route *route, const char *token) {
    char path[256];
    const struct vouch_api_row *row = vouch_api_row_of(route);
    put_path(route->pattern, path);
    const struct test_ask one = {.method = vouch_http_method_text(route->method),
                                 .path = path,
                                 .token = token,
                                 .type = row->body == VOUCH_API_YAML ? "application/yaml" : NULL,
                                 .headers = "If-Match: \"4\"\r\n",
                                 .body = row->body == VOUCH_API_NO_BODY ? NULL : "{}"};
    return test_send(&one);
}

static void changes_nothing_for_anybody_V2030(void **state) {
    (void)state;
    static const char *const callers[] = {NULL, TEST_TOKEN_ALL, TEST_SESSION, TEST_HOST_SECRET};
    size_t count = 0;
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        for (size_t k = 0; changes(route) && k < sizeof callers / sizeof callers[0]; k++) {
            unsigned before = test_authority_asks();
            assert_int_equal(ask(route, callers[k]), 403);
            assert_string_equal(test_code(&answer), "V-2030");
            assert_int_equal(test_authority_asks(), before);
        }
        count += changes(route) ? 1 : 0;
    }
    assert_true(count > 40);
}

static void goes_on_answering_what_changes_nothing(void **state) {
    (void)state;
    size_t count = 0;
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *route = &vouch_api_routes[i];
        if (!is_open(route)) {
            continue;
        }
        (void)ask(route, NULL);
        assert_string_not_equal(test_code(&answer), "V-2030");
        count++;
    }
    assert_int_equal(count, OPEN_COUNT); // each of them is a route
    assert_int_equal(test_send_as(TEST_TOKEN_ALL, "GET", "/v1/status", NULL), 200);
    assert_int_equal(
        test_send_as(TEST_SESSION, "POST", "/v1/explain", "{\"login\":\"root\",\"host\":\"web1\"}"),
        200);
    test_assert_asked("explain");
}

static void signing_in_by_browser_is_signing_in(void **state) {
    (void)state;
    assert_int_equal(test_send_as(NULL, "POST", "/v1/device",
                                  "{\"client\":{\"host\":\"h\",\"os\":\"o\",\"version\":\"v\"},"
                                  "\"challenge\":\"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\"}"),
                     201);
    assert_int_equal(test_send_as(TEST_SESSION, "GET", "/v1/device/BCDF-GHJK", NULL), 200);
    assert_int_equal(test_send_as(TEST_SESSION, "POST", "/v1/device/BCDF-GHJK/approve", "{}"), 200);
    assert_int_equal(test_send_as(TEST_SESSION, "POST", "/v1/device/BCDF-GHJK/undo", "{}"), 403);
    assert_string_equal(test_code(&answer), "V-2030");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(changes_nothing_for_anybody_V2030, test_begin_demonstration,
                                        test_end),
        cmocka_unit_test_setup_teardown(goes_on_answering_what_changes_nothing,
                                        test_begin_demonstration, test_end),
        cmocka_unit_test_setup_teardown(signing_in_by_browser_is_signing_in,
                                        test_begin_demonstration, test_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
