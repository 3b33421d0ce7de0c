// SPDX-License-Identifier: ISC
// Getting to the end of the records when a ledger is opened: what the checkpoint covers, what was
// appended after it, and what a crash left half-written.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/str.h"
#include "base/time.h"
#include "ledger/scan.h"
#include "ledger/state.h"

static int read_checkpoint(struct vouch_ledger *ledger, struct vouch_buf *note,
                           struct vouch_checkpoint *ret_checkpoint, struct vouch_fault *fault) {
    struct vouch_where where = {0};
    int err =
        vouch_folder_read(ledger->dir_fd, VOUCH_LEDGER_CHECKPOINT, VOUCH_CHECKPOINT_MAX, note);
    if (err == VOUCH_ERR_NOT_FOUND) {
        return vouch_ledger_bad(ledger->dir, fault, "the file checkpoint is missing");
    }
    if (err != VOUCH_OK) {
        return vouch_ledger_io(ledger->dir, VOUCH_LEDGER_CHECKPOINT, err, fault);
    }
    err = vouch_checkpoint_verify(vouch_buf_bytes(note), &ledger->verifier, VOUCH_CHECKPOINT_OWN,
                                  ret_checkpoint, &where);
    if (err == VOUCH_ERR_CRYPTO) {
        return vouch_ledger_io(ledger->dir, VOUCH_LEDGER_CHECKPOINT, err, fault);
    }
    if (err != VOUCH_OK) {
        return vouch_ledger_bad(ledger->dir, fault, "checkpoint: %s %s", where.field, where.reason);
    }
    if (ret_checkpoint->size == 0) {
        return vouch_ledger_bad(ledger->dir, fault, "checkpoint: covers no record");
    }
    return VOUCH_OK;
}

// Walks over the last bundle that the checkpoint covers. VOUCH_ERR_MISMATCH if its records are not those
// that the tile knows, or cannot be read at all.
static int walk_covered(struct vouch_ledger *ledger, struct vouch_scan *scan, uint64_t size) {
    struct vouch_tree_hash known[VOUCH_TILE_WIDTH];
    struct vouch_tile tile = {.level = 0, .index = (size - 1) / VOUCH_TILE_WIDTH};
    tile.width = (unsigned)(size - tile.index * VOUCH_TILE_WIDTH);
    int err = vouch_tile_read(ledger->dir_fd, &tile, known);
    for (unsigned i = 0; i < tile.width && err == VOUCH_OK; i++) {
        enum vouch_scan_outcome outcome = VOUCH_SCAN_END;
        struct vouch_bytes entry;
        struct vouch_record record;
        struct vouch_tree_hash leaf;
        err = vouch_scan_next(scan, &outcome, &entry);
        if (err != VOUCH_OK) {
            return err;
        }
        if (outcome != VOUCH_SCAN_ENTRY) {
            return VOUCH_ERR_MISMATCH;
        }
        vouch_hasher_leaf(ledger->hasher, entry, &leaf);
        if (memcmp(&leaf, &known[i], sizeof leaf) != 0 ||
            vouch_record_decode(entry, ledger->hasher, &record, NULL) != VOUCH_OK ||
            record.number != tile.index * VOUCH_TILE_WIDTH + i) {
            return VOUCH_ERR_MISMATCH;
        }
        ledger->time_ms = record.time_ms;
        ledger->serial_high = record.serial_high;
    }
    ledger->size = size;
    ledger->end = scan->offset;
    return err;
}

// One record after the checkpoint. *ret_outcome is TORN for what a crash can leave behind.
static int take_uncovered(struct vouch_ledger *ledger, struct vouch_scan *scan,
                          enum vouch_scan_outcome *ret_outcome, struct vouch_fault *fault) {
    struct vouch_bytes entry;
    struct vouch_record record;
    struct vouch_where where = {0};
    uint64_t offset = scan->offset;
    int err = vouch_scan_next(scan, ret_outcome, &entry);
    if (err != VOUCH_OK) {
        return vouch_ledger_io(ledger->dir, VOUCH_LEDGER_RECORDS, err, fault);
    }
    if (*ret_outcome != VOUCH_SCAN_ENTRY) {
        return VOUCH_OK;
    }
    err = vouch_record_decode(entry, ledger->hasher, &record, &where);
    if (err == VOUCH_ERR_CORRUPT) {
        *ret_outcome = VOUCH_SCAN_TORN;
        return VOUCH_OK;
    }
    // A check that fits over a record that does not is no accident of a crash.
    if (err != VOUCH_OK || record.number != ledger->size || record.time_ms < ledger->time_ms ||
        record.serial_high < ledger->serial_high) {
        return vouch_ledger_bad(ledger->dir, fault, "record %" PRIu64 " at byte %" PRIu64 ": %s %s",
                                ledger->size, offset, err != VOUCH_OK ? where.field : "order",
                                err != VOUCH_OK && where.reason != NULL ? where.reason
                                                                        : "is wrong");
    }
    err = vouch_ledger_note(ledger, record.number, entry, offset);
    if (err != VOUCH_OK) {
        return vouch_ledger_io(ledger->dir, VOUCH_LEDGER_RECORDS, err, fault);
    }
    ledger->size = record.number + 1;
    ledger->time_ms = record.time_ms;
    ledger->serial_high = record.serial_high;
    ledger->end = scan->offset;
    return VOUCH_OK;
}

static int walk_uncovered(struct vouch_ledger *ledger, struct vouch_scan *scan,
                          struct vouch_fault *fault) {
    enum vouch_scan_outcome outcome = VOUCH_SCAN_ENTRY;
    while (outcome == VOUCH_SCAN_ENTRY) {
        int err = take_uncovered(ledger, scan, &outcome, fault);
        if (err != VOUCH_OK) {
            return err;
        }
    }
    return VOUCH_OK;
}

// Writes the records after the checkpoint once more, and syncs them. They may come from a process that
// died before its sync, or whose sync failed: then they are in the system's memory, which calls them
// clean, and nowhere else. A checkpoint must not cover them before they are on the disk.
static int write_again(const struct vouch_ledger *ledger, uint64_t from) {
    uint8_t block[16384];
    int err = VOUCH_OK;
    while (from < ledger->end && err == VOUCH_OK) {
        uint64_t left = ledger->end - from;
        size_t len = left < sizeof block ? (size_t)left : sizeof block;
        err = vouch_folder_read_at(ledger->records_fd, from, block, len);
        if (err == VOUCH_OK) {
            err = vouch_folder_write_at(ledger->records_fd, from, (struct vouch_bytes){block, len});
        }
        from += len;
    }
    if (err == VOUCH_OK && fdatasync(ledger->records_fd) != 0) {
        err = VOUCH_ERR_IO;
    }
    return err;
}

// SHA-256 of a part of the records file, in hexadecimal.
static int hash_part(const struct vouch_ledger *ledger, uint64_t from, uint64_t to,
                     struct vouch_buf *hex) {
    struct vouch_tree_hash hash;
    struct vouch_buf part;
    vouch_buf_init(&part, VOUCH_LEDGER_BATCH_BYTES);
    size_t len = (size_t)(to - from);
    uint8_t *room = vouch_buf_extend(&part, len);
    int err = room != NULL ? vouch_folder_read_at(ledger->records_fd, from, room, len) : part.err;
    if (err == VOUCH_OK) {
        vouch_hasher_plain(ledger->hasher, vouch_buf_bytes(&part), &hash);
        vouch_str_hex((struct vouch_bytes){hash.bytes, sizeof hash.bytes}, hex);
        err = vouch_hasher_error(ledger->hasher);
    }
    vouch_buf_done(&part);
    return err != VOUCH_OK ? err : hex->err;
}

// The record that says what was cut off. It is written over the torn bytes.
static int append_cut(struct vouch_ledger *ledger, uint64_t torn_len, struct vouch_bytes hex,
                      struct vouch_fault *fault) {
    char number[24];
    uint8_t memory[256];
    struct vouch_buf details;
    (void)snprintf(number, sizeof number, "%" PRIu64, torn_len);
    vouch_buf_init_fixed(&details, memory, sizeof memory);
    vouch_record_detail_put(&details, "bytes", vouch_bytes_of(number));
    vouch_record_detail_put(&details, "sha256", hex);
    // The clock may be wrong after a power cut; it is judged when something is issued.
    uint64_t now_ms = vouch_time_now_ms();
    struct vouch_record record = {
        .kind = VOUCH_RECORD_EVENT,
        .time_ms = now_ms < ledger->time_ms ? ledger->time_ms : now_ms,
        .type = vouch_bytes_of(VOUCH_EVENT_LEDGER_CUT),
        .object = vouch_bytes_of(ledger->verifier.name),
        .details = vouch_buf_bytes(&details),
    };
    return vouch_ledger_append(ledger, &record, 1, fault);
}

// Drops whatever is not zero behind the records.
static int drop_rest(struct vouch_ledger *ledger) {
    uint64_t rest = 0;
    int err = vouch_scan_tail(ledger->records_fd, ledger->end, &rest);
    if (err != VOUCH_OK || rest == ledger->end) {
        return err;
    }
    if (ftruncate(ledger->records_fd, (off_t)ledger->end) != 0 ||
        fdatasync(ledger->records_fd) != 0) {
        return VOUCH_ERR_IO;
    }
    ledger->allocated = ledger->end;
    return VOUCH_OK;
}

// What stands behind the last whole record: zeros, or what a crash left of one batch.
static int cut_torn(struct vouch_ledger *ledger, struct vouch_fault *fault) {
    uint64_t torn_end = 0;
    char memory[2 * VOUCH_TREE_HASH_LEN];
    struct vouch_buf hex;
    vouch_buf_init_fixed(&hex, memory, sizeof memory);
    int err = vouch_scan_tail(ledger->records_fd, ledger->end, &torn_end);
    if (err != VOUCH_OK) {
        return vouch_ledger_io(ledger->dir, VOUCH_LEDGER_RECORDS, err, fault);
    }
    ledger->allocated = ledger->end;
    if (torn_end == ledger->end) {
        off_t len = lseek(ledger->records_fd, 0, SEEK_END);
        ledger->allocated = len > 0 ? (uint64_t)len : ledger->end;
        return VOUCH_OK;
    }
    if (torn_end - ledger->end > VOUCH_LEDGER_BATCH_BYTES) {
        return vouch_ledger_bad(ledger->dir, fault,
                                "record %" PRIu64 " at byte %" PRIu64
                                " is damaged, and more follows than one write can leave",
                                ledger->size, ledger->end);
    }
    err = hash_part(ledger, ledger->end, torn_end, &hex);
    if (err == VOUCH_OK) {
        err = append_cut(ledger, torn_end - ledger->end, vouch_buf_bytes(&hex), fault);
        if (err != VOUCH_OK) {
            return err;
        }
        err = drop_rest(ledger);
    }
    return err != VOUCH_OK ? vouch_ledger_io(ledger->dir, VOUCH_LEDGER_RECORDS, err, fault)
                           : VOUCH_OK;
}

// Index and tiles, and the walk over what the checkpoint covers at the end; made anew if they disagree.
static int take_covered(struct vouch_ledger *ledger, const struct vouch_checkpoint *checkpoint,
                        struct vouch_scan *scan, struct vouch_fault *fault) {
    int err = VOUCH_ERR_MISMATCH;
    for (int attempt = 0; attempt < 2 && err == VOUCH_ERR_MISMATCH; attempt++) {
        uint64_t offset = 0;
        if (attempt > 0) {
            err = vouch_ledger_rederive(ledger, checkpoint, fault);
            if (err != VOUCH_OK) {
                return err;
            }
        }
        err = vouch_derived_load(&ledger->derived, checkpoint->size, &checkpoint->root, &offset);
        if (err == VOUCH_OK) {
            vouch_scan_seek(scan, offset);
            err = walk_covered(ledger, scan, checkpoint->size);
        }
        err = err == VOUCH_ERR_NOT_FOUND ? VOUCH_ERR_MISMATCH : err;
    }
    return err != VOUCH_OK ? vouch_ledger_io(ledger->dir, VOUCH_LEDGER_TILES, err, fault)
                           : VOUCH_OK;
}

static int walk_all(struct vouch_ledger *ledger, const struct vouch_checkpoint *checkpoint,
                    struct vouch_scan *scan, struct vouch_fault *fault) {
    int err = take_covered(ledger, checkpoint, scan, fault);
    uint64_t covered_end = ledger->end;
    if (err == VOUCH_OK) {
        err = walk_uncovered(ledger, scan, fault);
    }
    if (err != VOUCH_OK || ledger->end == covered_end) {
        return err;
    }
    err = write_again(ledger, covered_end);
    return err != VOUCH_OK ? vouch_ledger_io(ledger->dir, VOUCH_LEDGER_RECORDS, err, fault)
                           : VOUCH_OK;
}

static int recover(struct vouch_ledger *ledger, const struct vouch_checkpoint *checkpoint,
                   struct vouch_fault *fault) {
    struct vouch_scan scan;
    int err = vouch_scan_init(&scan, ledger->records_fd, 0);
    if (err != VOUCH_OK) {
        return vouch_ledger_io(ledger->dir, VOUCH_LEDGER_RECORDS, err, fault);
    }
    err = walk_all(ledger, checkpoint, &scan, fault);
    vouch_scan_done(&scan);
    return err == VOUCH_OK ? cut_torn(ledger, fault) : err;
}

int vouch_ledger_recover(struct vouch_ledger *ledger, struct vouch_fault *fault) {
    struct vouch_checkpoint checkpoint;
    struct vouch_buf note;
    vouch_buf_init(&note, VOUCH_CHECKPOINT_MAX);
    int err = read_checkpoint(ledger, &note, &checkpoint, fault);
    if (err == VOUCH_OK) {
        err = recover(ledger, &checkpoint, fault);
    }
    vouch_buf_done(&note);
    if (err != VOUCH_OK) {
        return err;
    }
    // What a crash between two renames left beside the files that count.
    err = vouch_folder_remove(ledger->dir_fd, VOUCH_LEDGER_CHECKPOINT_NEW);
    if (err == VOUCH_OK) {
        err = vouch_derived_clean(&ledger->derived);
    }
    return err != VOUCH_OK ? vouch_ledger_io(ledger->dir, VOUCH_LEDGER_TILES, err, fault)
                           : VOUCH_OK;
}
