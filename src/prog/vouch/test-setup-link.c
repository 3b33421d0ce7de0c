// SPDX-License-Identifier: ISC
// Tests of one-time links.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "prog/vouch/setup-link.h"

#define SECRET "vouchl_0123456789abcdefghijABCDEFGHIJ_-0123456789a"
#define URL "https://ca.example.com:8443"
#define PIN "sha256:6f1c9a"

static void print(const char *url, const char *pin, char *ret_text, size_t size) {
    struct vouch_buf out;
    vouch_buf_init_fixed(&out, ret_text, size - 1);
    vouch_setup_link_print(url, SECRET, pin, &out);
    assert_int_equal(out.err, 0);
    ret_text[out.len] = '\0';
}

static void what_is_printed_is_read(void **state) {
    (void)state;
    static const struct {
        const char *url, *pin, *text;
    } rows[] = {
        {URL, PIN, URL "/setup/" SECRET "#" PIN},
        {URL "/", PIN, URL "/setup/" SECRET "#" PIN},
        {URL, NULL, URL "/setup/" SECRET},
        {NULL, NULL, SECRET},
        {NULL, PIN, SECRET},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[400];
        struct vouch_setup_link link;
        print(rows[i].url, rows[i].pin, text, sizeof text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(vouch_setup_link_parse(text, &link, NULL), 0);
        assert_string_equal(link.url, rows[i].url != NULL ? URL : "");
        assert_string_equal(link.secret, SECRET);
        assert_string_equal(link.pin, rows[i].url != NULL && rows[i].pin != NULL ? PIN : "");
        vouch_setup_link_done(&link);
        assert_string_equal(link.secret, "");
    }
}

static void refuse(const char *text) {
    struct vouch_setup_link link = {.url = "untouched"};
    struct vouch_fault fault;
    assert_int_equal(vouch_setup_link_parse(text, &link, &fault), VOUCH_ERR_ARGUMENT);
    assert_ptr_equal(fault.kind, &vouch_fault_setup_link);
    assert_null(strstr(fault.text, "vouchl_")); // it may be most of a secret
    assert_string_equal(link.url, "untouched");
}

static void refuses_each_proper_prefix(void **state) {
    (void)state;
    static const char whole[] = URL "/setup/" SECRET "#";
    for (size_t len = 0; len + 1 < sizeof whole; len++) {
        char text[sizeof whole];
        (void)snprintf(text, sizeof text, "%.*s", (int)len, whole);
        if (len != sizeof whole - 2) { // without the #, it is whole
            refuse(text);
        }
    }
}

static void refuses_what_is_no_link(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        " " SECRET,
        SECRET " ",
        SECRET "a",
        SECRET "#" PIN,
        "vouchs_0123456789abcdefghijABCDEFGHIJ_-0123456789a",
        "http://ca.example.com/setup/" SECRET,
        "https:///setup/" SECRET,
        URL "/setup/" SECRET "#",
        URL "/setup/" SECRET "?" PIN,
        URL "/other/" SECRET,
        URL "/setup/" SECRET "/",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        refuse(texts[i]);
    }
}

static void refuses_what_has_no_room(void **state) {
    (void)state;
    char text[1000], host[VOUCH_SETUP_URL_MAX + 1], pin[VOUCH_SETUP_PIN_MAX + 1];
    memset(host, 'a', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    memset(pin, 'a', sizeof pin - 1);
    pin[sizeof pin - 1] = '\0';
    (void)snprintf(text, sizeof text, "https://%s/setup/" SECRET, host);
    refuse(text);
    (void)snprintf(text, sizeof text, URL "/setup/" SECRET "#%s", pin);
    refuse(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_printed_is_read),
        cmocka_unit_test(refuses_each_proper_prefix),
        cmocka_unit_test(refuses_what_is_no_link),
        cmocka_unit_test(refuses_what_has_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
