// SPDX-License-Identifier: ISC
// What two administrators decide about a CA key: what a proposal is about, whether it still stands, and what
// is recorded of it. Private to src/authority.
//
// A proposal is about one thing: this act, on this key in the state that it is in, in this phase of its
// rotation, for this reason, with these hosts left behind. The row keeps a hash of that. Once it is another
// thing, the proposal is void.
#pragma once

#include "authority/caller.h"
#include "policy/policy.h"
#include "store/proposals.h"

#define VOUCH_PROPOSAL_S 86400 // how long it can be confirmed

#define VOUCH_EVENT_PROPOSAL_MAKE "proposal.make"
#define VOUCH_EVENT_PROPOSAL_CONFIRM "proposal.confirm" // before it is done
#define VOUCH_EVENT_PROPOSAL_WITHDRAW "proposal.withdraw"
#define VOUCH_EVENT_PROPOSAL_ALONE "proposal.alone" // before it is done by one

// For who asks alone for what takes two; and for who would do it alone from elsewhere than the server.
void vouch_reply_takes_two(struct vouch_reply *reply);
void vouch_reply_alone(struct vouch_reply *reply);

// The key with that hash; NULL if it is none of ours any more.
const struct vouch_office_ca *vouch_proposal_key(const struct vouch_office_cas *cas,
                                                 const uint8_t hash[static VOUCH_STORE_HASH_LEN]);

// What the proposal is about, as things stand. Of a key that is gone: zeros.
VOUCH_MUST_USE int vouch_proposal_about(const struct vouch_store_proposal *proposal,
                                        const struct vouch_office_cas *cas,
                                        uint8_t ret_about[static VOUCH_STORE_HASH_LEN],
                                        struct vouch_fault *fault);

// What tells whether a proposal stands.
struct vouch_proposal_view {
    const struct vouch_office_cas *cas;
    const struct vouch_policy *policy; // in force
    uint64_t now_s;
};

// How it stands.
VOUCH_MUST_USE int vouch_proposal_state_of(const struct vouch_store_proposal *proposal,
                                           const struct vouch_proposal_view *view,
                                           enum vouch_proposal_state *ret_state,
                                           struct vouch_fault *fault);

// As an answer shows it; borrows.
VOUCH_MUST_USE int vouch_proposal_row_of(const struct vouch_store_proposal *proposal,
                                         const struct vouch_proposal_view *view,
                                         struct vouch_proposal_row *ret_row,
                                         struct vouch_fault *fault);

// Records what somebody does about a proposal: proposes (its ID is 0 yet), confirms, withdraws.
VOUCH_MUST_USE int vouch_proposal_note(struct vouch_local *authority, const struct vouch_who *who,
                                       const char *type,
                                       const struct vouch_store_proposal *proposal,
                                       struct vouch_fault *fault);
// Records that somebody at the server's own socket is about to do it alone.
VOUCH_MUST_USE int vouch_proposal_note_alone(struct vouch_local *authority,
                                             const struct vouch_who *who,
                                             enum vouch_proposal_act act,
                                             const uint8_t key[static VOUCH_STORE_HASH_LEN],
                                             struct vouch_fault *fault);
