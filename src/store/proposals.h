// SPDX-License-Identifier: ISC
// What two administrators decide about a CA key: proposed by one, and then confirmed by another or
// withdrawn.
//
// The store keeps proposals and does not judge. Every change names the revision that it was made from, so
// of two at the same time one is told that it came too late.
#pragma once

#include "store/requests.h"

// The zero values are no state and no act.
enum vouch_store_proposal_state {
    VOUCH_STORE_PROPOSAL_NONE = 0,
    VOUCH_STORE_PROPOSAL_OPEN,
    VOUCH_STORE_PROPOSAL_DONE,
    VOUCH_STORE_PROPOSAL_WITHDRAWN,
    VOUCH_STORE_PROPOSAL_VOID, // what it was about was another thing by then
};
enum vouch_store_proposal_act {
    VOUCH_STORE_ACT_NONE = 0,
    VOUCH_STORE_ACT_DESTROY, // the key
    VOUCH_STORE_ACT_REVOKE,  // the key, and with it all that it signed
};

struct vouch_store_proposal {
    // Fixed when it is made.
    uint64_t id;
    enum vouch_store_proposal_act act;
    uint8_t key[VOUCH_STORE_HASH_LEN];   // SHA-256 of the CA key's blob
    uint8_t about[VOUCH_STORE_HASH_LEN]; // of all that has to be the same when it is confirmed
    struct vouch_bytes proposer;         // the name of a user
    struct vouch_bytes reason, source;
    struct vouch_store_texts without; // DESTROY: hosts that are left behind
    uint64_t is_hurried;              // DESTROY: certificates that count yet are not waited for
    uint64_t made_s, ends_s;

    // Changed by vouch_store_proposal_change().
    uint64_t revision;
    enum vouch_store_proposal_state state;
    struct vouch_bytes decider; // empty: nobody yet
    uint64_t decided_s;
};

// Adds one, durably, and gives its ID; id and revision are not read.
VOUCH_MUST_USE int vouch_store_proposal_add(struct vouch_store *store,
                                            const struct vouch_store_proposal *proposal,
                                            uint64_t *ret_id, struct vouch_fault *fault);

// Finds one by its ID, or the newest open one of an act and a key; its slices point into `arena`.
VOUCH_MUST_USE int vouch_store_proposal_find(struct vouch_store *store, uint64_t id,
                                             struct vouch_arena *arena,
                                             enum vouch_store_outcome *ret_outcome,
                                             struct vouch_store_proposal *ret_proposal,
                                             struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_store_proposal_open(struct vouch_store *store,
                                             enum vouch_store_proposal_act act,
                                             const uint8_t key[static VOUCH_STORE_HASH_LEN],
                                             struct vouch_arena *arena,
                                             enum vouch_store_outcome *ret_outcome,
                                             struct vouch_store_proposal *ret_proposal,
                                             struct vouch_fault *fault);

// Writes what can change, durably, if the proposal is still of that revision; it is of the next one then.
// ABSENT if it is not, or if there is no such proposal.
VOUCH_MUST_USE int vouch_store_proposal_change(struct vouch_store *store,
                                               const struct vouch_store_proposal *proposal,
                                               enum vouch_store_outcome *ret_outcome,
                                               struct vouch_fault *fault);

struct vouch_store_proposals {
    struct vouch_arena arena;
    struct vouch_store_proposal *rows;
    size_t count;
    char next[VOUCH_STORE_CURSOR_MAX]; // empty: this is the last page
};

// Lists those in a state (NONE: all), newest first.
VOUCH_MUST_USE int vouch_store_proposals_list(struct vouch_store *store,
                                              enum vouch_store_proposal_state state,
                                              const struct vouch_store_page *page,
                                              struct vouch_store_proposals *ret_proposals,
                                              struct vouch_fault *fault);
void vouch_store_proposals_done(struct vouch_store_proposals *proposals);
