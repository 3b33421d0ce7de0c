// SPDX-License-Identifier: ISC
// Passkeys of accounts. What their members mean is identity's; here they are only kept.
#pragma once

#include "store/accounts.h"

#define VOUCH_STORE_PASSKEYS_MAX 16 // of an account
#define VOUCH_STORE_PASSKEY_CREDENTIAL_MAX 1023
#define VOUCH_STORE_PASSKEY_KEY_MAX 512
#define VOUCH_STORE_PASSKEY_NAME_MAX 64

struct vouch_store_passkey {
    uint64_t id; // given by the store, never given again
    uint64_t account;
    struct vouch_bytes user; // the account's name
    struct vouch_bytes credential;
    int64_t algorithm;
    struct vouch_bytes key;
    uint64_t answers;
    uint64_t backup;
    uint8_t aaguid[16];
    struct vouch_bytes name;
    uint64_t created_s;
    uint64_t used_s; // last; 0: never
};

// Finds a passkey by what it calls itself, with its user. Slices point into `arena`.
VOUCH_MUST_USE int vouch_store_passkey_find(struct vouch_store *store,
                                            struct vouch_bytes credential,
                                            struct vouch_arena *arena,
                                            enum vouch_store_outcome *ret_outcome,
                                            struct vouch_store_passkey *ret_passkey,
                                            struct vouch_fault *fault);

// All of an account, the oldest first.
struct vouch_store_passkeys {
    const struct vouch_store_passkey *rows;
    size_t count;
};
VOUCH_MUST_USE int vouch_store_passkeys_of(struct vouch_store *store, uint64_t account,
                                           struct vouch_arena *arena,
                                           struct vouch_store_passkeys *ret_passkeys,
                                           struct vouch_fault *fault);

// ----- changes: between vouch_store_work_begin() and _end()

// Adds one; id, user and used_s are not read. ABSENT: there is no such account; TAKEN: the credential is
// kept already, of whomever, or the account has VOUCH_STORE_PASSKEYS_MAX.
VOUCH_MUST_USE int vouch_store_passkey_add(struct vouch_store *store,
                                           const struct vouch_store_passkey *passkey,
                                           enum vouch_store_outcome *ret_outcome,
                                           struct vouch_fault *fault);

// Notes an answer, if the passkey's count is still `before`. Else ABSENT.
struct vouch_store_passkey_use {
    uint64_t before, answers;
    uint64_t backup;
    uint64_t used_s;
};
VOUCH_MUST_USE int vouch_store_passkey_used(struct vouch_store *store, uint64_t id,
                                            const struct vouch_store_passkey_use *use,
                                            enum vouch_store_outcome *ret_outcome,
                                            struct vouch_fault *fault);

// Removes one of an account. ABSENT: it has none with that ID.
VOUCH_MUST_USE int vouch_store_passkey_remove(struct vouch_store *store, uint64_t account,
                                              uint64_t id, enum vouch_store_outcome *ret_outcome,
                                              struct vouch_fault *fault);
// Removes all of an account.
VOUCH_MUST_USE int vouch_store_passkeys_remove(struct vouch_store *store, uint64_t account,
                                               struct vouch_fault *fault);
