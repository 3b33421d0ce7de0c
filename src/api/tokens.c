// SPDX-License-Identifier: ISC
// /v1/tokens: API tokens. The secret is in the answer to making one, and nowhere else ever.
#include "api/fields.h"
#include "api/resources.h"

#define TOKEN_TTL_MAX_S (400ULL * 86400)

static void put_members(struct vouch_json *json, const struct vouch_token_row *row) {
    vouch_json_text(json, "name", row->name);
    vouch_json_texts(json, "scopes", row->scopes.items, row->scopes.count);
    vouch_json_text_or_null(json, "profile", row->profile);
    vouch_json_time_s(json, "created", row->created_s);
    vouch_json_time_s(json, "expires", row->expires_s);
    vouch_json_time_s(json, "last_used", row->last_used_s);
    vouch_json_time_s(json, "disabled", row->disabled_s);
    vouch_json_text(json, "actor", row->actor);
}

int vouch_api_token_new(struct vouch_api_call *call) {
    static const char *const members[] = {"name", "scopes", "profile", "ttl_s", NULL};
    struct vouch_api_texts scopes;
    vouch_api_members(call, members);
    struct vouch_ask_token_new ask = {0};
    ask.name = vouch_api_text(call, "name", VOUCH_API_REQUIRED, VOUCH_API_NAME_TEXT_MAX);
    vouch_api_texts(call, "scopes", VOUCH_API_REQUIRED, VOUCH_API_NAME_TEXT_MAX, &scopes);
    ask.profile = vouch_api_text(call, "profile", VOUCH_API_OPTIONAL, VOUCH_API_NAME_TEXT_MAX);
    ask.ttl_s = vouch_api_number(call, "ttl_s", VOUCH_API_OPTIONAL, TOKEN_TTL_MAX_S);
    ask.scopes = vouch_api_list_of(&scopes);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_token answer = {0};
    int err =
        vouch_authority_token_new(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 201, "vouch.token/1");
    put_members(&call->json, &answer.row);
    vouch_json_text(&call->json, "secret", answer.secret);
    return vouch_api_answer_end(call);
}

int vouch_api_token_list(struct vouch_api_call *call) {
    const struct vouch_ask_tokens ask = {.page = vouch_api_query_page(call)};
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_tokens answer = {0};
    int err = vouch_authority_tokens(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_list_begin(call, "vouch.tokens/1");
    for (size_t i = 0; i < answer.count; i++) {
        vouch_json_open(&call->json, NULL, '{');
        put_members(&call->json, &answer.rows[i]);
        vouch_json_close(&call->json, '}');
    }
    return vouch_api_list_end(call, answer.next);
}

int vouch_api_token_disable(struct vouch_api_call *call) {
    const struct vouch_ask_name ask = {
        .name = vouch_api_path_name(call, "token", VOUCH_API_NAME_TEXT_MAX)};
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_token answer = {0};
    int err =
        vouch_authority_token_disable(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.token/1");
    put_members(&call->json, &answer.row);
    return vouch_api_answer_end(call);
}
