// SPDX-License-Identifier: ISC
// The policy that holds now: kept prepared, swapped whole when another is applied. Private to
// src/authority.
//
// Whoever decides by it holds it until what was decided is done (signed, recorded), and then gives it
// back. Applying waits for all who hold the one before, so that what an old policy allowed has either
// happened before the new one is followed, or never does.
#pragma once

#include <pthread.h>

#include "policy/policy.h"
#include "vouch/err.h"

struct vouch_local;
struct vouch_office;
struct vouch_policy_held;

struct vouch_policy_shelf {
    pthread_mutex_t lock;
    pthread_cond_t is_free;          // somebody gave one back
    struct vouch_policy_held *first; // the one that holds; behind it those that are still held
    pthread_mutex_t applying;        // one at a time; taken before every other lock of the office
    uint64_t settle_ns;              // how long vouch_policy_settle() waits
};

// Begins an empty shelf.
void vouch_policy_shelf_init(struct vouch_policy_shelf *shelf);
// Frees all; nobody may hold one any more.
void vouch_policy_shelf_done(struct vouch_policy_shelf *shelf);

// The policy that holds, until it is released, and its version: NULL and 0 if none was ever applied.
const struct vouch_policy *vouch_policy_hold(struct vouch_local *authority, uint64_t *ret_version);

// Takes NULL.
void vouch_policy_release(struct vouch_local *authority, const struct vouch_policy *policy);

// A place for a policy, made before anything depends on there being one; free() it if it is not used.
VOUCH_MUST_USE int vouch_policy_held_new(struct vouch_policy *policy, uint64_t version,
                                         struct vouch_policy_held **ret_held,
                                         struct vouch_fault *fault);

// Lets another policy hold. It belongs to the shelf from here on, as its place does.
void vouch_policy_shelve(struct vouch_office *office, struct vouch_policy_held *take_held);

// Waits until nobody holds a version before this one, but for the caller, who may hold `mine` once (NULL:
// none). VOUCH_ERR_TIMEOUT.
VOUCH_MUST_USE int vouch_policy_settle(struct vouch_office *office, uint64_t version,
                                       const struct vouch_policy *mine, struct vouch_fault *fault);

// Reads the newest version from the database and lets it hold.
VOUCH_MUST_USE int vouch_policy_load(struct vouch_local *authority, struct vouch_fault *fault);
