// SPDX-License-Identifier: ISC
// What the signer records and tells beside certificates: events, published revocation lists, its state.
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "base/time.h"
#include "core/key-signer.h"
#include "signer/ca-folder.h"
#include "signer/engine.h"
#include "vouch/sshsig.h"

#define STATEMENT_MAX 1024
#define KRL_HEAD "vouch-krl/1"
#define KRL_NAMESPACE "vouch-krl"
#define KRL_BYTES_MAX (UINT64_C(256) << 20) // as vouch_krl_parse() reads

static int record_event(struct vouch_desk *desk, const struct vouch_record *record,
                        struct vouch_fault *fault) {
    desk->is_done = 0;
    desk->entry.record = *record;
    desk->entry.done = vouch_desk_tell;
    int err = vouch_commit_event(&desk->engine->commit, &desk->entry, fault);
    if (err == VOUCH_OK) {
        vouch_desk_wait(desk);
    }
    return err;
}

// Events and lists are taken while the clock is wrong as well: a revocation must not wait for it.
int vouch_desk_note(struct vouch_desk *desk, const struct vouch_signer_event *event,
                    struct vouch_signer_noted *ret_noted, struct vouch_fault *fault) {
    struct vouch_signer_noted noted = {0};
    int err = VOUCH_OK;
    if (vouch_signer_event_check(event, &noted.refusal) == VOUCH_SIGNER_DONE) {
        const struct vouch_record record = {.kind = VOUCH_RECORD_EVENT,
                                            .actor = event->actor,
                                            .type = event->type,
                                            .object = event->object,
                                            .details = event->details};
        err = record_event(desk, &record, fault);
        noted.outcome = VOUCH_SIGNER_DONE;
        noted.number = desk->entry.record.number;
        noted.time_ms = desk->entry.record.time_ms;
    }
    if (err == VOUCH_OK) {
        *ret_noted = noted;
    }
    return err;
}

static enum vouch_signer_outcome check_krl(const struct vouch_signer_engine *engine,
                                           const struct vouch_signer_krl *krl,
                                           struct vouch_signer_refusal *ret_refusal) {
    if (krl->ca != VOUCH_CERT_USER && krl->ca != VOUCH_CERT_HOST) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_event, "ca",
                                   "is neither the user nor the host CA");
    }
    uint64_t last = engine->state.krl_version[vouch_signer_index(krl->ca)];
    if (krl->version <= last) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_event, "version",
                                   "%" PRIu64 " is not above %" PRIu64 ", the last published one",
                                   krl->version, last);
    }
    if (krl->version >> VOUCH_KRL_EPOCH_SHIFT > engine->state.epoch) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_event, "version",
                                   "%" PRIu64 " is of a later epoch than %" PRIu64, krl->version,
                                   engine->state.epoch);
    }
    if (krl->length == 0 || krl->length > KRL_BYTES_MAX) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_event, "length",
                                   "is not 1 byte to 256 MiB");
    }
    if (krl->actor.len == 0 || krl->actor.len > VOUCH_SIGNER_TEXT_MAX) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_event, "actor", "is not 1 to %d bytes",
                                   VOUCH_SIGNER_TEXT_MAX);
    }
    return VOUCH_SIGNER_DONE;
}

static void put_line(struct vouch_buf *out, const char *name, const char *value) {
    vouch_buf_put_text(out, name);
    vouch_buf_put_text(out, " ");
    vouch_buf_put_text(out, value);
    vouch_buf_put_text(out, "\n");
}

static void put_number(struct vouch_buf *out, const char *name, uint64_t value) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    put_line(out, name, text);
}

static void hex_of(const uint8_t hash[static 32], char ret_text[static 65]) {
    struct vouch_buf hex;
    vouch_buf_init_fixed(&hex, ret_text, 64);
    vouch_str_hex((struct vouch_bytes){hash, 32}, &hex);
    ret_text[64] = '\0';
}

// What is signed: doc/krl.md, "The envelope".
static void write_statement(const struct vouch_signer_engine *engine,
                            const struct vouch_signer_krl *krl, uint64_t now_s,
                            struct vouch_buf *out) {
    char hash[65], time[VOUCH_TIME_TEXT_MAX];
    hex_of(krl->sha256, hash);
    vouch_time_utc(now_s, time);
    vouch_buf_put_text(out, KRL_HEAD "\n");
    const struct vouch_listed_key *other = vouch_key_list_other(&engine->ring.list, krl->ca);
    put_line(out, "ca", vouch_signer_active(engine, krl->ca)->fingerprint);
    if (other != NULL) {
        put_line(out, "ca", other->fingerprint); // the list has a section for each key
    }
    put_line(out, "use", vouch_ca_use(krl->ca));
    put_number(out, "version", krl->version);
    put_number(out, "length", krl->length);
    put_line(out, "sha256", hash);
    put_line(out, "time", time);
}

// Statement, blank line, SSHSIG over the statement by the checkpoint key.
static int write_envelope(struct vouch_desk *desk, const struct vouch_signer_krl *krl,
                          uint64_t now_s, struct vouch_fault *fault) {
    const struct vouch_signer_engine *engine = desk->engine;
    struct vouch_buf *out = &desk->text;
    vouch_buf_clear(out);
    write_statement(engine, krl, now_s, out);
    uint8_t memory[STATEMENT_MAX];
    struct vouch_buf statement;
    vouch_buf_init_fixed(&statement, memory, sizeof memory);
    vouch_buf_put(&statement, vouch_buf_bytes(out));
    vouch_buf_put_text(out, "\n");
    const struct vouch_sshsig_signer by = {
        .public_blob = vouch_key_blob(vouch_private_key_public(engine->checkpoint_key)),
        .sign = vouch_key_signs,
        .context = engine->checkpoint_key,
        .hash = VOUCH_HASH_SHA512};
    int err = statement.err != VOUCH_OK ? statement.err : out->err;
    if (err == VOUCH_OK) {
        err = vouch_sshsig_sign(&by, KRL_NAMESPACE, vouch_buf_bytes(&statement), out);
    }
    return err == VOUCH_OK ? err
                           : vouch_fault_set(fault, err, &vouch_fault_sign,
                                             "revocation list %" PRIu64 ": cannot be signed: %s",
                                             krl->version, vouch_err_text(err));
}

static int record_publish(struct vouch_desk *desk, const struct vouch_signer_krl *krl,
                          struct vouch_fault *fault) {
    uint8_t memory[512];
    char number[24], length[24], hash[65];
    struct vouch_buf details;
    hex_of(krl->sha256, hash);
    (void)snprintf(number, sizeof number, "%" PRIu64, krl->version);
    (void)snprintf(length, sizeof length, "%" PRIu64, krl->length);
    vouch_buf_init_fixed(&details, memory, sizeof memory);
    vouch_record_detail_put(
        &details, "ca", vouch_bytes_of(vouch_signer_active(desk->engine, krl->ca)->fingerprint));
    vouch_record_detail_put(&details, "version", vouch_bytes_of(number));
    vouch_record_detail_put(&details, "length", vouch_bytes_of(length));
    vouch_record_detail_put(&details, "sha256", vouch_bytes_of(hash));
    const struct vouch_record record = {.kind = VOUCH_RECORD_EVENT,
                                        .actor = krl->actor,
                                        .type = vouch_bytes_of("krl.publish"),
                                        .object = vouch_bytes_of(vouch_ca_use(krl->ca)),
                                        .details = vouch_buf_bytes(&details)};
    return record_event(desk, &record, fault);
}

// With publish_lock held: sign, record, remember, and only then give it out.
static int publish(struct vouch_desk *desk, const struct vouch_signer_krl *krl,
                   struct vouch_signer_published *published, struct vouch_fault *fault) {
    struct vouch_signer_engine *engine = desk->engine;
    if (check_krl(engine, krl, &published->refusal) != VOUCH_SIGNER_DONE) {
        return VOUCH_OK;
    }
    int err = write_envelope(desk, krl, vouch_time_now_s(), fault);
    if (err == VOUCH_OK) {
        err = record_publish(desk, krl, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    uint64_t *last = &engine->state.krl_version[vouch_signer_index(krl->ca)], before = *last;
    *last = krl->version;
    err = vouch_signer_save_state(engine, fault);
    *last = err == VOUCH_OK ? *last : before; // it was not given out, so it may be asked for again
    if (err == VOUCH_OK) {
        published->outcome = VOUCH_SIGNER_DONE;
        published->number = desk->entry.record.number;
        published->time_ms = desk->entry.record.time_ms;
        published->envelope = vouch_buf_bytes(&desk->text);
    }
    return err;
}

int vouch_desk_publish(struct vouch_desk *desk, const struct vouch_signer_krl *krl,
                       struct vouch_signer_published *ret_published, struct vouch_fault *fault) {
    struct vouch_signer_published published = {0};
    (void)pthread_mutex_lock(&desk->engine->publish_lock);
    int err = publish(desk, krl, &published, fault);
    (void)pthread_mutex_unlock(&desk->engine->publish_lock);
    if (err == VOUCH_OK) {
        *ret_published = published;
    }
    return err;
}

// The keys that there are, user CA keys first; their blobs follow one another in `blobs`.
static void tell_cas(const struct vouch_key_list *list, struct vouch_buf *blobs,
                     struct vouch_signer_state *state) {
    size_t at[VOUCH_SIGNER_KEYS_MAX];
    vouch_buf_clear(blobs);
    for (unsigned use = 0; use < 2; use++) {
        for (size_t i = 0; i < list->count && state->ca_count < VOUCH_SIGNER_KEYS_MAX; i++) {
            const struct vouch_listed_key *row = &list->rows[i];
            if (vouch_signer_index(row->use) != use || row->state == VOUCH_CA_KEY_NONE ||
                row->state == VOUCH_CA_KEY_DESTROYED) {
                continue;
            }
            struct vouch_bytes blob = vouch_key_blob(row->key);
            at[state->ca_count] = blobs->len;
            state->cas[state->ca_count++] = (struct vouch_signer_ca){
                row->use, row->state, blob, row->since_ms, row->has_signed != 0};
            vouch_buf_put(blobs, blob);
        }
    }
    for (size_t i = 0; blobs->err == VOUCH_OK && i < state->ca_count; i++) {
        state->cas[i].key.ptr = blobs->ptr + at[i];
    }
}

static struct vouch_bytes active_of(const struct vouch_signer_state *state,
                                    enum vouch_cert_type use) {
    for (size_t i = 0; i < state->ca_count; i++) {
        if (state->cas[i].use == use && state->cas[i].state == VOUCH_CA_KEY_ACTIVE) {
            return state->cas[i].key;
        }
    }
    return (struct vouch_bytes){0};
}

// What a rotation may change is copied to the desk: certificate and text are nobody's now.
static int tell_changing(struct vouch_desk *desk, struct vouch_signer_state *state,
                         struct vouch_fault *fault) {
    struct vouch_signer_engine *engine = desk->engine;
    vouch_buf_clear(&desk->text);
    (void)pthread_mutex_lock(&engine->publish_lock);
    vouch_buf_put(&desk->text, vouch_buf_bytes(&engine->trust));
    state->trust_version = engine->state.trust_version;
    tell_cas(&engine->ring.list, &desk->cert, state);
    (void)pthread_mutex_unlock(&engine->publish_lock);
    int err = desk->text.err != VOUCH_OK ? desk->text.err : desk->cert.err;
    if (err != VOUCH_OK) {
        return vouch_fault_set(fault, err, &vouch_fault_memory,
                               "signer: no memory to tell its state");
    }
    state->trust = vouch_buf_bytes(&desk->text);
    state->user_ca = active_of(state, VOUCH_CERT_USER);
    state->host_ca = active_of(state, VOUCH_CERT_HOST);
    return VOUCH_OK;
}

int vouch_desk_state(struct vouch_desk *desk, struct vouch_signer_state *ret_state,
                     struct vouch_fault *fault) {
    struct vouch_signer_engine *engine = desk->engine;
    struct vouch_signer_state state = {
        .origin = vouch_bytes_of(vouch_ledger_origin(engine->ledger)),
        .checkpoint_key = vouch_key_blob(vouch_private_key_public(engine->checkpoint_key)),
        .epoch = engine->state.epoch,
        .serial = atomic_load(&engine->commit.recorded_serial),
        .size = atomic_load(&engine->commit.size),
        .checkpoint_size = atomic_load(&engine->commit.checkpoint_size),
        .ttl_max_s = {engine->ceiling.user.ttl_max_s, engine->ceiling.host.ttl_max_s},
        .wildcards = engine->ceiling.wildcards};
    int err = tell_changing(desk, &state, fault);
    if (err == VOUCH_OK) {
        *ret_state = state;
    }
    return err;
}
