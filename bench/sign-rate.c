// SPDX-License-Identifier: ISC
// Times issuing by the library, and the signatures under it, in one thread.
//
// sign-rate FOLDER [COUNT]: makes a CA in FOLDER (which must not exist), issues COUNT certificates
// (1000) for fresh Ed25519 keys in one batch, and prints JSON: certificates per second with the ledger
// synced once, and what libsodium alone makes of signing and verifying a message of the same length.
// sign-rate --keys COUNT: prints that many fresh public keys, a line each.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "signer/ca.h"

#define TBS_LEN 400 // bytes that are signed for a certificate like those below

static double since(uint64_t start_ns) {
    return (double)(vouch_time_monotonic_ns() - start_ns) / 1e9;
}

static void print_raw_rate(size_t count) {
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
    uint8_t message[TBS_LEN] = {0}, signature[crypto_sign_BYTES];
    crypto_sign_keypair(public_key, secret);
    uint64_t start = vouch_time_monotonic_ns();
    for (size_t i = 0; i < count; i++) {
        message[0] = (uint8_t)i;
        (void)crypto_sign_detached(signature, NULL, message, sizeof message, secret);
        if (crypto_sign_verify_detached(signature, message, sizeof message, public_key) != 0) {
            abort();
        }
    }
    (void)printf("\"sign_and_verify_per_s\": %.0f", (double)count / since(start));
}

static void fail(const struct vouch_fault *fault) {
    (void)fprintf(stderr, "sign-rate: %s\n", fault->text);
    exit(1);
}

static struct vouch_ca *make_ca(const char *folder) {
    const struct vouch_ca_new what = {
        .dir = folder, .name = "bench", .type = VOUCH_KEY_ED25519, .actor = "bench"};
    const struct vouch_ca_open open = {.dir = folder, .type = VOUCH_CERT_USER};
    struct vouch_fault fault = {0};
    struct vouch_ca *ca = NULL;
    if (vouch_ca_create(&what, &fault) != VOUCH_OK ||
        vouch_ca_open(&open, &ca, &fault) != VOUCH_OK) {
        fail(&fault);
    }
    return ca;
}

static struct vouch_key *fresh_key(void) {
    struct vouch_private_key *pair = NULL;
    struct vouch_key *key = NULL;
    if (vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &pair) != VOUCH_OK ||
        (key = vouch_key_copy(vouch_private_key_public(pair))) == NULL) {
        abort();
    }
    vouch_private_key_free(pair);
    return key;
}

static void issue(struct vouch_ca *ca, struct vouch_issue *issues, size_t count) {
    struct vouch_issued *issued = calloc(count, sizeof *issued);
    struct vouch_fault fault = {0};
    uint64_t start = vouch_time_monotonic_ns();
    if (issued == NULL || vouch_ca_issue(ca, issues, count, issued, NULL, &fault) != VOUCH_OK) {
        fail(&fault);
    }
    (void)printf("{\"certs_per_s\": %.0f, \"count\": %zu, ", (double)count / since(start), count);
    for (size_t i = 0; i < count; i++) {
        vouch_buf_done(&issued[i].cert);
    }
    free(issued);
}

static int print_keys(size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct vouch_key *key = fresh_key();
        struct vouch_buf line;
        vouch_buf_init(&line, VOUCH_KEY_BLOB_MAX);
        vouch_key_print(key, NULL, &line);
        (void)printf("%.*s\n", (int)line.len, (const char *)line.ptr);
        vouch_buf_done(&line);
        vouch_key_free(key);
    }
    return 0;
}

int main(int argc, char **argv) {
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
    if (argc < 2 || count == 0 || count > VOUCH_LEDGER_BATCH_MAX) {
        (void)fprintf(stderr, "usage: sign-rate FOLDER [COUNT] | --keys COUNT\n");
        return 2;
    }
    if (strcmp(argv[1], "--keys") == 0) {
        return print_keys(count);
    }
    struct vouch_ca *ca = make_ca(argv[1]);
    struct vouch_issue *issues = calloc(count, sizeof *issues);
    static const struct vouch_bytes principals[] = {{(const uint8_t *)"alice", 5},
                                                    {(const uint8_t *)"role:dev", 8}};
    static const struct vouch_cert_option pty = {{(const uint8_t *)"permit-pty", 10}, {0}};
    uint64_t now = vouch_time_now_s();
    for (size_t i = 0; issues != NULL && i < count; i++) {
        issues[i].spec = (struct vouch_cert_spec){.type = VOUCH_CERT_USER,
                                                  .key = fresh_key(),
                                                  .key_id = vouch_bytes_of("alice@example.com"),
                                                  .principals = principals,
                                                  .principal_count = 2,
                                                  .valid_after = now - 60,
                                                  .valid_before = now + 28800,
                                                  .extensions = &pty,
                                                  .extension_count = 1};
        issues[i].actor = vouch_bytes_of("bench");
    }
    issue(ca, issues, count);
    print_raw_rate(count);
    (void)printf("}\n");
    for (size_t i = 0; i < count; i++) {
        vouch_key_free((struct vouch_key *)(uintptr_t)issues[i].spec.key);
    }
    free(issues);
    vouch_ca_close(ca);
    return 0;
}
