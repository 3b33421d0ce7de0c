// SPDX-License-Identifier: ISC
// Tests of what is noted down about a login, of when a certificate is renewed, and of the names of zones.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "prog/vouch/zone-login.h"

#define NOW UINT64_C(1795346738)

static enum vouch_zone_freshness fresh(uint64_t after, uint64_t before) {
    const struct vouch_cert cert = {.valid_after = after, .valid_before = before};
    return vouch_zone_login_freshness(&cert, NOW);
}

static void no_certificate_and_one_that_is_not_valid_are_none(void **state) {
    (void)state;
    assert_int_equal(vouch_zone_login_freshness(NULL, NOW), VOUCH_ZONE_NONE);
    assert_int_equal(fresh(NOW - 100, NOW), VOUCH_ZONE_NONE);
    assert_int_equal(fresh(NOW - 100, NOW - 1), VOUCH_ZONE_NONE);
    assert_int_equal(fresh(NOW + 1, NOW + 100), VOUCH_ZONE_NONE);
}

static void a_long_one_is_due_for_the_timer_before_the_hook(void **state) {
    (void)state;
    uint64_t begun = NOW - 20000; // of 30,000 s
    assert_int_equal(fresh(begun, NOW + 10000), VOUCH_ZONE_FRESH);
    assert_int_equal(fresh(begun, NOW + 9990), VOUCH_ZONE_DUE);
    assert_int_equal(fresh(begun, NOW + 600), VOUCH_ZONE_DUE);
    assert_int_equal(fresh(begun, NOW + 599), VOUCH_ZONE_LATE);
    assert_int_equal(fresh(begun, NOW + 1), VOUCH_ZONE_LATE);
}

static void a_short_one_is_not_renewed_before_its_last_third(void **state) {
    (void)state;
    assert_int_equal(fresh(NOW - 200, NOW + 100), VOUCH_ZONE_FRESH);
    assert_int_equal(fresh(NOW - 203, NOW + 99), VOUCH_ZONE_LATE);
}

static int put(const char *pattern, struct vouch_buf *out) {
    json_t *login = json_pack("{s:s, s:[s]}", "zone", "prod", "patterns", pattern);
    int err = vouch_zone_login_patterns(login, out, NULL);
    json_decref(login);
    return err;
}

static void patterns_stand_in_a_line_as_they_came(void **state) {
    (void)state;
    char text[100] = "";
    struct vouch_buf out;
    json_t *login = json_pack("{s:s, s:[s,s,s]}", "zone", "prod", "patterns", "*.prod.example.com",
                              "10.1.?", "fe80::*");
    vouch_buf_init_fixed(&out, text, sizeof text - 1);
    assert_int_equal(vouch_zone_login_patterns(login, &out, NULL), 0);
    assert_string_equal(text, "*.prod.example.com,10.1.?,fe80::*");
    json_decref(login);
}

static void refuses_patterns_that_change_the_line_or_mean_every_host(void **state) {
    (void)state;
    static const char *const patterns[] = {
        "",   "*",    "**", "*.*",  "?*",  "a b", "a,b",  "!a",  "a\nb",  "a\"",      "a'",  "a#b",
        "%h", "a\\b", "-a", "a\tb", "[a]", "a|b", "\x7f", "a;b", "$(id)", "\xc3\xa4", "a/b", "."};
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        struct vouch_buf out;
        vouch_buf_init(&out, VOUCH_ZONE_PATTERNS_MAX);
        assert_int_equal(put(patterns[i], &out), VOUCH_ERR_FORMAT);
        vouch_buf_done(&out);
    }
}

static void refuses_a_zone_without_patterns(void **state) {
    (void)state;
    struct vouch_buf out;
    struct vouch_fault fault;
    json_t *login = json_pack("{s:s}", "zone", "prod");
    vouch_buf_init(&out, 100);
    assert_int_equal(vouch_zone_login_patterns(login, &out, &fault), VOUCH_ERR_FORMAT);
    assert_non_null(strstr(fault.text, "no patterns"));
    json_decref(login);
    vouch_buf_done(&out);
}

static void names_of_zones_lead_nowhere_else(void **state) {
    (void)state;
    static const char *const names[] = {"",   ".",    "..",  "../x", "a/b", "/a",  "A",
                                        "-a", ".ssh", "a b", "a\n",  "ä",   "a\\b"};
    struct vouch_zone_dir dir;
    setenv("HOME", "/people/alice", 1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(vouch_zone_dir_of(names[i], &dir, NULL), VOUCH_ERR_ARGUMENT);
    }
    assert_int_equal(vouch_zone_dir_of("prod-1.eu_2", &dir, NULL), 0);
    assert_string_equal(dir.path, "/people/alice/.ssh/vouch/prod-1.eu_2");
    char longest[80];
    memset(longest, 'a', sizeof longest);
    longest[64] = '\0';
    assert_int_equal(vouch_zone_dir_of(longest, &dir, NULL), 0);
    longest[64] = 'a';
    longest[72] = '\0';
    assert_int_equal(vouch_zone_dir_of(longest, &dir, NULL), VOUCH_ERR_ARGUMENT);
}

static void what_was_not_said_is_not_asked_for(void **state) {
    (void)state;
    struct vouch_private_key *key = NULL;
    json_t *login = json_pack("{s:s, s:s, s:[s]}", "schema", VOUCH_ZONE_LOGIN_SCHEMA, "zone",
                              "prod", "patterns", "*.example.com");
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &key), 0);
    char *body = vouch_zone_login_body(login, vouch_private_key_public(key), 0);
    json_t *sent = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
    assert_int_equal(json_object_size(sent), 2);
    assert_string_equal(json_string_value(json_object_get(sent, "zone")), "prod");
    assert_non_null(json_string_value(json_object_get(sent, "public_key")));
    json_decref(sent);
    free(body);
    body = vouch_zone_login_body(login, vouch_private_key_public(key), UINT64_C(67147518705667));
    sent = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
    assert_int_equal(json_object_size(sent), 3);
    assert_string_equal(json_string_value(json_object_get(sent, "trust_version")),
                        "67147518705667");
    json_decref(sent);
    json_decref(login);
    free(body);
    vouch_private_key_free(key);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_certificate_and_one_that_is_not_valid_are_none),
        cmocka_unit_test(a_long_one_is_due_for_the_timer_before_the_hook),
        cmocka_unit_test(a_short_one_is_not_renewed_before_its_last_third),
        cmocka_unit_test(patterns_stand_in_a_line_as_they_came),
        cmocka_unit_test(refuses_patterns_that_change_the_line_or_mean_every_host),
        cmocka_unit_test(refuses_a_zone_without_patterns),
        cmocka_unit_test(names_of_zones_lead_nowhere_else),
        cmocka_unit_test(what_was_not_said_is_not_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
