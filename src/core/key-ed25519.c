// SPDX-License-Identifier: ISC
// ssh-ed25519 (RFC 8709), on libsodium.
#include <sodium.h>
#include <stdlib.h>

#include "base/secret.h"
#include "core/key-point.h"
#include "core/key.h"

#define PUBLIC_LEN crypto_sign_PUBLICKEYBYTES
#define SECRET_LEN crypto_sign_SECRETKEYBYTES
#define SIGNATURE_LEN crypto_sign_BYTES

void vouch_ed25519_read_point(struct vouch_reader *reader, struct vouch_key *key) {
    key->point = vouch_read_string(reader, "Ed25519 public key");
    key->bits = 256;
    if (key->point.len != PUBLIC_LEN) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "Ed25519 public key", "is not 32 bytes");
    }
}

int vouch_ed25519_verify_bytes(const struct vouch_key *key, struct vouch_bytes signature,
                               struct vouch_bytes message) {
    if (signature.len != SIGNATURE_LEN) {
        return VOUCH_ERR_SIGNATURE;
    }
    return crypto_sign_verify_detached(signature.ptr, message.ptr, message.len, key->point.ptr) == 0
               ? VOUCH_OK
               : VOUCH_ERR_SIGNATURE;
}

// The y coordinates of the eight points of low order, without the sign bit of x, little-endian.
static const uint8_t low_order[][PUBLIC_LEN] = {
    {0},
    {1},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

static int is_low_order(const uint8_t *point) {
    uint8_t y[PUBLIC_LEN];
    memcpy(y, point, sizeof y);
    y[31] &= 0x7f;
    for (size_t i = 0; i < sizeof low_order / sizeof low_order[0]; i++) {
        if (memcmp(y, low_order[i], sizeof y) == 0) {
            return 1;
        }
    }
    return 0;
}

// y must be below p = 2^255 - 19, so that there is one encoding of a point.
static int is_canonical(const uint8_t *point) {
    int all_ones = (point[31] & 0x7f) == 0x7f;
    for (size_t i = 1; i < 31; i++) {
        all_ones &= point[i] == 0xff;
    }
    return !all_ones || point[0] < 0xed;
}

// Adding it to itself makes libsodium decode it, which fails off the curve. That takes a quarter of the
// time of crypto_core_ed25519_is_valid_point(), whose multiplication by the group's order finds only
// points that no honest generator makes and that gain an attacker nothing in a signature.
static int is_on_curve(const uint8_t *point) {
    uint8_t sum[PUBLIC_LEN];
    return crypto_core_ed25519_add(sum, point, point) == 0;
}

const char *vouch_ed25519_weakness(const struct vouch_key *key) {
    const uint8_t *point = key->point.ptr;
    return is_canonical(point) && !is_low_order(point) && is_on_curve(point)
               ? NULL
               : "is an Ed25519 point of low order or off the curve";
}

static int verify(const struct vouch_key *key, struct vouch_bytes algorithm,
                  struct vouch_reader *signature, struct vouch_bytes message) {
    if (!vouch_bytes_equal(algorithm, vouch_bytes_of(key->impl->name))) {
        return VOUCH_ERR_UNSUPPORTED;
    }
    struct vouch_bytes bytes = vouch_read_string(signature, "Ed25519 signature");
    int err = vouch_reader_end(signature, NULL);
    return err != VOUCH_OK ? err : vouch_ed25519_verify_bytes(key, bytes, message);
}

// Takes over 64 bytes of locked memory: seed and public key.
static int adopt(uint8_t *take_secret, struct vouch_private_key *key) {
    key->secret = take_secret;
    key->secret_len = SECRET_LEN;
    return vouch_key_from_fields(&vouch_key_impl_ed25519,
                                 (struct vouch_bytes){take_secret + 32, PUBLIC_LEN},
                                 (struct vouch_bytes){0}, &key->public_key);
}

static int from_seed(const uint8_t *seed, struct vouch_private_key *key) {
    uint8_t *secret = vouch_secret_alloc(SECRET_LEN);
    if (secret == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    uint8_t point[PUBLIC_LEN];
    (void)crypto_sign_seed_keypair(point, secret, seed);
    return adopt(secret, key);
}

static int generate(unsigned bits, struct vouch_private_key *key) {
    if (bits != 0 && bits != 256) {
        return VOUCH_ERR_KEY_LENGTH;
    }
    uint8_t seed[crypto_sign_SEEDBYTES];
    randombytes_buf(seed, sizeof seed);
    int err = from_seed(seed, key);
    vouch_wipe(seed, sizeof seed);
    return err;
}

int vouch_private_key_from_seed(const uint8_t seed[static 32], struct vouch_private_key **ret_key) {
    struct vouch_private_key *key = vouch_private_key_new(&vouch_key_impl_ed25519);
    int err = key == NULL ? VOUCH_ERR_NO_MEMORY : from_seed(seed, key);
    if (err != VOUCH_OK) {
        vouch_private_key_free(key);
        return err;
    }
    *ret_key = key;
    return VOUCH_OK;
}

static int sign(const struct vouch_private_key *key, const char *algorithm,
                struct vouch_bytes message, struct vouch_buf *signature) {
    if (algorithm != NULL && strcmp(algorithm, vouch_key_impl_ed25519.name) != 0) {
        return VOUCH_ERR_UNSUPPORTED;
    }
    uint8_t bytes[SIGNATURE_LEN];
    (void)crypto_sign_detached(bytes, NULL, message.ptr, message.len, key->secret);
    vouch_write_text(signature, vouch_key_impl_ed25519.name);
    vouch_write_string(signature, (struct vouch_bytes){bytes, sizeof bytes});
    return signature->err;
}

static void read_private(struct vouch_reader *reader, struct vouch_private_key *key) {
    struct vouch_bytes point = vouch_read_string(reader, "Ed25519 public key");
    struct vouch_bytes secret = vouch_read_string(reader, "Ed25519 private key");
    if (reader->err != VOUCH_OK) {
        return;
    }
    if (point.len != PUBLIC_LEN || secret.len != SECRET_LEN) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "Ed25519 private key", "has a wrong length");
        return;
    }
    int err = from_seed(secret.ptr, key);
    // The seed alone makes the key; the copies of the public half must agree with it, or a signature
    // would be made with a public key of someone else's choice.
    if (err == VOUCH_OK && (!vouch_secret_equal(key->secret, secret.ptr, SECRET_LEN) ||
                            !vouch_bytes_equal(key->public_key->point, point))) {
        err = VOUCH_ERR_MISMATCH;
    }
    if (err != VOUCH_OK) {
        vouch_reader_fail(reader, err, "Ed25519 private key", "does not fit its public key");
    }
}

static int write_private(const struct vouch_private_key *key, enum vouch_key_layout layout,
                         struct vouch_buf *out) {
    (void)layout; // the agent wants both halves with a certificate as well
    vouch_write_string(out, key->public_key->point);
    vouch_write_string(out, (struct vouch_bytes){key->secret, SECRET_LEN});
    return out->err;
}

const struct vouch_key_impl vouch_key_impl_ed25519 = {
    .type = VOUCH_KEY_ED25519,
    .name = "ssh-ed25519",
    .label = "ED25519",
    .cert_name = "ssh-ed25519-cert-v01@openssh.com",
    .bits = 256,
    .public_strings = 1,
    .read_public = vouch_ed25519_read_point,
    .verify = verify,
    .weakness = vouch_ed25519_weakness,
    .generate = generate,
    .sign = sign,
    .read_private = read_private,
    .write_private = write_private,
};
