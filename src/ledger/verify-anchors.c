// SPDX-License-Identifier: ISC
// What a verification measures the records by: the key, the checkpoint, an older checkpoint.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ledger/prover.h"

#define VKEY_MAX 1024

static int expected_vkey(struct vouch_prover *prover) {
    uint8_t memory[VKEY_MAX];
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, memory, sizeof memory);
    vouch_verifier_print(&prover->verifier, &text);
    return text.err == VOUCH_OK &&
           vouch_bytes_equal(vouch_buf_bytes(&text), vouch_bytes_of(prover->what->vkey));
}

// The folder's vkey, which must be one line, and the expected one if there is any.
int vouch_prover_read_vkey(struct vouch_prover *prover) {
    uint8_t memory[VKEY_MAX];
    struct vouch_buf text;
    const char *where = VOUCH_LEDGER_VKEY;
    vouch_buf_init_fixed(&text, memory, sizeof memory);
    int err = vouch_folder_read(prover->dir_fd, VOUCH_LEDGER_VKEY, sizeof memory, &text);
    if (err == VOUCH_ERR_IO || err == VOUCH_ERR_PERMISSION) {
        return err;
    }
    if (err == VOUCH_OK) {
        err = VOUCH_ERR_FORMAT;
        if (text.len > 0 && memory[text.len - 1] == '\n') {
            err =
                vouch_verifier_parse(&prover->verifier, (struct vouch_bytes){memory, text.len - 1});
        }
    }
    if (vouch_is_failure(err)) {
        return err;
    }
    if (err != VOUCH_OK) {
        vouch_findings_add(prover->findings, VOUCH_FINDING_KEY, where, "is no vkey: %s",
                           vouch_err_text(err));
        return VOUCH_OK;
    }
    prover->has_verifier = 1;
    (void)snprintf(prover->report.origin, sizeof prover->report.origin, "%s",
                   prover->verifier.name);
    if (prover->what->vkey != NULL && !expected_vkey(prover)) {
        vouch_findings_add(prover->findings, VOUCH_FINDING_KEY, where,
                           "is not the key that was asked for");
    }
    return VOUCH_OK;
}

int vouch_prover_read_past(struct vouch_prover *prover) {
    struct vouch_where why = {0};
    struct vouch_bytes note = prover->what->old_checkpoint;
    if (note.len == 0 || !prover->has_verifier) {
        return VOUCH_OK;
    }
    int err = vouch_checkpoint_verify(note, &prover->verifier, VOUCH_CHECKPOINT_ANY,
                                      &prover->past.checkpoint, &why);
    if (vouch_is_failure(err)) {
        return err;
    }
    if (err != VOUCH_OK) {
        vouch_findings_add(prover->findings, VOUCH_FINDING_CONSISTENCY, "older checkpoint", "%s %s",
                           why.field, why.reason);
        return VOUCH_OK;
    }
    prover->past.given = 1;
    if (prover->past.checkpoint.size == 0) {
        vouch_tree_root(&prover->tree, &prover->past.root);
        prover->past.reached = 1;
    }
    return VOUCH_OK;
}

// Takes over a good checkpoint; its origin outlives the note.
static int adopt(struct vouch_prover *prover, const struct vouch_checkpoint *checkpoint) {
    char *origin = vouch_str_copy(checkpoint->origin);
    if (origin == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    free(prover->origin);
    prover->origin = origin;
    prover->checkpoint = *checkpoint;
    prover->checkpoint.origin = vouch_bytes_of(origin);
    prover->has_checkpoint = 1;
    return VOUCH_OK;
}

static int judge(struct vouch_prover *prover, struct vouch_bytes note, int *ret_newer,
                 struct vouch_findings *findings) {
    struct vouch_checkpoint checkpoint;
    struct vouch_where why = {0};
    int err =
        vouch_checkpoint_verify(note, &prover->verifier, VOUCH_CHECKPOINT_OWN, &checkpoint, &why);
    if (vouch_is_failure(err)) {
        return err;
    }
    if (err != VOUCH_OK) {
        vouch_findings_add(findings, VOUCH_FINDING_CHECKPOINT, VOUCH_LEDGER_CHECKPOINT, "%s %s",
                           why.field, why.reason);
        return VOUCH_OK;
    }
    if (prover->has_checkpoint && checkpoint.size < prover->checkpoint.size) {
        vouch_findings_add(findings, VOUCH_FINDING_CHECKPOINT, VOUCH_LEDGER_CHECKPOINT,
                           "went back from %" PRIu64 " records to %" PRIu64,
                           prover->checkpoint.size, checkpoint.size);
        return VOUCH_OK;
    }
    if (prover->has_checkpoint && checkpoint.size == prover->checkpoint.size) {
        return VOUCH_OK;
    }
    err = adopt(prover, &checkpoint);
    *ret_newer = err == VOUCH_OK;
    return err;
}

int vouch_prover_read_checkpoint(struct vouch_prover *prover, int *ret_newer,
                                 struct vouch_findings *findings) {
    struct vouch_buf note;
    vouch_buf_init(&note, VOUCH_CHECKPOINT_MAX);
    *ret_newer = 0;
    int err =
        vouch_folder_read(prover->dir_fd, VOUCH_LEDGER_CHECKPOINT, VOUCH_CHECKPOINT_MAX, &note);
    if (err == VOUCH_ERR_NOT_FOUND || err == VOUCH_ERR_MISMATCH || err == VOUCH_ERR_LIMIT ||
        err == VOUCH_ERR_TRUNCATED) {
        vouch_findings_add(findings, VOUCH_FINDING_CHECKPOINT, VOUCH_LEDGER_CHECKPOINT,
                           "cannot be read: %s", vouch_err_text(err));
        err = VOUCH_OK;
    } else if (err == VOUCH_OK && prover->has_verifier) {
        err = judge(prover, vouch_buf_bytes(&note), ret_newer, findings);
    }
    vouch_buf_done(&note);
    return err;
}

int vouch_prover_check_root(struct vouch_prover *prover) {
    vouch_tree_root(&prover->tree, &prover->report.root);
    if (memcmp(&prover->report.root, &prover->checkpoint.root, sizeof prover->report.root) != 0) {
        vouch_findings_add(prover->findings, VOUCH_FINDING_CHECKPOINT, VOUCH_LEDGER_CHECKPOINT,
                           "its root is not that of the %" PRIu64 " records it covers",
                           prover->checkpoint.size);
    }
    return vouch_hasher_error(prover->hasher);
}

void vouch_prover_check_past(struct vouch_prover *prover) {
    const struct vouch_prover_past *past = &prover->past;
    if (!past->given) {
        return;
    }
    if (!past->reached) {
        vouch_findings_add(prover->findings, VOUCH_FINDING_CONSISTENCY, "older checkpoint",
                           "covers %" PRIu64 " records, but the ledger has only %" PRIu64
                           ": it was cut or replaced by an older copy",
                           past->checkpoint.size, prover->tree.size);
    } else if (memcmp(&past->root, &past->checkpoint.root, sizeof past->root) != 0) {
        vouch_findings_add(prover->findings, VOUCH_FINDING_CONSISTENCY, "older checkpoint",
                           "the first %" PRIu64 " records are not those that it covers: the past "
                           "was changed",
                           past->checkpoint.size);
    }
}
