// SPDX-License-Identifier: ISC
// /v1/profiles: the bounds of what a token may ask for.
#include "api/fields.h"
#include "api/resources.h"

static void put_members(struct vouch_json *json, const struct vouch_profile_row *row) {
    vouch_json_text(json, "name", row->name);
    vouch_json_text(json, "type", vouch_api_cert_type_text(row->type));
    vouch_json_texts(json, "principals", row->principals.items, row->principals.count);
    vouch_json_texts(json, "options", row->options.items, row->options.count);
    vouch_json_number(json, "ttl_max_s", row->ttl_max_s);
    vouch_json_time_s(json, "updated", row->updated_s);
    vouch_json_text(json, "actor", row->actor);
}

static int answer_profile(struct vouch_api_call *call, const struct vouch_profile_row *row) {
    vouch_api_answer_begin(call, 200, "vouch.profile/1");
    put_members(&call->json, row);
    return vouch_api_answer_end(call);
}

int vouch_api_profile_put(struct vouch_api_call *call) {
    static const char *const members[] = {"type", "principals", "options", "ttl_max_s", NULL};
    struct vouch_api_texts principals, options;
    struct vouch_profile_row ask = {
        .name = vouch_api_path_name(call, "profile", VOUCH_API_NAME_TEXT_MAX)};
    vouch_api_members(call, members);
    ask.type = vouch_api_cert_type(call, VOUCH_API_REQUIRED);
    vouch_api_texts(call, "principals", VOUCH_API_REQUIRED, VOUCH_API_PRINCIPAL_MAX, &principals);
    vouch_api_texts(call, "options", VOUCH_API_OPTIONAL, VOUCH_API_OPTION_MAX, &options);
    ask.ttl_max_s = vouch_api_number(call, "ttl_max_s", VOUCH_API_REQUIRED, VOUCH_API_TTL_MAX_S);
    ask.principals = vouch_api_list_of(&principals);
    ask.options = vouch_api_list_of(&options);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_profile answer = {0};
    int err =
        vouch_authority_profile_put(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? answer_profile(call, &answer.row)
                                                       : VOUCH_OK;
}

int vouch_api_profile_show(struct vouch_api_call *call) {
    const struct vouch_ask_name ask = {
        .name = vouch_api_path_name(call, "profile", VOUCH_API_NAME_TEXT_MAX)};
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_profile answer = {0};
    int err =
        vouch_authority_profile_show(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? answer_profile(call, &answer.row)
                                                       : VOUCH_OK;
}

int vouch_api_profile_list(struct vouch_api_call *call) {
    const struct vouch_ask_page ask = vouch_api_query_page(call);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_profiles answer = {0};
    int err = vouch_authority_profiles(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_list_begin(call, "vouch.profiles/1");
    for (size_t i = 0; i < answer.count; i++) {
        vouch_json_open(&call->json, NULL, '{');
        put_members(&call->json, &answer.rows[i]);
        vouch_json_close(&call->json, '}');
    }
    return vouch_api_list_end(call, answer.next);
}

int vouch_api_profile_remove(struct vouch_api_call *call) {
    const struct vouch_ask_name ask = {
        .name = vouch_api_path_name(call, "profile", VOUCH_API_NAME_TEXT_MAX)};
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_profile answer = {0};
    int err =
        vouch_authority_profile_remove(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (vouch_api_is_done(call, err, &answer.reply)) {
        call->response->status = 204;
    }
    return VOUCH_OK;
}
