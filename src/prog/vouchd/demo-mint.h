// SPDX-License-Identifier: ISC
// The ledger of a demonstration: records with their times of the past, and certificates that its CA keys
// really sign.
//
// It is alone with the folder: the server starts when this is closed. What it leaves is what a signer
// leaves that was stopped cleanly, and is proven like any other ledger.
#pragma once

#include "ledger/ledger.h"
#include "vouch/cert.h"

#define VOUCH_DEMO_BATCH 4096u // records of one append

// One record to be; what it points to must live until the batch is put.
struct vouch_demo_entry {
    struct vouch_record record; // its kind: CERT is signed, from the spec
    struct vouch_cert_spec spec;
};

struct vouch_demo_mint;

// Opens the ledger and the keys of the server in `dir`, which its unlock file opens; records that the signer
// began at `time_ms`.
VOUCH_MUST_USE int vouch_demo_mint_open(const char *dir, uint64_t time_ms,
                                        struct vouch_demo_mint **ret_mint,
                                        struct vouch_fault *fault);
// Takes NULL; without vouch_demo_mint_end() the ledger looks like that of a crash.
void vouch_demo_mint_close(struct vouch_demo_mint *mint);

// The next serial, which is given away.
uint64_t vouch_demo_mint_serial(struct vouch_demo_mint *mint);
// How many records there are.
uint64_t vouch_demo_mint_size(const struct vouch_demo_mint *mint);
// A CA key; borrowed.
const struct vouch_key *vouch_demo_mint_ca(const struct vouch_demo_mint *mint,
                                           enum vouch_cert_type type);

// Signs the certificates among them, by two threads, and appends all in their order. At most
// VOUCH_DEMO_BATCH.
VOUCH_MUST_USE int vouch_demo_mint_put(struct vouch_demo_mint *mint,
                                       struct vouch_demo_entry *entries, size_t count,
                                       struct vouch_fault *fault);

// Records that the signer stopped at `time_ms`, signs the checkpoint, and leaves the signer's state.
VOUCH_MUST_USE int vouch_demo_mint_end(struct vouch_demo_mint *mint, uint64_t time_ms,
                                       struct vouch_fault *fault);
