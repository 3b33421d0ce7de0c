// SPDX-License-Identifier: ISC
// /v1/sessions and /v1/session: signing in, listing sessions and ending them. The secret is in the answer to
// signing in, and nowhere else ever.
#include "api/fields.h"
#include "api/resources.h"

// In the order of enum vouch_factor, from 1.
static const char *const factors[] = {"totp", "recovery", NULL};

static void put_members(struct vouch_json *json, const struct vouch_session_row *row) {
    uint64_t idle_ends_s = row->used_s + row->idle_s;
    vouch_json_id(json, "id", row->id);
    vouch_json_text(json, "user", row->user);
    vouch_json_text(json, "methods", row->methods);
    vouch_json_text(json, "source", row->source);
    vouch_json_time_s(json, "created", row->created_s);
    vouch_json_time_s(json, "used", row->used_s);
    vouch_json_time_s(json, "factor", row->factor_s);
    vouch_json_time_s(json, "idle_ends", idle_ends_s < row->ends_s ? idle_ends_s : row->ends_s);
    vouch_json_time_s(json, "ends", row->ends_s);
}

// How many codes are left is told to who used one.
static int answer_session(struct vouch_api_call *call, unsigned status, enum vouch_factor factor,
                          const struct vouch_answer_session *session) {
    vouch_api_answer_begin(call, status, "vouch.session/1");
    put_members(&call->json, &session->row);
    if (session->secret.len > 0) {
        vouch_json_text(&call->json, "secret", session->secret);
    }
    if (factor == VOUCH_FACTOR_RECOVERY) {
        vouch_json_number(&call->json, "recovery_left", session->recovery_left);
    } else {
        vouch_json_null(&call->json, "recovery_left");
    }
    return vouch_api_answer_end(call);
}

int vouch_api_session_new(struct vouch_api_call *call) {
    static const char *const members[] = {"user", "password", "factor", "code", NULL};
    struct vouch_ask_sign_in ask = {0};
    vouch_api_members(call, members);
    ask.user = vouch_api_text(call, "user", VOUCH_API_REQUIRED, VOUCH_API_PRINCIPAL_MAX);
    ask.password = vouch_api_secret(call, "password", VOUCH_API_REQUIRED, VOUCH_PASSWORD_GIVEN_MAX);
    ask.factor = vouch_api_word(call, "factor", VOUCH_API_REQUIRED, factors);
    ask.code = vouch_api_secret(call, "code", VOUCH_API_REQUIRED, VOUCH_CODE_GIVEN_MAX);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_session answer = {0};
    int err = vouch_authority_sign_in(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    atomic_fetch_add(&call->api->tally.sign_ins_begun, 1);
    return answer_session(call, 201, ask.factor, &answer);
}

int vouch_api_session_factor(struct vouch_api_call *call) {
    static const char *const members[] = {"factor", "code", NULL};
    struct vouch_ask_factor ask = {0};
    vouch_api_members(call, members);
    ask.factor = vouch_api_word(call, "factor", VOUCH_API_REQUIRED, factors);
    ask.code = vouch_api_secret(call, "code", VOUCH_API_REQUIRED, VOUCH_CODE_GIVEN_MAX);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_session answer = {0};
    int err = vouch_authority_factor(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply)
               ? answer_session(call, 200, ask.factor, &answer)
               : VOUCH_OK;
}

int vouch_api_session_list(struct vouch_api_call *call) {
    struct vouch_ask_sessions ask = {.page = vouch_api_query_page(call)};
    ask.user = vouch_api_query_text(call, "user", VOUCH_API_PRINCIPAL_MAX);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_sessions answer = {0};
    int err = vouch_authority_sessions(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_list_begin(call, "vouch.sessions/1");
    for (size_t i = 0; i < answer.count; i++) {
        vouch_json_open(&call->json, NULL, '{');
        put_members(&call->json, &answer.rows[i]);
        vouch_json_close(&call->json, '}');
    }
    return vouch_api_list_end(call, answer.next);
}

static int end_sessions(struct vouch_api_call *call, const struct vouch_ask_session_end *ask) {
    struct vouch_answer_ended answer = {0};
    if (call->refused) {
        return VOUCH_OK;
    }
    int err =
        vouch_authority_session_end(call->authority, &call->caller, ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.ended/1");
    vouch_json_number(&call->json, "count", answer.count);
    return vouch_api_answer_end(call);
}

int vouch_api_session_end(struct vouch_api_call *call) {
    const struct vouch_ask_session_end ask = {.which = VOUCH_SESSION_THIS};
    return end_sessions(call, &ask);
}

int vouch_api_session_end_one(struct vouch_api_call *call) {
    const struct vouch_ask_session_end ask = {.which = VOUCH_SESSION_BY_ID,
                                              .id = vouch_api_path_id(call, "session")};
    return end_sessions(call, &ask);
}

int vouch_api_session_end_all(struct vouch_api_call *call) {
    const struct vouch_ask_session_end ask = {
        .which = VOUCH_SESSIONS_OF_USER,
        .user = vouch_api_query_text(call, "user", VOUCH_API_PRINCIPAL_MAX)};
    return end_sessions(call, &ask);
}
