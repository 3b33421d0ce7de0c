// SPDX-License-Identifier: ISC
// Tests of the agent's folder, which an agent that was taken over fills as it likes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "prog/vouch-host/station.h"

static char root[64];

static int make_root(void **state) {
    static const char *const folders[] = {"var", "var/lib", "var/lib/vouch-host",
                                          VOUCH_STATION_FOLDER};
    char path[256];
    (void)state;
    (void)snprintf(root, sizeof root, "/tmp/test-station-XXXXXX");
    if (mkdtemp(root) == NULL) {
        return -1;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", root, folders[i]);
        if (mkdir(path, 0755) != 0) {
            return -1;
        }
    }
    return 0;
}

static int remove_root(void **state) {
    static const char *const names[] = {VOUCH_STATION_FOLDER "/lock", "precious"};
    static const char *const folders[] = {VOUCH_STATION_FOLDER, "var/lib/vouch-host", "var/lib",
                                          "var"};
    char path[256];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", root, names[i]);
        (void)unlink(path);
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", root, folders[i]);
        (void)rmdir(path);
    }
    return rmdir(root);
}

static int write_file(const char *name, const char *text) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    return fd;
}

static void a_file_that_is_not_the_agents_is_no_lock(void **state) {
    struct vouch_station station;
    struct vouch_fault fault = {0};
    struct stat st;
    char from[256], to[256];
    pid_t other = 0;
    (void)state;
    int fd = write_file("precious", "keep me as I am");
    (void)snprintf(from, sizeof from, "%s/precious", root);
    (void)snprintf(to, sizeof to, "%s/" VOUCH_STATION_FOLDER "/lock", root);
    assert_int_equal(link(from, to), 0);
    assert_int_equal(vouch_station_open(root, VOUCH_STATION_ALONE, &station, &other, &fault),
                     VOUCH_ERR_PERMISSION);
    assert_ptr_equal(fault.kind, &vouch_fault_host_start);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, strlen("keep me as I am"));
    assert_int_equal(st.st_uid, geteuid());
    (void)close(fd);
}

// Else it would have root signal whomever it names.
static void who_is_told_of_another_has_no_more_rights_than_that(void **state) {
    int status = 0;
    (void)state;
    if (geteuid() != 0) {
        print_message("# only root can signal whomever a file names\n");
        skip();
    }
    int fd = write_file(VOUCH_STATION_FOLDER "/lock", "4711\n");
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct vouch_station station;
        struct vouch_fault fault = {0};
        pid_t other = 0;
        int err = vouch_station_open(root, VOUCH_STATION_ALONE, &station, &other, &fault);
        int is_good = err == VOUCH_ERR_EXISTS && other == 4711 && geteuid() != 0 && getuid() != 0 &&
                      setuid(0) != 0;
        _exit(is_good ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    (void)close(fd);
}

#define STATION_TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void) {
    const struct CMUnitTest tests[] = {
        STATION_TEST(a_file_that_is_not_the_agents_is_no_lock),
        STATION_TEST(who_is_told_of_another_has_no_more_rights_than_that),
    };
    return cmocka_run_group_tests_name("station", tests, NULL, NULL);
}
