// SPDX-License-Identifier: ISC
// The sandbox of the network part: what it may still do once the server's first byte can come.
#pragma once

#include "prog/vouch-host/member.h"
#include "prog/vouch/command.h"

// Enters it, for good: no program is started any more, nothing is written but in the agent's folder, and of
// the rest of the machine only what a connection needs is read (names, CAs, the zone of time). What the kernel
// lacks is said on the terminal, and gone without. Before the first thread is made.
VOUCH_MUST_USE int vouch_host_wall_in(const struct vouch_member *member,
                                      const struct vouch_term *term, struct vouch_fault *fault);

// Nonzero once this process is in it.
int vouch_host_is_walled_in(void);
