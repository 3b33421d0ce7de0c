// SPDX-License-Identifier: ISC
// Texts that the build put into the program compressed alone, as browsers ask for them; for a client that takes
// no gzip they are unpacked once, at the start.
#pragma once

#include "vouch/buf.h"

struct vouch_packed {
    struct vouch_bytes gzip;
    size_t plain_len;
};

// Unpacks into plain_len bytes. VOUCH_ERR_NO_MEMORY; VOUCH_ERR_CORRUPT if it is not what the build packed.
VOUCH_MUST_USE int vouch_packed_open(const struct vouch_packed *packed, uint8_t *into);
