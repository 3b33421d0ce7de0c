// SPDX-License-Identifier: ISC
// Passkeys, as the files about signing in, sessions and links use them. Private to src/authority.
#pragma once

#include "authority/challenge.h"
#include "authority/proof.h"
#include "store/requests.h"

// Writes a question of that purpose and account, for the handle's arena. *ret_question is empty if no
// passkeys can be bound to this server's address.
VOUCH_MUST_USE int vouch_passkey_question_make(struct vouch_local *authority,
                                               struct vouch_challenge *challenge,
                                               struct vouch_passkey_question *ret_question,
                                               struct vouch_fault *fault);

// A new passkey of an account, which answers a question of `wanted` purpose: what is to be kept of it, in the
// handle's arena. Else the reply says why not. The question is used up.
VOUCH_MUST_USE int vouch_passkey_judge_new(struct vouch_local *authority,
                                           const struct vouch_passkey_new *made,
                                           const struct vouch_challenge *wanted,
                                           struct vouch_store_passkey *ret_passkey,
                                           struct vouch_reply *reply, struct vouch_fault *fault);
// What is said when it is kept already, or there are too many.
void vouch_passkey_taken(struct vouch_reply *reply);

// Whom a passkey belongs to; nobody, if it is not kept.
VOUCH_MUST_USE int vouch_passkey_person(struct vouch_local *authority, struct vouch_bytes id,
                                        struct vouch_person *ret_person, struct vouch_fault *fault);

// Holds an answer against the question and what is kept. proof->reply is DONE, and the question used up; or
// UNKNOWN, or CONFLICT about the question. A copy is recorded.
VOUCH_MUST_USE int vouch_passkey_prove(struct vouch_local *authority,
                                       const struct vouch_caller *caller,
                                       const struct vouch_person *person,
                                       const struct vouch_given *given, struct vouch_proof *proof,
                                       struct vouch_fault *fault);

// Records that an account got or lost one.
VOUCH_MUST_USE int vouch_passkey_note(struct vouch_local *authority,
                                      const struct vouch_caller *caller, struct vouch_bytes actor,
                                      const char *type, const struct vouch_store_passkey *passkey,
                                      struct vouch_fault *fault);

// What a question about a request is about: its key, what was asked and what would be granted.
VOUCH_MUST_USE int vouch_passkey_about(struct vouch_local *authority,
                                       const struct vouch_store_request *request,
                                       uint8_t ret_about[static VOUCH_STORE_HASH_LEN],
                                       struct vouch_fault *fault);
