// SPDX-License-Identifier: ISC
// Tests of http/head.h: which heads and targets are read, and with what status the others are refused.
#include "http/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define LINE "GET / HTTP/1.1\r\n"
#define HOST "Host: a\r\n"

static struct vouch_bytes bytes_of(const char *text, size_t len) {
    return (struct vouch_bytes){(const uint8_t *)text, len};
}

// The status that a text is refused with; 0 if it is read; 1 if it is not whole.
static unsigned judge(struct vouch_bytes text, struct vouch_http_head *head) {
    size_t scanned = 0;
    switch (vouch_http_head_scan(text, &scanned)) {
    case VOUCH_HTTP_SCAN_BAD:
        return 400;
    case VOUCH_HTTP_SCAN_MORE:
        return 1;
    case VOUCH_HTTP_SCAN_WHOLE:
        break;
    }
    struct vouch_http_refusal refusal = {0};
    int err = vouch_http_head_parse((struct vouch_bytes){text.ptr, scanned}, head, &refusal);
    assert_true(err == VOUCH_OK || (refusal.status >= 400 && refusal.reason != NULL));
    return err == VOUCH_OK ? 0 : refusal.status;
}

struct row {
    const char *name;
    const char *text;
    size_t len;
    unsigned status;
};

#define ROW(name, status, text)                                                                    \
    { name, text, sizeof(text) - 1, status }

static const struct row rows[] = {
    ROW("the plainest request", 0, LINE HOST "\r\n"),
    ROW("two different lengths", 400, LINE HOST "Content-Length: 42\r\nContent-Length: 43\r\n\r\n"),
    ROW("the same length twice", 400, LINE HOST "Content-Length: 42\r\nContent-Length: 42\r\n\r\n"),
    ROW("a list of lengths", 400, LINE HOST "Content-Length: 42, 42\r\n\r\n"),
    ROW("a length with a plus", 400, LINE HOST "Content-Length: +42\r\n\r\n"),
    ROW("a length with a minus", 400, LINE HOST "Content-Length: -1\r\n\r\n"),
    ROW("a length in hexadecimal", 400, LINE HOST "Content-Length: 0x5\r\n\r\n"),
    ROW("a length with a blank", 400, LINE HOST "Content-Length: 4 2\r\n\r\n"),
    ROW("an empty length", 400, LINE HOST "Content-Length:\r\n\r\n"),
    ROW("a length of 2^64", 413, LINE HOST "Content-Length: 18446744073709551616\r\n\r\n"),
    ROW("chunked beside a length", 400,
        LINE HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ROW("a length beside chunked", 400,
        LINE HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
    ROW("chunked", 501, LINE HOST "Transfer-Encoding: chunked\r\n\r\n"),
    ROW("chunked in HTTP/1.0", 400, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ROW("chunked twice", 400,
        LINE HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"),
    ROW("identity", 501, LINE HOST "Transfer-Encoding: identity\r\n\r\n"),
    ROW("a blank before the colon", 400, LINE HOST "Transfer-Encoding : chunked\r\n\r\n"),
    ROW("a tab before the colon", 400, LINE HOST "Content-Length\t: 1\r\n\r\n"),
    ROW("a folded line", 400, LINE HOST "A: b\r\n c\r\n\r\n"),
    ROW("a fold before the first header", 400, LINE " A: b\r\n" HOST "\r\n"),
    ROW("a bare LF after the request line", 400, "GET / HTTP/1.1\nHost: a\r\n\r\n"),
    ROW("a bare LF after a header", 400, LINE "Host: a\n\r\n"),
    ROW("bare LFs at the end", 400, LINE "Host: a\r\n\n"),
    ROW("a bare CR", 400, LINE HOST "A: b\rc\r\n\r\n"),
    ROW("NUL in a value", 400, LINE HOST "A: b\0c\r\n\r\n"),
    ROW("NUL in a name", 400, LINE HOST "A\0: b\r\n\r\n"),
    ROW("NUL in the target", 400, "GET /\0 HTTP/1.1\r\n" HOST "\r\n"),
    ROW("a control in a value", 400, LINE HOST "A: \x1b[2J\r\n\r\n"),
    ROW("DEL in a value", 400, LINE HOST "A: \x7f\r\n\r\n"),
    ROW("a tab in a value", 0, LINE HOST "A: b\tc\r\n\r\n"),
    ROW("two Host headers", 400, LINE HOST HOST "\r\n"),
    ROW("no Host header", 400, LINE "\r\n"),
    ROW("an empty Host header", 400, LINE "Host:\r\n\r\n"),
    ROW("a Host with a path", 400, LINE "Host: a/b\r\n\r\n"),
    ROW("a Host with a user", 400, LINE "Host: a@b\r\n\r\n"),
    ROW("a Host with a port", 0, LINE "Host: [::1]:8443\r\n\r\n"),
    ROW("no Host header in HTTP/1.0", 0, "GET / HTTP/1.0\r\n\r\n"),
    ROW("two blanks after the method", 400, "GET  / HTTP/1.1\r\n" HOST "\r\n"),
    ROW("two blanks before the version", 400, "GET /  HTTP/1.1\r\n" HOST "\r\n"),
    ROW("a blank after the version", 400, "GET / HTTP/1.1 \r\n" HOST "\r\n"),
    ROW("a tab between method and target", 400, "GET\t/ HTTP/1.1\r\n" HOST "\r\n"),
    ROW("no version", 400, "GET /\r\n" HOST "\r\n"),
    ROW("no target", 400, "GET HTTP/1.1\r\n" HOST "\r\n"),
    ROW("HTTP/0.9", 505, "GET / HTTP/0.9\r\n" HOST "\r\n"),
    ROW("HTTP/1.2", 505, "GET / HTTP/1.2\r\n" HOST "\r\n"),
    ROW("HTTP/2.0", 505, "PRI * HTTP/2.0\r\n\r\n"),
    ROW("HTTP/1.10", 400, "GET / HTTP/1.10\r\n" HOST "\r\n"),
    ROW("http/1.1", 400, "GET / http/1.1\r\n" HOST "\r\n"),
    ROW("an unknown method", 501, "BREW / HTTP/1.1\r\n" HOST "\r\n"),
    ROW("CONNECT", 501, "CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n"),
    ROW("a method in small letters", 501, "get / HTTP/1.1\r\n" HOST "\r\n"),
    ROW("a method that is no token", 400, "G@T / HTTP/1.1\r\n" HOST "\r\n"),
    ROW("an empty line first", 400, "\r\n" LINE HOST "\r\n"),
    ROW("a header without a colon", 400, LINE HOST "nothing\r\n\r\n"),
    ROW("a header without a name", 400, LINE HOST ": b\r\n\r\n"),
    ROW("two Authorization headers", 400, LINE HOST "Authorization: a\r\nAuthorization: b\r\n\r\n"),
    ROW("two Cookie headers", 400, LINE HOST "Cookie: a=b\r\nCookie: c=d\r\n\r\n"),
    ROW("an unknown expectation", 417, LINE HOST "Expect: a miracle\r\n\r\n"),
    ROW("a TLS hello", 400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
};

static void reads_or_refuses_each_head_as_it_must(void **state) {
    (void)state;
    struct vouch_http_head head;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned status = judge(bytes_of(rows[i].text, rows[i].len), &head);
        if (status != rows[i].status) {
            fail_msg("%s: %u, not %u", rows[i].name, status, rows[i].status);
        }
    }
}

static const char whole[] =
    "POST /a?b=c HTTP/1.1\r\nhOST: ca.example:8443\r\nContent-Length:  7 \r\n"
    "X-Other: \xc3\xa9\r\nConnection: foo, Close\r\nCookie: a=b\r\n"
    "Expect: 100-Continue\r\nX-Forwarded-For: 1.1.1.1\r\n"
    "X-Forwarded-For: 2.2.2.2\r\n\r\n";

static void assert_text(struct vouch_bytes bytes, const char *text) {
    assert_int_equal(bytes.len, strlen(text));
    assert_memory_equal(bytes.ptr, text, bytes.len);
}

static void reads_what_a_head_says(void **state) {
    (void)state;
    struct vouch_http_head head;
    assert_int_equal(judge(bytes_of(whole, sizeof whole - 1), &head), 0);
    assert_int_equal(head.method, VOUCH_HTTP_POST);
    assert_int_equal(head.minor, 1);
    assert_text(head.target, "/a?b=c");
    assert_text(head.headers[VOUCH_HTTP_HOST], "ca.example:8443");
    assert_text(head.headers[VOUCH_HTTP_COOKIE], "a=b");
    assert_text(head.headers[VOUCH_HTTP_X_FORWARDED_FOR], "2.2.2.2");
    assert_null(head.headers[VOUCH_HTTP_AUTHORIZATION].ptr);
    assert_int_equal(head.content_length, 7);
    assert_int_equal(head.keep_alive, 0);
    assert_int_equal(head.expects_continue, 1);
}

static void keeps_alive_only_what_may_be(void **state) {
    (void)state;
    struct vouch_http_head head;
    static const struct {
        const char *text;
        unsigned keep_alive;
    } cases[] = {
        {LINE HOST "\r\n", 1},
        {LINE HOST "Connection: keep-alive\r\n\r\n", 1},
        {LINE HOST "Connection: close\r\n\r\n", 0},
        {LINE HOST "Connection: upgrade, CLOSE\r\n\r\n", 0},
        {LINE HOST "Connection: closed\r\n\r\n", 1},
        {"GET / HTTP/1.0\r\n\r\n", 0},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(judge(vouch_bytes_of(cases[i].text), &head), 0);
        assert_int_equal(head.keep_alive, cases[i].keep_alive);
    }
}

static void wants_more_of_each_proper_prefix(void **state) {
    (void)state;
    struct vouch_http_head head;
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        assert_int_equal(judge(bytes_of(whole, len), &head), 1);
    }
}

static void finds_the_same_end_however_the_bytes_come(void **state) {
    (void)state;
    size_t at_once = 0;
    assert_int_equal(vouch_http_head_scan(bytes_of(whole, sizeof whole - 1), &at_once),
                     VOUCH_HTTP_SCAN_WHOLE);
    assert_int_equal(at_once, sizeof whole - 1);
    for (size_t cut = 0; cut < sizeof whole - 1; cut++) {
        size_t scanned = 0;
        assert_int_equal(vouch_http_head_scan(bytes_of(whole, cut), &scanned),
                         VOUCH_HTTP_SCAN_MORE);
        assert_int_equal(scanned, cut);
        assert_int_equal(vouch_http_head_scan(bytes_of(whole, sizeof whole - 1), &scanned),
                         VOUCH_HTTP_SCAN_WHOLE);
        assert_int_equal(scanned, at_once);
    }
}

static void takes_64_headers_and_not_65(void **state) {
    (void)state;
    struct vouch_http_head head;
    for (unsigned count = 64; count <= 65; count++) {
        struct vouch_buf text;
        vouch_buf_init(&text, 65536);
        vouch_buf_put_text(&text, LINE HOST);
        for (unsigned i = 1; i < count; i++) {
            vouch_buf_put_text(&text, "A: b\r\n");
        }
        vouch_buf_put_text(&text, "\r\n");
        assert_int_equal(judge(vouch_buf_bytes(&text), &head), count == 64 ? 0 : 431);
        vouch_buf_done(&text);
    }
}

// "path|segment count|name=value&..." or the status.
static void print_target(const char *text, char *out, size_t size) {
    struct vouch_http_target target;
    struct vouch_http_refusal refusal = {0};
    uint8_t room[5000];
    assert_true(strlen(text) <= sizeof room);
    if (vouch_http_target_parse(vouch_bytes_of(text), room, &target, &refusal) != VOUCH_OK) {
        snprintf(out, size, "%u", refusal.status);
        return;
    }
    int len = snprintf(out, size, "%.*s|%zu|", (int)target.path.len, target.path.ptr,
                       target.segment_count);
    for (size_t i = 0; i < target.param_count; i++) {
        len += snprintf(out + len, size - (size_t)len, "%s%.*s=%.*s", i > 0 ? "&" : "",
                        (int)target.params[i].name.len, target.params[i].name.ptr,
                        (int)target.params[i].value.len,
                        target.params[i].value.len > 0 ? (const char *)target.params[i].value.ptr
                                                       : "");
    }
}

// What print_target() makes of each.
static const struct {
    const char *target;
    const char *read;
} target_rows[] = {
    {"/", "/|0|"},
    {"/a/b", "/a/b|2|"},
    {"/%61/B", "/a/B|2|"},
    {"/a%20b", "/a b|1|"},
    {"/caf%c3%a9", "/caf\xc3\xa9|1|"},
    {"/a?", "/a|1|"},
    {"/a?x=1&y=a%26b+c", "/a|1|x=1&y=a&b c"},
    {"/a?x", "/a|1|x="},
    {"/a?x=/?;", "/a|1|x=/?;"},
    {"/...", "/...|1|"},
    {"", "400"},
    {"*", "400"},
    {"a", "400"},
    {"http://a/", "400"},
    {"//", "400"},
    {"//a", "400"},
    {"/a//b", "400"},
    {"/.", "400"},
    {"/..", "400"},
    {"/a/../b", "400"},
    {"/a/%2e%2e/b", "400"},
    {"/a/%2E/b", "400"},
    {"/a%2fb", "400"},
    {"/a%2Fb", "400"},
    {"/a%5cb", "400"},
    {"/a\\b", "400"},
    {"/a%00", "400"},
    {"/a%0a", "400"},
    {"/a%7f", "400"},
    {"/a;b", "400"},
    {"/a%3bb", "400"},
    {"/a%25b", "400"},
    {"/a%252e", "400"},
    {"/a%", "400"},
    {"/a%4", "400"},
    {"/a%zz", "400"},
    {"/a#b", "400"},
    {"/a\"b", "400"},
    {"/a\xc3\xa9", "400"},
    {"/a%c3", "400"},
    {"/a%c0%af", "400"},
    {"/a%c2%80", "400"},
    {"/a%ed%a0%80", "400"},
    {"/a/", "404"},
    {"/a?x=%00", "400"},
    {"/a?x=%0d%0aSet-Cookie:a", "400"},
    {"/a?x=%ff", "400"},
    {"/a?x=1&x=2", "400"},
    {"/a?x=1&%78=2", "400"},
    {"/a?=1", "400"},
    {"/a?&", "400"},
    {"/1/2/3/4/5/6/7/8/9/10/11/12", "/1/2/3/4/5/6/7/8/9/10/11/12|12|"},
    {"/1/2/3/4/5/6/7/8/9/10/11/12/13", "404"},
    {"/?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q", "400"},
};

static void reads_or_refuses_each_target_as_it_must(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof target_rows / sizeof target_rows[0]; i++) {
        char out[512];
        print_target(target_rows[i].target, out, sizeof out);
        if (strcmp(out, target_rows[i].read) != 0) {
            fail_msg("%s: %s, not %s", target_rows[i].target, out, target_rows[i].read);
        }
    }
}

static void refuses_a_target_over_4096_bytes(void **state) {
    (void)state;
    char target[4098];
    char out[5000];
    memset(target, 'a', sizeof target);
    target[0] = '/';
    target[4097] = 0;
    print_target(target, out, sizeof out);
    assert_string_equal(out, "414");
    target[4096] = 0;
    print_target(target, out, sizeof out);
    assert_int_equal(strlen(out), 4096 + strlen("|1|"));
}

static void compresses_only_for_who_asks_for_gzip(void **state) {
    (void)state;
    static const struct {
        const char *header;
        int takes;
    } accepted[] = {
        {"gzip", 1},
        {"GZip", 1},
        {"gzip, deflate, br, zstd", 1},
        {"br;q=1.0, gzip;q=0.8, *;q=0.1", 1},
        {"deflate , gzip ; q = 0.001", 1},
        {"gzip;x=0", 1},
        {"", 0},
        {"*", 0},
        {"br, deflate", 0},
        {"gzip;q=0", 0},
        {"gzip; q=0.000", 0},
        {"gzip;Q=0, gzip", 0},
        {"gzipx, x-gzip, gz", 0},
        {"identity;q=1, *;q=0", 0},
    };
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        assert_int_equal(vouch_http_takes_gzip(vouch_bytes_of(accepted[i].header)),
                         accepted[i].takes);
    }
    assert_int_equal(vouch_http_takes_gzip((struct vouch_bytes){0}), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compresses_only_for_who_asks_for_gzip),
        cmocka_unit_test(reads_or_refuses_each_head_as_it_must),
        cmocka_unit_test(reads_what_a_head_says),
        cmocka_unit_test(keeps_alive_only_what_may_be),
        cmocka_unit_test(wants_more_of_each_proper_prefix),
        cmocka_unit_test(finds_the_same_end_however_the_bytes_come),
        cmocka_unit_test(takes_64_headers_and_not_65),
        cmocka_unit_test(reads_or_refuses_each_target_as_it_must),
        cmocka_unit_test(refuses_a_target_over_4096_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
