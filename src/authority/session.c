// SPDX-License-Identifier: ISC
// Sessions: who comes with one, listing and ending them, and making a second factor fresh.
#include "authority/session.h"

#include <inttypes.h>
#include <stdio.h>

#include "authority/issue.h"
#include "authority/passkey.h"
#include "authority/request-access.h"
#include "authority/row.h"
#include "base/time.h"

#define DETAILS_MAX 4096
#define METHODS_ROOM 64

// --- coming with a session

static void unknown(struct vouch_reply *reply, const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_UNKNOWN, &vouch_fault_caller, "token", "%s", why);
}

static int is_over(const struct vouch_store_session *session, uint64_t now_s) {
    return session->ends_s <= now_s ||
           (now_s > session->used_s && now_s - session->used_s >= session->idle_s);
}

static unsigned scopes_of(const struct vouch_policy *policy, struct vouch_bytes name) {
    if (vouch_policy_group_has(policy, vouch_bytes_of(VOUCH_GROUP_ADMINS), name)) {
        return VOUCH_MAY_READ | VOUCH_MAY_REVOKE | VOUCH_MAY_AUDIT | VOUCH_MAY_ADMIN |
               VOUCH_MAY_METRICS;
    }
    return vouch_policy_group_has(policy, vouch_bytes_of(VOUCH_GROUP_AUDITORS), name)
               ? VOUCH_MAY_READ | VOUCH_MAY_AUDIT | VOUCH_MAY_METRICS
               : VOUCH_MAY_NOTHING;
}

// "session:METHODS" and "policy VERSION".
static int name_texts(struct vouch_local *authority, const struct vouch_store_session *session,
                      uint64_t version, struct vouch_who *who) {
    char evidence[sizeof "session:" + VOUCH_STORE_SESSION_METHODS_MAX];
    char policy[32];
    (void)snprintf(evidence, sizeof evidence, "session:%.*s", VOUCH_REPLY_TEXT(session->methods));
    (void)snprintf(policy, sizeof policy, "policy %" PRIu64, version);
    int err = vouch_arena_copy(&authority->arena, vouch_bytes_of(evidence), &who->evidence);
    return err == VOUCH_OK
               ? vouch_arena_copy(&authority->arena, vouch_bytes_of(policy), &who->policy)
               : err;
}

static int name_who(struct vouch_local *authority, const struct vouch_store_session *session,
                    uint64_t version, struct vouch_who *who, struct vouch_fault *fault) {
    uint64_t idle_ends_s = vouch_time_now_s() + session->idle_s; // it is being used
    who->name = session->user;
    who->user = session->user;
    who->methods = session->methods;
    who->session_id = session->id;
    who->account_id = session->account;
    who->factor_s = session->factor_s;
    who->session_idle_s = idle_ends_s < session->ends_s ? idle_ends_s : session->ends_s;
    who->session_ends_s = session->ends_s;
    if (name_texts(authority, session, version, who) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    return vouch_people_actor(authority, session->user, &who->actor, fault);
}

int vouch_come_with_session(struct vouch_local *authority, const struct vouch_caller *caller,
                            struct vouch_who *who, struct vouch_reply *reply,
                            struct vouch_fault *fault) {
    uint8_t secret[VOUCH_STORE_HASH_LEN];
    struct vouch_store_session session;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint64_t now_s = vouch_time_now_s();
    uint64_t version = 0;
    int err = vouch_hash_of(authority, caller->token, secret, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_session_by_secret(vouch_lease(authority), secret, &authority->arena,
                                            &outcome, &session, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    if (outcome != VOUCH_STORE_DONE || is_over(&session, now_s)) {
        unknown(reply, "the session is unknown or has ended: run vouch login");
        return VOUCH_OK;
    }
    vouch_standing_end(authority);
    const struct vouch_policy *policy = vouch_policy_hold(authority, &version);
    authority->standing = policy;
    int is_active = vouch_policy_has_active(policy, session.user, now_s);
    *who = (struct vouch_who){.scopes = is_active ? scopes_of(policy, session.user) : 0};
    if (!is_active) {
        unknown(reply, "the session has ended: its user may not sign in any more");
        return VOUCH_OK;
    }
    err = name_who(authority, &session, version, who, fault);
    if (err == VOUCH_OK) {
        if (session.used_s + VOUCH_STORE_SESSION_COARSE_S <= now_s) {
            vouch_clerk_session_used(authority->office, session.id);
        }
        vouch_reply_done(reply);
    }
    return err;
}

void vouch_standing_end(struct vouch_local *authority) {
    vouch_policy_release(authority, authority->standing);
    authority->standing = NULL;
}

static int ends_with(struct vouch_bytes text, const char *end) {
    struct vouch_bytes tail = vouch_bytes_of(end);
    return text.len >= tail.len && memcmp(text.ptr + text.len - tail.len, tail.ptr, tail.len) == 0;
}

int vouch_fresh_factor(const struct vouch_who *who, uint64_t now_s, struct vouch_reply *reply) {
    if (who->user.len == 0) {
        return 1;
    }
    if (ends_with(who->methods, "+recovery")) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_factor_kind, NULL,
                        "a recovery code is not enough for this: sign in with your authenticator "
                        "app, or ask for a new link");
        return 0;
    }
    if (who->factor_s > now_s || now_s - who->factor_s > VOUCH_FACTOR_FRESH_S) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_factor_old, NULL,
                        "this needs a code that was given in the last five minutes");
        return 0;
    }
    return 1;
}

// --- rows and events

struct vouch_session_row vouch_session_row_of(const struct vouch_store_session *session) {
    return (struct vouch_session_row){.id = session->id,
                                      .user = session->user,
                                      .methods = session->methods,
                                      .source = session->source,
                                      .client = session->client,
                                      .created_s = session->created_s,
                                      .used_s = session->used_s,
                                      .factor_s = session->factor_s,
                                      .idle_s = session->idle_s,
                                      .ends_s = session->ends_s};
}

int vouch_session_note(struct vouch_local *authority, struct vouch_bytes actor, const char *type,
                       const struct vouch_session_event *event, struct vouch_fault *fault) {
    struct vouch_buf details;
    char number[24];
    vouch_buf_init(&details, DETAILS_MAX);
    if (event->id != 0) {
        (void)snprintf(number, sizeof number, "%" PRIu64, event->id);
        vouch_record_detail_put(&details, "session", vouch_bytes_of(number));
    }
    if (event->count > 0) {
        (void)snprintf(number, sizeof number, "%" PRIu64, event->count);
        vouch_record_detail_put(&details, "count", vouch_bytes_of(number));
    }
    if (event->methods.len > 0) {
        vouch_record_detail_put(&details, "methods", event->methods);
    }
    if (event->client.len > 0) {
        vouch_record_detail_put(&details, "client", event->client);
    }
    if (event->why != NULL) {
        vouch_record_detail_put(&details, "why", vouch_bytes_of(event->why));
    }
    if (event->caller != NULL) {
        vouch_record_detail_put(&details, "request", event->caller->request);
        vouch_record_detail_put(&details, "source", event->caller->source);
    }
    return vouch_people_note(authority, actor, type, event->user, &details, fault);
}

// --- listing

static int put_sessions(struct vouch_local *authority, struct vouch_store_sessions *page,
                        struct vouch_answer_sessions *answer, struct vouch_fault *fault) {
    vouch_arena_adopt(authority, &page->arena);
    struct vouch_session_row *rows =
        vouch_arena_alloc(&authority->arena, (page->count + 1) * sizeof *rows);
    if (rows == NULL || vouch_arena_copy(&authority->arena, vouch_bytes_of(page->next),
                                         &answer->next) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    for (size_t i = 0; i < page->count; i++) {
        rows[i] = vouch_session_row_of(&page->rows[i]);
    }
    answer->rows = rows;
    answer->count = page->count;
    return VOUCH_OK;
}

static int is_own(const struct vouch_who *who, struct vouch_bytes user) {
    return who->user.len > 0 && (user.len == 0 || vouch_bytes_equal(user, who->user));
}

static void nobody(struct vouch_reply *reply, struct vouch_bytes user) {
    if (user.len == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "user",
                        "user must be given by whoever is not signed in themselves");
    } else {
        vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "user",
                        "there is no user %.*s whose sessions are yours to see",
                        VOUCH_REPLY_TEXT(user));
    }
}

int vouch_local_sessions(struct vouch_local *authority, const struct vouch_caller *caller,
                         const struct vouch_ask_sessions *ask,
                         struct vouch_answer_sessions *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify_own(authority, caller, VOUCH_MAY_ADMIN, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (!is_own(&who, ask->user) && (!vouch_who_may(&who, VOUCH_MAY_ADMIN) || ask->user.len == 0)) {
        nobody(reply, ask->user);
        return VOUCH_OK;
    }
    const struct vouch_store_page page = vouch_page_of(&ask->page);
    struct vouch_bytes user = ask->user.len > 0 ? ask->user : who.user;
    struct vouch_store_sessions found = {0};
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    err = vouch_store_sessions_list(store, user, vouch_time_now_s(), &page, &found, fault);
    vouch_pool_give(&authority->office->slow, store);
    if (err != VOUCH_OK) {
        return vouch_cursor_is_bad(err, reply, fault) ? VOUCH_OK : err;
    }
    err = put_sessions(authority, &found, ret_answer, fault);
    vouch_store_sessions_done(&found);
    return err;
}

// --- ending

struct ending {
    struct vouch_bytes user;
    uint64_t account;
    uint64_t id; // 0: all of the account
};

static void no_session(struct vouch_reply *reply) {
    vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "id",
                    "there is no such session that is yours to end");
}

static int find_by_id(struct vouch_local *authority, uint64_t id, struct ending *ending,
                      struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_store_session session;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_store_session_by_id(vouch_lease(authority), id, &authority->arena, &outcome,
                                        &session, fault);
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        *ending = (struct ending){session.user, session.account, session.id};
    } else if (err == VOUCH_OK) {
        no_session(reply);
    }
    return err;
}

static int find_by_user(struct vouch_local *authority, struct vouch_bytes user,
                        struct ending *ending, struct vouch_reply *reply,
                        struct vouch_fault *fault) {
    struct vouch_store_account account;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_store_account_find(vouch_lease(authority), user, &authority->arena, &outcome,
                                       &account, fault);
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        *ending = (struct ending){account.name, account.id, 0};
    } else if (err == VOUCH_OK) {
        nobody(reply, user);
    }
    return err;
}

// Which sessions are meant; the reply says if there are none.
static int find_meant(struct vouch_local *authority, const struct vouch_who *who,
                      const struct vouch_ask_session_end *ask, struct ending *ending,
                      struct vouch_reply *reply, struct vouch_fault *fault) {
    switch (ask->which) {
    case VOUCH_SESSION_BY_ID:
        return find_by_id(authority, ask->id, ending, reply, fault);
    case VOUCH_SESSIONS_OF_USER:
        if (!is_own(who, ask->user) && vouch_who_may(who, VOUCH_MAY_ADMIN)) {
            return find_by_user(authority, ask->user, ending, reply, fault);
        }
        if (!is_own(who, ask->user)) {
            nobody(reply, ask->user); // whether there is such a user or not
            return VOUCH_OK;
        }
        *ending = (struct ending){who->user, who->account_id, 0};
        return VOUCH_OK;
    case VOUCH_SESSION_THIS:
        break;
    }
    *ending = (struct ending){who->user, who->account_id, who->session_id};
    if (who->session_id == 0) {
        no_session(reply);
    }
    return VOUCH_OK;
}

static int end_sessions(struct vouch_local *authority, const struct ending *ending,
                        uint64_t *ret_count, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = ending->id != 0
                  ? vouch_store_session_end(office->desk, ending->id, ret_count, fault)
                  : vouch_store_sessions_end(office->desk, ending->account, 0, ret_count, fault);
        err = vouch_store_work_end(office->desk, err, VOUCH_STORE_DONE, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

int vouch_local_session_end(struct vouch_local *authority, const struct vouch_caller *caller,
                            const struct vouch_ask_session_end *ask,
                            struct vouch_answer_ended *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct ending ending = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify_own(authority, caller, VOUCH_MAY_ADMIN, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (ask->which == VOUCH_SESSIONS_OF_USER && ask->user.len == 0 && who.user.len == 0) {
        nobody(reply, ask->user);
        return VOUCH_OK;
    }
    err = find_meant(authority, &who, ask, &ending, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (!is_own(&who, ending.user)) {
        if (!vouch_who_may(&who, VOUCH_MAY_ADMIN)) {
            no_session(reply);
            return VOUCH_OK;
        }
        if (!vouch_fresh_factor(&who, vouch_time_now_s(), reply)) {
            return VOUCH_OK;
        }
    }
    err = end_sessions(authority, &ending, &ret_answer->count, fault);
    if (err == VOUCH_OK && ret_answer->count > 0) {
        const struct vouch_session_event event = {
            .user = ending.user, .id = ending.id, .count = ret_answer->count, .caller = caller};
        err = vouch_session_note(authority, who.actor, VOUCH_EVENT_SESSION_END, &event, fault);
    }
    return err;
}

// --- a fresh second factor

const char *vouch_session_methods(enum vouch_factor factor) {
    if (factor == VOUCH_FACTOR_PASSKEY) {
        return "passkey";
    }
    return factor == VOUCH_FACTOR_TOTP ? "password+totp" : "password+recovery";
}

static int keep_factor(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_who *who, const struct vouch_person *person,
                       const struct vouch_proof *proof, struct vouch_session_row *row,
                       struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = vouch_proof_use(authority, caller, person, proof, VOUCH_PROOF_STEP, &outcome, fault);
        if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE && row->methods.len > 0) {
            err = vouch_store_session_factor(office->desk, who->session_id, row->methods,
                                             row->factor_s, &outcome, fault);
        }
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_session_code_wrong(reply);
    }
    return err;
}

void vouch_session_code_wrong(struct vouch_reply *reply) {
    vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_sign_in, "code",
                    "the password or the code is wrong, or the code was used before");
}

static int find_row(struct vouch_local *authority, uint64_t id, struct vouch_session_row *ret_row,
                    struct vouch_fault *fault) {
    struct vouch_store_session session = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_store_session_by_id(vouch_lease(authority), id, &authority->arena, &outcome,
                                        &session, fault);
    if (err == VOUCH_OK) {
        *ret_row = vouch_session_row_of(&session);
    }
    return err;
}

static int is_about(const struct vouch_proof *proof) {
    static const uint8_t nothing[VOUCH_STORE_HASH_LEN];
    return memcmp(proof->about, nothing, sizeof nothing) != 0;
}

int vouch_local_factor(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_ask_factor *ask, struct vouch_answer_session *ret_answer,
                       struct vouch_fault *fault) {
    struct vouch_who who = {0};
    struct vouch_person person;
    struct vouch_proof proof = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    struct vouch_given given = {.factor = ask->factor, .code = ask->code, .passkey = &ask->passkey};
    int err = vouch_session_person(authority, caller, &who, &person, reply, fault);
    given.session = who.session_id;
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE ||
        !vouch_session_factor_is(ask->factor, reply)) {
        return err;
    }
    err = vouch_session_prove(authority, caller, &person, &given, &proof, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    // What was given for one request is good for that one, and leaves the session as it is.
    struct vouch_session_row row = {.factor_s = vouch_time_now_s()};
    int is_for_one = is_about(&proof);
    if (!is_for_one) {
        row.methods = vouch_bytes_of(vouch_session_methods(ask->factor));
    }
    err = keep_factor(authority, caller, &who, &person, &proof, &row, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        if (is_for_one) {
            vouch_challenge_step(authority, who.session_id, proof.about);
        }
        ret_answer->recovery_left = proof.code.left;
        err = find_row(authority, who.session_id, &ret_answer->row, fault);
    }
    return err;
}

int vouch_local_session_show(struct vouch_local *authority, const struct vouch_caller *caller,
                             const struct vouch_ask_page *ask,
                             struct vouch_answer_session *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_person person;
    struct vouch_reply *reply = &ret_answer->reply;
    (void)ask;
    int err = vouch_session_person(authority, caller, &who, &person, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = find_row(authority, who.session_id, &ret_answer->row, fault);
    if (err == VOUCH_OK && ret_answer->row.id == 0) {
        unknown(reply, "the session has just ended: run vouch login");
    }
    return err;
}

// --- what asks of a session's own user begin with

int vouch_session_factor_is(enum vouch_factor factor, struct vouch_reply *reply) {
    if (factor > VOUCH_FACTOR_NONE && factor <= VOUCH_FACTOR_PASSKEY) {
        return 1;
    }
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "factor",
                    "factor must be totp, recovery or passkey");
    return 0;
}

int vouch_session_person(struct vouch_local *authority, const struct vouch_caller *caller,
                         struct vouch_who *ret_who, struct vouch_person *ret_person,
                         struct vouch_reply *reply, struct vouch_fault *fault) {
    int err = vouch_identify(authority, caller, VOUCH_MAY_NOTHING, ret_who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (ret_who->user.len == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_scope, "token",
                        "this is for people who are signed in: run vouch login");
        return VOUCH_OK;
    }
    return vouch_person_find(authority, ret_who->user, ret_person, fault);
}

int vouch_session_prove(struct vouch_local *authority, const struct vouch_caller *caller,
                        const struct vouch_person *person, const struct vouch_given *given,
                        struct vouch_proof *ret_proof, struct vouch_reply *reply,
                        struct vouch_fault *fault) {
    int err = vouch_prove(authority, caller, person, given, ret_proof, fault);
    if (err == VOUCH_OK) {
        *reply = ret_proof->reply;
    }
    // A session stays good when a code is wrong.
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_UNKNOWN) {
        int is_passkey = strcmp(reply->code, vouch_fault_sign_in.code) != 0;
        reply->verdict = VOUCH_VERDICT_REFUSED;
        if (!is_passkey) {
            vouch_session_code_wrong(reply);
        }
    }
    return err;
}
