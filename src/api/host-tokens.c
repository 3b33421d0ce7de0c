// SPDX-License-Identifier: ISC
// /v1/host-tokens: tokens that enrol hosts, and nothing else. The secret is in the answer to making one,
// and nowhere else ever.
#include "api/fields.h"
#include "api/resources.h"

#define USES_MAX 10000
#define HOST_TOKEN_TTL_MAX_S (30ULL * 86400)
#define NETWORK_MAX 64

static void put_members(struct vouch_json *json, const struct vouch_host_token_row *row) {
    vouch_json_id(json, "id", row->id);
    vouch_json_text(json, "match", row->match);
    vouch_json_text(json, "zone", row->zone);
    vouch_json_labels(json, "labels", row->labels.items, row->labels.count);
    vouch_json_texts(json, "networks", row->networks.items, row->networks.count);
    vouch_json_number(json, "uses", row->uses);
    vouch_json_number(json, "uses_left", row->uses_left);
    vouch_json_time_s(json, "created", row->created_s);
    vouch_json_time_s(json, "expires", row->expires_s);
    vouch_json_text(json, "actor", row->actor);
}

int vouch_api_host_token_new(struct vouch_api_call *call) {
    static const char *const members[] = {"match", "zone",  "labels", "networks",
                                          "uses",  "ttl_s", NULL};
    struct vouch_api_texts labels, networks;
    struct vouch_ask_host_token_new ask = {0};
    vouch_api_members(call, members);
    ask.match = vouch_api_text(call, "match", VOUCH_API_REQUIRED, VOUCH_HOST_NAME_LEN_MAX);
    ask.zone = vouch_api_text(call, "zone", VOUCH_API_REQUIRED, VOUCH_API_NAME_TEXT_MAX);
    vouch_api_options(call, "labels", VOUCH_API_VALUES, &labels);
    vouch_api_texts(call, "networks", VOUCH_API_OPTIONAL, NETWORK_MAX, &networks);
    ask.uses = vouch_api_number(call, "uses", VOUCH_API_OPTIONAL, USES_MAX);
    ask.ttl_s = vouch_api_number(call, "ttl_s", VOUCH_API_OPTIONAL, HOST_TOKEN_TTL_MAX_S);
    ask.labels = vouch_api_list_of(&labels);
    ask.networks = vouch_api_list_of(&networks);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_host_token answer = {0};
    int err =
        vouch_authority_host_token_new(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 201, "vouch.host-token/1");
    put_members(&call->json, &answer.row);
    vouch_json_text(&call->json, "name", answer.name);
    vouch_json_text_or_null(&call->json, "address", answer.address);
    vouch_json_text(&call->json, "secret", answer.secret);
    return vouch_api_answer_end(call);
}

int vouch_api_host_token_list(struct vouch_api_call *call) {
    const struct vouch_ask_host_tokens ask = {.page = vouch_api_query_page(call)};
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_host_tokens answer = {0};
    int err =
        vouch_authority_host_tokens(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_list_begin(call, "vouch.host-tokens/1");
    for (size_t i = 0; i < answer.count; i++) {
        vouch_json_open(&call->json, NULL, '{');
        put_members(&call->json, &answer.rows[i]);
        vouch_json_close(&call->json, '}');
    }
    return vouch_api_list_end(call, answer.next);
}

int vouch_api_host_token_remove(struct vouch_api_call *call) {
    const struct vouch_ask_host_token_remove ask = {.id = vouch_api_path_id(call, "host token")};
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_host_token answer = {0};
    int err = vouch_authority_host_token_remove(call->authority, &call->caller, &ask, &answer,
                                                &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.host-token/1");
    put_members(&call->json, &answer.row);
    return vouch_api_answer_end(call);
}
