// SPDX-License-Identifier: ISC
// signer.h in the process that owns the signer: each handle is a desk.
#include <stdlib.h>
#include <unistd.h>

#include "signer/engine.h"

struct vouch_signer {
    struct vouch_desk desk;
};

int vouch_signer_attach(struct vouch_signer_engine *engine, struct vouch_signer **ret_signer,
                        struct vouch_fault *fault) {
    struct vouch_signer *signer = calloc(1, sizeof *signer);
    if (signer == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "signer: no memory for a handle");
    }
    int err = vouch_commit_start(&engine->commit, fault);
    if (err == VOUCH_OK) {
        err = vouch_desk_init(&signer->desk, engine, fault);
    }
    if (err != VOUCH_OK) {
        free(signer);
        return err;
    }
    *ret_signer = signer;
    return VOUCH_OK;
}

int vouch_signer_connect(int take_fd, struct vouch_signer **ret_signer, struct vouch_fault *fault) {
    (void)ret_signer;
    if (take_fd >= 0) {
        close(take_fd);
    }
    return vouch_fault_set(fault, VOUCH_ERR_UNSUPPORTED, &vouch_fault_internal,
                           "signer: this process has the signer itself and connects to none");
}

void vouch_signer_close(struct vouch_signer *signer) {
    if (signer == NULL) {
        return;
    }
    vouch_desk_done(&signer->desk);
    free(signer);
}

// The deadline is the asker's on a lane. Here a record that was queued must be waited for, or the
// certificate would be granted to nobody.
int vouch_signer_sign(struct vouch_signer *signer, const struct vouch_signer_ask *ask,
                      uint64_t deadline_ns, struct vouch_signer_grant *ret_grant,
                      struct vouch_fault *fault) {
    (void)deadline_ns;
    struct vouch_desk *desk = &signer->desk;
    struct vouch_signer_grant grant = {0};
    struct vouch_fault why = {0};
    enum vouch_desk_result result =
        vouch_desk_sign(desk, ask, vouch_desk_tell, &grant.refusal, &why);
    if (result == VOUCH_DESK_FAILED) {
        if (fault != NULL) {
            *fault = why;
        }
        return why.err;
    }
    if (result == VOUCH_DESK_QUEUED) {
        vouch_desk_wait(desk);
        grant = (struct vouch_signer_grant){.outcome = VOUCH_SIGNER_DONE,
                                            .serial = desk->entry.serial,
                                            .number = desk->entry.record.number,
                                            .time_ms = desk->entry.record.time_ms,
                                            .cert = vouch_buf_bytes(&desk->cert)};
    }
    *ret_grant = grant;
    return VOUCH_OK;
}

int vouch_signer_note(struct vouch_signer *signer, const struct vouch_signer_event *event,
                      uint64_t deadline_ns, struct vouch_signer_noted *ret_noted,
                      struct vouch_fault *fault) {
    (void)deadline_ns;
    return vouch_desk_note(&signer->desk, event, ret_noted, fault);
}

int vouch_signer_publish(struct vouch_signer *signer, const struct vouch_signer_krl *krl,
                         uint64_t deadline_ns, struct vouch_signer_published *ret_published,
                         struct vouch_fault *fault) {
    (void)deadline_ns;
    return vouch_desk_publish(&signer->desk, krl, ret_published, fault);
}

int vouch_signer_rotate(struct vouch_signer *signer, const struct vouch_signer_rotation *rotation,
                        uint64_t deadline_ns, struct vouch_signer_rotated *ret_rotated,
                        struct vouch_fault *fault) {
    (void)deadline_ns;
    return vouch_desk_rotate(&signer->desk, rotation, ret_rotated, fault);
}

int vouch_signer_state(struct vouch_signer *signer, uint64_t deadline_ns,
                       struct vouch_signer_state *ret_state, struct vouch_fault *fault) {
    (void)deadline_ns;
    return vouch_desk_state(&signer->desk, ret_state, fault);
}
