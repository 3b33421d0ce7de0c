// SPDX-License-Identifier: ISC
// What is said to the root part of vouch-host over a lane, as tables that both ends share, and the shape
// of a body of host/apply.h. Private to src/host.
#pragma once

#include "host/apply.h"
#include "ipc/frame.h"

#define VOUCH_APPLY_NUMBER(name, ask_type, answer_type) VOUCH_APPLY_OP_##name,
enum vouch_apply_op {
    VOUCH_APPLY_OP_NONE = 0,
    VOUCH_APPLY_ASKS(VOUCH_APPLY_NUMBER) VOUCH_APPLY_OP_COUNT
};
#define VOUCH_APPLY_OP_FAILED 255 // answers any ask: it could not be done

struct vouch_apply_op_row {
    const struct vouch_fields *ask;
    const struct vouch_fields *answer;
};
extern const struct vouch_apply_op_row vouch_apply_ops[VOUCH_APPLY_OP_COUNT];
extern const struct vouch_frame_protocol vouch_apply_protocol;

// A failure as it goes over the lane.
struct vouch_apply_failed {
    uint64_t err; // of vouch_err, without its sign
    char code[8];
    char text[512];
    char next[256];
};
extern const struct vouch_fields vouch_apply_failed_fields;

// What each body has: the same calls as the face, without deadlines of their own where it does the work.
#define VOUCH_APPLY_MEMBER(name, ask_type, answer_type)                                            \
    int (*name)(struct vouch_apply * apply, const ask_type *ask, uint64_t deadline_ns,             \
                answer_type *ret_answer, struct vouch_fault *fault);
struct vouch_apply_body {
    void (*close)(struct vouch_apply *apply);
    VOUCH_APPLY_ASKS(VOUCH_APPLY_MEMBER)
};
struct vouch_apply {
    const struct vouch_apply_body *body;
};
