// SPDX-License-Identifier: ISC
// Pins: which TLS key a server has, as people write it down.
#pragma once

#include "base/fault.h"

#define VOUCH_API_PIN_MAX 64

// From "sha256:" and the SHA-256 of the server's public key (SubjectPublicKeyInfo) in base64, base64url,
// each with or without padding, or hexadecimal; to libcurl's "sha256//BASE64". A usage fault otherwise.
VOUCH_MUST_USE int vouch_api_pin_parse(const char *text, char ret_pin[static VOUCH_API_PIN_MAX],
                                       struct vouch_fault *fault);
