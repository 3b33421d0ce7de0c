// SPDX-License-Identifier: ISC
// Canaries of revocation lists: see krl-canary.h.
#include "core/krl-canary.h"

#include "core/key.h"

#define NAME_MAX_LEN 1024

static int seed_of(struct vouch_bytes ca_name, enum vouch_krl_canary which,
                   uint8_t ret_seed[static VOUCH_HASH_MAX]) {
    uint8_t memory[NAME_MAX_LEN + 32];
    struct vouch_buf text;
    if (ca_name.len == 0 || ca_name.len > NAME_MAX_LEN) {
        return VOUCH_ERR_ARGUMENT;
    }
    vouch_buf_init_fixed(&text, memory, sizeof memory);
    vouch_buf_put_text(&text, which == VOUCH_KRL_CANARY_GOOD ? "vouch-canary/1 good\n"
                                                             : "vouch-canary/1 bad\n");
    vouch_buf_put(&text, ca_name);
    if (text.err != VOUCH_OK) {
        return text.err;
    }
    return vouch_hash_bytes(VOUCH_HASH_SHA256, vouch_buf_bytes(&text), ret_seed) == 32
               ? VOUCH_OK
               : VOUCH_ERR_CRYPTO;
}

int vouch_krl_canary(struct vouch_bytes ca_name, enum vouch_krl_canary which,
                     struct vouch_key **ret_key) {
    uint8_t seed[VOUCH_HASH_MAX];
    struct vouch_private_key *private_key = NULL;
    int err = seed_of(ca_name, which, seed);
    if (err == VOUCH_OK) {
        err = vouch_private_key_from_seed(seed, &private_key);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_key *key = vouch_key_copy(vouch_private_key_public(private_key));
    vouch_private_key_free(private_key);
    if (key == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    *ret_key = key;
    return VOUCH_OK;
}

int vouch_krl_canary_add(struct vouch_krl *krl, struct vouch_bytes ca_name) {
    struct vouch_key *bad = NULL;
    int err = vouch_krl_canary(ca_name, VOUCH_KRL_CANARY_BAD, &bad);
    if (err == VOUCH_OK) {
        err = vouch_krl_add_key(krl, bad);
    }
    vouch_key_free(bad);
    return err;
}

static enum vouch_krl_canaries judge(enum vouch_krl_verdict bad, enum vouch_krl_verdict good) {
    if (bad == VOUCH_KRL_UNKNOWN || good == VOUCH_KRL_UNKNOWN) {
        return VOUCH_KRL_CANARIES_UNKNOWN;
    }
    if (bad == VOUCH_KRL_GOOD) {
        return VOUCH_KRL_CANARIES_BAD_PASSES;
    }
    return good == VOUCH_KRL_GOOD ? VOUCH_KRL_CANARIES_AS_DUE : VOUCH_KRL_CANARIES_GOOD_REFUSED;
}

int vouch_krl_canary_judge(const struct vouch_krl *krl, struct vouch_bytes ca_name,
                           enum vouch_krl_canaries *ret_canaries) {
    struct vouch_key *bad = NULL;
    struct vouch_key *good = NULL;
    int err = vouch_krl_canary(ca_name, VOUCH_KRL_CANARY_BAD, &bad);
    if (err == VOUCH_OK) {
        err = vouch_krl_canary(ca_name, VOUCH_KRL_CANARY_GOOD, &good);
    }
    if (err == VOUCH_OK) {
        *ret_canaries = judge(vouch_krl_check_key(krl, bad), vouch_krl_check_key(krl, good));
    }
    vouch_key_free(bad);
    vouch_key_free(good);
    return err;
}
