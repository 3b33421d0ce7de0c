// SPDX-License-Identifier: ISC
// How often somebody tried to sign in: states that the caller understands (identity/tries.h), kept for an
// account, a source, or an account from a source.
#pragma once

#include "store/work.h"

#define VOUCH_STORE_TRIES_WHO_MAX 160    // bytes
#define VOUCH_STORE_TRIES_SOURCE_MAX 256 // bytes
#define VOUCH_STORE_TRIES_STATE_MAX 512  // bytes

struct vouch_store_tries_key {
    struct vouch_bytes who;    // empty: whoever it was
    struct vouch_bytes source; // empty: wherever it came from
};

// What is kept; empty if nothing is.
VOUCH_MUST_USE int vouch_store_tries_get(struct vouch_store *store,
                                         const struct vouch_store_tries_key *key,
                                         struct vouch_arena *arena, struct vouch_bytes *ret_state,
                                         struct vouch_fault *fault);

// ----- changes: between vouch_store_work_begin() and _end()

// Keeps a state until `until_s` (0: until it is removed).
VOUCH_MUST_USE int vouch_store_tries_put(struct vouch_store *store,
                                         const struct vouch_store_tries_key *key,
                                         struct vouch_bytes state, uint64_t until_s,
                                         struct vouch_fault *fault);

// Forgets all of somebody's, wherever they came from.
VOUCH_MUST_USE int vouch_store_tries_forget(struct vouch_store *store, struct vouch_bytes who,
                                            struct vouch_fault *fault);

// Forgets what may be forgotten, at most `limit`; adds to *removed.
VOUCH_MUST_USE int vouch_store_tries_prune(struct vouch_store *store, uint64_t now_s, size_t limit,
                                           uint64_t *removed, struct vouch_fault *fault);
