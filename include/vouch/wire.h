// SPDX-License-Identifier: ISC
// The data types of RFC 4251 section 5: reading and writing them.
//
// A reader's first error sticks and every later read gives zero or an empty slice, so a decoder reads
// straight through and asks vouch_reader_end() once; it must not act on a value before that. Slices
// that a reader gives point into its input.
#pragma once

#include "vouch/buf.h"

struct vouch_reader {
    const uint8_t *start;
    const uint8_t *pos;
    const uint8_t *end;
    int err;                  // the first error, or 0
    struct vouch_where where; // where the first error arose
};

// Begins reading `input`, which must outlive the reader and every slice it gives.
VOUCH_API void vouch_reader_init(struct vouch_reader *reader, struct vouch_bytes input);

// Each reads one value, naming its field for the error. uint64 and uint32 are big-endian.
VOUCH_API uint8_t vouch_read_u8(struct vouch_reader *reader, const char *field);
VOUCH_API uint32_t vouch_read_u32(struct vouch_reader *reader, const char *field);
VOUCH_API uint64_t vouch_read_u64(struct vouch_reader *reader, const char *field);

// Exactly `len` bytes, without a length prefix.
VOUCH_API struct vouch_bytes vouch_read_bytes(struct vouch_reader *reader, size_t len,
                                              const char *field);

// A string: uint32 length and as many bytes.
VOUCH_API struct vouch_bytes vouch_read_string(struct vouch_reader *reader, const char *field);

// A string of text, as OpenSSH reads names and key IDs: no NUL byte, except that one at the very end is
// dropped.
VOUCH_API struct vouch_bytes vouch_read_text(struct vouch_reader *reader, const char *field);

// A non-negative mpint of at most `max_len` magnitude bytes: the magnitude without leading zeros (zero
// gives an empty slice). Negative numbers are refused; superfluous leading zeros are dropped, as
// OpenSSH does.
VOUCH_API struct vouch_bytes vouch_read_mpint(struct vouch_reader *reader, size_t max_len,
                                              const char *field);

// How many bytes are left; 0 after an error.
VOUCH_API size_t vouch_reader_left(const struct vouch_reader *reader);

// Sets the error, unless there is one already. `field` and `reason` must be constants.
VOUCH_API void vouch_reader_fail(struct vouch_reader *reader, int err, const char *field,
                                 const char *reason);

// The first error; or VOUCH_ERR_TRAILING if bytes are left; or 0. `ret_where` may be NULL.
VOUCH_MUST_USE VOUCH_API int vouch_reader_end(struct vouch_reader *reader,
                                              struct vouch_where *ret_where);

// Each appends one value to a buffer (whose first error sticks).
VOUCH_API void vouch_write_u8(struct vouch_buf *buf, uint8_t value);
VOUCH_API void vouch_write_u32(struct vouch_buf *buf, uint32_t value);
VOUCH_API void vouch_write_u64(struct vouch_buf *buf, uint64_t value);
VOUCH_API void vouch_write_string(struct vouch_buf *buf, struct vouch_bytes value);
VOUCH_API void vouch_write_text(struct vouch_buf *buf, const char *text);

// An mpint from an unsigned big-endian magnitude; leading zeros are dropped.
VOUCH_API void vouch_write_mpint(struct vouch_buf *buf, struct vouch_bytes magnitude);

// Opens a string whose contents are written next; vouch_write_string_end() with the returned mark puts
// its length in. They nest.
VOUCH_API size_t vouch_write_string_begin(struct vouch_buf *buf);
VOUCH_API void vouch_write_string_end(struct vouch_buf *buf, size_t mark);
