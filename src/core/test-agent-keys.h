// SPDX-License-Identifier: ISC
// For tests of agents: a key of each kind that an agent holds, with a certificate for each.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/key-signer.h"
#include "core/key.h"
#include "vouch/cert.h"

static const struct {
    enum vouch_key_type type;
    unsigned bits;
} key_kinds[] = {
    {VOUCH_KEY_ED25519, 0},    {VOUCH_KEY_RSA, 2048},     {VOUCH_KEY_ECDSA_P256, 0},
    {VOUCH_KEY_ECDSA_P384, 0}, {VOUCH_KEY_ECDSA_P521, 0},
};

#define KIND_COUNT (sizeof key_kinds / sizeof key_kinds[0])

static struct vouch_private_key *ca_key;
static struct vouch_private_key *keys[KIND_COUNT];
static struct vouch_cert *certs[KIND_COUNT];

static inline const struct vouch_key *public_of(size_t kind) {
    return vouch_private_key_public(keys[kind]);
}

static inline struct vouch_cert *certify(const struct vouch_key *key) {
    struct vouch_bytes principal = vouch_bytes_of("alice");
    const struct vouch_cert_spec spec = {.type = VOUCH_CERT_USER,
                                         .key = key,
                                         .serial = 1,
                                         .key_id = vouch_bytes_of("alice"),
                                         .principals = &principal,
                                         .principal_count = 1,
                                         .valid_after = 1000,
                                         .valid_before = 2000};
    const struct vouch_cert_ca ca = {
        .key = vouch_private_key_public(ca_key), .sign = vouch_key_signs, .context = ca_key};
    const uint8_t nonce[VOUCH_CERT_NONCE_LEN] = {1};
    struct vouch_buf blob;
    vouch_buf_init(&blob, VOUCH_CERT_BLOB_MAX);
    struct vouch_cert *cert = NULL;
    assert_int_equal(vouch_cert_build(&spec, &ca, nonce, &blob, NULL), VOUCH_OK);
    assert_int_equal(vouch_cert_parse(vouch_buf_bytes(&blob), &cert, NULL), VOUCH_OK);
    vouch_buf_done(&blob);
    return cert;
}

static inline int make_keys(void **state) {
    (void)state;
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &ca_key), VOUCH_OK);
    for (size_t i = 0; i < KIND_COUNT; i++) {
        assert_int_equal(vouch_private_key_generate(key_kinds[i].type, key_kinds[i].bits, &keys[i]),
                         VOUCH_OK);
        certs[i] = certify(public_of(i));
    }
    return 0;
}

static inline int free_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        vouch_cert_free(certs[i]);
        vouch_private_key_free(keys[i]);
    }
    vouch_private_key_free(ca_key);
    return 0;
}
