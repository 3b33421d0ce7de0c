// SPDX-License-Identifier: ISC
// bcrypt_pbkdf(3): Blowfish keyed over and over by hashes of a passphrase and a salt.
//
// The output is made of blocks of 32 bytes that do not depend on each other, and a Blowfish round
// mostly waits for its table. So two blocks are made at a time, in two lanes side by side, which takes
// little longer than one; a key file needs two (48 bytes for aes256-ctr).
#include "core/bcrypt.h"

#include <sodium.h>

#include "core/bcrypt-pi.h"

#define OUTPUT_MAX 1024
#define BLOCK_LEN 32
#define KEY_WORDS 16 // both the hashed passphrase and the hashed salt are 64 bytes
#define TEXT_WORDS 8
#define REPEATS 64 // of keying, and of encrypting the text
#define LANES 2

#define P_WORDS 18
#define S_WORDS 256

// The P array and then the four S boxes, which are also filled in this order.
struct blowfish {
    uint32_t words[VOUCH_BCRYPT_PI_WORDS];
};

struct words {
    uint32_t at[KEY_WORDS];
};

// Everything here is secret; it lies in locked memory.
struct work {
    struct blowfish cipher[LANES];
    struct words pass;
    struct words salt[LANES];
    uint8_t block[LANES][BLOCK_LEN];
    uint8_t sum[LANES][BLOCK_LEN];
    uint8_t digest[crypto_hash_sha512_BYTES];
    crypto_hash_sha512_state hash;
};

struct halves {
    uint32_t left;
    uint32_t right;
};

static inline uint32_t mix(const struct blowfish *cipher, uint32_t x) {
    const uint32_t *s = cipher->words + P_WORDS;
    uint32_t y = s[x >> 24] + s[S_WORDS + (x >> 16 & 0xff)];
    return (y ^ s[2 * S_WORDS + (x >> 8 & 0xff)]) + s[3 * S_WORDS + (x & 0xff)];
}

// One Blowfish encryption in each lane.
static inline void encipher(const struct blowfish cipher[static LANES], struct halves *a,
                            struct halves *b) {
    const uint32_t *p = cipher[0].words;
    const uint32_t *q = cipher[1].words;
    uint32_t a_left = a->left ^ p[0];
    uint32_t b_left = b->left ^ q[0];
    uint32_t a_right = a->right;
    uint32_t b_right = b->right;
    for (size_t i = 1; i < P_WORDS - 1; i += 2) {
        a_right ^= mix(&cipher[0], a_left) ^ p[i];
        b_right ^= mix(&cipher[1], b_left) ^ q[i];
        a_left ^= mix(&cipher[0], a_right) ^ p[i + 1];
        b_left ^= mix(&cipher[1], b_right) ^ q[i + 1];
    }
    *a = (struct halves){a_right ^ p[P_WORDS - 1], a_left};
    *b = (struct halves){b_right ^ q[P_WORDS - 1], b_left};
}

static void add_key(struct blowfish *cipher, const struct words *key) {
    for (size_t i = 0; i < P_WORDS; i++) {
        cipher->words[i] ^= key->at[i % KEY_WORDS];
    }
}

// Replaces the tables by what they encrypt, with `a` and `b` (of one lane each) mixed in.
static void refill(struct blowfish cipher[static LANES], const struct words *a,
                   const struct words *b) {
    struct halves x = {0, 0};
    struct halves y = {0, 0};
    for (size_t i = 0; i < VOUCH_BCRYPT_PI_WORDS; i += 2) {
        size_t even = i % KEY_WORDS;
        x.left ^= a->at[even];
        x.right ^= a->at[even + 1];
        y.left ^= b->at[even];
        y.right ^= b->at[even + 1];
        encipher(cipher, &x, &y);
        cipher[0].words[i] = x.left;
        cipher[0].words[i + 1] = x.right;
        cipher[1].words[i] = y.left;
        cipher[1].words[i + 1] = y.right;
    }
}

// The schedule of eksblowfish: once with both, then in turn with each.
static void set_keys(struct work *work) {
    static const struct words zero;
    struct blowfish *cipher = work->cipher;
    for (size_t lane = 0; lane < LANES; lane++) {
        memcpy(cipher[lane].words, vouch_bcrypt_pi, sizeof vouch_bcrypt_pi);
        add_key(&cipher[lane], &work->pass);
    }
    refill(cipher, &work->salt[0], &work->salt[1]);
    for (size_t i = 0; i < REPEATS; i++) {
        add_key(&cipher[0], &work->salt[0]);
        add_key(&cipher[1], &work->salt[1]);
        refill(cipher, &zero, &zero);
        add_key(&cipher[0], &work->pass);
        add_key(&cipher[1], &work->pass);
        refill(cipher, &zero, &zero);
    }
}

static uint32_t word_at(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

// This hash is written out with the low byte first, unlike everything that goes in.
static void put_word(uint8_t *at, uint32_t word) {
    for (size_t i = 0; i < 4; i++) {
        at[i] = (uint8_t)(word >> 8 * i);
    }
}

static void put_halves(uint8_t *at, struct halves text) {
    put_word(at, text.left);
    put_word(at + 4, text.right);
}

// The hash inside bcrypt_pbkdf, in both lanes: encrypts a fixed text under keys that were dear to make.
static void hash_block(struct work *work) {
    static const uint8_t text[] = "OxychromaticBlowfishSwatDynamite";
    set_keys(work);
    for (size_t i = 0; i < BLOCK_LEN; i += 8) {
        struct halves x = {word_at(text + i), word_at(text + i + 4)};
        struct halves y = x;
        for (size_t turn = 0; turn < REPEATS; turn++) {
            encipher(work->cipher, &x, &y);
        }
        put_halves(work->block[0] + i, x);
        put_halves(work->block[1] + i, y);
    }
}

// SHA-512 of two parts, as the words that key Blowfish.
static void hash_to_words(struct work *work, struct vouch_bytes a, struct vouch_bytes b,
                          struct words *words) {
    (void)crypto_hash_sha512_init(&work->hash);
    (void)crypto_hash_sha512_update(&work->hash, a.ptr, a.len);
    (void)crypto_hash_sha512_update(&work->hash, b.ptr, b.len);
    (void)crypto_hash_sha512_final(&work->hash, work->digest);
    for (size_t i = 0; i < KEY_WORDS; i++) {
        words->at[i] = word_at(work->digest + 4 * i);
    }
}

static void add_block(struct work *work, size_t lane) {
    for (size_t i = 0; i < BLOCK_LEN; i++) {
        work->sum[lane][i] ^= work->block[lane][i];
    }
}

// PBKDF2's inner loop for the blocks `number` and `number` + 1.
static void make_blocks(struct work *work, struct vouch_bytes salt, uint32_t number,
                        uint32_t rounds) {
    for (size_t lane = 0; lane < LANES; lane++) {
        uint32_t own = number + (uint32_t)lane;
        uint8_t count[4] = {(uint8_t)(own >> 24), (uint8_t)(own >> 16), (uint8_t)(own >> 8),
                            (uint8_t)own};
        hash_to_words(work, salt, (struct vouch_bytes){count, sizeof count}, &work->salt[lane]);
    }
    hash_block(work);
    memcpy(work->sum, work->block, sizeof work->sum);
    for (uint32_t round = 1; round < rounds; round++) {
        for (size_t lane = 0; lane < LANES; lane++) {
            struct vouch_bytes block = {work->block[lane], BLOCK_LEN};
            hash_to_words(work, block, (struct vouch_bytes){0}, &work->salt[lane]);
        }
        hash_block(work);
        add_block(work, 0);
        add_block(work, 1);
    }
}

// bcrypt_pbkdf does not lay its blocks one after the other but deals them out like cards.
static void deal(const uint8_t *block, size_t first, size_t stride, struct vouch_secret *secret) {
    for (size_t i = 0, at = first; at < secret->len && i < BLOCK_LEN; i++, at += stride) {
        secret->ptr[at] = block[i];
    }
}

int vouch_bcrypt_derive(struct vouch_bytes passphrase, struct vouch_bytes salt, uint32_t rounds,
                        struct vouch_secret *ret_secret) {
    if (passphrase.len == 0 || salt.len == 0 || rounds == 0 || ret_secret->len == 0 ||
        ret_secret->len > OUTPUT_MAX) {
        return VOUCH_ERR_ARGUMENT;
    }
    struct work *work = vouch_secret_alloc(sizeof *work);
    if (work == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    hash_to_words(work, passphrase, (struct vouch_bytes){0}, &work->pass);
    size_t blocks = (ret_secret->len + BLOCK_LEN - 1) / BLOCK_LEN;
    for (size_t done = 0; done < blocks; done += LANES) {
        make_blocks(work, salt, (uint32_t)done + 1, rounds);
        for (size_t lane = 0; lane < LANES && done + lane < blocks; lane++) {
            deal(work->sum[lane], done + lane, blocks, ret_secret);
        }
    }
    vouch_secret_free(work);
    return VOUCH_OK;
}
