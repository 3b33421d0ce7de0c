// SPDX-License-Identifier: ISC
// Byte strings: a borrowed slice, and a bounded buffer that grows.
//
// A buffer's first error sticks: writers may be called one after the other and the error asked for
// once at the end. It knows nothing of any format.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "vouch/err.h"

// A borrowed run of bytes. Never owns; a zero length may come with a NULL pointer.
struct vouch_bytes {
    const uint8_t *ptr;
    size_t len;
};

// A growing buffer. Its bound is set when it is made and never exceeded.
struct vouch_buf {
    uint8_t *ptr;
    size_t len;
    size_t cap;
    size_t max;
    int err;   // the first error, or 0
    int fixed; // nonzero when ptr is the caller's memory and must not be freed or moved
};

// A slice over a NUL-terminated string, without its NUL. NULL gives an empty slice.
static inline struct vouch_bytes vouch_bytes_of(const char *text) {
    return (struct vouch_bytes){(const uint8_t *)text, text != NULL ? strlen(text) : 0};
}

// A slice over what a buffer holds; valid until the buffer is next written to or ended.
static inline struct vouch_bytes vouch_buf_bytes(const struct vouch_buf *buf) {
    return (struct vouch_bytes){buf->ptr, buf->len};
}

// Nonzero if both slices hold the same bytes. Not in constant time.
VOUCH_API int vouch_bytes_equal(struct vouch_bytes a, struct vouch_bytes b);

// memcmp order, a proper prefix first. Returns <0, 0 or >0.
VOUCH_API int vouch_bytes_compare(struct vouch_bytes a, struct vouch_bytes b);

// Begins an empty buffer that may grow to `max` bytes. Cannot fail.
VOUCH_API void vouch_buf_init(struct vouch_buf *buf, size_t max);

// Begins a buffer over the caller's `cap` bytes of memory, which must outlive it. Nothing is copied,
// so this is the form for secrets: the memory may be locked.
VOUCH_API void vouch_buf_init_fixed(struct vouch_buf *buf, void *memory, size_t cap);

// Ends a buffer: frees what it owns. Takes NULL, a zeroed struct, and a buffer already ended.
VOUCH_API void vouch_buf_done(struct vouch_buf *buf);

// Forgets the contents and the error, keeps the memory.
VOUCH_API void vouch_buf_clear(struct vouch_buf *buf);

// Room for `len` more bytes, counted as written; NULL (and the error set) if there is none.
VOUCH_API uint8_t *vouch_buf_extend(struct vouch_buf *buf, size_t len);

// Appends bytes. After the first error nothing is appended.
VOUCH_API void vouch_buf_put(struct vouch_buf *buf, struct vouch_bytes bytes);

// Appends the characters of a string, without its NUL.
VOUCH_API void vouch_buf_put_text(struct vouch_buf *buf, const char *text);

// Hands the memory over to the caller, who frees it with free(); the buffer is ended. NULL if the
// buffer is empty, fixed, or has an error.
VOUCH_API uint8_t *vouch_buf_take(struct vouch_buf *buf, size_t *ret_len);
