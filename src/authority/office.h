// SPDX-License-Identifier: ISC
// The office from the inside: what all handles share, and what each has for itself. Private to
// src/authority.
//
// Each lock guards one thing and is held for microseconds, except `rotation_lock` (a step in the rotation
// of a CA key is judged and made), `desk_lock` (one transaction),
// `requests_lock` and `fleet_lock` (a decision is recorded), `krl_lock` (a list is made and published) and the shelf's
// `applying` and `making`. Order where two are held: rotation_lock, applying, making, requests_lock, fleet_lock,
// krl_lock, desk_lock, the others.
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "authority/body.h"
#include "authority/cas.h"
#include "authority/challenge.h"
#include "authority/clerk.h"
#include "authority/host-budget.h"
#include "authority/once.h"
#include "authority/open.h"
#include "authority/policy-now.h"
#include "authority/protocol.h"
#include "authority/reply.h"
#include "authority/seat.h"
#include "base/secret.h"
#include "identity/passkey.h"
#include "ledger/ledger.h"
#include "store/batch.h"

#define VOUCH_POOL_MAX 4

// Reading handles of the database, lent out one at a time.
struct vouch_pool {
    pthread_mutex_t lock;
    pthread_cond_t is_free;
    struct vouch_store *free[VOUCH_POOL_MAX];
    size_t free_count;
    size_t waiting;
};

// One lane to the signer, and who may be using it.
struct vouch_seat {
    pthread_mutex_t lock;
    struct vouch_signer *signer;
};

// And one to identity.
struct vouch_identity_seat {
    pthread_mutex_t lock;
    struct vouch_identity *identity;
};

// A published list. Both parts are one allocation.
struct vouch_office_krl {
    uint64_t version; // 0: none yet
    uint64_t generated_s;
    uint8_t *bytes;
    size_t krl_len;
    size_t envelope_len; // behind the list
};

#define VOUCH_OFFICE_USED_MAX 64

// Which trust bundle the client of a session has.
struct vouch_trust_shown {
    uint64_t session, version;
};

// Refusals of certificates, of sign-ins, and of hosts: how many were recorded in this second, and how many were not.
enum { VOUCH_REFUSALS_CERT = 0, VOUCH_REFUSALS_SIGN_IN, VOUCH_REFUSALS_HOST, VOUCH_REFUSALS_KINDS };
struct vouch_refusals {
    uint64_t second;
    unsigned noted;
    uint64_t unnoted;
};

#define VOUCH_OFFICE_LOGINS_LOCKS 16 // a host has the one of its number

struct vouch_office {
    char *ledger_dir;
    char *krl_dir;
    int ledger_fd;
    void (*report)(const struct vouch_fault *fault);

    struct vouch_seat seats[VOUCH_OFFICE_SEATS_MAX];
    size_t seat_count;
    struct vouch_identity_seat identities[VOUCH_OFFICE_SEATS_MAX];
    size_t identity_count;
    char *address;                                 // see vouch_office_open
    char passkey_origin[VOUCH_PASSKEY_ORIGIN_MAX]; // of the pages there; empty: no passkeys
    struct vouch_challenges *challenges;           // has its own lock
    uint64_t session_idle_s, session_max_s;
    uint64_t host_ttl_s;

    struct vouch_pool quick; // for the way of a request
    struct vouch_pool slow;  // for listings
    pthread_mutex_t desk_lock;
    struct vouch_store *desk; // the one handle that writes

    // Fixed when the office has begun.
    char *origin;
    uint64_t ttl_max_s[2];               // the signer's ceiling: user, host
    struct vouch_host_domains wildcards; // of the ceiling
    struct vouch_key *checkpoint_key;

    // The clerk: the office's thread. Guarded by `lock`.
    pthread_mutex_t lock;
    pthread_cond_t clerk_wakes;
    pthread_cond_t index_moves;
    pthread_t clerk;
    int has_clerk;
    struct vouch_local *clerk_self; // its handle
    int is_stopping;
    int is_hurried;                       // somebody waits for the index
    uint64_t wanted;                      // records that are known to be in the ledger
    uint64_t position;                    // records indexed
    uint64_t used[VOUCH_OFFICE_USED_MAX]; // tokens whose use is to be noted
    size_t used_count;
    uint64_t sessions_used[VOUCH_OFFICE_USED_MAX]; // and sessions
    size_t sessions_used_count;
    struct vouch_trust_shown shown[VOUCH_OFFICE_USED_MAX];
    size_t shown_count;
    struct vouch_refusals refusals[VOUCH_REFUSALS_KINDS];
    struct vouch_ledger_reader *reader; // the clerk's own

    struct vouch_once_table once; // has its own lock
    struct vouch_policy_shelf policies;
    pthread_mutex_t requests_lock; // from reading a request to changing it
    pthread_mutex_t fleet_lock;    // the same for hosts
    pthread_mutex_t rotation_lock; // the same for CA keys
    pthread_mutex_t logins_locks[VOUCH_OFFICE_LOGINS_LOCKS]; // the same for the logins of a host
    struct vouch_host_budget *host_budget;                   // has its own lock

    // What is public. Guarded by `public_lock`; keys, versions and lists are changed under krl_lock only.
    pthread_mutex_t krl_lock;
    pthread_mutex_t public_lock;
    pthread_cond_t news;
    struct vouch_office_cas cas;
    struct vouch_office_key *ca_keys; // that `cas` points to, or did
    struct vouch_office_krl krls[2];
    uint8_t *checkpoint, *trust; // the ledger's, and the signer's trust bundle
    size_t checkpoint_len, trust_len;
    uint64_t checkpoint_size, trust_version;
    uint64_t fleet_seq; // vouch_fleet_moved()

    atomic_int krl_is_due[2]; // a revocation is recorded that the list may lack
    atomic_int cas_are_due;   // the signer may have other CA keys by now
    atomic_int follow_is_due; // accounts do not follow the policy yet
    atomic_int is_ready;
    atomic_int public_ends; // waiting for news is over
    atomic_uint_fast64_t issued, refused, revoked, logins, alarms;
    atomic_uint_fast64_t epoch, serial;
};

// One thread's handle, behind the face.
struct vouch_local {
    struct vouch_authority face; // first
    struct vouch_office *office;
    struct vouch_seat *seat;
    struct vouch_identity_seat *identity; // NULL: none
    struct vouch_store *leased;           // NULL: none
    const struct vouch_policy *standing;  // that the asking session was judged by; NULL: not held
    struct vouch_arena arena;             // of the last answer
    struct vouch_secret shown;            // a secret in it
    struct vouch_hasher *hasher;
};

// Where a CA of that type is in the arrays of two.
static inline size_t vouch_ca_index(enum vouch_cert_type type) {
    return type == VOUCH_CERT_HOST ? 1 : 0;
}

// A handle at a seat; ended by vouch_local_free(), which takes NULL.
VOUCH_MUST_USE int vouch_local_new(struct vouch_office *office, size_t seat,
                                   struct vouch_local **ret_local, struct vouch_fault *fault);
void vouch_local_free(struct vouch_local *local);
extern const struct vouch_authority_body vouch_local_body;

// VOUCH_ERR_NO_MEMORY, V-1001.
int vouch_no_memory(struct vouch_fault *fault);

// SHA-256. VOUCH_ERR_CRYPTO.
VOUCH_MUST_USE int vouch_hash_of(struct vouch_local *authority, struct vouch_bytes bytes,
                                 uint8_t ret_hash[static VOUCH_STORE_HASH_LEN],
                                 struct vouch_fault *fault);

#define VOUCH_KRL_STAYS_S (12 * 3600) // then a list is signed anew though it says the same

// Nonzero if the list of one CA (0 user, 1 host) may lack something, or is old. krl_lock is taken.
VOUCH_MUST_USE int vouch_krl_is_due(const struct vouch_office *office, size_t ca);
// Makes and publishes that list, if it lacks something or is old. krl_lock is taken.
VOUCH_MUST_USE int vouch_krl_renew(struct vouch_local *authority, size_t ca,
                                   struct vouch_fault *fault);
// Reads the lists that were published last from their files; one that is not good is left out.
void vouch_krl_load(struct vouch_local *authority, size_t ca);

// Reads the checkpoint again if it may have changed.
VOUCH_MUST_USE int vouch_public_refresh(struct vouch_office *office, struct vouch_fault *fault);
