// SPDX-License-Identifier: ISC
// SSHSIG: signatures over files and messages, as ssh-keygen -Y makes and checks.
//
// Format: PROTOCOL.sshsig of OpenSSH. The message is hashed by the caller's choice of SHA-512 or
// SHA-256; verification says which key signed, never who that is.
#pragma once

#include "vouch/cert.h"

#define VOUCH_SSHSIG_MAX (512 * 1024) // bytes of an armoured signature

// Appends an armoured signature ("-----BEGIN SSH SIGNATURE-----" …) over `message`. `sign` signs
// the to-be-signed bytes with the private half of `key`. `name_space`: not empty, no NUL, says what the
// signature is for. `hash`: VOUCH_HASH_SHA512 or VOUCH_HASH_SHA256.
struct vouch_sshsig_signer {
    struct vouch_bytes public_blob; // a plain key's or a certificate's blob
    vouch_sign_fn *sign;
    void *context;
    enum vouch_hash hash;
};
VOUCH_MUST_USE VOUCH_API int vouch_sshsig_sign(const struct vouch_sshsig_signer *signer,
                                               const char *name_space, struct vouch_bytes message,
                                               struct vouch_buf *armoured);

// Who signed: a key, or a certificate (exactly one is set). Owned by the caller.
struct vouch_sshsig_by {
    struct vouch_key *key;
    struct vouch_cert *cert;
    enum vouch_hash hash;
};
VOUCH_API void vouch_sshsig_by_done(struct vouch_sshsig_by *by);

// Checks an armoured signature over `message` in `name_space`. 0 only if it verifies, with the signer
// in *ret_by; VOUCH_ERR_SIGNATURE if it does not, VOUCH_ERR_MISMATCH for another namespace. RSA
// signatures must be SHA-2. The caller still has to judge whether it trusts the signer.
VOUCH_MUST_USE VOUCH_API int vouch_sshsig_verify(struct vouch_bytes armoured,
                                                 const char *name_space, struct vouch_bytes message,
                                                 struct vouch_sshsig_by *ret_by,
                                                 struct vouch_where *ret_where);
