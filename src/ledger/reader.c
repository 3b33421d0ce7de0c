// SPDX-License-Identifier: ISC
// Reading records one after the other, without a lock.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "ledger/scan.h"
#include "ledger/state.h"

struct vouch_ledger_reader {
    char *dir; // for messages
    int fd;
    struct vouch_hasher *hasher;
    struct vouch_scan scan;
    uint64_t number;  // of the next record in the file
    uint64_t first;   // the first one that is asked for
    uint64_t covered; // by the checkpoint when the reader was opened
};

void vouch_ledger_reader_close(struct vouch_ledger_reader *reader) {
    if (reader == NULL) {
        return;
    }
    if (reader->fd >= 0) {
        close(reader->fd);
    }
    vouch_scan_done(&reader->scan);
    vouch_hasher_free(reader->hasher);
    free(reader->dir);
    free(reader);
}

// What stands at the scan's place: a record with the expected number, or not.
enum step { STEP_END = 0, STEP_RECORD, STEP_TORN, STEP_WRONG };

static int step(struct vouch_ledger_reader *reader, struct vouch_record *ret_record,
                enum step *ret_step) {
    enum vouch_scan_outcome outcome = VOUCH_SCAN_END;
    struct vouch_bytes entry;
    struct vouch_record record;
    uint64_t offset = reader->scan.offset;
    int err = vouch_scan_next(&reader->scan, &outcome, &entry);
    if (err != VOUCH_OK) {
        return err;
    }
    if (outcome != VOUCH_SCAN_ENTRY) {
        *ret_step = outcome == VOUCH_SCAN_TORN ? STEP_TORN : STEP_END;
        return VOUCH_OK;
    }
    err = vouch_record_decode(entry, reader->hasher, &record, NULL);
    if (err != VOUCH_OK || record.number != reader->number) {
        // Perhaps it is being written right now: it must be read again from the file.
        vouch_scan_seek(&reader->scan, offset);
        *ret_step = err == VOUCH_ERR_CORRUPT ? STEP_TORN : STEP_WRONG;
        return err == VOUCH_ERR_CRYPTO ? err : VOUCH_OK;
    }
    reader->number++;
    *ret_record = record;
    *ret_step = STEP_RECORD;
    return VOUCH_OK;
}

// Stands at the bundle of the first record if the index knows it and the records agree; else at the
// beginning, which is slower and as good.
static int seek_first(struct vouch_ledger_reader *reader, int dir_fd) {
    uint8_t bytes[VOUCH_INDEX_ENTRY_LEN];
    uint64_t bundle = reader->first / VOUCH_TILE_WIDTH;
    vouch_autoclose int fd = -1;
    if (vouch_folder_open_file(dir_fd, VOUCH_LEDGER_INDEX, O_RDONLY, &fd) != VOUCH_OK ||
        vouch_folder_read_at(fd, bundle * sizeof bytes, bytes, sizeof bytes) != VOUCH_OK) {
        return VOUCH_OK;
    }
    struct vouch_record record;
    enum step found = STEP_END;
    uint64_t offset = vouch_index_entry(bytes);
    if (offset > INT64_MAX) {
        return VOUCH_OK;
    }
    reader->number = bundle * VOUCH_TILE_WIDTH;
    vouch_scan_seek(&reader->scan, offset);
    int err = step(reader, &record, &found);
    reader->number = found == STEP_RECORD ? bundle * VOUCH_TILE_WIDTH : 0;
    vouch_scan_seek(&reader->scan, found == STEP_RECORD ? offset : 0);
    return err;
}

static int read_covered(struct vouch_ledger_reader *reader, int dir_fd, struct vouch_fault *fault) {
    struct vouch_buf note;
    struct vouch_checkpoint checkpoint;
    struct vouch_where where = {0};
    vouch_buf_init(&note, VOUCH_CHECKPOINT_MAX);
    int err = vouch_folder_read(dir_fd, VOUCH_LEDGER_CHECKPOINT, VOUCH_CHECKPOINT_MAX, &note);
    if (err != VOUCH_OK) {
        err = vouch_fault_set(fault, err, &vouch_fault_read, "ledger %s: checkpoint: %s",
                              reader->dir, vouch_err_text(err));
    } else if (vouch_checkpoint_parse(vouch_buf_bytes(&note), &checkpoint, &where) != VOUCH_OK) {
        err = vouch_ledger_bad(reader->dir, fault, "checkpoint: %s %s", where.field, where.reason);
    } else {
        reader->covered = checkpoint.size;
    }
    vouch_buf_done(&note);
    return err;
}

static int open_all(struct vouch_ledger_reader *reader, struct vouch_fault *fault) {
    vouch_autoclose int dir_fd = -1;
    int err = vouch_folder_open(reader->dir, &dir_fd);
    if (err == VOUCH_OK) {
        err = vouch_folder_open_file(dir_fd, VOUCH_LEDGER_RECORDS, O_RDONLY, &reader->fd);
    }
    if (err != VOUCH_OK) {
        return vouch_fault_set(fault, err, &vouch_fault_read, "ledger %s: cannot open records: %s",
                               reader->dir, strerror(errno));
    }
    err = read_covered(reader, dir_fd, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = vouch_scan_init(&reader->scan, reader->fd, 0);
    if (err == VOUCH_OK && reader->first > 0) {
        err = seek_first(reader, dir_fd);
    }
    return err != VOUCH_OK ? vouch_ledger_io(reader->dir, VOUCH_LEDGER_RECORDS, err, fault)
                           : VOUCH_OK;
}

int vouch_ledger_reader_open(const char *dir, uint64_t first,
                             struct vouch_ledger_reader **ret_reader, struct vouch_fault *fault) {
    struct vouch_ledger_reader *reader = calloc(1, sizeof *reader);
    int err = VOUCH_ERR_NO_MEMORY;
    if (reader != NULL) {
        reader->fd = -1;
        reader->first = first;
        reader->dir = strdup(dir);
        reader->hasher = vouch_hasher_new();
        err = reader->dir != NULL && reader->hasher != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    }
    if (err != VOUCH_OK) {
        (void)vouch_fault_set(fault, err, &vouch_fault_memory, "ledger %s: no memory to read it",
                              dir);
    } else {
        err = open_all(reader, fault);
    }
    if (err != VOUCH_OK) {
        vouch_ledger_reader_close(reader);
        return err;
    }
    *ret_reader = reader;
    return VOUCH_OK;
}

int vouch_ledger_reader_next(struct vouch_ledger_reader *reader, struct vouch_record *ret_record,
                             int *ret_found, struct vouch_fault *fault) {
    for (;;) {
        enum step found = STEP_END;
        uint64_t number = reader->number;
        int err = step(reader, ret_record, &found);
        if (err != VOUCH_OK) {
            return vouch_ledger_io(reader->dir, VOUCH_LEDGER_RECORDS, err, fault);
        }
        if (found == STEP_WRONG || (found != STEP_RECORD && number < reader->covered)) {
            return vouch_ledger_bad(reader->dir, fault, "records: record %" PRIu64 " is %s", number,
                                    found == STEP_END ? "missing" : "damaged");
        }
        if (found != STEP_RECORD || number >= reader->first) {
            *ret_found = found == STEP_RECORD;
            return VOUCH_OK;
        }
    }
}
