// SPDX-License-Identifier: ISC
// Files: all or nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

static char dir[] = "/tmp/vouch-test-io-XXXXXX";
static char path[64];

static int begin(void **state) {
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/vouch-test-io-XXXXXX");
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/file", dir);
    return 0;
}

static int count_files(void) {
    int count = 0;
    DIR *folder = opendir(dir);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        count += entry->d_name[0] != '.';
    }
    closedir(folder);
    return count;
}

static int end(void **state) {
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static int write_text(const char *text, enum vouch_io_existing existing, unsigned mode) {
    struct vouch_io_file file = {path, mode, existing};
    return vouch_io_write(&file, vouch_bytes_of(text), NULL);
}

static void writes_with_the_mode_that_was_asked_for(void **state) {
    (void)state;
    mode_t old = umask(0);
    assert_int_equal(write_text("hello", VOUCH_IO_KEEP, 0600), VOUCH_OK);
    umask(old);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 5);
    assert_int_equal(count_files(), 1);
}

static void keeps_or_replaces_what_exists(void **state) {
    (void)state;
    assert_int_equal(write_text("old", VOUCH_IO_KEEP, 0644), VOUCH_OK);
    struct vouch_fault fault = {0};
    struct vouch_io_file file = {path, 0644, VOUCH_IO_KEEP};
    assert_int_equal(vouch_io_write(&file, vouch_bytes_of("new"), &fault), VOUCH_ERR_EXISTS);
    assert_string_equal(fault.kind->code, "V-1103");
    struct vouch_buf text;
    vouch_buf_init(&text, 100);
    assert_int_equal(vouch_io_read(path, 99, &text, NULL), VOUCH_OK);
    assert_memory_equal(text.ptr, "old", 3);
    vouch_buf_clear(&text);
    assert_int_equal(write_text("newer", VOUCH_IO_REPLACE, 0644), VOUCH_OK);
    assert_int_equal(vouch_io_read(path, 99, &text, NULL), VOUCH_OK);
    assert_memory_equal(text.ptr, "newer", 5);
    assert_int_equal(count_files(), 1);
    vouch_buf_done(&text);
}

static void leaves_nothing_when_the_disk_refuses(void **state) {
    (void)state;
    struct rlimit old, small = {1024, RLIM_INFINITY};
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    char big[4096];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    int err = write_text(big, VOUCH_IO_KEEP, 0644);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_true(err < 0);
    assert_int_equal(count_files(), 0);
}

static void refuses_a_file_over_its_limit(void **state) {
    (void)state;
    assert_int_equal(write_text("0123456789", VOUCH_IO_KEEP, 0644), VOUCH_OK);
    struct vouch_buf text;
    vouch_buf_init(&text, 100);
    struct vouch_fault fault = {0};
    assert_int_equal(vouch_io_read(path, 9, &text, &fault), VOUCH_ERR_LIMIT);
    assert_string_equal(fault.kind->code, "V-1105");
    vouch_buf_clear(&text);
    assert_int_equal(vouch_io_read(path, 10, &text, &fault), VOUCH_OK);
    assert_int_equal(text.len, 10);
    vouch_buf_done(&text);
}

static void refuses_a_secret_that_others_can_read(void **state) {
    (void)state;
    struct vouch_secret secret = {0};
    struct vouch_fault fault = {0};
    static const unsigned modes[] = {0640, 0604, 0620, 0602, 0610, 0601};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(write_text("s", VOUCH_IO_REPLACE, modes[i]), VOUCH_OK);
        assert_int_equal(vouch_io_read_secret(path, 10, VOUCH_IO_PRIVATE, &secret, &fault),
                         VOUCH_ERR_PERMISSION);
        assert_string_equal(fault.kind->code, "V-1104");
        assert_null(secret.ptr);
    }
    assert_int_equal(write_text("s3", VOUCH_IO_REPLACE, 0600), VOUCH_OK);
    assert_int_equal(vouch_io_read_secret(path, 10, VOUCH_IO_PRIVATE, &secret, &fault), VOUCH_OK);
    assert_int_equal(secret.len, 2);
    vouch_secret_done(&secret);
}

static void names_the_file_and_the_cause(void **state) {
    (void)state;
    struct vouch_buf text;
    vouch_buf_init(&text, 100);
    struct vouch_fault fault = {0};
    assert_int_equal(vouch_io_read(path, 10, &text, &fault), VOUCH_ERR_NOT_FOUND);
    assert_non_null(strstr(fault.text, path));
    assert_non_null(strstr(fault.text, "No such file"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_with_the_mode_that_was_asked_for, begin, end),
        cmocka_unit_test_setup_teardown(keeps_or_replaces_what_exists, begin, end),
        cmocka_unit_test_setup_teardown(refuses_a_file_over_its_limit, begin, end),
        cmocka_unit_test_setup_teardown(refuses_a_secret_that_others_can_read, begin, end),
        cmocka_unit_test_setup_teardown(leaves_nothing_when_the_disk_refuses, begin, end),
        cmocka_unit_test_setup_teardown(names_the_file_and_the_cause, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
