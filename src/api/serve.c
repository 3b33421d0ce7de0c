// SPDX-License-Identifier: ISC
// From a request to what answers it: credential, parameters, body, in this order and in this one place,
// so that no route can forget one.
#include "api/routes.h"
#include "base/secret.h"
#include "base/str.h"

#define DEPTH_MAX 16

// Nonzero if brackets nest too deeply; strings are passed over.
static int is_too_deep(struct vouch_bytes text) {
    unsigned depth = 0;
    int quoted = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = 1;
        } else if (c == '{' || c == '[') {
            if (++depth > DEPTH_MAX) {
                return 1;
            }
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return 0;
}

// The media type without its parameters, which say nothing that JSON or YAML leave open (RFC 8259 8.1,
// RFC 9512 2.1).
static int is_type(struct vouch_bytes header, const char *type) {
    size_t len = strlen(type);
    if (header.len < len) {
        return 0;
    }
    struct vouch_bytes rest = {header.ptr + len, header.len - len};
    rest = vouch_str_trim(rest);
    if (rest.len > 0 && rest.ptr[0] != ';') {
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        uint8_t c = header.ptr[i];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != (uint8_t)type[i]) {
            return 0;
        }
    }
    return 1;
}

// Jansson says: duplicate object key near '"name"'; a long name it leaves out.
static void refuse_duplicate(struct vouch_api_call *call, const json_error_t *error) {
    char field[64] = "";
    const char *from = strstr(error->text, "'\"");
    const char *to = from != NULL ? strrchr(from, '"') : NULL;
    if (from != NULL && to > from + 2 && (size_t)(to - from - 2) < sizeof field) {
        memcpy(field, from + 2, (size_t)(to - from - 2));
    }
    vouch_api_refuse(call, 422, &vouch_fault_field, field,
                     "line %d, column %d: a member occurs twice", error->line, error->column);
}

static void parse_body(struct vouch_api_call *call) {
    struct vouch_bytes text = call->request->body;
    json_error_t error = {0};
    if (is_too_deep(text)) {
        vouch_api_refuse(call, 400, &vouch_fault_api_json, NULL,
                         "the body nests more than %d levels deep", DEPTH_MAX);
        return;
    }
    call->body = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
    if (call->body != NULL && json_is_object(call->body)) {
        return;
    }
    if (call->body != NULL) {
        vouch_api_refuse(call, 400, &vouch_fault_api_json, NULL, "the body is not a JSON object");
    } else if (json_error_code(&error) == json_error_duplicate_key) {
        refuse_duplicate(call, &error);
    } else if (json_error_code(&error) == json_error_null_character ||
               json_error_code(&error) == json_error_null_byte_in_key) {
        vouch_api_refuse(call, 400, &vouch_fault_api_json, NULL,
                         "line %d, column %d: a text holds a NUL character", error.line,
                         error.column);
    } else if (json_error_code(&error) == json_error_out_of_memory) {
        vouch_api_refuse(call, 503, &vouch_fault_memory, NULL, "memory is short");
    } else {
        // Jansson says what stands near the mistake, and that may be a password.
        char *near = strstr(error.text, " near ");
        *(near != NULL ? near : error.text + strlen(error.text)) = '\0';
        vouch_api_refuse(call, 400, &vouch_fault_api_json, NULL, "line %d, column %d: %s",
                         error.line, error.column, error.text);
    }
}

static void take_body(struct vouch_api_call *call, const struct vouch_api_row *row) {
    if (row->body == VOUCH_API_NO_BODY || call->refused) {
        return;
    }
    const char *type = row->body == VOUCH_API_YAML ? "application/yaml" : "application/json";
    if (!is_type(call->request->headers[VOUCH_HTTP_CONTENT_TYPE], type)) {
        vouch_api_refuse(call, 415, &vouch_fault_api_media, "Content-Type",
                         "the Content-Type of the body is missing, or is not %s", type);
    } else if (row->body == VOUCH_API_JSON) {
        parse_body(call);
    }
}

static int is_param(struct vouch_bytes name, const char *const *params) {
    for (size_t i = 0; params != NULL && params[i] != NULL; i++) {
        if (vouch_bytes_equal(name, vouch_bytes_of(params[i]))) {
            return 1;
        }
    }
    return 0;
}

static void check_params(struct vouch_api_call *call, const struct vouch_api_row *row) {
    for (size_t i = 0; i < call->request->param_count && !call->refused; i++) {
        struct vouch_bytes name = call->request->params[i].name;
        char field[64] = "";
        if (is_param(name, row->params)) {
            continue;
        }
        memcpy(field, name.ptr, name.len < sizeof field ? name.len : sizeof field - 1);
        vouch_api_refuse(call, 422, &vouch_fault_field, field,
                         "this path has no query parameter of that name");
    }
}

// A demonstration changes nothing, whoever asks.
static void check_effect(struct vouch_api_call *call, const struct vouch_api_row *row) {
    int asks = call->request->method == VOUCH_HTTP_GET ||
               call->request->method == VOUCH_HTTP_HEAD || row->effect == VOUCH_API_QUESTION;
    if (!asks && call->api->config.changes != VOUCH_API_CHANGES_TAKEN) {
        vouch_api_refuse(call, 403, &vouch_fault_demonstration, NULL,
                         "this is a demonstration: it changes nothing");
    }
}

static void identify(struct vouch_api_call *call, const struct vouch_api_row *row) {
    struct vouch_api_tally *tally = &call->api->tally;
    if (row->access == VOUCH_API_EVERYBODY || call->refused) {
        return;
    }
    if (row->access == VOUCH_API_STRANGERS) {
        vouch_api_name_source(call);
    } else if (!vouch_api_identify(call, row->access)) {
        vouch_api_refuse_stranger(call);
    } else if (call->caller.way == VOUCH_CALLER_TOKEN) {
        atomic_fetch_add_explicit(&tally->tokens_taken, 1, memory_order_relaxed);
    } else if (call->caller.way == VOUCH_CALLER_SESSION) {
        atomic_fetch_add_explicit(&tally->sessions_taken, 1, memory_order_relaxed);
    } else if (call->caller.way == VOUCH_CALLER_HOST) {
        atomic_fetch_add_explicit(&tally->hosts_taken, 1, memory_order_relaxed);
    }
}

// A password takes a tenth of a second of a processor, the proofs of a host's keys some milliseconds, and
// anybody may send them: were all workers let to wait for that, nobody who is known would be served.
static int answer_stranger(struct vouch_api_call *call, const struct vouch_api_row *row,
                           _Atomic unsigned *at_work, const char *what) {
    struct vouch_api *api = call->api;
    unsigned most = api->config.workers / 2 > 0 ? api->config.workers / 2 : 1;
    int err = VOUCH_OK;
    if (atomic_fetch_add(at_work, 1) < most) {
        err = row->answer(call);
    } else {
        if (row->work == VOUCH_API_SIGN_IN) {
            atomic_fetch_add(&api->tally.sign_ins_put_off, 1);
        }
        vouch_api_refuse(
            call, 503,
            row->work == VOUCH_API_SIGN_IN ? &vouch_fault_sign_ins : &vouch_fault_at_work, NULL,
            "%u of %u workers are busy with %s", most, api->config.workers, what);
    }
    atomic_fetch_sub(at_work, 1);
    return err;
}

static int answer(struct vouch_api_call *call, const struct vouch_api_row *row) {
    if (call->refused) {
        return VOUCH_OK;
    }
    switch (row->work) {
    case VOUCH_API_SIGN_IN:
        return answer_stranger(call, row, &call->api->sign_ins, "sign-ins");
    case VOUCH_API_ENROL:
        return answer_stranger(call, row, &call->api->enrolments, "enrolments");
    case VOUCH_API_LIGHT:
        break;
    }
    return row->answer(call);
}

int vouch_api_serve(void *context, const struct vouch_http_request *request,
                    struct vouch_http_response *response) {
    const struct vouch_api_lane *lane = context;
    const struct vouch_api_row *row = vouch_api_row_of(request->route);
    struct vouch_api_call call = {
        .api = lane->api, .authority = lane->authority, .request = request, .response = response};
    vouch_buf_init(&call.scratch, VOUCH_API_BODY_MAX);
    check_effect(&call, row);
    identify(&call, row);
    check_params(&call, row);
    take_body(&call, row);
    int err = answer(&call, row);
    json_decref(call.body);
    if (row->body == VOUCH_API_JSON) { // there may have been a password in it
        vouch_wipe((void *)(uintptr_t)request->body.ptr, request->body.len);
    }
    vouch_buf_done(&call.scratch);
    return err;
}
