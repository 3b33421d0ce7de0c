// SPDX-License-Identifier: ISC
// /v1/setup: an account gets its password and second factor, by a one-time link. Who has the link needs no
// other credential; it comes in the body, since a path would be logged.
#include "api/fields.h"
#include "api/passkeys.h"
#include "api/resources.h"

static struct vouch_bytes read_link(struct vouch_api_call *call) {
    return vouch_api_secret(call, "link", VOUCH_API_REQUIRED, VOUCH_TOKEN_TEXT_MAX);
}

int vouch_api_setup_look(struct vouch_api_call *call) {
    static const char *const members[] = {"link", NULL};
    vouch_api_members(call, members);
    const struct vouch_ask_link ask = {.secret = read_link(call)};
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_link answer = {0};
    int err =
        vouch_authority_link_show(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? vouch_api_link_answer(call, 200, &answer)
                                                       : VOUCH_OK;
}

int vouch_api_setup_begin(struct vouch_api_call *call) {
    static const char *const members[] = {"link", "password", NULL};
    struct vouch_ask_account_begin ask = {0};
    vouch_api_members(call, members);
    ask.secret = read_link(call);
    ask.password = vouch_api_secret(call, "password", VOUCH_API_REQUIRED, VOUCH_PASSWORD_GIVEN_MAX);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_account_begin answer = {0};
    int err =
        vouch_authority_account_begin(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.setup/1");
    vouch_json_text(&call->json, "user", answer.user);
    vouch_json_text(&call->json, "uri", answer.uri);
    if (answer.question.question.len > 0) {
        vouch_json_open(&call->json, "passkey", '{');
        vouch_api_passkey_create(&call->json, &answer.question);
        vouch_json_close(&call->json, '}');
    } else {
        vouch_json_null(&call->json, "passkey");
    }
    return vouch_api_answer_end(call);
}

int vouch_api_setup_finish(struct vouch_api_call *call) {
    static const char *const members[] = {"link", "code", "passkey", NULL};
    struct vouch_ask_account_finish ask = {0};
    vouch_api_members(call, members);
    ask.secret = read_link(call);
    if (vouch_api_has(call, "passkey") && vouch_api_has(call, "code")) {
        vouch_api_refuse_field(call, "code", "either a code or a passkey is given");
    } else if (vouch_api_has(call, "passkey")) {
        ask.factor = VOUCH_FACTOR_PASSKEY;
        ask.passkey = vouch_api_passkey_new_inside(call);
    } else {
        ask.factor = VOUCH_FACTOR_TOTP;
        ask.code = vouch_api_secret(call, "code", VOUCH_API_REQUIRED, VOUCH_CODE_GIVEN_MAX);
    }
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_codes answer = {0};
    int err =
        vouch_authority_account_finish(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? vouch_api_codes_answer(call, &answer)
                                                       : VOUCH_OK;
}
