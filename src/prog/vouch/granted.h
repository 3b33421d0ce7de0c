// SPDX-License-Identifier: ISC
// Whether a certificate that a server granted is exactly the one that was asked for.
//
// A server may be wrong, or hostile: what it gives is written only if every field is as asked, its
// signature is by the CA key that was noted down, and sshd would take it now.
#pragma once

#include "base/fault.h"
#include "vouch/cert.h"

// What was asked. Borrowed. What is not set was left to the server.
struct vouch_granted_wish {
    enum vouch_cert_type type;
    const struct vouch_key *key;
    const struct vouch_key *ca;
    struct vouch_bytes key_id; // ptr NULL: the server's choice
    const struct vouch_bytes *principals;
    size_t principal_count;
    uint64_t ttl_s; // 0: the server's choice, but never for ever
    const struct vouch_cert_option *critical;
    size_t critical_count;
    const struct vouch_cert_option *extensions;
    size_t extension_count;
    int any_extensions; // nonzero: none were named, so the server chose
    uint64_t now_s;
};

#define VOUCH_GRANTED_CLOCK_S 300    // how far the clocks of server and client may be apart
#define VOUCH_GRANTED_BACKDATE_S 600 // how much longer than asked, for hosts that run behind

// 0, or V-1867 that names the field. `name` is how the certificate is called in it.
VOUCH_MUST_USE int vouch_granted_check(const struct vouch_cert *cert,
                                       const struct vouch_granted_wish *wish, const char *name,
                                       struct vouch_fault *fault);

// A wish for all that another certificate has, which must outlive it: for renewing.
struct vouch_granted_wish vouch_granted_same(const struct vouch_cert *cert,
                                             const struct vouch_key *ca, uint64_t now_s);

// The certificate in an answer's text "TYPE BASE64", and whether that is what the answer says of it:
// `serial` has to be its serial. The caller frees *ret_cert with vouch_cert_free().
VOUCH_MUST_USE int vouch_granted_read(const char *text, uint64_t serial, const char *name,
                                      struct vouch_cert **ret_cert, struct vouch_fault *fault);
