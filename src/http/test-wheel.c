// SPDX-License-Identifier: ISC
// Tests of http/wheel.h: no timer early, none lost, none late by more than two ticks.
#include "http/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define TICK VOUCH_HTTP_TICK_NS
#define START (12345 * TICK + 678)

static struct vouch_http_wheel wheel;

static int begin(void **state) {
    (void)state;
    vouch_http_wheel_init(&wheel, START);
    return 0;
}

static void fires_a_timer_after_its_deadline(void **state) {
    (void)state;
    struct vouch_http_timer timer = {0};
    uint64_t deadline_ns = START + 5 * TICK;
    vouch_http_wheel_set(&wheel, &timer, deadline_ns);
    assert_null(vouch_http_wheel_next(&wheel, deadline_ns - 1));
    assert_ptr_equal(vouch_http_wheel_next(&wheel, deadline_ns + TICK), &timer);
    assert_null(vouch_http_wheel_next(&wheel, deadline_ns + 1000 * TICK));
    assert_int_equal(wheel.count, 0);
}

static void fires_a_moved_timer_once(void **state) {
    (void)state;
    struct vouch_http_timer timer = {0};
    vouch_http_wheel_set(&wheel, &timer, START + 5 * TICK);
    vouch_http_wheel_set(&wheel, &timer, START + 50 * TICK);
    assert_int_equal(wheel.count, 1);
    assert_null(vouch_http_wheel_next(&wheel, START + 49 * TICK));
    vouch_http_wheel_set(&wheel, &timer, START + 49 * TICK);
    assert_ptr_equal(vouch_http_wheel_next(&wheel, START + 52 * TICK), &timer);
    assert_null(vouch_http_wheel_next(&wheel, START + 99 * TICK));
}

static void forgets_a_stopped_timer(void **state) {
    (void)state;
    struct vouch_http_timer timer = {0};
    vouch_http_wheel_set(&wheel, &timer, START + TICK);
    vouch_http_wheel_set(&wheel, &timer, 0);
    vouch_http_wheel_set(&wheel, &timer, 0);
    assert_int_equal(wheel.count, 0);
    assert_null(vouch_http_wheel_next(&wheel, START + 10 * TICK));
}

static void fires_what_is_overdue_at_once(void **state) {
    (void)state;
    struct vouch_http_timer timer = {0};
    assert_null(vouch_http_wheel_next(&wheel, START + 10 * TICK));
    vouch_http_wheel_set(&wheel, &timer, START);
    assert_ptr_equal(vouch_http_wheel_next(&wheel, START + 11 * TICK), &timer);
}

static void fires_timers_beyond_its_reach_in_time(void **state) {
    (void)state;
    struct vouch_http_timer timer = {0};
    uint64_t deadline_ns = START + (3 * VOUCH_HTTP_WHEEL_SLOTS + 17) * TICK;
    vouch_http_wheel_set(&wheel, &timer, deadline_ns);
    for (uint64_t now_ns = START; now_ns < deadline_ns; now_ns += TICK) {
        assert_null(vouch_http_wheel_next(&wheel, now_ns));
    }
    assert_ptr_equal(vouch_http_wheel_next(&wheel, deadline_ns + 2 * TICK), &timer);
}

static void fires_thousands_each_in_its_time(void **state) {
    (void)state;
    enum { TIMERS = 3000 };
    static struct vouch_http_timer timers[TIMERS];
    uint32_t seed = 7;
    for (size_t i = 0; i < TIMERS; i++) {
        seed = seed * 1664525 + 1013904223;
        vouch_http_wheel_set(&wheel, &timers[i], START + (seed >> 8) % (2000 * TICK));
    }
    size_t fired = 0;
    for (uint64_t now_ns = START; now_ns < START + 2005 * TICK; now_ns += TICK / 2) {
        struct vouch_http_timer *timer = NULL;
        while ((timer = vouch_http_wheel_next(&wheel, now_ns)) != NULL) {
            assert_true(timer->deadline_ns <= now_ns);
            assert_true(now_ns - timer->deadline_ns <= 2 * TICK);
            fired++;
        }
    }
    assert_int_equal(fired, TIMERS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(fires_a_timer_after_its_deadline, begin),
        cmocka_unit_test_setup(fires_a_moved_timer_once, begin),
        cmocka_unit_test_setup(forgets_a_stopped_timer, begin),
        cmocka_unit_test_setup(fires_what_is_overdue_at_once, begin),
        cmocka_unit_test_setup(fires_timers_beyond_its_reach_in_time, begin),
        cmocka_unit_test_setup(fires_thousands_each_in_its_time, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
