// SPDX-License-Identifier: ISC
// Lines of the access log. What a client can choose is escaped, and what must not be kept is not in them.
#include <stdio.h>

#include "api/call.h"
#include "authority/request-hosts.h"
#include "base/str.h"

#define SECRET_MIN 20  // characters behind the prefix that make a text a secret and no name
#define PATH_ROOM 4608 // more than any path has; a mask is shorter than what it hides

static int is_secret_char(uint8_t c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

// How many bytes of a secret with that prefix begin here; 0: none do.
static size_t secret_len(struct vouch_bytes text, const char *prefix) {
    size_t skip = strlen(prefix);
    size_t len = skip;
    if (text.len < len || memcmp(text.ptr, prefix, len) != 0) {
        return 0;
    }
    while (len < text.len && is_secret_char(text.ptr[len])) {
        len++;
    }
    return len - skip >= SECRET_MIN ? len : 0;
}

// The prefix of the secret that begins here, or NULL.
static const char *find_secret(struct vouch_bytes text, size_t *ret_len) {
    static const char *const prefixes[] = {VOUCH_TOKEN_PREFIX,       VOUCH_SESSION_PREFIX,
                                           VOUCH_LINK_PREFIX,        VOUCH_HOST_TOKEN_PREFIX,
                                           VOUCH_HOST_SECRET_PREFIX, VOUCH_DEVICE_PREFIX,
                                           VOUCH_DEVICE_BACK_PREFIX};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t len = secret_len(text, prefixes[i]);
        if (len > 0) {
            *ret_len = len;
            return prefixes[i];
        }
    }
    return NULL;
}

void vouch_api_mask(struct vouch_bytes text, struct vouch_buf *out) {
    size_t from = 0;
    for (size_t at = 0; at < text.len; at++) {
        size_t len = 0;
        const char *prefix = find_secret((struct vouch_bytes){text.ptr + at, text.len - at}, &len);
        if (prefix != NULL) {
            vouch_buf_put(out, (struct vouch_bytes){text.ptr + from, at - from});
            vouch_buf_put_text(out, prefix);
            vouch_buf_put_text(out, "***");
            from = at + len;
            at = from - 1;
        }
    }
    vouch_buf_put(out, (struct vouch_bytes){text.ptr + from, text.len - from});
}

// Somebody will put a secret into a path, in place of the token's name. It is masked before anything is
// escaped, which could hide where one begins.
static void put_path(struct vouch_bytes path, struct vouch_buf *out) {
    uint8_t room[PATH_ROOM];
    struct vouch_buf masked;
    vouch_buf_init_fixed(&masked, room, sizeof room);
    vouch_api_mask(path, &masked);
    vouch_str_escape(
        masked.err == VOUCH_OK ? vouch_buf_bytes(&masked) : vouch_bytes_of("(too long)"), out);
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
