// SPDX-License-Identifier: ISC
// What the asks about the policy and by it share. Private to src/authority.
#pragma once

#include "authority/caller.h"
#include "authority/policy-now.h"
#include "authority/request-access.h"
#include "authority/request-review.h"
#include "policy/decide.h"
#include "policy/explain.h"
#include "store/requests.h"

#define VOUCH_EVENT_POLICY_APPLY "policy.apply"

// Finds out who asks, and holds them to what administrators and auditors may: read the policy and what
// it means for anybody.
VOUCH_MUST_USE int vouch_identify_reader(struct vouch_local *authority,
                                         const struct vouch_caller *caller,
                                         struct vouch_who *ret_who, struct vouch_reply *ret_reply,
                                         struct vouch_fault *fault);

// Finds out who asks about whom: themselves (`user` empty), or another, as a reader. Somebody who is no
// user must name one. ret_reply DONE: *ret_user is the name.
VOUCH_MUST_USE int vouch_identify_about(struct vouch_local *authority,
                                        const struct vouch_caller *caller, struct vouch_bytes user,
                                        struct vouch_who *ret_who, struct vouch_bytes *ret_user,
                                        struct vouch_reply *ret_reply, struct vouch_fault *fault);

// Lets accounts, sessions, certificates and requests follow the policy that holds, in case that was cut
// short before. At the start, before the lists are published.
VOUCH_MUST_USE int vouch_policy_follow_up(struct vouch_local *authority, struct vouch_fault *fault);

// Nonzero for who may read everything about everybody.
int vouch_who_is_reader(const struct vouch_who *who);

// For an ask that needs a policy where none was ever applied.
void vouch_reply_no_policy(struct vouch_reply *reply);

// Texts in the arena: of the first `max` of a list. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_texts_keep(struct vouch_arena *arena, const struct vouch_bytes *items,
                                    size_t count, size_t max, struct vouch_text_list *ret_list);

// What changed, as an answer shows it: copied into the arena. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_policy_put_diff(struct vouch_arena *arena,
                                         const struct vouch_policy_diff *diff,
                                         struct vouch_answer_policy_apply *answer);

// ----- access and requests

#define VOUCH_EVENT_REQUEST_NEW "request.new"
#define VOUCH_EVENT_REQUEST_APPROVE "request.approve"
#define VOUCH_EVENT_REQUEST_DENY "request.deny"
#define VOUCH_EVENT_REQUEST_CANCEL "request.cancel"

// A question to the policy while it is on its way through issue.c.
struct vouch_access {
    const struct vouch_ask_access *ask;
    const struct vouch_store_request *request; // that is taken; NULL: none
    const struct vouch_policy *policy;         // held
    uint64_t version;                          // of it
    struct vouch_who *who;                     // gets role and policy, as they are recorded
    struct vouch_text_list roles;              // as asked, or as found
    enum vouch_review_kind glass;              // ANY: it is for no emergency
    struct vouch_bytes holder;                 // SEALED: who it is for
    uint64_t seal_ttl_s;                       // and for how long
    struct vouch_policy_decision decision;
};

// Asks the policy. *ret_decision is DONE with what to sign; or why not. PENDING is REFUSED there, and
// seen in access->decision.
VOUCH_MUST_USE int vouch_access_decide(struct vouch_local *authority, struct vouch_access *access,
                                       const struct vouch_caller *caller,
                                       const struct vouch_key *key,
                                       struct vouch_decision *ret_decision,
                                       struct vouch_fault *fault);

// The policy's answer to what was asked, for somebody at a place, with these approvers.
struct vouch_policy_question {
    const struct vouch_policy *policy;
    const struct vouch_ask_access *ask;
    struct vouch_text_list roles;
    struct vouch_bytes user, source;
    struct vouch_text_list approvers;
    enum vouch_key_type key_type;
    uint64_t factor_s;
};
VOUCH_MUST_USE int vouch_policy_answer(struct vouch_local *authority,
                                       const struct vouch_policy_question *question,
                                       struct vouch_policy_decision *ret_decision,
                                       struct vouch_fault *fault);
// A refusal with its reasons as a reply.
void vouch_reply_reasons(const struct vouch_policy_decision *decision, struct vouch_reply *reply);

// Makes a request of a question that is pending, or finds the same one that is still open.
VOUCH_MUST_USE int vouch_request_make(struct vouch_local *authority,
                                      const struct vouch_caller *caller,
                                      const struct vouch_access *access,
                                      struct vouch_answer_access *ret_answer,
                                      struct vouch_fault *fault);

// Nonzero if one of its roles names them among those who approve, and they did not make it.
int vouch_request_concerns(const struct vouch_policy *policy,
                           const struct vouch_store_request *request, struct vouch_bytes user);

// Finds a request, in the handle's arena, that the one who asks may see. Else ret_reply is ABSENT.
VOUCH_MUST_USE int vouch_request_find(struct vouch_local *authority, const struct vouch_who *who,
                                      uint64_t id, struct vouch_store_request *ret_request,
                                      struct vouch_reply *ret_reply, struct vouch_fault *fault);

// What was asked, as it is kept with the request.
VOUCH_MUST_USE int vouch_request_ask(struct vouch_local *authority,
                                     const struct vouch_store_request *request,
                                     struct vouch_ask_access *ret_ask, struct vouch_fault *fault);

// What would be granted, as bytes that are equal only if it is the same.
void vouch_request_put_grant(const struct vouch_policy_grant *grant, struct vouch_buf *out);

// The state as it is now; and a row for an answer, which borrows.
enum vouch_request_state vouch_request_state_of(const struct vouch_store_request *request,
                                                uint64_t now_s);
struct vouch_request_row vouch_request_row_of(const struct vouch_store_request *request,
                                              uint64_t now_s);
void vouch_reply_request_state(const struct vouch_store_request *request, uint64_t now_s,
                               struct vouch_reply *reply);

// Writes what changed, if nobody else changed it meanwhile: else ret_reply is CONFLICT.
VOUCH_MUST_USE int vouch_request_change(struct vouch_local *authority,
                                        const struct vouch_store_request *request,
                                        struct vouch_reply *ret_reply, struct vouch_fault *fault);

// Takes an approved request before signing; and says afterwards what became of it: a certificate, none,
// or nobody knows.
VOUCH_MUST_USE int vouch_request_take(struct vouch_local *authority,
                                      const struct vouch_store_request *request,
                                      struct vouch_reply *ret_reply, struct vouch_fault *fault);
void vouch_request_taken(struct vouch_local *authority, const struct vouch_store_request *request,
                         enum vouch_once_end end, uint64_t serial);

// Records what happened to a request, with all that it is about.
VOUCH_MUST_USE int vouch_request_note(struct vouch_local *authority, struct vouch_bytes actor,
                                      const char *type, const struct vouch_store_request *request,
                                      struct vouch_fault *fault);

// Cancels the open requests of users who are gone, and those that such users approved.
VOUCH_MUST_USE int vouch_requests_follow(struct vouch_local *authority,
                                         const struct vouch_policy *policy,
                                         struct vouch_bytes actor, struct vouch_fault *fault);
