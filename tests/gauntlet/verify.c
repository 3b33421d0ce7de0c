// SPDX-License-Identifier: ISC
// Gauntlet H5 (CVE-2025-26465): a check of a signature that breaks off for another reason is not a yes.
//
// Whatever verifies something is run with each of its allocations failing, on what is good and on what is not:
// a bad signature is never believed, and a failure is never told as a bad signature.
#include "gauntlet/issuer.h"

#include <string.h>

#include "core/host-proof.h"
#include "vouch/sshsig.h"

#define TRIES 200

// --- memory that ends

static int left = -1; // allocations until one fails; negative: none does

static int fails_now(void) {
    return left >= 0 && left-- == 0;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
    return fails_now() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size) {
    return fails_now() ? NULL : __real_realloc(block, size);
}

// --- what is verified

struct signed_thing {
    const struct issuer *issuer;
    struct vouch_host_proof proof;
    const struct vouch_key *key;
    struct vouch_buf bytes;
};

typedef int verify_fn(const struct signed_thing *thing);

static const struct vouch_bytes message = {(const uint8_t *)"what was signed", 15};

static int verify_signature(const struct signed_thing *thing) {
    return vouch_key_verify(thing->key, vouch_buf_bytes(&thing->bytes), message);
}

static void make_signature(struct signed_thing *thing) {
    assert_int_equal(vouch_private_key_sign(thing->issuer->ca, NULL, message, &thing->bytes), 0);
}

static int verify_cert(const struct signed_thing *thing) {
    struct vouch_cert *cert = NULL;
    int err = vouch_cert_parse(vouch_buf_bytes(&thing->bytes), &cert, NULL);
    vouch_cert_free(cert);
    return err;
}

static void make_cert(struct signed_thing *thing) {
    const struct vouch_cert_spec spec = issuer_spec(thing->issuer);
    assert_int_equal(issuer_build(thing->issuer, &spec, issuer_sign, &thing->bytes), VOUCH_OK);
}

static int verify_proof(const struct signed_thing *thing) {
    return vouch_host_proof_check(&thing->proof, vouch_buf_bytes(&thing->bytes), NULL);
}

static void make_proof(struct signed_thing *thing) {
    assert_int_equal(
        vouch_host_proof_make(&thing->proof, issuer_sign, thing->issuer->ca, &thing->bytes, NULL),
        VOUCH_OK);
}

// --- verifying

// The outcome with the n-th allocation failing; *ret_lived: it came to no such allocation.
static int run(verify_fn *verify, const struct signed_thing *thing, int n, int *ret_lived) {
    left = n;
    int err = verify(thing);
    *ret_lived = left >= 0;
    left = -1;
    return err;
}

static void sweep_good(verify_fn *verify, const struct signed_thing *thing) {
    int lived = 0;
    assert_int_equal(verify(thing), VOUCH_OK);
    for (int n = 0; !lived; n++) {
        int err = run(verify, thing, n, &lived);
        assert_true(n < TRIES);
        assert_true(lived ? err == VOUCH_OK : err == VOUCH_ERR_NO_MEMORY || err == VOUCH_OK);
    }
}

static void sweep_bad(verify_fn *verify, const struct signed_thing *thing) {
    int lived = 0;
    for (int n = 0; !lived; n++) {
        assert_true(n < TRIES);
        assert_int_not_equal(run(verify, thing, n, &lived), VOUCH_OK);
    }
}

typedef void make_fn(struct signed_thing *thing);

// The last bytes are the signature's own in each of the three; in an armoured proof its last whole line.
static uint8_t *signature_byte(struct signed_thing *thing, size_t from_end) {
    static const char end[] = "\n-----END SSH SIGNATURE-----";
    const uint8_t *mark = memmem(thing->bytes.ptr, thing->bytes.len, end, sizeof end - 1);
    size_t len = mark != NULL ? (size_t)(mark - thing->bytes.ptr) : thing->bytes.len;
    return &thing->bytes.ptr[len - 8 - from_end];
}

static void check(const struct issuer *issuer, make_fn *make, verify_fn *verify) {
    const struct vouch_key *key = vouch_private_key_public(issuer->ca);
    struct signed_thing thing = {.issuer = issuer, .key = key};
    thing.proof = (struct vouch_host_proof){.purpose = VOUCH_HOST_PROOF_ENROL,
                                            .ca = vouch_bytes_of("ca.example.com/1f3a"),
                                            .name = vouch_bytes_of("web1.example.com"),
                                            .time_s = ISSUER_NOW,
                                            .key = key,
                                            .with = &thing.key,
                                            .with_count = 1};
    vouch_buf_init(&thing.bytes, VOUCH_CERT_BLOB_MAX);
    make(&thing);
    sweep_good(verify, &thing);
    for (size_t i = 0; i < 24; i += 5) {
        uint8_t *byte = signature_byte(&thing, i), was = *byte;
        *byte = was == 'A' ? 'B' : 'A';
        sweep_bad(verify, &thing);
        *byte = was;
    }
    vouch_buf_done(&thing.bytes);
}

static void H5_a_check_that_breaks_off_is_not_a_yes(void **state) {
    (void)state;
    static const enum vouch_key_type types[] = {VOUCH_KEY_RSA, VOUCH_KEY_ECDSA_P256,
                                                VOUCH_KEY_ECDSA_P384, VOUCH_KEY_ECDSA_P521,
                                                VOUCH_KEY_ED25519};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct issuer issuer;
        issuer_init(&issuer, types[i]);
        check(&issuer, make_signature, verify_signature);
        check(&issuer, make_cert, verify_cert);
        check(&issuer, make_proof, verify_proof);
        issuer_done(&issuer);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(H5_a_check_that_breaks_off_is_not_a_yes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
