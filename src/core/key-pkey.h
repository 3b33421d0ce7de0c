// SPDX-License-Identifier: ISC
// The one door to libcrypto's EVP_PKEY, for RSA and ECDSA.
#pragma once

#include "core/key.h"

// A number (big-endian magnitude) or, for OSSL_PKEY_PARAM_PUB_KEY, an octet string.
struct vouch_pkey_field {
    const char *name;
    struct vouch_bytes value;
};

// Makes an EVP_PKEY of `kind` ("RSA", "EC"; `group` for EC) from up to 8 fields. `selection` is
// EVP_PKEY_PUBLIC_KEY or EVP_PKEY_KEYPAIR. VOUCH_ERR_FORMAT if libcrypto finds them invalid.
VOUCH_MUST_USE int vouch_pkey_build(const char *kind, const char *group,
                                    const struct vouch_pkey_field *fields, size_t count,
                                    int selection, EVP_PKEY **ret_pkey);

// Signs into `signature` (*len: its room, then what was used); checks a signature.
VOUCH_MUST_USE int vouch_pkey_sign(EVP_PKEY *pkey, const char *digest, struct vouch_bytes message,
                                   uint8_t *signature, size_t *len);
VOUCH_MUST_USE int vouch_pkey_verify(EVP_PKEY *pkey, const char *digest,
                                     struct vouch_bytes signature, struct vouch_bytes message);

// VOUCH_ERR_MISMATCH unless the private half fits the public one.
VOUCH_MUST_USE int vouch_pkey_check_pair(EVP_PKEY *pkey);

// The same for an RSA key with its factors, which must fit as well.
VOUCH_MUST_USE int vouch_rsa_check_pair(EVP_PKEY *pkey);

// Appends a number of the key as an mpint, by way of locked memory.
VOUCH_MUST_USE int vouch_pkey_write_number(EVP_PKEY *pkey, const char *name, struct vouch_buf *out);

// Takes over `take_pkey`, which must be of the type of key->impl, and makes the public key from it.
VOUCH_MUST_USE int vouch_pkey_adopt(EVP_PKEY *take_pkey, struct vouch_private_key *key);

// key-rsa-weak.c: see vouch_key_weakness().
const char *vouch_rsa_weakness(const struct vouch_key *key);
