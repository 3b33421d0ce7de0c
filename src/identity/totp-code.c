// SPDX-License-Identifier: ISC
// The codes of RFC 6238 and RFC 4226 section 5.3, and the address an app reads its secret from.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/secret.h"
#include "identity/base32.h"
#include "identity/totp.h"

#define SHA1_LEN 20

int vouch_totp_code(struct vouch_bytes secret, uint64_t step,
                    char ret_code[static VOUCH_TOTP_DIGITS + 1]) {
    uint8_t counter[8], mac[SHA1_LEN];
    unsigned len = 0;
    for (size_t i = 0; i < sizeof counter; i++) {
        counter[i] = (uint8_t)(step >> (56 - 8 * i));
    }
    if (secret.len > 1024 ||
        HMAC(EVP_sha1(), secret.ptr, (int)secret.len, counter, sizeof counter, mac, &len) == NULL ||
        len != sizeof mac) {
        return VOUCH_ERR_CRYPTO;
    }
    const uint8_t *at = mac + (mac[SHA1_LEN - 1] & 15);
    uint32_t number = (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 |
                      (uint32_t)at[2] << 8 | (uint32_t)at[3];
    for (size_t i = VOUCH_TOTP_DIGITS; i-- > 0;) {
        ret_code[i] = (char)('0' + number % 10);
        number /= 10;
    }
    ret_code[VOUCH_TOTP_DIGITS] = '\0';
    vouch_wipe(mac, sizeof mac);
    return VOUCH_OK;
}

// The six digits, or six bytes that are no code.
static void take_digits(struct vouch_bytes given, uint8_t out[static VOUCH_TOTP_DIGITS]) {
    memset(out, 0, VOUCH_TOTP_DIGITS);
    if (given.len != VOUCH_TOTP_DIGITS) {
        return;
    }
    for (size_t i = 0; i < VOUCH_TOTP_DIGITS; i++) {
        if (given.ptr[i] < '0' || given.ptr[i] > '9') {
            memset(out, 0, VOUCH_TOTP_DIGITS);
            return;
        }
        out[i] = given.ptr[i];
    }
}

int vouch_totp_match(const struct vouch_totp_question *question, uint64_t *ret_step) {
    uint8_t digits[VOUCH_TOTP_DIGITS];
    char code[VOUCH_TOTP_DIGITS + 1];
    uint64_t now = question->time_s / VOUCH_TOTP_STEP_S;
    uint64_t first = now > VOUCH_TOTP_WINDOW ? now - VOUCH_TOTP_WINDOW : 1; // step 0 is "none"
    uint64_t found = 0;
    int err = VOUCH_OK;
    take_digits(question->given, digits);
    // The last that matches counts: the greater the step that is kept, the less can be replayed.
    for (uint64_t step = first; step <= now + VOUCH_TOTP_WINDOW && err == VOUCH_OK; step++) {
        err = vouch_totp_code(question->secret, step, code);
        int is_right = err == VOUCH_OK && vouch_secret_equal(code, digits, sizeof digits);
        found = is_right && step > question->last_step ? step : found;
    }
    vouch_wipe(code, sizeof code);
    vouch_wipe(digits, sizeof digits);
    if (err == VOUCH_OK) {
        *ret_step = found;
    }
    return err;
}

static void put_encoded(struct vouch_bytes text, struct vouch_buf *out) {
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (memchr(plain, c, sizeof plain - 1) != NULL) {
            vouch_buf_put(out, (struct vouch_bytes){&text.ptr[i], 1});
        } else {
            const uint8_t escape[] = {'%', (uint8_t)hex[c >> 4], (uint8_t)hex[c & 15]};
            vouch_buf_put(out, (struct vouch_bytes){escape, sizeof escape});
        }
    }
}

void vouch_totp_uri(const struct vouch_totp_label *label, struct vouch_bytes secret,
                    struct vouch_buf *out) {
    vouch_buf_put_text(out, "otpauth://totp/");
    put_encoded(label->issuer, out);
    vouch_buf_put_text(out, ":");
    put_encoded(label->name, out);
    vouch_buf_put_text(out, "?secret=");
    vouch_base32(secret, out);
    vouch_buf_put_text(out, "&issuer=");
    put_encoded(label->issuer, out);
    // What every app takes for granted is said all the same: some have had other defaults.
    vouch_buf_put_text(out, "&algorithm=SHA1&digits=6&period=30");
}
