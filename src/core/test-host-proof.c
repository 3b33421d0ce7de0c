// SPDX-License-Identifier: ISC
// Tests of core/host-proof.h: the text as it stands, and that a proof holds for nothing else.
#include "core/host-proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/str.h"
#include "core/key-signer.h"
#include "core/key.h"

#define KEYS 3

static struct vouch_private_key *keys[KEYS]; // Ed25519, RSA, and one that is nobody's
static const struct vouch_key *with[2];

static int make_keys(void **state) {
    (void)state;
    uint8_t seed[32] = {0};
    assert_int_equal(vouch_private_key_from_seed(seed, &keys[0]), VOUCH_OK);
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_RSA, 2048, &keys[1]), VOUCH_OK);
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &keys[2]), VOUCH_OK);
    with[0] = vouch_private_key_public(keys[0]);
    with[1] = vouch_private_key_public(keys[1]);
    return 0;
}

static int free_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        vouch_private_key_free(keys[i]);
    }
    return 0;
}

static struct vouch_host_proof usual(size_t key) {
    struct vouch_host_proof proof = {.purpose = VOUCH_HOST_PROOF_ENROL,
                                     .ca = vouch_bytes_of("Example CA"),
                                     .name = vouch_bytes_of("web1.example.com"),
                                     .time_s = 1700000000,
                                     .key = with[key],
                                     .with = with,
                                     .with_count = 2};
    memset(proof.machine, 0xab, sizeof proof.machine);
    return proof;
}

static void make(const struct vouch_host_proof *proof, size_t key, struct vouch_buf *out) {
    vouch_buf_init(out, VOUCH_SSHSIG_MAX);
    assert_int_equal(vouch_host_proof_make(proof, vouch_key_signs, keys[key], out, NULL), VOUCH_OK);
}

static void the_text_is_as_the_document_says(void **state) {
    (void)state;
    struct vouch_host_proof proof = usual(0);
    struct vouch_buf out;
    char fingerprints[2][VOUCH_FINGERPRINT_MAX], expected[1024];
    proof.with_count = 1;
    vouch_key_fingerprint(with[0], VOUCH_HASH_SHA256, fingerprints[0]);
    (void)snprintf(expected, sizeof expected,
                   "vouch-host-proof/1\npurpose enrol\nca Example CA\nname web1.example.com\n"
                   "time 1700000000\nmachine "
                   "abababababababababababababababababababababababababababababababab\n"
                   "key %s\nwith %s\n",
                   fingerprints[0], fingerprints[0]);
    vouch_buf_init(&out, VOUCH_HOST_PROOF_TEXT_MAX);
    assert_int_equal(vouch_host_proof_text(&proof, &out, NULL), VOUCH_OK);
    assert_true(vouch_bytes_equal(vouch_buf_bytes(&out), vouch_bytes_of(expected)));
    vouch_buf_done(&out);
}

static void a_proof_of_each_key_holds(void **state) {
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct vouch_host_proof proof = usual(i);
        struct vouch_buf out;
        make(&proof, i, &out);
        assert_int_equal(vouch_host_proof_check(&proof, vouch_buf_bytes(&out), NULL), VOUCH_OK);
        vouch_buf_done(&out);
    }
}

// Every field that can be told apart is told apart by the signature.
static void a_proof_holds_for_nothing_else(void **state) {
    (void)state;
    struct vouch_host_proof made = usual(0), other[8];
    const struct vouch_key *turned[2] = {with[1], with[0]};
    struct vouch_buf out;
    make(&made, 0, &out);
    for (size_t i = 0; i < 8; i++) {
        other[i] = made;
    }
    other[0].purpose = VOUCH_HOST_PROOF_RENEW;
    other[1].ca = vouch_bytes_of("Example CB");
    other[2].name = vouch_bytes_of("web2.example.com");
    other[3].time_s++;
    other[4].machine[31] ^= 1;
    other[5].with_count = 1;
    other[6].with = turned;
    other[7].key = with[1];
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(vouch_host_proof_check(&other[i], vouch_buf_bytes(&out), NULL),
                         VOUCH_ERR_SIGNATURE);
    }
    vouch_buf_done(&out);
}

static void refuses_a_signature_by_another_key(void **state) {
    (void)state;
    struct vouch_host_proof proof = usual(0);
    struct vouch_sshsig_signer signer = {.public_blob =
                                             vouch_key_blob(vouch_private_key_public(keys[2])),
                                         .sign = vouch_key_signs,
                                         .context = keys[2],
                                         .hash = VOUCH_HASH_SHA512};
    struct vouch_buf text, out;
    vouch_buf_init(&text, VOUCH_HOST_PROOF_TEXT_MAX);
    vouch_buf_init(&out, VOUCH_SSHSIG_MAX);
    assert_int_equal(vouch_host_proof_text(&proof, &text, NULL), VOUCH_OK);
    assert_int_equal(vouch_sshsig_sign(&signer, "vouch-host", vouch_buf_bytes(&text), &out),
                     VOUCH_OK);
    assert_int_equal(vouch_host_proof_check(&proof, vouch_buf_bytes(&out), NULL),
                     VOUCH_ERR_MISMATCH);
    vouch_buf_done(&out);
    vouch_buf_done(&text);
}

static void refuses_another_hash_and_another_namespace(void **state) {
    (void)state;
    struct vouch_host_proof proof = usual(0);
    struct vouch_sshsig_signer signer = {
        .public_blob = vouch_key_blob(with[0]), .sign = vouch_key_signs, .context = keys[0]};
    static const struct {
        const char *space;
        enum vouch_hash hash;
    } rows[] = {{"vouch-host", VOUCH_HASH_SHA256}, {"vouch-hosts", VOUCH_HASH_SHA512}};
    struct vouch_buf text;
    vouch_buf_init(&text, VOUCH_HOST_PROOF_TEXT_MAX);
    assert_int_equal(vouch_host_proof_text(&proof, &text, NULL), VOUCH_OK);
    for (size_t i = 0; i < 2; i++) {
        struct vouch_buf out;
        vouch_buf_init(&out, VOUCH_SSHSIG_MAX);
        signer.hash = rows[i].hash;
        assert_int_equal(vouch_sshsig_sign(&signer, rows[i].space, vouch_buf_bytes(&text), &out),
                         VOUCH_OK);
        assert_int_equal(vouch_host_proof_check(&proof, vouch_buf_bytes(&out), NULL),
                         VOUCH_ERR_MISMATCH);
        vouch_buf_done(&out);
    }
    vouch_buf_done(&text);
}

static void refuses_each_proper_prefix(void **state) {
    (void)state;
    struct vouch_host_proof proof = usual(0);
    struct vouch_buf out;
    make(&proof, 0, &out);
    // The last byte is the line end, which the armour does not need.
    for (size_t len = 0; len + 1 < out.len; len++) {
        uint8_t *cut = malloc(len + 1);
        assert_non_null(cut);
        memcpy(cut, out.ptr, len);
        assert_int_not_equal(vouch_host_proof_check(&proof, (struct vouch_bytes){cut, len}, NULL),
                             VOUCH_OK);
        free(cut);
    }
    vouch_buf_done(&out);
}

static void refuse_field(const struct vouch_host_proof *proof, const char *field) {
    struct vouch_where where = {0};
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_HOST_PROOF_TEXT_MAX);
    assert_int_equal(vouch_host_proof_text(proof, &out, &where), VOUCH_ERR_ARGUMENT);
    assert_string_equal(where.field, field);
    assert_int_equal(out.len, 0);
    vouch_buf_done(&out);
}

static void refuses_names_that_would_be_other_lines(void **state) {
    (void)state;
    char text[2] = "";
    char longest[VOUCH_HOST_PROOF_NAME_MAX + 2];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    for (unsigned c = 0; c < 256; c++) {
        struct vouch_host_proof proof = usual(0);
        text[0] = (char)c;
        proof.name = (struct vouch_bytes){(const uint8_t *)text, 1};
        if (c < '!' || c > '~') {
            refuse_field(&proof, "name");
        }
        proof = usual(0);
        proof.ca = (struct vouch_bytes){(const uint8_t *)text, 1};
        if (c < ' ' || c > '~') {
            refuse_field(&proof, "ca");
        }
    }
    struct vouch_host_proof proof = usual(0);
    proof.name = vouch_bytes_of(longest);
    refuse_field(&proof, "name");
    proof = usual(0);
    proof.ca = vouch_bytes_of("");
    refuse_field(&proof, "ca");
}

static void refuses_keys_that_do_not_fit(void **state) {
    (void)state;
    const struct vouch_key *many[VOUCH_HOST_PROOF_KEYS_MAX + 1];
    const struct vouch_key *twice[2] = {with[0], with[0]};
    struct vouch_host_proof proof = usual(0);
    for (size_t i = 0; i < VOUCH_HOST_PROOF_KEYS_MAX + 1; i++) {
        many[i] = with[0];
    }
    proof.with = many;
    proof.with_count = VOUCH_HOST_PROOF_KEYS_MAX + 1;
    refuse_field(&proof, "keys");
    proof.with = twice;
    proof.with_count = 2;
    refuse_field(&proof, "keys");
    proof.with_count = 0;
    refuse_field(&proof, "keys");
    proof = usual(0);
    proof.key = vouch_private_key_public(keys[2]);
    refuse_field(&proof, "key");
    proof = usual(0);
    proof.purpose = VOUCH_HOST_PROOF_NONE;
    refuse_field(&proof, "purpose");
}

static int breaks_off(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    (void)context;
    (void)tbs;
    (void)signature;
    return VOUCH_ERR_NO_MEMORY;
}

static void what_breaks_off_is_no_proof(void **state) {
    (void)state;
    struct vouch_host_proof proof = usual(0);
    struct vouch_where where = {0};
    struct vouch_buf out;
    uint8_t room[16];
    vouch_buf_init_fixed(&out, room, sizeof room);
    assert_int_not_equal(vouch_host_proof_text(&proof, &out, &where), VOUCH_OK);
    assert_string_equal(where.field, "proof");
    vouch_buf_init(&out, VOUCH_SSHSIG_MAX);
    assert_int_equal(vouch_host_proof_make(&proof, breaks_off, NULL, &out, &where),
                     VOUCH_ERR_NO_MEMORY);
    assert_int_equal(out.len, 0);
    vouch_buf_done(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_as_the_document_says),
        cmocka_unit_test(a_proof_of_each_key_holds),
        cmocka_unit_test(a_proof_holds_for_nothing_else),
        cmocka_unit_test(refuses_a_signature_by_another_key),
        cmocka_unit_test(refuses_another_hash_and_another_namespace),
        cmocka_unit_test(refuses_each_proper_prefix),
        cmocka_unit_test(refuses_names_that_would_be_other_lines),
        cmocka_unit_test(refuses_keys_that_do_not_fit),
        cmocka_unit_test(what_breaks_off_is_no_proof),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
