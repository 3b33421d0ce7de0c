// SPDX-License-Identifier: ISC
// Tests of back-off and spreading.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prog/vouch-host/pace.h"

static void waits_twice_as_long_after_each_failure(void **state) {
    (void)state;
    struct vouch_pace pace = {0};
    uint64_t most = VOUCH_PACE_FIRST_MS;
    for (unsigned i = 0; i < 8; i++, most *= 2) {
        struct vouch_pace same = pace;
        assert_int_equal(vouch_pace_failed_ms(&same, 0), most / 2);
        assert_int_equal(vouch_pace_failed_ms(&pace, most / 2), most);
    }
}

static void never_waits_longer_than_the_longest(void **state) {
    (void)state;
    struct vouch_pace pace = {0};
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t ms = vouch_pace_failed_ms(&pace, UINT64_MAX - i);
        assert_in_range(ms, VOUCH_PACE_FIRST_MS / 2, VOUCH_PACE_MAX_MS);
    }
    assert_in_range(vouch_pace_failed_ms(&pace, 0), VOUCH_PACE_MAX_MS / 2, VOUCH_PACE_MAX_MS);
}

static void begins_anew_once_it_worked(void **state) {
    (void)state;
    struct vouch_pace pace = {0};
    for (unsigned i = 0; i < 20; i++) {
        (void)vouch_pace_failed_ms(&pace, 7);
    }
    vouch_pace_reset(&pace);
    assert_in_range(vouch_pace_failed_ms(&pace, 7), 0, VOUCH_PACE_FIRST_MS);
}

static void renews_after_two_thirds_of_the_life(void **state) {
    (void)state;
    uint64_t begin = 1795346738, day = 86400;
    assert_int_equal(vouch_pace_renew_at_s(begin, begin + 30 * day, 0), begin + 20 * day);
    for (uint64_t random = 1; random != 0; random <<= 1) {
        uint64_t at = vouch_pace_renew_at_s(begin, begin + 30 * day, random);
        assert_in_range(at, begin + 20 * day - 30 * day / 20, begin + 20 * day);
    }
}

static void has_no_moment_for_what_is_no_validity(void **state) {
    (void)state;
    assert_int_equal(vouch_pace_renew_at_s(0, 0, 5), 0);
    assert_int_equal(vouch_pace_renew_at_s(100, 100, 5), 0);
    assert_int_equal(vouch_pace_renew_at_s(101, 100, 5), 0);
}

static void renews_within_a_minute_what_is_by_an_outgoing_ca(void **state) {
    (void)state;
    uint64_t since = 1795346738, latest = 0;
    for (uint64_t random = 0; random < 1000; random++) {
        uint64_t at = vouch_pace_soon_at_s(since, since - 86400, random);
        assert_in_range(at, since, since + VOUCH_PACE_SOON_S);
        latest = at > latest ? at : latest;
    }
    assert_int_equal(latest, since + VOUCH_PACE_SOON_S);
}

static void does_not_renew_again_and_again_if_nothing_comes_of_it(void **state) {
    (void)state;
    uint64_t since = 1795346738;
    for (uint64_t random = 0; random < 100; random++) {
        assert_int_equal(vouch_pace_soon_at_s(since, since + 5, random),
                         since + 5 + VOUCH_PACE_AGAIN_S);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renews_within_a_minute_what_is_by_an_outgoing_ca),
        cmocka_unit_test(does_not_renew_again_and_again_if_nothing_comes_of_it),
        cmocka_unit_test(waits_twice_as_long_after_each_failure),
        cmocka_unit_test(never_waits_longer_than_the_longest),
        cmocka_unit_test(begins_anew_once_it_worked),
        cmocka_unit_test(renews_after_two_thirds_of_the_life),
        cmocka_unit_test(has_no_moment_for_what_is_no_validity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
