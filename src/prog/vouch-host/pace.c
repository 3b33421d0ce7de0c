// SPDX-License-Identifier: ISC
// When to try again: see pace.h.
#include "prog/vouch-host/pace.h"

void vouch_pace_reset(struct vouch_pace *pace) {
    pace->failures = 0;
}

uint64_t vouch_pace_failed_ms(struct vouch_pace *pace, uint64_t random) {
    uint64_t ms = VOUCH_PACE_FIRST_MS;
    for (unsigned i = 0; i < pace->failures && ms < VOUCH_PACE_MAX_MS; i++) {
        ms *= 2;
    }
    ms = ms < VOUCH_PACE_MAX_MS ? ms : VOUCH_PACE_MAX_MS;
    pace->failures += pace->failures < 64;
    return ms / 2 + random % (ms / 2 + 1);
}

uint64_t vouch_pace_renew_at_s(uint64_t valid_after_s, uint64_t valid_before_s, uint64_t random) {
    if (valid_before_s <= valid_after_s) {
        return 0;
    }
    uint64_t life = valid_before_s - valid_after_s;
    return valid_after_s + life - life / 3 - random % (life / 20 + 1);
}

uint64_t vouch_pace_soon_at_s(uint64_t since_s, uint64_t renewed_s, uint64_t random) {
    return renewed_s >= since_s ? renewed_s + VOUCH_PACE_AGAIN_S
                                : since_s + random % (VOUCH_PACE_SOON_S + 1);
}
