// SPDX-License-Identifier: ISC
// Lines of the access log. What a client can choose is escaped, and what must not be kept is not in them.
#include <stdio.h>

#include "api/call.h"
#include "base/str.h"

#define SECRET_MIN 20 // characters behind the prefix that make a text a secret and no name

static int is_secret_char(uint8_t c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

// How many bytes of a token's secret begin here; 0: none do.
static size_t secret_len(struct vouch_bytes text) {
    static const char prefix[] = VOUCH_TOKEN_PREFIX;
    size_t len = sizeof prefix - 1;
    if (text.len < len || memcmp(text.ptr, prefix, len) != 0) {
        return 0;
    }
    while (len < text.len && is_secret_char(text.ptr[len])) {
        len++;
    }
    return len - (sizeof prefix - 1) >= SECRET_MIN ? len : 0;
}

// Somebody will put a secret into a path, in place of the token's name.
static void put_path(struct vouch_bytes path, struct vouch_buf *out) {
    size_t from = 0;
    for (size_t at = 0; at < path.len; at++) {
        size_t len = secret_len((struct vouch_bytes){path.ptr + at, path.len - at});
        if (len > 0) {
            vouch_str_escape((struct vouch_bytes){path.ptr + from, at - from}, out);
            vouch_buf_put_text(out, VOUCH_TOKEN_PREFIX "***");
            from = at + len;
            at = from - 1;
        }
    }
    vouch_str_escape((struct vouch_bytes){path.ptr + from, path.len - from}, out);
}

static void put_client(const struct vouch_http_request *request, struct vouch_buf *out) {
    char text[VOUCH_HTTP_ADDRESS_TEXT_MAX];
    if (request->user.known) {
        (void)snprintf(text, sizeof text, "uid:%u", (unsigned)request->user.uid);
    } else {
        vouch_http_address_text(&request->client, text);
    }
    vouch_buf_put_text(out, text);
}

void vouch_api_access_line(const struct vouch_http_record *record, struct vouch_buf *out) {
    const struct vouch_http_request *request = record->request;
    char tail[128];
    put_client(request, out);
    vouch_buf_put_text(out, " ");
    if (request->path.len > 0) {
        vouch_buf_put_text(out, vouch_http_method_text(request->method));
        vouch_buf_put_text(out, " ");
        put_path(request->path, out);
    } else {
        vouch_buf_put_text(out, "(unreadable)");
    }
    (void)snprintf(tail, sizeof tail, " %u %zu %llu.%03llu %s", record->status, record->bytes_out,
                   (unsigned long long)(record->duration_ns / 1000000),
                   (unsigned long long)(record->duration_ns / 1000 % 1000), request->id);
    vouch_buf_put_text(out, tail);
}
