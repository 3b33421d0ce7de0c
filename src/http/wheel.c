// SPDX-License-Identifier: ISC
// The timer wheel.
#include "http/wheel.h"

#include <stddef.h>

void vouch_http_wheel_init(struct vouch_http_wheel *wheel, uint64_t now_ns) {
    for (size_t i = 0; i < VOUCH_HTTP_WHEEL_SLOTS; i++) {
        wheel->slots[i].prev = wheel->slots[i].next = &wheel->slots[i];
    }
    wheel->tick = now_ns / VOUCH_HTTP_TICK_NS;
    wheel->count = 0;
}

static void stop(struct vouch_http_wheel *wheel, struct vouch_http_timer *timer) {
    if (timer->next != NULL) {
        timer->prev->next = timer->next;
        timer->next->prev = timer->prev;
        timer->prev = timer->next = NULL;
        wheel->count--;
    }
}

void vouch_http_wheel_set(struct vouch_http_wheel *wheel, struct vouch_http_timer *timer,
                          uint64_t deadline_ns) {
    uint64_t tick = deadline_ns / VOUCH_HTTP_TICK_NS + 1; // rounded up: never early
    uint64_t last = wheel->tick + VOUCH_HTTP_WHEEL_SLOTS - 1;
    tick = tick < wheel->tick ? wheel->tick : tick > last ? last : tick;
    timer->deadline_ns = deadline_ns;
    if (timer->next != NULL && deadline_ns != 0 && timer->tick == tick) {
        return;
    }
    stop(wheel, timer);
    if (deadline_ns == 0) {
        return;
    }
    struct vouch_http_timer *head = &wheel->slots[tick % VOUCH_HTTP_WHEEL_SLOTS];
    timer->tick = tick;
    timer->prev = head->prev;
    timer->next = head;
    head->prev->next = timer;
    head->prev = timer;
    wheel->count++;
}

struct vouch_http_timer *vouch_http_wheel_next(struct vouch_http_wheel *wheel, uint64_t now_ns) {
    uint64_t now = now_ns / VOUCH_HTTP_TICK_NS;
    while (wheel->tick <= now) {
        struct vouch_http_timer *timer = wheel->slots[wheel->tick % VOUCH_HTTP_WHEEL_SLOTS].next;
        if (timer == &wheel->slots[wheel->tick % VOUCH_HTTP_WHEEL_SLOTS]) {
            wheel->tick++;
            continue;
        }
        uint64_t deadline_ns = timer->deadline_ns;
        stop(wheel, timer);
        if (deadline_ns <= now_ns) {
            return timer;
        }
        // Beyond the wheel's reach when it was set: on it goes. Its new slot is not this one.
        vouch_http_wheel_set(wheel, timer, deadline_ns);
    }
    return NULL;
}
