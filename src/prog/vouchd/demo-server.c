// SPDX-License-Identifier: ISC
// Starting, watching and ending the server of a demonstration.
#include "prog/vouchd/demo-server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "prog/vouchd/config.h"

static void name_signals(sigset_t *ret_signals) {
    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGINT);
    sigaddset(ret_signals, SIGTERM);
    sigaddset(ret_signals, SIGHUP);
    sigaddset(ret_signals, SIGCHLD);
}

void vouch_demo_server_hold_signals(void) {
    sigset_t signals;
    name_signals(&signals);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
}

// In the child, until the program is the server's: nothing that takes memory or locks.
__attribute__((noreturn)) static void become(const char *verb, const char *dir, int log,
                                             pid_t parent) {
    sigset_t none;
    char *const argv[] = {(char *)(uintptr_t) "vouchd", (char *)(uintptr_t)verb,
                          (char *)(uintptr_t)dir, NULL};
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setpgid(0, 0); // the terminal's signals are the parent's to hand on
    // It ends with who shows it, even if that is killed.
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent &&
        dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0) {
        (void)execv("/proc/self/exe", argv);
    }
    _exit(127);
}

static int start(const char *verb, const char *dir, const char *log_path, pid_t *ret_pid) {
    vouch_autoclose int log =
        open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    pid_t parent = getpid();
    pid_t pid = log >= 0 ? fork() : -1;
    if (pid == 0) {
        become(verb, dir, log, parent);
    }
    *ret_pid = pid;
    return pid > 0 ? VOUCH_OK : VOUCH_ERR_IO;
}

int vouch_demo_server_start(const char *dir, struct vouch_demo_server *ret_server,
                            struct vouch_fault *fault) {
    char log[PATH_MAX];
    pid_t pid = 0;
    int err = vouch_server_path(dir, VOUCH_DEMO_LOG, log, fault);
    if (err == VOUCH_OK && start("run", dir, log, &pid) != VOUCH_OK) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_demo_start, "%s: %s", log,
                               strerrordesc_np(errno));
    }
    *ret_server = (struct vouch_demo_server){dir, pid};
    return err;
}

static int is_gone(struct vouch_demo_server *server) {
    int is_gone = server->pid > 0 && waitpid(server->pid, NULL, WNOHANG) == server->pid;
    server->pid = is_gone ? 0 : server->pid;
    return is_gone;
}

int vouch_demo_server_wait(struct vouch_demo_server *server, unsigned wait_ms,
                           enum vouch_demo_turn *ret_turn, struct vouch_fault *fault) {
    sigset_t signals;
    const struct timespec wait = {wait_ms / 1000, (long)(wait_ms % 1000) * 1000000};
    name_signals(&signals);
    int signal = sigtimedwait(&signals, NULL, &wait);
    *ret_turn = signal > 0 && signal != SIGCHLD ? VOUCH_DEMO_STOP : VOUCH_DEMO_GOES_ON;
    if (!is_gone(server)) {
        return VOUCH_OK;
    }
    (void)vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_demo_start,
                          "%s: its server ended by itself", server->dir);
    return vouch_fault_next(fault, "See %s/%s; the address may be taken: --listen ADDR:PORT.",
                            server->dir, VOUCH_DEMO_LOG);
}

int vouch_demo_server_is_well(const struct vouch_demo_server *server) {
    pid_t pid = 0;
    int status = 1;
    if (start("status", server->dir, "/dev/null", &pid) != VOUCH_OK) {
        return 0;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void vouch_demo_server_stop(struct vouch_demo_server *server) {
    if (server->pid > 0) {
        (void)kill(server->pid, SIGTERM);
        while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        server->pid = 0;
    }
}
