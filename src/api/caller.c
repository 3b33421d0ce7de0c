// SPDX-License-Identifier: ISC
// Who asks: API tokens, sessions and hosts (RFC 6750), browsers by a cookie, and users on the server's own
// machine. A secret is only cut out here; the authority looks it up. It is neither logged nor repeated in an
// answer.
#include "api/browser.h"
#include "authority/request-hosts.h"
#include "base/str.h"

static const char scheme[] = "bearer ";

// In either case, which is why vouch_str_take() will not do.
static int take_scheme(struct vouch_bytes *header) {
    size_t len = sizeof scheme - 1;
    if (header->len < len) {
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        uint8_t c = header->ptr[i];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != (uint8_t)scheme[i]) {
            return 0;
        }
    }
    *header = (struct vouch_bytes){header->ptr + len, header->len - len};
    return 1;
}

static int is_secret(struct vouch_bytes text, const char *prefix) {
    if (text.len > VOUCH_TOKEN_TEXT_MAX || !vouch_str_take(&text, prefix) || text.len == 0) {
        return 0;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        int good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                   c == '-' || c == '_';
        if (!good) {
            return 0;
        }
    }
    return 1;
}

// Only what can be a secret of ours is shown to the authority, and a host's only where hosts ask.
static enum vouch_caller_way way_of(struct vouch_bytes text, enum vouch_api_access access) {
    if (access == VOUCH_API_HOSTS) {
        return is_secret(text, VOUCH_HOST_SECRET_PREFIX) ? VOUCH_CALLER_HOST : VOUCH_CALLER_UNKNOWN;
    }
    if (is_secret(text, VOUCH_TOKEN_PREFIX)) {
        return VOUCH_CALLER_TOKEN;
    }
    return is_secret(text, VOUCH_SESSION_PREFIX) ? VOUCH_CALLER_SESSION : VOUCH_CALLER_UNKNOWN;
}

void vouch_api_name_source(struct vouch_api_call *call) {
    static const struct vouch_http_address none;
    if (memcmp(&call->request->client, &none, sizeof none) == 0) {
        (void)memcpy(call->source, "local", sizeof "local");
    } else {
        vouch_http_address_text(&call->request->client, call->source);
    }
    call->caller.source = vouch_bytes_of(call->source);
    call->caller.request = vouch_bytes_of(call->request->id);
}

void vouch_api_refuse_stranger(struct vouch_api_call *call) {
    vouch_api_refuse(
        call, 401, &vouch_fault_caller, NULL,
        "the header \"Authorization: Bearer SECRET\" is missing, or its secret is none "
        "that this path takes");
}

static int take_local(struct vouch_api_call *call) {
    if (call->api->config.way != VOUCH_CALLER_LOCAL || !call->request->user.known) {
        return 0;
    }
    call->caller.way = VOUCH_CALLER_LOCAL;
    call->caller.uid = call->request->user.uid;
    return 1;
}

static int take_bearer(struct vouch_api_call *call, struct vouch_bytes header,
                       enum vouch_api_access access) {
    struct vouch_bytes token = header;
    if (!take_scheme(&token)) {
        return 0;
    }
    call->caller.way = way_of(token, access);
    call->caller.token = call->caller.way != VOUCH_CALLER_UNKNOWN ? token : (struct vouch_bytes){0};
    return call->caller.way != VOUCH_CALLER_UNKNOWN;
}

// No browser gets to the socket on the server's own machine, so nobody's cookie is a session there.
static int take_cookie(struct vouch_api_call *call, struct vouch_bytes cookie) {
    call->by_cookie = 1;
    if (call->api->config.way == VOUCH_CALLER_LOCAL || !is_secret(cookie, VOUCH_SESSION_PREFIX) ||
        !vouch_api_cookie_judge(call, cookie)) {
        return 0;
    }
    call->caller.way = VOUCH_CALLER_SESSION;
    call->caller.token = cookie;
    return 1;
}

// A credential that is shown counts, also where none is needed: whoever shows one wants to be no more
// than it says.
int vouch_api_identify(struct vouch_api_call *call, enum vouch_api_access access) {
    struct vouch_bytes header = call->request->headers[VOUCH_HTTP_AUTHORIZATION];
    struct vouch_bytes cookie = {0};
    vouch_api_name_source(call);
    if (access == VOUCH_API_HOSTS) {
        return header.ptr != NULL && take_bearer(call, header, access);
    }
    if (!vouch_api_cookie_find(call, &cookie)) {
        return 0;
    }
    if (cookie.ptr != NULL && header.ptr != NULL) {
        vouch_api_refuse(call, 400, &vouch_fault_two_callers, "Authorization",
                         "the request has an Authorization and the cookie of a session");
        return 0;
    }
    if (cookie.ptr != NULL) {
        return take_cookie(call, cookie);
    }
    return header.ptr != NULL ? take_bearer(call, header, access) : take_local(call);
}
