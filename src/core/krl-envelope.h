// SPDX-License-Identifier: ISC
// The envelope of a revocation list: a statement about it, signed with the checkpoint key.
//
// Format: doc/krl.md. A list without its envelope proves nothing about who made it, or whether it is the
// newest one. Pure: no file, no clock.
#pragma once

#include "base/fault.h"
#include "vouch/krl.h"

#define VOUCH_KRL_ENVELOPE_MAX 65536 // bytes
#define VOUCH_KRL_CAS_MAX 16         // keys of a CA that a list speaks of

struct vouch_krl_statement {
    enum vouch_cert_type use;
    char cas[VOUCH_KRL_CAS_MAX][VOUCH_FINGERPRINT_MAX]; // "SHA256:…" of each key of the CA
    size_t ca_count;
    uint64_t version;
    uint64_t length;
    uint8_t sha256[32];
    uint64_t time_s;
};

// Who must have signed, and what it has to be about: a list of that use that speaks of `ca`, maybe of
// other keys too. Borrowed.
struct vouch_krl_trust {
    const struct vouch_key *checkpoint_key;
    const struct vouch_key *ca;
    enum vouch_cert_type use;
};

// Verifies an envelope: form, signature in the namespace "vouch-krl", CA and use. `name` is how it is
// called in the fault (V-1868).
VOUCH_MUST_USE int vouch_krl_envelope_verify(struct vouch_bytes envelope,
                                             const struct vouch_krl_trust *trust, const char *name,
                                             struct vouch_krl_statement *ret_statement,
                                             struct vouch_fault *fault);

// Nonzero if the list speaks of that CA key.
int vouch_krl_statement_names(const struct vouch_krl_statement *statement,
                              const struct vouch_key *ca);

// Verifies that a list is the one of a statement: length, hash, a KRL that can be read, its version.
VOUCH_MUST_USE int vouch_krl_statement_check(const struct vouch_krl_statement *statement,
                                             struct vouch_bytes krl, const char *name,
                                             struct vouch_fault *fault);
