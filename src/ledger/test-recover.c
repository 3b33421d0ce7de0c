// SPDX-License-Identifier: ISC
// What a crash, a power cut or a copy can do to the folder: opening heals it or refuses, and no record
// that a checkpoint covers, or that was acknowledged, is ever lost.
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger/test-fixture.h"

#define RECORDS_MAX 2000

static int try_open(const struct fixture *fixture, struct vouch_ledger **ret_ledger,
                    struct vouch_fault *fault) {
    struct vouch_ledger_open what = {.dir = fixture->dir};
    return vouch_ledger_open(&what, ret_ledger, fault);
}

static void assert_refused(const struct fixture *fixture) {
    struct vouch_ledger *ledger = NULL;
    struct vouch_fault fault = {0};
    assert_int_equal(try_open(fixture, &ledger, &fault), VOUCH_ERR_CORRUPT);
    assert_ptr_equal(fault.kind, &vouch_fault_ledger_bad);
    assert_null(ledger);
}

static void assert_file_is(const struct fixture *fixture, const char *name,
                           const struct vouch_buf *expected) {
    struct vouch_buf found;
    load_file(fixture, name, &found);
    assert_int_equal(found.len, expected->len);
    assert_memory_equal(found.ptr, expected->ptr, expected->len);
    vouch_buf_done(&found);
}

// A ledger of 5 records that the checkpoint covers and 2 that it does not, and a copy of it.
struct scene {
    struct fixture *fixture;
    char copy[128];
    struct vouch_buf records; // without zeros at the end
    size_t offsets[RECORDS_MAX];
    size_t count;
    size_t covered;
};

static void set_scene(struct scene *scene, struct fixture *fixture) {
    scene->fixture = fixture;
    fixture_grow(fixture, 2);
    struct vouch_ledger *ledger = fixture_open(fixture);
    fixture_issue(fixture, ledger, 2);
    vouch_ledger_close(ledger);
    scene->count = load_records(fixture, &scene->records, scene->offsets, RECORDS_MAX);
    scene->covered = 5;
    assert_int_equal(scene->count, 7);
    (void)snprintf(scene->copy, sizeof scene->copy, "%s/copy", fixture->root);
    copy_folder(fixture->dir, scene->copy);
}

static void end_scene(struct scene *scene) {
    vouch_buf_done(&scene->records);
}

// How many records are whole in the first `len` bytes.
static size_t whole(const struct scene *scene, size_t len) {
    size_t count = 0;
    while (count + 1 < scene->count && scene->offsets[count + 1] <= len) {
        count++;
    }
    return len == scene->records.len ? scene->count : count;
}

// The ledger as it lies there must open with `size` records, and be proven after a checkpoint.
static void assert_heals_to(const struct scene *scene, size_t size) {
    struct vouch_ledger *ledger = fixture_open(scene->fixture);
    assert_int_equal(vouch_ledger_size(ledger), size);
    fixture_checkpoint(scene->fixture, ledger);
    vouch_ledger_close(ledger);
    assert_proven(scene->fixture);
    copy_folder(scene->copy, scene->fixture->dir);
}

// Every byte where a record ends or begins, some in between.
static size_t step_of(const struct scene *scene, size_t len) {
    for (size_t i = scene->covered; i <= scene->count; i++) {
        size_t border = i < scene->count ? scene->offsets[i] : scene->records.len;
        if (len + 12 >= border && len <= border + 6) {
            return 1;
        }
    }
    return 7;
}

static void cuts_a_torn_record_wherever_it_ends(void **state) {
    struct scene scene;
    set_scene(&scene, *state);
    for (size_t len = 0; len <= scene.records.len; len += step_of(&scene, len)) {
        struct vouch_buf cut = scene.records;
        cut.len = len;
        store_file(scene.fixture, "records", vouch_buf_bytes(&cut));
        if (len < scene.offsets[scene.covered]) {
            assert_refused(scene.fixture);
            assert_file_is(scene.fixture, "records", &cut);
            continue;
        }
        size_t count = whole(&scene, len);
        size_t end = count < scene.count ? scene.offsets[count] : scene.records.len;
        // A single zero byte of a length is no trace of a record.
        int torn = len > end && !(len == end + 1 && scene.records.ptr[end] == 0);
        assert_heals_to(&scene, count + (torn ? 1 : 0));
    }
    end_scene(&scene);
}

static void cuts_a_torn_record_before_zeros(void **state) {
    struct scene scene;
    struct vouch_buf file;
    set_scene(&scene, *state);
    size_t last = scene.offsets[6];
    for (size_t len = last + 2; len < scene.records.len; len += 37) {
        load_file(scene.fixture, "records", &file);
        memset(file.ptr + len, 0, file.len - len);
        store_file(scene.fixture, "records", vouch_buf_bytes(&file));
        vouch_buf_done(&file);
        assert_heals_to(&scene, 7);
    }
    end_scene(&scene);
}

static void cuts_a_batch_whose_first_part_never_reached_the_disk(void **state) {
    struct scene scene;
    struct vouch_buf file;
    set_scene(&scene, *state);
    load_file(scene.fixture, "records", &file);
    memset(file.ptr + scene.offsets[5], 0, scene.offsets[6] - scene.offsets[5]);
    store_file(scene.fixture, "records", vouch_buf_bytes(&file));
    vouch_buf_done(&file);
    assert_heals_to(&scene, 6);
    end_scene(&scene);
}

static void says_in_a_record_what_it_cut(void **state) {
    struct scene scene;
    struct vouch_ledger_reader *reader = NULL;
    struct vouch_fault fault = {0};
    struct vouch_record record = {0};
    struct vouch_bytes value = {0};
    int found = 0;
    set_scene(&scene, *state);
    scene.records.len -= 3;
    store_file(scene.fixture, "records", vouch_buf_bytes(&scene.records));
    vouch_ledger_close(fixture_open(scene.fixture));
    assert_int_equal(vouch_ledger_reader_open(scene.fixture->dir, 6, &reader, &fault), VOUCH_OK);
    assert_int_equal(vouch_ledger_reader_next(reader, &record, &found, &fault), VOUCH_OK);
    assert_int_equal(found, 1);
    assert_true(vouch_record_is_event(&record, VOUCH_EVENT_LEDGER_CUT));
    assert_true(vouch_record_detail(&record, "bytes", &value));
    char bytes[24];
    (void)snprintf(bytes, sizeof bytes, "%zu", scene.records.len - scene.offsets[6]);
    assert_true(vouch_bytes_equal(value, vouch_bytes_of(bytes)));
    assert_true(vouch_record_detail(&record, "sha256", &value));
    assert_int_equal(value.len, 64);
    assert_int_equal(vouch_ledger_reader_next(reader, &record, &found, &fault), VOUCH_OK);
    assert_int_equal(found, 0);
    vouch_ledger_reader_close(reader);
    end_scene(&scene);
}

static void takes_no_changed_record_for_a_good_one(void **state) {
    struct scene scene;
    set_scene(&scene, *state);
    for (size_t at = scene.offsets[5]; at < scene.records.len; at += 11) {
        scene.records.ptr[at] ^= 0x40;
        store_file(scene.fixture, "records", vouch_buf_bytes(&scene.records));
        scene.records.ptr[at] ^= 0x40;
        // The changed record and what follows are cut; a record that says so takes their place.
        assert_heals_to(&scene, at < scene.offsets[6] ? 6 : 7);
    }
    end_scene(&scene);
}

static void refuses_a_changed_record_that_the_checkpoint_covers(void **state) {
    struct scene scene;
    set_scene(&scene, *state);
    for (size_t at = 0; at < scene.offsets[scene.covered]; at += 5) {
        scene.records.ptr[at] ^= 0x04;
        store_file(scene.fixture, "records", vouch_buf_bytes(&scene.records));
        assert_refused(scene.fixture);
        assert_file_is(scene.fixture, "records", &scene.records);
        scene.records.ptr[at] ^= 0x04;
    }
    end_scene(&scene);
}

static void refuses_a_whole_record_that_is_out_of_place(void **state) {
    struct scene scene;
    struct vouch_buf longer;
    set_scene(&scene, *state);
    vouch_buf_init(&longer, 1 << 20);
    vouch_buf_put(&longer, vouch_buf_bytes(&scene.records));
    size_t len = scene.records.len - scene.offsets[6];
    vouch_buf_put(&longer, (struct vouch_bytes){scene.records.ptr + scene.offsets[6], len});
    store_file(scene.fixture, "records", vouch_buf_bytes(&longer));
    assert_refused(scene.fixture);
    assert_file_is(scene.fixture, "records", &longer);
    vouch_buf_done(&longer);
    end_scene(&scene);
}

static void refuses_more_damage_than_one_write_can_leave(void **state) {
    struct scene scene;
    struct vouch_buf longer;
    set_scene(&scene, *state);
    vouch_buf_init(&longer, 64 << 20);
    vouch_buf_put(&longer, vouch_buf_bytes(&scene.records));
    uint8_t *rest = vouch_buf_extend(&longer, VOUCH_LEDGER_BATCH_BYTES + 1);
    assert_non_null(rest);
    memset(rest, 0x55, VOUCH_LEDGER_BATCH_BYTES + 1);
    store_file(scene.fixture, "records", vouch_buf_bytes(&longer));
    assert_refused(scene.fixture);
    vouch_buf_done(&longer);
    end_scene(&scene);
}

static const char *const derived_names[] = {"index", "tile/0/000", "tile/0/001.p/47",
                                            "tile/1/000.p/1"};

static void makes_derived_files_anew(void **state) {
    struct fixture *fixture = *state;
    fixture_grow(fixture, 300);
    for (size_t i = 0; i < sizeof derived_names / sizeof derived_names[0]; i++) {
        const char *name = derived_names[i];
        struct vouch_buf good;
        load_file(fixture, name, &good);
        struct vouch_buf half = good;
        half.len /= 2;

        remove_file(fixture, name);
        vouch_ledger_close(fixture_open(fixture));
        assert_proven(fixture);
        store_file(fixture, name, (struct vouch_bytes){0});
        vouch_ledger_close(fixture_open(fixture));
        assert_proven(fixture);
        store_file(fixture, name, vouch_buf_bytes(&half));
        vouch_ledger_close(fixture_open(fixture));
        assert_proven(fixture);
        vouch_buf_done(&good);
    }
}

static void makes_files_anew_that_are_no_files(void **state) {
    struct fixture *fixture = *state;
    fixture_grow(fixture, 300);
    for (size_t i = 0; i < sizeof derived_names / sizeof derived_names[0]; i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/%s", fixture->dir, derived_names[i]);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0700), 0);
        vouch_ledger_close(fixture_open(fixture));
        assert_proven(fixture);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink("records", path), 0);
        vouch_ledger_close(fixture_open(fixture));
        assert_proven(fixture);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        vouch_ledger_close(fixture_open(fixture));
        assert_proven(fixture);
    }
}

static void makes_changed_edge_files_anew(void **state) {
    struct fixture *fixture = *state;
    fixture_grow(fixture, 300);
    for (size_t i = 0; i < sizeof derived_names / sizeof derived_names[0]; i++) {
        const char *name = derived_names[i];
        struct vouch_buf content;
        load_file(fixture, name, &content);
        for (size_t at = 0; at < content.len && strcmp(name, "tile/0/000") != 0; at += 11) {
            content.ptr[at] ^= 0x10;
            store_file(fixture, name, vouch_buf_bytes(&content));
            content.ptr[at] ^= 0x10;
            vouch_ledger_close(fixture_open(fixture));
            assert_file_is(fixture, name, &content);
        }
        vouch_buf_done(&content);
    }
    assert_proven(fixture);
}

static void removes_what_a_crash_left_beside_the_checkpoint(void **state) {
    struct fixture *fixture = *state;
    fixture_grow(fixture, 3);
    store_file(fixture, "checkpoint.new", vouch_bytes_of("half"));
    assert_found(fixture, VOUCH_FINDING_FOLDER);
    vouch_ledger_close(fixture_open(fixture));
    assert_false(file_exists(fixture, "checkpoint.new"));
    assert_proven(fixture);
}

static void goes_on_from_an_older_checkpoint_with_newer_files(void **state) {
    struct fixture *fixture = *state;
    static const size_t steps[] = {1, 2, 250, 3, 300, 600};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct vouch_buf older;
        load_file(fixture, "checkpoint", &older);
        fixture_grow(fixture, steps[i]);
        store_file(fixture, "checkpoint", vouch_buf_bytes(&older));
        vouch_buf_done(&older);
        struct vouch_ledger *ledger = fixture_open(fixture);
        uint64_t size = vouch_ledger_size(ledger);
        fixture_issue(fixture, ledger, 1);
        assert_int_equal(vouch_ledger_size(ledger), size + 1);
        fixture_checkpoint(fixture, ledger);
        vouch_ledger_close(ledger);
        assert_proven(fixture);
    }
}

static void refuses_without_a_good_checkpoint(void **state) {
    struct fixture *fixture = *state;
    static const char *const names[] = {"checkpoint", "checkpoint.vkey", "records"};
    for (size_t i = 0; i < 3; i++) {
        struct vouch_buf good;
        load_file(fixture, names[i], &good);
        remove_file(fixture, names[i]);
        assert_refused(fixture);
        store_file(fixture, names[i], (struct vouch_bytes){0});
        assert_refused(fixture);
        store_file(fixture, names[i], vouch_buf_bytes(&good));
        vouch_buf_done(&good);
    }
    struct vouch_buf note;
    load_file(fixture, "checkpoint", &note);
    for (size_t at = 0; at < note.len; at++) {
        note.ptr[at] ^= 0x01;
        store_file(fixture, "checkpoint", vouch_buf_bytes(&note));
        note.ptr[at] ^= 0x01;
        assert_refused(fixture);
    }
    store_file(fixture, "checkpoint", vouch_buf_bytes(&note));
    vouch_buf_done(&note);
    assert_proven(fixture);
}

// Appends until it is killed, and tells of each serial only after the append has returned.
static void append_and_tell(struct fixture *fixture, int fd) {
    struct vouch_ledger *ledger = fixture_open(fixture);
    for (size_t i = 0;; i++) {
        fixture_issue(fixture, ledger, 1 + i % 7);
        uint64_t serial = vouch_ledger_last_serial(ledger);
        if (write(fd, &serial, sizeof serial) != sizeof serial) {
            _exit(1);
        }
        if (i % 5 == 4) {
            fixture_checkpoint(fixture, ledger);
        }
    }
}

static uint64_t run_and_kill(struct fixture *fixture, long after_us) {
    int ends[2];
    uint64_t serial = 0;
    uint64_t told = 0;
    int status = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        append_and_tell(fixture, ends[1]);
    }
    close(ends[1]);
    struct timespec pause = {.tv_nsec = after_us * 1000};
    (void)nanosleep(&pause, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    while (read(ends[0], &told, sizeof told) == sizeof told) {
        serial = told;
    }
    close(ends[0]);
    return serial;
}

static void loses_no_acknowledged_record_when_killed(void **state) {
    struct fixture *fixture = *state;
    for (int round = 0; round < 30; round++) {
        uint64_t acknowledged = run_and_kill(fixture, 2000 + 1300 * round);
        struct vouch_ledger *ledger = fixture_open(fixture);
        assert_true(vouch_ledger_last_serial(ledger) >= acknowledged);
        fixture_checkpoint(fixture, ledger);
        vouch_ledger_close(ledger);
        assert_proven(fixture);
    }
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(cuts_a_torn_record_wherever_it_ends),
        WITH(cuts_a_torn_record_before_zeros),
        WITH(cuts_a_batch_whose_first_part_never_reached_the_disk),
        WITH(says_in_a_record_what_it_cut),
        WITH(takes_no_changed_record_for_a_good_one),
        WITH(refuses_a_changed_record_that_the_checkpoint_covers),
        WITH(refuses_a_whole_record_that_is_out_of_place),
        WITH(refuses_more_damage_than_one_write_can_leave),
        WITH(makes_derived_files_anew),
        WITH(makes_files_anew_that_are_no_files),
        WITH(makes_changed_edge_files_anew),
        WITH(removes_what_a_crash_left_beside_the_checkpoint),
        WITH(goes_on_from_an_older_checkpoint_with_newer_files),
        WITH(refuses_without_a_good_checkpoint),
        WITH(loses_no_acknowledged_record_when_killed),
    };
    return cmocka_run_group_tests_name("ledger/recover", tests, NULL, NULL);
}
