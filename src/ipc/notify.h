// SPDX-License-Identifier: ISC
// What a service manager (systemd, or one that speaks as it does) says to a service, and is told: the
// readiness protocol of sd_notify(3), socket activation of sd_listen_fds(3), and the folder of credentials
// of systemd.exec(5). Without a manager all of it does nothing.
#pragma once

#include "base/io.h"

// Where the manager listens.
struct vouch_notify {
    int fd;               // -1: nobody listens
    uint64_t watchdog_ns; // ALIVE is to be told again within this time; 0: nobody waits for it
};

// Reads NOTIFY_SOCKET (a path, or @NAME for the abstract name space) and WATCHDOG_USEC, where WATCHDOG_PID is
// this process, removes them from the environment, and connects. Without the variable *ret_notify is silent,
// which is no error. The caller ends it with vouch_notify_close().
VOUCH_MUST_USE int vouch_notify_open(struct vouch_notify *ret_notify, struct vouch_fault *fault);
void vouch_notify_close(struct vouch_notify *notify);

enum vouch_notify_state {
    VOUCH_NOTIFY_STATUS = 0, // only the text
    VOUCH_NOTIFY_READY,      // also ends RELOADING
    VOUCH_NOTIFY_RELOADING,
    VOUCH_NOTIFY_STOPPING,
    VOUCH_NOTIFY_ALIVE, // to a manager that ends who is silent for too long
};

// Tells the state and, if `status` is not NULL, one line of text for people. Never waits.
VOUCH_MUST_USE int vouch_notify_send(const struct vouch_notify *notify,
                                     enum vouch_notify_state state, const char *status,
                                     struct vouch_fault *fault);

#define VOUCH_NOTIFY_SOCKETS_MAX 8

struct vouch_notify_sockets {
    int fds[VOUCH_NOTIFY_SOCKETS_MAX];
    unsigned count;
};

// Takes over the sockets that the manager opened for this very process (LISTEN_PID, LISTEN_FDS), in its
// order; the caller closes them. None is no error. Each must be a listening stream socket, or it is
// VOUCH_ERR_ARGUMENT. Removes the variables from the environment. Call it once, before anything else is
// opened.
VOUCH_MUST_USE int vouch_notify_take_sockets(struct vouch_notify_sockets *ret_sockets,
                                             struct vouch_fault *fault);

// Reads a credential (LoadCredential= and kin) of at most `max` bytes into locked memory.
// VOUCH_ERR_NOT_FOUND: the manager gave none by that name.
VOUCH_MUST_USE int vouch_notify_credential(const char *name, size_t max,
                                           struct vouch_secret *ret_secret,
                                           struct vouch_fault *fault);
