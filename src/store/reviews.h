// SPDX-License-Identifier: ISC
// Reviews: what was had in an emergency, and who looked at it afterwards.
//
// A review is there before the certificate that it is about, so that none is without one. The store keeps
// them and does not judge. Every change names the revision that it was made from.
#pragma once

#include "store/store.h"

// The zero values are no state and no kind.
enum vouch_store_review_state {
    VOUCH_STORE_REVIEW_NONE = 0,
    VOUCH_STORE_REVIEW_OPEN,
    VOUCH_STORE_REVIEW_DONE,
    VOUCH_STORE_REVIEW_VOID, // nothing was issued
};
enum vouch_store_review_kind {
    VOUCH_STORE_REVIEW_ANY = 0,
    VOUCH_STORE_REVIEW_LOUD,   // a certificate to be used at once
    VOUCH_STORE_REVIEW_SEALED, // one that is put away
};
enum vouch_store_review_why { VOUCH_STORE_REVIEW_EMERGENCY = 0, VOUCH_STORE_REVIEW_DRILL };

struct vouch_store_review {
    // Fixed when it is opened.
    uint64_t id;
    enum vouch_store_review_kind kind;
    enum vouch_store_review_why why;
    struct vouch_bytes user;   // who asked
    struct vouch_bytes holder; // who the certificate is for
    struct vouch_bytes role, zone, reason, source;
    uint8_t key[VOUCH_STORE_HASH_LEN]; // SHA-256 of the subject's key blob
    uint64_t opened_s;

    // Changed by vouch_store_review_change().
    uint64_t revision;
    enum vouch_store_review_state state;
    uint64_t serial; // of the certificate; 0: none that is known
    uint64_t ends_s; // when it ends
    uint64_t uses;   // logins with it that hosts reported
    uint64_t used_s; // the last of them; 0: none
    struct vouch_bytes done_by, note;
    uint64_t done_s;
};

// Opens a review, durably, and gives its ID; id and revision are not read.
VOUCH_MUST_USE int vouch_store_review_add(struct vouch_store *store,
                                          const struct vouch_store_review *review, uint64_t *ret_id,
                                          struct vouch_fault *fault);

// Finds one by its ID, or the newest one of a certificate; its slices point into `arena`.
VOUCH_MUST_USE int vouch_store_review_find(struct vouch_store *store, uint64_t id,
                                           struct vouch_arena *arena,
                                           enum vouch_store_outcome *ret_outcome,
                                           struct vouch_store_review *ret_review,
                                           struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_store_review_of(struct vouch_store *store, uint64_t serial,
                                         struct vouch_arena *arena,
                                         enum vouch_store_outcome *ret_outcome,
                                         struct vouch_store_review *ret_review,
                                         struct vouch_fault *fault);

// Writes what can change, durably, if the review is still of that revision; it is of the next one then.
// ABSENT if it is not, or if there is no such review.
VOUCH_MUST_USE int vouch_store_review_change(struct vouch_store *store,
                                             const struct vouch_store_review *review,
                                             enum vouch_store_outcome *ret_outcome,
                                             struct vouch_fault *fault);

// How many are open, and when the last drill was; 0: never.
struct vouch_store_reviews_sum {
    uint64_t open, drill_s;
};
VOUCH_MUST_USE int vouch_store_reviews_sum(struct vouch_store *store,
                                           struct vouch_store_reviews_sum *ret_sum,
                                           struct vouch_fault *fault);

// All that is set must fit.
struct vouch_store_review_filter {
    enum vouch_store_review_state state;
    enum vouch_store_review_kind kind;
};
struct vouch_store_reviews {
    struct vouch_arena arena;
    struct vouch_store_review *rows;
    size_t count;
    char next[VOUCH_STORE_CURSOR_MAX]; // empty: this is the last page
};

// Lists reviews, newest first.
VOUCH_MUST_USE int vouch_store_reviews_list(struct vouch_store *store,
                                            const struct vouch_store_review_filter *filter,
                                            const struct vouch_store_page *page,
                                            struct vouch_store_reviews *ret_reviews,
                                            struct vouch_fault *fault);
void vouch_store_reviews_done(struct vouch_store_reviews *reviews);
