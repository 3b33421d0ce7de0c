// SPDX-License-Identifier: ISC
// What somebody who is signed in changes about their own way in: another password, new recovery codes.
#include "authority/issue.h"
#include "authority/session.h"
#include "base/str.h"

// What is to be kept beside the proof that it may be.
struct change {
    const struct vouch_caller *caller;
    const struct vouch_who *who;
    const struct vouch_person *person;
    const struct vouch_proof *proof;
    enum vouch_store_method method;
    struct vouch_store_credential next;
    uint64_t ended; // other sessions
};

static int note(struct vouch_local *authority, const struct change *change, const char *type,
                struct vouch_fault *fault) {
    const struct vouch_session_event event = {
        .user = change->who->user, .id = change->who->session_id, .caller = change->caller};
    return vouch_session_note(authority, change->who->actor, type, &event, fault);
}

static int keep_all(struct vouch_local *authority, struct change *change,
                    enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    struct vouch_store *desk = authority->office->desk;
    uint64_t account = change->person->account.id;
    int err = vouch_proof_use(authority, change->caller, change->person, change->proof,
                              VOUCH_PROOF_STEP, ret_outcome, fault);
    if (err == VOUCH_OK && *ret_outcome == VOUCH_STORE_DONE) {
        err = vouch_store_credential_put(desk, account, change->method, &change->next, ret_outcome,
                                         fault);
    }
    if (err == VOUCH_OK && *ret_outcome == VOUCH_STORE_DONE &&
        change->method == VOUCH_STORE_PASSWORD) {
        err =
            vouch_store_sessions_end(desk, account, change->who->session_id, &change->ended, fault);
    }
    return err;
}

static int keep(struct vouch_local *authority, struct change *change, struct vouch_reply *reply,
                struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = keep_all(authority, change, &outcome, fault);
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_session_code_wrong(reply);
    }
    return err;
}

// Makes what is to be kept; what identity refuses is none of the code's business, which stays good.
static int make(struct vouch_local *authority, struct change *change,
                const struct vouch_identity_ask *ask, struct vouch_identity_answer *ret_answer,
                struct vouch_reply *reply, struct vouch_fault *fault) {
    int err = vouch_identity_do(authority, VOUCH_IDENTITY_DO_MAKE, ask, ret_answer, fault);
    if (err == VOUCH_OK && ret_answer->verdict != VOUCH_IDENTITY_ACCEPTED) {
        vouch_identity_refusal_take(ret_answer, "new", reply);
        return vouch_proof_drop(authority, change->caller, change->person, change->proof, fault);
    }
    if (err == VOUCH_OK) {
        change->next =
            (struct vouch_store_credential){.stored = ret_answer->stored, .left = ret_answer->left};
    }
    return err;
}

// A recovery code changes nothing about the way in.
static enum vouch_factor factor_of(enum vouch_factor given) {
    return given == VOUCH_FACTOR_PASSKEY ? VOUCH_FACTOR_PASSKEY : VOUCH_FACTOR_TOTP;
}

int vouch_local_password(struct vouch_local *authority, const struct vouch_caller *caller,
                         const struct vouch_ask_password *ask,
                         struct vouch_answer_ended *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who = {0};
    struct vouch_person person;
    struct vouch_proof proof = {0};
    struct vouch_identity_answer made;
    struct vouch_reply *reply = &ret_answer->reply;
    struct change change = {.caller = caller,
                            .who = &who,
                            .person = &person,
                            .proof = &proof,
                            .method = VOUCH_STORE_PASSWORD};
    struct vouch_given given = {.asked = VOUCH_ASKED_PASSWORD_TOO,
                                .password = ask->current,
                                .factor = factor_of(ask->factor),
                                .code = ask->code,
                                .passkey = &ask->passkey};
    int err = vouch_session_person(authority, caller, &who, &person, reply, fault);
    given.session = who.session_id;
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = vouch_session_prove(authority, caller, &person, &given, &proof, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        const struct vouch_identity_ask fresh = {.method = VOUCH_METHOD_PASSWORD,
                                                 .user = person.id,
                                                 .name = person.name,
                                                 .given = ask->fresh};
        err = make(authority, &change, &fresh, &made, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = note(authority, &change, VOUCH_EVENT_ACCOUNT_PASSWORD, fault);
        err = err == VOUCH_OK ? keep(authority, &change, reply, fault) : err;
    }
    if (err == VOUCH_OK) {
        ret_answer->count = change.ended;
    }
    return err;
}

int vouch_codes_put(struct vouch_local *authority, struct vouch_bytes shown,
                    struct vouch_answer_codes *answer, struct vouch_fault *fault) {
    struct vouch_bytes *items =
        vouch_arena_alloc(&authority->arena, VOUCH_RECOVERY_CODES_MAX * sizeof *items);
    size_t count = 0;
    if (items == NULL) {
        return vouch_no_memory(fault);
    }
    while (shown.ptr != NULL && count < VOUCH_RECOVERY_CODES_MAX) {
        struct vouch_bytes code = vouch_str_cut(&shown, '\n');
        if (code.len > 0) {
            items[count++] = code;
        }
    }
    answer->codes = (struct vouch_text_list){items, count};
    return VOUCH_OK;
}

int vouch_local_recovery_new(struct vouch_local *authority, const struct vouch_caller *caller,
                             const struct vouch_ask_recovery_new *ask,
                             struct vouch_answer_codes *ret_answer, struct vouch_fault *fault) {
    struct vouch_who who = {0};
    struct vouch_person person;
    struct vouch_proof proof = {0};
    struct vouch_identity_answer made;
    struct vouch_reply *reply = &ret_answer->reply;
    struct change change = {.caller = caller,
                            .who = &who,
                            .person = &person,
                            .proof = &proof,
                            .method = VOUCH_STORE_RECOVERY};
    struct vouch_given given = {
        .factor = factor_of(ask->factor), .code = ask->code, .passkey = &ask->passkey};
    int err = vouch_session_person(authority, caller, &who, &person, reply, fault);
    given.session = who.session_id;
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = vouch_session_prove(authority, caller, &person, &given, &proof, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        const struct vouch_identity_ask fresh = {
            .method = VOUCH_METHOD_RECOVERY, .user = person.id, .name = person.name};
        err = make(authority, &change, &fresh, &made, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = note(authority, &change, VOUCH_EVENT_ACCOUNT_RECOVERY, fault);
        err = err == VOUCH_OK ? keep(authority, &change, reply, fault) : err;
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        ret_answer->user = who.user;
        err = vouch_codes_put(authority, made.shown, ret_answer, fault);
    }
    return err;
}
