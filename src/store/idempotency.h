// SPDX-License-Identifier: ISC
// Idempotency keys: what a request has made, so that asking again does not make more.
//
// They are indexed with the certificates (batch.h). Requests that are still at work are the business
// of whoever runs them.
#pragma once

#include "store/batch.h"

#define VOUCH_STORE_ONCE_MAX 1000 // certificates of one request

enum vouch_store_once_match {
    VOUCH_STORE_ONCE_NEW = 0, // no such key, or it has expired
    VOUCH_STORE_ONCE_SAME,    // the same request: here is what it made
    VOUCH_STORE_ONCE_OTHER,   // the key was used for another request
};

struct vouch_store_once_result {
    enum vouch_store_once_match match;
    size_t count;                           // with SAME
    uint64_t numbers[VOUCH_STORE_ONCE_MAX]; // records in the ledger, rising
};

// Looks up what->key for what->request; what->expires_s is not read.
VOUCH_MUST_USE int vouch_store_once_find(struct vouch_store *store,
                                         const struct vouch_store_once *what, uint64_t now_s,
                                         struct vouch_store_once_result *ret_result,
                                         struct vouch_fault *fault);

// Forgets keys that have expired, at most `limit` rows; *ret_removed says how many went.
VOUCH_MUST_USE int vouch_store_once_prune(struct vouch_store *store, uint64_t now_s, size_t limit,
                                          uint64_t *ret_removed, struct vouch_fault *fault);
