// SPDX-License-Identifier: ISC
// SHA-256 on libcrypto, with its state kept between hashes.
#include "ledger/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct vouch_hasher {
    EVP_MD *md;
    EVP_MD_CTX *context;
    int err;
};

struct vouch_hasher *vouch_hasher_new(void) {
    struct vouch_hasher *hasher = calloc(1, sizeof *hasher);
    if (hasher == NULL) {
        return NULL;
    }
    hasher->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    hasher->context = EVP_MD_CTX_new();
    if (hasher->md == NULL || hasher->context == NULL ||
        EVP_MD_get_size(hasher->md) != VOUCH_TREE_HASH_LEN) {
        vouch_hasher_free(hasher);
        return NULL;
    }
    return hasher;
}

void vouch_hasher_free(struct vouch_hasher *hasher) {
    if (hasher == NULL) {
        return;
    }
    EVP_MD_CTX_free(hasher->context);
    EVP_MD_free(hasher->md);
    free(hasher);
}

int vouch_hasher_error(const struct vouch_hasher *hasher) {
    return hasher->err;
}

static void digest(struct vouch_hasher *hasher, struct vouch_bytes head, struct vouch_bytes rest,
                   struct vouch_tree_hash *ret_hash) {
    // A failed hash is all zeros, which no tree contains; the error is what counts.
    struct vouch_tree_hash hash = {{0}};
    if (EVP_DigestInit_ex2(hasher->context, hasher->md, NULL) != 1 ||
        EVP_DigestUpdate(hasher->context, head.ptr, head.len) != 1 ||
        EVP_DigestUpdate(hasher->context, rest.ptr, rest.len) != 1 ||
        EVP_DigestFinal_ex(hasher->context, hash.bytes, NULL) != 1) {
        hasher->err = VOUCH_ERR_CRYPTO;
    }
    *ret_hash = hash;
}

void vouch_hasher_plain(struct vouch_hasher *hasher, struct vouch_bytes data,
                        struct vouch_tree_hash *ret_hash) {
    digest(hasher, data, (struct vouch_bytes){0}, ret_hash);
}

void vouch_hasher_leaf(struct vouch_hasher *hasher, struct vouch_bytes entry,
                       struct vouch_tree_hash *ret_hash) {
    static const uint8_t prefix[1] = {0x00};
    digest(hasher, (struct vouch_bytes){prefix, sizeof prefix}, entry, ret_hash);
}

void vouch_hasher_node(struct vouch_hasher *hasher, const struct vouch_tree_hash *left,
                       const struct vouch_tree_hash *right, struct vouch_tree_hash *ret_hash) {
    uint8_t node[1 + 2 * VOUCH_TREE_HASH_LEN] = {0x01};
    memcpy(node + 1, left->bytes, VOUCH_TREE_HASH_LEN);
    memcpy(node + 1 + VOUCH_TREE_HASH_LEN, right->bytes, VOUCH_TREE_HASH_LEN);
    digest(hasher, (struct vouch_bytes){node, sizeof node}, (struct vouch_bytes){0}, ret_hash);
}
