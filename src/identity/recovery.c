// SPDX-License-Identifier: ISC
// Recovery codes: ten of 80 random bits, shown once, kept as keyed hashes, each good once.
//
// Kept: a version byte and the hashes of those not used yet. The code is decoded before it is hashed, so
// that one code cannot be written in two ways. With so many random bits a fast hash is enough.
#include <assert.h>

#include "identity/base32.h"
#include "identity/method.h"

#define CODES 10
#define SECRET_LEN 10 // 80 bits: 16 letters
#define TEXT_LEN 16
#define GROUP 4 // letters between hyphens
#define VERSION 1

static void put_code(struct vouch_bytes secret, struct vouch_buf *out) {
    uint8_t memory[TEXT_LEN];
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, memory, sizeof memory);
    vouch_base32(secret, &text);
    assert(text.len == TEXT_LEN);
    for (size_t i = 0; i < TEXT_LEN; i++) {
        uint8_t letter = (uint8_t)(memory[i] >= 'A' ? memory[i] + ('a' - 'A') : memory[i]);
        vouch_buf_put(out, (struct vouch_bytes){&letter, 1});
        if (i % GROUP == GROUP - 1) {
            vouch_buf_put_text(out, i + 1 == TEXT_LEN ? "\n" : "-");
        }
    }
    vouch_wipe(memory, sizeof memory);
}

static int make(struct vouch_identity_engine *engine, const struct vouch_identity_ask *ask,
                uint64_t deadline_ns, struct vouch_identity_reply *reply,
                struct vouch_fault *fault) {
    (void)deadline_ns;
    (void)fault;
    const uint8_t version = VERSION;
    vouch_buf_put(&reply->stored, (struct vouch_bytes){&version, 1});
    for (int i = 0; i < CODES; i++) {
        uint8_t secret[SECRET_LEN], hash[VOUCH_SEAL_HASH_LEN];
        vouch_random(secret, sizeof secret);
        put_code((struct vouch_bytes){secret, sizeof secret}, &reply->shown);
        vouch_seal_hash(engine, VOUCH_SEAL_RECOVERY, ask->user,
                        (struct vouch_bytes){secret, sizeof secret}, hash);
        vouch_buf_put(&reply->stored, (struct vouch_bytes){hash, sizeof hash});
        vouch_wipe(secret, sizeof secret);
    }
    reply->answer.verdict = VOUCH_IDENTITY_ACCEPTED;
    reply->answer.left = CODES;
    return VOUCH_OK;
}

// Sixteen letters, with hyphens after each four or without any.
static int read_code(struct vouch_bytes given, uint8_t out[static SECRET_LEN]) {
    uint8_t text[TEXT_LEN];
    size_t have = 0;
    int has_hyphens = given.len == TEXT_LEN + TEXT_LEN / GROUP - 1;
    for (size_t i = 0; i < given.len; i++) {
        if (has_hyphens && i % (GROUP + 1) == GROUP) {
            if (given.ptr[i] != '-') {
                return VOUCH_ERR_FORMAT;
            }
        } else if (have == TEXT_LEN) {
            return VOUCH_ERR_FORMAT;
        } else {
            text[have++] = given.ptr[i];
        }
    }
    int err = vouch_unbase32((struct vouch_bytes){text, have}, out, SECRET_LEN);
    vouch_wipe(text, sizeof text);
    return err;
}

static int is_whole(struct vouch_bytes stored) {
    size_t hashes = stored.len > 0 ? stored.len - 1 : 0;
    return stored.len == 0 || (stored.ptr[0] == VERSION && hashes % VOUCH_SEAL_HASH_LEN == 0 &&
                               hashes / VOUCH_SEAL_HASH_LEN <= CODES);
}

// Compares with all, so that the time does not tell which. The index, or `count` if there is none.
static size_t find(const uint8_t *hashes, size_t count, const uint8_t hash[]) {
    size_t found = count;
    for (size_t i = 0; i < count; i++) {
        int is_it = vouch_secret_equal(hashes + i * VOUCH_SEAL_HASH_LEN, hash, VOUCH_SEAL_HASH_LEN);
        found = is_it ? i : found;
    }
    return found;
}

static int check(struct vouch_identity_engine *engine, const struct vouch_identity_ask *ask,
                 uint64_t deadline_ns, struct vouch_identity_reply *reply,
                 struct vouch_fault *fault) {
    (void)deadline_ns;
    uint8_t secret[SECRET_LEN] = {0}, hash[VOUCH_SEAL_HASH_LEN];
    if (!is_whole(ask->stored)) {
        return vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_stored,
                               "identity: recovery codes: what is stored for the user is damaged");
    }
    int is_code = read_code(ask->given, secret) == VOUCH_OK;
    vouch_seal_hash(engine, VOUCH_SEAL_RECOVERY, ask->user,
                    (struct vouch_bytes){secret, sizeof secret}, hash);
    vouch_wipe(secret, sizeof secret);
    size_t count = ask->stored.len > 0 ? (ask->stored.len - 1) / VOUCH_SEAL_HASH_LEN : 0;
    const uint8_t *hashes = count > 0 ? ask->stored.ptr + 1 : NULL;
    size_t found = find(hashes, count, hash);
    if (!is_code || found == count) {
        vouch_identity_refuse_sign_in(reply);
        return VOUCH_OK;
    }
    size_t before = 1 + found * VOUCH_SEAL_HASH_LEN, behind = before + VOUCH_SEAL_HASH_LEN;
    vouch_buf_put(&reply->stored, (struct vouch_bytes){ask->stored.ptr, before});
    vouch_buf_put(&reply->stored,
                  (struct vouch_bytes){ask->stored.ptr + behind, ask->stored.len - behind});
    reply->answer.verdict = VOUCH_IDENTITY_ACCEPTED;
    reply->answer.left = count - 1;
    return VOUCH_OK;
}

const struct vouch_method vouch_method_recovery = {
    .name = "recovery codes", .make = make, .check = check};
