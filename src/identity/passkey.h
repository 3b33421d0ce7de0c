// SPDX-License-Identifier: ISC
// Passkeys (WebAuthn) as the authority and identity speak of them: what is kept of one, what a browser
// brings back, and the name that a passkey is bound to. doc/identity.md.
//
// No verifying here: that is identity's own (passkey.c), which is asked by VOUCH_METHOD_PASSKEY.
#pragma once

#include "vouch/wire.h"

#define VOUCH_PASSKEY_CHALLENGE_LEN 32
#define VOUCH_PASSKEY_AAGUID_LEN 16

// Bounds in bytes.
#define VOUCH_PASSKEY_ID_MAX 1023 // as WebAuthn has it
#define VOUCH_PASSKEY_KEY_MAX 512
#define VOUCH_PASSKEY_ORIGIN_MAX 300
#define VOUCH_PASSKEY_CLIENT_DATA_MAX 2048
#define VOUCH_PASSKEY_ATTESTATION_MAX 4096
#define VOUCH_PASSKEY_AUTHDATA_MAX 1024
#define VOUCH_PASSKEY_SIGNATURE_MAX 512
#define VOUCH_PASSKEY_HANDLE_MAX 64

// Kinds of key, by their numbers in COSE; others are not offered. In the order of preference.
#define VOUCH_COSE_EDDSA (-8)
#define VOUCH_COSE_ES256 (-7)
#define VOUCH_COSE_RS256 (-257)
#define VOUCH_PASSKEY_ALGORITHMS 3
extern const int32_t vouch_passkey_algorithms[VOUCH_PASSKEY_ALGORITHMS];

// Whether a passkey may be copied to other devices of its user, and whether it was.
#define VOUCH_PASSKEY_MAY_BACK_UP 1u
#define VOUCH_PASSKEY_BACKED_UP 2u

// What is kept of a passkey. `key`: 32 bytes of Ed25519; X and Y of P-256; modulus and exponent of RSA.
struct vouch_passkey {
    struct vouch_bytes id;
    int32_t algorithm;
    struct vouch_bytes key;
    uint32_t count; // of its answers, as it counts them; 0 where it does not
    uint32_t backup;
    uint8_t aaguid[VOUCH_PASSKEY_AAGUID_LEN]; // its make; zero: not told
};

// What a browser brings back from making a passkey, and from asking one.
struct vouch_passkey_made {
    struct vouch_bytes id;
    struct vouch_bytes client_data;
    struct vouch_bytes attestation;
};
struct vouch_passkey_shown {
    struct vouch_bytes id;
    struct vouch_bytes client_data;
    struct vouch_bytes authdata;
    struct vouch_bytes signature;
    struct vouch_bytes handle; // the user, as the passkey was told when it was made; may be empty
};

// Each as the bytes in `stored` and `given` of an ask. What is read points into the input; V-… are the
// caller's. VOUCH_ERR_FORMAT, _LIMIT, _TRAILING, with the place.
void vouch_passkey_write(const struct vouch_passkey *passkey, struct vouch_buf *out);
VOUCH_MUST_USE int vouch_passkey_read(struct vouch_bytes bytes, struct vouch_passkey *ret_passkey,
                                      struct vouch_where *ret_where);
void vouch_passkey_made_write(const struct vouch_passkey_made *made, struct vouch_buf *out);
VOUCH_MUST_USE int vouch_passkey_made_read(struct vouch_bytes bytes,
                                           struct vouch_passkey_made *ret_made,
                                           struct vouch_where *ret_where);
void vouch_passkey_shown_write(const struct vouch_passkey_shown *shown, struct vouch_buf *out);
VOUCH_MUST_USE int vouch_passkey_shown_read(struct vouch_bytes bytes,
                                            struct vouch_passkey_shown *ret_shown,
                                            struct vouch_where *ret_where);

// The origin of pages under an address "https://HOST[:PORT][#PIN]", as browsers write it: small letters,
// no usual port, ended by NUL. Empty, and VOUCH_ERR_FORMAT, if passkeys cannot be bound to that host: it is
// an IP address, or no name of a host.
VOUCH_MUST_USE int vouch_passkey_origin(struct vouch_bytes address,
                                        char ret_origin[static VOUCH_PASSKEY_ORIGIN_MAX]);
// The host of such an origin, which is what a passkey is bound to.
struct vouch_bytes vouch_passkey_host(struct vouch_bytes origin);
