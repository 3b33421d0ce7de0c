// SPDX-License-Identifier: ISC
// /v1/hosts: what somebody reaches; /v1/access/who: who reaches something.
#include "api/fields.h"
#include "api/resources.h"

static void put_host(struct vouch_json *json, const struct vouch_host_view *row) {
    vouch_json_open(json, NULL, '{');
    vouch_json_text(json, "host", row->host);
    vouch_json_text(json, "zone", row->zone);
    vouch_json_texts(json, "logins", row->logins.items, row->logins.count);
    vouch_json_texts(json, "roles", row->roles.items, row->roles.count);
    vouch_json_texts(json, "requests", row->requests.items, row->requests.count);
    vouch_json_close(json, '}');
}

int vouch_api_host_list(struct vouch_api_call *call) {
    struct vouch_ask_hosts ask = {.page = vouch_api_query_page(call)};
    ask.user = vouch_api_query_text(call, "user", VOUCH_API_PRINCIPAL_MAX);
    ask.zone = vouch_api_query_text(call, "zone", VOUCH_API_NAME_TEXT_MAX);
    ask.host = vouch_api_query_text(call, "host", VOUCH_API_PRINCIPAL_MAX);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_hosts answer = {0};
    int err = vouch_authority_hosts(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_list_begin(call, "vouch.hosts/1");
    for (size_t i = 0; i < answer.count; i++) {
        put_host(&call->json, &answer.rows[i]);
    }
    return vouch_api_list_end(call, answer.next);
}

static void put_path(struct vouch_json *json, const struct vouch_path_view *row) {
    vouch_json_open(json, NULL, '{');
    vouch_json_text(json, "user", row->user);
    vouch_json_text(json, "role", row->role);
    vouch_json_text_or_null(json, "group", row->group);
    vouch_json_text(json, "how", row->how);
    vouch_json_number(json, "ttl_s", row->ttl_s);
    vouch_json_close(json, '}');
}

// A parameter without which the question has no answer.
static struct vouch_bytes query_required(struct vouch_api_call *call, const char *name) {
    struct vouch_bytes text = vouch_api_query_text(call, name, VOUCH_API_PRINCIPAL_MAX);
    if (text.len == 0 && !call->refused) {
        vouch_api_refuse_field(call, name, "%s is missing", name);
    }
    return text;
}

int vouch_api_who_list(struct vouch_api_call *call) {
    struct vouch_ask_who_can ask = {0};
    ask.login = query_required(call, "login");
    ask.host = query_required(call, "host");
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_who_can answer = {0};
    int err = vouch_authority_who_can(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_list_begin(call, "vouch.paths/1");
    for (size_t i = 0; i < answer.count; i++) {
        put_path(&call->json, &answer.rows[i]);
    }
    vouch_json_close(&call->json, ']');
    vouch_json_number(&call->json, "in_all", answer.in_all);
    return vouch_api_answer_end(call);
}
