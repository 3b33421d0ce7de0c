// SPDX-License-Identifier: ISC
// The log: one line per event on standard error, as text or JSON, for people, files and the journal.
//
// Where standard error is the journal (JOURNAL_STREAM), a line begins with its priority, as sd-daemon(3)
// has it, and has no time of its own; elsewhere it begins with time and level. What comes from outside is
// escaped. Nothing secret is ever given to it.
#pragma once

#include "base/fault.h"
#include "prog/vouchd/config.h"

#define VOUCH_LOG_LINE_MAX 2048

// Sets how this process logs; `process` ("web") is borrowed. Before it: text, info.
void vouch_log_init(const char *process, enum vouch_log_level level, enum vouch_log_format format);

// One value of an event.
struct vouch_log_field {
    const char *name; // lower case
    struct vouch_bytes text;
    int is_number; // nonzero: in JSON without quotes
};

// Nonzero if an event of this level is wanted.
int vouch_log_wants(enum vouch_log_level level);

// An event with values. Written at once, in one piece.
void vouch_log_event(enum vouch_log_level level, const char *message,
                     const struct vouch_log_field *fields, size_t count);

// An event in words alone.
void vouch_log(enum vouch_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// A failure: what was being done, the fault's text and next step, its code.
void vouch_log_fault(enum vouch_log_level level, const char *doing,
                     const struct vouch_fault *fault);

// For threads that must never wait for the disk or a pipe: lines are handed to a thread that writes them.
// When it cannot follow, lines are dropped, and how many is logged.
VOUCH_MUST_USE int vouch_log_writer_start(struct vouch_fault *fault);
void vouch_log_event_later(enum vouch_log_level level, const char *message,
                           const struct vouch_log_field *fields, size_t count);

// Writes what waits, and ends the thread; without one, nothing.
void vouch_log_writer_stop(void);
