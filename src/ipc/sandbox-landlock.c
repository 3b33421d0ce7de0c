// SPDX-License-Identifier: ISC
// Landlock by its raw system calls: the headers of Debian 12 know version 2, kernels know more, so the
// numbers stand here, and what the running kernel does not know is masked out.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/mem.h"
#include "ipc/sandbox-walls.h"

// Numbers that are the same on every architecture since Linux 5.13.
#define CALL_CREATE_RULESET 444
#define CALL_ADD_RULE 445
#define CALL_RESTRICT_SELF 446
#define CREATE_VERSION 1U
#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT 2

// Linux, Documentation/userspace-api/landlock.rst.
#define FS_EXECUTE (UINT64_C(1) << 0)
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_REMOVE_DIR (UINT64_C(1) << 4)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_DIR (UINT64_C(1) << 7)
#define FS_MAKE_REG (UINT64_C(1) << 8)
#define FS_ALL_1 ((UINT64_C(1) << 13) - 1)
#define FS_REFER (UINT64_C(1) << 13)     // version 2
#define FS_TRUNCATE (UINT64_C(1) << 14)  // version 3
#define FS_IOCTL_DEV (UINT64_C(1) << 15) // version 5
#define NET_BIND_TCP UINT64_C(1)         // version 4
#define NET_CONNECT_TCP UINT64_C(2)
#define SCOPE_ABSTRACT_SOCKET UINT64_C(1) // version 6
#define SCOPE_SIGNAL UINT64_C(2)

#define FS_READS (FS_READ_FILE | FS_READ_DIR)
#define FS_RUNS (FS_READS | FS_EXECUTE)
#define FS_WRITES                                                                                  \
    (FS_READS | FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG |       \
     FS_REFER | FS_TRUNCATE)
#define FS_OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

struct ruleset {
    uint64_t handled_fs;
    uint64_t handled_net;
    uint64_t scoped;
};

struct path_rule {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));

struct port_rule {
    uint64_t allowed;
    uint64_t port;
};

static int fail(const char *step, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_sandbox, "sandbox: Landlock: %s: %s",
                           step, strerrordesc_np(errno));
}

// Everything is forbidden that this version can forbid, and rules then give back.
static struct ruleset choose(const struct vouch_sandbox *sandbox, long abi) {
    struct ruleset rules = {.handled_fs = FS_ALL_1};
    int is_root_part = sandbox->profile == VOUCH_SANDBOX_HOST_ROOT;
    rules.handled_fs |= abi >= 2 ? FS_REFER : 0;
    rules.handled_fs |= abi >= 3 ? FS_TRUNCATE : 0;
    rules.handled_fs |= abi >= 5 ? FS_IOCTL_DEV : 0;
    if (abi >= 4) {
        rules.handled_net = NET_BIND_TCP;
        int is_open = sandbox->network == VOUCH_SANDBOX_CONNECT && !is_root_part;
        rules.handled_net |= is_open ? 0 : NET_CONNECT_TCP;
    }
    // The root part tells sshd to read its configuration.
    rules.scoped = abi >= 6 ? SCOPE_ABSTRACT_SOCKET | (is_root_part ? 0 : SCOPE_SIGNAL) : 0;
    return rules;
}

// An older kernel takes a shorter struct.
static size_t size_of(long abi) {
    if (abi >= 6) {
        return sizeof(struct ruleset);
    }
    return abi >= 4 ? offsetof(struct ruleset, scoped) : offsetof(struct ruleset, handled_net);
}

static int allow_path(int ruleset_fd, const char *path, uint64_t allowed,
                      struct vouch_fault *fault) {
    vouch_autoclose int fd = open(path, O_PATH | O_CLOEXEC);
    struct stat meta;
    if (fd < 0 || fstat(fd, &meta) != 0) {
        int err = errno == ENOENT || errno == ENOTDIR ? VOUCH_ERR_NOT_FOUND : VOUCH_ERR_IO;
        return vouch_fault_set(fault, err, &vouch_fault_sandbox, "sandbox: %s: %s", path,
                               strerrordesc_np(errno));
    }
    if (!S_ISDIR(meta.st_mode)) {
        allowed &= FS_OF_FILES;
    }
    const struct path_rule rule = {.allowed = allowed, .parent_fd = fd};
    return syscall(CALL_ADD_RULE, ruleset_fd, RULE_PATH_BENEATH, &rule, 0) == 0 ? VOUCH_OK
                                                                                : fail(path, fault);
}

static int allow_paths(int ruleset_fd, const struct vouch_sandbox_paths *paths, uint64_t allowed,
                       struct vouch_fault *fault) {
    for (size_t i = 0; i < paths->count; i++) {
        int err = allow_path(ruleset_fd, paths->paths[i], allowed, fault);
        if (err != VOUCH_OK) {
            return err;
        }
    }
    return VOUCH_OK;
}

static int allow_ports(int ruleset_fd, const struct vouch_sandbox *sandbox,
                       const struct ruleset *rules, struct vouch_fault *fault) {
    for (size_t i = 0; i < sandbox->port_count && rules->handled_net != 0; i++) {
        const struct port_rule rule = {.allowed = NET_CONNECT_TCP, .port = sandbox->ports[i]};
        if (syscall(CALL_ADD_RULE, ruleset_fd, RULE_NET_PORT, &rule, 0) != 0) {
            return fail("a port", fault);
        }
    }
    return VOUCH_OK;
}

static int allow_all(int fd, const struct vouch_sandbox *sandbox, const struct ruleset *rules,
                     struct vouch_fault *fault) {
    int err = allow_paths(fd, &sandbox->readable, FS_READS & rules->handled_fs, fault);
    err = err == VOUCH_OK
              ? allow_paths(fd, &sandbox->writable, FS_WRITES & rules->handled_fs, fault)
              : err;
    err = err == VOUCH_OK
              ? allow_paths(fd, &sandbox->executable, FS_RUNS & rules->handled_fs, fault)
              : err;
    return err == VOUCH_OK ? allow_ports(fd, sandbox, rules, fault) : err;
}

int vouch_wall_landlock(const struct vouch_sandbox *sandbox, enum vouch_wall_state *ret_state,
                        int *ret_abi, struct vouch_fault *fault) {
    long abi = syscall(CALL_CREATE_RULESET, NULL, 0, CREATE_VERSION);
    if (abi < 1) {
        *ret_state = VOUCH_WALL_MISSING;
        *ret_abi = 0;
        return VOUCH_OK;
    }
    struct ruleset rules = choose(sandbox, abi);
    vouch_autoclose int fd = (int)syscall(CALL_CREATE_RULESET, &rules, size_of(abi), 0);
    if (fd < 0) {
        return fail("creating the rules", fault);
    }
    int err = allow_all(fd, sandbox, &rules, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (syscall(CALL_RESTRICT_SELF, fd, 0) != 0) {
        return fail("restricting this process", fault);
    }
    *ret_state = VOUCH_WALL_STANDS;
    *ret_abi = (int)abi;
    return VOUCH_OK;
}
