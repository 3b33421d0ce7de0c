// SPDX-License-Identifier: ISC
// The server's TLS certificate: made by itself when the server is made, and looked at before it is used.
//
// Clients know a certificate of one's own making by its pin, the hash of its public key.
#pragma once

#include "base/fault.h"

#define VOUCH_PIN_TEXT_MAX 64 // "sha256:" and 43 characters

struct vouch_tls_pair {
    struct vouch_buf cert_pem; // the caller ends both
    struct vouch_buf key_pem;  // wiped when it is ended by vouch_tls_pair_done()
    char pin[VOUCH_PIN_TEXT_MAX];
};

// Makes a P-256 key and a certificate for `name` (if it can be the name of a host), localhost, the
// loopback addresses, and `addresses` (IP addresses as text, ended by NULL), valid from an hour before
// `now_s` for ten years.
VOUCH_MUST_USE int vouch_tls_pair_new(const char *name, const char *const *addresses,
                                      uint64_t now_s, struct vouch_tls_pair *ret_pair,
                                      struct vouch_fault *fault);

// Takes NULL and a zeroed struct.
void vouch_tls_pair_done(struct vouch_tls_pair *pair);

// The pin of a certificate (PEM, the first of the file) that signed itself; "" for any other, which CAs
// vouch for.
VOUCH_MUST_USE int vouch_tls_pin(const char *cert_path, char ret_pin[static VOUCH_PIN_TEXT_MAX],
                                 struct vouch_fault *fault);

// Whether the files hold a certificate and its key, as far as this process may read them: a key that only
// the server's own user can read is left to the server.
VOUCH_MUST_USE int vouch_tls_pair_check(const char *cert_path, const char *key_path,
                                        struct vouch_fault *fault);
