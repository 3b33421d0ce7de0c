// SPDX-License-Identifier: ISC
// Asking the signer, and lending out reading handles of the database.
#include "authority/office.h"
#include "base/time.h"

#define SIGNER_WAIT_NS (UINT64_C(10) * 1000000000)
#define ROTATION_WAIT_NS (UINT64_C(25) * 1000000000) // a large RSA key takes its time

int vouch_no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                           "authority: no memory for a request");
}

int vouch_hash_of(struct vouch_local *authority, struct vouch_bytes bytes,
                  uint8_t ret_hash[static VOUCH_STORE_HASH_LEN], struct vouch_fault *fault) {
    struct vouch_tree_hash hash;
    vouch_hasher_plain(authority->hasher, bytes, &hash);
    int err = vouch_hasher_error(authority->hasher);
    if (err != VOUCH_OK) {
        return vouch_fault_set(fault, err, &vouch_fault_internal,
                               "authority: libcrypto gave no SHA-256");
    }
    memcpy(ret_hash, hash.bytes, sizeof hash.bytes);
    return VOUCH_OK;
}

struct vouch_store *vouch_pool_take(struct vouch_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    while (pool->free_count == 0) {
        pool->waiting++;
        pthread_cond_wait(&pool->is_free, &pool->lock);
        pool->waiting--;
    }
    struct vouch_store *store = pool->free[--pool->free_count];
    pthread_mutex_unlock(&pool->lock);
    return store;
}

void vouch_pool_give(struct vouch_pool *pool, struct vouch_store *store) {
    pthread_mutex_lock(&pool->lock);
    pool->free[pool->free_count++] = store;
    if (pool->waiting > 0) {
        pthread_cond_signal(&pool->is_free);
    }
    pthread_mutex_unlock(&pool->lock);
}

struct vouch_store *vouch_lease(struct vouch_local *local) {
    if (local->leased == NULL) {
        local->leased = vouch_pool_take(&local->office->quick);
    }
    return local->leased;
}

void vouch_lease_end(struct vouch_local *local) {
    if (local->leased != NULL) {
        vouch_pool_give(&local->office->quick, local->leased);
        local->leased = NULL;
    }
}

static uint64_t deadline(void) {
    return vouch_time_monotonic_ns() + SIGNER_WAIT_NS;
}

static uint64_t rotation_deadline(void) {
    return vouch_time_monotonic_ns() + ROTATION_WAIT_NS;
}

// Slices of an answer live until the next question at the seat, which may be another thread's.
static int keep(struct vouch_local *authority, struct vouch_bytes *bytes,
                struct vouch_fault *fault) {
    return vouch_arena_copy(&authority->arena, *bytes, bytes) == VOUCH_OK ? VOUCH_OK
                                                                          : vouch_no_memory(fault);
}

int vouch_seat_sign(struct vouch_local *authority, const struct vouch_signer_ask *ask,
                    struct vouch_signer_grant *ret_grant, struct vouch_fault *fault) {
    struct vouch_signer_grant grant = {0};
    vouch_lease_end(authority);
    pthread_mutex_lock(&authority->seat->lock);
    int err = vouch_signer_sign(authority->seat->signer, ask, deadline(), &grant, fault);
    if (err == VOUCH_OK) {
        err = keep(authority, &grant.cert, fault);
    }
    pthread_mutex_unlock(&authority->seat->lock);
    if (err != VOUCH_OK) {
        return err;
    }
    if (grant.outcome == VOUCH_SIGNER_DONE) {
        vouch_clerk_told(authority->office, grant.number + 1);
    }
    *ret_grant = grant;
    return VOUCH_OK;
}

static int was_refused(const char *what, const struct vouch_signer_refusal *refusal,
                       struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_REFUSED, &vouch_fault_internal,
                           "authority: the signer refused %s: %s %s %s", what, refusal->code,
                           refusal->field, refusal->why);
}

int vouch_seat_note(struct vouch_local *authority, const struct vouch_signer_event *event,
                    struct vouch_signer_noted *ret_noted, struct vouch_fault *fault) {
    struct vouch_signer_noted noted = {0};
    vouch_lease_end(authority);
    pthread_mutex_lock(&authority->seat->lock);
    int err = vouch_signer_note(authority->seat->signer, event, deadline(), &noted, fault);
    pthread_mutex_unlock(&authority->seat->lock);
    if (err != VOUCH_OK) {
        return err;
    }
    if (noted.outcome != VOUCH_SIGNER_DONE) {
        return was_refused("to record an event", &noted.refusal, fault);
    }
    vouch_clerk_told(authority->office, noted.number + 1);
    *ret_noted = noted;
    return VOUCH_OK;
}

int vouch_seat_publish(struct vouch_local *authority, const struct vouch_signer_krl *krl,
                       struct vouch_signer_published *ret_published, struct vouch_fault *fault) {
    struct vouch_signer_published published = {0};
    vouch_lease_end(authority);
    pthread_mutex_lock(&authority->seat->lock);
    int err = vouch_signer_publish(authority->seat->signer, krl, deadline(), &published, fault);
    if (err == VOUCH_OK) {
        err = keep(authority, &published.envelope, fault);
    }
    pthread_mutex_unlock(&authority->seat->lock);
    if (err != VOUCH_OK) {
        return err;
    }
    if (published.outcome != VOUCH_SIGNER_DONE) {
        return was_refused("to publish a revocation list", &published.refusal, fault);
    }
    vouch_clerk_told(authority->office, published.number + 1);
    *ret_published = published;
    return VOUCH_OK;
}

// Refusing is in the answer here: by it people learn what is in the way.
int vouch_seat_rotate(struct vouch_local *authority, const struct vouch_signer_rotation *rotation,
                      struct vouch_signer_rotated *ret_rotated, struct vouch_fault *fault) {
    struct vouch_signer_rotated rotated = {0};
    vouch_lease_end(authority);
    // Also after a lost answer: the step may have been made.
    atomic_store(&authority->office->cas_are_due, 1);
    pthread_mutex_lock(&authority->seat->lock);
    int err = vouch_signer_rotate(authority->seat->signer, rotation, rotation_deadline(), &rotated,
                                  fault);
    pthread_mutex_unlock(&authority->seat->lock);
    if (err != VOUCH_OK) {
        return err;
    }
    if (rotated.outcome == VOUCH_SIGNER_DONE) {
        vouch_clerk_told(authority->office, rotated.number + 1);
    }
    *ret_rotated = rotated;
    return VOUCH_OK;
}
