// SPDX-License-Identifier: ISC
// A step in the rotation of a CA key: who asks, whether it would lock anybody out, and then the signer's.
#include <stdio.h>

#include "authority/issue.h"
#include "authority/people.h"
#include "authority/rotation.h"
#include "base/time.h"
#include "core/key.h"

// No token, whatever its scopes: a step is made by somebody who is there.
static int identify(struct vouch_local *authority, const struct vouch_caller *caller,
                    struct vouch_who *who, struct vouch_reply *reply, struct vouch_fault *fault) {
    int err = vouch_identify(authority, caller, VOUCH_MAY_ADMIN, who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (!who->is_local && who->user.len == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_scope, "token",
                        "CA keys are rotated by administrators who are signed in, not by tokens");
    } else {
        (void)vouch_fresh_factor(who, vouch_time_now_s(), reply);
    }
    return err;
}

static void refuse_phase(const struct vouch_ask_rotate *ask, enum vouch_rotation_phase phase,
                         struct vouch_reply *reply) {
    const char *use = vouch_rotation_use_text(vouch_ca_index(ask->use));
    if (ask->move == VOUCH_ROTATION_STAY) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "verb",
                        "verb must be start, advance or back");
    } else if (phase == VOUCH_ROTATION_STEADY) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_rotation_phase, "verb",
                        "no rotation of the %s CA is under way; start one", use);
    } else {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_rotation_phase, "verb",
                        "a rotation of the %s CA is under way already, in the phase %s", use,
                        vouch_rotation_phase_text(phase));
    }
}

// The step that is meant; NONE with the reply set.
static enum vouch_rotation_verb choose(const struct vouch_ask_rotate *ask,
                                       enum vouch_rotation_phase phase, struct vouch_reply *reply) {
    enum vouch_rotation_verb verb = VOUCH_ROTATE_NONE;
    if (ask->phase != VOUCH_ROTATION_NONE && ask->phase != phase) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_rotation_phase, "phase",
                        "the rotation is in the phase %s by now, no longer in %s",
                        vouch_rotation_phase_text(phase), vouch_rotation_phase_text(ask->phase));
        return VOUCH_ROTATE_NONE;
    }
    if (ask->move == VOUCH_ROTATION_START && phase == VOUCH_ROTATION_STEADY) {
        verb = VOUCH_ROTATE_CREATE;
    } else if (ask->move == VOUCH_ROTATION_ADVANCE) {
        verb = vouch_rotation_forward(phase);
    } else if (ask->move == VOUCH_ROTATION_BACK) {
        verb = vouch_rotation_backward(phase);
    }
    if (verb == VOUCH_ROTATE_NONE) {
        refuse_phase(ask, phase, reply);
    }
    return verb;
}

static int is_destroying(enum vouch_rotation_verb verb) {
    return verb == VOUCH_ROTATE_DROP || verb == VOUCH_ROTATE_DESTROY;
}

// What cannot be undone is done to the key that was named.
static int judge_fingerprint(const struct vouch_ask_rotate *ask, enum vouch_rotation_verb verb,
                             const struct vouch_office_ca *other, struct vouch_reply *reply) {
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    if (!is_destroying(verb)) {
        return 1;
    }
    vouch_key_fingerprint(other->key, VOUCH_HASH_SHA256, fingerprint);
    if (vouch_bytes_equal(ask->fingerprint, vouch_bytes_of(fingerprint))) {
        return 1;
    }
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_rotation_key, "fingerprint",
                    ask->fingerprint.len == 0 ? "this destroys the key %s, which must be named"
                                              : "the key that would be destroyed is %s",
                    fingerprint);
    return 0;
}

struct step {
    const struct vouch_ask_rotate *ask;
    struct vouch_who who;
    size_t use;
    struct vouch_office_cas cas;
    enum vouch_rotation_verb verb;
};

// Whether it may be made.
static int judge(struct vouch_local *authority, struct step *step, struct vouch_reply *reply,
                 struct vouch_fault *fault) {
    const struct vouch_ask_rotate *ask = step->ask;
    const struct vouch_rotation_waiver waiver = {ask->without, ask->is_hurried != 0};
    struct vouch_rotation_gate gate = {0};
    step->verb = choose(ask, vouch_cas_phase(&step->cas, step->use), reply);
    if (step->verb == VOUCH_ROTATE_NONE ||
        !judge_fingerprint(ask, step->verb, vouch_cas_other(&step->cas, step->use), reply) ||
        ask->move != VOUCH_ROTATION_ADVANCE) {
        return VOUCH_OK;
    }
    int err = vouch_rotation_gather(authority, &step->cas, step->use, &gate, fault);
    if (err == VOUCH_OK) {
        (void)vouch_rotation_judge(&gate, &waiver, reply);
    }
    return err;
}

static int make(struct vouch_local *authority, const struct step *step,
                struct vouch_answer_rotate *answer, struct vouch_fault *fault) {
    const struct vouch_signer_rotation rotation = {
        .use = step->use == 0 ? VOUCH_CERT_USER : VOUCH_CERT_HOST,
        .verb = step->verb,
        .actor = step->who.actor,
        .key = step->ask->key,
        .fingerprint = is_destroying(step->verb) ? step->ask->fingerprint : (struct vouch_bytes){0},
        .is_hurried = step->ask->is_hurried != 0};
    struct vouch_signer_rotated rotated = {0};
    int err = vouch_seat_rotate(authority, &rotation, &rotated, fault);
    if (err == VOUCH_OK && rotated.outcome != VOUCH_SIGNER_DONE) {
        vouch_reply_signer(&rotated.refusal, &answer->reply);
        answer->reply.verdict = VOUCH_VERDICT_CONFLICT;
        return VOUCH_OK;
    }
    answer->verb = step->verb;
    answer->number = rotated.number;
    return err;
}

// What is public says so before the answer does; and the index, by which the next step is judged.
static int answer(struct vouch_local *authority, struct step *step,
                  struct vouch_answer_rotate *ret_answer, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    int err = vouch_cas_refresh(authority, fault);
    if (err == VOUCH_OK) {
        err = vouch_index_now(authority, fault);
    }
    if (err == VOUCH_OK) {
        vouch_cas_now(office, &step->cas);
        err = vouch_rotation_show(authority, &step->cas, step->use, &ret_answer->use, fault);
    }
    pthread_mutex_lock(&office->public_lock);
    ret_answer->trust_version = office->trust_version;
    pthread_mutex_unlock(&office->public_lock);
    return err;
}

static int rotate(struct vouch_local *authority, struct step *step,
                  struct vouch_answer_rotate *ret_answer, struct vouch_fault *fault) {
    struct vouch_reply *reply = &ret_answer->reply;
    vouch_lease_end(authority);
    int err = vouch_index_now(authority, fault); // a certificate may have been signed a moment ago
    vouch_cas_now(authority->office, &step->cas);
    if (err == VOUCH_OK) {
        err = judge(authority, step, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = make(authority, step, ret_answer, fault);
    }
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? answer(authority, step, ret_answer, fault)
               : err;
}

int vouch_local_rotate(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_ask_rotate *ask, struct vouch_answer_rotate *ret_answer,
                       struct vouch_fault *fault) {
    struct step step = {.ask = ask, .use = vouch_ca_index(ask->use)};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = identify(authority, caller, &step.who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (ask->use == VOUCH_CERT_NONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "use",
                        "use must be user or host");
        return VOUCH_OK;
    }
    pthread_mutex_lock(&authority->office->rotation_lock);
    err = rotate(authority, &step, ret_answer, fault);
    pthread_mutex_unlock(&authority->office->rotation_lock);
    return err;
}
