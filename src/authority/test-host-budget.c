// SPDX-License-Identifier: ISC
// Tests of what one host may add to the ledger in an hour.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "authority/host-budget.h"

#define NOW UINT64_C(1795346738)

static struct vouch_host_budget *budget;

static int begin(void **state) {
    (void)state;
    budget = vouch_host_budget_new();
    return budget != NULL ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    vouch_host_budget_free(budget);
    return 0;
}

static size_t take(uint64_t host, enum vouch_host_spending what, size_t wanted, uint64_t now_s) {
    uint64_t wait_s = 0;
    size_t granted = vouch_host_budget_take(budget, host, what, wanted, now_s, &wait_s);
    assert_true((granted < wanted) == (wait_s > 0));
    return granted;
}

static void gives_sixty_an_hour_and_says_when_there_is_more(void **state) {
    (void)state;
    uint64_t wait_s = 0;
    for (uint64_t i = 0; i < 60; i++) {
        assert_int_equal(take(7, VOUCH_HOST_RENEWALS, 1, NOW + i), 1);
    }
    assert_int_equal(vouch_host_budget_take(budget, 7, VOUCH_HOST_RENEWALS, 1, NOW + 100, &wait_s),
                     0);
    assert_int_equal(wait_s, 3500);
    assert_int_equal(take(7, VOUCH_HOST_RENEWALS, 1, NOW + 3599), 0);
    assert_int_equal(take(7, VOUCH_HOST_RENEWALS, 1, NOW + 3600), 1);
}

static void gives_a_part_of_what_is_too_much(void **state) {
    (void)state;
    assert_int_equal(take(7, VOUCH_HOST_ALARMS, 50, NOW), 50);
    assert_int_equal(take(7, VOUCH_HOST_ALARMS, 50, NOW), 10);
    assert_int_equal(take(7, VOUCH_HOST_ALARMS, 50, NOW), 0);
}

static void one_host_and_one_kind_do_not_use_up_another(void **state) {
    (void)state;
    assert_int_equal(take(7, VOUCH_HOST_ALARMS, 60, NOW), 60);
    assert_int_equal(take(7, VOUCH_HOST_RENEWALS, 60, NOW), 60);
    assert_int_equal(take(7, VOUCH_HOST_BATCHES, 1, NOW), 1);
    assert_int_equal(take(8, VOUCH_HOST_ALARMS, 60, NOW), 60);
    assert_int_equal(take(7, VOUCH_HOST_ALARMS, 1, NOW), 0);
}

static void a_clock_that_is_set_back_locks_nobody_out(void **state) {
    (void)state;
    assert_int_equal(take(7, VOUCH_HOST_RENEWALS, 60, NOW), 60);
    assert_int_equal(take(7, VOUCH_HOST_RENEWALS, 1, NOW - 86400), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_sixty_an_hour_and_says_when_there_is_more, begin,
                                        end),
        cmocka_unit_test_setup_teardown(gives_a_part_of_what_is_too_much, begin, end),
        cmocka_unit_test_setup_teardown(one_host_and_one_kind_do_not_use_up_another, begin, end),
        cmocka_unit_test_setup_teardown(a_clock_that_is_set_back_locks_nobody_out, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
