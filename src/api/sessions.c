// SPDX-License-Identifier: ISC
// /v1/sessions and /v1/session: signing in, listing sessions and ending them. The secret is in the answer to
// signing in, or in the cookie that comes with it, and nowhere else ever.
#include "api/browser.h"
#include "api/fields.h"
#include "api/passkeys.h"
#include "api/resources.h"

// In the order of enum vouch_factor, from 1.
static const char *const coded_factors[] = {"totp", "recovery", NULL};
static const char *const factors[] = {"totp", "recovery", "passkey", NULL};

static void put_members(struct vouch_json *json, const struct vouch_session_row *row) {
    uint64_t idle_ends_s = row->used_s + row->idle_s;
    vouch_json_id(json, "id", row->id);
    vouch_json_text(json, "user", row->user);
    vouch_json_text(json, "methods", row->methods);
    vouch_json_text(json, "source", row->source);
    vouch_json_text_or_null(json, "client", row->client);
    vouch_json_time_s(json, "created", row->created_s);
    vouch_json_time_s(json, "used", row->used_s);
    vouch_json_time_s(json, "factor", row->factor_s);
    vouch_json_time_s(json, "idle_ends", idle_ends_s < row->ends_s ? idle_ends_s : row->ends_s);
    vouch_json_time_s(json, "ends", row->ends_s);
}

// A browser keeps the secret where no script can read it; its page gets what proves that it is the page.
static int put_secret(struct vouch_api_call *call, struct vouch_bytes secret) {
    char proof[VOUCH_API_CSRF_LEN + 1];
    int err = VOUCH_OK;
    if (!call->by_cookie) {
        if (secret.len > 0) {
            vouch_json_text(&call->json, "secret", secret);
        }
        return VOUCH_OK;
    }
    if (secret.len > 0) {
        err = vouch_api_cookie_give(call, secret);
    }
    if (err == VOUCH_OK) {
        err = vouch_api_csrf(secret.len > 0 ? secret : call->caller.token, proof);
    }
    if (err == VOUCH_OK) {
        vouch_json_text(&call->json, "csrf", vouch_bytes_of(proof));
    }
    return err;
}

// How many codes are left is told to who used one.
static int answer_session(struct vouch_api_call *call, unsigned status, enum vouch_factor factor,
                          const struct vouch_answer_session *session) {
    vouch_api_answer_begin(call, status, "vouch.session/1");
    put_members(&call->json, &session->row);
    int err = put_secret(call, session->secret);
    if (err != VOUCH_OK) {
        return err;
    }
    if (factor == VOUCH_FACTOR_RECOVERY) {
        vouch_json_number(&call->json, "recovery_left", session->recovery_left);
    } else {
        vouch_json_null(&call->json, "recovery_left");
    }
    if (call->api->config.changes != VOUCH_API_CHANGES_TAKEN) {
        vouch_json_flag(&call->json, "demonstration", 1);
    }
    return vouch_api_answer_end(call);
}

// A passkey stands for all the rest, and comes without it.
static struct vouch_ask_sign_in read_sign_in(struct vouch_api_call *call) {
    static const char *const members[] = {"user", "password", "factor", "code", "cookie", NULL};
    static const char *const of_passkey[] = {"passkey", "cookie", NULL};
    struct vouch_ask_sign_in ask = {0};
    if (vouch_api_has(call, "passkey")) {
        vouch_api_members(call, of_passkey);
        ask.factor = VOUCH_FACTOR_PASSKEY;
        ask.passkey = vouch_api_passkey_inside(call);
        return ask;
    }
    vouch_api_members(call, members);
    ask.user = vouch_api_text(call, "user", VOUCH_API_REQUIRED, VOUCH_API_PRINCIPAL_MAX);
    ask.password = vouch_api_secret(call, "password", VOUCH_API_REQUIRED, VOUCH_PASSWORD_GIVEN_MAX);
    ask.factor = vouch_api_word(call, "factor", VOUCH_API_REQUIRED, coded_factors);
    ask.code = vouch_api_secret(call, "code", VOUCH_API_REQUIRED, VOUCH_CODE_GIVEN_MAX);
    return ask;
}

// A program whose user approves it in a browser. Its secret goes to the program, which is no page.
static struct vouch_ask_device_session read_device(struct vouch_api_call *call) {
    static const char *const members[] = {"device", NULL};
    static const char *const inside[] = {"device_code", "verifier", "code", NULL};
    struct vouch_ask_device_session ask = {0};
    vouch_api_members(call, members);
    const struct vouch_api_place outside = vouch_api_enter(call, "device");
    vouch_api_members(call, inside);
    ask.secret = vouch_api_secret(call, "device_code", VOUCH_API_REQUIRED, VOUCH_TOKEN_TEXT_MAX);
    ask.verifier =
        vouch_api_secret(call, "verifier", VOUCH_API_REQUIRED, VOUCH_DEVICE_VERIFIER_MAX);
    ask.back = vouch_api_secret(call, "code", VOUCH_API_OPTIONAL, VOUCH_TOKEN_TEXT_MAX);
    vouch_api_leave(call, &outside);
    return ask;
}

static int answer_device(struct vouch_api_call *call) {
    const struct vouch_ask_device_session ask = read_device(call);
    struct vouch_answer_session answer = {0};
    if (call->refused) {
        return VOUCH_OK;
    }
    int err =
        vouch_authority_device_session(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    atomic_fetch_add(&call->api->tally.sign_ins_begun, 1);
    return answer_session(call, 201, VOUCH_FACTOR_NONE, &answer);
}

int vouch_api_session_new(struct vouch_api_call *call) {
    if (vouch_api_has(call, "device")) {
        return answer_device(call);
    }
    struct vouch_ask_sign_in ask = read_sign_in(call);
    uint64_t by_cookie = vouch_api_flag(call, "cookie");
    // Or another site's page could sign its reader in as somebody else.
    if (call->refused || (by_cookie && !vouch_api_is_own_page(call))) {
        return VOUCH_OK;
    }
    struct vouch_answer_session answer = {0};
    int err = vouch_authority_sign_in(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    atomic_fetch_add(&call->api->tally.sign_ins_begun, 1);
    call->by_cookie = by_cookie != 0;
    return answer_session(call, 201, ask.factor, &answer);
}

int vouch_api_session_show(struct vouch_api_call *call) {
    const struct vouch_ask_page ask = {0};
    struct vouch_answer_session answer = {0};
    int err =
        vouch_authority_session_show(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply)
               ? answer_session(call, 200, VOUCH_FACTOR_NONE, &answer)
               : VOUCH_OK;
}

int vouch_api_session_factor(struct vouch_api_call *call) {
    static const char *const members[] = {"factor", "code", NULL};
    static const char *const of_passkey[] = {"factor", "challenge_id", "credential", NULL};
    struct vouch_ask_factor ask = {0};
    int by_passkey = vouch_api_has(call, "credential");
    vouch_api_members(call, by_passkey ? of_passkey : members);
    ask.factor = vouch_api_word(call, "factor", VOUCH_API_REQUIRED, factors);
    if (!call->refused && (ask.factor == VOUCH_FACTOR_PASSKEY) != by_passkey) {
        vouch_api_refuse_field(call, by_passkey ? "factor" : "credential",
                               "the factor passkey comes with a credential, and no other does");
    }
    if (by_passkey) {
        ask.passkey = vouch_api_passkey_given(call);
    } else {
        ask.code = vouch_api_secret(call, "code", VOUCH_API_REQUIRED, VOUCH_CODE_GIVEN_MAX);
    }
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
    int err = end_sessions(call, &ask);
    if (err == VOUCH_OK && call->by_cookie && !call->refused) {
        vouch_api_cookie_take(call);
    }
    return err;
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
