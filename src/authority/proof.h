// SPDX-License-Identifier: ISC
// What a person gives to prove who they are: charged, held against what is kept by asking identity, and
// used up. Private to src/authority. doc/people.md.
#pragma once

#include "authority/people.h"
#include "authority/request-people.h"
#include "identity/identity.h"
#include "store/passkeys.h"

// Whom a name leads to. Nobody: account.id 0, and nothing kept; the same is then done with it.
struct vouch_person {
    struct vouch_bytes name;  // as the policy would have it; empty: it cannot be a name
    struct vouch_bytes tries; // under which their tries are counted
    struct vouch_bytes id;    // as identity knows them
    struct vouch_store_account account;
    struct vouch_store_credentials kept;
};

// By the name that was given. Everything is in the handle's arena.
VOUCH_MUST_USE int vouch_person_find(struct vouch_local *authority, struct vouch_bytes given,
                                     struct vouch_person *ret_person, struct vouch_fault *fault);
// What identity knows an account by, "u12"; and the key of its tries, "#12".
VOUCH_MUST_USE int vouch_person_id(struct vouch_local *authority, uint64_t account,
                                   struct vouch_bytes *ret_id, struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_person_tries(struct vouch_local *authority, uint64_t account,
                                      struct vouch_bytes *ret_tries, struct vouch_fault *fault);

enum vouch_asked { VOUCH_ASKED_CODE = 0, VOUCH_ASKED_PASSWORD_TOO };

struct vouch_given {
    enum vouch_asked asked;
    struct vouch_bytes password;
    enum vouch_factor factor;
    struct vouch_bytes code;
    const struct vouch_passkey_given *passkey; // PASSKEY
    uint64_t session;                          // PASSKEY: in which it is given; 0: signing in
};

// What was right, and what is to be kept for it.
struct vouch_proof {
    struct vouch_reply reply; // DONE: all was right; UNKNOWN: something was not; or BUSY
    uint64_t charged_s;
    enum vouch_asked asked;
    enum vouch_factor factor;
    struct vouch_bytes password; // what is to be kept of the password
    enum vouch_store_method method;
    struct vouch_store_credential code; // and of the code's method
    uint64_t passkey;                   // or of the passkey, which has no code
    struct vouch_store_passkey_use passkey_use;
    uint8_t about[VOUCH_STORE_HASH_LEN]; // what it was asked about; zero: of nothing
};

// Charges a try, if anything that can be guessed was given, and looks at all of it, whatever is wrong. Nothing
// is used up yet but the question to a passkey.
VOUCH_MUST_USE int vouch_prove(struct vouch_local *authority, const struct vouch_caller *caller,
                               const struct vouch_person *person, const struct vouch_given *given,
                               struct vouch_proof *ret_proof, struct vouch_fault *fault);

// Uses up what was right and takes the charge back, in the work that the desk has begun. ABSENT: the code
// was used, or the password changed, meanwhile; then nothing of the work may be kept.
enum vouch_proof_use { VOUCH_PROOF_STEP = 0, VOUCH_PROOF_SIGN_IN };
VOUCH_MUST_USE int vouch_proof_use(struct vouch_local *authority, const struct vouch_caller *caller,
                                   const struct vouch_person *person,
                                   const struct vouch_proof *proof, enum vouch_proof_use use,
                                   enum vouch_store_outcome *ret_outcome,
                                   struct vouch_fault *fault);
// Takes the charge back and uses nothing up: for what was right and still not done.
VOUCH_MUST_USE int vouch_proof_drop(struct vouch_local *authority,
                                    const struct vouch_caller *caller,
                                    const struct vouch_person *person,
                                    const struct vouch_proof *proof, struct vouch_fault *fault);

// What a count says that does not allow a try: BUSY, with how long to wait.
struct vouch_tries_outcome;
void vouch_tries_wait_take(const struct vouch_tries_outcome *outcome, uint64_t now_s,
                           struct vouch_reply *reply);

// The one answer to whatever is wrong.
void vouch_proof_wrong(struct vouch_reply *reply);

// Nonzero if an account is closed after too many tries.
VOUCH_MUST_USE int vouch_person_is_closed(struct vouch_store *store, struct vouch_arena *arena,
                                          struct vouch_bytes tries, uint64_t *ret_closed,
                                          struct vouch_fault *fault);

// Asks identity to make something for a user. What the answer has is in the handle's arena and, if it is
// to be shown, where vouch_shown_keep() puts it. V-1891 if this authority has no identity to ask.
enum vouch_identity_do { VOUCH_IDENTITY_DO_CHECK = 0, VOUCH_IDENTITY_DO_MAKE };
VOUCH_MUST_USE int vouch_identity_do(struct vouch_local *authority, enum vouch_identity_do what,
                                     const struct vouch_identity_ask *ask,
                                     struct vouch_identity_answer *ret_answer,
                                     struct vouch_fault *fault);
// A refusal of identity's as an answer: BUSY, or INVALID in that field.
void vouch_identity_refusal_take(const struct vouch_identity_answer *answer, const char *field,
                                 struct vouch_reply *reply);
