// SPDX-License-Identifier: ISC
// The shelf of policies: the one that holds, and those before it that somebody still decides by.
#include "authority/policy-now.h"

#include <stdlib.h>
#include <time.h>

#include "authority/host-name.h"
#include "authority/office.h"
#include "base/mem.h"
#include "base/time.h"
#include "policy/load.h"
#include "store/hosts.h"
#include "store/policies.h"

#define PACE_NS (UINT64_C(1) * 1000000000)    // between two makings
#define SETTLE_NS (UINT64_C(30) * 1000000000) // longer than any wait for the signer

// What was applied; the policies in force that were made of it share it.
struct document {
    struct vouch_policy *policy;
    size_t holders; // guarded by the shelf's lock, once it is shelved
};

struct vouch_policy_held {
    struct vouch_policy *policy; // in force; that of the document itself where it needs no more
    struct document *document;
    uint64_t version;
    size_t holders;
    struct vouch_policy_held *next; // the one before
};

void vouch_policy_shelf_init(struct vouch_policy_shelf *shelf) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&shelf->lock, NULL);
    pthread_mutex_init(&shelf->applying, NULL);
    pthread_mutex_init(&shelf->making, NULL);
    pthread_cond_init(&shelf->is_free, &attributes);
    pthread_condattr_destroy(&attributes);
    shelf->settle_ns = SETTLE_NS;
}

// Documents are counted under the lock, and freed without it.
static void free_held(struct vouch_policy_shelf *shelf, struct vouch_policy_held *held) {
    pthread_mutex_lock(&shelf->lock);
    size_t left = --held->document->holders;
    pthread_mutex_unlock(&shelf->lock);
    if (held->policy != held->document->policy) {
        vouch_policy_free(held->policy);
    }
    if (left == 0) {
        vouch_policy_free(held->document->policy);
        free(held->document);
    }
    free(held);
}

void vouch_policy_shelf_done(struct vouch_policy_shelf *shelf) {
    while (shelf->first != NULL) {
        struct vouch_policy_held *held = shelf->first;
        shelf->first = held->next;
        free_held(shelf, held);
    }
    pthread_mutex_destroy(&shelf->lock);
    pthread_mutex_destroy(&shelf->applying);
    pthread_mutex_destroy(&shelf->making);
    pthread_cond_destroy(&shelf->is_free);
}

const struct vouch_policy *vouch_policy_hold(struct vouch_local *authority, uint64_t *ret_version) {
    struct vouch_policy_shelf *shelf = &authority->office->policies;
    pthread_mutex_lock(&shelf->lock);
    struct vouch_policy_held *held = shelf->first;
    if (held != NULL) {
        held->holders++;
    }
    pthread_mutex_unlock(&shelf->lock);
    *ret_version = held != NULL ? held->version : 0;
    return held != NULL ? held->policy : NULL;
}

// Takes those off that nobody holds any more, but for the first.
static struct vouch_policy_held *take_unheld(struct vouch_policy_shelf *shelf) {
    struct vouch_policy_held *unheld = NULL;
    struct vouch_policy_held **at = shelf->first != NULL ? &shelf->first->next : &shelf->first;
    while (*at != NULL) {
        struct vouch_policy_held *held = *at;
        if (held->holders > 0) {
            at = &held->next;
            continue;
        }
        *at = held->next;
        held->next = unheld;
        unheld = held;
    }
    return unheld;
}

// Freeing thousands of objects is not for under the lock.
static void free_all(struct vouch_policy_shelf *shelf, struct vouch_policy_held *held) {
    while (held != NULL) {
        struct vouch_policy_held *next = held->next;
        free_held(shelf, held);
        held = next;
    }
}

void vouch_policy_release(struct vouch_local *authority, const struct vouch_policy *policy) {
    struct vouch_policy_shelf *shelf = &authority->office->policies;
    if (policy == NULL) {
        return;
    }
    pthread_mutex_lock(&shelf->lock);
    struct vouch_policy_held *held = shelf->first;
    while (held != NULL && held->policy != policy) {
        held = held->next;
    }
    if (held != NULL) {
        held->holders--;
    }
    if (held != shelf->first) {
        pthread_cond_broadcast(&shelf->is_free);
    }
    struct vouch_policy_held *unheld = take_unheld(shelf);
    pthread_mutex_unlock(&shelf->lock);
    free_all(shelf, unheld);
}

const struct vouch_policy *vouch_policy_document(struct vouch_local *authority,
                                                 const struct vouch_policy *policy) {
    struct vouch_policy_shelf *shelf = &authority->office->policies;
    const struct vouch_policy *document = NULL;
    pthread_mutex_lock(&shelf->lock);
    for (const struct vouch_policy_held *held = shelf->first; held != NULL; held = held->next) {
        document = held->policy == policy ? held->document->policy : document;
    }
    pthread_mutex_unlock(&shelf->lock);
    return document;
}

// --- the policy in force

// Whether an enrolled host belongs in there: one that the document names is as it says, and one of a
// zone that it does not have is nowhere.
static int is_more(const struct vouch_policy_content *content,
                   const struct vouch_store_host *host) {
    return vouch_host_zone_named(content, host->zone) != NULL &&
           vouch_host_named(content, host->name) == NULL;
}

static int gather(const struct vouch_policy_content *content, const struct vouch_store_hosts *fleet,
                  struct vouch_policy_host **ret_hosts, size_t *ret_count) {
    size_t count = content->host_count;
    struct vouch_policy_host *hosts = calloc(count + fleet->count + 1, sizeof *hosts);
    if (hosts == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    if (count > 0) {
        memcpy(hosts, content->hosts, count * sizeof *hosts);
    }
    for (size_t i = 0; i < fleet->count && count < VOUCH_POLICY_HOSTS_MAX; i++) {
        const struct vouch_store_host *host = &fleet->rows[i];
        if (is_more(content, host)) {
            hosts[count++] = (struct vouch_policy_host){
                .name = host->name,
                .zone = host->zone,
                .labels = {.items = host->labels, .count = host->label_count}};
        }
    }
    *ret_hosts = hosts;
    *ret_count = count;
    return VOUCH_OK;
}

int vouch_policy_with_fleet(struct vouch_local *authority, const struct vouch_policy *document,
                            struct vouch_policy **ret_policy, struct vouch_fault *fault) {
    struct vouch_policy_content content = *vouch_policy_holds(document);
    struct vouch_store_hosts fleet = {0};
    vouch_autofree struct vouch_policy_host *hosts = NULL;
    struct vouch_store *store = vouch_pool_take(&authority->office->slow);
    int err = vouch_store_hosts_active(store, &fleet, fault);
    vouch_pool_give(&authority->office->slow, store);
    size_t count = content.host_count;
    if (err == VOUCH_OK && gather(&content, &fleet, &hosts, &count) != VOUCH_OK) {
        err = vouch_no_memory(fault);
    }
    *ret_policy = NULL;
    if (err == VOUCH_OK && count > content.host_count) {
        content.hosts = hosts;
        content.host_count = count;
        err = vouch_policy_new(&content, ret_policy, fault);
    }
    vouch_store_hosts_done(&fleet);
    return err;
}

static int make_held(struct vouch_local *authority, struct document *document, uint64_t version,
                     struct vouch_policy_held **ret_held, struct vouch_fault *fault) {
    struct vouch_policy_shelf *shelf = &authority->office->policies;
    struct vouch_policy_held *held = calloc(1, sizeof *held);
    if (held == NULL) {
        return vouch_no_memory(fault);
    }
    atomic_store(&shelf->is_due, 0);
    int err = vouch_policy_with_fleet(authority, document->policy, &held->policy, fault);
    if (err != VOUCH_OK) {
        atomic_fetch_add(&shelf->is_due, 1);
        free(held);
        return err;
    }
    shelf->made_ns = vouch_time_monotonic_ns();
    held->policy = held->policy != NULL ? held->policy : document->policy;
    held->document = document;
    held->version = version;
    pthread_mutex_lock(&shelf->lock);
    document->holders++;
    pthread_mutex_unlock(&shelf->lock);
    *ret_held = held;
    return VOUCH_OK;
}

int vouch_policy_held_new(struct vouch_local *authority, struct vouch_policy *take_document,
                          uint64_t version, struct vouch_policy_held **ret_held,
                          struct vouch_fault *fault) {
    struct document *document = calloc(1, sizeof *document);
    if (document == NULL) {
        return vouch_no_memory(fault);
    }
    document->policy = take_document;
    int err = make_held(authority, document, version, ret_held, fault);
    if (err != VOUCH_OK) {
        free(document);
    }
    return err;
}

void vouch_policy_held_free(struct vouch_local *authority, struct vouch_policy_held *held) {
    if (held != NULL) {
        free_held(&authority->office->policies, held);
    }
}

// The newest document is that of the first, and nobody but who is making replaces it.
static int remake(struct vouch_local *authority, struct vouch_fault *fault) {
    struct vouch_policy_shelf *shelf = &authority->office->policies;
    struct vouch_policy_held *held = NULL;
    pthread_mutex_lock(&shelf->lock);
    struct vouch_policy_held *first = shelf->first;
    pthread_mutex_unlock(&shelf->lock);
    if (first == NULL) {
        return VOUCH_OK;
    }
    int err = make_held(authority, first->document, first->version, &held, fault);
    if (err == VOUCH_OK) {
        vouch_policy_shelve(authority->office, held);
    }
    return err;
}

int vouch_policy_remake(struct vouch_local *authority, enum vouch_policy_pace pace,
                        struct vouch_fault *fault) {
    struct vouch_policy_shelf *shelf = &authority->office->policies;
    int err = VOUCH_OK;
    vouch_lease_end(authority);
    pthread_mutex_lock(&shelf->making);
    uint64_t since_ns = vouch_time_monotonic_ns() - shelf->made_ns;
    if (atomic_load(&shelf->is_due) > 0 && (pace == VOUCH_POLICY_HURRIED || since_ns >= PACE_NS)) {
        err = remake(authority, fault);
    }
    pthread_mutex_unlock(&shelf->making);
    return err;
}

void vouch_policy_shelve(struct vouch_office *office, struct vouch_policy_held *take_held) {
    struct vouch_policy_shelf *shelf = &office->policies;
    pthread_mutex_lock(&shelf->lock);
    take_held->next = shelf->first;
    shelf->first = take_held;
    struct vouch_policy_held *unheld = take_unheld(shelf);
    pthread_mutex_unlock(&shelf->lock);
    free_all(shelf, unheld);
    vouch_fleet_moved(office);
}

// Nonzero while somebody but the caller holds an earlier one. The lock is taken.
static int is_held_before(const struct vouch_policy_shelf *shelf, uint64_t version,
                          const struct vouch_policy *mine) {
    int is_held = 0;
    for (const struct vouch_policy_held *held = shelf->first; held != NULL; held = held->next) {
        size_t own = held->policy == mine ? 1 : 0;
        is_held = is_held || (held->version < version && held->holders > own);
    }
    return is_held;
}

int vouch_policy_settle(struct vouch_office *office, uint64_t version,
                        const struct vouch_policy *mine, struct vouch_fault *fault) {
    struct vouch_policy_shelf *shelf = &office->policies;
    uint64_t until_ns = vouch_time_monotonic_ns() + shelf->settle_ns;
    const struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000),
                                   .tv_nsec = (long)(until_ns % 1000000000)};
    int waited = 0;
    pthread_mutex_lock(&shelf->lock);
    int is_held = is_held_before(shelf, version, mine);
    while (is_held && waited == 0) {
        waited = pthread_cond_timedwait(&shelf->is_free, &shelf->lock, &until);
        is_held = is_held_before(shelf, version, mine);
    }
    pthread_mutex_unlock(&shelf->lock);
    return !is_held ? VOUCH_OK
                    : vouch_fault_set(fault, VOUCH_ERR_TIMEOUT, &vouch_fault_at_work,
                                      "authority: requests by the policy before are still at work");
}

// --- at the start

// What the database has was checked before it was written.
static int read_kept(const struct vouch_store_policy *kept, struct vouch_policy **ret_policy,
                     struct vouch_fault *fault) {
    vouch_autodraft struct vouch_policy_draft *draft = NULL;
    int err = vouch_policy_draft_new(&draft, fault);
    if (err == VOUCH_OK) {
        err = vouch_policy_draft_read(draft, "policy in the database", kept->text, fault);
    }
    return err == VOUCH_OK ? vouch_policy_new(vouch_policy_draft_content(draft), ret_policy, fault)
                           : err;
}

static int hold_kept(struct vouch_local *authority, const struct vouch_store_policy *kept,
                     struct vouch_policy_held **ret_held, struct vouch_fault *fault) {
    struct vouch_policy *policy = NULL;
    int err = read_kept(kept, &policy, fault);
    if (err == VOUCH_OK) {
        err = vouch_policy_held_new(authority, policy, kept->version, ret_held, fault);
    }
    if (err != VOUCH_OK) {
        vouch_policy_free(policy);
    }
    return err;
}

int vouch_policy_load(struct vouch_local *authority, struct vouch_fault *fault) {
    struct vouch_office *office = authority->office;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_policy kept;
    struct vouch_policy_held *held = NULL;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    pthread_mutex_lock(&office->desk_lock);
    int err = vouch_store_policy_find(office->desk, 0, &arena, &outcome, &kept, fault);
    pthread_mutex_unlock(&office->desk_lock);
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        err = hold_kept(authority, &kept, &held, fault);
    }
    if (err == VOUCH_OK && held != NULL) {
        vouch_policy_shelve(office, held);
    }
    return err;
}
