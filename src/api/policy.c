// SPDX-License-Identifier: ISC
// /v1/policy and /v1/policies: the document that says who gets what, as vouch-policy(5) has it. It is
// replaced as a whole, and only by who knows which version holds.
#include <stdio.h>

#include "api/fields.h"
#include "api/resources.h"

#define DOCUMENT "policy" // what messages call it

static void set_tag(struct vouch_api_call *call, uint64_t version) {
    (void)snprintf(call->response->etag, sizeof call->response->etag, "\"%llu\"",
                   (unsigned long long)version);
}

int vouch_api_policy_show(struct vouch_api_call *call) {
    const struct vouch_ask_policy_show ask = {
        .version = vouch_api_query_number(call, "version", UINT64_MAX)};
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_policy answer = {0};
    int err =
        vouch_authority_policy_show(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    call->response->status = 200;
    call->response->content_type = "application/yaml";
    set_tag(call, answer.version);
    vouch_buf_put(&call->response->body, answer.text);
    return call->response->body.err;
}

static void put_change(struct vouch_json *json, const struct vouch_access_change *change) {
    vouch_json_open(json, NULL, '{');
    vouch_json_text(json, "login", change->login);
    vouch_json_text(json, "before", change->before);
    vouch_json_text(json, "after", change->after);
    vouch_json_texts(json, "users", change->users.items, change->users.count);
    vouch_json_number(json, "user_count", change->user_count);
    vouch_json_texts(json, "hosts", change->hosts.items, change->hosts.count);
    vouch_json_number(json, "host_count", change->host_count);
    vouch_json_close(json, '}');
}

static void put_edit(struct vouch_json *json, const struct vouch_policy_edit_row *edit) {
    vouch_json_open(json, NULL, '{');
    vouch_json_text(json, "what", edit->what);
    vouch_json_text(json, "list", edit->list);
    vouch_json_text(json, "name", edit->name);
    vouch_json_text_or_null(json, "key", edit->key);
    vouch_json_close(json, '}');
}

int vouch_api_policy_answer_diff(struct vouch_api_call *call,
                                 const struct vouch_answer_policy_apply *diff) {
    struct vouch_json *json = &call->json;
    vouch_api_answer_begin(call, 200, "vouch.policy-diff/1");
    vouch_json_id(json, "version", diff->version);
    vouch_json_open(json, "changes", '[');
    for (size_t i = 0; i < diff->change_count; i++) {
        put_change(json, &diff->changes[i]);
    }
    vouch_json_close(json, ']');
    vouch_json_open(json, "edits", '[');
    for (size_t i = 0; i < diff->edit_count; i++) {
        put_edit(json, &diff->edits[i]);
    }
    vouch_json_close(json, ']');
    vouch_json_number(json, "changes_in_all", diff->changes_in_all);
    vouch_json_number(json, "edits_in_all", diff->edits_in_all);
    return vouch_api_answer_end(call);
}

static int apply(struct vouch_api_call *call, struct vouch_ask_policy_apply *ask) {
    ask->text = call->request->body;
    ask->name = vouch_bytes_of(DOCUMENT);
    if (ask->text.len == 0) {
        vouch_api_refuse_field(call, DOCUMENT, "the body is empty, and must hold a policy");
    }
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_policy_apply answer = {0};
    int err =
        vouch_authority_policy_apply(call->authority, &call->caller, ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    if (ask->what == VOUCH_POLICY_APPLY) {
        set_tag(call, answer.version);
    }
    return vouch_api_policy_answer_diff(call, &answer);
}

int vouch_api_policy_put(struct vouch_api_call *call) {
    struct vouch_ask_policy_apply ask = {.what = VOUCH_POLICY_APPLY,
                                         .expect = vouch_api_if_match(call)};
    return apply(call, &ask);
}

int vouch_api_policy_diff(struct vouch_api_call *call) {
    struct vouch_ask_policy_apply ask = {.what = VOUCH_POLICY_COMPARE};
    return apply(call, &ask);
}

static void put_version(struct vouch_json *json, const struct vouch_policy_version_row *row) {
    vouch_json_open(json, NULL, '{');
    vouch_json_id(json, "version", row->version);
    vouch_json_time_s(json, "time", row->time_s);
    vouch_json_text(json, "actor", row->actor);
    vouch_json_digest(json, "hash", row->hash);
    vouch_json_id(json, "record", row->number);
    vouch_json_close(json, '}');
}

int vouch_api_policy_list(struct vouch_api_call *call) {
    const struct vouch_ask_policies ask = {.page = vouch_api_query_page(call)};
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_policies answer = {0};
    int err = vouch_authority_policies(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_list_begin(call, "vouch.policies/1");
    for (size_t i = 0; i < answer.count; i++) {
        put_version(&call->json, &answer.rows[i]);
    }
    return vouch_api_list_end(call, answer.next);
}
