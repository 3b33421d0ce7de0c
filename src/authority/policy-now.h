// SPDX-License-Identifier: ISC
// The policy that holds now: kept prepared, swapped whole when another is applied. Private to
// src/authority.
//
// What is asked is the policy in force: the document that was applied, and beside the hosts that it names
// those that are enrolled and active. Enrolling or retiring hosts makes it anew from the same document; so
// versions are of documents alone.
//
// Whoever decides by it holds it until what was decided is done (signed, recorded), and then gives it
// back. Applying waits for all who hold the one before, so that what an old policy allowed has either
// happened before the new one is followed, or never does.
#pragma once

#include <pthread.h>
#include <stdatomic.h>

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
    pthread_mutex_t making;          // of what holds next; taken after `applying`
    uint64_t made_ns;                // when; guarded by `making`
    atomic_uint_fast64_t is_due;     // how often the inventory changed since it was made
};

// Begins an empty shelf.
void vouch_policy_shelf_init(struct vouch_policy_shelf *shelf);
// Frees all; nobody may hold one any more.
void vouch_policy_shelf_done(struct vouch_policy_shelf *shelf);

// The policy that holds, until it is released, and its version: NULL and 0 if none was ever applied.
const struct vouch_policy *vouch_policy_hold(struct vouch_local *authority, uint64_t *ret_version);

// Takes NULL.
void vouch_policy_release(struct vouch_local *authority, const struct vouch_policy *policy);

// The document of a policy that is held: what was applied, without enrolled hosts. NULL for NULL.
const struct vouch_policy *vouch_policy_document(struct vouch_local *authority,
                                                 const struct vouch_policy *policy);

// A place for a document with the hosts that are enrolled now, made before anything depends on there being
// one. Shelved, or ended by vouch_policy_held_free(), which takes NULL. The document belongs to it unless
// this fails. shelf.making is taken by the caller until the place is shelved.
VOUCH_MUST_USE int vouch_policy_held_new(struct vouch_local *authority,
                                         struct vouch_policy *take_document, uint64_t version,
                                         struct vouch_policy_held **ret_held,
                                         struct vouch_fault *fault);
void vouch_policy_held_free(struct vouch_local *authority, struct vouch_policy_held *held);

// A document with the hosts that are enrolled now; NULL if they add nothing to it. The caller frees it.
VOUCH_MUST_USE int vouch_policy_with_fleet(struct vouch_local *authority,
                                           const struct vouch_policy *document,
                                           struct vouch_policy **ret_policy,
                                           struct vouch_fault *fault);

// Makes the policy in force anew if the inventory changed since: at most once a second, unless HURRIED.
enum vouch_policy_pace { VOUCH_POLICY_GATHERED = 0, VOUCH_POLICY_HURRIED };
VOUCH_MUST_USE int vouch_policy_remake(struct vouch_local *authority, enum vouch_policy_pace pace,
                                       struct vouch_fault *fault);

// Lets another policy hold. It belongs to the shelf from here on, as its place does.
void vouch_policy_shelve(struct vouch_office *office, struct vouch_policy_held *take_held);

// Waits until nobody holds a version before this one, but for the caller, who may hold `mine` once (NULL:
// none). VOUCH_ERR_TIMEOUT.
VOUCH_MUST_USE int vouch_policy_settle(struct vouch_office *office, uint64_t version,
                                       const struct vouch_policy *mine, struct vouch_fault *fault);

// What hosts are to install may have changed: whoever waits for that is told. Takes public_lock.
void vouch_fleet_moved(struct vouch_office *office);

// Reads the newest version from the database and lets it hold.
VOUCH_MUST_USE int vouch_policy_load(struct vouch_local *authority, struct vouch_fault *fault);
