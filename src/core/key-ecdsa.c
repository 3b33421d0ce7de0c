// SPDX-License-Identifier: ISC
// ecdsa-sha2-nistp256, -384 and -521 (RFC 5656), on libcrypto.
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>

#include "core/key-pkey.h"
#include "core/key-point.h"
#include "core/key.h"

#define POINT_MAX 133     // OpenSSH's SSHBUF_MAX_ECPOINT: two coordinates of 528 bits and a tag
#define DER_MAX 160       // SEQUENCE of two INTEGERs of up to 67 bytes
#define COORDINATE_MAX 66 // bytes of r or s on P-521

void vouch_ecdsa_read_point(struct vouch_reader *reader, struct vouch_key *key) {
    struct vouch_bytes curve = vouch_read_string(reader, "ECDSA curve");
    if (!vouch_bytes_equal(curve, vouch_bytes_of(key->impl->curve))) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "ECDSA curve", "is not the one of its type");
    }
    key->point = vouch_read_string(reader, "ECDSA point");
    key->bits = key->impl->bits;
    if (key->point.len == 0 || key->point.len > POINT_MAX || key->point.ptr[0] != 0x04) {
        vouch_reader_fail(reader, VOUCH_ERR_FORMAT, "ECDSA point", "is not an uncompressed point");
    }
}

// libcrypto refuses points that are not on the curve.
int vouch_ecdsa_load(struct vouch_key *key) {
    struct vouch_pkey_field field = {OSSL_PKEY_PARAM_PUB_KEY, key->point};
    return vouch_pkey_build("EC", key->impl->group, &field, 1, EVP_PKEY_PUBLIC_KEY, &key->pkey);
}

const char *vouch_ecdsa_weakness(const struct vouch_key *key) {
    (void)key; // what can be wrong with a point was refused when it was read
    return NULL;
}

static const char *digest_of(const struct vouch_key_impl *impl) {
    switch (impl->hash) {
    case VOUCH_HASH_SHA384:
        return "SHA384";
    case VOUCH_HASH_SHA512:
        return "SHA512";
    case VOUCH_HASH_SHA256:
    case VOUCH_HASH_SHA1:
    case VOUCH_HASH_MD5:
        break;
    }
    return "SHA256";
}

// The signature as libcrypto takes it: DER of r and s.
static int to_der(struct vouch_bytes r, struct vouch_bytes s, uint8_t *der, size_t *ret_len) {
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *br = BN_bin2bn(r.ptr, (int)r.len, NULL);
    BIGNUM *bs = BN_bin2bn(s.ptr, (int)s.len, NULL);
    if (sig == NULL || br == NULL || bs == NULL || ECDSA_SIG_set0(sig, br, bs) != 1) {
        BN_free(br);
        BN_free(bs);
        ECDSA_SIG_free(sig);
        return VOUCH_ERR_NO_MEMORY;
    }
    uint8_t *at = der;
    int len = i2d_ECDSA_SIG(sig, &at);
    ECDSA_SIG_free(sig);
    *ret_len = (size_t)len;
    return len > 0 ? VOUCH_OK : VOUCH_ERR_CRYPTO;
}

int vouch_ecdsa_verify_bytes(const struct vouch_key *key, struct vouch_bytes signature,
                             struct vouch_bytes message) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, signature);
    struct vouch_bytes r = vouch_read_mpint(&reader, COORDINATE_MAX, "ECDSA r");
    struct vouch_bytes s = vouch_read_mpint(&reader, COORDINATE_MAX, "ECDSA s");
    int err = vouch_reader_end(&reader, NULL);
    if (err != VOUCH_OK) {
        return err;
    }
    uint8_t der[DER_MAX];
    size_t len = 0;
    err = to_der(r, s, der, &len);
    if (err != VOUCH_OK) {
        return err;
    }
    return vouch_pkey_verify(key->pkey, digest_of(key->impl), (struct vouch_bytes){der, len},
                             message);
}

static int verify(const struct vouch_key *key, struct vouch_bytes algorithm,
                  struct vouch_reader *signature, struct vouch_bytes message) {
    if (!vouch_bytes_equal(algorithm, vouch_bytes_of(key->impl->name))) {
        return VOUCH_ERR_UNSUPPORTED;
    }
    struct vouch_bytes bytes = vouch_read_string(signature, "ECDSA signature");
    int err = vouch_reader_end(signature, NULL);
    return err != VOUCH_OK ? err : vouch_ecdsa_verify_bytes(key, bytes, message);
}

static int generate(unsigned bits, struct vouch_private_key *key) {
    if (bits != 0 && bits != key->impl->bits) {
        return VOUCH_ERR_KEY_LENGTH;
    }
    EVP_PKEY *pkey = EVP_EC_gen(key->impl->group);
    return pkey == NULL ? VOUCH_ERR_CRYPTO : vouch_pkey_adopt(pkey, key);
}

static void write_number(struct vouch_buf *out, const BIGNUM *number) {
    uint8_t magnitude[COORDINATE_MAX];
    if (BN_num_bytes(number) > COORDINATE_MAX) {
        out->err = VOUCH_ERR_CRYPTO;
        return;
    }
    size_t len = (size_t)BN_bn2bin(number, magnitude);
    vouch_write_mpint(out, (struct vouch_bytes){magnitude, len});
}

static int sign(const struct vouch_private_key *key, const char *algorithm,
                struct vouch_bytes message, struct vouch_buf *signature) {
    const struct vouch_key_impl *impl = key->impl;
    if (algorithm != NULL && strcmp(algorithm, impl->name) != 0) {
        return VOUCH_ERR_UNSUPPORTED;
    }
    uint8_t der[DER_MAX];
    size_t len = sizeof der;
    int err = vouch_pkey_sign(key->pkey, digest_of(impl), message, der, &len);
    if (err != VOUCH_OK) {
        return err;
    }
    const uint8_t *at = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    if (sig == NULL) {
        return VOUCH_ERR_CRYPTO;
    }
    vouch_write_text(signature, impl->name);
    size_t mark = vouch_write_string_begin(signature);
    write_number(signature, ECDSA_SIG_get0_r(sig));
    write_number(signature, ECDSA_SIG_get0_s(sig));
    vouch_write_string_end(signature, mark);
    ECDSA_SIG_free(sig);
    return signature->err;
}

static int build_private(struct vouch_bytes point, struct vouch_bytes d,
                         struct vouch_private_key *key) {
    const struct vouch_key_impl *impl = key->impl;
    struct vouch_pkey_field fields[] = {
        {OSSL_PKEY_PARAM_PUB_KEY, point},
        {OSSL_PKEY_PARAM_PRIV_KEY, d},
    };
    int err = vouch_pkey_build("EC", impl->group, fields, 2, EVP_PKEY_KEYPAIR, &key->pkey);
    if (err == VOUCH_OK) {
        err = vouch_key_from_fields(impl, point, (struct vouch_bytes){0}, &key->public_key);
    }
    return err == VOUCH_OK ? vouch_pkey_check_pair(key->pkey) : err;
}

static void read_private(struct vouch_reader *reader, struct vouch_private_key *key) {
    struct vouch_key fields = {.impl = key->impl};
    vouch_ecdsa_read_point(reader, &fields);
    struct vouch_bytes d = vouch_read_mpint(reader, COORDINATE_MAX, "ECDSA private key");
    if (reader->err != VOUCH_OK) {
        return;
    }
    int err = build_private(fields.point, d, key);
    if (err != VOUCH_OK) {
        vouch_reader_fail(reader, err, "ECDSA private key", "does not fit its public key");
    }
}

static int write_private(const struct vouch_private_key *key, enum vouch_key_layout layout,
                         struct vouch_buf *out) {
    if (layout == VOUCH_KEY_LAYOUT_WHOLE) {
        vouch_write_text(out, key->public_key->impl->curve);
        vouch_write_string(out, key->public_key->point);
    }
    return vouch_pkey_write_number(key->pkey, OSSL_PKEY_PARAM_PRIV_KEY, out);
}

const struct vouch_key_impl vouch_key_impl_ecdsa_p256 = {
    .type = VOUCH_KEY_ECDSA_P256,
    .name = "ecdsa-sha2-nistp256",
    .label = "ECDSA",
    .cert_name = "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    .bits = 256,
    .public_strings = 2,
    .group = "P-256",
    .curve = "nistp256",
    .hash = VOUCH_HASH_SHA256,
    .read_public = vouch_ecdsa_read_point,
    .load = vouch_ecdsa_load,
    .verify = verify,
    .weakness = vouch_ecdsa_weakness,
    .generate = generate,
    .sign = sign,
    .read_private = read_private,
    .write_private = write_private,
};

const struct vouch_key_impl vouch_key_impl_ecdsa_p384 = {
    .type = VOUCH_KEY_ECDSA_P384,
    .name = "ecdsa-sha2-nistp384",
    .label = "ECDSA",
    .cert_name = "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    .bits = 384,
    .public_strings = 2,
    .group = "P-384",
    .curve = "nistp384",
    .hash = VOUCH_HASH_SHA384,
    .read_public = vouch_ecdsa_read_point,
    .load = vouch_ecdsa_load,
    .verify = verify,
    .weakness = vouch_ecdsa_weakness,
    .generate = generate,
    .sign = sign,
    .read_private = read_private,
    .write_private = write_private,
};

const struct vouch_key_impl vouch_key_impl_ecdsa_p521 = {
    .type = VOUCH_KEY_ECDSA_P521,
    .name = "ecdsa-sha2-nistp521",
    .label = "ECDSA",
    .cert_name = "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    .bits = 521,
    .public_strings = 2,
    .group = "P-521",
    .curve = "nistp521",
    .hash = VOUCH_HASH_SHA512,
    .read_public = vouch_ecdsa_read_point,
    .load = vouch_ecdsa_load,
    .verify = verify,
    .weakness = vouch_ecdsa_weakness,
    .generate = generate,
    .sign = sign,
    .read_private = read_private,
    .write_private = write_private,
};
