// SPDX-License-Identifier: ISC
// Several processes at one ledger: one appends at a time, others read and verify meanwhile.
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/test-fixture.h"

static void lets_only_one_process_in(void **state) {
    struct fixture *fixture = *state;
    struct vouch_fault fault = {0};
    struct vouch_ledger *second = NULL;
    struct vouch_ledger *first = fixture_open(fixture);
    struct vouch_ledger_open what = {.dir = fixture->dir, .wait_ms = 20};
    assert_int_equal(vouch_ledger_open(&what, &second, &fault), VOUCH_ERR_TIMEOUT);
    assert_ptr_equal(fault.kind, &vouch_fault_ledger_busy);
    vouch_ledger_close(first);
    assert_int_equal(vouch_ledger_open(&what, &second, &fault), VOUCH_OK);
    vouch_ledger_close(second);
}

#define WRITERS 4
#define ROUNDS 25

static void keeps_one_sequence_with_many_writers(void **state) {
    struct fixture *fixture = *state;
    pid_t children[WRITERS];
    for (size_t i = 0; i < WRITERS; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            for (int round = 0; round < ROUNDS; round++) {
                fixture_grow(fixture, 3);
            }
            _exit(0);
        }
    }
    for (size_t i = 0; i < WRITERS; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    struct vouch_ledger *ledger = fixture_open(fixture);
    assert_int_equal(vouch_ledger_size(ledger), 3 + WRITERS * ROUNDS * 3);
    assert_int_equal(vouch_ledger_last_serial(ledger), WRITERS * ROUNDS * 3);
    vouch_ledger_close(ledger);
    assert_proven(fixture);
}

static void reads_while_another_process_appends(void **state) {
    struct fixture *fixture = *state;
    struct vouch_ledger_reader *reader = NULL;
    struct vouch_fault fault = {0};
    uint64_t count = 0;
    int status = 0;
    assert_int_equal(vouch_ledger_reader_open(fixture->dir, 0, &reader, &fault), VOUCH_OK);
    pid_t child = fork();
    if (child == 0) {
        struct vouch_ledger *ledger = fixture_open(fixture);
        for (int i = 0; i < 60; i++) {
            fixture_issue(fixture, ledger, 40);
        }
        fixture_checkpoint(fixture, ledger);
        vouch_ledger_close(ledger);
        _exit(0);
    }
    while (waitpid(child, &status, WNOHANG) == 0) {
        count += read_all(reader, count);
    }
    assert_int_equal(status, 0);
    count += read_all(reader, count);
    assert_int_equal(count, 3 + 60 * 40);
    vouch_ledger_reader_close(reader);
}

static void proves_a_ledger_that_grows_meanwhile(void **state) {
    struct fixture *fixture = *state;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 40; i++) {
            struct vouch_ledger *ledger = fixture_open(fixture);
            fixture_issue(fixture, ledger, 20);
            usleep(2000);
            fixture_checkpoint(fixture, ledger);
            vouch_ledger_close(ledger);
        }
        _exit(0);
    }
    for (unsigned rounds = 0; waitpid(child, &status, WNOHANG) == 0 || rounds == 0; rounds++) {
        struct vouch_ledger_report report = {0};
        fixture_verify_with(
            fixture, (struct vouch_ledger_verify){.settle_ms = VOUCH_LEDGER_SETTLE_MS}, &report);
        for (size_t i = 0; i < report.findings.count; i++) {
            print_message("# %s: %s\n", report.findings.rows[i].where,
                          report.findings.rows[i].what);
        }
        assert_int_equal(report.verdict, VOUCH_LEDGER_PROVEN);
        vouch_ledger_report_done(&report);
    }
    assert_int_equal(status, 0);
    assert_proven(fixture);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(lets_only_one_process_in),
        WITH(keeps_one_sequence_with_many_writers),
        WITH(reads_while_another_process_appends),
        WITH(proves_a_ledger_that_grows_meanwhile),
    };
    return cmocka_run_group_tests_name("ledger/concurrent", tests, NULL, NULL);
}
