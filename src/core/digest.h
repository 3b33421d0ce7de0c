// SPDX-License-Identifier: ISC
// SHA-256 of bytes that come piece by piece, for what is too long to be held.
#pragma once

#include "vouch/buf.h"

#define VOUCH_DIGEST_LEN 32

struct vouch_digest;

// NULL when memory is short.
struct vouch_digest *vouch_digest_new(void);
// Takes NULL.
void vouch_digest_free(struct vouch_digest *digest);

// Adds a piece; neither this nor the end can fail.
void vouch_digest_put(struct vouch_digest *digest, struct vouch_bytes piece);
// The hash of all pieces. Nothing is put afterwards.
void vouch_digest_end(struct vouch_digest *digest, uint8_t ret_hash[static VOUCH_DIGEST_LEN]);
