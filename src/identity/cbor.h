// SPDX-License-Identifier: ISC
// A strict reader of CBOR (RFC 8949) as authenticators write it (CTAP2, "canonical"): definite lengths, the
// shortest form of every number, no tags, few levels. It allocates nothing, and no length is believed
// before that many bytes are there.
#pragma once

#include "vouch/buf.h"

#define VOUCH_CBOR_DEPTH_MAX 4

// The first error sticks; every later read gives zero.
struct vouch_cbor {
    struct vouch_bytes rest;
    int err;
};

static inline struct vouch_cbor vouch_cbor_of(struct vouch_bytes bytes) {
    return (struct vouch_cbor){.rest = bytes};
}

// The number of pairs of a map, each of which is to be read next: name, then value.
size_t vouch_cbor_map(struct vouch_cbor *cbor);
int64_t vouch_cbor_integer(struct vouch_cbor *cbor);
struct vouch_bytes vouch_cbor_bytes(struct vouch_cbor *cbor);
struct vouch_bytes vouch_cbor_text(struct vouch_cbor *cbor);

// Passes over one item, whatever it is; with all that is in it, and gives its bytes.
struct vouch_bytes vouch_cbor_skip(struct vouch_cbor *cbor);

// VOUCH_ERR_FORMAT if anything was wrong, VOUCH_ERR_TRAILING if something is left.
VOUCH_MUST_USE int vouch_cbor_end(const struct vouch_cbor *cbor);
