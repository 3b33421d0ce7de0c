// SPDX-License-Identifier: ISC
// Host names with a wildcard: which are one, and below which domains they may be.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/host-wildcard.h"
#include "core/key.h"

static int is(const char *name) {
    return vouch_host_is_wildcard(vouch_bytes_of(name));
}

static void a_wildcard_is_a_star_and_two_labels_or_more(void **state) {
    (void)state;
    static const char *const good[] = {"*.example.com",           "*.web.example.com", "*.a.b",
                                       "*.xn--bcher-kva.example", "*.1.2.a3",          "*.a-b.c"};
    static const char *const bad[] = {"",
                                      "*",
                                      "*.",
                                      "**",
                                      "*.com",
                                      "*.com.",
                                      "*..com",
                                      "*.example.com.",
                                      "*.example..com",
                                      ".example.com",
                                      "example.com",
                                      "web*.example.com",
                                      "*web.example.com",
                                      "w.*.example.com",
                                      "*.*.example.com",
                                      "*.example.*",
                                      "?.example.com",
                                      "*.ex?mple.com",
                                      "!*.example.com",
                                      "*.!example.com",
                                      "*.example.com,*.example.org",
                                      "*.example.com *.example.org",
                                      "*.Example.com",
                                      "*.EXAMPLE.com",
                                      "*.-a.com",
                                      "*.a-.com",
                                      "*.a_b.com",
                                      "*.0.2",
                                      "*.2.192",
                                      "*.192.0.2",
                                      "*.2001:db8::",
                                      "*:example.com",
                                      "*.example.com\n",
                                      "*.b\303\274cher.example"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(is(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (is(bad[i])) {
            fail_msg("%s", bad[i]);
        }
    }
}

static void no_other_byte_gets_into_a_wildcard(void **state) {
    (void)state;
    for (size_t position = 0; position < 7; position++) {
        for (int c = 0; c < 256; c++) {
            uint8_t name[] = {'*', '.', 'a', 'b', '.', 'c', 'd'};
            int is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
            int good = name[position] == c || (position >= 2 && position != 4 && is_letter);
            name[position] = (uint8_t)c;
            assert_int_equal(vouch_host_is_wildcard((struct vouch_bytes){name, sizeof name}), good);
        }
    }
}

static void a_wildcard_has_the_length_of_a_name(void **state) {
    (void)state;
    char name[VOUCH_HOST_WILDCARD_MAX + 2] = "*.";
    for (size_t i = 2; i <= VOUCH_HOST_WILDCARD_MAX; i++) {
        name[i] = i % 50 == 0 ? '.' : 'a';
    }
    struct vouch_bytes text = {(const uint8_t *)name, VOUCH_HOST_WILDCARD_MAX};
    assert_true(vouch_host_is_wildcard(text));
    text.len++;
    assert_false(vouch_host_is_wildcard(text));
    memset(name + 2, 'a', 64);
    name[66] = '.';
    assert_false(is("*.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b.c"));
    assert_true(is("*.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b.c"));
}

static void nothing_is_allowed_below_no_domain(void **state) {
    (void)state;
    const struct vouch_host_domains none = {0};
    assert_false(vouch_host_domains_allow(&none, vouch_bytes_of("*.web.example.com")));
    assert_false(vouch_host_domains_allow(&none, vouch_bytes_of("*.")));
    assert_false(vouch_host_domains_allow(&none, vouch_bytes_of("")));
}

static void a_domain_allows_its_wildcard_and_those_below_it(void **state) {
    (void)state;
    struct vouch_host_domains domains = {0};
    assert_int_equal(vouch_host_domains_add(&domains, vouch_bytes_of("web.example.com")), VOUCH_OK);
    assert_int_equal(vouch_host_domains_add(&domains, vouch_bytes_of("lab.test")), VOUCH_OK);
    static const struct {
        const char *name;
        int allowed;
    } rows[] = {
        {"*.web.example.com", 1},
        {"*.eu.web.example.com", 1},
        {"*.lab.test", 1},
        {"*.example.com", 0},
        {"*.theweb.example.com", 0},
        {"*.web.example.com.evil.test", 0},
        {"*.web.example.co", 0},
        {"web1.web.example.com", 0},
        {"web.example.com", 0},
        {"*.*.web.example.com", 0},
        {"*", 0},
        {"*.com", 0},
        {"*.a,b.web.example.com", 0},
        {"x*.web.example.com", 0},
        {"*.test", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (vouch_host_domains_allow(&domains, vouch_bytes_of(rows[i].name)) != rows[i].allowed) {
            fail_msg("%s", rows[i].name);
        }
    }
}

static void takes_domains_of_two_labels_and_no_more_than_it_has_room_for(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "com",
                                      "*.example.com",
                                      ".example.com",
                                      "example.com.",
                                      "exa mple.com",
                                      "Example.com",
                                      "192.0.2.1",
                                      "a..b",
                                      "*"};
    struct vouch_host_domains domains = {0};
    char longest[VOUCH_HOST_WILDCARD_MAX + 1] = "";
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(vouch_host_domains_add(&domains, vouch_bytes_of(bad[i])),
                         VOUCH_ERR_FORMAT);
    }
    for (size_t i = 0; i < VOUCH_HOST_WILDCARD_MAX - 2; i++) {
        longest[i] = i % 50 == 49 ? '.' : 'a';
    }
    longest[VOUCH_HOST_WILDCARD_MAX - 2] = 'a';
    assert_int_equal(vouch_host_domains_add(&domains, vouch_bytes_of(longest)), VOUCH_ERR_FORMAT);
    longest[VOUCH_HOST_WILDCARD_MAX - 2] = '\0';
    assert_int_equal(vouch_host_domains_add(&domains, vouch_bytes_of(longest)), VOUCH_OK);
    assert_string_equal(domains.items[0], longest);
    for (size_t i = 1; i < VOUCH_HOST_DOMAINS_MAX; i++) {
        assert_int_equal(vouch_host_domains_add(&domains, vouch_bytes_of("a.b")), VOUCH_OK);
    }
    assert_int_equal(vouch_host_domains_add(&domains, vouch_bytes_of("a.b")), VOUCH_ERR_LIMIT);
    assert_int_equal(domains.count, VOUCH_HOST_DOMAINS_MAX);
}

// The careful rules with one principal.
static int check(enum vouch_cert_type type, const char *name,
                 int (*rules)(const struct vouch_cert_spec *, struct vouch_where *)) {
    struct vouch_private_key *key = NULL;
    const struct vouch_bytes principal = vouch_bytes_of(name);
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &key), VOUCH_OK);
    const struct vouch_cert_spec spec = {.type = type,
                                         .key = vouch_private_key_public(key),
                                         .serial = 1,
                                         .key_id = vouch_bytes_of("host:web1"),
                                         .principals = &principal,
                                         .principal_count = 1,
                                         .valid_after = 1,
                                         .valid_before = 2};
    struct vouch_where where = {0};
    int err = rules(&spec, &where);
    if (err != VOUCH_OK) {
        assert_string_equal(where.field, "principals");
    }
    vouch_private_key_free(key);
    return err == VOUCH_OK;
}

static void the_rules_refuse_wildcards_unless_somebody_judged_them(void **state) {
    (void)state;
    assert_false(check(VOUCH_CERT_HOST, "*.web.example.com", vouch_cert_spec_check));
    assert_true(check(VOUCH_CERT_HOST, "*.web.example.com", vouch_cert_spec_check_wildcards));
    assert_false(check(VOUCH_CERT_USER, "*.web.example.com", vouch_cert_spec_check_wildcards));
    static const char *const never[] = {"*",   "*.com", "w*.example.com",    "*.*.example.com",
                                        "?.b", "!a.b",  "*.example.com,b.c", "*.Example.com"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        assert_false(check(VOUCH_CERT_HOST, never[i], vouch_cert_spec_check_wildcards));
        assert_false(check(VOUCH_CERT_HOST, never[i], vouch_cert_spec_check));
        assert_false(check(VOUCH_CERT_USER, never[i], vouch_cert_spec_check_wildcards));
    }
    assert_true(check(VOUCH_CERT_HOST, "web1.example.com", vouch_cert_spec_check_wildcards));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wildcard_is_a_star_and_two_labels_or_more),
        cmocka_unit_test(no_other_byte_gets_into_a_wildcard),
        cmocka_unit_test(a_wildcard_has_the_length_of_a_name),
        cmocka_unit_test(nothing_is_allowed_below_no_domain),
        cmocka_unit_test(a_domain_allows_its_wildcard_and_those_below_it),
        cmocka_unit_test(takes_domains_of_two_labels_and_no_more_than_it_has_room_for),
        cmocka_unit_test(the_rules_refuse_wildcards_unless_somebody_judged_them),
    };
    return cmocka_run_group_tests_name("core/host-wildcard", tests, NULL, NULL);
}
