// SPDX-License-Identifier: ISC
// The one face of both bodies of host/apply.h: every ask is held to its bounds, then handed on.
#include "host/protocol.h"

void vouch_apply_close(struct vouch_apply *apply) {
    if (apply != NULL) {
        apply->body->close(apply);
    }
}

static int check(enum vouch_apply_op op, const void *ask, struct vouch_fault *fault) {
    const char *name = NULL;
    if (vouch_codec_fits(vouch_apply_ops[op].ask, ask, &name)) {
        return VOUCH_OK;
    }
    return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_host_ask,
                           "%s is too long, or is no value that it may have", name);
}

#define FACE(name, ask_type, answer_type)                                                          \
    int vouch_apply_##name(struct vouch_apply *apply, const ask_type *ask, uint64_t deadline_ns,   \
                           answer_type *ret_answer, struct vouch_fault *fault) {                   \
        *ret_answer = (answer_type){0};                                                            \
        int err = check(VOUCH_APPLY_OP_##name, ask, fault);                                        \
        return err == VOUCH_OK ? apply->body->name(apply, ask, deadline_ns, ret_answer, fault)     \
                               : err;                                                              \
    }
VOUCH_APPLY_ASKS(FACE)
