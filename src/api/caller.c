// SPDX-License-Identifier: ISC
// Who asks: API tokens, sessions and hosts (RFC 6750), and users on the server's own machine. A secret is only
// cut out here; the authority looks it up. It is neither logged nor repeated in an answer.
#include "api/call.h"
#include "authority/request-hosts.h"

static const char scheme[] = "bearer ";

static int has_scheme(struct vouch_bytes header) {
    size_t len = sizeof scheme - 1;
    if (header.len < len) {
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        uint8_t c = header.ptr[i];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != (uint8_t)scheme[i]) {
            return 0;
        }
    }
    return 1;
}

static int is_secret(struct vouch_bytes text, const char *prefix) {
    size_t len = strlen(prefix);
    if (text.len <= len || text.len > VOUCH_TOKEN_TEXT_MAX || memcmp(text.ptr, prefix, len) != 0) {
        return 0;
    }
    for (size_t i = len; i < text.len; i++) {
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

// A credential that is shown counts, also where none is needed: whoever shows one wants to be no more
// than it says.
int vouch_api_identify(struct vouch_api_call *call, enum vouch_api_access access) {
    struct vouch_bytes header = call->request->headers[VOUCH_HTTP_AUTHORIZATION];
    vouch_api_name_source(call);
    if (header.ptr == NULL) {
        int local = call->api->config.way == VOUCH_CALLER_LOCAL && call->request->user.known &&
                    access != VOUCH_API_HOSTS;
        call->caller.way = local ? VOUCH_CALLER_LOCAL : VOUCH_CALLER_UNKNOWN;
        call->caller.uid = local ? call->request->user.uid : 0;
        return local;
    }
    if (!has_scheme(header)) {
        return 0;
    }
    size_t skip = sizeof scheme - 1;
    const struct vouch_bytes token = {header.ptr + skip, header.len - skip};
    call->caller.way = way_of(token, access);
    if (call->caller.way == VOUCH_CALLER_UNKNOWN) {
        return 0;
    }
    call->caller.token = token;
    return 1;
}
