// SPDX-License-Identifier: ISC
// The sockets that a server listens on: opened by the supervisor, which has the right to, and kept open
// while roles are started again, so that nobody is turned away meanwhile.
#pragma once

#include "ipc/notify.h"
#include "prog/vouchd/config.h"

struct vouch_listener {
    char text[VOUCH_CONFIG_ADDRESS_MAX]; // as in the configuration; empty: the service manager's
    int fd;
};

struct vouch_listeners {
    struct vouch_listener items[VOUCH_NOTIFY_SOCKETS_MAX];
    size_t count;
    int from_manager; // nonzero: the service manager opened them, and the configuration is not asked
    int admin_fd;     // -1: not open
    char admin_path[PATH_MAX];
};

// Takes over what the service manager opened, if anything. Nothing else is open yet.
void vouch_listeners_init(struct vouch_listeners *listeners,
                          const struct vouch_notify_sockets *take_sockets);

// Opens what the configuration names and is not open yet, and closes what it names no more. On an error
// all is as it was.
VOUCH_MUST_USE int vouch_listeners_update(struct vouch_listeners *listeners,
                                          const struct vouch_config *config,
                                          struct vouch_fault *fault);

// Opens the socket for administration, if it is not open. Its folder is closed to all but its owner.
VOUCH_MUST_USE int vouch_listeners_open_admin(struct vouch_listeners *listeners, const char *dir,
                                              struct vouch_fault *fault);

// Closes all, and removes the socket for administration.
void vouch_listeners_done(struct vouch_listeners *listeners);
