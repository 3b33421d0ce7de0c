// SPDX-License-Identifier: ISC
// What the tests of key revocation lists share: keys, lists made by hand, a list with all in it.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/krl.h"

#define MAX (16 * 1024 * 1024)

static struct vouch_private_key *private_keys[3];
static const struct vouch_key *ca;    // signs what is judged
static const struct vouch_key *other; // another CA
static const struct vouch_key *user;  // the subject

static inline int make_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        if (vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &private_keys[i]) != VOUCH_OK) {
            return -1;
        }
    }
    ca = vouch_private_key_public(private_keys[0]);
    other = vouch_private_key_public(private_keys[1]);
    user = vouch_private_key_public(private_keys[2]);
    return 0;
}

static inline int free_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        vouch_private_key_free(private_keys[i]);
    }
    return 0;
}

// --- numbers ---

static uint64_t random_state = 1;

// splitmix64: the same numbers in every run.
static inline uint64_t next_random(void) {
    uint64_t x = random_state += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

static inline uint64_t below(uint64_t bound) {
    return next_random() % bound;
}

// --- making lists by hand, one byte string after the other ---

#define HEADER_LEN 44

static inline void put_header(struct vouch_buf *out, const char *comment) {
    vouch_buf_put(out, (struct vouch_bytes){(const uint8_t *)"SSHKRL\n", 8});
    vouch_write_u32(out, 1);
    vouch_write_u64(out, 7);
    vouch_write_u64(out, 1600000000);
    vouch_write_u64(out, 0);
    vouch_write_text(out, "");
    vouch_write_text(out, comment);
}

static inline void begin_list(struct vouch_buf *out) {
    vouch_buf_init(out, MAX);
    put_header(out, "");
}

static inline size_t begin_section(struct vouch_buf *out, unsigned type) {
    vouch_write_u8(out, (uint8_t)type);
    return vouch_write_string_begin(out);
}

static inline size_t begin_certificates(struct vouch_buf *out, struct vouch_bytes ca_blob) {
    size_t mark = begin_section(out, VOUCH_KRL_CERTIFICATES);
    vouch_write_string(out, ca_blob);
    vouch_write_text(out, "");
    return mark;
}

static inline struct vouch_bytes literal(const char *bytes, size_t len) {
    return (struct vouch_bytes){(const uint8_t *)bytes, len};
}
#define LITERAL(text) literal(text, sizeof text - 1)

// A list with one section, whose data is `data`.
static inline struct vouch_buf list_of(unsigned type, struct vouch_bytes data) {
    struct vouch_buf out;
    begin_list(&out);
    vouch_write_u8(&out, (uint8_t)type);
    vouch_write_string(&out, data);
    return out;
}

// A section with one piece under a CA.
static inline void put_piece(struct vouch_buf *out, struct vouch_bytes ca_blob, unsigned type,
                             struct vouch_bytes data) {
    size_t section = begin_certificates(out, ca_blob);
    vouch_write_u8(out, (uint8_t)type);
    vouch_write_string(out, data);
    vouch_write_string_end(out, section);
}

// A list that names one piece under any CA.
static inline struct vouch_buf list_of_piece(unsigned type, struct vouch_bytes data) {
    struct vouch_buf out;
    begin_list(&out);
    put_piece(&out, (struct vouch_bytes){0}, type, data);
    return out;
}

static inline int parses(struct vouch_bytes blob) {
    struct vouch_krl *krl = NULL;
    int err = vouch_krl_parse(blob, &krl, NULL);
    vouch_krl_free(err == VOUCH_OK ? krl : NULL);
    return err;
}

static inline struct vouch_krl *parse(const struct vouch_buf *list) {
    struct vouch_krl *krl = NULL;
    struct vouch_where where = {0};
    int err = vouch_krl_parse(vouch_buf_bytes(list), &krl, &where);
    if (err != VOUCH_OK) {
        fail_msg("%s: %s (byte %zu)", where.field, vouch_err_text(err), where.offset);
    }
    return krl;
}

static inline struct vouch_buf written(struct vouch_krl *krl) {
    struct vouch_buf out;
    vouch_buf_init(&out, MAX);
    assert_int_equal(vouch_krl_write(krl, &out), VOUCH_OK);
    return out;
}

// --- asking ---

static inline enum vouch_krl_verdict check(const struct vouch_krl *krl,
                                           const struct vouch_key *signer, uint64_t serial,
                                           const char *key_id) {
    union {
        const struct vouch_key *borrowed;
        struct vouch_key *key;
    } subject = {user}, issuer = {signer};
    struct vouch_cert cert = {
        .key = subject.key, .ca = issuer.key, .serial = serial, .key_id = vouch_bytes_of(key_id)};
    return vouch_krl_check_cert(krl, &cert);
}

static inline enum vouch_krl_verdict check_serial(const struct vouch_krl *krl, uint64_t serial) {
    return check(krl, ca, serial, "nobody");
}

static inline int count_entry(void *context, const struct vouch_krl_entry *entry) {
    (void)entry;
    ++*(size_t *)context;
    return 0;
}

static inline size_t entry_count(struct vouch_krl *krl) {
    size_t count = 0;
    assert_int_equal(vouch_krl_walk(krl, count_entry, &count), 0);
    return count;
}

// A list with at least one entry of each form, under two CAs and any CA.
static inline struct vouch_krl *make_rich(void) {
    struct vouch_krl *krl = vouch_krl_new();
    vouch_krl_set_header(krl, 7, 1600000000, "rich");
    assert_int_equal(vouch_krl_add_serials(krl, ca, 5, 5), VOUCH_OK);
    assert_int_equal(vouch_krl_add_serials(krl, ca, 1000, 900000), VOUCH_OK);
    for (uint64_t i = 0; i < 40; i++) {
        assert_int_equal(vouch_krl_add_serials(krl, ca, 5000000 + i * 3, 5000000 + i * 3),
                         VOUCH_OK);
    }
    assert_int_equal(vouch_krl_add_serials(krl, ca, UINT64_MAX, UINT64_MAX), VOUCH_OK);
    assert_int_equal(vouch_krl_add_key_id(krl, ca, vouch_bytes_of("alice")), VOUCH_OK);
    assert_int_equal(vouch_krl_add_key_id(krl, ca, vouch_bytes_of("alice@example")), VOUCH_OK);
    assert_int_equal(vouch_krl_add_key_id(krl, NULL, vouch_bytes_of("anywhere")), VOUCH_OK);
    assert_int_equal(vouch_krl_add_serials(krl, NULL, 77, 78), VOUCH_OK);
    assert_int_equal(vouch_krl_add_serials(krl, other, 99, 99), VOUCH_OK);
    assert_int_equal(vouch_krl_add_key(krl, other), VOUCH_OK);
    assert_int_equal(vouch_krl_add_hash(krl, VOUCH_HASH_SHA1, LITERAL("0123456789abcdefghij")),
                     VOUCH_OK);
    assert_int_equal(
        vouch_krl_add_hash(krl, VOUCH_HASH_SHA256, LITERAL("0123456789abcdefghijklmnopqrstuv")),
        VOUCH_OK);
    return krl;
}
