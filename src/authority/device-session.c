// SPDX-License-Identifier: ISC
// The client comes for its session: whether its secret and verifier fit, and what became of its asking; then a
// session begins, which uses the approval up.
#include "authority/device.h"

#include <stdio.h>

#include "authority/issue.h"
#include "base/secret.h"
#include "base/time.h"

#define CLOCKS_DIFFER_MS 100 // the client's and ours, while it waits
#define ROOM VOUCH_STORE_TRIES_SOURCE_MAX

static void over(struct vouch_reply *reply, const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_device_over, "device_code", "%s",
                    why);
}

// --- whose it is

// An unknown secret and a wrong verifier are answered alike.
static int find(struct vouch_local *authority, const struct vouch_ask_device_session *ask,
                struct vouch_store_device *ret_device, struct vouch_reply *reply,
                struct vouch_fault *fault) {
    uint8_t hash[VOUCH_STORE_HASH_LEN], verifier[VOUCH_STORE_HASH_LEN];
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_hash_of(authority, ask->secret, hash, fault);
    if (err == VOUCH_OK) {
        err = vouch_hash_of(authority, ask->verifier, verifier, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_store_device_by_secret(vouch_lease(authority), hash, &authority->arena,
                                           &outcome, ret_device, fault);
    }
    vouch_lease_end(authority);
    if (err != VOUCH_OK) {
        return err;
    }
    if (outcome != VOUCH_STORE_DONE ||
        !vouch_secret_equal(verifier, ret_device->challenge, sizeof verifier)) {
        over(reply, "no sign-in waits for this device_code and verifier");
        return VOUCH_OK;
    }
    vouch_reply_done(reply);
    return VOUCH_OK;
}

// --- what became of it

static void pending(struct vouch_reply *reply) {
    vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_device_pending, "device_code",
                    "nobody has approved it yet: ask again in %d seconds", VOUCH_DEVICE_INTERVAL_S);
}

// DONE: a session may begin.
static void judge(const struct vouch_store_device *device, struct vouch_bytes back, uint64_t now_s,
                  struct vouch_reply *reply) {
    if (device->state == VOUCH_STORE_DEVICE_DENIED || device->state == VOUCH_STORE_DEVICE_UNDONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_device_denied, "device_code",
                        "it was denied in the browser");
    } else if (device->expires_s <= now_s) {
        over(reply, "nobody approved it within ten minutes");
    } else if (device->state == VOUCH_STORE_DEVICE_WAITING) {
        pending(reply);
    } else if (device->state != VOUCH_STORE_DEVICE_APPROVED) {
        over(reply, "its session was taken already");
    } else if (device->back.len > 0 && back.len == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_CONFLICT, &vouch_fault_device_elsewhere, "code",
                        "it was approved, and the browser has to bring its code back");
    } else {
        vouch_reply_done(reply);
    }
}

// Whoever brings the browser's code does not ask again and again.
static int note_asked(struct vouch_local *authority, uint64_t id, struct vouch_reply *reply,
                      struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint64_t now_ms = vouch_time_now_ms();
    uint64_t since_ms = now_ms - VOUCH_DEVICE_INTERVAL_S * 1000 + CLOCKS_DIFFER_MS;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_LATER, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_device_asked(office->desk, id, now_ms, since_ms, &outcome, fault);
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_BUSY, &vouch_fault_device_slow, "device_code",
                        "it was asked less than %d seconds ago", VOUCH_DEVICE_INTERVAL_S);
        reply->retry_after_s = VOUCH_DEVICE_INTERVAL_S;
    }
    return err;
}

// --- the session

struct taking {
    const struct vouch_store_device *device;
    struct vouch_bytes back; // hash of what was brought
};

static int use_up(struct vouch_local *authority, const void *context, uint64_t session,
                  enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct taking *taking = context;
    const struct vouch_store_device *device = taking->device;
    char room[ROOM];
    struct vouch_try attempt = vouch_device_try(device->source, room);
    attempt.charged_s = device->created_s;
    int err = vouch_store_device_take(authority->office->desk, device->id, taking->back, session,
                                      ret_outcome, fault);
    return err == VOUCH_OK && *ret_outcome == VOUCH_STORE_DONE
               ? vouch_try_right(authority, &attempt, fault)
               : err;
}

static int begin(struct vouch_local *authority, const struct vouch_caller *caller,
                 const struct taking *taking, struct vouch_answer_session *ret_answer,
                 struct vouch_fault *fault) {
    const struct vouch_store_device *device = taking->device;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_session_new wanted = {
        .caller = caller,
        .account = device->account,
        .user = device->user,
        .methods = device->methods,
        .factor_s = device->factor_s,
        .use = use_up,
        .context = taking,
    };
    int err = vouch_device_name(authority, device, &wanted.client, fault);
    if (err == VOUCH_OK) {
        err = vouch_session_begin(authority, &wanted, &outcome, ret_answer, fault);
    }
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        over(&ret_answer->reply, "it was taken meanwhile, its browser's code is another, its user "
                                 "was signed out there, or may not sign in any more");
    }
    return err;
}

int vouch_local_device_session(struct vouch_local *authority, const struct vouch_caller *caller,
                               const struct vouch_ask_device_session *ask,
                               struct vouch_answer_session *ret_answer, struct vouch_fault *fault) {
    struct vouch_store_device device;
    uint8_t back[VOUCH_STORE_HASH_LEN];
    struct vouch_reply *reply = &ret_answer->reply;
    struct taking taking = {.device = &device};
    if (!vouch_caller_is_plain(caller, reply)) {
        return VOUCH_OK;
    }
    int err = find(authority, ask, &device, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE && ask->back.len == 0) {
        err = note_asked(authority, device.id, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        judge(&device, ask->back, vouch_time_now_s(), reply);
    }
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    if (ask->back.len > 0) {
        err = vouch_hash_of(authority, ask->back, back, fault);
        taking.back = (struct vouch_bytes){back, sizeof back};
    }
    *reply = (struct vouch_reply){.verdict = VOUCH_VERDICT_REFUSED}; // until there is a session
    return err == VOUCH_OK ? begin(authority, caller, &taking, ret_answer, fault) : err;
}
