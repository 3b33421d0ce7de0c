// SPDX-License-Identifier: ISC
// Questions to passkeys: made, recognised, and each answered once. Private to src/authority.
//
// A question is kept nowhere until it was answered: its name carries all that it is about, under a MAC whose
// key lives as long as the process. So strangers can ask for as many as they like and fill nothing. What the
// passkey signs is the hash of what it is about; for an approval that is the request with its key and all
// that will be granted.
#pragma once

#include "authority/request-passkeys.h"
#include "store/store.h"

#define VOUCH_CHALLENGE_TTL_S 300
#define VOUCH_CHALLENGE_LEN 32
#define VOUCH_CHALLENGE_NONCE_LEN 16

struct vouch_local;
struct vouch_challenges;

// One more than the purposes that can be asked for: setting an account up by a link.
#define VOUCH_PASSKEY_FOR_SETUP ((enum vouch_passkey_purpose)(VOUCH_PASSKEY_FOR_NEW + 1))

struct vouch_challenge {
    enum vouch_passkey_purpose purpose;
    uint64_t account;                    // whose passkey must answer; 0: anybody's
    uint64_t session;                    // in which it was asked; 0: none
    uint8_t about[VOUCH_STORE_HASH_LEN]; // hash of a request or a link; zero: of none
    // Written by vouch_challenge_make().
    uint64_t expires_s;
    uint8_t nonce[VOUCH_CHALLENGE_NONCE_LEN];
};

// Begins with a new key and nothing answered; NULL if there is no memory. Ends; takes NULL.
struct vouch_challenges *vouch_challenges_new(void);
void vouch_challenges_free(struct vouch_challenges *challenges);

// Makes a question of what it is about: its name and what the passkey signs, in the handle's arena.
VOUCH_MUST_USE int vouch_challenge_make(struct vouch_local *authority,
                                        struct vouch_challenge *challenge,
                                        struct vouch_bytes *ret_name,
                                        struct vouch_bytes *ret_challenge,
                                        struct vouch_fault *fault);

// Recognises a question of `wanted` purpose, account (where the question has one), session and, but for a
// factor, about. The reply is DONE; or CONFLICT with V-2002 if it is none of ours, of another, over or answered.
VOUCH_MUST_USE int vouch_challenge_read(struct vouch_local *authority, struct vouch_bytes name,
                                        const struct vouch_challenge *wanted,
                                        struct vouch_challenge *ret_challenge,
                                        struct vouch_bytes *ret_bytes, struct vouch_reply *reply,
                                        struct vouch_fault *fault);

// Notes that it was answered. The reply is CONFLICT if it was before; BUSY if too many are.
void vouch_challenge_use(struct vouch_local *authority, const struct vouch_challenge *challenge,
                         struct vouch_reply *reply);

// A session's second factor for one request alone: given, and whether it was within five minutes.
void vouch_challenge_step(struct vouch_local *authority, uint64_t session,
                          const uint8_t about[static VOUCH_STORE_HASH_LEN]);
int vouch_challenge_is_stepped(struct vouch_local *authority, uint64_t session,
                               const uint8_t about[static VOUCH_STORE_HASH_LEN]);
