// SPDX-License-Identifier: ISC
// What the gauntlet's programs share: a CA in memory, a request without a fault, and small ways to
// change it. It is no part of the product.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vouch/cert.h"

#define ISSUER_NOW 1795344338u
#define ISSUER_HOUR 3600u

struct issuer {
    struct vouch_private_key *ca;
    struct vouch_private_key *subject;
};

static inline void issuer_init(struct issuer *issuer, enum vouch_key_type ca) {
    unsigned bits = ca == VOUCH_KEY_RSA ? 3072 : 0;
    assert_int_equal(vouch_private_key_generate(ca, bits, &issuer->ca), VOUCH_OK);
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &issuer->subject), VOUCH_OK);
}

static inline void issuer_done(struct issuer *issuer) {
    vouch_private_key_free(issuer->ca);
    vouch_private_key_free(issuer->subject);
}

static inline int issuer_sign(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    return vouch_private_key_sign(context, NULL, tbs, signature);
}

// A request for user "alice" that every rule accepts.
static inline struct vouch_cert_spec issuer_spec(const struct issuer *issuer) {
    static const struct vouch_bytes principals[] = {{(const uint8_t *)"alice", 5}};
    static const struct vouch_cert_option pty = {{(const uint8_t *)"permit-pty", 10}, {0}};
    return (struct vouch_cert_spec){
        .type = VOUCH_CERT_USER,
        .key = vouch_private_key_public(issuer->subject),
        .serial = 1,
        .key_id = vouch_bytes_of("alice@example.com"),
        .principals = principals,
        .principal_count = 1,
        .valid_after = ISSUER_NOW - 60,
        .valid_before = ISSUER_NOW + ISSUER_HOUR,
        .extensions = &pty,
        .extension_count = 1,
    };
}

// Builds under the careful rules; `sign` may be a faulty one. `out` has to be empty.
static inline int issuer_build(const struct issuer *issuer, const struct vouch_cert_spec *spec,
                               vouch_sign_fn *sign, struct vouch_buf *out) {
    static const uint8_t nonce[VOUCH_CERT_NONCE_LEN] = {1};
    struct vouch_cert_ca by = {vouch_private_key_public(issuer->ca), sign, issuer->ca,
                               VOUCH_CERT_RULES_CAREFUL};
    return vouch_cert_build(spec, &by, nonce, out, NULL);
}

// The rules refuse the request, and the builder gives no byte for it.
static inline void issuer_refuses(const struct issuer *issuer, const struct vouch_cert_spec *spec) {
    struct vouch_where where = {0};
    assert_int_equal(vouch_cert_spec_check(spec, &where), VOUCH_ERR_ARGUMENT);
    assert_non_null(where.field);
    assert_non_null(where.reason);
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_CERT_BLOB_MAX);
    assert_true(issuer_build(issuer, spec, issuer_sign, &out) < 0);
    assert_int_equal(out.len, 0);
    vouch_buf_done(&out);
}
