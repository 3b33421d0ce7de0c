// SPDX-License-Identifier: ISC
// A program of the system as a child: see child.h.
#include "host/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"

#define NS_PER_MS UINT64_C(1000000)
#define FIRST_FD 3
#define ABOVE_ALL 64 // where copies of descriptors do not stand in each other's place

// ALL: standard error too.
enum vouch_child_words { VOUCH_CHILD_ANSWER = 0, VOUCH_CHILD_ALL };

static int failed(const char *program, int number, struct vouch_fault *fault) {
    int err = number == ENOENT ? VOUCH_ERR_NOT_FOUND : VOUCH_ERR_IO;
    return vouch_fault_set(fault, err, &vouch_fault_child, "%s: %s", program, strerror(number));
}

// All signals as by default, none blocked.
static int set_signals(posix_spawnattr_t *attributes) {
    sigset_t all;
    sigset_t none;
    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    int number = posix_spawnattr_setsigdefault(attributes, &all);
    number = number == 0 ? posix_spawnattr_setsigmask(attributes, &none) : number;
    return number == 0 ? posix_spawnattr_setflags(attributes,
                                                  POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)
                       : number;
}

// Where the child's descriptors come from.
struct wiring {
    int out_fd;
    enum vouch_child_words words;
    const int *copies;
    size_t count;
};

static int set_errors(posix_spawn_file_actions_t *files, const struct wiring *wiring) {
    return wiring->words == VOUCH_CHILD_ALL
               ? posix_spawn_file_actions_adddup2(files, wiring->out_fd, 2)
               : posix_spawn_file_actions_addopen(files, 2, "/dev/null", O_WRONLY, 0);
}

static int set_files(posix_spawn_file_actions_t *files, const struct wiring *wiring) {
    int number = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
    number = number == 0 ? posix_spawn_file_actions_adddup2(files, wiring->out_fd, 1) : number;
    number = number == 0 ? set_errors(files, wiring) : number;
    for (size_t i = 0; number == 0 && i < wiring->count; i++) {
        number = posix_spawn_file_actions_adddup2(files, wiring->copies[i], FIRST_FD + (int)i);
    }
    return number == 0
               ? posix_spawn_file_actions_addclosefrom_np(files, FIRST_FD + (int)wiring->count)
               : number;
}

static int spawn(const char *const *argv, const struct wiring *wiring, pid_t *ret_pid) {
    static const char *const environment[] = {"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                              NULL};
    union {
        const char *const *constant;
        char *const *plain;
    } arguments = {argv}, variables = {environment};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int number = posix_spawn_file_actions_init(&files);
    if (number != 0) {
        return number;
    }
    number = posix_spawnattr_init(&attributes);
    if (number == 0) {
        number = set_files(&files, wiring);
        number = number == 0 ? set_signals(&attributes) : number;
        number = number == 0 ? posix_spawn(ret_pid, argv[0], &files, &attributes, arguments.plain,
                                           variables.plain)
                             : number;
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return number;
}

// The number of the error, or 0.
static int copy_fds(const int *fds, size_t count, int *ret_copies) {
    for (size_t i = 0; i < count; i++) {
        ret_copies[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, ABOVE_ALL);
        if (ret_copies[i] < 0) {
            return errno;
        }
    }
    return 0;
}

// `wiring` comes without the descriptors.
static int start(const char *const *argv, const int *fds, struct wiring *wiring,
                 struct vouch_child *child) {
    int copies[VOUCH_CHILD_FDS_MAX] = {-1, -1, -1, -1};
    vouch_autoclose int out_fd = fcntl(wiring->out_fd, F_DUPFD_CLOEXEC, ABOVE_ALL);
    int number = out_fd < 0 ? errno : copy_fds(fds, wiring->count, copies);
    if (number == 0) {
        wiring->out_fd = out_fd;
        wiring->copies = copies;
        number = spawn(argv, wiring, &child->pid);
    }
    for (size_t i = 0; i < VOUCH_CHILD_FDS_MAX; i++) {
        vouch_close_at_end(&copies[i]);
    }
    return number;
}

static int start_wired(const char *const *argv, const int *fds, struct wiring *wiring,
                       struct vouch_child *ret_child, struct vouch_fault *fault) {
    int pipe_fds[2];
    if (argv[0][0] != '/' || wiring->count > VOUCH_CHILD_FDS_MAX) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_internal,
                               "%s: not an absolute path, or too many descriptors", argv[0]);
    }
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        return failed(argv[0], errno, fault);
    }
    struct vouch_child child = {.out_fd = pipe_fds[0]};
    wiring->out_fd = pipe_fds[1];
    int number = start(argv, fds, wiring, &child);
    (void)close(pipe_fds[1]);
    if (number == 0 && fcntl(child.out_fd, F_SETFL, O_NONBLOCK) != 0) {
        number = errno;
        vouch_child_kill(&child);
        return failed(argv[0], number, fault);
    }
    if (number != 0) {
        (void)close(pipe_fds[0]);
        return failed(argv[0], number, fault);
    }
    *ret_child = child;
    return VOUCH_OK;
}

int vouch_child_start(const char *const *argv, const int *fds, size_t fd_count,
                      struct vouch_child *ret_child, struct vouch_fault *fault) {
    struct wiring wiring = {.words = VOUCH_CHILD_ANSWER, .count = fd_count};
    return start_wired(argv, fds, &wiring, ret_child, fault);
}

int vouch_child_start_all(const char *const *argv, struct vouch_child *ret_child,
                          struct vouch_fault *fault) {
    struct wiring wiring = {.words = VOUCH_CHILD_ALL};
    return start_wired(argv, NULL, &wiring, ret_child, fault);
}

static int wait_until(int fd, uint64_t deadline_ns) {
    uint64_t now_ns = vouch_time_monotonic_ns();
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    if (now_ns >= deadline_ns) {
        return VOUCH_ERR_TIMEOUT;
    }
    uint64_t left_ms = (deadline_ns - now_ns) / NS_PER_MS + 1;
    int count = poll(&wanted, 1, left_ms < 1000 ? (int)left_ms : 1000);
    return count >= 0 || errno == EINTR ? VOUCH_OK : VOUCH_ERR_IO;
}

static int read_all(const struct vouch_child *child, uint64_t deadline_ns, struct vouch_buf *out) {
    uint8_t chunk[4096];
    int err = VOUCH_OK;
    for (;;) {
        ssize_t len = read(child->out_fd, chunk, sizeof chunk);
        if (len == 0) {
            return VOUCH_OK;
        }
        if (len > 0) {
            vouch_buf_put(out, (struct vouch_bytes){chunk, (size_t)len});
            err = out->err;
        } else if (errno == EAGAIN || errno == EINTR) {
            err = wait_until(child->out_fd, deadline_ns);
        } else {
            err = VOUCH_ERR_IO;
        }
        if (err != VOUCH_OK) {
            return err;
        }
    }
}

// It closed its output and so is about to end; a program that does not is not waited for.
static int reap(struct vouch_child *child, uint64_t deadline_ns, int *ret_status) {
    static const struct timespec pause = {.tv_nsec = 2 * 1000 * 1000};
    int status = 0;
    pid_t found = 0;
    while ((found = waitpid(child->pid, &status, WNOHANG)) == 0 || (found < 0 && errno == EINTR)) {
        if (vouch_time_monotonic_ns() >= deadline_ns) {
            return VOUCH_ERR_TIMEOUT;
        }
        (void)nanosleep(&pause, NULL);
    }
    child->pid = 0;
    if (found < 0) {
        return VOUCH_ERR_IO;
    }
    *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return VOUCH_OK;
}

int vouch_child_finish(struct vouch_child *child, uint64_t deadline_ns, struct vouch_buf *out,
                       int *ret_status, struct vouch_fault *fault) {
    int status = 0;
    int err = vouch_time_monotonic_ns() < deadline_ns ? read_all(child, deadline_ns, out)
                                                      : VOUCH_ERR_TIMEOUT;
    if (err == VOUCH_OK) {
        err = reap(child, deadline_ns, &status);
    }
    vouch_child_kill(child);
    if (err != VOUCH_OK) {
        return vouch_fault_set(fault, err, &vouch_fault_child,
                               "a program that was started did not finish: %s",
                               vouch_err_text(err));
    }
    *ret_status = status;
    return VOUCH_OK;
}

void vouch_child_kill(struct vouch_child *child) {
    if (child == NULL) {
        return;
    }
    if (child->pid > 0) {
        (void)kill(child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    if (child->out_fd > 0) {
        (void)close(child->out_fd);
    }
    *child = (struct vouch_child){0};
}
