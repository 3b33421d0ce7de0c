// SPDX-License-Identifier: ISC
// The failure sweep: the n-th write, sync, rename, cut or allocation fails, for every n. Nothing is
// reported as appended that is not there afterwards, and a ledger that failed once does nothing more.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/test-failing.h"
#include "ledger/test-fixture.h"

#define BATCHES 3

// Made before anything fails.
struct load {
    struct vouch_buf certs[BATCHES];
};

static void prepare(const struct fixture *fixture, struct load *load) {
    for (size_t i = 0; i < BATCHES; i++) {
        char key_id[32];
        (void)snprintf(key_id, sizeof key_id, "user-%zu", i + 1);
        fixture_cert(fixture, VOUCH_CERT_USER, i + 1, key_id, &load->certs[i]);
    }
}

// Opens, appends, signs checkpoints in between, closes. Returns how many appends were acknowledged; a
// failure is final for this ledger.
static size_t run(struct fixture *fixture, const struct load *load) {
    struct vouch_ledger_open what = {.dir = fixture->dir};
    struct vouch_ledger *ledger = NULL;
    struct vouch_fault fault = {0};
    size_t acknowledged = 0;
    int failed = vouch_ledger_open(&what, &ledger, &fault) != VOUCH_OK;
    if (failed) {
        assert_null(ledger);
        assert_non_null(fault.kind);
        assert_ptr_not_equal(fault.kind, &vouch_fault_ledger_bad); // it is not: the machine fails
        return 0;
    }
    for (size_t i = 0; i < BATCHES && !failed; i++) {
        struct vouch_record record = fixture_record(fixture, vouch_buf_bytes(&load->certs[i]));
        failed = vouch_ledger_append(ledger, &record, 1, &fault) != VOUCH_OK;
        acknowledged += !failed;
        if (!failed && i != 1) {
            failed = vouch_ledger_checkpoint(ledger, fixture->checkpoint_key, &fault) != VOUCH_OK;
        }
    }
    vouch_ledger_close(ledger);
    return acknowledged;
}

// What run() left must hold all that was acknowledged, and go on.
static void assert_whole(struct fixture *fixture, size_t acknowledged) {
    struct vouch_ledger *ledger = fixture_open(fixture);
    assert_true(vouch_ledger_last_serial(ledger) >= acknowledged);
    fixture_checkpoint(fixture, ledger);
    vouch_ledger_close(ledger);
    assert_proven(fixture);
}

static void sweep(struct fixture *fixture, enum failing_call call) {
    struct load load;
    char copy[128];
    long nth = 0;
    (void)snprintf(copy, sizeof copy, "%s/copy", fixture->root);
    prepare(fixture, &load);
    copy_folder(fixture->dir, copy);
    do {
        nth++;
        failing_arm(call, nth);
        size_t acknowledged = run(fixture, &load);
        failing_disarm();
        assert_true(acknowledged == BATCHES || failing_seen(call) >= nth);
        assert_whole(fixture, acknowledged);
        copy_folder(copy, fixture->dir);
    } while (failing_seen(call) >= nth);
    // The last run had no failure at all, and some before it had.
    assert_true(nth > 1);
    for (size_t i = 0; i < BATCHES; i++) {
        vouch_buf_done(&load.certs[i]);
    }
}

static void loses_nothing_when_the_nth_write_fails(void **state) {
    sweep(*state, FAIL_WRITE);
}

static void loses_nothing_when_the_nth_write_is_short_and_the_disk_full(void **state) {
    sweep(*state, FAIL_SHORT_WRITE);
}

static void loses_nothing_when_the_nth_sync_fails(void **state) {
    sweep(*state, FAIL_SYNC);
}

static void loses_nothing_when_the_nth_rename_fails(void **state) {
    sweep(*state, FAIL_RENAME);
}

static void loses_nothing_when_the_nth_allocation_fails(void **state) {
    sweep(*state, FAIL_MEMORY);
}

static void stops_for_good_after_a_failed_write_or_sync(void **state) {
    struct fixture *fixture = *state;
    static const enum failing_call calls[] = {FAIL_WRITE, FAIL_SHORT_WRITE, FAIL_SYNC};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct vouch_fault fault = {0};
        struct vouch_ledger *ledger = fixture_open(fixture);
        struct vouch_record record = fixture_event(fixture, "first");
        uint64_t size = vouch_ledger_size(ledger);
        failing_arm(calls[i], 1);
        assert_int_equal(vouch_ledger_append(ledger, &record, 1, &fault), VOUCH_ERR_IO);
        assert_ptr_equal(fault.kind, &vouch_fault_ledger_io);
        failing_disarm();
        assert_int_equal(vouch_ledger_size(ledger), size);
        assert_int_equal(vouch_ledger_append(ledger, &record, 1, &fault), VOUCH_ERR_IO);
        assert_int_equal(vouch_ledger_checkpoint(ledger, fixture->checkpoint_key, &fault),
                         VOUCH_ERR_IO);
        vouch_ledger_close(ledger);
        assert_whole(fixture, 0);
    }
}

static void syncs_once_for_each_batch(void **state) {
    struct fixture *fixture = *state;
    struct vouch_fault fault = {0};
    struct vouch_ledger *ledger = fixture_open(fixture);
    struct vouch_record records[200];
    for (size_t i = 0; i < 200; i++) {
        records[i] = fixture_event(fixture, "a");
    }
    failing_arm(FAIL_SYNC, 0);
    assert_int_equal(vouch_ledger_append(ledger, records, 200, &fault), VOUCH_OK);
    assert_int_equal(failing_seen(FAIL_SYNC), 1);
    fixture_checkpoint(fixture, ledger);
    assert_int_equal(failing_seen(FAIL_SYNC), 2);
    vouch_ledger_close(ledger);
    assert_int_equal(failing_seen(FAIL_SYNC), 2);
}

static void syncs_what_a_dead_process_left_before_a_checkpoint_covers_it(void **state) {
    struct fixture *fixture = *state;
    struct vouch_ledger *ledger = fixture_open(fixture);
    fixture_issue(fixture, ledger, 3);
    vouch_ledger_close(ledger);
    failing_arm(FAIL_SYNC, 0);
    ledger = fixture_open(fixture);
    assert_int_equal(failing_seen(FAIL_SYNC), 1);
    assert_true(failing_seen(FAIL_WRITE) > 0);
    fixture_checkpoint(fixture, ledger);
    vouch_ledger_close(ledger);
    failing_arm(FAIL_SYNC, 0);
    vouch_ledger_close(fixture_open(fixture));
    assert_int_equal(failing_seen(FAIL_SYNC), 0);
    assert_int_equal(failing_seen(FAIL_WRITE), 0);
}

static void leaves_nothing_when_making_fails_at_the_nth_step(void **state) {
    struct fixture *fixture = *state;
    for (int call = FAIL_WRITE; call < FAIL_CALLS; call++) {
        struct vouch_ledger_new what = {.dir = fixture->dir,
                                        .origin = FIXTURE_ORIGIN,
                                        .checkpoint_key = fixture->checkpoint_key};
        struct vouch_fault fault = {0};
        int err = VOUCH_ERR_IO;
        for (long nth = 1; err != VOUCH_OK; nth++) {
            failing_arm((enum failing_call)call, nth);
            err = vouch_ledger_create(&what, &fault);
            failing_disarm();
            assert_int_equal(access(fixture->dir, F_OK), err == VOUCH_OK ? 0 : -1);
        }
        assert_proven(fixture);
        char away[128];
        (void)snprintf(away, sizeof away, "%s/made-%d", fixture->root, call);
        assert_int_equal(rename(fixture->dir, away), 0);
    }
}

static void never_says_proven_when_the_nth_allocation_fails(void **state) {
    struct fixture *fixture = *state;
    struct vouch_ledger_verify what = {.dir = fixture->dir, .threads = 1};
    int err = VOUCH_ERR_NO_MEMORY;
    fixture_grow(fixture, 3);
    for (long nth = 1; err != VOUCH_OK || failing_seen(FAIL_MEMORY) >= nth - 1; nth++) {
        struct vouch_ledger_report report = {0};
        struct vouch_fault fault = {0};
        failing_arm(FAIL_MEMORY, nth);
        err = vouch_ledger_verify(&what, &report, &fault);
        failing_disarm();
        if (failing_seen(FAIL_MEMORY) >= nth) {
            // A failure, and not a "no" with findings.
            assert_int_equal(err, VOUCH_ERR_NO_MEMORY);
            assert_int_equal(report.verdict, VOUCH_LEDGER_NOT_PROVEN);
        } else {
            assert_int_equal(report.verdict, VOUCH_LEDGER_PROVEN);
        }
        vouch_ledger_report_done(&report);
    }
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(loses_nothing_when_the_nth_write_fails),
        WITH(loses_nothing_when_the_nth_write_is_short_and_the_disk_full),
        WITH(loses_nothing_when_the_nth_sync_fails),
        WITH(loses_nothing_when_the_nth_rename_fails),
        WITH(loses_nothing_when_the_nth_allocation_fails),
        WITH(stops_for_good_after_a_failed_write_or_sync),
        WITH(syncs_once_for_each_batch),
        WITH(syncs_what_a_dead_process_left_before_a_checkpoint_covers_it),
        cmocka_unit_test_setup_teardown(leaves_nothing_when_making_fails_at_the_nth_step,
                                        fixture_begin_bare, fixture_end),
        WITH(never_says_proven_when_the_nth_allocation_fails),
    };
    return cmocka_run_group_tests_name("ledger/failure", tests, NULL, NULL);
}
