// SPDX-License-Identifier: ISC
// Codes that change with the time: RFC 6238 with SHA-1, 6 digits and 30 seconds, as every app has it.
#pragma once

#include "base/fault.h"

#define VOUCH_TOTP_SECRET_LEN 20
#define VOUCH_TOTP_DIGITS 6
#define VOUCH_TOTP_STEP_S 30
#define VOUCH_TOTP_WINDOW 1 // steps before and after now

// The code of a step, with its NUL. VOUCH_ERR_CRYPTO.
VOUCH_MUST_USE int vouch_totp_code(struct vouch_bytes secret, uint64_t step,
                                   char ret_code[static VOUCH_TOTP_DIGITS + 1]);

// What a code is held against.
struct vouch_totp_question {
    struct vouch_bytes secret;
    struct vouch_bytes given; // exactly six ASCII digits, or it matches nothing
    uint64_t time_s;
    uint64_t last_step;
};

// The step, after last_step and within the window, whose code was given; 0: none. The time this takes
// does not depend on which. VOUCH_ERR_CRYPTO.
VOUCH_MUST_USE int vouch_totp_match(const struct vouch_totp_question *question, uint64_t *ret_step);

// What an app reads: otpauth://totp/ISSUER:NAME?secret=…, with everything but letters, digits and -._~
// percent-encoded.
struct vouch_totp_label {
    struct vouch_bytes issuer;
    struct vouch_bytes name;
};
void vouch_totp_uri(const struct vouch_totp_label *label, struct vouch_bytes secret,
                    struct vouch_buf *out);
