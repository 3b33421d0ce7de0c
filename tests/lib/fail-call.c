// SPDX-License-Identifier: ISC
// Makes a system call of a running process report a failure, or less than it did: for processes whose
// seccomp filter kills them for what strace does instead (it turns the call into one that does not
// exist). The call happens; only its result is changed on the way back, as after a disk that did not
// keep what it took.
//
// fail-call PID CALL WHEN RESULT    RESULT: an errno's number, or "half" of what a write wrote
//
// Prints "attached" when it watches every thread, and "hit" when it has changed a result. Ended by a
// signal, it lets the process go on. x86-64 only.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <linux/ptrace.h>

#define THREADS_MAX 1024

static const struct {
    const char *name;
    unsigned long number;
} calls[] = {
    {"fdatasync", SYS_fdatasync}, {"fsync", SYS_fsync},         {"pwrite64", SYS_pwrite64},
    {"write", SYS_write},         {"renameat", SYS_renameat},   {"rename", SYS_rename},
    {"openat", SYS_openat},       {"ftruncate", SYS_ftruncate},
};

// What each thread is in: a call's number, or none.
static struct {
    pid_t tid;
    unsigned long number;
} threads[THREADS_MAX];
static size_t thread_count;

__attribute__((noreturn)) static void fail(const char *what) {
    (void)fprintf(stderr, "fail-call: %s: %s\n", what, strerror(errno));
    exit(1);
}

static size_t slot_of(pid_t tid) {
    size_t i = 0;
    while (i < thread_count && threads[i].tid != tid) {
        i++;
    }
    if (i == THREADS_MAX) {
        fail("too many threads");
    }
    if (i == thread_count) {
        thread_count++;
        threads[i].tid = tid;
        threads[i].number = ~0ul;
    }
    return i;
}

static void attach(const char *pid) {
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%s/task", pid);
    DIR *tasks = opendir(path);
    if (tasks == NULL) {
        fail(path);
    }
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (tid > 0 && (ptrace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE) ||
                        ptrace(PTRACE_INTERRUPT, tid, 0, 0))) {
            fail("cannot attach");
        }
    }
    (void)closedir(tasks);
    (void)puts("attached");
    (void)fflush(stdout);
}

static void change(pid_t tid, const char *result) {
    struct user_regs_struct regs;
    if (ptrace(PTRACE_GETREGS, tid, 0, &regs) != 0) {
        fail("registers");
    }
    if (strcmp(result, "half") == 0) {
        regs.rax /= 2;
    } else {
        regs.rax = (unsigned long long)-strtoll(result, NULL, 10);
    }
    if (ptrace(PTRACE_SETREGS, tid, 0, &regs) != 0) {
        fail("registers");
    }
    (void)puts("hit");
    (void)fflush(stdout);
}

// A stop at the beginning or end of a call. Returns how many of the wanted ones have ended.
static unsigned long at_call(pid_t tid, unsigned long wanted, unsigned long seen, char **argv) {
    struct __ptrace_syscall_info info;
    size_t at = slot_of(tid);
    if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) <= 0) {
        return seen;
    }
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        threads[at].number = info.entry.nr;
        return seen;
    }
    if (info.op == PTRACE_SYSCALL_INFO_EXIT && threads[at].number == wanted) {
        threads[at].number = ~0ul;
        if (++seen == strtoul(argv[3], NULL, 10)) {
            change(tid, argv[4]);
        }
    }
    return seen;
}

static void watch(unsigned long wanted, char **argv) {
    unsigned long seen = 0;
    for (int status;;) {
        pid_t tid = waitpid(-1, &status, __WALL);
        if (tid < 0 && errno == ECHILD) {
            return;
        }
        if (tid < 0 || !WIFSTOPPED(status)) {
            continue;
        }
        int signal_number = WSTOPSIG(status);
        if (signal_number == (SIGTRAP | 0x80)) {
            seen = at_call(tid, wanted, seen, argv);
        }
        int is_ours = status >> 16 != 0 || signal_number == (SIGTRAP | 0x80);
        (void)ptrace(PTRACE_SYSCALL, tid, 0, (long)(is_ours ? 0 : signal_number));
    }
}

int main(int argc, char **argv) {
    size_t i = 0;
    while (argc == 5 && i < sizeof calls / sizeof calls[0] && strcmp(calls[i].name, argv[2]) != 0) {
        i++;
    }
    if (argc != 5 || i == sizeof calls / sizeof calls[0]) {
        (void)fprintf(stderr, "usage: fail-call PID CALL WHEN ERRNO|half\n");
        return 2;
    }
    attach(argv[1]);
    watch(calls[i].number, argv);
    return 0;
}
