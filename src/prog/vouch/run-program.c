// SPDX-License-Identifier: ISC
// Running another program: see run-program.h.
#include "prog/vouch/run-program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"

static int no_program(const char *name, int err, int error, struct vouch_fault *fault) {
    return vouch_fault_set(fault, err, &vouch_fault_program, "%s: %s", name, strerror(error));
}

static int prepare(posix_spawn_file_actions_t *actions, enum vouch_run_take take, int to) {
    int err = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (err == 0) {
        err = posix_spawn_file_actions_adddup2(actions, to, STDOUT_FILENO);
    }
    if (err == 0 && take == VOUCH_RUN_BOTH) {
        err = posix_spawn_file_actions_adddup2(actions, to, STDERR_FILENO);
    } else if (err == 0) {
        err = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    }
    return err;
}

static int start(const char *const *argv, enum vouch_run_take take, int to, pid_t *ret_child,
                 struct vouch_fault *fault) {
    extern char **environ;
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    int error = prepare(&actions, take, to);
    if (error == 0) {
        // It does not write to its arguments, though its type does not say so.
        error = posix_spawnp(ret_child, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv,
                             environ);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    int err = error == ENOENT ? VOUCH_ERR_NOT_FOUND : VOUCH_ERR_IO;
    return error == 0 ? 0 : no_program(argv[0], err, error, fault);
}

// 0 at its end; what no longer fits is read all the same, so that the program can end.
static int read_all(int from, struct vouch_buf *out) {
    uint64_t end_ns = vouch_time_monotonic_ns() + VOUCH_RUN_TIMEOUT_S * 1000000000ull;
    for (;;) {
        uint8_t room[4096];
        uint64_t now_ns = vouch_time_monotonic_ns();
        struct pollfd waiting = {.fd = from, .events = POLLIN};
        int ready = now_ns < end_ns ? poll(&waiting, 1, (int)((end_ns - now_ns) / 1000000) + 1) : 0;
        if (ready == 0) {
            return VOUCH_ERR_TIMEOUT;
        }
        ssize_t got = ready > 0 ? read(from, room, sizeof room) : -1;
        if (got == 0) {
            return 0;
        }
        if (got > 0 && out->err == 0) {
            vouch_buf_put(out, (struct vouch_bytes){room, (size_t)got});
        } else if (got < 0 && errno != EINTR) {
            return VOUCH_ERR_IO;
        }
    }
}

int vouch_run_program(const char *const *argv, enum vouch_run_take take, struct vouch_buf *out,
                      int *ret_status, struct vouch_fault *fault) {
    pid_t child = -1;
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return no_program(argv[0], VOUCH_ERR_IO, errno, fault);
    }
    vouch_autoclose int from = ends[0];
    int err = start(argv, take, ends[1], &child, fault);
    (void)close(ends[1]);
    if (err != 0) {
        return err;
    }
    int read_err = read_all(from, out);
    if (read_err != 0) {
        (void)kill(child, SIGKILL);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (read_err != 0) {
        return no_program(argv[0], read_err, read_err == VOUCH_ERR_TIMEOUT ? ETIMEDOUT : EIO,
                          fault);
    }
    *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 0;
}
