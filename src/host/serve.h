// SPDX-License-Identifier: ISC
// The root part's end of the lane: reads a question, has it done, writes the answer.
#pragma once

#include "host/apply.h"
#include "ipc/sandbox.h"

// Enters the walls (host/walls.h) of the machine as it is now, for good. `apply` is one that does the work
// itself. *ret_report stays as it is where host.conf has it go without.
VOUCH_MUST_USE int vouch_apply_wall_in(struct vouch_apply *apply,
                                       struct vouch_sandbox_report *ret_report,
                                       struct vouch_fault *fault);

// Nonzero once sshd's configuration leads to a folder or a port that lies outside the walls: this process
// has to end and another one to go on. Zero without walls.
int vouch_apply_is_outgrown(const struct vouch_apply *apply);

// Serves until the peer hangs up (VOUCH_OK), breaks the protocol, or until the walls are outgrown
// (VOUCH_OK too). Owns the socket; `apply` stays the caller's.
VOUCH_MUST_USE int vouch_apply_serve(int take_fd, struct vouch_apply *apply,
                                     struct vouch_fault *fault);
