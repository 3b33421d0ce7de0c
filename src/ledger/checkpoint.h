// SPDX-License-Identifier: ISC
// Checkpoints: C2SP signed notes that name a ledger, its size and its root.
//
// Formats: C2SP signed-note (Ed25519 signatures, type 0x01) and tlog-checkpoint. Pure: no file, no clock.
#pragma once

#include "ledger/hash.h"
#include "vouch/key.h"

#define VOUCH_CHECKPOINT_MAX 65536 // bytes of a note
#define VOUCH_ORIGIN_MAX 200       // characters of an origin

struct vouch_checkpoint {
    struct vouch_bytes origin; // borrowed: from the parsed note or the caller
    uint64_t size;
    struct vouch_tree_hash root;
};

// Who signs checkpoints: a name and an Ed25519 key. "vkey" is its text, NAME+HASH+KEY.
struct vouch_verifier {
    char name[VOUCH_ORIGIN_MAX + 1];
    uint8_t id[4];
    struct vouch_key *key; // owned
};

// Nonzero if a text can be an origin: 1 to 200 printable ASCII characters, no blank and no plus.
int vouch_origin_is(struct vouch_bytes origin);

// From an origin and a public key. VOUCH_ERR_ARGUMENT if the origin will not do, VOUCH_ERR_UNSUPPORTED
// if the key is not plain Ed25519.
VOUCH_MUST_USE int vouch_verifier_init(struct vouch_verifier *verifier, struct vouch_bytes origin,
                                       const struct vouch_key *key);

// From a vkey's text, without line end. VOUCH_ERR_FORMAT, _UNSUPPORTED, _MISMATCH (its hash).
VOUCH_MUST_USE int vouch_verifier_parse(struct vouch_verifier *verifier, struct vouch_bytes vkey);

// Appends the vkey's text, without line end.
void vouch_verifier_print(const struct vouch_verifier *verifier, struct vouch_buf *out);

// Ends a verifier; takes NULL and a zeroed struct.
void vouch_verifier_done(struct vouch_verifier *verifier);

// Appends the signed note. The key must be the verifier's private half (VOUCH_ERR_MISMATCH), and the
// origin the verifier's name; the signature is verified before it is given out.
VOUCH_MUST_USE int vouch_checkpoint_sign(const struct vouch_checkpoint *checkpoint,
                                         const struct vouch_verifier *verifier,
                                         const struct vouch_private_key *key,
                                         struct vouch_buf *out);

// How much more than our own three lines and one signature a note may hold.
enum vouch_checkpoint_form {
    VOUCH_CHECKPOINT_OWN = 0, // nothing: only the bytes that vouch_checkpoint_sign() gives
    VOUCH_CHECKPOINT_ANY, // extension lines, and signatures of others (witnesses), which are skipped
};

// Reads a note and verifies the verifier's signature on it. 0 only if it verifies and the origin is the
// verifier's name; VOUCH_ERR_SIGNATURE, _MISMATCH (another origin), _FORMAT, _LIMIT otherwise. Those
// are judgements; VOUCH_ERR_CRYPTO is none.
VOUCH_MUST_USE int vouch_checkpoint_verify(struct vouch_bytes note,
                                           const struct vouch_verifier *verifier,
                                           enum vouch_checkpoint_form form,
                                           struct vouch_checkpoint *ret_checkpoint,
                                           struct vouch_where *ret_where);

// Reads only the three lines, and verifies nothing: for a reader that needs the size as a hint.
VOUCH_MUST_USE int vouch_checkpoint_parse(struct vouch_bytes note,
                                          struct vouch_checkpoint *ret_checkpoint,
                                          struct vouch_where *ret_where);
