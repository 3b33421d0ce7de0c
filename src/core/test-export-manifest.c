// SPDX-License-Identifier: ISC
// Tests of manifests of exports: what is written is read again, and nothing else is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/export-manifest.h"
#include "core/key-signer.h"
#include "core/key.h"
#include "vouch/sshsig.h"

struct pen {
    struct vouch_private_key *key;
    struct vouch_private_key *other;
};

static int begin(void **state) {
    static struct pen pen;
    uint8_t seed[32] = {7};
    assert_int_equal(vouch_private_key_from_seed(seed, &pen.key), VOUCH_OK);
    seed[0] = 8;
    assert_int_equal(vouch_private_key_from_seed(seed, &pen.other), VOUCH_OK);
    *state = &pen;
    return 0;
}

static int end(void **state) {
    struct pen *pen = *state;
    vouch_private_key_free(pen->key);
    vouch_private_key_free(pen->other);
    return 0;
}

static struct vouch_export_statement good(void) {
    return (struct vouch_export_statement){.ledger = vouch_bytes_of("ca.example.com"),
                                           .query = {.format = VOUCH_EXPORT_CSV,
                                                     .words = vouch_bytes_of("alice db1"),
                                                     .type = vouch_bytes_of("cert.*"),
                                                     .actor = vouch_bytes_of("user:alice"),
                                                     .object = vouch_bytes_of("4711"),
                                                     .from_ms = UINT64_C(1795344338007),
                                                     .until_ms = UINT64_C(1795344339000)},
                                           .searched = 90,
                                           .records = 3,
                                           .length = 1234,
                                           .sha256 = {1, 2, 3},
                                           .asker = vouch_bytes_of("user:eve"),
                                           .size = 98,
                                           .root = {4, 5, 6},
                                           .time_s = UINT64_C(1795344340)};
}

// Statement, empty line, signature.
static void sign(const struct vouch_private_key *key, const char *name_space,
                 struct vouch_bytes statement, struct vouch_buf *out) {
    const struct vouch_sshsig_signer by = {.public_blob =
                                               vouch_key_blob(vouch_private_key_public(key)),
                                           .sign = vouch_key_signs,
                                           .context = (void *)(uintptr_t)key,
                                           .hash = VOUCH_HASH_SHA512};
    vouch_buf_clear(out);
    vouch_buf_put(out, statement);
    vouch_buf_put_text(out, "\n");
    assert_int_equal(vouch_sshsig_sign(&by, name_space, statement, out), VOUCH_OK);
}

static int verify(const struct pen *pen, const struct vouch_buf *manifest,
                  struct vouch_export_statement *ret_found, struct vouch_fault *fault) {
    return vouch_export_verify(vouch_buf_bytes(manifest), vouch_private_key_public(pen->key), "it",
                               ret_found, fault);
}

static void reads_what_it_writes(void **state) {
    const struct pen *pen = *state;
    struct vouch_export_statement statements[] = {good(), good(), good()};
    struct vouch_buf text, manifest, again;
    vouch_buf_init(&text, VOUCH_EXPORT_MANIFEST_MAX);
    vouch_buf_init(&manifest, VOUCH_EXPORT_MANIFEST_MAX);
    vouch_buf_init(&again, VOUCH_EXPORT_MANIFEST_MAX);
    statements[1].query = (struct vouch_export_query){.format = VOUCH_EXPORT_JSONL};
    statements[2].query.words = (struct vouch_bytes){0};
    statements[2].query.until_ms = 0;
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        struct vouch_export_statement found = {0};
        struct vouch_fault fault = {0};
        const char *why = NULL;
        assert_null(vouch_export_wrong(&statements[i], &why));
        vouch_buf_clear(&text);
        vouch_export_write(&statements[i], &text);
        sign(pen->key, VOUCH_EXPORT_NAMESPACE, vouch_buf_bytes(&text), &manifest);
        if (verify(pen, &manifest, &found, &fault) != VOUCH_OK) {
            fail_msg("%s", fault.text);
        }
        vouch_buf_clear(&again);
        vouch_export_write(&found, &again);
        assert_true(vouch_bytes_equal(vouch_buf_bytes(&text), vouch_buf_bytes(&again)));
        assert_int_equal(found.query.from_ms, statements[i].query.from_ms);
        assert_int_equal(found.records, 3);
    }
    vouch_buf_done(&text);
    vouch_buf_done(&manifest);
    vouch_buf_done(&again);
}

// Each is signed by the right key: what the signer would never write is not read either.
static void refuses_each_line_that_is_not_as_it_is_written(void **state) {
    const struct pen *pen = *state;
    static const struct {
        const char *from, *to, *about;
    } rows[] = {
        {"vouch-export/1\n", "vouch-export/2\n", "its first line"},
        {"vouch-export/1\n", "vouch-krl/1\n", "its first line"},
        {"ledger ca.example.com\n", "", "ledger"},
        {"ledger ca.example.com\n", "ledger \n", "ledger"},
        {"format csv\n", "format xml\n", "format"},
        {"format csv\n", "format\n", "format"},
        {"words alice db1\n", "words \n", "its form"},
        {"from 2026-11-22T10:45:38.007Z\n", "from 2026-11-22T10:45:38Z\n", "from"},
        {"from 2026-11-22T10:45:38.007Z\n", "from 2026-11-22T10:45:38.007+\n", "its form"},
        {"from 2026-11-22T10:45:38.007Z\n", "from 2026-13-22T10:45:38.007Z\n", "from"},
        {"records 3\n", "records 03\n", "its form"},
        {"records 3\n", "records 100\n", "records"},
        {"records 3\n", "records -3\n", "records"},
        {"length 1234\n", "length 2\n", "length"},
        {"sha256 0102", "sha256 01", "sha256"},
        {"sha256 0102", "sha256 zz02", "sha256"},
        {"asker user:eve\n", "asker user:eve\nasker user:mallory\n", "size"},
        {"size 98\n", "size 98\nsize 99\n", "root"},
        {"size 98\n", "size 89\n", "size"},
        {"time 2026-11-22T10:45:40Z\n", "time 2026-11-22T10:45:40Z\nmore 1\n", "its last line"},
        {"time 2026-11-22T10:45:40Z\n", "time 2026-11-22T12:45:40+02:00\n", "its form"},
    };
    const struct vouch_export_statement statement = good();
    struct vouch_buf text, changed, manifest;
    vouch_buf_init(&text, VOUCH_EXPORT_MANIFEST_MAX);
    vouch_buf_init(&changed, VOUCH_EXPORT_MANIFEST_MAX);
    vouch_buf_init(&manifest, VOUCH_EXPORT_MANIFEST_MAX);
    vouch_export_write(&statement, &text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_export_statement found = {0};
        struct vouch_fault fault = {0};
        size_t len = strlen(rows[i].from);
        const uint8_t *at = memmem(text.ptr, text.len, rows[i].from, len);
        assert_non_null(at);
        vouch_buf_clear(&changed);
        vouch_buf_put(&changed, (struct vouch_bytes){text.ptr, (size_t)(at - text.ptr)});
        vouch_buf_put_text(&changed, rows[i].to);
        vouch_buf_put(&changed,
                      (struct vouch_bytes){at + len, text.len - (size_t)(at - text.ptr) - len});
        sign(pen->key, VOUCH_EXPORT_NAMESPACE, vouch_buf_bytes(&changed), &manifest);
        assert_int_equal(verify(pen, &manifest, &found, &fault), VOUCH_ERR_FORMAT);
        assert_ptr_equal(fault.kind, &vouch_fault_export_manifest);
        char wanted[64];
        (void)snprintf(wanted, sizeof wanted, "it: %s is wrong", rows[i].about);
        assert_string_equal(fault.text, wanted);
        assert_int_equal(found.records, 0);
    }
    vouch_buf_done(&text);
    vouch_buf_done(&changed);
    vouch_buf_done(&manifest);
}

static void refuses_each_proper_prefix_and_each_flipped_bit(void **state) {
    const struct pen *pen = *state;
    const struct vouch_export_statement statement = good();
    struct vouch_export_statement found = {0};
    struct vouch_buf text, manifest;
    vouch_buf_init(&text, VOUCH_EXPORT_MANIFEST_MAX);
    vouch_buf_init(&manifest, VOUCH_EXPORT_MANIFEST_MAX);
    vouch_export_write(&statement, &text);
    sign(pen->key, VOUCH_EXPORT_NAMESPACE, vouch_buf_bytes(&text), &manifest);
    const struct vouch_key *key = vouch_private_key_public(pen->key);
    for (size_t len = 0; len + 1 < manifest.len; len++) { // the last line's end may be missing
        assert_int_not_equal(
            vouch_export_verify((struct vouch_bytes){manifest.ptr, len}, key, "it", &found, NULL),
            VOUCH_OK);
    }
    for (size_t i = 0; i < text.len * 8; i++) {
        manifest.ptr[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_int_not_equal(verify(pen, &manifest, &found, NULL), VOUCH_OK);
        manifest.ptr[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    assert_int_equal(verify(pen, &manifest, &found, NULL), VOUCH_OK);
    vouch_buf_done(&text);
    vouch_buf_done(&manifest);
}

static void refuses_another_key_and_another_namespace(void **state) {
    const struct pen *pen = *state;
    const struct vouch_export_statement statement = good();
    struct vouch_export_statement found = {0};
    struct vouch_fault fault = {0};
    struct vouch_buf text, manifest;
    vouch_buf_init(&text, VOUCH_EXPORT_MANIFEST_MAX);
    vouch_buf_init(&manifest, VOUCH_EXPORT_MANIFEST_MAX);
    vouch_export_write(&statement, &text);
    sign(pen->other, VOUCH_EXPORT_NAMESPACE, vouch_buf_bytes(&text), &manifest);
    assert_int_equal(verify(pen, &manifest, &found, &fault), VOUCH_ERR_SIGNATURE);
    assert_ptr_equal(fault.kind, &vouch_fault_export_key);
    sign(pen->key, "vouch-krl", vouch_buf_bytes(&text), &manifest);
    assert_int_equal(verify(pen, &manifest, &found, &fault), VOUCH_ERR_SIGNATURE);
    assert_ptr_equal(fault.kind, &vouch_fault_export_manifest);
    vouch_buf_done(&text);
    vouch_buf_done(&manifest);
}

static void no_text_can_become_a_line(void **state) {
    (void)state;
    static const char *const texts[] = {"a\nrecords 9", "\n", "a\r", "\x7f", "\x1b[2J"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (size_t k = 0; k < 6; k++) {
            struct vouch_export_statement statement = good();
            struct vouch_bytes *const fields[] = {&statement.query.words, &statement.query.type,
                                                  &statement.query.actor, &statement.query.object,
                                                  &statement.asker,       &statement.ledger};
            static const char *const names[] = {"words",  "type",  "actor",
                                                "object", "asker", "ledger"};
            const char *why = NULL;
            *fields[k] = vouch_bytes_of(texts[i]);
            assert_string_equal(vouch_export_wrong(&statement, &why), names[k]);
            assert_non_null(why);
        }
    }
}

static void splits_at_the_last_manifest_that_begins_a_line(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t end;
    } rows[] = {
        {"{}\n\nvouch-export/1\nx\n", 3},
        {"\nvouch-export/1\n", 0},
        {"a\n\nvouch-export/1\nb\n\nvouch-export/1\nc", 20},
        {"{}\nvouch-export/1\n", SIZE_MAX},
        {"{}\n\nvouch-export/1", SIZE_MAX},
        {"{}\n\nvouch-export/12\n", SIZE_MAX},
        {"", SIZE_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t at = 0, from = 0;
        int err = vouch_export_split(vouch_bytes_of(rows[i].text), &at, &from);
        assert_int_equal(err, rows[i].end == SIZE_MAX ? VOUCH_ERR_NOT_FOUND : VOUCH_OK);
        if (err == VOUCH_OK) {
            assert_int_equal(at, rows[i].end);
            assert_int_equal(from, rows[i].end + 1);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(refuses_each_line_that_is_not_as_it_is_written),
        cmocka_unit_test(refuses_each_proper_prefix_and_each_flipped_bit),
        cmocka_unit_test(refuses_another_key_and_another_namespace),
        cmocka_unit_test(no_text_can_become_a_line),
        cmocka_unit_test(splits_at_the_last_manifest_that_begins_a_line),
    };
    return cmocka_run_group_tests_name("core/export-manifest", tests, begin, end);
}
