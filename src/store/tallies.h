// SPDX-License-Identifier: ISC
// What is counted while it is indexed, by the hour, and what an overview needs of it: counts over everything
// at a cost that does not grow with the number of certificates, events and logins.
#pragma once

#include "store/certs.h"

#define VOUCH_STORE_HOUR_S UINT64_C(3600)
#define VOUCH_STORE_REFUSAL_EVENT "cert.refuse" // the type of event that counts as REFUSED

enum vouch_store_tally {
    VOUCH_STORE_TALLY_ISSUED = 1, // by the hour of issue, and by role
    VOUCH_STORE_TALLY_REFUSED,
    VOUCH_STORE_TALLY_ENDS, // by the hour in which they end
    VOUCH_STORE_TALLY_LOGINS_REFUSED,
};

// Adds `more` in the transaction that has begun.
VOUCH_MUST_USE int vouch_store_tally_add(struct vouch_store *store, enum vouch_store_tally kind,
                                         uint64_t hour, struct vouch_bytes name, uint64_t more,
                                         struct vouch_fault *fault);

// Active hosts count in one of critical, silent, attention, behind and ok: the first that is true.
struct vouch_store_summary {
    uint64_t valid;      // certificates that have not ended
    uint64_t revoked;    // of these, by their serial
    uint64_t next_end_s; // when the first of them ends; 0: none ever does
    uint64_t hosts;      // active
    uint64_t critical, silent, attention, behind, ok;
    uint64_t hosts_waiting, hosts_locked;
    uint64_t current; // active hosts that have the revocation list
    uint64_t requests_waiting;
};

struct vouch_store_summary_ask {
    uint64_t now_s;
    uint64_t silent_s;    // without a report for so long: silent
    uint64_t krl_version; // that hosts should have
};
// All counts at once; the fault is of whichever failed.
VOUCH_MUST_USE int vouch_store_summary(struct vouch_store *store,
                                       const struct vouch_store_summary_ask *ask,
                                       struct vouch_store_summary *ret_summary,
                                       struct vouch_fault *fault);

// A certificate that ends.
struct vouch_store_ending {
    uint64_t serial;
    enum vouch_cert_type type;
    struct vouch_bytes key_id; // in the arena
    uint64_t end_s;
};
// The first `most` of those that have not ended at `now_s`, into ret_rows, which has room for them.
VOUCH_MUST_USE int vouch_store_ending_list(struct vouch_store *store, uint64_t now_s, size_t most,
                                           struct vouch_arena *arena,
                                           struct vouch_store_ending *ret_rows, size_t *ret_count,
                                           struct vouch_fault *fault);

// All of one kind from an hour on.
VOUCH_MUST_USE int vouch_store_tally_sum(struct vouch_store *store, enum vouch_store_tally kind,
                                         uint64_t from_hour, uint64_t *ret_sum,
                                         struct vouch_fault *fault);

// How many in the slot that begins `place` steps after the first hour.
struct vouch_store_tally_row {
    uint64_t place;
    struct vouch_bytes name;
    uint64_t count;
};

// From an hour on, in steps of so many hours, by time and name. The rows are in the arena.
VOUCH_MUST_USE int vouch_store_tally_list(struct vouch_store *store, enum vouch_store_tally kind,
                                          uint64_t from_hour, uint64_t step_hours,
                                          struct vouch_arena *arena,
                                          const struct vouch_store_tally_row **ret_rows,
                                          size_t *ret_count, struct vouch_fault *fault);
