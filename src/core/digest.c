// SPDX-License-Identifier: ISC
// SHA-256 by libsodium, whose state is plain memory.
#include "core/digest.h"

#include <sodium.h>
#include <stdlib.h>

struct vouch_digest {
    crypto_hash_sha256_state state;
};

struct vouch_digest *vouch_digest_new(void) {
    struct vouch_digest *digest = calloc(1, sizeof *digest);
    if (digest != NULL) {
        (void)crypto_hash_sha256_init(&digest->state);
    }
    return digest;
}

void vouch_digest_free(struct vouch_digest *digest) {
    free(digest);
}

void vouch_digest_put(struct vouch_digest *digest, struct vouch_bytes piece) {
    if (piece.len > 0) {
        (void)crypto_hash_sha256_update(&digest->state, piece.ptr, piece.len);
    }
}

void vouch_digest_end(struct vouch_digest *digest, uint8_t ret_hash[static VOUCH_DIGEST_LEN]) {
    (void)crypto_hash_sha256_final(&digest->state, ret_hash);
}
