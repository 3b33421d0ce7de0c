// SPDX-License-Identifier: ISC
// A database file's life: made, migrated from each earlier version, of another program or a newer one,
// damaged anywhere, unreadable, full, killed at any moment. Gauntlet: S2 S8 W9.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/io.h"
#include "store/test-fixture.h"

static struct vouch_store_open opening(enum vouch_store_access access) {
    return (struct vouch_store_open){
        .driver = test_driver, .where = test_at.where, .access = access, .wait_ms = 2000};
}

// The file and what lies beside it stay, the handles go.
static int place_begin(void **state) {
    (void)state;
    test_place_begin(&test_at, test_driver);
    return 0;
}

static int place_end(void **state) {
    (void)state;
    test_place_end(&test_at);
    return 0;
}

static void refuses_to_open(enum vouch_store_access access, const struct vouch_fault_kind *kind) {
    struct vouch_store *store = NULL;
    struct vouch_fault why = {0};
    const struct vouch_store_open what = opening(access);
    int err = vouch_store_open(&what, &store, &why);
    assert_int_not_equal(err, VOUCH_OK);
    assert_null(store);
    assert_ptr_equal(why.kind, kind);
    assert_non_null(strstr(why.text, test_at.where));
}

// --- making and migrating

static void a_new_database_is_private(void **state) {
    (void)state;
    static const char *const ends[] = {"", "-wal", "-shm"};
    (void)umask(0);
    struct vouch_store *store = test_open(&test_at, VOUCH_STORE_WRITE);
    test_index(store, 0, 64, 64);
    for (size_t i = 0; i < 3; i++) {
        char path[128];
        struct stat info;
        (void)snprintf(path, sizeof path, "%s%s", test_at.where, ends[i]);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600);
    }
    vouch_store_close(store);
}

static void a_reader_makes_nothing(void **state) {
    (void)state;
    struct stat info;
    refuses_to_open(VOUCH_STORE_READ, &vouch_fault_store_io);
    assert_int_equal(stat(test_at.where, &info), -1);
}

// Brings an empty database to `version` by the driver's own steps.
static struct vouch_driver_db *make_version(int64_t version) {
    struct vouch_driver_db *db = NULL;
    const struct vouch_driver_open what = {
        .where = test_at.where, .access = VOUCH_DRIVER_WRITE, .wait_ms = 1000};
    test_ok(test_driver->open(&what, &db, &fault));
    for (int64_t i = 0; i < version; i++) {
        test_ok(test_driver->migrate(db, &vouch_schemas[i], &fault));
    }
    return db;
}

static void each_earlier_version_is_brought_up_to_date(void **state) {
    (void)state;
    for (int64_t version = 0; version < vouch_schema_newest; version++) {
        struct vouch_driver_db *db = make_version(version);
        if (version > 0) {
            const struct vouch_value epoch = vouch_value_integer(9);
            test_ok(test_driver->run(db, VOUCH_SQL_META_EPOCH, &epoch, NULL, &fault));
        }
        test_driver->close(db);
        refuses_to_open(VOUCH_STORE_READ, &vouch_fault_store_schema);
        struct vouch_store *store = test_open(&test_at, VOUCH_STORE_WRITE);
        struct vouch_arena arena = {0};
        struct vouch_store_meta meta;
        test_ok(vouch_store_meta(store, &arena, &meta, &fault));
        assert_int_equal(meta.epoch, version > 0 ? 9 : 0); // what was there is kept
        test_index(store, 0, 64, 64);
        test_ok(vouch_store_check(store, &fault));
        vouch_arena_done(&arena);
        vouch_store_close(store);
        vouch_store_close(test_open(&test_at, VOUCH_STORE_READ));
        test_place_end(&test_at);
        test_place_begin(&test_at, test_driver);
    }
}

static void a_step_that_fails_leaves_the_version_before(void **state) {
    (void)state;
    struct vouch_driver_db *db = make_version(1);
    const struct vouch_schema broken = {
        2, "CREATE TABLE half (a INTEGER) STRICT; CREATE TABLE cas (a INTEGER) STRICT;"};
    int64_t version = 0;
    assert_int_not_equal(test_driver->migrate(db, &broken, NULL), VOUCH_OK);
    test_ok(test_driver->version(db, &version, &fault));
    assert_int_equal(version, 1);
    const struct vouch_schema again = {2, "CREATE TABLE half (a INTEGER) STRICT;"};
    test_ok(test_driver->migrate(db, &again, &fault)); // nothing of it was left
    test_driver->close(db);
}

static void a_newer_database_is_refused(void **state) {
    (void)state;
    struct vouch_driver_db *db = make_version(vouch_schema_newest);
    const struct vouch_schema newer = {vouch_schema_newest + 1,
                                       "CREATE TABLE later (a INTEGER) STRICT;"};
    test_ok(test_driver->migrate(db, &newer, &fault));
    test_driver->close(db);
    refuses_to_open(VOUCH_STORE_WRITE, &vouch_fault_store_schema);
    refuses_to_open(VOUCH_STORE_READ, &vouch_fault_store_schema);
}

// --- files that are not ours, or not whole

static void write_file(const char *path, struct vouch_bytes content) {
    const struct vouch_io_file file = {.path = path, .mode = 0600, .existing = VOUCH_IO_REPLACE};
    test_ok(vouch_io_write(&file, content, &fault));
}

static void a_file_that_is_no_database_is_refused(void **state) {
    (void)state;
    static uint8_t junk[8192];
    memset(junk, 'x', sizeof junk);
    write_file(test_at.where, (struct vouch_bytes){junk, sizeof junk});
    refuses_to_open(VOUCH_STORE_WRITE, &vouch_fault_store_bad);
    refuses_to_open(VOUCH_STORE_READ, &vouch_fault_store_bad);
}

static void a_folder_that_is_not_there_is_named(void **state) {
    (void)state;
    char path[128];
    struct vouch_store *store = NULL;
    struct vouch_fault why = {0};
    (void)snprintf(path, sizeof path, "%s/none/index.db", test_at.folder);
    const struct vouch_store_open what = {.where = path, .access = VOUCH_STORE_WRITE};
    assert_int_equal(vouch_store_open(&what, &store, &why), VOUCH_ERR_IO);
    assert_ptr_equal(why.kind, &vouch_fault_store_io);
    assert_non_null(strstr(why.text, "No such file"));
}

static void a_link_in_the_place_of_the_database_is_refused(void **state) {
    (void)state;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/elsewhere", test_at.folder);
    write_file(path, (struct vouch_bytes){0});
    assert_int_equal(symlink(path, test_at.where), 0);
    refuses_to_open(VOUCH_STORE_WRITE, &vouch_fault_store_io);
}

// Everything that a program may ask of a database, whatever the answers: none may crash.
static int ask_everything(void) {
    const struct vouch_store_open what = opening(VOUCH_STORE_WRITE);
    const struct vouch_store_page page = {.limit = 1000};
    const struct vouch_store_cert_filter by_actor = {.actor = vouch_bytes_of("token:ci-3")};
    struct vouch_store *store = NULL;
    struct vouch_store_certs certs = {0};
    struct vouch_store_events events = {0};
    struct vouch_fault why = {0};
    int err = vouch_store_open(&what, &store, &why);
    if (err == VOUCH_OK) {
        err = vouch_store_check(store, &why);
    }
    if (store != NULL) {
        int listed = vouch_store_certs_list(store, &by_actor, &page, &certs, &why);
        vouch_store_certs_done(&certs);
        int audited = vouch_store_audit_list(store, &(struct vouch_store_event_filter){0}, &page,
                                             &events, &why);
        vouch_store_events_done(&events);
        err = err != VOUCH_OK ? err : listed != VOUCH_OK ? listed : audited;
    }
    vouch_store_close(store);
    if (err != VOUCH_OK) {
        assert_true(why.text[0] != '\0' && why.kind != NULL);
        assert_true(why.kind != &vouch_fault_internal);
    }
    return err;
}

static void a_damaged_database_is_noticed_and_never_crashes(void **state) {
    (void)state;
    struct vouch_buf whole;
    struct vouch_store *store = test_open(&test_at, VOUCH_STORE_WRITE);
    char copy[128];
    test_index(store, 0, 3000, 1000);
    (void)snprintf(copy, sizeof copy, "%s/copy", test_at.folder);
    test_ok(vouch_store_backup(store, copy, &fault));
    vouch_store_close(store);
    vouch_buf_init(&whole, 64 * 1024 * 1024);
    test_ok(vouch_io_read(copy, 64 * 1024 * 1024, &whole, &fault));
    size_t noticed = 0;
    size_t pages = whole.len / 4096;
    size_t step = getenv("VOUCH_LONG") != NULL ? 1 : 7;
    for (size_t page = 0; page < pages; page += step) {
        uint8_t kept[64];
        test_place_end(&test_at);
        test_place_begin(&test_at, test_driver);
        memcpy(kept, whole.ptr + page * 4096, sizeof kept);
        memset(whole.ptr + page * 4096, 0xa5, sizeof kept);
        write_file(test_at.where, vouch_buf_bytes(&whole));
        noticed += ask_everything() != VOUCH_OK;
        memcpy(whole.ptr + page * 4096, kept, sizeof kept);
    }
    // The head of each page says what it is, so all must be found.
    assert_int_equal(noticed, (pages + step - 1) / step);
    // A file that ends early.
    test_place_end(&test_at);
    test_place_begin(&test_at, test_driver);
    write_file(test_at.where, (struct vouch_bytes){whole.ptr, whole.len / 2});
    assert_int_not_equal(ask_everything(), VOUCH_OK);
    vouch_buf_done(&whole);
}

static void text_in_place_of_bytes_is_refused(void **state) {
    (void)state;
    // A row that only another program can have written: the list of principals is no list.
    struct vouch_store *store = test_open(&test_at, VOUCH_STORE_WRITE);
    struct vouch_driver_db *db = NULL;
    struct vouch_store_certs certs = {0};
    struct vouch_fault why = {0};
    uint8_t ca[VOUCH_STORE_HASH_LEN] = {0};
    test_index(store, 0, 16, 16);
    const struct vouch_driver_open what = {
        .where = test_at.where, .access = VOUCH_DRIVER_WRITE, .wait_ms = 1000};
    test_ok(test_driver->open(&what, &db, &fault));
    struct vouch_value args[15];
    for (size_t i = 0; i < 15; i++) {
        args[i] = vouch_value_bytes(vouch_bytes_of("x"));
    }
    args[0] = vouch_value_integer(15 + 1);
    args[1] = args[2] = args[8] = args[9] = vouch_value_integer(5);
    args[3] = vouch_value_integer(0);
    args[4] = vouch_value_integer(1);
    args[6] = vouch_value_bytes((struct vouch_bytes){ca, sizeof ca});
    test_ok(test_driver->run(db, VOUCH_SQL_CERT_ADD, args, NULL, &fault));
    const struct vouch_value position[] = {vouch_value_bytes(vouch_bytes_of(TEST_ORIGIN)),
                                           vouch_value_integer(17)};
    test_ok(test_driver->run(db, VOUCH_SQL_META_INDEXED, position, NULL, &fault));
    test_driver->close(db);
    int err = vouch_store_certs_list(store, &(struct vouch_store_cert_filter){0},
                                     &(struct vouch_store_page){0}, &certs, &why);
    assert_int_equal(err, VOUCH_ERR_CORRUPT);
    assert_ptr_equal(why.kind, &vouch_fault_store_bad);
    assert_non_null(strstr(why.text, "principals"));
    vouch_store_close(store);
}

// --- killed

// Writes batches for ever; says over the pipe how far each commit came.
static void write_for_ever(int said, uint64_t first) {
    struct vouch_store *store = test_open(&test_at, VOUCH_STORE_WRITE);
    for (uint64_t number = first;; number += 40) {
        uint64_t done = number + 40;
        test_index(store, number, 40, 40);
        if (write(said, &done, sizeof done) != (ssize_t)sizeof done) {
            _exit(1);
        }
    }
}

static uint64_t run_and_kill(uint64_t first, unsigned after_us) {
    int said[2];
    uint64_t done = first;
    uint64_t told = 0;
    assert_int_equal(pipe(said), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(said[0]);
        write_for_ever(said[1], first);
    }
    close(said[1]);
    // It has begun when it has said something, however slow the machine is.
    if (read(said[0], &told, sizeof told) == (ssize_t)sizeof told) {
        done = told;
    }
    usleep(after_us);
    assert_int_equal(kill(child, SIGKILL), 0);
    while (read(said[0], &told, sizeof told) == (ssize_t)sizeof told) {
        done = told;
    }
    close(said[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return done;
}

static void a_writer_that_is_killed_loses_no_batch(void **state) {
    (void)state;
    const struct vouch_store_cert_filter all = {0};
    int times = getenv("VOUCH_LONG") != NULL ? 500 : 25;
    uint64_t position = 0;
    vouch_store_close(test_open(&test_at, VOUCH_STORE_WRITE));
    for (int i = 0; i < times; i++) {
        uint64_t done = run_and_kill(position, (unsigned)(i * 7919 % 20000));
        struct vouch_store *store = test_open(&test_at, VOUCH_STORE_WRITE);
        position = test_position(store);
        // What was said to be done is, and at most the batch at work is there besides; whole.
        assert_true(position >= done && position <= done + 40 && position % 40 == 0);
        if (i == times - 1) {
            uint64_t events = (position + 15) / 16;
            assert_int_equal(test_count(store, &all, 1000), position - events);
            test_ok(vouch_store_check(store, &fault));
        }
        vouch_store_close(store);
    }
}

// Kills a process while it makes and migrates a database: whatever is left opens.
static void a_making_that_is_killed_can_be_done_again(void **state) {
    (void)state;
    int times = getenv("VOUCH_LONG") != NULL ? 300 : 30;
    for (int i = 0; i < times; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            vouch_store_close(test_open(&test_at, VOUCH_STORE_WRITE));
            _exit(0);
        }
        usleep((unsigned)(i * 997 % 6000));
        (void)kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        struct vouch_store *store = test_open(&test_at, VOUCH_STORE_WRITE);
        test_index(store, 0, 16, 16);
        vouch_store_close(store);
        test_place_end(&test_at);
        test_place_begin(&test_at, test_driver);
    }
}

static void a_backup_that_is_killed_leaves_no_file_of_its_name(void **state) {
    (void)state;
    char path[128];
    struct stat info;
    struct vouch_store *store = test_open(&test_at, VOUCH_STORE_WRITE);
    test_index(store, 0, 20000, 4000);
    vouch_store_close(store);
    (void)snprintf(path, sizeof path, "%s/copy.db", test_at.folder);
    for (int i = 0; i < 10; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            store = test_open(&test_at, VOUCH_STORE_READ);
            _exit(vouch_store_backup(store, path, NULL) == VOUCH_OK ? 0 : 1);
        }
        usleep((unsigned)(i * 1500));
        (void)kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        if (stat(path, &info) == 0) { // then it is whole
            struct test_place copy = {.driver = test_driver};
            (void)snprintf(copy.where, sizeof copy.where, "%s/copy.db", test_at.folder);
            struct vouch_store *restored = test_open(&copy, VOUCH_STORE_WRITE);
            assert_int_equal(test_position(restored), 20000);
            vouch_store_close(restored);
            assert_int_equal(unlink(path), 0);
        }
    }
    store = test_open(&test_at, VOUCH_STORE_READ);
    test_ok(vouch_store_backup(store, path, &fault));
    vouch_store_close(store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_database_is_private, place_begin, place_end),
        cmocka_unit_test_setup_teardown(a_reader_makes_nothing, place_begin, place_end),
        cmocka_unit_test_setup_teardown(each_earlier_version_is_brought_up_to_date, place_begin,
                                        place_end),
        cmocka_unit_test_setup_teardown(a_step_that_fails_leaves_the_version_before, place_begin,
                                        place_end),
        cmocka_unit_test_setup_teardown(a_newer_database_is_refused, place_begin, place_end),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_database_is_refused, place_begin,
                                        place_end),
        cmocka_unit_test_setup_teardown(a_folder_that_is_not_there_is_named, place_begin,
                                        place_end),
        cmocka_unit_test_setup_teardown(a_link_in_the_place_of_the_database_is_refused, place_begin,
                                        place_end),
        cmocka_unit_test_setup_teardown(a_damaged_database_is_noticed_and_never_crashes,
                                        place_begin, place_end),
        cmocka_unit_test_setup_teardown(text_in_place_of_bytes_is_refused, place_begin, place_end),
        cmocka_unit_test_setup_teardown(a_writer_that_is_killed_loses_no_batch, place_begin,
                                        place_end),
        cmocka_unit_test_setup_teardown(a_making_that_is_killed_can_be_done_again, place_begin,
                                        place_end),
        cmocka_unit_test_setup_teardown(a_backup_that_is_killed_leaves_no_file_of_its_name,
                                        place_begin, place_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
