// SPDX-License-Identifier: ISC
// Tests of files that appear together.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prog/vouch/file-batch.h"

#define FILES 10 // more than are synced one by one

static char folder[64];
static char paths[FILES][128];

static int make_folder(void **state) {
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/test-file-batch.XXXXXX");
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < FILES; i++) {
        (void)snprintf(paths[i], sizeof paths[i], "%s/%zu", folder, i);
    }
    return 0;
}

static size_t count_files(void) {
    size_t count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        count += entry->d_name[0] != '.';
    }
    (void)closedir(dir);
    return count;
}

static int remove_folder(void **state) {
    (void)state;
    for (size_t i = 0; i < FILES; i++) {
        (void)unlink(paths[i]);
    }
    return rmdir(folder); // fails if anything else was left
}

static void put(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static const char *get(const char *path) {
    static char text[64];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

static struct vouch_file_batch *fill(size_t count, enum vouch_io_existing existing) {
    struct vouch_file_batch *batch = vouch_file_batch_new(count);
    struct vouch_fault fault;
    assert_non_null(batch);
    for (size_t i = 0; i < count; i++) {
        const struct vouch_io_file file = {.path = paths[i], .mode = 0640, .existing = existing};
        assert_int_equal(vouch_file_batch_add(batch, &file, vouch_bytes_of("new"), &fault), 0);
    }
    return batch;
}

static void nothing_is_in_place_before_the_end(void **state) {
    (void)state;
    struct stat status;
    struct vouch_file_batch *batch = fill(FILES, VOUCH_IO_KEEP);
    for (size_t i = 0; i < FILES; i++) {
        assert_int_not_equal(stat(paths[i], &status), 0);
    }
    vouch_file_batch_free(batch);
    assert_int_equal(count_files(), 0);
}

static void all_are_in_place_at_the_end(void **state) {
    (void)state;
    static const size_t counts[] = {1, 4, FILES};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        struct vouch_fault fault;
        struct stat status;
        size_t placed = 0;
        struct vouch_file_batch *batch = fill(counts[c], VOUCH_IO_REPLACE);
        assert_int_equal(vouch_file_batch_finish(batch, &placed, &fault), 0);
        vouch_file_batch_free(batch);
        assert_int_equal(placed, counts[c]);
        assert_int_equal(count_files(), counts[c]);
        for (size_t i = 0; i < counts[c]; i++) {
            assert_string_equal(get(paths[i]), "new");
            assert_int_equal(stat(paths[i], &status), 0);
            assert_int_equal(status.st_mode & 07777, 0640);
        }
    }
}

static void keep_refuses_what_appeared_meanwhile(void **state) {
    (void)state;
    struct vouch_fault fault;
    size_t placed = 99;
    struct vouch_file_batch *batch = fill(FILES, VOUCH_IO_KEEP);
    put(paths[6], "old");
    assert_int_equal(vouch_file_batch_finish(batch, &placed, &fault), VOUCH_ERR_EXISTS);
    assert_ptr_equal(fault.kind, &vouch_fault_exists);
    assert_non_null(strstr(fault.text, paths[6]));
    vouch_file_batch_free(batch);
    assert_int_equal(placed, 6);
    assert_int_equal(count_files(), 7);
    assert_string_equal(get(paths[6]), "old");
}

static void replace_replaces(void **state) {
    (void)state;
    struct vouch_fault fault;
    size_t placed = 0;
    put(paths[0], "old");
    struct vouch_file_batch *batch = fill(1, VOUCH_IO_REPLACE);
    assert_string_equal(get(paths[0]), "old");
    assert_int_equal(vouch_file_batch_finish(batch, &placed, &fault), 0);
    vouch_file_batch_free(batch);
    assert_string_equal(get(paths[0]), "new");
}

static void a_file_that_cannot_be_written_spoils_the_batch(void **state) {
    (void)state;
    char missing[160];
    struct vouch_fault fault;
    struct vouch_file_batch *batch = vouch_file_batch_new(2);
    const struct vouch_io_file good = {.path = paths[0], .mode = 0644};
    (void)snprintf(missing, sizeof missing, "%s/no/such", folder);
    const struct vouch_io_file bad = {.path = missing, .mode = 0644};
    assert_int_equal(vouch_file_batch_add(batch, &good, vouch_bytes_of("x"), &fault), 0);
    assert_int_equal(vouch_file_batch_add(batch, &bad, vouch_bytes_of("x"), &fault),
                     VOUCH_ERR_NOT_FOUND);
    assert_ptr_equal(fault.kind, &vouch_fault_write);
    vouch_file_batch_free(batch);
    assert_int_equal(count_files(), 0);
}

static void a_batch_holds_no_more_than_it_was_made_for(void **state) {
    (void)state;
    struct vouch_fault fault;
    struct vouch_file_batch *batch = fill(1, VOUCH_IO_KEEP);
    const struct vouch_io_file file = {.path = paths[1], .mode = 0644};
    assert_int_equal(vouch_file_batch_add(batch, &file, vouch_bytes_of("x"), &fault),
                     VOUCH_ERR_LIMIT);
    vouch_file_batch_free(batch);
    assert_int_equal(count_files(), 0);
    vouch_file_batch_free(NULL);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(nothing_is_in_place_before_the_end),
        WITH_FOLDER(all_are_in_place_at_the_end),
        WITH_FOLDER(keep_refuses_what_appeared_meanwhile),
        WITH_FOLDER(replace_replaces),
        WITH_FOLDER(a_file_that_cannot_be_written_spoils_the_batch),
        WITH_FOLDER(a_batch_holds_no_more_than_it_was_made_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
