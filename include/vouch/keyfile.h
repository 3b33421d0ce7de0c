// SPDX-License-Identifier: ISC
// Private key files, as bytes: OpenSSH's own format and PEM.
//
// Format: PROTOCOL.key of OpenSSH; PEM PKCS#1, SEC1 and PKCS#8 are read through libcrypto. Reading the
// file, asking for a passphrase and writing by rename are the caller's.
#pragma once

#include "vouch/key.h"

#define VOUCH_KEYFILE_MAX (1024 * 1024)
#define VOUCH_KEYFILE_ROUNDS 24 // bcrypt rounds when a file is written, as OpenSSH 9.4+

// Reads a private key file. `passphrase` empty: none is known, and an encrypted file gives
// VOUCH_ERR_PASSPHRASE with where.reason "encrypted"; a wrong one gives VOUCH_ERR_PASSPHRASE with
// "wrong passphrase". *ret_comment (may be NULL) is malloc'd and "" when the file has none.
// Ciphers: aes256-ctr, aes256-cbc, aes256-gcm@openssh.com, chacha20-poly1305@openssh.com, aes128/192.
VOUCH_MUST_USE VOUCH_API int vouch_keyfile_parse(struct vouch_bytes file,
                                                 struct vouch_bytes passphrase,
                                                 struct vouch_private_key **ret_key,
                                                 char **ret_comment, struct vouch_where *ret_where);

// Reads only the public half of an OpenSSH-format file, which is never encrypted.
VOUCH_MUST_USE VOUCH_API int vouch_keyfile_parse_public(struct vouch_bytes file,
                                                        struct vouch_key **ret_key,
                                                        struct vouch_where *ret_where);

// Appends the file in OpenSSH's format; `out` should lie in locked memory. `passphrase` empty: not
// encrypted; else aes256-ctr under bcrypt with `rounds`. `random`: 20 fresh bytes (check word, salt).
struct vouch_keyfile_options {
    struct vouch_bytes passphrase;
    uint32_t rounds; // 0: VOUCH_KEYFILE_ROUNDS
    const char *comment;
    uint8_t random[20];
};
VOUCH_MUST_USE VOUCH_API int vouch_keyfile_write(const struct vouch_private_key *key,
                                                 const struct vouch_keyfile_options *options,
                                                 struct vouch_buf *out);
