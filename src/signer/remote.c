// SPDX-License-Identifier: ISC
// signer.h over a lane, for the process that asks. It knows no key, no ledger and no rule of issuing.
#include <stdlib.h>

#include "signer/frames.h"

struct vouch_signer {
    struct vouch_lane lane;
};

int vouch_signer_connect(int take_fd, struct vouch_signer **ret_signer, struct vouch_fault *fault) {
    struct vouch_signer *signer = calloc(1, sizeof *signer);
    if (signer == NULL) {
        struct vouch_lane unused;
        vouch_lane_init(&unused, take_fd, &vouch_signer_protocol, VOUCH_LANE_ASKS);
        vouch_lane_done(&unused);
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "signer: no memory for a lane");
    }
    vouch_lane_init(&signer->lane, take_fd, &vouch_signer_protocol, VOUCH_LANE_ASKS);
    *ret_signer = signer;
    return VOUCH_OK;
}

void vouch_signer_close(struct vouch_signer *signer) {
    if (signer == NULL) {
        return;
    }
    vouch_lane_done(&signer->lane);
    free(signer);
}

// Asks what was written. The answer is of the wanted type or a refusal; a failure on the other side comes
// back as the fault that it was there.
static int ask(struct vouch_signer *signer, enum vouch_signer_message type, uint64_t deadline_ns,
               enum vouch_signer_message wanted, struct vouch_message *ret_answer,
               struct vouch_fault *fault) {
    int err = vouch_lane_ask(&signer->lane, (uint16_t)type, deadline_ns, ret_answer, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (ret_answer->type == VOUCH_SIGNER_ANSWER_FAILED) {
        struct vouch_fault unwanted = {0};
        return vouch_signer_read_fault(ret_answer->body, fault != NULL ? fault : &unwanted);
    }
    if (ret_answer->type != wanted && ret_answer->type != VOUCH_SIGNER_ANSWER_REFUSED) {
        return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_peer,
                               "signer: it answered another question (message type %u)",
                               (unsigned)ret_answer->type);
    }
    return VOUCH_OK;
}

static int bad_answer(int err, const struct vouch_where *where, struct vouch_fault *fault) {
    return err == VOUCH_OK
               ? VOUCH_OK
               : vouch_fault_where(fault, err, &vouch_fault_peer, "signer: answer", where);
}

int vouch_signer_sign(struct vouch_signer *signer, const struct vouch_signer_ask *what,
                      uint64_t deadline_ns, struct vouch_signer_grant *ret_grant,
                      struct vouch_fault *fault) {
    struct vouch_message answer = {0};
    struct vouch_where where = {0};
    struct vouch_signer_grant grant = {0};
    vouch_signer_write_ask(vouch_lane_begin(&signer->lane), what);
    int err = ask(signer, VOUCH_SIGNER_ASK_SIGN, deadline_ns, VOUCH_SIGNER_ANSWER_GRANTED, &answer,
                  fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = answer.type == VOUCH_SIGNER_ANSWER_REFUSED
              ? vouch_signer_read_refusal(answer.body, &grant.refusal, &where)
              : vouch_signer_read_grant(answer.body, &grant, &where);
    if (err == VOUCH_OK) {
        *ret_grant = grant;
    }
    return bad_answer(err, &where, fault);
}

int vouch_signer_note(struct vouch_signer *signer, const struct vouch_signer_event *event,
                      uint64_t deadline_ns, struct vouch_signer_noted *ret_noted,
                      struct vouch_fault *fault) {
    struct vouch_message answer = {0};
    struct vouch_where where = {0};
    struct vouch_signer_noted noted = {0};
    vouch_signer_write_event(vouch_lane_begin(&signer->lane), event);
    int err =
        ask(signer, VOUCH_SIGNER_ASK_NOTE, deadline_ns, VOUCH_SIGNER_ANSWER_NOTED, &answer, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = answer.type == VOUCH_SIGNER_ANSWER_REFUSED
              ? vouch_signer_read_refusal(answer.body, &noted.refusal, &where)
              : vouch_signer_read_noted(answer.body, &noted, &where);
    if (err == VOUCH_OK) {
        *ret_noted = noted;
    }
    return bad_answer(err, &where, fault);
}

int vouch_signer_publish(struct vouch_signer *signer, const struct vouch_signer_krl *krl,
                         uint64_t deadline_ns, struct vouch_signer_published *ret_published,
                         struct vouch_fault *fault) {
    struct vouch_message answer = {0};
    struct vouch_where where = {0};
    struct vouch_signer_published published = {0};
    vouch_signer_write_krl(vouch_lane_begin(&signer->lane), krl);
    int err = ask(signer, VOUCH_SIGNER_ASK_PUBLISH, deadline_ns, VOUCH_SIGNER_ANSWER_PUBLISHED,
                  &answer, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = answer.type == VOUCH_SIGNER_ANSWER_REFUSED
              ? vouch_signer_read_refusal(answer.body, &published.refusal, &where)
              : vouch_signer_read_published(answer.body, &published, &where);
    if (err == VOUCH_OK) {
        *ret_published = published;
    }
    return bad_answer(err, &where, fault);
}

int vouch_signer_rotate(struct vouch_signer *signer, const struct vouch_signer_rotation *rotation,
                        uint64_t deadline_ns, struct vouch_signer_rotated *ret_rotated,
                        struct vouch_fault *fault) {
    struct vouch_message answer = {0};
    struct vouch_where where = {0};
    struct vouch_signer_rotated rotated = {0};
    vouch_signer_write_rotation(vouch_lane_begin(&signer->lane), rotation);
    int err = ask(signer, VOUCH_SIGNER_ASK_ROTATE, deadline_ns, VOUCH_SIGNER_ANSWER_ROTATED,
                  &answer, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = answer.type == VOUCH_SIGNER_ANSWER_REFUSED
              ? vouch_signer_read_refusal(answer.body, &rotated.refusal, &where)
              : vouch_signer_read_rotated(answer.body, &rotated, &where);
    if (err == VOUCH_OK) {
        *ret_rotated = rotated;
    }
    return bad_answer(err, &where, fault);
}

int vouch_signer_state(struct vouch_signer *signer, uint64_t deadline_ns,
                       struct vouch_signer_state *ret_state, struct vouch_fault *fault) {
    struct vouch_message answer = {0};
    struct vouch_where where = {0};
    struct vouch_signer_state state = {0};
    (void)vouch_lane_begin(&signer->lane);
    int err =
        ask(signer, VOUCH_SIGNER_ASK_STATE, deadline_ns, VOUCH_SIGNER_ANSWER_STATE, &answer, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (answer.type == VOUCH_SIGNER_ANSWER_REFUSED) {
        return vouch_fault_set(fault, VOUCH_ERR_REFUSED, &vouch_fault_peer,
                               "signer: it refused to tell its state");
    }
    err = vouch_signer_read_state(answer.body, &state, &where);
    if (err == VOUCH_OK) {
        *ret_state = state;
    }
    return bad_answer(err, &where, fault);
}
