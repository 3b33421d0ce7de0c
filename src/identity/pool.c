// SPDX-License-Identifier: ISC
// Places, under one lock, and a queue of those who wait, each on its own stack.
#include "identity/pool.h"

#include <assert.h>
#include <time.h>

struct vouch_pool_waiter {
    struct vouch_pool_waiter *before;
    struct vouch_pool_waiter *behind;
    pthread_cond_t given;
    int has_place;
};

int vouch_pool_init(struct vouch_pool *pool, unsigned places, unsigned room,
                    struct vouch_fault *fault) {
    assert(places > 0);
    *pool = (struct vouch_pool){.places = places, .room = room};
    if (pthread_mutex_init(&pool->lock, NULL) != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "identity: no memory for the pool's lock");
    }
    return VOUCH_OK;
}

void vouch_pool_done(struct vouch_pool *pool) {
    assert(pool->taken == 0 && pool->waiting == 0);
    (void)pthread_mutex_destroy(&pool->lock);
}

static struct timespec time_of(uint64_t deadline_ns) {
    const uint64_t second = UINT64_C(1000000000);
    return (struct timespec){.tv_sec = (time_t)(deadline_ns / second),
                             .tv_nsec = (long)(deadline_ns % second)};
}

static void join_queue(struct vouch_pool *pool, struct vouch_pool_waiter *waiter) {
    waiter->before = pool->last;
    if (pool->last != NULL) {
        pool->last->behind = waiter;
    } else {
        pool->first = waiter;
    }
    pool->last = waiter;
    pool->waiting++;
    if (pool->waiting > pool->waiting_peak) {
        pool->waiting_peak = pool->waiting;
    }
}

static void leave_queue(struct vouch_pool *pool, struct vouch_pool_waiter *waiter) {
    if (waiter->before != NULL) {
        waiter->before->behind = waiter->behind;
    } else {
        pool->first = waiter->behind;
    }
    if (waiter->behind != NULL) {
        waiter->behind->before = waiter->before;
    } else {
        pool->last = waiter->before;
    }
    pool->waiting--;
}

// With the lock held. Nonzero: the place is ours.
static int wait_for_place(struct vouch_pool *pool, uint64_t deadline_ns) {
    const struct timespec until = time_of(deadline_ns);
    struct vouch_pool_waiter waiter = {.has_place = 0};
    if (pthread_cond_init(&waiter.given, NULL) != 0) {
        return 0;
    }
    join_queue(pool, &waiter);
    int err = 0;
    while (err == 0 && !waiter.has_place) {
        err = pthread_cond_clockwait(&waiter.given, &pool->lock, CLOCK_MONOTONIC, &until);
    }
    if (!waiter.has_place) {
        leave_queue(pool, &waiter);
    }
    (void)pthread_cond_destroy(&waiter.given);
    return waiter.has_place;
}

static int take_place(struct vouch_pool *pool, uint64_t deadline_ns) {
    if (pool->taken < pool->places) {
        pool->taken++;
        return 1;
    }
    return pool->waiting < pool->room && wait_for_place(pool, deadline_ns);
}

enum vouch_pool_verdict vouch_pool_begin(struct vouch_pool *pool, uint64_t deadline_ns) {
    enum vouch_pool_verdict verdict = VOUCH_POOL_BUSY;
    (void)pthread_mutex_lock(&pool->lock);
    if (take_place(pool, deadline_ns)) {
        verdict = VOUCH_POOL_TAKEN;
    } else {
        pool->busy++;
    }
    if (pool->taken > pool->taken_peak) {
        pool->taken_peak = pool->taken;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return verdict;
}

void vouch_pool_count(struct vouch_pool *pool, uint64_t work) {
    (void)pthread_mutex_lock(&pool->lock);
    pool->works++;
    pool->work_total += work;
    (void)pthread_mutex_unlock(&pool->lock);
}

void vouch_pool_end(struct vouch_pool *pool) {
    (void)pthread_mutex_lock(&pool->lock);
    assert(pool->taken > 0);
    struct vouch_pool_waiter *next = pool->first;
    if (next != NULL) {
        leave_queue(pool, next);
        next->has_place = 1; // handed over: it stays taken
        (void)pthread_cond_signal(&next->given);
    } else {
        pool->taken--;
    }
    (void)pthread_mutex_unlock(&pool->lock);
}
