// SPDX-License-Identifier: ISC
// Tests of web/web.h: that what was built can be served, and is served with every protection.
#include "web/web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#include "api/packed.h"
#include "http/site.h"

static struct vouch_web *web;
static struct vouch_http_config http;

static int begin(void **state) {
    (void)state;
    static const struct vouch_http_file other = {
        .path = "/other", .content_type = "text/plain", .etag = "\"1\""};
    http = (struct vouch_http_config){.files = &other, .file_count = 1};
    return vouch_web_configure(&http, &web, NULL);
}

static int end(void **state) {
    (void)state;
    vouch_web_free(web);
    return 0;
}

static const struct vouch_http_file *find(const char *path) {
    for (size_t i = 0; i < http.file_count; i++) {
        if (strcmp(http.files[i].path, path) == 0) {
            return &http.files[i];
        }
    }
    return NULL;
}

static int holds(struct vouch_bytes text, const char *part) {
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static void keeps_the_files_that_were_there(void **state) {
    (void)state;
    assert_non_null(find("/other"));
    assert_true(http.file_count > 2);
}

static void is_taken_by_the_server(void **state) {
    (void)state;
    struct vouch_http_site site;
    struct vouch_fault fault = {0};
    if (vouch_http_site_init(&site, &http, &fault) != VOUCH_OK) {
        fail_msg("%s", fault.text);
    }
    vouch_http_site_done(&site);
}

static void shows_one_document_on_every_page(void **state) {
    (void)state;
    static const char *const pages[] = {"/", "/sign-in", "/setup", "/certs/{serial}", "/settings"};
    const struct vouch_http_file *first = find("/");
    assert_true(holds(first->content, "<!DOCTYPE html>"));
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        const struct vouch_http_file *page = find(pages[i]);
        assert_non_null(page);
        assert_ptr_equal(page->content.ptr, first->content.ptr);
        assert_null(
            page->cache_control); // asked about each time, or an old one would name old files
    }
}

static void has_every_file_that_the_document_names(void **state) {
    (void)state;
    const struct vouch_http_file *document = find("/");
    size_t named = 0;
    for (size_t i = 0; i < http.file_count; i++) {
        const struct vouch_http_file *file = &http.files[i];
        if (strncmp(file->path, "/assets/", 8) == 0 && holds(document->content, file->path)) {
            assert_string_equal(file->cache_control, "public, max-age=31536000, immutable");
            named++;
        }
    }
    assert_true(named >= 3); // script and what it needs, style, icon
    size_t wanted = 0;
    const char *at = (const char *)document->content.ptr;
    while (
        (at = memmem(at, document->content.len - (size_t)(at - (const char *)document->content.ptr),
                     "\"/assets/", 9)) != NULL) {
        wanted++;
        at++;
    }
    assert_int_equal(wanted, named);
}

// Whole, and by its own sum: what a client that takes no gzip gets is what the others unpack.
static void holds_each_file_in_both_forms(void **state) {
    (void)state;
    size_t checked = 0;
    for (size_t i = 1; i < http.file_count; i++) {
        const struct vouch_http_file *file = &http.files[i];
        assert_true(file->gzip.len > 18 && file->content.len > 0);
        const uint8_t *end = file->gzip.ptr + file->gzip.len;
        uint32_t sum = (uint32_t)crc32(0, file->content.ptr, (uInt)file->content.len);
        for (unsigned k = 0; k < 4;
             k++) { // RFC 1952 2.3.1: the sum, then the length, least byte first
            assert_int_equal(end[-8 + (int)k], (uint8_t)(sum >> 8 * k));
            assert_int_equal(end[-4 + (int)k], (uint8_t)(file->content.len >> 8 * k));
        }
        checked += strncmp(file->path, "/assets/", 8) == 0;
    }
    assert_true(checked > 10);
}

static void refuses_what_is_not_what_was_packed(void **state) {
    (void)state;
    const struct vouch_http_file *file = find("/");
    uint8_t damaged[4096], plain[8192];
    assert_in_range(file->gzip.len, 20, sizeof damaged);
    assert_in_range(file->content.len, 1, sizeof plain - 1);
    memcpy(damaged, file->gzip.ptr, file->gzip.len);
    struct vouch_packed packed = {{damaged, file->gzip.len}, file->content.len};
    assert_int_equal(vouch_packed_open(&packed, plain), VOUCH_OK);
    assert_memory_equal(plain, file->content.ptr, file->content.len);
    for (size_t len = 0; len < file->gzip.len; len++) {
        packed.gzip.len = len;
        assert_int_equal(vouch_packed_open(&packed, plain), VOUCH_ERR_CORRUPT);
    }
    packed = (struct vouch_packed){{damaged, file->gzip.len}, file->content.len + 1};
    assert_int_equal(vouch_packed_open(&packed, plain), VOUCH_ERR_CORRUPT);
    packed.plain_len = file->content.len - 1;
    assert_int_equal(vouch_packed_open(&packed, plain), VOUCH_ERR_CORRUPT);
    packed.plain_len = file->content.len;
    damaged[file->gzip.len - 8] ^= 1; // of its sum
    assert_int_equal(vouch_packed_open(&packed, plain), VOUCH_ERR_CORRUPT);
}

static void has_a_pages_scripts_fetched_with_it(void **state) {
    (void)state;
    static const char *const pages[] = {"/sign-in", "/access", "/overview", "/settings"};
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        const char *at = strstr(find(pages[i])->headers, "\r\nLink: </assets/");
        assert_non_null(at);
        size_t named = 0;
        while ((at = strstr(at + 1, "</assets/")) != NULL) {
            char path[96] = "";
            const char *end = strchr(at, '>');
            assert_non_null(end);
            assert_true((size_t)(end - at) < sizeof path);
            memcpy(path, at + 1, (size_t)(end - at) - 1);
            assert_non_null(find(path));
            assert_memory_equal(end, ">; rel=modulepreload", 20);
            named++;
        }
        assert_true(named > 0);
    }
    assert_null(strstr(find("/assets/LICENSES.txt")->headers, "Link:"));
}

static void protects_each_of_its_files(void **state) {
    (void)state;
    static const char *const lines[] = {
        "default-src 'none'; script-src 'self'; style-src 'self';",
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; ",
        "base-uri 'none'; require-trusted-types-for 'script'\r\n",
        "Cross-Origin-Opener-Policy: same-origin\r\n",
        "Cross-Origin-Resource-Policy: same-origin\r\n",
        "Referrer-Policy: no-referrer\r\n",
        "Strict-Transport-Security: ",
        "X-Content-Type-Options: nosniff\r\n",
    };
    for (size_t i = 1; i < http.file_count; i++) {
        for (size_t k = 0; k < sizeof lines / sizeof lines[0]; k++) {
            assert_non_null(strstr(http.files[i].headers, lines[k]));
        }
        assert_null(strstr(http.files[i].headers, "unsafe"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_the_files_that_were_there, begin, end),
        cmocka_unit_test_setup_teardown(is_taken_by_the_server, begin, end),
        cmocka_unit_test_setup_teardown(shows_one_document_on_every_page, begin, end),
        cmocka_unit_test_setup_teardown(has_every_file_that_the_document_names, begin, end),
        cmocka_unit_test_setup_teardown(holds_each_file_in_both_forms, begin, end),
        cmocka_unit_test_setup_teardown(refuses_what_is_not_what_was_packed, begin, end),
        cmocka_unit_test_setup_teardown(has_a_pages_scripts_fetched_with_it, begin, end),
        cmocka_unit_test_setup_teardown(protects_each_of_its_files, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
