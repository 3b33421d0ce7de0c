// SPDX-License-Identifier: ISC
// What happened in the company that a demonstration shows: each moment of its plan becomes a record of the
// ledger, with certificates as the policy grants them, and logins become rows of the database.
#pragma once

#include "prog/vouchd/demo-mint.h"
#include "prog/vouchd/demo-plan.h"
#include "store/hosts.h"
#include "store/requests.h"

struct vouch_demo_story;

// Is told how far it has come.
typedef void vouch_demo_progress_fn(void *context, uint64_t done, uint64_t all);

struct vouch_demo_tale {
    const struct vouch_demo_company *company;
    const struct vouch_demo_plan *plan;
    const struct vouch_policy *policy; // that holds in the end
    struct vouch_demo_mint *mint;
    struct vouch_store *store; // to write
    vouch_demo_progress_fn *progress;
    void *progress_context;
};

// Tells all of it. The story keeps what the company's rows need; the caller frees it. What the tale points
// to must outlive it.
VOUCH_MUST_USE int vouch_demo_story_new(const struct vouch_demo_tale *tale,
                                        struct vouch_demo_story **ret_story,
                                        struct vouch_fault *fault);
// Takes NULL.
void vouch_demo_story_free(struct vouch_demo_story *story);

// The key of a host with its newest certificate; the number of the login that it sends next, 0 if it never
// sent any.
void vouch_demo_story_host(const struct vouch_demo_story *story, size_t host,
                           struct vouch_store_host_key *ret_key, uint64_t *ret_next_login);

// A request of the plan as the database keeps it. Slices are of the story.
VOUCH_MUST_USE int vouch_demo_story_request(struct vouch_demo_story *story, size_t request,
                                            struct vouch_store_request *ret_request,
                                            struct vouch_fault *fault);

// The record and hash of a version of the policy.
struct vouch_demo_applied {
    uint64_t number;
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    struct vouch_bytes text;
};
const struct vouch_demo_applied *vouch_demo_story_policy(const struct vouch_demo_story *story,
                                                         unsigned version);
