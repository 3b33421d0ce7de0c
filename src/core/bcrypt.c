// SPDX-License-Identifier: ISC
// bcrypt_pbkdf(3): Blowfish keyed over and over by hashes of a passphrase and a salt.
//
// The output is made of blocks of 32 bytes that do not depend on each other, and a Blowfish round mostly
// waits for its table. So blocks are made in lanes side by side: the two that a key file needs (48 bytes
// for aes256-ctr) take little longer than one, and six, of three files, half as long again.
#include "core/bcrypt.h"

#include <sodium.h>

#include "core/bcrypt-pi.h"

#define OUTPUT_MAX 1024
#define BLOCK_LEN 32
#define KEY_WORDS 16 // both the hashed passphrase and the hashed salt are 64 bytes
#define REPEATS 64   // of keying, and of encrypting the text
#define FEW_LANES 2
#define LANES 6 // their tables still fit into the processor's first cache

#define P_WORDS 18
#define S_WORDS 256

// What is done to each lane is written as a loop over a number that the compiler knows, and unrolled.
#define UNROLLED _Pragma("GCC unroll 6")
#define SIDE_BY_SIDE static inline __attribute__((always_inline))

// The P array and then the four S boxes, which are also filled in this order.
struct blowfish {
    uint32_t words[VOUCH_BCRYPT_PI_WORDS];
};

struct words {
    uint32_t at[KEY_WORDS];
};

// One block on its way. Everything here is secret; it lies in locked memory.
struct lane {
    struct words pass;
    struct words salt;
    uint8_t block[BLOCK_LEN];
    uint8_t sum[BLOCK_LEN];
    const struct vouch_bcrypt_job *job;
    size_t at; // which of the job's blocks, from 0
};

struct work {
    struct blowfish cipher[LANES];
    struct lane lanes[LANES];
    size_t count; // of lanes that have a block
    uint8_t digest[crypto_hash_sha512_BYTES];
    crypto_hash_sha512_state hash;
};

// A text of each lane.
struct halves {
    uint32_t left[LANES];
    uint32_t right[LANES];
};

static inline uint32_t mix(const struct blowfish *cipher, uint32_t x) {
    const uint32_t *s = cipher->words + P_WORDS;
    uint32_t y = s[x >> 24] + s[S_WORDS + (x >> 16 & 0xff)];
    return (y ^ s[2 * S_WORDS + (x >> 8 & 0xff)]) + s[3 * S_WORDS + (x & 0xff)];
}

// One Blowfish encryption in each lane.
SIDE_BY_SIDE void encipher(const struct blowfish *cipher, size_t lanes, struct halves *text) {
    uint32_t left[LANES], right[LANES];
    UNROLLED for (size_t k = 0; k < lanes; k++) {
        left[k] = text->left[k] ^ cipher[k].words[0];
        right[k] = text->right[k];
    }
    for (size_t i = 1; i < P_WORDS - 1; i += 2) {
        UNROLLED for (size_t k = 0; k < lanes; k++) {
            right[k] ^= mix(&cipher[k], left[k]) ^ cipher[k].words[i];
        }
        UNROLLED for (size_t k = 0; k < lanes; k++) {
            left[k] ^= mix(&cipher[k], right[k]) ^ cipher[k].words[i + 1];
        }
    }
    UNROLLED for (size_t k = 0; k < lanes; k++) {
        text->left[k] = right[k] ^ cipher[k].words[P_WORDS - 1];
        text->right[k] = left[k];
    }
}

static void add_key(struct blowfish *cipher, const struct words *key) {
    for (size_t i = 0; i < P_WORDS; i++) {
        cipher->words[i] ^= key->at[i % KEY_WORDS];
    }
}

// Replaces the tables by what they encrypt, with each lane's salt mixed in, or nothing.
SIDE_BY_SIDE void refill(struct work *work, size_t lanes, int with_salt) {
    struct halves text = {0};
    for (size_t i = 0; i < VOUCH_BCRYPT_PI_WORDS; i += 2) {
        for (size_t k = 0; with_salt && k < lanes; k++) {
            text.left[k] ^= work->lanes[k].salt.at[i % KEY_WORDS];
            text.right[k] ^= work->lanes[k].salt.at[i % KEY_WORDS + 1];
        }
        encipher(work->cipher, lanes, &text);
        UNROLLED for (size_t k = 0; k < lanes; k++) {
            work->cipher[k].words[i] = text.left[k];
            work->cipher[k].words[i + 1] = text.right[k];
        }
    }
}

// The schedule of eksblowfish: once with both, then in turn with each.
SIDE_BY_SIDE void set_keys(struct work *work, size_t lanes) {
    for (size_t k = 0; k < lanes; k++) {
        memcpy(work->cipher[k].words, vouch_bcrypt_pi, sizeof vouch_bcrypt_pi);
        add_key(&work->cipher[k], &work->lanes[k].pass);
    }
    refill(work, lanes, 1);
    for (size_t i = 0; i < REPEATS; i++) {
        for (size_t k = 0; k < lanes; k++) {
            add_key(&work->cipher[k], &work->lanes[k].salt);
        }
        refill(work, lanes, 0);
        for (size_t k = 0; k < lanes; k++) {
            add_key(&work->cipher[k], &work->lanes[k].pass);
        }
        refill(work, lanes, 0);
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

// The hash inside bcrypt_pbkdf: encrypts a fixed text under keys that were dear to make.
SIDE_BY_SIDE void hash_lanes(struct work *work, size_t lanes) {
    static const uint8_t fixed[] = "OxychromaticBlowfishSwatDynamite";
    set_keys(work, lanes);
    for (size_t i = 0; i < BLOCK_LEN; i += 8) {
        struct halves text;
        for (size_t k = 0; k < lanes; k++) {
            text.left[k] = word_at(fixed + i);
            text.right[k] = word_at(fixed + i + 4);
        }
        for (size_t turn = 0; turn < REPEATS; turn++) {
            encipher(work->cipher, lanes, &text);
        }
        for (size_t k = 0; k < lanes; k++) {
            put_word(work->lanes[k].block + i, text.left[k]);
            put_word(work->lanes[k].block + i + 4, text.right[k]);
        }
    }
}

// Lanes without a block are worked on too, and nobody looks at them.
static void hash_blocks(struct work *work) {
    if (work->count <= FEW_LANES) {
        hash_lanes(work, FEW_LANES);
    } else {
        hash_lanes(work, LANES);
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

static size_t blocks_of(const struct vouch_bcrypt_job *job) {
    return (job->ret_secret->len + BLOCK_LEN - 1) / BLOCK_LEN;
}

// Gives a job's next block to a lane.
static void begin_lane(struct work *work, const struct vouch_bcrypt_job *job, size_t at) {
    struct lane *lane = &work->lanes[work->count++];
    uint32_t number = (uint32_t)at + 1;
    uint8_t count[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                        (uint8_t)number};
    lane->job = job;
    lane->at = at;
    hash_to_words(work, job->passphrase, (struct vouch_bytes){0}, &lane->pass);
    hash_to_words(work, job->salt, (struct vouch_bytes){count, sizeof count}, &lane->salt);
}

static void add_block(struct lane *lane) {
    for (size_t i = 0; i < BLOCK_LEN; i++) {
        lane->sum[i] ^= lane->block[i];
    }
}

// bcrypt_pbkdf does not lay its blocks one after the other but deals them out like cards.
static void deal(const struct lane *lane) {
    struct vouch_secret *secret = lane->job->ret_secret;
    size_t stride = blocks_of(lane->job);
    for (size_t i = 0, at = lane->at; at < secret->len && i < BLOCK_LEN; i++, at += stride) {
        secret->ptr[at] = lane->sum[i];
    }
}

// PBKDF2's inner loop for the blocks in the lanes, which may have different numbers of rounds.
static void end_lanes(struct work *work) {
    uint32_t most = 1;
    hash_blocks(work);
    for (size_t k = 0; k < work->count; k++) {
        struct lane *lane = &work->lanes[k];
        memcpy(lane->sum, lane->block, sizeof lane->sum);
        most = lane->job->rounds > most ? lane->job->rounds : most;
    }
    for (uint32_t round = 1; round < most; round++) {
        for (size_t k = 0; k < work->count; k++) {
            struct vouch_bytes block = {work->lanes[k].block, BLOCK_LEN};
            hash_to_words(work, block, (struct vouch_bytes){0}, &work->lanes[k].salt);
        }
        hash_blocks(work);
        for (size_t k = 0; k < work->count; k++) {
            if (round < work->lanes[k].job->rounds) {
                add_block(&work->lanes[k]);
            }
        }
    }
    for (size_t k = 0; k < work->count; k++) {
        deal(&work->lanes[k]);
    }
    work->count = 0;
}

static int is_sound(const struct vouch_bcrypt_job *job) {
    return job->passphrase.len > 0 && job->salt.len > 0 && job->rounds > 0 &&
           job->ret_secret->len > 0 && job->ret_secret->len <= OUTPUT_MAX;
}

int vouch_bcrypt_derive_all(const struct vouch_bcrypt_job *jobs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!is_sound(&jobs[i])) {
            return VOUCH_ERR_ARGUMENT;
        }
    }
    struct work *work = vouch_secret_alloc(sizeof *work);
    if (work == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < blocks_of(&jobs[i]); at++) {
            begin_lane(work, &jobs[i], at);
            if (work->count == LANES) {
                end_lanes(work);
            }
        }
    }
    if (work->count > 0) {
        end_lanes(work);
    }
    vouch_secret_free(work);
    return VOUCH_OK;
}

int vouch_bcrypt_derive(struct vouch_bytes passphrase, struct vouch_bytes salt, uint32_t rounds,
                        struct vouch_secret *ret_secret) {
    const struct vouch_bcrypt_job job = {passphrase, salt, rounds, ret_secret};
    return vouch_bcrypt_derive_all(&job, 1);
}
