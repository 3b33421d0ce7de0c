// SPDX-License-Identifier: ISC
// Signs the numbers 0 to N-1 with a new key and prints the key and each signature, for nonces.py to
// look for a bias in what the signatures were made with.
//
//     sign-many p256|p384|p521 N
//
// First line: the private key in OpenSSH's format, as hexadecimal of the file; then a signature blob a
// line, as hexadecimal. Message i is i as eight bytes, big-endian.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vouch/keyfile.h"

static enum vouch_key_type type_of(const char *name) {
    static const struct {
        const char *name;
        enum vouch_key_type type;
    } types[] = {{"p256", VOUCH_KEY_ECDSA_P256},
                 {"p384", VOUCH_KEY_ECDSA_P384},
                 {"p521", VOUCH_KEY_ECDSA_P521}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(name, types[i].name) == 0) {
            return types[i].type;
        }
    }
    return VOUCH_KEY_NONE;
}

static void print_hex(struct vouch_bytes bytes) {
    for (size_t i = 0; i < bytes.len; i++) {
        (void)printf("%02x", bytes.ptr[i]);
    }
    (void)putchar('\n');
}

static int sign_one(const struct vouch_private_key *key, uint64_t number) {
    uint8_t message[8];
    for (size_t i = 0; i < sizeof message; i++) {
        message[i] = (uint8_t)(number >> (56 - 8 * i));
    }
    struct vouch_buf signature;
    vouch_buf_init(&signature, VOUCH_SIGNATURE_MAX);
    int err = vouch_private_key_sign(key, NULL, (struct vouch_bytes){message, sizeof message},
                                     &signature);
    if (err == VOUCH_OK) {
        print_hex(vouch_buf_bytes(&signature));
    }
    vouch_buf_done(&signature);
    return err;
}

int main(int argc, char **argv) {
    uint64_t count = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    struct vouch_private_key *key = NULL;
    if (count == 0 || vouch_private_key_generate(type_of(argv[1]), 0, &key) != VOUCH_OK) {
        (void)fprintf(stderr, "usage: sign-many p256|p384|p521 N\n");
        return 2;
    }
    struct vouch_buf file;
    vouch_buf_init(&file, 16384);
    struct vouch_keyfile_options options = {.comment = "sign-many"};
    int err = vouch_keyfile_write(key, &options, &file);
    if (err == VOUCH_OK) {
        print_hex(vouch_buf_bytes(&file));
    }
    for (uint64_t i = 0; i < count && err == VOUCH_OK; i++) {
        err = sign_one(key, i);
    }
    vouch_buf_done(&file);
    vouch_private_key_free(key);
    return err == VOUCH_OK ? 0 : 1;
}
