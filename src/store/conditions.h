// SPDX-License-Identifier: ISC
// How an enrolled host is, in one word; and going over all of them for that.
//
// The word is made here and nowhere else: lists, counts and pictures of hosts all ask this.
#pragma once

#include "store/store.h"

// The worst first.
enum vouch_store_condition {
    VOUCH_STORE_CONDITION_NONE = 0,
    VOUCH_STORE_CONDITION_CRITICAL, // it says so itself, however long ago
    VOUCH_STORE_CONDITION_LOCKED,
    VOUCH_STORE_CONDITION_SILENT, // no report, or none for too long
    VOUCH_STORE_CONDITION_ATTENTION,
    VOUCH_STORE_CONDITION_BEHIND,  // without the newest revocation list
    VOUCH_STORE_CONDITION_WAITING, // to be adopted
    VOUCH_STORE_CONDITION_OK,
    VOUCH_STORE_CONDITION_RETIRED,
};
#define VOUCH_STORE_CONDITION_COUNT (VOUCH_STORE_CONDITION_RETIRED + 1)

// What a host last reported; zeros if it never did.
struct vouch_store_host_told {
    struct vouch_bytes health; // "ok", "warning", "critical", "unknown"
    uint64_t reported_s;
    uint64_t krl_version;
};

struct vouch_store_condition_ask {
    uint64_t now_s;
    uint64_t silent_s;    // without a report for so long: silent
    uint64_t krl_version; // that hosts should have
};

// `state`: enum vouch_store_host_state. NONE for a state that there is not.
enum vouch_store_condition vouch_store_condition_of(int state,
                                                    const struct vouch_store_host_told *told,
                                                    const struct vouch_store_condition_ask *ask);

// A host that reported before then is silent.
uint64_t vouch_store_condition_since_s(const struct vouch_store_condition_ask *ask);

// ----- going over all hosts that are not retired, in any order

struct vouch_store_host_brief {
    uint64_t id;
    int state; // enum vouch_store_host_state
    struct vouch_bytes name, zone;
    const struct vouch_bytes *labels;
    size_t label_count;
    struct vouch_store_host_told told;
    uint64_t end_s; // when the first of its certificates ends; 0: it has none
};
// Ended with vouch_store_briefs_end() also when it fails.
VOUCH_MUST_USE int vouch_store_briefs_begin(struct vouch_store *store, struct vouch_fault *fault);
// *ret_found is 0 at the end. Slices hold until the next call; the labels are in the arena.
VOUCH_MUST_USE int vouch_store_briefs_next(struct vouch_store *store, struct vouch_arena *arena,
                                           int *ret_found, struct vouch_store_host_brief *ret_brief,
                                           struct vouch_fault *fault);
void vouch_store_briefs_end(struct vouch_store *store);
