// SPDX-License-Identifier: ISC
// The clock's check, made before each certificate.
#include "signer/clock.h"

#include <inttypes.h>
#include <time.h>

#include "base/time.h"
#include "ledger/ledger.h"

// Slewing (NTP) moves both clocks alike, so only a step shows in their difference.
static int64_t since_boot_ms(void) {
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void vouch_signer_clock_init(struct vouch_signer_clock *clock) {
    clock->ahead_ms = (int64_t)vouch_time_now_ms() - since_boot_ms();
}

enum vouch_signer_outcome vouch_signer_clock_check(const struct vouch_signer_clock *clock,
                                                   uint64_t last_ms, uint64_t *ret_now_ms,
                                                   struct vouch_signer_refusal *ret_refusal) {
    uint64_t now_ms = vouch_time_now_ms();
    int64_t jump_ms = (int64_t)now_ms - since_boot_ms() - clock->ahead_ms;
    if (now_ms < last_ms && last_ms - now_ms > VOUCH_LEDGER_CLOCK_BACK_MS) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_clock, "",
                                   "the signer's clock is %" PRIu64 " s behind the last record",
                                   (last_ms - now_ms) / 1000);
    }
    if (jump_ms > VOUCH_SIGNER_JUMP_MAX_MS || jump_ms < -VOUCH_SIGNER_JUMP_MAX_MS) {
        return vouch_signer_refuse(ret_refusal, &vouch_fault_clock, "",
                                   "the signer's clock was set by %" PRId64
                                   " s since its start: see that it is right, then restart",
                                   jump_ms / 1000);
    }
    *ret_now_ms = now_ms;
    return VOUCH_SIGNER_DONE;
}
