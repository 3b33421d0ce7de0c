// SPDX-License-Identifier: ISC
// A session begins, however it was earned: whether the policy lets its user in; use up what earned it and
// keep the session, as one; record it.
#include "authority/issue.h"
#include "authority/session.h"
#include "base/time.h"

struct entry {
    const struct vouch_session_new *what;
    struct vouch_store_session session;
    uint8_t hash[VOUCH_STORE_HASH_LEN];
};

// --- keeping the session

static int keep_all(struct vouch_local *authority, struct entry *entry,
                    enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    struct vouch_store *desk = authority->office->desk;
    const struct vouch_session_new *what = entry->what;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_store_session_add(desk, &entry->session, entry->hash, &outcome,
                                      &entry->session.id, fault);
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        err = what->use(authority, what->context, entry->session.id, &outcome, fault);
    }
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        err = vouch_store_account_signed_in(desk, what->account, entry->session.created_s, fault);
    }
    if (err == VOUCH_OK) {
        *ret_outcome = outcome;
    }
    return err;
}

static int keep(struct vouch_local *authority, struct entry *entry,
                enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = keep_all(authority, entry, ret_outcome, fault);
        err = vouch_store_work_end(office->desk, err, *ret_outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

// A session that could not be recorded is not given out.
static void forget(struct vouch_local *authority, uint64_t id) {
    struct vouch_office *office = authority->office;
    uint64_t count = 0;
    pthread_mutex_lock(&office->desk_lock);
    if (vouch_store_work_begin(office->desk, VOUCH_STORE_LATER, NULL) == VOUCH_OK) {
        int err = vouch_store_session_end(office->desk, id, &count, NULL);
        (void)!vouch_store_work_end(office->desk, err, VOUCH_STORE_DONE, NULL);
    }
    pthread_mutex_unlock(&office->desk_lock);
}

static int record(struct vouch_local *authority, const struct entry *entry,
                  struct vouch_fault *fault) {
    struct vouch_bytes actor;
    const struct vouch_session_event event = {.user = entry->what->user,
                                              .id = entry->session.id,
                                              .methods = entry->session.methods,
                                              .client = entry->session.client,
                                              .caller = entry->what->caller};
    int err = vouch_people_actor(authority, entry->what->user, &actor, fault);
    if (err == VOUCH_OK) {
        err = vouch_session_note(authority, actor, VOUCH_EVENT_SESSION_BEGIN, &event, fault);
    }
    if (err != VOUCH_OK) {
        forget(authority, entry->session.id);
    }
    return err;
}

// --- letting in

// The policy that lets them in holds until their session is kept, so that one by which they may not, and
// which ends sessions, finds it.
static int let_in(struct vouch_local *authority, struct entry *entry,
                  enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    uint64_t version = 0;
    int err = VOUCH_OK;
    const struct vouch_policy *policy = vouch_policy_hold(authority, &version);
    if (vouch_policy_has_active(policy, entry->what->user, vouch_time_now_s())) {
        err = keep(authority, entry, ret_outcome, fault);
    }
    vouch_policy_release(authority, policy);
    return err;
}

int vouch_session_begin(struct vouch_local *authority, const struct vouch_session_new *what,
                        enum vouch_store_outcome *ret_outcome,
                        struct vouch_answer_session *ret_answer, struct vouch_fault *fault) {
    struct vouch_bytes secret;
    uint64_t now_s = vouch_time_now_s();
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct entry entry = {.what = what,
                          .session = {.account = what->account,
                                      .user = what->user,
                                      .methods = what->methods,
                                      .client = what->client,
                                      .created_s = now_s,
                                      .used_s = now_s,
                                      .factor_s = what->factor_s,
                                      .idle_s = authority->office->session_idle_s,
                                      .ends_s = now_s + authority->office->session_max_s}};
    int err =
        vouch_arena_copy(&authority->arena, what->caller->source, &entry.session.source) == VOUCH_OK
            ? vouch_shown_new(authority, VOUCH_SESSION_PREFIX, &secret, entry.hash, fault)
            : vouch_no_memory(fault);
    if (err == VOUCH_OK) {
        err = let_in(authority, &entry, &outcome, fault);
    }
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        err = record(authority, &entry, fault);
    }
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        ret_answer->row = vouch_session_row_of(&entry.session);
        ret_answer->secret = secret;
        vouch_reply_done(&ret_answer->reply);
    }
    if (err == VOUCH_OK) {
        *ret_outcome = outcome;
    }
    return err;
}
