// SPDX-License-Identifier: ISC
// Private keys: making, reading and writing their fields (PROTOCOL.key), signing.
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/secret.h"
#include "core/key-pkey.h"
#include "core/key-signer.h"
#include "core/key.h"

struct vouch_private_key *vouch_private_key_new(const struct vouch_key_impl *impl) {
    struct vouch_private_key *key = calloc(1, sizeof *key);
    if (key != NULL) {
        key->impl = impl;
    }
    return key;
}

void vouch_private_key_free(struct vouch_private_key *key) {
    if (key == NULL) {
        return;
    }
    vouch_key_free(key->public_key);
    EVP_PKEY_free(key->pkey); // libcrypto wipes the private numbers
    vouch_secret_free(key->secret);
    free(key);
}

const struct vouch_key *vouch_private_key_public(const struct vouch_private_key *key) {
    return key->public_key;
}

int vouch_private_key_generate(enum vouch_key_type type, unsigned bits,
                               struct vouch_private_key **ret_key) {
    const struct vouch_key_impl *impl = vouch_key_impl_of(type);
    if (impl == NULL || impl->generate == NULL) {
        return VOUCH_ERR_UNSUPPORTED;
    }
    struct vouch_private_key *key = vouch_private_key_new(impl);
    int err = key == NULL ? VOUCH_ERR_NO_MEMORY : impl->generate(bits, key);
    if (err != VOUCH_OK) {
        vouch_private_key_free(key);
        return err;
    }
    *ret_key = key;
    return VOUCH_OK;
}

int vouch_private_key_sign(const struct vouch_private_key *key, const char *algorithm,
                           struct vouch_bytes message, struct vouch_buf *signature) {
    if (key->impl->sign == NULL) {
        return VOUCH_ERR_UNSUPPORTED;
    }
    return key->impl->sign(key, algorithm, message, signature);
}

int vouch_key_signs(void *key, struct vouch_bytes tbs, struct vouch_buf *signature) {
    return vouch_private_key_sign(key, NULL, tbs, signature);
}

struct vouch_private_key *vouch_private_key_read(struct vouch_reader *reader) {
    struct vouch_bytes name = vouch_read_string(reader, "key type");
    const struct vouch_key_impl *impl = vouch_key_impl_of(vouch_key_type_from_name(name));
    if (reader->err == VOUCH_OK && impl == NULL) {
        vouch_reader_fail(reader, VOUCH_ERR_UNSUPPORTED, "key type", "is not a known key type");
    }
    if (reader->err != VOUCH_OK) {
        return NULL;
    }
    struct vouch_private_key *key = vouch_private_key_new(impl);
    if (key == NULL) {
        vouch_reader_fail(reader, VOUCH_ERR_NO_MEMORY, "private key", NULL);
        return NULL;
    }
    impl->read_private(reader, key);
    if (reader->err != VOUCH_OK) {
        vouch_private_key_free(key);
        return NULL;
    }
    return key;
}

int vouch_private_key_write(const struct vouch_private_key *key, struct vouch_buf *out) {
    vouch_write_text(out, key->impl->name);
    return key->impl->write_private(key, VOUCH_KEY_LAYOUT_WHOLE, out);
}

// The type of an EVP_PKEY; NULL if it is none of ours.
static const struct vouch_key_impl *impl_of_pkey(EVP_PKEY *pkey) {
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        return &vouch_key_impl_rsa;
    }
    static const struct {
        const char *group;
        const struct vouch_key_impl *impl;
    } groups[] = {
        {"prime256v1", &vouch_key_impl_ecdsa_p256},
        {"secp384r1", &vouch_key_impl_ecdsa_p384},
        {"secp521r1", &vouch_key_impl_ecdsa_p521},
    };
    char group[32] = "";
    if (!EVP_PKEY_is_a(pkey, "EC") ||
        EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                       NULL) != 1) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (strcmp(group, groups[i].group) == 0) {
            return groups[i].impl;
        }
    }
    return NULL;
}

int vouch_private_key_from_pkey(EVP_PKEY *take_pkey, struct vouch_private_key **ret_key) {
    const struct vouch_key_impl *impl = impl_of_pkey(take_pkey);
    struct vouch_private_key *key = impl != NULL ? vouch_private_key_new(impl) : NULL;
    if (key == NULL) {
        EVP_PKEY_free(take_pkey);
        return impl == NULL ? VOUCH_ERR_UNSUPPORTED : VOUCH_ERR_NO_MEMORY;
    }
    int err = vouch_pkey_adopt(take_pkey, key);
    if (err == VOUCH_OK) {
        err = impl == &vouch_key_impl_rsa ? vouch_rsa_check_pair(key->pkey)
                                          : vouch_pkey_check_pair(key->pkey);
    }
    if (err != VOUCH_OK) {
        vouch_private_key_free(key);
        return err;
    }
    *ret_key = key;
    return VOUCH_OK;
}
