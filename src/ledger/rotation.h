// SPDX-License-Identifier: ISC
// The rotation of a CA key as a state machine, by which the signer goes and a ledger is judged.
//
// Each use (user, host) has one active key and at most one other; the state of that other one is the
// phase of the use. Each step is an event of its own in the ledger. Pure: no file, no clock.
// doc/trust.md, "Rotation", has it in prose.
#pragma once

#include "ledger/record.h"
#include "vouch/key.h"

// Of a CA key. Zero: none that a ledger knows.
enum vouch_ca_key_state {
    VOUCH_CA_KEY_NONE = 0,
    VOUCH_CA_KEY_NEXT,      // trusted; does not sign yet
    VOUCH_CA_KEY_ACTIVE,    // trusted; signs: exactly one key of each use
    VOUCH_CA_KEY_OLD,       // trusted; signs no more
    VOUCH_CA_KEY_REMOVED,   // not trusted any more; kept, so that there is a way back
    VOUCH_CA_KEY_DESTROYED, // gone
};

// "next", "active", "old", "removed", "destroyed"; NULL for none. And back: NONE for any other text.
const char *vouch_ca_key_state_text(enum vouch_ca_key_state state);
enum vouch_ca_key_state vouch_ca_key_state_of(struct vouch_bytes text);

// Of a use. Zero: it has no active key.
enum vouch_rotation_phase {
    VOUCH_ROTATION_NONE = 0,
    VOUCH_ROTATION_STEADY,     // one active key
    VOUCH_ROTATION_DISTRIBUTE, // next and active
    VOUCH_ROTATION_DRAIN,      // active and old
    VOUCH_ROTATION_REMOVED,    // active and removed
};

// "steady", "distribute", "drain", "removed"; NULL for none.
const char *vouch_rotation_phase_text(enum vouch_rotation_phase phase);

// The phase when the key beside the active one has that state (NONE, DESTROYED: there is no other one).
enum vouch_rotation_phase vouch_rotation_phase_of(enum vouch_ca_key_state other);

enum vouch_rotation_verb {
    VOUCH_ROTATE_NONE = 0,
    VOUCH_ROTATE_CREATE,  // steady to distribute: a key is made and trusted
    VOUCH_ROTATE_DROP,    // distribute to steady: it is destroyed
    VOUCH_ROTATE_SWITCH,  // distribute to drain: it signs, and the one that did is old
    VOUCH_ROTATE_BACK,    // drain to distribute: the old one signs again
    VOUCH_ROTATE_REMOVE,  // drain to removed: the old one is not trusted any more
    VOUCH_ROTATE_RESTORE, // removed to drain
    VOUCH_ROTATE_DESTROY, // removed to steady: it is destroyed
};

// One step. `other` is the key beside the active one as the step finds it, or, by CREATE, makes it.
struct vouch_rotation_step {
    enum vouch_rotation_verb verb;
    const char *name;  // "create", "drop", ...
    const char *event; // its type in the ledger
    enum vouch_rotation_phase from;
    enum vouch_ca_key_state active; // what the active key becomes
    enum vouch_ca_key_state other;  // what the other one becomes
};

// The row of a verb; NULL for none.
const struct vouch_rotation_step *vouch_rotation_step_of(enum vouch_rotation_verb verb);

// The step that an event of this type is in that phase; NULL if there is none. A verb may have its event
// in common with another one that begins in another phase.
const struct vouch_rotation_step *vouch_rotation_step_by_event(struct vouch_bytes event,
                                                               enum vouch_rotation_phase from);

// Nonzero for the types of events by which CA keys change.
int vouch_rotation_is_event(struct vouch_bytes type);

// The CA keys of a use as the events so far left them, by their fingerprints ("SHA256:...").
struct vouch_rotation_use {
    char active[VOUCH_FINGERPRINT_MAX]; // empty: there is none yet
    char other[VOUCH_FINGERPRINT_MAX];  // empty: there is none
    enum vouch_ca_key_state other_state;
};

// Of a whole ledger; zero before its first record.
struct vouch_rotation {
    struct vouch_rotation_use uses[2]; // user, host
};

// What one event was.
struct vouch_rotation_change {
    size_t use; // index of it
    // NULL: the first key of its use, which signs from then on.
    const struct vouch_rotation_step *step;
    char fingerprint[VOUCH_FINGERPRINT_MAX]; // of the other key, or of the first one
};

// Takes up an event of one of those types: NULL and the change, or a constant text that says what is
// wrong with it, and nothing is changed. `key`: what vouch_rotation_key() read of a "ca.key.new".
const char *vouch_rotation_follow(struct vouch_rotation *rotation,
                                  const struct vouch_record *record, const struct vouch_key *key,
                                  struct vouch_rotation_change *ret_change);

// The key that a "ca.key.new" introduces; the caller frees it. VOUCH_ERR_NOT_FOUND if it names none.
VOUCH_MUST_USE int vouch_rotation_key(const struct vouch_record *record,
                                      struct vouch_key **ret_key);

// "user" or "host", by index.
const char *vouch_rotation_use_text(size_t use);

// The details of a step's event but "ca.key.new": `rotation` is as before it.
void vouch_rotation_describe(const struct vouch_rotation_use *use, size_t index,
                             const struct vouch_rotation_step *step, struct vouch_buf *details);
