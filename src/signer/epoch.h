// SPDX-License-Identifier: ISC
// Epochs of serial numbers, and the state file that remembers the last one.
//
// A serial is an epoch (20 bits, never 0) and a counter (44 bits, from 1). Within an epoch the counter
// has no gap. A new epoch begins whenever it cannot be ruled out that serials of the old one were given
// that this ledger does not know of: so an older copy of the folder never gives a serial twice.
// doc/frames.md has the file's format.
#pragma once

#include "base/fault.h"

#define VOUCH_EPOCH_STATE_FILE "state" // in the signer's folder
#define VOUCH_EPOCH_BITS 20
#define VOUCH_EPOCH_COUNTER_BITS 44
#define VOUCH_EPOCH_MAX ((UINT64_C(1) << VOUCH_EPOCH_BITS) - 1)
#define VOUCH_EPOCH_COUNTER_MAX ((UINT64_C(1) << VOUCH_EPOCH_COUNTER_BITS) - 1)
#define VOUCH_EPOCH_UNIT_S 1800                  // a new epoch is above the number of these since
#define VOUCH_EPOCH_RESTORED_STEP 64             // more epochs than a service begins in one unit
#define VOUCH_EPOCH_FIRST_S UINT64_C(1767225600) // 2026-01-01T00:00:00Z

static inline uint64_t vouch_epoch_of(uint64_t serial) {
    return serial >> VOUCH_EPOCH_COUNTER_BITS;
}

// What the signer remembers outside of the ledger, so that the two can be held against each other.
struct vouch_epoch_state {
    uint64_t epoch;
    uint64_t serial; // the highest in the ledger
    uint64_t size;   // records of the ledger
    uint64_t time_ms;
    uint64_t records_file;   // identity of the ledger's file of records: a copy has another
    uint64_t krl_version[2]; // last published: user, host
    uint64_t trust_version;  // of the last bundle; 0 if the file is of before there were any
};

// Reads the state: *ret_found is 0 if there is no file. V-1605 if it is damaged.
VOUCH_MUST_USE int vouch_epoch_state_read(const char *path, struct vouch_epoch_state *ret_state,
                                          int *ret_found, struct vouch_fault *fault);

// Writes it by rename, synced.
VOUCH_MUST_USE int vouch_epoch_state_write(const char *path, const struct vouch_epoch_state *state,
                                           struct vouch_fault *fault);

// What tells the records file of a ledger's folder from a copy of it.
VOUCH_MUST_USE int vouch_epoch_records_file(const char *ledger_dir, uint64_t *ret_identity,
                                            struct vouch_fault *fault);

// What is known when the signer opens.
struct vouch_epoch_facts {
    const struct vouch_epoch_state *state; // NULL: there is no state file
    uint64_t ledger_serial;                // the highest in the ledger
    uint64_t ledger_epoch;                 // the highest that its last records speak of; 0: none do
    uint64_t ledger_size;
    uint64_t ledger_file;
    int ends_with_stop; // nonzero: its last record is "signer.stop"
    uint64_t now_ms;
    uint8_t chance; // random: two copies that are put back at once shall not choose alike
};

enum vouch_epoch_reason {
    VOUCH_EPOCH_START = 0, // the first start, or one long after a clean stop
    VOUCH_EPOCH_UNCLEAN,   // the last stop was not a clean one
    VOUCH_EPOCH_RESTORED,  // ledger and state are not of one life
    VOUCH_EPOCH_GOES_ON,   // no new epoch
};

struct vouch_epoch_choice {
    enum vouch_epoch_reason reason;
    uint64_t epoch;
    uint64_t serial; // the last one given: the next is one above
};

// Pure. V-1608 if there is no epoch left.
VOUCH_MUST_USE int vouch_epoch_decide(const struct vouch_epoch_facts *facts,
                                      struct vouch_epoch_choice *ret_choice,
                                      struct vouch_fault *fault);

// "start", "unclean", "restored", "goes-on".
const char *vouch_epoch_reason_text(enum vouch_epoch_reason reason);
