// SPDX-License-Identifier: ISC
// Fuzz target: a note that verifies in the strict form must be what signing gives again; anything that
// verifies must parse; a vkey that is read must print to the same text.
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/key.h"
#include "ledger/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct vouch_private_key *key;
static struct vouch_verifier verifier;

static void begin(void) {
    uint8_t seed[32];
    memset(seed, 1, sizeof seed);
    assert(vouch_private_key_from_seed(seed, &key) == VOUCH_OK);
    assert(vouch_verifier_init(&verifier, vouch_bytes_of("a"), vouch_private_key_public(key)) ==
           VOUCH_OK);
}

static void try_vkey(struct vouch_bytes text) {
    struct vouch_verifier read;
    struct vouch_buf again;
    if (vouch_verifier_parse(&read, text) != VOUCH_OK) {
        return;
    }
    vouch_buf_init(&again, 1024);
    vouch_verifier_print(&read, &again);
    assert(vouch_bytes_equal(vouch_buf_bytes(&again), text));
    vouch_buf_done(&again);
    vouch_verifier_done(&read);
}

static void try_note(struct vouch_bytes note) {
    struct vouch_checkpoint checkpoint;
    struct vouch_checkpoint any;
    struct vouch_buf again;
    int own = vouch_checkpoint_verify(note, &verifier, VOUCH_CHECKPOINT_OWN, &checkpoint, NULL);
    int lax = vouch_checkpoint_verify(note, &verifier, VOUCH_CHECKPOINT_ANY, &any, NULL);
    assert(own != VOUCH_OK || lax == VOUCH_OK);
    assert(lax != VOUCH_OK || vouch_checkpoint_parse(note, &any, NULL) == VOUCH_OK);
    if (own == VOUCH_OK) {
        vouch_buf_init(&again, VOUCH_CHECKPOINT_MAX);
        assert(vouch_checkpoint_sign(&checkpoint, &verifier, key, &again) == VOUCH_OK);
        assert(vouch_bytes_equal(vouch_buf_bytes(&again), note));
        vouch_buf_done(&again);
    }
}

// Signs the three lines that the input may be, and tries that note: else no signature would ever fit.
static void try_signed(struct vouch_bytes text) {
    struct vouch_checkpoint checkpoint;
    struct vouch_buf note;
    if (vouch_checkpoint_parse(text, &checkpoint, NULL) != VOUCH_OK) {
        return;
    }
    vouch_buf_init(&note, VOUCH_CHECKPOINT_MAX);
    if (vouch_checkpoint_sign(&checkpoint, &verifier, key, &note) == VOUCH_OK) {
        assert(vouch_checkpoint_verify(vouch_buf_bytes(&note), &verifier, VOUCH_CHECKPOINT_OWN,
                                       &checkpoint, NULL) == VOUCH_OK);
    }
    vouch_buf_done(&note);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    struct vouch_bytes input = {data, len};
    if (key == NULL) {
        begin();
    }
    try_vkey(input);
    try_note(input);
    try_signed(input);
    return 0;
}
