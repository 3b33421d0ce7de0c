// SPDX-License-Identifier: ISC
// Tests of the file of a session.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "prog/vouch/home.h"
#include "prog/vouch/session.h"

#define SECRET "vouchs_0123456789abcdefghijABCDEFGHIJ_-0123456789a"

static char home[] = "/tmp/vouch-session-XXXXXX";
static char url[] = "https://ca.example.com:8443", user[] = "alice@example.com";

static int begin(void **state) {
    (void)state;
    (void)unsetenv("XDG_STATE_HOME");
    return mkdtemp(home) != NULL ? setenv("HOME", home, 1) : -1;
}

static int end(void **state) {
    (void)state;
    char command[200];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", home);
    return system(command);
}

static void put(const char *text) {
    char path[PATH_MAX];
    assert_int_equal(vouch_session_path(path, NULL), 0);
    assert_int_equal(vouch_home_make_folders(path, NULL), 0);
    const struct vouch_io_file file = {.path = path, .mode = 0600, .existing = VOUCH_IO_REPLACE};
    assert_int_equal(vouch_io_write(&file, vouch_bytes_of(text), NULL), 0);
}

static void write_one(void) {
    static uint8_t secret[] = SECRET;
    const struct vouch_session session = {
        .url = url, .user = user, .secret = {secret, sizeof secret - 1}, .ends_s = 1795346738};
    assert_int_equal(vouch_session_write(&session, NULL), 0);
}

static void what_is_written_is_read(void **state) {
    (void)state;
    char path[PATH_MAX];
    struct stat status;
    struct vouch_session session = {0};
    write_one();
    assert_int_equal(vouch_session_path(path, NULL), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(vouch_session_read(&session, NULL), 0);
    assert_string_equal(session.url, url);
    assert_string_equal(session.user, user);
    assert_int_equal(session.secret.len, sizeof SECRET - 1);
    assert_memory_equal(session.secret.ptr, SECRET, sizeof SECRET - 1);
    assert_true(session.ends_s == 1795346738);
    vouch_session_done(&session);
}

static void what_is_forgotten_leaves_the_name_alone(void **state) {
    (void)state;
    struct vouch_session session = {0};
    write_one();
    assert_int_equal(vouch_session_forget(NULL), 0);
    assert_int_equal(vouch_session_read(&session, NULL), 0);
    assert_string_equal(session.user, user);
    assert_int_equal(session.secret.len, 0);
    vouch_session_done(&session);
    assert_int_equal(vouch_session_forget(NULL), 0);
}

static void no_file_is_not_signed_in(void **state) {
    (void)state;
    char path[PATH_MAX];
    struct vouch_session session = {0};
    struct vouch_fault fault;
    assert_int_equal(vouch_session_path(path, NULL), 0);
    (void)unlink(path);
    assert_int_equal(vouch_session_read(&session, &fault), VOUCH_ERR_NOT_FOUND);
    assert_ptr_equal(fault.kind, &vouch_fault_signed_out);
    assert_int_equal(vouch_session_forget(NULL), 0);
}

static void refuses_a_file_that_others_may_read(void **state) {
    (void)state;
    char path[PATH_MAX];
    struct vouch_session session = {0};
    write_one();
    assert_int_equal(vouch_session_path(path, NULL), 0);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(vouch_session_read(&session, NULL), VOUCH_ERR_PERMISSION);
    assert_int_equal(chmod(path, 0600), 0);
}

static void refuses_what_is_no_session(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        "{\"schema\":\"vouch.signed-in/2\",\"url\":\"a\",\"user\":\"b\"}",
        "{\"schema\":\"vouch.signed-in/1\",\"user\":\"b\"}",
        "{\"schema\":\"vouch.signed-in/1\",\"url\":\"a\",\"user\":\"b\",\"ends\":\"soon\"}",
        "{\"schema\":\"vouch.signed-in/1\",\"url\":\"a\",\"user\":\"b\",\"secret\":\"vouch_x\"}",
        "{\"schema\":\"vouch.signed-in/1\",\"url\":\"a\",\"user\":\"b\",\"secret\":\"vouchs_\"}",
        "{\"schema\":\"vouch.signed-in/1\",\"url\":\"a\",\"url\":\"b\",\"user\":\"b\"}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct vouch_session session = {0};
        struct vouch_fault fault;
        put(texts[i]);
        assert_int_equal(vouch_session_read(&session, &fault), VOUCH_ERR_FORMAT);
        assert_ptr_equal(fault.kind, &vouch_fault_input);
        assert_null(session.url);
    }
    assert_int_equal(vouch_session_forget(NULL), 0); // a broken file is no reason to stay signed in
}

static void a_name_that_would_break_the_file_is_not_written(void **state) {
    (void)state;
    static char names[][8] = {"a\"b", "a\\b", "a\nb", "a b", "\x7f"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct vouch_session session = {.url = url, .user = names[i]};
        assert_int_equal(vouch_session_write(&session, NULL), VOUCH_ERR_FORMAT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_is_forgotten_leaves_the_name_alone),
        cmocka_unit_test(no_file_is_not_signed_in),
        cmocka_unit_test(refuses_a_file_that_others_may_read),
        cmocka_unit_test(refuses_what_is_no_session),
        cmocka_unit_test(a_name_that_would_break_the_file_is_not_written),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
