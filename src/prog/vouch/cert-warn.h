// SPDX-License-Identifier: ISC
// What looks wrong with a certificate: what sshd or ssh will refuse, what has no effect although it
// looks as if, and what gives more than its issuer may have meant.
#pragma once

#include "vouch/cert.h"

#define VOUCH_WARNINGS_MAX 40

struct vouch_warning {
    const char *code; // a stable word, such as "no-principals"
    char text[256];   // a sentence; what comes from the certificate is escaped
};

struct vouch_warnings {
    size_t count;
    struct vouch_warning list[VOUCH_WARNINGS_MAX];
};

// Looks for all of them, as of `now_s`.
void vouch_cert_warnings(const struct vouch_cert *cert, uint64_t now_s,
                         struct vouch_warnings *ret_warnings);
