// SPDX-License-Identifier: ISC
// How often somebody may try: pure rules over a state that the asker keeps in its database.
//
// Each try to give a password or a code is charged before it is looked at, in the same transaction that
// reads and writes the three states: the account's, the source's, and the account's from that source. So
// parallel tries, other sessions, other nodes and restarts share one count, and beginning a sign-in anew
// changes nothing. A try that these rules refuse is not looked at and not charged. doc/identity.md has
// the numbers.
#pragma once

#include "identity/identity.h"

#define VOUCH_TRIES_TIMES 32
#define VOUCH_TRIES_STORED_MAX (8 + 8 * VOUCH_TRIES_TIMES) // bytes of one state

enum vouch_tries_count {
    VOUCH_TRIES_ACCOUNT = 0, // at most 5 in 5 minutes, whoever they come from; 100 failures: CLOSED
    VOUCH_TRIES_SOURCE,      // an address: at most 30 in 5 minutes, with waits from 10 on
    VOUCH_TRIES_PAIR,        // an account from a source: longer and longer waits from 3 on
    VOUCH_TRIES_COUNTS
};

// One state. Zero value: nothing was tried yet.
struct vouch_tries_state {
    uint32_t failures;                   // since the last complete sign-in
    uint32_t count;                      // of times
    uint64_t times_s[VOUCH_TRIES_TIMES]; // of tries that were not right, oldest first
};

struct vouch_tries {
    struct vouch_tries_state of[VOUCH_TRIES_COUNTS];
};

// The zero value refuses.
enum vouch_tries_verdict {
    VOUCH_TRIES_WAIT = 0, // until wait_until_s
    VOUCH_TRIES_CLOSED,   // no wait helps: a method that cannot be guessed, or an administrator
    VOUCH_TRIES_ALLOWED   // and charged
};

struct vouch_tries_outcome {
    enum vouch_tries_verdict verdict;
    uint64_t wait_until_s; // WAIT
    uint64_t charged_s;    // ALLOWED
};

// May one more be tried now? The states are changed and must be stored, whatever the verdict. A clock
// that went back frees nothing: a time that lies ahead counts as the present.
struct vouch_tries_outcome vouch_tries_begin(struct vouch_tries *tries, uint64_t now_s);

// What was tried at charged_s was right: that try is taken back, and no other.
void vouch_tries_right(struct vouch_tries *tries, uint64_t charged_s);

// All factors of a sign-in were right: the account's failures and the pair's waits are forgotten. What
// the source did stays, since an attacker may have an account too; so do the account's last 5 minutes.
void vouch_tries_signed_in(struct vouch_tries *tries);

// Words for a verdict that is not ALLOWED.
void vouch_tries_explain(const struct vouch_tries_outcome *outcome, uint64_t now_s,
                         struct vouch_identity_refusal *ret_refusal);

// One state as it is stored, and back. No bytes are the zero state; V-1884 for anything else that
// vouch_tries_write() does not write.
void vouch_tries_write(const struct vouch_tries_state *state, struct vouch_buf *out);
VOUCH_MUST_USE int vouch_tries_read(struct vouch_bytes stored, struct vouch_tries_state *ret_state,
                                    struct vouch_fault *fault);
