// SPDX-License-Identifier: ISC
// The signer's lane: which messages there are, and their bodies. Both ends use it; doc/frames.md has it
// in prose. Writers append to a lane's buffer, whose first error sticks; readers refuse what is left
// over, and what they give points into the body.
#pragma once

#include "signer/signer.h"

enum vouch_signer_message {
    VOUCH_SIGNER_ASK_SIGN = 1,
    VOUCH_SIGNER_ASK_NOTE = 2,
    VOUCH_SIGNER_ASK_PUBLISH = 3,
    VOUCH_SIGNER_ASK_STATE = 4,
    VOUCH_SIGNER_ASK_ROTATE = 5,
    VOUCH_SIGNER_ANSWER_GRANTED = 17,
    VOUCH_SIGNER_ANSWER_NOTED = 18,
    VOUCH_SIGNER_ANSWER_PUBLISHED = 19,
    VOUCH_SIGNER_ANSWER_STATE = 20,
    VOUCH_SIGNER_ANSWER_REFUSED = 21, // "no"
    VOUCH_SIGNER_ANSWER_FAILED = 22,  // a failure
    VOUCH_SIGNER_ANSWER_ROTATED = 23,
};

#define VOUCH_SIGNER_OPTIONS_ROOM 32

// What a request to sign was read into. The key is a blob still.
struct vouch_signer_read_ask {
    struct vouch_signer_ask ask; // ask.spec.key is NULL
    struct vouch_bytes key;
    struct vouch_bytes principals[VOUCH_CERT_PRINCIPALS_MAX];
    struct vouch_cert_option critical[VOUCH_SIGNER_OPTIONS_ROOM];
    struct vouch_cert_option extensions[VOUCH_SIGNER_OPTIONS_ROOM];
};

// A request to sign. Reading fails if there are more names or options than there is room for.
void vouch_signer_write_ask(struct vouch_buf *out, const struct vouch_signer_ask *ask);
VOUCH_MUST_USE int vouch_signer_read_ask(struct vouch_bytes body, struct vouch_signer_read_ask *ret,
                                         struct vouch_where *ret_where);

// An event to note.
void vouch_signer_write_event(struct vouch_buf *out, const struct vouch_signer_event *event);
VOUCH_MUST_USE int vouch_signer_read_event(struct vouch_bytes body,
                                           struct vouch_signer_event *ret_event,
                                           struct vouch_where *ret_where);

// A revocation list to publish.
void vouch_signer_write_krl(struct vouch_buf *out, const struct vouch_signer_krl *krl);
VOUCH_MUST_USE int vouch_signer_read_krl(struct vouch_bytes body, struct vouch_signer_krl *ret_krl,
                                         struct vouch_where *ret_where);

// A step in the rotation of a CA key.
void vouch_signer_write_rotation(struct vouch_buf *out,
                                 const struct vouch_signer_rotation *rotation);
VOUCH_MUST_USE int vouch_signer_read_rotation(struct vouch_bytes body,
                                              struct vouch_signer_rotation *ret_rotation,
                                              struct vouch_where *ret_where);

// Answers: what became of a request to sign. Those with an outcome are written only when it is DONE, and
// it is when they were read.
void vouch_signer_write_grant(struct vouch_buf *out, const struct vouch_signer_grant *grant);
VOUCH_MUST_USE int vouch_signer_read_grant(struct vouch_bytes body,
                                           struct vouch_signer_grant *ret_grant,
                                           struct vouch_where *ret_where);

// What became of an event.
void vouch_signer_write_noted(struct vouch_buf *out, const struct vouch_signer_noted *noted);
VOUCH_MUST_USE int vouch_signer_read_noted(struct vouch_bytes body,
                                           struct vouch_signer_noted *ret_noted,
                                           struct vouch_where *ret_where);

// What became of a step.
void vouch_signer_write_rotated(struct vouch_buf *out, const struct vouch_signer_rotated *rotated);
VOUCH_MUST_USE int vouch_signer_read_rotated(struct vouch_bytes body,
                                             struct vouch_signer_rotated *ret_rotated,
                                             struct vouch_where *ret_where);

// What became of a list.
void vouch_signer_write_published(struct vouch_buf *out,
                                  const struct vouch_signer_published *published);
VOUCH_MUST_USE int vouch_signer_read_published(struct vouch_bytes body,
                                               struct vouch_signer_published *ret_published,
                                               struct vouch_where *ret_where);

// What the signer says about itself.
void vouch_signer_write_state(struct vouch_buf *out, const struct vouch_signer_state *state);
VOUCH_MUST_USE int vouch_signer_read_state(struct vouch_bytes body,
                                           struct vouch_signer_state *ret_state,
                                           struct vouch_where *ret_where);

// The "no" to any of them.
void vouch_signer_write_refusal(struct vouch_buf *out, const struct vouch_signer_refusal *refusal);
VOUCH_MUST_USE int vouch_signer_read_refusal(struct vouch_bytes body,
                                             struct vouch_signer_refusal *ret_refusal,
                                             struct vouch_where *ret_where);

// A fault, as it was on the other side. Reading returns its code, or why it could not be read.
void vouch_signer_write_fault(struct vouch_buf *out, const struct vouch_fault *why);
VOUCH_MUST_USE int vouch_signer_read_fault(struct vouch_bytes body, struct vouch_fault *ret_fault);
