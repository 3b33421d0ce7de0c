// SPDX-License-Identifier: ISC
// A clock that is put back or set forward: no certificate is signed while it cannot be trusted, and
// events are recorded all the same.
//
// The linker puts the function below in the place of the system's (--wrap), in this program only.
#include "signer/test-fixture.h"

#include <string.h>
#include <time.h>

static int64_t offset_s; // of the time of day

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now) {
    int status = __real_clock_gettime(clock, now);
    if (clock == CLOCK_REALTIME) {
        now->tv_sec += offset_s;
    }
    return status;
}

static struct vouch_signer *signer;

static int begin(void **state) {
    offset_s = 0;
    int status = fixture_begin(state);
    fixture_open(*state);
    return status != 0 ? status
                       : vouch_signer_attach(((struct fixture *)*state)->engine, &signer, NULL);
}

static int end(void **state) {
    offset_s = 0;
    return fixture_end(state);
}

static struct vouch_signer_grant ask_now(const struct fixture *fixture) {
    const struct vouch_signer_ask ask = fixture_ask(fixture);
    struct vouch_signer_grant grant = {0};
    assert_int_equal(vouch_signer_sign(signer, &ask, 0, &grant, NULL), VOUCH_OK);
    return grant;
}

static void assert_clock_refused(const struct fixture *fixture) {
    const struct vouch_signer_grant grant = ask_now(fixture);
    assert_int_equal(grant.outcome, VOUCH_SIGNER_REFUSED);
    assert_string_equal(grant.refusal.code, "V-1306");
}

static void finish(struct fixture *fixture) {
    vouch_signer_close(signer);
    fixture_stop(fixture);
    assert_proven(fixture);
}

static void signs_while_the_clock_trembles(void **state) {
    struct fixture *fixture = *state;
    static const int64_t offsets[] = {0, -4, 3, -1, 30, 27};
    for (size_t i = 0; i < 6; i++) {
        offset_s = offsets[i];
        assert_int_equal(ask_now(fixture).outcome, VOUCH_SIGNER_DONE);
    }
    finish(fixture);
}

static void refuses_while_the_clock_is_behind_the_last_record(void **state) {
    struct fixture *fixture = *state;
    assert_int_equal(ask_now(fixture).outcome, VOUCH_SIGNER_DONE);
    offset_s = -7;
    assert_clock_refused(fixture);
    offset_s = -86400;
    assert_clock_refused(fixture);
    offset_s = 0;
    assert_int_equal(ask_now(fixture).outcome, VOUCH_SIGNER_DONE);
    finish(fixture);
}

static void refuses_after_the_clock_was_set_forward(void **state) {
    struct fixture *fixture = *state;
    offset_s = 58;
    assert_int_equal(ask_now(fixture).outcome, VOUCH_SIGNER_DONE);
    offset_s = 62;
    assert_clock_refused(fixture);
    offset_s = 10 * 365 * 86400;
    assert_clock_refused(fixture);
    offset_s = 58;
    assert_int_equal(ask_now(fixture).outcome, VOUCH_SIGNER_DONE);
    finish(fixture);
}

static void records_events_while_the_clock_is_wrong(void **state) {
    struct fixture *fixture = *state;
    const struct vouch_signer_event event = fixture_event();
    const struct vouch_signer_krl krl = fixture_krl(1);
    struct vouch_signer_noted first = {0}, second = {0};
    struct vouch_signer_published published = {0};
    assert_int_equal(vouch_signer_note(signer, &event, 0, &first, NULL), VOUCH_OK);
    offset_s = -3600;
    assert_int_equal(vouch_signer_note(signer, &event, 0, &second, NULL), VOUCH_OK);
    assert_int_equal(second.outcome, VOUCH_SIGNER_DONE);
    assert_true(second.time_ms == first.time_ms); // never before the record in front of it
    assert_int_equal(vouch_signer_publish(signer, &krl, 0, &published, NULL), VOUCH_OK);
    assert_int_equal(published.outcome, VOUCH_SIGNER_DONE);
    finish(fixture); // and so is the stop
}

static void does_not_open_with_a_clock_behind_the_ledger(void **state) {
    struct fixture *fixture = *state;
    assert_int_equal(ask_now(fixture).outcome, VOUCH_SIGNER_DONE);
    finish(fixture);
    offset_s = -3600;
    fixture_open_fails(fixture, "V-1306");
    offset_s = 0;
    fixture_open(fixture);
    fixture_stop(fixture);
    assert_proven(fixture);
}

static void opens_with_a_clock_that_was_set_while_it_was_stopped(void **state) {
    struct fixture *fixture = *state;
    finish(fixture);
    offset_s = 40 * 86400;
    fixture_open(fixture);
    assert_int_equal(vouch_signer_attach(fixture->engine, &signer, NULL), VOUCH_OK);
    assert_int_equal(ask_now(fixture).outcome, VOUCH_SIGNER_DONE);
    finish(fixture);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(signs_while_the_clock_trembles),
        TEST(refuses_while_the_clock_is_behind_the_last_record),
        TEST(refuses_after_the_clock_was_set_forward),
        TEST(records_events_while_the_clock_is_wrong),
        TEST(does_not_open_with_a_clock_behind_the_ledger),
        TEST(opens_with_a_clock_that_was_set_while_it_was_stopped),
    };
    return cmocka_run_group_tests_name("signer/clock", tests, NULL, NULL);
}
