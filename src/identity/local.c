// SPDX-License-Identifier: ISC
// The body of identity in the process that owns the engine: a desk of its own, no lane.
#include <stdlib.h>

#include "identity/method.h"

struct vouch_identity {
    struct vouch_identity_desk desk;
};

int vouch_identity_attach(struct vouch_identity_engine *engine,
                          struct vouch_identity **ret_identity, struct vouch_fault *fault) {
    struct vouch_identity *identity = calloc(1, sizeof *identity);
    if (identity == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "identity: no memory for a handle");
    }
    int err = vouch_identity_desk_init(&identity->desk, engine, fault);
    if (err != VOUCH_OK) {
        free(identity);
        return err;
    }
    *ret_identity = identity;
    return VOUCH_OK;
}

void vouch_identity_close(struct vouch_identity *identity) {
    if (identity == NULL) {
        return;
    }
    vouch_identity_desk_done(&identity->desk);
    free(identity);
}

int vouch_identity_put(struct vouch_identity *identity, enum vouch_identity_verb verb,
                       const struct vouch_identity_ask *ask, uint64_t deadline_ns,
                       struct vouch_identity_answer *ret_answer, struct vouch_fault *fault) {
    int err = vouch_identity_desk_ask(&identity->desk, verb, ask, deadline_ns, fault);
    *ret_answer = identity->desk.reply.answer;
    return err;
}
