// SPDX-License-Identifier: ISC
// Idempotency keys: see once.h.
#include "prog/vouch/once.h"

#include "base/secret.h"
#include "base/str.h"

void vouch_once_make(char ret_once[static VOUCH_ONCE_MAX]) {
    uint8_t bytes[16];
    struct vouch_buf text;
    vouch_random(bytes, sizeof bytes);
    vouch_buf_init_fixed(&text, ret_once, VOUCH_ONCE_MAX - 1);
    vouch_str_hex((struct vouch_bytes){bytes, sizeof bytes}, &text);
    ret_once[text.len] = '\0';
}
