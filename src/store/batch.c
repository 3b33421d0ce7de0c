// SPDX-License-Identifier: ISC
// Indexing a batch of records in one transaction.
#include "store/batch.h"

#include <inttypes.h>

#include "store/handle.h"
#include "store/tallies.h"
#include "store/terms.h"

// 256 principals, each as long as it may be.
#define PRINCIPALS_MAX (VOUCH_STORE_LIST_MAX * (VOUCH_STORE_TEXT_MAX + 4))

static uint64_t number_of(const struct vouch_store_record *record) {
    return record->cert != NULL ? record->cert->number : record->event->number;
}

static uint64_t time_of(const struct vouch_store_record *record) {
    return record->cert != NULL ? record->cert->time_ms : record->event->time_ms;
}

// --- judging what the caller gave

static int texts_fit(const struct vouch_bytes *texts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (texts[i].len > VOUCH_STORE_TEXT_MAX) {
            return 0;
        }
    }
    return 1;
}

static const char *judge_cert(const struct vouch_store_cert *cert) {
    const struct vouch_bytes texts[] = {cert->key_id,  cert->actor,  cert->role,
                                        cert->request, cert->source, cert->policy};
    if (cert->type != VOUCH_CERT_USER && cert->type != VOUCH_CERT_HOST) {
        return "a certificate to be indexed is neither a user's nor a host's";
    }
    if (!texts_fit(texts, sizeof texts / sizeof texts[0]) ||
        !vouch_list_fits(cert->principals, cert->principal_count)) {
        return "a certificate to be indexed has a text that is too long";
    }
    return NULL;
}

static const char *judge_revocation(const struct vouch_store_revocation *revocation) {
    static const uint8_t any[VOUCH_STORE_HASH_LEN] = {0};
    int is_any = memcmp(revocation->ca, any, sizeof any) == 0;
    size_t len = revocation->value.len;
    int fits = 0;
    switch (revocation->kind) {
    case VOUCH_STORE_REVOKE_SERIAL:
        fits = len == sizeof(uint64_t) && !is_any;
        break;
    case VOUCH_STORE_REVOKE_KEY_ID:
        fits = len > 0 && len <= VOUCH_STORE_TEXT_MAX;
        break;
    case VOUCH_STORE_REVOKE_KEY:
        fits = len == VOUCH_STORE_HASH_LEN;
        break;
    case VOUCH_STORE_REVOKE_CA:
        fits = len == VOUCH_STORE_HASH_LEN && is_any;
        break;
    case VOUCH_STORE_REVOKE_NONE:
        break;
    }
    return fits && revocation->reason.len <= VOUCH_STORE_TEXT_MAX
               ? NULL
               : "a revocation to be indexed has a value that does not fit its kind";
}

static const char *judge_event(const struct vouch_store_record *record) {
    const struct vouch_store_event *event = record->event;
    const struct vouch_bytes texts[] = {event->type, event->actor, event->object};
    if (!texts_fit(texts, sizeof texts / sizeof texts[0]) ||
        event->details.len > VOUCH_STORE_DETAILS_MAX) {
        return "an event to be indexed has a text that is too long";
    }
    return record->revocation != NULL ? judge_revocation(record->revocation) : NULL;
}

// What is wrong with a record of a batch, or NULL.
static const char *judge(const struct vouch_store_record *record) {
    if ((record->cert == NULL) == (record->event == NULL)) {
        return "a record to be indexed must be a certificate or an event";
    }
    if ((record->cert == NULL && record->once != NULL) ||
        (record->event == NULL && record->revocation != NULL)) {
        return "a record to be indexed has a part that is not its kind's";
    }
    if (number_of(record) >= INT64_MAX || time_of(record) > INT64_MAX) {
        return "a record to be indexed has a number or time beyond 2^63";
    }
    return record->cert != NULL ? judge_cert(record->cert) : judge_event(record);
}

static const char *judge_batch(const struct vouch_store_batch *batch) {
    if (batch->count == 0 || batch->count > VOUCH_STORE_BATCH_MAX || batch->origin.len == 0 ||
        batch->origin.len > VOUCH_STORE_TEXT_MAX) {
        return "a batch must have 1 to 4096 records and an origin";
    }
    const char *reason = NULL;
    for (size_t i = 0; i < batch->count && reason == NULL; i++) {
        reason = judge(&batch->records[i]);
        if (reason == NULL && i > 0 &&
            number_of(&batch->records[i]) != number_of(&batch->records[i - 1]) + 1) {
            reason = "the records of a batch must follow each other";
        }
    }
    return reason;
}

// --- writing

static int put_cert(struct vouch_store *store, const struct vouch_store_cert *cert,
                    struct vouch_buf *scratch, struct vouch_fault *fault) {
    int64_t ca = 0;
    int found = 0;
    int err = vouch_store_ca(store, cert->ca, VOUCH_STORE_CA_MAKE, &found, &ca, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_buf_clear(scratch);
    vouch_list_put(scratch, cert->principals, cert->principal_count);
    if (scratch->err != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    const struct vouch_value args[] = {
        vouch_value_integer((int64_t)cert->number),
        vouch_value_integer((int64_t)cert->time_ms),
        vouch_value_integer(vouch_serial_kept(cert->serial)),
        vouch_value_integer(ca),
        vouch_value_integer(cert->type),
        vouch_value_bytes(cert->key_id),
        vouch_value_bytes((struct vouch_bytes){cert->key, sizeof cert->key}),
        vouch_value_bytes(vouch_buf_bytes(scratch)),
        vouch_value_integer((int64_t)cert->valid_after),
        vouch_value_integer((int64_t)cert->valid_before),
        vouch_value_bytes(cert->actor),
        vouch_value_bytes(cert->role),
        vouch_value_bytes(cert->request),
        vouch_value_bytes(cert->source),
        vouch_value_bytes(cert->policy),
    };
    return store->driver->run(store->db, VOUCH_SQL_CERT_ADD, args, NULL, fault);
}

static int put_once(struct vouch_store *store, const struct vouch_store_record *record,
                    struct vouch_fault *fault) {
    const struct vouch_store_once *once = record->once;
    const struct vouch_value args[] = {
        vouch_value_bytes((struct vouch_bytes){once->key, sizeof once->key}),
        vouch_value_integer((int64_t)record->cert->number),
        vouch_value_bytes((struct vouch_bytes){once->request, sizeof once->request}),
        vouch_value_integer(once->expires_s > INT64_MAX ? INT64_MAX : (int64_t)once->expires_s),
    };
    return store->driver->run(store->db, VOUCH_SQL_IDEMPOTENCY_ADD, args, NULL, fault);
}

static int put_event(struct vouch_store *store, const struct vouch_store_event *event,
                     struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_integer((int64_t)event->number),
        vouch_value_integer((int64_t)event->time_ms),
        vouch_value_bytes(event->type),
        vouch_value_bytes(event->actor),
        vouch_value_bytes(event->object),
        vouch_value_bytes(event->details),
    };
    return store->driver->run(store->db, VOUCH_SQL_EVENT_ADD, args, NULL, fault);
}

static int put_revocation(struct vouch_store *store, const struct vouch_store_record *record,
                          struct vouch_fault *fault) {
    const struct vouch_store_revocation *revocation = record->revocation;
    const struct vouch_store_event *event = record->event;
    int64_t ca = 0;
    int found = 0;
    int err = vouch_store_ca(store, revocation->ca, VOUCH_STORE_CA_MAKE, &found, &ca, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_value args[] = {
        vouch_value_integer(revocation->kind),
        vouch_value_bytes(revocation->value),
        vouch_value_integer(ca),
        vouch_value_integer((int64_t)event->number),
        vouch_value_integer((int64_t)event->time_ms),
        vouch_value_bytes(event->actor),
        vouch_value_bytes(revocation->reason),
        // Beyond what is kept is never.
        vouch_value_integer(revocation->until_s > INT64_MAX ? 0 : (int64_t)revocation->until_s),
    };
    return store->driver->run(store->db, VOUCH_SQL_REVOCATION_ADD, args, NULL, fault);
}

static int put_record(struct vouch_store *store, const struct vouch_store_record *record,
                      struct vouch_buf *scratch, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    if (record->cert != NULL) {
        err = put_cert(store, record->cert, scratch, fault);
    } else {
        err = put_event(store, record->event, fault);
    }
    if (err == VOUCH_OK && record->once != NULL) {
        err = put_once(store, record, fault);
    }
    if (err == VOUCH_OK && record->revocation != NULL) {
        err = put_revocation(store, record, fault);
    }
    return err;
}

// --- counting

// Records of a batch are mostly of one hour and a few roles: each kind of them is counted here, and written
// once. What does not fit is written and begun anew.
#define TALLIES_MAX 64

struct tally {
    enum vouch_store_tally kind;
    uint64_t hour;
    struct vouch_bytes name;
    uint64_t count;
};

struct tallies {
    struct tally rows[TALLIES_MAX];
    size_t count;
};

static int write_tallies(struct vouch_store *store, struct tallies *tallies,
                         struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < tallies->count; i++) {
        const struct tally *row = &tallies->rows[i];
        err = vouch_store_tally_add(store, row->kind, row->hour, row->name, row->count, fault);
    }
    tallies->count = 0;
    return err;
}

static int tally(struct vouch_store *store, struct tallies *tallies, const struct tally *one,
                 struct vouch_fault *fault) {
    for (size_t i = 0; i < tallies->count; i++) {
        struct tally *row = &tallies->rows[i];
        if (row->kind == one->kind && row->hour == one->hour &&
            vouch_bytes_equal(row->name, one->name)) {
            row->count++;
            return VOUCH_OK;
        }
    }
    int err = tallies->count == TALLIES_MAX ? write_tallies(store, tallies, fault) : VOUCH_OK;
    if (err == VOUCH_OK) {
        tallies->rows[tallies->count++] = *one;
    }
    return err;
}

static int tally_cert(struct vouch_store *store, struct tallies *tallies,
                      const struct vouch_store_cert *cert, struct vouch_fault *fault) {
    struct vouch_bytes type = vouch_bytes_of(cert->type == VOUCH_CERT_USER ? "user" : "host");
    uint64_t end_s = cert->valid_before;
    const struct tally issued = {.kind = VOUCH_STORE_TALLY_ISSUED,
                                 .hour = cert->time_ms / 1000 / VOUCH_STORE_HOUR_S,
                                 .name = cert->role.len > 0 ? cert->role : type,
                                 .count = 1};
    const struct tally ends = {.kind = VOUCH_STORE_TALLY_ENDS,
                               .hour = end_s > INT64_MAX ? INT64_MAX : end_s / VOUCH_STORE_HOUR_S,
                               .name = vouch_bytes_of(""),
                               .count = 1};
    int err = tally(store, tallies, &issued, fault);
    return err == VOUCH_OK ? tally(store, tallies, &ends, fault) : err;
}

static int tally_record(struct vouch_store *store, struct tallies *tallies,
                        const struct vouch_store_record *record, struct vouch_fault *fault) {
    if (record->cert != NULL) {
        return tally_cert(store, tallies, record->cert, fault);
    }
    if (!vouch_bytes_equal(record->event->type, vouch_bytes_of(VOUCH_STORE_REFUSAL_EVENT))) {
        return VOUCH_OK;
    }
    const struct tally refused = {.kind = VOUCH_STORE_TALLY_REFUSED,
                                  .hour = record->event->time_ms / 1000 / VOUCH_STORE_HOUR_S,
                                  .name = vouch_bytes_of(""),
                                  .count = 1};
    return tally(store, tallies, &refused, fault);
}

// Which of the batch are new: those from *ret_first on.
static int find_first(struct vouch_store *store, const struct vouch_store_batch *batch,
                      size_t *ret_first, struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_meta meta;
    int err = vouch_store_meta(store, &arena, &meta, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    uint64_t number = number_of(&batch->records[0]);
    if (meta.origin.len > 0 && !vouch_bytes_equal(meta.origin, batch->origin)) {
        return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_store_bad,
                               "database %s: it is the index of the ledger %.*s, not of %.*s",
                               store->where, (int)meta.origin.len, (const char *)meta.origin.ptr,
                               (int)batch->origin.len, (const char *)batch->origin.ptr);
    }
    if (number > meta.position) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_internal,
                               "database %s: record %" PRIu64 " comes before %" PRIu64
                               " is indexed",
                               store->where, number, meta.position);
    }
    uint64_t known = meta.position - number;
    *ret_first = known < batch->count ? (size_t)known : batch->count;
    return VOUCH_OK;
}

static int put_position(struct vouch_store *store, const struct vouch_store_batch *batch,
                        size_t first, struct vouch_fault *fault) {
    const struct vouch_store_record *oldest = &batch->records[first];
    const struct vouch_store_record *newest = &batch->records[batch->count - 1];
    const struct vouch_value mark[] = {vouch_value_integer((int64_t)time_of(oldest)),
                                       vouch_value_integer((int64_t)number_of(oldest))};
    const struct vouch_value position[] = {vouch_value_bytes(batch->origin),
                                           vouch_value_integer((int64_t)number_of(newest) + 1)};
    int err = store->driver->run(store->db, VOUCH_SQL_MARK_ADD, mark, NULL, fault);
    if (err == VOUCH_OK) {
        err = store->driver->run(store->db, VOUCH_SQL_META_INDEXED, position, NULL, fault);
    }
    return err;
}

static int put_new(struct vouch_store *store, const struct vouch_store_batch *batch,
                   struct vouch_fault *fault) {
    size_t first = 0;
    int err = find_first(store, batch, &first, fault);
    if (err != VOUCH_OK || first == batch->count) {
        return err;
    }
    struct vouch_buf scratch;
    struct tallies tallies = {0};
    vouch_buf_init(&scratch, PRINCIPALS_MAX);
    for (size_t i = first; err == VOUCH_OK && i < batch->count; i++) {
        err = put_record(store, &batch->records[i], &scratch, fault);
        if (err == VOUCH_OK) {
            err = tally_record(store, &tallies, &batch->records[i], fault);
        }
    }
    vouch_buf_done(&scratch);
    if (err == VOUCH_OK) {
        err = write_tallies(store, &tallies, fault);
    }
    if (err == VOUCH_OK) {
        err = put_position(store, batch, first, fault);
    }
    return err == VOUCH_OK ? vouch_terms_write(store, fault) : err;
}

int vouch_store_write_batch(struct vouch_store *store, const struct vouch_store_batch *batch,
                            struct vouch_fault *fault) {
    const char *reason = judge_batch(batch);
    if (reason != NULL) {
        return vouch_store_misuse(store, reason, fault);
    }
    enum vouch_driver_durability durability = VOUCH_DRIVER_LATER;
    for (size_t i = 0; i < batch->count; i++) {
        durability = batch->records[i].revocation != NULL ? VOUCH_DRIVER_NOW : durability;
    }
    int err = vouch_store_begin(store, durability, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = put_new(store, batch, fault);
    return vouch_store_end(store, err, fault);
}
