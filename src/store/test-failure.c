// SPDX-License-Identifier: ISC
// The failure sweep: the n-th write, sync, cut or read of the database fails, for every n; and the n-th
// call of the driver. Whatever was said to be done is there afterwards, nothing is half there, and
// each failure has a name. Gauntlet: S2.
//
// The functions below stand in the place of the system's, for the library too, in this program only.
#include <errno.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include "store/host-reports.h"
#include "store/links.h"
#include "store/logins.h"
#include "store/policies.h"
#include "store/requests.h"
#include "store/reviews.h"
#include "store/sessions.h"
#include "store/test-fixture.h"
#include "store/tries.h"

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

// What is done with a new database, and what must hold of it afterwards.
struct task {
    void (*work)(struct vouch_store *store, struct outcome *outcome);
    void (*check)(const struct outcome *outcome);
};

static void index_records(struct vouch_store *store, struct outcome *outcome) {
    struct test_records *records = calloc(1, sizeof *records);
    enum vouch_store_outcome epoch = VOUCH_STORE_ABSENT;
    assert_non_null(records);
    while (outcome->err == VOUCH_OK && outcome->position < 2400) {
        test_records_fill(records, outcome->position, 300);
        outcome->err = vouch_store_write_batch(store, &records->batch, &outcome->why);
        outcome->position += outcome->err == VOUCH_OK ? 300 : 0;
    }
    if (outcome->err == VOUCH_OK) {
        outcome->err = vouch_store_epoch_set(store, 4, &epoch, &outcome->why);
    }
    free(records);
}

static struct outcome open_and_work(const struct vouch_driver *driver, const struct task *task) {
    struct outcome outcome = {0};
    struct vouch_store *store = NULL;
    const struct vouch_store_open what = {
        .driver = driver, .where = test_at.where, .access = VOUCH_STORE_WRITE, .wait_ms = 100};
    outcome.err = vouch_store_open(&what, &store, &outcome.why);
    if (outcome.err == VOUCH_OK) {
        task->work(store, &outcome);
    }
    vouch_store_close(store);
    return outcome;
}

static void check_records(const struct outcome *outcome) {
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

static const struct task indexing = {index_records, check_records};

// --- people: each step is kept as a whole or not at all, and those before it stay

#define NOW_S (TEST_TIME_MS / 1000)

static struct vouch_bytes text(const char *words) {
    return vouch_bytes_of(words);
}

static const uint8_t secret[VOUCH_STORE_HASH_LEN] = {7};
static const struct vouch_store_tries_key tried = {.who = {(const uint8_t *)"alice", 5}};

static int add_accounts(struct vouch_store *store, enum vouch_store_outcome *done,
                        struct vouch_fault *fault) {
    int err = vouch_store_account_add(store, text("alice"), NOW_S, done, fault);
    return err == VOUCH_OK ? vouch_store_account_add(store, text("bob"), NOW_S, done, fault) : err;
}

static int put_link(struct vouch_store *store, enum vouch_store_outcome *done,
                    struct vouch_fault *fault) {
    const struct vouch_store_link link = {
        .account = 1, .actor = text("user:root"), .expires_s = NOW_S + 60};
    int err = vouch_store_link_put(store, &link, secret, done, fault);
    return err == VOUCH_OK ? vouch_store_tries_put(store, &tried, text("one"), 0, fault) : err;
}

static int begin_link(struct vouch_store *store, enum vouch_store_outcome *done,
                      struct vouch_fault *fault) {
    return vouch_store_link_begin(store, secret, text("hash"), text("sealed"), done, fault);
}

// As an account is set up, and signed in to.
static int finish_link(struct vouch_store *store, enum vouch_store_outcome *done,
                       struct vouch_fault *fault) {
    const struct vouch_store_credential kept = {.stored = text("kept"), .left = 10};
    const struct vouch_store_session session = {.account = 1,
                                                .methods = text("password+totp"),
                                                .created_s = NOW_S,
                                                .used_s = NOW_S,
                                                .factor_s = NOW_S,
                                                .idle_s = 600,
                                                .ends_s = NOW_S + 6000};
    uint64_t id = 0;
    int err = vouch_store_link_take(store, secret, text("sealed"), done, fault);
    for (enum vouch_store_method method = VOUCH_STORE_PASSWORD;
         err == VOUCH_OK && method < VOUCH_STORE_METHODS; method++) {
        err = vouch_store_credential_put(store, 1, method, &kept, done, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_store_session_add(store, &session, secret, done, &id, fault);
    }
    return err == VOUCH_OK ? vouch_store_tries_forget(store, text("alice"), fault) : err;
}

static int remove_account(struct vouch_store *store, enum vouch_store_outcome *done,
                          struct vouch_fault *fault) {
    return vouch_store_account_remove(store, 1, done, fault);
}

typedef int step_fn(struct vouch_store *store, enum vouch_store_outcome *done,
                    struct vouch_fault *fault);
static step_fn *const steps[] = {add_accounts, put_link, begin_link, finish_link, remove_account};
#define STEPS (sizeof steps / sizeof steps[0])

static void keep_people(struct vouch_store *store, struct outcome *outcome) {
    while (outcome->err == VOUCH_OK && outcome->position < STEPS) {
        enum vouch_store_outcome done = VOUCH_STORE_ABSENT;
        outcome->err = vouch_store_work_begin(store, VOUCH_STORE_DURABLY, &outcome->why);
        if (outcome->err == VOUCH_OK) {
            int err = steps[outcome->position](store, &done, &outcome->why);
            assert_true(err != VOUCH_OK || done == VOUCH_STORE_DONE);
            outcome->err = vouch_store_work_end(store, err, done, &outcome->why);
        }
        outcome->position += outcome->err == VOUCH_OK ? 1 : 0;
    }
}

// What a database looks like after so many steps.
struct look {
    uint64_t bob, alice, link, begun, tries, credentials, sessions;
};
static const struct look looks[STEPS + 1] = {
    {0},
    {.bob = 1, .alice = 1},
    {.bob = 1, .alice = 1, .link = 1, .tries = 1},
    {.bob = 1, .alice = 1, .link = 1, .begun = 1, .tries = 1},
    {.bob = 1, .alice = 1, .credentials = 3, .sessions = 1},
    {.bob = 1},
};

static uint64_t has_account(struct vouch_store *store, const char *name,
                            struct vouch_store_account *account) {
    vouch_autoarena struct vouch_arena arena = {0};
    enum vouch_store_outcome found = VOUCH_STORE_ABSENT;
    test_ok(vouch_store_account_find(store, text(name), &arena, &found, account, &fault));
    account->name = (struct vouch_bytes){0};
    return found == VOUCH_STORE_DONE;
}

static struct look look_at(struct vouch_store *store) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_account alice = {0}, bob = {0};
    struct vouch_store_link link = {0};
    struct vouch_store_session session = {0};
    struct vouch_bytes state = {0};
    enum vouch_store_outcome found = VOUCH_STORE_ABSENT;
    struct look look = {.bob = has_account(store, "bob", &bob),
                        .alice = has_account(store, "alice", &alice)};
    test_ok(vouch_store_link_find(store, secret, &arena, &found, &link, &fault));
    look.link = found == VOUCH_STORE_DONE;
    look.begun = link.password.len > 0 && link.totp.len > 0;
    assert_int_equal(link.password.len > 0, link.totp.len > 0);
    test_ok(vouch_store_tries_get(store, &tried, &arena, &state, &fault));
    look.tries = state.len > 0;
    look.credentials = alice.has_password + alice.has_totp + (alice.recovery_left > 0 ? 1 : 0);
    test_ok(vouch_store_session_by_secret(store, secret, &arena, &found, &session, &fault));
    look.sessions = found == VOUCH_STORE_DONE;
    return look;
}

// A commit that is said to have failed may be found to have come through.
static void check_people(const struct outcome *outcome) {
    struct vouch_store *store = test_open(&test_at, VOUCH_STORE_WRITE);
    const struct look look = look_at(store);
    uint64_t next = outcome->position < STEPS ? outcome->position + 1 : STEPS;
    assert_true(memcmp(&look, &looks[outcome->position], sizeof look) == 0 ||
                memcmp(&look, &looks[next], sizeof look) == 0);
    test_ok(vouch_store_check(store, &fault));
    vouch_store_close(store);
}

static const struct task people = {keep_people, check_people};

// --- policies and requests, which are transactions of their own

static struct vouch_store_request a_request(void) {
    static const struct vouch_bytes names[] = {{(const uint8_t *)"dba", 3}};
    return (struct vouch_store_request){.user = text("alice"),
                                        .zone = text("prod"),
                                        .created_s = NOW_S,
                                        .expires_s = NOW_S + 60,
                                        .roles = {names, 1},
                                        .principals = {names, 1},
                                        .ask = text("ask"),
                                        .approved = text("approved"),
                                        .state = VOUCH_STORE_REQUEST_WAITING,
                                        .missing = 1};
}

static int change_request(struct vouch_store *store, enum vouch_store_request_state state,
                          struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_request request = {0};
    enum vouch_store_outcome done = VOUCH_STORE_ABSENT;
    int err = vouch_store_request_find(store, 1, &arena, &done, &request, fault);
    request.state = state;
    request.missing = 0;
    if (err == VOUCH_OK) {
        assert_int_equal(done, VOUCH_STORE_DONE);
        err = vouch_store_request_change(store, &request, &done, fault);
    }
    assert_true(err != VOUCH_OK || done == VOUCH_STORE_DONE);
    return err;
}

// The policy in two versions, and a request that is made, approved and taken.
static void keep_access(struct vouch_store *store, struct outcome *outcome) {
    const struct vouch_store_request request = a_request();
    enum vouch_store_outcome done = VOUCH_STORE_DONE;
    uint64_t id = 0;
    while (outcome->err == VOUCH_OK && outcome->position < 5) {
        const struct vouch_store_policy policy = {.version = outcome->position + 1,
                                                  .actor = text("user:root"),
                                                  .text = text("users: []")};
        if (outcome->position < 2) {
            outcome->err = vouch_store_policy_add(store, &policy, &done, &outcome->why);
        } else if (outcome->position == 2) {
            outcome->err = vouch_store_request_add(store, &request, &id, &outcome->why);
        } else {
            outcome->err = change_request(store,
                                          outcome->position == 3 ? VOUCH_STORE_REQUEST_APPROVED
                                                                 : VOUCH_STORE_REQUEST_TAKEN,
                                          &outcome->why);
        }
        assert_int_equal(done, VOUCH_STORE_DONE);
        outcome->position += outcome->err == VOUCH_OK ? 1 : 0;
    }
}

static void check_access(const struct outcome *outcome) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store *store = test_open(&test_at, VOUCH_STORE_WRITE);
    struct vouch_store_policy policy = {0};
    struct vouch_store_request request = {0};
    enum vouch_store_outcome found = VOUCH_STORE_ABSENT;
    test_ok(vouch_store_policy_find(store, 0, &arena, &found, &policy, &fault));
    uint64_t reached = policy.version;
    test_ok(vouch_store_request_find(store, 1, &arena, &found, &request, &fault));
    if (found == VOUCH_STORE_DONE) {
        assert_int_equal(request.missing, request.state == VOUCH_STORE_REQUEST_WAITING ? 1 : 0);
        reached += request.state == VOUCH_STORE_REQUEST_WAITING    ? 1
                   : request.state == VOUCH_STORE_REQUEST_APPROVED ? 2
                                                                   : 3;
    }
    assert_true(reached == outcome->position || reached == outcome->position + 1);
    test_ok(vouch_store_check(store, &fault));
    vouch_store_close(store);
}

static const struct task access_by_policy = {keep_access, check_access};

// --- emergencies

static int change_review(struct vouch_store *store, uint64_t uses,
                         enum vouch_store_review_state state, struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_review review = {0};
    enum vouch_store_outcome done = VOUCH_STORE_ABSENT;
    int err = vouch_store_review_find(store, 1, &arena, &done, &review, fault);
    review.uses = uses;
    review.state = state;
    if (err == VOUCH_OK) {
        assert_int_equal(done, VOUCH_STORE_DONE);
        err = vouch_store_review_change(store, &review, &done, fault);
    }
    assert_true(err != VOUCH_OK || done == VOUCH_STORE_DONE);
    return err;
}

// A review that is opened, hears of a login, and is done.
static void keep_review(struct vouch_store *store, struct outcome *outcome) {
    const struct vouch_store_review review = {.kind = VOUCH_STORE_REVIEW_LOUD,
                                              .user = text("alice"),
                                              .holder = text("alice"),
                                              .state = VOUCH_STORE_REVIEW_OPEN,
                                              .opened_s = NOW_S};
    uint64_t id = 0;
    while (outcome->err == VOUCH_OK && outcome->position < 3) {
        outcome->err = outcome->position == 0
                           ? vouch_store_review_add(store, &review, &id, &outcome->why)
                           : change_review(store, 1,
                                           outcome->position == 1 ? VOUCH_STORE_REVIEW_OPEN
                                                                  : VOUCH_STORE_REVIEW_DONE,
                                           &outcome->why);
        outcome->position += outcome->err == VOUCH_OK ? 1 : 0;
    }
}

static void check_review(const struct outcome *outcome) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store *store = test_open(&test_at, VOUCH_STORE_WRITE);
    struct vouch_store_review review = {0};
    struct vouch_store_reviews_sum sum = {0};
    enum vouch_store_outcome found = VOUCH_STORE_ABSENT;
    test_ok(vouch_store_review_find(store, 1, &arena, &found, &review, &fault));
    test_ok(vouch_store_reviews_sum(store, &sum, &fault));
    uint64_t reached = found == VOUCH_STORE_DONE ? 1 + review.revision : 0;
    assert_int_equal(sum.open, review.state == VOUCH_STORE_REVIEW_OPEN ? 1 : 0);
    assert_true(review.uses == (reached > 1 ? 1 : 0));
    assert_true(reached == outcome->position || reached == outcome->position + 1);
    test_ok(vouch_store_check(store, &fault));
    vouch_store_close(store);
}

static const struct task emergencies = {keep_review, check_review};

// --- hosts: what they were given, what they say, the logins that they send

#define LOGINS_OF_A_BATCH 3u

static int send_batch(struct vouch_store *store, uint64_t first, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (uint64_t i = first; err == VOUCH_OK && i < first + LOGINS_OF_A_BATCH; i++) {
        const struct vouch_store_login login = {.time_ms = 1000 + i,
                                                .host = text("web1"),
                                                .login = text("app"),
                                                .outcome = VOUCH_STORE_LOGIN_ACCEPTED};
        err = vouch_store_login_add(store, &login, fault);
    }
    return err == VOUCH_OK ? vouch_store_login_next_put(store, 1, first + LOGINS_OF_A_BATCH, fault)
                           : err;
}

static int report_once(struct vouch_store *store, uint64_t first, struct vouch_fault *fault) {
    const struct vouch_store_host_report report = {.host = 1, .time_s = NOW_S};
    const uint8_t hash[VOUCH_STORE_HASH_LEN] = {(uint8_t)first};
    uint64_t version = 0;
    int err = vouch_store_host_given_put(store, 1, hash, 1, &version, fault);
    return err == VOUCH_OK ? vouch_store_host_report_put(store, &report, fault) : err;
}

// Two batches of logins, each after a report.
static void keep_logins(struct vouch_store *store, struct outcome *outcome) {
    while (outcome->err == VOUCH_OK && outcome->position < 2) {
        uint64_t first = outcome->position * LOGINS_OF_A_BATCH;
        outcome->err = vouch_store_work_begin(store, VOUCH_STORE_DURABLY, &outcome->why);
        if (outcome->err == VOUCH_OK) {
            int err = report_once(store, first, &outcome->why);
            err = err == VOUCH_OK ? send_batch(store, first, &outcome->why) : err;
            outcome->err = vouch_store_work_end(store, err, VOUCH_STORE_DONE, &outcome->why);
        }
        outcome->position += outcome->err == VOUCH_OK ? 1 : 0;
    }
}

// What a host is told to send next is always what the rows lack.
static void check_logins(const struct outcome *outcome) {
    struct vouch_store *store = test_open(&test_at, VOUCH_STORE_WRITE);
    const struct vouch_store_login_filter filter = {.host = text("web1")};
    const struct vouch_store_page page = {.limit = 100};
    struct vouch_store_logins logins = {0};
    struct vouch_store_host_given given = {0};
    uint64_t next = 0;
    int found = 0;
    test_ok(vouch_store_login_next(store, 1, &found, &next, &fault));
    test_ok(vouch_store_logins_list(store, &filter, &page, &logins, &fault));
    test_ok(vouch_store_host_given_find(store, 1, &given, &fault));
    assert_int_equal(logins.count, next);
    assert_int_equal(given.version, next / LOGINS_OF_A_BATCH);
    assert_true(next / LOGINS_OF_A_BATCH >= outcome->position);
    assert_true(next / LOGINS_OF_A_BATCH <= outcome->position + 1);
    vouch_store_logins_done(&logins);
    vouch_store_close(store);
}

static const struct task logins_of_hosts = {keep_logins, check_logins};

// Lets the n-th call fail, for every n until none is reached.
static void sweep_task(enum call call, const struct task *task) {
    long step = getenv("VOUCH_LONG") != NULL ? 1 : 0;
    long failures = 0;
    int is_reached = 1;
    for (long nth = 1; is_reached; nth += step != 0 ? step : 1 + nth / 4) {
        test_place_begin(&test_at, &vouch_driver_sqlite);
        arm(call, nth);
        struct outcome outcome = open_and_work(&vouch_driver_sqlite, task);
        arm(CALL_NONE, 0);
        is_reached = seen >= nth;
        if (outcome.err != VOUCH_OK) {
            assert_true(outcome.why.kind == &vouch_fault_store_io ||
                        outcome.why.kind == &vouch_fault_store_bad ||
                        outcome.why.kind == &vouch_fault_store_busy);
            assert_non_null(strstr(outcome.why.text, test_at.where));
            failures++;
        }
        task->check(&outcome);
        test_place_end(&test_at);
    }
    assert_true(failures > 0);
}

static void sweep(enum call call) {
    sweep_task(call, &indexing);
    sweep_task(call, &people);
    sweep_task(call, &access_by_policy);
    sweep_task(call, &emergencies);
    sweep_task(call, &logins_of_hosts);
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

static void sweep_driver(const struct task *task) {
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
        struct outcome outcome = open_and_work(&failing, task);
        is_reached = calls_left <= 0;
        assert_int_equal(outcome.err, is_reached ? VOUCH_ERR_IO : VOUCH_OK);
        task->check(&outcome);
        test_place_end(&test_at);
    }
}

static void survives_each_failing_call_of_the_driver(void **state) {
    (void)state;
    sweep_driver(&indexing);
    sweep_driver(&people);
    sweep_driver(&access_by_policy);
    sweep_driver(&emergencies);
    sweep_driver(&logins_of_hosts);
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
