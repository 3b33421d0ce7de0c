// SPDX-License-Identifier: ISC
// Serving lanes: one thread each, one request at a time.
#pragma once

#include "authority/open.h"

struct vouch_authority_serve {
    struct vouch_office *office; // begun; stays the caller's
    const int *take_lanes;       // answering ends, owned from here on
    size_t lane_count;           // lane i asks the signer of seat i; those beyond share the clerk's
    int signal_fd;               // readable when it is time to stop; -1: only hang-ups end it
};

// Serves until the signal comes, or every lane has ended. What was being done is finished first. A lane
// that breaks the protocol is ended. An error only if a thread could not be started.
VOUCH_MUST_USE int vouch_authority_serve(const struct vouch_authority_serve *what,
                                         struct vouch_fault *fault);
