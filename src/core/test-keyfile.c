// SPDX-License-Identifier: ISC
// Private key files in OpenSSH's format: files that ssh-keygen made are read, and ours are the same.
#include "core/test-keyfile.h"
#include "core/bcrypt.h"

// The comment's second word is the public name.
static const struct keyfile_row rows[] = {
    {"ed25519", "ed25519", ""},
    {"rsa", "rsa", ""},
    {"ecdsa256", "ecdsa256", ""},
    {"ecdsa384", "ecdsa384", ""},
    {"ecdsa521", "ecdsa521", ""},
    {"sk-ed25519", "sk-ed25519", ""},
    {"sk-ecdsa", "sk-ecdsa", ""},
    {"rsa-enc", "rsa", PASSPHRASE},
    {"ecdsa256-enc", "ecdsa256", PASSPHRASE},
    {"ecdsa384-enc", "ecdsa384", PASSPHRASE},
    {"ecdsa521-enc", "ecdsa521", PASSPHRASE},
    {"sk-ed25519-enc", "sk-ed25519", PASSPHRASE},
    {"sk-ecdsa-enc", "sk-ecdsa", PASSPHRASE},
    {"ed25519-aes128-ctr", "ed25519", PASSPHRASE},
    {"ed25519-aes192-ctr", "ed25519", PASSPHRASE},
    {"ed25519-aes256-ctr", "ed25519", PASSPHRASE},
    {"ed25519-aes128-cbc", "ed25519", PASSPHRASE},
    {"ed25519-aes192-cbc", "ed25519", PASSPHRASE},
    {"ed25519-aes256-cbc", "ed25519", PASSPHRASE},
    {"ed25519-3des-cbc", "ed25519", PASSPHRASE},
    {"ed25519-aes128-gcm", "ed25519", PASSPHRASE},
    {"ed25519-aes256-gcm", "ed25519", PASSPHRASE},
    {"ed25519-chacha20-poly1305", "ed25519", PASSPHRASE},
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

static int is_sk(const struct vouch_private_key *key) {
    enum vouch_key_type type = vouch_key_type(vouch_private_key_public(key));
    return type == VOUCH_KEY_SK_ED25519 || type == VOUCH_KEY_SK_ECDSA_P256;
}

static void reads_each_file_of_ssh_keygen(void **state) {
    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        char *comment = NULL;
        autokey struct vouch_private_key *key = read_row(&rows[i], &comment);
        assert_memory_equal(comment, "fixture ", 8);
        assert_string_equal(comment + 8, rows[i].public_name);
        free(comment);
        if (!is_sk(key)) {
            assert_signs(key);
        }
    }
}

static void reads_the_public_half_of_each_file_without_a_passphrase(void **state) {
    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        autofile struct vouch_bytes file = read_fixture(rows[i].file);
        autopublic struct vouch_key *want = read_fixture_public(rows[i].public_name);
        autopublic struct vouch_key *key = NULL;
        assert_int_equal(vouch_keyfile_parse_public(file, &key, NULL), VOUCH_OK);
        assert_true(vouch_key_equal(key, want));
    }
}

static void asks_for_the_passphrase_of_each_encrypted_file(void **state) {
    (void)state;
    assert_asks_for_passphrases(rows, ROW_COUNT);
}

static void refuses_a_wrong_passphrase_under_each_cipher(void **state) {
    (void)state;
    assert_refuses_passphrase(rows, ROW_COUNT, "correct Horse");
}

// Every cipher and none, in one go; and then with one among them that cannot be read.
static void reads_all_files_side_by_side(void **state) {
    (void)state;
    struct vouch_bytes files[ROW_COUNT];
    struct vouch_private_key *keys[ROW_COUNT] = {NULL};
    size_t bad = 0;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        files[i] = read_fixture(rows[i].file);
    }
    struct vouch_bytes passphrase = vouch_bytes_of(PASSPHRASE);
    assert_int_equal(vouch_keyfile_parse_all(files, ROW_COUNT, passphrase, keys, &bad, NULL),
                     VOUCH_OK);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        autopublic struct vouch_key *want = read_fixture_public(rows[i].public_name);
        assert_true(vouch_key_equal(vouch_private_key_public(keys[i]), want));
        vouch_private_key_free(keys[i]);
        keys[i] = NULL;
    }
    struct vouch_where where = {0};
    passphrase = vouch_bytes_of("correct Horse");
    assert_int_equal(vouch_keyfile_parse_all(files, ROW_COUNT, passphrase, keys, &bad, &where),
                     VOUCH_ERR_PASSPHRASE);
    assert_string_equal(rows[bad].file, "rsa-enc");
    assert_string_equal(where.reason, "wrong passphrase");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        assert_null(keys[i]);
        free((void *)(uintptr_t)files[i].ptr);
    }
    assert_int_equal(
        vouch_keyfile_parse_all(files, VOUCH_KEYFILES_MAX + 1, passphrase, keys, &bad, NULL),
        VOUCH_ERR_LIMIT);
}

static void ignores_a_passphrase_where_none_is_needed(void **state) {
    (void)state;
    autokey struct vouch_private_key *key = parse_fixture("ed25519", PASSPHRASE);
    assert_signs(key);
}

static struct vouch_bytes write_file(const struct vouch_private_key *key, const char *passphrase,
                                     const char *comment) {
    struct vouch_keyfile_options options = {
        .passphrase = vouch_bytes_of(passphrase), .rounds = 1, .comment = comment};
    for (size_t i = 0; i < sizeof options.random; i++) {
        options.random[i] = (uint8_t)(0x80 + i);
    }
    return written(key, &options);
}

static void reads_each_type_that_it_wrote(void **state) {
    (void)state;
    static const char *const passphrases[] = {"", "\xc3\xa9 x"};
    for (size_t i = 0; i < 7; i++) {
        autokey struct vouch_private_key *key = parse_fixture(rows[i].file, "");
        for (size_t k = 0; k < 2; k++) {
            autofile struct vouch_bytes file = write_file(key, passphrases[k], "c");
            autokey struct vouch_private_key *again = parse_good(file, passphrases[k]);
            assert_true(
                vouch_key_equal(vouch_private_key_public(again), vouch_private_key_public(key)));
            // The fields of a security key have no sum to check; written again they must be the same.
            autofile struct vouch_bytes twice = write_file(again, passphrases[k], "c");
            assert_true(vouch_bytes_equal(file, twice));
        }
    }
}

static void keeps_comments_of_each_length(void **state) {
    (void)state;
    autokey struct vouch_private_key *key = parse_fixture("ed25519", "");
    char text[600] = "";
    for (size_t len = 0; len < sizeof text; len = len < 34 ? len + 1 : len + 113) {
        memset(text, 'x', len);
        text[len] = '\0';
        for (size_t k = 0; k < 2; k++) {
            const char *passphrase = k == 0 ? "" : "p";
            autofile struct vouch_bytes file = write_file(key, passphrase, text);
            autokey struct vouch_private_key *again = NULL;
            char *comment = NULL;
            assert_int_equal(
                vouch_keyfile_parse(file, vouch_bytes_of(passphrase), &again, &comment, NULL),
                VOUCH_OK);
            assert_string_equal(comment, text);
            free(comment);
        }
    }
}

static void writes_no_comment_as_an_empty_one(void **state) {
    (void)state;
    autokey struct vouch_private_key *key = parse_fixture("ed25519", "");
    autofile struct vouch_bytes none = write_file(key, "", NULL);
    autofile struct vouch_bytes empty = write_file(key, "", "");
    assert_true(vouch_bytes_equal(none, empty));
}

static void writes_within_70_columns(void **state) {
    (void)state;
    autokey struct vouch_private_key *key = parse_fixture("rsa", "");
    autofile struct vouch_bytes file = write_file(key, "", "c");
    size_t column = 0;
    size_t full = 0;
    for (size_t i = 0; i < file.len; i++) {
        column = file.ptr[i] == '\n' ? 0 : column + 1;
        assert_true(column <= 70);
        full += column == 70;
    }
    assert_true(full > 10);
}

static void refuses_to_write_what_it_could_not_read(void **state) {
    (void)state;
    autokey struct vouch_private_key *key = parse_fixture("ed25519", "");
    struct vouch_keyfile_options options = {.rounds = VOUCH_KEYFILE_ROUNDS_MAX + 1};
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_KEYFILE_MAX);
    assert_int_equal(vouch_keyfile_write(key, &options, &out), VOUCH_ERR_ARGUMENT);
    static char comment[64 * 1024 + 2];
    memset(comment, 'x', sizeof comment - 1);
    options = (struct vouch_keyfile_options){.comment = comment};
    assert_int_equal(vouch_keyfile_write(key, &options, &out), VOUCH_ERR_ARGUMENT);
    assert_int_equal(out.len, 0);
    vouch_buf_done(&out);
}

static void says_when_the_output_is_full(void **state) {
    (void)state;
    autokey struct vouch_private_key *key = parse_fixture("ed25519", "");
    struct vouch_keyfile_options options = {.comment = "c"};
    uint8_t room[64];
    struct vouch_buf out;
    vouch_buf_init_fixed(&out, room, sizeof room);
    assert_int_equal(vouch_keyfile_write(key, &options, &out), VOUCH_ERR_LIMIT);
}

// The check word of an encrypted file of ssh-keygen, with which ours must come out the same.
static void read_random(const char *name, uint8_t random[static 20]) {
    autofile struct vouch_bytes file = read_fixture(name);
    autofile struct vouch_bytes blob = unarmoured(file);
    struct vouch_keyfile_header header = {0};
    struct vouch_where where = {0};
    assert_int_equal(vouch_keyfile_header_read(blob, &header, &where), VOUCH_OK);
    const struct vouch_keyfile_cipher *cipher = vouch_keyfile_cipher_of(header.cipher_name);
    assert_non_null(cipher);
    vouch_autosecret struct vouch_secret key = {0};
    vouch_autosecret struct vouch_secret plain = {0};
    assert_int_equal(vouch_secret_new(cipher->key_len + cipher->iv_len, &key), VOUCH_OK);
    assert_int_equal(vouch_secret_new(header.section.len, &plain), VOUCH_OK);
    if (cipher->key_len > 0) {
        struct vouch_reader reader;
        vouch_reader_init(&reader, header.kdf_options);
        struct vouch_bytes salt = vouch_read_string(&reader, "salt");
        assert_int_equal(salt.len, 16);
        memcpy(random + 4, salt.ptr, 16);
        assert_int_equal(vouch_bcrypt_derive(vouch_bytes_of(PASSPHRASE), salt,
                                             vouch_read_u32(&reader, "rounds"), &key),
                         VOUCH_OK);
    }
    assert_int_equal(cipher->open(cipher, key.ptr, header.section, header.tag.ptr, plain.ptr),
                     VOUCH_OK);
    memcpy(random, plain.ptr, 4);
}

static void writes_byte_for_byte_what_ssh_keygen_wrote(void **state) {
    (void)state;
    static const struct {
        const char *file, *plain_file, *comment;
        uint32_t rounds;
    } same[] = {
        {"ed25519", "ed25519", "fixture ed25519", 0},
        {"rsa", "rsa", "fixture rsa", 0},
        {"ecdsa256", "ecdsa256", "fixture ecdsa256", 0},
        {"ecdsa384", "ecdsa384", "fixture ecdsa384", 0},
        {"ecdsa521", "ecdsa521", "fixture ecdsa521", 0},
        {"sk-ecdsa", "sk-ecdsa", "fixture sk-ecdsa", 0},
        {"ed25519-aes256-ctr", "ed25519", "fixture ed25519", 16},
        {"rsa-enc", "rsa", "fixture rsa", 4},
        {"ecdsa521-enc", "ecdsa521", "fixture ecdsa521", 4},
        {"sk-ed25519-enc", "sk-ed25519", "fixture sk-ed25519", 4},
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        autofile struct vouch_bytes want = read_fixture(same[i].file);
        autokey struct vouch_private_key *key = parse_fixture(same[i].plain_file, "");
        struct vouch_keyfile_options options = {
            .passphrase = vouch_bytes_of(same[i].rounds > 0 ? PASSPHRASE : ""),
            .rounds = same[i].rounds,
            .comment = same[i].comment,
        };
        read_random(same[i].file, options.random);
        struct vouch_buf out;
        vouch_buf_init(&out, VOUCH_KEYFILE_MAX);
        assert_int_equal(vouch_keyfile_write(key, &options, &out), VOUCH_OK);
        assert_int_equal(out.len, want.len);
        assert_memory_equal(out.ptr, want.ptr, want.len);
        vouch_buf_done(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_file_of_ssh_keygen),
        cmocka_unit_test(reads_the_public_half_of_each_file_without_a_passphrase),
        cmocka_unit_test(asks_for_the_passphrase_of_each_encrypted_file),
        cmocka_unit_test(refuses_a_wrong_passphrase_under_each_cipher),
        cmocka_unit_test(reads_all_files_side_by_side),
        cmocka_unit_test(ignores_a_passphrase_where_none_is_needed),
        cmocka_unit_test(reads_each_type_that_it_wrote),
        cmocka_unit_test(keeps_comments_of_each_length),
        cmocka_unit_test(writes_no_comment_as_an_empty_one),
        cmocka_unit_test(writes_within_70_columns),
        cmocka_unit_test(refuses_to_write_what_it_could_not_read),
        cmocka_unit_test(says_when_the_output_is_full),
        cmocka_unit_test(writes_byte_for_byte_what_ssh_keygen_wrote),
    };
    return cmocka_run_group_tests_name("core/keyfile", tests, NULL, NULL);
}
