// SPDX-License-Identifier: ISC
// Damaged private key files in OpenSSH's format: refused, at the right place, and never another key.
#include "core/bcrypt.h"
#include "core/test-keyfile.h"

static void refuses_each_proper_prefix(void **state) {
    (void)state;
    static const char *const names[] = {
        "ed25519",    "ecdsa256",           "rsa",
        "sk-ed25519", "ed25519-aes256-ctr", "ed25519-chacha20-poly1305"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        autofile struct vouch_bytes file = read_fixture(names[i]);
        for (size_t len = 0; len < file.len; len++) {
            struct vouch_private_key *key = NULL;
            struct vouch_key *public_key = NULL;
            struct vouch_bytes prefix = {file.ptr, len};
            struct vouch_bytes passphrase = vouch_bytes_of(PASSPHRASE);
            assert_true(vouch_keyfile_parse(prefix, passphrase, &key, NULL, NULL) < 0);
            assert_true(vouch_keyfile_parse_public(prefix, &public_key, NULL) < 0);
            assert_null(key);
            assert_null(public_key);
        }
    }
}

static void refuses_each_proper_prefix_inside_the_armour(void **state) {
    (void)state;
    static const char *const names[] = {"ed25519",
                                        "ecdsa521",
                                        "sk-ecdsa",
                                        "ed25519-aes256-ctr",
                                        "ed25519-aes256-gcm",
                                        "ed25519-chacha20-poly1305"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        autofile struct vouch_bytes file = read_fixture(names[i]);
        autofile struct vouch_bytes blob = unarmoured(file);
        for (size_t len = 0; len < blob.len; len++) {
            struct vouch_private_key *key = NULL;
            autofile struct vouch_bytes cut = armoured((struct vouch_bytes){blob.ptr, len});
            struct vouch_where where = {0};
            assert_int_equal(
                vouch_keyfile_parse(cut, vouch_bytes_of(PASSPHRASE), &key, NULL, &where),
                VOUCH_ERR_TRUNCATED);
            assert_non_null(where.field);
            assert_null(key);
        }
    }
}

// A damaged file is either refused or the key of the whole one, which signs: 0 or 1.
static size_t same_or_refused(struct vouch_bytes file, const char *passphrase,
                              const struct vouch_key *want) {
    autokey struct vouch_private_key *key = NULL;
    struct vouch_where where = {0};
    int err = vouch_keyfile_parse(file, vouch_bytes_of(passphrase), &key, NULL, &where);
    if (err != VOUCH_OK) {
        assert_true(err < 0);
        assert_null(key);
        assert_non_null(where.field);
        assert_true(where.offset <= file.len);
        return 0;
    }
    assert_true(vouch_key_equal(vouch_private_key_public(key), want));
    if (vouch_key_application(want).len == 0) {
        assert_signs(key);
    }
    return 1;
}

static void never_reads_another_key_from_a_file_with_a_flipped_bit(void **state) {
    (void)state;
    static const struct {
        const char *name;
        size_t step; // bits; RSA's own checks are slow
    } rows[] = {{"ed25519", 1}, {"ecdsa256", 1}, {"ecdsa521", 7}, {"sk-ecdsa", 1}, {"rsa", 401}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        autofile struct vouch_bytes file = read_fixture(rows[i].name);
        autopublic struct vouch_key *want = read_fixture_public(rows[i].name);
        uint8_t *at = (uint8_t *)(uintptr_t)file.ptr;
        for (size_t bit = 0; bit < file.len * 8; bit += rows[i].step) {
            at[bit / 8] ^= (uint8_t)(1 << bit % 8);
            (void)same_or_refused(file, "", want);
            at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_int_equal(same_or_refused(file, "", want), 1);
    }
}

// Small enough to be derived for each bit.
static struct vouch_bytes write_encrypted(const struct vouch_private_key *key) {
    struct vouch_keyfile_options options = {
        .passphrase = vouch_bytes_of(PASSPHRASE), .rounds = 1, .comment = "comment"};
    return written(key, &options);
}

static size_t find(struct vouch_bytes blob, const void *what, size_t len) {
    const uint8_t *at = memmem(blob.ptr, blob.len, what, len);
    assert_non_null(at);
    return (size_t)(at - blob.ptr);
}

static void never_reads_another_key_from_an_encrypted_file_with_a_flipped_bit(void **state) {
    (void)state;
    autokey struct vouch_private_key *key = parse_fixture("ed25519", "");
    autofile struct vouch_bytes file = write_encrypted(key);
    autofile struct vouch_bytes blob = unarmoured(file);
    // Flips here would only make the derivation long: 2 to 8,193 rounds in place of 1.
    size_t rounds = find(blob, "\0\0\0\1\0\0\0\1", 8) + 2;
    uint8_t *at = (uint8_t *)(uintptr_t)blob.ptr;
    // Each bit derives a key anew; a third of them still touches every byte.
    size_t step = getenv("VOUCH_LONG") != NULL ? 1 : 3;
    size_t accepted = 0;
    for (size_t bit = 0; bit < blob.len * 8; bit += step) {
        if (bit / 8 == rounds || (bit / 8 == rounds + 1 && bit % 8 > 2)) {
            continue;
        }
        at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        autofile struct vouch_bytes flipped = armoured(blob);
        accepted += same_or_refused(flipped, PASSPHRASE, vouch_private_key_public(key));
        at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    // CTR has no authentication, so a comment's bits flip unseen, but nothing else does.
    size_t comment_bits = 8 * strlen("comment");
    assert_in_range(accepted, comment_bits / step, (comment_bits + step - 1) / step);
}

static void refuses_each_flipped_bit_under_authenticated_ciphers(void **state) {
    (void)state;
    static const char *const names[] = {"ed25519-aes128-gcm", "ed25519-aes256-gcm",
                                        "ed25519-chacha20-poly1305"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        autofile struct vouch_bytes file = read_fixture(names[i]);
        autofile struct vouch_bytes blob = unarmoured(file);
        struct vouch_keyfile_header header = {0};
        assert_int_equal(vouch_keyfile_header_read(blob, &header, NULL), VOUCH_OK);
        const struct vouch_keyfile_cipher *cipher = vouch_keyfile_cipher_of(header.cipher_name);
        struct vouch_bytes salt = {header.kdf_options.ptr + 4, 16};
        vouch_autosecret struct vouch_secret key = {0};
        assert_int_equal(vouch_secret_new(cipher->key_len + cipher->iv_len, &key), VOUCH_OK);
        assert_int_equal(vouch_bcrypt_derive(vouch_bytes_of(PASSPHRASE), salt, 16, &key), VOUCH_OK);
        uint8_t plain[512];
        assert_true(header.section.len <= sizeof plain);
        uint8_t *at = (uint8_t *)(uintptr_t)header.section.ptr;
        for (size_t bit = 0; bit < (header.section.len + header.tag.len) * 8; bit++) {
            at[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(cipher->open(cipher, key.ptr, header.section, header.tag.ptr, plain),
                             VOUCH_ERR_PASSPHRASE);
            at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_int_equal(cipher->open(cipher, key.ptr, header.section, header.tag.ptr, plain),
                         VOUCH_OK);
    }
}

// A file put together field by field. What is not set is as in the good file.
struct craft {
    const char *cipher;
    const char *kdf;
    struct vouch_bytes kdf_options;
    uint32_t count;
    struct vouch_bytes public_blob;
    struct vouch_bytes section;
    struct vouch_bytes tag;
};

#define BYTES(text) ((struct vouch_bytes){(const uint8_t *)(text), sizeof(text) - 1})
#define SALT "\0\0\0\4salt"

static struct vouch_bytes put_together(const struct craft *craft) {
    struct vouch_buf blob;
    vouch_buf_init(&blob, VOUCH_KEYFILE_MAX);
    vouch_buf_put(&blob, BYTES(VOUCH_KEYFILE_MAGIC "\0"));
    vouch_write_text(&blob, craft->cipher);
    vouch_write_text(&blob, craft->kdf);
    vouch_write_string(&blob, craft->kdf_options);
    vouch_write_u32(&blob, craft->count);
    vouch_write_string(&blob, craft->public_blob);
    vouch_write_string(&blob, craft->section);
    vouch_buf_put(&blob, craft->tag);
    assert_int_equal(blob.err, VOUCH_OK);
    struct vouch_bytes file = armoured(vouch_buf_bytes(&blob));
    vouch_buf_done(&blob);
    return file;
}

// The parts of a good file that is not encrypted.
static struct craft good_parts(struct vouch_bytes blob) {
    struct vouch_keyfile_header header = {0};
    assert_int_equal(vouch_keyfile_header_read(blob, &header, NULL), VOUCH_OK);
    return (struct craft){.cipher = "none",
                          .kdf = "none",
                          .count = 1,
                          .public_blob = header.public_blob,
                          .section = header.section};
}

static const struct header {
    const char *cipher, *kdf;
    struct vouch_bytes kdf_options;
    uint32_t count;
    struct vouch_bytes tag;
    int err;
    const char *field;
} bad_headers[] = {
    {"none", "bcrypt", BYTES(SALT "\0\0\0\1"), 1, {0}, VOUCH_ERR_FORMAT, "KDF"},
    {"none", "none", BYTES("x"), 1, {0}, VOUCH_ERR_FORMAT, "KDF options"},
    {"aes256-ctr", "none", {0}, 1, {0}, VOUCH_ERR_FORMAT, "KDF"},
    {"aes256-xts", "bcrypt", BYTES(SALT "\0\0\0\1"), 1, {0}, VOUCH_ERR_UNSUPPORTED, "cipher"},
    {"", "", {0}, 1, {0}, VOUCH_ERR_UNSUPPORTED, "cipher"},
    {"aes256-ctr", "scrypt", BYTES(SALT "\0\0\0\1"), 1, {0}, VOUCH_ERR_UNSUPPORTED, "KDF"},
    {"aes256-ctr", "bcrypt", {0}, 1, {0}, VOUCH_ERR_TRUNCATED, "KDF salt"},
    {"aes256-ctr", "bcrypt", BYTES(SALT "\0\0\1"), 1, {0}, VOUCH_ERR_TRUNCATED, "KDF rounds"},
    {"aes256-ctr", "bcrypt", BYTES(SALT "\0\0\0\0"), 1, {0}, VOUCH_ERR_LIMIT, "KDF rounds"},
    {"aes256-ctr", "bcrypt", BYTES(SALT "\0\0\x27\x11"), 1, {0}, VOUCH_ERR_LIMIT, "KDF rounds"},
    {"aes256-ctr", "bcrypt", BYTES(SALT "\377\377\377\377"), 1, {0}, VOUCH_ERR_LIMIT, "KDF rounds"},
    {"aes256-ctr", "bcrypt", BYTES("\0\0\0\0\0\0\0\1"), 1, {0}, VOUCH_ERR_LIMIT, "KDF salt"},
    {"aes256-ctr", "bcrypt", BYTES(SALT "\0\0\0\1x"), 1, {0}, VOUCH_ERR_TRAILING, "end"},
    {"none", "none", {0}, 0, {0}, VOUCH_ERR_FORMAT, "number of keys"},
    {"none", "none", {0}, 2, {0}, VOUCH_ERR_FORMAT, "number of keys"},
    {"none", "none", {0}, 1, BYTES("x"), VOUCH_ERR_TRAILING, "tag"},
    {"aes256-gcm@openssh.com", "bcrypt", BYTES(SALT "\0\0\0\1"), 1, BYTES("fifteen bytes.."),
     VOUCH_ERR_TRUNCATED, "tag"},
    {"aes256-gcm@openssh.com", "bcrypt", BYTES(SALT "\0\0\0\1"), 1, BYTES("seventeen bytes.."),
     VOUCH_ERR_TRAILING, "tag"},
};

static void refuses_headers_that_do_not_hang_together(void **state) {
    (void)state;
    autofile struct vouch_bytes source = read_fixture("ed25519");
    autofile struct vouch_bytes blob = unarmoured(source);
    for (size_t i = 0; i < sizeof bad_headers / sizeof bad_headers[0]; i++) {
        const struct header *bad = &bad_headers[i];
        struct craft craft = good_parts(blob);
        craft.section.len -= craft.section.len % 16;
        craft.cipher = bad->cipher;
        craft.kdf = bad->kdf;
        craft.kdf_options = bad->kdf_options;
        craft.count = bad->count;
        craft.tag = bad->tag;
        autofile struct vouch_bytes file = put_together(&craft);
        assert_refused(file, PASSPHRASE, bad->err, bad->field);
    }
    struct craft craft = good_parts(blob);
    autofile struct vouch_bytes file = put_together(&craft);
    assert_true(vouch_bytes_equal(file, source));
}

static void refuses_sections_that_do_not_fill_the_block(void **state) {
    (void)state;
    autofile struct vouch_bytes source = read_fixture("ed25519");
    autofile struct vouch_bytes blob = unarmoured(source);
    for (size_t cut = 1; cut < 8; cut++) {
        struct craft craft = good_parts(blob);
        craft.section.len -= cut;
        autofile struct vouch_bytes file = put_together(&craft);
        assert_refused(file, "", VOUCH_ERR_FORMAT, "encrypted section");
    }
    struct craft craft = good_parts(blob);
    craft.section.len = 0;
    autofile struct vouch_bytes file = put_together(&craft);
    assert_refused(file, "", VOUCH_ERR_FORMAT, "encrypted section");
}

// A section of given check words, key, comment and padding.
static struct vouch_bytes put_section(const struct vouch_private_key *key, uint32_t second_check,
                                      struct vouch_bytes comment, struct vouch_bytes padding) {
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_KEYFILE_MAX);
    vouch_write_u32(&out, 7);
    vouch_write_u32(&out, second_check);
    assert_int_equal(vouch_private_key_write(key, &out), VOUCH_OK);
    vouch_write_string(&out, comment);
    vouch_buf_put(&out, padding);
    struct vouch_bytes section = {0};
    section.ptr = vouch_buf_take(&out, &section.len);
    return section;
}

static void refuses_sections_with_a_wrong_check_comment_or_padding(void **state) {
    (void)state;
    autofile struct vouch_bytes source = read_fixture("ed25519");
    autofile struct vouch_bytes blob = unarmoured(source);
    autokey struct vouch_private_key *key = parse_good(source, "");
    // Up to the comment the section has 8 + 15 + 36 + 68 + 4 = 131 bytes.
    static const struct {
        uint32_t check;
        struct vouch_bytes comment, padding;
        int err;
        const char *field;
    } rows[] = {
        {8, BYTES("c"), BYTES("\1\2\3\4"), VOUCH_ERR_FORMAT, "check word"},
        {7, BYTES("\0c"), BYTES("\1\2\3"), VOUCH_ERR_FORMAT, "comment"},
        {7, BYTES("c"), BYTES("\1\2\3\3"), VOUCH_ERR_FORMAT, "padding"},
        {7, BYTES("c"), BYTES("\0\1\2\3"), VOUCH_ERR_FORMAT, "padding"},
        {7, BYTES("c"), BYTES("\4\4\4\4"), VOUCH_ERR_FORMAT, "padding"},
        {7, BYTES("c"), BYTES("\1\2\3\4\5\6\7\10\11\12\13\15"), VOUCH_ERR_FORMAT, "padding"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        autofile struct vouch_bytes section =
            put_section(key, rows[i].check, rows[i].comment, rows[i].padding);
        struct craft craft = good_parts(blob);
        craft.section = section;
        autofile struct vouch_bytes file = put_together(&craft);
        assert_refused(file, "", rows[i].err, rows[i].field);
    }
}

static void takes_longer_padding_up_to_255_bytes(void **state) {
    (void)state;
    autofile struct vouch_bytes source = read_fixture("ed25519");
    autofile struct vouch_bytes blob = unarmoured(source);
    autokey struct vouch_private_key *key = parse_good(source, "");
    uint8_t padding[300];
    for (size_t i = 0; i < sizeof padding; i++) {
        padding[i] = (uint8_t)(i + 1);
    }
    for (size_t len = 4; len < sizeof padding; len += 8) {
        autofile struct vouch_bytes section =
            put_section(key, 7, BYTES("c"), (struct vouch_bytes){padding, len});
        struct craft craft = good_parts(blob);
        craft.section = section;
        autofile struct vouch_bytes file = put_together(&craft);
        if (len > 255) {
            assert_refused(file, "", VOUCH_ERR_TRAILING, "padding");
        } else {
            autokey struct vouch_private_key *again = parse_good(file, "");
            assert_signs(again);
        }
    }
}

static void refuses_a_private_key_behind_another_public_key(void **state) {
    (void)state;
    static const char *const others[] = {"ecdsa256", "sk-ed25519", "rsa"};
    autofile struct vouch_bytes source = read_fixture("ed25519");
    autofile struct vouch_bytes blob = unarmoured(source);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        autopublic struct vouch_key *other = read_fixture_public(others[i]);
        struct craft craft = good_parts(blob);
        craft.public_blob = vouch_key_blob(other);
        autofile struct vouch_bytes file = put_together(&craft);
        assert_refused(file, "", VOUCH_ERR_MISMATCH, "private key");
        // Whoever reads the public half alone sees what stands there.
        autopublic struct vouch_key *seen = NULL;
        assert_int_equal(vouch_keyfile_parse_public(file, &seen, NULL), VOUCH_OK);
        assert_true(vouch_key_equal(seen, other));
    }
}

static void says_where_in_the_file_it_is_wrong(void **state) {
    (void)state;
    autofile struct vouch_bytes source = read_fixture("ed25519");
    autofile struct vouch_bytes blob = unarmoured(source);
    struct craft craft = good_parts(blob);
    craft.count = 2;
    autofile struct vouch_bytes file = put_together(&craft);
    struct vouch_private_key *key = NULL;
    struct vouch_where where = {0};
    assert_int_equal(vouch_keyfile_parse(file, (struct vouch_bytes){0}, &key, NULL, &where),
                     VOUCH_ERR_FORMAT);
    // After magic 15, "none" 8, "none" 8, "" 4 and the count 4 come 39 bytes, or 52 digits.
    assert_int_equal(where.offset, strlen(VOUCH_KEYFILE_BEGIN "\n") + 52);
    // The padding is the last of the section, some lines further down.
    uint8_t *last = (uint8_t *)(uintptr_t)blob.ptr + blob.len - 1;
    *last ^= 1;
    autofile struct vouch_bytes padded = armoured(blob);
    assert_int_equal(vouch_keyfile_parse(padded, (struct vouch_bytes){0}, &key, NULL, &where),
                     VOUCH_ERR_FORMAT);
    assert_string_equal(where.field, "padding");
    size_t end = find(padded, "\n" VOUCH_KEYFILE_END, strlen("\n" VOUCH_KEYFILE_END));
    assert_in_range(where.offset, end - 4, end);
}

// The text of a file with `from` replaced by `to` where it first stands.
static struct vouch_bytes replaced(struct vouch_bytes file, const char *from, const char *to) {
    size_t at = find(file, from, strlen(from));
    struct vouch_buf out;
    vouch_buf_init(&out, VOUCH_KEYFILE_MAX);
    vouch_buf_put(&out, (struct vouch_bytes){file.ptr, at});
    vouch_buf_put_text(&out, to);
    at += strlen(from);
    vouch_buf_put(&out, (struct vouch_bytes){file.ptr + at, file.len - at});
    struct vouch_bytes result = {0};
    result.ptr = vouch_buf_take(&out, &result.len);
    return result;
}

static void holds_to_the_same_lines_as_openssh(void **state) {
    (void)state;
    autofile struct vouch_bytes file = read_fixture("ed25519");
    static const struct {
        const char *from, *to;
        int err;
        const char *field;
    } rows[] = {
        {"KEY-----\n", "KEY-----\r\n", VOUCH_ERR_FORMAT, "BEGIN line"},
        {"KEY-----\n", "KEY----- \n", VOUCH_ERR_FORMAT, "BEGIN line"},
        {"-----END OPENSSH PRIVATE KEY-----\n", "-----END OPENSSH PRIVATE KEY-----",
         VOUCH_ERR_TRUNCATED, "END line"},
        {"-----END OPENSSH PRIVATE KEY-----\n", "-----END OPENSSH PRIVATE KEY-----\r\n",
         VOUCH_ERR_TRUNCATED, "END line"},
        {"-----END", " -----END", VOUCH_ERR_TRUNCATED, "END line"},
        {"-----BEGIN", "\n-----BEGIN", VOUCH_ERR_FORMAT, "file"},
        {"b3Bl", "b3B\xc3", VOUCH_ERR_FORMAT, "base64"},
        {"b3Bl", "b3B-", VOUCH_ERR_FORMAT, "base64"},
        {"b3Bl", "Comment: x\nb3Bl", VOUCH_ERR_FORMAT, "base64"},
        {"b3Bl", "b3Bm", VOUCH_ERR_FORMAT, "magic"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        autofile struct vouch_bytes bad = replaced(file, rows[i].from, rows[i].to);
        assert_refused(bad, "", rows[i].err, rows[i].field);
    }
    static const char *const good[][2] = {
        {"b3Bl", " b3\t\x0b\x0c\r\nBl\n"},
        {"-----END OPENSSH PRIVATE KEY-----\n", "-----END OPENSSH PRIVATE KEY-----\nmore\n"},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        autofile struct vouch_bytes same = replaced(file, good[i][0], good[i][1]);
        autokey struct vouch_private_key *key = parse_good(same, "");
        assert_signs(key);
    }
}

static void refuses_what_is_no_private_key_of_ours(void **state) {
    (void)state;
    autofile struct vouch_bytes public_file = read_fixture("ed25519.pub");
    assert_refused(public_file, "", VOUCH_ERR_FORMAT, "file");
    autofile struct vouch_bytes dsa = read_fixture("dsa");
    assert_refused(dsa, "", VOUCH_ERR_UNSUPPORTED, "key type");
    assert_refused((struct vouch_bytes){0}, "", VOUCH_ERR_FORMAT, "file");
    assert_refused(BYTES("PuTTY-User-Key-File-3: ssh-ed25519\n"), "", VOUCH_ERR_UNSUPPORTED,
                   "file");
    static uint8_t huge[VOUCH_KEYFILE_MAX + 1];
    assert_refused((struct vouch_bytes){huge, sizeof huge}, "", VOUCH_ERR_LIMIT, "file");
    struct vouch_key *key = NULL;
    assert_int_equal(vouch_keyfile_parse_public(public_file, &key, NULL), VOUCH_ERR_UNSUPPORTED);
    assert_int_equal(
        vouch_keyfile_parse_public((struct vouch_bytes){huge, sizeof huge}, &key, NULL),
        VOUCH_ERR_LIMIT);
    assert_null(key);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_each_proper_prefix),
        cmocka_unit_test(refuses_each_proper_prefix_inside_the_armour),
        cmocka_unit_test(never_reads_another_key_from_a_file_with_a_flipped_bit),
        cmocka_unit_test(never_reads_another_key_from_an_encrypted_file_with_a_flipped_bit),
        cmocka_unit_test(refuses_each_flipped_bit_under_authenticated_ciphers),
        cmocka_unit_test(refuses_headers_that_do_not_hang_together),
        cmocka_unit_test(refuses_sections_that_do_not_fill_the_block),
        cmocka_unit_test(refuses_sections_with_a_wrong_check_comment_or_padding),
        cmocka_unit_test(takes_longer_padding_up_to_255_bytes),
        cmocka_unit_test(refuses_a_private_key_behind_another_public_key),
        cmocka_unit_test(says_where_in_the_file_it_is_wrong),
        cmocka_unit_test(holds_to_the_same_lines_as_openssh),
        cmocka_unit_test(refuses_what_is_no_private_key_of_ours),
    };
    return cmocka_run_group_tests_name("core/keyfile-damage", tests, NULL, NULL);
}
