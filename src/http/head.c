// SPDX-License-Identifier: ISC
// Reads the head of a request: request line and headers.
#include "http/head.h"

#include <strings.h>

#include "base/str.h"

// How often a header may stand in one request, and which one counts.
enum times { ONCE = 0, FIRST, LAST };

static const struct {
    const char *name;
    uint8_t len;
    uint8_t times;
} known[VOUCH_HTTP_HEADER_COUNT] = {
    [VOUCH_HTTP_ACCEPT] = {"accept", 6, FIRST},
    [VOUCH_HTTP_ACCEPT_ENCODING] = {"accept-encoding", 15, FIRST},
    [VOUCH_HTTP_AUTHORIZATION] = {"authorization", 13, ONCE},
    [VOUCH_HTTP_CONNECTION] = {"connection", 10, ONCE},
    [VOUCH_HTTP_CONTENT_LENGTH] = {"content-length", 14, ONCE},
    [VOUCH_HTTP_CONTENT_TYPE] = {"content-type", 12, ONCE},
    [VOUCH_HTTP_COOKIE] = {"cookie", 6, ONCE},
    [VOUCH_HTTP_EXPECT] = {"expect", 6, ONCE},
    [VOUCH_HTTP_HOST] = {"host", 4, ONCE},
    [VOUCH_HTTP_IDEMPOTENCY_KEY] = {"idempotency-key", 15, ONCE},
    [VOUCH_HTTP_IF_MATCH] = {"if-match", 8, ONCE},
    [VOUCH_HTTP_IF_NONE_MATCH] = {"if-none-match", 13, ONCE},
    [VOUCH_HTTP_LAST_EVENT_ID] = {"last-event-id", 13, ONCE},
    [VOUCH_HTTP_ORIGIN] = {"origin", 6, ONCE},
    [VOUCH_HTTP_PREFER] = {"prefer", 6, FIRST},
    [VOUCH_HTTP_SEC_FETCH_SITE] = {"sec-fetch-site", 14, ONCE},
    [VOUCH_HTTP_TRANSFER_ENCODING] = {"transfer-encoding", 17, ONCE},
    [VOUCH_HTTP_USER_AGENT] = {"user-agent", 10, ONCE},
    [VOUCH_HTTP_X_FORWARDED_FOR] = {"x-forwarded-for", 15, LAST}, // the nearest proxy's
    [VOUCH_HTTP_X_VOUCH_CSRF] = {"x-vouch-csrf", 12, ONCE},
};

static const char *const methods[VOUCH_HTTP_METHOD_COUNT] = {
    [VOUCH_HTTP_GET] = "GET",        [VOUCH_HTTP_HEAD] = "HEAD",   [VOUCH_HTTP_POST] = "POST",
    [VOUCH_HTTP_PUT] = "PUT",        [VOUCH_HTTP_PATCH] = "PATCH", [VOUCH_HTTP_DELETE] = "DELETE",
    [VOUCH_HTTP_OPTIONS] = "OPTIONS"};

const char *vouch_http_method_text(enum vouch_http_method method) {
    return (unsigned)method < VOUCH_HTTP_METHOD_COUNT ? methods[method] : "-";
}

int vouch_http_refuse(struct vouch_http_refusal *refusal, unsigned status, const char *reason) {
    *refusal = (struct vouch_http_refusal){status, reason};
    return VOUCH_ERR_FORMAT;
}

// What may stand in a line. CR and LF are judged by their order.
static int is_line_char(uint8_t c) {
    return (c >= 0x20 && c != 0x7f) || c == '\t' || c == '\r' || c == '\n';
}

enum vouch_http_scan vouch_http_head_scan(struct vouch_bytes bytes, size_t *scanned) {
    const uint8_t *p = bytes.ptr;
    for (size_t i = *scanned; i < bytes.len; i++) {
        int after_cr = i > 0 && p[i - 1] == '\r';
        if (after_cr != (p[i] == '\n') || !is_line_char(p[i])) {
            return VOUCH_HTTP_SCAN_BAD; // a bare CR, a bare LF, or a control character
        }
        if (p[i] == '\n' && i == 1) {
            return VOUCH_HTTP_SCAN_BAD; // an empty line before the request
        }
        if (p[i] == '\n' && p[i - 2] == '\n') {
            *scanned = i + 1;
            return VOUCH_HTTP_SCAN_WHOLE;
        }
    }
    *scanned = bytes.len;
    return VOUCH_HTTP_SCAN_MORE;
}

static int is_alnum(uint8_t c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

// The characters of a token (RFC 9110 5.6.2).
static int is_token_char(uint8_t c) {
    return is_alnum(c) || (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static int is_token(struct vouch_bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        if (!is_token_char(text.ptr[i])) {
            return 0;
        }
    }
    return text.len > 0;
}

static int is_word(struct vouch_bytes text, const char *word, size_t len) {
    return text.len == len && strncasecmp((const char *)text.ptr, word, len) == 0;
}

static struct vouch_bytes take_line(struct vouch_bytes *rest) {
    struct vouch_bytes line = vouch_str_cut(rest, '\r');
    if (rest->ptr != NULL && rest->len > 0) {
        *rest = (struct vouch_bytes){rest->ptr + 1, rest->len - 1}; // the LF, as the scan saw
    }
    return line;
}

static int parse_method(struct vouch_bytes text, enum vouch_http_method *ret_method,
                        struct vouch_http_refusal *refusal) {
    for (size_t i = 0; i < VOUCH_HTTP_METHOD_COUNT; i++) {
        if (vouch_bytes_equal(text, vouch_bytes_of(methods[i]))) {
            *ret_method = (enum vouch_http_method)i;
            return VOUCH_OK;
        }
    }
    return is_token(text) && text.len <= 32
               ? vouch_http_refuse(refusal, 501, "the method is not known here")
               : vouch_http_refuse(refusal, 400, "the method is not a token");
}

static int parse_version(struct vouch_bytes text, unsigned *ret_minor,
                         struct vouch_http_refusal *refusal) {
    int is_version = text.len == 8 && memcmp(text.ptr, "HTTP/", 5) == 0 && text.ptr[6] == '.' &&
                     text.ptr[5] >= '0' && text.ptr[5] <= '9' && text.ptr[7] >= '0' &&
                     text.ptr[7] <= '9';
    if (!is_version) {
        return vouch_http_refuse(refusal, 400, "the request line does not end with a version");
    }
    if (text.ptr[5] != '1' || text.ptr[7] > '1') {
        return vouch_http_refuse(refusal, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    }
    *ret_minor = (unsigned)(text.ptr[7] - '0');
    return VOUCH_OK;
}

static int parse_request_line(struct vouch_bytes line, struct vouch_http_head *head,
                              struct vouch_http_refusal *refusal) {
    struct vouch_bytes method = vouch_str_cut(&line, ' ');
    head->target = line.ptr != NULL ? vouch_str_cut(&line, ' ') : (struct vouch_bytes){0};
    if (line.ptr == NULL || head->target.len == 0) {
        return vouch_http_refuse(refusal, 400,
                                 "the request line is not METHOD SP TARGET SP VERSION");
    }
    int err = parse_version(line, &head->minor, refusal);
    return err != VOUCH_OK ? err : parse_method(method, &head->method, refusal);
}

static int keep_header(struct vouch_bytes name, struct vouch_bytes value,
                       struct vouch_http_head *head, struct vouch_http_refusal *refusal) {
    for (size_t i = 0; i < VOUCH_HTTP_HEADER_COUNT; i++) {
        if (!is_word(name, known[i].name, known[i].len)) {
            continue;
        }
        struct vouch_bytes *slot = &head->headers[i];
        if (slot->ptr != NULL && known[i].times == ONCE) {
            return vouch_http_refuse(refusal, 400, "a header that may stand once stands twice");
        }
        if (slot->ptr == NULL || known[i].times == LAST) {
            *slot = value;
        }
        return VOUCH_OK;
    }
    return VOUCH_OK;
}

static int parse_header(struct vouch_bytes line, struct vouch_http_head *head,
                        struct vouch_http_refusal *refusal) {
    struct vouch_bytes rest = line;
    struct vouch_bytes name = vouch_str_cut(&rest, ':');
    if (rest.ptr == NULL || !is_token(name)) {
        return vouch_http_refuse(refusal, 400, "a header line is not NAME: VALUE");
    }
    struct vouch_bytes value = vouch_str_trim(rest);
    if (value.len == 0) {
        value = (struct vouch_bytes){rest.ptr, 0}; // present, though empty
    }
    return keep_header(name, value, head, refusal);
}

// A weight of nothing, such as q=0.0 (RFC 9110 12.4.2), says "not that".
static int is_nothing(struct vouch_bytes weight) {
    struct vouch_bytes value = weight;
    struct vouch_bytes name = vouch_str_trim(vouch_str_cut(&value, '='));
    if (value.ptr == NULL || !is_word(name, "q", 1)) {
        return 0;
    }
    value = vouch_str_trim(value);
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] != '0' && value.ptr[i] != '.') {
            return 0;
        }
    }
    return 1;
}

int vouch_http_takes_gzip(struct vouch_bytes header) {
    struct vouch_bytes rest = header;
    while (rest.ptr != NULL) {
        struct vouch_bytes weight = vouch_str_cut(&rest, ',');
        struct vouch_bytes name = vouch_str_trim(vouch_str_cut(&weight, ';'));
        if (is_word(name, "gzip", 4)) {
            return weight.ptr == NULL || !is_nothing(weight);
        }
    }
    return 0;
}

static int judge_host(const struct vouch_http_head *head, struct vouch_http_refusal *refusal) {
    struct vouch_bytes host = head->headers[VOUCH_HTTP_HOST];
    if (host.ptr == NULL) {
        return head->minor == 0 ? VOUCH_OK
                                : vouch_http_refuse(refusal, 400, "the Host header is missing");
    }
    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = host.ptr[i];
        if (!is_alnum(c) && (c == 0 || strchr(".-_:[]", c) == NULL)) {
            return vouch_http_refuse(refusal, 400, "the Host header is not a host name");
        }
    }
    return host.len > 0 && host.len <= 255
               ? VOUCH_OK
               : vouch_http_refuse(refusal, 400, "the Host header is empty or too long");
}

// How long the body is (RFC 9112 6.3, without what only chunked bodies need).
static int judge_framing(struct vouch_http_head *head, struct vouch_http_refusal *refusal) {
    struct vouch_bytes length = head->headers[VOUCH_HTTP_CONTENT_LENGTH];
    if (head->headers[VOUCH_HTTP_TRANSFER_ENCODING].ptr != NULL) {
        return length.ptr != NULL || head->minor == 0
                   ? vouch_http_refuse(refusal, 400, "Transfer-Encoding beside a length or in 1.0")
                   : vouch_http_refuse(refusal, 501, "send Content-Length, not Transfer-Encoding");
    }
    if (length.ptr == NULL) {
        return VOUCH_OK;
    }
    int err = vouch_str_to_u64(length, &head->content_length);
    if (err == VOUCH_ERR_LIMIT) {
        return vouch_http_refuse(refusal, 413, "the body is too large");
    }
    return err == VOUCH_OK ? VOUCH_OK
                           : vouch_http_refuse(refusal, 400, "Content-Length is not a number");
}

static int judge_connection(struct vouch_http_head *head, struct vouch_http_refusal *refusal) {
    struct vouch_bytes expect = head->headers[VOUCH_HTTP_EXPECT];
    struct vouch_bytes rest = head->headers[VOUCH_HTTP_CONNECTION];
    head->keep_alive = head->minor == 1;
    while (rest.ptr != NULL) {
        struct vouch_bytes word = vouch_str_trim(vouch_str_cut(&rest, ','));
        if (is_word(word, "close", 5)) {
            head->keep_alive = 0;
        }
    }
    if (expect.ptr == NULL || head->minor == 0) {
        return VOUCH_OK;
    }
    if (!is_word(expect, "100-continue", 12)) {
        return vouch_http_refuse(refusal, 417, "only 100-continue can be expected");
    }
    head->expects_continue = 1;
    return VOUCH_OK;
}

static int parse_headers(struct vouch_bytes rest, struct vouch_http_head *head,
                         struct vouch_http_refusal *refusal) {
    for (size_t lines = 0;; lines++) {
        struct vouch_bytes line = take_line(&rest);
        if (line.len == 0) {
            return VOUCH_OK;
        }
        if (lines == VOUCH_HTTP_HEADER_LINES_MAX) {
            return vouch_http_refuse(refusal, 431, "more than 64 headers");
        }
        int err = parse_header(line, head, refusal);
        if (err != VOUCH_OK) {
            return err;
        }
    }
}

int vouch_http_head_parse(struct vouch_bytes bytes, struct vouch_http_head *ret_head,
                          struct vouch_http_refusal *ret_refusal) {
    struct vouch_http_head head = {.minor = 1};
    struct vouch_bytes rest = bytes;
    int err = parse_request_line(take_line(&rest), &head, ret_refusal);
    if (err == VOUCH_OK) {
        err = parse_headers(rest, &head, ret_refusal);
    }
    if (err == VOUCH_OK) {
        err = judge_host(&head, ret_refusal);
    }
    if (err == VOUCH_OK) {
        err = judge_framing(&head, ret_refusal);
    }
    if (err == VOUCH_OK) {
        err = judge_connection(&head, ret_refusal);
    }
    if (err == VOUCH_OK) {
        *ret_head = head;
    }
    return err;
}
