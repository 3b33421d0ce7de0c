// SPDX-License-Identifier: ISC
// Making the trust bundle: what the signer says of its own keys.
#include "signer/trust.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/krl-canary.h"
#include "ledger/hash.h"
#include "signer/engine.h"

#define autotrust VOUCH_CLEANUP(vouch_trust_done)

static int failed(struct vouch_fault *fault, int err, const char *what) {
    return vouch_fault_set(fault, err, &vouch_fault_trust_make, "trust bundle: %s: %s", what,
                           vouch_err_text(err));
}

void vouch_signer_bundle_done(struct vouch_signer_bundle *bundle) {
    vouch_buf_done(&bundle->text);
    *bundle = (struct vouch_signer_bundle){0};
}

// Above the last one, and above every one of another life of this ledger: doc/krl.md, "Versions".
static uint64_t next_version(const struct vouch_signer_engine *engine) {
    uint64_t floor = engine->state.epoch << VOUCH_TRUST_EPOCH_SHIFT;
    uint64_t next = engine->state.trust_version + 1;
    return next > floor ? next : floor;
}

// NONE: not in a bundle.
static enum vouch_trust_state state_in_bundle(enum vouch_ca_key_state state) {
    static const enum vouch_trust_state states[] = {
        [VOUCH_CA_KEY_NEXT] = VOUCH_TRUST_NEXT,
        [VOUCH_CA_KEY_ACTIVE] = VOUCH_TRUST_ACTIVE,
        [VOUCH_CA_KEY_OLD] = VOUCH_TRUST_OLD,
    };
    return (size_t)state < sizeof states / sizeof states[0] ? states[state] : VOUCH_TRUST_NONE;
}

static int put_keys(const struct vouch_key_list *list, enum vouch_cert_type use,
                    struct vouch_trust *trust) {
    for (size_t i = 0; i < list->count; i++) {
        enum vouch_trust_state state = state_in_bundle(list->rows[i].state);
        if (list->rows[i].use != use || state == VOUCH_TRUST_NONE) {
            continue;
        }
        struct vouch_key *copy = vouch_key_copy(list->rows[i].key);
        if (copy == NULL || trust->key_count >= VOUCH_TRUST_KEYS_MAX) {
            vouch_key_free(copy);
            return VOUCH_ERR_NO_MEMORY;
        }
        trust->keys[trust->key_count++] = (struct vouch_trust_key){use, state, copy};
    }
    return VOUCH_OK;
}

static int fill(const struct vouch_signer_engine *engine, const struct vouch_key_list *list,
                struct vouch_trust *trust) {
    const char *name = vouch_ledger_origin(engine->ledger);
    trust->version = next_version(engine);
    trust->time_s = vouch_time_now_s();
    (void)snprintf(trust->name, sizeof trust->name, "%s", name);
    int err = vouch_krl_canary(vouch_bytes_of(name), VOUCH_KRL_CANARY_BAD, &trust->canary);
    if (err == VOUCH_OK) {
        err = put_keys(list, VOUCH_CERT_USER, trust);
    }
    return err == VOUCH_OK ? put_keys(list, VOUCH_CERT_HOST, trust) : err;
}

static int hex_hash(struct vouch_bytes text, struct vouch_buf *hex) {
    struct vouch_tree_hash hash;
    struct vouch_hasher *hasher = vouch_hasher_new();
    if (hasher == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    vouch_hasher_plain(hasher, text, &hash);
    int err = vouch_hasher_error(hasher);
    vouch_hasher_free(hasher);
    if (err == VOUCH_OK) {
        vouch_str_hex((struct vouch_bytes){hash.bytes, sizeof hash.bytes}, hex);
    }
    return err == VOUCH_OK ? hex->err : err;
}

// Who holds back a newer bundle can be found out by this record.
static int make_record(const struct vouch_signer_engine *engine, struct vouch_signer_bundle *bundle,
                       struct vouch_record *ret_record) {
    char number[24], length[24];
    uint8_t memory[64];
    struct vouch_buf hex, details;
    vouch_buf_init_fixed(&hex, memory, sizeof memory);
    vouch_buf_init_fixed(&details, bundle->details, sizeof bundle->details);
    (void)snprintf(number, sizeof number, "%" PRIu64, bundle->version);
    (void)snprintf(length, sizeof length, "%zu", bundle->text.len);
    int err = hex_hash(vouch_buf_bytes(&bundle->text), &hex);
    vouch_record_detail_put(&details, "version", vouch_bytes_of(number));
    vouch_record_detail_put(&details, "length", vouch_bytes_of(length));
    vouch_record_detail_put(&details, "sha256", vouch_buf_bytes(&hex));
    *ret_record =
        (struct vouch_record){.kind = VOUCH_RECORD_EVENT,
                              .actor = vouch_bytes_of(VOUCH_SIGNER_ACTOR),
                              .type = vouch_bytes_of("trust.publish"),
                              .object = vouch_bytes_of(vouch_ledger_origin(engine->ledger)),
                              .details = vouch_buf_bytes(&details)};
    return err == VOUCH_OK ? details.err : err;
}

int vouch_signer_bundle_make(struct vouch_signer_engine *engine, const struct vouch_key_list *list,
                             struct vouch_signer_bundle *ret_bundle,
                             struct vouch_record *ret_record, struct vouch_fault *fault) {
    autotrust struct vouch_trust trust = {0};
    int err = fill(engine, list, &trust);
    if (err != VOUCH_OK) {
        return failed(fault, err, "its keys cannot be put together");
    }
    const char *why = vouch_trust_fault(&trust);
    if (why != NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_trust_make,
                               "trust bundle: it %s", why);
    }
    *ret_bundle = (struct vouch_signer_bundle){.version = trust.version};
    vouch_buf_init(&ret_bundle->text, VOUCH_TRUST_MAX);
    err = vouch_trust_write(&trust, engine->checkpoint_key, &ret_bundle->text);
    if (err == VOUCH_OK) {
        err = make_record(engine, ret_bundle, ret_record);
    }
    if (err != VOUCH_OK) {
        vouch_signer_bundle_done(ret_bundle);
        return failed(fault, err, "it cannot be signed");
    }
    return VOUCH_OK;
}

void vouch_signer_bundle_adopt(struct vouch_signer_engine *engine,
                               struct vouch_signer_bundle *take_bundle) {
    vouch_buf_done(&engine->trust);
    engine->trust = take_bundle->text;
    engine->state.trust_version = take_bundle->version;
    *take_bundle = (struct vouch_signer_bundle){0};
}
