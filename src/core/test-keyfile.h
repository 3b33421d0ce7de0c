// SPDX-License-Identifier: ISC
// What the tests of private key files share: the files of tests/data/keyfile, and reading them.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/keyfile.h"

#define PASSPHRASE "correct horse"

// The whole of a file of tests/data/keyfile, in memory that the caller frees with free_file().
static inline struct vouch_bytes read_fixture(const char *name) {
    const char *root = getenv("VOUCH_SRC");
    if (root == NULL) {
        fail_msg("set VOUCH_SRC to the root of the source tree");
    }
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/tests/data/keyfile/%s", root, name);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        fail_msg("%s cannot be opened", path);
    }
    uint8_t *text = malloc(VOUCH_KEYFILE_MAX);
    assert_non_null(text);
    size_t len = fread(text, 1, VOUCH_KEYFILE_MAX, stream);
    assert_int_equal(fclose(stream), 0);
    assert_true(len > 0);
    return (struct vouch_bytes){text, len};
}

static inline void free_file(struct vouch_bytes *file) {
    free((void *)(uintptr_t)file->ptr);
}

#define autofile __attribute__((cleanup(free_file)))

static inline void free_public(struct vouch_key **key) {
    vouch_key_free(*key);
}

#define autokey __attribute__((cleanup(vouch_private_key_free_at_end)))
#define autopublic __attribute__((cleanup(free_public)))

// The key of NAME.pub.
static inline struct vouch_key *read_fixture_public(const char *name) {
    char path[128];
    (void)snprintf(path, sizeof path, "%s.pub", name);
    autofile struct vouch_bytes line = read_fixture(path);
    struct vouch_buf blob;
    vouch_buf_init(&blob, VOUCH_KEY_BLOB_MAX);
    assert_int_equal(vouch_key_line_decode(line, &blob, &(struct vouch_bytes){0}, NULL), VOUCH_OK);
    struct vouch_key *key = NULL;
    assert_int_equal(vouch_key_parse(vouch_buf_bytes(&blob), &key, NULL), VOUCH_OK);
    vouch_buf_done(&blob);
    return key;
}

// Reads a key file that must be good.
static inline struct vouch_private_key *parse_good(struct vouch_bytes file,
                                                   const char *passphrase) {
    struct vouch_private_key *key = NULL;
    struct vouch_where where = {0};
    int err = vouch_keyfile_parse(file, vouch_bytes_of(passphrase), &key, NULL, &where);
    if (err != VOUCH_OK) {
        fail_msg("error %d at byte %zu: %s %s", err, where.offset, where.field, where.reason);
    }
    return key;
}

static inline struct vouch_private_key *parse_fixture(const char *name, const char *passphrase) {
    autofile struct vouch_bytes file = read_fixture(name);
    return parse_good(file, passphrase);
}

// A good file, whose key it is, and what it is encrypted with; "": it is not.
struct keyfile_row {
    const char *file;
    const char *public_name;
    const char *passphrase;
};

// The key of a row, held to its public half; the comment is for the caller to free.
static inline struct vouch_private_key *read_row(const struct keyfile_row *row,
                                                 char **ret_comment) {
    autofile struct vouch_bytes file = read_fixture(row->file);
    autopublic struct vouch_key *want = read_fixture_public(row->public_name);
    struct vouch_private_key *key = NULL;
    struct vouch_where where = {0};
    int err = vouch_keyfile_parse(file, vouch_bytes_of(row->passphrase), &key, ret_comment, &where);
    if (err != VOUCH_OK) {
        fail_msg("%s: error %d: %s %s", row->file, err, where.field, where.reason);
    }
    assert_true(vouch_key_equal(vouch_private_key_public(key), want));
    return key;
}

// Without a passphrase each encrypted file asks for one, and each other is read.
static inline void assert_asks_for_passphrases(const struct keyfile_row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        autofile struct vouch_bytes file = read_fixture(rows[i].file);
        autokey struct vouch_private_key *key = NULL;
        struct vouch_where where = {0};
        int err = vouch_keyfile_parse(file, (struct vouch_bytes){0}, &key, NULL, &where);
        assert_int_equal(err, rows[i].passphrase[0] != '\0' ? VOUCH_ERR_PASSPHRASE : VOUCH_OK);
        if (err != VOUCH_OK) {
            assert_string_equal(where.reason, "encrypted");
            assert_null(key);
        }
    }
}

// Each encrypted file refuses a passphrase that is not its own.
static inline void assert_refuses_passphrase(const struct keyfile_row *rows, size_t count,
                                             const char *wrong) {
    for (size_t i = 0; i < count; i++) {
        if (rows[i].passphrase[0] == '\0') {
            continue;
        }
        autofile struct vouch_bytes file = read_fixture(rows[i].file);
        struct vouch_private_key *key = NULL;
        struct vouch_where where = {0};
        int err = vouch_keyfile_parse(file, vouch_bytes_of(wrong), &key, NULL, &where);
        assert_int_equal(err, VOUCH_ERR_PASSPHRASE);
        assert_string_equal(where.reason, "wrong passphrase");
        assert_null(key);
    }
}

// Holds a bad file to the error that it must give, and to giving nothing else.
static inline void assert_refused(struct vouch_bytes file, const char *passphrase, int wanted,
                                  const char *field) {
    struct vouch_private_key *key = NULL;
    char *comment = NULL;
    struct vouch_where where = {0};
    int err = vouch_keyfile_parse(file, vouch_bytes_of(passphrase), &key, &comment, &where);
    if (err != wanted || where.field == NULL || strcmp(where.field, field) != 0) {
        fail_msg("error %d, field %s, reason %s; expected %d, %s", err, where.field, where.reason,
                 wanted, field);
    }
    assert_null(key);
    assert_null(comment);
    assert_true(where.offset <= file.len);
}

// The key signs, and what it signs is its public half's.
static inline void assert_signs(const struct vouch_private_key *key) {
    struct vouch_bytes message = vouch_bytes_of("message");
    struct vouch_buf signature;
    vouch_buf_init(&signature, VOUCH_SIGNATURE_MAX);
    assert_int_equal(vouch_private_key_sign(key, NULL, message, &signature), VOUCH_OK);
    assert_int_equal(
        vouch_key_verify(vouch_private_key_public(key), vouch_buf_bytes(&signature), message),
        VOUCH_OK);
    vouch_buf_done(&signature);
}

// A key file of ours, in memory that the caller frees.
static inline struct vouch_bytes written(const struct vouch_private_key *key,
                                         const struct vouch_keyfile_options *options) {
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_KEYFILE_MAX);
    assert_int_equal(vouch_keyfile_write(key, options, &out), VOUCH_OK);
    struct vouch_bytes file = {0};
    file.ptr = vouch_buf_take(&out, &file.len);
    return file;
}

// The base64 of a file decoded, in memory that the caller frees; and a file made of such bytes.
static inline struct vouch_bytes unarmoured(struct vouch_bytes file) {
    struct vouch_keyfile_armoured armoured = {0};
    struct vouch_where where = {0};
    assert_int_equal(vouch_keyfile_unarmour(file, &armoured, &where), VOUCH_OK);
    uint8_t *copy = malloc(armoured.blob.len);
    assert_non_null(copy);
    memcpy(copy, armoured.blob.ptr, armoured.blob.len);
    struct vouch_bytes blob = {copy, armoured.blob.len};
    vouch_secret_done(&armoured.blob);
    return blob;
}

static inline struct vouch_bytes armoured(struct vouch_bytes blob) {
    struct vouch_buf out;
    vouch_buf_init(&out, 2 * VOUCH_KEYFILE_MAX);
    assert_int_equal(vouch_keyfile_armour(blob, &out), VOUCH_OK);
    struct vouch_bytes file = {0};
    file.ptr = vouch_buf_take(&out, &file.len);
    return file;
}
