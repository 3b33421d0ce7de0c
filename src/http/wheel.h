// SPDX-License-Identifier: ISC
// Timers by the thousand: a wheel of lists, a tenth of a second to each. Setting, moving and stopping
// one takes the same short time however many there are; none fires early, and late by a tenth at most.
#pragma once

#include <stdint.h>

#define VOUCH_HTTP_TICK_NS 100000000ULL
#define VOUCH_HTTP_WHEEL_SLOTS 1024

// Zeroed is stopped.
struct vouch_http_timer {
    struct vouch_http_timer *prev;
    struct vouch_http_timer *next;
    uint64_t deadline_ns;
    uint64_t tick;
};

struct vouch_http_wheel {
    struct vouch_http_timer slots[VOUCH_HTTP_WHEEL_SLOTS]; // heads of rings
    uint64_t tick;                                         // all before it have fired
    uint64_t count;
};

// Begins an empty wheel at a time.
void vouch_http_wheel_init(struct vouch_http_wheel *wheel, uint64_t now_ns);

// Starts, moves or (deadline 0) stops a timer.
void vouch_http_wheel_set(struct vouch_http_wheel *wheel, struct vouch_http_timer *timer,
                          uint64_t deadline_ns);

// Stops and returns one timer whose deadline has passed, or NULL if there is none (any more).
struct vouch_http_timer *vouch_http_wheel_next(struct vouch_http_wheel *wheel, uint64_t now_ns);
