// SPDX-License-Identifier: ISC
// Whether the time of day can be trusted: it must not be behind the ledger, and must not have been set
// since the start. Two clocks are compared; the one that counts since the machine came up cannot be set.
#pragma once

#include "signer/limits.h"

#define VOUCH_SIGNER_JUMP_MAX_MS 60000

struct vouch_signer_clock {
    int64_t ahead_ms; // of the time of day before the time since the machine came up, at the start
};

// Holds the two clocks against each other, as they are now.
void vouch_signer_clock_init(struct vouch_signer_clock *clock);

// DONE with the time of day, or REFUSED (V-1306) with the reason. last_ms: of the last record.
enum vouch_signer_outcome vouch_signer_clock_check(const struct vouch_signer_clock *clock,
                                                   uint64_t last_ms, uint64_t *ret_now_ms,
                                                   struct vouch_signer_refusal *ret_refusal);
