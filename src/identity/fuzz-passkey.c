// SPDX-License-Identifier: ISC
// Fuzz target: what a hostile browser brings back from a passkey, behind a question that was asked.
//
// The first byte says whether of making one, or of asking the one that is kept; the second, whether the rest
// is taken whole, or stands for the part in which CBOR lies, so that it need not be found under lengths. Nobody
// can sign for the key that is kept; what is registered can be read again, and is within its bounds.
#include <stdlib.h>

#include "base/mem.h"
#include "identity/cbor.h"
#include "identity/method.h"
#include "identity/passkey-parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct vouch_bytes origin = {(const uint8_t *)"https://ca.example.com", 22};
static const uint8_t zeros[VOUCH_PASSKEY_CHALLENGE_LEN];
// What the browser says of a question of zeros.
#define CLIENT_DATA                                                                                \
    "{\"type\":\"webauthn.create\",\"challenge\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"," \
    "\"origin\":\"https://ca.example.com\"}"

static void require(int good) {
    if (!good) {
        abort();
    }
}

static struct vouch_identity_desk *desk(void) {
    static struct vouch_identity_desk desk;
    uint8_t key[VOUCH_IDENTITY_KEY_LEN];
    struct vouch_identity_engine *engine = NULL;
    const struct vouch_identity_open what = {.key = {key, sizeof key},
                                             .cost = {.memory_kib = 8, .passes = 1}};
    if (desk.engine == NULL) {
        vouch_random(key, sizeof key);
        require(vouch_identity_open(&what, &engine, NULL) == VOUCH_OK &&
                vouch_identity_desk_init(&desk, engine, NULL) == VOUCH_OK);
    }
    return &desk;
}

// A key that nobody has the other half of: the point of Ed25519 that is its generator.
static struct vouch_bytes kept(uint8_t *room, size_t size) {
    static const uint8_t point[32] = {0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                      0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                      0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                      0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66};
    const struct vouch_passkey passkey = {.id = {(const uint8_t *)"id", 2},
                                          .algorithm = VOUCH_COSE_EDDSA,
                                          .key = {point, sizeof point}};
    struct vouch_buf out;
    vouch_buf_init_fixed(&out, room, size);
    vouch_passkey_write(&passkey, &out);
    return vouch_buf_bytes(&out);
}

static struct vouch_bytes wrap(struct vouch_bytes part, enum vouch_identity_verb verb,
                               uint8_t *room, size_t size) {
    const struct vouch_passkey_made made = {
        .id = {(const uint8_t *)"id", 2},
        .client_data = {(const uint8_t *)CLIENT_DATA, sizeof CLIENT_DATA - 1},
        .attestation = part};
    const struct vouch_passkey_shown shown = {.id = made.id,
                                              .client_data = made.client_data,
                                              .authdata = part,
                                              .signature = {zeros, sizeof zeros}};
    struct vouch_buf out;
    vouch_buf_init_fixed(&out, room, size);
    if (verb == VOUCH_IDENTITY_MAKE) {
        vouch_passkey_made_write(&made, &out);
    } else {
        vouch_passkey_shown_write(&shown, &out);
    }
    return vouch_buf_bytes(&out);
}

static void check_kept(const struct vouch_identity_answer *answer) {
    struct vouch_passkey passkey;
    require(vouch_passkey_read(answer->stored, &passkey, NULL) == VOUCH_OK);
    require(vouch_passkey_key_is(&passkey));
}

// Whatever the bytes are, nothing beyond them is read; one item gives itself again.
static void skip(struct vouch_bytes bytes) {
    struct vouch_cbor cbor = vouch_cbor_of(bytes);
    struct vouch_bytes item = vouch_cbor_skip(&cbor);
    require(item.len <= bytes.len && (cbor.err == VOUCH_OK) == (item.len > 0));
    struct vouch_cbor again = vouch_cbor_of(item);
    require(item.len == 0 ||
            (vouch_cbor_skip(&again).len == item.len && vouch_cbor_end(&again) == VOUCH_OK));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t stored[256], wrapped[VOUCH_IDENTITY_GIVEN_MAX];
    if (size < 2) {
        return 0;
    }
    enum vouch_identity_verb verb = data[0] & 1 ? VOUCH_IDENTITY_MAKE : VOUCH_IDENTITY_CHECK;
    const struct vouch_bytes rest = {data + 2, size - 2};
    struct vouch_identity_ask ask = {.method = VOUCH_METHOD_PASSKEY,
                                     .user = {(const uint8_t *)"u1", 2},
                                     .stored = kept(stored, sizeof stored),
                                     .given = rest,
                                     .origin = origin,
                                     .challenge = {zeros, sizeof zeros}};
    skip(rest);
    if (data[1] & 1) {
        ask.given = wrap(rest, verb, wrapped, sizeof wrapped);
    }
    const struct vouch_identity_answer *answer = &desk()->reply.answer;
    struct vouch_fault fault = {0};
    int err = vouch_identity_desk_ask(desk(), verb, &ask, UINT64_MAX, &fault);
    require(err == VOUCH_OK); // what a browser says is never a failure
    if (answer->verdict == VOUCH_IDENTITY_ACCEPTED) {
        require(verb == VOUCH_IDENTITY_MAKE);
        check_kept(answer);
    }
    return 0;
}
