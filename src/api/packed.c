// SPDX-License-Identifier: ISC
// The one place where gzip is undone.
#include "api/packed.h"

#include <zlib.h>

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
