// SPDX-License-Identifier: ISC
// Gauntlet: no faulty signature leaves, no altered certificate is believed. Rows C7 C8 K1.
//
// K1: a CA key that errs once gives itself away (an RSA signature with a fault factors the modulus), so
// the builder verifies what the holder made before a byte of it is released.
#include "gauntlet/issuer.h"

#include <string.h>

#include "vouch/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const enum vouch_key_type ca_types[] = {VOUCH_KEY_RSA, VOUCH_KEY_ECDSA_P256,
                                               VOUCH_KEY_ECDSA_P384, VOUCH_KEY_ECDSA_P521,
                                               VOUCH_KEY_ED25519};

// A holder that flips one bit of what it signs.
struct faulty {
    const struct vouch_private_key *key;
    size_t bit;
    size_t bits; // how many the last signature had
};

static int sign_faultily(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    struct faulty *faulty = context;
    int err = vouch_private_key_sign(faulty->key, NULL, tbs, signature);
    faulty->bits = signature->len * 8;
    if (err == VOUCH_OK && faulty->bit < faulty->bits) {
        signature->ptr[faulty->bit / 8] ^= (uint8_t)(1u << faulty->bit % 8);
    }
    return err;
}

// Builds once with the given bit flipped; returns how many bits a signature has.
static size_t check_flip(const struct issuer *issuer, size_t bit) {
    static const uint8_t nonce[VOUCH_CERT_NONCE_LEN] = {1};
    struct vouch_cert_spec spec = issuer_spec(issuer);
    struct faulty faulty = {issuer->ca, bit, 0};
    struct vouch_cert_ca by = {vouch_private_key_public(issuer->ca), sign_faultily, &faulty,
                               VOUCH_CERT_RULES_CAREFUL};
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_CERT_BLOB_MAX);
    vouch_buf_put_text(&out, "before");
    struct vouch_where where = {0};
    int err = vouch_cert_build(&spec, &by, nonce, &out, &where);
    if (bit < faulty.bits) {
        assert_int_equal(err, VOUCH_ERR_SIGNATURE);
        assert_int_equal(out.len, strlen("before"));
        assert_string_equal(where.field, "signature");
    } else {
        assert_int_equal(err, VOUCH_OK);
    }
    vouch_buf_done(&out);
    return faulty.bits;
}

static void K1_a_signature_with_any_bit_flipped_is_never_released(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(ca_types); i++) {
        struct issuer issuer;
        issuer_init(&issuer, ca_types[i]);
        size_t bits = check_flip(&issuer, SIZE_MAX);
        assert_true(bits >= 64 * 8);
        // The slow ones are sampled: every bit of names and lengths, then one in five.
        size_t step =
            ca_types[i] == VOUCH_KEY_ED25519 || ca_types[i] == VOUCH_KEY_ECDSA_P256 ? 1 : 5;
        for (size_t bit = 0; bit < bits; bit += bit < 256 ? 1 : step) {
            (void)check_flip(&issuer, bit);
        }
        issuer_done(&issuer);
    }
}

static int sign_something_else(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    tbs.len--;
    return vouch_private_key_sign(context, NULL, tbs, signature);
}

static int sign_twice_over(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    int err = vouch_private_key_sign(context, NULL, tbs, signature);
    return err != VOUCH_OK ? err : vouch_private_key_sign(context, NULL, tbs, signature);
}

static int sign_nothing(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    (void)context, (void)tbs, (void)signature;
    return VOUCH_OK;
}

static int sign_with_another_key(void *context, struct vouch_bytes tbs,
                                 struct vouch_buf *signature) {
    (void)context;
    struct vouch_private_key *other = NULL;
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &other), VOUCH_OK);
    int err = vouch_private_key_sign(other, NULL, tbs, signature);
    vouch_private_key_free(other);
    return err;
}

static void K1_a_holder_that_signs_something_else_is_found_out(void **state) {
    (void)state;
    static vouch_sign_fn *const holders[] = {sign_something_else, sign_twice_over, sign_nothing,
                                             sign_with_another_key};
    struct issuer issuer;
    issuer_init(&issuer, VOUCH_KEY_ED25519);
    for (size_t i = 0; i < COUNT(holders); i++) {
        struct vouch_cert_spec spec = issuer_spec(&issuer);
        struct vouch_buf out;
        vouch_buf_init(&out, VOUCH_CERT_BLOB_MAX);
        assert_int_equal(issuer_build(&issuer, &spec, holders[i], &out), VOUCH_ERR_SIGNATURE);
        assert_int_equal(out.len, 0);
        vouch_buf_done(&out);
    }
    issuer_done(&issuer);
}

static void C8_a_certificate_with_any_bit_flipped_is_not_read(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(ca_types); i++) {
        struct issuer issuer;
        issuer_init(&issuer, ca_types[i]);
        struct vouch_cert_spec spec = issuer_spec(&issuer);
        struct vouch_buf out;
        vouch_buf_init(&out, VOUCH_CERT_BLOB_MAX);
        assert_int_equal(issuer_build(&issuer, &spec, issuer_sign, &out), VOUCH_OK);
        size_t slow = ca_types[i] == VOUCH_KEY_ECDSA_P384 || ca_types[i] == VOUCH_KEY_ECDSA_P521;
        for (size_t bit = 0; bit < out.len * 8; bit += slow ? 3 : 1) {
            struct vouch_cert *cert = NULL;
            out.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_true(vouch_cert_parse(vouch_buf_bytes(&out), &cert, NULL) < 0);
            assert_null(cert);
            out.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        struct vouch_cert *cert = NULL;
        assert_int_equal(vouch_cert_parse(vouch_buf_bytes(&out), &cert, NULL), VOUCH_OK);
        vouch_cert_free(cert);
        vouch_buf_done(&out);
        issuer_done(&issuer);
    }
}

static enum vouch_cert_verdict check_against(const struct vouch_cert *cert,
                                             const struct vouch_key *const *cas, size_t count) {
    struct vouch_cert_expect expect = {.type = VOUCH_CERT_USER,
                                       .now = ISSUER_NOW,
                                       .cas = cas,
                                       .ca_count = count,
                                       .name = vouch_bytes_of("alice")};
    struct vouch_cert_result result;
    vouch_cert_check(cert, &expect, &result);
    return result.verdict;
}

static void C8_only_the_cas_own_signature_is_believed(void **state) {
    (void)state;
    struct issuer issuer, other;
    issuer_init(&issuer, VOUCH_KEY_ED25519);
    issuer_init(&other, VOUCH_KEY_ED25519);
    struct vouch_cert_spec spec = issuer_spec(&issuer);
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_CERT_BLOB_MAX);
    assert_int_equal(issuer_build(&issuer, &spec, issuer_sign, &out), VOUCH_OK);
    struct vouch_cert *cert = NULL;
    assert_int_equal(vouch_cert_parse(vouch_buf_bytes(&out), &cert, NULL), VOUCH_OK);
    const struct vouch_key *right = vouch_private_key_public(issuer.ca);
    const struct vouch_key *wrong = vouch_private_key_public(other.ca);
    const struct vouch_key *both[] = {wrong, right};
    // A CA's own subject is no CA, though it is a key that signs.
    const struct vouch_key *subject = vouch_private_key_public(issuer.subject);
    assert_int_equal(check_against(cert, &right, 1), VOUCH_CERT_ACCEPTED);
    assert_int_equal(check_against(cert, both, 2), VOUCH_CERT_ACCEPTED);
    assert_int_equal(check_against(cert, &wrong, 1), VOUCH_CERT_REFUSED);
    assert_int_equal(check_against(cert, &subject, 1), VOUCH_CERT_REFUSED);
    assert_int_equal(check_against(cert, NULL, 0), VOUCH_CERT_REFUSED);
    vouch_cert_free(cert);
    vouch_buf_done(&out);
    issuer_done(&issuer);
    issuer_done(&other);
}

static void C8_a_result_that_nobody_filled_in_refuses(void **state) {
    (void)state;
    struct vouch_cert_result result = {0};
    assert_int_equal(result.verdict, VOUCH_CERT_REFUSED);
}

// Puts `ca_blob` in place of the signature key and signs the result with the true CA's key.
static void forge(const struct issuer *issuer, const struct vouch_cert *cert,
                  struct vouch_bytes ca_blob, struct vouch_buf *out) {
    size_t own = 4 + vouch_key_blob(vouch_private_key_public(issuer->ca)).len;
    vouch_buf_put(out, (struct vouch_bytes){cert->tbs.ptr, cert->tbs.len - own});
    vouch_write_string(out, ca_blob);
    struct vouch_buf signature;
    vouch_buf_init(&signature, VOUCH_SIGNATURE_MAX);
    assert_int_equal(vouch_private_key_sign(issuer->ca, NULL, vouch_buf_bytes(out), &signature),
                     VOUCH_OK);
    vouch_write_string(out, vouch_buf_bytes(&signature));
    vouch_buf_done(&signature);
}

static void C7_a_certificate_in_the_place_of_the_ca_key_is_not_read(void **state) {
    (void)state;
    struct issuer issuer;
    issuer_init(&issuer, VOUCH_KEY_ED25519);
    struct vouch_cert_spec spec = issuer_spec(&issuer);
    struct vouch_buf out, forged;
    vouch_buf_init(&out, VOUCH_CERT_BLOB_MAX);
    vouch_buf_init(&forged, VOUCH_CERT_BLOB_MAX);
    assert_int_equal(issuer_build(&issuer, &spec, issuer_sign, &out), VOUCH_OK);
    struct vouch_cert *cert = NULL, *nested = NULL;
    assert_int_equal(vouch_cert_parse(vouch_buf_bytes(&out), &cert, NULL), VOUCH_OK);
    // The same by the plain key is read, so it is the nesting that is refused.
    forge(&issuer, cert, vouch_key_blob(vouch_private_key_public(issuer.ca)), &forged);
    assert_int_equal(vouch_cert_parse(vouch_buf_bytes(&forged), &nested, NULL), VOUCH_OK);
    vouch_cert_free(nested);
    nested = NULL;
    vouch_buf_clear(&forged);
    forge(&issuer, cert, vouch_buf_bytes(&out), &forged);
    assert_int_equal(vouch_cert_parse(vouch_buf_bytes(&forged), &nested, NULL), VOUCH_ERR_CERT_CA);
    assert_null(nested);
    vouch_cert_free(cert);
    vouch_buf_done(&out);
    vouch_buf_done(&forged);
    issuer_done(&issuer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(C7_a_certificate_in_the_place_of_the_ca_key_is_not_read),
        cmocka_unit_test(C8_a_certificate_with_any_bit_flipped_is_not_read),
        cmocka_unit_test(C8_only_the_cas_own_signature_is_believed),
        cmocka_unit_test(C8_a_result_that_nobody_filled_in_refuses),
        cmocka_unit_test(K1_a_signature_with_any_bit_flipped_is_never_released),
        cmocka_unit_test(K1_a_holder_that_signs_something_else_is_found_out),
    };
    return cmocka_run_group_tests_name("gauntlet/signatures", tests, NULL, NULL);
}
