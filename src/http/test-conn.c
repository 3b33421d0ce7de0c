// SPDX-License-Identifier: ISC
// Tests of http/conn.h and http/exchange.h: whole conversations, over memory.
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/test-lab.h"

#define HOST "Host: a\r\n"
#define HELLO "GET /show HTTP/1.1\r\n" HOST "\r\n"

static struct lab lab;

static int begin(void **state) {
    (void)state;
    return lab_init(&lab, NULL, 0);
}

static int end(void **state) {
    (void)state;
    lab_done(&lab);
    return 0;
}

// What came back, with a NUL behind it.
static const char *said(void) {
    vouch_buf_put(&lab.out, (struct vouch_bytes){(const uint8_t *)"", 1});
    lab.out.len--;
    return (const char *)lab.out.ptr;
}

static void send_text(const char *text) {
    lab_send(&lab, vouch_bytes_of(text), 0, 0);
}

static size_t times(const char *text, const char *part) {
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

static void assert_status(unsigned status) {
    char line[32];
    snprintf(line, sizeof line, "HTTP/1.1 %u ", status);
    if (strncmp(said(), line, strlen(line)) != 0) {
        fail_msg("not %u: %.200s", status, said());
    }
}

static void assert_says(const char *part) {
    if (strstr(said(), part) == NULL) {
        fail_msg("lacks %s: %s", part, said());
    }
}

static void answers_and_waits_for_more(void **state) {
    (void)state;
    send_text(HELLO);
    assert_status(200);
    assert_says("\r\nDate: Sun, 22 Nov 2026 ");
    assert_says("\r\nX-Request-Id: 000000000000000000000000\r\n");
    assert_says("\r\nX-Content-Type-Options: nosniff\r\n");
    assert_says("\r\nCache-Control: no-store\r\n");
    assert_says("\r\n\r\n/show||||||");
    assert_null(strstr(said(), "Connection:"));
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_READING);
    assert_null(lab.conn.x); // an idle connection holds no buffers
}

static void answers_pipelined_requests_in_their_order(void **state) {
    (void)state;
    send_text("GET /things/1/of/a HTTP/1.1\r\n" HOST "\r\n"
              "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc" HELLO);
    const char *first = strstr(said(), "/things/1/of/a|1|a||");
    assert_non_null(first);
    const char *second = strstr(first, "\r\n\r\nabcHTTP/1.1 200 OK");
    assert_non_null(second);
    assert_non_null(strstr(second, "\r\n\r\n/show"));
    assert_int_equal(times(said(), "HTTP/1.1 200 OK"), 3);
}

static void gives_way_to_others_after_32_answers(void **state) {
    (void)state;
    struct vouch_buf many;
    vouch_buf_init(&many, 65536);
    for (unsigned i = 0; i < 40; i++) {
        vouch_buf_put_text(&many, "GET /app.js HTTP/1.1\r\n" HOST "\r\n");
    }
    lab.in = many.ptr;
    lab.in_len = many.len;
    assert_int_equal(vouch_http_conn_run(&lab.conn), 1);
    assert_int_equal(times(said(), "HTTP/1.1 200 OK"), 32);
    assert_int_equal(vouch_http_conn_run(&lab.conn), 0);
    assert_int_equal(times(said(), "HTTP/1.1 200 OK"), 40);
    vouch_buf_done(&many);
}

static void does_not_read_on_while_a_request_is_in_work(void **state) {
    (void)state;
    lab.hold = 1;
    send_text(HELLO);
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_WORKING);
    lab_send(&lab, vouch_bytes_of(HELLO), 0, 0);
    assert_int_equal(lab.in_at, 0);
    assert_int_equal(lab.out.len, 0);
    lab.hold = 0;
    lab_work(&lab);
    lab_run(&lab);
    assert_int_equal(times(said(), "HTTP/1.1 200 OK"), 2);
}

static void closes_after_close_and_after_1_0(void **state) {
    (void)state;
    send_text("GET /show HTTP/1.0\r\n\r\n" HELLO);
    assert_int_equal(times(said(), "HTTP/1.1 200 OK"), 1);
    assert_says("\r\nConnection: close\r\n\r\n");
    assert_true(lab.finished);
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_LINGERING);
    lab.in_ended = 1;
    lab_run(&lab);
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_GONE);
}

static void says_head_without_a_body(void **state) {
    (void)state;
    send_text("HEAD /show HTTP/1.1\r\n" HOST "\r\n");
    assert_status(200);
    assert_says("\r\nContent-Length: 11\r\n");
    assert_memory_equal(said() + lab.out.len - 4, "\r\n\r\n", 4);
}

static void asks_for_the_body_when_the_client_waits(void **state) {
    (void)state;
    send_text("POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_string_equal(said(), "HTTP/1.1 100 Continue\r\n\r\n");
    send_text("ab");
    assert_string_equal(said(), "HTTP/1.1 100 Continue\r\n\r\n");
    send_text("c");
    assert_says("\r\n\r\nabc");
    assert_int_equal(times(said(), "100 Continue"), 1);
}

static void refuses_a_body_before_asking_for_it(void **state) {
    (void)state;
    send_text("POST /small HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n");
    assert_status(413);
    assert_true(lab.finished);
    assert_int_equal(lab.handlers_ran, 0);
}

static void takes_a_body_of_exactly_the_routes_size(void **state) {
    (void)state;
    send_text("POST /small HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\n0123456789");
    assert_status(200);
    assert_says("\r\n\r\n0123456789");
}

static void sends_a_stream_in_pieces_until_its_last(void **state) {
    (void)state;
    lab_releases = 0;
    send_text("GET /stream HTTP/1.1\r\n" HOST "\r\n");
    assert_status(200);
    assert_says("\r\nConnection: close\r\n");
    assert_null(strstr(said(), "Content-Length"));
    assert_says("\r\n\r\none\n");
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_WAITING);
    vouch_buf_clear(&lab.out);
    lab_wake(&lab, VOUCH_HTTP_WOKEN);
    assert_string_equal(said(), "");
    lab_wake(&lab, VOUCH_HTTP_EXPIRED);
    assert_string_equal(said(), "three\n");
    assert_int_equal(lab.parked, 3);
    assert_int_equal(lab_releases, 0); // what it holds, it holds between its pieces
    assert_false(lab.finished);
    lab_wake(&lab, VOUCH_HTTP_WOKEN);
    assert_string_equal(said(), "three\nlast\n");
    assert_true(lab.finished);
    assert_int_equal(lab_releases, 1);
    assert_int_equal(lab.tally.answers[2], 1);
}

static void ends_a_stream_where_a_piece_fails(void **state) {
    (void)state;
    lab_releases = 0;
    send_text("GET /stream?fail=1 HTTP/1.1\r\n" HOST "\r\n");
    lab_wake(&lab, VOUCH_HTTP_WOKEN);
    vouch_buf_clear(&lab.out);
    lab_wake(&lab, VOUCH_HTTP_WOKEN);
    assert_string_equal(said(), "");
    assert_true(lab.finished);
    assert_int_equal(lab_releases, 1);
}

static void lets_go_of_what_a_stream_holds_when_its_client_leaves(void **state) {
    (void)state;
    lab_releases = 0;
    send_text("GET /stream HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_WAITING);
    lab_done(&lab);
    assert_int_equal(lab_releases, 1);
    assert_int_equal(lab_init(&lab, NULL, 0), VOUCH_OK);
}

static void tells_the_head_of_a_stream_and_waits_for_nothing(void **state) {
    (void)state;
    lab_releases = 0;
    send_text("HEAD /stream HTTP/1.1\r\n" HOST "\r\n");
    assert_status(200);
    assert_says("\r\nContent-Type: text/event-stream\r\n");
    assert_null(strstr(said(), "one\n"));
    assert_int_equal(lab.parked, 0);
    assert_true(lab.finished);
    assert_int_equal(lab_releases, 1);
}

static void names_the_methods_that_a_path_takes(void **state) {
    (void)state;
    send_text("DELETE /echo HTTP/1.1\r\n" HOST "\r\n");
    assert_status(405);
    assert_says("\r\nAllow: POST, PUT\r\n");
    vouch_buf_clear(&lab.out);
    send_text("POST /app.js HTTP/1.1\r\n" HOST "\r\n");
    assert_status(405);
    assert_says("\r\nAllow: GET, HEAD\r\n");
    vouch_buf_clear(&lab.out);
    send_text("GET /nothing HTTP/1.1\r\n" HOST "\r\n");
    assert_status(404);
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_READING);
}

static void serves_files_with_their_own_headers(void **state) {
    (void)state;
    send_text("GET /app.js HTTP/1.1\r\n" HOST "\r\n");
    assert_status(200);
    assert_says("\r\nETag: \"f1\"\r\n");
    assert_says("\r\nX-Own: yes\r\n");
    assert_says("\r\n\r\nlet x;\n");
    assert_null(strstr(said(), "nosniff"));
    assert_int_equal(lab.handlers_ran, 0);
}

static void compresses_a_file_for_whoever_takes_it(void **state) {
    (void)state;
    send_text("GET /packed/a?x=1 HTTP/1.1\r\n" HOST "Accept-Encoding: br, gzip;q=0.5\r\n\r\n");
    assert_status(200);
    assert_says("\r\nContent-Length: 6\r\n");
    assert_says("\r\nContent-Encoding: gzip\r\n");
    assert_says("\r\nVary: Accept-Encoding\r\n");
    assert_says("\r\nETag: \"p1-gz\"\r\n");
    assert_says("\r\n\r\npacked");
}

static void sends_a_file_as_it_is_to_all_others(void **state) {
    (void)state;
    send_text("GET /packed/a HTTP/1.1\r\n" HOST "Accept-Encoding: br, gzip;q=0\r\n\r\n"
              "GET /packed/b HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(times(said(), "\r\nVary: Accept-Encoding\r\n"), 2);
    assert_int_equal(times(said(), "\r\nETag: \"p1\"\r\n"), 2);
    assert_int_equal(times(said(), "\r\n\r\nplain text\n"), 2);
    assert_null(strstr(said(), "Content-Encoding"));
}

static void tells_the_two_forms_of_a_file_apart(void **state) {
    (void)state;
    send_text("GET /packed/a HTTP/1.1\r\n" HOST
              "Accept-Encoding: gzip\r\nIf-None-Match: \"p1\"\r\n\r\n");
    assert_status(200);
    lab.out.len = 0;
    send_text("GET /packed/a HTTP/1.1\r\n" HOST
              "Accept-Encoding: gzip\r\nIf-None-Match: \"p1-gz\"\r\n\r\n");
    assert_status(304);
    assert_null(strstr(said(), "Content-Encoding"));
}

static void does_not_send_again_what_the_client_has(void **state) {
    (void)state;
    static const char *const lists[] = {"\"v1\"", "W/\"v1\"", "\"v0\", \"v1\"", "*"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, "GET /show HTTP/1.1\r\n" HOST "If-None-Match: %s\r\n\r\n",
                 lists[i]);
        vouch_buf_clear(&lab.out);
        send_text(text);
        assert_status(304);
        assert_null(strstr(said(), "Content-Length"));
        assert_says("\r\nETag: \"v1\"\r\n");
        assert_memory_equal(said() + lab.out.len - 4, "\r\n\r\n", 4);
    }
    vouch_buf_clear(&lab.out);
    send_text("GET /show HTTP/1.1\r\n" HOST "If-None-Match: \"v2\"\r\n\r\n");
    assert_status(200);
}

static void answers_500_when_a_handler_fails_or_forgets(void **state) {
    (void)state;
    send_text("GET /fail HTTP/1.1\r\n" HOST "\r\n");
    assert_status(500);
    assert_null(strstr(said(), "must not be seen"));
    vouch_buf_clear(&lab.out);
    send_text("GET /forget HTTP/1.1\r\n" HOST "\r\n");
    assert_status(500);
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_READING);
}

static void answers_503_when_the_queue_is_full(void **state) {
    (void)state;
    lab.queue_full = 1;
    send_text(HELLO);
    assert_status(503);
    assert_says("\r\nRetry-After: 1\r\n");
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_READING);
    lab.queue_full = 0;
    vouch_buf_clear(&lab.out);
    send_text(HELLO);
    assert_status(200);
}

static void reads_only_a_few_large_bodies_at_once(void **state) {
    (void)state;
    static uint8_t body[VOUCH_HTTP_LARGE_BODY + 1];
    static const char head[] = "POST /large HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n";
    atomic_store(&lab.site.large->count, 3); // others are at it
    send_text(head);
    assert_int_equal(atomic_load(&lab.site.large->count), 4);
    lab_send(&lab, (struct vouch_bytes){body, sizeof body}, 0, 0);
    assert_status(200);
    assert_int_equal(atomic_load(&lab.site.large->count), 3);
    vouch_buf_clear(&lab.out);
    atomic_store(&lab.site.large->count, 4);
    send_text(head);
    assert_status(503);
    assert_says("\r\nRetry-After: 1\r\n");
    assert_says("\r\nConnection: close\r\n");
    assert_int_equal(atomic_load(&lab.site.large->count), 4);
}

static void forgets_a_large_body_whose_client_goes(void **state) {
    (void)state;
    static const char half[] = "POST /large HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\nabc";
    lab_send(&lab, vouch_bytes_of(half), 0, 0);
    assert_int_equal(atomic_load(&lab.site.large->count), 1);
    lab_send(&lab, vouch_bytes_of(""), 0, 1);
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_GONE);
    vouch_http_conn_done(&lab.conn);
    assert_int_equal(atomic_load(&lab.site.large->count), 0);
}

static void refuses_a_head_over_its_limit(void **state) {
    (void)state;
    char text[2200];
    static const char opening[] = "GET /show HTTP/1.1\r\nHost: a\r\nA: ";
    for (size_t len = 2048; len <= 2049; len++) {
        memset(text, 'x', sizeof text);
        memcpy(text, opening, sizeof opening - 1);
        memcpy(text + len - 4, "\r\n\r\n", 4);
        vouch_buf_clear(&lab.out);
        lab_send(&lab, (struct vouch_bytes){(uint8_t *)text, len}, 0, 0);
        assert_status(len == 2048 ? 200 : 431);
    }
    assert_true(lab.finished);
}

static void answers_408_to_half_a_request(void **state) {
    (void)state;
    send_text("GET /show HT");
    assert_int_equal(lab.conn.deadline_ns, 11000000000);
    lab.home.now_ns += 5000000000;
    send_text("TP/1.1\r\n"); // a byte now and then buys no time
    assert_int_equal(lab.conn.deadline_ns, 11000000000);
    vouch_http_conn_expire(&lab.conn);
    lab_run(&lab);
    assert_status(408);
    assert_true(lab.finished);
    assert_int_equal(lab.tally.timeouts, 1);
}

static void closes_an_idle_connection_without_a_word(void **state) {
    (void)state;
    lab_run(&lab);
    vouch_http_conn_expire(&lab.conn);
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_GONE);
    assert_int_equal(lab.out.len, 0);
}

static void gives_up_on_a_client_that_does_not_read(void **state) {
    (void)state;
    lab.write_quota = 10;
    send_text(HELLO);
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_WRITING);
    vouch_http_conn_expire(&lab.conn);
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_GONE);
}

static void gives_a_slow_reader_time_by_what_it_reads(void **state) {
    (void)state;
    lab.write_quota = 1000;
    send_text("GET /shared HTTP/1.1\r\n" HOST "\r\n");
    uint64_t first_ns = lab.home.now_ns + 30000000000;
    assert_int_equal(lab.conn.deadline_ns, first_ns);
    lab.home.now_ns += 1000000000;
    lab.write_quota = 200000; // under 256 KiB buys no time
    lab_run(&lab);
    assert_int_equal(lab.conn.deadline_ns, first_ns);
    lab.write_max = 16384;
    lab.write_quota = 300000;
    lab_run(&lab);
    assert_int_equal(lab.conn.deadline_ns, first_ns + 1000000000);
    lab.write_quota = 0;
    lab_run(&lab);
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_READING);
}

static void gives_shared_bytes_back_once(void **state) {
    (void)state;
    lab_releases = 0;
    send_text("GET /shared HTTP/1.1\r\n" HOST "\r\nHEAD /shared HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(lab_releases, 2);
    lab.write_quota = lab.out.len + 100;
    send_text("GET /shared HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(lab_releases, 2); // still being written
    vouch_http_conn_expire(&lab.conn);
    vouch_http_conn_done(&lab.conn);
    assert_int_equal(lab_releases, 3);
}

static void drops_half_a_request_when_the_client_goes(void **state) {
    (void)state;
    lab_send(&lab, vouch_bytes_of("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab"),
             0, 1);
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_GONE);
    assert_int_equal(lab.out.len, 0);
    assert_int_equal(lab.handlers_ran, 0);
}

static void finishes_what_has_arrived_when_the_server_stops(void **state) {
    (void)state;
    lab_run(&lab);
    static const char text[] = HELLO;
    lab.in = (const uint8_t *)text;
    lab.in_len = sizeof text - 1; // arrived, and not read yet
    lab.home.stopping = 1;
    vouch_http_conn_stop(&lab.conn);
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_WORKING);
    lab_run(&lab);
    assert_status(200);
    assert_true(lab.finished);
}

static void closes_idle_connections_when_the_server_stops(void **state) {
    (void)state;
    static const char text[] = HELLO;
    lab.in = (const uint8_t *)text;
    lab.in_len = sizeof text - 1;
    lab_run(&lab);
    assert_status(200);
    lab.home.stopping = 1;
    vouch_http_conn_stop(&lab.conn);
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_GONE);
}

static void waits_a_moment_for_a_first_request_when_the_server_stops(void **state) {
    (void)state;
    lab_run(&lab);
    lab.home.stopping = 1;
    vouch_http_conn_stop(&lab.conn);
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_READING);
    static const char text[] = HELLO;
    lab.in = (const uint8_t *)text;
    lab.in_len = sizeof text - 1;
    lab_run(&lab);
    assert_status(200);
    assert_true(lab.finished);
}

static void ends_that_moment_when_no_request_comes(void **state) {
    (void)state;
    lab_run(&lab);
    lab.home.stopping = 1;
    vouch_http_conn_stop(&lab.conn);
    assert_true(lab.conn.deadline_ns > lab.home.now_ns);
    lab.home.now_ns = lab.conn.deadline_ns;
    vouch_http_conn_expire(&lab.conn);
    assert_int_equal(lab.conn.phase, VOUCH_HTTP_GONE);
}

static const char conversation[] =
    "GET /things/x%20y/of/z?a=1&b=+ HTTP/1.1\r\nHost: a\r\n\r\n"
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nGET / HTTP/1"
    "GET /app.js HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"f1\"\r\n\r\n"
    "PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
    "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"
    "GET /show HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nrest";

static void gives_the_same_answers_at_every_split(void **state) {
    (void)state;
    struct lab whole;
    assert_int_equal(lab_init(&whole, NULL, 0), VOUCH_OK);
    lab_send(&whole, vouch_bytes_of(conversation), 0, 1);
    assert_int_equal(whole.handlers_ran, 3);
    for (size_t cut = 1; cut < sizeof conversation - 1; cut++) {
        struct lab split;
        assert_int_equal(lab_init(&split, NULL, 0), VOUCH_OK);
        split.write_max = cut;
        lab_send(&split, (struct vouch_bytes){(const uint8_t *)conversation, cut}, 0, 0);
        lab_send(&split,
                 (struct vouch_bytes){(const uint8_t *)conversation + cut,
                                      sizeof conversation - 1 - cut},
                 0, 1);
        assert_int_equal(split.out.len, whole.out.len);
        assert_memory_equal(split.out.ptr, whole.out.ptr, whole.out.len);
        lab_done(&split);
    }
    lab_done(&whole);
}

static void gives_the_same_answers_byte_by_byte(void **state) {
    (void)state;
    lab_send(&lab, vouch_bytes_of(conversation), 1, 1);
    struct lab whole;
    assert_int_equal(lab_init(&whole, NULL, 0), VOUCH_OK);
    lab_send(&whole, vouch_bytes_of(conversation), 0, 1);
    assert_int_equal(lab.out.len, whole.out.len);
    assert_memory_equal(lab.out.ptr, whole.out.ptr, whole.out.len);
    lab_done(&whole);
}

static void keeps_a_large_request_whole_while_its_buffer_moves(void **state) {
    (void)state;
    static uint8_t request[40200];
    static const char head[] = "POST /mirror/xyz?q=12 HTTP/1.1\r\nHost: a\r\nUser-Agent: me\r\n"
                               "Content-Length: 40000\r\n\r\n";
    static const char said_first[] = "\r\n\r\n/mirror/xyzxyz12me";
    size_t head_len = sizeof head - 1;
    memcpy(request, head, head_len);
    for (size_t i = 0; i < 40000; i++) {
        request[head_len + i] = (uint8_t)(i * 7);
    }
    lab_send(&lab, (struct vouch_bytes){request, head_len + 40000}, 1000, 0);
    assert_status(200);
    const uint8_t *body = lab.out.ptr + lab.out.len - 40000;
    assert_memory_equal(body, request + head_len, 40000);
    assert_memory_equal(body - (sizeof said_first - 1), said_first, sizeof said_first - 1);
}

static void lets_nobody_smuggle_a_header_into_an_answer(void **state) {
    (void)state;
    struct vouch_http_response response = {0};
    vouch_buf_init(&response.fields, 16384);
    static const char *const bad[] = {"a\r\nSet-Cookie: b", "a\nb", "a\rb", "\x1b", "\x7f"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(vouch_http_set(&response, VOUCH_HTTP_SET_LOCATION, vouch_bytes_of(bad[i])),
                         VOUCH_ERR_ARGUMENT);
    }
    const struct vouch_bytes with_nul = {(const uint8_t *)"a\0b", 3};
    assert_int_equal(vouch_http_set(&response, VOUCH_HTTP_SET_LOCATION, with_nul),
                     VOUCH_ERR_ARGUMENT);
    assert_int_equal(response.fields.len, 0);
    assert_int_equal(vouch_http_set(&response, VOUCH_HTTP_SET_LOCATION, vouch_bytes_of("/a")),
                     VOUCH_OK);
    assert_memory_equal(response.fields.ptr, "Location: /a\r\n", 14);
    vouch_buf_done(&response.fields);
}

static void believes_only_trusted_proxies(void **state) {
    (void)state;
    static const struct {
        const char *peer;
        const char *list;
        const char *client;
    } cases[] = {
        {"192.0.2.1", "203.0.113.5", "192.0.2.1"}, // a stranger's word
        {"10.0.0.1", "203.0.113.5", "203.0.113.5"},
        {"10.0.0.1", "6.6.6.6, 203.0.113.5", "203.0.113.5"}, // what the client itself made up
        {"10.0.0.1", "203.0.113.5, 10.0.0.2", "203.0.113.5"},
        {"10.0.0.1", "6.6.6.6, nonsense", "10.0.0.1"},
        {"10.0.0.1", "2001:db8::1", "2001:db8::1"},
        {"10.0.0.1", "", "10.0.0.1"},
    };
    struct vouch_http_prefix proxy;
    assert_int_equal(vouch_http_prefix_parse(vouch_bytes_of("10.0.0.0/8"), &proxy), VOUCH_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab behind;
        char text[256];
        char client[VOUCH_HTTP_ADDRESS_TEXT_MAX];
        assert_int_equal(lab_init(&behind, &proxy, 1), VOUCH_OK);
        assert_int_equal(vouch_http_address_parse(vouch_bytes_of(cases[i].peer), &behind.conn.peer),
                         VOUCH_OK);
        behind.hold = 1;
        snprintf(text, sizeof text, "GET /show HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: %s\r\n\r\n",
                 cases[i].list);
        lab_send(&behind, vouch_bytes_of(text), 0, 0);
        vouch_http_address_text(&behind.pending->request.client, client);
        assert_string_equal(client, cases[i].client);
        lab_work(&behind);
        lab_done(&behind);
    }
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        EACH(answers_and_waits_for_more),
        EACH(answers_pipelined_requests_in_their_order),
        EACH(gives_way_to_others_after_32_answers),
        EACH(does_not_read_on_while_a_request_is_in_work),
        EACH(closes_after_close_and_after_1_0),
        EACH(says_head_without_a_body),
        EACH(asks_for_the_body_when_the_client_waits),
        EACH(sends_a_stream_in_pieces_until_its_last),
        EACH(ends_a_stream_where_a_piece_fails),
        EACH(lets_go_of_what_a_stream_holds_when_its_client_leaves),
        EACH(tells_the_head_of_a_stream_and_waits_for_nothing),
        EACH(refuses_a_body_before_asking_for_it),
        EACH(takes_a_body_of_exactly_the_routes_size),
        EACH(names_the_methods_that_a_path_takes),
        EACH(serves_files_with_their_own_headers),
        EACH(compresses_a_file_for_whoever_takes_it),
        EACH(sends_a_file_as_it_is_to_all_others),
        EACH(tells_the_two_forms_of_a_file_apart),
        EACH(does_not_send_again_what_the_client_has),
        EACH(answers_500_when_a_handler_fails_or_forgets),
        EACH(answers_503_when_the_queue_is_full),
        EACH(reads_only_a_few_large_bodies_at_once),
        EACH(forgets_a_large_body_whose_client_goes),
        EACH(refuses_a_head_over_its_limit),
        EACH(answers_408_to_half_a_request),
        EACH(closes_an_idle_connection_without_a_word),
        EACH(gives_up_on_a_client_that_does_not_read),
        EACH(gives_a_slow_reader_time_by_what_it_reads),
        EACH(gives_shared_bytes_back_once),
        EACH(drops_half_a_request_when_the_client_goes),
        EACH(finishes_what_has_arrived_when_the_server_stops),
        EACH(closes_idle_connections_when_the_server_stops),
        EACH(waits_a_moment_for_a_first_request_when_the_server_stops),
        EACH(ends_that_moment_when_no_request_comes),
        EACH(gives_the_same_answers_at_every_split),
        EACH(gives_the_same_answers_byte_by_byte),
        EACH(keeps_a_large_request_whole_while_its_buffer_moves),
        cmocka_unit_test(believes_only_trusted_proxies),
        cmocka_unit_test(lets_nobody_smuggle_a_header_into_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
