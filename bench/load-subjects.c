// SPDX-License-Identifier: ISC
// Who gets certificates under load: a fresh Ed25519 key each, made before the clock starts; and the place
// where certificates wait for being checked.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/load.h"

#define CERT_TYPICAL 1024 // characters: with a CA and a subject of Ed25519 and all extensions

static void make_key(struct load_subject *subject) {
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
    static const uint8_t head[] = "\0\0\0\x0bssh-ed25519\0\0\0\x20";
    uint8_t blob[sizeof head - 1 + sizeof public_key];
    char text[80];
    crypto_sign_keypair(public_key, secret);
    memcpy(blob, head, sizeof head - 1);
    memcpy(blob + sizeof head - 1, public_key, sizeof public_key);
    sodium_bin2base64(text, sizeof text, blob, sizeof blob, sodium_base64_VARIANT_ORIGINAL);
    (void)snprintf(subject->key, sizeof subject->key, "ssh-ed25519 %s", text);
}

// Memory that is there already: a page fault is not the service's cost.
static void *mapped(size_t len) {
    void *block =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (block == MAP_FAILED) {
        load_die("no memory for %zu bytes; ask for a smaller --count", len);
    }
    return block;
}

void load_subjects_new(struct load *load) {
    size_t count = load->options->count;
    if (sodium_init() < 0) {
        load_die("libsodium does not start");
    }
    load->subjects = mapped(count * sizeof *load->subjects);
    load->arena_len = count * CERT_TYPICAL + LOAD_CERT_MAX;
    load->arena = mapped(load->arena_len);
    for (size_t i = 0; i < count; i++) {
        make_key(&load->subjects[i]);
    }
}

void load_subjects_free(struct load *load) {
    (void)munmap(load->subjects, load->options->count * sizeof *load->subjects);
    (void)munmap(load->arena, load->arena_len);
}

int load_take(struct load *load, struct load_subject *subject, const char *body, size_t len) {
    static const char name[] = "\"certificate\":";
    const char *at = memmem(body, len, name, sizeof name - 1);
    const char *end = body + len;
    if (at == NULL) {
        return 0;
    }
    at += sizeof name - 1;
    at += at < end && *at == ' ';
    const char *close = at < end && *at == '"' ? memchr(at + 1, '"', (size_t)(end - at) - 1) : NULL;
    if (close == NULL || close - at > LOAD_CERT_MAX) {
        return 0;
    }
    size_t text_len = (size_t)(close - at) - 1;
    size_t place = atomic_fetch_add(&load->arena_used, text_len + 1);
    if (place + text_len + 1 > load->arena_len) {
        load_die("certificates are longer than the room that was made for them");
    }
    memcpy(load->arena + place, at + 1, text_len);
    load->arena[place + text_len] = '\0';
    subject->line = load->arena + place;
    return 1;
}
