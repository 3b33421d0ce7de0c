// SPDX-License-Identifier: ISC
// What is asked over a lane, as tables that both ends share. Private to src/authority.
#pragma once

#include "authority/authority.h"
#include "ipc/codec.h"

// The type of the frame that asks, and of the one that answers.
#define VOUCH_OP_NUMBER(name, ask_type, answer_type) VOUCH_OP_##name,
enum vouch_op { VOUCH_OP_NONE = 0, VOUCH_AUTHORITY_ASKS(VOUCH_OP_NUMBER) VOUCH_OP_COUNT };
#define VOUCH_OP_ASK_MAX (96u * 1024) // bytes of an ask with its caller; a policy comes on top
#define VOUCH_OP_LOGIN_MAX 4096u      // of each login that an ask brings, which come on top as well
#define VOUCH_PUBLIC_WAIT_MAX_MS 30000
#define VOUCH_OP_FAILED 255 // answers any ask: it could not be done

struct vouch_op_row {
    const struct vouch_fields *ask;
    const struct vouch_fields *answer;
};
extern const struct vouch_op_row vouch_ops[VOUCH_OP_COUNT];

extern const struct vouch_fields vouch_caller_fields;

// A fault on its way to the asker.
struct vouch_failed {
    char code[8];
    uint64_t err; // as a positive number
    char text[512];
    char next[256];
};
extern const struct vouch_fields vouch_failed_fields;

// The verdict stands first in every answer.
static inline struct vouch_reply *vouch_answer_reply(void *answer) {
    return answer;
}
