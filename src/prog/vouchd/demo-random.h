// SPDX-License-Identifier: ISC
// Chance that a seed decides: the same seed gives the same demonstration. Never for keys or secrets.
#pragma once

#include <stdint.h>

struct vouch_demo_random {
    uint64_t state;
};

// SplitMix64, by Steele, Lea and Flood.
static inline uint64_t vouch_demo_next(struct vouch_demo_random *random) {
    uint64_t value = random->state += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

// 0 to limit - 1; `limit` is not 0.
static inline uint64_t vouch_demo_below(struct vouch_demo_random *random, uint64_t limit) {
    return vouch_demo_next(random) % limit;
}

// Nonzero in so many of a thousand cases.
static inline int vouch_demo_permille(struct vouch_demo_random *random, uint64_t many) {
    return vouch_demo_below(random, 1000) < many;
}
