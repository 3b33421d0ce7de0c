// SPDX-License-Identifier: ISC
// The parts of what a passkey says, each read and judged by a file of its own. Private to the engine's side of
// src/identity. The numbers of steps are those of WebAuthn (Level 3) 7.1 and 7.2.
#pragma once

#include "base/fault.h"
#include "identity/passkey.h"

// Each judge returns NULL if its part is as it must be, else why it is not, in words for a person.

// ----- passkey-client.c: what the browser says that the question was

struct vouch_passkey_wanted {
    const char *type; // "webauthn.create", "webauthn.get"
    struct vouch_bytes challenge;
    struct vouch_bytes origin;
};

// *ret_why is NULL if it is right. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_passkey_client_judge(struct vouch_bytes client_data,
                                              const struct vouch_passkey_wanted *wanted,
                                              const char **ret_why, struct vouch_fault *fault);

// ----- passkey-authdata.c: what the passkey says

#define VOUCH_AUTHDATA_PRESENT 0x01u // somebody touched it
#define VOUCH_AUTHDATA_VERIFIED 0x04u
#define VOUCH_AUTHDATA_MAY_BACK_UP 0x08u
#define VOUCH_AUTHDATA_BACKED_UP 0x10u
#define VOUCH_AUTHDATA_HAS_KEY 0x40u
#define VOUCH_AUTHDATA_HAS_MORE 0x80u // extensions

struct vouch_authdata {
    const uint8_t *host_hash; // 32 bytes
    unsigned flags;
    uint32_t count;
    const uint8_t *aaguid; // HAS_KEY: VOUCH_PASSKEY_AAGUID_LEN bytes; the key's ID; the key in COSE
    struct vouch_bytes id;
    struct vouch_bytes key;
};

// Reads all of it. VOUCH_ERR_FORMAT; VOUCH_ERR_TRAILING if there is more.
VOUCH_MUST_USE int vouch_authdata_read(struct vouch_bytes bytes, struct vouch_authdata *ret_data);

// Host, presence, verification and what backups can be true at all.
const char *vouch_authdata_judge(const struct vouch_authdata *data, struct vouch_bytes host);
uint32_t vouch_authdata_backup(const struct vouch_authdata *data);

// The attestation object: "none", with nothing stated, around the passkey's data.
const char *vouch_attestation_read(struct vouch_bytes attestation,
                                   struct vouch_bytes *ret_authdata);

// A key in COSE (RFC 9053), of a kind that is offered, into *ret_passkey: the key's bytes are written to
// `room` of VOUCH_PASSKEY_KEY_MAX bytes.
const char *vouch_cose_key_read(struct vouch_bytes key, uint8_t *room,
                                struct vouch_passkey *ret_passkey);

// ----- passkey-verify.c: libfido2

// SHA-256.
void vouch_passkey_hash(struct vouch_bytes bytes, uint8_t ret_hash[static 32]);

// Nonzero if there is such a key: a point of its curve, a modulus.
int vouch_passkey_key_is(const struct vouch_passkey *passkey);

// Nonzero if the passkey signed these data for this client data and host, with its user present and verified.
// A lack of memory in libfido2 refuses too.
int vouch_passkey_signed(const struct vouch_passkey *passkey,
                         const struct vouch_passkey_shown *shown, struct vouch_bytes host);
