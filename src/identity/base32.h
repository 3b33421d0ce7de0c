// SPDX-License-Identifier: ISC
// Base32 of RFC 4648 section 6, for secrets that people type: TOTP secrets, recovery codes.
#pragma once

#include "vouch/buf.h"

// Appends it in capitals, without padding.
void vouch_base32(struct vouch_bytes data, struct vouch_buf *out);

// Decodes both cases, without padding, blanks or stray bits, into exactly `len` bytes. VOUCH_ERR_FORMAT.
VOUCH_MUST_USE int vouch_unbase32(struct vouch_bytes text, uint8_t *out, size_t len);
