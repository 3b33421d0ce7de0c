// SPDX-License-Identifier: ISC
// The text form of revocations that ssh-keygen -k reads, one a line:
//
//   serial: N | serial: N-M | id: KEY ID | hash: SHA256:BASE64
//   key: KEY | sha1: KEY | sha256: KEY | KEY | CERTIFICATE      KEY: TYPE BASE64 [COMMENT]
//
// A # begins a comment anywhere. It says what is wrong by line and kind, never in words: the words are
// the caller's, who may be vouch krl or vouch keygen.
#pragma once

#include "vouch/krl.h"

enum vouch_krl_spec_problem {
    VOUCH_KRL_SPEC_FINE = 0,
    VOUCH_KRL_SPEC_SERIAL,         // `text` is not a serial number
    VOUCH_KRL_SPEC_SERIAL_RANGE,   // `last` is not over `first`
    VOUCH_KRL_SPEC_SERIAL_TOO_BIG, // over 2^64 - 1
    VOUCH_KRL_SPEC_SERIAL_ZERO,    // serial 0 cannot be revoked
    VOUCH_KRL_SPEC_SERIAL_NO_CA,   // a serial, and no CA to revoke it under
    VOUCH_KRL_SPEC_ID_NO_CA,       // a key ID likewise
    VOUCH_KRL_SPEC_HASH_NAME,      // a hash that does not begin with SHA256:
    VOUCH_KRL_SPEC_HASH,           // not the base64 of 32 bytes
    VOUCH_KRL_SPEC_KEY,            // neither key nor certificate: `err` and `where` say why
    VOUCH_KRL_SPEC_CONTROL,        // a control character (with CAREFUL only)
    VOUCH_KRL_SPEC_FAILED,         // the list could not be added to: `err`
};

// The careful rules refuse what ssh-keygen takes to its users' surprise: control characters, such as
// the CR of a file from Windows, which would become part of a key ID.
enum vouch_krl_spec_rules { VOUCH_KRL_SPEC_CAREFUL = 0, VOUCH_KRL_SPEC_OPENSSH };

// Under which CA serials and key IDs are revoked. The zero value is none.
enum vouch_krl_spec_scope {
    VOUCH_KRL_SPEC_NO_CA = 0,
    VOUCH_KRL_SPEC_ANY_CA,
    VOUCH_KRL_SPEC_ONE_CA
};

struct vouch_krl_spec {
    enum vouch_krl_spec_scope scope;
    const struct vouch_key *ca; // with ONE_CA
    enum vouch_krl_spec_rules rules;
};

struct vouch_krl_spec_error {
    enum vouch_krl_spec_problem problem;
    unsigned long line;       // from 1
    struct vouch_bytes text;  // the offending words, in the input
    uint64_t first, last;     // of a range
    int err;                  // a vouch_err
    struct vouch_where where; // in the key
};

// Adds what `text` says to `krl`. 0, or VOUCH_ERR_FORMAT (VOUCH_ERR_NO_MEMORY …) with *ret_error set;
// what stood before the line in question may have been added then.
VOUCH_MUST_USE int vouch_krl_spec_read(struct vouch_bytes text, const struct vouch_krl_spec *spec,
                                       struct vouch_krl *krl,
                                       struct vouch_krl_spec_error *ret_error);
