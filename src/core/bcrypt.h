// SPDX-License-Identifier: ISC
// bcrypt_pbkdf: the key derivation of OpenSSH's private key files (bcrypt under PBKDF2's clothes).
//
// Neither libcrypto nor libsodium has it. It knows nothing of key files.
#pragma once

#include "base/secret.h"

// Fills ret_secret->len bytes of ret_secret->ptr (at most 1024) from a passphrase and a salt, both not
// empty, with `rounds` of at least 1. All that is derived on the way lies in locked memory and is
// wiped. VOUCH_ERR_ARGUMENT for an input outside these bounds, VOUCH_ERR_NO_MEMORY.
// Source: bcrypt_pbkdf(3) of OpenBSD.
VOUCH_MUST_USE int vouch_bcrypt_derive(struct vouch_bytes passphrase, struct vouch_bytes salt,
                                       uint32_t rounds, struct vouch_secret *ret_secret);

// Several at once, which takes little longer than the longest of them: each fills its own secret, as
// above. On an error none is filled, or all of them are to be thrown away.
struct vouch_bcrypt_job {
    struct vouch_bytes passphrase;
    struct vouch_bytes salt;
    uint32_t rounds;
    struct vouch_secret *ret_secret;
};
VOUCH_MUST_USE int vouch_bcrypt_derive_all(const struct vouch_bcrypt_job *jobs, size_t count);
