// SPDX-License-Identifier: ISC
// Tests of what is said to look wrong with a certificate.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "prog/vouch/cert-warn.h"
#include "vouch/wire.h"

#define NOW UINT64_C(1795346738)

static struct vouch_private_key *subject, *authority;
static uint8_t value_data[] = {0, 0, 0, 1, 'x'}; // string "x"

static int make_keys(void **state) {
    (void)state;
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &subject), 0);
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &authority), 0);
    return 0;
}

static int free_keys(void **state) {
    (void)state;
    vouch_private_key_free(subject);
    vouch_private_key_free(authority);
    return 0;
}

static struct vouch_bytes principal_alice[1];
static struct vouch_cert_option only_pty[1];

// A user certificate that nothing is wrong with.
static struct vouch_cert good_cert(void) {
    principal_alice[0] = vouch_bytes_of("alice");
    only_pty[0] = (struct vouch_cert_option){.name = vouch_bytes_of("permit-pty")};
    return (struct vouch_cert){
        .key = (struct vouch_key *)(uintptr_t)vouch_private_key_public(subject),
        .ca = (struct vouch_key *)(uintptr_t)vouch_private_key_public(authority),
        .serial = 7,
        .type = VOUCH_CERT_USER,
        .key_id = vouch_bytes_of("alice@example.com"),
        .principals = principal_alice,
        .principal_count = 1,
        .valid_after = NOW - 60,
        .valid_before = NOW + 3600,
        .extensions = only_pty,
        .extension_count = 1,
    };
}

static int warns(const struct vouch_cert *cert, const char *code) {
    struct vouch_warnings warnings;
    vouch_cert_warnings(cert, NOW, &warnings);
    for (size_t i = 0; i < warnings.count; i++) {
        assert_null(strchr(warnings.list[i].text, '\x1b'));
        if (strcmp(warnings.list[i].code, code) == 0) {
            return 1;
        }
    }
    return 0;
}

static void nothing_is_wrong_with_a_good_one(void **state) {
    (void)state;
    struct vouch_cert cert = good_cert();
    struct vouch_warnings warnings;
    vouch_cert_warnings(&cert, NOW, &warnings);
    assert_int_equal(warnings.count, 0);
}

static void judges_validity(void **state) {
    (void)state;
    static const struct {
        uint64_t after, before;
        const char *code;
        int expected;
    } rows[] = {
        {NOW - 60, NOW + 1, "expired", 0},
        {NOW - 60, NOW, "expired", 1},
        {NOW, NOW + 10, "not-yet-valid", 0},
        {NOW + 1, NOW + 10, "not-yet-valid", 1},
        {NOW + 10, NOW + 10, "never-valid", 1},
        {NOW - 60, UINT64_MAX, "forever", 1},
        {0, UINT64_MAX, "forever", 1},
        {NOW - 60, (uint64_t)INT64_MAX + 1, "forever", 1},
        {NOW - 60, NOW - 60 + UINT64_C(90) * 86400, "long-lived", 0},
        {NOW - 60, NOW - 60 + UINT64_C(90) * 86400 + 1, "long-lived", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_cert cert = good_cert();
        cert.valid_after = rows[i].after;
        cert.valid_before = rows[i].before;
        assert_int_equal(warns(&cert, rows[i].code), rows[i].expected);
    }
}

static void judges_identity(void **state) {
    (void)state;
    struct vouch_cert cert = good_cert();
    uint8_t long_id[201];
    memset(long_id, 'a', sizeof long_id);
    cert.serial = 0;
    assert_true(warns(&cert, "no-serial"));
    cert.key_id = (struct vouch_bytes){0};
    assert_true(warns(&cert, "no-key-id"));
    cert.key_id = (struct vouch_bytes){long_id, 200};
    assert_false(warns(&cert, "long-key-id"));
    cert.key_id.len = 201;
    assert_true(warns(&cert, "long-key-id"));
    cert.key_id = vouch_bytes_of("a\nb\x1b[31m");
    assert_true(warns(&cert, "control-characters"));
}

static void judges_principals(void **state) {
    (void)state;
    static const struct {
        enum vouch_cert_type type;
        const char *name, *code;
        int expected;
    } rows[] = {
        {VOUCH_CERT_USER, "a,b", "comma", 1},
        {VOUCH_CERT_USER, "", "empty-principal", 1},
        {VOUCH_CERT_USER, "a b", "blank", 1},
        {VOUCH_CERT_USER, "a\x1b[2J", "blank", 1},
        {VOUCH_CERT_USER, "*", "wildcard", 1},
        {VOUCH_CERT_HOST, "*.example.com", "wildcard", 1},
        {VOUCH_CERT_HOST, "Web1", "upper-case", 1},
        {VOUCH_CERT_USER, "Alice", "upper-case", 0},
        {VOUCH_CERT_HOST, "web1.example.com", "wildcard", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_cert cert = good_cert();
        struct vouch_bytes name = vouch_bytes_of(rows[i].name);
        cert.type = rows[i].type;
        cert.principals = &name;
        assert_int_equal(warns(&cert, rows[i].code), rows[i].expected);
    }
    struct vouch_cert cert = good_cert();
    cert.principal_count = 0;
    assert_true(warns(&cert, "no-principals"));
}

static void judges_critical_options(void **state) {
    (void)state;
    const struct vouch_bytes value = {value_data, sizeof value_data};
    const struct vouch_bytes half = {value_data, 4};
    const struct {
        const char *name;
        struct vouch_bytes data;
        const char *code;
        int expected;
    } rows[] = {
        {"force-command", value, "broken-option", 0},
        {"force-command", value, "no-pty", 0},
        {"force-command", half, "broken-option", 1},
        {"force-command", {0}, "broken-option", 1},
        {"verify-required", {0}, "no-effect", 1},
        {"verify-required", value, "broken-option", 1},
        {"foo@example.com", {0}, "unknown-critical", 1},
        {"permit-pty", {0}, "unknown-critical", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_cert cert = good_cert();
        struct vouch_cert_option option = {vouch_bytes_of(rows[i].name), rows[i].data};
        cert.critical = &option;
        cert.critical_count = 1;
        assert_int_equal(warns(&cert, rows[i].code), rows[i].expected);
    }
}

static void judges_extensions(void **state) {
    (void)state;
    static const struct {
        const char *name, *code;
        int expected;
    } rows[] = {
        {"force-command", "not-a-restriction", 1}, {"source-address", "not-a-restriction", 1},
        {"permit-ptyy", "unknown-extension", 1},   {"login@github.com", "unknown-extension", 0},
        {"no-touch-required", "no-touch", 1},      {"permit-user-rc", "unknown-extension", 0},
        {"permit-port-forwarding", "no-pty", 1},   {"permit-pty", "no-pty", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_cert cert = good_cert();
        struct vouch_cert_option option = {.name = vouch_bytes_of(rows[i].name)};
        cert.extensions = &option;
        assert_int_equal(warns(&cert, rows[i].code), rows[i].expected);
    }
}

static void judges_order_and_repeats(void **state) {
    (void)state;
    struct vouch_cert cert = good_cert();
    struct vouch_cert_option options[] = {{.name = vouch_bytes_of("permit-user-rc")},
                                          {.name = vouch_bytes_of("permit-pty")},
                                          {.name = vouch_bytes_of("permit-pty")}};
    cert.extensions = options;
    cert.extension_count = 2;
    assert_true(warns(&cert, "unsorted"));
    assert_false(warns(&cert, "repeated-option"));
    cert.extensions = options + 1;
    assert_false(warns(&cert, "unsorted"));
    assert_true(warns(&cert, "repeated-option"));
}

static void options_on_a_host_certificate_are_named(void **state) {
    (void)state;
    struct vouch_cert cert = good_cert();
    cert.type = VOUCH_CERT_HOST;
    assert_true(warns(&cert, "extension-on-host"));
    assert_false(warns(&cert, "no-pty"));
    cert.critical = only_pty;
    cert.critical_count = 1;
    assert_true(warns(&cert, "critical-on-host"));
}

static void names_weak_keys_and_old_signatures(void **state) {
    (void)state;
    struct vouch_private_key *weak = NULL;
    struct vouch_buf signature;
    struct vouch_cert cert = good_cert();
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_RSA, 1024, &weak), 0);
    cert.key = (struct vouch_key *)(uintptr_t)vouch_private_key_public(weak);
    assert_true(warns(&cert, "weak-key"));
    cert.ca = cert.key;
    assert_true(warns(&cert, "weak-ca"));
    assert_true(warns(&cert, "self-signed"));
    vouch_buf_init(&signature, 256);
    vouch_write_text(&signature, "ssh-rsa");
    vouch_write_text(&signature, "body");
    cert.signature = vouch_buf_bytes(&signature);
    assert_true(warns(&cert, "sha1"));
    vouch_buf_done(&signature);
    vouch_private_key_free(weak);
}

static void a_hostile_certificate_cannot_overflow_the_list(void **state) {
    (void)state;
    struct vouch_bytes names[200];
    struct vouch_cert cert = good_cert();
    struct vouch_warnings warnings;
    for (size_t i = 0; i < 200; i++) {
        names[i] = vouch_bytes_of("a,b *");
    }
    cert.principals = names;
    cert.principal_count = 200;
    vouch_cert_warnings(&cert, NOW, &warnings);
    assert_int_equal(warnings.count, VOUCH_WARNINGS_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_wrong_with_a_good_one),
        cmocka_unit_test(judges_validity),
        cmocka_unit_test(judges_identity),
        cmocka_unit_test(judges_principals),
        cmocka_unit_test(judges_critical_options),
        cmocka_unit_test(judges_extensions),
        cmocka_unit_test(judges_order_and_repeats),
        cmocka_unit_test(options_on_a_host_certificate_are_named),
        cmocka_unit_test(names_weak_keys_and_old_signatures),
        cmocka_unit_test(a_hostile_certificate_cannot_overflow_the_list),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
