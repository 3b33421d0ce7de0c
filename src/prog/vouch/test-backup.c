// SPDX-License-Identifier: ISC
// Tests of the list of what a backup holds, and of copying its files.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "ledger/folder.h"
#include "prog/vouch/backup.h"

static char dir[] = "/tmp/vouch-test-backup-XXXXXX";

static int set_up(void **state) {
    (void)state;
    memcpy(strstr(dir, "backup-") + 7, "XXXXXX", 6);
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    return vouch_folder_remove(AT_FDCWD, dir);
}

static const char *below(const char *name) {
    static char path[PATH_MAX];
    assert_int_equal(vouch_backup_path(dir, name, path, NULL), 0);
    return path;
}

static void put(const char *name, const char *text) {
    const struct vouch_io_file file = {below(name), 0600, VOUCH_IO_REPLACE};
    assert_int_equal(vouch_io_write(&file, vouch_bytes_of(text), NULL), 0);
}

static int read_back(const char *text, struct vouch_backup *backup, struct vouch_fault *fault) {
    put(VOUCH_BACKUP_MANIFEST, text);
    return vouch_backup_read(dir, backup, fault);
}

#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEAD "vouch-backup/1\ntime 2026-11-22T10:00:00Z\nrecords 3\n"
#define GOOD HEAD "dir 0750 1 2 ledger\nfile 0640 1 2 0 " HASH " ledger/lock\nend\n"

static void reads_what_it_writes(void **state) {
    (void)state;
    char first[] = "tls/key.pem", second[] = "db";
    struct vouch_backup backup = {.time_s = 1700000000, .records = 5}, again = {0};
    struct vouch_backup_entry entries[] = {
        {.path = first, .mode = 0600, .uid = 64001, .gid = 64001, .size = 7},
        {.path = second, .is_dir = 1, .mode = 0700, .uid = 64002, .gid = 64010},
    };
    entries[0].hash.bytes[3] = 0xab;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(vouch_backup_add(&backup, &entries[i], NULL), 0);
    }
    assert_int_equal(vouch_backup_write(&backup, dir, NULL), 0);
    assert_int_equal(vouch_backup_read(dir, &again, NULL), 0);
    assert_int_equal(again.count, 2);
    assert_int_equal(again.records, 5);
    assert_int_equal(again.time_s, 1700000000);
    assert_string_equal(again.entries[0].path, "db");
    assert_int_equal(again.entries[0].is_dir, 1);
    assert_int_equal(again.entries[0].gid, 64010);
    assert_string_equal(again.entries[1].path, "tls/key.pem");
    assert_int_equal(again.entries[1].mode, 0600);
    assert_int_equal(again.entries[1].size, 7);
    assert_memory_equal(again.entries[1].hash.bytes, entries[0].hash.bytes, 32);
    vouch_backup_done(&backup);
    vouch_backup_done(&again);
}

static void refuses_each_proper_prefix(void **state) {
    (void)state;
    static const char whole[] = GOOD;
    struct vouch_backup backup = {0};
    assert_int_equal(read_back(whole, &backup, NULL), 0);
    vouch_backup_done(&backup);
    for (size_t len = 0; len + 2 < sizeof whole; len++) { // the last line's end says nothing
        char text[sizeof whole];
        struct vouch_fault fault;
        (void)snprintf(text, sizeof text, "%.*s", (int)len, whole);
        assert_int_not_equal(read_back(text, &backup, &fault), 0);
        assert_ptr_equal(fault.kind, &vouch_fault_backup);
        assert_null(backup.entries);
    }
}

static void refuses_lines_that_are_none(void **state) {
    (void)state;
    static const char *const lines[] = {
        "",
        "link 0640 1 2 ledger",
        "dir 0640 1 2 /etc",
        "dir 0640 1 2 ../x",
        "dir 0640 1 2 a/../b",
        "dir 0640 1 2 a//b",
        "dir 0640 1 2 a/",
        "dir 0640 1 2 .",
        "dir 0640 1 2 a b",
        "dir 0640 1 2 ",
        "dir 640 1 2 a",
        "dir 0648 1 2 a",
        "dir 0640 -1 2 a",
        "dir 0640 4294967295 2 a",
        "dir 0640 1 2",
        "file 0640 1 2 0 " HASH,
        "file 0640 1 2 0 00 a",
        "file 0640 1 2 0 " HASH "00 a",
        "file 0640 1 2 x " HASH " a",
        "file 0640 1 2 a",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[400];
        struct vouch_backup backup = {0};
        struct vouch_fault fault;
        (void)snprintf(text, sizeof text, HEAD "%s\nend\n", lines[i]);
        assert_int_equal(read_back(text, &backup, &fault), VOUCH_ERR_CORRUPT);
        assert_non_null(strstr(fault.text, "MANIFEST:4"));
    }
}

static void refuses_what_stands_behind_the_end(void **state) {
    (void)state;
    struct vouch_backup backup = {0};
    assert_int_equal(read_back(GOOD "dir 0750 1 2 more\n", &backup, NULL), VOUCH_ERR_CORRUPT);
}

static void takes_no_name_that_the_list_could_not_hold(void **state) {
    (void)state;
    char names[][16] = {"", "/a", "a b", "a\nb", "a/../b", "..", "\xc3\xa9", "a/"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct vouch_backup backup = {0};
        const struct vouch_backup_entry entry = {.path = names[i]};
        assert_int_equal(vouch_backup_add(&backup, &entry, NULL), VOUCH_ERR_FORMAT);
    }
}

static void copies_so_many_bytes_and_hashes_them(void **state) {
    (void)state;
    char from[PATH_MAX], to[PATH_MAX];
    struct vouch_backup_entry entry = {0};
    struct vouch_tree_hash hash;
    struct stat status;
    uint64_t size = 0;
    put("from", "0123456789");
    (void)snprintf(from, sizeof from, "%s", below("from"));
    (void)snprintf(to, sizeof to, "%s", below("to"));
    assert_int_equal(chmod(from, 0644), 0);
    const struct vouch_backup_copy part = {from, to, 4};
    assert_int_equal(vouch_backup_copy_file(&part, &entry, NULL), 0);
    assert_int_equal(entry.size, 4);
    assert_int_equal(entry.mode, 0644);
    assert_int_equal(stat(to, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(vouch_backup_hash_file(to, &hash, &size, NULL), 0);
    assert_int_equal(size, 4);
    assert_memory_equal(hash.bytes, entry.hash.bytes, sizeof hash.bytes);
    assert_int_equal(vouch_backup_copy_file(&part, &entry, NULL), VOUCH_ERR_EXISTS);
    (void)unlink(to);
    const struct vouch_backup_copy more = {from, to, 11};
    assert_int_equal(vouch_backup_copy_file(&more, &entry, NULL), VOUCH_ERR_CORRUPT);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(reads_what_it_writes),
        TEST(refuses_each_proper_prefix),
        TEST(refuses_lines_that_are_none),
        TEST(refuses_what_stands_behind_the_end),
        TEST(takes_no_name_that_the_list_could_not_hold),
        TEST(copies_so_many_bytes_and_hashes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
