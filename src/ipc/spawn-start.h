// SPDX-License-Identifier: ISC
// Starting the processes of a service; for supervisor.c only.
#pragma once

#include "ipc/spawn.h"
#include "ipc/user.h"

#define VOUCH_START_FDS_MAX                                                                        \
    (VOUCH_ROLE_FIRST_LANE_FD + VOUCH_LINKS_MAX * VOUCH_LANES_MAX + VOUCH_ROLE_GIFTS_MAX)

// Everything that one process begins with. Borrowed.
struct vouch_start {
    int program_fd; // of the running program, so that a role is never of another version
    char *const *argv;
    char *const *envp;
    const struct vouch_user *user; // NULL: stay who we are
    pid_t parent;
    int fds[VOUCH_START_FDS_MAX]; // descriptor i of the role is a copy of fds[i]
    unsigned fd_count;
};

struct vouch_process {
    pid_t pid; // 0: none
    int fd;    // a pidfd
};

// Starts a process in a process group of its own; what goes wrong in it before the program runs is said
// on its control socket. The caller waits for it and closes ret_process->fd. The caller must have one
// thread, which lives as long as the service: the roles are killed with it.
VOUCH_MUST_USE int vouch_start_process(const struct vouch_start *start,
                                       struct vouch_process *ret_process,
                                       struct vouch_fault *fault);

// What all of them begin from. Borrowed.
struct vouch_start_plan {
    const struct vouch_service *service;
    int program_fd;
    int null_fd;
    const struct vouch_user *users; // one for each role; NULL: all stay who we are
};

struct vouch_started {
    struct vouch_process processes[VOUCH_ROLES_MAX]; // pid 0: was not started
    int control_fds[VOUCH_ROLES_MAX];                // the supervisor's ends
};

// Makes every socket of the service, and starts its roles, the last of the table first: it is asked by
// the others and tends to have most to open. *ret_started is filled in on an error too, with those that
// were started by then: the caller ends them.
VOUCH_MUST_USE int vouch_start_service(const struct vouch_start_plan *plan,
                                       struct vouch_started *ret_started,
                                       struct vouch_fault *fault);
