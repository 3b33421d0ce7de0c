// SPDX-License-Identifier: ISC
// Index and tiles made anew from the records, which first must prove the checkpoint.
#include <inttypes.h>

#include "ledger/scan.h"
#include "ledger/state.h"

// Goes over the first `size` records in a tree of its own and refuses what is damaged, so that nothing is
// thrown away on the word of records that are wrong themselves.
static int prove(struct vouch_ledger *ledger, const struct vouch_checkpoint *checkpoint,
                 struct vouch_scan *scan, struct vouch_fault *fault) {
    struct vouch_tree *tree = &ledger->derived.tree;
    struct vouch_tree_hash hash;
    vouch_tree_clear(tree);
    for (uint64_t number = 0; number < checkpoint->size; number++) {
        enum vouch_scan_outcome outcome = VOUCH_SCAN_END;
        struct vouch_bytes entry = {0};
        struct vouch_record record;
        int err = vouch_scan_next(scan, &outcome, &entry);
        if (err != VOUCH_OK) {
            return vouch_ledger_io(ledger->dir, VOUCH_LEDGER_RECORDS, err, fault);
        }
        if (outcome == VOUCH_SCAN_END) {
            return vouch_ledger_bad(ledger->dir, fault,
                                    "records: ends after %" PRIu64
                                    " records, but the checkpoint covers %" PRIu64,
                                    number, checkpoint->size);
        }
        if (outcome == VOUCH_SCAN_TORN ||
            vouch_record_decode(entry, ledger->hasher, &record, NULL) != VOUCH_OK ||
            record.number != number) {
            return vouch_ledger_bad(ledger->dir, fault, "records: record %" PRIu64 " is damaged",
                                    number);
        }
        vouch_hasher_leaf(ledger->hasher, entry, &hash);
        vouch_tree_add(tree, &hash);
    }
    vouch_tree_root(tree, &hash);
    int err = vouch_hasher_error(ledger->hasher);
    if (err != VOUCH_OK) {
        return vouch_ledger_io(ledger->dir, VOUCH_LEDGER_RECORDS, err, fault);
    }
    if (memcmp(&hash, &checkpoint->root, sizeof hash) != 0) {
        return vouch_ledger_bad(ledger->dir, fault,
                                "records: do not give the root that the checkpoint has");
    }
    return VOUCH_OK;
}

static int derive(struct vouch_ledger *ledger, uint64_t size, struct vouch_scan *scan) {
    int err = vouch_derived_reset(&ledger->derived);
    for (uint64_t number = 0; number < size && err == VOUCH_OK; number++) {
        enum vouch_scan_outcome outcome = VOUCH_SCAN_END;
        struct vouch_bytes entry = {0};
        struct vouch_tree_hash leaf;
        uint64_t offset = scan->offset;
        err = vouch_scan_next(scan, &outcome, &entry);
        if (err == VOUCH_OK && outcome != VOUCH_SCAN_ENTRY) {
            err = VOUCH_ERR_CORRUPT; // it was there a moment ago
        }
        if (err == VOUCH_OK) {
            vouch_hasher_leaf(ledger->hasher, entry, &leaf);
            err = vouch_derived_add(&ledger->derived, &leaf, offset);
        }
    }
    return err != VOUCH_OK ? err : vouch_derived_flush(&ledger->derived);
}

int vouch_ledger_rederive(struct vouch_ledger *ledger, const struct vouch_checkpoint *checkpoint,
                          struct vouch_fault *fault) {
    struct vouch_scan scan;
    int err = vouch_scan_init(&scan, ledger->records_fd, 0);
    if (err != VOUCH_OK) {
        return vouch_ledger_io(ledger->dir, VOUCH_LEDGER_RECORDS, err, fault);
    }
    err = prove(ledger, checkpoint, &scan, fault);
    if (err == VOUCH_OK) {
        vouch_scan_seek(&scan, 0);
        err = derive(ledger, checkpoint->size, &scan);
        err = err != VOUCH_OK ? vouch_ledger_io(ledger->dir, VOUCH_LEDGER_TILES, err, fault)
                              : VOUCH_OK;
    }
    vouch_scan_done(&scan);
    return err;
}
