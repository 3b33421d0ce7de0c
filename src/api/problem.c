// SPDX-License-Identifier: ISC
// Refusals and failures as problems (RFC 9457): one shape, whoever refuses.
#include <stdarg.h>
#include <stdio.h>

#include "api/browser.h"
#include "api/routes.h"
#include "base/str.h"

#define PROBLEM_TYPE "application/problem+json"
#define RETRY_AFTER_MAX_S 86400

// What a problem says.
struct problem {
    unsigned status;
    const struct vouch_fault_kind *kind;
    const char *detail;
    const char *field; // NULL or empty: none
    const char *id;    // of the request
};

static const struct vouch_fault_kind *kind_of_code(const char *code) {
    for (size_t i = 0; vouch_fault_kinds[i] != NULL; i++) {
        if (strcmp(vouch_fault_kinds[i]->code, code) == 0) {
            return vouch_fault_kinds[i];
        }
    }
    return NULL;
}

// What a client sent may stand in a message: the secrets that it sent may not.
static void put_masked(struct vouch_json *json, const char *name, const char *text) {
    struct vouch_buf masked;
    vouch_buf_init(&masked, 2048);
    vouch_api_mask(vouch_bytes_of(text), &masked);
    vouch_json_text(json, name, vouch_buf_bytes(&masked));
    vouch_buf_done(&masked);
}

static void put_problem(const struct problem *problem, struct vouch_buf *out) {
    struct vouch_json json = {.out = out};
    char urn[32];
    (void)snprintf(urn, sizeof urn, "urn:vouch:%s", problem->kind->code);
    vouch_json_open(&json, NULL, '{');
    vouch_json_text(&json, "type", vouch_bytes_of(urn));
    vouch_json_text(&json, "title", vouch_bytes_of(problem->kind->title));
    vouch_json_number(&json, "status", problem->status);
    vouch_json_text(&json, "code", vouch_bytes_of(problem->kind->code));
    put_masked(&json, "detail", problem->detail);
    if (problem->field != NULL && problem->field[0] != '\0') {
        put_masked(&json, "field", problem->field);
    }
    vouch_json_text(&json, "next", vouch_bytes_of(problem->kind->fix));
    vouch_json_text(&json, "instance", vouch_bytes_of(problem->id));
    vouch_json_close(&json, '}');
}

static const struct vouch_fault_kind *kind_of_status(unsigned status) {
    switch (status) {
    case 404:
        return &vouch_fault_api_path;
    case 405:
        return &vouch_fault_api_method;
    case 413:
    case 414:
    case 431:
        return &vouch_fault_api_large;
    case 500:
        return &vouch_fault_api_failed;
    case 503:
        return &vouch_fault_at_work;
    default:
        return &vouch_fault_api_http;
    }
}

const char *vouch_api_describe(unsigned status, const char *reason,
                               const struct vouch_http_request *request, struct vouch_buf *body) {
    const struct problem problem = {
        .status = status, .kind = kind_of_status(status), .detail = reason, .id = request->id};
    put_problem(&problem, body);
    return PROBLEM_TYPE;
}

static void count_refusal(struct vouch_api_call *call) {
    const struct vouch_api_row *row = vouch_api_row_of(call->request->route);
    struct vouch_api_tally *tally = &call->api->tally;
    _Atomic uint64_t *count = &tally->tokens_refused;
    if (row->access == VOUCH_API_HOSTS || row->work == VOUCH_API_ENROL) {
        count = &tally->hosts_refused;
    } else if (row->access == VOUCH_API_STRANGERS) {
        count = &tally->sign_ins_refused;
    } else if (call->caller.way == VOUCH_CALLER_SESSION) {
        count = &tally->sessions_refused;
    }
    atomic_fetch_add(count, 1);
}

// RFC 6750 3: what kind of credential is asked for, and that the one given was no good, if it was that and
// not a code.
static void ask_for_token(struct vouch_api_call *call, const struct vouch_fault_kind *kind) {
    int given =
        call->request->headers[VOUCH_HTTP_AUTHORIZATION].ptr != NULL && kind == &vouch_fault_caller;
    const char *challenge =
        given ? "Bearer realm=\"vouch\", error=\"invalid_token\"" : "Bearer realm=\"vouch\"";
    // A constant without control characters; if memory is short, the answer is a failure anyway.
    (void)!vouch_http_set(call->response, VOUCH_HTTP_SET_WWW_AUTHENTICATE,
                          vouch_bytes_of(challenge));
    count_refusal(call);
}

static void ask_for_patience(struct vouch_api_call *call) {
    char text[24];
    uint64_t retry_s = call->retry_after_s != 0 ? call->retry_after_s : 1;
    retry_s = retry_s < RETRY_AFTER_MAX_S ? retry_s : RETRY_AFTER_MAX_S;
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)retry_s);
    (void)!vouch_http_set(call->response, VOUCH_HTTP_SET_RETRY_AFTER, vouch_bytes_of(text));
}

static void refuse(struct vouch_api_call *call, const struct problem *problem) {
    struct vouch_http_response *response = call->response;
    if (call->refused) {
        return;
    }
    call->refused = 1;
    vouch_buf_clear(&response->body);
    vouch_buf_clear(&response->fields);
    response->etag[0] = '\0';
    response->cache_control = NULL;
    response->wait = (struct vouch_http_wait){0};
    response->status = problem->status;
    response->content_type = PROBLEM_TYPE;
    if (problem->status == 401) {
        ask_for_token(call, problem->kind);
    }
    if (problem->status == 401 && call->by_cookie) {
        vouch_api_cookie_take(call); // the session is over
    }
    if (problem->status == 503) {
        ask_for_patience(call);
    }
    put_problem(problem, &response->body);
}

void vouch_api_refuse(struct vouch_api_call *call, unsigned status,
                      const struct vouch_fault_kind *kind, const char *field, const char *format,
                      ...) {
    char detail[512];
    char place[128] = "";
    va_list args;
    va_start(args, format);
    (void)vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    if (field != NULL) {
        (void)snprintf(place, sizeof place, "%s%s", call->within, field);
    }
    const struct problem problem = {
        .status = status, .kind = kind, .detail = detail, .field = place, .id = call->request->id};
    refuse(call, &problem);
}

void vouch_api_refuse_absent(struct vouch_api_call *call, const char *what) {
    vouch_api_refuse(call, 404, &vouch_fault_absent, NULL, "there is no such %s", what);
}

struct verdict_row {
    unsigned status;
    const struct vouch_fault_kind *kind; // if the reply names none
};

static struct verdict_row row_of(enum vouch_verdict verdict) {
    switch (verdict) {
    case VOUCH_VERDICT_UNKNOWN:
        return (struct verdict_row){401, &vouch_fault_caller};
    case VOUCH_VERDICT_ABSENT:
        return (struct verdict_row){404, &vouch_fault_absent};
    case VOUCH_VERDICT_INVALID:
        return (struct verdict_row){422, &vouch_fault_field};
    case VOUCH_VERDICT_CONFLICT:
        return (struct verdict_row){409, &vouch_fault_taken};
    case VOUCH_VERDICT_BUSY:
        return (struct verdict_row){503, &vouch_fault_at_work};
    case VOUCH_VERDICT_REFUSED:
    case VOUCH_VERDICT_DONE:
        break;
    }
    return (struct verdict_row){403, &vouch_fault_scope};
}

static void refuse_by_reply(struct vouch_api_call *call, const struct vouch_reply *reply) {
    struct verdict_row row = row_of(reply->verdict);
    call->retry_after_s = reply->retry_after_s;
    const struct vouch_fault_kind *kind = kind_of_code(reply->code);
    kind = kind != NULL ? kind : row.kind;
    const struct problem problem = {.status = row.status,
                                    .kind = kind,
                                    .detail = reply->why[0] != '\0' ? reply->why : kind->cause,
                                    .field = reply->field,
                                    .id = call->request->id};
    refuse(call, &problem);
}

// A stranger is told what it means for them; the fault's own words may name files of the server, and go to
// its log, or to the caller on its own machine.
static void refuse_by_fault(struct vouch_api_call *call, int err) {
    struct vouch_fault *fault = &call->fault;
    if (fault->kind == NULL) {
        (void)!vouch_fault_set(fault, err, &vouch_fault_api_failed, "asking the authority: %s",
                               vouch_err_text(err));
    }
    if (call->api->config.report != NULL) {
        call->api->config.report(call->api->config.report_context, call->request, fault);
    }
    int lasts = err != VOUCH_ERR_TIMEOUT && err != VOUCH_ERR_IO;
    int local = call->caller.way == VOUCH_CALLER_LOCAL;
    const struct problem problem = {.status = lasts ? 500 : 503,
                                    .kind = local ? fault->kind : &vouch_fault_api_failed,
                                    .detail = local ? fault->text : vouch_fault_api_failed.cause,
                                    .id = call->request->id};
    refuse(call, &problem);
}

int vouch_api_is_done(struct vouch_api_call *call, int err, const struct vouch_reply *reply) {
    if (err != VOUCH_OK) {
        refuse_by_fault(call, err);
        return 0;
    }
    if (reply->verdict != VOUCH_VERDICT_DONE) {
        refuse_by_reply(call, reply);
        return 0;
    }
    return 1;
}

void vouch_api_answer_begin(struct vouch_api_call *call, unsigned status, const char *schema) {
    call->response->status = status;
    call->response->content_type = "application/json";
    call->json = (struct vouch_json){.out = &call->response->body};
    vouch_json_open(&call->json, NULL, '{');
    vouch_json_text(&call->json, "schema", vouch_bytes_of(schema));
}

int vouch_api_answer_end(struct vouch_api_call *call) {
    vouch_json_close(&call->json, '}');
    return call->response->body.err;
}

void vouch_api_list_begin(struct vouch_api_call *call, const char *schema) {
    vouch_api_answer_begin(call, 200, schema);
    vouch_json_open(&call->json, "items", '[');
}

int vouch_api_list_end(struct vouch_api_call *call, struct vouch_bytes next) {
    vouch_json_close(&call->json, ']');
    vouch_json_text_or_null(&call->json, "next", next);
    return vouch_api_answer_end(call);
}
