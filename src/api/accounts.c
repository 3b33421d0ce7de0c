// SPDX-License-Identifier: ISC
// /v1/accounts and /v1/account: what is kept for each user of the policy; the link by which one sets up
// password and second factor; and what one who is signed in changes of it.
#include "api/fields.h"
#include "api/passkeys.h"
#include "api/resources.h"

#define LINK_TTL_MAX_S (7ULL * 86400)

static void put_members(struct vouch_json *json, const struct vouch_account_row *row) {
    vouch_json_text(json, "user", row->user);
    vouch_json_text_or_null(json, "login", row->login);
    vouch_json_flag(json, "enabled", row->enabled != 0);
    vouch_json_time_s(json, "until", row->until_s);
    vouch_json_flag(json, "password", row->has_password != 0);
    vouch_json_flag(json, "totp", row->has_totp != 0);
    vouch_json_number(json, "recovery_left", row->recovery_left);
    vouch_json_time_s(json, "created", row->created_s);
    vouch_json_time_s(json, "signed_in", row->signed_in_s);
    vouch_json_number(json, "sessions", row->sessions);
    vouch_json_number(json, "passkeys", row->passkeys);
    vouch_json_flag(json, "closed", row->closed != 0);
}

int vouch_api_account_list(struct vouch_api_call *call) {
    struct vouch_ask_accounts ask = {.page = vouch_api_query_page(call)};
    ask.user = vouch_api_query_text(call, "user", VOUCH_API_PRINCIPAL_MAX);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_accounts answer = {0};
    int err = vouch_authority_accounts(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_list_begin(call, "vouch.accounts/1");
    for (size_t i = 0; i < answer.count; i++) {
        vouch_json_open(&call->json, NULL, '{');
        put_members(&call->json, &answer.rows[i]);
        vouch_json_close(&call->json, '}');
    }
    return vouch_api_list_end(call, answer.next);
}

int vouch_api_link_answer(struct vouch_api_call *call, unsigned status,
                          const struct vouch_answer_link *link) {
    vouch_api_answer_begin(call, status, "vouch.link/1");
    vouch_json_text(&call->json, "user", link->user);
    vouch_json_text(&call->json, "name", link->name);
    vouch_json_time_s(&call->json, "expires", link->expires_s);
    if (link->secret.len > 0) {
        vouch_json_text_or_null(&call->json, "address", link->address);
        vouch_json_text(&call->json, "secret", link->secret);
    }
    return vouch_api_answer_end(call);
}

int vouch_api_codes_answer(struct vouch_api_call *call, const struct vouch_answer_codes *codes) {
    vouch_api_answer_begin(call, 200, "vouch.codes/1");
    vouch_json_text(&call->json, "user", codes->user);
    vouch_json_texts(&call->json, "codes", codes->codes.items, codes->codes.count);
    return vouch_api_answer_end(call);
}

int vouch_api_account_link(struct vouch_api_call *call) {
    static const char *const members[] = {"ttl_s", NULL};
    struct vouch_ask_link_new ask = {
        .user = vouch_api_path_name(call, "user", VOUCH_API_PRINCIPAL_MAX)};
    vouch_api_members(call, members);
    ask.ttl_s = vouch_api_number(call, "ttl_s", VOUCH_API_OPTIONAL, LINK_TTL_MAX_S);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_link answer = {0};
    int err = vouch_authority_link_new(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? vouch_api_link_answer(call, 201, &answer)
                                                       : VOUCH_OK;
}

int vouch_api_account_password(struct vouch_api_call *call) {
    static const char *const members[] = {"current", "new", "code", "passkey", NULL};
    struct vouch_ask_password ask = {0};
    vouch_api_members(call, members);
    ask.current = vouch_api_secret(call, "current", VOUCH_API_REQUIRED, VOUCH_PASSWORD_GIVEN_MAX);
    ask.fresh = vouch_api_secret(call, "new", VOUCH_API_REQUIRED, VOUCH_PASSWORD_GIVEN_MAX);
    ask.factor = vouch_api_passkey_or_code(call, &ask.code, &ask.passkey);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_ended answer = {0};
    int err = vouch_authority_password(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.done/1");
    vouch_json_number(&call->json, "sessions_ended", answer.count);
    return vouch_api_answer_end(call);
}

int vouch_api_account_recovery(struct vouch_api_call *call) {
    static const char *const members[] = {"code", "passkey", NULL};
    struct vouch_ask_recovery_new ask = {0};
    vouch_api_members(call, members);
    ask.factor = vouch_api_passkey_or_code(call, &ask.code, &ask.passkey);
    if (call->refused) {
        return VOUCH_OK;
    }
    struct vouch_answer_codes answer = {0};
    int err =
        vouch_authority_recovery_new(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? vouch_api_codes_answer(call, &answer)
                                                       : VOUCH_OK;
}
