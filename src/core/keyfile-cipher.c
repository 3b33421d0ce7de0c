// SPDX-License-Identifier: ISC
// The ciphers of OpenSSH's private key files: AES and triple DES of libcrypto, and OpenSSH's own
// arrangement of ChaCha20 and Poly1305 (PROTOCOL.chacha20poly1305).
#include <openssl/evp.h>
#include <sodium.h>

#include "base/mem.h"
#include "core/keyfile.h"

#define SECTION_MAX VOUCH_KEYFILE_MAX // far below what libcrypto's int lengths can say
#define CHACHA_TEXT_BLOCK 1           // block 0 of the key stream keys Poly1305

static void ctx_free_at_end(EVP_CIPHER_CTX **ctx) {
    EVP_CIPHER_CTX_free(*ctx);
}

#define autoctx VOUCH_CLEANUP(ctx_free_at_end)

static int open_none(const struct vouch_keyfile_cipher *cipher, const uint8_t *key,
                     struct vouch_bytes section, const uint8_t *tag, uint8_t *plain) {
    (void)cipher, (void)key, (void)tag;
    if (section.len > 0) {
        memcpy(plain, section.ptr, section.len);
    }
    return VOUCH_OK;
}

// Runs a whole section through libcrypto, without its padding; the format has its own.
static int run(EVP_CIPHER_CTX *ctx, struct vouch_bytes in, uint8_t *out) {
    int len = 0;
    int rest = 0;
    if (in.len > SECTION_MAX || EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
        EVP_CipherUpdate(ctx, out, &len, in.ptr, (int)in.len) != 1) {
        return VOUCH_ERR_CRYPTO;
    }
    uint8_t none[EVP_MAX_BLOCK_LENGTH];
    if (EVP_CipherFinal_ex(ctx, none, &rest) != 1) {
        return VOUCH_ERR_PASSPHRASE; // only the tag of an AEAD can fail here
    }
    return (size_t)len == in.len && rest == 0 ? VOUCH_OK : VOUCH_ERR_CRYPTO;
}

static int open_evp(const struct vouch_keyfile_cipher *cipher, const uint8_t *key,
                    struct vouch_bytes section, const uint8_t *tag, uint8_t *plain) {
    autoctx EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    if (EVP_CipherInit_ex(ctx, cipher->evp(), NULL, key, key + cipher->key_len, 0) != 1) {
        return VOUCH_ERR_CRYPTO;
    }
    // libcrypto takes the tag as void *, but only reads it.
    if (cipher->tag_len > 0 && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)cipher->tag_len,
                                                   (void *)(uintptr_t)tag) != 1) {
        return VOUCH_ERR_CRYPTO;
    }
    return run(ctx, section, plain);
}

int vouch_keyfile_cipher_seal(const struct vouch_keyfile_cipher *cipher, const uint8_t *key,
                              struct vouch_bytes plain, uint8_t *ret_section) {
    autoctx EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    if (cipher->evp == NULL || cipher->tag_len > 0 ||
        EVP_CipherInit_ex(ctx, cipher->evp(), NULL, key, key + cipher->key_len, 1) != 1) {
        return VOUCH_ERR_CRYPTO;
    }
    return run(ctx, plain, ret_section);
}

// The second half of the key is for the lengths of packets, which a file has not; the number of the
// packet, which is the nonce, is 0.
static int open_chacha(const struct vouch_keyfile_cipher *cipher, const uint8_t *key,
                       struct vouch_bytes section, const uint8_t *tag, uint8_t *plain) {
    (void)cipher;
    static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    vouch_autosecret struct vouch_secret once = {0};
    int err = vouch_secret_new(crypto_onetimeauth_KEYBYTES, &once);
    if (err != VOUCH_OK) {
        return err;
    }
    (void)crypto_stream_chacha20(once.ptr, once.len, nonce, key);
    if (crypto_onetimeauth_verify(tag, section.ptr, section.len, once.ptr) != 0) {
        return VOUCH_ERR_PASSPHRASE;
    }
    (void)crypto_stream_chacha20_xor_ic(plain, section.ptr, section.len, nonce, CHACHA_TEXT_BLOCK,
                                        key);
    return VOUCH_OK;
}

static const struct vouch_keyfile_cipher ciphers[] = {
    {"none", 8, 0, 0, 0, open_none, NULL},
    {"aes256-ctr", 16, 32, 16, 0, open_evp, EVP_aes_256_ctr},
    {"aes192-ctr", 16, 24, 16, 0, open_evp, EVP_aes_192_ctr},
    {"aes128-ctr", 16, 16, 16, 0, open_evp, EVP_aes_128_ctr},
    {"aes256-cbc", 16, 32, 16, 0, open_evp, EVP_aes_256_cbc},
    {"aes192-cbc", 16, 24, 16, 0, open_evp, EVP_aes_192_cbc},
    {"aes128-cbc", 16, 16, 16, 0, open_evp, EVP_aes_128_cbc},
    {"3des-cbc", 8, 24, 8, 0, open_evp, EVP_des_ede3_cbc},
    {"aes256-gcm@openssh.com", 16, 32, 12, 16, open_evp, EVP_aes_256_gcm},
    {"aes128-gcm@openssh.com", 16, 16, 12, 16, open_evp, EVP_aes_128_gcm},
    {"chacha20-poly1305@openssh.com", 8, 64, 0, 16, open_chacha, NULL},
};

const struct vouch_keyfile_cipher *vouch_keyfile_cipher_of(struct vouch_bytes name) {
    for (size_t i = 0; i < sizeof ciphers / sizeof ciphers[0]; i++) {
        if (vouch_bytes_equal(name, vouch_bytes_of(ciphers[i].name))) {
            return &ciphers[i];
        }
    }
    return NULL;
}
