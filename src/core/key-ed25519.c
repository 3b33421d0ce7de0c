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

const char *vouch_ed25519_weakness(const struct vouch_key *key) {
    return crypto_core_ed25519_is_valid_point(key->point.ptr)
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
    .read_public = vouch_ed25519_read_point,
    .verify = verify,
    .weakness = vouch_ed25519_weakness,
    .generate = generate,
    .sign = sign,
    .read_private = read_private,
    .write_private = write_private,
};
