// SPDX-License-Identifier: ISC
// /v1/tickets and /s/TICKET: a certificate by one curl. Who is signed in asks for a ticket; whoever brings it with
// a public key gets the certificate as a line of text, and every refusal as a line too.
//
// A browser gains nothing there: no cookie is looked at, and what a page sends is refused.
#include "api/access.h"
#include "api/resources.h"
#include "base/str.h"
#include "base/time.h"
#include "core/key.h"

#define ADDRESS_MAX 640
#define HOST_MAX 300
#define PIN_LEN 32
#define PIN_ROOM 64

// --- making

// As curl wants it: "sha256//" and base64. Null where the address has none, so that the certificate is checked as
// usual; never a pin that was only half read.
static void put_pin(struct vouch_json *json, struct vouch_bytes pin) {
    uint8_t digest[PIN_LEN + 1], room[PIN_ROOM];
    struct vouch_buf hash, text;
    vouch_buf_init_fixed(&hash, digest, sizeof digest);
    vouch_buf_init_fixed(&text, room, sizeof room);
    if (!vouch_str_take(&pin, "sha256:") || vouch_str_unbase64url(pin, &hash) != VOUCH_OK ||
        hash.len != PIN_LEN) {
        vouch_json_null(json, "pin");
        return;
    }
    vouch_buf_put_text(&text, "sha256//");
    vouch_str_base64(vouch_buf_bytes(&hash), '=', &text);
    vouch_json_text(json, "pin", vouch_buf_bytes(&text));
}

// Where the server says it is, or else as the caller reached it.
static int put_address(struct vouch_api_call *call, const struct vouch_answer_ticket_new *answer) {
    char room[ADDRESS_MAX];
    struct vouch_buf url;
    struct vouch_bytes pin = answer->address;
    struct vouch_bytes base = vouch_str_cut(&pin, '#');
    struct vouch_bytes host = call->request->headers[VOUCH_HTTP_HOST];
    vouch_buf_init_fixed(&url, room, sizeof room);
    if (base.len > 0) {
        vouch_buf_put(&url, base);
    } else {
        vouch_buf_put_text(&url, "https://");
        vouch_buf_put(&url, (struct vouch_bytes){host.ptr, host.len < HOST_MAX ? host.len : 0});
    }
    vouch_buf_put_text(&url, "/s/");
    vouch_buf_put(&url, answer->secret);
    vouch_json_text(&call->json, "url", vouch_buf_bytes(&url));
    put_pin(&call->json, pin);
    return url.err;
}

int vouch_api_ticket_new(struct vouch_api_call *call) {
    static const char *const members[] = {
        "zone",   "roles",   "ttl_s",         "reason",          "extensions",
        "logins", "sources", "force_command", "verify_required", NULL};
    struct vouch_ask_access ask = {0};
    struct vouch_api_access_lists lists;
    struct vouch_answer_ticket_new answer = {0};
    struct vouch_json *json = &call->json;
    vouch_api_members(call, members);
    vouch_api_access_read(call, VOUCH_API_OPTIONAL, &ask, &lists);
    if (call->refused) {
        return VOUCH_OK;
    }
    ask.once = (struct vouch_bytes){0}; // a ticket that was lost is no certificate that was
    int err =
        vouch_authority_ticket_new(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 201, "vouch.new-ticket/1");
    vouch_json_id(json, "id", answer.id);
    err = put_address(call, &answer);
    vouch_json_texts(json, "roles", answer.roles.items, answer.roles.count);
    vouch_json_texts(json, "principals", answer.principals.items, answer.principals.count);
    vouch_json_number(json, "ttl_s", answer.ttl_s);
    vouch_json_time_s(json, "expires", answer.expires_s);
    return err == VOUCH_OK ? vouch_api_answer_end(call) : err;
}

// --- looking

static const char *state_word(enum vouch_ticket_state state) {
    switch (state) {
    case VOUCH_TICKET_WAITING:
        return "waiting";
    case VOUCH_TICKET_USED:
        return "used";
    case VOUCH_TICKET_OVER:
        return "over";
    case VOUCH_TICKET_NONE:
        break;
    }
    return "";
}

int vouch_api_ticket_show(struct vouch_api_call *call) {
    const struct vouch_ask_ticket ask = {.id = vouch_api_path_id(call, "one-time link")};
    struct vouch_answer_ticket answer = {0};
    struct vouch_json *json = &call->json;
    if (call->refused) {
        return VOUCH_OK;
    }
    int err = vouch_authority_ticket(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_answer_begin(call, 200, "vouch.ticket/1");
    vouch_json_id(json, "id", ask.id);
    vouch_json_text(json, "state", vouch_bytes_of(state_word(answer.state)));
    vouch_json_time_s(json, "expires", answer.expires_s);
    if (answer.used_s != 0) {
        vouch_json_time_s(json, "used", answer.used_s);
    } else {
        vouch_json_null(json, "used");
    }
    vouch_json_text_or_null(json, "source", answer.source);
    vouch_json_id_or_null(json, "serial", answer.serial);
    return vouch_api_answer_end(call);
}

// --- using

static int has_text(struct vouch_bytes body, const char *text) {
    return body.ptr != NULL && memmem(body.ptr, body.len, text, strlen(text)) != NULL;
}

// Said before anything else is looked at, so that whoever sent it hears of it in any case.
static int is_private(struct vouch_api_call *call) {
    struct vouch_bytes body = call->request->body;
    if (!has_text(body, "PRIVATE KEY-----") && !has_text(body, "PuTTY-User-Key-File-")) {
        return 0;
    }
    vouch_api_refuse(call, 422, &vouch_fault_ticket_private, "public_key",
                     "the file is a private key, which must never be sent");
    return 1;
}

static int is_by_page(struct vouch_api_call *call) {
    const struct vouch_http_request *request = call->request;
    if (request->headers[VOUCH_HTTP_ORIGIN].ptr == NULL &&
        request->headers[VOUCH_HTTP_SEC_FETCH_SITE].ptr == NULL) {
        return 0;
    }
    vouch_api_refuse(call, 403, &vouch_fault_ticket_origin, "Origin",
                     "a browser asks, and this address is for programs");
    return 1;
}

static int answer_line(struct vouch_api_call *call, struct vouch_bytes cert) {
    struct vouch_http_response *response = call->response;
    response->status = 200;
    response->content_type = "text/plain; charset=utf-8";
    vouch_cert_print(cert, NULL, &response->body);
    vouch_buf_put_text(&response->body, "\n");
    return response->body.err;
}

int vouch_api_ticket_use(struct vouch_api_call *call) {
    struct vouch_ask_ticket_use ask = {0};
    struct vouch_answer_cert answer = {0};
    if (is_private(call) || is_by_page(call)) {
        return VOUCH_OK;
    }
    ask.secret = vouch_api_path_name(call, "one-time link", VOUCH_TOKEN_TEXT_MAX);
    if (!call->refused) {
        ask.key = vouch_api_key_line(call, "public_key", call->request->body);
    }
    if (call->refused) {
        return VOUCH_OK;
    }
    uint64_t begun_ns = vouch_time_monotonic_ns();
    int err =
        vouch_authority_ticket_use(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    vouch_api_tally_issue(&call->api->tally, vouch_time_monotonic_ns() - begun_ns);
    return answer_line(call, answer.row.cert);
}
