// SPDX-License-Identifier: ISC
// What the Match blocks of sshd's configuration set of the things that decide about certificates. `sshd -T`
// does not show it: it shows what holds for everybody. Private to src/host.
#pragma once

#include "host/work.h"

#define VOUCH_MATCH_MAX 32 // findings; what comes behind is left out

// A setting in a Match block. Slices lie in the work's arena, each followed by a NUL.
struct vouch_match_found {
    struct vouch_bytes file; // below the root
    uint64_t line;
    struct vouch_bytes criteria; // "User bob"
    struct vouch_bytes keyword;  // in lower case
    struct vouch_bytes value;
};

struct vouch_matches {
    struct vouch_match_found rows[VOUCH_MATCH_MAX];
    size_t count;
};

// Reads the configuration and what it includes. A file that cannot be read is left out: sshd itself says so.
void vouch_match_scan(struct vouch_work *work, struct vouch_matches *ret_matches);
