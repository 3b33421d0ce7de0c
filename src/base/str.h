// SPDX-License-Identifier: ISC
// Text: safe printing, numbers, base64 and hexadecimal, near misses.
#pragma once

#include "vouch/buf.h"

// Appends `text` with everything unprintable escaped (\xHH; \\ for a backslash), so that no control,
// escape or non-ASCII byte of an input reaches a terminal or a log.
void vouch_str_escape(struct vouch_bytes text, struct vouch_buf *out);

// The same into a fixed array, cut with "…"-free "..." if too long; always NUL-terminated.
void vouch_str_escape_to(struct vouch_bytes text, char *out, size_t out_size);

// A decimal number without sign, blanks or leading +; VOUCH_ERR_FORMAT or VOUCH_ERR_LIMIT.
VOUCH_MUST_USE int vouch_str_to_u64(struct vouch_bytes text, uint64_t *ret_value);

// Appends standard base64. `padding`: '=' or 0 for none.
void vouch_str_base64(struct vouch_bytes data, char padding, struct vouch_buf *out);
// Decodes standard base64 with its padding, strictly (no blanks, no stray bits), and appends it.
VOUCH_MUST_USE int vouch_str_unbase64(struct vouch_bytes text, struct vouch_buf *out);

// The same in the URL-safe alphabet of RFC 4648 5, without padding.
void vouch_str_base64url(struct vouch_bytes data, struct vouch_buf *out);
VOUCH_MUST_USE int vouch_str_unbase64url(struct vouch_bytes text, struct vouch_buf *out);

// Appends lower-case hexadecimal; and back (both cases).
void vouch_str_hex(struct vouch_bytes data, struct vouch_buf *out);
VOUCH_MUST_USE int vouch_str_unhex(struct vouch_bytes text, struct vouch_buf *out);

// Cuts `*rest` at the first `mark`: the part before it, with *rest moved behind it; at the end of the
// text the part is all of it and rest->ptr becomes NULL. Loop while rest->ptr != NULL.
struct vouch_bytes vouch_str_cut(struct vouch_bytes *rest, char mark);

// Without blanks, tabs, CR and LF at both ends.
struct vouch_bytes vouch_str_trim(struct vouch_bytes text);

// Cuts `head` off the front of the text; 0, and the text as it was, if it begins otherwise.
int vouch_str_take(struct vouch_bytes *text, const char *head);

// The nearest of `words` (ended by NULL) to a mistyped one, or NULL if none is near.
const char *vouch_str_nearest(const char *typed, const char *const *words);

// A malloc'd NUL-terminated copy; NULL when memory is short.
char *vouch_str_copy(struct vouch_bytes text);
