// SPDX-License-Identifier: ISC
// The fields of a certificate as they stand, for certificates that were verified when they were made.
//
// It verifies nothing and makes no keys: what is to be trusted goes through vouch_cert_parse() of
// vouch/cert.h, of which this is independent, so that each can be held against the other.
#pragma once

#include "vouch/cert.h"

// Slices point into the blob. Lists are in their encoding: string*, or (string name, string data)*.
struct vouch_cert_view {
    enum vouch_key_type key_type;
    struct vouch_bytes key_fields; // as in the plain key's blob, behind its type
    uint64_t serial;
    enum vouch_cert_type type; // VOUCH_CERT_NONE: it says neither user nor host
    struct vouch_bytes key_id;
    struct vouch_bytes principals;
    uint64_t valid_after, valid_before;
    struct vouch_bytes critical;
    struct vouch_bytes extensions;
    struct vouch_bytes ca; // the CA's public key blob
};

// VOUCH_ERR_FORMAT if the bytes are not the fields of a certificate, all of them and nothing else.
VOUCH_MUST_USE int vouch_cert_view_read(struct vouch_bytes blob, struct vouch_cert_view *ret_view,
                                        struct vouch_where *ret_where);

// Appends the subject's plain key blob.
void vouch_cert_view_key(const struct vouch_cert_view *view, struct vouch_buf *out);
