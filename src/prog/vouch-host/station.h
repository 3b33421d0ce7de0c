// SPDX-License-Identifier: ISC
// Where the agent works: started by root, it starts the root part, makes sure of its folder, and becomes
// the agent's user before it talks to anybody.
#pragma once

#include <sys/types.h>

#include "host/apply.h"

#define VOUCH_STATION_USER "vouch-host"
#define VOUCH_STATION_FOLDER "var/lib/vouch-host/agent" // below the root

// Whether others may work at the same time. Whoever uses the secret works alone: of two that renew, one
// would look like a copy of this machine.
enum vouch_station_share { VOUCH_STATION_SHARED = 0, VOUCH_STATION_ALONE };

struct vouch_station {
    struct vouch_apply *apply; // the root part
    pid_t apply_pid;
    int folder;  // the agent's own
    int lock;    // -1: shared
    int is_weak; // nonzero: there is no user vouch-host, and nobody's files are others' too
};

// `root`: "/" or the folder that stands for it, which only root may use; anybody else works as they are.
// VOUCH_ERR_EXISTS (V-1938) with *ret_other: another one works alone, and has this process ID.
VOUCH_MUST_USE int vouch_station_open(const char *root, enum vouch_station_share share,
                                      struct vouch_station *ret_station, pid_t *ret_other,
                                      struct vouch_fault *fault);

// Ends the root part as well. Takes a zeroed struct.
void vouch_station_close(struct vouch_station *station);
