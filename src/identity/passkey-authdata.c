// SPDX-License-Identifier: ISC
// What a passkey says: authenticator data, attestation object, key. Everything is read to its last byte.
#include <string.h>

#include "base/secret.h"
#include "identity/cbor.h"
#include "identity/passkey-parts.h"

#define HOST_HASH_LEN 32
#define RSA_MODULUS_LEN 256
#define RSA_EXPONENT_LEN 3

// --- authenticator data (WebAuthn 6.1)

static struct vouch_bytes take(struct vouch_bytes *rest, size_t len, int *err) {
    if (*err != VOUCH_OK || rest->len < len) {
        *err = VOUCH_ERR_FORMAT;
        return (struct vouch_bytes){0};
    }
    struct vouch_bytes taken = {rest->ptr, len};
    *rest = (struct vouch_bytes){rest->ptr + len, rest->len - len};
    return taken;
}

static struct vouch_bytes take_item(struct vouch_bytes *rest, int *err) {
    struct vouch_cbor cbor = vouch_cbor_of(*rest);
    struct vouch_bytes item = vouch_cbor_skip(&cbor);
    // Key and extensions are maps both: kind 5.
    if (*err != VOUCH_OK || cbor.err != VOUCH_OK || item.ptr[0] >> 5 != 5) {
        *err = VOUCH_ERR_FORMAT;
        return (struct vouch_bytes){0};
    }
    *rest = cbor.rest;
    return item;
}

static void read_key(struct vouch_bytes *rest, struct vouch_authdata *data, int *err) {
    data->aaguid = take(rest, VOUCH_PASSKEY_AAGUID_LEN, err).ptr;
    struct vouch_bytes len = take(rest, 2, err);
    size_t id_len = *err == VOUCH_OK ? (size_t)len.ptr[0] << 8 | len.ptr[1] : 0;
    if (id_len == 0 || id_len > VOUCH_PASSKEY_ID_MAX) {
        *err = VOUCH_ERR_FORMAT;
    }
    data->id = take(rest, id_len, err);
    data->key = take_item(rest, err);
}

int vouch_authdata_read(struct vouch_bytes bytes, struct vouch_authdata *ret_data) {
    struct vouch_authdata data = {0};
    int err = VOUCH_OK;
    data.host_hash = take(&bytes, HOST_HASH_LEN, &err).ptr;
    struct vouch_bytes head = take(&bytes, 5, &err);
    if (err != VOUCH_OK) {
        return err;
    }
    data.flags = head.ptr[0];
    data.count = (uint32_t)head.ptr[1] << 24 | (uint32_t)head.ptr[2] << 16 |
                 (uint32_t)head.ptr[3] << 8 | head.ptr[4];
    if (data.flags & VOUCH_AUTHDATA_HAS_KEY) {
        read_key(&bytes, &data, &err);
    }
    if (data.flags & VOUCH_AUTHDATA_HAS_MORE) {
        (void)take_item(&bytes, &err);
    }
    if (err == VOUCH_OK && bytes.len > 0) {
        err = VOUCH_ERR_TRAILING;
    }
    if (err == VOUCH_OK) {
        *ret_data = data;
    }
    return err;
}

uint32_t vouch_authdata_backup(const struct vouch_authdata *data) {
    return (data->flags & VOUCH_AUTHDATA_MAY_BACK_UP ? VOUCH_PASSKEY_MAY_BACK_UP : 0) |
           (data->flags & VOUCH_AUTHDATA_BACKED_UP ? VOUCH_PASSKEY_BACKED_UP : 0);
}

const char *vouch_authdata_judge(const struct vouch_authdata *data, struct vouch_bytes host) {
    uint8_t hash[HOST_HASH_LEN];
    vouch_passkey_hash(host, hash);
    if (memcmp(hash, data->host_hash, sizeof hash) != 0) {
        return "it is bound to another host name than this server's";
    }
    if (!(data->flags & VOUCH_AUTHDATA_PRESENT)) {
        return "it did not ask for anybody's presence";
    }
    if (!(data->flags & VOUCH_AUTHDATA_VERIFIED)) {
        return "it did not verify its user by PIN, fingerprint or face";
    }
    if (vouch_authdata_backup(data) == VOUCH_PASSKEY_BACKED_UP) {
        return "it says that it was backed up, and that it cannot be";
    }
    return NULL;
}

// --- attestation object (6.5)

const char *vouch_attestation_read(struct vouch_bytes attestation,
                                   struct vouch_bytes *ret_authdata) {
    enum { FORMAT, STATEMENT, AUTHDATA, MEMBERS };
    static const char *const names[MEMBERS] = {"fmt", "attStmt", "authData"};
    struct vouch_bytes values[MEMBERS] = {{0}};
    size_t stated = 0;
    struct vouch_cbor cbor = vouch_cbor_of(attestation);
    if (vouch_cbor_map(&cbor) != MEMBERS) {
        return "its attestation is damaged";
    }
    for (size_t i = 0; i < MEMBERS && cbor.err == VOUCH_OK; i++) {
        struct vouch_bytes name = vouch_cbor_text(&cbor);
        size_t at = 0;
        while (at < MEMBERS && !vouch_bytes_equal(name, vouch_bytes_of(names[at]))) {
            at++;
        }
        if (at == MEMBERS || values[at].ptr != NULL) {
            return "its attestation is damaged";
        }
        struct vouch_cbor value = cbor;
        values[at] = vouch_cbor_skip(&cbor);
        if (at == FORMAT) {
            values[at] = vouch_cbor_text(&value);
        } else if (at == AUTHDATA) {
            values[at] = vouch_cbor_bytes(&value);
        } else {
            stated = vouch_cbor_map(&value);
        }
        cbor.err = value.err != VOUCH_OK ? value.err : cbor.err;
    }
    if (vouch_cbor_end(&cbor) != VOUCH_OK) {
        return "its attestation is damaged";
    }
    if (!vouch_bytes_equal(values[FORMAT], vouch_bytes_of("none")) || stated != 0) {
        return "it sends an attestation, and none was asked for";
    }
    *ret_authdata = values[AUTHDATA];
    return NULL;
}

// --- keys (RFC 9053)

struct cose {
    int64_t kind, algorithm, curve;
    struct vouch_bytes x, y; // -2, -3; of RSA the exponent is -2
    struct vouch_bytes modulus;
};

enum { COSE_KIND = 1, COSE_ALGORITHM = 3, COSE_FIRST = -1, COSE_SECOND = -2, COSE_THIRD = -3 };
enum { KIND_OKP = 1, KIND_EC2 = 2, KIND_RSA = 3 };
enum { CURVE_P256 = 1, CURVE_ED25519 = 6 };

// Labels ascend in the order of their encodings, each once: 1, 3, -1, -2, -3.
static int64_t order_of(int64_t label) {
    return label >= 0 ? label : 1000 - label;
}

static void read_member(struct vouch_cbor *cbor, int64_t label, struct cose *cose) {
    switch (label) {
    case COSE_KIND:
        cose->kind = vouch_cbor_integer(cbor);
        return;
    case COSE_ALGORITHM:
        cose->algorithm = vouch_cbor_integer(cbor);
        return;
    case COSE_FIRST:
        if (cose->kind == KIND_RSA) {
            cose->modulus = vouch_cbor_bytes(cbor);
        } else {
            cose->curve = vouch_cbor_integer(cbor);
        }
        return;
    case COSE_SECOND:
        cose->x = vouch_cbor_bytes(cbor);
        return;
    case COSE_THIRD:
        cose->y = vouch_cbor_bytes(cbor);
        return;
    default:
        cbor->err = VOUCH_ERR_FORMAT;
    }
}

static int read_members(struct vouch_bytes key, struct cose *ret_cose) {
    struct vouch_cbor cbor = vouch_cbor_of(key);
    struct cose cose = {0};
    int64_t last = -1;
    size_t count = vouch_cbor_map(&cbor);
    for (size_t i = 0; i < count && cbor.err == VOUCH_OK; i++) {
        int64_t label = vouch_cbor_integer(&cbor);
        if (order_of(label) <= last) {
            return VOUCH_ERR_FORMAT;
        }
        last = order_of(label);
        read_member(&cbor, label, &cose);
    }
    *ret_cose = cose;
    return vouch_cbor_end(&cbor);
}

static size_t put(uint8_t *room, size_t at, struct vouch_bytes bytes) {
    memcpy(room + at, bytes.ptr, bytes.len);
    return at + bytes.len;
}

// How many bytes of key were written; 0 if it is none of its kind.
static size_t put_key(const struct cose *cose, uint8_t *room) {
    if (cose->algorithm == VOUCH_COSE_EDDSA && cose->kind == KIND_OKP &&
        cose->curve == CURVE_ED25519 && cose->x.len == 32 && cose->y.ptr == NULL) {
        return put(room, 0, cose->x);
    }
    if (cose->algorithm == VOUCH_COSE_ES256 && cose->kind == KIND_EC2 &&
        cose->curve == CURVE_P256 && cose->x.len == 32 && cose->y.len == 32) {
        return put(room, put(room, 0, cose->x), cose->y);
    }
    if (cose->algorithm == VOUCH_COSE_RS256 && cose->kind == KIND_RSA && cose->y.ptr == NULL &&
        cose->modulus.len == RSA_MODULUS_LEN && cose->modulus.ptr[0] >= 0x80 &&
        cose->modulus.ptr[RSA_MODULUS_LEN - 1] % 2 == 1 && cose->x.len == RSA_EXPONENT_LEN &&
        memcmp(cose->x.ptr, "\x01\x00\x01", RSA_EXPONENT_LEN) == 0) {
        return put(room, put(room, 0, cose->modulus), cose->x);
    }
    return 0;
}

const char *vouch_cose_key_read(struct vouch_bytes key, uint8_t *room,
                                struct vouch_passkey *ret_passkey) {
    struct cose cose;
    int is_offered = 0;
    if (read_members(key, &cose) != VOUCH_OK) {
        return "its key is damaged";
    }
    for (size_t i = 0; i < VOUCH_PASSKEY_ALGORITHMS; i++) {
        is_offered |= cose.algorithm == vouch_passkey_algorithms[i];
    }
    if (!is_offered) {
        return "its key is of a kind that was not offered";
    }
    size_t len = put_key(&cose, room);
    if (len == 0) {
        return "its key is damaged";
    }
    ret_passkey->algorithm = (int32_t)cose.algorithm;
    ret_passkey->key = (struct vouch_bytes){room, len};
    return vouch_passkey_key_is(ret_passkey) ? NULL : "its key is damaged";
}
