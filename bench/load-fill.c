// SPDX-License-Identifier: ISC
// Makes a service's ledger large, for measuring how it grows: real certificates for fresh keys, built,
// signed, verified and recorded by the code that the service uses, in large batches without HTTP.
//
// load-fill DIR COUNT    DIR: of a service that does not run. The service indexes them when it starts.
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "base/time.h"
#include "ledger/ledger.h"
#include "signer/holder.h"

#define BATCH 8192
#define THREADS 2

struct fill {
    struct vouch_private_key *ca;
    struct vouch_private_key *checkpoint_key;
    struct vouch_ledger *ledger;
    uint64_t next_serial;
    struct vouch_buf certs[BATCH];
};

struct share {
    struct fill *fill;
    size_t first, end;
    pthread_t thread;
};

__attribute__((noreturn)) static void fail(const char *what) {
    (void)fprintf(stderr, "load-fill: %s\n", what);
    exit(1);
}

// The key file's text unlocks the service's keys.
static int unlock(void *context, const char *path, struct vouch_secret *ret_passphrase,
                  struct vouch_fault *fault) {
    const char *dir = context;
    char file[4096];
    (void)path;
    (void)snprintf(file, sizeof file, "%s/signer/unlock", dir);
    int err = vouch_io_read_secret(file, 256, VOUCH_IO_PRIVATE, ret_passphrase, fault);
    while (err == VOUCH_OK && ret_passphrase->len > 0 &&
           ret_passphrase->ptr[ret_passphrase->len - 1] == '\n') {
        ret_passphrase->len--;
    }
    return err;
}

static struct vouch_private_key *load_key(const char *dir, const char *name) {
    const struct vouch_passphrase_source source = {unlock, (void *)(uintptr_t)dir};
    struct vouch_private_key *key = NULL;
    struct vouch_fault fault = {0};
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/signer/%s", dir, name);
    if (vouch_private_key_load(path, &source, &key, &fault) != VOUCH_OK) {
        fail(fault.text);
    }
    return key;
}

static struct vouch_key *fresh_key(void) {
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
    static const uint8_t head[] = "\0\0\0\x0bssh-ed25519\0\0\0\x20";
    uint8_t blob[sizeof head - 1 + sizeof public_key];
    struct vouch_key *key = NULL;
    crypto_sign_keypair(public_key, secret);
    memcpy(blob, head, sizeof head - 1);
    memcpy(blob + sizeof head - 1, public_key, sizeof public_key);
    if (vouch_key_parse((struct vouch_bytes){blob, sizeof blob}, &key, NULL) != VOUCH_OK) {
        fail("a fresh key does not parse");
    }
    return key;
}

static int sign(void *context, struct vouch_bytes tbs, struct vouch_buf *signature) {
    return vouch_private_key_sign(context, NULL, tbs, signature);
}

static void build(struct fill *fill, size_t index) {
    static const struct vouch_bytes principal = {(const uint8_t *)"filler", 6};
    static const struct vouch_cert_option pty = {{(const uint8_t *)"permit-pty", 10}, {0}};
    const struct vouch_cert_ca ca = {
        .key = vouch_private_key_public(fill->ca), .sign = sign, .context = fill->ca};
    struct vouch_key *key = fresh_key();
    uint8_t nonce[VOUCH_CERT_NONCE_LEN];
    char key_id[64];
    uint64_t now_s = vouch_time_now_s();
    (void)snprintf(key_id, sizeof key_id, "filler-%llu@example.com",
                   (unsigned long long)(fill->next_serial + index));
    struct vouch_cert_spec spec = {.type = VOUCH_CERT_USER,
                                   .key = key,
                                   .serial = fill->next_serial + index,
                                   .key_id = vouch_bytes_of(key_id),
                                   .principals = &principal,
                                   .principal_count = 1,
                                   .valid_after = now_s - 60,
                                   .valid_before = now_s + 3600,
                                   .extensions = &pty,
                                   .extension_count = 1};
    struct vouch_where where = {0};
    vouch_random(nonce, sizeof nonce);
    vouch_buf_clear(&fill->certs[index]);
    if (vouch_cert_spec_check(&spec, &where) != VOUCH_OK ||
        vouch_cert_build(&spec, &ca, nonce, &fill->certs[index], &where) != VOUCH_OK) {
        fail(where.reason != NULL ? where.reason : "a certificate could not be built");
    }
    vouch_key_free(key);
}

static void *build_share(void *context) {
    struct share *share = context;
    for (size_t i = share->first; i < share->end; i++) {
        build(share->fill, i);
    }
    return NULL;
}

static void build_all(struct fill *fill, size_t count) {
    struct share shares[THREADS];
    for (size_t t = 0; t < THREADS; t++) {
        shares[t] = (struct share){fill, count * t / THREADS, count * (t + 1) / THREADS, 0};
        if (pthread_create(&shares[t].thread, NULL, build_share, &shares[t]) != 0) {
            fail("a thread does not start");
        }
    }
    for (size_t t = 0; t < THREADS; t++) {
        (void)pthread_join(shares[t].thread, NULL);
    }
}

static void append(struct fill *fill, size_t count) {
    static struct vouch_record records[BATCH];
    struct vouch_fault fault = {0};
    build_all(fill, count);
    memset(records, 0, sizeof records);
    for (size_t i = 0; i < count; i++) {
        records[i] = (struct vouch_record){.kind = VOUCH_RECORD_CERT,
                                           .actor = vouch_bytes_of("local:load-fill"),
                                           .cert = vouch_buf_bytes(&fill->certs[i]),
                                           .evidence = vouch_bytes_of("key-file"),
                                           .role = vouch_bytes_of("filler"),
                                           .request = vouch_bytes_of("filler"),
                                           .source = vouch_bytes_of("127.0.0.1"),
                                           .policy = vouch_bytes_of("profile filler@0")};
    }
    if (vouch_ledger_append(fill->ledger, records, count, &fault) != VOUCH_OK ||
        vouch_ledger_checkpoint(fill->ledger, fill->checkpoint_key, &fault) != VOUCH_OK) {
        fail(fault.text);
    }
    fill->next_serial += count;
}

int main(int argc, char **argv) {
    static struct fill fill;
    struct vouch_fault fault = {0};
    uint64_t left = 0;
    char path[4096];
    if (argc != 3 || vouch_str_to_u64(vouch_bytes_of(argv[2]), &left) != VOUCH_OK ||
        sodium_init() < 0) {
        (void)fprintf(stderr, "usage: load-fill DIR COUNT\n");
        return 2;
    }
    (void)snprintf(path, sizeof path, "%s/ledger", argv[1]);
    const struct vouch_ledger_open open = {.dir = path, .wait_ms = 1000};
    if (vouch_ledger_open(&open, &fill.ledger, &fault) != VOUCH_OK) {
        fail(fault.text);
    }
    fill.ca = load_key(argv[1], "user_ca");
    fill.checkpoint_key = load_key(argv[1], "checkpoint_key");
    fill.next_serial = vouch_ledger_last_serial(fill.ledger) + 1;
    if (fill.next_serial == 1) {
        fail("let the service issue a certificate first, so that there is an epoch to go on in");
    }
    for (size_t i = 0; i < BATCH; i++) {
        vouch_buf_init(&fill.certs[i], VOUCH_CERT_BLOB_MAX);
    }
    for (; left > 0; left -= left < BATCH ? left : BATCH) {
        append(&fill, left < BATCH ? (size_t)left : BATCH);
    }
    (void)printf("{\"records\": %llu, \"last_serial\": %llu}\n",
                 (unsigned long long)vouch_ledger_size(fill.ledger),
                 (unsigned long long)(fill.next_serial - 1));
    for (size_t i = 0; i < BATCH; i++) {
        vouch_buf_done(&fill.certs[i]);
    }
    vouch_ledger_close(fill.ledger);
    vouch_private_key_free(fill.ca);
    vouch_private_key_free(fill.checkpoint_key);
    return 0;
}
