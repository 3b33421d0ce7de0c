// SPDX-License-Identifier: ISC
// Tests of ipc/spawn.h, ipc/supervisor.h and ipc/user.h on a toy service (test-toy.h), whose roles are
// this very program, started again with --role.
#include "ipc/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/time.h"
#include "ipc/test-toy.h"
#include "ipc/user.h"

static int listener;
static struct sockaddr_in address;
static struct vouch_supervisor *supervisor;

static void order(const char *role, char step, char way) {
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", test_toy_folder, role);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, (char[]){step, way}, 2), 2);
    close(fd);
}

static struct vouch_supervisor_event next(void) {
    struct vouch_supervisor_event event = {0};
    struct vouch_fault fault = {0};
    int err = vouch_supervisor_next(supervisor, &event, &fault);
    if (err != VOUCH_OK) {
        fail_msg("supervisor: %s", fault.text);
    }
    return event;
}

static struct vouch_supervisor_event expect(enum vouch_supervisor_event_kind kind) {
    struct vouch_supervisor_event event = next();
    if (event.kind != kind) {
        fail_msg("event %d in place of %d: %s", (int)event.kind, (int)kind, event.fault.text);
    }
    return event;
}

static void go(void) {
    assert_int_equal(
        vouch_supervisor_go(supervisor, WEB, (struct vouch_lane_fds){&listener, 1}, NULL),
        VOUCH_OK);
}

static uint32_t call(void) {
    uint32_t number = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    struct timeval wait = {.tv_sec = 5};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    (void)!recv(fd, &number, sizeof number, MSG_WAITALL);
    close(fd);
    return number;
}

static void start(void) {
    struct vouch_fault fault = {0};
    if (vouch_supervisor_new(&test_toy_service, &supervisor, &fault) != VOUCH_OK) {
        fail_msg("%s", fault.text);
    }
}

static void start_and_serve(void) {
    start();
    (void)expect(VOUCH_SUPERVISOR_READY);
    go();
    assert_int_equal(call(), 2100);
}

static int is_gone(pid_t pid) {
    return kill(pid, 0) != 0 && errno == ESRCH;
}

static void stop(void) {
    pid_t pids[ROLE_COUNT];
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        pids[i] = vouch_supervisor_pid(supervisor, i);
    }
    vouch_supervisor_stop(supervisor);
    struct vouch_supervisor_event event = {0};
    // A death that was noticed just before is told first.
    do {
        event = next();
    } while (event.kind == VOUCH_SUPERVISOR_DIED);
    assert_int_equal(event.kind, VOUCH_SUPERVISOR_STOPPED);
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        assert_true(pids[i] == 0 || is_gone(pids[i]));
    }
    vouch_supervisor_free(vouch_steal(supervisor));
}

static void begins_each_role_with_nothing_but_its_own(void **state) {
    (void)state;
    assert_int_equal(setenv("VOUCH_TEST_KEPT", "yes", 1), 0);
    assert_int_equal(setenv("VOUCH_TEST_SECRET", "no", 1), 0);
    start();
    int leaked = open("/etc/passwd", O_RDONLY); // not close-on-exec
    struct vouch_supervisor_event event = expect(VOUCH_SUPERVISOR_READY);
    // 0 to 3, the lanes, the signer's gift, and the signalfd.
    assert_string_equal(event.warning, "web: fd 7 env 1 dump 0 core 0 nnp 1 int 0 own 1; "
                                       "authority: fd 8 env 1 dump 0 core 0 nnp 1 int 0 own 1; "
                                       "signer: fd 7 env 1 dump 0 core 0 nnp 1 int 0 own 1");
    go();
    assert_int_equal(call(), 2100);
    close(leaked);
    stop();
}

static uid_t uid_of(pid_t pid, gid_t *ret_gid) {
    char path[64], line[256];
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    unsigned uid = 0, gid = 0, groups = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        (void)sscanf(line, "Uid: %u", &uid);
        (void)sscanf(line, "Gid: %u", &gid);
        (void)sscanf(line, "Groups: %u", &groups);
    }
    (void)fclose(file);
    assert_int_equal(geteuid() == 0 ? groups : 0, 0);
    *ret_gid = gid;
    return uid;
}

static void runs_each_role_as_its_own_user_if_it_can(void **state) {
    (void)state;
    start_and_serve();
    assert_int_equal(vouch_supervisor_separates(supervisor), geteuid() == 0);
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        gid_t gid = 0;
        uid_t uid = uid_of(vouch_supervisor_pid(supervisor, i), &gid);
        assert_int_equal(uid, geteuid() == 0 ? 65531 + i : geteuid());
        assert_int_equal(gid, geteuid() == 0 ? 65531 + i : getegid());
    }
    stop();
}

static void hands_on_a_reload(void **state) {
    (void)state;
    start_and_serve();
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    (void)expect(VOUCH_SUPERVISOR_RELOAD);
    uint32_t number = 0;
    for (unsigned i = 0; i < 200 && number != 2101; i++) {
        number = call(); // the signer reads its signal when it gets to it
    }
    assert_int_equal(number, 2101);
    stop();
}

static void put_gift(uint32_t number) {
    assert_int_equal(pwrite(test_toy_gift, &number, sizeof number, 0), sizeof number);
}

static void gives_a_role_what_it_is_to_have_at_each_start(void **state) {
    (void)state;
    put_gift(7);
    start();
    (void)expect(VOUCH_SUPERVISOR_READY);
    go();
    assert_int_equal(call(), 2107);
    assert_int_equal(kill(vouch_supervisor_pid(supervisor, WEB), SIGKILL), 0);
    (void)expect(VOUCH_SUPERVISOR_DIED);
    put_gift(9);
    (void)expect(VOUCH_SUPERVISOR_READY);
    go();
    assert_int_equal(call(), 2109);
    put_gift(0);
    stop();
}

static void gives_each_role_its_own_sockets(void **state) {
    (void)state;
    start();
    (void)expect(VOUCH_SUPERVISOR_READY);
    struct vouch_lane_fds sockets[ROLE_COUNT] = {0};
    sockets[WEB] = (struct vouch_lane_fds){&listener, 1};
    assert_int_equal(vouch_supervisor_go_each(supervisor, sockets, NULL), VOUCH_OK);
    assert_int_equal(call(), 2100);
    stop();
    // A role of the toy that has no use for a socket ends when it gets one.
    start();
    (void)expect(VOUCH_SUPERVISOR_READY);
    sockets[AUTHORITY] = sockets[WEB];
    assert_int_equal(vouch_supervisor_go_each(supervisor, sockets, NULL), VOUCH_OK);
    assert_string_equal(expect(VOUCH_SUPERVISOR_DIED).fault.text,
                        "authority: ended with exit status 8");
    stop();
}

static void tells_of_a_stop_before_it_begins_if_asked_to(void **state) {
    (void)state;
    start();
    vouch_supervisor_announce(supervisor);
    (void)expect(VOUCH_SUPERVISOR_READY);
    go();
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    (void)expect(VOUCH_SUPERVISOR_STOPPING);
    assert_int_equal(call(), 2100); // all still run
    (void)expect(VOUCH_SUPERVISOR_STOPPED);
    vouch_supervisor_free(vouch_steal(supervisor));
}

static void stops_when_it_is_told(void **state) {
    (void)state;
    static const int signals[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < 2; i++) {
        start_and_serve();
        pid_t pid = vouch_supervisor_pid(supervisor, SIGNER);
        assert_int_equal(kill(getpid(), signals[i]), 0);
        struct vouch_supervisor_event event = expect(VOUCH_SUPERVISOR_STOPPED);
        assert_null(event.role);
        assert_int_equal(event.by_signal, 1);
        assert_true(is_gone(pid));
        assert_int_equal(vouch_supervisor_next(supervisor, &event, NULL), VOUCH_ERR_ARGUMENT);
        vouch_supervisor_free(vouch_steal(supervisor));
    }
}

// Nothing runs in a handler, so there is nothing to interrupt.
static void comes_through_a_storm_of_signals(void **state) {
    (void)state;
    start_and_serve();
    pid_t child = fork();
    if (child == 0) {
        for (unsigned i = 0; i < 20000; i++) {
            (void)kill(getppid(), SIGHUP);
        }
        _exit(kill(getppid(), SIGTERM) == 0 ? 0 : 1);
    }
    unsigned reloads = 0;
    struct vouch_supervisor_event event = next();
    while (event.kind == VOUCH_SUPERVISOR_RELOAD) {
        reloads++;
        event = next();
    }
    assert_int_equal(event.kind, VOUCH_SUPERVISOR_STOPPED);
    assert_true(reloads > 0);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    vouch_supervisor_free(vouch_steal(supervisor));
}

static void stops_before_the_word_to_go(void **state) {
    (void)state;
    start();
    struct vouch_supervisor_event event = expect(VOUCH_SUPERVISOR_READY);
    assert_int_equal(vouch_supervisor_next(supervisor, &event, NULL), VOUCH_ERR_ARGUMENT);
    stop();
}

// After a death everything is new, and works.
static void expect_restart(size_t role, const pid_t *old_pids) {
    struct vouch_supervisor_event event = expect(VOUCH_SUPERVISOR_DIED);
    assert_ptr_equal(event.role, &test_toy_roles[role]);
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        assert_int_equal(vouch_supervisor_pid(supervisor, i), 0);
        assert_true(old_pids == NULL || is_gone(old_pids[i]));
    }
    (void)expect(VOUCH_SUPERVISOR_READY);
    go();
    assert_int_equal(call(), 2100);
}

static void restarts_all_when_one_dies_at_any_step(void **state) {
    (void)state;
    static const char ways[] = {BY_KILL, BY_EXIT, BY_SYSCALL};
    for (size_t i = 0; i < ROLE_COUNT * 3 * sizeof ways; i++) {
        size_t role = i % ROLE_COUNT;
        char step = (char)(BEFORE_BEGIN + i / ROLE_COUNT % 3), way = ways[i / ROLE_COUNT / 3];
        order(test_toy_roles[role].name, step,
              way == BY_SYSCALL && step < AFTER_SANDBOX ? BY_KILL : way);
        start();
        expect_restart(role, NULL);
        stop();
    }
}

static void restarts_all_when_one_dies_while_it_runs(void **state) {
    (void)state;
    static const char steps[] = {AFTER_READY, WHEN_ASKED};
    for (size_t i = 0; i < ROLE_COUNT * 2; i++) {
        size_t role = i % ROLE_COUNT;
        order(test_toy_roles[role].name, steps[i / ROLE_COUNT], BY_KILL);
        start();
        (void)expect(VOUCH_SUPERVISOR_READY);
        pid_t pids[ROLE_COUNT];
        for (size_t k = 0; k < ROLE_COUNT; k++) {
            pids[k] = vouch_supervisor_pid(supervisor, k);
        }
        go();
        if (steps[i / ROLE_COUNT] == WHEN_ASKED) {
            assert_int_equal(call(), 0); // cut off, never half an answer
        }
        expect_restart(role, pids);
        stop();
    }
}

static void restarts_all_when_one_is_killed_from_outside(void **state) {
    (void)state;
    start_and_serve();
    for (size_t i = 0; i < 4 * ROLE_COUNT; i++) {
        size_t role = i % ROLE_COUNT;
        assert_int_equal(kill(vouch_supervisor_pid(supervisor, role), SIGKILL), 0);
        expect_restart(role, NULL);
    }
    stop();
}

static void kills_a_role_that_never_says_sandboxed(void **state) {
    (void)state;
    test_toy_service.times.ready_ms = 400;
    order("authority", AFTER_BEGIN, BY_HANGING);
    start();
    uint64_t before_ns = vouch_time_monotonic_ns();
    struct vouch_supervisor_event event = expect(VOUCH_SUPERVISOR_DIED);
    uint64_t took_ms = (vouch_time_monotonic_ns() - before_ns) / 1000000;
    test_toy_service.times.ready_ms = 5000;
    assert_ptr_equal(event.role, &test_toy_roles[AUTHORITY]);
    assert_int_equal(event.fault.err, VOUCH_ERR_TIMEOUT);
    assert_int_equal(event.was_running, 0);
    assert_string_equal(event.fault.text, "authority: was not in its sandbox within 400 ms");
    assert_true(took_ms >= 400);
    stop();
}

static void kills_a_role_that_does_not_stop(void **state) {
    (void)state;
    test_toy_service.times.stop_ms = 300;
    order("web", AT_SIGNAL, BY_HANGING);
    start_and_serve();
    pid_t pid = vouch_supervisor_pid(supervisor, WEB);
    vouch_supervisor_stop(supervisor);
    struct vouch_supervisor_event event = expect(VOUCH_SUPERVISOR_STOPPED);
    assert_int_equal(event.by_signal, 0);
    test_toy_service.times.stop_ms = 3000;
    assert_ptr_equal(event.role, &test_toy_roles[WEB]);
    assert_int_equal(event.fault.err, VOUCH_ERR_TIMEOUT);
    assert_true(is_gone(pid));
    vouch_supervisor_free(vouch_steal(supervisor));
}

static void takes_down_a_role_that_does_not_stop_after_a_death(void **state) {
    (void)state;
    test_toy_service.times.stop_ms = 300;
    order("web", AT_SIGNAL, BY_HANGING);
    start_and_serve();
    test_toy_service.times.stop_ms = 3000;
    pid_t pids[ROLE_COUNT];
    for (size_t k = 0; k < ROLE_COUNT; k++) {
        pids[k] = vouch_supervisor_pid(supervisor, k);
    }
    assert_int_equal(kill(pids[SIGNER], SIGKILL), 0);
    expect_restart(SIGNER, pids);
    stop();
}

static struct vouch_supervisor_event death_of(const char *role, char step, char way) {
    order(role, step, way);
    start();
    struct vouch_supervisor_event event = expect(VOUCH_SUPERVISOR_DIED);
    stop();
    return event;
}

static void says_how_a_role_ended(void **state) {
    (void)state;
    struct vouch_supervisor_event event = death_of("signer", AFTER_BEGIN, BY_SAYING_SO);
    assert_string_equal(event.fault.text, "signer: ledger: the disk is gone");
    assert_string_equal(event.fault.next, "Find the disk.");
    assert_ptr_equal(event.fault.kind, &vouch_fault_read);
    assert_int_equal(event.said_why, 1);
    event = death_of("web", AFTER_BEGIN, BY_EXIT);
    assert_string_equal(event.fault.text, "web: ended with exit status 3");
    assert_int_equal(event.said_why, 0);
    event = death_of("signer", AFTER_SANDBOX, BY_SYSCALL);
    assert_non_null(strstr(event.fault.text, "a system call outside its sandbox"));
    event = death_of("signer", AFTER_SANDBOX, BY_KILL);
    assert_string_equal(event.fault.text, "signer: was ended by signal 9 (Killed)");
}

static void waits_longer_after_each_death_until_it_was_healthy(void **state) {
    (void)state;
    static const uint64_t waits_ms[] = {10, 20, 40, 40};
    test_toy_service.times.healthy_ms = 150;
    start();
    for (size_t i = 0; i < 4; i++) {
        order("web", BEFORE_BEGIN, BY_EXIT);
        struct vouch_supervisor_event event = expect(VOUCH_SUPERVISOR_DIED);
        assert_int_equal(event.wait_ms, waits_ms[i]);
        assert_int_equal(event.was_running, 0);
    }
    uint64_t before_ns = vouch_time_monotonic_ns();
    assert_int_equal(kill(getpid(), SIGHUP), 0); // is told, and does not shorten the wait
    (void)expect(VOUCH_SUPERVISOR_RELOAD);
    (void)expect(VOUCH_SUPERVISOR_READY);
    assert_true(vouch_time_monotonic_ns() - before_ns >= 30 * 1000000);
    go();
    (void)poll(NULL, 0, 200);
    assert_int_equal(kill(vouch_supervisor_pid(supervisor, WEB), SIGKILL), 0);
    struct vouch_supervisor_event event = expect(VOUCH_SUPERVISOR_DIED);
    assert_int_equal(event.was_running, 1);
    assert_int_equal(event.wait_ms, 10);
    test_toy_service.times.healthy_ms = 60000;
    stop();
}

// Supervises until it is killed, and tells the number of a signer that looks at nothing.
static void supervise_for_ever(int tell_fd) {
    struct vouch_supervisor_event event;
    if (vouch_supervisor_new(&test_toy_service, &supervisor, NULL) != VOUCH_OK ||
        vouch_supervisor_next(supervisor, &event, NULL) != VOUCH_OK) {
        _exit(1);
    }
    go();
    pid_t signer = vouch_supervisor_pid(supervisor, SIGNER);
    (void)!write(tell_fd, &signer, sizeof signer);
    _exit(vouch_supervisor_next(supervisor, &event, NULL) == VOUCH_OK ? 2 : 3);
}

// The others may see the hang-up first; the signer only the signal.
static void roles_die_with_their_supervisor(void **state) {
    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    order("signer", AFTER_READY, BY_HANGING);
    int ready[2];
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        supervise_for_ever(ready[1]);
    }
    pid_t signer = 0;
    assert_int_equal(read(ready[0], &signer, sizeof signer), sizeof signer);
    assert_int_equal(kill(child, SIGKILL), 0);
    for (size_t i = 0; i < 1 + ROLE_COUNT; i++) {
        int status = 0;
        pid_t ended = waitpid(-1, &status, 0);
        assert_true(ended > 0);
        assert_true(ended != signer || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
    }
    assert_true(is_gone(signer));
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), 0);
    close(ready[0]);
    close(ready[1]);
}

static void a_role_started_by_hand_refuses(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        (void)execl("/proc/self/exe", "x", "--role", "signer", test_toy_folder, (char *)NULL);
        _exit(1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 9);
}

static void works_as_an_ordinary_user(void **state) {
    (void)state;
    if (geteuid() != 0) {
        return; // everything above was that test
    }
    pid_t child = fork();
    if (child == 0) {
        struct vouch_user user = {65530, 65530};
        if (vouch_user_become(user, NULL) != VOUCH_OK) {
            _exit(1);
        }
        start_and_serve();
        int shared = !vouch_supervisor_separates(supervisor);
        assert_int_equal(kill(vouch_supervisor_pid(supervisor, SIGNER), SIGKILL), 0);
        expect_restart(SIGNER, NULL);
        stop();
        _exit(shared ? 0 : 2);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void finds_users_by_name_and_number(void **state) {
    (void)state;
    struct vouch_user user = {0};
    assert_int_equal(vouch_user_find("nobody", &user, NULL), VOUCH_OK);
    assert_int_equal(user.uid, 65534);
    assert_int_equal(user.gid, 65534);
    assert_int_equal(vouch_user_find("7001", &user, NULL), VOUCH_OK);
    assert_int_equal(user.uid, 7001);
    assert_int_equal(user.gid, 7001);
    assert_int_equal(vouch_user_find("7001:7002", &user, NULL), VOUCH_OK);
    assert_int_equal(user.gid, 7002);
    static const char *const wrong[] = {"root",  "0",          "0:5",      "5:0", "",
                                        "7001:", "4294967295", "7001:1:2", "7x",  "5:4294967295"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(vouch_user_find(wrong[i], &user, NULL), VOUCH_ERR_ARGUMENT);
    }
    struct vouch_fault fault = {0};
    assert_int_equal(vouch_user_find("vouch-nobody-has-this", &user, &fault), VOUCH_ERR_NOT_FOUND);
    assert_non_null(strstr(fault.next, "useradd --system vouch-nobody-has-this"));
}

static void refuses_a_role_without_its_user_as_root(void **state) {
    (void)state;
    if (geteuid() != 0) {
        return; // users are not looked at
    }
    static const struct vouch_role wrong[] = {{.name = "web", .user = "vouch-nobody-has-this"},
                                              {.name = "web"},
                                              {.name = "web", .user = "root"}};
    for (size_t i = 0; i < 3; i++) {
        const struct vouch_service bad = {.program = "x", .roles = &wrong[i], .role_count = 1};
        struct vouch_supervisor *none = NULL;
        struct vouch_fault fault = {0};
        assert_true(vouch_supervisor_new(&bad, &none, &fault) != VOUCH_OK);
        assert_null(none);
        assert_ptr_equal(fault.kind, &vouch_fault_user);
    }
}

static void lays_out_descriptors_in_the_order_of_the_table(void **state) {
    (void)state;
    assert_int_equal(vouch_service_fd(&test_toy_service, WEB, WEB_TO_AUTHORITY, 0), 4);
    assert_int_equal(vouch_service_fd(&test_toy_service, WEB, WEB_TO_AUTHORITY, 1), 5);
    assert_int_equal(vouch_service_fd(&test_toy_service, WEB, WEB_TO_AUTHORITY, 2), -1);
    assert_int_equal(vouch_service_fd(&test_toy_service, WEB, AUTHORITY_TO_SIGNER, 0), -1);
    assert_int_equal(vouch_service_fd(&test_toy_service, AUTHORITY, AUTHORITY_TO_SIGNER, 0), 6);
    assert_int_equal(vouch_service_fd(&test_toy_service, SIGNER, AUTHORITY_TO_SIGNER, 0), 4);
    assert_int_equal(vouch_service_fd(&test_toy_service, SIGNER, 2, 0), -1);
    assert_int_equal(vouch_service_fd_count(&test_toy_service, AUTHORITY), 7);
    assert_int_equal(vouch_service_gift(&test_toy_service, AUTHORITY, 0), -1);
    assert_int_equal(vouch_service_gift(&test_toy_service, SIGNER, 0), 5);
    assert_int_equal(vouch_service_gift(&test_toy_service, SIGNER, 1), -1);
    assert_int_equal(vouch_service_fd_count(&test_toy_service, SIGNER), 6);
    assert_int_equal(vouch_service_role(&test_toy_service, "signer"), SIGNER);
    assert_int_equal(vouch_service_role(&test_toy_service, "sign"), ROLE_COUNT);
}

static void refuses_a_table_that_is_wrong(void **state) {
    (void)state;
    static const struct vouch_role twins[] = {{.name = "web", .user = "1"},
                                              {.name = "web", .user = "1"}};
    static const struct vouch_role greedy = {.name = "web", .gifts = VOUCH_ROLE_GIFTS_MAX + 1};
    static const struct vouch_link wrong_links[] = {
        {0, 0, 1}, {0, 3, 1}, {3, 0, 1}, {0, 1, 0}, {0, 1, VOUCH_LANES_MAX + 1}};
    struct vouch_service wrong = test_toy_service;
    wrong.roles = twins;
    wrong.role_count = 2;
    wrong.link_count = 0;
    assert_int_equal(vouch_service_check(&wrong, NULL), VOUCH_ERR_ARGUMENT);
    wrong.roles = &greedy;
    wrong.role_count = 1;
    assert_int_equal(vouch_service_check(&wrong, NULL), VOUCH_ERR_ARGUMENT);
    wrong = test_toy_service;
    wrong.role_count = 0;
    assert_int_equal(vouch_service_check(&wrong, NULL), VOUCH_ERR_ARGUMENT);
    for (size_t i = 0; i < sizeof wrong_links / sizeof wrong_links[0]; i++) {
        wrong = test_toy_service;
        wrong.links = &wrong_links[i];
        wrong.link_count = 1;
        assert_int_equal(vouch_service_check(&wrong, NULL), VOUCH_ERR_ARGUMENT);
    }
    const char *too_many[VOUCH_SERVICE_ARGS_MAX + 2] = {0};
    for (size_t i = 0; i <= VOUCH_SERVICE_ARGS_MAX; i++) {
        too_many[i] = "x";
    }
    wrong = test_toy_service;
    wrong.args = too_many;
    assert_int_equal(vouch_service_check(&wrong, NULL), VOUCH_ERR_ARGUMENT);
    wrong = test_toy_service;
    wrong.keep_env = too_many;
    assert_int_equal(vouch_service_check(&wrong, NULL), VOUCH_ERR_ARGUMENT);
    assert_int_equal(vouch_service_check(&test_toy_service, NULL), VOUCH_OK);
}

static int begin(void **state) {
    (void)state;
    (void)snprintf(test_toy_folder, sizeof test_toy_folder, "/tmp/vouch-spawn-XXXXXX");
    // Roles of other users take their orders there.
    if (mkdtemp(test_toy_folder) == NULL || chmod(test_toy_folder, 0777) != 0) {
        return -1;
    }
    test_toy_gift = memfd_create("gift", MFD_CLOEXEC);
    put_gift(0);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    return bind(listener, (const struct sockaddr *)&address, len) |
           getsockname(listener, (struct sockaddr *)&address, &len) | listen(listener, 16);
}

static int end(void **state) {
    (void)state;
    close(listener);
    close(test_toy_gift);
    return rmdir(test_toy_folder);
}

// A test that failed leaves no process behind.
static int tidy(void **state) {
    (void)state;
    vouch_supervisor_free(vouch_steal(supervisor));
    return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, tidy)

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "--role") == 0) {
        return test_toy_run(argv[2], argv[3]);
    }
    const struct CMUnitTest tests[] = {
        TEST(begins_each_role_with_nothing_but_its_own),
        TEST(runs_each_role_as_its_own_user_if_it_can),
        TEST(hands_on_a_reload),
        TEST(gives_a_role_what_it_is_to_have_at_each_start),
        TEST(gives_each_role_its_own_sockets),
        TEST(tells_of_a_stop_before_it_begins_if_asked_to),
        TEST(stops_when_it_is_told),
        TEST(comes_through_a_storm_of_signals),
        TEST(stops_before_the_word_to_go),
        TEST(restarts_all_when_one_dies_at_any_step),
        TEST(restarts_all_when_one_dies_while_it_runs),
        TEST(restarts_all_when_one_is_killed_from_outside),
        TEST(kills_a_role_that_never_says_sandboxed),
        TEST(kills_a_role_that_does_not_stop),
        TEST(takes_down_a_role_that_does_not_stop_after_a_death),
        TEST(says_how_a_role_ended),
        TEST(waits_longer_after_each_death_until_it_was_healthy),
        TEST(roles_die_with_their_supervisor),
        TEST(a_role_started_by_hand_refuses),
        TEST(works_as_an_ordinary_user),
        TEST(finds_users_by_name_and_number),
        TEST(refuses_a_role_without_its_user_as_root),
        TEST(lays_out_descriptors_in_the_order_of_the_table),
        TEST(refuses_a_table_that_is_wrong),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
