// SPDX-License-Identifier: ISC
// Requests that others approve: who asked for what, who approved it, and what became of it.
//
// The store keeps them and does not judge. Every change names the revision that it was made from, so of
// two at the same time one is told that it came too late.
#pragma once

#include "store/store.h"

#define VOUCH_STORE_REQUEST_BYTES_MAX 65536 // of what was asked, and of what would be granted

// The zero value is no state.
enum vouch_store_request_state {
    VOUCH_STORE_REQUEST_NONE = 0,
    VOUCH_STORE_REQUEST_WAITING,
    VOUCH_STORE_REQUEST_APPROVED,
    VOUCH_STORE_REQUEST_DENIED,
    VOUCH_STORE_REQUEST_CANCELLED,
    VOUCH_STORE_REQUEST_EXPIRED,
    VOUCH_STORE_REQUEST_TAKEN,
};

struct vouch_store_texts {
    const struct vouch_bytes *items;
    size_t count;
};

struct vouch_store_request {
    // Fixed when it is made.
    uint64_t id;
    struct vouch_bytes user, zone;
    uint64_t created_s;
    uint64_t ttl_s;
    uint8_t key[VOUCH_STORE_HASH_LEN]; // SHA-256 of the subject's key blob
    struct vouch_store_texts roles, principals;
    struct vouch_bytes reason, source;
    struct vouch_bytes ask;      // all that was asked; empty in listings
    struct vouch_bytes approved; // all that would be granted; empty in listings

    // Changed by vouch_store_request_change().
    uint64_t revision;
    enum vouch_store_request_state state;
    uint64_t expires_s;
    uint64_t missing;
    struct vouch_store_texts approvers;
    struct vouch_bytes decided_by, comment;
    uint64_t serial; // of the certificate; 0: none
};

// Adds a request, durably, and gives its ID; id and revision are not read.
VOUCH_MUST_USE int vouch_store_request_add(struct vouch_store *store,
                                           const struct vouch_store_request *request,
                                           uint64_t *ret_id, struct vouch_fault *fault);

// Finds one; its slices point into `arena`.
VOUCH_MUST_USE int vouch_store_request_find(struct vouch_store *store, uint64_t id,
                                            struct vouch_arena *arena,
                                            enum vouch_store_outcome *ret_outcome,
                                            struct vouch_store_request *ret_request,
                                            struct vouch_fault *fault);

// Writes what can change, durably, if the request is still of that revision; it is of the next one then.
// ABSENT if it is not, or if there is no such request.
VOUCH_MUST_USE int vouch_store_request_change(struct vouch_store *store,
                                              const struct vouch_store_request *request,
                                              enum vouch_store_outcome *ret_outcome,
                                              struct vouch_fault *fault);

// Requests that wait or are approved and have come to their time become expired, and those that came to
// it before `forget_s` are removed; up to `max` of each. A power cut may undo it.
VOUCH_MUST_USE int vouch_store_requests_expire(struct vouch_store *store, uint64_t now_s,
                                               uint64_t forget_s, size_t max,
                                               struct vouch_fault *fault);

// All that is set must fit.
struct vouch_store_request_filter {
    struct vouch_bytes user; // NULL: anybody's
    enum vouch_store_request_state state;
};
struct vouch_store_requests {
    struct vouch_arena arena;
    struct vouch_store_request *rows;
    size_t count;
    char next[VOUCH_STORE_CURSOR_MAX]; // empty: this is the last page
};

// Lists requests, newest first. A page may be short though another follows.
VOUCH_MUST_USE int vouch_store_requests_list(struct vouch_store *store,
                                             const struct vouch_store_request_filter *filter,
                                             const struct vouch_store_page *page,
                                             struct vouch_store_requests *ret_requests,
                                             struct vouch_fault *fault);
void vouch_store_requests_done(struct vouch_store_requests *requests);
