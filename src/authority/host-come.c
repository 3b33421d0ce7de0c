// SPDX-License-Identifier: ISC
// Hosts that come with their secret; copies of a host, which are noticed by it; and events about hosts.
//
// A renewal gives a new secret, and the one before holds until the new one was used. From then on whoever
// shows the old one has a copy of what the host was.
#include <inttypes.h>
#include <stdio.h>

#include "authority/fleet.h"
#include "authority/host-wish.h"
#include "authority/people.h"
#include "base/str.h"
#include "base/time.h"

#define DETAILS_MAX 16384

// --- events

int vouch_host_actor(struct vouch_local *authority, struct vouch_bytes name,
                     struct vouch_bytes *ret_actor, struct vouch_fault *fault) {
    char text[sizeof "host:" + VOUCH_HOST_NAME_LEN_MAX];
    int len = snprintf(text, sizeof text, "host:%.*s", (int)name.len,
                       name.len > 0 ? (const char *)name.ptr : "");
    const struct vouch_bytes whole = {(const uint8_t *)text, len > 0 ? (size_t)len : 0};
    return len > 0 && (size_t)len < sizeof text &&
                   vouch_arena_copy(&authority->arena, whole, ret_actor) == VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

static void put_texts(struct vouch_buf *details, const char *name, const struct vouch_bytes *items,
                      size_t count) {
    for (size_t i = 0; i < count; i++) {
        vouch_record_detail_put(details, name, items[i]);
    }
}

static void put_text(struct vouch_buf *details, const char *name, struct vouch_bytes text) {
    if (text.len > 0) {
        vouch_record_detail_put(details, name, text);
    }
}

static void put_keys(struct vouch_buf *details, const struct vouch_store_host *host) {
    for (size_t i = 0; i < host->key_count; i++) {
        struct vouch_buf text;
        vouch_buf_init(&text, VOUCH_FINGERPRINT_MAX);
        vouch_buf_put_text(&text, "SHA256:");
        vouch_str_base64((struct vouch_bytes){host->keys[i].hash, sizeof host->keys[i].hash}, 0,
                         &text);
        vouch_record_detail_put(details, "key", vouch_buf_bytes(&text));
        details->err = details->err == VOUCH_OK ? text.err : details->err;
        vouch_buf_done(&text);
    }
}

int vouch_host_note(struct vouch_local *authority, const struct vouch_host_event *event,
                    struct vouch_fault *fault) {
    const struct vouch_store_host *host = event->host;
    struct vouch_buf details;
    char number[24];
    vouch_buf_init(&details, DETAILS_MAX);
    if (host->id > 0) {
        (void)snprintf(number, sizeof number, "%" PRIu64, host->id);
        vouch_record_detail_put(&details, "host", vouch_bytes_of(number));
    }
    put_text(&details, "zone", host->zone);
    put_text(&details, "by", host->by);
    put_text(&details, "former", host->former);
    put_texts(&details, "label", host->labels, host->label_count);
    put_texts(&details, "alias", host->aliases, host->alias_count);
    if (host->needed > 1) {
        put_texts(&details, "wildcard", host->wished, host->wished_count);
        put_texts(&details, "approver", host->approvers, host->approver_count);
        put_text(&details, "asker", host->asker);
    }
    put_keys(&details, host);
    put_text(&details, "reason", event->reason);
    vouch_record_detail_put(&details, "request", event->caller->request);
    vouch_record_detail_put(&details, "source", event->caller->source);
    return vouch_people_note(authority, event->actor, event->type, host->name, &details, fault);
}

// --- copies

static int lock_row(struct vouch_local *authority, struct vouch_store_host *host,
                    enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        vouch_host_wish_end(host);
        host->state = VOUCH_STORE_HOST_LOCKED;
        host->may_collect_s = 0;
        err = vouch_store_host_put(office->desk, host, ret_outcome, fault);
        err = vouch_store_work_end(office->desk, err, *ret_outcome, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

static void locked(struct vouch_reply *reply, struct vouch_bytes name) {
    vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_host_locked, "host",
                    "the host %.*s is locked: an administrator has to look at it",
                    VOUCH_REPLY_TEXT(name));
}

// Whoever came first has locked it; once is enough.
static int lock_found(struct vouch_local *authority, const struct vouch_caller *caller,
                      struct vouch_store_host *host, const char *how, struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_host_event event = {
        .type = VOUCH_EVENT_HOST_CLONE, .host = host, .caller = caller};
    host->why = event.reason = vouch_bytes_of(how);
    int err = vouch_host_actor(authority, host->name, &event.actor, fault);
    if (err == VOUCH_OK) {
        err = lock_row(authority, host, &outcome, fault);
    }
    return err == VOUCH_OK && outcome == VOUCH_STORE_DONE
               ? vouch_host_note(authority, &event, fault)
               : err;
}

int vouch_host_lock_copy(struct vouch_local *authority, const struct vouch_caller *caller,
                         uint64_t id, const char *how, struct vouch_reply *ret_reply,
                         struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    struct vouch_store_host host = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int is_new = 0;
    pthread_mutex_lock(&office->fleet_lock);
    int err = vouch_store_host_by_id(vouch_lease(authority), id, &authority->arena, &outcome, &host,
                                     fault);
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE && host.state == VOUCH_STORE_HOST_ACTIVE) {
        is_new = 1;
        err = lock_found(authority, caller, &host, how, fault);
    }
    pthread_mutex_unlock(&office->fleet_lock);
    if (err == VOUCH_OK && is_new) {
        err = vouch_fleet_changed(authority, fault);
    }
    locked(ret_reply, host.name);
    return err;
}

int vouch_fleet_changed(struct vouch_local *authority, struct vouch_fault *fault) {
    atomic_fetch_add(&authority->office->policies.is_due, 1);
    vouch_fleet_moved(authority->office);
    return vouch_policy_remake(authority, VOUCH_POLICY_GATHERED, fault);
}

// --- coming

static void unknown(struct vouch_reply *reply, const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_UNKNOWN, &vouch_fault_caller, "token", "%s", why);
}

// The first time that a secret comes, those before it end.
static int note_used(struct vouch_local *authority, uint64_t id, uint64_t generation,
                     struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->fleet_lock);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_DURABLY, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_host_used(office->desk, id, generation, fault);
        err = vouch_store_work_end(office->desk, err, VOUCH_STORE_DONE, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    pthread_mutex_unlock(&office->fleet_lock);
    return err;
}

static int note_seen(struct vouch_local *authority, const struct vouch_caller *caller,
                     const struct vouch_store_host *host, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    uint64_t now_s = vouch_time_now_s();
    if (host->seen_s + VOUCH_STORE_HOST_COARSE_S > now_s) {
        return VOUCH_OK;
    }
    vouch_lease_end(authority);
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_work_begin(office->desk, VOUCH_STORE_LATER, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_host_seen(office->desk, host->id, now_s, caller->source, fault);
        err = vouch_store_work_end(office->desk, err, VOUCH_STORE_DONE, fault);
    }
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

static int judge(struct vouch_local *authority, const struct vouch_caller *caller,
                 struct vouch_store_host *host, uint64_t generation, struct vouch_reply *reply,
                 struct vouch_fault *fault) {
    if (host->state == VOUCH_STORE_HOST_LOCKED) {
        locked(reply, host->name);
        return VOUCH_OK;
    }
    if (host->state != VOUCH_STORE_HOST_ACTIVE) {
        unknown(reply, "no host has this secret any more: enrol it again with vouch-host enrol");
        return VOUCH_OK;
    }
    if (generation < host->used_generation) {
        return vouch_host_lock_copy(authority, caller, host->id,
                                    "a secret came that had been replaced: there is a copy of it",
                                    reply, fault);
    }
    int err = VOUCH_OK;
    if (generation > host->used_generation) {
        err = note_used(authority, host->id, generation, fault);
        host->used_generation = generation;
    }
    if (err == VOUCH_OK) {
        err = note_seen(authority, caller, host, fault);
    }
    if (err == VOUCH_OK) {
        vouch_reply_done(reply);
    }
    return err;
}

static int is_secret(struct vouch_bytes text) {
    return vouch_str_take(&text, VOUCH_HOST_SECRET_PREFIX) && text.len > 0;
}

int vouch_identify_host(struct vouch_local *authority, const struct vouch_caller *caller,
                        struct vouch_store_host *ret_host, struct vouch_reply *ret_reply,
                        struct vouch_fault *fault) {
    uint8_t secret[VOUCH_STORE_HASH_LEN];
    struct vouch_store_host host = {0};
    uint64_t generation = 0;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    *ret_reply = (struct vouch_reply){0};
    if (!vouch_caller_is_plain(caller, ret_reply)) {
        return VOUCH_OK;
    }
    if (caller->way != VOUCH_CALLER_HOST || !is_secret(caller->token)) {
        unknown(ret_reply, "this is for enrolled hosts, with the secret that they were given");
        return VOUCH_OK;
    }
    int err = vouch_hash_of(authority, caller->token, secret, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_host_by_secret(vouch_lease(authority), secret, &authority->arena,
                                         &outcome, &host, &generation, fault);
    }
    vouch_lease_end(authority);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        unknown(ret_reply, "no host has this secret: enrol it with vouch-host enrol");
    } else if (err == VOUCH_OK) {
        err = judge(authority, caller, &host, generation, ret_reply, fault);
    }
    *ret_host = host;
    return err;
}
