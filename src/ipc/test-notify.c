// SPDX-License-Identifier: ISC
// Tests of ipc/notify.h, with the test in the place of the service manager.
#include "ipc/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int begin(void **state) {
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/vouch-notify-XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    return rmdir(folder);
}

// Listens as a manager does; the name is as it stands in NOTIFY_SOCKET.
static int listen_at(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    memcpy(address.sun_path, name, len);
    address.sun_path[0] = name[0] == '@' ? '\0' : name[0];
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    return fd;
}

static void expect_text(int fd, const char *expected) {
    char text[512] = "";
    ssize_t got = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    assert_true(got > 0);
    assert_string_equal(text, expected);
}

static void tell_all(const char *name) {
    int manager = listen_at(name);
    struct vouch_notify notify = {.fd = -1};
    assert_int_equal(vouch_notify_open(&notify, NULL), VOUCH_OK);
    assert_true(notify.fd >= 0);
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_int_equal(vouch_notify_send(&notify, VOUCH_NOTIFY_READY, NULL, NULL), VOUCH_OK);
    expect_text(manager, "READY=1\n");
    assert_int_equal(vouch_notify_send(&notify, VOUCH_NOTIFY_STOPPING, "until\nsoon", NULL),
                     VOUCH_OK);
    expect_text(manager, "STOPPING=1\nSTATUS=until\\x0asoon\n");
    assert_int_equal(vouch_notify_send(&notify, VOUCH_NOTIFY_STATUS, "8 signed", NULL), VOUCH_OK);
    expect_text(manager, "STATUS=8 signed\n");
    assert_int_equal(vouch_notify_send(&notify, VOUCH_NOTIFY_RELOADING, NULL, NULL), VOUCH_OK);
    char text[128] = "";
    assert_true(recv(manager, text, sizeof text - 1, MSG_DONTWAIT) > 0);
    unsigned long long usec = 0;
    assert_int_equal(sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%llu\n", &usec), 1);
    assert_true(usec > 0);
    vouch_notify_close(&notify);
    vouch_notify_close(&notify);
    close(manager);
}

static void tells_a_manager_at_a_path(void **state) {
    (void)state;
    char path[96];
    (void)snprintf(path, sizeof path, "%s/notify", folder);
    tell_all(path);
    assert_int_equal(unlink(path), 0);
}

static void tells_a_manager_at_an_abstract_name(void **state) {
    (void)state;
    char name[96];
    (void)snprintf(name, sizeof name, "@vouch-notify-%d", (int)getpid());
    tell_all(name);
}

static void expect_watchdog(const char *usec, const char *pid, uint64_t expected_ns) {
    char name[96];
    (void)snprintf(name, sizeof name, "@vouch-watchdog-%d", (int)getpid());
    int manager = listen_at(name);
    struct vouch_notify notify = {.fd = -1};
    assert_int_equal(setenv("WATCHDOG_USEC", usec, 1), 0);
    assert_int_equal(pid != NULL ? setenv("WATCHDOG_PID", pid, 1) : unsetenv("WATCHDOG_PID"), 0);
    assert_int_equal(vouch_notify_open(&notify, NULL), VOUCH_OK);
    assert_int_equal(notify.watchdog_ns, expected_ns);
    assert_null(getenv("WATCHDOG_USEC"));
    assert_null(getenv("WATCHDOG_PID"));
    assert_int_equal(vouch_notify_send(&notify, VOUCH_NOTIFY_ALIVE, NULL, NULL), VOUCH_OK);
    expect_text(manager, "WATCHDOG=1\n");
    vouch_notify_close(&notify);
    close(manager);
}

static void knows_how_often_it_has_to_say_that_it_lives(void **state) {
    (void)state;
    char own[24];
    (void)snprintf(own, sizeof own, "%d", (int)getpid());
    expect_watchdog("3000000", NULL, UINT64_C(3000000000));
    expect_watchdog("3000000", own, UINT64_C(3000000000));
    expect_watchdog("3000000", "1", 0);
    expect_watchdog("soon", NULL, 0);
    expect_watchdog("99999999999999999999", NULL, 0);
    expect_watchdog("18446744073709551615", NULL, 0);
}

static void is_silent_without_a_manager(void **state) {
    (void)state;
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    struct vouch_notify notify = {0};
    assert_int_equal(vouch_notify_open(&notify, NULL), VOUCH_OK);
    assert_int_equal(notify.fd, -1);
    assert_int_equal(vouch_notify_send(&notify, VOUCH_NOTIFY_READY, "x", NULL), VOUCH_OK);
}

static void refuses_addresses_that_are_none(void **state) {
    (void)state;
    static const char *const names[] = {"notify", "@", "/", "vsock:2:1"};
    char longest[200];
    memset(longest, 'a', sizeof longest);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    struct vouch_notify notify = {0};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(setenv("NOTIFY_SOCKET", names[i], 1), 0);
        assert_int_equal(vouch_notify_open(&notify, NULL), VOUCH_ERR_ARGUMENT);
    }
    assert_int_equal(setenv("NOTIFY_SOCKET", longest, 1), 0);
    assert_int_equal(vouch_notify_open(&notify, NULL), VOUCH_ERR_ARGUMENT);
    struct vouch_fault fault = {0};
    assert_int_equal(setenv("NOTIFY_SOCKET", "/nowhere/notify", 1), 0);
    assert_int_equal(vouch_notify_open(&notify, &fault), VOUCH_ERR_IO);
    assert_non_null(strstr(fault.text, "NOTIFY_SOCKET: No such file"));
}

// Runs `check` in a child whose descriptors from 3 on are those given, and whose variables say so.
static void with_sockets(const int *fds, unsigned count, const char *pid, const char *said,
                         int (*check)(void)) {
    pid_t child = fork();
    if (child == 0) {
        int above[8];
        for (unsigned i = 0; i < count; i++) {
            above[i] = fcntl(fds[i], F_DUPFD, 50);
        }
        for (unsigned i = 0; i < count; i++) {
            dup2(above[i], 3 + (int)i);
        }
        char own[32];
        (void)snprintf(own, sizeof own, "%d", (int)getpid());
        setenv("LISTEN_PID", pid != NULL ? pid : own, 1);
        setenv("LISTEN_FDS", said, 1);
        setenv("LISTEN_FDNAMES", "https", 1);
        int failed = check();
        _exit(failed != 0 || getenv("LISTEN_PID") != NULL || getenv("LISTEN_FDS") != NULL);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static int gets_two(void) {
    struct vouch_notify_sockets sockets = {0};
    int err = vouch_notify_take_sockets(&sockets, NULL);
    return err != VOUCH_OK || sockets.count != 2 || sockets.fds[0] != 3 || sockets.fds[1] != 4 ||
           fcntl(4, F_GETFD) != FD_CLOEXEC;
}

static int gets_none(void) {
    struct vouch_notify_sockets sockets = {.count = 7};
    return vouch_notify_take_sockets(&sockets, NULL) != VOUCH_OK || sockets.count != 0;
}

static int is_refused(void) {
    struct vouch_notify_sockets sockets = {.count = 7};
    return vouch_notify_take_sockets(&sockets, NULL) != VOUCH_ERR_ARGUMENT || sockets.count != 7;
}

static void takes_over_the_sockets_of_its_manager(void **state) {
    (void)state;
    int fds[2];
    for (size_t i = 0; i < 2; i++) {
        struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(fds[i], (const struct sockaddr *)&any, sizeof any), 0);
        assert_int_equal(listen(fds[i], 1), 0);
    }
    int plain = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int datagram = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    with_sockets(fds, 2, NULL, "2", gets_two);
    with_sockets(fds, 2, "1", "2", gets_none); // meant for another process
    with_sockets(fds, 2, NULL, "0", gets_none);
    with_sockets(fds, 2, NULL, "9", is_refused);
    with_sockets(fds, 2, NULL, "-1", is_refused);
    with_sockets(fds, 2, "x", "2", is_refused);
    with_sockets(&plain, 1, NULL, "1", is_refused);
    with_sockets(&datagram, 1, NULL, "1", is_refused);
    close(plain);
    close(datagram);
    close(fds[0]);
    close(fds[1]);
}

static void gets_no_sockets_without_a_manager(void **state) {
    (void)state;
    assert_int_equal(gets_none(), 0);
}

static void reads_a_credential(void **state) {
    (void)state;
    char path[96];
    (void)snprintf(path, sizeof path, "%s/ca-pass", folder);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0400);
    assert_int_equal(write(fd, "hunter2", 7), 7);
    close(fd);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
    struct vouch_secret secret = {0};
    assert_int_equal(vouch_notify_credential("ca-pass", 64, &secret, NULL), VOUCH_OK);
    assert_int_equal(secret.len, 7);
    assert_memory_equal(secret.ptr, "hunter2", 7);
    vouch_secret_done(&secret);
    assert_int_equal(vouch_notify_credential("ca-pass", 6, &secret, NULL), VOUCH_ERR_LIMIT);
    assert_int_equal(vouch_notify_credential("tls", 64, &secret, NULL), VOUCH_ERR_NOT_FOUND);
    static const char *const names[] = {"", ".", "..", "../x", "/etc/passwd", "a/b"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(vouch_notify_credential(names[i], 64, &secret, NULL), VOUCH_ERR_ARGUMENT);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    assert_int_equal(vouch_notify_credential("ca-pass", 64, &secret, NULL), VOUCH_ERR_NOT_FOUND);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "relative", 1), 0);
    assert_int_equal(vouch_notify_credential("ca-pass", 64, &secret, NULL), VOUCH_ERR_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_a_manager_at_a_path),
        cmocka_unit_test(tells_a_manager_at_an_abstract_name),
        cmocka_unit_test(knows_how_often_it_has_to_say_that_it_lives),
        cmocka_unit_test(is_silent_without_a_manager),
        cmocka_unit_test(refuses_addresses_that_are_none),
        cmocka_unit_test(takes_over_the_sockets_of_its_manager),
        cmocka_unit_test(gets_no_sockets_without_a_manager),
        cmocka_unit_test(reads_a_credential),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
