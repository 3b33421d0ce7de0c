// SPDX-License-Identifier: ISC
// The one place where gzip is made and undone.
#include "api/packed.h"

#include <zlib.h>

#define MEMORY_LEVEL 8               // zlib's default
#define GZIP_WINDOW (MAX_WBITS + 16) // zlib's way to say: with the header and the sum of gzip

int vouch_packed_open(const struct vouch_packed *packed, uint8_t *into) {
    z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)packed->gzip.ptr,
                       .avail_in = (uInt)packed->gzip.len,
                       .next_out = into,
                       .avail_out = (uInt)packed->plain_len};
    if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK) {
        return VOUCH_ERR_NO_MEMORY;
    }
    int ended = inflate(&stream, Z_FINISH) == Z_STREAM_END;
    (void)inflateEnd(&stream);
    return ended && stream.total_out == packed->plain_len ? VOUCH_OK : VOUCH_ERR_CORRUPT;
}

int vouch_packed_make(struct vouch_bytes plain, struct vouch_buf *out) {
    z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)plain.ptr,
                       .avail_in = (uInt)plain.len};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return VOUCH_ERR_NO_MEMORY;
    }
    size_t room = deflateBound(&stream, (uLong)plain.len);
    uint8_t *into = vouch_buf_extend(out, room);
    stream.next_out = into;
    stream.avail_out = into != NULL ? (uInt)room : 0;
    int ended = into != NULL && deflate(&stream, Z_FINISH) == Z_STREAM_END;
    (void)deflateEnd(&stream);
    if (!ended) {
        return VOUCH_ERR_NO_MEMORY;
    }
    out->len -= room - (size_t)stream.total_out;
    return VOUCH_OK;
}
