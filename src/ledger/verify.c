// SPDX-License-Identifier: ISC
// Proving a ledger offline: the order of the steps, and the patience with a ledger that grows.
#include "ledger/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "ledger/prover.h"

#define SETTLE_POLL_NS 20000000L
#define INDEX_MAX ((size_t)1 << 36)

// Reads up to the checkpoint's size and compares the root.
static int cover(struct vouch_prover *prover) {
    prover->tiles_to = prover->checkpoint.size;
    // What was read ahead is older than this checkpoint, and may have been half-written then.
    vouch_scan_seek(&prover->scan, prover->scan.offset);
    int err = vouch_prover_read(prover, prover->checkpoint.size);
    if (err == VOUCH_OK && !prover->lost) {
        err = vouch_prover_check_root(prover);
    }
    return err;
}

// What stands behind the last record: only zeros may.
static int check_tail(struct vouch_prover *prover) {
    uint64_t end = 0;
    int err = vouch_scan_tail(prover->records_fd, prover->scan.offset, &end);
    if (err == VOUCH_OK && end != prover->scan.offset) {
        vouch_findings_add(prover->findings, VOUCH_FINDING_FRAME, VOUCH_LEDGER_RECORDS,
                           "holds %" PRIu64 " bytes behind the last record, at byte %" PRIu64
                           ", that are not zeros",
                           end - prover->scan.offset, prover->scan.offset);
    }
    return err;
}

// Records that no checkpoint covers; without any checkpoint, all of them.
static int read_rest(struct vouch_prover *prover) {
    uint64_t before = prover->tree.size;
    vouch_scan_seek(&prover->scan, prover->scan.offset);
    int err = vouch_prover_read(prover, UINT64_MAX);
    if (err == VOUCH_OK && prover->has_checkpoint && prover->tree.size > before) {
        char where[VOUCH_WHERE_MAX];
        vouch_findings_add(prover->findings, VOUCH_FINDING_UNCOVERED,
                           vouch_where_number(where, "record", before),
                           "and all after it (%" PRIu64 " records) are not covered by a checkpoint",
                           prover->tree.size - before);
    }
    return err == VOUCH_OK && !prover->lost ? check_tail(prover) : err;
}

// One look at the files beside the records and behind them. *ret_settled is 1 when nothing is left to
// wait for; else what does not fit is in `findings`.
static int look(struct vouch_prover *prover, struct vouch_findings *findings, int *ret_settled) {
    uint64_t end = 0;
    int err = vouch_prover_check_files(prover, findings);
    if (err == VOUCH_OK) {
        err = vouch_scan_tail(prover->records_fd, prover->scan.offset, &end);
    }
    *ret_settled = findings->total == 0 && (prover->grew || end == prover->scan.offset);
    return err;
}

struct patience {
    uint64_t deadline_ns;
    int late; // it has run out
};

// Looks for a newer checkpoint and reads on to it, or waits a little.
static int wait_for_next(struct vouch_prover *prover, struct patience *patience,
                         struct vouch_findings *findings) {
    int newer = 0;
    patience->late = vouch_time_monotonic_ns() >= patience->deadline_ns;
    int err = vouch_prover_read_checkpoint(prover, &newer, findings);
    if (err != VOUCH_OK) {
        return err;
    }
    if (newer) {
        prover->grew = 1;
        err = cover(prover);
        patience->late = 0;
        patience->deadline_ns =
            vouch_time_monotonic_ns() + (uint64_t)prover->what->settle_ms * 1000000;
    } else if (!patience->late) {
        struct timespec pause = {.tv_nsec = SETTLE_POLL_NS};
        (void)nanosleep(&pause, NULL);
    }
    return err;
}

// A running CA appends, makes tiles, and replaces the checkpoint, in this order and all the time. So
// whatever does not fit may fit with the next checkpoint: it counts only if none comes. Records behind
// a checkpoint that came while we were reading are that CA's next ones, and not judged.
static int settle(struct vouch_prover *prover) {
    struct vouch_findings found = {NULL, 0, 0};
    struct patience patience = {.deadline_ns = vouch_time_monotonic_ns() +
                                               (uint64_t)prover->what->settle_ms * 1000000};
    int settled = 0;
    int err = look(prover, &found, &settled);
    while (err == VOUCH_OK && !settled && !patience.late && !prover->lost) {
        vouch_findings_done(&found);
        err = wait_for_next(prover, &patience, &found);
        if (err == VOUCH_OK && !prover->lost) {
            err = look(prover, &found, &settled);
        }
    }
    vouch_findings_move(prover->findings, &found);
    if (err == VOUCH_OK && !settled && !prover->grew && !prover->lost) {
        err = read_rest(prover);
    }
    return err;
}

static int prove(struct vouch_prover *prover) {
    int newer = 0;
    int err = vouch_prover_read_checkpoint(prover, &newer, prover->findings);
    if (err != VOUCH_OK) {
        return err;
    }
    if (prover->has_checkpoint) {
        err = cover(prover);
        if (err == VOUCH_OK && !prover->lost) {
            err = settle(prover);
        }
    } else {
        prover->tiles_to = UINT64_MAX;
        err = read_rest(prover);
        if (err == VOUCH_OK && !prover->lost) {
            err = vouch_prover_check_files(prover, prover->findings);
        }
        vouch_tree_root(&prover->tree, &prover->report.root);
    }
    prover->report.size = prover->has_checkpoint ? prover->checkpoint.size : prover->tree.size;
    return err;
}

static int run(struct vouch_prover *prover) {
    int err = vouch_prover_read_vkey(prover);
    if (err == VOUCH_OK) {
        err = vouch_prover_read_past(prover);
    }
    if (err == VOUCH_OK) {
        err = vouch_prover_want(prover);
    }
    if (err == VOUCH_OK) {
        err = vouch_logins_read(&prover->logins, prover->what->sshd_log, prover->findings);
    }
    if (err == VOUCH_OK) {
        err = prove(prover);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    prover->report.logins = prover->logins.count;
    prover->report.plain_logins = prover->logins.plain;
    vouch_authorities_check(&prover->authorities, prover->findings);
    if (!prover->lost) { // else they would be called missing for being behind the damage
        vouch_prover_check_past(prover);
        vouch_prover_check_wanted(prover);
        vouch_logins_check(&prover->logins, &prover->authorities, prover->findings);
    }
    return vouch_hasher_error(prover->hasher);
}

static void done(struct vouch_prover *prover) {
    vouch_scan_done(&prover->scan);
    vouch_tree_done(&prover->tree);
    vouch_buf_done(&prover->index);
    vouch_verifier_done(&prover->verifier);
    vouch_authorities_done(&prover->authorities);
    vouch_logins_done(&prover->logins);
    vouch_hasher_free(prover->hasher);
    free(prover->wanted);
    free(prover->origin);
    if (prover->records_fd >= 0) {
        close(prover->records_fd);
    }
    if (prover->dir_fd >= 0) {
        close(prover->dir_fd);
    }
}

static int begin(struct vouch_prover *prover) {
    prover->hasher = vouch_hasher_new();
    vouch_buf_init(&prover->index, INDEX_MAX);
    if (prover->hasher == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    int err = vouch_tree_init(&prover->tree, prover->hasher);
    if (err == VOUCH_OK) {
        err = vouch_folder_open(prover->what->dir, &prover->dir_fd);
    }
    if (err == VOUCH_OK) {
        err = vouch_folder_open_file(prover->dir_fd, VOUCH_LEDGER_RECORDS, O_RDONLY,
                                     &prover->records_fd);
    }
    return err != VOUCH_OK ? err : vouch_scan_init(&prover->scan, prover->records_fd, 0);
}

static int failed(const struct vouch_ledger_verify *what, int err, struct vouch_fault *fault) {
    if (err == VOUCH_ERR_NO_MEMORY) {
        return vouch_fault_set(fault, err, &vouch_fault_memory, "ledger %s: no memory to verify it",
                               what->dir);
    }
    int from_system =
        err == VOUCH_ERR_IO || err == VOUCH_ERR_NOT_FOUND || err == VOUCH_ERR_PERMISSION;
    return vouch_fault_set(fault, err, &vouch_fault_read, "ledger %s: cannot verify it: %s",
                           what->dir, from_system ? strerror(errno) : vouch_err_text(err));
}

// A vkey that is none would never match, and look like an attack.
static int check_vkey(const struct vouch_ledger_verify *what, struct vouch_fault *fault) {
    struct vouch_verifier verifier = {{0}, {0}, NULL};
    int err =
        what->vkey == NULL ? VOUCH_OK : vouch_verifier_parse(&verifier, vouch_bytes_of(what->vkey));
    vouch_verifier_done(&verifier);
    return err == VOUCH_OK ? err
                           : vouch_fault_set(fault, err, &vouch_fault_input,
                                             "\"%s\" is no vkey (NAME+ID+KEY): %s", what->vkey,
                                             vouch_err_text(err));
}

int vouch_ledger_verify(const struct vouch_ledger_verify *what,
                        struct vouch_ledger_report *ret_report, struct vouch_fault *fault) {
    int err = check_vkey(what, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_prover *prover = calloc(1, sizeof *prover);
    if (prover == NULL) {
        return failed(what, VOUCH_ERR_NO_MEMORY, fault);
    }
    prover->what = what;
    prover->findings = &prover->report.findings;
    prover->dir_fd = -1;
    prover->records_fd = -1;
    err = begin(prover);
    if (err == VOUCH_OK) {
        err = run(prover);
    }
    if (err == VOUCH_OK) {
        // The last word, said once: only here can a verdict become PROVEN.
        if (prover->findings->total == 0 && prover->has_checkpoint && !prover->lost) {
            prover->report.verdict = VOUCH_LEDGER_PROVEN;
        }
        *ret_report = prover->report;
        prover->report.findings = (struct vouch_findings){NULL, 0, 0};
    } else {
        (void)failed(what, err, fault);
    }
    vouch_ledger_report_done(&prover->report);
    done(prover);
    free(prover);
    return err;
}
