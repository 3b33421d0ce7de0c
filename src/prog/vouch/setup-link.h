// SPDX-License-Identifier: ISC
// A one-time link as it is handed to a person: "https://HOST:PORT/setup/vouchl_...#sha256:PIN", or the
// secret alone where the server is said otherwise.
//
// The pin says which TLS key the server has, so that the first visit needs no other trust. It stands
// behind a #, which no browser sends on.
#pragma once

#include "base/fault.h"

#define VOUCH_SETUP_URL_MAX 264
#define VOUCH_SETUP_SECRET_MAX 72
#define VOUCH_SETUP_PIN_MAX 80

// Each part is text; "" where the link has none.
struct vouch_setup_link {
    char url[VOUCH_SETUP_URL_MAX]; // "https://HOST:PORT"
    char secret[VOUCH_SETUP_SECRET_MAX];
    char pin[VOUCH_SETUP_PIN_MAX]; // "sha256:..."
};

// Reads a link, or a secret alone. VOUCH_ERR_ARGUMENT (V-1874) for anything else.
VOUCH_MUST_USE int vouch_setup_link_parse(const char *text, struct vouch_setup_link *ret_link,
                                          struct vouch_fault *fault);

// Wipes the secret; takes NULL.
void vouch_setup_link_done(struct vouch_setup_link *link);

// Appends the link. `url` NULL: the secret alone. `pin` NULL: the server's certificate is by a CA.
void vouch_setup_link_print(const char *url, const char *secret, const char *pin,
                            struct vouch_buf *out);
