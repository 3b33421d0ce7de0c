// SPDX-License-Identifier: ISC
// The parts of test-passkey-device.h: keys and signatures by OpenSSL, CBOR by libcbor, so that nothing of
// what is tested writes what it reads.
#include "identity/test-passkey-device.h"

#include <assert.h>
#include <cbor.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "base/str.h"

// In a test, what cannot be is a failure of the test.
#define MUST(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            (void)fprintf(stderr, "device: %s\n", #what);                                          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

void device_begin(struct device *device, int32_t algorithm, const char *handle) {
    *device = (struct device){.algorithm = algorithm, .count = 1};
    vouch_random(device->id, sizeof device->id);
    MUST(strlen(handle) < sizeof device->handle);
    memcpy(device->handle, handle, strlen(handle) + 1);
    device->key = algorithm == VOUCH_COSE_ES256   ? EVP_EC_gen("P-256")
                  : algorithm == VOUCH_COSE_EDDSA ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                                  : EVP_RSA_gen(2048);
    MUST(device->key != NULL);
}

void device_end(struct device *device) {
    EVP_PKEY_free(device->key);
    device->key = NULL;
}

// --- the key in COSE

static void add(cbor_item_t *map, cbor_item_t *key, cbor_item_t *value) {
    MUST(cbor_map_add(map, (struct cbor_pair){.key = cbor_move(key), .value = cbor_move(value)}));
}

static cbor_item_t *integer(int64_t value) {
    uint64_t size = (uint64_t)(value < 0 ? -1 - value : value);
    cbor_item_t *item =
        size < 256 ? cbor_build_uint8((uint8_t)size) : cbor_build_uint16((uint16_t)size);
    if (value < 0) {
        cbor_mark_negint(item);
    }
    return item;
}

static cbor_item_t *number(const EVP_PKEY *key, const char *name, size_t len) {
    BIGNUM *value = NULL;
    uint8_t bytes[512];
    MUST(EVP_PKEY_get_bn_param(key, name, &value) == 1);
    MUST(BN_bn2binpad(value, bytes, (int)len) == (int)len);
    BN_free(value);
    return cbor_build_bytestring(bytes, len);
}

static cbor_item_t *cose(const struct device *device, int64_t algorithm) {
    cbor_item_t *map = cbor_new_definite_map(5);
    EVP_PKEY *key = device->key;
    switch (device->algorithm) {
    case VOUCH_COSE_ES256:
        add(map, integer(1), integer(2));
        add(map, integer(3), integer(algorithm));
        add(map, integer(-1), integer(1));
        add(map, integer(-2), number(key, OSSL_PKEY_PARAM_EC_PUB_X, 32));
        add(map, integer(-3), number(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32));
        break;
    case VOUCH_COSE_RS256:
        add(map, integer(1), integer(3));
        add(map, integer(3), integer(algorithm));
        add(map, integer(-1), number(key, OSSL_PKEY_PARAM_RSA_N, 256));
        add(map, integer(-2), number(key, OSSL_PKEY_PARAM_RSA_E, 3));
        break;
    default: {
        uint8_t point[32];
        size_t len = sizeof point;
        MUST(EVP_PKEY_get_raw_public_key(key, point, &len) == 1);
        add(map, integer(1), integer(1));
        add(map, integer(3), integer(algorithm));
        add(map, integer(-1), integer(6));
        add(map, integer(-2), cbor_build_bytestring(point, len));
    }
    }
    return map;
}

static void put_item(cbor_item_t *take_item, struct vouch_buf *out) {
    unsigned char *bytes = NULL;
    size_t room = 0;
    size_t len = cbor_serialize_alloc(take_item, &bytes, &room);
    MUST(len > 0);
    vouch_buf_put(out, (struct vouch_bytes){bytes, len});
    free(bytes);
    cbor_decref(&take_item);
}

// --- what it says

static void put_client_data(const struct device_told *told, const char *type,
                            struct vouch_buf *out) {
    vouch_buf_put_text(out, "{\"type\":\"");
    vouch_buf_put_text(out, told->type != NULL ? told->type : type);
    vouch_buf_put_text(out, "\",\"challenge\":\"");
    vouch_str_base64url(told->challenge, out);
    vouch_buf_put_text(out, "\",\"origin\":\"");
    vouch_buf_put_text(out, told->origin != NULL ? told->origin : DEVICE_ORIGIN);
    vouch_buf_put_text(out, "\",\"crossOrigin\":false");
    vouch_buf_put_text(out, told->more != NULL ? told->more : "");
    vouch_buf_put_text(out, "}");
}

static void put_head(const struct device *device, const struct device_told *told, uint32_t flags,
                     struct vouch_buf *out) {
    uint8_t hash[SHA256_DIGEST_LENGTH];
    const char *host = told->host != NULL ? told->host : DEVICE_HOST;
    (void)SHA256((const uint8_t *)host, strlen(host), hash);
    vouch_buf_put(out, (struct vouch_bytes){hash, sizeof hash});
    vouch_write_u8(out, (uint8_t)flags);
    vouch_write_u32(out, device->count);
}

static uint32_t flags_of(const struct device_told *told) {
    return told->flags != 0 ? told->flags : DEVICE_FLAGS;
}

static struct vouch_bytes begin(struct device *device, const struct device_told *told,
                                const char *type, struct device_said *said) {
    struct vouch_buf out;
    vouch_buf_init_fixed(&out, said->client_data_room, sizeof said->client_data_room);
    put_client_data(told, type, &out);
    MUST(out.err == VOUCH_OK);
    said->client_data = vouch_buf_bytes(&out);
    said->handle = vouch_bytes_of(device->handle);
    return (struct vouch_bytes){device->id, sizeof device->id};
}

static void put_attestation(const struct device_told *told, struct device_said *said) {
    struct vouch_buf out;
    cbor_item_t *map = cbor_new_definite_map(3);
    vouch_buf_init_fixed(&out, said->attestation_room, sizeof said->attestation_room);
    add(map, cbor_build_string("fmt"),
        cbor_build_string(told->format != NULL ? told->format : "none"));
    add(map, cbor_build_string("attStmt"), cbor_new_definite_map(0));
    add(map, cbor_build_string("authData"),
        cbor_build_bytestring(said->authdata.ptr, said->authdata.len));
    put_item(map, &out);
    MUST(out.err == VOUCH_OK);
    said->attestation = vouch_buf_bytes(&out);
}

void device_make(struct device *device, const struct device_told *told, struct device_said *said) {
    struct vouch_buf out;
    uint8_t aaguid[VOUCH_PASSKEY_AAGUID_LEN] = {0xaa, 1, 2, 3};
    const uint8_t id_len[2] = {0, sizeof device->id};
    said->id = begin(device, told, "webauthn.create", said);
    vouch_buf_init_fixed(&out, said->authdata_room, sizeof said->authdata_room);
    put_head(device, told, flags_of(told) | 0x40, &out);
    vouch_buf_put(&out, (struct vouch_bytes){aaguid, sizeof aaguid});
    vouch_buf_put(&out, (struct vouch_bytes){id_len, sizeof id_len});
    vouch_buf_put(&out, said->id);
    put_item(cose(device, told->algorithm != 0 ? told->algorithm : device->algorithm), &out);
    vouch_buf_put(&out, told->extra);
    MUST(out.err == VOUCH_OK);
    said->authdata = vouch_buf_bytes(&out);
    put_attestation(told, said);
}

static void sign(const struct device *device, struct device_said *said) {
    uint8_t bytes[4096];
    struct vouch_buf signed_bytes;
    uint8_t hash[SHA256_DIGEST_LENGTH];
    size_t len = sizeof said->signature_room;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *digest = device->algorithm == VOUCH_COSE_EDDSA ? NULL : EVP_sha256();
    vouch_buf_init_fixed(&signed_bytes, bytes, sizeof bytes);
    (void)SHA256(said->client_data.ptr, said->client_data.len, hash);
    vouch_buf_put(&signed_bytes, said->authdata);
    vouch_buf_put(&signed_bytes, (struct vouch_bytes){hash, sizeof hash});
    MUST(EVP_DigestSignInit(context, NULL, digest, NULL, device->key) == 1);
    MUST(EVP_DigestSign(context, said->signature_room, &len, bytes, signed_bytes.len) == 1);
    EVP_MD_CTX_free(context);
    said->signature = (struct vouch_bytes){said->signature_room, len};
}

void device_answer(struct device *device, const struct device_told *told,
                   struct device_said *said) {
    struct vouch_buf out;
    device->count += device->count > 0;
    said->id = begin(device, told, "webauthn.get", said);
    vouch_buf_init_fixed(&out, said->authdata_room, sizeof said->authdata_room);
    put_head(device, told, flags_of(told), &out);
    vouch_buf_put(&out, told->extra);
    MUST(out.err == VOUCH_OK);
    said->authdata = vouch_buf_bytes(&out);
    sign(device, said);
}

struct vouch_bytes device_made_bytes(const struct device_said *said, struct vouch_buf *out) {
    const struct vouch_passkey_made made = {
        .id = said->id, .client_data = said->client_data, .attestation = said->attestation};
    vouch_buf_clear(out);
    vouch_passkey_made_write(&made, out);
    MUST(out->err == VOUCH_OK);
    return vouch_buf_bytes(out);
}

struct vouch_bytes device_shown_bytes(const struct device_said *said, struct vouch_buf *out) {
    const struct vouch_passkey_shown shown = {.id = said->id,
                                              .client_data = said->client_data,
                                              .authdata = said->authdata,
                                              .signature = said->signature,
                                              .handle = said->handle};
    vouch_buf_clear(out);
    vouch_passkey_shown_write(&shown, out);
    MUST(out->err == VOUCH_OK);
    return vouch_buf_bytes(out);
}
