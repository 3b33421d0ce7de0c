// SPDX-License-Identifier: ISC
// PEM private keys: PKCS#1, SEC1 and PKCS#8, encrypted or not, by way of libcrypto.
//
// The kinds of block are told apart here, by a table, rather than left to libcrypto's decoders: those
// take whatever they know (DH, DSA, engines), ask for a passphrase on the terminal, and put no bound
// on how long a file may make them derive a key.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "base/mem.h"
#include "core/keyfile.h"

#define PASSPHRASE_MAX 1023                  // what libcrypto's own buffer takes
#define PBKDF2_ROUNDS_MAX (10 * 1000 * 1000) // some 5 s; openssl's default is 2048
#define SCRYPT_COST_MAX (16 * 1024 * 1024)   // N * r * p; openssl's default is 131072
#define SEED_LEN 32

struct block {
    char *name;
    char *header;
    uint8_t *data;
    long len;
};

static void block_clear(struct block *block) {
    if (block->name != NULL) {
        OPENSSL_secure_free(block->name);
        OPENSSL_secure_free(block->header);
        OPENSSL_secure_clear_free(block->data, (size_t)block->len);
    }
    *block = (struct block){0};
}

static void bio_free_at_end(BIO **bio) {
    BIO_free(*bio);
}
static void sig_free_at_end(X509_SIG **sig) {
    X509_SIG_free(*sig);
}
static void info_free_at_end(PKCS8_PRIV_KEY_INFO **info) {
    PKCS8_PRIV_KEY_INFO_free(*info);
}
static void pbe2_free_at_end(PBE2PARAM **param) {
    PBE2PARAM_free(*param);
}
static void pbe_free_at_end(PBEPARAM **param) {
    PBEPARAM_free(*param);
}
static void pbkdf2_free_at_end(PBKDF2PARAM **param) {
    PBKDF2PARAM_free(*param);
}
static void scrypt_free_at_end(SCRYPT_PARAMS **param) {
    SCRYPT_PARAMS_free(*param);
}

// A number of the ASN.1, or -1 if it is negative or does not fit.
static int64_t number_of(const ASN1_INTEGER *number) {
    int64_t value = 0;
    return ASN1_INTEGER_get_int64(&value, number) == 1 && value >= 0 ? value : -1;
}

static int within(const ASN1_INTEGER *number, int64_t max) {
    int64_t value = number_of(number);
    return value >= 0 && value <= max;
}

static int judge_pbkdf2(const X509_ALGOR *kdf) {
    VOUCH_CLEANUP(pbkdf2_free_at_end)
    PBKDF2PARAM *param = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), kdf->parameter);
    if (param == NULL) {
        return VOUCH_ERR_FORMAT;
    }
    return within(param->iter, PBKDF2_ROUNDS_MAX) ? VOUCH_OK : VOUCH_ERR_LIMIT;
}

static int judge_scrypt(const X509_ALGOR *kdf) {
    VOUCH_CLEANUP(scrypt_free_at_end)
    SCRYPT_PARAMS *param = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), kdf->parameter);
    if (param == NULL) {
        return VOUCH_ERR_FORMAT;
    }
    const ASN1_INTEGER *factors[] = {param->costParameter, param->blockSize,
                                     param->parallelizationParameter};
    int64_t cost = 1;
    for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++) {
        if (!within(factors[i], SCRYPT_COST_MAX / cost) || number_of(factors[i]) == 0) {
            return VOUCH_ERR_LIMIT;
        }
        cost *= number_of(factors[i]);
    }
    return VOUCH_OK;
}

// PKCS#5 version 2.
static int judge_pbes2(const X509_ALGOR *encryption) {
    VOUCH_CLEANUP(pbe2_free_at_end)
    PBE2PARAM *param = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), encryption->parameter);
    if (param == NULL) {
        return VOUCH_ERR_FORMAT;
    }
    switch (OBJ_obj2nid(param->keyfunc->algorithm)) {
    case NID_id_pbkdf2:
        return judge_pbkdf2(param->keyfunc);
    case NID_id_scrypt:
        return judge_scrypt(param->keyfunc);
    default:
        return VOUCH_ERR_UNSUPPORTED;
    }
}

// Whether libcrypto may be asked to derive the key: an algorithm that it has, at a cost with a bound.
static int judge_encryption(const X509_SIG *sig) {
    const X509_ALGOR *encryption = NULL;
    X509_SIG_get0(sig, &encryption, NULL);
    int nid = OBJ_obj2nid(encryption->algorithm);
    if (nid == NID_pbes2) {
        return judge_pbes2(encryption);
    }
    if (EVP_PBE_find(EVP_PBE_TYPE_OUTER, nid, NULL, NULL, NULL) != 1) {
        return VOUCH_ERR_UNSUPPORTED;
    }
    VOUCH_CLEANUP(pbe_free_at_end)
    PBEPARAM *param = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), encryption->parameter);
    if (param == NULL) {
        return VOUCH_ERR_FORMAT;
    }
    return within(param->iter, PBKDF2_ROUNDS_MAX) ? VOUCH_OK : VOUCH_ERR_LIMIT;
}

// What each reader of a block is given.
struct input {
    struct block *block;
    struct vouch_bytes passphrase;
    int type; // EVP_PKEY_RSA or EVP_PKEY_EC where the block's name says so
    struct vouch_where *where;
};

static int ask_passphrase(const struct input *input) {
    if (input->passphrase.len == 0) {
        return vouch_keyfile_fail(input->where, VOUCH_ERR_PASSPHRASE, "private key", "encrypted");
    }
    if (input->passphrase.len > PASSPHRASE_MAX) {
        return vouch_keyfile_fail(input->where, VOUCH_ERR_LIMIT, "passphrase",
                                  "is longer than 1023 bytes, the most for PEM");
    }
    return VOUCH_OK;
}

static int wrong_passphrase(const struct input *input) {
    return vouch_keyfile_fail(input->where, VOUCH_ERR_PASSPHRASE, "private key",
                              "wrong passphrase");
}

static int damaged(const struct input *input) {
    return vouch_keyfile_fail(input->where, VOUCH_ERR_FORMAT, "PEM block",
                              "is not the private key that its name says");
}

// libcrypto's callback; it asks nobody.
static int give_passphrase(char *out, int size, int writing, void *context) {
    (void)writing;
    const struct vouch_bytes *passphrase = context;
    if (passphrase->len == 0 || passphrase->len > (size_t)size) {
        return -1;
    }
    memcpy(out, passphrase->ptr, passphrase->len);
    return (int)passphrase->len;
}

// Undoes the old encryption of PEM, announced by a DEK-Info header, in place.
static int decrypt_block(const struct input *input) {
    struct block *block = input->block;
    EVP_CIPHER_INFO cipher = {0};
    if (PEM_get_EVP_CIPHER_INFO(block->header, &cipher) != 1) {
        return vouch_keyfile_fail(input->where, VOUCH_ERR_UNSUPPORTED, "DEK-Info",
                                  "is damaged or names a cipher that is not known");
    }
    if (cipher.cipher == NULL) {
        return VOUCH_OK;
    }
    int err = ask_passphrase(input);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_bytes passphrase = input->passphrase;
    return PEM_do_header(&cipher, block->data, &block->len, give_passphrase, &passphrase) == 1
               ? VOUCH_OK
               : wrong_passphrase(input);
}

// PKCS#1 and SEC1.
static int read_traditional(const struct input *input, EVP_PKEY **ret_pkey) {
    int encrypted = input->block->header[0] != '\0';
    int err = encrypted ? decrypt_block(input) : VOUCH_OK;
    if (err != VOUCH_OK) {
        return err;
    }
    const uint8_t *at = input->block->data;
    const uint8_t *end = at + input->block->len;
    EVP_PKEY *pkey = d2i_PrivateKey(input->type, NULL, &at, input->block->len);
    if (pkey == NULL || at != end) {
        EVP_PKEY_free(pkey);
        // Without authentication a wrong passphrase gives noise, which one time in 256 has good padding.
        return encrypted ? wrong_passphrase(input) : damaged(input);
    }
    *ret_pkey = pkey;
    return VOUCH_OK;
}

static int pkey_of(const struct input *input, const PKCS8_PRIV_KEY_INFO *info,
                   EVP_PKEY **ret_pkey) {
    EVP_PKEY *pkey = EVP_PKCS82PKEY(info);
    if (pkey == NULL) {
        return vouch_keyfile_fail(input->where, VOUCH_ERR_FORMAT, "PEM block",
                                  "is damaged, or a key of a kind that is not known");
    }
    *ret_pkey = pkey;
    return VOUCH_OK;
}

static int read_pkcs8(const struct input *input, EVP_PKEY **ret_pkey) {
    const uint8_t *at = input->block->data;
    const uint8_t *end = at + input->block->len;
    VOUCH_CLEANUP(info_free_at_end)
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, input->block->len);
    return info == NULL || at != end ? damaged(input) : pkey_of(input, info, ret_pkey);
}

static int read_encrypted_pkcs8(const struct input *input, EVP_PKEY **ret_pkey) {
    const uint8_t *at = input->block->data;
    const uint8_t *end = at + input->block->len;
    VOUCH_CLEANUP(sig_free_at_end) X509_SIG *sig = d2i_X509_SIG(NULL, &at, input->block->len);
    if (sig == NULL || at != end) {
        return damaged(input);
    }
    int err = judge_encryption(sig);
    if (err != VOUCH_OK) {
        return vouch_keyfile_fail(input->where, err, "PKCS#8 encryption",
                                  "is damaged, not known, or takes too many rounds");
    }
    err = ask_passphrase(input);
    if (err != VOUCH_OK) {
        return err;
    }
    VOUCH_CLEANUP(info_free_at_end)
    PKCS8_PRIV_KEY_INFO *info =
        PKCS8_decrypt(sig, (const char *)input->passphrase.ptr, (int)input->passphrase.len);
    return info == NULL ? wrong_passphrase(input) : pkey_of(input, info, ret_pkey);
}

static const struct kind {
    const char *name;
    int (*read)(const struct input *input, EVP_PKEY **ret_pkey);
    int type;
} kinds[] = {
    {PEM_STRING_RSA, read_traditional, EVP_PKEY_RSA},
    {PEM_STRING_ECPRIVATEKEY, read_traditional, EVP_PKEY_EC},
    {PEM_STRING_PKCS8INF, read_pkcs8, EVP_PKEY_NONE},
    {PEM_STRING_PKCS8, read_encrypted_pkcs8, EVP_PKEY_NONE},
};

static const struct kind *kind_of(const char *name) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(name, kinds[i].name) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

// Reads on to the first block that is a private key: EC PARAMETERS and certificates may come before.
static const struct kind *find_block(BIO *bio, struct block *block) {
    const unsigned flags = PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE;
    while (PEM_read_bio_ex(bio, &block->name, &block->header, &block->data, &block->len, flags) ==
           1) {
        const struct kind *kind = kind_of(block->name);
        if (kind != NULL) {
            return kind;
        }
        block_clear(block);
    }
    *block = (struct block){0};
    return NULL;
}

static int take_ed25519(EVP_PKEY *pkey, struct vouch_private_key **ret_key) {
    vouch_autosecret struct vouch_secret seed = {0};
    int err = vouch_secret_new(SEED_LEN, &seed);
    if (err != VOUCH_OK) {
        return err;
    }
    size_t len = seed.len;
    if (EVP_PKEY_get_raw_private_key(pkey, seed.ptr, &len) != 1 || len != SEED_LEN) {
        return VOUCH_ERR_CRYPTO;
    }
    return vouch_private_key_from_seed(seed.ptr, ret_key);
}

static int take_pkey(EVP_PKEY *pkey, struct vouch_private_key **ret_key,
                     struct vouch_where *where) {
    int err = VOUCH_ERR_UNSUPPORTED;
    if (EVP_PKEY_is_a(pkey, "ED25519")) {
        err = take_ed25519(pkey, ret_key);
        EVP_PKEY_free(pkey);
    } else {
        err = vouch_private_key_from_pkey(pkey, ret_key);
    }
    if (err == VOUCH_ERR_UNSUPPORTED) {
        return vouch_keyfile_fail(where, err, "private key",
                                  "is not RSA, ECDSA on a NIST curve, or Ed25519");
    }
    if (err == VOUCH_ERR_MISMATCH) {
        return vouch_keyfile_fail(where, err, "private key", "does not fit its public half");
    }
    return err != VOUCH_OK ? vouch_keyfile_fail(where, err, "private key", NULL) : VOUCH_OK;
}

static int parse(BIO *bio, struct vouch_bytes passphrase, struct vouch_private_key **ret_key,
                 struct vouch_where *where) {
    VOUCH_CLEANUP(block_clear) struct block block = {0};
    const struct kind *kind = find_block(bio, &block);
    if (kind == NULL) {
        return vouch_keyfile_fail(where, VOUCH_ERR_FORMAT, "file",
                                  "holds no private key, or a damaged one");
    }
    struct input input = {&block, passphrase, kind->type, where};
    EVP_PKEY *pkey = NULL;
    int err = kind->read(&input, &pkey);
    return err != VOUCH_OK ? err : take_pkey(pkey, ret_key, where);
}

int vouch_keyfile_parse_pem(struct vouch_bytes file, struct vouch_bytes passphrase,
                            struct vouch_private_key **ret_key, struct vouch_where *ret_where) {
    VOUCH_CLEANUP(bio_free_at_end) BIO *bio = NULL;
    if (file.len > 0 && file.len <= VOUCH_KEYFILE_MAX) {
        bio = BIO_new_mem_buf(file.ptr, (int)file.len);
        if (bio == NULL) {
            return vouch_keyfile_fail(ret_where, VOUCH_ERR_NO_MEMORY, "file", NULL);
        }
    }
    if (bio == NULL) {
        return vouch_keyfile_fail(ret_where, VOUCH_ERR_FORMAT, "file", "is empty");
    }
    // Its errors are told by our own codes; none may lie about in the thread's queue afterwards.
    (void)ERR_set_mark();
    int err = parse(bio, passphrase, ret_key, ret_where);
    (void)ERR_pop_to_mark();
    return err;
}
