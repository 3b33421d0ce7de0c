// SPDX-License-Identifier: ISC
// The trust bundle: the signed list of an authority's CA keys, and what each of them is good for.
//
// Format: doc/trust.md. It is signed by the checkpoint key, so whoever has noted that key down can take
// a bundle from anywhere. Pure: no file, no clock.
#pragma once

#include "vouch/cert.h"

#define VOUCH_TRUST_MAX 65536 // bytes of a bundle
#define VOUCH_TRUST_KEYS_MAX 16
#define VOUCH_TRUST_NAME_MAX 256 // with its NUL
#define VOUCH_TRUST_NAMESPACE "vouch-trust"

// The version's upper half is an epoch of the signer, as that of a revocation list (doc/krl.md).
#define VOUCH_TRUST_EPOCH_SHIFT 32

// What a CA key is good for. Zero: nothing.
enum vouch_trust_state {
    VOUCH_TRUST_NONE = 0,
    VOUCH_TRUST_NEXT,    // to be trusted already; does not sign yet
    VOUCH_TRUST_ACTIVE,  // to be trusted; signs
    VOUCH_TRUST_OLD,     // still to be trusted; signs no more
    VOUCH_TRUST_REVOKED, // never to be trusted again
};

// "next", "active", "old", "revoked"; NULL for none.
const char *vouch_trust_state_text(enum vouch_trust_state state);

// Nonzero for the states whose certificates count: next, active, old.
int vouch_trust_state_counts(enum vouch_trust_state state);

struct vouch_trust_key {
    enum vouch_cert_type use;
    enum vouch_trust_state state;
    struct vouch_key *key;
};

struct vouch_trust {
    char name[VOUCH_TRUST_NAME_MAX]; // the authority's: its ledger's name
    uint64_t version;                // rises; never 0
    uint64_t time_s;                 // when it was signed
    struct vouch_key *canary;        // is in each revocation list of the user CA: see doc/trust.md
    struct vouch_trust_key keys[VOUCH_TRUST_KEYS_MAX]; // user CA keys first
    size_t key_count;
};

// Frees the keys; takes a zeroed struct.
void vouch_trust_done(struct vouch_trust *trust);

// NULL if what is said holds together: a name, a version, one active key of each use, user keys before
// host keys, no key twice, none too weak for a CA. Else a constant text.
const char *vouch_trust_fault(const struct vouch_trust *trust);

// The one key of a use that signs. NULL if there is none.
const struct vouch_key *vouch_trust_active(const struct vouch_trust *trust,
                                           enum vouch_cert_type use);

// What the bundle says of a key as CA of a use; VOUCH_TRUST_NONE if nothing.
enum vouch_trust_state vouch_trust_of(const struct vouch_trust *trust, enum vouch_cert_type use,
                                      const struct vouch_key *key);

// Appends the statement and, behind a blank line, its signature. VOUCH_ERR_ARGUMENT if
// vouch_trust_fault() finds one; on failure nothing is appended.
VOUCH_MUST_USE int vouch_trust_write(const struct vouch_trust *trust,
                                     const struct vouch_private_key *checkpoint_key,
                                     struct vouch_buf *out);

// What the reader of a bundle knows already. Borrowed.
struct vouch_trust_known {
    const struct vouch_key *checkpoint_key; // must have signed
    const char *name;                       // NULL: any
    uint64_t version; // of the bundle that is in force; 0: none. A lower one is VOUCH_ERR_MISMATCH
};

// Reads a bundle and proves it: signature first, then name, version and the form, byte for byte as
// vouch_trust_write() makes it. The caller ends *ret_trust. `ret_where` may be NULL.
VOUCH_MUST_USE int vouch_trust_verify(struct vouch_bytes bundle,
                                      const struct vouch_trust_known *known,
                                      struct vouch_trust *ret_trust, struct vouch_where *ret_where);

// Reads a statement alone (what stands before the blank line), which proves nothing.
VOUCH_MUST_USE int vouch_trust_parse(struct vouch_bytes statement, struct vouch_trust *ret_trust,
                                     struct vouch_where *ret_where);
