// SPDX-License-Identifier: ISC
// Inside of private key files: the ciphers, the outer layer of OpenSSH's format, and PEM.
//
// Outside core, vouch/keyfile.h is the whole of it.
#pragma once

#include <openssl/evp.h>

#include "base/secret.h"
#include "core/key.h"
#include "vouch/keyfile.h"

#define VOUCH_KEYFILE_ROUNDS_MAX 10000 // about 40 s; OpenSSH writes 16 or 24
#define VOUCH_KEYFILE_SALT_MAX 1024    // bytes; OpenSSH writes 16

#define VOUCH_KEYFILE_MAGIC "openssh-key-v1" // with its NUL
#define VOUCH_KEYFILE_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define VOUCH_KEYFILE_END "-----END OPENSSH PRIVATE KEY-----"

// A row for each cipher, "none" included.
struct vouch_keyfile_cipher {
    const char *name;
    size_t block_len; // the encrypted section is a multiple of it
    size_t key_len;
    size_t iv_len;
    size_t tag_len; // what follows the section; 0 without authentication
    // Decrypts section->len bytes into `plain`. `key` is key and IV, one after the other. A tag that
    // does not fit is VOUCH_ERR_PASSPHRASE.
    int (*open)(const struct vouch_keyfile_cipher *cipher, const uint8_t *key,
                struct vouch_bytes section, const uint8_t *tag, uint8_t *plain);
    const EVP_CIPHER *(*evp)(void); // NULL where libcrypto is not asked
};

// The row of a name, or NULL.
const struct vouch_keyfile_cipher *vouch_keyfile_cipher_of(struct vouch_bytes name);

// Encrypts with a cipher that has no tag (aes256-ctr, which is what we write).
VOUCH_MUST_USE int vouch_keyfile_cipher_seal(const struct vouch_keyfile_cipher *cipher,
                                             const uint8_t *key, struct vouch_bytes plain,
                                             uint8_t *ret_section);

// The fields of OpenSSH's format, in their order; slices of the decoded file.
struct vouch_keyfile_header {
    struct vouch_bytes cipher_name;
    struct vouch_bytes kdf_name;
    struct vouch_bytes kdf_options;
    struct vouch_bytes public_blob;
    struct vouch_bytes section;
    struct vouch_bytes tag; // all that follows the section
};

// Reads the fields from the decoded file ("openssh-key-v1\0"...), judging only their lengths.
// `ret_where` may not be NULL.
VOUCH_MUST_USE int vouch_keyfile_header_read(struct vouch_bytes blob,
                                             struct vouch_keyfile_header *ret_header,
                                             struct vouch_where *ret_where);

// A file in OpenSSH's format, and what its base64 says.
struct vouch_keyfile_armoured {
    struct vouch_bytes file;
    struct vouch_bytes body;  // of file: the base64
    struct vouch_secret blob; // owned by whoever has the struct, whatever a call returns
};

// Takes the armour off.
VOUCH_MUST_USE int vouch_keyfile_unarmour(struct vouch_bytes file,
                                          struct vouch_keyfile_armoured *armoured,
                                          struct vouch_where *where);

// Turns an offset into the blob into one into the file.
void vouch_keyfile_relocate(const struct vouch_keyfile_armoured *armoured,
                            struct vouch_where *where);

// Appends the armour with a blob in it.
VOUCH_MUST_USE int vouch_keyfile_armour(struct vouch_bytes blob, struct vouch_buf *out);

// Reads a PEM file: PKCS#1, SEC1, PKCS#8. Parameters and errors are those of vouch_keyfile_parse(),
// but `ret_where` may not be NULL.
VOUCH_MUST_USE int vouch_keyfile_parse_pem(struct vouch_bytes file, struct vouch_bytes passphrase,
                                           struct vouch_private_key **ret_key,
                                           struct vouch_where *ret_where);

// Fills in a place at the start of the file, and returns `err`.
int vouch_keyfile_fail(struct vouch_where *where, int err, const char *field, const char *reason);

// Reads several private key files under one passphrase, as vouch_keyfile_parse() would each. Their keys
// are derived side by side, which takes half as long again as one. All or none: on an error *ret_bad is
// the file that ret_where speaks of. At most VOUCH_KEYFILES_MAX, else VOUCH_ERR_LIMIT.
#define VOUCH_KEYFILES_MAX 32
VOUCH_MUST_USE int vouch_keyfile_parse_all(const struct vouch_bytes *files, size_t count,
                                           struct vouch_bytes passphrase,
                                           struct vouch_private_key **ret_keys, size_t *ret_bad,
                                           struct vouch_where *ret_where);

// For cleanup attributes.
static inline void vouch_private_key_free_at_end(struct vouch_private_key **key) {
    vouch_private_key_free(*key);
}
