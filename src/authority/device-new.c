// SPDX-License-Identifier: ISC
// A client asks to be let in by browser: charge the try, keep what it says of itself with a secret and a code,
// record it, answer both.
#include "authority/device.h"

#include <stdio.h>

#include "authority/issue.h"
#include "base/time.h"

#define WAITING_MAX 1024
#define NAME_MAX_LEN 300
#define DETAILS_MAX 8192
#define MARK_MIN 16
#define SERVICE "vouchd"
#define TRIES_OF_ASKING "*ask" // what no user can be called

// --- what the files about devices share

struct vouch_try vouch_device_try(struct vouch_bytes source,
                                  char room[static VOUCH_STORE_TRIES_SOURCE_MAX]) {
    struct vouch_bytes from =
        source.len > 0 ? vouch_source_fold(source, room) : vouch_bytes_of("unknown");
    return (struct vouch_try){.key = {.who = vouch_bytes_of(TRIES_OF_ASKING), .source = from},
                              .rule = VOUCH_TRIES_SOURCE};
}

int vouch_device_note(struct vouch_local *authority, const struct vouch_caller *caller,
                      struct vouch_bytes actor, const char *type,
                      const struct vouch_store_device *device, struct vouch_fault *fault) {
    struct vouch_buf details;
    struct vouch_bytes who = actor.len > 0 ? actor : vouch_bytes_of(SERVICE);
    char session[24];
    vouch_buf_init(&details, DETAILS_MAX);
    vouch_record_detail_put(&details, "machine", device->machine);
    vouch_record_detail_put(&details, "os", device->os);
    vouch_record_detail_put(&details, "version", device->version);
    vouch_record_detail_put(&details, "machine-source", device->source);
    if (device->session != 0) {
        (void)snprintf(session, sizeof session, "%llu", (unsigned long long)device->session);
        vouch_record_detail_put(&details, "session", vouch_bytes_of(session));
    }
    vouch_record_detail_put(&details, "request", caller->request);
    vouch_record_detail_put(&details, "source", caller->source);
    return vouch_people_note(authority, who, type,
                             device->user.len > 0 ? device->user : device->machine, &details,
                             fault);
}

int vouch_device_name(struct vouch_local *authority, const struct vouch_store_device *device,
                      struct vouch_bytes *ret_name, struct vouch_fault *fault) {
    char text[NAME_MAX_LEN];
    (void)snprintf(text, sizeof text, "%.*s (%.*s)", (int)device->machine.len,
                   (const char *)device->machine.ptr, (int)device->os.len,
                   (const char *)device->os.ptr);
    return vouch_arena_copy(&authority->arena, vouch_bytes_of(text), ret_name) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

// --- asking

// What stands in the ledger, and on the page where somebody decides by it.
static int is_plain_text(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e) {
            return 0;
        }
    }
    return text.len > 0;
}

// It comes to stand in an address.
static int is_mark(struct vouch_bytes text) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\0' || strchr(letters, text.ptr[i]) == NULL) {
            return 0;
        }
    }
    return text.len >= MARK_MIN;
}

static int invalid(struct vouch_reply *reply, const char *field, const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, field, "%s %s", field, why);
    return 0;
}

static int judge(const struct vouch_ask_device_new *ask, struct vouch_reply *reply) {
    if (!is_plain_text(ask->machine)) {
        return invalid(reply, "client.host", "must have 1 to 128 printable characters of ASCII");
    }
    if (!is_plain_text(ask->os)) {
        return invalid(reply, "client.os", "must have 1 to 128 printable characters of ASCII");
    }
    if (!is_plain_text(ask->version)) {
        return invalid(reply, "client.version", "must have 1 to 128 printable characters of ASCII");
    }
    if (ask->port > UINT16_MAX || (ask->port != 0 && ask->port < 1024)) {
        return invalid(reply, "port", "must be from 1024 to 65535");
    }
    if ((ask->port != 0) != (ask->mark.len > 0)) {
        return invalid(reply, "state", "must be given with a port, and only with one");
    }
    if (ask->port != 0 && !is_mark(ask->mark)) {
        return invalid(reply, "state", "must have 16 to 64 letters, digits, - and _");
    }
    return 1;
}

// Each letter as likely as the others: a byte that would make some likelier is thrown again.
static void draw_code(char ret_code[static VOUCH_DEVICE_CODE_LEN + 1]) {
    static const char letters[] = VOUCH_DEVICE_LETTERS;
    const unsigned count = sizeof letters - 1;
    for (size_t i = 0; i < VOUCH_DEVICE_CODE_LEN;) {
        uint8_t byte = 0;
        vouch_random(&byte, sizeof byte);
        if (byte < 256 / count * count) {
            ret_code[i++] = letters[byte % count];
        }
    }
    ret_code[VOUCH_DEVICE_CODE_LEN] = '\0';
}

struct asked {
    struct vouch_store_device device;
    uint8_t secret[VOUCH_STORE_HASH_LEN], code[VOUCH_STORE_HASH_LEN];
};

static int keep_all(struct vouch_store *desk, const struct asked *asked,
                    enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    uint64_t waiting = 0;
    int err = vouch_store_devices_waiting(desk, asked->device.created_s, &waiting, fault);
    if (err == VOUCH_OK && waiting >= WAITING_MAX) {
        *ret_outcome = VOUCH_STORE_IN_USE;
        return VOUCH_OK;
    }
    return err == VOUCH_OK ? vouch_store_device_add(desk, &asked->device, asked->secret,
                                                    asked->code, ret_outcome, fault)
                           : err;
}

static int keep(struct vouch_local *authority, const struct asked *asked, struct vouch_reply *reply,
                struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_LATER, fault);
    if (err == VOUCH_OK) {
        err = keep_all(office->desk, asked, &outcome, fault);
        err = vouch_store_work_end(office->desk, err, outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        vouch_reply_set(reply, VOUCH_VERDICT_BUSY, &vouch_fault_device_full, NULL,
                        "%d sign-ins by browser wait for their users just now", WAITING_MAX);
        reply->retry_after_s = VOUCH_DEVICE_TTL_S / 10;
    }
    return err;
}

static int make(struct vouch_local *authority, const struct vouch_caller *caller,
                const struct vouch_ask_device_new *ask, struct asked *asked,
                struct vouch_answer_device_new *answer, struct vouch_fault *fault) {
    char code[VOUCH_DEVICE_CODE_LEN + 1];
    uint64_t now_s = vouch_time_now_s();
    asked->device = (struct vouch_store_device){.port = ask->port,
                                                .mark = ask->mark,
                                                .machine = ask->machine,
                                                .os = ask->os,
                                                .version = ask->version,
                                                .source = caller->source,
                                                .created_s = now_s,
                                                .expires_s = now_s + VOUCH_DEVICE_TTL_S};
    memcpy(asked->device.challenge, ask->challenge, sizeof asked->device.challenge);
    draw_code(code);
    int err = vouch_hash_of(authority, vouch_bytes_of(code), asked->code, fault);
    if (err == VOUCH_OK) {
        err =
            vouch_shown_new(authority, VOUCH_DEVICE_PREFIX, &answer->secret, asked->secret, fault);
    }
    if (err == VOUCH_OK &&
        vouch_arena_copy(&authority->arena, vouch_bytes_of(code), &answer->code) != VOUCH_OK) {
        err = vouch_no_memory(fault);
    }
    return err;
}

int vouch_local_device_new(struct vouch_local *authority, const struct vouch_caller *caller,
                           const struct vouch_ask_device_new *ask,
                           struct vouch_answer_device_new *ret_answer, struct vouch_fault *fault) {
    char room[VOUCH_STORE_TRIES_SOURCE_MAX];
    struct asked asked;
    struct vouch_reply *reply = &ret_answer->reply;
    struct vouch_try attempt = vouch_device_try(caller->source, room);
    if (!vouch_caller_is_plain(caller, reply) || !judge(ask, reply)) {
        return VOUCH_OK;
    }
    int err = vouch_try_charge(authority, &attempt, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    err = make(authority, caller, ask, &asked, ret_answer, fault);
    asked.device.created_s = attempt.charged_s; // by which the charge is taken back
    if (err == VOUCH_OK) {
        err = keep(authority, &asked, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = vouch_device_note(authority, caller, (struct vouch_bytes){0}, VOUCH_EVENT_DEVICE_ASK,
                                &asked.device, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        ret_answer->address = vouch_bytes_of(authority->office->address);
        ret_answer->expires_s = asked.device.expires_s;
        ret_answer->interval_s = VOUCH_DEVICE_INTERVAL_S;
    }
    return err;
}
