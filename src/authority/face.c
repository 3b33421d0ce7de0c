// SPDX-License-Identifier: ISC
// The one face of both bodies: every ask is held to its bounds, then handed on.
#include "authority/body.h"
#include "authority/protocol.h"
#include "authority/reply.h"

void vouch_authority_close(struct vouch_authority *authority) {
    if (authority != NULL) {
        authority->body->close(authority);
    }
}

static int fits(enum vouch_op op, const struct vouch_caller *caller, const void *ask,
                struct vouch_reply *reply) {
    const char *name = NULL;
    if (vouch_codec_fits(&vouch_caller_fields, caller, &name) &&
        vouch_codec_fits(vouch_ops[op].ask, ask, &name)) {
        return 1;
    }
    vouch_reply_set(reply, VOUCH_VERDICT_INVALID, &vouch_fault_field, name,
                    "%s is too long, or is no value that it may have", name);
    return 0;
}

#define FACE(name, ask_type, answer_type)                                                          \
    int vouch_authority_##name(struct vouch_authority *authority,                                  \
                               const struct vouch_caller *caller, const ask_type *ask,             \
                               answer_type *ret_answer, struct vouch_fault *fault) {               \
        *ret_answer = (answer_type){0};                                                            \
        return fits(VOUCH_OP_##name, caller, ask, &ret_answer->reply)                              \
                   ? authority->body->name(authority, caller, ask, ret_answer, fault)              \
                   : VOUCH_OK;                                                                     \
    }
VOUCH_AUTHORITY_ASKS(FACE)
