// SPDX-License-Identifier: ISC
// What the root part of a host may not call, nor sshd -t, ssh-keyscan, systemctl and the others that it
// starts: these are programs of many versions, so that nobody could name all that they call.
//
// Each refusal is what would let a process of root step around Landlock's walls (other processes, mounts,
// devices, the kernel), or speak to the network other than by TCP, whose ports Landlock looks at.
#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/socket.h>

#include "ipc/sandbox-walls.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const int calls[] = {
    // other processes
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(process_madvise),
    SCMP_SYS(kcmp),
    SCMP_SYS(pidfd_getfd),
    // other views of the file system, and files without a path
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(move_mount),
    SCMP_SYS(open_tree),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(fanotify_init),
    SCMP_SYS(quotactl),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    // the kernel
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(modify_ldt),
    SCMP_SYS(personality),
    SCMP_SYS(syslog),
    SCMP_SYS(acct),
    // keys that the kernel keeps
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    // the machine's time and name
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    // nobody connects to it
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
};

static const uint64_t namespaces[] = {CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                      CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET};

// A rule may look at an argument once, so that each family stands here by itself.
static const uint64_t families[] = {AF_UNSPEC, AF_AX25,   AF_IPX,    AF_APPLETALK,
                                    AF_NETROM, AF_BRIDGE, AF_ATMPVC, AF_X25};

static int refuse_calls(scmp_filter_ctx filter) {
    int err = 0;
    for (size_t i = 0; i < COUNT(calls) && err == 0; i++) {
        err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
        // The architecture has no such call.
        err = err == -EDOM ? 0 : err;
    }
    // glibc then uses clone, whose flags can be looked at.
    return err == 0 ? seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) : err;
}

static int refuse_namespaces(scmp_filter_ctx filter) {
    int err = 0;
    for (size_t i = 0; i < COUNT(namespaces) && err == 0; i++) {
        err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                               SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i]));
    }
    return err;
}

// TCP and local sockets stay.
static int refuse_sockets(scmp_filter_ctx filter) {
    const uint64_t kinds = 0xf; // the rest of the argument are flags
    int err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                               SCMP_A0(SCMP_CMP_GT, AF_INET6, 0));
    for (size_t i = 0; i < COUNT(families) && err == 0; i++) {
        err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                               SCMP_A0(SCMP_CMP_EQ, families[i], 0));
    }
    static const uint64_t internet[] = {AF_INET, AF_INET6};
    static const uint64_t other[] = {SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET, SOCK_DCCP};
    for (size_t i = 0; i < COUNT(internet) * COUNT(other) && err == 0; i++) {
        err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 2,
                               SCMP_A0(SCMP_CMP_EQ, internet[i / COUNT(other)], 0),
                               SCMP_A1(SCMP_CMP_MASKED_EQ, kinds, other[i % COUNT(other)]));
    }
    return err;
}

int vouch_wall_refusals(void *filter) {
    int err = refuse_calls(filter);
    err = err == 0 ? refuse_namespaces(filter) : err;
    return err == 0 ? refuse_sockets(filter) : err;
}
