// SPDX-License-Identifier: ISC
// Tests of the text form of revocations, as ssh-keygen -k reads it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "prog/vouch/krl-spec.h"

#define KEY_LINE "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAQ7+0tU/l+KwhXwLMZti2swbNW7ptgUWtbHvwctqeCY"

struct seen {
    char text[4096];
};

static int see(void *context, const struct vouch_krl_entry *entry) {
    struct seen *seen = context;
    size_t end = strlen(seen->text);
    char value[300];
    vouch_str_escape_to(entry->data, value, sizeof value);
    switch (entry->kind) {
    case VOUCH_KRL_ENTRY_SERIALS:
        (void)snprintf(value, sizeof value, "%llu-%llu", (unsigned long long)entry->first,
                       (unsigned long long)entry->last);
        break;
    case VOUCH_KRL_ENTRY_KEY:
        (void)snprintf(value, sizeof value, "key");
        break;
    case VOUCH_KRL_ENTRY_SHA1:
        (void)snprintf(value, sizeof value, "sha1:%zu", entry->data.len);
        break;
    case VOUCH_KRL_ENTRY_SHA256:
        (void)snprintf(value, sizeof value, "sha256:%zu", entry->data.len);
        break;
    case VOUCH_KRL_ENTRY_KEY_ID:
        break;
    }
    (void)snprintf(seen->text + end, sizeof seen->text - end, "%s%s", end > 0 ? "|" : "", value);
    return 0;
}

// What a list holds after reading `text`, "|" between the entries; *error is set when it is refused.
static const char *read_as(const char *text, const struct vouch_krl_spec *spec,
                           struct vouch_krl_spec_error *error) {
    static struct seen seen;
    struct vouch_krl *krl = vouch_krl_new();
    assert_non_null(krl);
    seen.text[0] = '\0';
    if (vouch_krl_spec_read(vouch_bytes_of(text), spec, krl, error) == 0) {
        assert_int_equal(error->problem, VOUCH_KRL_SPEC_FINE);
        assert_int_equal(vouch_krl_walk(krl, see, &seen), 0);
    } else {
        assert_int_not_equal(error->problem, VOUCH_KRL_SPEC_FINE);
        assert_int_not_equal(error->err, 0);
        (void)snprintf(seen.text, sizeof seen.text, "refused");
    }
    vouch_krl_free(krl);
    return seen.text;
}

static const struct vouch_krl_spec any = {.scope = VOUCH_KRL_SPEC_ANY_CA};

static void reads_every_keyword(void **state) {
    (void)state;
    static const struct {
        const char *text, *entries;
    } rows[] = {
        {"", ""},
        {"\n\n# nothing\n   \t # still nothing\n", ""},
        {"serial: 7", "7-7"},
        {"serial:7\nserial: 9\nserial: 8\n", "7-9"},
        {"SERIAL:\t 5-6", "5-6"},
        {"serial: 0x10", "16-16"},
        {"serial: 010", "8-8"},
        {"serial: +3", "3-3"},
        {"serial: -1", "18446744073709551615-18446744073709551615"},
        {"serial: 18446744073709551615", "18446744073709551615-18446744073709551615"},
        {"serial: 1-18446744073709551615", "1-18446744073709551615"},
        {"serial: 7 # the laptop", "7-7"},
        {"id: alice@example.com", "alice@example.com"},
        {"  Id:  two words \t", "two words"},
        {"id: cut#off", "cut"},
        {"hash: SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", "sha256:32"},
        {"hash: SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "sha256:32"},
        {KEY_LINE, "key"},
        {"key: " KEY_LINE " a comment", "key"},
        {"sha1: " KEY_LINE, "sha1:20"},
        {"sha256: " KEY_LINE, "sha256:32"},
        {KEY_LINE "\n" KEY_LINE "\n", "key"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_krl_spec_error error;
        assert_string_equal(read_as(rows[i].text, &any, &error), rows[i].entries);
    }
}

static void names_line_and_problem(void **state) {
    (void)state;
    static const struct {
        const char *text;
        unsigned long line;
        enum vouch_krl_spec_problem problem;
    } rows[] = {
        {"serial: abc", 1, VOUCH_KRL_SPEC_SERIAL},
        {"serial:", 1, VOUCH_KRL_SPEC_SERIAL},
        {"\nserial: 5x", 2, VOUCH_KRL_SPEC_SERIAL},
        {"serial: 08", 1, VOUCH_KRL_SPEC_SERIAL},
        {"serial: 0x", 1, VOUCH_KRL_SPEC_SERIAL},
        {"serial: 5 6", 1, VOUCH_KRL_SPEC_SERIAL},
        {"serial: 5-", 1, VOUCH_KRL_SPEC_SERIAL},
        {"serial: 5-x", 1, VOUCH_KRL_SPEC_SERIAL},
        {"serial: 5-6-7", 1, VOUCH_KRL_SPEC_SERIAL},
        {"serial: 5-5", 1, VOUCH_KRL_SPEC_SERIAL_RANGE},
        {"serial: 9-5", 1, VOUCH_KRL_SPEC_SERIAL_RANGE},
        {"serial: 18446744073709551616", 1, VOUCH_KRL_SPEC_SERIAL_TOO_BIG},
        {"serial: 1-18446744073709551616", 1, VOUCH_KRL_SPEC_SERIAL_TOO_BIG},
        {"serial: 0", 1, VOUCH_KRL_SPEC_SERIAL_ZERO},
        {"serial: 0-5", 1, VOUCH_KRL_SPEC_SERIAL_ZERO},
        {"hash: MD5:47DEQpj8", 1, VOUCH_KRL_SPEC_HASH_NAME},
        {"hash: sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", 1, VOUCH_KRL_SPEC_HASH_NAME},
        {"hash: SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF", 1, VOUCH_KRL_SPEC_HASH},
        {"hash: SHA256:", 1, VOUCH_KRL_SPEC_HASH},
        {"hash: SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
         "AAAAAAAAAAAAAAAAAAAAAAAAAAA",
         1, VOUCH_KRL_SPEC_HASH},
        {"id: a\nid: b\nnonsense", 3, VOUCH_KRL_SPEC_KEY},
        {"key: ssh-ed25519 AAAA", 1, VOUCH_KRL_SPEC_KEY},
        {"sha256: SHA256:47DEQpj8", 1, VOUCH_KRL_SPEC_KEY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_krl_spec_error error;
        assert_string_equal(read_as(rows[i].text, &any, &error), "refused");
        if (error.problem != rows[i].problem) {
            print_error("%s\n", rows[i].text);
        }
        assert_int_equal(error.problem, rows[i].problem);
        assert_true(error.line == rows[i].line);
    }
}

static void serials_and_key_ids_need_a_ca(void **state) {
    (void)state;
    const struct vouch_krl_spec none = {.scope = VOUCH_KRL_SPEC_NO_CA};
    struct vouch_krl_spec_error error;
    assert_string_equal(read_as("serial: 5", &none, &error), "refused");
    assert_int_equal(error.problem, VOUCH_KRL_SPEC_SERIAL_NO_CA);
    assert_string_equal(read_as("\nid: x", &none, &error), "refused");
    assert_int_equal(error.problem, VOUCH_KRL_SPEC_ID_NO_CA);
    assert_true(error.line == 2);
    assert_string_equal(read_as(KEY_LINE, &none, &error), "key");
}

static void careful_rules_refuse_control_characters(void **state) {
    (void)state;
    const struct vouch_krl_spec openssh = {.scope = VOUCH_KRL_SPEC_ANY_CA,
                                           .rules = VOUCH_KRL_SPEC_OPENSSH};
    struct vouch_krl_spec_error error;
    assert_string_equal(read_as("id: alice\r\n", &any, &error), "refused");
    assert_int_equal(error.problem, VOUCH_KRL_SPEC_CONTROL);
    assert_string_equal(read_as("id: alice\r\n", &openssh, &error), "alice\\x0d");
    assert_string_equal(read_as("id: tab\there\n", &any, &error), "tab\\x09here");
}

// No prefix of a good text may crash or hang; each is read or refused with its line.
static void every_prefix_is_read_or_refused(void **state) {
    (void)state;
    static const char text[] = "serial: 17-20\nid: alice\nkey: " KEY_LINE "\n"
                               "hash: SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n";
    for (size_t len = 0; len < sizeof text; len++) {
        struct vouch_krl_spec_error error;
        // A heap copy of just that length, so that a read behind it shows.
        uint8_t *copy = malloc(len + (len == 0));
        struct vouch_krl *krl = vouch_krl_new();
        assert_non_null(copy);
        assert_non_null(krl);
        memcpy(copy, text, len);
        int err = vouch_krl_spec_read((struct vouch_bytes){copy, len}, &any, krl, &error);
        assert_true((err == 0) == (error.problem == VOUCH_KRL_SPEC_FINE));
        assert_true(error.line >= 1 && error.line <= 6);
        vouch_krl_free(krl);
        free(copy);
    }
}

static void an_empty_slice_revokes_nothing(void **state) {
    (void)state;
    struct vouch_krl_spec_error error;
    struct vouch_krl *krl = vouch_krl_new();
    assert_int_equal(vouch_krl_spec_read((struct vouch_bytes){0}, &any, krl, &error), 0);
    vouch_krl_free(krl);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_keyword),
        cmocka_unit_test(names_line_and_problem),
        cmocka_unit_test(serials_and_key_ids_need_a_ca),
        cmocka_unit_test(careful_rules_refuse_control_characters),
        cmocka_unit_test(every_prefix_is_read_or_refused),
        cmocka_unit_test(an_empty_slice_revokes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
