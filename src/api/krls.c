// SPDX-License-Identifier: ISC
// /v1/krls: revocation lists and their envelopes, from memory; a host may wait for the next one.
#include "api/fields.h"
#include "api/resources.h"
#include "api/snapshot.h"
#include "base/mem.h"
#include "base/time.h"

#define KRL_CACHE "public, no-cache" // kept, but asked about each time
#define WAIT_MAX_S 30

static void drop_at_end(struct vouch_api_snapshot **snapshot) {
    vouch_api_snapshot_drop(*snapshot);
}

// Nonzero if the client has the list that is about to be answered, and wants to wait for another.
static int waits(const struct vouch_api_call *call, uint64_t wait_s, uint64_t deadline_ns) {
    struct vouch_bytes have = call->request->headers[VOUCH_HTTP_IF_NONE_MATCH];
    return wait_s != 0 && call->request->turn != VOUCH_HTTP_EXPIRED &&
           vouch_bytes_equal(have, vouch_bytes_of(call->response->etag)) &&
           vouch_time_monotonic_ns() < deadline_ns;
}

static int answer_krl(struct vouch_api_call *call, unsigned use) {
    uint64_t wait_s = vouch_api_query_number(call, "wait", WAIT_MAX_S);
    VOUCH_CLEANUP(drop_at_end)
    struct vouch_api_snapshot *snapshot = vouch_api_snapshot_of(call);
    if (call->refused) {
        return VOUCH_OK;
    }
    int err = vouch_api_file_answer(call, snapshot, VOUCH_API_USER_KRL + use, KRL_CACHE);
    uint64_t deadline_ns = call->request->begun_ns + wait_s * 1000000000;
    if (err == VOUCH_OK && waits(call, wait_s, deadline_ns)) {
        vouch_api_blob_drop(call->response->shared.owner); // an old list is not kept for who waits
        call->response->shared = (struct vouch_http_shared){0};
        call->response->wait = (struct vouch_http_wait){vouch_api_krl_wait_key(use), deadline_ns};
    }
    return err;
}

static int answer_envelope(struct vouch_api_call *call, unsigned use) {
    VOUCH_CLEANUP(drop_at_end)
    struct vouch_api_snapshot *snapshot = vouch_api_snapshot_of(call);
    return snapshot != NULL
               ? vouch_api_file_answer(call, snapshot, VOUCH_API_USER_ENVELOPE + use, KRL_CACHE)
               : VOUCH_OK;
}

int vouch_api_krl_user(struct vouch_api_call *call) {
    return answer_krl(call, 0);
}
int vouch_api_krl_host(struct vouch_api_call *call) {
    return answer_krl(call, 1);
}
int vouch_api_krl_user_envelope(struct vouch_api_call *call) {
    return answer_envelope(call, 0);
}
int vouch_api_krl_host_envelope(struct vouch_api_call *call) {
    return answer_envelope(call, 1);
}
