// SPDX-License-Identifier: ISC
// Tests of the queue before the workers: who finds room in it.
#include "http/pool.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#define QUEUE_MAX 16
#define FEW_MAX 2

static const struct vouch_http_route all_route = {.room = VOUCH_HTTP_ROOM_ALL};
static const struct vouch_http_route few_route = {.room = VOUCH_HTTP_ROOM_FEW};

static struct vouch_http_pool *pool;
static _Atomic uint64_t queued;
static sem_t begun, let_go;
static unsigned put_count;

static void work(void *context, unsigned worker, struct vouch_http_exchange *x) {
    (void)context;
    (void)worker;
    sem_post(&begun);
    sem_wait(&let_go);
    vouch_http_exchange_free(x);
}

static int put(const struct vouch_http_route *route) {
    struct vouch_http_exchange *x = calloc(1, sizeof *x);
    x->request.route = route;
    put_count++;
    int full = vouch_http_pool_put(pool, x);
    if (full) {
        vouch_http_exchange_free(x);
    }
    return full;
}

// One worker, which has something to do already.
static int begin(void **state) {
    (void)state;
    const struct vouch_http_pool_config config = {
        .workers = 1, .queue_max = QUEUE_MAX, .work = work, .queued = &queued};
    put_count = 0;
    sem_init(&begun, 0, 0);
    sem_init(&let_go, 0, 0);
    assert_int_equal(vouch_http_pool_start(&config, &pool), VOUCH_OK);
    assert_int_equal(put(&all_route), 0);
    sem_wait(&begun);
    return 0;
}

static int end(void **state) {
    (void)state;
    for (unsigned i = 0; i < put_count; i++) {
        sem_post(&let_go);
    }
    vouch_http_pool_free(pool);
    sem_destroy(&begun);
    sem_destroy(&let_go);
    return 0;
}

static void gives_the_few_an_eighth_of_the_queue(void **state) {
    (void)state;
    for (unsigned i = 0; i < FEW_MAX; i++) {
        assert_int_equal(put(&few_route), 0);
    }
    assert_int_not_equal(put(&few_route), 0);
    for (unsigned i = FEW_MAX; i < QUEUE_MAX; i++) {
        assert_int_equal(put(&all_route), 0);
    }
    assert_int_not_equal(put(&all_route), 0);
    assert_int_equal(atomic_load(&queued), QUEUE_MAX);
}

static void leaves_the_few_their_room_while_others_wait(void **state) {
    (void)state;
    for (unsigned i = 0; i < QUEUE_MAX / 2; i++) {
        assert_int_equal(put(&all_route), 0);
    }
    for (unsigned i = 0; i < FEW_MAX; i++) {
        assert_int_equal(put(&few_route), 0);
    }
    assert_int_not_equal(put(&few_route), 0);
}

static void gives_room_back_when_a_worker_takes_one_of_the_few(void **state) {
    (void)state;
    for (unsigned i = 0; i < FEW_MAX; i++) {
        assert_int_equal(put(&few_route), 0);
    }
    assert_int_not_equal(put(&few_route), 0);
    sem_post(&let_go); // of the first; the worker takes the next
    sem_wait(&begun);
    assert_int_equal(put(&few_route), 0);
    assert_int_not_equal(put(&few_route), 0);
}

static void refuses_the_few_too_when_the_queue_is_full(void **state) {
    (void)state;
    for (unsigned i = 0; i < QUEUE_MAX; i++) {
        assert_int_equal(put(&all_route), 0);
    }
    assert_int_not_equal(put(&few_route), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(gives_the_few_an_eighth_of_the_queue),
        TEST(leaves_the_few_their_room_while_others_wait),
        TEST(gives_room_back_when_a_worker_takes_one_of_the_few),
        TEST(refuses_the_few_too_when_the_queue_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
