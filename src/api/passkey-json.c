// SPDX-License-Identifier: ISC
// Between the authority's questions and answers and the JSON that browsers take and make.
//
// What a browser brings back is only cut into its parts here; whether any of it is true is identity's to say.
#include <stdio.h>

#include "api/fields.h"
#include "api/passkeys.h"
#include "base/str.h"

#define PASSKEY "passkey"
#define QUESTION "challenge_id"

// --- asking

static void put_base64url(struct vouch_json *json, const char *name, struct vouch_bytes bytes) {
    uint8_t room[(VOUCH_PASSKEY_ID_GIVEN_MAX + 3) / 3 * 4];
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, room, sizeof room);
    vouch_str_base64url(bytes, &text);
    json->out->err = json->out->err == VOUCH_OK ? text.err : json->out->err;
    vouch_json_text(json, name, vouch_buf_bytes(&text));
}

static void put_ids(struct vouch_json *json, const char *name, struct vouch_text_list ids) {
    vouch_json_open(json, name, '[');
    for (size_t i = 0; i < ids.count; i++) {
        vouch_json_open(json, NULL, '{');
        vouch_json_text(json, "type", vouch_bytes_of("public-key"));
        put_base64url(json, "id", ids.items[i]);
        vouch_json_close(json, '}');
    }
    vouch_json_close(json, ']');
}

static void begin(struct vouch_json *json, const struct vouch_passkey_question *question) {
    vouch_json_text(json, QUESTION, question->question);
    vouch_json_open(json, "options", '{');
    put_base64url(json, "challenge", question->challenge);
    vouch_json_number(json, "timeout", question->ttl_s * 1000);
}

void vouch_api_passkey_get(struct vouch_json *json, const struct vouch_passkey_question *question) {
    begin(json, question);
    vouch_json_text(json, "rpId", question->host);
    put_ids(json, "allowCredentials", question->ids);
    vouch_json_text(json, "userVerification", vouch_bytes_of("required"));
    vouch_json_close(json, '}');
}

static void put_people(struct vouch_json *json, const struct vouch_passkey_question *question) {
    vouch_json_open(json, "rp", '{');
    vouch_json_text(json, "id", question->host);
    vouch_json_text(json, "name", question->ca);
    vouch_json_close(json, '}');
    vouch_json_open(json, "user", '{');
    put_base64url(json, "id", question->handle);
    vouch_json_text(json, "name", question->user);
    vouch_json_text(json, "displayName", question->user);
    vouch_json_close(json, '}');
}

void vouch_api_passkey_create(struct vouch_json *json,
                              const struct vouch_passkey_question *question) {
    static const int64_t kinds[] = VOUCH_PASSKEY_KINDS;
    begin(json, question);
    put_people(json, question);
    vouch_json_open(json, "pubKeyCredParams", '[');
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        vouch_json_open(json, NULL, '{');
        vouch_json_text(json, "type", vouch_bytes_of("public-key"));
        vouch_json_signed(json, "alg", kinds[i]);
        vouch_json_close(json, '}');
    }
    vouch_json_close(json, ']');
    put_ids(json, "excludeCredentials", question->ids);
    vouch_json_open(json, "authenticatorSelection", '{');
    vouch_json_text(json, "residentKey", vouch_bytes_of("required"));
    vouch_json_flag(json, "requireResidentKey", 1);
    vouch_json_text(json, "userVerification", vouch_bytes_of("required"));
    vouch_json_close(json, '}');
    vouch_json_text(json, "attestation", vouch_bytes_of("none"));
    vouch_json_close(json, '}');
}

// --- answers

static struct vouch_bytes read_question(struct vouch_api_call *call) {
    return vouch_api_text(call, QUESTION, VOUCH_API_REQUIRED, VOUCH_PASSKEY_QUESTION_MAX);
}

// Enters the credential and reads what it calls itself, which stands there twice.
static struct vouch_api_place enter_credential(struct vouch_api_call *call,
                                               struct vouch_bytes *ret_id) {
    static const char *const members[] = {
        "id", "rawId", "response", "type", "clientExtensionResults", "authenticatorAttachment",
        NULL};
    static const char *const types[] = {"public-key", NULL};
    struct vouch_api_place place = vouch_api_enter(call, "credential");
    vouch_api_members(call, members);
    *ret_id = vouch_api_base64url(call, "id", VOUCH_API_REQUIRED, VOUCH_PASSKEY_ID_GIVEN_MAX);
    struct vouch_bytes raw =
        vouch_api_base64url(call, "rawId", VOUCH_API_REQUIRED, VOUCH_PASSKEY_ID_GIVEN_MAX);
    (void)vouch_api_word(call, "type", VOUCH_API_REQUIRED, types);
    if (!call->refused && !vouch_bytes_equal(*ret_id, raw)) {
        vouch_api_refuse_field(call, "rawId", "rawId is another than id");
    }
    return place;
}

// Browsers write null for a user that the passkey did not name.
static struct vouch_bytes read_handle(struct vouch_api_call *call) {
    static const char name[] = "userHandle";
    return !call->refused && json_is_null(json_object_get(call->body, name))
               ? (struct vouch_bytes){0}
               : vouch_api_base64url(call, name, VOUCH_API_OPTIONAL, VOUCH_PASSKEY_USER_GIVEN_MAX);
}

struct vouch_passkey_given vouch_api_passkey_given(struct vouch_api_call *call) {
    static const char *const members[] = {"clientDataJSON", "authenticatorData", "signature",
                                          "userHandle", NULL};
    struct vouch_passkey_given given = {.question = read_question(call)};
    const struct vouch_api_place outside = enter_credential(call, &given.id);
    const struct vouch_api_place credential = vouch_api_enter(call, "response");
    vouch_api_members(call, members);
    given.client_data = vouch_api_base64url(call, "clientDataJSON", VOUCH_API_REQUIRED,
                                            VOUCH_PASSKEY_JSON_GIVEN_MAX);
    given.authdata = vouch_api_base64url(call, "authenticatorData", VOUCH_API_REQUIRED,
                                         VOUCH_PASSKEY_DATA_GIVEN_MAX);
    given.signature =
        vouch_api_base64url(call, "signature", VOUCH_API_REQUIRED, VOUCH_PASSKEY_SIGN_GIVEN_MAX);
    given.handle = read_handle(call);
    vouch_api_leave(call, &credential);
    vouch_api_leave(call, &outside);
    return given;
}

// What browsers say of the key besides is in the attestation, and taken from there.
struct vouch_passkey_new vouch_api_passkey_new(struct vouch_api_call *call) {
    static const char *const members[] = {"clientDataJSON",
                                          "attestationObject",
                                          "authenticatorData",
                                          "transports",
                                          "publicKey",
                                          "publicKeyAlgorithm",
                                          NULL};
    struct vouch_passkey_new made = {.question = read_question(call)};
    made.name = vouch_api_text(call, "name", VOUCH_API_REQUIRED, VOUCH_PASSKEY_NAME_GIVEN_MAX);
    const struct vouch_api_place outside = enter_credential(call, &made.id);
    const struct vouch_api_place credential = vouch_api_enter(call, "response");
    vouch_api_members(call, members);
    made.client_data = vouch_api_base64url(call, "clientDataJSON", VOUCH_API_REQUIRED,
                                           VOUCH_PASSKEY_JSON_GIVEN_MAX);
    made.attestation = vouch_api_base64url(call, "attestationObject", VOUCH_API_REQUIRED,
                                           VOUCH_PASSKEY_ATTEST_GIVEN_MAX);
    vouch_api_leave(call, &credential);
    vouch_api_leave(call, &outside);
    return made;
}

struct vouch_passkey_given vouch_api_passkey_inside(struct vouch_api_call *call) {
    static const char *const members[] = {QUESTION, "credential", NULL};
    const struct vouch_api_place outside = vouch_api_enter(call, PASSKEY);
    vouch_api_members(call, members);
    struct vouch_passkey_given given = vouch_api_passkey_given(call);
    vouch_api_leave(call, &outside);
    return given;
}

struct vouch_passkey_new vouch_api_passkey_new_inside(struct vouch_api_call *call) {
    static const char *const members[] = {QUESTION, "credential", "name", NULL};
    const struct vouch_api_place outside = vouch_api_enter(call, PASSKEY);
    vouch_api_members(call, members);
    struct vouch_passkey_new made = vouch_api_passkey_new(call);
    vouch_api_leave(call, &outside);
    return made;
}

enum vouch_factor vouch_api_passkey_or_code(struct vouch_api_call *call,
                                            struct vouch_bytes *ret_code,
                                            struct vouch_passkey_given *ret_passkey) {
    if (vouch_api_has(call, PASSKEY) && vouch_api_has(call, "code")) {
        vouch_api_refuse_field(call, "code", "either a code or a passkey is given");
    }
    if (vouch_api_has(call, PASSKEY)) {
        *ret_passkey = vouch_api_passkey_inside(call);
        return VOUCH_FACTOR_PASSKEY;
    }
    *ret_code = vouch_api_secret(call, "code", VOUCH_API_REQUIRED, VOUCH_CODE_GIVEN_MAX);
    return VOUCH_FACTOR_TOTP;
}
