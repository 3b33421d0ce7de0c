// SPDX-License-Identifier: ISC
// What the database keeps for identity and must not understand: sealed secrets and keyed hashes.
//
// Sealed: version, the key's ID, a random nonce, XChaCha20-Poly1305 with use and user as associated
// data. So what was sealed for one user or use does not open for another. doc/identity.md.
#pragma once

#include "base/fault.h"
#include "base/secret.h"

#define VOUCH_SEAL_KEY_LEN 32
#define VOUCH_SEAL_ID_LEN 4
#define VOUCH_SEAL_EXTRA (1 + VOUCH_SEAL_ID_LEN + 24 + 16) // bytes a seal adds
#define VOUCH_SEAL_PLAIN_MAX 256
#define VOUCH_SEAL_HASH_LEN 32

// Each use has a key of its own, derived from the role's key.
enum vouch_seal_use { VOUCH_SEAL_TOTP = 0, VOUCH_SEAL_RECOVERY, VOUCH_SEAL_USES };

struct vouch_identity_engine;

// Derives the keys and their ID. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_seal_derive(struct vouch_bytes key, struct vouch_secret *ret_keys,
                                     uint8_t ret_id[static VOUCH_SEAL_ID_LEN]);

// Appends `plain` sealed for this user.
void vouch_seal(const struct vouch_identity_engine *engine, enum vouch_seal_use use,
                struct vouch_bytes user, struct vouch_bytes plain, struct vouch_buf *out);

// Opens into exactly `len` bytes. V-1884: damaged, of another user, or sealed under another key.
VOUCH_MUST_USE int vouch_unseal(const struct vouch_identity_engine *engine, enum vouch_seal_use use,
                                struct vouch_bytes user, struct vouch_bytes sealed, uint8_t *out,
                                size_t len, struct vouch_fault *fault);

// A keyed hash of `secret` for this user.
void vouch_seal_hash(const struct vouch_identity_engine *engine, enum vouch_seal_use use,
                     struct vouch_bytes user, struct vouch_bytes secret,
                     uint8_t ret_hash[static VOUCH_SEAL_HASH_LEN]);
