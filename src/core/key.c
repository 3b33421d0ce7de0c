// SPDX-License-Identifier: ISC
// Public keys: the table of types, reading, comparing, hashing.
#include "core/key.h"

#include <limits.h>
#include <openssl/hmac.h>
#include <stdatomic.h>
#include <stdlib.h>

static const struct vouch_key_impl *const impls[] = {
    &vouch_key_impl_rsa,           &vouch_key_impl_ecdsa_p256, &vouch_key_impl_ecdsa_p384,
    &vouch_key_impl_ecdsa_p521,    &vouch_key_impl_ed25519,    &vouch_key_impl_sk_ed25519,
    &vouch_key_impl_sk_ecdsa_p256,
};

#define IMPL_COUNT (sizeof impls / sizeof impls[0])

const struct vouch_key_impl *vouch_key_impl_of(enum vouch_key_type type) {
    for (size_t i = 0; i < IMPL_COUNT; i++) {
        if (impls[i]->type == type) {
            return impls[i];
        }
    }
    return NULL;
}

const char *vouch_key_type_name(enum vouch_key_type type) {
    const struct vouch_key_impl *impl = vouch_key_impl_of(type);
    return impl != NULL ? impl->name : NULL;
}

const char *vouch_key_type_label(enum vouch_key_type type) {
    const struct vouch_key_impl *impl = vouch_key_impl_of(type);
    return impl != NULL ? impl->label : NULL;
}

const char *vouch_key_type_cert_name(enum vouch_key_type type) {
    const struct vouch_key_impl *impl = vouch_key_impl_of(type);
    return impl != NULL ? impl->cert_name : NULL;
}

enum vouch_key_type vouch_key_type_from_name(struct vouch_bytes name) {
    for (size_t i = 0; i < IMPL_COUNT; i++) {
        if (vouch_bytes_equal(name, vouch_bytes_of(impls[i]->name))) {
            return impls[i]->type;
        }
    }
    return VOUCH_KEY_NONE;
}

enum vouch_key_type vouch_key_type_from_cert_name(struct vouch_bytes name) {
    for (size_t i = 0; i < IMPL_COUNT; i++) {
        if (vouch_bytes_equal(name, vouch_bytes_of(impls[i]->cert_name))) {
            return impls[i]->type;
        }
    }
    return VOUCH_KEY_NONE;
}

void vouch_key_free(struct vouch_key *key) {
    if (key == NULL) {
        return;
    }
    EVP_PKEY_free(key->pkey);
    free((void *)(uintptr_t)key->blob.ptr);
    free(key);
}

// The canonical encoding: what was read may have had superfluous zeros.
static int encode(struct vouch_key *key) {
    struct vouch_buf blob;
    vouch_buf_init(&blob, VOUCH_KEY_BLOB_MAX);
    vouch_write_text(&blob, key->impl->name);
    if (key->impl->curve != NULL) {
        vouch_write_text(&blob, key->impl->curve);
    }
    if (key->impl->type == VOUCH_KEY_RSA) {
        vouch_write_mpint(&blob, key->rsa_e);
        vouch_write_mpint(&blob, key->rsa_n);
    } else {
        vouch_write_string(&blob, key->point);
    }
    if (key->impl->has_application) {
        vouch_write_string(&blob, key->application);
    }
    if (blob.err != VOUCH_OK) {
        int err = blob.err;
        vouch_buf_done(&blob);
        return err;
    }
    key->blob.ptr = vouch_buf_take(&blob, &key->blob.len);
    return VOUCH_OK;
}

// Reads the fields again from the key's own blob, so that its slices outlive the input.
static int read_own(struct vouch_key *key) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, key->blob);
    (void)vouch_read_string(&reader, "key type");
    key->impl->read_public(&reader, key);
    return vouch_reader_end(&reader, NULL);
}

static int complete(struct vouch_key *key) {
    int err = encode(key);
    if (err == VOUCH_OK) {
        err = read_own(key);
    }
    if (err == VOUCH_OK && key->impl->load != NULL) {
        err = key->impl->load(key);
    }
    return err;
}

struct vouch_key *vouch_key_read(struct vouch_reader *reader, const struct vouch_key_impl *impl) {
    struct vouch_key *key = calloc(1, sizeof *key);
    if (key == NULL) {
        vouch_reader_fail(reader, VOUCH_ERR_NO_MEMORY, "key", NULL);
        return NULL;
    }
    key->impl = impl;
    impl->read_public(reader, key);
    int err = reader->err != VOUCH_OK ? reader->err : complete(key);
    if (err != VOUCH_OK) {
        vouch_key_free(key);
        vouch_reader_fail(reader, err, "key", "is not a valid key of its type");
        return NULL;
    }
    return key;
}

int vouch_key_parse(struct vouch_bytes blob, struct vouch_key **ret_key,
                    struct vouch_where *ret_where) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, blob);
    struct vouch_bytes name = vouch_read_string(&reader, "key type");
    const struct vouch_key_impl *impl = vouch_key_impl_of(vouch_key_type_from_name(name));
    if (reader.err == VOUCH_OK && impl == NULL) {
        vouch_reader_fail(&reader, VOUCH_ERR_UNSUPPORTED, "key type", "is not a known key type");
    }
    struct vouch_key *key = reader.err == VOUCH_OK ? vouch_key_read(&reader, impl) : NULL;
    int err = vouch_reader_end(&reader, ret_where);
    if (err != VOUCH_OK) {
        vouch_key_free(key);
        return err;
    }
    *ret_key = key;
    return VOUCH_OK;
}

struct vouch_key *vouch_key_copy(const struct vouch_key *key) {
    struct vouch_key *copy = NULL;
    return vouch_key_parse(key->blob, &copy, NULL) == VOUCH_OK ? copy : NULL;
}

int vouch_key_from_fields(const struct vouch_key_impl *impl, struct vouch_bytes a,
                          struct vouch_bytes b, struct vouch_key **ret_key) {
    struct vouch_key fields = {.impl = impl};
    if (impl->type == VOUCH_KEY_RSA) {
        fields.rsa_e = a;
        fields.rsa_n = b;
    } else {
        fields.point = a;
        fields.application = b;
    }
    int err = encode(&fields);
    if (err == VOUCH_OK) {
        err = vouch_key_parse(fields.blob, ret_key, NULL);
    }
    free((void *)(uintptr_t)fields.blob.ptr);
    return err;
}

enum vouch_key_type vouch_key_type(const struct vouch_key *key) {
    return key->impl->type;
}

struct vouch_bytes vouch_key_blob(const struct vouch_key *key) {
    return key->blob;
}

unsigned vouch_key_bits(const struct vouch_key *key) {
    return key->bits;
}

struct vouch_bytes vouch_key_application(const struct vouch_key *key) {
    return key->application;
}

int vouch_key_equal(const struct vouch_key *a, const struct vouch_key *b) {
    return vouch_bytes_equal(a->blob, b->blob);
}

const char vouch_key_sound[] = "";

const char *vouch_key_weakness(const struct vouch_key *key) {
    struct vouch_key *cache = (struct vouch_key *)(uintptr_t)key;
    const char *why = atomic_load(&cache->weakness);
    if (why == NULL) {
        why = key->impl->weakness(key);
        why = why != NULL ? why : vouch_key_sound;
        atomic_store(&cache->weakness, why);
    }
    return why != vouch_key_sound ? why : NULL;
}

const char *vouch_key_ca_weakness(const struct vouch_key *key) {
    if (key->impl->sign == NULL) {
        return "is held by a security key, which cannot sign for a CA here";
    }
    if (key->impl->type == VOUCH_KEY_RSA && key->bits < 3072) {
        return "is an RSA key of fewer than 3072 bits, too short for a CA";
    }
    return vouch_key_weakness(key);
}

struct vouch_bytes vouch_signature_algorithm(struct vouch_bytes signature) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, signature);
    return vouch_read_string(&reader, "signature algorithm");
}

int vouch_key_verify(const struct vouch_key *key, struct vouch_bytes signature,
                     struct vouch_bytes message) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, signature);
    struct vouch_bytes algorithm = vouch_read_string(&reader, "signature algorithm");
    if (reader.err != VOUCH_OK) {
        return reader.err;
    }
    return key->impl->verify(key, algorithm, &reader, message);
}

static const EVP_MD *md_of(enum vouch_hash hash) {
    switch (hash) {
    case VOUCH_HASH_SHA256:
        return EVP_sha256();
    case VOUCH_HASH_SHA1:
        return EVP_sha1();
    case VOUCH_HASH_SHA384:
        return EVP_sha384();
    case VOUCH_HASH_SHA512:
        return EVP_sha512();
    case VOUCH_HASH_MD5:
        return EVP_md5();
    }
    return NULL;
}

size_t vouch_hash_bytes(enum vouch_hash hash, struct vouch_bytes message,
                        uint8_t ret_digest[static VOUCH_HASH_MAX]) {
    unsigned len = 0;
    const EVP_MD *md = md_of(hash);
    if (md == NULL || EVP_Digest(message.ptr, message.len, ret_digest, &len, md, NULL) != 1) {
        return 0;
    }
    return len;
}

size_t vouch_hash_hmac(enum vouch_hash hash, struct vouch_bytes key, struct vouch_bytes message,
                       uint8_t ret_mac[static VOUCH_HASH_MAX]) {
    unsigned len = 0;
    const EVP_MD *md = md_of(hash);
    if (md == NULL || key.len > INT_MAX ||
        HMAC(md, key.ptr, (int)key.len, message.ptr, message.len, ret_mac, &len) == NULL) {
        return 0;
    }
    return len;
}
