// SPDX-License-Identifier: ISC
// The authority's own body: every ask is held to its bounds, then handed on.
#include "authority/issue.h"

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

// Anything but a whole, good answer is none.
#define BODY(name, ask_type, answer_type)                                                          \
    static int ask_##name(struct vouch_authority *face, const struct vouch_caller *caller,         \
                          const ask_type *ask, answer_type *ret_answer,                            \
                          struct vouch_fault *fault) {                                             \
        struct vouch_local *local = (void *)face;                                                  \
        struct vouch_fault own = {0};                                                              \
        vouch_arena_clear(&local->arena);                                                          \
        *ret_answer = (answer_type){0};                                                            \
        if (!fits(VOUCH_OP_##name, caller, ask, &ret_answer->reply)) {                             \
            return VOUCH_OK;                                                                       \
        }                                                                                          \
        int err = vouch_local_##name(local, caller, ask, ret_answer, &own);                        \
        vouch_lease_end(local);                                                                    \
        if (err != VOUCH_OK) {                                                                     \
            *ret_answer = (answer_type){0};                                                        \
            if (fault != NULL) {                                                                   \
                *fault = own;                                                                      \
            }                                                                                      \
        } else if (ret_answer->reply.verdict != VOUCH_VERDICT_DONE) {                              \
            *ret_answer = (answer_type){.reply = ret_answer->reply};                               \
        }                                                                                          \
        return err;                                                                                \
    }
VOUCH_AUTHORITY_ASKS(BODY)

static void close_local(struct vouch_authority *face) {
    vouch_local_free((void *)face);
}

#define MEMBER(name_, ask_type, answer_type) .name_ = ask_##name_,
const struct vouch_authority_body vouch_local_body = {.close = close_local,
                                                      VOUCH_AUTHORITY_ASKS(MEMBER)};
