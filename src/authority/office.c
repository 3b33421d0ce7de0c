// SPDX-License-Identifier: ISC
// Opening, beginning and closing the office.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "authority/access.h"
#include "authority/caller.h"
#include "authority/row.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "ledger/folder.h"

#define STORE_WAIT_MS 5000
#define STATE_WAIT_NS (UINT64_C(10) * 1000000000)
#define CLERK_STACK (256u * 1024)
#define SESSION_IDLE_S (12 * 3600)
#define SESSION_MAX_S (7 * 86400)
#define HOST_TTL_S (30 * 86400)
#define QUICK_HANDLES 4
#define SLOW_HANDLES 2

// --- opening

// Waits are measured on the clock that nobody sets.
static void init_cond(pthread_cond_t *cond) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void init_locks(struct vouch_office *office) {
    pthread_mutex_t *locks[] = {
        &office->quick.lock,    &office->slow.lock,  &office->desk_lock,
        &office->lock,          &office->krl_lock,   &office->public_lock,
        &office->requests_lock, &office->fleet_lock, &office->rotation_lock};
    pthread_cond_t *conds[] = {&office->quick.is_free, &office->slow.is_free, &office->clerk_wakes,
                               &office->index_moves, &office->news};
    for (size_t i = 0; i < sizeof locks / sizeof locks[0]; i++) {
        pthread_mutex_init(locks[i], NULL);
    }
    for (size_t i = 0; i < sizeof conds / sizeof conds[0]; i++) {
        init_cond(conds[i]);
    }
    for (size_t i = 0; i < VOUCH_OFFICE_LOGINS_LOCKS; i++) {
        pthread_mutex_init(&office->logins_locks[i], NULL);
    }
    vouch_once_init(&office->once);
    vouch_policy_shelf_init(&office->policies);
}

static void take_lanes(struct vouch_office *office, const struct vouch_office_open *what) {
    for (size_t i = 0; i < what->signer_count; i++) {
        pthread_mutex_init(&office->seats[i].lock, NULL);
        office->seats[i].signer = what->take_signers[i];
    }
    office->seat_count = what->signer_count;
    for (size_t i = 0; i < what->identity_count; i++) {
        pthread_mutex_init(&office->identities[i].lock, NULL);
        office->identities[i].identity = what->take_identities[i];
    }
    office->identity_count = what->identity_count;
    office->fleet_seq = vouch_time_now_ms(); // above any that was given before a restart
    office->session_idle_s = what->session_idle_s > 0 ? what->session_idle_s : SESSION_IDLE_S;
    office->session_max_s = what->session_max_s > 0 ? what->session_max_s : SESSION_MAX_S;
    office->host_ttl_s = what->host_ttl_s > 0 ? what->host_ttl_s : HOST_TTL_S;
}

static int fill_pool(struct vouch_pool *pool, size_t count, const char *where,
                     struct vouch_fault *fault) {
    const struct vouch_store_open what = {
        .where = where, .access = VOUCH_STORE_READ, .wait_ms = STORE_WAIT_MS};
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < count; i++) {
        err = vouch_store_open(&what, &pool->free[i], fault);
        pool->free_count += err == VOUCH_OK ? 1 : 0;
    }
    return err;
}

static int open_stores(struct vouch_office *office, const char *where, struct vouch_fault *fault) {
    const struct vouch_store_open what = {
        .where = where, .access = VOUCH_STORE_WRITE, .wait_ms = STORE_WAIT_MS};
    int err = vouch_store_open(&what, &office->desk, fault);
    if (err == VOUCH_OK) {
        err = fill_pool(&office->quick, QUICK_HANDLES, where, fault);
    }
    return err == VOUCH_OK ? fill_pool(&office->slow, SLOW_HANDLES, where, fault) : err;
}

static int open_ledger(struct vouch_office *office, const struct vouch_office_open *what,
                       struct vouch_fault *fault) {
    office->ledger_dir = vouch_str_copy(vouch_bytes_of(what->ledger_dir));
    office->krl_dir = vouch_str_copy(vouch_bytes_of(what->krl_dir));
    office->address = vouch_str_copy(vouch_bytes_of(what->address != NULL ? what->address : ""));
    office->challenges = vouch_challenges_new();
    office->host_budget = vouch_host_budget_new();
    if (office->ledger_dir == NULL || office->krl_dir == NULL || office->address == NULL ||
        office->challenges == NULL || office->host_budget == NULL) {
        return vouch_no_memory(fault);
    }
    // Empty where there can be no passkeys, which is no failure.
    (void)!vouch_passkey_origin(vouch_bytes_of(office->address), office->passkey_origin);
    int err = vouch_folder_open(what->ledger_dir, &office->ledger_fd);
    return err == VOUCH_OK ? VOUCH_OK
                           : vouch_fault_set(fault, err, &vouch_fault_read, "ledger %s: %s",
                                             what->ledger_dir, strerror(errno));
}

static void close_lanes(const struct vouch_office_open *what) {
    for (size_t i = 0; i < what->signer_count; i++) {
        vouch_signer_close(what->take_signers[i]);
    }
    for (size_t i = 0; i < what->identity_count; i++) {
        vouch_identity_close(what->take_identities[i]);
    }
}

int vouch_office_open(const struct vouch_office_open *what, struct vouch_office **ret_office,
                      struct vouch_fault *fault) {
    struct vouch_office *office = calloc(1, sizeof *office);
    if (office == NULL || what->signer_count < 2 || what->signer_count > VOUCH_OFFICE_SEATS_MAX ||
        what->identity_count > VOUCH_OFFICE_SEATS_MAX) {
        free(office);
        close_lanes(what);
        return office == NULL
                   ? vouch_no_memory(fault)
                   : vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_internal,
                                     "authority: %zu lanes to the signer, %zu to identity",
                                     what->signer_count, what->identity_count);
    }
    office->ledger_fd = -1;
    office->report = what->report;
    init_locks(office);
    take_lanes(office, what);
    int err = open_ledger(office, what, fault);
    if (err == VOUCH_OK) {
        err = open_stores(office, what->database, fault);
    }
    if (err != VOUCH_OK) {
        vouch_office_close(office);
        return err;
    }
    *ret_office = office;
    return VOUCH_OK;
}

// --- beginning

static int take_state(struct vouch_local *authority, const struct vouch_signer_state *state,
                      struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    struct vouch_where where = {0};
    office->origin = vouch_str_copy(state->origin);
    if (office->origin == NULL) {
        return vouch_no_memory(fault);
    }
    int err = vouch_key_parse(state->checkpoint_key, &office->checkpoint_key, &where);
    if (err != VOUCH_OK) {
        return vouch_fault_where(fault, err, &vouch_fault_peer, "signer: checkpoint key", &where);
    }
    memcpy(office->ttl_max_s, state->ttl_max_s, sizeof office->ttl_max_s);
    office->wildcards = state->wildcards;
    office->wanted = state->size;
    atomic_store(&office->epoch, state->epoch);
    atomic_store(&office->serial, state->serial);
    return vouch_cas_take(authority, state, fault);
}

static int ask_state(struct vouch_local *authority, struct vouch_fault *fault) {
    struct vouch_signer_state state = {0};
    pthread_mutex_lock(&authority->seat->lock);
    int err = vouch_signer_state(authority->seat->signer, vouch_time_monotonic_ns() + STATE_WAIT_NS,
                                 &state, fault);
    if (err == VOUCH_OK) {
        err = take_state(authority, &state, fault);
    }
    pthread_mutex_unlock(&authority->seat->lock);
    return err;
}

// Whether what was indexed last is in this ledger as it is in the index. Another ledger, or an older copy
// that went on its own way, is not.
static int is_same_ledger(struct vouch_local *authority, uint64_t position, int *ret_is_same,
                          struct vouch_fault *fault) {
    const struct vouch_store_event_filter all = {0};
    const struct vouch_store_page page = {.limit = 1};
    struct vouch_store_events newest = {0};
    struct vouch_record record;
    int is_same = 0;
    int err = vouch_store_audit_list(authority->office->desk, &all, &page, &newest, fault);
    if (err == VOUCH_OK && newest.count == 1 && newest.rows[0].number == position - 1) {
        err = vouch_record_fetch(authority, position - 1, &record, fault);
        is_same = err == VOUCH_OK && record.time_ms == newest.rows[0].time_ms &&
                  vouch_bytes_equal(record.actor, newest.rows[0].actor);
    }
    vouch_store_events_done(&newest);
    *ret_is_same = is_same;
    return err;
}

static int find_position(struct vouch_local *authority, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_meta meta;
    int is_same = 1;
    int err = vouch_store_meta(office->desk, &arena, &meta, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (meta.origin.len > 0 && !vouch_bytes_equal(meta.origin, vouch_bytes_of(office->origin))) {
        return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_store_bad,
                               "database: it is the index of the ledger %.*s, not of %s",
                               VOUCH_REPLY_TEXT(meta.origin), office->origin);
    }
    if (meta.position > office->wanted) {
        is_same = 0;
    } else if (meta.position > 0) {
        err = is_same_ledger(authority, meta.position, &is_same, fault);
    }
    if (err == VOUCH_OK && !is_same) {
        err = vouch_store_index_reset(office->desk, fault);
    }
    office->position = is_same ? meta.position : 0;
    return err;
}

static int renew_lists(struct vouch_local *authority, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t ca = 0; err == VOUCH_OK && ca < 2; ca++) {
        vouch_krl_load(authority, ca);
        err = vouch_krl_renew(authority, ca, fault);
        vouch_arena_done(&authority->arena);
    }
    return err;
}

// Signals are the business of the thread that serves.
static int start_clerk(struct vouch_local *authority, struct vouch_fault *fault) {
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, CLERK_STACK);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&authority->office->clerk, &attributes, vouch_clerk_run, authority);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (failed != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "authority: no thread: %s", strerror(failed));
    }
    authority->office->has_clerk = 1;
    return VOUCH_OK;
}

static int begin(struct vouch_local *authority, struct vouch_fault *fault) {
    int err = ask_state(authority, fault);
    if (err == VOUCH_OK) {
        err = find_position(authority, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_clerk_catch_up(authority, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_policy_load(authority, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_policy_follow_up(authority, fault);
    }
    if (err == VOUCH_OK) {
        err = renew_lists(authority, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_public_refresh(authority->office, fault);
    }
    vouch_arena_done(&authority->arena);
    return err;
}

int vouch_office_begin(struct vouch_office *office, struct vouch_fault *fault) {
    int err = vouch_local_new(office, vouch_office_clerk_seat(office), &office->clerk_self, fault);
    if (err == VOUCH_OK) {
        err = begin(office->clerk_self, fault);
    }
    if (err == VOUCH_OK) {
        atomic_store(&office->is_ready, 1);
        err = start_clerk(office->clerk_self, fault);
    }
    return err;
}

// --- handles

size_t vouch_office_clerk_seat(const struct vouch_office *office) {
    return office->seat_count - 2;
}

size_t vouch_office_admin_seat(const struct vouch_office *office) {
    return office->seat_count - 1;
}

int vouch_local_new(struct vouch_office *office, size_t seat, struct vouch_local **ret_local,
                    struct vouch_fault *fault) {
    struct vouch_local *local = calloc(1, sizeof *local);
    struct vouch_hasher *hasher = vouch_hasher_new();
    if (local == NULL || hasher == NULL || seat >= office->seat_count) {
        free(local);
        vouch_hasher_free(hasher);
        return seat >= office->seat_count
                   ? vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_internal,
                                     "authority: there is no seat %zu", seat)
                   : vouch_no_memory(fault);
    }
    local->face.body = &vouch_local_body;
    local->office = office;
    local->seat = &office->seats[seat];
    if (office->identity_count > 0) {
        size_t last = office->identity_count - 1;
        local->identity = &office->identities[seat < last ? seat : last];
    }
    local->hasher = hasher;
    *ret_local = local;
    return VOUCH_OK;
}

void vouch_local_free(struct vouch_local *local) {
    if (local == NULL) {
        return;
    }
    vouch_arena_done(&local->arena);
    vouch_secret_done(&local->shown);
    vouch_hasher_free(local->hasher);
    free(local);
}

int vouch_office_attach(struct vouch_office *office, size_t seat,
                        struct vouch_authority **ret_authority, struct vouch_fault *fault) {
    struct vouch_local *local = NULL;
    int err = vouch_local_new(office, seat, &local, fault);
    if (err == VOUCH_OK) {
        *ret_authority = &local->face;
    }
    return err;
}

// --- closing

// What is in the ledger already is indexed now rather than at the next start; if that fails, then.
static void stop_clerk(struct vouch_office *office) {
    if (!office->has_clerk) {
        return;
    }
    pthread_mutex_lock(&office->lock);
    office->is_stopping = 1;
    pthread_cond_broadcast(&office->clerk_wakes);
    pthread_cond_broadcast(&office->index_moves);
    pthread_mutex_unlock(&office->lock);
    pthread_join(office->clerk, NULL);
    (void)!vouch_clerk_catch_up(office->clerk_self, NULL);
}

static void close_pool(struct vouch_pool *pool) {
    for (size_t i = 0; i < pool->free_count; i++) {
        vouch_store_close(pool->free[i]);
    }
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->is_free);
}

static void destroy_locks(struct vouch_office *office) {
    pthread_mutex_t *locks[] = {&office->desk_lock,    &office->lock,          &office->krl_lock,
                                &office->public_lock,  &office->requests_lock, &office->fleet_lock,
                                &office->rotation_lock};
    pthread_cond_t *conds[] = {&office->clerk_wakes, &office->index_moves, &office->news};
    for (size_t i = 0; i < sizeof locks / sizeof locks[0]; i++) {
        pthread_mutex_destroy(locks[i]);
    }
    for (size_t i = 0; i < sizeof conds / sizeof conds[0]; i++) {
        pthread_cond_destroy(conds[i]);
    }
    for (size_t i = 0; i < VOUCH_OFFICE_LOGINS_LOCKS; i++) {
        pthread_mutex_destroy(&office->logins_locks[i]);
    }
    for (size_t i = 0; i < office->seat_count; i++) {
        vouch_signer_close(office->seats[i].signer);
        pthread_mutex_destroy(&office->seats[i].lock);
    }
    for (size_t i = 0; i < office->identity_count; i++) {
        vouch_identity_close(office->identities[i].identity);
        pthread_mutex_destroy(&office->identities[i].lock);
    }
}

void vouch_office_close(struct vouch_office *office) {
    if (office == NULL) {
        return;
    }
    stop_clerk(office);
    vouch_local_free(office->clerk_self);
    vouch_ledger_reader_close(office->reader);
    close_pool(&office->quick);
    close_pool(&office->slow);
    vouch_store_close(office->desk);
    vouch_once_done(&office->once);
    vouch_policy_shelf_done(&office->policies);
    destroy_locks(office);
    for (size_t i = 0; i < 2; i++) {
        free(office->krls[i].bytes);
    }
    vouch_cas_free(office->ca_keys);
    vouch_key_free(office->checkpoint_key);
    free(office->checkpoint);
    free(office->trust);
    free(office->origin);
    free(office->ledger_dir);
    free(office->krl_dir);
    free(office->address);
    vouch_challenges_free(office->challenges);
    vouch_host_budget_free(office->host_budget);
    vouch_close_at_end(&office->ledger_fd);
    free(office);
}
