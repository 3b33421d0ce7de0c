// SPDX-License-Identifier: ISC
// Fuzzing of core/trust.h: an input is tried as a bundle, and as a statement. What is read must be
// written again as the same bytes.
#include <stdlib.h>

#include "core/key.h"
#include "core/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vouch_private_key *checkpoint_key(void) {
    static struct vouch_private_key *key;
    static const uint8_t seed[32] = {7};
    if (key == NULL && vouch_private_key_from_seed(seed, &key) != VOUCH_OK) {
        abort();
    }
    return key;
}

static void check_statement(struct vouch_bytes statement) {
    struct vouch_trust trust = {0};
    struct vouch_buf again;
    if (vouch_trust_parse(statement, &trust, NULL) != VOUCH_OK) {
        return;
    }
    vouch_buf_init(&again, VOUCH_TRUST_MAX);
    if (vouch_trust_write(&trust, checkpoint_key(), &again) == VOUCH_OK &&
        (again.len <= statement.len || memcmp(again.ptr, statement.ptr, statement.len) != 0)) {
        abort();
    }
    vouch_buf_done(&again);
    vouch_trust_done(&trust);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct vouch_bytes input = {data, size};
    const struct vouch_trust_known known = {
        .checkpoint_key = vouch_private_key_public(checkpoint_key()), .version = 1};
    struct vouch_trust trust = {0};
    if (vouch_trust_verify(input, &known, &trust, NULL) == VOUCH_OK &&
        vouch_trust_fault(&trust) != NULL) {
        abort();
    }
    vouch_trust_done(&trust);
    check_statement(input);
    return 0;
}
