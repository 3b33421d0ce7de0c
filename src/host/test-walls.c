// SPDX-License-Identifier: ISC
// Tests of the walls around the root part: inside, all of its work is done on a machine with a real sshd; all
// else is refused, to it and to every program that it starts.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "base/time.h"
#include "host/run.h"
#include "host/serve.h"
#include "host/test-lab.h"

#define SOON (vouch_time_monotonic_ns() + UINT64_C(60000000000))
#define GOOD 0
#define NO_WALLS 77

static const struct vouch_apply_none nothing;

static struct lab *ready_lab(void) {
    struct lab *lab = lab_new(1);
    lab_write(lab, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    lab_start_sshd(lab);
    lab_open(lab);
    return lab;
}

typedef int act_fn(struct lab *lab);

// What `act` returns in a process that is inside the walls.
static int inside(struct lab *lab, act_fn *act) {
    int how = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct vouch_sandbox_report report = {0};
        struct vouch_fault fault = {0};
        if (vouch_apply_wall_in(lab->apply, &report, &fault) != VOUCH_OK) {
            print_error("%s\n", fault.text);
            _exit(1);
        }
        _exit(report.landlock_abi < 4 || !report.has_seccomp ? NO_WALLS : act(lab));
    }
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFEXITED(how));
    if (WEXITSTATUS(how) == NO_WALLS) {
        print_message("# this kernel has not all of the walls\n");
        skip();
    }
    return WEXITSTATUS(how);
}

// The number of the line of a step that went wrong; a status has no room for it, so it is printed.
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error("line %d: %s: %s\n", __LINE__, #condition, strerror(errno));               \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

static int run_shell(const char *words) {
    const char *const argv[] = {"sh", "-c", words, NULL};
    struct vouch_buf out;
    int status = -1;
    vouch_buf_init(&out, 65536);
    int err = vouch_run(argv, 20000, &out, &status, NULL);
    vouch_buf_done(&out);
    return err == VOUCH_OK ? status : -1;
}

static int do_everything(struct lab *lab) {
    struct vouch_apply_done done;
    struct vouch_apply_machine machine;
    struct vouch_apply_scan scan;
    struct vouch_apply_checks checks;
    const struct vouch_apply_leave leaving = {VOUCH_APPLY_DO};
    struct vouch_fault fault = {0};
    MUST(lab_install(lab, &fault) == VOUCH_OK);
    MUST(lab_apply(lab, 0, &done, &fault) == VOUCH_OK);
    MUST(lab_shows_cert(lab));
    MUST(vouch_apply_describe(lab->apply, &nothing, SOON, &machine, &fault) == VOUCH_OK);
    MUST(machine.state == VOUCH_APPLY_APPLIED);
    MUST(vouch_apply_check(lab->apply, &nothing, SOON, &checks, &fault) == VOUCH_OK);
    MUST(vouch_apply_scan(lab->apply, &nothing, SOON, &scan, &fault) == VOUCH_OK);
    MUST(vouch_apply_guard(lab->apply, &nothing, SOON, &done, &fault) == VOUCH_OK);
    MUST(vouch_apply_leave(lab->apply, &leaving, SOON, &done, &fault) == VOUCH_OK);
    MUST(!lab_shows_cert(lab));
    return vouch_apply_is_outgrown(lab->apply) ? 1 : GOOD;
}

static void all_of_its_work_is_done_inside(void **state) {
    (void)state;
    struct lab *lab = ready_lab();
    char *before = lab_picture(lab, "etc");
    assert_int_equal(inside(lab, do_everything), GOOD);
    char *after = lab_picture(lab, "etc");
    assert_string_equal(before, after);
    free(before);
    free(after);
    lab_free(lab);
}

static int put_file(const struct lab *lab, const char *path) {
    char whole[512];
    (void)snprintf(whole, sizeof whole, "%s/%s", lab->root, path);
    int fd = open(whole, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return fd >= 0 ? close(fd) : -1;
}

static int write_elsewhere(struct lab *lab) {
    char words[1024];
    MUST(put_file(lab, "etc/ssh/made") == 0);
    MUST(put_file(lab, "var/lib/vouch-host/apply/made") == 0);
    MUST(put_file(lab, "etc/vouch/made") != 0 && errno == EACCES);
    MUST(put_file(lab, "etc/made") != 0 && errno == EACCES);
    MUST(put_file(lab, "made") != 0 && errno == EACCES);
    // A program that it starts can do no more.
    (void)snprintf(words, sizeof words, "echo x > %s/etc/ssh/made && ! echo x > %s/etc/made",
                   lab->root, lab->root);
    MUST(run_shell(words) == 0);
    (void)snprintf(words, sizeof words, "mv %s/etc/machine-id %s/etc/ssh/moved", lab->root,
                   lab->root);
    MUST(run_shell(words) != 0);
    return GOOD;
}

static void writes_nowhere_but_where_sshd_has_its_files(void **state) {
    (void)state;
    struct lab *lab = ready_lab();
    assert_int_equal(inside(lab, write_elsewhere), GOOD);
    char *text = lab_read(lab, "etc/machine-id");
    assert_non_null(text);
    free(text);
    lab_free(lab);
}

// What it could write it cannot start.
static int start_something(struct lab *lab) {
    char words[512], path[256];
    const char *const argv[] = {path, NULL};
    struct vouch_buf out;
    int status = 0;
    (void)snprintf(words, sizeof words, "cp /bin/true %s/etc/ssh/true", lab->root);
    (void)snprintf(path, sizeof path, "%s/etc/ssh/true", lab->root);
    MUST(run_shell(words) == 0);
    vouch_buf_init(&out, 65536);
    int err = vouch_run(argv, 20000, &out, &status, NULL);
    vouch_buf_done(&out);
    MUST(err != VOUCH_OK || status != 0);
    MUST(run_shell("/bin/true") == 0);
    return GOOD;
}

static void starts_no_program_that_it_could_have_written(void **state) {
    (void)state;
    struct lab *lab = ready_lab();
    assert_int_equal(inside(lab, start_something), GOOD);
    lab_free(lab);
}

static unsigned other_port;

static int connect_to(unsigned port) {
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)},
                             .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int err = fd >= 0 ? connect(fd, (struct sockaddr *)&at, sizeof at) : -1;
    int why = errno;
    (void)close(fd);
    errno = why;
    return err;
}

static int reach_out(struct lab *lab) {
    MUST(connect_to(lab->port) == 0);
    MUST(connect_to(other_port) != 0 && errno == EACCES);
    MUST(socket(AF_INET, SOCK_DGRAM, 0) < 0 && errno == EPERM);
    MUST(socket(AF_INET6, SOCK_RAW, 0) < 0 && errno == EPERM);
    MUST(socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EAFNOSUPPORT);
    MUST(ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) < 0 && errno == EPERM);
    return GOOD;
}

static void connects_to_sshd_and_to_nobody_else(void **state) {
    (void)state;
    struct lab *lab = ready_lab();
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    other_port = ntohs(at.sin_port);
    assert_int_equal(connect_to(other_port), 0);
    assert_int_equal(inside(lab, reach_out), GOOD);
    (void)close(fd);
    lab_free(lab);
}

// sshd's configuration comes to lead out of the walls.
static int grow(struct lab *lab, const char *words) {
    struct vouch_apply_machine machine;
    struct vouch_fault fault = {0};
    MUST(vouch_apply_describe(lab->apply, &nothing, SOON, &machine, &fault) == VOUCH_OK);
    MUST(!vouch_apply_is_outgrown(lab->apply));
    MUST(run_shell(words) == 0);
    MUST(vouch_apply_describe(lab->apply, &nothing, SOON, &machine, &fault) == VOUCH_OK);
    MUST(vouch_apply_is_outgrown(lab->apply));
    return GOOD;
}

static int grow_a_port(struct lab *lab) {
    char words[256];
    (void)snprintf(words, sizeof words, "sed -i 's/^Port .*/Port 1/' %s/etc/ssh/sshd_config",
                   lab->root);
    return grow(lab, words);
}

static int grow_a_folder(struct lab *lab) {
    char words[512];
    (void)snprintf(words, sizeof words,
                   "echo 'HostKey %s/run/ssh_host_rsa_key' >> %s/etc/ssh/sshd_config", lab->root,
                   lab->root);
    return grow(lab, words);
}

static void is_outgrown_once_sshd_is_configured_beyond_them(void **state) {
    (void)state;
    struct lab *lab = ready_lab();
    assert_int_equal(inside(lab, grow_a_port), GOOD);
    lab_free(lab);
    lab = ready_lab();
    char words[512];
    (void)snprintf(words, sizeof words,
                   "ssh-keygen -q -t rsa -b 2048 -N '' -f %s/run/ssh_host_rsa_key", lab->root);
    assert_int_equal(run_shell(words), 0);
    assert_int_equal(inside(lab, grow_a_folder), GOOD);
    lab_free(lab);
}

static void goes_without_where_host_conf_says_so(void **state) {
    (void)state;
    struct lab *lab = ready_lab();
    struct vouch_sandbox_report report = {0};
    struct vouch_apply_checks checks;
    struct vouch_fault fault = {0};
    size_t warned = 0;
    lab_write(lab, "etc/vouch/host.conf", "walls no\nlog none\n");
    assert_int_equal(vouch_apply_wall_in(lab->apply, &report, &fault), VOUCH_OK);
    assert_false(report.has_seccomp);
    assert_int_equal(put_file(lab, "etc/made"), 0);
    assert_int_equal(vouch_apply_check(lab->apply, &nothing, SOON, &checks, &fault), VOUCH_OK);
    for (size_t i = 0; i < checks.count; i++) {
        warned += vouch_bytes_equal(checks.rows[i].name, vouch_bytes_of("walls")) &&
                  checks.rows[i].health == VOUCH_APPLY_WARNING;
    }
    assert_int_equal(warned, 1);
    lab_write(lab, "etc/vouch/host.conf", "walls perhaps\n");
    assert_int_not_equal(vouch_apply_check(lab->apply, &nothing, SOON, &checks, &fault), VOUCH_OK);
    assert_string_equal(fault.kind->code, "V-1915");
    lab_free(lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_its_work_is_done_inside),
        cmocka_unit_test(writes_nowhere_but_where_sshd_has_its_files),
        cmocka_unit_test(starts_no_program_that_it_could_have_written),
        cmocka_unit_test(connects_to_sshd_and_to_nobody_else),
        cmocka_unit_test(is_outgrown_once_sshd_is_configured_beyond_them),
        cmocka_unit_test(goes_without_where_host_conf_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
