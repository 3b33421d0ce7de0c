// SPDX-License-Identifier: ISC
// The body of identity that asks another process over a lane.
//
// The role that links this holds no key of identity's; all it can do is ask.
#include <stdlib.h>

#include "base/mem.h"
#include "identity/protocol.h"

struct vouch_identity {
    struct vouch_lane lane;
};

int vouch_identity_connect(int take_fd, struct vouch_identity **ret_identity,
                           struct vouch_fault *fault) {
    struct vouch_identity *identity = calloc(1, sizeof *identity);
    if (identity == NULL) {
        vouch_close_at_end(&take_fd);
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "identity: no memory for a lane");
    }
    vouch_lane_init(&identity->lane, take_fd, &vouch_identity_protocol, VOUCH_LANE_ASKS);
    *ret_identity = identity;
    return VOUCH_OK;
}

void vouch_identity_close(struct vouch_identity *identity) {
    if (identity == NULL) {
        return;
    }
    vouch_lane_done(&identity->lane);
    free(identity);
}

// What does not fit a frame is refused here as the other end would refuse it.
static int refuse_excess(const struct vouch_identity_ask *ask,
                         struct vouch_identity_answer *ret_answer) {
    const char *field = vouch_identity_ask_excess(ask);
    if (field == NULL) {
        return 0;
    }
    vouch_identity_refusal_set(&ret_answer->refusal, &vouch_fault_field, field,
                               VOUCH_IDENTITY_EXCESS);
    return 1;
}

static int take_answer(const struct vouch_message *message, enum vouch_identity_verb verb,
                       struct vouch_identity_answer *ret_answer, struct vouch_fault *fault) {
    struct vouch_where where = {0, "type", "is not that of the question"};
    if (message->type == VOUCH_IDENTITY_FRAME_FAILED) {
        return vouch_identity_failure_read(message->body, fault);
    }
    int err = VOUCH_ERR_FORMAT;
    if (message->type == verb) {
        err = vouch_identity_answer_read(message->body, ret_answer, &where);
    }
    return err == VOUCH_OK
               ? VOUCH_OK
               : vouch_fault_where(fault, err, &vouch_fault_peer, "identity: its answer", &where);
}

int vouch_identity_put(struct vouch_identity *identity, enum vouch_identity_verb verb,
                       const struct vouch_identity_ask *ask, uint64_t deadline_ns,
                       struct vouch_identity_answer *ret_answer, struct vouch_fault *fault) {
    struct vouch_message message = {0};
    *ret_answer = (struct vouch_identity_answer){0};
    if (refuse_excess(ask, ret_answer)) {
        return VOUCH_OK;
    }
    vouch_identity_ask_write(ask, vouch_lane_begin(&identity->lane));
    int err = vouch_lane_ask(&identity->lane, (uint16_t)verb, deadline_ns, &message, fault);
    return err == VOUCH_OK ? take_answer(&message, verb, ret_answer, fault) : err;
}
