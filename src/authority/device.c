// SPDX-License-Identifier: ISC
// Somebody who is signed in looks at the client behind a code, approves or denies it, or takes that back.
#include "authority/device.h"

#include <inttypes.h>
#include <stdio.h>

#include "authority/issue.h"
#include "base/time.h"

// --- the code

static void no_code(struct vouch_reply *reply) {
    vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_device_code, "code",
                    "no sign-in that you can decide about waits under this code");
}

// As it is kept: capitals, without a dash or spaces. Zero if it can be none.
static int read_code(struct vouch_bytes given, char ret_code[static VOUCH_DEVICE_CODE_LEN]) {
    size_t len = 0;
    for (size_t i = 0; i < given.len; i++) {
        char c = (char)given.ptr[i];
        if (c == '-' || c == ' ') {
            continue;
        }
        c = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        if (len == VOUCH_DEVICE_CODE_LEN || c == '\0' || strchr(VOUCH_DEVICE_LETTERS, c) == NULL) {
            return 0;
        }
        ret_code[len++] = c;
    }
    return len == VOUCH_DEVICE_CODE_LEN;
}

static int hash_code(struct vouch_local *authority, struct vouch_bytes given, int *ret_is_code,
                     uint8_t ret_hash[static VOUCH_STORE_HASH_LEN], struct vouch_fault *fault) {
    char code[VOUCH_DEVICE_CODE_LEN];
    *ret_is_code = read_code(given, code);
    return *ret_is_code
               ? vouch_hash_of(authority, (struct vouch_bytes){(const uint8_t *)code, sizeof code},
                               ret_hash, fault)
               : VOUCH_OK;
}

// A code is charged before it is looked up: five wrong ones in five minutes, whichever session it is.
static int charge(struct vouch_local *authority, const struct vouch_who *who,
                  struct vouch_try *attempt, struct vouch_reply *reply, struct vouch_fault *fault) {
    char text[32];
    (void)snprintf(text, sizeof text, "*code%" PRIu64, who->account_id);
    *attempt = (struct vouch_try){.rule = VOUCH_TRIES_ACCOUNT};
    return vouch_arena_copy(&authority->arena, vouch_bytes_of(text), &attempt->key.who) == VOUCH_OK
               ? vouch_try_charge(authority, attempt, reply, fault)
               : vouch_no_memory(fault);
}

static int take_back(struct vouch_local *authority, const struct vouch_try *attempt,
                     struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_LATER, fault);
    if (err == VOUCH_OK) {
        err = vouch_try_right(authority, attempt, fault);
        err = vouch_store_work_end(office->desk, err, VOUCH_STORE_DONE, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

// What somebody else decided about is nobody's business.
static int is_theirs(const struct vouch_store_device *device, const struct vouch_who *who,
                     uint64_t now_s) {
    return device->expires_s > now_s &&
           (device->state == VOUCH_STORE_DEVICE_WAITING || device->account == who->account_id);
}

static int find(struct vouch_local *authority, const struct vouch_who *who,
                const uint8_t code[static VOUCH_STORE_HASH_LEN],
                struct vouch_store_device *ret_device, struct vouch_reply *reply,
                struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_store_device_by_code(vouch_lease(authority), code, &authority->arena, &outcome,
                                         ret_device, fault);
    vouch_lease_end(authority);
    if (err == VOUCH_OK &&
        (outcome != VOUCH_STORE_DONE || !is_theirs(ret_device, who, vouch_time_now_s()))) {
        no_code(reply);
    }
    return err;
}

// --- what is shown

static int put_row(struct vouch_local *authority, const struct vouch_caller *caller,
                   const struct vouch_store_device *device, struct vouch_device_row *row,
                   struct vouch_fault *fault) {
    char theirs[VOUCH_STORE_TRIES_SOURCE_MAX], ours[VOUCH_STORE_TRIES_SOURCE_MAX];
    row->machine = device->machine;
    row->os = device->os;
    row->version = device->version;
    row->source = device->source;
    row->differs = !vouch_bytes_equal(vouch_source_fold(device->source, theirs),
                                      vouch_source_fold(caller->source, ours));
    row->created_s = device->created_s;
    row->expires_s = device->expires_s;
    row->state = (enum vouch_device_state)device->state;
    row->port = device->port;
    row->mark = device->mark;
    row->session = device->session;
    return vouch_arena_copy(&authority->arena, caller->source, &row->here) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

// --- deciding

static int keep(struct vouch_local *authority, const struct vouch_store_device *device,
                struct vouch_reply *reply, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_device_decide(office->desk, device, &outcome, fault);
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_device_decided, "code",
                        "this sign-in was decided about meanwhile");
    }
    return err;
}

struct decision {
    const struct vouch_caller *caller;
    const struct vouch_who *who;
    struct vouch_store_device *device;
};

// A denied one is kept for as long as its client may ask what became of it.
static void decide(const struct decision *decision, enum vouch_store_device_state state) {
    struct vouch_store_device *device = decision->device;
    device->state = state;
    device->account = decision->who->account_id;
    device->approver = decision->who->session_id;
    device->user = decision->who->user;
    device->methods = decision->who->methods;
    device->factor_s = decision->who->factor_s;
}

static int deny(struct vouch_local *authority, const struct decision *decision,
                struct vouch_reply *reply, struct vouch_fault *fault) {
    decide(decision, VOUCH_STORE_DEVICE_DENIED);
    int err = keep(authority, decision->device, reply, fault);
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? vouch_device_note(authority, decision->caller, decision->who->actor,
                                   VOUCH_EVENT_DEVICE_DENY, decision->device, fault)
               : err;
}

// Recorded before it holds: what lets somebody in is never without its record.
static int approve(struct vouch_local *authority, const struct decision *decision,
                   struct vouch_device_row *row, struct vouch_reply *reply,
                   struct vouch_fault *fault) {
    struct vouch_store_device *device = decision->device;
    uint8_t *back = NULL;
    int err = VOUCH_OK;
    if (!vouch_fresh_factor(decision->who, vouch_time_now_s(), reply)) {
        return VOUCH_OK;
    }
    decide(decision, VOUCH_STORE_DEVICE_APPROVED);
    device->expires_s = vouch_time_now_s() + VOUCH_DEVICE_UNDO_S;
    if (device->port != 0) {
        back = vouch_arena_alloc(&authority->arena, VOUCH_STORE_HASH_LEN);
        if (back == NULL) {
            return vouch_no_memory(fault);
        }
        err = vouch_shown_new(authority, VOUCH_DEVICE_BACK_PREFIX, &row->back, back, fault);
        device->back = (struct vouch_bytes){back, VOUCH_STORE_HASH_LEN};
    }
    if (err == VOUCH_OK) {
        err = vouch_device_note(authority, decision->caller, decision->who->actor,
                                VOUCH_EVENT_DEVICE_APPROVE, device, fault);
    }
    return err == VOUCH_OK ? keep(authority, device, reply, fault) : err;
}

static int act(struct vouch_local *authority, const struct decision *decision,
               enum vouch_device_verb verb, struct vouch_device_row *row, struct vouch_reply *reply,
               struct vouch_fault *fault) {
    if (decision->device->state != VOUCH_STORE_DEVICE_WAITING) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_device_decided, "code",
                        "you have decided about this sign-in already");
        return VOUCH_OK;
    }
    return verb == VOUCH_DEVICE_APPROVE ? approve(authority, decision, row, reply, fault)
                                        : deny(authority, decision, reply, fault);
}

// --- top to bottom

static int answer(struct vouch_local *authority, const struct decision *decision,
                  const uint8_t *code, enum vouch_device_verb verb,
                  struct vouch_answer_device *ret_answer, struct vouch_fault *fault) {
    struct vouch_reply *reply = &ret_answer->reply;
    struct vouch_device_row *row = &ret_answer->row;
    struct vouch_store_device *device = decision->device;
    int err = VOUCH_OK;
    if (verb == VOUCH_DEVICE_UNDO) {
        err =
            vouch_device_undo(authority, decision->caller, decision->who, code, row, reply, fault);
        device->state = VOUCH_STORE_DEVICE_UNDONE;
    } else if (verb != VOUCH_DEVICE_LOOK) {
        err = act(authority, decision, verb, row, reply, fault);
    }
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? put_row(authority, decision->caller, device, row, fault)
               : err;
}

int vouch_local_device(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_ask_device *ask, struct vouch_answer_device *ret_answer,
                       struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_person person;
    struct vouch_try attempt;
    struct vouch_store_device device;
    uint8_t code[VOUCH_STORE_HASH_LEN];
    int is_code = 0;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_session_person(authority, caller, &who, &person, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = charge(authority, &who, &attempt, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = hash_code(authority, ask->code, &is_code, code, fault);
    }
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (!is_code) {
        no_code(reply);
        return VOUCH_OK;
    }
    err = find(authority, &who, code, &device, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = take_back(authority, &attempt, fault);
    }
    const struct decision decision = {caller, &who, &device};
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? answer(authority, &decision, code, ask->verb, ret_answer, fault)
               : err;
}
