// SPDX-License-Identifier: ISC
// From when to when: the values of --valid and --at.
//
//   8h                          from a minute ago, for eight hours from now
//   FROM:TO                     each a moment: now, +1h, -5m (from now), 2026-11-22T10:45:38Z,
//                               2026-11-22T10:45:38, 2026-11-22, or ssh-keygen's 20261122[HHMM[SS]][Z]
#pragma once

#include "base/fault.h"

#define VOUCH_VALIDITY_BACKDATE_S 60 // clocks of hosts that run a little behind

struct vouch_validity {
    uint64_t after;
    uint64_t before;
};

// Reads --valid. The fault (V-1901) names the option and what may be written.
VOUCH_MUST_USE int vouch_validity_parse(const char *text, uint64_t now_s,
                                        struct vouch_validity *ret_validity,
                                        struct vouch_fault *fault);

// Reads one moment; VOUCH_ERR_FORMAT if it is none.
VOUCH_MUST_USE int vouch_moment_parse(struct vouch_bytes text, uint64_t now_s,
                                      uint64_t *ret_time_s);
