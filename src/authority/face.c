// SPDX-License-Identifier: ISC
// The one face of both bodies.
#include "authority/body.h"

void vouch_authority_close(struct vouch_authority *authority) {
    if (authority != NULL) {
        authority->body->close(authority);
    }
}

#define FACE(name, ask_type, answer_type)                                                          \
    int vouch_authority_##name(struct vouch_authority *authority,                                  \
                               const struct vouch_caller *caller, const ask_type *ask,             \
                               answer_type *ret_answer, struct vouch_fault *fault) {               \
        return authority->body->name(authority, caller, ask, ret_answer, fault);                   \
    }
VOUCH_AUTHORITY_ASKS(FACE)
