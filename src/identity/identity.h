// SPDX-License-Identifier: ISC
// Identity: is this person the one they say they are, by one method at a time.
//
// Two bodies: the one that owns the work and the key (local.c over engine.c), and remote.c, which asks it
// over a lane. It keeps nothing: what a method needs to remember comes in the ask and what it must
// remember from now on goes out in the answer, for the asker's database. doc/identity.md says how that
// database must write it. It knows no sessions, counts no tries (tries.h does, for the asker), decides
// nothing beyond its one question, and has neither a CA key nor a database.
#pragma once

#include "base/fault.h"
#include "ipc/frame.h"

struct vouch_identity;

// The lane's protocol: asked by the authority, answered by identity. doc/frames.md.
extern const struct vouch_frame_protocol vouch_identity_protocol;

// Zero is no method and is refused.
enum vouch_identity_method {
    VOUCH_METHOD_NONE = 0,
    VOUCH_METHOD_PASSWORD,
    VOUCH_METHOD_TOTP,     // six digits of RFC 6238
    VOUCH_METHOD_RECOVERY, // codes on paper, each good once
    VOUCH_METHOD_PASSKEY,  // WebAuthn: see passkey.h
    VOUCH_METHOD_COUNT
};

// Bounds in bytes. What is longer is refused before it is sent.
#define VOUCH_IDENTITY_USER_MAX 64
#define VOUCH_IDENTITY_NAME_MAX 256
#define VOUCH_IDENTITY_ISSUER_MAX 64
#define VOUCH_IDENTITY_STORED_MAX 2048
#define VOUCH_IDENTITY_ORIGIN_MAX 300
#define VOUCH_IDENTITY_CHALLENGE_MAX 64
#define VOUCH_IDENTITY_GIVEN_MAX 8192 // more than any method takes, so that the method says why not
#define VOUCH_IDENTITY_SHOWN_MAX 2048

// "No" is here and never a fault. The zero value refuses.
enum vouch_identity_verdict {
    VOUCH_IDENTITY_REFUSED = 0, // the refusal says why, in words that may be shown to anybody
    VOUCH_IDENTITY_ACCEPTED,
    VOUCH_IDENTITY_BUSY, // nothing was looked at: ask again later
};

// Why not. Code is that of a fault's kind, such as "V-1880".
struct vouch_identity_refusal {
    char code[8];
    char field[64];
    char why[256];
};

// One question. Everything is borrowed; what a method does not use may be empty or 0.
struct vouch_identity_ask {
    enum vouch_identity_method method;
    struct vouch_bytes user;   // the account's ID, which never changes: what is kept is bound to it
    struct vouch_bytes name;   // the account's name as people see it; printable UTF-8
    struct vouch_bytes issuer; // TOTP, make: the service's name in the app's list
    struct vouch_bytes stored; // what the database keeps for this user and method. Empty: the user
                               // has none, or there is no such user: the same work is done in vain
    uint64_t last_step;        // TOTP, check: the last step that was accepted
    uint64_t time_s;           // TOTP, check: now, in seconds since 1970
    struct vouch_bytes given;  // password, code; what a browser brings from a passkey; a secret
    struct vouch_bytes origin; // passkey: of the pages that may ask, "https://ca.example.com"
    struct vouch_bytes challenge; // passkey: what it was asked
};

// Slices are borrowed until identity is next asked or closed; then they are wiped.
struct vouch_identity_answer {
    enum vouch_identity_verdict verdict;
    struct vouch_identity_refusal refusal;
    struct vouch_bytes stored; // to be kept in place of ask.stored; empty: what is kept stays
    struct vouch_bytes shown;  // made for the person, to be shown once: a URI, codes; a secret
    uint64_t step;             // TOTP, accepted: to be kept as last_step
    uint64_t left;             // recovery codes, accepted or made: how many can still be used
};

// Makes what the method needs for this user: takes a password, or makes a TOTP secret or recovery codes.
// deadline_ns: on the clock of vouch_time_monotonic_ns(). An error is a failure and says nothing about
// the person; the answer is then all zero, which refuses.
VOUCH_MUST_USE int vouch_identity_make(struct vouch_identity *identity,
                                       const struct vouch_identity_ask *ask, uint64_t deadline_ns,
                                       struct vouch_identity_answer *ret_answer,
                                       struct vouch_fault *fault);

// Holds what was given against what is kept. ACCEPTED counts only once the asker's database has taken
// `stored` and `step` over what it gave in the ask, and nothing else, in one atomic change: of two
// checks of the same code at the same time, one finds the row changed and must be treated as refused.
VOUCH_MUST_USE int vouch_identity_check(struct vouch_identity *identity,
                                        const struct vouch_identity_ask *ask, uint64_t deadline_ns,
                                        struct vouch_identity_answer *ret_answer,
                                        struct vouch_fault *fault);

// The asking end of a lane, which it owns from here on. An identity belongs to one thread.
VOUCH_MUST_USE int vouch_identity_connect(int take_fd, struct vouch_identity **ret_identity,
                                          struct vouch_fault *fault);
void vouch_identity_close(struct vouch_identity *identity);
