// SPDX-License-Identifier: ISC
// Signatures of passkeys, with libfido2, which is given no device and opens none.
//
// Its headers name types that OpenSSL 3 calls deprecated; nothing of them is used.
#undef OPENSSL_NO_DEPRECATED
#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <sodium.h>
#include <string.h>

#include "identity/passkey-parts.h"

_Static_assert(VOUCH_COSE_EDDSA == COSE_EDDSA && VOUCH_COSE_ES256 == COSE_ES256 &&
                   VOUCH_COSE_RS256 == COSE_RS256,
               "the numbers of COSE");

void vouch_passkey_hash(struct vouch_bytes bytes, uint8_t ret_hash[static 32]) {
    (void)crypto_hash_sha256(ret_hash, bytes.ptr, bytes.len);
}

// A key as libfido2 has it: one of three.
struct key {
    es256_pk_t *es256;
    eddsa_pk_t *eddsa;
    rs256_pk_t *rs256;
    const void *any;
};

static void done(struct key *key) {
    es256_pk_free(&key->es256);
    eddsa_pk_free(&key->eddsa);
    rs256_pk_free(&key->rs256);
}

static int load(const struct vouch_passkey *passkey, struct key *key) {
    struct vouch_bytes bytes = passkey->key;
    int err = FIDO_ERR_INVALID_ARGUMENT;
    *key = (struct key){0};
    switch (passkey->algorithm) {
    case VOUCH_COSE_ES256:
        key->any = key->es256 = es256_pk_new();
        err = key->any != NULL ? es256_pk_from_ptr(key->es256, bytes.ptr, bytes.len) : err;
        break;
    case VOUCH_COSE_EDDSA:
        key->any = key->eddsa = eddsa_pk_new();
        err = key->any != NULL ? eddsa_pk_from_ptr(key->eddsa, bytes.ptr, bytes.len) : err;
        break;
    case VOUCH_COSE_RS256:
        key->any = key->rs256 = rs256_pk_new();
        err = key->any != NULL ? rs256_pk_from_ptr(key->rs256, bytes.ptr, bytes.len) : err;
        break;
    default:
        break;
    }
    return err == FIDO_OK;
}

int vouch_passkey_key_is(const struct vouch_passkey *passkey) {
    struct key key;
    int is = load(passkey, &key);
    done(&key);
    return is;
}

static int fill(fido_assert_t *assertion, const struct vouch_passkey_shown *shown,
                struct vouch_bytes host) {
    uint8_t hash[32];
    char name[256];
    if (host.len >= sizeof name) {
        return 0;
    }
    memcpy(name, host.ptr, host.len);
    name[host.len] = '\0';
    vouch_passkey_hash(shown->client_data, hash);
    return fido_assert_set_rp(assertion, name) == FIDO_OK &&
           fido_assert_set_clientdata_hash(assertion, hash, sizeof hash) == FIDO_OK &&
           fido_assert_set_up(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
           fido_assert_set_uv(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
           fido_assert_set_count(assertion, 1) == FIDO_OK &&
           fido_assert_set_authdata_raw(assertion, 0, shown->authdata.ptr, shown->authdata.len) ==
               FIDO_OK &&
           fido_assert_set_sig(assertion, 0, shown->signature.ptr, shown->signature.len) == FIDO_OK;
}

int vouch_passkey_signed(const struct vouch_passkey *passkey,
                         const struct vouch_passkey_shown *shown, struct vouch_bytes host) {
    struct key key;
    int is_signed = 0;
    fido_assert_t *assertion = fido_assert_new();
    if (load(passkey, &key) && assertion != NULL && fill(assertion, shown, host)) {
        is_signed = fido_assert_verify(assertion, 0, passkey->algorithm, key.any) == FIDO_OK;
    }
    done(&key);
    fido_assert_free(&assertion);
    return is_signed;
}
