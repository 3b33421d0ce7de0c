// SPDX-License-Identifier: ISC
// The failure sweep: the n-th write, sync, rename, cut or allocation fails, for every n. Nothing is
// reported as appended that is not there afterwards, and a ledger that failed once does nothing more.
//
// The linker puts the functions below in the place of the system's (--wrap), in this program only.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "ledger/test-fixture.h"

enum call { CALL_WRITE, CALL_SHORT_WRITE, CALL_SYNC, CALL_RENAME, CALL_MEMORY, CALLS };

static long left[CALLS]; // calls until one fails; 0: none does
static long seen[CALLS]; // calls so far

static int fails(enum call call) {
    seen[call]++;
    return left[call] != 0 && seen[call] >= left[call];
}

static void arm(enum call call, long nth) {
    memset(left, 0, sizeof left);
    memset(seen, 0, sizeof seen);
    left[call] = nth;
}

static void disarm(void) {
    memset(left, 0, sizeof left);
}

ssize_t __real_pwrite64(int fd, const void *content, size_t len, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *content, size_t len, off_t offset);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
void *__real_malloc(size_t len);
void *__wrap_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__real_realloc(void *old, size_t len);
void *__wrap_realloc(void *old, size_t len);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

ssize_t __wrap_pwrite64(int fd, const void *content, size_t len, off_t offset) {
    if (fails(CALL_SHORT_WRITE)) {
        // The disk takes a part and then is full.
        if (seen[CALL_SHORT_WRITE] == left[CALL_SHORT_WRITE] && len > 1) {
            return __real_pwrite64(fd, content, len / 2, offset);
        }
        errno = ENOSPC;
        return -1;
    }
    if (fails(CALL_WRITE)) {
        errno = EIO;
        return -1;
    }
    return __real_pwrite64(fd, content, len, offset);
}

int __wrap_fdatasync(int fd) {
    if (fails(CALL_SYNC)) {
        errno = EIO;
        return -1;
    }
    return __real_fdatasync(fd);
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to) {
    if (fails(CALL_RENAME)) {
        errno = EROFS;
        return -1;
    }
    return __real_renameat(from_fd, from, to_fd, to);
}

void *__wrap_malloc(size_t len) {
    return fails(CALL_MEMORY) ? NULL : __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len) {
    return fails(CALL_MEMORY) ? NULL : __real_calloc(count, len);
}

void *__wrap_realloc(void *old, size_t len) {
    return fails(CALL_MEMORY) ? NULL : __real_realloc(old, len);
}

char *__wrap_strdup(const char *text) {
    return fails(CALL_MEMORY) ? NULL : __real_strdup(text);
}

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

static void sweep(struct fixture *fixture, enum call call) {
    struct load load;
    char copy[128];
    long nth = 0;
    (void)snprintf(copy, sizeof copy, "%s/copy", fixture->root);
    prepare(fixture, &load);
    copy_folder(fixture->dir, copy);
    do {
        nth++;
        arm(call, nth);
        size_t acknowledged = run(fixture, &load);
        disarm();
        assert_true(acknowledged == BATCHES || seen[call] >= nth);
        assert_whole(fixture, acknowledged);
        copy_folder(copy, fixture->dir);
    } while (seen[call] >= nth);
    // The last run had no failure at all, and some before it had.
    assert_true(nth > 1);
    for (size_t i = 0; i < BATCHES; i++) {
        vouch_buf_done(&load.certs[i]);
    }
}

static void loses_nothing_when_the_nth_write_fails(void **state) {
    sweep(*state, CALL_WRITE);
}

static void loses_nothing_when_the_nth_write_is_short_and_the_disk_full(void **state) {
    sweep(*state, CALL_SHORT_WRITE);
}

static void loses_nothing_when_the_nth_sync_fails(void **state) {
    sweep(*state, CALL_SYNC);
}

static void loses_nothing_when_the_nth_rename_fails(void **state) {
    sweep(*state, CALL_RENAME);
}

static void loses_nothing_when_the_nth_allocation_fails(void **state) {
    sweep(*state, CALL_MEMORY);
}

static void stops_for_good_after_a_failed_write_or_sync(void **state) {
    struct fixture *fixture = *state;
    static const enum call calls[] = {CALL_WRITE, CALL_SHORT_WRITE, CALL_SYNC};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct vouch_fault fault = {0};
        struct vouch_ledger *ledger = fixture_open(fixture);
        struct vouch_record record = fixture_event(fixture, "first");
        uint64_t size = vouch_ledger_size(ledger);
        arm(calls[i], 1);
        assert_int_equal(vouch_ledger_append(ledger, &record, 1, &fault), VOUCH_ERR_IO);
        assert_ptr_equal(fault.kind, &vouch_fault_ledger_io);
        disarm();
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
    arm(CALL_SYNC, 0);
    assert_int_equal(vouch_ledger_append(ledger, records, 200, &fault), VOUCH_OK);
    assert_int_equal(seen[CALL_SYNC], 1);
    fixture_checkpoint(fixture, ledger);
    assert_int_equal(seen[CALL_SYNC], 2);
    vouch_ledger_close(ledger);
    assert_int_equal(seen[CALL_SYNC], 2);
}

static void syncs_what_a_dead_process_left_before_a_checkpoint_covers_it(void **state) {
    struct fixture *fixture = *state;
    struct vouch_ledger *ledger = fixture_open(fixture);
    fixture_issue(fixture, ledger, 3);
    vouch_ledger_close(ledger);
    arm(CALL_SYNC, 0);
    ledger = fixture_open(fixture);
    assert_int_equal(seen[CALL_SYNC], 1);
    assert_true(seen[CALL_WRITE] > 0);
    fixture_checkpoint(fixture, ledger);
    vouch_ledger_close(ledger);
    arm(CALL_SYNC, 0);
    vouch_ledger_close(fixture_open(fixture));
    assert_int_equal(seen[CALL_SYNC], 0);
    assert_int_equal(seen[CALL_WRITE], 0);
}

static void leaves_nothing_when_making_fails_at_the_nth_step(void **state) {
    struct fixture *fixture = *state;
    for (int call = CALL_WRITE; call < CALLS; call++) {
        struct vouch_ledger_new what = {.dir = fixture->dir,
                                        .origin = FIXTURE_ORIGIN,
                                        .checkpoint_key = fixture->checkpoint_key};
        struct vouch_fault fault = {0};
        int err = VOUCH_ERR_IO;
        for (long nth = 1; err != VOUCH_OK; nth++) {
            arm((enum call)call, nth);
            err = vouch_ledger_create(&what, &fault);
            disarm();
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
    for (long nth = 1; err != VOUCH_OK || seen[CALL_MEMORY] >= nth - 1; nth++) {
        struct vouch_ledger_report report = {0};
        struct vouch_fault fault = {0};
        arm(CALL_MEMORY, nth);
        err = vouch_ledger_verify(&what, &report, &fault);
        disarm();
        if (seen[CALL_MEMORY] >= nth) {
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
