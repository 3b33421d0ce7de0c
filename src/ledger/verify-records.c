// SPDX-License-Identifier: ISC
// The records of a ledger, one after the other: damage, order, certificates, tree.
//
// What takes time (a signature of each certificate) is done for a chunk of records at once on all
// processors; what depends on the record before is done afterwards, in order.
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/prover.h"
#include "vouch/cert.h"

#define CHUNK_RECORDS 1024
#define CHUNK_BYTES (1024u * 1024)
#define THREADS_MAX 64
#define THREAD_RECORDS 64 // fewer are not worth a thread
// After so many damaged records nothing new is learnt, and lengths may be read from anywhere.
#define DAMAGED_MAX 100

// One entry of a chunk, and what a worker made of it.
struct item {
    struct vouch_bytes entry;
    uint64_t offset;
    struct vouch_tree_hash leaf;
    int err; // of decoding the record
    struct vouch_where where;
    struct vouch_record record;
    int cert_err; // of verifying the certificate
    struct vouch_where cert_where;
    struct vouch_cert_view cert;
};

struct chunk {
    uint8_t *bytes; // owned
    size_t len;
    struct item *items; // owned
    size_t count;
    enum vouch_scan_outcome outcome; // why it ends
};

struct worker {
    struct item *items;
    size_t count;
    struct vouch_hasher *hasher;
    pthread_t thread;
    int started;
};

static void judge_cert(struct item *item) {
    struct vouch_cert *cert = NULL;
    item->cert_err = vouch_cert_view_read(item->record.cert, &item->cert, &item->cert_where);
    if (item->cert_err == VOUCH_OK) {
        item->cert_err = vouch_cert_parse(item->record.cert, &cert, &item->cert_where);
    }
    // Two readers of the same bytes: they must have read the same.
    if (item->cert_err == VOUCH_OK &&
        (cert->serial != item->cert.serial || cert->type != item->cert.type ||
         !vouch_bytes_equal(cert->key_id, item->cert.key_id) ||
         !vouch_bytes_equal(vouch_key_blob(cert->ca), item->cert.ca))) {
        item->cert_err = VOUCH_ERR_MISMATCH;
        item->cert_where = (struct vouch_where){.field = "cert", .reason = "reads in two ways"};
    }
    vouch_cert_free(cert);
}

static void *work(void *context) {
    struct worker *worker = context;
    for (size_t i = 0; i < worker->count; i++) {
        struct item *item = &worker->items[i];
        vouch_hasher_leaf(worker->hasher, item->entry, &item->leaf);
        item->err = vouch_record_decode(item->entry, worker->hasher, &item->record, &item->where);
        if (item->err == VOUCH_OK && item->record.kind == VOUCH_RECORD_CERT) {
            judge_cert(item);
        }
    }
    return NULL;
}

static size_t thread_count(const struct vouch_prover *prover, size_t items) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = prover->what->threads;
    if (count == 0) {
        count = processors > 0 ? (size_t)processors : 1;
    }
    count = count < THREADS_MAX ? count : THREADS_MAX;
    size_t useful = items / THREAD_RECORDS;
    count = count < useful ? count : useful;
    return count > 0 ? count : 1;
}

// Does the chunk's work on some threads, of which this one is the first.
static int work_chunk(const struct vouch_prover *prover, struct chunk *chunk) {
    struct worker workers[THREADS_MAX] = {{0}};
    size_t count = thread_count(prover, chunk->count);
    int err = VOUCH_OK;
    for (size_t i = 0; i < count && err == VOUCH_OK; i++) {
        size_t from = chunk->count * i / count;
        workers[i].items = chunk->items + from;
        workers[i].count = chunk->count * (i + 1) / count - from;
        workers[i].hasher = vouch_hasher_new();
        err = workers[i].hasher != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 1; i < count && err == VOUCH_OK; i++) {
        workers[i].started = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    }
    for (size_t i = 0; i < count && err == VOUCH_OK; i++) {
        if (!workers[i].started) {
            (void)work(&workers[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (workers[i].started) {
            (void)pthread_join(workers[i].thread, NULL);
        }
        if (err == VOUCH_OK) {
            err = vouch_hasher_error(workers[i].hasher);
        }
        vouch_hasher_free(workers[i].hasher);
    }
    return err;
}

// Reads entries up to `limit` records in all.
static int fill(struct vouch_prover *prover, uint64_t limit, struct chunk *chunk) {
    chunk->len = 0;
    chunk->count = 0;
    chunk->outcome = VOUCH_SCAN_ENTRY;
    while (chunk->count < CHUNK_RECORDS && chunk->len <= CHUNK_BYTES - VOUCH_RECORD_MAX &&
           prover->tree.size + chunk->count < limit) {
        struct vouch_bytes entry;
        uint64_t offset = prover->scan.offset;
        int err = vouch_scan_next(&prover->scan, &chunk->outcome, &entry);
        if (err != VOUCH_OK) {
            return err;
        }
        if (chunk->outcome != VOUCH_SCAN_ENTRY) {
            return VOUCH_OK;
        }
        memcpy(chunk->bytes + chunk->len, entry.ptr, entry.len);
        memset(&chunk->items[chunk->count], 0, sizeof *chunk->items);
        chunk->items[chunk->count].entry =
            (struct vouch_bytes){chunk->bytes + chunk->len, entry.len};
        chunk->items[chunk->count].offset = offset;
        chunk->len += entry.len;
        chunk->count++;
    }
    return VOUCH_OK;
}

// Record 0, and no other, says which ledger this is and who vouches for it.
static void judge_first(struct vouch_prover *prover, const struct vouch_record *record) {
    uint8_t memory[256];
    struct vouch_buf line;
    struct vouch_bytes key = {0};
    int is_new = vouch_record_is_event(record, VOUCH_EVENT_LEDGER_NEW);
    if (record->number != 0) {
        if (is_new) {
            char where[VOUCH_WHERE_MAX];
            vouch_where_number(where, "record", record->number);
            vouch_findings_add(prover->findings, VOUCH_FINDING_RECORD, where,
                               "begins a ledger for a second time");
        }
        return;
    }
    if (!is_new) {
        vouch_findings_add(prover->findings, VOUCH_FINDING_RECORD, "record 0",
                           "is not the event ledger.new");
        return;
    }
    if (!prover->has_verifier) {
        return;
    }
    vouch_buf_init_fixed(&line, memory, sizeof memory);
    vouch_key_print(prover->verifier.key, NULL, &line);
    if (!vouch_record_detail(record, "key", &key) ||
        !vouch_bytes_equal(key, vouch_buf_bytes(&line)) ||
        !vouch_bytes_equal(record->object, vouch_bytes_of(prover->verifier.name))) {
        vouch_findings_add(prover->findings, VOUCH_FINDING_KEY, "record 0",
                           "names another origin or checkpoint key than checkpoint.vkey");
    }
}

static void judge_order(struct vouch_prover *prover, const struct vouch_record *record,
                        uint64_t number, const char *where) {
    if (record->number != number) {
        vouch_findings_add(prover->findings, VOUCH_FINDING_RECORD, where,
                           "says that it is number %" PRIu64, record->number);
    }
    if (record->time_ms < prover->time_ms) {
        vouch_findings_add(prover->findings, VOUCH_FINDING_RECORD, where,
                           "is older than the record before it");
    }
    prover->time_ms = record->time_ms;
}

static void judge_high(struct vouch_prover *prover, const struct item *item, const char *where) {
    if (item->record.kind == VOUCH_RECORD_CERT && item->cert.serial > prover->serial_high) {
        prover->serial_high = item->cert.serial;
    }
    if (item->record.serial_high != prover->serial_high) {
        vouch_findings_add(prover->findings, VOUCH_FINDING_SERIAL, where,
                           "says that the highest serial is %" PRIu64 ", but it is %" PRIu64,
                           item->record.serial_high, prover->serial_high);
    }
}

// A whole record, in its place.
static int judge_record(struct vouch_prover *prover, const struct item *item, const char *where) {
    const struct vouch_record *record = &item->record;
    judge_order(prover, record, prover->tree.size, where);
    judge_first(prover, record);
    judge_high(prover, item, where);
    if (record->kind == VOUCH_RECORD_EVENT) {
        prover->report.events++;
        return vouch_rotation_is_event(record->type)
                   ? vouch_authorities_follow(&prover->authorities, record, prover->findings)
                   : VOUCH_OK;
    }
    prover->report.certs++;
    if (vouch_is_failure(item->cert_err)) {
        return item->cert_err;
    }
    if (item->cert_err != VOUCH_OK) {
        const char *reason = item->cert_where.reason;
        vouch_findings_add(prover->findings, VOUCH_FINDING_CERT, where, "certificate: %s %s",
                           item->cert_where.field != NULL ? item->cert_where.field : "",
                           reason != NULL ? reason : vouch_err_text(item->cert_err));
        return VOUCH_OK;
    }
    return vouch_prover_cert(prover, record, &item->cert);
}

// Adds the leaf, and what becomes known with it.
static int grow(struct vouch_prover *prover, const struct item *item) {
    struct vouch_tree *tree = &prover->tree;
    if (tree->size % VOUCH_TILE_WIDTH == 0) {
        vouch_write_u64(&prover->index, item->offset);
    }
    vouch_tree_add(tree, &item->leaf);
    if (tree->size == prover->past.checkpoint.size && prover->past.given) {
        vouch_tree_root(tree, &prover->past.root);
        prover->past.reached = 1;
    }
    int err = prover->index.err != VOUCH_OK ? prover->index.err : VOUCH_OK;
    for (unsigned level = 0; level < tree->filled && err == VOUCH_OK; level++) {
        if (tree->size <= prover->tiles_to) {
            err = vouch_prover_check_tile(prover, level, prover->findings);
        }
    }
    return err;
}

static int judge(struct vouch_prover *prover, const struct item *item, unsigned *damaged) {
    char where[VOUCH_WHERE_MAX];
    int err = VOUCH_OK;
    vouch_where_number(where, "record", prover->tree.size);
    prover->report.records++;
    if (vouch_is_failure(item->err)) {
        return item->err;
    }
    if (item->err != VOUCH_OK) {
        const char *reason = item->where.reason;
        *damaged += 1;
        vouch_findings_add(prover->findings, VOUCH_FINDING_RECORD, where,
                           "at byte %" PRIu64 ": %s %s", item->offset,
                           item->where.field != NULL ? item->where.field : "",
                           reason != NULL ? reason : vouch_err_text(item->err));
    } else {
        err = judge_record(prover, item, where);
    }
    return err != VOUCH_OK ? err : grow(prover, item);
}

// What the end of the file means when more records were expected. An open end expects none.
static void judge_end(struct vouch_prover *prover, const struct chunk *chunk, uint64_t limit) {
    char where[VOUCH_WHERE_MAX];
    uint64_t number = prover->tree.size;
    if (chunk->outcome == VOUCH_SCAN_ENTRY) {
        return;
    }
    if (chunk->outcome == VOUCH_SCAN_TORN) {
        vouch_findings_add(
            prover->findings, VOUCH_FINDING_FRAME, vouch_where_number(where, "record", number),
            "at byte %" PRIu64 ": its length goes past the end of the file", prover->scan.offset);
    }
    if (limit != UINT64_MAX) {
        prover->lost = 1;
        vouch_findings_add(prover->findings, VOUCH_FINDING_FRAME, VOUCH_LEDGER_RECORDS,
                           "ends after %" PRIu64 " records, but the checkpoint covers %" PRIu64,
                           number, limit);
    }
}

static int read_chunks(struct vouch_prover *prover, uint64_t limit, struct chunk *chunk) {
    const struct vouch_ledger_verify *what = prover->what;
    unsigned damaged = 0;
    chunk->outcome = VOUCH_SCAN_ENTRY;
    while (chunk->outcome == VOUCH_SCAN_ENTRY && prover->tree.size < limit && !prover->lost) {
        int err = fill(prover, limit, chunk);
        if (err == VOUCH_OK) {
            err = work_chunk(prover, chunk);
        }
        for (size_t i = 0; i < chunk->count && err == VOUCH_OK; i++) {
            err = judge(prover, &chunk->items[i], &damaged);
        }
        if (err == VOUCH_OK) {
            err = vouch_hasher_error(prover->hasher);
        }
        if (err != VOUCH_OK) {
            return err;
        }
        if (damaged > DAMAGED_MAX) {
            prover->lost = 1;
            vouch_findings_add(prover->findings, VOUCH_FINDING_FRAME, VOUCH_LEDGER_RECORDS,
                               "more than %d records are damaged: not read beyond record %" PRIu64,
                               DAMAGED_MAX, prover->tree.size - 1);
        }
        if (what->progress != NULL) {
            what->progress(what->progress_context, prover->tree.size, prover->checkpoint.size);
        }
    }
    judge_end(prover, chunk, limit);
    return VOUCH_OK;
}

int vouch_prover_read(struct vouch_prover *prover, uint64_t limit) {
    struct chunk chunk = {.bytes = malloc(CHUNK_BYTES),
                          .items = calloc(CHUNK_RECORDS, sizeof *chunk.items)};
    int err = chunk.bytes != NULL && chunk.items != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    if (err == VOUCH_OK) {
        err = read_chunks(prover, limit, &chunk);
    }
    free(chunk.bytes);
    free(chunk.items);
    return err;
}
