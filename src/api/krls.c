// SPDX-License-Identifier: ISC
// /v1/krls: revocation lists and their envelopes, from memory; a host may wait for the next one.
#include "api/resources.h"
#include "api/snapshot.h"
#include "base/mem.h"

static void drop_at_end(struct vouch_api_snapshot **snapshot) {
    vouch_api_snapshot_drop(*snapshot);
}

static int answer_envelope(struct vouch_api_call *call, unsigned use) {
    VOUCH_CLEANUP(drop_at_end)
    struct vouch_api_snapshot *snapshot = vouch_api_snapshot_of(call);
    return snapshot != NULL ? vouch_api_file_answer(call, snapshot, VOUCH_API_USER_ENVELOPE + use,
                                                    VOUCH_API_CHANGING_CACHE)
                            : VOUCH_OK;
}

int vouch_api_krl_user(struct vouch_api_call *call) {
    return vouch_api_file_await(call, VOUCH_API_USER_KRL, vouch_api_krl_wait_key(0));
}
int vouch_api_krl_host(struct vouch_api_call *call) {
    return vouch_api_file_await(call, VOUCH_API_HOST_KRL, vouch_api_krl_wait_key(1));
}
int vouch_api_krl_user_envelope(struct vouch_api_call *call) {
    return answer_envelope(call, 0);
}
int vouch_api_krl_host_envelope(struct vouch_api_call *call) {
    return answer_envelope(call, 1);
}
