// SPDX-License-Identifier: ISC
// One-time links, by which a user sets password and second factor: at most one for each account, found by
// the SHA-256 of its secret.
#pragma once

#include "store/accounts.h"

struct vouch_store_link {
    uint64_t account;
    struct vouch_bytes user;     // the account's name
    struct vouch_bytes actor;    // who made it
    uint64_t expires_s;          // good before
    struct vouch_bytes password; // what will be stored once a code was accepted; empty: not begun
    struct vouch_bytes totp;
};

// Finds a link by the SHA-256 of its secret. Slices point into `arena`.
VOUCH_MUST_USE int vouch_store_link_find(struct vouch_store *store,
                                         const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                         struct vouch_arena *arena,
                                         enum vouch_store_outcome *ret_outcome,
                                         struct vouch_store_link *ret_link,
                                         struct vouch_fault *fault);

// ----- changes: between vouch_store_work_begin() and _end()

// Keeps a link (account, actor and expires_s) in place of the account's earlier one. ABSENT: there is no
// such account; TAKEN: another link has this secret.
VOUCH_MUST_USE int vouch_store_link_put(struct vouch_store *store,
                                        const struct vouch_store_link *link,
                                        const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                        enum vouch_store_outcome *ret_outcome,
                                        struct vouch_fault *fault);

// Keeps what was begun with a link. ABSENT: there is no such link.
VOUCH_MUST_USE int vouch_store_link_begin(struct vouch_store *store,
                                          const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                          struct vouch_bytes password, struct vouch_bytes totp,
                                          enum vouch_store_outcome *ret_outcome,
                                          struct vouch_fault *fault);

// Uses a link up, if what was begun with it is still this. Else ABSENT.
VOUCH_MUST_USE int vouch_store_link_take(struct vouch_store *store,
                                         const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                         struct vouch_bytes totp,
                                         enum vouch_store_outcome *ret_outcome,
                                         struct vouch_fault *fault);

// Forgets those that have expired, at most `limit`; adds to *removed.
VOUCH_MUST_USE int vouch_store_links_prune(struct vouch_store *store, uint64_t now_s, size_t limit,
                                           uint64_t *removed, struct vouch_fault *fault);
