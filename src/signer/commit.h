// SPDX-License-Identifier: ISC
// The queue to the ledger: records of all lanes, written in the order of their serials, many with one
// sync.
//
// A lane numbers its certificate, builds it, and says that it is ready; the pen, a thread of its own,
// appends all that are ready from the head of the queue, and only then tells their owners. A certificate
// that is still being built holds back what is behind it, so an epoch has no gaps. The pen signs the
// checkpoints as well. When the ledger cannot be written the process ends, at once.
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "ledger/ledger.h"
#include "signer/limits.h"
#include "signer/serve.h"

// One record on its way. The owner keeps it, and all that `record` points to, until it is told.
struct vouch_commit_entry {
    struct vouch_record record; // filled in by the owner; number and time_ms by the pen
    // Called on the pen's thread when the record is durable; it must not block. The entry is the
    // owner's again from then on.
    void (*done)(struct vouch_commit_entry *entry);
    uint64_t serial; // 0: an event
    struct vouch_commit_entry *next;
    int is_ready;
};

struct vouch_commit {
    struct vouch_ledger *ledger;                    // borrowed; the pen's while it runs
    const struct vouch_private_key *checkpoint_key; // borrowed
    vouch_signer_die_fn *die;
    void *die_context;

    pthread_mutex_t lock; // of what follows
    pthread_cond_t wake;  // the pen's
    struct vouch_commit_entry *head, *tail;
    struct vouch_signer_rate rate;
    uint64_t serial;     // the last one given
    uint64_t serial_max; // of this epoch
    int is_waiting;      // the pen is
    int is_stopping;
    int has_pen;
    pthread_t pen;
    struct vouch_record *batch; // the pen's own

    // As of the last sync; for any thread.
    _Atomic uint64_t time_ms, size, recorded_serial, checkpoint_size;
};

struct vouch_commit_what {
    struct vouch_ledger *ledger;
    const struct vouch_private_key *checkpoint_key;
    uint64_t serial; // the last one given
    uint64_t serial_max;
    uint64_t rate_per_s;
    vouch_signer_die_fn *die;
    void *die_context;
};
// Begins a queue without a pen.
VOUCH_MUST_USE int vouch_commit_init(struct vouch_commit *commit,
                                     const struct vouch_commit_what *what,
                                     struct vouch_fault *fault);
void vouch_commit_done(
    struct vouch_commit *commit); // takes a zeroed struct; the pen must have stopped

// Starts the pen if it does not run yet. V-1602 after vouch_commit_stop(), as for all that comes then.
VOUCH_MUST_USE int vouch_commit_start(struct vouch_commit *commit, struct vouch_fault *fault);

// Waits until all that was queued is written, and ends the pen for good.
void vouch_commit_stop(struct vouch_commit *commit);

// Gives the entry the next serial and a place in the queue; or REFUSED (rate, epoch used up). An entry
// that was given a serial must become ready.
VOUCH_MUST_USE int vouch_commit_number(struct vouch_commit *commit,
                                       struct vouch_commit_entry *entry,
                                       enum vouch_signer_outcome *ret_outcome,
                                       struct vouch_signer_refusal *ret_refusal,
                                       struct vouch_fault *fault);

// Says that an entry with a serial is whole; or queues an event.
void vouch_commit_ready(struct vouch_commit *commit, struct vouch_commit_entry *entry);
VOUCH_MUST_USE int vouch_commit_event(struct vouch_commit *commit, struct vouch_commit_entry *entry,
                                      struct vouch_fault *fault);
// Queues a second event right behind the first, or neither: the first is told before the second.
VOUCH_MUST_USE int vouch_commit_two_events(struct vouch_commit *commit,
                                           struct vouch_commit_entry *first,
                                           struct vouch_commit_entry *second,
                                           struct vouch_fault *fault);

// For the thread that owns the engine while no pen runs: appends records; or the last one, whatever the
// clock says, with a checkpoint behind it.
VOUCH_MUST_USE int vouch_commit_directly(struct vouch_commit *commit, struct vouch_record *records,
                                         size_t count, struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_commit_last(struct vouch_commit *commit, struct vouch_record *record,
                                     struct vouch_fault *fault);
