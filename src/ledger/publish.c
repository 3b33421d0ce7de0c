// SPDX-License-Identifier: ISC
// The checkpoint and all that stands beside it: index, tiles, signed note.
#include <errno.h>

#include "ledger/state.h"

static int add_pending(struct vouch_ledger *ledger) {
    struct vouch_derived *derived = &ledger->derived;
    size_t count = ledger->leaves.len / VOUCH_TREE_HASH_LEN;
    size_t bundle = 0;
    for (size_t i = 0; i < count; i++) {
        struct vouch_tree_hash leaf;
        uint64_t offset = 0;
        memcpy(leaf.bytes, ledger->leaves.ptr + i * sizeof leaf.bytes, sizeof leaf.bytes);
        if (derived->tree.size % VOUCH_TILE_WIDTH == 0) {
            memcpy(&offset, ledger->bundles.ptr + bundle * sizeof offset, sizeof offset);
            bundle++;
        }
        int err = vouch_derived_add(derived, &leaf, offset);
        if (err != VOUCH_OK) {
            return err;
        }
    }
    vouch_buf_clear(&ledger->leaves);
    vouch_buf_clear(&ledger->bundles);
    return vouch_derived_flush(derived);
}

static int write_note(struct vouch_ledger *ledger, const struct vouch_private_key *key) {
    struct vouch_checkpoint checkpoint = {.origin = vouch_bytes_of(ledger->verifier.name),
                                          .size = ledger->derived.tree.size};
    struct vouch_buf note;
    vouch_tree_root(&ledger->derived.tree, &checkpoint.root);
    vouch_buf_init(&note, VOUCH_CHECKPOINT_MAX);
    int err = vouch_hasher_error(ledger->hasher);
    if (err == VOUCH_OK) {
        err = vouch_checkpoint_sign(&checkpoint, &ledger->verifier, key, &note);
    }
    if (err == VOUCH_OK) {
        err = vouch_folder_replace(ledger->dir_fd, VOUCH_LEDGER_CHECKPOINT,
                                   VOUCH_LEDGER_CHECKPOINT_NEW, vouch_buf_bytes(&note));
    }
    vouch_buf_done(&note);
    return err;
}

static int publish(struct vouch_ledger *ledger, const struct vouch_private_key *key,
                   struct vouch_fault *fault) {
    const char *file = VOUCH_LEDGER_TILES;
    int err = add_pending(ledger);
    if (err == VOUCH_OK) {
        file = VOUCH_LEDGER_CHECKPOINT;
        err = write_note(ledger, key);
    }
    if (err == VOUCH_OK) {
        file = VOUCH_LEDGER_TILES;
        err = vouch_derived_clean(&ledger->derived);
    }
    return err != VOUCH_OK ? vouch_ledger_io(ledger->dir, file, err, fault) : VOUCH_OK;
}

int vouch_ledger_checkpoint(struct vouch_ledger *ledger, const struct vouch_private_key *key,
                            struct vouch_fault *fault) {
    if (ledger->poisoned) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_ledger_io,
                               "ledger %s: stopped after a failed write", ledger->dir);
    }
    if (!vouch_key_equal(ledger->verifier.key, vouch_private_key_public(key))) {
        return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_ca_key,
                               "ledger %s: the key is not the one that signs its checkpoints",
                               ledger->dir);
    }
    if (ledger->derived.tree.size == ledger->size) {
        return VOUCH_OK;
    }
    int err = publish(ledger, key, fault);
    // Tree and files may have parted ways: the next opening puts them together again.
    ledger->poisoned = err != VOUCH_OK;
    return err;
}
