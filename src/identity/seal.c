// SPDX-License-Identifier: ISC
// Seals and keyed hashes, with libsodium.
#include "identity/seal.h"

#include <assert.h>
#include <sodium.h>

#include "identity/method.h"

#define VERSION 1
#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LEN crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HEAD_LEN (1 + VOUCH_SEAL_ID_LEN)
#define CONTEXT "vouch-id" // of the key derivation, 8 characters

_Static_assert(VOUCH_SEAL_EXTRA == HEAD_LEN + NONCE_LEN + TAG_LEN, "the seal's parts");
_Static_assert(VOUCH_SEAL_KEY_LEN == crypto_aead_xchacha20poly1305_ietf_KEYBYTES &&
                   VOUCH_SEAL_KEY_LEN == crypto_kdf_KEYBYTES,
               "one length of keys");

static const uint8_t *key_of(const struct vouch_identity_engine *engine, enum vouch_seal_use use) {
    return engine->keys.ptr + (size_t)use * VOUCH_SEAL_KEY_LEN;
}

int vouch_seal_derive(struct vouch_bytes key, struct vouch_secret *ret_keys,
                      uint8_t ret_id[static VOUCH_SEAL_ID_LEN]) {
    uint8_t id[16]; // the shortest that can be derived
    assert(key.len == crypto_kdf_KEYBYTES);
    int err = vouch_secret_new(VOUCH_SEAL_USES * VOUCH_SEAL_KEY_LEN, ret_keys);
    if (err != VOUCH_OK) {
        return err;
    }
    for (size_t use = 0; use < VOUCH_SEAL_USES; use++) {
        (void)crypto_kdf_derive_from_key(ret_keys->ptr + use * VOUCH_SEAL_KEY_LEN,
                                         VOUCH_SEAL_KEY_LEN, use + 1, CONTEXT, key.ptr);
    }
    (void)crypto_kdf_derive_from_key(id, sizeof id, 0, CONTEXT, key.ptr);
    memcpy(ret_id, id, VOUCH_SEAL_ID_LEN);
    return VOUCH_OK;
}

// Associated data: the version and the key's ID, the use, the user.
struct context {
    uint8_t bytes[HEAD_LEN + 1 + VOUCH_IDENTITY_USER_MAX];
    size_t len;
};

static struct context context_of(const struct vouch_identity_engine *engine,
                                 enum vouch_seal_use use, struct vouch_bytes user) {
    struct context context = {.bytes = {VERSION}, .len = HEAD_LEN + 1 + user.len};
    assert(user.len <= VOUCH_IDENTITY_USER_MAX);
    memcpy(context.bytes + 1, engine->key_id, VOUCH_SEAL_ID_LEN);
    context.bytes[HEAD_LEN] = (uint8_t)use;
    if (user.len > 0) {
        memcpy(context.bytes + HEAD_LEN + 1, user.ptr, user.len);
    }
    return context;
}

void vouch_seal(const struct vouch_identity_engine *engine, enum vouch_seal_use use,
                struct vouch_bytes user, struct vouch_bytes plain, struct vouch_buf *out) {
    const struct context context = context_of(engine, use, user);
    uint8_t nonce[NONCE_LEN];
    assert(plain.len <= VOUCH_SEAL_PLAIN_MAX);
    vouch_random(nonce, sizeof nonce);
    vouch_buf_put(out, (struct vouch_bytes){context.bytes, HEAD_LEN});
    vouch_buf_put(out, (struct vouch_bytes){nonce, sizeof nonce});
    uint8_t *to = vouch_buf_extend(out, plain.len + TAG_LEN);
    if (to != NULL) {
        (void)crypto_aead_xchacha20poly1305_ietf_encrypt(to, NULL, plain.ptr, plain.len,
                                                         context.bytes, context.len, NULL, nonce,
                                                         key_of(engine, use));
    }
}

static int damaged(struct vouch_fault *fault, const char *what) {
    return vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_stored,
                           "identity: the sealed secret of the user %s", what);
}

int vouch_unseal(const struct vouch_identity_engine *engine, enum vouch_seal_use use,
                 struct vouch_bytes user, struct vouch_bytes sealed, uint8_t *out, size_t len,
                 struct vouch_fault *fault) {
    const struct context context = context_of(engine, use, user);
    if (sealed.len != VOUCH_SEAL_EXTRA + len || sealed.ptr[0] != VERSION) {
        return damaged(fault, "has a length or version that is not known here");
    }
    if (memcmp(sealed.ptr + 1, engine->key_id, VOUCH_SEAL_ID_LEN) != 0) {
        return damaged(fault, "was sealed under another key than this service has");
    }
    const uint8_t *nonce = sealed.ptr + HEAD_LEN;
    int err = crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, nonce + NONCE_LEN,
                                                         len + TAG_LEN, context.bytes, context.len,
                                                         nonce, key_of(engine, use));
    return err == 0 ? VOUCH_OK : damaged(fault, "is damaged or belongs to another user");
}

void vouch_seal_hash(const struct vouch_identity_engine *engine, enum vouch_seal_use use,
                     struct vouch_bytes user, struct vouch_bytes secret,
                     uint8_t ret_hash[static VOUCH_SEAL_HASH_LEN]) {
    const struct context context = context_of(engine, use, user);
    const uint8_t len = (uint8_t)context.len; // so that no user's end is another secret's beginning
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, key_of(engine, use), VOUCH_SEAL_KEY_LEN,
                                  VOUCH_SEAL_HASH_LEN);
    (void)crypto_generichash_update(&state, &len, 1);
    (void)crypto_generichash_update(&state, context.bytes, context.len);
    (void)crypto_generichash_update(&state, secret.ptr, secret.len);
    (void)crypto_generichash_final(&state, ret_hash, VOUCH_SEAL_HASH_LEN);
    vouch_wipe(&state, sizeof state);
}
