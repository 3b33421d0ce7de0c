// SPDX-License-Identifier: ISC
// The failure sweep: the n-th write, sync, cut or read of the database fails, for every n; and the n-th
// call of the driver. Whatever was said to be done is there afterwards, nothing is half there, and
// each failure has a name. Gauntlet: S2.
//
// The functions below stand in the place of the system's, for the library too, in this program only.
#include <errno.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include "store/test-fixture.h"

enum call { CALL_NONE, CALL_WRITE, CALL_FULL, CALL_SYNC, CALL_CUT, CALL_READ, CALLS };

static enum call armed;
static long left; // calls until they fail; all after that one fail too
static long seen;

static int fails(enum call call) {
    if (armed != call) {
        return 0;
    }
    seen++;
    return seen >= left;
}

static void arm(enum call call, long nth) {
    armed = call;
    left = nth;
    seen = 0;
}

// Under names of their own here, since the system's headers declare the others.
#define IN_PLACE_OF(name) __asm__(name) __attribute__((visibility("default")))
ssize_t write_at(int fd, const void *content, size_t len, off64_t offset) IN_PLACE_OF("pwrite64");
ssize_t read_at(int fd, void *out, size_t len, off64_t offset) IN_PLACE_OF("pread64");
int sync_data(int fd) IN_PLACE_OF("fdatasync");
int sync_file(int fd) IN_PLACE_OF("fsync");
int cut_file(int fd, off64_t len) IN_PLACE_OF("ftruncate64");

static int refuse(int number) {
    errno = number;
    return -1;
}

ssize_t write_at(int fd, const void *content, size_t len, off64_t offset) {
    if (fails(CALL_WRITE)) {
        return refuse(EIO);
    }
    return fails(CALL_FULL) ? refuse(ENOSPC) : syscall(SYS_pwrite64, fd, content, len, offset);
}

ssize_t read_at(int fd, void *out, size_t len, off64_t offset) {
    return fails(CALL_READ) ? refuse(EIO) : syscall(SYS_pread64, fd, out, len, offset);
}

int sync_data(int fd) {
    return fails(CALL_SYNC) ? refuse(EIO) : (int)syscall(SYS_fdatasync, fd);
}

int sync_file(int fd) {
    return fails(CALL_SYNC) ? refuse(EIO) : (int)syscall(SYS_fsync, fd);
}

int cut_file(int fd, off64_t len) {
    return fails(CALL_CUT) ? refuse(EIO) : (int)syscall(SYS_ftruncate, fd, len);
}

// --- what is done while calls fail

// How far it came before a failure.
struct outcome {
    uint64_t position; // what was said to be done
    int err;
    struct vouch_fault why;
};

static void work(struct vouch_store *store, struct test_records *records, struct outcome *outcome) {
    enum vouch_store_outcome epoch = VOUCH_STORE_ABSENT;
    while (outcome->err == VOUCH_OK && outcome->position < 2400) {
        test_records_fill(records, outcome->position, 300);
        outcome->err = vouch_store_write_batch(store, &records->batch, &outcome->why);
        outcome->position += outcome->err == VOUCH_OK ? 300 : 0;
    }
    if (outcome->err == VOUCH_OK) {
        outcome->err = vouch_store_epoch_set(store, 4, &epoch, &outcome->why);
    }
}

static struct outcome open_and_work(const struct vouch_driver *driver) {
    struct outcome outcome = {0};
    struct test_records *records = calloc(1, sizeof *records);
    struct vouch_store *store = NULL;
    const struct vouch_store_open what = {
        .driver = driver, .where = test_at.where, .access = VOUCH_STORE_WRITE, .wait_ms = 100};
    assert_non_null(records);
    outcome.err = vouch_store_open(&what, &store, &outcome.why);
    if (outcome.err == VOUCH_OK) {
        work(store, records, &outcome);
    }
    vouch_store_close(store);
    free(records);
    return outcome;
}

static void check_rest(const struct outcome *outcome) {
    const struct vouch_store_cert_filter all = {0};
    struct vouch_store *store = test_open(&test_at, VOUCH_STORE_WRITE);
    uint64_t position = test_position(store);
    assert_true(position >= outcome->position && position % 300 == 0);
    assert_int_equal(test_count(store, &all, 1000), position - (position + 15) / 16);
    test_ok(vouch_store_check(store, &fault));
    test_index(store, 0, 2400, 300); // and it can go on
    assert_int_equal(test_position(store), 2400);
    vouch_store_close(store);
}

// Lets the n-th call fail, for every n until none is reached.
static void sweep(enum call call) {
    long step = getenv("VOUCH_LONG") != NULL ? 1 : 0;
    long failures = 0;
    int is_reached = 1;
    for (long nth = 1; is_reached; nth += step != 0 ? step : 1 + nth / 4) {
        test_place_begin(&test_at, &vouch_driver_sqlite);
        arm(call, nth);
        struct outcome outcome = open_and_work(&vouch_driver_sqlite);
        arm(CALL_NONE, 0);
        is_reached = seen >= nth;
        if (outcome.err != VOUCH_OK) {
            assert_true(outcome.why.kind == &vouch_fault_store_io ||
                        outcome.why.kind == &vouch_fault_store_bad ||
                        outcome.why.kind == &vouch_fault_store_busy);
            assert_non_null(strstr(outcome.why.text, test_at.where));
            failures++;
        }
        check_rest(&outcome);
        test_place_end(&test_at);
    }
    assert_true(failures > 0);
}

static void survives_each_failing_write(void **state) {
    (void)state;
    sweep(CALL_WRITE);
}

static void survives_a_full_disk_at_each_write(void **state) {
    (void)state;
    sweep(CALL_FULL);
}

static void survives_each_failing_sync(void **state) {
    (void)state;
    sweep(CALL_SYNC);
}

static void survives_each_failing_read(void **state) {
    (void)state;
    sweep(CALL_READ);
}

static void survives_a_file_that_cannot_be_cut(void **state) {
    (void)state;
    // The index of the WAL is made by it, so nothing works without.
    sweep(CALL_CUT);
}

// --- the n-th call of the driver fails

static long calls_left;

static int driver_fails(struct vouch_fault *fault) {
    return --calls_left == 0 ? vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_store_io,
                                               "database %s: injected", test_at.where)
                             : VOUCH_OK;
}

static int failing_begin(struct vouch_driver_db *db, enum vouch_driver_durability durability,
                         struct vouch_fault *fault) {
    int err = driver_fails(fault);
    return err != VOUCH_OK ? err : vouch_driver_sqlite.begin(db, durability, fault);
}

static int failing_commit(struct vouch_driver_db *db, struct vouch_fault *fault) {
    int err = driver_fails(fault);
    return err != VOUCH_OK ? err : vouch_driver_sqlite.commit(db, fault);
}

static int failing_run(struct vouch_driver_db *db, enum vouch_statement statement,
                       const struct vouch_value *args, uint64_t *ret_changed,
                       struct vouch_fault *fault) {
    int err = driver_fails(fault);
    return err != VOUCH_OK ? err : vouch_driver_sqlite.run(db, statement, args, ret_changed, fault);
}

static int failing_query(struct vouch_driver_db *db, enum vouch_statement statement,
                         const struct vouch_value *args, struct vouch_fault *fault) {
    int err = driver_fails(fault);
    return err != VOUCH_OK ? err : vouch_driver_sqlite.query(db, statement, args, fault);
}

static int failing_next(struct vouch_driver_db *db, enum vouch_statement statement, int *ret_found,
                        struct vouch_value *ret_row, struct vouch_fault *fault) {
    int err = driver_fails(fault);
    return err != VOUCH_OK ? err
                           : vouch_driver_sqlite.next(db, statement, ret_found, ret_row, fault);
}

static void survives_each_failing_call_of_the_driver(void **state) {
    (void)state;
    struct vouch_driver failing = vouch_driver_sqlite;
    long step = getenv("VOUCH_LONG") != NULL ? 17 : 0;
    int is_reached = 1;
    failing.begin = failing_begin;
    failing.commit = failing_commit;
    failing.run = failing_run;
    failing.query = failing_query;
    failing.next = failing_next;
    for (long nth = 1; is_reached; nth += step != 0 ? step : 1 + nth / 4) {
        test_place_begin(&test_at, &vouch_driver_sqlite);
        calls_left = nth;
        struct outcome outcome = open_and_work(&failing);
        is_reached = calls_left <= 0;
        assert_int_equal(outcome.err, is_reached ? VOUCH_ERR_IO : VOUCH_OK);
        check_rest(&outcome);
        test_place_end(&test_at);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_each_failing_write),
        cmocka_unit_test(survives_a_full_disk_at_each_write),
        cmocka_unit_test(survives_each_failing_sync),
        cmocka_unit_test(survives_each_failing_read),
        cmocka_unit_test(survives_a_file_that_cannot_be_cut),
        cmocka_unit_test(survives_each_failing_call_of_the_driver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
