// SPDX-License-Identifier: ISC
// The sandbox of a role: what its process may still do once untrusted bytes can reach it.
//
// Three walls, each enough against most things: no_new_privs and no new executable memory; Landlock,
// which leaves only the named paths and no TCP port; seccomp, which leaves only the system calls of the
// role's profile. It does not drop the user ID: spawn.h has done that before.
#pragma once

#include "base/fault.h"

// Which role. Zero is none, and is refused.
enum vouch_sandbox_profile {
    VOUCH_SANDBOX_UNSET = 0,
    VOUCH_SANDBOX_SIGNER,    // lanes, durable files; never the network
    VOUCH_SANDBOX_AUTHORITY, // lanes, durable files, event loops, a database by socket
    VOUCH_SANDBOX_WEB,       // lanes, event loops, sockets that are open already
    VOUCH_SANDBOX_IDENTITY,  // lanes, event loops, connections to directories and providers
    VOUCH_SANDBOX_HOST, // an agent of a host: the same, files in memory, and children that ended
    // Its root part, and the programs of the system that it starts, which inherit all of it: so calls
    // are not named that are allowed but those that are not.
    VOUCH_SANDBOX_HOST_ROOT,
};

// What of the network is left. Lanes that are open always work.
enum vouch_sandbox_network {
    VOUCH_SANDBOX_NO_NETWORK = 0,
    VOUCH_SANDBOX_OPEN_SOCKETS,  // accept on, and ask about, sockets that are open already
    VOUCH_SANDBOX_CONNECT_LOCAL, // and connect to UNIX sockets
    VOUCH_SANDBOX_CONNECT,       // and connect to IPv4 and IPv6
};

// What to do on a kernel without Landlock or seccomp. OPTIONAL goes on without, and fills in the
// report's warning, which the caller must log where a person sees it.
enum vouch_sandbox_need { VOUCH_SANDBOX_REQUIRED = 0, VOUCH_SANDBOX_OPTIONAL };

struct vouch_sandbox_paths {
    const char *const *paths; // files or folders that exist; a folder means all below it
    size_t count;
};

struct vouch_sandbox {
    enum vouch_sandbox_profile profile;
    enum vouch_sandbox_network network; // at most what the profile may have
    enum vouch_sandbox_need need;
    struct vouch_sandbox_paths readable;
    struct vouch_sandbox_paths
        writable; // also readable; files in them may be made, renamed, removed
    // For HOST_ROOT alone: programs that may be started, and TCP ports that may be connected to.
    struct vouch_sandbox_paths executable; // also readable
    const uint16_t *ports;
    size_t port_count;
};

struct vouch_sandbox_report {
    int landlock_abi; // what the kernel knows; 0: this process has no Landlock
    int has_seccomp;
    char warning[256]; // empty if everything holds
};

// Enters the sandbox, for good. Call it with everything opened, before the first untrusted byte, and
// while the process has one thread (threads made later inherit it): VOUCH_ERR_ARGUMENT otherwise, or if
// the profile may not have that network. VOUCH_ERR_NOT_FOUND: a path is missing. VOUCH_ERR_UNSUPPORTED:
// the kernel lacks a wall and need is REQUIRED. On an error the process must end: part of it may hold.
//
// Afterwards a system call outside the profile kills the process (SIGSYS, and a line in the kernel's
// log), except for those that libraries try in good faith: these fail with an errno. They are
//   open, openat, stat, access, readlink and kin, if no path was given   EACCES
//   clone3 (glibc then uses clone, whose flags can be checked)           ENOSYS
//   ioctl TCGETS (isatty)                                                ENOTTY
//   fchown (SQLite on its journal)                                       EPERM
//   socket(AF_NETLINK) with CONNECT (getaddrinfo)                        EAFNOSUPPORT
// HOST_ROOT is the other way round: a call that its profile refuses fails with EPERM, as a program expects
// of a user without rights, and what is not named there goes on.
// Paths outside the list fail with EACCES. Memory can be writable or executable, never newly executable.
// Landlock and seccomp do not hide what stat(2) tells of a path, if any path was given.
VOUCH_MUST_USE int vouch_sandbox_enter(const struct vouch_sandbox *sandbox,
                                       struct vouch_sandbox_report *ret_report,
                                       struct vouch_fault *fault);
