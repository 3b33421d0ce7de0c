// SPDX-License-Identifier: ISC
// Inside of an open ledger, for the files of this module that write it.
#pragma once

#include "ledger/derived.h"
#include "ledger/ledger.h"

struct vouch_ledger {
    char *dir; // for messages
    int dir_fd;
    int lock_fd;
    int records_fd;
    struct vouch_hasher *hasher;
    struct vouch_verifier verifier;
    struct vouch_derived derived; // as of the last checkpoint

    // Since the last checkpoint: leaf hashes, and the offset of each record that begins a bundle.
    struct vouch_buf leaves;
    struct vouch_buf bundles; // uint64_t each

    uint64_t size;
    uint64_t end;       // offset behind the last record
    uint64_t allocated; // offset up to which the file holds zeros to be written over
    uint64_t time_ms;   // of the last record
    uint64_t serial_high;

    struct vouch_buf batch; // entries on their way to the file
    int poisoned;           // a write or sync failed: nothing works any more
};

// An empty one with nothing open; NULL when memory is short. Freed by vouch_ledger_close().
struct vouch_ledger *vouch_ledger_alloc(const char *dir);

// Keeps, for the next checkpoint, the leaf of a record and, if it begins a bundle, its offset.
VOUCH_MUST_USE int vouch_ledger_note(struct vouch_ledger *ledger, uint64_t number,
                                     struct vouch_bytes entry, uint64_t offset);

// Brings a ledger whose folder is open and locked, and whose verifier is known, to the end of its
// records: index, tiles, torn end.
VOUCH_MUST_USE int vouch_ledger_recover(struct vouch_ledger *ledger, struct vouch_fault *fault);

// Makes index and tiles anew for the checkpoint, after proving that the records give its root.
VOUCH_MUST_USE int vouch_ledger_rederive(struct vouch_ledger *ledger,
                                         const struct vouch_checkpoint *checkpoint,
                                         struct vouch_fault *fault);

// One certificate that is asked for: recorded already?
struct vouch_serial_query {
    uint64_t serial;
    struct vouch_bytes ca;
    int found;
};

// Walks over all records and marks the queries that are found. Sorts them by serial and CA first.
VOUCH_MUST_USE int vouch_ledger_find_serials(struct vouch_ledger *ledger,
                                             struct vouch_serial_query *queries, size_t count,
                                             struct vouch_fault *fault);
int vouch_serial_query_compare(const void *a, const void *b);

// Faults about this folder: V-1502 with the text after "ledger DIR: ", V-1503 for a file of it.
int vouch_ledger_bad(const char *dir, struct vouch_fault *fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int vouch_ledger_io(const char *dir, const char *file, int err, struct vouch_fault *fault);
