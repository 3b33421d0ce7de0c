// SPDX-License-Identifier: ISC
// Places for work that needs much memory: so many at once, so many waiting, and no more.
//
// The work itself is done on the thread that asks. A thread takes a place and gives it back; a place
// that is given back goes to who has waited longest.
#pragma once

#include <pthread.h>

#include "base/fault.h"

struct vouch_pool_waiter;

struct vouch_pool {
    pthread_mutex_t lock;
    struct vouch_pool_waiter *first;
    struct vouch_pool_waiter *last;
    unsigned places;
    unsigned room; // how many may wait
    unsigned taken;
    unsigned waiting;
    unsigned taken_peak;
    unsigned waiting_peak;
    uint64_t busy;
    uint64_t works;
    uint64_t work_total;
};

// "No" is here. The zero value is: no place.
enum vouch_pool_verdict { VOUCH_POOL_BUSY = 0, VOUCH_POOL_TAKEN };

// V-1001. At least one place.
VOUCH_MUST_USE int vouch_pool_init(struct vouch_pool *pool, unsigned places, unsigned room,
                                   struct vouch_fault *fault);
void vouch_pool_done(struct vouch_pool *pool); // only after vouch_pool_init(); nobody may wait

// Waits for a place until deadline_ns. BUSY: as many wait already as may, or the time is up. With TAKEN
// comes a place, to be given back with vouch_pool_end().
VOUCH_MUST_USE enum vouch_pool_verdict vouch_pool_begin(struct vouch_pool *pool,
                                                        uint64_t deadline_ns);

// Counts a piece of work that was done in a place.
void vouch_pool_count(struct vouch_pool *pool, uint64_t work);

// Gives the place back.
void vouch_pool_end(struct vouch_pool *pool);
