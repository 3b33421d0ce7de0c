// SPDX-License-Identifier: ISC
// The ledger: the append-only truth of what a CA issued, provable offline from its folder.
//
// Format: doc/ledger.md. One process at a time appends (a lock sees to it); any number read meanwhile.
// What is appended is on the disk when vouch_ledger_append() returns 0, and only then may a
// certificate leave. Proofs are in ledger/verify.h. A ledger belongs to one thread.
#pragma once

#include "base/fault.h"
#include "ledger/checkpoint.h"
#include "ledger/record.h"

struct vouch_ledger;

#define VOUCH_LEDGER_BATCH_MAX 65536                  // records of one append
#define VOUCH_LEDGER_BATCH_BYTES (32u * 1024 * 1024)  // and their bytes
#define VOUCH_LEDGER_UNCHECKED_MAX (2u * 1024 * 1024) // records between two checkpoints
#define VOUCH_LEDGER_CLOCK_BACK_MS 5000               // how far the clock may be behind

struct vouch_ledger_new {
    const char *dir;    // must not exist, or be an empty folder; its parent must exist
    const char *origin; // the ledger's name: see vouch_origin_is()
    const struct vouch_private_key *checkpoint_key; // Ed25519
    struct vouch_bytes actor;
    // The first records after "ledger.new", such as "ca.key.new" for each CA key. Filled in as by
    // vouch_ledger_append().
    struct vouch_record *records;
    size_t count;
    uint64_t time_ms; // of "ledger.new"; 0: now
};

// Makes a ledger with its first checkpoint; on failure nothing of it is left.
VOUCH_MUST_USE int vouch_ledger_create(const struct vouch_ledger_new *what,
                                       struct vouch_fault *fault);

struct vouch_ledger_open {
    const char *dir;
    unsigned wait_ms; // for the lock, when another process has the ledger open
    // Who must have signed the checkpoint; NULL: the key in the folder itself.
    const struct vouch_key *checkpoint_key;
};

// Opens a ledger for appending, in a time that hardly grows with its size. Cuts off what a crash left
// half-written after the last checkpoint (and appends a record that says so), and makes index and tiles
// anew where they do not fit. Refuses (V-1502) when records that the checkpoint covers are missing or
// altered, as far as that shows without reading all of them; V-1501 when the lock is not to be had.
VOUCH_MUST_USE int vouch_ledger_open(const struct vouch_ledger_open *what,
                                     struct vouch_ledger **ret_ledger, struct vouch_fault *fault);

// Unlocks and frees; takes NULL. Records after the last checkpoint are safe on the disk, but nothing
// vouches for them until the next one.
void vouch_ledger_close(struct vouch_ledger *ledger);

// Appends all of `records` with one write and one sync, or none. Fills in number, serial_high and, where
// it is 0, time_ms of each. The clock (or a given time) may be up to VOUCH_LEDGER_CLOCK_BACK_MS behind
// the last record and then counts as that record's; more is refused (V-1306). A certificate's serial
// must be new for its CA (V-1304; 0 means not numbered and is exempt): that is known at once for one
// above vouch_ledger_last_serial(), and takes a walk over all records for others.
//
// When a write or sync fails (V-1503) it is unknown what is on the disk, and every later call on this
// ledger fails as well: close it. Other faults leave it as it was.
VOUCH_MUST_USE int vouch_ledger_append(struct vouch_ledger *ledger, struct vouch_record *records,
                                       size_t count, struct vouch_fault *fault);

// Writes index and tiles, and signs a checkpoint over all records. A few file writes and one sync, so
// once a second or once a run, not once a record. Does nothing if the last checkpoint covers all.
VOUCH_MUST_USE int vouch_ledger_checkpoint(struct vouch_ledger *ledger,
                                           const struct vouch_private_key *key,
                                           struct vouch_fault *fault);

// Records in the ledger, and how many of them the last checkpoint covers.
uint64_t vouch_ledger_size(const struct vouch_ledger *ledger);
uint64_t vouch_ledger_checkpoint_size(const struct vouch_ledger *ledger);

// The highest serial in any certificate of this ledger, 0 if there is none; the last record's time.
uint64_t vouch_ledger_last_serial(const struct vouch_ledger *ledger);
uint64_t vouch_ledger_last_time_ms(const struct vouch_ledger *ledger);

// The ledger's name; borrowed from the ledger.
const char *vouch_ledger_origin(const struct vouch_ledger *ledger);

// Whether a certificate with that serial by that CA key (its blob) is recorded: *ret_found is 1 or 0.
// Walks over all records unless the serial is above the highest.
VOUCH_MUST_USE int vouch_ledger_has_serial(struct vouch_ledger *ledger, struct vouch_bytes ca,
                                           uint64_t serial, int *ret_found,
                                           struct vouch_fault *fault);

// Reading needs no lock and works while another process appends. It proves nothing: verify.h does.
struct vouch_ledger_reader;

// Begins at record `first` (0: the oldest; beyond the end: none is found until it is written).
VOUCH_MUST_USE int vouch_ledger_reader_open(const char *dir, uint64_t first,
                                            struct vouch_ledger_reader **ret_reader,
                                            struct vouch_fault *fault);
void vouch_ledger_reader_close(struct vouch_ledger_reader *reader);

// The next whole record: *ret_found is 1 and the record's slices are good until the next call; or 0 at
// the end, where a later call finds what has been appended since. V-1502 if a record that the
// checkpoint covered when the reader was opened is damaged or missing.
VOUCH_MUST_USE int vouch_ledger_reader_next(struct vouch_ledger_reader *reader,
                                            struct vouch_record *ret_record, int *ret_found,
                                            struct vouch_fault *fault);
