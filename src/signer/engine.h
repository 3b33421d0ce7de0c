// SPDX-License-Identifier: ISC
// Inside of an open signer, for the files of this module that serve it.
//
// One engine; one desk for each thread that asks or answers. A desk deals with one request at a time and
// keeps its memory for the next.
#pragma once

#include <pthread.h>

#include "signer/ca.h"
#include "signer/clock.h"
#include "signer/commit.h"
#include "signer/epoch.h"
#include "signer/keyring.h"
#include "signer/serve.h"
#include "signer/trust.h"

#define VOUCH_SIGNER_ENVELOPE_MAX (16u * 1024)
#define VOUCH_SIGNER_ACTOR "signer" // in the ledger

struct vouch_signer_engine {
    char *state_path;
    char *ledger_dir;
    struct vouch_private_key *checkpoint_key;
    struct vouch_ledger *ledger;
    struct vouch_signer_ceiling ceiling;
    struct vouch_signer_clock clock;
    struct vouch_commit commit;
    int has_stopped;
    int wake[2]; // a pipe: the last lane to end writes to it

    // Taken in this order. A rotation holds the first as long as it takes; the last, for writing, from
    // queueing its event until it is durable. Who signs holds the last from choosing the key until the
    // record is queued: so no certificate by a key is recorded behind the switch that ended it.
    pthread_mutex_t rotate_lock;
    pthread_mutex_t
        publish_lock; // of the state and its file, of the bundle, and of changes of the ring
    pthread_rwlock_t keys_lock; // of the ring
    struct vouch_keyring ring;
    struct vouch_epoch_state state;
    struct vouch_buf trust; // the trust bundle as it was recorded last
};

// 0 for user, 1 for host.
static inline unsigned vouch_signer_index(enum vouch_cert_type type) {
    return type == VOUCH_CERT_HOST ? 1 : 0;
}

struct vouch_desk {
    struct vouch_signer_engine *engine;
    struct vouch_commit_entry entry;
    struct vouch_buf cert;
    struct vouch_buf text; // details of an event, an envelope, a bundle
    // For owners that wait until their entry is written.
    pthread_mutex_t lock;
    pthread_cond_t told;
    int is_done;
};

// A desk for one thread; the engine outlives it.
VOUCH_MUST_USE int vouch_desk_init(struct vouch_desk *desk, struct vouch_signer_engine *engine,
                                   struct vouch_fault *fault);
void vouch_desk_done(struct vouch_desk *desk); // takes a zeroed struct

// What became of a request to sign. Zero: it failed, as the fault says.
enum vouch_desk_result {
    VOUCH_DESK_FAILED = 0,
    VOUCH_DESK_REFUSED, // the refusal says why; nothing is on its way
    VOUCH_DESK_QUEUED, // the certificate is built and on its way to the ledger: done() will be called
};

// Checks, numbers, builds and queues. desk->entry.done is called on the pen's thread; ask must stay
// until then. A certificate that was numbered and could not be built leaves a "signer.skip" event in its
// place, which has been written when this returns FAILED.
VOUCH_MUST_USE enum vouch_desk_result vouch_desk_sign(
    struct vouch_desk *desk, const struct vouch_signer_ask *ask,
    void (*done)(struct vouch_commit_entry *entry), struct vouch_signer_refusal *ret_refusal,
    struct vouch_fault *fault);

// A `done` for those who wait with vouch_desk_wait().
void vouch_desk_tell(struct vouch_commit_entry *entry);
void vouch_desk_wait(struct vouch_desk *desk);

// The other asks: they return when the record is durable.
VOUCH_MUST_USE int vouch_desk_note(struct vouch_desk *desk, const struct vouch_signer_event *event,
                                   struct vouch_signer_noted *ret_noted, struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_desk_publish(struct vouch_desk *desk, const struct vouch_signer_krl *krl,
                                      struct vouch_signer_published *ret_published,
                                      struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_desk_state(struct vouch_desk *desk, struct vouch_signer_state *ret_state,
                                    struct vouch_fault *fault);

// The key that signs for a use; with one of the locks, until it is unlocked.
const struct vouch_listed_key *vouch_signer_active(const struct vouch_signer_engine *engine,
                                                   enum vouch_cert_type use);

// rotate.c: returns when the step and the bundle that it makes are durable, and the keys are those.
VOUCH_MUST_USE int vouch_desk_rotate(struct vouch_desk *desk,
                                     const struct vouch_signer_rotation *rotation,
                                     struct vouch_signer_rotated *ret_rotated,
                                     struct vouch_fault *fault);

// Saves the state as of the last sync; the caller holds publish_lock, or is alone.
VOUCH_MUST_USE int vouch_signer_save_state(struct vouch_signer_engine *engine,
                                           struct vouch_fault *fault);
