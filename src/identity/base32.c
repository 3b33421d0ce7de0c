// SPDX-License-Identifier: ISC
// Base32. Secrets pass through here, so no table is indexed by them.
#include "identity/base32.h"

// 0 to 31 to 'A'…'Z', '2'…'7', in arithmetic.
static uint8_t letter_of(unsigned value) {
    unsigned is_digit = (25u - value) >> 31; // 1 from 26 on
    return (uint8_t)('A' + value - is_digit * ('A' - '2' + 26));
}

// Nonzero, as 1, if lo <= c <= hi; all below 256.
static unsigned between(unsigned c, unsigned lo, unsigned hi) {
    return 1u & ~((c - lo) >> 31) & ~((hi - c) >> 31);
}

// A letter or digit to 0…31; sets *bad otherwise.
static unsigned value_of(unsigned c, unsigned *bad) {
    unsigned upper = between(c, 'A', 'Z'), lower = between(c, 'a', 'z'),
             digit = between(c, '2', '7');
    *bad |= 1u ^ (upper | lower | digit);
    return (upper * (c - 'A') + lower * (c - 'a') + digit * (c - '2' + 26)) & 31;
}

void vouch_base32(struct vouch_bytes data, struct vouch_buf *out) {
    unsigned bits = 0, have = 0;
    for (size_t i = 0; i < data.len; i++) {
        bits = (bits << 8 | data.ptr[i]) & 0xfff;
        have += 8;
        while (have >= 5) {
            have -= 5;
            uint8_t letter = letter_of(bits >> have & 31);
            vouch_buf_put(out, (struct vouch_bytes){&letter, 1});
        }
    }
    if (have > 0) {
        uint8_t letter = letter_of(bits << (5 - have) & 31);
        vouch_buf_put(out, (struct vouch_bytes){&letter, 1});
    }
}

int vouch_unbase32(struct vouch_bytes text, uint8_t *out, size_t len) {
    if (text.len != (len * 8 + 4) / 5) {
        return VOUCH_ERR_FORMAT;
    }
    unsigned bits = 0, have = 0, bad = 0;
    size_t at = 0;
    for (size_t i = 0; i < text.len; i++) {
        bits = (bits << 5 | value_of(text.ptr[i], &bad)) & 0xfff;
        have += 5;
        if (have >= 8) {
            have -= 8;
            out[at++] = (uint8_t)(bits >> have);
        }
    }
    bad |= bits & ((1u << have) - 1);
    return bad != 0 || at != len ? VOUCH_ERR_FORMAT : VOUCH_OK;
}
