// SPDX-License-Identifier: ISC
// Tests of identity/tries.h: the numbers, and that nothing sets them back.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "identity/tries.h"

#define NOW UINT64_C(1790000000)

// As many sources as it takes: the states of one account and of each source and pair.
#define SOURCES 200

struct world {
    struct vouch_tries_state account;
    struct vouch_tries_state sources[SOURCES];
    struct vouch_tries_state pairs[SOURCES];
};

// Through the stored form, as a service that is restarted after each try.
static void store_and_load(struct vouch_tries_state *state) {
    uint8_t memory[VOUCH_TRIES_STORED_MAX];
    struct vouch_buf out;
    struct vouch_fault fault = {0};
    vouch_buf_init_fixed(&out, memory, sizeof memory);
    vouch_tries_write(state, &out);
    assert_int_equal(out.err, VOUCH_OK);
    struct vouch_tries_state copy = *state;
    memset(state, 0xee, sizeof *state);
    assert_int_equal(vouch_tries_read(vouch_buf_bytes(&out), state, &fault), VOUCH_OK);
    assert_memory_equal(state, &copy, sizeof copy);
}

static struct vouch_tries_outcome begin_from(struct world *world, unsigned source, uint64_t now_s) {
    struct vouch_tries tries = {{world->account, world->sources[source], world->pairs[source]}};
    struct vouch_tries_outcome outcome = vouch_tries_begin(&tries, now_s);
    for (unsigned i = 0; i < VOUCH_TRIES_COUNTS; i++) {
        store_and_load(&tries.of[i]);
    }
    world->account = tries.of[VOUCH_TRIES_ACCOUNT];
    world->sources[source] = tries.of[VOUCH_TRIES_SOURCE];
    world->pairs[source] = tries.of[VOUCH_TRIES_PAIR];
    return outcome;
}

// F2: whoever they come from, and however often the flow is begun anew.
static void F2_allows_five_tries_in_five_minutes_for_an_account(void **state) {
    (void)state;
    static struct world world;
    unsigned allowed = 0;
    memset(&world, 0, sizeof world);
    for (unsigned i = 0; i < SOURCES; i++) {
        allowed += begin_from(&world, i, NOW + i).verdict == VOUCH_TRIES_ALLOWED;
    }
    assert_int_equal(allowed, 5);
    struct vouch_tries_outcome outcome = begin_from(&world, 9, NOW + 299);
    assert_int_equal(outcome.verdict, VOUCH_TRIES_WAIT);
    assert_int_equal(outcome.wait_until_s, NOW + 300);
    assert_int_equal(begin_from(&world, 9, NOW + 300).verdict, VOUCH_TRIES_ALLOWED);
}

// No five minutes, wherever they begin, hold more than five tries.
static void allows_no_more_in_any_five_minutes(void **state) {
    (void)state;
    static struct world world;
    uint64_t allowed[100], now_s = NOW;
    size_t count = 0;
    memset(&world, 0, sizeof world);
    srandom(1);
    while (count < 100) {
        now_s += (uint64_t)(random() % 40);
        unsigned source = (unsigned)(random() % SOURCES);
        if (begin_from(&world, source, now_s).verdict == VOUCH_TRIES_ALLOWED) {
            allowed[count++] = now_s;
        }
        assert_true(now_s < NOW + 1000000);
    }
    for (size_t i = 5; i < count; i++) {
        assert_true(allowed[i] - allowed[i - 5] >= 300);
    }
}

static void L10_closes_an_account_after_a_hundred_failures(void **state) {
    (void)state;
    static struct world world;
    uint64_t now_s = NOW;
    memset(&world, 0, sizeof world);
    for (unsigned i = 0; i < 100; i++, now_s += 60) {
        assert_int_equal(begin_from(&world, i, now_s).verdict, VOUCH_TRIES_ALLOWED);
    }
    struct vouch_tries_outcome outcome = begin_from(&world, 100, now_s + 10000000);
    assert_int_equal(outcome.verdict, VOUCH_TRIES_CLOSED);
    struct vouch_identity_refusal refusal = {{0}, {0}, {0}};
    vouch_tries_explain(&outcome, now_s, &refusal);
    assert_string_equal(refusal.code, "V-1882");
    assert_non_null(strstr(refusal.why, "administrator"));
}

static void makes_a_source_wait_longer_and_longer(void **state) {
    (void)state;
    struct vouch_tries_state source = {0};
    uint64_t now_s = NOW, waits[30];
    for (unsigned i = 0; i < 30; i++) {
        struct vouch_tries tries = {{{0}, source, {0}}}; // another account each time
        struct vouch_tries_outcome outcome = vouch_tries_begin(&tries, now_s);
        waits[i] = 0;
        if (outcome.verdict == VOUCH_TRIES_WAIT) {
            waits[i] = outcome.wait_until_s - now_s;
            now_s = outcome.wait_until_s;
            outcome = vouch_tries_begin(&tries, now_s);
        }
        assert_int_equal(outcome.verdict, VOUCH_TRIES_ALLOWED);
        source = tries.of[VOUCH_TRIES_SOURCE];
    }
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(waits[i], 0);
    }
    assert_int_equal(waits[10], 1);
    assert_int_equal(waits[11], 2);
    assert_int_equal(waits[16], 64);
    // Thirty tries of ten seconds would be thirty in five minutes; it took longer than that.
    assert_true(now_s - NOW > 300);
}

static void L10_makes_an_account_from_one_source_wait_longer_and_longer(void **state) {
    (void)state;
    struct vouch_tries_state pair = {0};
    uint64_t now_s = NOW;
    static const uint64_t waits[] = {0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900};
    for (unsigned i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        struct vouch_tries tries = {{{0}, {0}, pair}};
        if (waits[i] > 0) {
            struct vouch_tries_outcome outcome = vouch_tries_begin(&tries, now_s);
            assert_int_equal(outcome.verdict, VOUCH_TRIES_WAIT);
            assert_int_equal(outcome.wait_until_s - now_s, waits[i]);
            now_s += waits[i];
        }
        assert_int_equal(vouch_tries_begin(&tries, now_s).verdict, VOUCH_TRIES_ALLOWED);
        pair = tries.of[VOUCH_TRIES_PAIR];
    }
}

static void charges_nothing_for_what_it_refuses(void **state) {
    (void)state;
    static struct world world;
    memset(&world, 0, sizeof world);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(begin_from(&world, i, NOW).verdict, VOUCH_TRIES_ALLOWED);
    }
    struct world before = world;
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(begin_from(&world, 7, NOW + 1).verdict, VOUCH_TRIES_WAIT);
    }
    assert_memory_equal(&before, &world, sizeof world);
}

static void takes_back_only_the_try_that_was_right(void **state) {
    (void)state;
    struct vouch_tries tries = {{{0}, {0}, {0}}};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(vouch_tries_begin(&tries, NOW + i).verdict, VOUCH_TRIES_ALLOWED);
    }
    vouch_tries_right(&tries, NOW + 1);
    for (unsigned i = 0; i < VOUCH_TRIES_COUNTS; i++) {
        assert_int_equal(tries.of[i].count, 2);
        assert_int_equal(tries.of[i].failures, 2);
        assert_int_equal(tries.of[i].times_s[0], NOW);
        assert_int_equal(tries.of[i].times_s[1], NOW + 2);
        assert_int_equal(tries.of[i].times_s[2], 0);
    }
    vouch_tries_right(&tries, NOW + 1); // twice is once
    vouch_tries_right(&tries, NOW + 77);
    assert_int_equal(tries.of[VOUCH_TRIES_ACCOUNT].count, 2);
    assert_int_equal(tries.of[VOUCH_TRIES_ACCOUNT].failures, 2);
}

// Knowing the password, one cannot guess codes any faster by giving it again and again.
static void F2_gives_no_more_codes_to_one_who_has_the_password(void **state) {
    (void)state;
    static struct world world;
    unsigned codes = 0;
    memset(&world, 0, sizeof world);
    for (unsigned i = 0; i < SOURCES; i++) {
        struct vouch_tries_outcome outcome = begin_from(&world, i, NOW);
        if (outcome.verdict == VOUCH_TRIES_ALLOWED) { // the password is right
            struct vouch_tries tries = {{world.account, world.sources[i], world.pairs[i]}};
            vouch_tries_right(&tries, outcome.charged_s);
            world.account = tries.of[VOUCH_TRIES_ACCOUNT];
            codes += begin_from(&world, i, NOW).verdict == VOUCH_TRIES_ALLOWED; // the code is not
        }
    }
    assert_int_equal(codes, 5);
}

static void forgets_failures_only_after_a_whole_sign_in(void **state) {
    (void)state;
    struct vouch_tries tries = {{{0}, {0}, {0}}};
    for (unsigned i = 0; i < 5; i++) {
        struct vouch_tries_outcome outcome = vouch_tries_begin(&tries, NOW + i * 10);
        assert_int_equal(outcome.verdict, VOUCH_TRIES_ALLOWED);
    }
    vouch_tries_signed_in(&tries);
    assert_int_equal(tries.of[VOUCH_TRIES_ACCOUNT].failures, 0);
    assert_int_equal(tries.of[VOUCH_TRIES_PAIR].count, 0);
    assert_int_equal(tries.of[VOUCH_TRIES_SOURCE].failures, 5);
    assert_int_equal(tries.of[VOUCH_TRIES_SOURCE].count, 5);
    // The five minutes still hold.
    assert_int_equal(vouch_tries_begin(&tries, NOW + 60).verdict, VOUCH_TRIES_WAIT);
}

static void F7_frees_nothing_when_the_clock_goes_back_or_jumps(void **state) {
    (void)state;
    struct vouch_tries tries = {{{0}, {0}, {0}}};
    const uint64_t year = 365 * 86400;
    for (unsigned i = 0; i < 5; i++) {
        struct vouch_tries one = {{tries.of[VOUCH_TRIES_ACCOUNT], {0}, {0}}};
        assert_int_equal(vouch_tries_begin(&one, NOW + year).verdict, VOUCH_TRIES_ALLOWED);
        tries.of[VOUCH_TRIES_ACCOUNT] = one.of[VOUCH_TRIES_ACCOUNT];
    }
    // Set right again: the wait is that of now, not of a year, and not none.
    struct vouch_tries_outcome outcome = vouch_tries_begin(&tries, NOW);
    assert_int_equal(outcome.verdict, VOUCH_TRIES_WAIT);
    assert_int_equal(outcome.wait_until_s, NOW + 300);
    assert_int_equal(vouch_tries_begin(&tries, NOW + 299).verdict, VOUCH_TRIES_WAIT);
    assert_int_equal(vouch_tries_begin(&tries, NOW + 300).verdict, VOUCH_TRIES_ALLOWED);
    assert_int_equal(vouch_tries_begin(&tries, 0).verdict, VOUCH_TRIES_ALLOWED); // still 5 in all
    assert_int_equal(tries.of[VOUCH_TRIES_ACCOUNT].count, 2);
}

static void reads_only_what_it_writes(void **state) {
    (void)state;
    uint8_t memory[VOUCH_TRIES_STORED_MAX + 8];
    struct vouch_buf out;
    struct vouch_fault fault = {0};
    struct vouch_tries_state read = {.failures = 77}, whole = {.failures = 9, .count = 3};
    for (unsigned i = 0; i < 3; i++) {
        whole.times_s[i] = NOW + i;
    }
    vouch_buf_init_fixed(&out, memory, sizeof memory);
    vouch_tries_write(&whole, &out);
    for (size_t len = 1; len < out.len; len++) {
        assert_int_equal(vouch_tries_read((struct vouch_bytes){memory, len}, &read, &fault),
                         VOUCH_ERR_CORRUPT);
        assert_string_equal(fault.kind->code, "V-1884");
    }
    assert_int_equal(vouch_tries_read((struct vouch_bytes){memory, out.len + 1}, &read, &fault),
                     VOUCH_ERR_CORRUPT);
    memory[7] = 33;
    assert_int_equal(vouch_tries_read((struct vouch_bytes){memory, 8 + 33 * 8}, &read, &fault),
                     VOUCH_ERR_CORRUPT);
    memory[7] = 3;
    memory[8] = 0x80; // not in order
    assert_int_equal(vouch_tries_read((struct vouch_bytes){memory, out.len}, &read, &fault),
                     VOUCH_ERR_CORRUPT);
    assert_int_equal(read.failures, 77); // written only on success
    assert_int_equal(vouch_tries_read((struct vouch_bytes){NULL, 0}, &read, &fault), VOUCH_OK);
    assert_int_equal(read.failures, 0);
    assert_int_equal(read.count, 0);
}

static void says_how_long_to_wait(void **state) {
    (void)state;
    struct vouch_identity_refusal refusal = {{0}, {0}, {0}};
    const struct vouch_tries_outcome outcome = {.wait_until_s = NOW + 200};
    assert_int_equal(outcome.verdict, VOUCH_TRIES_WAIT); // zero refuses
    vouch_tries_explain(&outcome, NOW, &refusal);
    assert_string_equal(refusal.code, "V-1882");
    assert_string_equal(refusal.why, "too many tries: wait 3m 20s");
    vouch_tries_explain(&outcome, NOW + 500, &refusal);
    assert_string_equal(refusal.why, "too many tries: wait 1s");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(F2_allows_five_tries_in_five_minutes_for_an_account),
        cmocka_unit_test(allows_no_more_in_any_five_minutes),
        cmocka_unit_test(L10_closes_an_account_after_a_hundred_failures),
        cmocka_unit_test(makes_a_source_wait_longer_and_longer),
        cmocka_unit_test(L10_makes_an_account_from_one_source_wait_longer_and_longer),
        cmocka_unit_test(charges_nothing_for_what_it_refuses),
        cmocka_unit_test(takes_back_only_the_try_that_was_right),
        cmocka_unit_test(F2_gives_no_more_codes_to_one_who_has_the_password),
        cmocka_unit_test(forgets_failures_only_after_a_whole_sign_in),
        cmocka_unit_test(F7_frees_nothing_when_the_clock_goes_back_or_jumps),
        cmocka_unit_test(reads_only_what_it_writes),
        cmocka_unit_test(says_how_long_to_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
