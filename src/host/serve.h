// SPDX-License-Identifier: ISC
// The root part's end of the lane: reads a question, has it done, writes the answer.
#pragma once

#include "host/apply.h"

// Serves until the peer hangs up (VOUCH_OK) or breaks the protocol. Owns the socket; `apply` stays the
// caller's.
VOUCH_MUST_USE int vouch_apply_serve(int take_fd, struct vouch_apply *apply,
                                     struct vouch_fault *fault);
