// SPDX-License-Identifier: ISC
// Showing and listing what is indexed: certificates, revocations, events.
#include "authority/issue.h"
#include "authority/row.h"
#include "store/audit.h"

// --- certificates

static struct vouch_bytes wanted(struct vouch_bytes text) {
    return text.len > 0 ? text : (struct vouch_bytes){0};
}

// Somebody signed in sees what is their own.
static int may_see(const struct vouch_who *who, struct vouch_bytes actor) {
    return vouch_who_may(who, VOUCH_MAY_READ) || vouch_bytes_equal(who->actor, actor);
}

int vouch_local_show(struct vouch_local *authority, const struct vouch_caller *caller,
                     const struct vouch_ask_show *ask, struct vouch_answer_cert *ret_answer,
                     struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    int is_found = 0;
    int err = vouch_identify_own(authority, caller, VOUCH_MAY_READ, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = vouch_cert_find(authority, ask->serial, &is_found, &ret_answer->row, fault);
    if (err == VOUCH_OK && (!is_found || !may_see(&who, ret_answer->row.actor))) {
        vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "serial",
                        "there is no certificate with this serial");
        return VOUCH_OK;
    }
    return err == VOUCH_OK ? vouch_cert_row_fill(authority, &ret_answer->row, fault) : err;
}

static int copy_next(struct vouch_local *authority, const char *next, struct vouch_bytes *ret_next,
                     struct vouch_fault *fault) {
    return vouch_arena_copy(&authority->arena, vouch_bytes_of(next), ret_next) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

static int put_certs(struct vouch_local *authority, struct vouch_store_certs *page,
                     struct vouch_answer_certs *answer, struct vouch_fault *fault) {
    vouch_arena_adopt(authority, &page->arena);
    struct vouch_cert_row *rows =
        vouch_arena_alloc(&authority->arena, (page->count + 1) * sizeof *rows);
    if (rows == NULL) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < page->count; i++) {
        rows[i] = vouch_cert_row_of(&page->rows[i]);
    }
    answer->rows = rows;
    answer->count = page->count;
    return copy_next(authority, page->next, &answer->next, fault);
}

static int is_key_bad(const struct vouch_ask_certs *ask, struct vouch_reply *reply) {
    if (ask->key.len == 0 || ask->key.len == VOUCH_STORE_HASH_LEN) {
        return 0;
    }
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "fingerprint",
                    "fingerprint must be a SHA-256");
    return 1;
}

int vouch_local_certs(struct vouch_local *authority, const struct vouch_caller *caller,
                      const struct vouch_ask_certs *ask, struct vouch_answer_certs *ret_answer,
                      struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify_own(authority, caller, VOUCH_MAY_READ, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE || is_key_bad(ask, reply)) {
        return err;
    }
    if (ask->actor.len > 0 && !may_see(&who, ask->actor)) {
        return VOUCH_OK; // nothing that they could see
    }
    const struct vouch_store_cert_filter filter = {
        .serial = ask->serial != 0 ? &ask->serial : NULL,
        .key = ask->key.len > 0 ? ask->key.ptr : NULL,
        .key_id = wanted(ask->key_id),
        .principal = wanted(ask->principal),
        .actor = vouch_who_may(&who, VOUCH_MAY_READ) ? wanted(ask->actor) : who.actor,
        .type = ask->type,
        .from_ms = ask->from_ms,
        .until_ms = ask->until_ms,
        .valid_at_s = ask->valid_at_s,
    };
    const struct vouch_store_page page = vouch_page_of(&ask->page);
    struct vouch_store_certs found = {0};
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    err = vouch_store_certs_list(store, &filter, &page, &found, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err != VOUCH_OK) {
        return vouch_cursor_is_bad(err, reply, fault) ? VOUCH_OK : err;
    }
    err = put_certs(authority, &found, ret_answer, fault);
    vouch_store_certs_done(&found);
    return err;
}

// --- revocations

static int put_revocations(struct vouch_local *authority, struct vouch_store_revocations *page,
                           struct vouch_answer_revocations *answer, struct vouch_fault *fault) {
    vouch_arena_adopt(authority, &page->arena);
    struct vouch_revocation_row *rows =
        vouch_arena_alloc(&authority->arena, (page->count + 1) * sizeof *rows);
    if (rows == NULL) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < page->count; i++) {
        rows[i] = vouch_revocation_row_of(&page->rows[i]);
    }
    answer->rows = rows;
    answer->count = page->count;
    return copy_next(authority, page->next, &answer->next, fault);
}

int vouch_local_revocations(struct vouch_local *authority, const struct vouch_caller *caller,
                            const struct vouch_ask_revocations *ask,
                            struct vouch_answer_revocations *ret_answer,
                            struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify(authority, caller, VOUCH_MAY_READ, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    const struct vouch_store_page page = vouch_page_of(&ask->page);
    struct vouch_store_revocations found = {0};
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    err = vouch_store_revocations_list(store, NULL, 0, &page, &found, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err != VOUCH_OK) {
        return vouch_cursor_is_bad(err, reply, fault) ? VOUCH_OK : err;
    }
    err = put_revocations(authority, &found, ret_answer, fault);
    vouch_store_revocations_done(&found);
    return err;
}

// --- events

static int put_events(struct vouch_local *authority, struct vouch_store_events *page,
                      struct vouch_answer_audit *answer, struct vouch_fault *fault) {
    vouch_arena_adopt(authority, &page->arena);
    struct vouch_event_row *rows =
        vouch_arena_alloc(&authority->arena, (page->count + 1) * sizeof *rows);
    if (rows == NULL) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < page->count; i++) {
        const struct vouch_store_event *event = &page->rows[i];
        rows[i] = (struct vouch_event_row){.number = event->number,
                                           .time_ms = event->time_ms,
                                           .type = event->type,
                                           .actor = event->actor,
                                           .object = event->object,
                                           .details = event->details};
    }
    answer->rows = rows;
    answer->count = page->count;
    return copy_next(authority, page->next, &answer->next, fault);
}

int vouch_local_audit(struct vouch_local *authority, const struct vouch_caller *caller,
                      const struct vouch_ask_audit *ask, struct vouch_answer_audit *ret_answer,
                      struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify(authority, caller, VOUCH_MAY_AUDIT, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    const struct vouch_store_event_filter filter = {.type = wanted(ask->type),
                                                    .actor = wanted(ask->actor),
                                                    .object = wanted(ask->object),
                                                    .from_ms = ask->from_ms,
                                                    .until_ms = ask->until_ms};
    const struct vouch_store_page page = vouch_page_of(&ask->page);
    struct vouch_store_events found = {0};
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    err = vouch_store_audit_list(store, &filter, &page, &found, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err != VOUCH_OK) {
        return vouch_cursor_is_bad(err, reply, fault) ? VOUCH_OK : err;
    }
    err = put_events(authority, &found, ret_answer, fault);
    vouch_store_events_done(&found);
    return err;
}
