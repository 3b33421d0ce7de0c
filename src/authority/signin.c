// SPDX-License-Identifier: ISC
// Signing in, from top to bottom: whom the name leads to; charge the try, look at both factors; begin a
// session (session-begin.c), which uses the code up; answer.
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

// --- letting in

struct entry {
    const struct vouch_caller *caller;
    const struct vouch_person *person;
    const struct vouch_proof *proof;
};

// The code is used up with the session that it lets begin, or not at all.
static int use_up(struct vouch_local *authority, const void *context, uint64_t session,
                  enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct entry *entry = context;
    (void)session;
    return vouch_proof_use(authority, entry->caller, entry->person, entry->proof,
                           VOUCH_PROOF_SIGN_IN, ret_outcome, fault);
}

static int enter(struct vouch_local *authority, const struct entry *entry, enum vouch_factor factor,
                 struct vouch_answer_session *ret_answer, struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    const struct vouch_session_new wanted = {
        .caller = entry->caller,
        .account = entry->person->account.id,
        .user = entry->person->account.name,
        .methods = vouch_bytes_of(vouch_session_methods(factor)),
        .factor_s = vouch_time_now_s(),
        .use = use_up,
        .context = entry,
    };
    int err = vouch_session_begin(authority, &wanted, &outcome, ret_answer, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (outcome != VOUCH_STORE_DONE) {
        vouch_proof_wrong(&ret_answer->reply);
        return VOUCH_OK;
    }
    ret_answer->recovery_left = entry->proof->method == VOUCH_STORE_RECOVERY
                                    ? entry->proof->code.left
                                    : entry->person->kept.of[VOUCH_STORE_RECOVERY].left;
    return VOUCH_OK;
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
        const struct entry entry = {.caller = caller, .person = &person, .proof = &proof};
        err = enter(authority, &entry, ask->factor, ret_answer, fault);
    }
    return err == VOUCH_OK && reply->verdict != VOUCH_VERDICT_DONE
               ? refuse(authority, caller, &person, reply, fault)
               : err;
}
