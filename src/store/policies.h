// SPDX-License-Identifier: ISC
// The policy in all its versions, as texts.
//
// The store keeps them and does not read them.
#pragma once

#include "store/store.h"

#define VOUCH_STORE_POLICY_MAX (8u * 1024 * 1024) // bytes of a text

struct vouch_store_policy {
    uint64_t version; // from 1, without a gap
    uint64_t time_s;
    uint64_t number; // of its record in the ledger
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    struct vouch_bytes actor;
    struct vouch_bytes text; // empty in listings
};

// Adds the next version, durably: TAKEN unless it is one more than the newest.
VOUCH_MUST_USE int vouch_store_policy_add(struct vouch_store *store,
                                          const struct vouch_store_policy *policy,
                                          enum vouch_store_outcome *ret_outcome,
                                          struct vouch_fault *fault);

// Finds a version (0: the newest), whose slices point into `arena`.
VOUCH_MUST_USE int vouch_store_policy_find(struct vouch_store *store, uint64_t version,
                                           struct vouch_arena *arena,
                                           enum vouch_store_outcome *ret_outcome,
                                           struct vouch_store_policy *ret_policy,
                                           struct vouch_fault *fault);

// Finds the one that held at a time: the newest that was applied by then.
VOUCH_MUST_USE int vouch_store_policy_at(struct vouch_store *store, uint64_t at_s,
                                         struct vouch_arena *arena,
                                         enum vouch_store_outcome *ret_outcome,
                                         struct vouch_store_policy *ret_policy,
                                         struct vouch_fault *fault);

struct vouch_store_policies {
    struct vouch_arena arena;
    struct vouch_store_policy *rows;
    size_t count;
    char next[VOUCH_STORE_CURSOR_MAX]; // empty: this is the last page
};

// Lists versions without their texts, newest first.
VOUCH_MUST_USE int vouch_store_policies_list(struct vouch_store *store,
                                             const struct vouch_store_page *page,
                                             struct vouch_store_policies *ret_policies,
                                             struct vouch_fault *fault);
void vouch_store_policies_done(struct vouch_store_policies *policies);
