// SPDX-License-Identifier: ISC
// libcrypto's EVP_PKEY behind key-pkey.h.
#include "core/key-pkey.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/secret.h"

#define FIELDS_MAX 8

struct build {
    OSSL_PARAM_BLD *builder;
    BIGNUM *numbers[FIELDS_MAX];
    OSSL_PARAM *params;
    EVP_PKEY_CTX *ctx;
};

static void build_done(struct build *build) {
    for (size_t i = 0; i < FIELDS_MAX; i++) {
        BN_clear_free(build->numbers[i]);
    }
    OSSL_PARAM_free(build->params);
    OSSL_PARAM_BLD_free(build->builder);
    EVP_PKEY_CTX_free(build->ctx);
}

// The builder keeps references to the numbers until the parameters are made.
static int push(struct build *build, size_t i, const struct vouch_pkey_field *field) {
    if (strcmp(field->name, OSSL_PKEY_PARAM_PUB_KEY) == 0) {
        return OSSL_PARAM_BLD_push_octet_string(build->builder, field->name, field->value.ptr,
                                                field->value.len);
    }
    build->numbers[i] = BN_bin2bn(field->value.ptr, (int)field->value.len, BN_secure_new());
    return build->numbers[i] != NULL &&
           OSSL_PARAM_BLD_push_BN(build->builder, field->name, build->numbers[i]);
}

int vouch_pkey_build(const char *kind, const char *group, const struct vouch_pkey_field *fields,
                     size_t count, int selection, EVP_PKEY **ret_pkey) {
    __attribute__((cleanup(build_done))) struct build build = {.builder = OSSL_PARAM_BLD_new()};
    if (build.builder == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    if (group != NULL &&
        !OSSL_PARAM_BLD_push_utf8_string(build.builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0)) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        if (!push(&build, i, &fields[i])) {
            return VOUCH_ERR_NO_MEMORY;
        }
    }
    build.params = OSSL_PARAM_BLD_to_param(build.builder);
    build.ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    if (build.params == NULL || build.ctx == NULL || EVP_PKEY_fromdata_init(build.ctx) != 1) {
        return VOUCH_ERR_CRYPTO;
    }
    EVP_PKEY *pkey = NULL;
    if (EVP_PKEY_fromdata(build.ctx, &pkey, selection, build.params) != 1) {
        return VOUCH_ERR_FORMAT;
    }
    *ret_pkey = pkey;
    return VOUCH_OK;
}

int vouch_pkey_sign(EVP_PKEY *pkey, const char *digest, struct vouch_bytes message,
                    uint8_t *signature, size_t *len) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int done = ctx != NULL &&
               EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, pkey, NULL) == 1 &&
               EVP_DigestSign(ctx, signature, len, message.ptr, message.len) == 1;
    EVP_MD_CTX_free(ctx);
    return done ? VOUCH_OK : VOUCH_ERR_CRYPTO;
}

int vouch_pkey_verify(EVP_PKEY *pkey, const char *digest, struct vouch_bytes signature,
                      struct vouch_bytes message) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int err = VOUCH_ERR_CRYPTO;
    if (ctx != NULL && EVP_DigestVerifyInit_ex(ctx, NULL, digest, NULL, NULL, pkey, NULL) == 1) {
        // Only 1 is success; 0 and negative both mean that it does not verify.
        err = EVP_DigestVerify(ctx, signature.ptr, signature.len, message.ptr, message.len) == 1
                  ? VOUCH_OK
                  : VOUCH_ERR_SIGNATURE;
    }
    EVP_MD_CTX_free(ctx);
    return err;
}

// One signature that verifies says that the halves fit. EVP_PKEY_pairwise_check() says it too, after
// testing the primes of an RSA key: 30 ms for 2048 bits, 350 ms for 4096.
int vouch_pkey_check_pair(EVP_PKEY *pkey) {
    static const struct vouch_bytes message = {(const uint8_t *)"pair", 4};
    uint8_t bytes[VOUCH_RSA_BYTES_MAX];
    size_t len = sizeof bytes;
    int err = vouch_pkey_sign(pkey, "SHA256", message, bytes, &len);
    if (err == VOUCH_OK) {
        err = vouch_pkey_verify(pkey, "SHA256", (struct vouch_bytes){bytes, len}, message);
    }
    return err == VOUCH_OK || err == VOUCH_ERR_NO_MEMORY ? err : VOUCH_ERR_MISMATCH;
}

int vouch_pkey_write_number(EVP_PKEY *pkey, const char *name, struct vouch_buf *out) {
    BIGNUM *number = NULL;
    if (EVP_PKEY_get_bn_param(pkey, name, &number) != 1) {
        return VOUCH_ERR_CRYPTO;
    }
    int err = VOUCH_ERR_NO_MEMORY;
    size_t len = (size_t)BN_num_bytes(number);
    uint8_t *magnitude = vouch_secret_alloc(len);
    if (magnitude != NULL) {
        (void)BN_bn2bin(number, magnitude);
        vouch_write_mpint(out, (struct vouch_bytes){magnitude, len});
        err = out->err;
    }
    vouch_secret_free(magnitude);
    BN_clear_free(number);
    return err;
}

// A number of the public half into `out`, for making our own form of the key.
static int number(EVP_PKEY *pkey, const char *name, uint8_t *out, struct vouch_bytes *ret_value) {
    BIGNUM *value = NULL;
    if (EVP_PKEY_get_bn_param(pkey, name, &value) != 1 ||
        BN_num_bytes(value) > VOUCH_RSA_BYTES_MAX) {
        BN_free(value);
        return VOUCH_ERR_CRYPTO;
    }
    *ret_value = (struct vouch_bytes){out, (size_t)BN_bn2bin(value, out)};
    BN_free(value);
    return VOUCH_OK;
}

static int public_of(EVP_PKEY *pkey, const struct vouch_key_impl *impl,
                     struct vouch_key **ret_key) {
    uint8_t first[VOUCH_RSA_BYTES_MAX], second[VOUCH_RSA_BYTES_MAX];
    struct vouch_bytes a = {0}, b = {0};
    int err = VOUCH_OK;
    if (impl->type == VOUCH_KEY_RSA) {
        err = number(pkey, OSSL_PKEY_PARAM_RSA_E, first, &a);
        err = err != VOUCH_OK ? err : number(pkey, OSSL_PKEY_PARAM_RSA_N, second, &b);
    } else {
        size_t len = 0;
        if (EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, first, sizeof first,
                                            &len) != 1) {
            err = VOUCH_ERR_CRYPTO;
        }
        a = (struct vouch_bytes){first, len};
    }
    return err != VOUCH_OK ? err : vouch_key_from_fields(impl, a, b, ret_key);
}

int vouch_pkey_adopt(EVP_PKEY *take_pkey, struct vouch_private_key *key) {
    key->pkey = take_pkey;
    return public_of(take_pkey, key->impl, &key->public_key);
}
