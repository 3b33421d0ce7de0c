// SPDX-License-Identifier: ISC
// Fuzz target: what comes from identity, as the authority reads it: answers and failures, and the tries
// and counts of a database.
//
// The first byte says what the rest is. Whatever is taken is consistent, and is written as it was read.
#include <stdlib.h>

#include "identity/protocol.h"
#include "identity/tries.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_same(const struct vouch_buf *out, struct vouch_bytes input) {
    if (out->err != VOUCH_OK || !vouch_bytes_equal(vouch_buf_bytes(out), input)) {
        abort();
    }
}

static void try_answer(struct vouch_bytes input) {
    uint8_t memory[8192];
    struct vouch_buf out;
    struct vouch_identity_answer answer;
    if (vouch_identity_answer_read(input, &answer, NULL) != VOUCH_OK) {
        return;
    }
    int has_refusal = answer.refusal.code[0] != '\0';
    if (has_refusal == (answer.verdict == VOUCH_IDENTITY_ACCEPTED)) {
        abort();
    }
    vouch_buf_init_fixed(&out, memory, sizeof memory);
    vouch_identity_answer_write(&answer, &out);
    struct vouch_identity_answer again;
    if (vouch_identity_answer_read(vouch_buf_bytes(&out), &again, NULL) != VOUCH_OK ||
        again.verdict != answer.verdict || !vouch_bytes_equal(again.shown, answer.shown)) {
        abort();
    }
}

static void try_tries(struct vouch_bytes input) {
    uint8_t memory[VOUCH_TRIES_STORED_MAX];
    struct vouch_buf out;
    struct vouch_tries tries = {{{0}, {0}, {0}}};
    if (vouch_tries_read(input, &tries.of[VOUCH_TRIES_ACCOUNT], NULL) != VOUCH_OK) {
        return;
    }
    if (input.len > 0) {
        vouch_buf_init_fixed(&out, memory, sizeof memory);
        vouch_tries_write(&tries.of[VOUCH_TRIES_ACCOUNT], &out);
        expect_same(&out, input);
    }
    for (unsigned i = 1; i < VOUCH_TRIES_COUNTS; i++) {
        tries.of[i] = tries.of[VOUCH_TRIES_ACCOUNT];
    }
    const uint64_t now_s = 1790000000;
    unsigned allowed = 0;
    for (unsigned i = 0; i < 10; i++) {
        struct vouch_tries_outcome outcome = vouch_tries_begin(&tries, now_s);
        allowed += outcome.verdict == VOUCH_TRIES_ALLOWED;
        vouch_tries_right(&tries, now_s + 1); // no such try
    }
    if (allowed > 5) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) {
        return 0;
    }
    const struct vouch_bytes rest = {data + 1, size - 1};
    struct vouch_fault fault = {0};
    switch (data[0] % 3) {
    case 0:
        try_answer(rest);
        break;
    case 1:
        try_tries(rest);
        break;
    default:
        if (vouch_identity_failure_read(rest, &fault) >= 0 || fault.kind == NULL) {
            abort(); // a failure stays one
        }
    }
    return 0;
}
