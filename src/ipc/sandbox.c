// SPDX-License-Identifier: ISC
// Entering a sandbox: what must hold before, the order of the walls, and what to say if one is missing.
#include "ipc/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "ipc/sandbox-walls.h"

#define ONE(network) (1U << VOUCH_SANDBOX_##network)

// What of the network a role may be given at most.
static const struct {
    enum vouch_sandbox_profile profile;
    const char *name;
    unsigned networks;
} roles[] = {
    {VOUCH_SANDBOX_SIGNER, "signer", ONE(NO_NETWORK) | ONE(CONNECT_LOCAL)},
    {VOUCH_SANDBOX_AUTHORITY, "authority",
     ONE(NO_NETWORK) | ONE(OPEN_SOCKETS) | ONE(CONNECT_LOCAL) | ONE(CONNECT)},
    {VOUCH_SANDBOX_WEB, "web", ONE(NO_NETWORK) | ONE(OPEN_SOCKETS)},
    {VOUCH_SANDBOX_IDENTITY, "identity", ONE(NO_NETWORK) | ONE(CONNECT_LOCAL) | ONE(CONNECT)},
    {VOUCH_SANDBOX_HOST, "agent of a host", ONE(CONNECT)},
    {VOUCH_SANDBOX_HOST_ROOT, "root part of a host", ONE(CONNECT)},
};

static int check_profile(const struct vouch_sandbox *sandbox, struct vouch_fault *fault) {
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (roles[i].profile != sandbox->profile) {
            continue;
        }
        if (sandbox->network <= VOUCH_SANDBOX_CONNECT &&
            (roles[i].networks >> sandbox->network & 1) != 0) {
            return VOUCH_OK;
        }
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_sandbox,
                               "sandbox: the %s may not have this much of the network",
                               roles[i].name);
    }
    return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_sandbox,
                           "sandbox: no profile was chosen");
}

// Landlock binds one thread and those it makes; an older one would stay outside.
static int check_one_thread(struct vouch_fault *fault) {
    struct stat tasks;
    if (stat("/proc/self/task", &tasks) != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_sandbox,
                               "sandbox: /proc/self/task: cannot be read, so the threads of this "
                               "process cannot be counted; mount /proc");
    }
    if (tasks.st_nlink > 3) { // ".", "..", and one per thread
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_sandbox,
                               "sandbox: this process has %u threads already, it must have one",
                               (unsigned)tasks.st_nlink - 2);
    }
    return VOUCH_OK;
}

// Not in the headers of Debian 12. Kernels before 6.3 do not know it; seccomp says the same.
#define SET_MDWE 65
#define MDWE_REFUSE_EXEC_GAIN 1UL

static int forbid_new_privileges(struct vouch_fault *fault) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_UNSUPPORTED, &vouch_fault_sandbox,
                               "sandbox: no_new_privs: %s", strerrordesc_np(errno));
    }
    (void)prctl(SET_MDWE, MDWE_REFUSE_EXEC_GAIN, 0, 0, 0);
    return VOUCH_OK;
}

static int judge(const struct vouch_sandbox *sandbox, enum vouch_wall_state state, const char *wall,
                 struct vouch_sandbox_report *report, struct vouch_fault *fault) {
    if (state == VOUCH_WALL_STANDS) {
        return VOUCH_OK;
    }
    if (sandbox->need == VOUCH_SANDBOX_REQUIRED) {
        return vouch_fault_set(fault, VOUCH_ERR_UNSUPPORTED, &vouch_fault_sandbox,
                               "sandbox: this kernel has no %s, or a container forbids it", wall);
    }
    size_t len = strlen(report->warning);
    (void)snprintf(report->warning + len, sizeof report->warning - len,
                   "%srunning WITHOUT %s: a break-in into this process reaches further",
                   len > 0 ? "; " : "", wall);
    return VOUCH_OK;
}

int vouch_sandbox_enter(const struct vouch_sandbox *sandbox,
                        struct vouch_sandbox_report *ret_report, struct vouch_fault *fault) {
    int err = check_profile(sandbox, fault);
    if (err == VOUCH_OK) {
        err = check_one_thread(fault);
    }
    if (err == VOUCH_OK) {
        err = forbid_new_privileges(fault);
    }
    struct vouch_sandbox_report report = {0};
    enum vouch_wall_state state = VOUCH_WALL_MISSING;
    if (err == VOUCH_OK) {
        err = vouch_wall_landlock(sandbox, &state, &report.landlock_abi, fault);
    }
    if (err == VOUCH_OK) {
        err = judge(sandbox, state, "Landlock", &report, fault);
    }
    // seccomp comes last: it takes away the calls that set up Landlock.
    state = VOUCH_WALL_MISSING;
    if (err == VOUCH_OK) {
        err = vouch_wall_seccomp(sandbox, &state, fault);
    }
    if (err == VOUCH_OK) {
        err = judge(sandbox, state, "seccomp", &report, fault);
    }
    if (err == VOUCH_OK) {
        report.has_seccomp = state == VOUCH_WALL_STANDS;
        *ret_report = report;
    }
    return err;
}
