// SPDX-License-Identifier: ISC
// Verification finds each byte that is changed, cut or added in any file of the folder.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/test-fixture.h"

#define RECORDS_MAX 2000

// The records without the zeros behind them: the folder must be proven with and without.
static void cut_zeros(const struct fixture *fixture) {
    struct vouch_buf records;
    size_t offsets[RECORDS_MAX];
    (void)load_records(fixture, &records, offsets, RECORDS_MAX);
    store_file(fixture, "records", vouch_buf_bytes(&records));
    vouch_buf_done(&records);
}

static void change_each_byte(const struct fixture *fixture, const char *name, uint8_t mask) {
    struct vouch_buf content;
    load_file(fixture, name, &content);
    for (size_t at = 0; at < content.len; at++) {
        content.ptr[at] ^= mask;
        store_file(fixture, name, vouch_buf_bytes(&content));
        content.ptr[at] ^= mask;
        if (proven(fixture)) {
            fail_msg("%s: byte %zu ^ %02x is not found", name, at, mask);
        }
    }
    store_file(fixture, name, vouch_buf_bytes(&content));
    vouch_buf_done(&content);
}

static void finds_each_changed_byte(void **state) {
    struct fixture *fixture = *state;
    static const char *const names[] = {"records", "index", "checkpoint", "checkpoint.vkey",
                                        "tile/0/000.p/5"};
    fixture_grow(fixture, 2);
    cut_zeros(fixture);
    assert_proven(fixture);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        change_each_byte(fixture, names[i], 0x01);
        change_each_byte(fixture, names[i], 0x80);
    }
    assert_proven(fixture);
}

static void finds_each_cut(void **state) {
    struct fixture *fixture = *state;
    static const char *const names[] = {"records", "index", "checkpoint", "checkpoint.vkey",
                                        "tile/0/000.p/5"};
    fixture_grow(fixture, 2);
    cut_zeros(fixture);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct vouch_buf content;
        load_file(fixture, names[i], &content);
        for (size_t len = 0; len < content.len; len++) {
            store_file(fixture, names[i], (struct vouch_bytes){content.ptr, len});
            if (proven(fixture)) {
                fail_msg("%s: cut to %zu bytes is not found", names[i], len);
            }
        }
        store_file(fixture, names[i], vouch_buf_bytes(&content));
        vouch_buf_done(&content);
    }
    assert_proven(fixture);
}

static void finds_each_appended_byte(void **state) {
    struct fixture *fixture = *state;
    static const char *const names[] = {"records",         "index",          "checkpoint",
                                        "checkpoint.vkey", "tile/0/000.p/6", "lock"};
    fixture_grow(fixture, 3);
    cut_zeros(fixture);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct vouch_buf content;
        load_file(fixture, names[i], &content);
        size_t len = content.len;
        uint8_t *more = vouch_buf_extend(&content, 1);
        assert_non_null(more);
        for (unsigned value = 0; value < 256; value += 5) {
            content.ptr[len] = (uint8_t)value;
            store_file(fixture, names[i], vouch_buf_bytes(&content));
            // Zeros behind the records are what a process that appends writes ahead.
            assert_int_equal(proven(fixture), value == 0 && i == 0);
        }
        store_file(fixture, names[i], (struct vouch_bytes){content.ptr, len});
        vouch_buf_done(&content);
    }
    assert_proven(fixture);
}

static void finds_each_byte_that_is_not_zero_behind_the_records(void **state) {
    struct fixture *fixture = *state;
    struct vouch_buf content;
    size_t offsets[RECORDS_MAX];
    struct vouch_buf records;
    (void)load_records(fixture, &records, offsets, RECORDS_MAX);
    load_file(fixture, "records", &content);
    assert_true(content.len > records.len + 100000);
    size_t step = 1;
    for (size_t at = records.len; at < content.len; at += step, step = step * 3 / 2 + 1) {
        content.ptr[at] = 1;
        store_file(fixture, "records", vouch_buf_bytes(&content));
        content.ptr[at] = 0;
        assert_false(proven(fixture));
    }
    content.ptr[content.len - 1] = 1;
    store_file(fixture, "records", vouch_buf_bytes(&content));
    assert_found(fixture, VOUCH_FINDING_FRAME);
    vouch_buf_done(&content);
    vouch_buf_done(&records);
}

static void looks_through_a_terabyte_of_nothing(void **state) {
    struct fixture *fixture = *state;
    char path[256];
    (void)snprintf(path, sizeof path, "%s/records", fixture->dir);
    assert_int_equal(truncate(path, (off_t)1 << 40), 0);
    assert_proven(fixture);
    vouch_ledger_close(fixture_open(fixture));
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "x", 1, (off_t)1 << 39), 1);
    close(fd);
    assert_found(fixture, VOUCH_FINDING_FRAME);
}

static void stops_after_many_damaged_records(void **state) {
    struct fixture *fixture = *state;
    size_t offsets[RECORDS_MAX];
    struct vouch_buf records;
    struct vouch_ledger_report report = {0};
    fixture_grow(fixture, 1500);
    size_t count = load_records(fixture, &records, offsets, RECORDS_MAX);
    for (size_t i = 3; i < count; i++) {
        records.ptr[offsets[i] + 40] ^= 1;
    }
    store_file(fixture, "records", vouch_buf_bytes(&records));
    vouch_buf_done(&records);
    fixture_verify(fixture, &report);
    assert_int_equal(report.verdict, VOUCH_LEDGER_NOT_PROVEN);
    assert_true(report.findings.total > VOUCH_FINDINGS_MAX);
    assert_int_equal(report.findings.count, VOUCH_FINDINGS_MAX);
    assert_true(report.records < 1503);
    vouch_ledger_report_done(&report);
}

static void finds_changes_in_full_tiles_and_a_long_index(void **state) {
    struct fixture *fixture = *state;
    static const char *const names[] = {"tile/0/000", "tile/0/001", "tile/0/002.p/91",
                                        "tile/1/000.p/2", "index"};
    fixture_grow(fixture, 600);
    assert_proven(fixture);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        enum vouch_finding_kind kind = i == 4 ? VOUCH_FINDING_INDEX : VOUCH_FINDING_TILE;
        struct vouch_buf content;
        load_file(fixture, names[i], &content);
        size_t step = content.len > 1000 ? 797 : 7;
        for (size_t at = 0; at < content.len; at += step) {
            content.ptr[at] ^= 0x20;
            store_file(fixture, names[i], vouch_buf_bytes(&content));
            content.ptr[at] ^= 0x20;
            assert_found(fixture, kind);
        }
        remove_file(fixture, names[i]);
        assert_found(fixture, kind);
        store_file(fixture, names[i], vouch_buf_bytes(&content));
        vouch_buf_done(&content);
    }
    assert_proven(fixture);
}

static void finds_each_added_file(void **state) {
    struct fixture *fixture = *state;
    static const char *const names[] = {"a",          "records.bak",    "tile/x",
                                        "tile/0/001", "tile/0/000",     "tile/0/a000",
                                        "tile/00",    "tile/0/000.p/7", "tile/0/000.p/06"};
    struct vouch_buf tile;
    fixture_grow(fixture, 3);
    load_file(fixture, "tile/0/000.p/6", &tile);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        store_file(fixture, names[i], vouch_buf_bytes(&tile));
        assert_found(fixture, VOUCH_FINDING_FOLDER);
        remove_file(fixture, names[i]);
    }
    assert_proven(fixture);
    // A narrower tile of this ledger is what a reader with an older checkpoint asks for.
    store_file(fixture, "tile/0/000.p/4", (struct vouch_bytes){tile.ptr, 4 * 32});
    assert_proven(fixture);
    tile.ptr[3] ^= 1;
    store_file(fixture, "tile/0/000.p/4", (struct vouch_bytes){tile.ptr, 4 * 32});
    assert_found(fixture, VOUCH_FINDING_TILE);
    vouch_buf_done(&tile);
}

static void finds_files_that_are_no_files(void **state) {
    struct fixture *fixture = *state;
    char path[256];
    (void)snprintf(path, sizeof path, "%s/link", fixture->dir);
    assert_int_equal(symlink("records", path), 0);
    assert_found(fixture, VOUCH_FINDING_FOLDER);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_found(fixture, VOUCH_FINDING_FOLDER);
    assert_int_equal(rmdir(path), 0);
    assert_proven(fixture);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(finds_each_changed_byte),
        WITH(finds_each_cut),
        WITH(finds_each_appended_byte),
        WITH(finds_each_byte_that_is_not_zero_behind_the_records),
        WITH(looks_through_a_terabyte_of_nothing),
        WITH(stops_after_many_damaged_records),
        WITH(finds_changes_in_full_tiles_and_a_long_index),
        WITH(finds_each_added_file),
        WITH(finds_files_that_are_no_files),
    };
    return cmocka_run_group_tests_name("ledger/verify", tests, NULL, NULL);
}
