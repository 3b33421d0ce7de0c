// SPDX-License-Identifier: ISC
// Tests of vouch/sshsig.h: against what ssh-keygen made, and against cut, altered and crafted blobs.
#include "vouch/sshsig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/str.h"
#include "core/key-signer.h"
#include "core/key.h"

#define MESSAGE "The quick brown fox.\n"

// What ssh-keygen 9.2 -Y sign -n file made over MESSAGE with the Ed25519 key of seed 00 01 .. 1f.
static const char made_sha512[] =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgA6EHv/POEL4dcN0Y50vAmWfk1j\n"
    "CbpQ1fHdyGZBJVMbgAAAAEZmlsZQAAAAAAAAAGc2hhNTEyAAAAUwAAAAtzc2gtZWQyNTUx\n"
    "OQAAAEAEwg2zW8hWVCO9gj0SuXqTaop62d2eh7XwdpzJ7xGvJ1N0Qhw8EBGK7+AmMnUkpe\n"
    "/WhRpZP3jhqoe0+75kzv8H\n"
    "-----END SSH SIGNATURE-----\n";
static const char made_sha256[] =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgA6EHv/POEL4dcN0Y50vAmWfk1j\n"
    "CbpQ1fHdyGZBJVMbgAAAAEZmlsZQAAAAAAAAAGc2hhMjU2AAAAUwAAAAtzc2gtZWQyNTUx\n"
    "OQAAAEAda8UmOURyGLuEsjeZq7xqwDDdYraGRsehN7g1yN2fjvQmu22H7aeohj0HrvcA/0\n"
    "hZtTmEdck7gvDjSucDBg8J\n"
    "-----END SSH SIGNATURE-----\n";

static struct vouch_private_key *ed25519;
static struct vouch_private_key *rsa;

static struct vouch_bytes blob_of(const struct vouch_private_key *key) {
    return vouch_key_blob(vouch_private_key_public(key));
}

static int make_keys(void **state) {
    (void)state;
    uint8_t seed[32];
    for (size_t i = 0; i < sizeof seed; i++) {
        seed[i] = (uint8_t)i;
    }
    assert_int_equal(vouch_private_key_from_seed(seed, &ed25519), VOUCH_OK);
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_RSA, 2048, &rsa), VOUCH_OK);
    return 0;
}

static int free_keys(void **state) {
    (void)state;
    vouch_private_key_free(ed25519);
    vouch_private_key_free(rsa);
    return 0;
}

// The key signs by itself, over a SHA-512 of the message.
static struct vouch_sshsig_signer signer_by(struct vouch_private_key *key) {
    return (struct vouch_sshsig_signer){.public_blob = blob_of(key),
                                        .sign = vouch_key_signs,
                                        .context = key,
                                        .hash = VOUCH_HASH_SHA512};
}

static int sign_with_sha1(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    return vouch_private_key_sign(context, "ssh-rsa", tbs, signature);
}

static int sign_not(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    (void)context;
    (void)tbs;
    (void)signature;
    return VOUCH_ERR_REFUSED;
}

static int verify_in(struct vouch_bytes armoured, const char *name_space, const char *message) {
    struct vouch_sshsig_by by = {0};
    int err = vouch_sshsig_verify(armoured, name_space, vouch_bytes_of(message), &by, NULL);
    assert_int_equal(err == VOUCH_OK, by.key != NULL || by.cert != NULL);
    vouch_sshsig_by_done(&by);
    return err;
}

static int verify(struct vouch_bytes armoured) {
    return verify_in(armoured, "file", MESSAGE);
}

static int verify_text(const char *armoured) {
    return verify(vouch_bytes_of(armoured));
}

static void verifies_what_ssh_keygen_signed(void **state) {
    (void)state;
    static const struct {
        const char *armoured;
        enum vouch_hash hash;
    } rows[] = {{made_sha512, VOUCH_HASH_SHA512}, {made_sha256, VOUCH_HASH_SHA256}};
    for (size_t i = 0; i < 2; i++) {
        struct vouch_sshsig_by by = {0};
        assert_int_equal(vouch_sshsig_verify(vouch_bytes_of(rows[i].armoured), "file",
                                             vouch_bytes_of(MESSAGE), &by, NULL),
                         VOUCH_OK);
        assert_null(by.cert);
        assert_true(vouch_key_equal(by.key, vouch_private_key_public(ed25519)));
        assert_int_equal(by.hash, rows[i].hash);
        vouch_sshsig_by_done(&by);
    }
}

static void signs_byte_for_byte_as_ssh_keygen(void **state) {
    (void)state;
    static const char *const made[] = {made_sha512, made_sha256};
    static const enum vouch_hash hashes[] = {VOUCH_HASH_SHA512, VOUCH_HASH_SHA256};
    for (size_t i = 0; i < 2; i++) {
        struct vouch_sshsig_signer signer = signer_by(ed25519);
        signer.hash = hashes[i];
        struct vouch_buf out;
        vouch_buf_init(&out, VOUCH_SSHSIG_MAX);
        vouch_buf_put_text(&out, "kept ");
        assert_int_equal(vouch_sshsig_sign(&signer, "file", vouch_bytes_of(MESSAGE), &out),
                         VOUCH_OK);
        assert_int_equal(out.len, 5 + strlen(made[i]));
        assert_memory_equal(out.ptr + 5, made[i], strlen(made[i]));
        vouch_buf_done(&out);
    }
}

static void signs_and_verifies_with_each_type_of_key(void **state) {
    (void)state;
    static const enum vouch_key_type types[] = {VOUCH_KEY_ED25519, VOUCH_KEY_ECDSA_P256,
                                                VOUCH_KEY_ECDSA_P384, VOUCH_KEY_ECDSA_P521,
                                                VOUCH_KEY_RSA};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct vouch_private_key *key = NULL;
        assert_int_equal(
            vouch_private_key_generate(types[i], types[i] == VOUCH_KEY_RSA ? 2048 : 0, &key),
            VOUCH_OK);
        const struct vouch_sshsig_signer signer = signer_by(key);
        struct vouch_buf out;
        vouch_buf_init(&out, VOUCH_SSHSIG_MAX);
        assert_int_equal(vouch_sshsig_sign(&signer, "a@b", vouch_bytes_of(""), &out), VOUCH_OK);
        assert_int_equal(verify_in(vouch_buf_bytes(&out), "a@b", ""), VOUCH_OK);
        assert_int_equal(verify_in(vouch_buf_bytes(&out), "a@b", "x"), VOUCH_ERR_SIGNATURE);
        vouch_buf_done(&out);
        vouch_private_key_free(key);
    }
}

static void certify(struct vouch_buf *blob) {
    struct vouch_bytes principal = vouch_bytes_of("alice");
    const struct vouch_cert_spec spec = {.type = VOUCH_CERT_USER,
                                         .key = vouch_private_key_public(ed25519),
                                         .serial = 1,
                                         .key_id = vouch_bytes_of("alice"),
                                         .principals = &principal,
                                         .principal_count = 1,
                                         .valid_after = 1000,
                                         .valid_before = 2000};
    const struct vouch_cert_ca ca = {.key = vouch_private_key_public(rsa),
                                     .sign = vouch_key_signs,
                                     .context = rsa,
                                     .rules = VOUCH_CERT_RULES_OPENSSH};
    const uint8_t nonce[VOUCH_CERT_NONCE_LEN] = {1};
    vouch_buf_init(blob, VOUCH_CERT_BLOB_MAX);
    assert_int_equal(vouch_cert_build(&spec, &ca, nonce, blob, NULL), VOUCH_OK);
}

static void names_the_certificate_that_signed(void **state) {
    (void)state;
    struct vouch_buf cert;
    struct vouch_buf out;
    certify(&cert);
    vouch_buf_init(&out, VOUCH_SSHSIG_MAX);
    struct vouch_sshsig_signer signer = signer_by(ed25519);
    signer.public_blob = vouch_buf_bytes(&cert);
    assert_int_equal(vouch_sshsig_sign(&signer, "file", vouch_bytes_of(MESSAGE), &out), VOUCH_OK);
    struct vouch_sshsig_by by = {0};
    assert_int_equal(
        vouch_sshsig_verify(vouch_buf_bytes(&out), "file", vouch_bytes_of(MESSAGE), &by, NULL),
        VOUCH_OK);
    assert_null(by.key);
    assert_true(vouch_bytes_equal(by.cert->blob, vouch_buf_bytes(&cert)));
    vouch_sshsig_by_done(&by);
    // A certificate whose CA did not sign it like this is none.
    cert.ptr[cert.len - 1] ^= 1;
    assert_int_equal(vouch_sshsig_sign(&signer, "file", vouch_bytes_of(MESSAGE), &out),
                     VOUCH_ERR_SIGNATURE);
    vouch_buf_done(&out);
    vouch_buf_done(&cert);
}

static void refuses_another_namespace(void **state) {
    (void)state;
    struct vouch_bytes made = vouch_bytes_of(made_sha512);
    assert_int_equal(verify_in(made, "git", MESSAGE), VOUCH_ERR_MISMATCH);
    assert_int_equal(verify_in(made, "fil", MESSAGE), VOUCH_ERR_MISMATCH);
    assert_int_equal(verify_in(made, "", MESSAGE), VOUCH_ERR_ARGUMENT);
    assert_int_equal(verify_in(made, NULL, MESSAGE), VOUCH_ERR_ARGUMENT);
}

static void refuses_another_message(void **state) {
    (void)state;
    struct vouch_bytes made = vouch_bytes_of(made_sha512);
    assert_int_equal(verify_in(made, "file", "The quick brown fox."), VOUCH_ERR_SIGNATURE);
    assert_int_equal(verify_in(made, "file", ""), VOUCH_ERR_SIGNATURE);
}

// All but the one that lacks nothing but the last line end.
static void refuses_each_proper_prefix(void **state) {
    (void)state;
    size_t len = strlen(made_sha512) - 1;
    struct vouch_bytes whole = {(const uint8_t *)made_sha512, len};
    assert_int_equal(verify(whole), VOUCH_OK);
    while (whole.len-- > 0) {
        assert_int_not_equal(verify(whole), VOUCH_OK);
    }
}

static void refuses_each_flipped_bit_of_the_armour(void **state) {
    (void)state;
    char armoured[sizeof made_sha512];
    memcpy(armoured, made_sha512, sizeof armoured);
    struct vouch_bytes bytes = {(const uint8_t *)armoured, sizeof armoured - 1};
    for (size_t bit = 0; bit < bytes.len * 8; bit++) {
        armoured[bit / 8] = (char)(armoured[bit / 8] ^ 1 << bit % 8);
        assert_int_not_equal(verify(bytes), VOUCH_OK);
        armoured[bit / 8] = (char)(armoured[bit / 8] ^ 1 << bit % 8);
    }
    assert_int_equal(verify(bytes), VOUCH_OK);
}

// The armour around a blob, on one line: how lines are broken does not matter.
static int verify_blob(struct vouch_bytes blob) {
    struct vouch_buf text;
    vouch_buf_init(&text, VOUCH_SSHSIG_MAX);
    vouch_buf_put_text(&text, "-----BEGIN SSH SIGNATURE-----\n");
    vouch_str_base64(blob, '=', &text);
    vouch_buf_put_text(&text, "\n-----END SSH SIGNATURE-----\n");
    int err = verify(vouch_buf_bytes(&text));
    vouch_buf_done(&text);
    return err;
}

// What crafted blobs are made of; zeroed fields take the right value.
struct craft {
    const char *magic;
    uint32_t version;
    const char *name_space;
    const char *reserved;
    const char *signed_reserved;
    const char *hash_name;
    const char *algorithm;
    struct vouch_private_key *key;
};

static void write_signed(const struct craft *craft, struct vouch_buf *out) {
    uint8_t digest[VOUCH_HASH_MAX];
    size_t len = vouch_hash_bytes(VOUCH_HASH_SHA512, vouch_bytes_of(MESSAGE), digest);
    vouch_buf_init(out, 1000);
    vouch_buf_put_text(out, "SSHSIG");
    vouch_write_text(out, craft->name_space != NULL ? craft->name_space : "file");
    vouch_write_text(out, craft->signed_reserved != NULL ? craft->signed_reserved : "");
    vouch_write_text(out, craft->hash_name != NULL ? craft->hash_name : "sha512");
    vouch_write_string(out, (struct vouch_bytes){digest, len});
}

static void write_craft(const struct craft *craft, struct vouch_buf *out) {
    const struct vouch_private_key *key = craft->key != NULL ? craft->key : ed25519;
    struct vouch_buf tbs;
    write_signed(craft, &tbs);
    vouch_buf_init(out, VOUCH_SSHSIG_MAX);
    vouch_buf_put_text(out, craft->magic != NULL ? craft->magic : "SSHSIG");
    vouch_write_u32(out, craft->version != 0 ? craft->version : 1);
    vouch_write_string(out, blob_of(key));
    vouch_write_text(out, craft->name_space != NULL ? craft->name_space : "file");
    vouch_write_text(out, craft->reserved != NULL ? craft->reserved : "");
    vouch_write_text(out, craft->hash_name != NULL ? craft->hash_name : "sha512");
    size_t mark = vouch_write_string_begin(out);
    assert_int_equal(vouch_private_key_sign(key, craft->algorithm, vouch_buf_bytes(&tbs), out),
                     VOUCH_OK);
    vouch_write_string_end(out, mark);
    vouch_buf_done(&tbs);
}

static int verify_craft(const struct craft *craft) {
    struct vouch_buf blob;
    write_craft(craft, &blob);
    int err = verify_blob(vouch_buf_bytes(&blob));
    vouch_buf_done(&blob);
    return err;
}

static void refuses_each_cut_and_flipped_bit_of_the_blob(void **state) {
    (void)state;
    struct vouch_buf blob;
    write_craft(&(struct craft){0}, &blob);
    assert_int_equal(verify_blob(vouch_buf_bytes(&blob)), VOUCH_OK);
    for (size_t len = 0; len < blob.len; len++) {
        int err = verify_blob((struct vouch_bytes){blob.ptr, len});
        assert_true(err == VOUCH_ERR_TRUNCATED);
    }
    for (size_t bit = 0; bit < blob.len * 8; bit++) {
        blob.ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(verify_blob(vouch_buf_bytes(&blob)), VOUCH_OK);
        blob.ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    vouch_buf_put_text(&blob, "x");
    assert_int_equal(verify_blob(vouch_buf_bytes(&blob)), VOUCH_ERR_TRAILING);
    vouch_buf_done(&blob);
}

// The place in the decoded blob would mislead who holds the armoured text.
static void a_fault_in_the_blob_points_to_the_beginning(void **state) {
    (void)state;
    struct vouch_buf blob, text;
    write_craft(&(struct craft){.version = 2}, &blob);
    vouch_buf_init(&text, VOUCH_SSHSIG_MAX);
    vouch_buf_put_text(&text, "-----BEGIN SSH SIGNATURE-----\n");
    vouch_str_base64((struct vouch_bytes){blob.ptr, blob.len - 20}, '=', &text);
    vouch_buf_put_text(&text, "\n-----END SSH SIGNATURE-----\n");
    struct vouch_where where = {.offset = 77};
    struct vouch_sshsig_by by = {0};
    assert_int_not_equal(
        vouch_sshsig_verify(vouch_buf_bytes(&text), "file", vouch_bytes_of("message"), &by, &where),
        VOUCH_OK);
    assert_int_equal(where.offset, 0);
    vouch_sshsig_by_done(&by);
    vouch_buf_done(&text);
    vouch_buf_done(&blob);
}

static void refuses_what_the_format_does_not_know(void **state) {
    (void)state;
    assert_int_equal(verify_craft(&(struct craft){.version = 2}), VOUCH_ERR_UNSUPPORTED);
    assert_int_equal(verify_craft(&(struct craft){.version = 0x01000000}), VOUCH_ERR_UNSUPPORTED);
    assert_int_equal(verify_craft(&(struct craft){.magic = "SSHSIH"}), VOUCH_ERR_FORMAT);
    assert_int_equal(verify_craft(&(struct craft){.hash_name = "sha1"}), VOUCH_ERR_UNSUPPORTED);
    assert_int_equal(verify_craft(&(struct craft){.hash_name = "SHA512"}), VOUCH_ERR_UNSUPPORTED);
    assert_int_equal(verify_craft(&(struct craft){.hash_name = ""}), VOUCH_ERR_UNSUPPORTED);
    assert_int_equal(verify_craft(&(struct craft){.name_space = ""}), VOUCH_ERR_MISMATCH);
}

static void takes_a_reserved_field_only_as_it_was_signed(void **state) {
    (void)state;
    assert_int_equal(verify_craft(&(struct craft){.reserved = "r", .signed_reserved = "r"}),
                     VOUCH_OK);
    assert_int_equal(verify_craft(&(struct craft){.reserved = "r"}), VOUCH_ERR_SIGNATURE);
    assert_int_equal(verify_craft(&(struct craft){.signed_reserved = "r"}), VOUCH_ERR_SIGNATURE);
}

static void takes_rsa_with_sha2_and_refuses_it_with_sha1(void **state) {
    (void)state;
    struct craft craft = {.key = rsa, .algorithm = "rsa-sha2-256"};
    assert_int_equal(verify_craft(&craft), VOUCH_OK);
    craft.algorithm = "rsa-sha2-512";
    assert_int_equal(verify_craft(&craft), VOUCH_OK);
    craft.algorithm = "ssh-rsa";
    assert_int_equal(verify_craft(&craft), VOUCH_ERR_UNSUPPORTED);
}

static void takes_other_line_ends_and_refuses_other_text(void **state) {
    (void)state;
    static const char body[] = "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgA6EHv/POEL4dcN0Y50v"
                               "AmWfk1jCbpQ1fHdyGZBJVMbgAAAAEZmlsZQAAAAAAAAAGc2hhNTEyAAAAUwAAAA"
                               "tzc2gtZWQyNTUxOQAAAEAEwg2zW8hWVCO9gj0SuXqTaop62d2eh7XwdpzJ7xGvJ"
                               "1N0Qhw8EBGK7+AmMnUkpe/WhRpZP3jhqoe0+75kzv8H";
    static const struct {
        const char *before;
        const char *after;
        int err;
    } rows[] = {
        {"-----BEGIN SSH SIGNATURE-----\n", "\n-----END SSH SIGNATURE-----\n", VOUCH_OK},
        {"-----BEGIN SSH SIGNATURE-----\r\n", "\r\n-----END SSH SIGNATURE-----\r\n", VOUCH_OK},
        {"-----BEGIN SSH SIGNATURE-----\n\n", "\n\n-----END SSH SIGNATURE-----", VOUCH_OK},
        {"\n-----BEGIN SSH SIGNATURE-----\n", "\n-----END SSH SIGNATURE-----", VOUCH_ERR_FORMAT},
        {"-----BEGIN SSH SIGNATURE-----", "\n-----END SSH SIGNATURE-----", VOUCH_ERR_FORMAT},
        {"-----BEGIN SSH SIGNATURE-----\n", "-----END SSH SIGNATURE-----", VOUCH_ERR_TRUNCATED},
        {"-----BEGIN SSH SIGNATURE-----\n ", "\n-----END SSH SIGNATURE-----", VOUCH_ERR_FORMAT},
        {"-----BEGIN SSH SIGNATURE-----\n", "=\n-----END SSH SIGNATURE-----", VOUCH_ERR_FORMAT},
        {"-----BEGIN SSH SIGNATURE-----\n", "\n-----END SSH SIGNATURE-----\nx", VOUCH_ERR_TRAILING},
        {"-----BEGIN SSH SIGNATURE-----\n", "\n-----END SSH SIGNATURE-----\n\n",
         VOUCH_ERR_TRAILING},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1000];
        (void)snprintf(text, sizeof text, "%s%s%s", rows[i].before, body, rows[i].after);
        assert_int_equal(verify_text(text), rows[i].err);
    }
    assert_int_equal(verify_text(""), VOUCH_ERR_FORMAT);
    assert_int_equal(verify_text("-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n"),
                     VOUCH_ERR_TRUNCATED);
}

static void refuses_a_signature_over_its_bound(void **state) {
    (void)state;
    char *text = malloc(VOUCH_SSHSIG_MAX + 2);
    memset(text, 'A', VOUCH_SSHSIG_MAX + 1);
    text[VOUCH_SSHSIG_MAX + 1] = '\0';
    memcpy(text, "-----BEGIN SSH SIGNATURE-----\n", 30);
    assert_int_equal(verify_text(text), VOUCH_ERR_LIMIT);
    free(text);
}

static void releases_no_signature_that_does_not_verify(void **state) {
    (void)state;
    static const struct {
        vouch_sign_fn *sign;
        int by_rsa;
        int err;
    } rows[] = {
        {vouch_key_signs, 0, VOUCH_ERR_UNSUPPORTED}, // a holder that uses the wrong key
        {sign_with_sha1, 1, VOUCH_ERR_UNSUPPORTED},  // one that uses the wrong algorithm
        {sign_not, 1, VOUCH_ERR_REFUSED},
    };
    for (size_t i = 0; i < 3; i++) {
        struct vouch_sshsig_signer signer = signer_by(rsa);
        signer.public_blob = blob_of(rows[i].by_rsa ? rsa : ed25519);
        signer.sign = rows[i].sign;
        struct vouch_buf out;
        vouch_buf_init(&out, VOUCH_SSHSIG_MAX);
        assert_int_equal(vouch_sshsig_sign(&signer, "file", vouch_bytes_of(MESSAGE), &out),
                         rows[i].err);
        assert_int_equal(out.len, 0);
        vouch_buf_done(&out);
    }
}

static void refuses_to_sign_without_namespace_or_with_another_hash(void **state) {
    (void)state;
    struct vouch_sshsig_signer signer = signer_by(ed25519);
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_SSHSIG_MAX);
    assert_int_equal(vouch_sshsig_sign(&signer, "", vouch_bytes_of("m"), &out), VOUCH_ERR_ARGUMENT);
    assert_int_equal(vouch_sshsig_sign(&signer, NULL, vouch_bytes_of("m"), &out),
                     VOUCH_ERR_ARGUMENT);
    signer.hash = VOUCH_HASH_SHA384;
    assert_int_equal(vouch_sshsig_sign(&signer, "file", vouch_bytes_of("m"), &out),
                     VOUCH_ERR_ARGUMENT);
    assert_int_equal(out.len, 0);
    vouch_buf_done(&out);
}

static void leaves_a_full_buffer_as_it_was(void **state) {
    (void)state;
    const struct vouch_sshsig_signer signer = signer_by(ed25519);
    struct vouch_buf out;
    vouch_buf_init(&out, 100);
    vouch_buf_put_text(&out, "kept");
    assert_int_equal(vouch_sshsig_sign(&signer, "file", vouch_bytes_of("m"), &out),
                     VOUCH_ERR_LIMIT);
    assert_int_equal(out.len, 4);
    vouch_buf_done(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verifies_what_ssh_keygen_signed),
        cmocka_unit_test(signs_byte_for_byte_as_ssh_keygen),
        cmocka_unit_test(signs_and_verifies_with_each_type_of_key),
        cmocka_unit_test(names_the_certificate_that_signed),
        cmocka_unit_test(refuses_another_namespace),
        cmocka_unit_test(refuses_another_message),
        cmocka_unit_test(refuses_each_proper_prefix),
        cmocka_unit_test(refuses_each_flipped_bit_of_the_armour),
        cmocka_unit_test(refuses_each_cut_and_flipped_bit_of_the_blob),
        cmocka_unit_test(a_fault_in_the_blob_points_to_the_beginning),
        cmocka_unit_test(refuses_what_the_format_does_not_know),
        cmocka_unit_test(takes_a_reserved_field_only_as_it_was_signed),
        cmocka_unit_test(takes_rsa_with_sha2_and_refuses_it_with_sha1),
        cmocka_unit_test(takes_other_line_ends_and_refuses_other_text),
        cmocka_unit_test(refuses_a_signature_over_its_bound),
        cmocka_unit_test(releases_no_signature_that_does_not_verify),
        cmocka_unit_test(refuses_to_sign_without_namespace_or_with_another_hash),
        cmocka_unit_test(leaves_a_full_buffer_as_it_was),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
