// SPDX-License-Identifier: ISC
// Tests of applying and leaving on a machine that stops at each sync and each rename, or whose disk is
// full from some write on: sshd's configuration is all ours or all the old one, and sshd accepts it.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "host/run.h"
#include "host/test-lab.h"

#define SOON (vouch_time_monotonic_ns() + UINT64_C(60000000000))
#define OWN_CONF "etc/ssh/sshd_config.d/50-vouch.conf"
#define CONFIG "etc/ssh/sshd_config"
#define KILLED 9

static const struct vouch_apply_leave leaving = {VOUCH_APPLY_DO};

// --- the trouble

enum trouble { NONE = 0, KILL, FULL };

static enum trouble trouble;
static int steps_left; // before it comes

static int comes_now(enum trouble which) {
    if (trouble != which || steps_left-- > 0) {
        return 0;
    }
    steps_left = 0;
    return 1;
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd) {
    if (comes_now(KILL)) {
        _exit(KILLED);
    }
    return __real_fsync(fd);
}

int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to) {
    if (comes_now(KILL)) {
        _exit(KILLED);
    }
    return __real_renameat(from_fd, from, to_fd, to);
}

// What has no name is in memory.
static int is_file(const struct stat *st) {
    return S_ISREG(st->st_mode) && st->st_nlink > 0;
}

// On a full disk only files suffer; half of what was to be written is there.
ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len) {
    struct stat st;
    if (trouble == FULL && fstat(fd, &st) == 0 && is_file(&st) && comes_now(FULL)) {
        (void)!__real_write(fd, bytes, len / 2);
        errno = ENOSPC;
        return -1;
    }
    return __real_write(fd, bytes, len);
}

// --- the machine

static void expect_ok(int err, const struct vouch_fault *fault) {
    if (err != VOUCH_OK) {
        print_error("%s\n", fault->text);
    }
    assert_int_equal(err, VOUCH_OK);
}

static struct lab *running_lab(int include) {
    struct lab *lab = lab_new(include);
    lab_start_sshd(lab);
    lab_open(lab);
    return lab;
}

static void install(struct lab *lab) {
    struct vouch_fault fault = {0};
    expect_ok(lab_install(lab, &fault), &fault);
}

static void apply(struct lab *lab) {
    struct vouch_apply_done done;
    struct vouch_fault fault = {0};
    expect_ok(lab_apply(lab, 0, &done, &fault), &fault);
}

static int try_leave(struct lab *lab, struct vouch_fault *fault) {
    struct vouch_apply_done done;
    return vouch_apply_leave(lab->apply, &leaving, SOON, &done, fault);
}

static int try_apply(struct lab *lab, struct vouch_fault *fault) {
    struct vouch_apply_done done;
    return lab_apply(lab, 0, &done, fault);
}

static void leave(struct lab *lab) {
    struct vouch_fault fault = {0};
    expect_ok(try_leave(lab, &fault), &fault);
}

typedef int act_fn(struct lab *lab, struct vouch_fault *fault);

// Acts in a process that stops at its n-th sync or rename; nonzero if it lived.
static int act_until(struct lab *lab, act_fn *act, int n) {
    int how = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct vouch_fault fault = {0};
        trouble = KILL;
        steps_left = n;
        int err = act(lab, &fault);
        if (err != VOUCH_OK) {
            print_error("%s\n", fault.text);
        }
        _exit(err == VOUCH_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFEXITED(how) && (WEXITSTATUS(how) == 0 || WEXITSTATUS(how) == KILLED));
    return WEXITSTATUS(how) == 0;
}

static int status_of(const char *const *argv) {
    struct vouch_buf out;
    int status = 0;
    vouch_buf_init(&out, 65536);
    assert_int_equal(vouch_run(argv, 20000, &out, &status, NULL), VOUCH_OK);
    if (status != 0) {
        print_error("%.*s\n", (int)out.len, (const char *)out.ptr);
    }
    vouch_buf_done(&out);
    return status;
}

static int is_there(const struct lab *lab, const char *path) {
    char *text = lab_read(lab, path);
    free(text);
    return text != NULL;
}

// What sshd reads: the configuration, and behind it our own file if there is one.
static char *config_of(const struct lab *lab) {
    char *config = lab_read(lab, CONFIG), *own = lab_read(lab, OWN_CONF), *both = NULL;
    assert_non_null(config);
    assert_true(asprintf(&both, "%s\n%s", config, own != NULL ? own : "") > 0);
    free(config);
    free(own);
    return both;
}

// It is one of the two, sshd accepts it, and what ours names is there. Nonzero: it is ours.
static int expect_whole(const struct lab *lab, const char *old, const char *ours) {
    char path[512], *now = config_of(lab);
    const char *const argv[] = {"/usr/sbin/sshd", "-t", "-f", path, NULL};
    (void)snprintf(path, sizeof path, "%s/" CONFIG, lab->root);
    int is_ours = strcmp(now, ours) == 0;
    if (!is_ours) {
        assert_string_equal(now, old);
    }
    assert_int_equal(status_of(argv), 0);
    if (is_ours) {
        assert_true(is_there(lab, "etc/ssh/vouch/user_ca.pub"));
        assert_true(is_there(lab, "etc/ssh/vouch/revoked.krl"));
        assert_true(is_there(lab, "etc/ssh/vouch/principals/root"));
    }
    free(now);
    return is_ours;
}

// --- stopping

// What sshd reads once applied; the machine is left and installed again.
static char *config_once_applied(struct lab *lab) {
    apply(lab);
    char *ours = config_of(lab);
    leave(lab);
    install(lab);
    return ours;
}

static void expect_picture(const struct lab *lab, const char *path, const char *before) {
    char *after = lab_picture(lab, path);
    assert_string_equal(before, after);
    free(after);
}

static int stops_while_applying(int include) {
    struct lab *lab = running_lab(include);
    install(lab);
    char *old = config_of(lab), *ours = config_once_applied(lab);
    char *before = lab_picture(lab, "etc");
    int n = 0;
    for (int lived = 0; !lived; n++) {
        lived = act_until(lab, try_apply, n);
        (void)expect_whole(lab, old, ours);
        lab_open(lab); // as the next start does
        int is_ours = expect_whole(lab, old, ours);
        assert_int_equal(lab_shows_cert(lab), is_ours);
        if (is_ours && !lived) {
            leave(lab);
            install(lab);
        }
        if (!lived) {
            expect_picture(lab, "etc", before);
        }
    }
    assert_int_equal(expect_whole(lab, old, ours), 1);
    free(before);
    free(ours);
    free(old);
    lab_free(lab);
    return n;
}

static void a_kill_while_applying_leaves_a_whole_file_of_its_own(void **state) {
    (void)state;
    assert_true(stops_while_applying(1) > 12);
}

static void a_kill_while_applying_leaves_a_whole_configuration(void **state) {
    (void)state;
    assert_true(stops_while_applying(0) > 12);
}

static void copy_machine(const struct lab *lab, const char *from, const char *to) {
    char script[1024];
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    (void)snprintf(script, sizeof script,
                   "cd %s && rm -rf %s/etc %s/var && mkdir -p %s && cp -a %s/etc %s/var %s/",
                   lab->root, to, to, to, from, from, to);
    assert_int_equal(status_of(argv), 0);
}

static void stops_while_leaving(int include) {
    struct lab *lab = running_lab(include);
    char *before = lab_picture(lab, "etc"), *old = config_of(lab);
    install(lab);
    apply(lab);
    char *ours = config_of(lab);
    copy_machine(lab, ".", "applied");
    // Nobody waits for an sshd that does not run.
    (void)kill(lab->sshd, SIGTERM);
    (void)waitpid(lab->sshd, NULL, 0);
    lab->sshd = 0;
    int n = 0;
    for (int lived = 0; !lived; n++) {
        lived = act_until(lab, try_leave, n);
        (void)expect_whole(lab, old, ours);
        lab_open(lab);
        (void)expect_whole(lab, old, ours);
        leave(lab);
        expect_picture(lab, "etc", before);
        copy_machine(lab, "applied", ".");
    }
    assert_true(n > 12);
    free(ours);
    free(old);
    free(before);
    lab_free(lab);
}

static void leaving_goes_on_after_a_kill_at_each_step(void **state) {
    (void)state;
    stops_while_leaving(1);
    stops_while_leaving(0);
}

// --- a full disk

// Acts with the disk full from the n-th write on. Nonzero if it had room. A failure names a file below
// the root, and why.
static int act_on_full(struct lab *lab, act_fn *act, int n) {
    struct vouch_fault fault = {0};
    trouble = FULL;
    steps_left = n;
    int err = act(lab, &fault);
    trouble = NONE;
    if (err != VOUCH_OK) {
        assert_string_equal(fault.kind->code, "V-1913");
        assert_non_null(strstr(fault.text, lab->root));
        assert_non_null(strstr(fault.text, "No space left"));
    }
    return err == VOUCH_OK;
}

static void fills_while_applying(int include) {
    struct lab *lab = running_lab(include);
    install(lab);
    char *old = config_of(lab), *ours = config_once_applied(lab);
    char *before = lab_picture(lab, "etc");
    int n = 0;
    for (; !act_on_full(lab, try_apply, n); n++) {
        int is_ours = expect_whole(lab, old, ours);
        // A file of our own goes without room; a whole old one that needs some comes back with it.
        assert_false(include && is_ours);
        if (is_ours) {
            lab_open(lab);
        }
        expect_picture(lab, "etc", before);
        assert_false(lab_shows_cert(lab));
    }
    assert_true(n > 3);
    assert_true(lab_shows_cert(lab));
    free(before);
    free(ours);
    free(old);
    lab_free(lab);
}

static void a_full_disk_while_applying_leaves_a_whole_configuration(void **state) {
    (void)state;
    fills_while_applying(1);
    fills_while_applying(0);
}

static void a_full_disk_while_renewing_leaves_whole_certificates(void **state) {
    (void)state;
    static const char *const paths[] = {"etc/ssh/ssh_host_ed25519_key-cert.pub",
                                        "etc/ssh/ssh_host_ecdsa_key-cert.pub"};
    struct lab *lab = running_lab(1);
    char *old[2], *renewed[2];
    install(lab);
    apply(lab);
    copy_machine(lab, ".", "old");
    lab_make(lab, 2);
    install(lab);
    for (size_t i = 0; i < 2; i++) {
        renewed[i] = lab_read(lab, paths[i]);
    }
    copy_machine(lab, "old", ".");
    for (size_t i = 0; i < 2; i++) {
        old[i] = lab_read(lab, paths[i]);
        assert_string_not_equal(old[i], renewed[i]);
    }
    int n = 0;
    for (; !act_on_full(lab, lab_install, n); n++) {
        for (size_t i = 0; i < 2; i++) {
            char *now = lab_read(lab, paths[i]);
            assert_true(strcmp(now, old[i]) == 0 || strcmp(now, renewed[i]) == 0);
            free(now);
        }
        assert_true(lab_shows_cert(lab));
    }
    assert_true(n > 3);
    for (size_t i = 0; i < 2; i++) {
        free(old[i]);
        free(renewed[i]);
    }
    lab_free(lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kill_while_applying_leaves_a_whole_file_of_its_own),
        cmocka_unit_test(a_kill_while_applying_leaves_a_whole_configuration),
        cmocka_unit_test(leaving_goes_on_after_a_kill_at_each_step),
        cmocka_unit_test(a_full_disk_while_applying_leaves_a_whole_configuration),
        cmocka_unit_test(a_full_disk_while_renewing_leaves_whole_certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
