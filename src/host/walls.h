// SPDX-License-Identifier: ISC
// The walls around the root part, and around every program that it starts: it writes in the few folders
// that sshd's configuration leads to, starts programs of the system's folders and none that somebody could
// have put elsewhere, and connects to sshd's ports.
//
// What is started inherits all of it, for good. So sshd is never started from here: it is told to read its
// configuration again by a signal, or by the service manager, whose process is not ours.
#pragma once

#include <limits.h>

#include "host/work.h"
#include "ipc/sandbox.h"

#define VOUCH_WALLS_FOLDERS_MAX 12
#define VOUCH_WALLS_PORTS_MAX 16

// Folders as the kernel knows them: another one in the place of one of these is outside.
struct vouch_walls_folder {
    char path[PATH_MAX];
    uint64_t device, inode;
};

struct vouch_walls {
    struct vouch_walls_folder folders[VOUCH_WALLS_FOLDERS_MAX]; // to write in
    size_t folder_count;
    char programs[VOUCH_HOST_CONF_VALUE_MAX]; // sshd's own folder; "" if it is one of the system's
    uint16_t ports[VOUCH_WALLS_PORTS_MAX];
    size_t port_count;
    int is_off; // nonzero: host.conf says "walls no"
};

// What the machine needs as it is now, by host.conf and by what sshd said; where it said nothing, by what
// is usual.
void vouch_walls_plan(const struct vouch_work *work, struct vouch_walls *ret_walls);

// Nonzero if both are the same.
int vouch_walls_equal(const struct vouch_walls *a, const struct vouch_walls *b);

// Enters them, for good; what this kernel lacks stands in the report's warning.
VOUCH_MUST_USE int vouch_walls_enter(const struct vouch_walls *walls,
                                     struct vouch_sandbox_report *ret_report,
                                     struct vouch_fault *fault);
