// SPDX-License-Identifier: ISC
// PEM private keys, as ssh-keygen -m and openssl write them.
#include "base/str.h"
#include "core/test-keyfile.h"

static const struct keyfile_row rows[] = {
    {"rsa-pkcs1.pem", "rsa", ""},
    {"rsa-pkcs8.pem", "rsa", ""},
    {"ecdsa256-sec1.pem", "ecdsa256", ""},
    {"ecdsa256-params.pem", "ecdsa256", ""},
    {"ecdsa256-pkcs8.pem", "ecdsa256", ""},
    {"ecdsa384-sec1.pem", "ecdsa384", ""},
    {"ecdsa384-pkcs8.pem", "ecdsa384", ""},
    {"ecdsa521-sec1.pem", "ecdsa521", ""},
    {"ecdsa521-pkcs8.pem", "ecdsa521", ""},
    {"ed25519-pkcs8.pem", "ed25519", ""},
    {"rsa-pkcs1-enc.pem", "rsa", PASSPHRASE},
    {"rsa-pkcs8-enc.pem", "rsa", PASSPHRASE},
    {"ecdsa256-sec1-enc.pem", "ecdsa256", PASSPHRASE},
    {"ecdsa256-pkcs8-enc.pem", "ecdsa256", PASSPHRASE},
    {"ecdsa256-pkcs8-pbes1.pem", "ecdsa256", PASSPHRASE},
    {"ecdsa384-sec1-enc.pem", "ecdsa384", PASSPHRASE},
    {"ecdsa384-pkcs8-enc.pem", "ecdsa384", PASSPHRASE},
    {"ecdsa521-sec1-enc.pem", "ecdsa521", PASSPHRASE},
    {"ecdsa521-pkcs8-enc.pem", "ecdsa521", PASSPHRASE},
    {"ed25519-pkcs8-enc.pem", "ed25519", PASSPHRASE},
    {"ed25519-pkcs8-scrypt.pem", "ed25519", PASSPHRASE},
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

static void reads_each_form_of_pem(void **state) {
    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        char *comment = NULL;
        autokey struct vouch_private_key *key = read_row(&rows[i], &comment);
        assert_string_equal(comment, "");
        free(comment);
        assert_signs(key);
    }
}

static void asks_for_the_passphrase_of_each_encrypted_file(void **state) {
    (void)state;
    assert_asks_for_passphrases(rows, ROW_COUNT);
}

static void refuses_a_wrong_passphrase(void **state) {
    (void)state;
    static const char *const wrong[] = {"correct Horse", "x", "correct horse "};
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
        assert_refuses_passphrase(rows, ROW_COUNT, wrong[k]);
    }
}

// The old encryption has no check of its own: one wrong passphrase in 256 decrypts to good padding.
static void refuses_each_of_many_wrong_passphrases(void **state) {
    (void)state;
    autofile struct vouch_bytes file = read_fixture("ecdsa256-sec1-enc.pem");
    for (unsigned i = 0; i < 4000; i++) {
        char wrong[16];
        (void)snprintf(wrong, sizeof wrong, "wrong %u", i);
        assert_refused(file, wrong, VOUCH_ERR_PASSPHRASE, "private key");
    }
}

static void refuses_a_passphrase_that_pem_cannot_take(void **state) {
    (void)state;
    static char passphrase[1025];
    memset(passphrase, 'x', sizeof passphrase - 1);
    static const char *const names[] = {"rsa-pkcs1-enc.pem", "rsa-pkcs8-enc.pem"};
    for (size_t i = 0; i < 2; i++) {
        autofile struct vouch_bytes file = read_fixture(names[i]);
        assert_refused(file, passphrase, VOUCH_ERR_LIMIT, "passphrase");
    }
}

static void refuses_each_proper_prefix(void **state) {
    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        autofile struct vouch_bytes file = read_fixture(rows[i].file);
        // A last line without its end is whole to every reader of PEM.
        for (size_t len = 0; len + 1 < file.len; len++) {
            struct vouch_private_key *key = NULL;
            struct vouch_bytes prefix = {file.ptr, len};
            assert_true(vouch_keyfile_parse(prefix, vouch_bytes_of(rows[i].passphrase), &key, NULL,
                                            NULL) < 0);
            assert_null(key);
        }
    }
}

// A PEM file without headers, with a zero byte after what its base64 says.
static struct vouch_bytes lengthened(struct vouch_bytes file) {
    struct vouch_buf base64;
    struct vouch_buf der;
    struct vouch_buf out;
    vouch_buf_init(&base64, VOUCH_KEYFILE_MAX);
    vouch_buf_init(&der, VOUCH_KEYFILE_MAX);
    vouch_buf_init(&out, VOUCH_KEYFILE_MAX);
    struct vouch_bytes rest = vouch_str_trim(file);
    struct vouch_bytes begin = vouch_str_cut(&rest, '\n');
    struct vouch_bytes line = vouch_str_cut(&rest, '\n');
    while (line.len > 0 && line.ptr[0] != '-') {
        vouch_buf_put(&base64, line);
        line = vouch_str_cut(&rest, '\n');
    }
    assert_int_equal(vouch_str_unbase64(vouch_buf_bytes(&base64), &der), VOUCH_OK);
    vouch_write_u8(&der, 0);
    vouch_buf_clear(&base64);
    vouch_str_base64(vouch_buf_bytes(&der), '=', &base64);
    vouch_buf_put(&out, begin);
    for (size_t i = 0; i < base64.len; i += 64) {
        size_t len = base64.len - i < 64 ? base64.len - i : 64;
        vouch_buf_put_text(&out, "\n");
        vouch_buf_put(&out, (struct vouch_bytes){base64.ptr + i, len});
    }
    vouch_buf_put_text(&out, "\n");
    vouch_buf_put(&out, line);
    vouch_buf_put_text(&out, "\n");
    vouch_buf_done(&base64);
    vouch_buf_done(&der);
    struct vouch_bytes result = {0};
    result.ptr = vouch_buf_take(&out, &result.len);
    return result;
}

static void refuses_bytes_after_the_key(void **state) {
    (void)state;
    static const char *const names[] = {"rsa-pkcs1.pem", "ecdsa384-sec1.pem", "ed25519-pkcs8.pem",
                                        "ed25519-pkcs8-enc.pem"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        autofile struct vouch_bytes file = read_fixture(names[i]);
        autofile struct vouch_bytes longer = lengthened(file);
        assert_refused(longer, PASSPHRASE, VOUCH_ERR_FORMAT, "PEM block");
    }
}

// Where the public half stands beside the private one, damage to either is found.
static void never_reads_another_key_from_a_file_with_a_flipped_bit(void **state) {
    (void)state;
    static const struct {
        const char *file, *public_name;
        size_t step; // bits; RSA's own checks are slow
    } flips[] = {{"ecdsa256-sec1.pem", "ecdsa256", 1},
                 {"ecdsa384-pkcs8.pem", "ecdsa384", 5},
                 {"rsa-pkcs1.pem", "rsa", 401}};
    for (size_t i = 0; i < sizeof flips / sizeof flips[0]; i++) {
        autofile struct vouch_bytes file = read_fixture(flips[i].file);
        autopublic struct vouch_key *want = read_fixture_public(flips[i].public_name);
        uint8_t *at = (uint8_t *)(uintptr_t)file.ptr;
        size_t accepted = 0;
        for (size_t bit = 0; bit < file.len * 8; bit += flips[i].step) {
            at[bit / 8] ^= (uint8_t)(1 << bit % 8);
            autokey struct vouch_private_key *key = NULL;
            if (vouch_keyfile_parse(file, (struct vouch_bytes){0}, &key, NULL, NULL) == VOUCH_OK) {
                assert_true(vouch_key_equal(vouch_private_key_public(key), want));
                assert_signs(key);
                accepted++;
            }
            at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_true(accepted * flips[i].step < file.len); // of 8 times as many
    }
}

static void refuses_keys_that_are_no_ssh_keys(void **state) {
    (void)state;
    static const char *const names[] = {"dsa.pem", "secp256k1.pem", "x25519.pem"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        autofile struct vouch_bytes file = read_fixture(names[i]);
        assert_refused(file, "", VOUCH_ERR_UNSUPPORTED, "private key");
    }
}

static void refuses_a_derivation_without_measure(void **state) {
    (void)state;
    autofile struct vouch_bytes file = read_fixture("ecdsa256-pkcs8-slow.pem");
    assert_refused(file, PASSPHRASE, VOUCH_ERR_LIMIT, "PKCS#8 encryption");
}

static struct vouch_bytes text(const char *lines) {
    return vouch_bytes_of(lines);
}

static void refuses_what_holds_no_private_key(void **state) {
    (void)state;
    static const struct {
        const char *lines;
        int err;
        const char *field;
    } bad[] = {
        {"\n", VOUCH_ERR_FORMAT, "file"},
        {"no key\n", VOUCH_ERR_FORMAT, "file"},
        {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", VOUCH_ERR_FORMAT, "file"},
        {"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", VOUCH_ERR_FORMAT, "file"},
        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", VOUCH_ERR_FORMAT,
         "PEM block"},
        {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
         VOUCH_ERR_FORMAT, "PEM block"},
        {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: ROT-13,00\n\nMAA=\n"
         "-----END RSA PRIVATE KEY-----\n",
         VOUCH_ERR_UNSUPPORTED, "DEK-Info"},
        {"-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n", VOUCH_ERR_FORMAT,
         "PEM block"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_refused(text(bad[i].lines), PASSPHRASE, bad[i].err, bad[i].field);
    }
}

static void shows_no_public_half(void **state) {
    (void)state;
    autofile struct vouch_bytes file = read_fixture("rsa-pkcs1.pem");
    struct vouch_key *key = NULL;
    assert_int_equal(vouch_keyfile_parse_public(file, &key, NULL), VOUCH_ERR_UNSUPPORTED);
    assert_null(key);
}

static void writes_a_key_that_came_from_pem(void **state) {
    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        autokey struct vouch_private_key *key = parse_fixture(rows[i].file, rows[i].passphrase);
        struct vouch_buf out;
        vouch_buf_init(&out, VOUCH_KEYFILE_MAX);
        assert_int_equal(vouch_keyfile_write(key, &(struct vouch_keyfile_options){0}, &out),
                         VOUCH_OK);
        autokey struct vouch_private_key *again = parse_good(vouch_buf_bytes(&out), "");
        assert_true(
            vouch_key_equal(vouch_private_key_public(key), vouch_private_key_public(again)));
        vouch_buf_done(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_form_of_pem),
        cmocka_unit_test(asks_for_the_passphrase_of_each_encrypted_file),
        cmocka_unit_test(refuses_a_wrong_passphrase),
        cmocka_unit_test(refuses_each_of_many_wrong_passphrases),
        cmocka_unit_test(refuses_a_passphrase_that_pem_cannot_take),
        cmocka_unit_test(refuses_each_proper_prefix),
        cmocka_unit_test(refuses_bytes_after_the_key),
        cmocka_unit_test(never_reads_another_key_from_a_file_with_a_flipped_bit),
        cmocka_unit_test(refuses_keys_that_are_no_ssh_keys),
        cmocka_unit_test(refuses_a_derivation_without_measure),
        cmocka_unit_test(refuses_what_holds_no_private_key),
        cmocka_unit_test(shows_no_public_half),
        cmocka_unit_test(writes_a_key_that_came_from_pem),
    };
    return cmocka_run_group_tests_name("core/keyfile-pem", tests, NULL, NULL);
}
