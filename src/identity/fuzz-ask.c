// SPDX-License-Identifier: ISC
// Fuzz target: the body of an ask from a hostile authority, read and answered, as the role does.
//
// The first byte says which verb. Whatever the rest is: only what this key and this user's code fit is
// accepted, which nobody can make up; an answer that is sent can be read; nothing is kept.
#include <stdlib.h>

#include "base/mem.h"
#include "base/time.h"
#include "identity/method.h"
#include "identity/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vouch_identity_desk *desk(void) {
    static struct vouch_identity_desk desk;
    uint8_t key[VOUCH_IDENTITY_KEY_LEN];
    struct vouch_identity_engine *engine = NULL;
    const struct vouch_identity_open what = {.key = {key, sizeof key},
                                             .cost = {.memory_kib = 8, .passes = 1}};
    if (desk.engine == NULL) {
        vouch_random(key, sizeof key);
        if (vouch_identity_open(&what, &engine, NULL) != VOUCH_OK ||
            vouch_identity_desk_init(&desk, engine, NULL) != VOUCH_OK) {
            abort();
        }
    }
    return &desk;
}

// Costs that a stored string may ask for, but a fuzzer has no time for.
static int is_dear(const struct vouch_identity_ask *ask) {
    return ask->method == VOUCH_METHOD_PASSWORD &&
           memmem(ask->stored.ptr, ask->stored.len, "m=8,t=1,", 8) == NULL && ask->stored.len > 0;
}

static void check_answer(const struct vouch_identity_answer *answer) {
    uint8_t memory[16384];
    struct vouch_buf out;
    struct vouch_identity_answer read;
    vouch_buf_init_fixed(&out, memory, sizeof memory);
    vouch_identity_answer_write(answer, &out);
    if (out.err != VOUCH_OK ||
        vouch_identity_answer_read(vouch_buf_bytes(&out), &read, NULL) != VOUCH_OK ||
        read.verdict != answer->verdict) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vouch_identity_ask ask;
    struct vouch_fault fault = {0};
    if (size < 1 ||
        vouch_identity_ask_read((struct vouch_bytes){data + 1, size - 1}, &ask, NULL) != VOUCH_OK ||
        is_dear(&ask)) {
        return 0;
    }
    enum vouch_identity_verb verb = data[0] & 1 ? VOUCH_IDENTITY_MAKE : VOUCH_IDENTITY_CHECK;
    const struct vouch_identity_answer *answer = &desk()->reply.answer;
    int err = vouch_identity_desk_ask(desk(), verb, &ask, UINT64_MAX, &fault);
    if (err != VOUCH_OK && (fault.kind == NULL || answer->verdict != VOUCH_IDENTITY_REFUSED)) {
        abort();
    }
    if (err == VOUCH_OK) {
        check_answer(answer);
    }
    // A password's hash has no key, so a corpus may hold one that fits.
    if (verb == VOUCH_IDENTITY_CHECK && answer->verdict == VOUCH_IDENTITY_ACCEPTED &&
        ask.method != VOUCH_METHOD_PASSWORD) {
        abort();
    }
    return 0;
}
