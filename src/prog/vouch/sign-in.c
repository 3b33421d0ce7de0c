// SPDX-License-Identifier: ISC
// Signing in: see sign-in.h.
#include "prog/vouch/sign-in.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/prompt.h"

#define BODY_MAX 32768
#define HASHING_TIMEOUT_MS 30000 // a server that hashes for others first answers late

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

// Bodies

int vouch_sign_in_body_init(struct vouch_sign_in_body *body, struct vouch_fault *fault) {
    *body = (struct vouch_sign_in_body){0};
    if (vouch_secret_new(BODY_MAX, &body->memory) != 0) {
        return no_memory(fault);
    }
    vouch_buf_init_fixed(&body->text, body->memory.ptr, body->memory.len - 1);
    vouch_buf_put_text(&body->text, "{");
    return 0;
}

void vouch_sign_in_body_done(struct vouch_sign_in_body *body) {
    vouch_secret_done(&body->memory);
}

static void put_string(struct vouch_buf *out, struct vouch_bytes value) {
    vouch_buf_put_text(out, "\"");
    for (size_t i = 0; i < value.len; i++) {
        char escaped[8];
        uint8_t c = value.ptr[i];
        if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f) {
            (void)snprintf(escaped, sizeof escaped, "\\u%04x", c);
            vouch_buf_put_text(out, escaped);
            vouch_wipe(escaped, sizeof escaped);
        } else {
            vouch_buf_put(out, (struct vouch_bytes){&value.ptr[i], 1});
        }
    }
    vouch_buf_put_text(out, "\"");
}

void vouch_sign_in_put(struct vouch_sign_in_body *body, const char *member,
                       struct vouch_bytes value) {
    vouch_buf_put_text(&body->text, body->text.len > 1 ? ",\"" : "\"");
    vouch_buf_put_text(&body->text, member);
    vouch_buf_put_text(&body->text, "\":");
    put_string(&body->text, value);
}

int vouch_sign_in_post(struct vouch_reach *reach, const char *path, struct vouch_sign_in_body *body,
                       const char *schema, struct json_t **ret_json, struct vouch_fault *fault) {
    vouch_buf_put_text(&body->text, "}");
    if (body->text.err != 0) {
        return vouch_usage(fault, "what was typed is longer than a server takes");
    }
    body->memory.ptr[body->text.len] = '\0';
    const struct vouch_api_ask ask = {
        .method = VOUCH_API_POST, .path = path, .body = (const char *)body->memory.ptr};
    return vouch_api_ask_json(reach->api, &ask, schema, ret_json, fault);
}

// Signing in

int vouch_sign_in_code(const struct vouch_cli *cli, struct vouch_secret *ret_code,
                       struct vouch_fault *fault) {
    const struct vouch_prompt_question question = {
        .words = vouch_args_count(&cli->args, "recovery") > 0 ? "Recovery code" : "Code",
        .what = "the code",
        .option = "code-file",
        .value = "FILE",
        .echo = VOUCH_PROMPT_SHOWN,
    };
    return vouch_prompt_answer(cli, &question, ret_code, fault);
}

static const char *factor_of(const struct vouch_cli *cli) {
    return vouch_args_count(&cli->args, "recovery") > 0 ? "recovery" : "totp";
}

void vouch_sign_in_put_code(struct vouch_sign_in_body *body, const struct vouch_secret *code) {
    size_t len = 0;
    for (size_t i = 0; i < code->len; i++) {
        if (code->ptr[i] != ' ') {
            code->ptr[len++] = code->ptr[i];
        }
    }
    vouch_sign_in_put(body, "code", (struct vouch_bytes){code->ptr, len});
}

static int make_body(const struct vouch_cli *cli, const char *user, struct vouch_sign_in_body *body,
                     struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret password = {0}, code = {0};
    const struct vouch_prompt_question question = {
        .words = "Password",
        .what = "the password",
        .option = "password-file",
        .value = "FILE",
    };
    int err = vouch_sign_in_body_init(body, fault);
    if (err == 0) {
        err = vouch_prompt_answer(cli, &question, &password, fault);
    }
    if (err == 0) {
        err = vouch_sign_in_code(cli, &code, fault);
    }
    if (err == 0) {
        vouch_sign_in_put(body, "user", vouch_bytes_of(user));
        vouch_sign_in_put(body, "password", vouch_secret_bytes(&password));
        vouch_sign_in_put(body, "factor", vouch_bytes_of(factor_of(cli)));
        vouch_sign_in_put_code(body, &code);
    }
    return err;
}

void vouch_sign_in_wipe(json_t *json, const char *name) {
    json_t *value = json_object_get(json, name);
    if (json_is_string(value)) {
        vouch_wipe((void *)(uintptr_t)json_string_value(value), json_string_length(value));
    }
}

static int take_session(struct vouch_reach *reach, const json_t *json, struct vouch_fault *fault) {
    const char *secret = vouch_answer_text(json, "secret"), *user = vouch_answer_text(json, "user");
    const char *ends = vouch_answer_text(json, "ends");
    struct vouch_session *session = &reach->session;
    if (secret == NULL || user == NULL || ends == NULL ||
        vouch_time_parse(vouch_bytes_of(ends), &session->ends_s) != 0) {
        return vouch_api_bad_answer(reach->api, fault, "/v1/sessions: it is not whole");
    }
    session->url = strdup(reach->settings.url);
    session->user = strdup(user);
    if (session->url == NULL || session->user == NULL ||
        vouch_secret_new(strlen(secret), &session->secret) != 0) {
        return no_memory(fault);
    }
    memcpy(session->secret.ptr, secret, session->secret.len);
    int err = vouch_api_set_token(reach->api, vouch_secret_bytes(&session->secret), fault);
    return err == 0 ? vouch_session_write(session, fault) : err;
}

static void warn_codes(const struct vouch_cli *cli, const json_t *json) {
    json_t *left = json_object_get(json, "recovery_left");
    if (vouch_args_count(&cli->args, "recovery") > 0 && json_is_integer(left)) {
        vouch_say_mark(&cli->term, VOUCH_MARK_WARN,
                       "%lld recovery codes are left; new ones: vouch recovery new",
                       (long long)json_integer_value(left));
    }
}

int vouch_sign_in_finish(struct vouch_reach *reach, json_t *take_json, struct vouch_fault *fault) {
    vouch_session_done(&reach->session);
    int err = take_session(reach, take_json, fault);
    if (err == 0) {
        reach->by = VOUCH_BY_SESSION;
        warn_codes(reach->cli, take_json);
    }
    vouch_sign_in_wipe(take_json, "secret");
    json_decref(take_json);
    return err;
}

int vouch_sign_in(struct vouch_reach *reach, const char *user, struct vouch_fault *fault) {
    struct vouch_sign_in_body body = {0};
    json_t *json = NULL;
    int err = make_body(reach->cli, user, &body, fault);
    if (err == 0) {
        if (vouch_args_value(&reach->cli->args, "timeout") == NULL) {
            vouch_api_set_timeout(reach->api, HASHING_TIMEOUT_MS);
        }
        err = vouch_sign_in_post(reach, "/v1/sessions", &body, "vouch.session/1", &json, fault);
    }
    vouch_sign_in_body_done(&body);
    return err == 0 ? vouch_sign_in_finish(reach, json, fault) : err;
}

int vouch_sign_in_again(struct vouch_reach *reach, struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret code = {0};
    struct vouch_sign_in_body body = {0};
    json_t *json = NULL;
    const struct vouch_cli *cli = reach->cli;
    if (vouch_args_value(&cli->args, "code-file") == NULL &&
        (vouch_args_count(&cli->args, "no-input") > 0 || !vouch_prompt_has_terminal())) {
        // The server's own words stay.
        (void)vouch_fault_next(fault, "run it on a terminal, where a code can be asked for");
        return VOUCH_ERR_REFUSED;
    }
    vouch_say(&cli->term, "the server wants a code that is given now");
    int err = vouch_sign_in_body_init(&body, fault);
    if (err == 0) {
        err = vouch_sign_in_code(cli, &code, fault);
    }
    if (err == 0) {
        vouch_sign_in_put(&body, "factor", vouch_bytes_of("totp"));
        vouch_sign_in_put_code(&body, &code);
        err =
            vouch_sign_in_post(reach, "/v1/session/factor", &body, "vouch.session/1", &json, fault);
    }
    vouch_sign_in_body_done(&body);
    json_decref(json);
    return err;
}
