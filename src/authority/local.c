// SPDX-License-Identifier: ISC
// The authority's own body: each ask is answered here, in the thread that asks.
#include "authority/issue.h"

// Anything but a whole, good answer is none.
#define BODY(name, ask_type, answer_type)                                                          \
    static int ask_##name(struct vouch_authority *face, const struct vouch_caller *caller,         \
                          const ask_type *ask, answer_type *ret_answer,                            \
                          struct vouch_fault *fault) {                                             \
        struct vouch_local *local = (void *)face;                                                  \
        struct vouch_fault own = {0};                                                              \
        vouch_arena_clear(&local->arena);                                                          \
        vouch_secret_done(&local->shown);                                                          \
        int err = vouch_local_##name(local, caller, ask, ret_answer, &own);                        \
        vouch_lease_end(local);                                                                    \
        vouch_standing_end(local);                                                                 \
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
