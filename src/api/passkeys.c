// SPDX-License-Identifier: ISC
// /v1/passkeys/challenge, /v1/session/challenge and /v1/account/passkeys: passkeys are asked, registered, listed
// and removed. Signing in by one is in sessions.c.
#include "api/passkeys.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/fields.h"
#include "api/resources.h"
#include "base/str.h"

static int ask(struct vouch_api_call *call, const struct vouch_ask_passkey_question *ask) {
    struct vouch_answer_passkey_question answer = {0};
    if (call->refused) {
        return VOUCH_OK;
    }
    int err = vouch_authority_passkey_question(call->authority, &call->caller, ask, &answer,
                                               &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.passkey-challenge/1");
    if (ask->purpose == VOUCH_PASSKEY_FOR_NEW) {
        vouch_api_passkey_create(&call->json, &answer.question);
    } else {
        vouch_api_passkey_get(&call->json, &answer.question);
    }
    return vouch_api_answer_end(call);
}

int vouch_api_passkey_challenge(struct vouch_api_call *call) {
    static const char *const members[] = {"user", NULL};
    vouch_api_members(call, members);
    const struct vouch_ask_passkey_question question = {
        .purpose = VOUCH_PASSKEY_FOR_SIGN_IN,
        .user = vouch_api_text(call, "user", VOUCH_API_OPTIONAL, VOUCH_API_PRINCIPAL_MAX)};
    return ask(call, &question);
}

int vouch_api_session_challenge(struct vouch_api_call *call) {
    static const char *const members[] = {"request", NULL};
    vouch_api_members(call, members);
    const struct vouch_ask_passkey_question question = {
        .purpose = VOUCH_PASSKEY_FOR_FACTOR, .request = vouch_api_serial(call, "request")};
    return ask(call, &question);
}

int vouch_api_passkey_begin(struct vouch_api_call *call) {
    static const char *const members[] = {NULL};
    vouch_api_members(call, members);
    const struct vouch_ask_passkey_question question = {.purpose = VOUCH_PASSKEY_FOR_NEW};
    return ask(call, &question);
}

// --- rows

// Of an authenticator's make, as its makers write it: 8-4-4-4-12 digits.
static void put_aaguid(struct vouch_json *json, const uint8_t aaguid[static 16]) {
    static const uint8_t none[16];
    char text[40], digits[33];
    struct vouch_buf hex;
    vouch_buf_init_fixed(&hex, digits, sizeof digits - 1);
    vouch_str_hex((struct vouch_bytes){aaguid, sizeof none}, &hex);
    digits[hex.len] = '\0';
    (void)snprintf(text, sizeof text, "%.8s-%.4s-%.4s-%.4s-%.12s", digits, digits + 8, digits + 12,
                   digits + 16, digits + 20);
    if (memcmp(aaguid, none, sizeof none) == 0) {
        vouch_json_null(json, "aaguid");
    } else {
        vouch_json_text(json, "aaguid", vouch_bytes_of(text));
    }
}

static void put_members(struct vouch_json *json, const struct vouch_passkey_row *row) {
    uint8_t room[(VOUCH_PASSKEY_ID_GIVEN_MAX + 3) / 3 * 4];
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, room, sizeof room);
    vouch_str_base64url(row->credential, &text);
    vouch_json_id(json, "id", row->id);
    vouch_json_text(json, "name", row->name);
    vouch_json_text(json, "credential_id", vouch_buf_bytes(&text));
    put_aaguid(json, row->aaguid);
    vouch_json_flag(json, "may_be_copied", row->may_back_up != 0);
    vouch_json_flag(json, "copied", row->backed_up != 0);
    vouch_json_time_s(json, "created", row->created_s);
    vouch_json_time_s(json, "used", row->used_s);
}

static int answer_row(struct vouch_api_call *call, unsigned status,
                      const struct vouch_passkey_row *row) {
    vouch_api_answer_begin(call, status, "vouch.passkey/1");
    put_members(&call->json, row);
    return vouch_api_answer_end(call);
}

int vouch_api_passkey_add(struct vouch_api_call *call) {
    static const char *const members[] = {"challenge_id", "credential", "name", NULL};
    vouch_api_members(call, members);
    const struct vouch_ask_passkey_add made = {.passkey = vouch_api_passkey_new(call)};
    struct vouch_answer_passkey answer = {0};
    if (call->refused) {
        return VOUCH_OK;
    }
    int err =
        vouch_authority_passkey_add(call->authority, &call->caller, &made, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? answer_row(call, 201, &answer.row)
                                                       : VOUCH_OK;
}

int vouch_api_passkey_list(struct vouch_api_call *call) {
    const struct vouch_ask_passkeys whose = {
        .page = vouch_api_query_page(call),
        .user = vouch_api_query_text(call, "user", VOUCH_API_PRINCIPAL_MAX)};
    struct vouch_answer_passkeys answer = {0};
    if (call->refused) {
        return VOUCH_OK;
    }
    int err =
        vouch_authority_passkeys(call->authority, &call->caller, &whose, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_list_begin(call, "vouch.passkeys/1");
    for (size_t i = 0; i < answer.count; i++) {
        vouch_json_open(&call->json, NULL, '{');
        put_members(&call->json, &answer.rows[i]);
        vouch_json_close(&call->json, '}');
    }
    return vouch_api_list_end(call, answer.next);
}

int vouch_api_passkey_remove(struct vouch_api_call *call) {
    const struct vouch_ask_passkey_remove which = {
        .id = vouch_api_path_id(call, "passkey"),
        .user = vouch_api_query_text(call, "user", VOUCH_API_PRINCIPAL_MAX)};
    struct vouch_answer_passkey answer = {0};
    if (call->refused) {
        return VOUCH_OK;
    }
    int err = vouch_authority_passkey_remove(call->authority, &call->caller, &which, &answer,
                                             &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? answer_row(call, 200, &answer.row)
                                                       : VOUCH_OK;
}
