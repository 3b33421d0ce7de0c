// SPDX-License-Identifier: ISC
// Renewing: a fresh certificate of the same content, for whoever got the old one and could still get it
// anew.
#include "authority/issue.h"
#include "authority/row.h"
#include "base/time.h"

#define GRACE_S (7 * 86400) // how long after its end a certificate can be renewed

static void absent(struct vouch_reply *reply) {
    vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "serial",
                    "there is no certificate with this serial that is yours to renew");
}

static int may_renew(const struct vouch_who *who, const struct vouch_cert_row *row) {
    return who->is_local || (who->scopes & VOUCH_MAY_ADMIN) != 0 ||
           vouch_bytes_equal(who->actor, row->actor);
}

static void judge_row(const struct vouch_who *who, const struct vouch_cert_row *row,
                      struct vouch_reply *reply) {
    if (!may_renew(who, row)) {
        absent(reply);
    } else if (row->revoked_ms != 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_renewal, "serial",
                        "the certificate was revoked");
    } else if (row->valid_before < vouch_time_now_s() &&
               vouch_time_now_s() - row->valid_before > GRACE_S) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_renewal, "serial",
                        "the certificate expired more than 7 days ago");
    }
}

// "NAME" or "NAME=VALUE" of an option as it stands in a certificate.
static int option_text(struct vouch_arena *arena, struct vouch_bytes name, struct vouch_bytes data,
                       struct vouch_bytes *ret_text) {
    if (data.len < 4) {
        *ret_text = name;
        return data.len == 0 ? VOUCH_OK : VOUCH_ERR_FORMAT;
    }
    size_t value_len = data.len - 4; // behind the length of the one string that it is
    uint8_t *text = vouch_arena_alloc(arena, name.len + 1 + value_len);
    if (text == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    memcpy(text, name.ptr, name.len);
    text[name.len] = '=';
    memcpy(text + name.len + 1, data.ptr + 4, value_len);
    *ret_text = (struct vouch_bytes){text, name.len + 1 + value_len};
    return VOUCH_OK;
}

static int option_texts(struct vouch_arena *arena, struct vouch_bytes options,
                        struct vouch_text_list *ret_list) {
    struct vouch_text_list parts;
    int err = vouch_strings_read(options, (size_t)2 * VOUCH_ASK_LIST_MAX, arena, &parts);
    struct vouch_bytes *items =
        err == VOUCH_OK ? vouch_arena_alloc(arena, (parts.count / 2 + 1) * sizeof *items) : NULL;
    if (items == NULL) {
        return err != VOUCH_OK ? err : VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; err == VOUCH_OK && i + 1 < parts.count; i += 2) {
        err = option_text(arena, parts.items[i], parts.items[i + 1], &items[i / 2]);
    }
    *ret_list = (struct vouch_text_list){items, parts.count / 2};
    return err;
}

// What the old certificate says, as a wish.
static int wish_again(struct vouch_local *authority, const struct vouch_cert_row *row,
                      const struct vouch_cert_view *view, struct vouch_wish *ret_wish,
                      struct vouch_fault *fault) {
    uint64_t length_s = row->valid_before - row->valid_after;
    struct vouch_wish wish = {.type = row->type,
                              .key_id = row->key_id,
                              .principals = row->principals,
                              .ttl_s = length_s > VOUCH_BACKDATE_S ? length_s - VOUCH_BACKDATE_S
                                                                   : length_s,
                              .extensions_are = VOUCH_WISH_EXACT};
    int err = option_texts(&authority->arena, view->critical, &wish.critical);
    if (err == VOUCH_OK) {
        err = option_texts(&authority->arena, view->extensions, &wish.extensions);
    }
    if (err != VOUCH_OK) {
        return vouch_fault_set(fault, err, &vouch_fault_ledger_bad,
                               "ledger: the options of a certificate cannot be read: %s",
                               vouch_err_text(err));
    }
    *ret_wish = wish;
    return VOUCH_OK;
}

static int renew_row(struct vouch_local *authority, struct vouch_job *job,
                     struct vouch_cert_row *row, struct vouch_answer_cert *ret_answer,
                     struct vouch_fault *fault) {
    struct vouch_cert_view view;
    struct vouch_wish wish;
    struct vouch_buf key;
    int err = vouch_cert_row_fill(authority, row, fault);
    if (err == VOUCH_OK && vouch_own_cert_read(row->cert, &view) != VOUCH_OK) {
        err = vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_ledger_bad,
                              "ledger: a certificate cannot be read");
    }
    if (err == VOUCH_OK) {
        err = wish_again(authority, row, &view, &wish, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_buf_init(&key, VOUCH_KEY_BLOB_MAX);
    vouch_cert_view_key(&view, &key);
    job->wish = &wish;
    job->key = vouch_buf_bytes(&key);
    err = key.err == VOUCH_OK ? vouch_issue(authority, job, ret_answer, fault)
                              : vouch_no_memory(fault);
    vouch_buf_done(&key);
    return err;
}

// A certificate of a moment ago may not be indexed yet.
static int find(struct vouch_local *authority, uint64_t serial, int *ret_found,
                struct vouch_cert_row *ret_row, struct vouch_fault *fault) {
    int err = vouch_cert_find(authority, serial, ret_found, ret_row, fault);
    if (err != VOUCH_OK || *ret_found) {
        return err;
    }
    struct vouch_office *office = authority->office;
    pthread_mutex_lock(&office->lock);
    uint64_t wanted = office->wanted;
    int is_behind = office->position < wanted;
    pthread_mutex_unlock(&office->lock);
    err = is_behind ? vouch_clerk_wait(office, wanted, fault) : VOUCH_OK;
    return err == VOUCH_OK && is_behind
               ? vouch_cert_find(authority, serial, ret_found, ret_row, fault)
               : err;
}

int vouch_local_renew(struct vouch_local *authority, const struct vouch_caller *caller,
                      const struct vouch_ask_renew *ask, struct vouch_answer_cert *ret_answer,
                      struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_cert_row row;
    struct vouch_reply *reply = &ret_answer->reply;
    int is_found = 0;
    uint8_t body[5 + sizeof ask->serial];
    int err = vouch_identify(authority, caller, VOUCH_MAY_ISSUE, &who, reply, fault);
    vouch_lease_end(authority);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = find(authority, ask->serial, &is_found, &row, fault);
        if (err == VOUCH_OK && is_found) {
            judge_row(&who, &row, reply);
        } else {
            absent(reply);
        }
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_REFUSED && is_found) {
        err = vouch_refusal_note(authority, caller, &who, row.key_id, reply, fault);
    }
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    memcpy(body, "renew", 5);
    memcpy(body + 5, &ask->serial, sizeof ask->serial);
    struct vouch_job job = {
        .caller = caller, .who = &who, .once = ask->once, .body = {body, sizeof body}};
    return renew_row(authority, &job, &row, ret_answer, fault);
}
