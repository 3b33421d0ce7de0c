// SPDX-License-Identifier: ISC
// The cookie of a session, and what must come with it.
#include "api/browser.h"

#include <stdio.h>

#include "base/secret.h"
#include "base/str.h"
#include "core/key.h"

static const char purpose[] = "vouch-csrf/1\n";

// Of a secret that was found to be one, or is new; nothing else is asked for its proof.
int vouch_api_csrf(struct vouch_bytes secret, char ret_proof[VOUCH_API_CSRF_LEN + 1]) {
    uint8_t digest[VOUCH_HASH_MAX];
    struct vouch_buf text, proof;
    vouch_buf_init(&text, sizeof purpose + VOUCH_TOKEN_TEXT_MAX);
    vouch_buf_init(&proof, VOUCH_API_CSRF_LEN + 1);
    vouch_buf_put_text(&text, purpose);
    vouch_buf_put(&text, secret);
    size_t len = text.err == VOUCH_OK
                     ? vouch_hash_bytes(VOUCH_HASH_SHA256, vouch_buf_bytes(&text), digest)
                     : 0;
    vouch_str_base64url((struct vouch_bytes){digest, len}, &proof);
    int err =
        proof.err == VOUCH_OK && proof.len == VOUCH_API_CSRF_LEN ? VOUCH_OK : VOUCH_ERR_CRYPTO;
    if (err == VOUCH_OK) {
        memcpy(ret_proof, proof.ptr, VOUCH_API_CSRF_LEN);
        ret_proof[VOUCH_API_CSRF_LEN] = '\0';
    }
    if (text.len > 0) {
        vouch_wipe(text.ptr, text.len);
    }
    vouch_buf_done(&text);
    vouch_buf_done(&proof);
    return err;
}

// The server's own origin is what the browser went to, which is in Host; TLS is spoken with everybody.
static int is_own_origin(const struct vouch_http_request *request) {
    struct vouch_bytes origin = request->headers[VOUCH_HTTP_ORIGIN];
    struct vouch_bytes host = request->headers[VOUCH_HTTP_HOST];
    return host.len > 0 && vouch_str_take(&origin, "https://") && vouch_bytes_equal(origin, host);
}

int vouch_api_is_own_page(struct vouch_api_call *call) {
    struct vouch_bytes site = call->request->headers[VOUCH_HTTP_SEC_FETCH_SITE];
    int own = site.ptr != NULL ? vouch_bytes_equal(site, vouch_bytes_of("same-origin"))
                               : is_own_origin(call->request);
    if (!own) {
        vouch_api_refuse(call, 403, &vouch_fault_cross_site,
                         site.ptr != NULL ? "Sec-Fetch-Site" : "Origin",
                         "the browser does not say that a page of this server asks");
    }
    return own;
}

int vouch_api_cookie_find(struct vouch_api_call *call, struct vouch_bytes *ret_secret) {
    struct vouch_bytes header = call->request->headers[VOUCH_HTTP_COOKIE];
    struct vouch_bytes found = {0};
    int err = header.ptr != NULL ? vouch_http_cookie(header, VOUCH_API_COOKIE, &found) : VOUCH_OK;
    if (err == VOUCH_ERR_FORMAT) {
        vouch_api_refuse(call, 400, &vouch_fault_cookie, "Cookie",
                         "the header is not a list of cookies, or has the session's cookie twice");
        return 0;
    }
    *ret_secret = found;
    return 1;
}

static int is_proven(const struct vouch_http_request *request, struct vouch_bytes secret) {
    struct vouch_bytes given = request->headers[VOUCH_HTTP_X_VOUCH_CSRF];
    char wanted[VOUCH_API_CSRF_LEN + 1];
    return given.len == VOUCH_API_CSRF_LEN && vouch_api_csrf(secret, wanted) == VOUCH_OK &&
           vouch_secret_equal(given.ptr, wanted, VOUCH_API_CSRF_LEN);
}

int vouch_api_cookie_judge(struct vouch_api_call *call, struct vouch_bytes secret) {
    enum vouch_http_method method = call->request->method;
    if (!vouch_api_is_own_page(call)) {
        return 0;
    }
    if (method == VOUCH_HTTP_GET || method == VOUCH_HTTP_HEAD || is_proven(call->request, secret)) {
        return 1;
    }
    vouch_api_refuse(call, 403, &vouch_fault_csrf, "X-Vouch-CSRF",
                     "the header is missing, or does not belong to this session");
    return 0;
}

int vouch_api_cookie_give(struct vouch_api_call *call, struct vouch_bytes secret) {
    return vouch_http_cookie_set(call->response, VOUCH_API_COOKIE, secret,
                                 VOUCH_HTTP_COOKIE_WHILE_OPEN);
}

void vouch_api_cookie_take(struct vouch_api_call *call) {
    // A constant; if memory is short the cookie stays, and is good for nothing any more.
    (void)!vouch_http_cookie_set(call->response, VOUCH_API_COOKIE, (struct vouch_bytes){0}, 0);
}
