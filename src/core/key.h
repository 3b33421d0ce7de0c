// SPDX-License-Identifier: ISC
// Inside of keys, for the files of core that decode and encode them: one row for each key type.
//
// Outside core, vouch/key.h is the whole of it.
#pragma once

#include <openssl/evp.h>

#include "vouch/key.h"

// Where a private key's fields are written: OpenSSH's key file and agent write the whole key; with a
// certificate the agent leaves out what the certificate says already (PROTOCOL.agent).
enum vouch_key_layout { VOUCH_KEY_LAYOUT_WHOLE = 0, VOUCH_KEY_LAYOUT_CERT };

struct vouch_key_impl {
    enum vouch_key_type type;
    const char *name;
    const char *label;
    const char *cert_name;
    unsigned bits;           // 0: depends on the key
    unsigned public_strings; // of a public key, behind the type name
    // libcrypto's group and the curve's name on the wire; NULL where there is no curve.
    const char *group;
    const char *curve;
    enum vouch_hash hash; // of ECDSA signatures
    int has_application;  // nonzero: a security key's, with an application after the key

    // Reads the fields that follow the type name (and, in a certificate, the nonce); an error is set in
    // the reader. The slices point into the reader's input.
    void (*read_public)(struct vouch_reader *reader, struct vouch_key *key);
    // Makes key->pkey from the fields and checks what only libcrypto can; NULL: there is nothing to do.
    int (*load)(struct vouch_key *key);
    // Checks the rest of a signature blob after its algorithm name.
    int (*verify)(const struct vouch_key *key, struct vouch_bytes algorithm,
                  struct vouch_reader *signature, struct vouch_bytes message);
    const char *(*weakness)(const struct vouch_key *key);

    // Both fill in a private key whose impl is set already.
    int (*generate)(unsigned bits, struct vouch_private_key *key); // NULL: cannot
    int (*sign)(const struct vouch_private_key *key, const char *algorithm,
                struct vouch_bytes message, struct vouch_buf *signature); // NULL: cannot
    // Reads the fields of PROTOCOL.key that follow the type name, public ones included.
    void (*read_private)(struct vouch_reader *reader, struct vouch_private_key *key);
    int (*write_private)(const struct vouch_private_key *key, enum vouch_key_layout layout,
                         struct vouch_buf *out);
};

struct vouch_key {
    const struct vouch_key_impl *impl;
    struct vouch_bytes blob; // owned: the canonical encoding
    unsigned bits;
    struct vouch_bytes point;       // into blob: Ed25519 public key, or the EC point
    struct vouch_bytes application; // into blob: sk keys
    struct vouch_bytes rsa_e;       // into blob: magnitudes
    struct vouch_bytes rsa_n;
    EVP_PKEY *pkey; // RSA and ECDSA
    // What impl->weakness() said, kept since a CA's key is asked about with every certificate; NULL
    // until then, vouch_key_sound if there is none. Any thread may compute it: they all get the same.
    _Atomic(const char *) weakness;
};

extern const char vouch_key_sound[];

struct vouch_private_key {
    const struct vouch_key_impl *impl;
    struct vouch_key *public_key;
    EVP_PKEY *pkey;  // RSA and ECDSA
    uint8_t *secret; // locked memory: Ed25519's 64 bytes; for sk keys flags, then key handle
    size_t secret_len;
};

#define VOUCH_RSA_BITS_MIN 1024
#define VOUCH_RSA_BITS_MAX 16384
#define VOUCH_RSA_BYTES_MAX (VOUCH_RSA_BITS_MAX / 8)

extern const struct vouch_key_impl vouch_key_impl_rsa;
extern const struct vouch_key_impl vouch_key_impl_ecdsa_p256;
extern const struct vouch_key_impl vouch_key_impl_ecdsa_p384;
extern const struct vouch_key_impl vouch_key_impl_ecdsa_p521;
extern const struct vouch_key_impl vouch_key_impl_ed25519;
extern const struct vouch_key_impl vouch_key_impl_sk_ed25519;
extern const struct vouch_key_impl vouch_key_impl_sk_ecdsa_p256;

// The row of a type, or NULL.
const struct vouch_key_impl *vouch_key_impl_of(enum vouch_key_type type);

// Reads a public key's fields for `impl` from the middle of a longer encoding (a certificate, a
// private key file) and makes the key. NULL with the error in the reader.
struct vouch_key *vouch_key_read(struct vouch_reader *reader, const struct vouch_key_impl *impl);

// An empty private key of a type, for filling in; NULL when memory is short.
struct vouch_private_key *vouch_private_key_new(const struct vouch_key_impl *impl);

// Reads "string type name, fields" of PROTOCOL.key and makes the key; NULL with the error set. The
// public half is checked to belong to the private one.
struct vouch_private_key *vouch_private_key_read(struct vouch_reader *reader);

// Appends "string type name, fields" of PROTOCOL.key; into locked memory, please.
VOUCH_MUST_USE int vouch_private_key_write(const struct vouch_private_key *key,
                                           struct vouch_buf *out);

// Takes over an EVP_PKEY (RSA or EC, from PEM) as a private key.
VOUCH_MUST_USE int vouch_private_key_from_pkey(EVP_PKEY *take_pkey,
                                               struct vouch_private_key **ret_key);

// From the 32-byte seed of RFC 8032.
VOUCH_MUST_USE int vouch_private_key_from_seed(const uint8_t seed[static 32],
                                               struct vouch_private_key **ret_key);

// Makes a public key from fields that are in hand (RSA: e, n; others: point, application).
VOUCH_MUST_USE int vouch_key_from_fields(const struct vouch_key_impl *impl, struct vouch_bytes a,
                                         struct vouch_bytes b, struct vouch_key **ret_key);

// `hash` of `message`; returns its length, 0 if libcrypto fails.
size_t vouch_hash_bytes(enum vouch_hash hash, struct vouch_bytes message,
                        uint8_t ret_digest[static VOUCH_HASH_MAX]);

// HMAC (RFC 2104) of `message` under `key`; returns its length, 0 if libcrypto fails.
size_t vouch_hash_hmac(enum vouch_hash hash, struct vouch_bytes key, struct vouch_bytes message,
                       uint8_t ret_mac[static VOUCH_HASH_MAX]);
