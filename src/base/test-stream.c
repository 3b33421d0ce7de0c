// SPDX-License-Identifier: ISC
// Tests of base/stream.h: peers that cut, flood, hang up, or say nothing.
#include "base/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/time.h"

#define MAX 64
#define SHORT_NS UINT64_C(30000000)

struct pair {
    int ours;
    int theirs;
    struct vouch_buf answer;
};

static uint64_t in_ns(uint64_t wait_ns) {
    return vouch_time_monotonic_ns() + wait_ns;
}

static uint64_t soon(void) {
    return in_ns(UINT64_C(20000000000));
}

static int begin(void **state) {
    static struct pair pair;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    pair.ours = fds[0];
    pair.theirs = fds[1];
    vouch_buf_init(&pair.answer, 1024);
    vouch_buf_put_text(&pair.answer, "kept");
    *state = &pair;
    return 0;
}

static int end(void **state) {
    struct pair *pair = *state;
    vouch_buf_done(&pair->answer);
    (void)close(pair->ours);
    return pair->theirs >= 0 ? close(pair->theirs) : 0;
}

static void hang_up(struct pair *pair) {
    assert_int_equal(close(pair->theirs), 0);
    pair->theirs = -1;
}

static void they_send(struct pair *pair, const char *bytes, size_t len) {
    assert_int_equal(send(pair->theirs, bytes, len, 0), (ssize_t)len);
}

static int receive(struct pair *pair) {
    return vouch_stream_receive(pair->ours, MAX, soon(), &pair->answer);
}

static void assert_answer(const struct pair *pair, const char *text) {
    assert_int_equal(pair->answer.len, strlen(text));
    assert_memory_equal(pair->answer.ptr, text, pair->answer.len);
}

static void sends_the_length_and_the_message(void **state) {
    struct pair *pair = *state;
    assert_int_equal(vouch_stream_send(pair->ours, vouch_bytes_of("hello"), soon()), VOUCH_OK);
    uint8_t sent[16];
    assert_int_equal(recv(pair->theirs, sent, sizeof sent, 0), 9);
    assert_memory_equal(sent, "\0\0\0\5hello", 9);
}

static void appends_the_message_received(void **state) {
    struct pair *pair = *state;
    they_send(pair, "\0\0\0\5hello\0\0\0\2it", 15);
    assert_int_equal(receive(pair), VOUCH_OK);
    assert_answer(pair, "kepthello");
    assert_int_equal(receive(pair), VOUCH_OK);
    assert_answer(pair, "kepthelloit");
}

static void receives_an_empty_message(void **state) {
    struct pair *pair = *state;
    they_send(pair, "\0\0\0\0", 4);
    assert_int_equal(receive(pair), VOUCH_OK);
    assert_answer(pair, "kept");
}

static void refuses_a_message_cut_at_each_byte(void **state) {
    for (size_t len = 0; len < 9; len++) {
        struct pair *pair = *state;
        they_send(pair, "\0\0\0\5hello", len);
        hang_up(pair);
        assert_int_equal(receive(pair), VOUCH_ERR_TRUNCATED);
        assert_answer(pair, "kept");
        assert_int_equal(end(state), 0);
        assert_int_equal(begin(state), 0);
    }
}

static void takes_a_message_of_the_bound_and_none_longer(void **state) {
    struct pair *pair = *state;
    char message[4 + MAX] = {0, 0, 0, MAX};
    they_send(pair, message, sizeof message);
    assert_int_equal(receive(pair), VOUCH_OK);
    they_send(pair, "\0\0\0\x41", 4);
    assert_int_equal(receive(pair), VOUCH_ERR_LIMIT);
    assert_int_equal(pair->answer.len, 4 + MAX);
}

static void refuses_a_giant_length_without_waiting_for_it(void **state) {
    struct pair *pair = *state;
    they_send(pair, "\xff\xff\xff\xff", 4);
    assert_int_equal(receive(pair), VOUCH_ERR_LIMIT);
    assert_answer(pair, "kept");
}

static void reports_a_buffer_that_is_too_small(void **state) {
    struct pair *pair = *state;
    uint8_t memory[2];
    struct vouch_buf small;
    vouch_buf_init_fixed(&small, memory, sizeof memory);
    they_send(pair, "\0\0\0\5hello", 9);
    assert_int_equal(vouch_stream_receive(pair->ours, MAX, soon(), &small), VOUCH_ERR_LIMIT);
}

static void stops_at_the_deadline_before_and_within_an_answer(void **state) {
    struct pair *pair = *state;
    for (size_t len = 0; len < 9; len += 4) {
        they_send(pair, "\0\0\0\5hello", len);
        uint64_t from_ns = vouch_time_monotonic_ns();
        assert_int_equal(vouch_stream_receive(pair->ours, MAX, in_ns(SHORT_NS), &pair->answer),
                         VOUCH_ERR_TIMEOUT);
        assert_true(vouch_time_monotonic_ns() - from_ns >= SHORT_NS);
        assert_answer(pair, "kept");
        assert_int_equal(end(state), 0);
        assert_int_equal(begin(state), 0);
    }
}

static void stops_at_the_deadline_when_nobody_reads(void **state) {
    struct pair *pair = *state;
    static uint8_t message[4 << 20];
    assert_int_equal(vouch_stream_send(pair->ours, (struct vouch_bytes){message, sizeof message},
                                       in_ns(SHORT_NS)),
                     VOUCH_ERR_TIMEOUT);
}

static void does_nothing_after_the_deadline(void **state) {
    struct pair *pair = *state;
    they_send(pair, "\0\0\0\0", 4);
    assert_int_equal(vouch_stream_receive(pair->ours, MAX, 1, &pair->answer), VOUCH_ERR_TIMEOUT);
    assert_int_equal(vouch_stream_send(pair->ours, vouch_bytes_of("x"), 1), VOUCH_ERR_TIMEOUT);
    int fd = -1;
    assert_int_equal(vouch_stream_connect("/dev/null", 1, &fd), VOUCH_ERR_TIMEOUT);
    assert_int_equal(fd, -1);
}

static void reports_a_reader_that_hung_up(void **state) {
    struct pair *pair = *state;
    hang_up(pair);
    assert_int_equal(vouch_stream_send(pair->ours, vouch_bytes_of("hello"), soon()),
                     VOUCH_ERR_TRUNCATED);
}

static void *drain(void *context) {
    const struct pair *pair = context;
    uint8_t some[1000];
    while (recv(pair->theirs, some, sizeof some, 0) > 0) {
        sched_yield();
    }
    return NULL;
}

static void sends_a_long_message_to_a_slow_reader(void **state) {
    struct pair *pair = *state;
    static uint8_t message[2 << 20];
    pthread_t reader;
    assert_int_equal(pthread_create(&reader, NULL, drain, pair), 0);
    assert_int_equal(
        vouch_stream_send(pair->ours, (struct vouch_bytes){message, sizeof message}, soon()),
        VOUCH_OK);
    assert_int_equal(shutdown(pair->ours, SHUT_WR), 0);
    assert_int_equal(pthread_join(reader, NULL), 0);
}

static void names_why_it_cannot_connect(void **state) {
    (void)state;
    int fd = -1;
    char long_path[200];
    memset(long_path, 'a', sizeof long_path);
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(vouch_stream_connect("", soon(), &fd), VOUCH_ERR_NOT_FOUND);
    assert_int_equal(vouch_stream_connect("/nonexistent/a", soon(), &fd), VOUCH_ERR_NOT_FOUND);
    assert_int_equal(vouch_stream_connect("/dev/null/a", soon(), &fd), VOUCH_ERR_NOT_FOUND);
    assert_int_equal(vouch_stream_connect("/dev/null", soon(), &fd), VOUCH_ERR_IO);
    assert_int_equal(errno, ECONNREFUSED);
    assert_int_equal(vouch_stream_connect(long_path, soon(), &fd), VOUCH_ERR_IO);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(fd, -1);
}

static void stops_at_the_deadline_when_a_listener_is_full(void **state) {
    (void)state;
    char folder[] = "/tmp/vouch-stream-XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/full", folder);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 0), 0);
    int waiting[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
    int err = VOUCH_OK;
    for (size_t i = 0; i < 8 && err == VOUCH_OK; i++) {
        err = vouch_stream_connect(address.sun_path, in_ns(SHORT_NS), &waiting[i]);
    }
    assert_int_equal(err, VOUCH_ERR_TIMEOUT);
    for (size_t i = 0; i < 8 && waiting[i] >= 0; i++) {
        assert_int_equal(close(waiting[i]), 0);
    }
    assert_int_equal(close(listener), 0);
    assert_int_equal(unlink(address.sun_path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void the_fault_of_a_question_names_peer_path_and_cause(void **state) {
    (void)state;
    struct vouch_stream_peer peer = {.name = "oracle",
                                     .path = "/nonexistent/a",
                                     .kind = &vouch_fault_agent,
                                     .timeout_ns = UINT64_MAX,
                                     .answer_max = MAX};
    struct vouch_buf answer;
    vouch_buf_init(&answer, MAX);
    struct vouch_fault fault = {0};
    assert_int_equal(vouch_stream_ask(&peer, vouch_bytes_of("?"), &answer, &fault),
                     VOUCH_ERR_NOT_FOUND);
    assert_string_equal(fault.text, "oracle at /nonexistent/a: there is no such socket");
    assert_ptr_equal(fault.kind, &vouch_fault_agent);
    peer.path = "/dev/null";
    assert_int_equal(vouch_stream_ask(&peer, vouch_bytes_of("?"), &answer, &fault), VOUCH_ERR_IO);
    assert_string_equal(fault.text, "oracle at /dev/null: Connection refused");
    vouch_buf_done(&answer);
}

#define ON_PAIR(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_PAIR(sends_the_length_and_the_message),
        ON_PAIR(appends_the_message_received),
        ON_PAIR(receives_an_empty_message),
        ON_PAIR(refuses_a_message_cut_at_each_byte),
        ON_PAIR(takes_a_message_of_the_bound_and_none_longer),
        ON_PAIR(refuses_a_giant_length_without_waiting_for_it),
        ON_PAIR(reports_a_buffer_that_is_too_small),
        ON_PAIR(stops_at_the_deadline_before_and_within_an_answer),
        ON_PAIR(stops_at_the_deadline_when_nobody_reads),
        ON_PAIR(does_nothing_after_the_deadline),
        ON_PAIR(reports_a_reader_that_hung_up),
        ON_PAIR(sends_a_long_message_to_a_slow_reader),
        cmocka_unit_test(names_why_it_cannot_connect),
        cmocka_unit_test(stops_at_the_deadline_when_a_listener_is_full),
        cmocka_unit_test(the_fault_of_a_question_names_peer_path_and_cause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
