// SPDX-License-Identifier: ISC
// seccomp by libseccomp: the system calls that each role keeps. Every other one kills the process. The
// root part of a host, whose filter the programs of the system inherit, has one of its own:
// sandbox-refusals.c.
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "ipc/sandbox-walls.h"

// Which groups of calls a role keeps.
enum {
    FOR_LANES = 1 << 0,    // computing, waiting, and talking over what is open
    FOR_DISK = 1 << 1,     // making written bytes durable
    FOR_EVENTS = 1 << 2,   // event loops
    FOR_READING = 1 << 3,  // opening files; Landlock says which
    FOR_WRITING = 1 << 4,  // making, renaming and removing files; Landlock says where
    FOR_SOCKETS = 1 << 5,  // using sockets that are open
    FOR_ACCEPT = 1 << 6,   // taking connections
    FOR_LOCAL = 1 << 7,    // making UNIX sockets
    FOR_INTERNET = 1 << 8, // making IPv4 and IPv6 sockets
    WITHOUT_READING = 1 << 9,
    FOR_HOST = 1 << 10, // handing over files in memory, and hearing of a child that ended
};

static unsigned groups_of(const struct vouch_sandbox *sandbox) {
    static const unsigned by_profile[] = {
        [VOUCH_SANDBOX_SIGNER] = FOR_LANES | FOR_DISK,
        [VOUCH_SANDBOX_AUTHORITY] = FOR_LANES | FOR_DISK | FOR_EVENTS,
        [VOUCH_SANDBOX_WEB] = FOR_LANES | FOR_EVENTS,
        [VOUCH_SANDBOX_IDENTITY] = FOR_LANES | FOR_EVENTS,
        [VOUCH_SANDBOX_HOST] = FOR_LANES | FOR_EVENTS | FOR_HOST,
    };
    static const unsigned by_network[] = {
        [VOUCH_SANDBOX_NO_NETWORK] = 0,
        [VOUCH_SANDBOX_OPEN_SOCKETS] = FOR_SOCKETS | FOR_ACCEPT,
        [VOUCH_SANDBOX_CONNECT_LOCAL] = FOR_SOCKETS | FOR_LOCAL,
        [VOUCH_SANDBOX_CONNECT] = FOR_SOCKETS | FOR_LOCAL | FOR_INTERNET,
    };
    unsigned groups = by_profile[sandbox->profile] | by_network[sandbox->network];
    groups |= sandbox->writable.count > 0 ? FOR_DISK | FOR_WRITING | FOR_READING : 0;
    groups |= sandbox->readable.count > 0 ? FOR_READING : 0;
    return groups | ((groups & FOR_READING) != 0 ? 0 : WITHOUT_READING);
}

#define CALL(group, name)                                                                          \
    { (group), SCMP_SYS(name) }

// Calls that are harmless whatever their arguments.
static const struct {
    unsigned group;
    int call;
} plain_calls[] = {
    CALL(FOR_LANES, brk),
    CALL(FOR_LANES, clock_getres),
    CALL(FOR_LANES, clock_gettime),
    CALL(FOR_LANES, clock_nanosleep),
    CALL(FOR_LANES, close),
    CALL(FOR_LANES, exit),
    CALL(FOR_LANES, exit_group),
    CALL(FOR_LANES, fstat),
    CALL(FOR_LANES, futex),
    CALL(FOR_LANES, getegid),
    CALL(FOR_LANES, geteuid),
    CALL(FOR_LANES, getgid),
    CALL(FOR_LANES, getpid),
    CALL(FOR_LANES, getppid),
    CALL(FOR_LANES, getrandom),
    CALL(FOR_LANES, getresgid),
    CALL(FOR_LANES, getresuid),
    CALL(FOR_LANES, getrusage),
    CALL(FOR_LANES, gettid),
    CALL(FOR_LANES, gettimeofday),
    CALL(FOR_LANES, getuid),
    CALL(FOR_LANES, lseek),
    CALL(FOR_LANES, madvise),
    CALL(FOR_LANES, membarrier),
    CALL(FOR_LANES, mlock),
    CALL(FOR_LANES, mlock2),
    CALL(FOR_LANES, mremap),
    CALL(FOR_LANES, munlock),
    CALL(FOR_LANES, munmap),
    CALL(FOR_LANES, nanosleep),
    CALL(FOR_LANES, poll),
    CALL(FOR_LANES, ppoll),
    CALL(FOR_LANES, pread64),
    CALL(FOR_LANES, read),
    CALL(FOR_LANES, readv),
    CALL(FOR_LANES, recvfrom),
    CALL(FOR_LANES, recvmsg),
    CALL(FOR_LANES, restart_syscall),
    CALL(FOR_LANES, rseq),
    CALL(FOR_LANES, rt_sigaction),
    CALL(FOR_LANES, rt_sigpending),
    CALL(FOR_LANES, rt_sigprocmask),
    CALL(FOR_LANES, rt_sigreturn),
    CALL(FOR_LANES, rt_sigtimedwait),
    CALL(FOR_LANES, sched_getaffinity),
    CALL(FOR_LANES, sched_yield),
    CALL(FOR_LANES, sendmsg),
    CALL(FOR_LANES, set_robust_list),
    CALL(FOR_LANES, shutdown),
    CALL(FOR_LANES, sigaltstack),
    CALL(FOR_LANES, signalfd4),
    CALL(FOR_LANES, sysinfo),
    CALL(FOR_LANES, time),
    CALL(FOR_LANES, uname),
    CALL(FOR_LANES, write),
    CALL(FOR_LANES, writev),
    CALL(FOR_DISK, fallocate),
    CALL(FOR_DISK, fdatasync),
    CALL(FOR_DISK, flock),
    CALL(FOR_DISK, fstatfs),
    CALL(FOR_DISK, fsync),
    CALL(FOR_DISK, ftruncate),
    CALL(FOR_DISK, preadv),
    CALL(FOR_DISK, pwrite64),
    CALL(FOR_DISK, pwritev),
    CALL(FOR_DISK, sync_file_range),
    CALL(FOR_DISK, syncfs),
    CALL(FOR_EVENTS, epoll_create1),
    CALL(FOR_EVENTS, epoll_ctl),
    CALL(FOR_EVENTS, epoll_pwait),
    CALL(FOR_EVENTS, epoll_wait),
    CALL(FOR_EVENTS, eventfd2),
    CALL(FOR_EVENTS, pipe2),
    CALL(FOR_EVENTS, pselect6),
    CALL(FOR_EVENTS, select),
    CALL(FOR_EVENTS, timerfd_create),
    CALL(FOR_EVENTS, timerfd_settime),
    CALL(FOR_READING, access),
    CALL(FOR_READING, faccessat),
    CALL(FOR_READING, faccessat2),
    CALL(FOR_READING, getcwd),
    CALL(FOR_READING, getdents64),
    CALL(FOR_READING, lstat),
    CALL(FOR_READING, newfstatat),
    CALL(FOR_READING, open),
    CALL(FOR_READING, openat),
    CALL(FOR_READING, readlink),
    CALL(FOR_READING, readlinkat),
    CALL(FOR_READING, stat),
    CALL(FOR_READING, statfs),
    CALL(FOR_READING, statx),
    CALL(FOR_WRITING, fchmod),
    CALL(FOR_WRITING, link),
    CALL(FOR_WRITING, linkat),
    CALL(FOR_WRITING, mkdir),
    CALL(FOR_WRITING, mkdirat),
    CALL(FOR_WRITING, rename),
    CALL(FOR_WRITING, renameat),
    CALL(FOR_WRITING, renameat2),
    CALL(FOR_WRITING, rmdir),
    CALL(FOR_WRITING, umask),
    CALL(FOR_WRITING, unlink),
    CALL(FOR_WRITING, unlinkat),
    CALL(FOR_SOCKETS, getpeername),
    CALL(FOR_SOCKETS, getsockname),
    CALL(FOR_SOCKETS, getsockopt),
    CALL(FOR_SOCKETS, setsockopt),
    CALL(FOR_ACCEPT, accept),
    CALL(FOR_ACCEPT, accept4),
    CALL(FOR_LOCAL, connect),
    CALL(FOR_HOST, memfd_create),
    CALL(FOR_HOST, wait4),
    CALL(FOR_INTERNET, recvmmsg),
    CALL(FOR_INTERNET, sendmmsg),
    CALL(FOR_INTERNET, socketpair), // how libcurl wakes its own threads
};

// The flags that pthread_create() of glibc and musl give: a thread of this process, nothing new for it.
#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define NEVER_FLAGS                                                                                \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET | CLONE_PTRACE)

#define ROW(group, name, action, argument, operator, a, b)                                         \
    {                                                                                              \
        (group), SCMP_SYS(name), (action), {                                                       \
            (argument), (operator), (a), (b)                                                       \
        }                                                                                          \
    }
#define IF(group, name, argument, value)                                                           \
    ROW(group, name, SCMP_ACT_ALLOW, argument, SCMP_CMP_EQ, value, 0)
#define IF_BITS(group, name, argument, mask, value)                                                \
    ROW(group, name, SCMP_ACT_ALLOW, argument, SCMP_CMP_MASKED_EQ, mask, value)
#define REFUSE_IF(group, name, number, argument, value)                                            \
    ROW(group, name, SCMP_ACT_ERRNO(number), argument, SCMP_CMP_EQ, value, 0)
#define REFUSE_UNLESS(group, name, number, argument, value)                                        \
    ROW(group, name, SCMP_ACT_ERRNO(number), argument, SCMP_CMP_NE, value, 0)
#define REFUSE(group, name, number) ROW(group, name, SCMP_ACT_ERRNO(number), 0, SCMP_CMP_GE, 0, 0)
#define FCNTL(command) IF(FOR_LANES, fcntl, 1, (command))

// Calls whose one argument decides, and calls that fail without harm (sandbox.h says why each).
static const struct {
    unsigned group;
    int call;
    uint32_t action;
    struct scmp_arg_cmp when;
} ruled_calls[] = {
    IF_BITS(FOR_LANES, mmap, 2, PROT_EXEC, 0),
    IF_BITS(FOR_LANES, mprotect, 2, PROT_EXEC, 0),
    IF_BITS(FOR_LANES, clone, 0, THREAD_FLAGS | NEVER_FLAGS, THREAD_FLAGS),
    IF(FOR_LANES, prctl, 0, PR_SET_NAME),
    IF(FOR_LANES, prlimit64, 2, 0),         // asking for limits, not setting them
    IF(FOR_LANES, sendto, 4, 0),            // to the peer of the socket, not to an address
    IF(FOR_LANES, sched_setaffinity, 0, 0), // of the thread itself
    IF(FOR_LANES, ioctl, 1, FIONREAD),
    IF(FOR_LANES, ioctl, 1, FIONBIO),
    FCNTL(F_GETFD),
    FCNTL(F_SETFD),
    FCNTL(F_GETFL),
    FCNTL(F_SETFL),
    FCNTL(F_DUPFD_CLOEXEC),
    FCNTL(F_GETLK),
    FCNTL(F_SETLK),
    FCNTL(F_SETLKW),
    FCNTL(F_OFD_GETLK),
    FCNTL(F_OFD_SETLK),
    FCNTL(F_OFD_SETLKW),
    IF(FOR_LOCAL, socket, 0, AF_UNIX),
    IF(FOR_INTERNET, socket, 0, AF_INET),
    IF(FOR_INTERNET, socket, 0, AF_INET6),
    REFUSE_IF(FOR_INTERNET, socket, EAFNOSUPPORT, 0, AF_NETLINK),
    REFUSE(FOR_LANES, clone3, ENOSYS),
    REFUSE(FOR_LANES, fchown, EPERM),
    REFUSE_IF(FOR_LANES, ioctl, ENOTTY, 1, TCGETS),
    // fstat() of glibc is newfstatat() of an empty path.
    IF(WITHOUT_READING, newfstatat, 3, AT_EMPTY_PATH),
    REFUSE_UNLESS(WITHOUT_READING, newfstatat, EACCES, 3, AT_EMPTY_PATH),
    REFUSE(WITHOUT_READING, access, EACCES),
    REFUSE(WITHOUT_READING, faccessat, EACCES),
    REFUSE(WITHOUT_READING, faccessat2, EACCES),
    REFUSE(WITHOUT_READING, lstat, EACCES),
    REFUSE(WITHOUT_READING, open, EACCES),
    REFUSE(WITHOUT_READING, openat, EACCES),
    REFUSE(WITHOUT_READING, readlink, EACCES),
    REFUSE(WITHOUT_READING, readlinkat, EACCES),
    REFUSE(WITHOUT_READING, stat, EACCES),
    REFUSE(WITHOUT_READING, statx, EACCES),
};

static int add_plain(scmp_filter_ctx filter, unsigned groups) {
    for (size_t i = 0; i < sizeof plain_calls / sizeof plain_calls[0]; i++) {
        int err = 0;
        if ((plain_calls[i].group & groups) != 0) {
            err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, plain_calls[i].call, 0);
        }
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

static int add_ruled(scmp_filter_ctx filter, unsigned groups) {
    for (size_t i = 0; i < sizeof ruled_calls / sizeof ruled_calls[0]; i++) {
        int err = 0;
        if ((ruled_calls[i].group & groups) != 0) {
            err = seccomp_rule_add_array(filter, ruled_calls[i].action, ruled_calls[i].call, 1,
                                         &ruled_calls[i].when);
        }
        if (err != 0) {
            return err;
        }
    }
    // abort() and raise() reach this process only.
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
}

static int add_groups(scmp_filter_ctx filter, unsigned groups) {
    int err = add_plain(filter, groups);
    return err == 0 ? add_ruled(filter, groups) : err;
}

static int set_attributes(scmp_filter_ctx filter) {
    static const struct {
        enum scmp_filter_attr attribute;
        uint32_t value;
    } rows[] = {
        {SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS}, // 32-bit calls go by other numbers
        {SCMP_FLTATR_CTL_TSYNC, 1},
        {SCMP_FLTATR_CTL_LOG, 1},
        {SCMP_FLTATR_CTL_OPTIMIZE, 2}, // a tree: a call costs the same wherever it stands above
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int err = seccomp_attr_set(filter, rows[i].attribute, rows[i].value);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

static void release_at_end(scmp_filter_ctx *filter) {
    if (*filter != NULL) {
        seccomp_release(*filter);
    }
}

static int fail(int code, const char *step, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_sandbox, "sandbox: seccomp: %s: %s",
                           step, strerrordesc_np(-code));
}

int vouch_wall_seccomp(const struct vouch_sandbox *sandbox, enum vouch_wall_state *ret_state,
                       struct vouch_fault *fault) {
    // A kernel without it does not know the question.
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) {
        *ret_state = VOUCH_WALL_MISSING;
        return VOUCH_OK;
    }
    int is_root_part = sandbox->profile == VOUCH_SANDBOX_HOST_ROOT;
    scmp_filter_ctx filter VOUCH_CLEANUP(release_at_end) =
        seccomp_init(is_root_part ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS);
    if (filter == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "sandbox: no memory for the filter of system calls");
    }
    int code = set_attributes(filter);
    if (code == 0) {
        code = is_root_part ? vouch_wall_refusals(filter) : add_groups(filter, groups_of(sandbox));
    }
    if (code != 0) {
        return fail(code, "building the filter", fault);
    }
    code = seccomp_load(filter);
    if (code != 0) {
        return fail(code, "loading the filter", fault);
    }
    *ret_state = VOUCH_WALL_STANDS;
    return VOUCH_OK;
}
