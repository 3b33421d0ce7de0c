// SPDX-License-Identifier: ISC
// ssh-rsa keys (RFC 4253 6.6) and their SHA-2 signatures (RFC 8332).
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "base/secret.h"
#include "core/key-pkey.h"
#include "core/key.h"

struct rsa_algorithm {
    const char *name;
    const char *digest;
};

// The first is the default.
static const struct rsa_algorithm algorithms[] = {
    {"rsa-sha2-512", "SHA512"},
    {"rsa-sha2-256", "SHA256"},
    {"ssh-rsa", "SHA1"},
};

static const struct rsa_algorithm *algorithm_of(struct vouch_bytes name) {
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (vouch_bytes_equal(name, vouch_bytes_of(algorithms[i].name))) {
            return &algorithms[i];
        }
    }
    return NULL;
}

static unsigned bits_of(struct vouch_bytes magnitude) {
    if (magnitude.len == 0) {
        return 0;
    }
    return (unsigned)(magnitude.len * 8) - (unsigned)(__builtin_clz(magnitude.ptr[0]) - 24);
}

static void read_public(struct vouch_reader *reader, struct vouch_key *key) {
    key->rsa_e = vouch_read_mpint(reader, VOUCH_RSA_BYTES_MAX, "RSA exponent");
    key->rsa_n = vouch_read_mpint(reader, VOUCH_RSA_BYTES_MAX, "RSA modulus");
    key->bits = bits_of(key->rsa_n);
    if (key->bits < VOUCH_RSA_BITS_MIN) {
        vouch_reader_fail(reader, VOUCH_ERR_KEY_LENGTH, "RSA modulus", "is shorter than 1024 bits");
    }
}

static int load(struct vouch_key *key) {
    struct vouch_pkey_field fields[] = {
        {OSSL_PKEY_PARAM_RSA_N, key->rsa_n},
        {OSSL_PKEY_PARAM_RSA_E, key->rsa_e},
    };
    return vouch_pkey_build("RSA", NULL, fields, 2, EVP_PKEY_PUBLIC_KEY, &key->pkey);
}

// A signature shorter than the modulus is padded, as OpenSSH does; a longer one is refused.
static int verify_padded(const struct vouch_key *key, const char *digest, struct vouch_bytes bytes,
                         struct vouch_bytes message) {
    size_t len = key->rsa_n.len;
    if (bytes.len == 0 || bytes.len > len) {
        return VOUCH_ERR_SIGNATURE;
    }
    uint8_t padded[VOUCH_RSA_BYTES_MAX] = {0};
    memcpy(padded + len - bytes.len, bytes.ptr, bytes.len);
    return vouch_pkey_verify(key->pkey, digest, (struct vouch_bytes){padded, len}, message);
}

static int verify(const struct vouch_key *key, struct vouch_bytes algorithm,
                  struct vouch_reader *signature, struct vouch_bytes message) {
    const struct rsa_algorithm *rsa = algorithm_of(algorithm);
    if (rsa == NULL) {
        return VOUCH_ERR_UNSUPPORTED;
    }
    struct vouch_bytes bytes = vouch_read_string(signature, "RSA signature");
    int err = vouch_reader_end(signature, NULL);
    return err != VOUCH_OK ? err : verify_padded(key, rsa->digest, bytes, message);
}

static int generate(unsigned bits, struct vouch_private_key *key) {
    bits = bits == 0 ? 3072 : bits;
    if (bits < VOUCH_RSA_BITS_MIN || bits > VOUCH_RSA_BITS_MAX) {
        return VOUCH_ERR_KEY_LENGTH;
    }
    EVP_PKEY *pkey = EVP_RSA_gen(bits);
    return pkey == NULL ? VOUCH_ERR_CRYPTO : vouch_pkey_adopt(pkey, key);
}

static int sign(const struct vouch_private_key *key, const char *algorithm,
                struct vouch_bytes message, struct vouch_buf *signature) {
    const struct rsa_algorithm *rsa =
        algorithm == NULL ? &algorithms[0] : algorithm_of(vouch_bytes_of(algorithm));
    if (rsa == NULL) {
        return VOUCH_ERR_UNSUPPORTED;
    }
    uint8_t bytes[VOUCH_RSA_BYTES_MAX];
    size_t len = sizeof bytes;
    int err = vouch_pkey_sign(key->pkey, rsa->digest, message, bytes, &len);
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_write_text(signature, rsa->name);
    vouch_write_string(signature, (struct vouch_bytes){bytes, len});
    return signature->err;
}

// d mod (p - 1) and d mod (q - 1), which key files leave out and libcrypto wants.
static int exponents(struct vouch_bytes d, struct vouch_bytes prime, uint8_t *out,
                     size_t *ret_len) {
    BN_CTX *ctx = BN_CTX_secure_new();
    BIGNUM *bd = BN_secure_new(), *bp = BN_secure_new(), *rem = BN_secure_new();
    int err = VOUCH_ERR_CRYPTO;
    if (ctx != NULL && bd != NULL && bp != NULL && rem != NULL &&
        BN_bin2bn(d.ptr, (int)d.len, bd) != NULL &&
        BN_bin2bn(prime.ptr, (int)prime.len, bp) != NULL && BN_sub_word(bp, 1) && !BN_is_zero(bp)) {
        BN_set_flags(bd, BN_FLG_CONSTTIME);
        if (BN_mod(rem, bd, bp, ctx)) {
            *ret_len = (size_t)BN_bn2bin(rem, out);
            err = VOUCH_OK;
        }
    }
    BN_clear_free(bd), BN_clear_free(bp), BN_clear_free(rem);
    BN_CTX_free(ctx);
    return err;
}

struct rsa_parts {
    struct vouch_bytes n, e, d, iqmp, p, q;
};

static int build_private(const struct rsa_parts *parts, struct vouch_private_key *key) {
    uint8_t *secret = vouch_secret_alloc(2 * (size_t)VOUCH_RSA_BYTES_MAX);
    if (secret == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    struct vouch_bytes dp = {secret, 0};
    struct vouch_bytes dq = {secret + VOUCH_RSA_BYTES_MAX, 0};
    int err = exponents(parts->d, parts->p, secret, &dp.len);
    if (err == VOUCH_OK) {
        err = exponents(parts->d, parts->q, secret + VOUCH_RSA_BYTES_MAX, &dq.len);
    }
    if (err == VOUCH_OK) {
        struct vouch_pkey_field fields[] = {
            {OSSL_PKEY_PARAM_RSA_N, parts->n},
            {OSSL_PKEY_PARAM_RSA_E, parts->e},
            {OSSL_PKEY_PARAM_RSA_D, parts->d},
            {OSSL_PKEY_PARAM_RSA_FACTOR1, parts->p},
            {OSSL_PKEY_PARAM_RSA_FACTOR2, parts->q},
            {OSSL_PKEY_PARAM_RSA_EXPONENT1, dp},
            {OSSL_PKEY_PARAM_RSA_EXPONENT2, dq},
            {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, parts->iqmp},
        };
        err = vouch_pkey_build("RSA", NULL, fields, 8, EVP_PKEY_KEYPAIR, &key->pkey);
    }
    vouch_secret_free(secret);
    if (err == VOUCH_OK) {
        err = vouch_key_from_fields(&vouch_key_impl_rsa, parts->e, parts->n, &key->public_key);
    }
    return err;
}

enum { N, D, P, Q, DP, DQ, QINV, NUMBER_COUNT };

static void clear_numbers(BIGNUM *(*numbers)[NUMBER_COUNT]) {
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        BN_clear_free((*numbers)[i]);
    }
}

// exponent = d mod (prime - 1)
static int is_reduced(const BIGNUM *exponent, const BIGNUM *d, const BIGNUM *prime, BN_CTX *ctx) {
    BN_CTX_start(ctx);
    BIGNUM *less = BN_CTX_get(ctx);
    BIGNUM *rest = BN_CTX_get(ctx);
    int is = rest != NULL && BN_sub(less, prime, BN_value_one()) && !BN_is_zero(less) &&
             BN_mod(rest, d, less, ctx) && BN_cmp(rest, exponent) == 0;
    BN_CTX_end(ctx);
    return is;
}

static int numbers_fit(BIGNUM *const *number, BN_CTX *ctx) {
    BN_CTX_start(ctx);
    BIGNUM *product = BN_CTX_get(ctx);
    int fit = product != NULL && BN_mul(product, number[P], number[Q], ctx) &&
              BN_cmp(product, number[N]) == 0 &&
              BN_mod_mul(product, number[QINV], number[Q], number[P], ctx) && BN_is_one(product) &&
              is_reduced(number[DP], number[D], number[P], ctx) &&
              is_reduced(number[DQ], number[D], number[Q], ctx);
    BN_CTX_end(ctx);
    return fit;
}

// libcrypto signs by d alone when the factors do not fit, and would write a file with what is wrong.
int vouch_rsa_check_pair(EVP_PKEY *pkey) {
    static const char *const names[NUMBER_COUNT] = {
        OSSL_PKEY_PARAM_RSA_N,           OSSL_PKEY_PARAM_RSA_D,
        OSSL_PKEY_PARAM_RSA_FACTOR1,     OSSL_PKEY_PARAM_RSA_FACTOR2,
        OSSL_PKEY_PARAM_RSA_EXPONENT1,   OSSL_PKEY_PARAM_RSA_EXPONENT2,
        OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
    __attribute__((cleanup(clear_numbers))) BIGNUM *numbers[NUMBER_COUNT] = {0};
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        if (EVP_PKEY_get_bn_param(pkey, names[i], &numbers[i]) != 1) {
            return VOUCH_ERR_MISMATCH;
        }
    }
    BN_CTX *ctx = BN_CTX_secure_new();
    int fit = ctx != NULL && numbers_fit(numbers, ctx);
    BN_CTX_free(ctx);
    return fit ? vouch_pkey_check_pair(pkey) : VOUCH_ERR_MISMATCH;
}

static void read_private(struct vouch_reader *reader, struct vouch_private_key *key) {
    struct rsa_parts parts = {0};
    parts.n = vouch_read_mpint(reader, VOUCH_RSA_BYTES_MAX, "RSA modulus");
    parts.e = vouch_read_mpint(reader, VOUCH_RSA_BYTES_MAX, "RSA exponent");
    parts.d = vouch_read_mpint(reader, VOUCH_RSA_BYTES_MAX, "RSA private exponent");
    parts.iqmp = vouch_read_mpint(reader, VOUCH_RSA_BYTES_MAX, "RSA coefficient");
    parts.p = vouch_read_mpint(reader, VOUCH_RSA_BYTES_MAX, "RSA factor p");
    parts.q = vouch_read_mpint(reader, VOUCH_RSA_BYTES_MAX, "RSA factor q");
    if (reader->err != VOUCH_OK) {
        return;
    }
    int err = build_private(&parts, key);
    if (err == VOUCH_OK) {
        err = vouch_rsa_check_pair(key->pkey);
    }
    if (err != VOUCH_OK) {
        vouch_reader_fail(reader, err, "RSA private key", "does not fit its public key");
    }
}

static int write_private(const struct vouch_private_key *key, enum vouch_key_layout layout,
                         struct vouch_buf *out) {
    if (layout == VOUCH_KEY_LAYOUT_WHOLE) {
        vouch_write_mpint(out, key->public_key->rsa_n);
        vouch_write_mpint(out, key->public_key->rsa_e);
    }
    static const char *const names[] = {OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
                                        OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int err = vouch_pkey_write_number(key->pkey, names[i], out);
        if (err != VOUCH_OK) {
            return err;
        }
    }
    return out->err;
}

const struct vouch_key_impl vouch_key_impl_rsa = {
    .type = VOUCH_KEY_RSA,
    .name = "ssh-rsa",
    .label = "RSA",
    .cert_name = "ssh-rsa-cert-v01@openssh.com",
    .public_strings = 2,
    .read_public = read_public,
    .load = load,
    .verify = verify,
    .weakness = vouch_rsa_weakness,
    .generate = generate,
    .sign = sign,
    .read_private = read_private,
    .write_private = write_private,
};
