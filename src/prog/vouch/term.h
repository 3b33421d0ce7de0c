// SPDX-License-Identifier: ISC
// What the terminal can show, and talk on standard error.
//
// Standard output is data and belongs to out.h; standard error is talk and belongs here. The two are
// judged separately: colour on one says nothing of the other.
#pragma once

#include "base/fault.h"

enum vouch_colour { VOUCH_COLOUR_AUTO = 0, VOUCH_COLOUR_ALWAYS, VOUCH_COLOUR_NEVER };

enum vouch_zone { VOUCH_ZONE_LOCAL = 0, VOUCH_ZONE_UTC };

struct vouch_term {
    int out_tty;
    int err_tty;
    int out_colour;
    int err_colour;
    int utf8;       // nonzero: the locale's characters are UTF-8, so marks may be drawn
    unsigned width; // columns of standard output; 0: not a terminal, nothing is cut
    enum vouch_zone zone;
    int quiet;
    unsigned verbose;
};

// Judges both streams and the environment (NO_COLOR, CLICOLOR_FORCE, TERM, COLUMNS, LC_*, LANG).
void vouch_term_init(struct vouch_term *term, enum vouch_colour colour);

// Marks and colours always go together with a word, never alone.
enum vouch_mark { VOUCH_MARK_OK = 0, VOUCH_MARK_FAIL, VOUCH_MARK_WARN };

// The mark for standard output and for standard error, with its colour. A constant.
const char *vouch_term_mark_out(const struct vouch_term *term, enum vouch_mark mark);
const char *vouch_term_mark_err(const struct vouch_term *term, enum vouch_mark mark);

// Bold on and off on standard output; "" where there is no colour.
const char *vouch_term_bold(const struct vouch_term *term);
const char *vouch_term_plain(const struct vouch_term *term);

// One line of talk on standard error; none with --quiet. What comes from an input must have been
// escaped by the caller.
void vouch_say(const struct vouch_term *term, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// The same with a mark before it. Warnings are said with --quiet too.
void vouch_say_mark(const struct vouch_term *term, enum vouch_mark mark, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// A line that only --verbose asks for.
void vouch_say_detail(const struct vouch_term *term, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// A moment as this run shows moments: in the local zone, or in UTC.
void vouch_term_time(const struct vouch_term *term, uint64_t time_s, char *ret_text,
                     size_t ret_size);

// The report of a failure, on standard error: what and why; the next step; the code.
void vouch_term_fault(const struct vouch_term *term, const struct vouch_fault *fault);
