// SPDX-License-Identifier: ISC
// The way of a certificate through the signer, from top to bottom: check, number, sign in memory and
// verify, queue. It leaves when the pen has written it (commit.c).
#include <inttypes.h>
#include <stdio.h>

#include "base/secret.h"
#include "signer/engine.h"

#define CERT_MAX                                                                                   \
    (60u * 1024) // below VOUCH_RECORD_MAX with all texts; the ceiling keeps it far below

int vouch_desk_init(struct vouch_desk *desk, struct vouch_signer_engine *engine,
                    struct vouch_fault *fault) {
    *desk = (struct vouch_desk){.engine = engine};
    vouch_buf_init(&desk->cert, CERT_MAX);
    vouch_buf_init(&desk->text, VOUCH_TRUST_MAX);
    if (pthread_mutex_init(&desk->lock, NULL) != 0 || pthread_cond_init(&desk->told, NULL) != 0) {
        *desk = (struct vouch_desk){0};
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "signer: no memory for a lane");
    }
    return VOUCH_OK;
}

void vouch_desk_done(struct vouch_desk *desk) {
    if (desk->engine == NULL) {
        return;
    }
    vouch_buf_done(&desk->cert);
    vouch_buf_done(&desk->text);
    (void)pthread_mutex_destroy(&desk->lock);
    (void)pthread_cond_destroy(&desk->told);
    *desk = (struct vouch_desk){0};
}

void vouch_desk_tell(struct vouch_commit_entry *entry) {
    struct vouch_desk *desk =
        (struct vouch_desk *)(void *)((char *)entry - offsetof(struct vouch_desk, entry));
    (void)pthread_mutex_lock(&desk->lock);
    desk->is_done = 1;
    (void)pthread_cond_signal(&desk->told);
    (void)pthread_mutex_unlock(&desk->lock);
}

void vouch_desk_wait(struct vouch_desk *desk) {
    (void)pthread_mutex_lock(&desk->lock);
    while (!desk->is_done) {
        (void)pthread_cond_wait(&desk->told, &desk->lock);
    }
    (void)pthread_mutex_unlock(&desk->lock);
}

static int is_own_key(const struct vouch_signer_engine *engine, const struct vouch_key *key) {
    const struct vouch_key_list *list = &engine->ring.list;
    for (size_t i = 0; i < list->count; i++) {
        if (list->rows[i].key != NULL && vouch_key_equal(key, list->rows[i].key)) {
            return 1;
        }
    }
    return vouch_key_equal(key, vouch_private_key_public(engine->checkpoint_key));
}

static enum vouch_signer_outcome check(const struct vouch_signer_engine *engine,
                                       const struct vouch_signer_ask *ask,
                                       struct vouch_signer_refusal *ret_refusal) {
    uint64_t now_ms = 0;
    if (vouch_signer_clock_check(&engine->clock, atomic_load(&engine->commit.time_ms), &now_ms,
                                 ret_refusal) != VOUCH_SIGNER_DONE ||
        vouch_signer_ask_check(&engine->ceiling, ask, now_ms / 1000, ret_refusal) !=
            VOUCH_SIGNER_DONE) {
        return VOUCH_SIGNER_REFUSED;
    }
    if (is_own_key(engine, ask->spec.key)) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_spec, "public key",
                                   "is one of this CA's own keys");
    }
    return VOUCH_SIGNER_DONE;
}

struct signing {
    struct vouch_holder *holder;
    struct vouch_fault *fault;
};

static int sign(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    const struct signing *signing = context;
    return signing->holder->driver->sign(signing->holder, NULL, tbs, signature, signing->fault);
}

// The careful rules have been checked above, with all but the serial, which is not 0.
static int build(struct vouch_desk *desk, const struct vouch_cert_spec *asked,
                 struct vouch_fault *fault) {
    const struct vouch_signer_engine *engine = desk->engine;
    struct vouch_cert_spec spec = *asked;
    spec.serial = desk->entry.serial;
    struct signing signing = {engine->ring.holders[vouch_signer_index(asked->type)], fault};
    const struct vouch_cert_ca by = {vouch_signer_active(engine, asked->type)->key, sign, &signing,
                                     VOUCH_CERT_RULES_OPENSSH};
    uint8_t nonce[VOUCH_CERT_NONCE_LEN];
    vouch_random(nonce, sizeof nonce);
    struct vouch_where where = {0};
    vouch_buf_clear(&desk->cert);
    int err = vouch_cert_build(&spec, &by, nonce, &desk->cert, &where);
    if (err != VOUCH_OK && fault->kind == NULL) {
        return vouch_fault_set(fault, err, &vouch_fault_sign, "signer: %s %s",
                               where.field != NULL ? where.field : "certificate",
                               where.reason != NULL ? where.reason : vouch_err_text(err));
    }
    return err;
}

static void fill_record(struct vouch_desk *desk, const struct vouch_signer_ask *ask) {
    desk->entry.record = (struct vouch_record){.kind = VOUCH_RECORD_CERT,
                                               .actor = ask->actor,
                                               .cert = vouch_buf_bytes(&desk->cert),
                                               .evidence = ask->evidence,
                                               .role = ask->role,
                                               .request = ask->request,
                                               .source = ask->source,
                                               .policy = ask->policy};
}

// A serial that was given to a certificate which could not be made: the ledger says why it is missing.
static void record_skip(struct vouch_desk *desk, const struct vouch_fault *why) {
    char serial[24];
    (void)snprintf(serial, sizeof serial, "%" PRIu64, desk->entry.serial);
    vouch_buf_clear(&desk->text);
    vouch_record_detail_put(&desk->text, "serial", vouch_bytes_of(serial));
    vouch_record_detail_put(&desk->text, "code", vouch_bytes_of(why->kind->code));
    vouch_record_detail_put(&desk->text, "reason", vouch_bytes_of(why->text));
    int is_whole = desk->text.err == VOUCH_OK;
    desk->entry.record = (struct vouch_record){
        .kind = VOUCH_RECORD_EVENT,
        .actor = vouch_bytes_of(VOUCH_SIGNER_ACTOR),
        .type = vouch_bytes_of("signer.skip"),
        .object = is_whole ? vouch_bytes_of(serial) : (struct vouch_bytes){0},
        .details = is_whole ? vouch_buf_bytes(&desk->text) : (struct vouch_bytes){0}};
    desk->entry.done = vouch_desk_tell;
    vouch_commit_ready(&desk->engine->commit, &desk->entry);
    vouch_desk_wait(desk);
}

// With the keys as they are until the record is queued.
static enum vouch_desk_result sign_and_queue(struct vouch_desk *desk,
                                             const struct vouch_signer_ask *ask,
                                             void (*done)(struct vouch_commit_entry *entry),
                                             struct vouch_signer_refusal *ret_refusal,
                                             struct vouch_fault *fault) {
    struct vouch_fault why = {0};
    enum vouch_signer_outcome outcome = check(desk->engine, ask, ret_refusal);
    desk->is_done = 0;
    if (outcome == VOUCH_SIGNER_DONE &&
        vouch_commit_number(&desk->engine->commit, &desk->entry, &outcome, ret_refusal, fault) !=
            VOUCH_OK) {
        return VOUCH_DESK_FAILED;
    }
    if (outcome != VOUCH_SIGNER_DONE) {
        return VOUCH_DESK_REFUSED;
    }
    if (build(desk, &ask->spec, &why) != VOUCH_OK) {
        record_skip(desk, &why);
        if (fault != NULL) {
            *fault = why;
        }
        return VOUCH_DESK_FAILED;
    }
    fill_record(desk, ask);
    desk->entry.done = done;
    vouch_commit_ready(&desk->engine->commit, &desk->entry);
    return VOUCH_DESK_QUEUED;
}

enum vouch_desk_result vouch_desk_sign(struct vouch_desk *desk, const struct vouch_signer_ask *ask,
                                       void (*done)(struct vouch_commit_entry *entry),
                                       struct vouch_signer_refusal *ret_refusal,
                                       struct vouch_fault *fault) {
    (void)pthread_rwlock_rdlock(&desk->engine->keys_lock);
    enum vouch_desk_result result = sign_and_queue(desk, ask, done, ret_refusal, fault);
    (void)pthread_rwlock_unlock(&desk->engine->keys_lock);
    return result;
}
