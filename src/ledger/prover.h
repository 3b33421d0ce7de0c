// SPDX-License-Identifier: ISC
// Inside of a verification: what it knows so far, shared by the verify-*.c files.
#pragma once

#include "core/cert-view.h"
#include "ledger/authorities.h"
#include "ledger/logins.h"
#include "ledger/scan.h"
#include "ledger/tile.h"

// An older checkpoint, and the root that the records gave when they were that many.
struct vouch_prover_past {
    int given;
    int reached;
    struct vouch_checkpoint checkpoint;
    struct vouch_tree_hash root;
};

// A certificate that is looked for; they are sorted by serial.
struct vouch_prover_wanted {
    struct vouch_ledger_wanted wanted;
    struct vouch_cert_view cert;
    int found;
    int other; // the serial is recorded for another certificate: `number` tells where
    uint64_t number;
};

struct vouch_prover {
    const struct vouch_ledger_verify *what;
    struct vouch_ledger_report report;
    struct vouch_findings *findings; // &report.findings

    int dir_fd;
    int records_fd;
    struct vouch_hasher *hasher;
    struct vouch_tree tree; // of the records read so far
    struct vouch_scan scan; // stands behind them
    struct vouch_buf index; // as it must be for them

    int has_verifier;
    struct vouch_verifier verifier;
    int has_checkpoint; // a good one, in `checkpoint`
    struct vouch_checkpoint checkpoint;
    char *origin; // owned: what checkpoint.origin points to
    struct vouch_prover_past past;

    uint64_t time_ms;
    uint64_t serial_high;
    int grew; // a newer checkpoint came while we were reading: a CA is at work
    int lost; // the records cannot be followed any further
    // Full tiles are compared up to this many records: behind the checkpoint there are none.
    uint64_t tiles_to;

    struct vouch_authorities authorities;
    struct vouch_logins logins;
    struct vouch_prover_wanted *wanted; // owned
};

// verify-records.c: reads and judges records until there are `limit` of them, the file ends, or they are
// lost. An error is a failure to verify.
VOUCH_MUST_USE int vouch_prover_read(struct vouch_prover *prover, uint64_t limit);

// verify-certs.c: judges one recorded certificate whose signature has been verified already.
VOUCH_MUST_USE int vouch_prover_cert(struct vouch_prover *prover, const struct vouch_record *record,
                                     const struct vouch_cert_view *cert);
VOUCH_MUST_USE int vouch_prover_want(struct vouch_prover *prover);
void vouch_prover_check_wanted(struct vouch_prover *prover);

// verify-files.c: compares index, tiles and the names of all files with what the records so far give.
VOUCH_MUST_USE int vouch_prover_check_files(struct vouch_prover *prover,
                                            struct vouch_findings *findings);
// One tile that the last record filled up.
VOUCH_MUST_USE int vouch_prover_check_tile(struct vouch_prover *prover, unsigned level,
                                           struct vouch_findings *findings);

// verify-anchors.c: vkey, checkpoint, older checkpoint.
VOUCH_MUST_USE int vouch_prover_read_vkey(struct vouch_prover *prover);
VOUCH_MUST_USE int vouch_prover_read_past(struct vouch_prover *prover);
// Reads the checkpoint as it is now. *ret_newer is 1 if it is good and covers more than the one before.
VOUCH_MUST_USE int vouch_prover_read_checkpoint(struct vouch_prover *prover, int *ret_newer,
                                                struct vouch_findings *findings);
// Compares the root of the records so far with the checkpoint's.
VOUCH_MUST_USE int vouch_prover_check_root(struct vouch_prover *prover);
void vouch_prover_check_past(struct vouch_prover *prover);
