// SPDX-License-Identifier: ISC
// /v1/explain: why a login would work, or why not; /v1/krls/status: which host has which list.
#include "api/fields.h"
#include "api/resources.h"

static struct vouch_bytes check_text(enum vouch_check_state state) {
    switch (state) {
    case VOUCH_CHECK_OK:
        return vouch_bytes_of("ok");
    case VOUCH_CHECK_FAIL:
        return vouch_bytes_of("fail");
    case VOUCH_CHECK_WARN:
        return vouch_bytes_of("warn");
    case VOUCH_CHECK_UNKNOWN:
        break;
    }
    return vouch_bytes_of("unknown");
}

// A warning is about one check, never about all of them.
static struct vouch_bytes outcome_text(enum vouch_check_state outcome) {
    if (outcome == VOUCH_CHECK_OK) {
        return vouch_bytes_of("yes");
    }
    return vouch_bytes_of(outcome == VOUCH_CHECK_FAIL ? "no" : "unknown");
}

static void put_checks(struct vouch_json *json, const struct vouch_answer_explain *answer) {
    vouch_json_open(json, "checks", '[');
    for (size_t i = 0; i < answer->count; i++) {
        const struct vouch_check_row *row = &answer->rows[i];
        vouch_json_open(json, NULL, '{');
        vouch_json_text(json, "name", row->name);
        vouch_json_text(json, "state", check_text(row->state));
        vouch_json_text(json, "text", row->text);
        vouch_json_text_or_null(json, "next", row->next);
        vouch_json_close(json, '}');
    }
    vouch_json_close(json, ']');
}

static int answer_explained(struct vouch_api_call *call,
                            const struct vouch_answer_explain *answer) {
    struct vouch_json *json = &call->json;
    vouch_api_answer_begin(call, 200, "vouch.explain/1");
    vouch_json_text(json, "outcome", outcome_text(answer->outcome));
    vouch_json_text(json, "user", answer->user);
    vouch_json_text(json, "login", answer->login);
    vouch_json_text(json, "host", answer->host);
    put_checks(json, answer);
    vouch_json_open(json, "refused", '[');
    for (size_t i = 0; i < answer->refused_count; i++) {
        vouch_api_put_login(json, &answer->refused[i]);
    }
    vouch_json_close(json, ']');
    vouch_json_texts(json, "instead", answer->instead.items, answer->instead.count);
    return vouch_api_answer_end(call);
}

int vouch_api_explain(struct vouch_api_call *call) {
    static const char *const members[] = {"user", "login", "host", "certificate", "source", NULL};
    struct vouch_ask_explain ask = {0};
    vouch_api_members(call, members);
    ask.user = vouch_api_text(call, "user", VOUCH_API_OPTIONAL, VOUCH_API_PRINCIPAL_MAX);
    ask.login = vouch_api_text(call, "login", VOUCH_API_REQUIRED, VOUCH_API_PRINCIPAL_MAX);
    ask.host = vouch_api_text(call, "host", VOUCH_API_REQUIRED, VOUCH_HOST_NAME_LEN_MAX);
    ask.cert = vouch_api_cert_line(call, "certificate");
    ask.source = vouch_api_text(call, "source", VOUCH_API_OPTIONAL, VOUCH_API_NAME_TEXT_MAX);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_explain answer = {0};
    int err = vouch_authority_explain(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? answer_explained(call, &answer) : VOUCH_OK;
}

int vouch_api_krl_status(struct vouch_api_call *call) {
    const struct vouch_ask_krl_status ask = {.page = vouch_api_query_page(call)};
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_krl_status answer = {0};
    int err =
        vouch_authority_krl_status(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    struct vouch_json *json = &call->json;
    vouch_api_answer_begin(call, 200, "vouch.krl-status/1");
    vouch_json_id(json, "version", answer.version);
    vouch_json_time_s(json, "generated", answer.generated_s);
    vouch_json_number(json, "hosts", answer.hosts);
    vouch_json_number(json, "current", answer.current);
    vouch_json_number(json, "silent", answer.silent);
    vouch_json_number(json, "measured", answer.measured);
    if (answer.measured > 0) {
        vouch_json_number(json, "within_95_s", answer.within_s);
    } else {
        vouch_json_null(json, "within_95_s");
    }
    vouch_json_open(json, "items", '[');
    for (size_t i = 0; i < answer.count; i++) {
        const struct vouch_krl_host_row *row = &answer.rows[i];
        vouch_json_open(json, NULL, '{');
        vouch_json_text(json, "host", row->host);
        vouch_json_id(json, "version", row->version);
        vouch_json_time_s(json, "generated", row->generated_s);
        vouch_json_time_s(json, "reported", row->reported_s);
        vouch_json_time_s(json, "arrived", row->arrived_s);
        vouch_json_flag(json, "behind", row->behind != 0);
        vouch_json_close(json, '}');
    }
    return vouch_api_list_end(call, answer.next);
}
