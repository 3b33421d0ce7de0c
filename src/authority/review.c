// SPDX-License-Identifier: ISC
// Opening reviews, and what becomes of them when a certificate is issued and when it is used.
//
// The order is the point: the review is on the disk before the signer is asked. A crash in between leaves
// a review of something that nobody knows of, which is one too many, and never one too few.
#include "authority/review.h"

#include <inttypes.h>
#include <stdio.h>

#include "authority/login-row.h"
#include "authority/people.h"
#include "base/str.h"
#include "base/time.h"

#define DETAILS_MAX 8192
#define TRIES 4 // to write a review that others change at the same time
#define LOST                                                                                       \
    "the review of this certificate was lost; it was opened again when a host reported a login"

// --- what a record says

static int ends_with(struct vouch_bytes text, const char *end) {
    size_t len = strlen(end);
    return text.len > len && memcmp(text.ptr + text.len - len, end, len) == 0;
}

enum vouch_review_kind vouch_glass_of(struct vouch_bytes policy) {
    if (ends_with(policy, VOUCH_GLASS_SEALED)) {
        return VOUCH_REVIEW_SEALED;
    }
    return ends_with(policy, VOUCH_GLASS_LOUD) || ends_with(policy, VOUCH_GLASS_DRILL)
               ? VOUCH_REVIEW_LOUD
               : VOUCH_REVIEW_ANY;
}

int vouch_glass_judge(struct vouch_access *access, struct vouch_reply *reply) {
    size_t count = 0;
    for (size_t i = 0; i < access->roles.count; i++) {
        const struct vouch_policy_role *role =
            vouch_policy_role_named(access->policy, access->roles.items[i]);
        count += role != NULL && role->break_glass == VOUCH_POLICY_BREAKS_GLASS;
    }
    if (count > 0 && (access->roles.count > 1 || access->request != NULL)) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_break_glass_alone, "roles",
                        "a role for emergencies is asked for by itself");
        return 0;
    }
    if (count > 0 && access->glass == VOUCH_REVIEW_ANY) {
        access->glass = VOUCH_REVIEW_LOUD;
    }
    if (access->ask->drill != 0 && count == 0) {
        vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, "drill",
                        "drill is for a role that says break_glass: yes");
        return 0;
    }
    return 1;
}

// --- events

static void put_number(struct vouch_buf *details, const char *name, uint64_t number) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    vouch_record_detail_put(details, name, vouch_bytes_of(text));
}

static void put_key(struct vouch_buf *details, const struct vouch_store_review *review) {
    uint8_t room[64];
    struct vouch_buf key;
    vouch_buf_init_fixed(&key, room, sizeof room);
    vouch_buf_put_text(&key, "SHA256:");
    vouch_str_base64((struct vouch_bytes){review->key, sizeof review->key}, 0, &key);
    vouch_record_detail_put(details, "key", vouch_buf_bytes(&key));
    details->err = details->err == VOUCH_OK ? key.err : details->err;
}

static void put_review(struct vouch_buf *details, const struct vouch_store_review *review) {
    put_number(details, "review", review->id);
    vouch_record_detail_put(
        details, "kind",
        vouch_bytes_of(review->kind == VOUCH_STORE_REVIEW_SEALED ? "sealed" : "loud"));
    vouch_record_detail_put(details, "drill",
                            vouch_bytes_of(review->why == VOUCH_STORE_REVIEW_DRILL ? "yes" : "no"));
    vouch_record_detail_put(details, "user", review->user);
    vouch_record_detail_put(details, "holder", review->holder);
    vouch_record_detail_put(details, "role", review->role);
    vouch_record_detail_put(details, "zone", review->zone);
    vouch_record_detail_put(details, "reason", review->reason);
    vouch_record_detail_put(details, "source", review->source);
    put_key(details, review);
}

static int note(struct vouch_local *authority, struct vouch_bytes actor, const char *type,
                const struct vouch_store_review *review, struct vouch_fault *fault) {
    struct vouch_buf details;
    vouch_buf_init(&details, DETAILS_MAX);
    put_review(&details, review);
    if (review->serial != 0) {
        put_number(&details, "serial", review->serial);
    }
    return vouch_people_note(authority, actor, type, review->holder, &details, fault);
}

// A line for those who watch the log; nothing failed.
static void say(struct vouch_local *authority, const struct vouch_store_review *review,
                const char *what) {
    struct vouch_fault line = {0};
    (void)vouch_fault_set(&line, VOUCH_ERR_REFUSED, &vouch_fault_break_glass,
                          "break-glass: %s: role %.*s, for %.*s, asked by %.*s, serial %" PRIu64
                          ", review %" PRIu64,
                          what, VOUCH_REPLY_TEXT(review->role), VOUCH_REPLY_TEXT(review->holder),
                          VOUCH_REPLY_TEXT(review->user), review->serial, review->id);
    if (authority->office->report != NULL) {
        authority->office->report(&line);
    }
}

// --- opening

static int add(struct vouch_local *authority, struct vouch_store_review *review,
               struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_review_add(office->desk, review, &review->id, fault);
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

int vouch_review_open(struct vouch_local *authority, const struct vouch_caller *caller,
                      const struct vouch_access *access,
                      const uint8_t key[static VOUCH_STORE_HASH_LEN],
                      struct vouch_store_review *ret_review, struct vouch_fault *fault) {
    struct vouch_store_review review = {
        .kind = access->glass == VOUCH_REVIEW_SEALED ? VOUCH_STORE_REVIEW_SEALED
                                                     : VOUCH_STORE_REVIEW_LOUD,
        .why = access->ask->drill != 0 ? VOUCH_STORE_REVIEW_DRILL : VOUCH_STORE_REVIEW_EMERGENCY,
        .user = access->who->user,
        .holder = access->holder.len > 0 ? access->holder : access->who->user,
        .role = access->roles.items[0],
        .zone = access->ask->zone,
        .reason = access->ask->reason,
        .source = caller->source,
        .opened_s = vouch_time_now_s(),
        .ends_s = vouch_time_now_s() + access->decision.grant.ttl_s,
        .state = VOUCH_STORE_REVIEW_OPEN,
    };
    memcpy(review.key, key, sizeof review.key);
    int err = add(authority, &review, fault);
    if (err == VOUCH_OK) {
        err = note(authority, access->who->actor, VOUCH_EVENT_GLASS_OPEN, &review, fault);
    }
    if (err == VOUCH_OK) {
        *ret_review = review;
    }
    return err;
}

// --- changing

static int find(struct vouch_local *authority, uint64_t serial,
                enum vouch_store_outcome *ret_outcome, struct vouch_store_review *ret_review,
                struct vouch_fault *fault) {
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    int err =
        vouch_store_review_of(store, serial, &authority->arena, ret_outcome, ret_review, fault);
    vouch_pool_give(&authority->office->slow, store);
    return err;
}

static int change(struct vouch_local *authority, const struct vouch_store_review *review,
                  enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_review_change(office->desk, review, ret_outcome, fault);
    pthread_mutex_unlock(&office->desk_lock);
    return err;
}

static int settle(struct vouch_local *authority, struct vouch_store_review *review,
                  struct vouch_bytes actor, struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = change(authority, review, &outcome, fault);
    if (err == VOUCH_OK && review->state == VOUCH_STORE_REVIEW_OPEN) {
        err = note(authority, actor, VOUCH_EVENT_GLASS_ISSUE, review, fault);
    }
    return err;
}

void vouch_review_signed(struct vouch_local *authority, struct vouch_store_review *review,
                         struct vouch_bytes actor, enum vouch_once_end end,
                         const struct vouch_cert_row *cert) {
    struct vouch_fault fault = {0};
    if (end == VOUCH_ONCE_UNKNOWN) {
        say(authority, review, "nobody knows whether it was issued");
        return;
    }
    if (end == VOUCH_ONCE_RECORD) {
        review->serial = cert->serial;
        review->ends_s = cert->valid_before;
        say(authority, review, "issued");
    } else {
        review->state = VOUCH_STORE_REVIEW_VOID;
    }
    if (settle(authority, review, actor, &fault) != VOUCH_OK && authority->office->report != NULL) {
        authority->office->report(&fault);
    }
}

// --- using

// Only after a restored database: the certificate is in the ledger, its review was not yet in the copy.
static int open_lost(struct vouch_local *authority, const struct vouch_glass_use *use,
                     struct vouch_store_review *ret_review, struct vouch_fault *fault) {
    const struct vouch_store_cert *cert = use->cert;
    int is_sealed = vouch_glass_of(cert->policy) == VOUCH_REVIEW_SEALED;
    *ret_review = (struct vouch_store_review){
        .kind = is_sealed ? VOUCH_STORE_REVIEW_SEALED : VOUCH_STORE_REVIEW_LOUD,
        .why = ends_with(cert->policy, VOUCH_GLASS_DRILL) ? VOUCH_STORE_REVIEW_DRILL
                                                          : VOUCH_STORE_REVIEW_EMERGENCY,
        .user = vouch_login_user(cert->actor),
        .holder = cert->key_id,
        .role = cert->role,
        .reason = vouch_bytes_of(LOST),
        .source = cert->source,
        .opened_s = vouch_time_now_s(),
        .ends_s = cert->valid_before,
        .serial = cert->serial,
        .state = VOUCH_STORE_REVIEW_OPEN,
    };
    memcpy(ret_review->key, cert->key, sizeof ret_review->key);
    return add(authority, ret_review, fault);
}

static void count_use(struct vouch_store_review *review, const struct vouch_glass_use *use) {
    review->uses++;
    review->used_s = use->time_s > review->used_s ? use->time_s : review->used_s;
    // Done was what was known then; now there is more to look at.
    if (review->state != VOUCH_STORE_REVIEW_OPEN) {
        review->state = VOUCH_STORE_REVIEW_OPEN;
        review->done_by = review->note = (struct vouch_bytes){0};
        review->done_s = 0;
    }
}

static int note_use(struct vouch_local *authority, const struct vouch_glass_use *use,
                    const struct vouch_store_review *review, struct vouch_fault *fault) {
    struct vouch_buf details;
    char when[VOUCH_TIME_TEXT_MAX];
    vouch_time_utc(use->time_s, when);
    vouch_buf_init(&details, DETAILS_MAX);
    put_review(&details, review);
    put_number(&details, "serial", review->serial);
    vouch_record_detail_put(&details, "host", use->host);
    vouch_record_detail_put(&details, "login", use->login);
    vouch_record_detail_put(&details, "from", use->source);
    vouch_record_detail_put(&details, "time", vouch_bytes_of(when));
    return vouch_people_note(authority, use->actor, VOUCH_EVENT_GLASS_USE, review->holder, &details,
                             fault);
}

int vouch_review_used(struct vouch_local *authority, const struct vouch_glass_use *use,
                      struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_store_review review = {0};
    int err = VOUCH_OK;
    for (unsigned i = 0; err == VOUCH_OK && i < TRIES; i++) {
        err = find(authority, use->cert->serial, &outcome, &review, fault);
        if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
            err = open_lost(authority, use, &review, fault);
        }
        if (err != VOUCH_OK) {
            return err;
        }
        count_use(&review, use);
        err = change(authority, &review, &outcome, fault);
        if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
            say(authority, &review, "used");
            return note_use(authority, use, &review, fault);
        }
    }
    return err != VOUCH_OK ? err
                           : vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_review_state,
                                             "the review of certificate %" PRIu64
                                             " is changed again and again by others",
                                             use->cert->serial);
}
