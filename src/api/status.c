// SPDX-License-Identifier: ISC
// /v1/status for who looks after the service, and /readyz for what sends it requests.
#include "api/resources.h"

int vouch_api_status_show(struct vouch_api_call *call) {
    const struct vouch_ask_page ask = {0};
    struct vouch_answer_status answer = {0};
    int err = vouch_authority_status(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    struct vouch_json *json = &call->json;
    vouch_api_answer_begin(call, 200, "vouch.status/1");
    vouch_json_text(json, "version", vouch_bytes_of(VOUCH_VERSION));
    vouch_json_flag(json, "ready", answer.ready != 0);
    vouch_json_id(json, "ledger_size", answer.ledger_size);
    vouch_json_id(json, "checkpoint_size", answer.checkpoint_size);
    vouch_json_id(json, "indexed", answer.indexed);
    vouch_json_id(json, "epoch", answer.epoch);
    vouch_json_id(json, "serial", answer.serial);
    vouch_json_number(json, "issued", answer.issued);
    vouch_json_number(json, "refused", answer.refused);
    vouch_json_number(json, "revoked", answer.revoked);
    vouch_json_number(json, "reviews_open", answer.reviews_open);
    return vouch_api_answer_end(call);
}

// The watcher hears from the authority four times a second, so nobody can make it work by asking this.
int vouch_api_ready_show(struct vouch_api_call *call) {
    if (!vouch_api_public_is_fresh(call->api->config.files)) {
        vouch_api_refuse(call, 503, &vouch_fault_api_unready, NULL,
                         "the authority has not answered for two seconds, or not yet");
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.health/1");
    vouch_json_text(&call->json, "status", vouch_bytes_of("ready"));
    return vouch_api_answer_end(call);
}
