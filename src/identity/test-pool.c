// SPDX-License-Identifier: ISC
// Tests of identity/pool.h: never more at once than there are places, never more waiting than there is
// room, and who came first is first.
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/time.h"
#include "identity/pool.h"

#define ASKERS 8

static uint64_t in_ms(uint64_t ms) {
    return vouch_time_monotonic_ns() + ms * 1000000;
}

struct asker {
    struct vouch_pool *pool;
    pthread_t thread;
    uint64_t deadline_ns;
    enum vouch_pool_verdict verdict;
    atomic_int *turn;
    int my_turn;
};

static void *take_and_give(void *context) {
    struct asker *asker = context;
    asker->verdict = vouch_pool_begin(asker->pool, asker->deadline_ns);
    if (asker->verdict == VOUCH_POOL_TAKEN) {
        asker->my_turn = atomic_fetch_add(asker->turn, 1);
        vouch_pool_end(asker->pool);
    }
    return NULL;
}

static unsigned waiting(struct vouch_pool *pool) {
    (void)pthread_mutex_lock(&pool->lock);
    unsigned result = pool->waiting;
    (void)pthread_mutex_unlock(&pool->lock);
    return result;
}

// Starts one more and waits until it waits.
static void start(struct asker *asker, struct vouch_pool *pool, atomic_int *turn) {
    unsigned before = waiting(pool);
    asker->pool = pool;
    asker->turn = turn;
    asker->verdict = VOUCH_POOL_BUSY;
    asker->my_turn = -1;
    asker->deadline_ns = asker->deadline_ns != 0 ? asker->deadline_ns : in_ms(60000);
    assert_int_equal(pthread_create(&asker->thread, NULL, take_and_give, asker), 0);
    while (waiting(pool) == before) {
        (void)sched_yield();
    }
}

static void gives_places_in_the_order_of_asking(void **state) {
    (void)state;
    struct vouch_pool pool;
    struct asker askers[ASKERS] = {{0}};
    atomic_int turn = 0;
    assert_int_equal(vouch_pool_init(&pool, 1, ASKERS, NULL), VOUCH_OK);
    assert_int_equal(vouch_pool_begin(&pool, in_ms(0)), VOUCH_POOL_TAKEN);
    for (int i = 0; i < ASKERS; i++) {
        start(&askers[i], &pool, &turn);
    }
    // No room for another, and it does not wait to find out.
    uint64_t before_ns = vouch_time_monotonic_ns();
    assert_int_equal(vouch_pool_begin(&pool, in_ms(60000)), VOUCH_POOL_BUSY);
    assert_true(vouch_time_monotonic_ns() - before_ns < UINT64_C(30000000000));
    vouch_pool_end(&pool);
    for (int i = 0; i < ASKERS; i++) {
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
        assert_int_equal(askers[i].verdict, VOUCH_POOL_TAKEN);
        assert_int_equal(askers[i].my_turn, i);
    }
    assert_int_equal(pool.taken_peak, 1);
    assert_int_equal(pool.waiting_peak, ASKERS);
    assert_int_equal(pool.busy, 1);
    vouch_pool_done(&pool);
}

static void leaves_the_queue_when_the_time_is_up(void **state) {
    (void)state;
    struct vouch_pool pool;
    struct asker askers[3] = {{0}};
    atomic_int turn = 0;
    assert_int_equal(vouch_pool_init(&pool, 1, 3, NULL), VOUCH_OK);
    assert_int_equal(vouch_pool_begin(&pool, 0), VOUCH_POOL_TAKEN);
    for (int i = 0; i < 3; i++) {
        askers[i].deadline_ns = i == 1 ? in_ms(50) : 0;
        if (i == 1) { // it may be over before we look
            askers[i].pool = &pool;
            askers[i].turn = &turn;
            assert_int_equal(pthread_create(&askers[i].thread, NULL, take_and_give, &askers[i]), 0);
            continue;
        }
        start(&askers[i], &pool, &turn);
    }
    assert_int_equal(pthread_join(askers[1].thread, NULL), 0);
    assert_int_equal(askers[1].verdict, VOUCH_POOL_BUSY);
    vouch_pool_end(&pool);
    assert_int_equal(pthread_join(askers[0].thread, NULL), 0);
    assert_int_equal(pthread_join(askers[2].thread, NULL), 0);
    assert_int_equal(askers[0].my_turn, 0);
    assert_int_equal(askers[2].my_turn, 1);
    vouch_pool_done(&pool); // asserts that nobody is left
}

static void waits_for_nobody_whose_deadline_has_passed(void **state) {
    (void)state;
    struct vouch_pool pool;
    assert_int_equal(vouch_pool_init(&pool, 2, 1, NULL), VOUCH_OK);
    assert_int_equal(vouch_pool_begin(&pool, 0), VOUCH_POOL_TAKEN); // there is no need to wait
    assert_int_equal(vouch_pool_begin(&pool, 0), VOUCH_POOL_TAKEN);
    assert_int_equal(vouch_pool_begin(&pool, 0), VOUCH_POOL_BUSY);
    assert_int_equal(vouch_pool_begin(&pool, vouch_time_monotonic_ns()), VOUCH_POOL_BUSY);
    vouch_pool_end(&pool);
    assert_int_equal(vouch_pool_begin(&pool, 0), VOUCH_POOL_TAKEN);
    vouch_pool_end(&pool);
    vouch_pool_end(&pool);
    assert_int_equal(pool.taken, 0);
    assert_int_equal(pool.busy, 2);
    vouch_pool_done(&pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_places_in_the_order_of_asking),
        cmocka_unit_test(leaves_the_queue_when_the_time_is_up),
        cmocka_unit_test(waits_for_nobody_whose_deadline_has_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
