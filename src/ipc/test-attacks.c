// SPDX-License-Identifier: ISC
// The attacks of test-attacks.h, by the numbers of their system calls, so that no library stands between.
#include "ipc/test-attacks.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct test_targets test_targets;

// The outcome of a system call that must not have an effect.
int test_attack_judge(long result) {
    return result < 0 ? TEST_REFUSED : TEST_HAPPENED;
}

#define ATTACK(name, call)                                                                         \
    static int try_##name(void) {                                                                  \
        return test_attack_judge(call);                                                            \
    }

ATTACK(open, syscall(SYS_open, "/etc/passwd", O_RDONLY))
ATTACK(openat, syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY))
ATTACK(open_write, syscall(SYS_openat, AT_FDCWD, test_targets.folder, O_TMPFILE | O_RDWR, 0600))
ATTACK(openat2, syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", (uint64_t[3]){0}, 24))
ATTACK(open_by_handle, syscall(SYS_open_by_handle_at, AT_FDCWD, "", 0))
ATTACK(creat, syscall(SYS_creat, "/tmp/vouch-sandbox-made", 0600))
ATTACK(stat, syscall(SYS_stat, "/etc/passwd", (struct stat[1]){{0}}))
ATTACK(readlink, syscall(SYS_readlink, "/proc/self/exe", (char[64]){0}, 64))
ATTACK(mknod, syscall(SYS_mknod, "/tmp/vouch-sandbox-made", S_IFIFO | 0600, 0))
ATTACK(symlink, syscall(SYS_symlink, "/etc/passwd", "/tmp/vouch-sandbox-made"))
ATTACK(unlink, syscall(SYS_unlink, "/tmp/vouch-sandbox-none"))
ATTACK(rename, syscall(SYS_rename, "/tmp/vouch-sandbox-none", "/tmp/vouch-sandbox-made"))
ATTACK(mkdir, syscall(SYS_mkdir, "/tmp/vouch-sandbox-made", 0700))
ATTACK(chmod, syscall(SYS_chmod, test_targets.folder, 0700))
ATTACK(fchmod, syscall(SYS_fchmod, test_targets.file_fd, 0666))
ATTACK(chown, syscall(SYS_chown, test_targets.folder, getuid(), getgid()))
ATTACK(chdir, syscall(SYS_chdir, "/"))
ATTACK(chroot, syscall(SYS_chroot, test_targets.folder))
ATTACK(mount, syscall(SYS_mount, "none", test_targets.folder, "tmpfs", 0, NULL))
ATTACK(setxattr, syscall(SYS_setxattr, test_targets.folder, "user.x", "", 0, 0))
ATTACK(inotify, syscall(SYS_inotify_init1, 0))
ATTACK(fanotify, syscall(SYS_fanotify_init, 0, 0))
ATTACK(socket_raw, syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0))
ATTACK(socket_netlink, syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 0))
ATTACK(socket_vsock, syscall(SYS_socket, AF_VSOCK, SOCK_STREAM, 0))
ATTACK(socket_alg, syscall(SYS_socket, AF_ALG, SOCK_SEQPACKET, 0))
ATTACK(bind, syscall(SYS_bind, test_targets.tcp_fd, &(struct sockaddr_in){.sin_family = AF_INET},
                     sizeof(struct sockaddr_in)))
ATTACK(listen, syscall(SYS_listen, test_targets.tcp_fd, 1))
ATTACK(sendto_address, syscall(SYS_sendto, test_targets.udp_fd, "x", 1, 0, &test_targets.loopback,
                               sizeof test_targets.loopback))
ATTACK(execve, syscall(SYS_execve, "/bin/true", (const char *[]){"true", NULL}, NULL))
ATTACK(execveat,
       syscall(SYS_execveat, AT_FDCWD, "/bin/true", (const char *[]){"true", NULL}, NULL, 0))
ATTACK(fork, syscall(SYS_fork) == 0 ? (_exit(0), 0) : 0)
ATTACK(clone, syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0 ? (_exit(0), 0) : 0)
ATTACK(clone_vm,
       syscall(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0) == 0 ? (_exit(0), 0) : 0)
ATTACK(clone_user, syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) == 0 ? (_exit(0), 0) : 0)
ATTACK(clone3, syscall(SYS_clone3, (uint64_t[8]){[4] = SIGCHLD}, 64))
ATTACK(unshare, syscall(SYS_unshare, CLONE_NEWUSER))
ATTACK(setns, syscall(SYS_setns, test_targets.pid_fd, 0))
ATTACK(ptrace, syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0))
ATTACK(ptrace_other, syscall(SYS_ptrace, PTRACE_SEIZE, test_targets.parent, 0, 0))
ATTACK(process_vm_readv, syscall(SYS_process_vm_readv, test_targets.parent, NULL, 0, NULL, 0, 0))
ATTACK(process_vm_writev, syscall(SYS_process_vm_writev, test_targets.parent, NULL, 0, NULL, 0, 0))
ATTACK(kill, syscall(SYS_kill, test_targets.parent, 0))
ATTACK(tkill, syscall(SYS_tkill, test_targets.parent, 0))
ATTACK(tgkill_other, syscall(SYS_tgkill, test_targets.parent, test_targets.parent, 0))
ATTACK(sigqueue, syscall(SYS_rt_sigqueueinfo, test_targets.parent, 0, (siginfo_t[1]){{0}}))
ATTACK(pidfd_open, syscall(SYS_pidfd_open, test_targets.parent, 0))
ATTACK(pidfd_send_signal, syscall(SYS_pidfd_send_signal, test_targets.pid_fd, 0, NULL, 0))
ATTACK(pidfd_getfd, syscall(SYS_pidfd_getfd, test_targets.pid_fd, 0, 0))
ATTACK(affinity_other, syscall(SYS_sched_setaffinity, test_targets.parent, sizeof(cpu_set_t),
                               (cpu_set_t[1]){{.__bits = {1}}}))
ATTACK(set_owner, syscall(SYS_fcntl, test_targets.unix_fd, F_SETOWN, test_targets.parent))
ATTACK(mmap_exec, (long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
ATTACK(mmap_wx, (long)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
ATTACK(mprotect_exec, mprotect(test_targets.code_page, 4096, PROT_READ | PROT_EXEC))
ATTACK(pkey_mprotect,
       syscall(SYS_pkey_mprotect, test_targets.code_page, 4096, PROT_READ | PROT_EXEC, -1))
ATTACK(memfd, syscall(SYS_memfd_create, "x", 0))
ATTACK(personality, syscall(SYS_personality, 0x0400000 /* READ_IMPLIES_EXEC */))
ATTACK(remap_file_pages, syscall(SYS_remap_file_pages, test_targets.code_page, 4096, 0, 0, 0))
ATTACK(shmget, syscall(SYS_shmget, 0, 4096, 0600))
ATTACK(msgget, syscall(SYS_msgget, 0, 0600))
ATTACK(io_uring, syscall(SYS_io_uring_setup, 8, (uint8_t[120]){0}))
ATTACK(bpf, syscall(SYS_bpf, 0, (uint8_t[64]){4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 1}, 64))
ATTACK(userfaultfd, syscall(SYS_userfaultfd, 1))
ATTACK(perf, syscall(SYS_perf_event_open, (uint8_t[112]){[4] = 112}, 0, -1, -1, 0))
ATTACK(keyctl, syscall(SYS_keyctl, 0, -3, 0))
ATTACK(add_key, syscall(SYS_add_key, "user", "x", "x", 1, -2))
ATTACK(setuid, syscall(SYS_setuid, getuid()))
ATTACK(setresuid, syscall(SYS_setresuid, -1, -1, -1))
ATTACK(setgroups, syscall(SYS_setgroups, 0, NULL))
ATTACK(capset, syscall(SYS_capset, (uint32_t[2]){0x20080522, 0}, (uint32_t[6]){0}))
ATTACK(dumpable, syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0))
ATTACK(ptracer, syscall(SYS_prctl, PR_SET_PTRACER, -1, 0, 0, 0))
ATTACK(raise_limit, syscall(SYS_prlimit64, 0, RLIMIT_CORE, (uint64_t[2]){0, 0}, NULL))
ATTACK(second_filter, syscall(SYS_seccomp, 0, 0, NULL))
ATTACK(landlock, syscall(SYS_landlock_create_ruleset, NULL, 0, 1))
ATTACK(modify_ldt, syscall(SYS_modify_ldt, 0, NULL, 0))
ATTACK(init_module, syscall(SYS_init_module, NULL, 0, ""))
ATTACK(sysfs_setdomain, syscall(SYS_setdomainname, "", 0))
ATTACK(settime, syscall(SYS_clock_settime, CLOCK_REALTIME, NULL))
ATTACK(kcmp, syscall(SYS_kcmp, getpid(), getpid(), 0, 0, 0))
ATTACK(type_into_terminal, ioctl(test_targets.tty_fd, TIOCSTI, "x"))
ATTACK(unknown_call, syscall(5000))
ATTACK(x32_open, syscall(0x40000000 + 2, "/etc/passwd", O_RDONLY))

// The same by the numbers of a 32-bit program.
static int try_old_numbers(void) {
    long result = 20; // getpid of i386
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
    return test_attack_judge(result);
}

#define ROW(name)                                                                                  \
    { #name, try_##name, TEST_ATTACK_KILLS }
#define SOFT(name)                                                                                 \
    { #name, try_##name, TEST_ATTACK_FAILS }

const struct test_attack test_attacks[] = {
    SOFT(open),
    SOFT(openat),
    SOFT(open_write),
    ROW(openat2),
    ROW(open_by_handle),
    ROW(creat),
    SOFT(stat),
    SOFT(readlink),
    ROW(mknod),
    ROW(symlink),
    ROW(unlink),
    ROW(rename),
    ROW(mkdir),
    ROW(chmod),
    ROW(fchmod),
    ROW(chown),
    ROW(chdir),
    ROW(chroot),
    ROW(mount),
    ROW(setxattr),
    ROW(inotify),
    ROW(fanotify),
    ROW(socket_raw),
    SOFT(socket_netlink),
    ROW(socket_vsock),
    ROW(socket_alg),
    ROW(bind),
    ROW(listen),
    ROW(sendto_address),
    ROW(execve),
    ROW(execveat),
    ROW(fork),
    ROW(clone),
    ROW(clone_vm),
    ROW(clone_user),
    SOFT(clone3),
    ROW(unshare),
    ROW(setns),
    ROW(ptrace),
    ROW(ptrace_other),
    ROW(process_vm_readv),
    ROW(process_vm_writev),
    ROW(kill),
    ROW(tkill),
    ROW(tgkill_other),
    ROW(sigqueue),
    ROW(pidfd_open),
    ROW(pidfd_send_signal),
    ROW(pidfd_getfd),
    ROW(affinity_other),
    ROW(set_owner),
    ROW(mmap_exec),
    ROW(mmap_wx),
    ROW(mprotect_exec),
    ROW(pkey_mprotect),
    ROW(memfd),
    ROW(personality),
    ROW(remap_file_pages),
    ROW(shmget),
    ROW(msgget),
    ROW(io_uring),
    ROW(bpf),
    ROW(userfaultfd),
    ROW(perf),
    ROW(keyctl),
    ROW(add_key),
    ROW(setuid),
    ROW(setresuid),
    ROW(setgroups),
    ROW(capset),
    ROW(dumpable),
    ROW(ptracer),
    ROW(raise_limit),
    ROW(second_filter),
    ROW(landlock),
    ROW(modify_ldt),
    ROW(init_module),
    ROW(sysfs_setdomain),
    ROW(settime),
    ROW(kcmp),
    ROW(type_into_terminal),
    ROW(unknown_call),
    ROW(x32_open),
    ROW(old_numbers),
};
const size_t test_attack_count = sizeof test_attacks / sizeof test_attacks[0];

const struct test_attack *test_attack_find(const char *name) {
    size_t i = 0;
    while (strcmp(test_attacks[i].name, name) != 0) {
        i++;
        assert(i < test_attack_count);
    }
    return &test_attacks[i];
}
