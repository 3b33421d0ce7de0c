// SPDX-License-Identifier: ISC
// Revoking: recorded, indexed, and in the list of each CA that it touches, before the answer.
#include <inttypes.h>
#include <stdio.h>

#include "authority/entry.h"
#include "authority/issue.h"
#include "authority/people.h"
#include "authority/row.h"
#include "base/str.h"
#include "base/time.h"

#define REASON_MAX 1024
#define DETAILS_MAX 16384
#define OBJECT_MAX 512

static void invalid(struct vouch_reply *reply, const char *field, const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, field, "%s %s", field, why);
}

static int is_printable(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) {
            return 0;
        }
    }
    return 1;
}

// What the kind asks of the value; 0 with the reply set.
static int judge_value(const struct vouch_ask_revoke *ask, struct vouch_reply *reply) {
    size_t len = ask->value.len;
    switch (ask->kind) {
    case VOUCH_REVOKE_SERIAL:
        if (len == 8) {
            return 1;
        }
        invalid(reply, "serial", "must be a number");
        return 0;
    case VOUCH_REVOKE_KEY_ID:
        if (len > 0 && len <= VOUCH_CERT_KEY_ID_MAX && is_printable(ask->value)) {
            return 1;
        }
        invalid(reply, "key_id", "must have 1 to 200 printable characters");
        return 0;
    case VOUCH_REVOKE_KEY:
    case VOUCH_REVOKE_CA:
        if (len == VOUCH_STORE_HASH_LEN) {
            return 1;
        }
        invalid(reply, ask->kind == VOUCH_REVOKE_KEY ? "fingerprint" : "ca",
                "must be a SHA-256 fingerprint");
        return 0;
    case VOUCH_REVOKE_UNSET:
        break;
    }
    invalid(reply, "kind", "must be a serial, a key ID, a key or a CA");
    return 0;
}

static int judge(const struct vouch_ask_revoke *ask, struct vouch_reply *reply) {
    if (!judge_value(ask, reply)) {
        return 0;
    }
    if (ask->reason.len == 0 || ask->reason.len > REASON_MAX || !is_printable(ask->reason)) {
        invalid(reply, "reason", "must be given, in one line of at most 1024 bytes");
        return 0;
    }
    return 1;
}

static uint64_t serial_of(struct vouch_bytes value) {
    uint64_t serial = 0;
    for (size_t i = 0; i < value.len; i++) {
        serial = serial << 8 | value.ptr[i];
    }
    return serial;
}

// Whose certificate it is, somebody without the scope may revoke it.
static int is_own(const struct vouch_who *who, const struct vouch_cert_row *row) {
    return who->user.len > 0 && vouch_bytes_equal(who->actor, row->actor);
}

static int is_theirs(const struct vouch_who *who, const struct vouch_cert_row *row) {
    return vouch_who_may(who, VOUCH_MAY_REVOKE) || is_own(who, row);
}

// A serial is that of one certificate, whose CA and end belong to the revocation.
static int find_cert(struct vouch_local *authority, const struct vouch_who *who,
                     struct vouch_store_revocation *revocation, struct vouch_reply *reply,
                     struct vouch_fault *fault) {
    struct vouch_cert_row row;
    int is_found = 0;
    int err = vouch_index_now(authority, fault); // it may have been issued a moment ago
    if (err == VOUCH_OK) {
        err = vouch_cert_find(authority, serial_of(revocation->value), &is_found, &row, fault);
    }
    if (err == VOUCH_OK && (!is_found || !is_theirs(who, &row))) {
        vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "serial",
                        "there is no certificate with this serial");
    } else if (err == VOUCH_OK &&
               (is_own(who, &row) || vouch_fresh_factor(who, vouch_time_now_s(), reply))) {
        memcpy(revocation->ca, row.ca, sizeof revocation->ca);
        revocation->until_s = row.valid_before;
    }
    return err;
}

static int is_our_ca(struct vouch_office *office, struct vouch_bytes hash) {
    struct vouch_office_cas cas;
    int is_ours = 0;
    vouch_cas_now(office, &cas);
    for (size_t i = 0; i < cas.count; i++) {
        is_ours = is_ours || memcmp(hash.ptr, cas.rows[i].hash, VOUCH_STORE_HASH_LEN) == 0;
    }
    return is_ours;
}

// What is not one certificate may be somebody else's too.
static int may_kind(const struct vouch_who *who, const struct vouch_ask_revoke *ask,
                    struct vouch_reply *reply) {
    if (ask->kind == VOUCH_REVOKE_SERIAL) {
        return 1;
    }
    if (!vouch_who_may(who, VOUCH_MAY_REVOKE)) {
        vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_scope, "kind",
                        "%.*s may revoke certificates of their own, by serial",
                        VOUCH_REPLY_TEXT(who->name));
        return 0;
    }
    return vouch_fresh_factor(who, vouch_time_now_s(), reply);
}

static int make(struct vouch_local *authority, const struct vouch_who *who,
                const struct vouch_ask_revoke *ask, struct vouch_store_revocation *revocation,
                struct vouch_reply *reply, struct vouch_fault *fault) {
    *revocation =
        (struct vouch_store_revocation){.kind = (enum vouch_store_revocation_kind)ask->kind,
                                        .value = ask->value,
                                        .reason = ask->reason};
    if (ask->kind == VOUCH_REVOKE_SERIAL) {
        return find_cert(authority, who, revocation, reply, fault);
    }
    if (ask->kind == VOUCH_REVOKE_CA && !is_our_ca(authority->office, ask->value)) {
        vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "ca",
                        "this is none of the CA keys here");
    }
    return VOUCH_OK;
}

// What is revoked, as a person reads it in the audit log.
static void put_object(const struct vouch_store_revocation *revocation, struct vouch_buf *out) {
    char serial[24];
    if (revocation->kind == VOUCH_STORE_REVOKE_SERIAL) {
        (void)snprintf(serial, sizeof serial, "%" PRIu64, serial_of(revocation->value));
        vouch_buf_put_text(out, serial);
    } else if (revocation->kind == VOUCH_STORE_REVOKE_KEY_ID) {
        vouch_buf_put(out, revocation->value);
    } else {
        vouch_buf_put_text(out, "SHA256:");
        vouch_str_base64(revocation->value, 0, out);
    }
}

static int note(struct vouch_local *authority, struct vouch_bytes actor,
                const struct vouch_store_revocation *revocation,
                struct vouch_signer_noted *ret_noted, struct vouch_fault *fault) {
    struct vouch_buf details;
    struct vouch_buf object;
    vouch_buf_init(&details, DETAILS_MAX);
    vouch_buf_init(&object, OBJECT_MAX);
    vouch_entry_revocation_put(revocation, &details);
    put_object(revocation, &object);
    const struct vouch_signer_event event = {.actor = actor,
                                             .type = vouch_bytes_of(VOUCH_EVENT_REVOKE),
                                             .object = vouch_buf_bytes(&object),
                                             .details = vouch_buf_bytes(&details)};
    int err = details.err != VOUCH_OK || object.err != VOUCH_OK
                  ? vouch_no_memory(fault)
                  : vouch_seat_note(authority, &event, ret_noted, fault);
    atomic_fetch_add(&authority->office->revoked, err == VOUCH_OK ? 1 : 0);
    vouch_buf_done(&details);
    vouch_buf_done(&object);
    return err;
}

// Both lists are looked at; one that lacks nothing stays as it is.
static int publish(struct vouch_local *authority, uint64_t ret_versions[static 2],
                   struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    int err = VOUCH_OK;
    pthread_mutex_lock(&office->krl_lock);
    for (size_t ca = 0; err == VOUCH_OK && ca < 2; ca++) {
        err =
            atomic_load(&office->krl_is_due[ca]) ? vouch_krl_renew(authority, ca, fault) : VOUCH_OK;
        ret_versions[ca] = office->krls[ca].version;
    }
    pthread_mutex_unlock(&office->krl_lock);
    return err;
}

int vouch_revoke_cert(struct vouch_local *authority, struct vouch_bytes actor,
                      const struct vouch_store_cert *cert, const char *reason,
                      struct vouch_fault *fault) {
    uint8_t serial[8];
    struct vouch_signer_noted noted = {0};
    for (size_t i = 0; i < sizeof serial; i++) {
        serial[i] = (uint8_t)(cert->serial >> (56 - 8 * i));
    }
    struct vouch_store_revocation revocation = {.kind = VOUCH_STORE_REVOKE_SERIAL,
                                                .value = {serial, sizeof serial},
                                                .reason = vouch_bytes_of(reason),
                                                .until_s = cert->valid_before};
    memcpy(revocation.ca, cert->ca, sizeof revocation.ca);
    return note(authority, actor, &revocation, &noted, fault);
}

// What is recorded is in the database when this returns.
int vouch_index_now(struct vouch_local *authority, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    if (!office->has_clerk) {
        return vouch_clerk_catch_up(authority, fault);
    }
    pthread_mutex_lock(&office->lock);
    uint64_t size = office->wanted;
    pthread_mutex_unlock(&office->lock);
    return vouch_clerk_wait(office, size, fault);
}

int vouch_revoke_publish(struct vouch_local *authority, struct vouch_fault *fault) {
    uint64_t versions[2];
    int err = vouch_index_now(authority, fault);
    // Before the office has begun, its lists are published last.
    return err == VOUCH_OK && authority->office->has_clerk ? publish(authority, versions, fault)
                                                           : err;
}

static int answer(struct vouch_local *authority, const struct vouch_who *who,
                  const struct vouch_store_revocation *revocation,
                  const struct vouch_signer_noted *noted, struct vouch_answer_revoke *ret_answer,
                  struct vouch_fault *fault) {
    struct vouch_revocation_row row = vouch_revocation_row_of(revocation);
    row.number = noted->number;
    row.time_ms = noted->time_ms;
    row.actor = who->actor;
    if (vouch_arena_copy(&authority->arena, row.value, &row.value) != VOUCH_OK ||
        vouch_arena_copy(&authority->arena, row.reason, &row.reason) != VOUCH_OK) {
        return vouch_no_memory(fault);
    }
    ret_answer->row = row;
    vouch_reply_done(&ret_answer->reply);
    return VOUCH_OK;
}

static int revoke(struct vouch_local *authority, const struct vouch_who *who,
                  const struct vouch_store_revocation *revocation,
                  struct vouch_answer_revoke *ret_answer, struct vouch_fault *fault) {
    struct vouch_signer_noted noted = {0};
    int err = note(authority, who->actor, revocation, &noted, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = vouch_clerk_wait(authority->office, noted.number + 1, fault);
    if (err == VOUCH_OK) {
        err = publish(authority, ret_answer->krl_versions, fault);
    }
    return err == VOUCH_OK ? answer(authority, who, revocation, &noted, ret_answer, fault) : err;
}

int vouch_local_revoke(struct vouch_local *authority, const struct vouch_caller *caller,
                       const struct vouch_ask_revoke *ask, struct vouch_answer_revoke *ret_answer,
                       struct vouch_fault *fault) {
    struct vouch_who who;
    struct vouch_store_revocation revocation;
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify_own(authority, caller, VOUCH_MAY_REVOKE, &who, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE || !judge(ask, reply) ||
        !may_kind(&who, ask, reply)) {
        return err;
    }
    err = make(authority, &who, ask, &revocation, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    reply->verdict = VOUCH_VERDICT_REFUSED; // until it is public
    return revoke(authority, &who, &revocation, ret_answer, fault);
}
