// SPDX-License-Identifier: ISC
// Writing OpenSSH's private key format (PROTOCOL.key): not encrypted, or aes256-ctr under bcrypt.
#include <stdlib.h>

#include "base/mem.h"
#include "core/bcrypt.h"
#include "core/keyfile.h"

#define CHECK_LEN 4 // of options->random; the rest is the salt
#define COMMENT_MAX (64 * 1024)
#define FIELDS_MAX (64 * 1024) // of a private key; RSA with 16384 bits has less than 10 KiB
#define OVERHEAD_MAX 1024      // the header without the public key, lengths, padding

// Locked memory and the buffer over it.
struct locked_buf {
    struct vouch_secret memory;
    struct vouch_buf buf;
};

static void locked_buf_done(struct locked_buf *locked) {
    vouch_secret_done(&locked->memory);
}

#define autolocked VOUCH_CLEANUP(locked_buf_done)

static int locked_buf_init(struct locked_buf *locked, size_t cap) {
    int err = vouch_secret_new(cap, &locked->memory);
    if (err == VOUCH_OK) {
        vouch_buf_init_fixed(&locked->buf, locked->memory.ptr, cap);
    }
    return err;
}

// Check words, key, comment, padding: what is encrypted.
static int write_section(const struct vouch_private_key *key,
                         const struct vouch_keyfile_options *options, size_t block_len,
                         struct vouch_buf *out) {
    struct vouch_bytes check = {options->random, CHECK_LEN};
    vouch_buf_put(out, check);
    vouch_buf_put(out, check);
    int err = vouch_private_key_write(key, out);
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_write_text(out, options->comment);
    for (uint8_t pad = 1; out->err == VOUCH_OK && out->len % block_len != 0; pad++) {
        vouch_write_u8(out, pad);
    }
    return out->err;
}

static int derive(const struct vouch_keyfile_options *options, struct vouch_bytes salt,
                  uint32_t rounds, const struct vouch_keyfile_cipher *cipher,
                  struct vouch_secret *ret_key) {
    int err = vouch_secret_new(cipher->key_len + cipher->iv_len, ret_key);
    return err != VOUCH_OK ? err : vouch_bcrypt_derive(options->passphrase, salt, rounds, ret_key);
}

// Appends the section, encrypted if there is a passphrase, and everything before it.
static int write_blob(const struct vouch_private_key *key,
                      const struct vouch_keyfile_options *options, struct vouch_bytes section,
                      const struct vouch_keyfile_cipher *cipher, struct vouch_buf *out) {
    uint32_t rounds = options->rounds != 0 ? options->rounds : VOUCH_KEYFILE_ROUNDS;
    struct vouch_bytes salt = {options->random + CHECK_LEN, sizeof options->random - CHECK_LEN};
    vouch_buf_put(out, (struct vouch_bytes){(const uint8_t *)VOUCH_KEYFILE_MAGIC,
                                            sizeof VOUCH_KEYFILE_MAGIC});
    vouch_write_text(out, cipher->name);
    vouch_write_text(out, cipher->key_len > 0 ? "bcrypt" : "none");
    size_t mark = vouch_write_string_begin(out);
    if (cipher->key_len > 0) {
        vouch_write_string(out, salt);
        vouch_write_u32(out, rounds);
    }
    vouch_write_string_end(out, mark);
    vouch_write_u32(out, 1);
    vouch_write_string(out, vouch_key_blob(vouch_private_key_public(key)));
    vouch_write_string(out, section);
    if (out->err != VOUCH_OK || cipher->key_len == 0) {
        return out->err;
    }
    vouch_autosecret struct vouch_secret secret = {0};
    int err = derive(options, salt, rounds, cipher, &secret);
    uint8_t *at = out->ptr + out->len - section.len;
    return err != VOUCH_OK ? err : vouch_keyfile_cipher_seal(cipher, secret.ptr, section, at);
}

int vouch_keyfile_write(const struct vouch_private_key *key,
                        const struct vouch_keyfile_options *options, struct vouch_buf *out) {
    size_t comment_len = vouch_bytes_of(options->comment).len;
    if (comment_len > COMMENT_MAX || options->rounds > VOUCH_KEYFILE_ROUNDS_MAX) {
        return VOUCH_ERR_ARGUMENT;
    }
    const char *name = options->passphrase.len > 0 ? "aes256-ctr" : "none";
    const struct vouch_keyfile_cipher *cipher = vouch_keyfile_cipher_of(vouch_bytes_of(name));
    autolocked struct locked_buf section = {0};
    autolocked struct locked_buf blob = {0};
    size_t section_max = FIELDS_MAX + comment_len + OVERHEAD_MAX;
    int err = locked_buf_init(&section, section_max);
    if (err == VOUCH_OK) {
        err = locked_buf_init(&blob, section_max + VOUCH_KEY_BLOB_MAX + OVERHEAD_MAX);
    }
    if (err == VOUCH_OK) {
        err = write_section(key, options, cipher->block_len, &section.buf);
    }
    if (err == VOUCH_OK) {
        err = write_blob(key, options, vouch_buf_bytes(&section.buf), cipher, &blob.buf);
    }
    return err != VOUCH_OK ? err : vouch_keyfile_armour(vouch_buf_bytes(&blob.buf), out);
}
