// SPDX-License-Identifier: ISC
// A host renews: with its secret, the certificates that it has, and a proof of each key. What it may have
// is judged anew. And a host leaves.
#include <inttypes.h>
#include <stdio.h>

#include "authority/enrol.h"
#include "authority/host-wish.h"
#include "authority/issue.h"
#include "authority/people.h"
#include "authority/row.h"
#include "core/host-proof.h"

#define GRACE_S (7 * 86400) // how long after its end a certificate still renews

// --- 1: its certificates

static void refuse(struct vouch_reply *reply, size_t at, const char *why) {
    vouch_reply_set(reply, VOUCH_VERDICT_REFUSED, &vouch_fault_host_renewal, "serial",
                    "keys: key %zu: %s: enrol the host anew", at + 1, why);
}

static int is_id_of(struct vouch_bytes key_id, struct vouch_bytes name) {
    const struct vouch_bytes prefix = vouch_bytes_of("host:");
    return name.len > 0 && key_id.len == prefix.len + name.len &&
           memcmp(key_id.ptr, prefix.ptr, prefix.len) == 0 &&
           memcmp(key_id.ptr + prefix.len, name.ptr, name.len) == 0;
}

static int is_its_own(const struct vouch_store_host *host, const struct vouch_store_host_key *key,
                      const struct vouch_cert_row *row) {
    return row->type == VOUCH_CERT_HOST && memcmp(row->key, key->hash, sizeof row->key) == 0 &&
           (is_id_of(row->key_id, host->name) || is_id_of(row->key_id, host->former));
}

static int has_key(const struct vouch_store_host *host, const struct vouch_store_host_key *key) {
    for (size_t i = 0; i < host->key_count; i++) {
        if (memcmp(host->keys[i].hash, key->hash, sizeof key->hash) == 0) {
            return 1;
        }
    }
    return 0;
}

// One of a moment ago may not be indexed yet.
static int find_cert(struct vouch_local *authority, uint64_t serial, int *ret_found,
                     struct vouch_cert_row *ret_row, struct vouch_fault *fault) {
    int err = vouch_cert_find(authority, serial, ret_found, ret_row, fault);
    if (err == VOUCH_OK && !*ret_found) {
        err = vouch_index_now(authority, fault);
        err = err == VOUCH_OK ? vouch_cert_find(authority, serial, ret_found, ret_row, fault) : err;
    }
    return err;
}

static int judge_cert(struct vouch_local *authority, const struct vouch_enrolment *enrolment,
                      size_t at, uint64_t serial, struct vouch_reply *reply,
                      struct vouch_fault *fault) {
    const struct vouch_store_host *host = &enrolment->host;
    const struct vouch_store_host_key *key = &enrolment->keys.rows[at];
    struct vouch_cert_row row = {0};
    int is_found = 0;
    int err = find_cert(authority, serial, &is_found, &row, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (!has_key(host, key)) {
        refuse(reply, at, "it was not enrolled with this host");
    } else if (!is_found || !is_its_own(host, key, &row)) {
        refuse(reply, at, "this is not the serial of its certificate");
    } else if (row.revoked_ms != 0) {
        refuse(reply, at, "its certificate was revoked");
    } else if (row.valid_before + GRACE_S < enrolment->now_s) {
        refuse(reply, at, "its certificate ended more than 7 days ago");
    }
    return VOUCH_OK;
}

static int judge_certs(struct vouch_local *authority, const struct vouch_ask_host_renew *ask,
                       struct vouch_enrolment *enrolment, struct vouch_reply *reply,
                       struct vouch_fault *fault) {
    int err =
        vouch_store_host_keys(vouch_lease(authority), &authority->arena, &enrolment->host, fault);
    vouch_lease_end(authority);
    for (size_t i = 0;
         err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE && i < enrolment->keys.count;
         i++) {
        err = judge_cert(authority, enrolment, i, ask->keys[i].serial, reply, fault);
    }
    return err;
}

// --- 2: its proofs

// A host that was renamed may not know its new name yet.
static int prove(struct vouch_local *authority, const struct vouch_ask_host_renew *ask,
                 const struct vouch_enrolment *enrolment, struct vouch_reply *reply,
                 struct vouch_fault *fault) {
    struct vouch_host_claim claim = {.purpose = VOUCH_HOST_PROOF_RENEW,
                                     .name = enrolment->host.name,
                                     .time_s = ask->time_s,
                                     .machine = ask->machine,
                                     .rows = ask->keys};
    int err = vouch_host_keys_prove(authority, &enrolment->keys, &claim, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_REFUSED &&
        enrolment->host.former.len > 0) {
        claim.name = enrolment->host.former;
        vouch_reply_done(reply);
        err = vouch_host_keys_prove(authority, &enrolment->keys, &claim, reply, fault);
    }
    return err;
}

// --- 3: the new secret and certificates

static int say_evidence(struct vouch_local *authority, const struct vouch_ask_host_renew *ask,
                        struct vouch_enrolment *enrolment, struct vouch_fault *fault) {
    char text[64];
    (void)snprintf(text, sizeof text, "host-key+cert:%" PRIu64, ask->keys[0].serial);
    return vouch_arena_copy(&authority->arena, vouch_bytes_of(text), &enrolment->evidence) ==
                   VOUCH_OK
               ? VOUCH_OK
               : vouch_no_memory(fault);
}

static int keep(struct vouch_local *authority, const struct vouch_ask_host_renew *ask,
                struct vouch_enrolment *enrolment, struct vouch_reply *reply,
                struct vouch_fault *fault) {
    struct vouch_store_host *host = &enrolment->host;
    if (!vouch_enrol_aliases_are_good(enrolment, host->name, &ask->aliases, reply)) {
        return VOUCH_OK;
    }
    struct vouch_text_list aliases;
    int err = vouch_host_aliases_of(authority, host, &ask->aliases, &aliases, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    enrolment->wildcards = VOUCH_HOST_WILDCARDS_LEFT_OUT;
    host->aliases = aliases.items;
    host->alias_count = aliases.count;
    host->agent = ask->agent;
    host->sshd = ask->sshd;
    host->source = enrolment->caller->source;
    host->renewed_s = host->seen_s = enrolment->now_s;
    host->renew = 0;
    host->may_collect_s = 0;
    pthread_mutex_lock(&authority->office->fleet_lock);
    err = vouch_enrol_names(authority, enrolment, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = vouch_enrol_keep(authority, enrolment, reply, fault);
    }
    pthread_mutex_unlock(&authority->office->fleet_lock);
    return err;
}

static int renew(struct vouch_local *authority, const struct vouch_ask_host_renew *ask,
                 struct vouch_enrolment *enrolment, struct vouch_answer_enrol *ret_answer,
                 struct vouch_fault *fault) {
    struct vouch_reply *reply = &ret_answer->reply;
    int err =
        vouch_host_keys_take(authority, ask->keys, ask->key_count, &enrolment->keys, reply, fault);
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = judge_certs(authority, ask, enrolment, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = prove(authority, ask, enrolment, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = keep(authority, ask, enrolment, reply, fault);
    }
    if (err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE) {
        err = say_evidence(authority, ask, enrolment, fault);
    }
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_DONE
               ? vouch_enrol_answer(authority, enrolment, ret_answer, fault)
               : err;
}

static int is_same_machine(const struct vouch_store_host *host, struct vouch_bytes machine) {
    return machine.len == sizeof host->machine &&
           memcmp(machine.ptr, host->machine, sizeof host->machine) == 0;
}

// What is refused counts too: it is recorded as well.
static int may_ask(struct vouch_local *authority, const struct vouch_enrolment *enrolment,
                   struct vouch_reply *reply) {
    uint64_t wait_s = 0;
    if (vouch_host_budget_take(authority->office->host_budget, enrolment->host.id,
                               VOUCH_HOST_RENEWALS, 1, enrolment->now_s, &wait_s) == 1) {
        return 1;
    }
    vouch_reply_set(reply, VOUCH_VERDICT_BUSY, &vouch_fault_host_budget, NULL,
                    "%.*s renewed its certificates too often in this hour",
                    VOUCH_REPLY_TEXT(enrolment->host.name));
    reply->retry_after_s = wait_s;
    return 0;
}

int vouch_local_host_renew(struct vouch_local *authority, const struct vouch_caller *caller,
                           const struct vouch_ask_host_renew *ask,
                           struct vouch_answer_enrol *ret_answer, struct vouch_fault *fault) {
    struct vouch_enrolment enrolment = {.caller = caller};
    struct vouch_reply *reply = &ret_answer->reply;
    int err = vouch_identify_host(authority, caller, &enrolment.host, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE ||
        !vouch_enrol_words_are_good(ask->agent, ask->sshd, reply)) {
        return err;
    }
    if (ask->machine.len == sizeof enrolment.host.machine &&
        !is_same_machine(&enrolment.host, ask->machine)) {
        return vouch_host_lock_copy(authority, caller, enrolment.host.id,
                                    "its secret came from another machine", reply, fault);
    }
    vouch_enrolment_begin(authority, &enrolment, reply);
    if (reply->verdict == VOUCH_VERDICT_DONE && may_ask(authority, &enrolment, reply)) {
        err = renew(authority, ask, &enrolment, ret_answer, fault);
    }
    const struct vouch_bytes name = enrolment.host.name;
    vouch_enrolment_end(authority, &enrolment);
    return err == VOUCH_OK && reply->verdict == VOUCH_VERDICT_REFUSED
               ? vouch_refusal_host(authority, caller, name, reply, fault)
               : err;
}

// --- leaving

int vouch_local_host_leave(struct vouch_local *authority, const struct vouch_caller *caller,
                           const struct vouch_ask_host_leave *ask,
                           struct vouch_answer_host_left *ret_answer, struct vouch_fault *fault) {
    struct vouch_store_host host;
    struct vouch_reply *reply = &ret_answer->reply;
    struct vouch_host_end end = {.caller = caller, .reason = ask->reason};
    int err = vouch_identify_host(authority, caller, &host, reply, fault);
    if (err != VOUCH_OK || reply->verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    end.reason = ask->reason.len > 0 ? ask->reason : vouch_bytes_of("it left");
    err = vouch_host_actor(authority, host.name, &end.actor, fault);
    ret_answer->name = host.name;
    return err == VOUCH_OK
               ? vouch_host_retire(authority, &end, &host, &ret_answer->revoked, reply, fault)
               : err;
}
