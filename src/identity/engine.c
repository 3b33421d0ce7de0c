// SPDX-License-Identifier: ISC
// What is shared by all who ask, and one ask from its bounds to its answer.
#include "base/mem.h"
#include "identity/method.h"
#include "identity/protocol.h"

#define STORED_LEN VOUCH_IDENTITY_STORED_MAX
#define SHOWN_LEN VOUCH_IDENTITY_SHOWN_MAX

static const struct vouch_method *const methods[VOUCH_METHOD_COUNT] = {
    [VOUCH_METHOD_PASSWORD] = &vouch_method_password,
    [VOUCH_METHOD_TOTP] = &vouch_method_totp,
    [VOUCH_METHOD_RECOVERY] = &vouch_method_recovery,
    [VOUCH_METHOD_PASSKEY] = &vouch_method_passkey,
};

static int take_cost(uint32_t *value, const char *name, uint32_t usual, uint32_t max,
                     struct vouch_fault *fault) {
    if (*value == 0) {
        *value = usual;
    }
    if (*value > max) {
        return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_field,
                               "identity: %s of a password's hash: %u is over %u", name, *value,
                               max);
    }
    return VOUCH_OK;
}

static int take_costs(struct vouch_identity_cost *cost, struct vouch_fault *fault) {
    int err = take_cost(&cost->memory_kib, "KiB of memory", 65536, 262144, fault);
    if (err == VOUCH_OK && cost->memory_kib < 8) {
        err = vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_field,
                              "identity: KiB of memory of a password's hash: %u is below 8",
                              cost->memory_kib);
    }
    if (err == VOUCH_OK) {
        err = take_cost(&cost->passes, "passes", 2, 10, fault);
    }
    if (err == VOUCH_OK) {
        err = take_cost(&cost->at_once, "number at once", 2, 64, fault);
    }
    return err == VOUCH_OK ? take_cost(&cost->waiting, "number waiting", 64, 4096, fault) : err;
}

// 32 bytes of a good generator have some 30 values; a file of zeros or text has fewer.
static int check_key(struct vouch_bytes key, struct vouch_fault *fault) {
    uint8_t seen[256] = {0};
    unsigned values = 0;
    if (key.len != VOUCH_IDENTITY_KEY_LEN) {
        return vouch_fault_set(fault, VOUCH_ERR_KEY_LENGTH, &vouch_fault_identity_key,
                               "identity: its key has %zu bytes, not 32", key.len);
    }
    for (size_t i = 0; i < key.len; i++) {
        values += !seen[key.ptr[i]];
        seen[key.ptr[i]] = 1;
    }
    vouch_wipe(seen, sizeof seen);
    if (values < 16) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_identity_key,
                               "identity: its key is not random: its 32 bytes have few values");
    }
    return VOUCH_OK;
}

int vouch_identity_open(const struct vouch_identity_open *what,
                        struct vouch_identity_engine **ret_engine, struct vouch_fault *fault) {
    struct vouch_identity_cost cost = what->cost;
    int err = check_key(what->key, fault);
    if (err == VOUCH_OK) {
        err = take_costs(&cost, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_autofree struct vouch_identity_engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL || vouch_seal_derive(what->key, &engine->keys, engine->key_id) != VOUCH_OK) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "identity: no memory for its keys");
    }
    engine->cost = cost;
    vouch_password_make_decoy(engine);
    err = vouch_pool_init(&engine->pool, cost.at_once, cost.waiting, fault);
    if (err != VOUCH_OK) {
        vouch_secret_done(&engine->keys);
        return err;
    }
    *ret_engine = vouch_steal(engine);
    return VOUCH_OK;
}

void vouch_identity_engine_close(struct vouch_identity_engine *engine) {
    if (engine == NULL) {
        return;
    }
    vouch_pool_done(&engine->pool);
    vouch_secret_done(&engine->keys);
    free(engine);
}

void vouch_identity_load(struct vouch_identity_engine *engine,
                         struct vouch_identity_load *ret_load) {
    struct vouch_pool *pool = &engine->pool;
    (void)pthread_mutex_lock(&pool->lock);
    *ret_load = (struct vouch_identity_load){
        .hashes = pool->works,
        .kib_passes = pool->work_total,
        .busy = pool->busy,
        .at_once_peak = pool->taken_peak,
        .waiting_peak = pool->waiting_peak,
    };
    (void)pthread_mutex_unlock(&pool->lock);
}

int vouch_identity_desk_init(struct vouch_identity_desk *desk, struct vouch_identity_engine *engine,
                             struct vouch_fault *fault) {
    *desk = (struct vouch_identity_desk){.engine = engine};
    if (vouch_secret_new(STORED_LEN + SHOWN_LEN, &desk->memory) != VOUCH_OK) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "identity: no memory for answers");
    }
    vouch_identity_desk_clear(desk);
    return VOUCH_OK;
}

void vouch_identity_desk_done(struct vouch_identity_desk *desk) {
    vouch_secret_done(&desk->memory);
}

void vouch_identity_desk_clear(struct vouch_identity_desk *desk) {
    struct vouch_identity_reply *reply = &desk->reply;
    vouch_wipe(desk->memory.ptr, desk->memory.len);
    reply->answer = (struct vouch_identity_answer){0};
    vouch_buf_init_fixed(&reply->stored, desk->memory.ptr, STORED_LEN);
    vouch_buf_init_fixed(&reply->shown, desk->memory.ptr + STORED_LEN, SHOWN_LEN);
}

void vouch_identity_refuse(struct vouch_identity_reply *reply, const struct vouch_fault_kind *kind,
                           const char *field, const char *why) {
    reply->answer.verdict = VOUCH_IDENTITY_REFUSED;
    vouch_identity_refusal_set(&reply->answer.refusal, kind, field, why);
}

void vouch_identity_refuse_sign_in(struct vouch_identity_reply *reply) {
    vouch_identity_refuse(reply, &vouch_fault_sign_in, "",
                          "the name, the password or the code is wrong");
}

// Hands out what the method wrote.
static int finish(struct vouch_identity_reply *reply, struct vouch_fault *fault) {
    if (reply->stored.err != VOUCH_OK || reply->shown.err != VOUCH_OK) {
        return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_internal,
                               "identity: an answer is longer than answers may be");
    }
    reply->answer.stored = vouch_buf_bytes(&reply->stored);
    reply->answer.shown = vouch_buf_bytes(&reply->shown);
    return VOUCH_OK;
}

int vouch_identity_desk_ask(struct vouch_identity_desk *desk, enum vouch_identity_verb verb,
                            const struct vouch_identity_ask *ask, uint64_t deadline_ns,
                            struct vouch_fault *fault) {
    struct vouch_identity_reply *reply = &desk->reply;
    vouch_identity_desk_clear(desk);
    const char *field = vouch_identity_ask_excess(ask);
    if (field != NULL) {
        vouch_identity_refuse(reply, &vouch_fault_field, field, VOUCH_IDENTITY_EXCESS);
        return VOUCH_OK;
    }
    const struct vouch_method *method = methods[ask->method];
    int err = verb == VOUCH_IDENTITY_MAKE
                  ? method->make(desk->engine, ask, deadline_ns, reply, fault)
                  : method->check(desk->engine, ask, deadline_ns, reply, fault);
    if (err == VOUCH_OK) {
        err = finish(reply, fault);
    }
    if (err != VOUCH_OK) {
        vouch_identity_desk_clear(desk);
    }
    return err;
}
