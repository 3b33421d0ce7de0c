// SPDX-License-Identifier: ISC
// Proving a ledger offline, from its folder alone.
//
// Everything that is derived is computed anew from the records and compared byte for byte; nothing in the
// folder is written. It works on a copy and on the folder of a running CA. What it proves, and what
// only an outside anchor (a vkey, an older checkpoint) can prove, is in doc/ledger.md.
#pragma once

#include "base/fault.h"
#include "ledger/checkpoint.h"

// The zero value: not proven.
enum vouch_ledger_verdict { VOUCH_LEDGER_NOT_PROVEN = 0, VOUCH_LEDGER_PROVEN = 1 };

enum vouch_finding_kind {
    VOUCH_FINDING_NONE = 0,
    VOUCH_FINDING_FOLDER, // a file that is missing, is not a file, or does not belong here
    VOUCH_FINDING_KEY, // checkpoint.vkey, or the key in record 0, is broken or not the expected one
    VOUCH_FINDING_CHECKPOINT, // broken, its signature does not verify, or its root is not the records'
    VOUCH_FINDING_CONSISTENCY, // the older checkpoint is not of a past of this ledger
    VOUCH_FINDING_FRAME,       // lengths or bytes of the records file that make no record
    VOUCH_FINDING_RECORD,      // a record that is damaged or out of order
    VOUCH_FINDING_UNCOVERED,   // records that no checkpoint covers
    VOUCH_FINDING_CERT,      // a recorded certificate that is broken or of no CA key of this ledger
    VOUCH_FINDING_SERIAL,    // a serial given twice, or a wrong highest serial
    VOUCH_FINDING_INDEX,     // the index is not what the records give
    VOUCH_FINDING_TILE,      // a tile is not what the records give
    VOUCH_FINDING_INCLUSION, // a given certificate is not in the ledger
    VOUCH_FINDING_LOGIN,     // a login with a certificate that is not in the ledger
    VOUCH_FINDING_KINDS,
};

struct vouch_finding {
    enum vouch_finding_kind kind;
    char where[128]; // "record 17", "tile/0/003", "sshd log line 12"; printable
    char what[320];  // one sentence without a full stop; printable
};

#define VOUCH_FINDINGS_MAX 1000 // that are kept; the total goes on counting

struct vouch_findings {
    struct vouch_finding *rows; // owned
    size_t count;
    uint64_t total;
};

struct vouch_ledger_report {
    enum vouch_ledger_verdict verdict;
    char origin[VOUCH_ORIGIN_MAX + 1]; // "" if it could not be read
    uint64_t size;                     // of the checkpoint that was proven, or failed to be
    struct vouch_tree_hash root;       // as computed from the records
    uint64_t records;                  // that were read, and of what kinds
    uint64_t certs;
    uint64_t events;
    uint64_t logins; // lines of the sshd log about certificates, and about plain keys
    uint64_t plain_logins;
    struct vouch_findings findings;
};

// Frees what a report holds; takes NULL and a zeroed struct.
void vouch_ledger_report_done(struct vouch_ledger_report *report);

// A certificate whose record is looked for, and what to call it.
struct vouch_ledger_wanted {
    const char *name;
    struct vouch_bytes blob;
};

// How far a long run has come. The records of a ledger that grows may come to more than `total`.
typedef void vouch_ledger_progress_fn(void *context, uint64_t done, uint64_t total);

// A running CA is between two checkpoints most of the time: this is how long to wait for the next.
#define VOUCH_LEDGER_SETTLE_MS 2000

struct vouch_ledger_verify {
    const char *dir;
    const char *vkey;                  // who must have signed; NULL: the folder's own word
    struct vouch_bytes old_checkpoint; // a signed note from an earlier day; empty: none
    const struct vouch_ledger_wanted *wanted;
    size_t wanted_count;
    struct vouch_bytes sshd_log; // its text; empty: none
    unsigned settle_ms; // 0: the folder is at rest, whatever does not fit is a finding at once
    unsigned threads;   // 0: as many as there are processors
    vouch_ledger_progress_fn *progress; // may be NULL
    void *progress_context;
};

// Verifies a ledger. 0 means that it ran to its end, and the verdict with the findings is in
// *ret_report: PROVEN only if there is no finding. Anything else is a failure to verify (a disk that
// cannot be read, no memory, an option that is no vkey) and proves nothing either way.
VOUCH_MUST_USE int vouch_ledger_verify(const struct vouch_ledger_verify *what,
                                       struct vouch_ledger_report *ret_report,
                                       struct vouch_fault *fault);

// A stable lower-case word for a kind, such as "checkpoint". A constant.
const char *vouch_finding_text(enum vouch_finding_kind kind);
