// SPDX-License-Identifier: ISC
// /v1/device: signing in by browser. A program without one asks for a code; somebody who is signed in compares,
// approves, denies or takes back. How the program gets its session then is in sessions.c.
#include <inttypes.h>
#include <stdio.h>

#include "api/fields.h"
#include "api/resources.h"
#include "base/str.h"

#define CODE_SHOWN_LEN (VOUCH_DEVICE_CODE_LEN + 1) // with its dash
#define ADDRESS_MAX 512
#define REDIRECT_MAX 256
#define CHALLENGE_LEN 32
#define HOST_MAX 300

// --- asking

static void read_client(struct vouch_api_call *call, struct vouch_ask_device_new *ask) {
    static const char *const members[] = {"host", "os", "version", NULL};
    const struct vouch_api_place outside = vouch_api_enter(call, "client");
    vouch_api_members(call, members);
    ask->machine = vouch_api_text(call, "host", VOUCH_API_REQUIRED, VOUCH_DEVICE_TEXT_MAX);
    ask->os = vouch_api_text(call, "os", VOUCH_API_REQUIRED, VOUCH_DEVICE_TEXT_MAX);
    ask->version = vouch_api_text(call, "version", VOUCH_API_REQUIRED, VOUCH_DEVICE_TEXT_MAX);
    vouch_api_leave(call, &outside);
}

static struct vouch_ask_device_new read_new(struct vouch_api_call *call) {
    static const char *const members[] = {"client", "challenge", "port", "state", NULL};
    struct vouch_ask_device_new ask = {0};
    vouch_api_members(call, members);
    read_client(call, &ask);
    struct vouch_bytes challenge =
        vouch_api_base64url(call, "challenge", VOUCH_API_REQUIRED, sizeof ask.challenge);
    if (challenge.len == sizeof ask.challenge) {
        memcpy(ask.challenge, challenge.ptr, challenge.len);
    } else if (!call->refused) {
        vouch_api_refuse_field(call, "challenge", "challenge is not base64url of %d bytes",
                               CHALLENGE_LEN);
    }
    ask.port = vouch_api_number(call, "port", VOUCH_API_OPTIONAL, UINT16_MAX);
    ask.mark = vouch_api_text(call, "state", VOUCH_API_OPTIONAL, VOUCH_DEVICE_MARK_MAX);
    return ask;
}

// Where people open the pages: as the server knows it, or else as this program reached it.
static void put_address(struct vouch_api_call *call, struct vouch_bytes address,
                        struct vouch_buf *out) {
    struct vouch_bytes host = call->request->headers[VOUCH_HTTP_HOST];
    if (address.len > 0) {
        vouch_buf_put(out, vouch_str_cut(&address, '#'));
    } else {
        vouch_buf_put_text(out, "https://");
        vouch_buf_put(out, (struct vouch_bytes){host.ptr, host.len < HOST_MAX ? host.len : 0});
    }
    vouch_buf_put_text(out, "/device");
}

static void put_uris(struct vouch_api_call *call, struct vouch_bytes address,
                     struct vouch_bytes code) {
    char room[ADDRESS_MAX];
    struct vouch_buf uri;
    vouch_buf_init_fixed(&uri, room, sizeof room);
    put_address(call, address, &uri);
    vouch_json_text(&call->json, "verification_uri", vouch_buf_bytes(&uri));
    vouch_buf_put_text(&uri, "?code=");
    vouch_buf_put(&uri, code);
    vouch_json_text(&call->json, "verification_uri_complete", vouch_buf_bytes(&uri));
    if (uri.err != VOUCH_OK && call->json.out->err == VOUCH_OK) {
        call->json.out->err = uri.err;
    }
}

// "BCDF-GHJK"
static struct vouch_bytes show_code(struct vouch_bytes code, char room[CODE_SHOWN_LEN + 1]) {
    (void)snprintf(room, CODE_SHOWN_LEN + 1, "%.4s-%.4s", (const char *)code.ptr,
                   (const char *)code.ptr + VOUCH_DEVICE_CODE_LEN / 2);
    return vouch_bytes_of(room);
}

int vouch_api_device_new(struct vouch_api_call *call) {
    const struct vouch_ask_device_new ask = read_new(call);
    struct vouch_answer_device_new answer = {0};
    char room[CODE_SHOWN_LEN + 1];
    if (call->refused) {
        return VOUCH_OK;
    }
    int err =
        vouch_authority_device_new(call->authority, &call->caller, &ask, &answer, &call->fault);
    if (!vouch_api_is_done(call, err, &answer.reply)) {
        return VOUCH_OK;
    }
    if (answer.code.len != VOUCH_DEVICE_CODE_LEN) {
        return VOUCH_ERR_CORRUPT;
    }
    struct vouch_bytes code = show_code(answer.code, room);
    vouch_api_answer_begin(call, 201, "vouch.new-device/1");
    vouch_json_text(&call->json, "device_code", answer.secret);
    vouch_json_text(&call->json, "user_code", code);
    put_uris(call, answer.address, code);
    vouch_json_time_s(&call->json, "expires", answer.expires_s);
    vouch_json_number(&call->json, "interval", answer.interval_s);
    return vouch_api_answer_end(call);
}

// --- looking and deciding

static const char *state_word(enum vouch_device_state state) {
    switch (state) {
    case VOUCH_DEVICE_WAITING:
        return "waiting";
    case VOUCH_DEVICE_APPROVED:
        return "approved";
    case VOUCH_DEVICE_DENIED:
        return "denied";
    case VOUCH_DEVICE_TAKEN:
        return "taken";
    case VOUCH_DEVICE_UNDONE:
        return "undone";
    case VOUCH_DEVICE_NONE:
        break;
    }
    return "";
}

// Where the page goes when it is approved. Nothing but letters, digits, "-" and "_" is in what is put there.
static void put_redirect(struct vouch_json *json, const struct vouch_device_row *row) {
    char text[REDIRECT_MAX];
    if (row->back.len == 0) {
        vouch_json_null(json, "redirect");
        return;
    }
    (void)snprintf(text, sizeof text, "http://127.0.0.1:%" PRIu64 "/done?code=%.*s&state=%.*s",
                   row->port, (int)row->back.len, (const char *)row->back.ptr, (int)row->mark.len,
                   (const char *)row->mark.ptr);
    vouch_json_text(json, "redirect", vouch_bytes_of(text));
}

static int answer_row(struct vouch_api_call *call, const struct vouch_device_row *row) {
    struct vouch_json *json = &call->json;
    vouch_api_answer_begin(call, 200, "vouch.device/1");
    vouch_json_text(json, "state", vouch_bytes_of(state_word(row->state)));
    vouch_json_open(json, "client", '{');
    vouch_json_text(json, "host", row->machine);
    vouch_json_text(json, "os", row->os);
    vouch_json_text(json, "version", row->version);
    vouch_json_close(json, '}');
    vouch_json_text(json, "source", row->source);
    vouch_json_text(json, "here", row->here);
    vouch_json_flag(json, "differs", row->differs != 0);
    vouch_json_flag(json, "loopback", row->port != 0);
    vouch_json_time_s(json, "created", row->created_s);
    vouch_json_time_s(json, "expires", row->expires_s);
    put_redirect(json, row);
    vouch_json_id_or_null(json, "session", row->session);
    vouch_json_number(json, "revoked", row->revoked);
    return vouch_api_answer_end(call);
}

static int ask_about(struct vouch_api_call *call, enum vouch_device_verb verb) {
    const struct vouch_ask_device ask = {
        .code = vouch_api_path_name(call, "code", CODE_SHOWN_LEN + 1), .verb = verb};
    struct vouch_answer_device answer = {0};
    if (call->refused) {
        return VOUCH_OK;
    }
    int err = vouch_authority_device(call->authority, &call->caller, &ask, &answer, &call->fault);
    return vouch_api_is_done(call, err, &answer.reply) ? answer_row(call, &answer.row) : VOUCH_OK;
}

int vouch_api_device_show(struct vouch_api_call *call) {
    return ask_about(call, VOUCH_DEVICE_LOOK);
}

static int decide(struct vouch_api_call *call, enum vouch_device_verb verb) {
    static const char *const members[] = {NULL};
    vouch_api_members(call, members);
    return ask_about(call, verb);
}

int vouch_api_device_approve(struct vouch_api_call *call) {
    return decide(call, VOUCH_DEVICE_APPROVE);
}
int vouch_api_device_deny(struct vouch_api_call *call) {
    return decide(call, VOUCH_DEVICE_DENY);
}
int vouch_api_device_undo(struct vouch_api_call *call) {
    return decide(call, VOUCH_DEVICE_UNDO);
}
