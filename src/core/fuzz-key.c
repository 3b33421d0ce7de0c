// SPDX-License-Identifier: ISC
// Fuzz target: public keys as blobs and as lines of .pub files.
#include <stdlib.h>

#include "core/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_blob(struct vouch_bytes blob) {
    struct vouch_key *key = NULL;
    if (vouch_key_parse(blob, &key, NULL) != VOUCH_OK) {
        return;
    }
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, fingerprint);
    (void)vouch_key_weakness(key);
    struct vouch_key *copy = vouch_key_copy(key);
    if (copy == NULL || !vouch_key_equal(key, copy)) {
        abort(); // what a key prints must read as the same key
    }
    // The key's own blob is no signature; whatever it is, it must not verify.
    if (vouch_key_verify(key, blob, blob) == VOUCH_OK) {
        abort();
    }
    vouch_key_free(copy);
    vouch_key_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vouch_bytes input = {data, size};
    try_blob(input);
    struct vouch_buf blob;
    vouch_buf_init(&blob, VOUCH_KEY_BLOB_MAX);
    struct vouch_bytes comment;
    if (vouch_key_line_decode(input, &blob, &comment, NULL) == VOUCH_OK) {
        try_blob(vouch_buf_bytes(&blob));
    }
    vouch_buf_done(&blob);
    return 0;
}
