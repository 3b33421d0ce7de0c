// SPDX-License-Identifier: ISC
// The server of a demonstration as a child of the process that fills and shows it: vouchd run, and nothing
// else.
#pragma once

#include <sys/types.h>

#include "base/fault.h"

#define VOUCH_DEMO_LOG "demo.log" // what the server says

struct vouch_demo_server {
    const char *dir;
    pid_t pid; // 0: it does not run
};

// From here on SIGINT, SIGTERM and SIGHUP are held for vouch_demo_server_wait().
void vouch_demo_server_hold_signals(void);

// Starts vouchd run; it ends with this process. What it says is added to VOUCH_DEMO_LOG. V-2032.
VOUCH_MUST_USE int vouch_demo_server_start(const char *dir, struct vouch_demo_server *ret_server,
                                           struct vouch_fault *fault);

enum vouch_demo_turn {
    VOUCH_DEMO_GOES_ON = 0,
    VOUCH_DEMO_STOP, // a signal came
};

// Waits for a second at most. V-2032 if the server ended by itself.
VOUCH_MUST_USE int vouch_demo_server_wait(struct vouch_demo_server *server, unsigned wait_ms,
                                          enum vouch_demo_turn *ret_turn,
                                          struct vouch_fault *fault);

// Nonzero if it answers on its socket for administration, and is well.
int vouch_demo_server_is_well(const struct vouch_demo_server *server);

// Ends it and waits until it is gone.
void vouch_demo_server_stop(struct vouch_demo_server *server);
