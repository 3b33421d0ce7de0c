// SPDX-License-Identifier: ISC
// Which CA keys there are: taken from the signer, and made public with lists and bundle.
#include "authority/cas.h"

#include <stdlib.h>

#include "authority/office.h"
#include "base/mem.h"
#include "base/time.h"

#define STATE_WAIT_NS (UINT64_C(10) * 1000000000)

void vouch_cas_free(struct vouch_office_key *keys) {
    while (keys != NULL) {
        struct vouch_office_key *next = keys->next;
        vouch_key_free(keys->key);
        free(keys);
        keys = next;
    }
}

// --- reading

void vouch_cas_now(struct vouch_office *office, struct vouch_office_cas *ret_cas) {
    pthread_mutex_lock(&office->public_lock);
    *ret_cas = office->cas;
    pthread_mutex_unlock(&office->public_lock);
}

static int is_of(const struct vouch_office_ca *ca, size_t use) {
    return vouch_ca_index(ca->use) == use;
}

const struct vouch_office_ca *vouch_cas_active(const struct vouch_office_cas *cas, size_t use) {
    for (size_t i = 0; i < cas->count; i++) {
        if (is_of(&cas->rows[i], use) && cas->rows[i].state == VOUCH_CA_KEY_ACTIVE) {
            return &cas->rows[i];
        }
    }
    return NULL;
}

const struct vouch_office_ca *vouch_cas_other(const struct vouch_office_cas *cas, size_t use) {
    for (size_t i = 0; i < cas->count; i++) {
        if (is_of(&cas->rows[i], use) && cas->rows[i].state != VOUCH_CA_KEY_ACTIVE) {
            return &cas->rows[i];
        }
    }
    return NULL;
}

enum vouch_rotation_phase vouch_cas_phase(const struct vouch_office_cas *cas, size_t use) {
    const struct vouch_office_ca *other = vouch_cas_other(cas, use);
    return vouch_cas_active(cas, use) == NULL
               ? VOUCH_ROTATION_NONE
               : vouch_rotation_phase_of(other != NULL ? other->state : VOUCH_CA_KEY_NONE);
}

int vouch_cas_have(const struct vouch_office_cas *cas, const struct vouch_key *key) {
    for (size_t i = 0; i < cas->count; i++) {
        if (vouch_key_equal(cas->rows[i].key, key)) {
            return 1;
        }
    }
    return 0;
}

int vouch_cas_hash(struct vouch_local *authority, struct vouch_bytes blob,
                   uint8_t ret_hash[static VOUCH_STORE_HASH_LEN], struct vouch_fault *fault) {
    struct vouch_office_cas cas;
    vouch_cas_now(authority->office, &cas);
    for (size_t i = 0; i < cas.count; i++) {
        if (vouch_bytes_equal(blob, vouch_key_blob(cas.rows[i].key))) {
            memcpy(ret_hash, cas.rows[i].hash, VOUCH_STORE_HASH_LEN);
            return VOUCH_OK;
        }
    }
    return vouch_hash_of(authority, blob, ret_hash, fault);
}

// --- taking

// The office's copy of a key, made if it is new. Called by one thread at a time: at the start, and under
// krl_lock.
static int intern(struct vouch_local *authority, struct vouch_bytes blob,
                  const struct vouch_office_key **ret_key, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    struct vouch_where where = {0};
    for (const struct vouch_office_key *known = office->ca_keys; known != NULL;
         known = known->next) {
        if (vouch_bytes_equal(vouch_key_blob(known->key), blob)) {
            *ret_key = known;
            return VOUCH_OK;
        }
    }
    struct vouch_office_key *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL) {
        return vouch_no_memory(fault);
    }
    int err = vouch_key_parse(blob, &fresh->key, &where);
    if (err != VOUCH_OK) {
        free(fresh);
        return vouch_fault_where(fault, err, &vouch_fault_peer, "signer: a CA's key", &where);
    }
    err = vouch_hash_of(authority, vouch_key_blob(fresh->key), fresh->hash, fault);
    if (err != VOUCH_OK) {
        vouch_cas_free(fresh);
        return err;
    }
    fresh->next = office->ca_keys;
    office->ca_keys = fresh;
    *ret_key = fresh;
    return VOUCH_OK;
}

static int read_keys(struct vouch_local *authority, const struct vouch_signer_state *state,
                     struct vouch_office_cas *ret_cas, struct vouch_fault *fault) {
    struct vouch_office_cas cas = {0};
    for (size_t i = 0; i < state->ca_count && i < VOUCH_SIGNER_KEYS_MAX; i++) {
        const struct vouch_signer_ca *ca = &state->cas[i];
        const struct vouch_office_key *key = NULL;
        int err = intern(authority, ca->key, &key, fault);
        if (err != VOUCH_OK) {
            return err;
        }
        struct vouch_office_ca *row = &cas.rows[cas.count++];
        *row = (struct vouch_office_ca){.use = ca->use,
                                        .state = ca->state,
                                        .key = key->key,
                                        .since_ms = ca->since_ms,
                                        .has_signed = ca->has_signed != 0};
        memcpy(row->hash, key->hash, sizeof row->hash);
    }
    if (vouch_cas_active(&cas, 0) == NULL || vouch_cas_active(&cas, 1) == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_peer,
                               "signer: it has no active key of a CA");
    }
    *ret_cas = cas;
    return VOUCH_OK;
}

static void set_keys(struct vouch_office *office, const struct vouch_office_cas *cas) {
    pthread_mutex_lock(&office->public_lock);
    office->cas = *cas;
    pthread_mutex_unlock(&office->public_lock);
}

// The bundle is the signer's: it is passed on as it is, and whoever takes it proves it.
struct bundle {
    uint8_t *bytes;
    size_t len;
    uint64_t version;
};

static int copy_bundle(const struct vouch_signer_state *state, struct bundle *ret_bundle,
                       struct vouch_fault *fault) {
    if (state->trust.len == 0) {
        return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_peer,
                               "signer: it has no trust bundle");
    }
    uint8_t *bytes = malloc(state->trust.len);
    if (bytes == NULL) {
        return vouch_no_memory(fault);
    }
    memcpy(bytes, state->trust.ptr, state->trust.len);
    *ret_bundle = (struct bundle){bytes, state->trust.len, state->trust_version};
    return VOUCH_OK;
}

static void publish_bundle(struct vouch_office *office, const struct bundle *take_bundle) {
    pthread_mutex_lock(&office->public_lock);
    uint8_t *old = office->trust;
    office->trust = take_bundle->bytes;
    office->trust_len = take_bundle->len;
    office->trust_version = take_bundle->version;
    pthread_cond_broadcast(&office->news);
    pthread_mutex_unlock(&office->public_lock);
    free(old);
}

int vouch_cas_take(struct vouch_local *authority, const struct vouch_signer_state *state,
                   struct vouch_fault *fault) {
    struct vouch_office_cas cas;
    struct bundle bundle = {0};
    int err = read_keys(authority, state, &cas, fault);
    if (err == VOUCH_OK) {
        err = copy_bundle(state, &bundle, fault);
    }
    if (err == VOUCH_OK) {
        set_keys(authority->office, &cas);
        publish_bundle(authority->office, &bundle);
    }
    return err;
}

// --- again

// What the state borrows belongs to the seat: it is copied before that is let go.
static int ask_keys(struct vouch_local *authority, struct vouch_office_cas *ret_cas,
                    struct bundle *ret_bundle, struct vouch_fault *fault) {
    struct vouch_signer_state state = {0};
    vouch_lease_end(authority);
    pthread_mutex_lock(&authority->seat->lock);
    int err = vouch_signer_state(authority->seat->signer, vouch_time_monotonic_ns() + STATE_WAIT_NS,
                                 &state, fault);
    if (err == VOUCH_OK) {
        err = read_keys(authority, &state, ret_cas, fault);
    }
    if (err == VOUCH_OK) {
        err = copy_bundle(&state, ret_bundle, fault);
    }
    pthread_mutex_unlock(&authority->seat->lock);
    if (err == VOUCH_OK) {
        vouch_clerk_told(authority->office, state.size); // a step's answer may have been lost
    }
    return err;
}

// Hosts refuse a list that says nothing of a key that their bundle has: so the lists go first.
static int publish_all(struct vouch_local *authority, struct vouch_fault *fault) {
    struct vouch_office_cas cas;
    struct bundle bundle = {0};
    int err = ask_keys(authority, &cas, &bundle, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    set_keys(authority->office, &cas);
    for (size_t use = 0; err == VOUCH_OK && use < 2; use++) {
        err = vouch_krl_renew(authority, use, fault);
    }
    if (err == VOUCH_OK && bundle.version != authority->office->trust_version) {
        publish_bundle(authority->office, &bundle);
    } else {
        free(bundle.bytes);
    }
    return err;
}

int vouch_cas_refresh(struct vouch_local *authority, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    pthread_mutex_lock(&office->krl_lock);
    // Before the signer is asked: what comes later is due again.
    atomic_store(&office->cas_are_due, 0);
    int err = publish_all(authority, fault);
    if (err != VOUCH_OK) {
        atomic_store(&office->cas_are_due, 1);
    }
    pthread_mutex_unlock(&office->krl_lock);
    return err;
}

int vouch_cas_refresh_due(struct vouch_local *authority, struct vouch_fault *fault) {
    return atomic_load(&authority->office->cas_are_due) ? vouch_cas_refresh(authority, fault)
                                                        : VOUCH_OK;
}
