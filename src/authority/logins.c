// SPDX-License-Identifier: ISC
// Searching the logins that hosts reported: everybody's for administrators and auditors, their own for
// everybody.
#include "authority/access.h"
#include "authority/fleet.h"
#include "authority/issue.h"
#include "authority/login-row.h"
#include "authority/row.h"
#include "base/str.h"

// --- the forms of a login

struct vouch_store_login vouch_login_kept(const struct vouch_login_row *row,
                                          struct vouch_bytes host) {
    return (struct vouch_store_login){
        .time_ms = row->time_ms,
        .host = host,
        .outcome = row->outcome == VOUCH_LOGIN_ACCEPTED ? VOUCH_STORE_LOGIN_ACCEPTED
                                                        : VOUCH_STORE_LOGIN_REFUSED,
        .login = row->login,
        .key_id = row->key_id,
        .serial = row->serial,
        .source = row->source,
        .method = row->method,
        .fingerprint = row->fingerprint,
        .ca = row->ca,
        .reason = row->reason,
        .line = row->line,
    };
}

struct vouch_login_row vouch_login_row_of(const struct vouch_store_login *login) {
    return (struct vouch_login_row){
        .id = login->id,
        .host = login->host,
        .time_ms = login->time_ms,
        .outcome = login->outcome == VOUCH_STORE_LOGIN_ACCEPTED ? VOUCH_LOGIN_ACCEPTED
                                                                : VOUCH_LOGIN_REFUSED,
        .login = login->login,
        .source = login->source,
        .method = login->method,
        .key_id = login->key_id,
        .serial = login->serial,
        .fingerprint = login->fingerprint,
        .ca = login->ca,
        .reason = login->reason,
        .line = login->line,
        .alarm = login->alarm,
        .user = login->user,
    };
}

int vouch_login_row_keep(struct vouch_arena *arena, struct vouch_login_row *row) {
    struct vouch_bytes *const texts[] = {
        &row->host, &row->login,  &row->source, &row->method, &row->key_id, &row->fingerprint,
        &row->ca,   &row->reason, &row->line,   &row->alarm,  &row->user};
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < sizeof texts / sizeof texts[0]; i++) {
        err = vouch_arena_copy(arena, *texts[i], texts[i]);
    }
    return err;
}

struct vouch_bytes vouch_login_user(struct vouch_bytes actor) {
    struct vouch_bytes name = actor;
    return vouch_str_take(&name, "user:") && name.len > 0 ? name : actor;
}

// --- searching

// Nothing asked for is a filter that is not set.
static struct vouch_bytes wanted(struct vouch_bytes text) {
    return text.len > 0 ? text : (struct vouch_bytes){0};
}

static int put_rows(struct vouch_local *authority, struct vouch_store_logins *page,
                    struct vouch_answer_logins *answer, struct vouch_fault *fault) {
    vouch_arena_adopt(authority, &page->arena);
    struct vouch_login_row *rows =
        vouch_arena_alloc(&authority->arena, (page->count + 1) * sizeof *rows);
    if (rows == NULL || vouch_arena_copy(&authority->arena, vouch_bytes_of(page->next),
                                         &answer->next) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < page->count; i++) {
        rows[i] = vouch_login_row_of(&page->rows[i]);
    }
    answer->rows = rows;
    answer->count = page->count;
    return VOUCH_OK;
}

int vouch_local_logins(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_ask_logins *ask, struct vouch_answer_logins *ret_answer,
                       struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify(authority, caller, VOUCH_MAY_NOTHING, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    int is_reader = vouch_who_is_reader(&who);
    if (!is_reader && who.user.len == 0) {
        return vouch_identify_reader(authority, caller, &who, reply, fault); // which refuses
    }
    if (!is_reader && ask->user.len > 0 && !vouch_bytes_equal(ask->user, who.user)) {
        return VOUCH_OK; // nothing that they could see
    }
    const struct vouch_store_login_filter filter = {
        .host = wanted(ask->host),
        .login = wanted(ask->login),
        .user = is_reader ? wanted(ask->user) : who.user,
        .key_id = wanted(ask->key_id),
        .serial = ask->serial != 0 ? &ask->serial : NULL,
        .outcome = ask->outcome == VOUCH_LOGIN_ACCEPTED  ? VOUCH_STORE_LOGIN_ACCEPTED
                   : ask->outcome == VOUCH_LOGIN_REFUSED ? VOUCH_STORE_LOGIN_REFUSED
                                                         : VOUCH_STORE_LOGIN_ANY,
        .which = ask->alarms != 0 ? VOUCH_STORE_LOGINS_ALARMS : VOUCH_STORE_LOGINS_ALL,
        .from_ms = ask->from_ms,
        .until_ms = ask->until_ms,
    };
    const struct vouch_store_page page = vouch_page_of(&ask->page);
    struct vouch_store_logins found = {0};
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    err = vouch_store_logins_list(store, &filter, &page, &found, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err != VOUCH_OK) {
        return vouch_cursor_is_bad(err, reply, fault) ? VOUCH_OK : err;
    }
    err = put_rows(authority, &found, ret_answer, fault);
    vouch_store_logins_done(&found);
    return err;
}
