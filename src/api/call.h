// SPDX-License-Identifier: ISC
// One request on its way through the API: what a resource's functions are handed, and how they refuse.
// Private to src/api.
#pragma once

#include <jansson.h>
#include <stdatomic.h>

#include "api/api.h"
#include "api/json.h"
#include "api/live.h"

#define VOUCH_API_BODY_MAX 65536

// Who may ask, before the authority says whether.
enum vouch_api_access {
    VOUCH_API_CALLERS = 0, // whoever shows a credential
    VOUCH_API_EVERYBODY,   // no credential is looked at
    VOUCH_API_STRANGERS,   // nor is it here, but the authority is told where they come from
    VOUCH_API_HOSTS,       // an enrolled host by its own secret, which is taken nowhere else
};

// YAML: a text that the authority reads; call->body stays NULL.
enum vouch_api_body { VOUCH_API_NO_BODY = 0, VOUCH_API_JSON, VOUCH_API_YAML };

// What it costs. SIGN_IN: passwords and codes; ENROL: proofs of host keys. Each of the two never gets more
// than half of the workers.
enum vouch_api_work { VOUCH_API_LIGHT = 0, VOUCH_API_SIGN_IN, VOUCH_API_ENROL };

// What a route does that is no GET. QUESTION: nothing but answering, or what belongs to the caller's own
// signing in and out.
enum vouch_api_effect { VOUCH_API_CHANGE = 0, VOUCH_API_QUESTION };

struct vouch_api_call;

// What stands behind a route. `answer` fills in call->response, which may be a refusal; a negative code is
// a failure without words.
struct vouch_api_row {
    int (*answer)(struct vouch_api_call *call);
    enum vouch_api_access access;
    enum vouch_api_body body;
    enum vouch_api_work work;
    enum vouch_api_effect effect;
    const char *const *params; // names of query parameters, ended by NULL; NULL: none
};

#define VOUCH_API_BUCKETS 13

// What /metrics counts that nobody else does.
struct vouch_api_tally {
    _Atomic uint64_t issue_buckets[VOUCH_API_BUCKETS]; // of issuing and renewing, each alone
    _Atomic uint64_t issue_ns;
    _Atomic uint64_t tokens_taken, tokens_refused, sessions_taken, sessions_refused;
    _Atomic uint64_t hosts_taken, hosts_refused; // enrolling counts as refused only
    _Atomic uint64_t sign_ins_begun, sign_ins_refused, sign_ins_put_off;
};

struct vouch_api {
    struct vouch_api_config config;
    struct vouch_api_tally tally;
    _Atomic unsigned sign_ins, enrolments; // at work now
    _Atomic(struct vouch_http_server *) server;
    struct vouch_api_lane *lanes; // one per worker
    void **contexts;
    struct vouch_http_file files[2]; // served without a worker
    uint8_t *openapi;                // the first of them, not compressed
    struct vouch_api_live live;
};

// A worker's own.
struct vouch_api_lane {
    struct vouch_api *api;
    struct vouch_authority *authority;
};

struct vouch_api_call {
    struct vouch_api *api;
    struct vouch_authority *authority;
    const struct vouch_http_request *request;
    struct vouch_http_response *response;
    struct vouch_caller caller;
    char source[VOUCH_HTTP_ADDRESS_TEXT_MAX];
    unsigned by_cookie;       // nonzero: the caller's secret came as the cookie of a browser
    json_t *body;             // an object, where the route takes one
    char within[32];          // "keys[1].": which object of a list stands in body's place
    struct vouch_buf scratch; // bytes decoded from the body, which never move
    struct vouch_fault fault; // of the ask that failed
    struct vouch_json json;   // over response->body
    uint64_t retry_after_s;   // what a 503 tells; 0: a second
    unsigned refused;         // nonzero: the response holds a problem
};

// Finds out who asks. Returns nonzero if there is a credential of that kind to show to the authority; without
// one, the call may have been refused already.
int vouch_api_identify(struct vouch_api_call *call, enum vouch_api_access access);

// Fills in where the caller comes from, and the request's ID; the way stays UNKNOWN.
void vouch_api_name_source(struct vouch_api_call *call);

// Appends a text with every secret in it (of tokens, sessions and links) masked, and nothing else changed.
void vouch_api_mask(struct vouch_bytes text, struct vouch_buf *out);

// Each makes the response a problem (RFC 9457), once: what comes later about the same call is dropped.
void vouch_api_refuse(struct vouch_api_call *call, unsigned status,
                      const struct vouch_fault_kind *kind, const char *field, const char *format,
                      ...) __attribute__((format(printf, 5, 6)));

// 422 about a member of the body, a query parameter or a header.
#define vouch_api_refuse_field(call, field, ...)                                                   \
    vouch_api_refuse((call), 422, &vouch_fault_field, (field), __VA_ARGS__)

// 401 for who shows no credential, or none that could be one.
void vouch_api_refuse_stranger(struct vouch_api_call *call);

// 404 for an object that is named by the path.
void vouch_api_refuse_absent(struct vouch_api_call *call, const char *what);

// Nonzero if the authority did what it was asked. Otherwise the response says why: `err` is what the ask
// returned, with call->fault.
int vouch_api_is_done(struct vouch_api_call *call, int err, const struct vouch_reply *reply);

// The problem as this layer writes it when the HTTP server refuses by itself; for http's `describe`.
const char *vouch_api_describe(unsigned status, const char *reason,
                               const struct vouch_http_request *request, struct vouch_buf *body);

// Begins and ends a JSON answer. `schema`: "vouch.cert/1".
void vouch_api_answer_begin(struct vouch_api_call *call, unsigned status, const char *schema);
int vouch_api_answer_end(struct vouch_api_call *call);

// The members of a list that stand around its items.
void vouch_api_list_begin(struct vouch_api_call *call, const char *schema);
int vouch_api_list_end(struct vouch_api_call *call, struct vouch_bytes next);
