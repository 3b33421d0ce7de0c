// SPDX-License-Identifier: ISC
// vouch-host run: keeps the host as the server wants it, until it is told to stop.
#pragma once

#include "prog/vouch-host/member.h"
#include "prog/vouch/command.h"

// Works until SIGTERM or SIGINT. SIGHUP: looks for what is newer now; SIGUSR1: renews now. VOUCH_ERR_REFUSED
// (V-1933): the server wants no more of this host. VOUCH_ERR_IO (V-1934): the root part has ended.
VOUCH_MUST_USE int vouch_daemon_run(struct vouch_member *member, const struct vouch_term *term,
                                    struct vouch_fault *fault);
