// SPDX-License-Identifier: ISC
// The one way by which certificates come about, for issuing and renewing alike. Private to src/authority.
#pragma once

#include "authority/access.h"
#include "authority/caller.h"

struct vouch_job {
    const struct vouch_caller *caller;
    const struct vouch_who *who;
    const struct vouch_wish *wish; // within a profile; NULL:
    struct vouch_access *access;   // by the policy
    struct vouch_bytes key;        // the subject's public key blob
    struct vouch_bytes once;       // idempotency key, or empty
    struct vouch_bytes body;       // all that was asked, in bytes: what the key stands for
};

// Decides, has it signed and recorded, answers.
VOUCH_MUST_USE int vouch_issue(struct vouch_local *authority, const struct vouch_job *job,
                               struct vouch_answer_cert *ret_answer, struct vouch_fault *fault);

// Holds the key of a subject to what no certificate is for: a key of the CA itself, or one that was
// revoked. The reply is left as it is if it may; *ret_hash is its SHA-256.
VOUCH_MUST_USE int vouch_subject_key_judge(struct vouch_local *authority,
                                           const struct vouch_key *key,
                                           uint8_t ret_hash[static VOUCH_STORE_HASH_LEN],
                                           struct vouch_reply *reply, struct vouch_fault *fault);

// The signer's refusal as a reply.
void vouch_reply_signer(const struct vouch_signer_refusal *refusal, struct vouch_reply *reply);

// Each body of an ask: vouch_local_issue() and so on. The handle's arena is empty when it is called, and
// ask and caller are within their bounds.
#define VOUCH_LOCAL_DECLARE(name, ask_type, answer_type)                                           \
    VOUCH_MUST_USE int vouch_local_##name(struct vouch_local *authority,                           \
                                          const struct vouch_caller *caller, const ask_type *ask,  \
                                          answer_type *ret_answer, struct vouch_fault *fault);
VOUCH_AUTHORITY_ASKS(VOUCH_LOCAL_DECLARE)
