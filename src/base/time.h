// SPDX-License-Identifier: ISC
// Time: the clocks, RFC 3339, durations.
#pragma once

#include "vouch/buf.h"

// Seconds, and milliseconds, since 1970 UTC by the system's clock.
uint64_t vouch_time_now_s(void);
uint64_t vouch_time_now_ms(void);

// Nanoseconds of a clock that never goes back; for deadlines.
uint64_t vouch_time_monotonic_ns(void);

#define VOUCH_TIME_TEXT_MAX 40

// "2026-11-22T10:45:38Z" (UTC) and "2026-11-22T10:45:38" (local zone, as OpenSSH prints it).
void vouch_time_utc(uint64_t time_s, char ret_text[static VOUCH_TIME_TEXT_MAX]);
void vouch_time_local(uint64_t time_s, char ret_text[static VOUCH_TIME_TEXT_MAX]);

// Reads RFC 3339 ("2026-11-22T10:45:38Z", or with ±HH:MM), a date ("2026-11-22", local midnight) or a
// local time ("2026-11-22T10:45:38").
VOUCH_MUST_USE int vouch_time_parse(struct vouch_bytes text, uint64_t *ret_time_s);

// "8h", "30d", "1h30m", "90" (seconds): units s m h d w. Never 0, at most 100 years.
VOUCH_MUST_USE int vouch_duration_parse(struct vouch_bytes text, uint64_t *ret_s);

// The two largest units: "7h 58m", "3d 2h", "45s".
void vouch_duration_text(uint64_t seconds, char ret_text[static VOUCH_TIME_TEXT_MAX]);
