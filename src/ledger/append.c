// SPDX-License-Identifier: ISC
// Appending records: numbers, times and serials, one write, one sync.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "core/cert-view.h"
#include "ledger/state.h"

// Zeros are written ahead of the records, because a flush of bytes that are allocated already costs a
// quarter less than one that grows the file. Large batches gain nothing by it.
#define AHEAD_LEN (1024u * 1024)
#define AHEAD_BATCH_MAX (128u * 1024)

uint64_t vouch_ledger_size(const struct vouch_ledger *ledger) {
    return ledger->size;
}

uint64_t vouch_ledger_checkpoint_size(const struct vouch_ledger *ledger) {
    return ledger->derived.tree.size;
}

uint64_t vouch_ledger_last_serial(const struct vouch_ledger *ledger) {
    return ledger->serial_high;
}

uint64_t vouch_ledger_last_time_ms(const struct vouch_ledger *ledger) {
    return ledger->time_ms;
}

const char *vouch_ledger_origin(const struct vouch_ledger *ledger) {
    return ledger->verifier.name;
}

// A record as it is refused, with its place in the batch and the field.
static int bad_record(const struct vouch_ledger *ledger, size_t at, int err,
                      const struct vouch_where *where, struct vouch_fault *fault) {
    char object[512];
    (void)snprintf(object, sizeof object, "ledger %s: record %zu of the batch", ledger->dir, at);
    const struct vouch_fault_kind *kind = &vouch_fault_spec;
    if (err == VOUCH_ERR_NO_MEMORY) {
        kind = &vouch_fault_memory;
    } else if (err == VOUCH_ERR_CRYPTO) {
        kind = &vouch_fault_internal;
    }
    return vouch_fault_where(fault, err, kind, object, where);
}

static int stamp_time(const struct vouch_ledger *ledger, uint64_t *time_ms, uint64_t last_ms,
                      struct vouch_fault *fault) {
    if (*time_ms == 0) {
        *time_ms = vouch_time_now_ms();
    }
    if (*time_ms < last_ms && last_ms - *time_ms > VOUCH_LEDGER_CLOCK_BACK_MS) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_clock,
                               "ledger %s: the clock is %" PRIu64 " s behind the last record",
                               ledger->dir, (last_ms - *time_ms) / 1000);
    }
    *time_ms = *time_ms < last_ms ? last_ms : *time_ms;
    return VOUCH_OK;
}

// Fills in what the ledger decides. *ret_old is how many serials are not above all before them.
static int stamp(const struct vouch_ledger *ledger, struct vouch_record *records, size_t count,
                 size_t *ret_old, struct vouch_fault *fault) {
    uint64_t time_ms = ledger->time_ms;
    uint64_t high = ledger->serial_high;
    size_t old = 0;
    for (size_t i = 0; i < count; i++) {
        struct vouch_record *record = &records[i];
        struct vouch_cert_view cert = {0};
        struct vouch_where where = {0};
        int err = stamp_time(ledger, &record->time_ms, time_ms, fault);
        if (err != VOUCH_OK) {
            return err;
        }
        if (record->kind == VOUCH_RECORD_CERT) {
            err = vouch_cert_view_read(record->cert, &cert, &where);
        }
        if (err != VOUCH_OK) {
            return bad_record(ledger, i, err, &where, fault);
        }
        old += cert.serial != 0 && cert.serial <= high;
        high = cert.serial > high ? cert.serial : high;
        time_ms = record->time_ms;
        record->number = ledger->size + i;
        record->serial_high = high;
    }
    *ret_old = old;
    return VOUCH_OK;
}

static size_t collect_queries(const struct vouch_record *records, size_t count,
                              struct vouch_serial_query *queries) {
    size_t filled = 0;
    for (size_t i = 0; i < count; i++) {
        struct vouch_cert_view cert;
        if (records[i].kind == VOUCH_RECORD_CERT &&
            vouch_cert_view_read(records[i].cert, &cert, NULL) == VOUCH_OK && cert.serial != 0) {
            queries[filled] = (struct vouch_serial_query){.serial = cert.serial, .ca = cert.ca};
            filled++;
        }
    }
    return filled;
}

// Refuses a serial that is in the ledger already, or twice in the batch. Only called when some serial
// is not above all before it.
static int check_serials(struct vouch_ledger *ledger, const struct vouch_record *records,
                         size_t count, struct vouch_fault *fault) {
    vouch_autofree struct vouch_serial_query *queries = calloc(count, sizeof *queries);
    if (queries == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "ledger %s: no memory to check serials", ledger->dir);
    }
    size_t asked = collect_queries(records, count, queries);
    int err = vouch_ledger_find_serials(ledger, queries, asked, fault);
    for (size_t i = 0; i < asked && err == VOUCH_OK; i++) {
        int twice = i > 0 && vouch_serial_query_compare(&queries[i - 1], &queries[i]) == 0;
        if (queries[i].found || twice) {
            err = vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_serial,
                                  "serial %" PRIu64 " was given before by this CA (ledger %s)",
                                  queries[i].serial, ledger->dir);
        }
    }
    return err;
}

int vouch_ledger_note(struct vouch_ledger *ledger, uint64_t number, struct vouch_bytes entry,
                      uint64_t offset) {
    struct vouch_tree_hash leaf;
    vouch_hasher_leaf(ledger->hasher, entry, &leaf);
    vouch_buf_put(&ledger->leaves, (struct vouch_bytes){leaf.bytes, sizeof leaf.bytes});
    if (number % VOUCH_TILE_WIDTH == 0) {
        vouch_buf_put(&ledger->bundles,
                      (struct vouch_bytes){(const uint8_t *)&offset, sizeof offset});
    }
    int err = ledger->leaves.err != VOUCH_OK ? ledger->leaves.err : ledger->bundles.err;
    return err != VOUCH_OK ? err : vouch_hasher_error(ledger->hasher);
}

// One entry with its length into the batch, its leaf and, if it begins a bundle, its offset noted.
static int encode(struct vouch_ledger *ledger, const struct vouch_record *record,
                  struct vouch_where *ret_where) {
    struct vouch_buf *batch = &ledger->batch;
    uint64_t offset = ledger->end + batch->len;
    uint8_t *length = vouch_buf_extend(batch, 2);
    size_t start = batch->len;
    if (length == NULL) {
        return batch->err;
    }
    int err = vouch_record_encode(record, ledger->hasher, batch, ret_where);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_bytes entry = {batch->ptr + start, batch->len - start};
    batch->ptr[start - 2] = (uint8_t)(entry.len >> 8);
    batch->ptr[start - 1] = (uint8_t)entry.len;
    return vouch_ledger_note(ledger, record->number, entry, offset);
}

static int encode_all(struct vouch_ledger *ledger, const struct vouch_record *records, size_t count,
                      struct vouch_fault *fault) {
    size_t leaves = ledger->leaves.len;
    size_t bundles = ledger->bundles.len;
    vouch_buf_clear(&ledger->batch);
    for (size_t i = 0; i < count; i++) {
        struct vouch_where where = {0};
        int err = encode(ledger, &records[i], &where);
        if (err != VOUCH_OK) {
            ledger->leaves.len = leaves;
            ledger->leaves.err = VOUCH_OK;
            ledger->bundles.len = bundles;
            ledger->bundles.err = VOUCH_OK;
            return bad_record(ledger, i, err, &where, fault);
        }
    }
    return VOUCH_OK;
}

// Zeros behind the records, as far as the disk has room: it is no harm if it has none. Any other failure is
// one of the records' file.
static int write_ahead(struct vouch_ledger *ledger, uint64_t from) {
    static uint8_t zeros[64 * 1024];
    uint64_t to = from + AHEAD_LEN;
    while (from < to) {
        size_t len = to - from < sizeof zeros ? (size_t)(to - from) : sizeof zeros;
        ssize_t put = pwrite(ledger->records_fd, zeros, len, (off_t)from);
        if (put < 0 && errno != ENOSPC && errno != EDQUOT && errno != EFBIG && errno != EINTR) {
            return VOUCH_ERR_IO;
        }
        if (put <= 0) {
            break;
        }
        from += (uint64_t)put;
    }
    ledger->allocated = from;
    return VOUCH_OK;
}

// The one write and the one sync. After a failure nobody can say what the disk holds, and asking it to
// sync again may report success for pages that it has dropped: so never again.
static int write_batch(struct vouch_ledger *ledger, struct vouch_fault *fault) {
    uint64_t end = ledger->end + ledger->batch.len;
    int err =
        vouch_folder_write_at(ledger->records_fd, ledger->end, vouch_buf_bytes(&ledger->batch));
    if (err == VOUCH_OK && end > ledger->allocated && ledger->batch.len <= AHEAD_BATCH_MAX) {
        err = write_ahead(ledger, end);
    }
    if (err == VOUCH_OK && fdatasync(ledger->records_fd) != 0) {
        err = VOUCH_ERR_IO;
    }
    if (err != VOUCH_OK) {
        ledger->poisoned = 1;
        return vouch_ledger_io(ledger->dir, VOUCH_LEDGER_RECORDS, err, fault);
    }
    ledger->end = end;
    ledger->allocated = ledger->allocated < end ? end : ledger->allocated;
    return VOUCH_OK;
}

static int check_usable(const struct vouch_ledger *ledger, size_t count,
                        struct vouch_fault *fault) {
    if (ledger->poisoned) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_ledger_io,
                               "ledger %s: stopped after a failed write", ledger->dir);
    }
    uint64_t unchecked = ledger->size - ledger->derived.tree.size;
    if (count > VOUCH_LEDGER_BATCH_MAX || unchecked + count > VOUCH_LEDGER_UNCHECKED_MAX) {
        return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_internal,
                               "ledger %s: too many records before a checkpoint", ledger->dir);
    }
    return VOUCH_OK;
}

int vouch_ledger_append(struct vouch_ledger *ledger, struct vouch_record *records, size_t count,
                        struct vouch_fault *fault) {
    size_t old = 0;
    int err = check_usable(ledger, count, fault);
    if (err == VOUCH_OK) {
        err = stamp(ledger, records, count, &old, fault);
    }
    if (err == VOUCH_OK && old > 0) {
        err = check_serials(ledger, records, count, fault);
    }
    if (err == VOUCH_OK) {
        err = encode_all(ledger, records, count, fault);
    }
    if (err == VOUCH_OK && count > 0) {
        err = write_batch(ledger, fault);
    }
    if (err == VOUCH_OK && count > 0) {
        ledger->size += count;
        ledger->time_ms = records[count - 1].time_ms;
        ledger->serial_high = records[count - 1].serial_high;
    }
    return err;
}
