// SPDX-License-Identifier: ISC
// Decodes a request target once into a canonical path and its query, and refuses what could be read in
// two ways.
#include "http/head.h"

#define TARGET_MAX 4096

enum part { PATH = 0, QUERY };

static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

// What may stand undecoded (RFC 3986 3.3 and 3.4, less ";" in a path).
static int is_plain(uint8_t c, enum part part) {
    if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) {
        return 1;
    }
    return c != 0 && strchr(part == PATH ? "-._~!$&'()*+,=:@/" : "-._~!$&'()*+,=:@/?;", c) != NULL;
}

// What may come out of an escape.
static int is_decodable(int c, enum part part) {
    return c >= 0x20 && c != 0x7f && (part == QUERY || strchr("/\\%;", c) == NULL);
}

// The length of the UTF-8 sequence that begins here, or 0 if none does (RFC 3629 4).
static size_t utf8_len(const uint8_t *p, size_t left) {
    // First bytes from..to, and what the second may be.
    static const struct {
        uint8_t from, to, len, low, high;
    } rows[] = {
        {0x00, 0x7f, 1, 0, 0},       {0xc2, 0xc2, 2, 0xa0, 0xbf}, // no C1 controls
        {0xc3, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
        {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf}, {0xf0, 0xf0, 4, 0x90, 0xbf},
        {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
    };
    size_t row = 0;
    while (row < sizeof rows / sizeof rows[0] && (p[0] < rows[row].from || p[0] > rows[row].to)) {
        row++;
    }
    if (row == sizeof rows / sizeof rows[0] || rows[row].len > left) {
        return 0;
    }
    for (size_t i = 1; i < rows[row].len; i++) {
        uint8_t low = i == 1 ? rows[row].low : 0x80;
        uint8_t high = i == 1 ? rows[row].high : 0xbf;
        if (p[i] < low || p[i] > high) {
            return 0;
        }
    }
    return rows[row].len;
}

static int is_utf8(struct vouch_bytes text) {
    size_t at = 0;
    while (at < text.len) {
        size_t len = utf8_len(text.ptr + at, text.len - at);
        if (len == 0) {
            return 0;
        }
        at += len;
    }
    return 1;
}

// The byte that an escape stands for, or -1.
static int unescape(struct vouch_bytes escape) {
    int high = escape.len >= 3 ? hex_digit(escape.ptr[1]) : -1;
    int low = escape.len >= 3 ? hex_digit(escape.ptr[2]) : -1;
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

// The next byte, decoded, with *at moved behind it; -1 if it may not stand there.
static int next_byte(struct vouch_bytes raw, enum part part, size_t *at) {
    int c = raw.ptr[*at];
    if (c == '%') {
        c = unescape((struct vouch_bytes){raw.ptr + *at, raw.len - *at});
        *at += 3;
        return is_decodable(c, part) ? c : -1;
    }
    *at += 1;
    if (!is_plain((uint8_t)c, part)) {
        return -1;
    }
    return c == '+' && part == QUERY ? ' ' : c;
}

static int decode(struct vouch_bytes raw, enum part part, uint8_t *text,
                  struct vouch_bytes *ret_decoded) {
    size_t len = 0;
    size_t at = 0;
    while (at < raw.len) {
        int c = next_byte(raw, part, &at);
        if (c < 0) {
            return VOUCH_ERR_FORMAT;
        }
        text[len++] = (uint8_t)c;
    }
    *ret_decoded = (struct vouch_bytes){text, len};
    return is_utf8(*ret_decoded) ? VOUCH_OK : VOUCH_ERR_FORMAT;
}

static struct vouch_bytes cut(struct vouch_bytes *rest, uint8_t mark) {
    const uint8_t *at = rest->len > 0 ? memchr(rest->ptr, mark, rest->len) : NULL;
    size_t len = at != NULL ? (size_t)(at - rest->ptr) : rest->len;
    struct vouch_bytes part = {rest->ptr, len};
    *rest =
        at != NULL ? (struct vouch_bytes){at + 1, rest->len - len - 1} : (struct vouch_bytes){0};
    return part;
}

static int is_dots(struct vouch_bytes segment) {
    return (segment.len == 1 || segment.len == 2) && memcmp(segment.ptr, "..", segment.len) == 0;
}

static int split_path(struct vouch_http_target *target, struct vouch_http_refusal *refusal) {
    struct vouch_bytes rest = {target->path.ptr + 1, target->path.len - 1};
    while (rest.len > 0) {
        struct vouch_bytes segment = cut(&rest, '/');
        if (segment.len == 0 || is_dots(segment)) {
            return vouch_http_refuse(refusal, 400,
                                     "the path has an empty, \".\" or \"..\" segment");
        }
        if (target->segment_count == VOUCH_HTTP_SEGMENTS_MAX) {
            return vouch_http_refuse(refusal, 404, "the path has more segments than any here");
        }
        target->segments[target->segment_count++] = segment;
        if (rest.ptr != NULL && rest.len == 0) {
            // "/a/" is not "/a": there is one spelling of each path.
            return vouch_http_refuse(refusal, 404, "the path ends with a slash");
        }
    }
    return VOUCH_OK;
}

static int has_param(const struct vouch_http_target *target, struct vouch_bytes name) {
    for (size_t i = 0; i < target->param_count; i++) {
        if (vouch_bytes_equal(target->params[i].name, name)) {
            return 1;
        }
    }
    return 0;
}

static int split_query(struct vouch_bytes rest, uint8_t *text, struct vouch_http_target *target,
                       struct vouch_http_refusal *refusal) {
    while (rest.len > 0) {
        struct vouch_bytes value = cut(&rest, '&');
        struct vouch_bytes name = cut(&value, '=');
        struct vouch_http_param param = {0};
        if (decode(name, QUERY, text, &param.name) != VOUCH_OK ||
            decode(value, QUERY, text + param.name.len, &param.value) != VOUCH_OK) {
            return vouch_http_refuse(refusal, 400,
                                     "the query has a character that may not stand there");
        }
        if (param.name.len == 0 || has_param(target, param.name)) {
            return vouch_http_refuse(refusal, 400,
                                     "a query parameter has no name, or stands twice");
        }
        if (target->param_count == VOUCH_HTTP_PARAMS_MAX) {
            return vouch_http_refuse(refusal, 400, "more than 16 query parameters");
        }
        text += param.name.len + param.value.len;
        target->params[target->param_count++] = param;
    }
    return VOUCH_OK;
}

int vouch_http_target_parse(struct vouch_bytes target, uint8_t *text,
                            struct vouch_http_target *ret_target,
                            struct vouch_http_refusal *ret_refusal) {
    struct vouch_http_target parsed = {0};
    if (target.len > TARGET_MAX) {
        return vouch_http_refuse(ret_refusal, 414, "the request target is over 4096 bytes");
    }
    if (target.len == 0 || target.ptr[0] != '/') {
        return vouch_http_refuse(ret_refusal, 400,
                                 "the request target does not begin with a slash");
    }
    struct vouch_bytes query = target;
    if (decode(cut(&query, '?'), PATH, text, &parsed.path) != VOUCH_OK) {
        return vouch_http_refuse(ret_refusal, 400,
                                 "the path has a character that may not stand there");
    }
    int err = split_path(&parsed, ret_refusal);
    if (err == VOUCH_OK) {
        err = split_query(query, text + parsed.path.len, &parsed, ret_refusal);
    }
    if (err == VOUCH_OK) {
        *ret_target = parsed;
    }
    return err;
}
