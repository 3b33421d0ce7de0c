// SPDX-License-Identifier: ISC
// Pins of TLS keys: see api-pin.h.
#include "client/api-pin.h"

#include <stdio.h>

#include "base/str.h"

#define HASH_LEN 32
#define BASE64_LEN 43 // without padding

// base64url to the alphabet and padding that our decoder takes.
static int from_base64(struct vouch_bytes text, struct vouch_buf *hash) {
    char plain[BASE64_LEN + 1];
    if (text.len == BASE64_LEN + 1 && text.ptr[BASE64_LEN] == '=') {
        text.len--;
    }
    if (text.len != BASE64_LEN) {
        return VOUCH_ERR_FORMAT;
    }
    for (size_t i = 0; i < BASE64_LEN; i++) {
        char c = (char)text.ptr[i];
        plain[i] = c == '-' ? '+' : c;
        plain[i] = c == '_' ? '/' : plain[i];
    }
    plain[BASE64_LEN] = '=';
    return vouch_str_unbase64((struct vouch_bytes){(const uint8_t *)plain, sizeof plain}, hash);
}

int vouch_api_pin_parse(const char *text, char ret_pin[static VOUCH_API_PIN_MAX],
                        struct vouch_fault *fault) {
    static const char prefix[] = "sha256:";
    uint8_t memory[HASH_LEN + 2];
    struct vouch_buf hash, pin;
    struct vouch_bytes rest = vouch_bytes_of(text);
    int err = VOUCH_ERR_FORMAT;
    vouch_buf_init_fixed(&hash, memory, sizeof memory);
    if (strncmp(text, prefix, sizeof prefix - 1) == 0) {
        rest.ptr += sizeof prefix - 1;
        rest.len -= sizeof prefix - 1;
        err = rest.len == 2 * HASH_LEN ? vouch_str_unhex(rest, &hash) : from_base64(rest, &hash);
    }
    if (err != 0 || hash.err != 0 || hash.len != HASH_LEN) {
        vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_usage,
                        "--pin: \"%s\" is not the pin of a server", text);
        return vouch_fault_next(fault, "copy it as vouchd init printed it: --pin sha256:...");
    }
    vouch_buf_init_fixed(&pin, ret_pin, VOUCH_API_PIN_MAX - 1);
    vouch_buf_put_text(&pin, "sha256//");
    vouch_str_base64(vouch_buf_bytes(&hash), '=', &pin);
    ret_pin[pin.len] = '\0';
    return 0;
}
