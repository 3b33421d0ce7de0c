// SPDX-License-Identifier: ISC
// Why a login would work or not: gathers what is known of person, host and certificate, and goes through
// sshd's checks in its order. What nobody has reported is said to be unknown, not to be good.
#include "authority/explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "authority/host-name.h"
#include "authority/issue.h"
#include "authority/login-row.h"
#include "base/time.h"
#include "store/logins.h"
#include "store/sessions.h"

#define TEXT_ROOM 1024
#define REFUSED_MAX 5
#define REFUSED_FROM_S (7u * 86400) // how long ago it matters
#define INSTEAD_MAX 64

void vouch_explain_add(struct vouch_explaining *explaining, const char *name,
                       enum vouch_check_state state, const char *next, const char *format, ...) {
    struct vouch_check_row *row = &explaining->rows[explaining->count];
    char text[TEXT_ROOM];
    va_list args;
    if (explaining->err != VOUCH_OK || explaining->count == VOUCH_EXPLAIN_CHECKS_MAX) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    *row = (struct vouch_check_row){.name = vouch_bytes_of(name), .state = state};
    explaining->err = vouch_arena_copy(explaining->arena, vouch_bytes_of(text), &row->text);
    if (explaining->err == VOUCH_OK) {
        explaining->err = vouch_arena_copy(explaining->arena, vouch_bytes_of(next), &row->next);
    }
    explaining->count += explaining->err == VOUCH_OK ? 1 : 0;
}

// --- the person

static int check_session(struct vouch_explaining *explaining, struct vouch_fault *fault) {
    const struct vouch_store_page page = {.limit = 1};
    struct vouch_store_sessions sessions = {0};
    if (vouch_bytes_equal(explaining->user, explaining->who->user)) {
        vouch_explain_add(explaining, "signed-in", VOUCH_CHECK_OK, "", "signed in as %.*s",
                          VOUCH_REPLY_TEXT(explaining->user));
        return VOUCH_OK;
    }
    struct vouch_pool *pool = &explaining->authority->office->slow;
    struct vouch_store *store = vouch_pool_take(pool);
    int err = vouch_store_sessions_list(store, explaining->user, explaining->now_s, &page,
                                        &sessions, fault);
    vouch_pool_give(pool, store);
    if (err == VOUCH_OK && sessions.count > 0) {
        vouch_explain_add(explaining, "signed-in", VOUCH_CHECK_OK, "", "%.*s is signed in",
                          VOUCH_REPLY_TEXT(explaining->user));
    } else if (err == VOUCH_OK) {
        vouch_explain_add(explaining, "signed-in", VOUCH_CHECK_WARN, "vouch login",
                          "%.*s is not signed in: a certificate that is over is not renewed",
                          VOUCH_REPLY_TEXT(explaining->user));
    }
    vouch_store_sessions_done(&sessions);
    return err;
}

int vouch_explain_person(struct vouch_explaining *explaining, struct vouch_fault *fault) {
    int err = check_session(explaining, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (vouch_policy_has_active(explaining->policy, explaining->user, explaining->now_s)) {
        vouch_explain_add(explaining, "account", VOUCH_CHECK_OK, "", "%.*s is an active user",
                          VOUCH_REPLY_TEXT(explaining->user));
    } else {
        vouch_explain_add(
            explaining, "account", VOUCH_CHECK_FAIL, "an administrator looks at vouch user ls",
            "%.*s is no active user of the policy", VOUCH_REPLY_TEXT(explaining->user));
    }
    return VOUCH_OK;
}

// --- what is known of the host

static const struct vouch_policy_host *place_of(const struct vouch_policy *policy,
                                                struct vouch_bytes name) {
    return policy != NULL ? vouch_host_named(vouch_policy_holds(policy), name) : NULL;
}

// By its name or one of those that it goes by.
static int find_host(struct vouch_explaining *explaining, struct vouch_store *store,
                     struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_arena *arena = explaining->arena;
    explaining->host = explaining->ask->host;
    int err = vouch_store_host_by_any_name(store, explaining->ask->host, arena, &outcome,
                                           &explaining->row, fault);
    if (err != VOUCH_OK || outcome != VOUCH_STORE_DONE) {
        return err;
    }
    explaining->is_enrolled = 1;
    explaining->host = explaining->row.name;
    err = vouch_store_host_keys(store, arena, &explaining->row, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_host_report_find(store, explaining->row.id, arena, &outcome,
                                           &explaining->report, fault);
        explaining->has_report = err == VOUCH_OK && outcome == VOUCH_STORE_DONE;
    }
    return err;
}

static int gather(struct vouch_explaining *explaining, struct vouch_fault *fault) {
    struct vouch_pool *pool = &explaining->authority->office->slow;
    struct vouch_store *store = vouch_pool_take(pool);
    int err = find_host(explaining, store, fault);
    vouch_pool_give(pool, store);
    if (err == VOUCH_OK) {
        err = vouch_trust_now(explaining->authority, &explaining->trust, fault);
    }
    explaining->place = place_of(explaining->policy, explaining->host);
    if (err == VOUCH_OK && explaining->place != NULL) {
        const struct vouch_policy_view view = {explaining->policy, explaining->now_s,
                                               explaining->arena};
        err = vouch_policy_accepted(&view, explaining->ask->login, explaining->host,
                                    &explaining->accepts) == VOUCH_OK
                  ? VOUCH_OK
                  : vouch_no_memory(fault);
    }
    return err == VOUCH_OK ? vouch_explain_choose(explaining, fault) : err;
}

// --- the answer

static enum vouch_check_state outcome_of(const struct vouch_explaining *explaining) {
    enum vouch_check_state outcome = VOUCH_CHECK_OK;
    for (size_t i = 0; i < explaining->count; i++) {
        if (explaining->rows[i].state == VOUCH_CHECK_FAIL) {
            return VOUCH_CHECK_FAIL;
        }
        outcome = explaining->rows[i].state == VOUCH_CHECK_UNKNOWN ? VOUCH_CHECK_UNKNOWN : outcome;
    }
    return outcome;
}

// What sshd said of the same person there, lately.
static int put_refused(const struct vouch_explaining *explaining,
                       struct vouch_answer_explain *answer, struct vouch_fault *fault) {
    struct vouch_store_logins found = {0};
    const struct vouch_store_login_filter filter = {
        .host = explaining->host,
        .login = explaining->ask->login,
        .user = explaining->user,
        .outcome = VOUCH_STORE_LOGIN_REFUSED,
        .from_ms = (explaining->now_s - REFUSED_FROM_S) * 1000};
    const struct vouch_store_page page = {.limit = REFUSED_MAX};
    struct vouch_pool *pool = &explaining->authority->office->slow;
    struct vouch_store *store = vouch_pool_take(pool);
    int err = vouch_store_logins_list(store, &filter, &page, &found, fault);
    vouch_pool_give(pool, store);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_login_row *rows =
        vouch_arena_alloc(explaining->arena, (found.count + 1) * sizeof *rows);
    err = rows != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    for (size_t i = 0; err == VOUCH_OK && i < found.count; i++) {
        rows[i] = vouch_login_row_of(&found.rows[i]);
        err = vouch_login_row_keep(explaining->arena, &rows[i]);
    }
    answer->refused = rows;
    answer->refused_count = found.count;
    vouch_store_logins_done(&found);
    return err == VOUCH_OK ? VOUCH_OK : vouch_no_memory(fault);
}

static int is_among(const struct vouch_bytes *items, size_t count, struct vouch_bytes text) {
    const struct vouch_policy_names names = {items, NULL, count};
    return vouch_explain_opens(&text, 1, &names);
}

// Nonzero if the certificate at hand opens that login; without one, any that a new one would open does.
static int opens_login(const struct vouch_explaining *explaining,
                       const struct vouch_policy_view *view, struct vouch_bytes login) {
    struct vouch_policy_names accepts = {0};
    const struct vouch_cert *cert = explaining->cert;
    if (cert == NULL || cert->valid_before <= explaining->now_s || explaining->is_revoked) {
        return 1;
    }
    return vouch_policy_accepted(view, login, explaining->host, &accepts) == VOUCH_OK &&
           vouch_explain_opens(cert->principals, cert->principal_count, &accepts);
}

// Other logins on the host that the person reaches without asking anybody.
static int put_instead(const struct vouch_explaining *explaining,
                       struct vouch_answer_explain *answer) {
    struct vouch_policy_paths roles = {0};
    struct vouch_policy_paths paths = {0};
    struct vouch_bytes logins[INSTEAD_MAX];
    size_t count = 0;
    vouch_autoarena struct vouch_arena scratch = {0};
    const struct vouch_policy_view view = {explaining->policy, explaining->now_s, &scratch};
    if (explaining->place == NULL) {
        return VOUCH_OK;
    }
    int err = vouch_policy_roles_of(&view, explaining->user, explaining->place->zone, NULL, &roles);
    if (err == VOUCH_OK) {
        err = vouch_policy_reach_host(&view, &roles, explaining->host, &paths);
    }
    for (size_t i = 0; err == VOUCH_OK && i < paths.count && count < INSTEAD_MAX; i++) {
        const struct vouch_policy_path *path = &paths.items[i];
        if (path->how == VOUCH_POLICY_STANDING &&
            !vouch_bytes_equal(path->login, explaining->ask->login) &&
            !is_among(logins, count, path->login) && opens_login(explaining, &view, path->login)) {
            logins[count++] = path->login;
        }
    }
    return err == VOUCH_OK
               ? vouch_texts_keep(explaining->arena, logins, count, INSTEAD_MAX, &answer->instead)
               : err;
}

static int put_rows(const struct vouch_explaining *explaining,
                    struct vouch_answer_explain *answer) {
    struct vouch_check_row *rows =
        vouch_arena_alloc(explaining->arena, (explaining->count + 1) * sizeof *rows);
    int err = rows != NULL ? explaining->err : VOUCH_ERR_NO_MEMORY;
    if (err == VOUCH_OK && explaining->count > 0) {
        memcpy(rows, explaining->rows, explaining->count * sizeof *rows);
    }
    answer->rows = rows;
    answer->count = explaining->count;
    answer->outcome = outcome_of(explaining);
    answer->login = explaining->ask->login;
    if (err == VOUCH_OK) {
        err = vouch_arena_copy(explaining->arena, explaining->user, &answer->user);
    }
    return err == VOUCH_OK ? vouch_arena_copy(explaining->arena, explaining->host, &answer->host)
                           : err;
}

static int explain(struct vouch_explaining *explaining, struct vouch_answer_explain *answer,
                   struct vouch_fault *fault) {
    int err = gather(explaining, fault);
    err = err == VOUCH_OK ? vouch_explain_person(explaining, fault) : err;
    if (err == VOUCH_OK) {
        vouch_explain_host(explaining);
        if (explaining->place != NULL) {
            vouch_explain_cert(explaining);
        }
        err = put_refused(explaining, answer, fault);
    }
    if (err == VOUCH_OK &&
        (put_instead(explaining, answer) != VOUCH_OK || put_rows(explaining, answer) != VOUCH_OK)) {
        err = vouch_no_memory(fault);
    }
    return err;
}

int vouch_local_explain(struct vouch_local *authority, const struct vouch_caller *caller,
                        const struct vouch_ask_explain *ask,
                        struct vouch_answer_explain *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    struct vouch_bytes user = {0};
    uint64_t version = 0;
    int err = vouch_identify_about(authority, caller, ask->user, &who, &user, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (ask->login.len == 0 || ask->host.len == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field,
                        ask->login.len == 0 ? "login" : "host", "login and host must be given");
        return VOUCH_OK;
    }
    struct vouch_explaining *explaining = calloc(1, sizeof *explaining);
    if (explaining == NULL) {
        return vouch_no_memory(fault);
    }
    *explaining = (struct vouch_explaining){.authority = authority,
                                            .caller = caller,
                                            .ask = ask,
                                            .who = &who,
                                            .arena = &authority->arena,
                                            .now_s = vouch_time_now_s(),
                                            .user = user};
    explaining->policy = vouch_policy_hold(authority, &version);
    err = explain(explaining, ret_answer, fault);
    vouch_policy_release(authority, explaining->policy);
    vouch_trust_done(&explaining->trust);
    vouch_cert_free(explaining->cert);
    free(explaining);
    return err;
}
