// SPDX-License-Identifier: ISC
// The shelf of policies: the one that holds, and those before it that somebody still decides by.
#include "authority/policy-now.h"

#include <stdlib.h>
#include <time.h>

#include "authority/office.h"
#include "base/mem.h"
#include "base/time.h"
#include "policy/load.h"
#include "store/policies.h"

#define SETTLE_NS (UINT64_C(30) * 1000000000) // longer than any wait for the signer

struct vouch_policy_held {
    struct vouch_policy *policy;
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
    pthread_cond_init(&shelf->is_free, &attributes);
    pthread_condattr_destroy(&attributes);
    shelf->settle_ns = SETTLE_NS;
}

static void free_held(struct vouch_policy_held *held) {
    vouch_policy_free(held->policy);
    free(held);
}

void vouch_policy_shelf_done(struct vouch_policy_shelf *shelf) {
    while (shelf->first != NULL) {
        struct vouch_policy_held *held = shelf->first;
        shelf->first = held->next;
        free_held(held);
    }
    pthread_mutex_destroy(&shelf->lock);
    pthread_mutex_destroy(&shelf->applying);
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
static void free_all(struct vouch_policy_held *held) {
    while (held != NULL) {
        struct vouch_policy_held *next = held->next;
        free_held(held);
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
    free_all(unheld);
}

int vouch_policy_held_new(struct vouch_policy *policy, uint64_t version,
                          struct vouch_policy_held **ret_held, struct vouch_fault *fault) {
    struct vouch_policy_held *held = calloc(1, sizeof *held);
    if (held == NULL) {
        return vouch_no_memory(fault);
    }
    *held = (struct vouch_policy_held){.policy = policy, .version = version};
    *ret_held = held;
    return VOUCH_OK;
}

void vouch_policy_shelve(struct vouch_office *office, struct vouch_policy_held *take_held) {
    struct vouch_policy_shelf *shelf = &office->policies;
    pthread_mutex_lock(&shelf->lock);
    take_held->next = shelf->first;
    shelf->first = take_held;
    struct vouch_policy_held *unheld = take_unheld(shelf);
    pthread_mutex_unlock(&shelf->lock);
    free_all(unheld);
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

static int hold_kept(const struct vouch_store_policy *kept, struct vouch_policy_held **ret_held,
                     struct vouch_fault *fault) {
    struct vouch_policy *policy = NULL;
    int err = read_kept(kept, &policy, fault);
    if (err == VOUCH_OK) {
        err = vouch_policy_held_new(policy, kept->version, ret_held, fault);
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
        err = hold_kept(&kept, &held, fault);
    }
    if (err == VOUCH_OK && held != NULL) {
        vouch_policy_shelve(office, held);
    }
    return err;
}
