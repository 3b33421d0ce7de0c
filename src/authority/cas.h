// SPDX-License-Identifier: ISC
// The CA keys that the signer has, as the office knows them: all but those that are destroyed. Private to
// src/authority.
//
// They change by rotation alone (rotate.c), while certificates are asked for. Whoever needs them takes a
// copy; the keys that it points to stay until the office is closed.
#pragma once

#include "ledger/rotation.h"
#include "signer/signer.h"
#include "store/store.h"

struct vouch_office;
struct vouch_local;

struct vouch_office_ca {
    enum vouch_cert_type use;
    enum vouch_ca_key_state state;
    const struct vouch_key *key;
    uint8_t hash[VOUCH_STORE_HASH_LEN]; // SHA-256 of its blob
    uint64_t since_ms;                  // in this state
    int has_signed;                     // it is active or has been
};

struct vouch_office_cas {
    struct vouch_office_ca rows[VOUCH_SIGNER_KEYS_MAX];
    size_t count;
};

// A key that the office has heard of, until it is closed. There is one for each rotation, and each of
// those is an administrator's doing.
struct vouch_office_key {
    struct vouch_key *key;
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    struct vouch_office_key *next;
};
// Frees the whole chain; takes NULL.
void vouch_cas_free(struct vouch_office_key *keys);

// The keys as they are now.
void vouch_cas_now(struct vouch_office *office, struct vouch_office_cas *ret_cas);

// The one key of a use (0 user, 1 host) that signs, and the one beside it; NULL if there is none.
const struct vouch_office_ca *vouch_cas_active(const struct vouch_office_cas *cas, size_t use);
const struct vouch_office_ca *vouch_cas_other(const struct vouch_office_cas *cas, size_t use);

// The phase of a use.
enum vouch_rotation_phase vouch_cas_phase(const struct vouch_office_cas *cas, size_t use);

// Nonzero if it is one of them.
int vouch_cas_have(const struct vouch_office_cas *cas, const struct vouch_key *key);

// SHA-256 of a CA's blob: known for ours.
VOUCH_MUST_USE int vouch_cas_hash(struct vouch_local *authority, struct vouch_bytes blob,
                                  uint8_t ret_hash[static VOUCH_STORE_HASH_LEN],
                                  struct vouch_fault *fault);

// Takes keys and bundle from what the signer says of itself: at the start.
VOUCH_MUST_USE int vouch_cas_take(struct vouch_local *authority,
                                  const struct vouch_signer_state *state,
                                  struct vouch_fault *fault);

// Asks the signer what it has, and makes that public: first the revocation lists, which must speak of
// each key that hosts are going to trust, then the bundle. If it fails, the clerk tries again. krl_lock
// is taken here.
VOUCH_MUST_USE int vouch_cas_refresh(struct vouch_local *authority, struct vouch_fault *fault);
// The clerk's: if somebody said that something changed, or the last time failed.
VOUCH_MUST_USE int vouch_cas_refresh_due(struct vouch_local *authority, struct vouch_fault *fault);
