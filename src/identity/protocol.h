// SPDX-License-Identifier: ISC
// The bodies of the frames between authority and identity, as both ends write and read them.
// doc/frames.md.
#pragma once

#include "identity/identity.h"
#include "vouch/wire.h"

// What can be asked, and the type of the frames that ask and answer it.
enum vouch_identity_verb { VOUCH_IDENTITY_MAKE = 1, VOUCH_IDENTITY_CHECK = 2 };

// The type of the frame that answers either when it failed.
#define VOUCH_IDENTITY_FRAME_FAILED 3

// Puts one question to a body: local.c and remote.c have one each. As vouch_identity_make().
VOUCH_MUST_USE int vouch_identity_put(struct vouch_identity *identity,
                                      enum vouch_identity_verb verb,
                                      const struct vouch_identity_ask *ask, uint64_t deadline_ns,
                                      struct vouch_identity_answer *ret_answer,
                                      struct vouch_fault *fault);

// The field of the ask that is outside its bounds; NULL: none is.
const char *vouch_identity_ask_excess(const struct vouch_identity_ask *ask);

// Why such an ask is refused.
#define VOUCH_IDENTITY_EXCESS "is longer than it may be, or is none that is known"

// Fills in a refusal; what is longer than its field is cut.
void vouch_identity_refusal_set(struct vouch_identity_refusal *ret_refusal,
                                const struct vouch_fault_kind *kind, const char *field,
                                const char *why);

// Appends the body of an ask.
void vouch_identity_ask_write(const struct vouch_identity_ask *ask, struct vouch_buf *out);

// Reads a whole body. The slices point into it. An ask that comes out is within its bounds.
VOUCH_MUST_USE int vouch_identity_ask_read(struct vouch_bytes body,
                                           struct vouch_identity_ask *ret_ask,
                                           struct vouch_where *ret_where);

// Appends the body of an answer.
void vouch_identity_answer_write(const struct vouch_identity_answer *answer, struct vouch_buf *out);

// The same for answers: ACCEPTED has no refusal, and nothing else has anything to store or show.
VOUCH_MUST_USE int vouch_identity_answer_read(struct vouch_bytes body,
                                              struct vouch_identity_answer *ret_answer,
                                              struct vouch_where *ret_where);

// Appends the body of a failure, which has a kind.
void vouch_identity_failure_write(const struct vouch_fault *failure, struct vouch_buf *out);

// Makes the failure that was sent ours; returns its code, which is never VOUCH_OK.
int vouch_identity_failure_read(struct vouch_bytes body, struct vouch_fault *fault);
