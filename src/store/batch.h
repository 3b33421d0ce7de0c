// SPDX-License-Identifier: ISC
// Indexing the ledger: records in batches, by the one thread that writes.
//
// Each record is indexed exactly once: the database remembers how many it has, in the same transaction.
#pragma once

#include "store/audit.h"
#include "store/certs.h"
#include "store/krls.h"

#define VOUCH_STORE_BATCH_MAX 4096 // records

// The request that a certificate was issued for: see idempotency.h.
struct vouch_store_once {
    uint8_t key[VOUCH_STORE_HASH_LEN];     // SHA-256 of who asked and the key they gave
    uint8_t request[VOUCH_STORE_HASH_LEN]; // SHA-256 of what they asked
    uint64_t expires_s;
};

// One record of the ledger: a certificate or an event, never both. number and time_ms are in there.
struct vouch_store_record {
    const struct vouch_store_cert *cert;
    const struct vouch_store_once *once; // with a certificate, if its request gave a key

    const struct vouch_store_event *event;
    // With an event, if it revokes: number, time_ms and actor come from the event. One that is there
    // already stays as it is.
    const struct vouch_store_revocation *revocation;
};

struct vouch_store_batch {
    struct vouch_bytes origin; // the ledger's name
    const struct vouch_store_record *records;
    size_t count;
};

// Indexes records that follow each other without a gap, all or none. Those that the database has are
// passed over, so a batch may be given again after any failure. The first record must not lie beyond
// the database's position (V-1999), and the origin must be that of the records before (V-1702). A
// batch is durable at once if it revokes; otherwise after a power cut some batches may be missing at
// the end, and the position says which.
VOUCH_MUST_USE int vouch_store_write_batch(struct vouch_store *store,
                                           const struct vouch_store_batch *batch,
                                           struct vouch_fault *fault);
