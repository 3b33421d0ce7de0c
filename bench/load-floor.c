// SPDX-License-Identifier: ISC
// What the machine takes by itself, measured in the run that is compared with it: signing and verifying
// by libsodium, its hash of a password, and a flush of the disk.
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "bench/load.h"

#define MESSAGE_LEN 400 // bytes that are signed for a certificate of this load
#define ROUNDS 4000
#define HASHES 8
#define HASH_BYTES (64u << 20) // what doc/identity.md says of passwords: memory, and passes
#define HASH_PASSES 2
#define SYNCS 400
#define RECORD_LEN 700 // bytes of its record
#define FILE_LEN (SYNCS * RECORD_LEN)

static double since_us(uint64_t start_ns) {
    return (double)(vouch_time_monotonic_ns() - start_ns) / 1e3;
}

static void measure_crypto(struct load_floor *floor) {
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
    uint8_t message[MESSAGE_LEN] = {0}, signature[crypto_sign_BYTES];
    crypto_sign_keypair(public_key, secret);
    uint64_t start = vouch_time_monotonic_ns();
    for (unsigned i = 0; i < ROUNDS; i++) {
        message[0] = (uint8_t)i;
        (void)crypto_sign_detached(signature, NULL, message, sizeof message, secret);
    }
    floor->sign_us = since_us(start) / ROUNDS;
    start = vouch_time_monotonic_ns();
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (crypto_sign_verify_detached(signature, message, sizeof message, public_key) != 0) {
            load_die("libsodium does not verify its own signature");
        }
    }
    floor->verify_us = since_us(start) / ROUNDS;
}

static void measure_hash(struct load_floor *floor) {
    static const char password[] = "four words and a number 7";
    uint8_t hash[32], salt[crypto_pwhash_SALTBYTES] = {0};
    floor->hash_us = 1e9;
    for (unsigned i = 0; i < HASHES; i++) {
        uint64_t start = vouch_time_monotonic_ns();
        if (crypto_pwhash(hash, sizeof hash, password, sizeof password - 1, salt, HASH_PASSES,
                          HASH_BYTES, crypto_pwhash_ALG_ARGON2ID13) != 0) {
            load_die("no memory to hash a password");
        }
        double took = since_us(start);
        floor->hash_us = took < floor->hash_us ? took : floor->hash_us;
    }
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void measure_sync(const char *folder, struct load_floor *floor) {
    static double took[SYNCS];
    static uint8_t zeros[FILE_LEN], record[RECORD_LEN] = {1};
    char path[4096];
    if (snprintf(path, sizeof path, "%s/flush-XXXXXX", folder) >= (int)sizeof path) {
        load_die("%s is too long", folder);
    }
    int fd = mkstemp(path);
    if (fd < 0 || unlink(path) != 0 || write(fd, zeros, sizeof zeros) != (ssize_t)sizeof zeros ||
        fsync(fd) != 0) {
        load_die("cannot write in %s: %m", folder);
    }
    for (size_t i = 0; i < SYNCS; i++) {
        uint64_t start = vouch_time_monotonic_ns();
        if (pwrite(fd, record, sizeof record, (off_t)(i * RECORD_LEN)) != (ssize_t)sizeof record ||
            fdatasync(fd) != 0) {
            load_die("cannot flush in %s: %m", folder);
        }
        took[i] = since_us(start);
    }
    (void)close(fd);
    qsort(took, SYNCS, sizeof *took, compare);
    floor->sync_p50_us = took[SYNCS / 2];
    floor->sync_p99_us = took[SYNCS * 99 / 100];
}

struct load_floor load_measure_floor(const char *folder) {
    struct load_floor floor = {0};
    if (sodium_init() < 0) {
        load_die("libsodium does not start");
    }
    measure_crypto(&floor);
    measure_hash(&floor);
    measure_sync(folder, &floor);
    return floor;
}
