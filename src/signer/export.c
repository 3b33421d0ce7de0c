// SPDX-License-Identifier: ISC
// Manifests of exports: the statement that the signer writes about records that somebody takes away.
//
// Who asks is not trusted with a single line of it: each field has its grammar (core/export-manifest.h), and
// ledger, size, root and time are the signer's own. It is recorded before it is given out, so that nobody has
// a manifest which the ledger does not know of.
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/str.h"
#include "base/time.h"
#include "signer/engine.h"

#define WAIT_NS UINT64_C(3000000000)
#define PAUSE_NS 20000000

// The last checkpoint, once it covers so many records: the pen signs one half a second after a record, whatever
// else there is to do. V-1602 if it does not come.
static int await_checkpoint(struct vouch_signer_engine *engine, uint64_t searched,
                            struct vouch_checkpoint *ret_checkpoint, struct vouch_fault *fault) {
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    uint64_t end_ns = vouch_time_monotonic_ns() + WAIT_NS;
    for (;;) {
        struct vouch_checkpoint checkpoint = vouch_commit_checkpoint(&engine->commit);
        if (checkpoint.size >= searched) {
            *ret_checkpoint = checkpoint;
            return VOUCH_OK;
        }
        if (vouch_time_monotonic_ns() >= end_ns) {
            return vouch_fault_set(fault, VOUCH_ERR_TIMEOUT, &vouch_fault_role,
                                   "signer: no checkpoint covers record %" PRIu64 " yet",
                                   searched - 1);
        }
        (void)nanosleep(&pause, NULL);
    }
}

// But for size and root, for which it may have to wait: until then as much as was searched.
static struct vouch_export_statement statement_of(struct vouch_signer_engine *engine,
                                                  const struct vouch_signer_export *what) {
    struct vouch_export_statement statement = {
        .ledger = vouch_bytes_of(vouch_ledger_origin(engine->ledger)),
        .query = what->query,
        .searched = what->searched,
        .records = what->records,
        .length = what->length,
        .asker = what->actor,
        .size = what->searched,
        .time_s = vouch_time_now_s()};
    memcpy(statement.sha256, what->sha256, sizeof statement.sha256);
    return statement;
}

static enum vouch_signer_outcome check(const struct vouch_signer_engine *engine,
                                       const struct vouch_export_statement *statement,
                                       struct vouch_signer_refusal *ret_refusal) {
    const char *why = NULL;
    const char *field = vouch_export_wrong(statement, &why);
    uint64_t size = atomic_load(&engine->commit.size);
    if (field != NULL) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_event, field, "%s", why);
    }
    if (statement->searched > size) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_event, "searched",
                                   "%" PRIu64 " is more than the ledger's %" PRIu64 " records",
                                   statement->searched, size);
    }
    return VOUCH_SIGNER_DONE;
}

static void put_text(struct vouch_buf *details, const char *name, struct vouch_bytes value) {
    if (value.len > 0) {
        vouch_record_detail_put(details, name, value);
    }
}

static void put_number(struct vouch_buf *details, const char *name, uint64_t value) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    vouch_record_detail_put(details, name, vouch_bytes_of(text));
}

static void put_details(const struct vouch_export_statement *statement, struct vouch_buf *details) {
    const struct vouch_export_query *query = &statement->query;
    const char *format = vouch_export_format_text(query->format);
    vouch_record_detail_put(details, "format", vouch_bytes_of(format));
    put_text(details, "words", query->words);
    put_text(details, "type", query->type);
    put_text(details, "actor", query->actor);
    put_text(details, "object", query->object);
    if (query->from_ms > 0) {
        put_number(details, "from-ms", query->from_ms);
    }
    if (query->until_ms > 0) {
        put_number(details, "until-ms", query->until_ms);
    }
    put_number(details, "searched", statement->searched);
    put_number(details, "records", statement->records);
    put_number(details, "length", statement->length);
}

// The object is the hash of the file: who has a file finds out who took it.
static int record(struct vouch_desk *desk, const struct vouch_export_statement *statement,
                  struct vouch_fault *fault) {
    uint8_t memory[VOUCH_EXPORT_MANIFEST_MAX], hash[64];
    struct vouch_buf details, hex;
    vouch_buf_init_fixed(&hex, hash, sizeof hash);
    vouch_str_hex((struct vouch_bytes){statement->sha256, sizeof statement->sha256}, &hex);
    vouch_buf_init_fixed(&details, memory, sizeof memory);
    put_details(statement, &details);
    const struct vouch_record event = {.kind = VOUCH_RECORD_EVENT,
                                       .actor = statement->asker,
                                       .type = vouch_bytes_of("audit.export"),
                                       .object = vouch_buf_bytes(&hex),
                                       .details = vouch_buf_bytes(&details)};
    return vouch_desk_record(desk, &event, fault);
}

static int sign(struct vouch_desk *desk, struct vouch_export_statement *statement,
                struct vouch_fault *fault) {
    struct vouch_checkpoint checkpoint = {0};
    int err = await_checkpoint(desk->engine, statement->searched, &checkpoint, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    statement->size = checkpoint.size;
    memcpy(statement->root, checkpoint.root.bytes, sizeof statement->root);
    vouch_buf_clear(&desk->text);
    vouch_export_write(statement, &desk->text);
    return vouch_desk_sign_statement(desk, VOUCH_EXPORT_NAMESPACE, "manifest of an export", fault);
}

int vouch_desk_export(struct vouch_desk *desk, const struct vouch_signer_export *what,
                      struct vouch_signer_published *ret_published, struct vouch_fault *fault) {
    struct vouch_signer_published published = {0};
    struct vouch_export_statement statement = statement_of(desk->engine, what);
    int err = VOUCH_OK;
    if (check(desk->engine, &statement, &published.refusal) == VOUCH_SIGNER_DONE) {
        err = sign(desk, &statement, fault);
        if (err == VOUCH_OK) {
            err = record(desk, &statement, fault);
        }
        published.outcome = VOUCH_SIGNER_DONE;
        published.number = desk->entry.record.number;
        published.time_ms = desk->entry.record.time_ms;
        published.envelope = vouch_buf_bytes(&desk->text);
    }
    if (err == VOUCH_OK) {
        *ret_published = published;
    }
    return err;
}
