// SPDX-License-Identifier: ISC
// When to try again: back-off after failures, and spreading so that many hosts do not ask at once. Pure:
// clock and randomness come from the caller.
#pragma once

#include <stdint.h>

#define VOUCH_PACE_FIRST_MS 1000
#define VOUCH_PACE_SOON_S 60    // the hosts of a fleet that all have to renew do so within a minute
#define VOUCH_PACE_AGAIN_S 3600 // and not sooner again, if that changed nothing
#define VOUCH_PACE_MAX_MS 300000 // five minutes: as often as a host without its daemon would ask

// How often in a row it went wrong. Zeroed: never.
struct vouch_pace {
    unsigned failures;
};

// It worked.
void vouch_pace_reset(struct vouch_pace *pace);

// It failed: how long to wait now. Doubles from the first to the longest; of that, between half and all,
// by `random`, any 64 bits.
uint64_t vouch_pace_failed_ms(struct vouch_pace *pace, uint64_t random);

// When certificates of this validity are to be renewed: after two thirds of it, less up to a twentieth by
// `random`. Zero if it is not a validity.
uint64_t vouch_pace_renew_at_s(uint64_t valid_after_s, uint64_t valid_before_s, uint64_t random);

// When certificates are to be renewed whose CA signs no more, which was first seen at since_s: within
// VOUCH_PACE_SOON_S by `random`; later if they were renewed since and nothing came of it.
uint64_t vouch_pace_soon_at_s(uint64_t since_s, uint64_t renewed_s, uint64_t random);
