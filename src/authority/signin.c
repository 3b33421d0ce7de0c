// SPDX-License-Identifier: ISC
// Signing in, from top to bottom: whom the name leads to; charge the try, look at both factors; whether
// the policy lets them in; use the code up and keep a session, as one; record it; answer.
#include "authority/issue.h"
#include "authority/passkey.h"
#include "authority/session.h"
#include "base/time.h"

// What is wrong, however it is wrong, is recorded and answered alike.
static int refuse(struct vouch_local *authority, const struct vouch_caller *caller,
                  const struct vouch_person *person, struct vouch_reply *reply,
                  struct vouch_fault *fault) {
    return vouch_refusal_sign_in(authority, caller, person->name, reply, fault);
}

// --- keeping the session

struct entry {
    const struct vouch_caller *caller;
    const struct vouch_person *person;
    const struct vouch_proof *proof;
    struct vouch_store_session session;
    uint8_t hash[VOUCH_STORE_HASH_LEN];
};

static int keep_all(struct vouch_local *authority, struct entry *entry,
                    enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    struct vouch_store *desk = authority->office->desk;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_proof_use(authority, entry->caller, entry->person, entry->proof,
                              VOUCH_PROOF_SIGN_IN, &outcome, fault);
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        err = vouch_store_session_add(desk, &entry->session, entry->hash, &outcome,
                                      &entry->session.id, fault);
    }
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        err = vouch_store_account_signed_in(desk, entry->person->account.id,
                                            entry->session.created_s, fault);
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
    const struct vouch_session_event event = {.user = entry->person->account.name,
                                              .id = entry->session.id,
                                              .methods = entry->session.methods,
                                              .caller = entry->caller};
    int err = vouch_people_actor(authority, entry->person->account.name, &actor, fault);
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
static int let_in(struct vouch_local *authority, struct entry *entry, struct vouch_reply *reply,
                  struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint64_t version = 0;
    int err = VOUCH_OK;
    const struct vouch_policy *policy = vouch_policy_hold(authority, &version);
    if (vouch_policy_has_active(policy, entry->person->account.name, vouch_time_now_s())) {
        err = keep(authority, entry, &outcome, fault);
    }
    vouch_policy_release(authority, policy);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_proof_wrong(reply);
    }
    return err;
}

static int enter(struct vouch_local *authority, struct entry *entry, enum vouch_factor factor,
                 struct vouch_answer_session *ret_answer, struct vouch_fault *fault) {
    struct vouch_reply *reply = &ret_answer->reply;
    struct vouch_bytes secret;
    uint64_t now_s = vouch_time_now_s();
    entry->session = (struct vouch_store_session){
        .account = entry->person->account.id,
        .user = entry->person->account.name,
        .methods = vouch_bytes_of(vouch_session_methods(factor)),
        .created_s = now_s,
        .used_s = now_s,
        .factor_s = now_s,
        .idle_s = authority->office->session_idle_s,
        .ends_s = now_s + authority->office->session_max_s,
    };
    int err = vouch_arena_copy(&authority->arena, entry->caller->source, &entry->session.source) ==
                      VOUCH_OK
                  ? vouch_shown_new(authority, VOUCH_SESSION_PREFIX, &secret, entry->hash, fault)
                  : vouch_no_memory(fault);
    if (err == VOUCH_OK) {
        err = let_in(authority, entry, reply, fault);
    }
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = record(authority, entry, fault);
    if (err == VOUCH_OK) {
        ret_answer->row = vouch_session_row_of(&entry->session);
        ret_answer->secret = secret;
        ret_answer->recovery_left = entry->proof->method == VOUCH_STORE_RECOVERY
                                        ? entry->proof->code.left
                                        : entry->person->kept.of[VOUCH_STORE_RECOVERY].left;
    }
    return err;
}

int vouch_local_sign_in(struct vouch_local *authority, const struct vouch_caller *caller,
                        const struct vouch_ask_sign_in *ask,
                        struct vouch_answer_session *ret_answer, struct vouch_fault *fault) {
    struct vouch_person person;
    struct vouch_proof proof = {0};
    struct vouch_reply *reply = &ret_answer->reply;
    int by_passkey = ask->factor == VOUCH_FACTOR_PASSKEY;
    const struct vouch_given given = {.asked =
                                          by_passkey ? VOUCH_ASKED_CODE : VOUCH_ASKED_PASSWORD_TOO,
                                      .password = ask->password,
                                      .factor = ask->factor,
                                      .code = ask->code,
                                      .passkey = &ask->passkey};
    if (!vouch_caller_is_plain(caller, reply) || !vouch_session_factor_is(ask->factor, reply)) {
        return VOUCH_OK;
    }
    int err = by_passkey ? vouch_passkey_person(authority, ask->passkey.id, &person, fault)
                         : vouch_person_find(authority, ask->user, &person, fault);
    if (err == VOUCH_OK) {
        err = vouch_prove(authority, caller, &person, &given, &proof, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    *reply = proof.reply;
    if (reply->verdict == VOUCH_VERDICT_DONE) {
        struct entry entry = {.caller = caller, .person = &person, .proof = &proof};
        err = enter(authority, &entry, ask->factor, ret_answer, fault);
    }
    return err == VOUCH_OK && reply->verdict != VOUCH_VERDICT_DONE
               ? refuse(authority, caller, &person, reply, fault)
               : err;
}
