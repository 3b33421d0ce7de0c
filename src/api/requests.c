// SPDX-License-Identifier: ISC
// /v1/requests: certificates that need somebody else's approval, from the asking to the taking.
#include <stdio.h>

#include "api/fields.h"
#include "api/resources.h"
#include "base/time.h"

// In the order of enum vouch_request_state, from 1.
static const char *const states[] = {"waiting", "approved", "denied", "cancelled",
                                     "expired", "taken",    NULL};

static struct vouch_bytes state_text(enum vouch_request_state state) {
    size_t place = (size_t)state;
    int known = place >= VOUCH_REQUEST_WAITING && place <= VOUCH_REQUEST_TAKEN;
    return vouch_bytes_of(known ? states[place - 1] : "");
}

static void put_members(struct vouch_json *json, const struct vouch_request_row *row) {
    vouch_json_id(json, "id", row->id);
    vouch_json_text(json, "user", row->user);
    vouch_json_text(json, "zone", row->zone);
    vouch_json_texts(json, "roles", row->roles.items, row->roles.count);
    vouch_json_texts(json, "principals", row->principals.items, row->principals.count);
    vouch_json_number(json, "ttl_s", row->ttl_s);
    vouch_json_digest(json, "fingerprint", row->key);
    vouch_json_text_or_null(json, "reason", row->reason);
    vouch_json_text(json, "source", row->source);
    vouch_json_time_s(json, "created", row->created_s);
    vouch_json_time_s(json, "expires", row->expires_s);
    vouch_json_text(json, "state", state_text(row->state));
    vouch_json_number(json, "missing", row->missing);
    vouch_json_texts(json, "approvers", row->approvers.items, row->approvers.count);
    vouch_json_text_or_null(json, "decided_by", row->decided_by);
    vouch_json_text_or_null(json, "comment", row->comment);
    vouch_json_id_or_null(json, "serial", row->serial);
}

static int answer_request(struct vouch_api_call *call, unsigned status,
                          const struct vouch_request_row *row) {
    vouch_api_answer_begin(call, status, "vouch.request/1");
    put_members(&call->json, row);
    return vouch_api_answer_end(call);
}

int vouch_api_request_answer_new(struct vouch_api_call *call, const struct vouch_request_row *row) {
    char path[48];
    (void)snprintf(path, sizeof path, "/v1/requests/%llu", (unsigned long long)row->id);
    int err = vouch_http_set(call->response, VOUCH_HTTP_SET_LOCATION, vouch_bytes_of(path));
    return err == VOUCH_OK ? answer_request(call, 202, row) : err;
}

static enum vouch_requests_which read_which(struct vouch_api_call *call) {
    static const char *const words[] = {"mine", "to-decide", "all", NULL};
    static const enum vouch_requests_which which[] = {VOUCH_REQUESTS_MINE, VOUCH_REQUESTS_MINE,
                                                      VOUCH_REQUESTS_TO_DECIDE, VOUCH_REQUESTS_ALL};
    return which[vouch_api_query_word(call, "which", words)];
}

int vouch_api_request_list(struct vouch_api_call *call) {
    struct vouch_ask_requests ask = {.page = vouch_api_query_page(call)};
    ask.which = read_which(call);
    ask.state = vouch_api_query_word(call, "state", states);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_requests answer = {0};
    int err = vouch_authority_requests(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_list_begin(call, "vouch.requests/1");
    for (size_t i = 0; i < answer.count; i++) {
        vouch_json_open(&call->json, NULL, '{');
        put_members(&call->json, &answer.rows[i]);
        vouch_json_close(&call->json, '}');
    }
    return vouch_api_list_end(call, answer.next);
}

static int ask_about(struct vouch_api_call *call, const struct vouch_ask_request_decide *ask) {
    struct vouch_answer_request answer = {0};
    if (call->refused) {
        return VOUCH_OK;
    }
    int err =
        vouch_authority_request_decide(call->authority, &call->caller, ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? answer_request(call, 200, &answer.row)
                                                       : VOUCH_OK;
}

int vouch_api_request_show(struct vouch_api_call *call) {
    const struct vouch_ask_request_decide ask = {.id = vouch_api_path_id(call, "request"),
                                                 .verb = VOUCH_REQUEST_LOOK};
    return ask_about(call, &ask);
}

int vouch_api_request_impact(struct vouch_api_call *call) {
    const struct vouch_ask_request_impact ask = {.id = vouch_api_path_id(call, "request")};
    struct vouch_answer_request_impact answer = {0};
    struct vouch_json *json = &call->json;
    if (call->refused) {
        return VOUCH_OK;
    }
    int err =
        vouch_authority_request_impact(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.request-impact/1");
    vouch_json_number(json, "hosts", answer.hosts);
    vouch_json_open(json, "items", '[');
    for (size_t i = 0; i < answer.count; i++) {
        const struct vouch_impact_row *row = &answer.rows[i];
        vouch_json_open(json, NULL, '{');
        vouch_json_text(json, "host", row->host);
        vouch_json_texts(json, "logins", row->logins.items, row->logins.count);
        vouch_json_close(json, '}');
    }
    vouch_json_close(json, ']');
    return vouch_api_answer_end(call);
}

static int decide(struct vouch_api_call *call, enum vouch_request_verb verb) {
    static const char *const members[] = {"comment", NULL};
    struct vouch_ask_request_decide ask = {.id = vouch_api_path_id(call, "request"), .verb = verb};
    vouch_api_members(call, members);
    ask.comment = vouch_api_text(call, "comment", VOUCH_API_OPTIONAL, VOUCH_REASON_MAX);
    return ask_about(call, &ask);
}

int vouch_api_request_approve(struct vouch_api_call *call) {
    return decide(call, VOUCH_REQUEST_APPROVE);
}
int vouch_api_request_deny(struct vouch_api_call *call) {
    return decide(call, VOUCH_REQUEST_DENY);
}
int vouch_api_request_cancel(struct vouch_api_call *call) {
    return decide(call, VOUCH_REQUEST_CANCEL);
}

int vouch_api_request_take(struct vouch_api_call *call) {
    static const char *const members[] = {NULL};
    struct vouch_ask_request_take ask = {.id = vouch_api_path_id(call, "request")};
    vouch_api_members(call, members);
    ask.once = vouch_api_once(call);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_cert answer = {0};
    uint64_t begun_ns = vouch_time_monotonic_ns();
    int err =
        vouch_authority_request_take(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_tally_issue(&call->api->tally, vouch_time_monotonic_ns() - begun_ns);
    return vouch_api_cert_answer_new(call, &answer.row);
}
