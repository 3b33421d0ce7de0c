// SPDX-License-Identifier: ISC
// SSH public and private keys: read, print, compare, sign, verify.
//
// Formats: RFC 4253 6.6, RFC 5656, RFC 8332, RFC 8709, OpenSSH PROTOCOL.u2f. Private key files are
// read and written by vouch/keyfile.h. Nothing here reads a file, a clock or the environment.
#pragma once

#include "vouch/wire.h"

enum vouch_key_type {
    VOUCH_KEY_NONE = 0,
    VOUCH_KEY_RSA,
    VOUCH_KEY_ECDSA_P256,
    VOUCH_KEY_ECDSA_P384,
    VOUCH_KEY_ECDSA_P521,
    VOUCH_KEY_ED25519,
    VOUCH_KEY_SK_ED25519,
    VOUCH_KEY_SK_ECDSA_P256,
};

enum vouch_hash {
    VOUCH_HASH_SHA256 = 0,
    VOUCH_HASH_SHA1,
    VOUCH_HASH_SHA384,
    VOUCH_HASH_SHA512,
    VOUCH_HASH_MD5, // fingerprints only
};

#define VOUCH_HASH_MAX 64         // bytes of the longest hash
#define VOUCH_FINGERPRINT_MAX 128 // characters of the longest fingerprint, with its NUL
#define VOUCH_KEY_BLOB_MAX 16384  // bytes of a public key blob
#define VOUCH_SIGNATURE_MAX 16384 // bytes of a signature blob

struct vouch_key;         // a public key; immutable once made, may be used from many threads
struct vouch_private_key; // a private key in locked, wiped memory; sign from many threads

// Decodes a public key blob. Certificates are VOUCH_ERR_UNSUPPORTED here. Refuses what OpenSSH
// refuses: RSA outside 1024 to 16384 bits, points off the curve, wrong lengths, trailing bytes.
// The caller frees *ret_key with vouch_key_free(). `ret_where` may be NULL.
VOUCH_MUST_USE VOUCH_API int vouch_key_parse(struct vouch_bytes blob, struct vouch_key **ret_key,
                                             struct vouch_where *ret_where);

// Frees a key; takes NULL.
VOUCH_API void vouch_key_free(struct vouch_key *key);

// A copy that lives on its own; NULL when memory is short.
VOUCH_API struct vouch_key *vouch_key_copy(const struct vouch_key *key);

// Never VOUCH_KEY_NONE.
VOUCH_API enum vouch_key_type vouch_key_type(const struct vouch_key *key);

// The blob in its canonical encoding; borrowed from the key.
VOUCH_API struct vouch_bytes vouch_key_blob(const struct vouch_key *key);

// Size in bits as OpenSSH prints it: modulus, curve, or 256.
VOUCH_API unsigned vouch_key_bits(const struct vouch_key *key);

// The application of an sk key ("ssh:…"); empty for others.
VOUCH_API struct vouch_bytes vouch_key_application(const struct vouch_key *key);

// Nonzero if both are the same key.
VOUCH_API int vouch_key_equal(const struct vouch_key *a, const struct vouch_key *b);

// The type's names: on the wire ("ssh-ed25519"), in logs ("ED25519"), and of its certificates
// ("ssh-ed25519-cert-v01@openssh.com"). Constants; NULL for VOUCH_KEY_NONE.
VOUCH_API const char *vouch_key_type_name(enum vouch_key_type type);
VOUCH_API const char *vouch_key_type_label(enum vouch_key_type type);
VOUCH_API const char *vouch_key_type_cert_name(enum vouch_key_type type);

// The type of a wire name; VOUCH_KEY_NONE if it is not known. The second takes certificate names.
VOUCH_API enum vouch_key_type vouch_key_type_from_name(struct vouch_bytes name);
VOUCH_API enum vouch_key_type vouch_key_type_from_cert_name(struct vouch_bytes name);

// "SHA256:…" (base64 without padding) or "MD5:aa:bb…", NUL-terminated.
VOUCH_API void vouch_key_fingerprint(const struct vouch_key *key, enum vouch_hash hash,
                                     char ret_text[static VOUCH_FINGERPRINT_MAX]);

// Appends "TYPE BASE64[ COMMENT]" without a line end.
VOUCH_API void vouch_key_print(const struct vouch_key *key, const char *comment,
                               struct vouch_buf *out);

// Splits a line "TYPE BASE64[ COMMENT]" and decodes the base64 into `blob` (appended). The type word
// must equal the type inside the blob. *ret_comment points into `line` (may be empty). Works for keys
// and certificates alike; blanks before the type and line ends are skipped.
VOUCH_MUST_USE VOUCH_API int vouch_key_line_decode(struct vouch_bytes line, struct vouch_buf *blob,
                                                   struct vouch_bytes *ret_comment,
                                                   struct vouch_where *ret_where);

// Why this key must not get a certificate: NULL if it may; else a constant text. Beyond what
// vouch_key_parse() refuses: RSA under 2048 bits or over 8192, an even or small modulus factor, an
// exponent that is even, under 65537 or over 2^32; Ed25519 points of low order or off the curve.
// For a key that is to be a CA the RSA floor is 3072, and sk keys are refused.
VOUCH_API const char *vouch_key_weakness(const struct vouch_key *key);
VOUCH_API const char *vouch_key_ca_weakness(const struct vouch_key *key);

// The algorithm name inside a signature blob; empty if the blob is broken.
VOUCH_API struct vouch_bytes vouch_signature_algorithm(struct vouch_bytes signature);

// Checks a signature blob (string algorithm, then its body) over `message`. 0 only if it is this
// key's signature; VOUCH_ERR_SIGNATURE if not; VOUCH_ERR_UNSUPPORTED if the algorithm is not one of
// this key's. RSA: rsa-sha2-512, rsa-sha2-256 and, for reading old certificates, ssh-rsa (SHA-1): a
// caller that must not accept that one asks vouch_signature_algorithm(). Presence flags and counter
// of sk signatures are not judged.
VOUCH_MUST_USE VOUCH_API int vouch_key_verify(const struct vouch_key *key,
                                              struct vouch_bytes signature,
                                              struct vouch_bytes message);

// Makes a key. `bits`: RSA 1024 to 16384 (0: 3072), otherwise 0. Randomness is libcrypto's or
// libsodium's own. sk keys cannot be made here (VOUCH_ERR_UNSUPPORTED).
VOUCH_MUST_USE VOUCH_API int vouch_private_key_generate(enum vouch_key_type type, unsigned bits,
                                                        struct vouch_private_key **ret_key);

// Wipes and frees; takes NULL.
VOUCH_API void vouch_private_key_free(struct vouch_private_key *key);

// The public half; borrowed.
VOUCH_API const struct vouch_key *vouch_private_key_public(const struct vouch_private_key *key);

// Appends a signature blob over `message`. `algorithm`: NULL for the type's default (RSA:
// rsa-sha2-512), else "rsa-sha2-512", "rsa-sha2-256", "ssh-rsa" or the type's own name.
VOUCH_MUST_USE VOUCH_API int vouch_private_key_sign(const struct vouch_private_key *key,
                                                    const char *algorithm,
                                                    struct vouch_bytes message,
                                                    struct vouch_buf *signature);
