// SPDX-License-Identifier: ISC
// The rules of trying, as a table, and the arithmetic over them. No clock, no memory, no I/O.
#include "identity/tries.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/time.h"
#include "identity/protocol.h"
#include "vouch/wire.h"

struct rule {
    uint64_t window_s;     // how long a try that was not right counts
    uint32_t limit;        // so many in a window
    uint32_t free;         // from so many on in a window, each next must wait
    uint64_t wait_max_s;   // 1 s, doubled with each, up to this
    uint32_t failures_max; // then CLOSED; 0: never
};

static const struct rule rules[VOUCH_TRIES_COUNTS] = {
    [VOUCH_TRIES_ACCOUNT] = {.window_s = 300, .limit = 5, .free = 5, .failures_max = 100},
    [VOUCH_TRIES_SOURCE] = {.window_s = 300, .limit = 30, .free = 10, .wait_max_s = 300},
    [VOUCH_TRIES_PAIR] = {.window_s = 86400, .limit = 32, .free = 3, .wait_max_s = 900},
};

// Drops what is out of the window; what is said to be yet to come happens now.
static void age(const struct rule *rule, struct vouch_tries_state *state, uint64_t now_s) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < state->count; i++) {
        uint64_t time_s = state->times_s[i] < now_s ? state->times_s[i] : now_s;
        if (now_s - time_s < rule->window_s) {
            state->times_s[kept++] = time_s;
        }
    }
    for (uint32_t i = kept; i < state->count; i++) {
        state->times_s[i] = 0;
    }
    state->count = kept;
}

// The moment from which one more may be tried.
static uint64_t free_from(const struct rule *rule, const struct vouch_tries_state *state) {
    uint64_t from_s = 0;
    if (state->count >= rule->limit) {
        from_s = state->times_s[state->count - rule->limit] + rule->window_s;
    }
    if (state->count >= rule->free && rule->wait_max_s > 0) {
        uint32_t doublings = state->count - rule->free; // below 32
        uint64_t wait_s = UINT64_C(1) << doublings;
        wait_s = wait_s < rule->wait_max_s ? wait_s : rule->wait_max_s;
        uint64_t then_s = state->times_s[state->count - 1] + wait_s;
        from_s = then_s > from_s ? then_s : from_s;
    }
    return from_s;
}

static int is_closed(const struct rule *rule, const struct vouch_tries_state *state) {
    return rule->failures_max > 0 && state->failures >= rule->failures_max;
}

static void charge(struct vouch_tries_state *state, uint64_t now_s) {
    // No limit is above VOUCH_TRIES_TIMES, so there is room for what was allowed.
    state->times_s[state->count++] = now_s;
    state->failures += state->failures < UINT32_MAX;
}

struct vouch_tries_outcome vouch_tries_begin(struct vouch_tries *tries, uint64_t now_s) {
    struct vouch_tries_outcome outcome = {.verdict = VOUCH_TRIES_WAIT};
    int has_closed = 0;
    for (unsigned i = 0; i < VOUCH_TRIES_COUNTS; i++) {
        age(&rules[i], &tries->of[i], now_s);
        uint64_t from_s = free_from(&rules[i], &tries->of[i]);
        outcome.wait_until_s = from_s > outcome.wait_until_s ? from_s : outcome.wait_until_s;
        has_closed = has_closed || is_closed(&rules[i], &tries->of[i]);
    }
    if (has_closed) {
        return (struct vouch_tries_outcome){.verdict = VOUCH_TRIES_CLOSED};
    }
    if (outcome.wait_until_s > now_s) {
        return outcome;
    }
    for (unsigned i = 0; i < VOUCH_TRIES_COUNTS; i++) {
        charge(&tries->of[i], now_s);
    }
    return (struct vouch_tries_outcome){.verdict = VOUCH_TRIES_ALLOWED, .charged_s = now_s};
}

// Takes back the newest try of that moment, if it still counts.
static void take_back(struct vouch_tries_state *state, uint64_t charged_s) {
    uint32_t at = state->count;
    while (at > 0 && state->times_s[at - 1] != charged_s) {
        at--;
    }
    if (at == 0) {
        return;
    }
    for (uint32_t i = at; i < state->count; i++) {
        state->times_s[i - 1] = state->times_s[i];
    }
    state->times_s[--state->count] = 0;
    state->failures -= state->failures > 0;
}

void vouch_tries_right(struct vouch_tries *tries, uint64_t charged_s) {
    for (unsigned i = 0; i < VOUCH_TRIES_COUNTS; i++) {
        take_back(&tries->of[i], charged_s);
    }
}

void vouch_tries_signed_in(struct vouch_tries *tries) {
    tries->of[VOUCH_TRIES_ACCOUNT].failures = 0;
    tries->of[VOUCH_TRIES_PAIR] = (struct vouch_tries_state){0};
}

void vouch_tries_explain(const struct vouch_tries_outcome *outcome, uint64_t now_s,
                         struct vouch_identity_refusal *ret_refusal) {
    char why[sizeof ret_refusal->why], wait[VOUCH_TIME_TEXT_MAX];
    if (outcome->verdict == VOUCH_TRIES_CLOSED) {
        (void)snprintf(
            why, sizeof why,
            "too many wrong passwords and codes: this account can only be entered with a "
            "passkey, or after an administrator has opened it again");
    } else {
        uint64_t until_s = outcome->wait_until_s;
        vouch_duration_text(until_s > now_s ? until_s - now_s : 1, wait);
        (void)snprintf(why, sizeof why, "too many tries: wait %s", wait);
    }
    vouch_identity_refusal_set(ret_refusal, &vouch_fault_tries, "", why);
}

void vouch_tries_write(const struct vouch_tries_state *state, struct vouch_buf *out) {
    vouch_write_u32(out, state->failures);
    vouch_write_u32(out, state->count);
    for (uint32_t i = 0; i < state->count; i++) {
        vouch_write_u64(out, state->times_s[i]);
    }
}

int vouch_tries_read(struct vouch_bytes stored, struct vouch_tries_state *ret_state,
                     struct vouch_fault *fault) {
    struct vouch_tries_state state = {0};
    struct vouch_reader reader;
    struct vouch_where where = {0};
    if (stored.len == 0) {
        *ret_state = state;
        return VOUCH_OK;
    }
    vouch_reader_init(&reader, stored);
    state.failures = vouch_read_u32(&reader, "failures");
    uint32_t count = vouch_read_u32(&reader, "count");
    if (count > VOUCH_TRIES_TIMES) {
        vouch_reader_fail(&reader, VOUCH_ERR_LIMIT, "count", "is over 32");
        count = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        state.times_s[i] = vouch_read_u64(&reader, "time");
        if (i > 0 && state.times_s[i] < state.times_s[i - 1]) {
            vouch_reader_fail(&reader, VOUCH_ERR_FORMAT, "time", "is before the one before it");
        }
    }
    state.count = count;
    int err = vouch_reader_end(&reader, &where);
    if (err != VOUCH_OK) {
        return vouch_fault_where(fault, VOUCH_ERR_CORRUPT, &vouch_fault_stored,
                                 "identity: the stored tries", &where);
    }
    *ret_state = state;
    return VOUCH_OK;
}
