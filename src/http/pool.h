// SPDX-License-Identifier: ISC
// The workers, and the bounded queue before them.
#pragma once

#include "http/exchange.h"

struct vouch_http_pool;

struct vouch_http_pool_config {
    unsigned workers;
    uint32_t queue_max;
    // Called on thread `worker` for each exchange; hands it on when done.
    void (*work)(void *context, unsigned worker, struct vouch_http_exchange *x);
    void *context;
    _Atomic uint64_t *queued; // kept up to date
};

// Starts the threads. VOUCH_ERR_NO_MEMORY if there is no room for them.
VOUCH_MUST_USE int vouch_http_pool_start(const struct vouch_http_pool_config *config,
                                         struct vouch_http_pool **ret_pool);

// Hands an exchange over; nonzero if the queue is full, or its route's part of it.
int vouch_http_pool_put(struct vouch_http_pool *pool, struct vouch_http_exchange *x);

// Waits for the work that runs, ends the threads, and frees what was still queued. Takes NULL.
void vouch_http_pool_free(struct vouch_http_pool *pool);
