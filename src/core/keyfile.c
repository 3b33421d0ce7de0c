// SPDX-License-Identifier: ISC
// Reading OpenSSH's private key format (PROTOCOL.key): armour, header, encrypted section.
//
// What is decoded and decrypted lies in locked memory, unencrypted files included.
#include "core/keyfile.h"

#include "base/mem.h"
#include "base/str.h"
#include "core/bcrypt.h"

#define PAD_MAX 255

// A file on its way in.
struct loaded {
    struct vouch_keyfile_armoured armoured;
    struct vouch_keyfile_header header;
};

static void key_free_at_end(struct vouch_key **key) {
    vouch_key_free(*key);
}

static void loaded_done(struct loaded *loaded) {
    vouch_secret_done(&loaded->armoured.blob);
}

#define autoloaded VOUCH_CLEANUP(loaded_done)

int vouch_keyfile_fail(struct vouch_where *where, int err, const char *field, const char *reason) {
    *where = (struct vouch_where){0, field, reason};
    return err;
}

static int starts_with(struct vouch_bytes text, const char *start) {
    return vouch_str_take(&text, start);
}

int vouch_keyfile_header_read(struct vouch_bytes blob, struct vouch_keyfile_header *ret_header,
                              struct vouch_where *ret_where) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, blob);
    struct vouch_bytes start = vouch_read_bytes(&reader, sizeof VOUCH_KEYFILE_MAGIC, "magic");
    if (reader.err == VOUCH_OK && memcmp(start.ptr, VOUCH_KEYFILE_MAGIC, start.len) != 0) {
        vouch_reader_fail(&reader, VOUCH_ERR_FORMAT, "magic", "is not openssh-key-v1");
    }
    struct vouch_keyfile_header header = {0};
    header.cipher_name = vouch_read_text(&reader, "cipher");
    header.kdf_name = vouch_read_text(&reader, "KDF");
    header.kdf_options = vouch_read_string(&reader, "KDF options");
    if (vouch_read_u32(&reader, "number of keys") != 1) {
        vouch_reader_fail(&reader, VOUCH_ERR_FORMAT, "number of keys", "is not 1");
    }
    header.public_blob = vouch_read_string(&reader, "public key");
    header.section = vouch_read_string(&reader, "encrypted section");
    header.tag = vouch_read_bytes(&reader, vouch_reader_left(&reader), "tag");
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_header = header;
    }
    return err;
}

// Takes the armour off and reads the header.
static int load(struct vouch_bytes file, struct loaded *loaded, struct vouch_where *where) {
    int err = vouch_keyfile_unarmour(file, &loaded->armoured, where);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_bytes blob = vouch_secret_bytes(&loaded->armoured.blob);
    err = vouch_keyfile_header_read(blob, &loaded->header, where);
    if (err != VOUCH_OK) {
        vouch_keyfile_relocate(&loaded->armoured, where);
    }
    return err;
}

// An error inside `part` of the header. From here on, until it is relocated, an offset counts the
// decoded bytes.
static int fail_in(const struct loaded *loaded, struct vouch_bytes part, struct vouch_where *where,
                   int err) {
    where->offset += (size_t)(part.ptr - loaded->armoured.blob.ptr);
    return err;
}

static int read_public(const struct loaded *loaded, struct vouch_key **ret_key,
                       struct vouch_where *where) {
    struct vouch_bytes blob = loaded->header.public_blob;
    int err = vouch_key_parse(blob, ret_key, where);
    return err != VOUCH_OK ? fail_in(loaded, blob, where, err) : VOUCH_OK;
}

static int judge_section(const struct vouch_keyfile_header *header,
                         const struct vouch_keyfile_cipher *cipher, struct vouch_where *where) {
    if (header->section.len == 0 || header->section.len % cipher->block_len != 0) {
        return vouch_keyfile_fail(where, VOUCH_ERR_FORMAT, "encrypted section",
                                  "is not a multiple of the cipher's block");
    }
    if (header->tag.len != cipher->tag_len) {
        int err = header->tag.len < cipher->tag_len ? VOUCH_ERR_TRUNCATED : VOUCH_ERR_TRAILING;
        return vouch_keyfile_fail(where, err, "tag", "has not the length of the cipher's tag");
    }
    return VOUCH_OK;
}

static int judge(const struct loaded *loaded, const struct vouch_keyfile_cipher **ret_cipher,
                 struct vouch_where *where) {
    const struct vouch_keyfile_header *header = &loaded->header;
    const struct vouch_keyfile_cipher *cipher = vouch_keyfile_cipher_of(header->cipher_name);
    int plain = vouch_bytes_equal(header->kdf_name, vouch_bytes_of("none"));
    struct vouch_bytes part = header->kdf_name;
    int err = VOUCH_OK;
    if (cipher == NULL) {
        part = header->cipher_name;
        err = vouch_keyfile_fail(where, VOUCH_ERR_UNSUPPORTED, "cipher", "is not known");
    } else if (!plain && !vouch_bytes_equal(header->kdf_name, vouch_bytes_of("bcrypt"))) {
        err = vouch_keyfile_fail(where, VOUCH_ERR_UNSUPPORTED, "KDF", "is not known");
    } else if (plain != (cipher->key_len == 0)) {
        err = vouch_keyfile_fail(where, VOUCH_ERR_FORMAT, "KDF", "does not go with the cipher");
    } else if (plain && header->kdf_options.len > 0) {
        err = vouch_keyfile_fail(where, VOUCH_ERR_FORMAT, "KDF options", "come without a KDF");
    } else {
        part = header->section;
        err = judge_section(header, cipher, where);
    }
    if (err != VOUCH_OK) {
        return fail_in(loaded, part, where, err);
    }
    *ret_cipher = cipher;
    return VOUCH_OK;
}

// What opens an encrypted section: a passphrase, and perhaps what it already gave for this file.
struct unlock {
    struct vouch_bytes passphrase;
    struct vouch_bytes derived; // empty: not derived yet
};

static int read_kdf(const struct loaded *loaded, struct vouch_bytes *ret_salt, uint32_t *ret_rounds,
                    struct vouch_where *where) {
    struct vouch_bytes options = loaded->header.kdf_options;
    struct vouch_reader reader;
    vouch_reader_init(&reader, options);
    struct vouch_bytes salt = vouch_read_string(&reader, "KDF salt");
    uint32_t rounds = vouch_read_u32(&reader, "KDF rounds");
    if (salt.len == 0 || salt.len > VOUCH_KEYFILE_SALT_MAX) {
        vouch_reader_fail(&reader, VOUCH_ERR_LIMIT, "KDF salt", "is not of 1 to 1024 bytes");
    }
    if (rounds == 0 || rounds > VOUCH_KEYFILE_ROUNDS_MAX) {
        vouch_reader_fail(&reader, VOUCH_ERR_LIMIT, "KDF rounds", "are not 1 to 10000");
    }
    int err = vouch_reader_end(&reader, where);
    if (err != VOUCH_OK) {
        return fail_in(loaded, options, where, err);
    }
    *ret_salt = salt;
    *ret_rounds = rounds;
    return VOUCH_OK;
}

// Fills *ret_key, whose length is set, with the cipher's key and IV.
static int derive(const struct loaded *loaded, const struct unlock *unlock,
                  struct vouch_secret *ret_key, struct vouch_where *where) {
    struct vouch_bytes salt;
    uint32_t rounds = 0;
    int err = read_kdf(loaded, &salt, &rounds, where);
    if (err != VOUCH_OK) {
        return err;
    }
    if (unlock->passphrase.len == 0) {
        err = vouch_keyfile_fail(where, VOUCH_ERR_PASSPHRASE, "private key", "encrypted");
        return fail_in(loaded, loaded->header.kdf_options, where, err);
    }
    if (unlock->derived.len == ret_key->len) {
        memcpy(ret_key->ptr, unlock->derived.ptr, ret_key->len);
        return VOUCH_OK;
    }
    err = vouch_bcrypt_derive(unlock->passphrase, salt, rounds, ret_key);
    return err != VOUCH_OK ? vouch_keyfile_fail(where, err, "KDF", NULL) : VOUCH_OK;
}

static int decrypt(const struct loaded *loaded, const struct vouch_keyfile_cipher *cipher,
                   const struct unlock *unlock, struct vouch_secret *ret_plain,
                   struct vouch_where *where) {
    const struct vouch_keyfile_header *header = &loaded->header;
    vouch_autosecret struct vouch_secret key = {0};
    int err = vouch_secret_new(cipher->key_len + cipher->iv_len, &key);
    if (err == VOUCH_OK) {
        err = vouch_secret_new(header->section.len, ret_plain);
    }
    if (err != VOUCH_OK) {
        return vouch_keyfile_fail(where, err, "encrypted section", NULL);
    }
    if (cipher->key_len > 0) {
        err = derive(loaded, unlock, &key, where);
        if (err != VOUCH_OK) {
            return err;
        }
    }
    err = cipher->open(cipher, key.ptr, header->section, header->tag.ptr, ret_plain->ptr);
    if (err != VOUCH_OK) {
        const char *reason = err == VOUCH_ERR_PASSPHRASE ? "wrong passphrase" : NULL;
        (void)vouch_keyfile_fail(where, err, "encrypted section", reason);
        return fail_in(loaded, header->section, where, err);
    }
    return VOUCH_OK;
}

// What the encrypted section holds; the comment points into it.
struct contents {
    struct vouch_private_key *key;
    struct vouch_bytes comment;
};

static void contents_done(struct contents *contents) {
    vouch_private_key_free(contents->key);
}

static void read_check(struct vouch_reader *reader, int encrypted) {
    uint32_t first = vouch_read_u32(reader, "check word");
    uint32_t second = vouch_read_u32(reader, "check word");
    if (first == second) {
        return;
    }
    if (encrypted) {
        vouch_reader_fail(reader, VOUCH_ERR_PASSPHRASE, "encrypted section", "wrong passphrase");
    } else {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "check word", "differs from its copy");
    }
}

static void read_padding(struct vouch_reader *reader) {
    if (vouch_reader_left(reader) > PAD_MAX) {
        vouch_reader_fail(reader, VOUCH_ERR_TRAILING, "padding", "is longer than 255 bytes");
    }
    for (uint8_t want = 1; vouch_reader_left(reader) > 0; want++) {
        if (vouch_read_u8(reader, "padding") != want) {
            vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "padding", "is not 1, 2, 3 and so on");
        }
    }
}

static int read_section(struct vouch_bytes plain, int encrypted, struct contents *ret_contents,
                        struct vouch_where *where) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, plain);
    read_check(&reader, encrypted);
    VOUCH_CLEANUP(vouch_private_key_free_at_end)
    struct vouch_private_key *key = vouch_private_key_read(&reader);
    struct vouch_bytes comment = vouch_read_text(&reader, "comment");
    read_padding(&reader);
    int err = vouch_reader_end(&reader, where);
    if (err == VOUCH_OK) {
        *ret_contents = (struct contents){vouch_steal(key), comment};
    }
    return err;
}

static int copy_comment(struct vouch_bytes comment, char **ret_comment, struct vouch_where *where) {
    if (ret_comment == NULL) {
        return VOUCH_OK;
    }
    char *copy = vouch_str_copy(comment);
    if (copy == NULL) {
        return vouch_keyfile_fail(where, VOUCH_ERR_NO_MEMORY, "comment", NULL);
    }
    *ret_comment = copy;
    return VOUCH_OK;
}

static int decrypt_and_read(const struct loaded *loaded, const struct unlock *unlock,
                            struct vouch_secret *plain, struct contents *ret_contents,
                            struct vouch_where *where) {
    const struct vouch_keyfile_cipher *cipher = NULL;
    int err = judge(loaded, &cipher, where);
    if (err == VOUCH_OK) {
        err = decrypt(loaded, cipher, unlock, plain, where);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    err = read_section(vouch_secret_bytes(plain), cipher->key_len > 0, ret_contents, where);
    return err != VOUCH_OK ? fail_in(loaded, loaded->header.section, where, err) : VOUCH_OK;
}

// The public half stands in front, readable by all; nothing but this comparison ties it to the rest.
static int open_key(const struct loaded *loaded, const struct unlock *unlock,
                    struct vouch_secret *plain, struct contents *ret_contents,
                    struct vouch_where *where) {
    VOUCH_CLEANUP(key_free_at_end) struct vouch_key *public_key = NULL;
    int err = read_public(loaded, &public_key, where);
    if (err != VOUCH_OK) {
        return err;
    }
    VOUCH_CLEANUP(contents_done) struct contents contents = {0};
    err = decrypt_and_read(loaded, unlock, plain, &contents, where);
    if (err != VOUCH_OK) {
        return err;
    }
    if (!vouch_key_equal(vouch_private_key_public(contents.key), public_key)) {
        (void)vouch_keyfile_fail(where, VOUCH_ERR_MISMATCH, "private key",
                                 "does not belong to the public key before it");
        return fail_in(loaded, loaded->header.section, where, VOUCH_ERR_MISMATCH);
    }
    *ret_contents = contents;
    contents.key = NULL;
    return VOUCH_OK;
}

static int parse_openssh(struct vouch_bytes file, const struct unlock *unlock,
                         struct vouch_private_key **ret_key, char **ret_comment,
                         struct vouch_where *where) {
    autoloaded struct loaded loaded = {0};
    int err = load(file, &loaded, where);
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_autosecret struct vouch_secret plain = {0};
    VOUCH_CLEANUP(contents_done) struct contents contents = {0};
    err = open_key(&loaded, unlock, &plain, &contents, where);
    if (err != VOUCH_OK) {
        vouch_keyfile_relocate(&loaded.armoured, where);
        return err;
    }
    err = copy_comment(contents.comment, ret_comment, where);
    if (err == VOUCH_OK) {
        *ret_key = vouch_steal(contents.key);
    }
    return err;
}

static int parse(struct vouch_bytes file, const struct unlock *unlock,
                 struct vouch_private_key **ret_key, char **ret_comment,
                 struct vouch_where *where) {
    if (file.len > VOUCH_KEYFILE_MAX) {
        return vouch_keyfile_fail(where, VOUCH_ERR_LIMIT, "file", "is longer than 1 MiB");
    }
    if (starts_with(file, VOUCH_KEYFILE_BEGIN)) {
        return parse_openssh(file, unlock, ret_key, ret_comment, where);
    }
    if (starts_with(file, "PuTTY-User-Key-File-")) {
        return vouch_keyfile_fail(where, VOUCH_ERR_UNSUPPORTED, "file",
                                  "is a PuTTY key: puttygen -O private-openssh converts it");
    }
    VOUCH_CLEANUP(vouch_private_key_free_at_end) struct vouch_private_key *key = NULL;
    int err = vouch_keyfile_parse_pem(file, unlock->passphrase, &key, where);
    if (err == VOUCH_OK) {
        err = copy_comment((struct vouch_bytes){0}, ret_comment, where);
    }
    if (err == VOUCH_OK) {
        *ret_key = vouch_steal(key);
    }
    return err;
}

int vouch_keyfile_parse(struct vouch_bytes file, struct vouch_bytes passphrase,
                        struct vouch_private_key **ret_key, char **ret_comment,
                        struct vouch_where *ret_where) {
    struct vouch_where where = {0};
    const struct unlock unlock = {.passphrase = passphrase};
    int err = parse(file, &unlock, ret_key, ret_comment, &where);
    if (err != VOUCH_OK && ret_where != NULL) {
        *ret_where = where;
    }
    return err;
}

// Makes the key and IV of one file ready to be derived. A file that cannot be read, or needs no
// derivation, gets none: reading it says why.
static int prepare(struct vouch_bytes file, struct vouch_bytes passphrase,
                   struct vouch_secret *ret_key, struct vouch_secret *ret_salt,
                   struct vouch_bcrypt_job *ret_job) {
    autoloaded struct loaded loaded = {0};
    const struct vouch_keyfile_cipher *cipher = NULL;
    struct vouch_where where;
    struct vouch_bytes salt;
    uint32_t rounds = 0;
    if (file.len > VOUCH_KEYFILE_MAX || !starts_with(file, VOUCH_KEYFILE_BEGIN) ||
        passphrase.len == 0 || load(file, &loaded, &where) != VOUCH_OK ||
        judge(&loaded, &cipher, &where) != VOUCH_OK || cipher->key_len == 0 ||
        read_kdf(&loaded, &salt, &rounds, &where) != VOUCH_OK) {
        return VOUCH_OK;
    }
    int err = vouch_secret_new(cipher->key_len + cipher->iv_len, ret_key);
    if (err == VOUCH_OK) {
        err = vouch_secret_new(salt.len, ret_salt);
    }
    if (err == VOUCH_OK) {
        memcpy(ret_salt->ptr, salt.ptr, salt.len);
        *ret_job =
            (struct vouch_bcrypt_job){passphrase, vouch_secret_bytes(ret_salt), rounds, ret_key};
    }
    return err;
}

// What the derivations of several files need and give.
struct derivations {
    struct vouch_secret keys[VOUCH_KEYFILES_MAX];
    struct vouch_secret salts[VOUCH_KEYFILES_MAX];
};

static void derivations_done(struct derivations *all) {
    for (size_t i = 0; i < VOUCH_KEYFILES_MAX; i++) {
        vouch_secret_done(&all->keys[i]);
        vouch_secret_done(&all->salts[i]);
    }
}

static int derive_all(const struct vouch_bytes *files, size_t count, struct vouch_bytes passphrase,
                      struct derivations *all) {
    struct vouch_bcrypt_job jobs[VOUCH_KEYFILES_MAX] = {0};
    size_t due = 0;
    for (size_t i = 0; i < count; i++) {
        int err = prepare(files[i], passphrase, &all->keys[i], &all->salts[i], &jobs[due]);
        if (err != VOUCH_OK) {
            return err;
        }
        due += all->keys[i].len > 0;
    }
    return vouch_bcrypt_derive_all(jobs, due);
}

int vouch_keyfile_parse_all(const struct vouch_bytes *files, size_t count,
                            struct vouch_bytes passphrase, struct vouch_private_key **ret_keys,
                            size_t *ret_bad, struct vouch_where *ret_where) {
    VOUCH_CLEANUP(derivations_done) struct derivations all = {0};
    struct vouch_where where = {0};
    *ret_bad = 0;
    int err =
        count <= VOUCH_KEYFILES_MAX ? derive_all(files, count, passphrase, &all) : VOUCH_ERR_LIMIT;
    size_t done = 0;
    while (err == VOUCH_OK && done < count) {
        const struct unlock unlock = {passphrase, vouch_secret_bytes(&all.keys[done])};
        err = parse(files[done], &unlock, &ret_keys[done], NULL, &where);
        if (err != VOUCH_OK) {
            *ret_bad = done;
        } else {
            done++;
        }
    }
    while (err != VOUCH_OK && done > 0) {
        vouch_private_key_free(ret_keys[--done]);
        ret_keys[done] = NULL;
    }
    if (err != VOUCH_OK && ret_where != NULL) {
        *ret_where = where;
    }
    return err;
}

static int parse_public(struct vouch_bytes file, struct vouch_key **ret_key,
                        struct vouch_where *where) {
    if (file.len > VOUCH_KEYFILE_MAX) {
        return vouch_keyfile_fail(where, VOUCH_ERR_LIMIT, "file", "is longer than 1 MiB");
    }
    if (!starts_with(file, VOUCH_KEYFILE_BEGIN)) {
        return vouch_keyfile_fail(where, VOUCH_ERR_UNSUPPORTED, "file",
                                  "is not in OpenSSH's format, which alone shows its public half");
    }
    autoloaded struct loaded loaded = {0};
    int err = load(file, &loaded, where);
    if (err != VOUCH_OK) {
        return err;
    }
    err = read_public(&loaded, ret_key, where);
    if (err != VOUCH_OK) {
        vouch_keyfile_relocate(&loaded.armoured, where);
    }
    return err;
}

int vouch_keyfile_parse_public(struct vouch_bytes file, struct vouch_key **ret_key,
                               struct vouch_where *ret_where) {
    struct vouch_where where = {0};
    int err = parse_public(file, ret_key, &where);
    if (err != VOUCH_OK && ret_where != NULL) {
        *ret_where = where;
    }
    return err;
}
