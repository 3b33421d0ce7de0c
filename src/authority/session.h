// SPDX-License-Identifier: ISC
// What the files about sessions, sign-in and passwords share. Private to src/authority.
#pragma once

#include "authority/proof.h"
#include "store/sessions.h"

// Borrows from what it is given.
struct vouch_session_row vouch_session_row_of(const struct vouch_store_session *session);

// "password+totp", "password+recovery".
const char *vouch_session_methods(enum vouch_factor factor);

// What an event about sessions says; what is zero or empty is left out.
struct vouch_session_event {
    struct vouch_bytes user; // the object
    uint64_t id;
    uint64_t count;
    struct vouch_bytes methods;
    struct vouch_bytes client;
    const char *why;
    const struct vouch_caller *caller;
};
VOUCH_MUST_USE int vouch_session_note(struct vouch_local *authority, struct vouch_bytes actor,
                                      const char *type, const struct vouch_session_event *event,
                                      struct vouch_fault *fault);

// A session to begin. `use` uses up what earned it, in the same work; whatever it leaves but DONE is the outcome.
struct vouch_session_new {
    const struct vouch_caller *caller;
    uint64_t account;
    struct vouch_bytes user;
    struct vouch_bytes methods;
    struct vouch_bytes client; // what the client calls itself; may be empty
    uint64_t factor_s;
    int (*use)(struct vouch_local *authority, const void *context, uint64_t session,
               enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault);
    const void *context;
};
// DONE: kept and recorded, with row, secret and a reply that says so; else the answer is left as it is. ABSENT
// is also who may not sign in by the policy.
VOUCH_MUST_USE int vouch_session_begin(struct vouch_local *authority,
                                       const struct vouch_session_new *what,
                                       enum vouch_store_outcome *ret_outcome,
                                       struct vouch_answer_session *ret_answer,
                                       struct vouch_fault *fault);

// 0 with the reply set if this is no factor.
int vouch_session_factor_is(enum vouch_factor factor, struct vouch_reply *reply);

// Who is signed in, with what is kept for them; REFUSED for callers that are no person.
VOUCH_MUST_USE int vouch_session_person(struct vouch_local *authority,
                                        const struct vouch_caller *caller,
                                        struct vouch_who *ret_who, struct vouch_person *ret_person,
                                        struct vouch_reply *reply, struct vouch_fault *fault);

// vouch_prove() for them: what is wrong is REFUSED, since their session is good.
VOUCH_MUST_USE int vouch_session_prove(struct vouch_local *authority,
                                       const struct vouch_caller *caller,
                                       const struct vouch_person *person,
                                       const struct vouch_given *given,
                                       struct vouch_proof *ret_proof, struct vouch_reply *reply,
                                       struct vouch_fault *fault);
void vouch_session_code_wrong(struct vouch_reply *reply);

#define VOUCH_RECOVERY_CODES_MAX 16

// Recovery codes as identity shows them, one on a line, as a list.
VOUCH_MUST_USE int vouch_codes_put(struct vouch_local *authority, struct vouch_bytes shown,
                                   struct vouch_answer_codes *answer, struct vouch_fault *fault);
