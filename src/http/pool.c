// SPDX-License-Identifier: ISC
// Worker threads that take from one queue. The one that slept last is woken first, since its memory is
// still warm, and each wakes the next if there is more, so that a burst costs its sender one wake. A worker
// keeps to one processor, where the threads that answer it in other processes keep too.
#include "http/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/cpu.h"

struct worker {
    struct vouch_http_pool *pool;
    pthread_t thread;
    pthread_cond_t wake;
    unsigned index;
    unsigned woken;
};

struct vouch_http_pool {
    struct vouch_http_pool_config config;
    pthread_mutex_t lock;
    struct vouch_http_exchange *first;
    struct vouch_http_exchange *last;
    uint32_t queued;
    uint32_t few;    // of them, those of routes with little room
    unsigned waking; // nonzero: one was woken and has not looked yet
    unsigned stopping;
    unsigned started;
    unsigned idle_count;
    unsigned *idle; // those that sleep, the latest last
    struct worker workers[];
};

// Under the lock: whom to wake for what is queued, or NULL.
static struct worker *choose(struct vouch_http_pool *pool) {
    if (pool->first == NULL || pool->waking || pool->idle_count == 0) {
        return NULL;
    }
    struct worker *worker = &pool->workers[pool->idle[--pool->idle_count]];
    pool->waking = 1;
    worker->woken = 1;
    return worker;
}

static void wake(struct worker *worker) {
    if (worker != NULL) {
        pthread_cond_signal(&worker->wake);
    }
}

static void sleep_until_woken(struct vouch_http_pool *pool, struct worker *worker) {
    pool->idle[pool->idle_count++] = worker->index;
    worker->woken = 0;
    while (!worker->woken) {
        pthread_cond_wait(&worker->wake, &pool->lock);
    }
    pool->waking = 0;
}

static int is_one_of_few(const struct vouch_http_exchange *x) {
    const struct vouch_http_route *route = x->request.route;
    return route != NULL && route->room == VOUCH_HTTP_ROOM_FEW;
}

static struct vouch_http_exchange *take(struct vouch_http_pool *pool, struct worker *worker) {
    pthread_mutex_lock(&pool->lock);
    while (pool->first == NULL && !pool->stopping) {
        sleep_until_woken(pool, worker);
    }
    struct vouch_http_exchange *x = pool->stopping ? NULL : pool->first;
    if (x != NULL) {
        pool->first = x->next;
        x->next = NULL;
        pool->queued--;
        pool->few -= is_one_of_few(x) ? 1 : 0;
        atomic_store_explicit(pool->config.queued, pool->queued, memory_order_relaxed);
    }
    struct worker *next = x != NULL ? choose(pool) : NULL;
    pthread_mutex_unlock(&pool->lock);
    wake(next);
    return x;
}

static void *run(void *context) {
    struct worker *worker = context;
    struct vouch_http_pool *pool = worker->pool;
    struct vouch_http_exchange *x = NULL;
    vouch_cpu_keep(worker->index);
    while ((x = take(pool, worker)) != NULL) {
        pool->config.work(pool->config.context, worker->index, x);
    }
    return NULL;
}

// The few never fill the queue for others, and the others leave room for some of them as long as it is not
// full: hosts are told of a revocation also while many want certificates.
static int has_room(const struct vouch_http_pool *pool, const struct vouch_http_exchange *x) {
    uint32_t max = pool->config.queue_max;
    if (is_one_of_few(x) && pool->few >= (max + 7) / 8) {
        return 0;
    }
    return pool->queued < max;
}

int vouch_http_pool_put(struct vouch_http_pool *pool, struct vouch_http_exchange *x) {
    pthread_mutex_lock(&pool->lock);
    int full = !has_room(pool, x) || pool->stopping;
    struct worker *next = NULL;
    if (!full) {
        x->next = NULL;
        if (pool->first == NULL) {
            pool->first = x;
        } else {
            pool->last->next = x;
        }
        pool->last = x;
        pool->queued++;
        pool->few += is_one_of_few(x) ? 1 : 0;
        atomic_store_explicit(pool->config.queued, pool->queued, memory_order_relaxed);
        next = choose(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    wake(next);
    return full;
}

static struct vouch_http_pool *make(const struct vouch_http_pool_config *config) {
    struct vouch_http_pool *pool =
        calloc(1, sizeof *pool + config->workers * sizeof pool->workers[0]);
    if (pool == NULL) {
        return NULL;
    }
    pool->idle = calloc(config->workers, sizeof pool->idle[0]);
    if (pool->idle == NULL) {
        free(pool);
        return NULL;
    }
    pool->config = *config;
    pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

int vouch_http_pool_start(const struct vouch_http_pool_config *config,
                          struct vouch_http_pool **ret_pool) {
    struct vouch_http_pool *pool = make(config);
    if (pool == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (unsigned i = 0; i < config->workers; i++) {
        struct worker *worker = &pool->workers[i];
        worker->pool = pool;
        worker->index = i;
        pthread_cond_init(&worker->wake, NULL);
        if (pthread_create(&worker->thread, NULL, run, worker) != 0) {
            pthread_cond_destroy(&worker->wake);
            vouch_http_pool_free(pool);
            return VOUCH_ERR_NO_MEMORY;
        }
        pool->started++;
    }
    *ret_pool = pool;
    return VOUCH_OK;
}

void vouch_http_pool_free(struct vouch_http_pool *pool) {
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->stopping = 1;
    for (unsigned i = 0; i < pool->started; i++) {
        pool->workers[i].woken = 1;
        pthread_cond_signal(&pool->workers[i].wake);
    }
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->started; i++) {
        pthread_join(pool->workers[i].thread, NULL);
        pthread_cond_destroy(&pool->workers[i].wake);
    }
    while (pool->first != NULL) {
        struct vouch_http_exchange *x = pool->first;
        pool->first = x->next;
        vouch_http_exchange_free(x);
    }
    pthread_mutex_destroy(&pool->lock);
    free(pool->idle);
    free(pool);
}
