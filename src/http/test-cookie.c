// SPDX-License-Identifier: ISC
// Tests of cookies: read strictly, set with every protection.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/http.h"

static void finds_a_cookie_among_others(void **state) {
    (void)state;
    struct vouch_bytes value;
    struct vouch_bytes header = vouch_bytes_of("a=1; __Host-session=abc=/+; b=");
    assert_int_equal(vouch_http_cookie(header, "__Host-session", &value), VOUCH_OK);
    assert_int_equal(value.len, 6);
    assert_memory_equal(value.ptr, "abc=/+", 6);
    assert_int_equal(vouch_http_cookie(header, "b", &value), VOUCH_OK);
    assert_int_equal(value.len, 0);
}

static void says_when_there_is_none(void **state) {
    (void)state;
    struct vouch_bytes value;
    assert_int_equal(vouch_http_cookie((struct vouch_bytes){0}, "a", &value), VOUCH_ERR_NOT_FOUND);
    assert_int_equal(vouch_http_cookie(vouch_bytes_of("aa=1; b=2"), "a", &value),
                     VOUCH_ERR_NOT_FOUND);
}

static void refuses_what_is_no_cookie_header(void **state) {
    (void)state;
    static const char *const bad[] = {"",      "a",        "=1",      "a=1;b=2",    "a=1;  b=2",
                                      "a=1; ", "a=1;",     "a=\"1\"", "a=1, b=2",   "a=1; b",
                                      "a b=1", "a=1; a=2", "a=\x7f",  "a=\xc3\xa9", "a=1\\"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct vouch_bytes value;
        if (vouch_http_cookie(vouch_bytes_of(bad[i]), "a", &value) != VOUCH_ERR_FORMAT) {
            fail_msg("read: %s", bad[i]);
        }
    }
}

static void sets_a_cookie_with_every_protection(void **state) {
    (void)state;
    struct vouch_http_response response = {0};
    vouch_buf_init(&response.fields, 16384);
    assert_int_equal(vouch_http_cookie_set(&response, "__Host-s", vouch_bytes_of("x"), 60),
                     VOUCH_OK);
    static const char line[] = "Set-Cookie: __Host-s=x; Max-Age=60; Path=/; Secure; HttpOnly; "
                               "SameSite=Strict\r\n";
    assert_int_equal(response.fields.len, sizeof line - 1);
    assert_memory_equal(response.fields.ptr, line, sizeof line - 1);
    vouch_buf_done(&response.fields);
}

static void sets_a_cookie_until_the_browser_is_closed(void **state) {
    (void)state;
    struct vouch_http_response response = {0};
    vouch_buf_init(&response.fields, 16384);
    assert_int_equal(vouch_http_cookie_set(&response, "__Host-s", vouch_bytes_of("x"),
                                           VOUCH_HTTP_COOKIE_WHILE_OPEN),
                     VOUCH_OK);
    static const char line[] =
        "Set-Cookie: __Host-s=x; Path=/; Secure; HttpOnly; SameSite=Strict\r\n";
    assert_int_equal(response.fields.len, sizeof line - 1);
    assert_memory_equal(response.fields.ptr, line, sizeof line - 1);
    vouch_buf_done(&response.fields);
}

static void refuses_to_set_an_unsafe_cookie(void **state) {
    (void)state;
    struct vouch_http_response response = {0};
    vouch_buf_init(&response.fields, 16384);
    const struct vouch_bytes value = vouch_bytes_of("x");
    assert_int_equal(vouch_http_cookie_set(&response, "session", value, 60), VOUCH_ERR_ARGUMENT);
    assert_int_equal(vouch_http_cookie_set(&response, "__Host-a b", value, 60), VOUCH_ERR_ARGUMENT);
    assert_int_equal(vouch_http_cookie_set(&response, "__Host-s", vouch_bytes_of("a;b"), 60),
                     VOUCH_ERR_ARGUMENT);
    assert_int_equal(vouch_http_cookie_set(&response, "__Host-s", vouch_bytes_of("a\r\nb"), 60),
                     VOUCH_ERR_ARGUMENT);
    assert_int_equal(response.fields.len, 0);
    vouch_buf_done(&response.fields);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_cookie_among_others),
        cmocka_unit_test(says_when_there_is_none),
        cmocka_unit_test(refuses_what_is_no_cookie_header),
        cmocka_unit_test(sets_a_cookie_with_every_protection),
        cmocka_unit_test(sets_a_cookie_until_the_browser_is_closed),
        cmocka_unit_test(refuses_to_set_an_unsafe_cookie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
