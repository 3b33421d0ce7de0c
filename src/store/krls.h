// SPDX-License-Identifier: ISC
// Revocations, and the lists that were published of them.
//
// A revocation is indexed from the ledger with its event (batch.h) and is never removed: the list is
// pruned by leaving out those whose time is over.
#pragma once

#include "store/store.h"

// What is revoked. A `ca` of zeros means any CA; a serial needs one, a CA's own key has none.
enum vouch_store_revocation_kind {
    VOUCH_STORE_REVOKE_NONE = 0,
    VOUCH_STORE_REVOKE_SERIAL = 1, // value: 8 bytes, big-endian
    VOUCH_STORE_REVOKE_KEY_ID = 2, // value: the key ID
    VOUCH_STORE_REVOKE_KEY = 3,    // value: SHA-256 of the key's blob
    VOUCH_STORE_REVOKE_CA = 4,     // value: SHA-256 of the CA key's blob
};

struct vouch_store_revocation {
    enum vouch_store_revocation_kind kind;
    struct vouch_bytes value;
    uint8_t ca[VOUCH_STORE_HASH_LEN];
    struct vouch_bytes reason;
    uint64_t until_s; // when all that it hits has expired; 0: never

    // From the event that it came with.
    uint64_t number;
    uint64_t time_ms;
    struct vouch_bytes actor;
};

// The revocation that hits one certificate. Zeroed: none does.
struct vouch_store_revoked {
    enum vouch_store_revocation_kind by;
    uint64_t number;
    uint64_t time_ms;
    struct vouch_bytes actor;
    struct vouch_bytes reason;
};

struct vouch_store_revocations {
    struct vouch_arena arena;
    struct vouch_store_revocation *rows;
    size_t count;
    char next[VOUCH_STORE_CURSOR_MAX]; // empty: this is the last page
};

// Lists, in the order in which they were made, those of one CA (its hash; zeros: those for any CA) or
// all (NULL), without those that ended at or before `live_at_s` (0: all).
VOUCH_MUST_USE int vouch_store_revocations_list(struct vouch_store *store, const uint8_t *ca,
                                                uint64_t live_at_s,
                                                const struct vouch_store_page *page,
                                                struct vouch_store_revocations *ret_revocations,
                                                struct vouch_fault *fault);
void vouch_store_revocations_done(struct vouch_store_revocations *revocations);

// Whether a key is revoked, by the SHA-256 of its blob and for whatever CA: *ret_found is 1 or 0.
VOUCH_MUST_USE int vouch_store_key_is_revoked(struct vouch_store *store,
                                              const uint8_t key[static VOUCH_STORE_HASH_LEN],
                                              int *ret_found, struct vouch_fault *fault);

// A published list of one CA.
struct vouch_store_krl {
    uint64_t version;
    uint8_t hash[VOUCH_STORE_HASH_LEN]; // SHA-256 of the list
    uint64_t generated_s;
    uint64_t entries;
};

// Notes that a list was published, durably: TAKEN unless its version is above all before it.
VOUCH_MUST_USE int vouch_store_krl_add(struct vouch_store *store,
                                       const uint8_t ca[static VOUCH_STORE_HASH_LEN],
                                       const struct vouch_store_krl *krl,
                                       enum vouch_store_outcome *ret_outcome,
                                       struct vouch_fault *fault);

// The newest list of a CA, or ABSENT.
VOUCH_MUST_USE int vouch_store_krl_newest(struct vouch_store *store,
                                          const uint8_t ca[static VOUCH_STORE_HASH_LEN],
                                          enum vouch_store_outcome *ret_outcome,
                                          struct vouch_store_krl *ret_krl,
                                          struct vouch_fault *fault);
