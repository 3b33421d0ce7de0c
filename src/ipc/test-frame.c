// SPDX-License-Identifier: ISC
// Tests of ipc/frame.h: what a lane carries, and that nothing else gets through it.
#include "ipc/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/time.h"
#include "vouch/wire.h"

enum { ADD = 1, SECRET = 2, OPEN = 3, LONG_SECRET = 4, SUM = 11, NOTHING = 12, BIG = 13 };

static const struct vouch_frame_rule asks[] = {
    {.type = ADD, .body_min = 8, .body_max = 64, .name = "add"},
    {.type = SECRET, .content = VOUCH_FRAME_SECRET, .body_max = 32, .name = "secret"},
    {.type = BIG, .body_max = 1 << 20, .name = "big"},
};
static const struct vouch_frame_rule answers[] = {
    {.type = SUM, .body_min = 4, .body_max = 4, .name = "sum"},
    {.type = NOTHING, .name = "nothing"},
    {.type = BIG, .body_max = 1 << 20, .name = "big"},
};
static const struct vouch_frame_protocol protocol = {"adder", asks, 3, answers, 3};

static const struct vouch_frame_rule long_asks[] = {
    {.type = SECRET, .content = VOUCH_FRAME_SECRET, .body_max = 32, .name = "secret"},
    {.type = LONG_SECRET,
     .content = VOUCH_FRAME_SECRET,
     .body_max = 1 << 20,
     .name = "long secret"},
};
static const struct vouch_frame_protocol long_protocol = {"keeper", long_asks, 2, answers, 3};

static const struct vouch_frame_rule fd_asks[] = {
    {.type = OPEN, .body_max = 8, .fd_min = 1, .fd_max = 2, .name = "open"},
    {.type = ADD, .body_max = 64, .name = "add"},
};
static const struct vouch_frame_protocol fd_protocol = {"opener", fd_asks, 2, answers, 3};

static size_t allocations;
void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *ptr, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *ptr, size_t len);

void *__wrap_malloc(size_t len) {
    allocations++;
    return __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len) {
    allocations++;
    return __real_calloc(count, len);
}

void *__wrap_realloc(void *ptr, size_t len) {
    allocations++;
    return __real_realloc(ptr, len);
}

struct pair {
    struct vouch_lane client;
    struct vouch_lane server;
};

static uint64_t in_ms(uint64_t ms) {
    return vouch_time_monotonic_ns() + ms * 1000000;
}

static uint64_t soon(void) {
    return in_ms(5000);
}

static void begin(struct pair *pair, const struct vouch_frame_protocol *with) {
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    vouch_lane_init(&pair->client, fds[0], with, VOUCH_LANE_ASKS);
    vouch_lane_init(&pair->server, fds[1], with, VOUCH_LANE_ANSWERS);
}

static void end(struct pair *pair) {
    vouch_lane_done(&pair->client);
    vouch_lane_done(&pair->server);
}

static int count_fds(void) {
    int count = 0;
    for (int fd = 0; fd < 256; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

static void ask_add(struct vouch_lane *client, uint32_t a, uint32_t b) {
    struct vouch_buf *body = vouch_lane_begin(client);
    vouch_write_u32(body, a);
    vouch_write_u32(body, b);
    assert_int_equal(vouch_lane_send(client, ADD, soon(), NULL), VOUCH_OK);
}

static void answer_sum(struct vouch_lane *server) {
    struct vouch_message message = {0};
    assert_int_equal(vouch_lane_receive(server, soon(), &message, NULL), VOUCH_OK);
    assert_int_equal(message.kind, VOUCH_MESSAGE_FRAME);
    assert_int_equal(message.type, ADD);
    struct vouch_reader reader;
    vouch_reader_init(&reader, message.body);
    uint32_t sum = vouch_read_u32(&reader, "a");
    sum += vouch_read_u32(&reader, "b");
    assert_int_equal(vouch_reader_end(&reader, NULL), VOUCH_OK);
    vouch_write_u32(vouch_lane_begin(server), sum);
    assert_int_equal(vouch_lane_send(server, SUM, soon(), NULL), VOUCH_OK);
}

static void expect_sum(struct vouch_lane *client, uint32_t expected) {
    struct vouch_message answer = {0};
    assert_int_equal(vouch_lane_receive(client, soon(), &answer, NULL), VOUCH_OK);
    assert_int_equal(answer.kind, VOUCH_MESSAGE_FRAME);
    assert_int_equal(answer.type, SUM);
    struct vouch_reader reader;
    vouch_reader_init(&reader, answer.body);
    assert_int_equal(vouch_read_u32(&reader, "sum"), expected);
    assert_int_equal(vouch_reader_end(&reader, NULL), VOUCH_OK);
}

static void carries_a_question_and_its_answer(void **state) {
    (void)state;
    struct pair pair;
    begin(&pair, &protocol);
    ask_add(&pair.client, 40, 2);
    answer_sum(&pair.server);
    expect_sum(&pair.client, 42);
    end(&pair);
}

static void writes_the_documented_bytes(void **state) {
    (void)state;
    struct pair pair;
    begin(&pair, &protocol);
    ask_add(&pair.client, 0x01020304, 0x05060708);
    uint8_t raw[32];
    const uint8_t expected[] = {0, 0, 0, 8, 0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
    assert_int_equal(recv(pair.server.fd, raw, sizeof raw, MSG_DONTWAIT), sizeof expected);
    assert_memory_equal(raw, expected, sizeof expected);
    end(&pair);
}

static void allocates_nothing_once_it_is_warm(void **state) {
    (void)state;
    struct pair pair;
    begin(&pair, &protocol);
    size_t warm = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        ask_add(&pair.client, i, i);
        answer_sum(&pair.server);
        expect_sum(&pair.client, 2 * i);
        warm = i == 0 ? allocations : warm;
    }
    assert_true(warm > 0); // the counter counts
    assert_int_equal(allocations, warm);
    end(&pair);
}

// Sends raw bytes to the server and gives what its next receive says.
static int receive_raw(const void *bytes, size_t len, struct vouch_message *message,
                       struct vouch_fault *fault) {
    struct pair pair;
    begin(&pair, &protocol);
    assert_int_equal(send(pair.client.fd, bytes, len, 0), len);
    assert_int_equal(shutdown(pair.client.fd, SHUT_WR), 0);
    int err = vouch_lane_receive(&pair.server, soon(), message, fault);
    struct vouch_message again = {0};
    if (err != VOUCH_OK) {
        assert_int_equal(vouch_lane_receive(&pair.server, soon(), &again, NULL), err);
        assert_int_equal(again.kind, VOUCH_MESSAGE_NONE);
    }
    end(&pair);
    return err;
}

static const uint8_t good[] = {0, 0, 0, 8, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2};

static void refuses_each_proper_prefix(void **state) {
    (void)state;
    for (size_t len = 1; len < sizeof good; len++) {
        struct vouch_message message = {0};
        struct vouch_fault fault = {0};
        assert_int_equal(receive_raw(good, len, &message, &fault), VOUCH_ERR_TRUNCATED);
        assert_int_equal(message.kind, VOUCH_MESSAGE_NONE);
        assert_non_null(strstr(fault.text, "adder: the other process hung up in the middle"));
    }
}

static void tells_a_hang_up_between_frames_from_a_cut(void **state) {
    (void)state;
    struct vouch_message message = {0};
    assert_int_equal(receive_raw(good, 0, &message, NULL), VOUCH_OK);
    assert_int_equal(message.kind, VOUCH_MESSAGE_HANG_UP);
    assert_int_equal(message.type, 0);
}

// A flip in the header must be refused, or make another frame that the table allows.
static void refuses_each_bit_flip_of_the_header(void **state) {
    (void)state;
    for (size_t bit = 0; bit < 64; bit++) {
        uint8_t flipped[sizeof good];
        memcpy(flipped, good, sizeof good);
        flipped[bit / 8] = (uint8_t)(flipped[bit / 8] ^ (1U << bit % 8));
        struct vouch_message message = {0};
        int err = receive_raw(flipped, sizeof flipped, &message, NULL);
        assert_true(err != VOUCH_OK);
        assert_int_equal(message.kind, VOUCH_MESSAGE_NONE);
    }
}

static void refuses_lengths_outside_the_rule_before_allocating(void **state) {
    (void)state;
    static const uint32_t lengths[] = {0, 7, 65, 1 << 20, 1 << 24, UINT32_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t header[] = {0, 0, 0, 0, 0, ADD, 0, 0};
        for (size_t k = 0; k < 4; k++) {
            header[k] = (uint8_t)(lengths[i] >> (24 - 8 * k));
        }
        struct pair pair;
        begin(&pair, &protocol);
        assert_int_equal(send(pair.client.fd, header, sizeof header, 0), sizeof header);
        size_t room = pair.server.in.cap, before = allocations;
        struct vouch_message message = {0};
        struct vouch_fault fault = {0};
        assert_int_equal(vouch_lane_receive(&pair.server, soon(), &message, &fault),
                         VOUCH_ERR_LIMIT);
        assert_int_equal(allocations, before);
        assert_int_equal(pair.server.in.cap, room);
        assert_non_null(strstr(fault.text, "add: its length is"));
        end(&pair);
    }
}

static void names_a_type_it_does_not_take(void **state) {
    (void)state;
    const uint8_t header[] = {0, 0, 0, 4, 0, SUM, 0, 0, 1, 2, 3, 4};
    struct vouch_message message = {0};
    struct vouch_fault fault = {0};
    assert_int_equal(receive_raw(header, sizeof header, &message, &fault), VOUCH_ERR_UNSUPPORTED);
    assert_non_null(strstr(fault.text, "type 11"));
}

static void refuses_to_send_what_breaks_its_rule(void **state) {
    (void)state;
    struct pair pair;
    begin(&pair, &protocol);
    (void)vouch_lane_begin(&pair.client);
    assert_int_equal(vouch_lane_send(&pair.client, ADD, soon(), NULL), VOUCH_ERR_ARGUMENT);
    (void)vouch_lane_begin(&pair.client);
    assert_int_equal(vouch_lane_send(&pair.client, SUM, soon(), NULL), VOUCH_ERR_ARGUMENT);
    struct vouch_buf *body = vouch_lane_begin(&pair.client);
    for (unsigned i = 0; i < 17; i++) {
        vouch_write_u32(body, i);
    }
    assert_int_equal(vouch_lane_send(&pair.client, ADD, soon(), NULL), VOUCH_ERR_ARGUMENT);
    const int fds[] = {0};
    (void)vouch_lane_begin(&pair.client);
    assert_int_equal(
        vouch_lane_send_fds(&pair.client, BIG, (struct vouch_lane_fds){fds, 1}, soon(), NULL),
        VOUCH_ERR_ARGUMENT);
    // Nothing went out, and the lane is as good as before.
    uint8_t byte;
    assert_int_equal(recv(pair.server.fd, &byte, 1, MSG_DONTWAIT), -1);
    ask_add(&pair.client, 1, 2);
    answer_sum(&pair.server);
    expect_sum(&pair.client, 3);
    end(&pair);
}

static void refuses_to_speak_out_of_turn(void **state) {
    (void)state;
    struct pair pair;
    begin(&pair, &protocol);
    struct vouch_message message = {0};
    assert_int_equal(vouch_lane_receive(&pair.client, soon(), &message, NULL), VOUCH_ERR_ARGUMENT);
    (void)vouch_lane_begin(&pair.server);
    assert_int_equal(vouch_lane_send(&pair.server, NOTHING, soon(), NULL), VOUCH_ERR_ARGUMENT);
    ask_add(&pair.client, 1, 2);
    assert_int_equal(vouch_lane_receive(&pair.server, soon(), &message, NULL), VOUCH_OK);
    assert_int_equal(vouch_lane_receive(&pair.server, soon(), &message, NULL), VOUCH_ERR_ARGUMENT);
    end(&pair);
}

static void gives_up_at_the_deadline(void **state) {
    (void)state;
    struct pair pair;
    begin(&pair, &protocol);
    ask_add(&pair.client, 1, 2);
    struct vouch_message answer = {0};
    uint64_t before_ns = vouch_time_monotonic_ns();
    assert_int_equal(vouch_lane_receive(&pair.client, in_ms(20), &answer, NULL), VOUCH_ERR_TIMEOUT);
    uint64_t took_ns = vouch_time_monotonic_ns() - before_ns;
    assert_true(took_ns >= 20 * 1000000);
    assert_int_equal(answer.kind, VOUCH_MESSAGE_NONE);
    end(&pair);
}

static void never_takes_a_late_answer_for_another(void **state) {
    (void)state;
    struct pair pair;
    begin(&pair, &protocol);
    struct vouch_message answer = {0};
    ask_add(&pair.client, 1, 2);
    assert_int_equal(vouch_lane_receive(&pair.client, in_ms(1), &answer, NULL), VOUCH_ERR_TIMEOUT);
    // While the first answer is owed the next question is not even sent.
    vouch_write_u64(vouch_lane_begin(&pair.client), 0);
    assert_int_equal(vouch_lane_send(&pair.client, ADD, in_ms(1), NULL), VOUCH_ERR_TIMEOUT);
    answer_sum(&pair.server);
    ask_add(&pair.client, 100, 200);
    answer_sum(&pair.server);
    expect_sum(&pair.client, 300);
    end(&pair);
}

static void goes_on_with_an_answer_cut_by_the_deadline(void **state) {
    (void)state;
    struct pair pair;
    begin(&pair, &protocol);
    ask_add(&pair.client, 1, 2);
    const uint8_t sum[] = {0, 0, 0, 4, 0, SUM, 0, 0, 0, 0, 0, 3};
    struct vouch_message answer = {0};
    for (size_t i = 0; i + 1 < sizeof sum; i++) {
        assert_int_equal(send(pair.server.fd, sum + i, 1, 0), 1);
        assert_int_equal(vouch_lane_receive(&pair.client, in_ms(1), &answer, NULL),
                         VOUCH_ERR_TIMEOUT);
    }
    assert_int_equal(send(pair.server.fd, sum + sizeof sum - 1, 1, 0), 1);
    expect_sum(&pair.client, 3);
    end(&pair);
}

static void says_that_the_peer_hung_up(void **state) {
    (void)state;
    struct pair pair;
    begin(&pair, &protocol);
    close(pair.server.fd);
    pair.server.fd = -1;
    struct vouch_message answer = {0};
    struct vouch_fault fault = {0};
    vouch_write_u64(vouch_lane_begin(&pair.client), 0);
    assert_int_equal(vouch_lane_ask(&pair.client, ADD, soon(), &answer, &fault),
                     VOUCH_ERR_TRUNCATED);
    assert_string_equal(fault.text, "adder: the other process hung up");
    end(&pair);
}

static void says_that_the_peer_hung_up_instead_of_answering(void **state) {
    (void)state;
    struct pair pair;
    begin(&pair, &protocol);
    ask_add(&pair.client, 1, 2);
    assert_int_equal(shutdown(pair.server.fd, SHUT_WR), 0);
    struct vouch_message answer = {0};
    assert_int_equal(vouch_lane_receive(&pair.client, soon(), &answer, NULL), VOUCH_OK);
    assert_int_equal(answer.kind, VOUCH_MESSAGE_HANG_UP);
    vouch_write_u64(vouch_lane_begin(&pair.client), 0);
    assert_int_equal(vouch_lane_ask(&pair.client, ADD, soon(), &answer, NULL), VOUCH_ERR_TRUNCATED);
    end(&pair);
}

// The child reads slowly, so that sending has to wait for room again and again.
static void sends_more_than_the_socket_holds(void **state) {
    (void)state;
    struct pair pair;
    begin(&pair, &protocol);
    pid_t child = fork();
    if (child == 0) {
        size_t total = 0;
        uint8_t part[5000];
        ssize_t got = 1;
        while (total < (1 << 20) + VOUCH_FRAME_HEADER_LEN && got > 0) {
            got = read(pair.server.fd, part, sizeof part);
            total += got > 0 ? (size_t)got : 0;
        }
        _exit(total == (1 << 20) + VOUCH_FRAME_HEADER_LEN ? 0 : 1);
    }
    uint8_t *room = vouch_buf_extend(vouch_lane_begin(&pair.client), 1 << 20);
    memset(room, 7, 1 << 20);
    assert_int_equal(vouch_lane_send(&pair.client, BIG, soon(), NULL), VOUCH_OK);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    end(&pair);
}

static void ends_a_lane_that_stopped_in_the_middle_of_sending(void **state) {
    (void)state;
    struct pair pair;
    begin(&pair, &protocol);
    memset(vouch_buf_extend(vouch_lane_begin(&pair.client), 1 << 20), 7, 1 << 20);
    assert_int_equal(vouch_lane_send(&pair.client, BIG, in_ms(10), NULL), VOUCH_ERR_TIMEOUT);
    vouch_write_u64(vouch_lane_begin(&pair.client), 0);
    struct vouch_fault fault = {0};
    assert_int_equal(vouch_lane_send(&pair.client, ADD, soon(), &fault), VOUCH_ERR_TIMEOUT);
    assert_non_null(strstr(fault.text, "given up"));
    end(&pair);
}

static int holds(const struct vouch_buf *buf, const char *text) {
    return buf->ptr != NULL && memmem(buf->ptr, buf->cap, text, strlen(text)) != NULL;
}

static void wipes_secrets_after_their_use(void **state) {
    (void)state;
    struct pair pair;
    begin(&pair, &protocol);
    vouch_buf_put_text(vouch_lane_begin(&pair.client), "correct horse");
    assert_true(holds(&pair.client.out, "correct horse"));
    assert_int_equal(vouch_lane_send(&pair.client, SECRET, soon(), NULL), VOUCH_OK);
    assert_false(holds(&pair.client.out, "correct horse"));
    struct vouch_message message = {0};
    assert_int_equal(vouch_lane_receive(&pair.server, soon(), &message, NULL), VOUCH_OK);
    assert_memory_equal(message.body.ptr, "correct horse", 13);
    (void)vouch_lane_begin(&pair.server);
    assert_int_equal(vouch_lane_send(&pair.server, NOTHING, soon(), NULL), VOUCH_OK);
    assert_int_equal(vouch_lane_step(&pair.server, &message, NULL), VOUCH_OK);
    assert_int_equal(message.kind, VOUCH_MESSAGE_NONE);
    assert_false(holds(&pair.server.in, "correct horse"));
    end(&pair);
}

static void *read_one(void *context) {
    struct pair *pair = context;
    struct vouch_message message = {0};
    int is_whole = vouch_lane_receive(&pair->server, soon(), &message, NULL) == VOUCH_OK &&
                   message.body.len == 1 << 20;
    return is_whole ? context : NULL;
}

// It is written into room that never moves, and neither end keeps so much.
static void a_long_secret_never_moves_and_its_room_is_given_back(void **state) {
    (void)state;
    struct pair pair;
    pthread_t reader;
    void *is_whole = NULL;
    begin(&pair, &long_protocol);
    assert_true(pair.client.out.cap <= 2 * VOUCH_FRAME_ROOM); // which is not there from the start
    struct vouch_buf *out = vouch_lane_begin_large(&pair.client, 1 << 20);
    const uint8_t *at = out->ptr;
    for (size_t i = 0; i < 1 << 20; i += 16) {
        vouch_buf_put_text(out, "correct horse 16");
    }
    assert_ptr_equal(out->ptr, at);
    assert_int_equal(pthread_create(&reader, NULL, read_one, &pair), 0);
    assert_int_equal(vouch_lane_send(&pair.client, LONG_SECRET, soon(), NULL), VOUCH_OK);
    assert_int_equal(pthread_join(reader, &is_whole), 0);
    assert_ptr_equal(is_whole, &pair);
    assert_true(pair.client.out.cap <= 2 * VOUCH_FRAME_ROOM);
    (void)vouch_lane_begin(&pair.server);
    assert_int_equal(vouch_lane_send(&pair.server, NOTHING, soon(), NULL), VOUCH_OK);
    struct vouch_message message = {0};
    assert_int_equal(vouch_lane_step(&pair.server, &message, NULL), VOUCH_OK);
    assert_true(pair.server.in.cap <= VOUCH_FRAME_ROOM);
    end(&pair);
}

static void hands_over_descriptors(void **state) {
    (void)state;
    int before = count_fds();
    struct pair pair;
    begin(&pair, &fd_protocol);
    int pipe_fds[2];
    assert_int_equal(pipe2(pipe_fds, 0), 0);
    (void)vouch_lane_begin(&pair.client);
    assert_int_equal(
        vouch_lane_send_fds(&pair.client, OPEN, (struct vouch_lane_fds){pipe_fds, 2}, soon(), NULL),
        VOUCH_OK);
    struct vouch_message message = {0};
    assert_int_equal(vouch_lane_receive(&pair.server, soon(), &message, NULL), VOUCH_OK);
    assert_int_equal(message.fd_count, 2);
    int writer = vouch_lane_take_fd(&pair.server, 1);
    assert_true(writer >= 0);
    assert_int_equal(vouch_lane_take_fd(&pair.server, 1), -1);
    assert_int_equal(vouch_lane_take_fd(&pair.server, 2), -1);
    assert_int_equal(fcntl(writer, F_GETFD), FD_CLOEXEC);
    char letter = 0;
    assert_int_equal(write(writer, "x", 1), 1);
    assert_int_equal(read(pipe_fds[0], &letter, 1), 1);
    assert_int_equal(letter, 'x');
    close(writer);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    end(&pair); // closes the one that was not taken
    assert_int_equal(count_fds(), before);
}

// Sends a frame with descriptors that our own sender would refuse to send.
static void send_raw_with_fds(int to, const void *bytes, size_t len, unsigned count) {
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(int) * 32)];
    } room = {0};
    struct iovec part = {(void *)(uintptr_t)bytes, len};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = room.bytes,
                             .msg_controllen = CMSG_SPACE(sizeof(int) * count)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr){CMSG_LEN(sizeof(int) * count), SOL_SOCKET, SCM_RIGHTS};
    for (unsigned i = 0; i < count; i++) {
        const int fd = STDERR_FILENO;
        memcpy(CMSG_DATA(head) + sizeof fd * i, &fd, sizeof fd);
    }
    assert_int_equal(sendmsg(to, &message, 0), len);
}

static void refuses_descriptors_where_none_belong(void **state) {
    (void)state;
    static const struct {
        const struct vouch_frame_protocol *protocol;
        uint8_t type;
        unsigned count;
        size_t at; // the byte they ride on
    } rows[] = {
        {&protocol, ADD, 1, 0},     {&protocol, ADD, 8, 0},     {&protocol, ADD, 1, 8},
        {&fd_protocol, ADD, 1, 0},  {&fd_protocol, OPEN, 0, 0}, {&fd_protocol, OPEN, 3, 0},
        {&fd_protocol, OPEN, 9, 0}, {&fd_protocol, OPEN, 1, 8},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair pair;
        begin(&pair, rows[i].protocol);
        int before = count_fds();
        const uint8_t frame[] = {0, 0, 0, 8, 0, rows[i].type, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
        if (rows[i].at > 0) {
            assert_int_equal(send(pair.client.fd, frame, rows[i].at, 0), rows[i].at);
        }
        if (rows[i].count > 0) {
            send_raw_with_fds(pair.client.fd, frame + rows[i].at, sizeof frame - rows[i].at,
                              rows[i].count);
        } else {
            assert_int_equal(send(pair.client.fd, frame, sizeof frame, 0), sizeof frame);
        }
        struct vouch_message message = {0};
        assert_int_equal(vouch_lane_receive(&pair.server, soon(), &message, NULL),
                         VOUCH_ERR_FORMAT);
        assert_int_equal(message.kind, VOUCH_MESSAGE_NONE);
        assert_int_equal(count_fds(), before); // each of them was closed again
        end(&pair);
    }
}

static uint64_t seed;

static uint64_t draw(uint64_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

// Writes the frame in pieces of any size; the server must see nothing before the last byte, and then
// exactly what was meant.
static void feed(struct vouch_lane *server, int to, const uint8_t *frame, size_t len) {
    struct vouch_message message = {0};
    for (size_t at = 0; at < len;) {
        size_t step = 1 + (size_t)draw(len - at);
        assert_int_equal(send(to, frame + at, step, 0), step);
        at += step;
        assert_int_equal(vouch_lane_step(server, &message, NULL), VOUCH_OK);
        assert_int_equal(message.kind, at == len ? VOUCH_MESSAGE_FRAME : VOUCH_MESSAGE_NONE);
    }
    assert_int_equal(message.body.len, len - VOUCH_FRAME_HEADER_LEN);
    assert_memory_equal(message.body.ptr, frame + VOUCH_FRAME_HEADER_LEN, message.body.len);
}

static void reads_frames_that_come_in_any_pieces(void **state) {
    (void)state;
    struct pair pair;
    begin(&pair, &protocol);
    seed = vouch_time_monotonic_ns() | 1;
    print_message("# seed %llu\n", (unsigned long long)seed);
    for (unsigned i = 0; i < 3000; i++) {
        uint8_t frame[VOUCH_FRAME_HEADER_LEN + 200] = {0, 0, 0, 0, 0, BIG};
        size_t len = (size_t)draw(201);
        frame[3] = (uint8_t)len;
        for (size_t k = 0; k < len; k++) {
            frame[VOUCH_FRAME_HEADER_LEN + k] = (uint8_t)draw(256);
        }
        feed(&pair.server, pair.client.fd, frame, VOUCH_FRAME_HEADER_LEN + len);
        (void)vouch_lane_begin(&pair.server);
        assert_int_equal(vouch_lane_send(&pair.server, NOTHING, soon(), NULL), VOUCH_OK);
        assert_int_equal(recv(pair.client.fd, frame, sizeof frame, 0), VOUCH_FRAME_HEADER_LEN);
    }
    end(&pair);
}

// A stream that holds two questions at once gives them one at a time, each with its own answer.
static void answers_one_question_at_a_time(void **state) {
    (void)state;
    struct pair pair;
    begin(&pair, &protocol);
    uint8_t two[2 * sizeof good];
    memcpy(two, good, sizeof good);
    memcpy(two + sizeof good, good, sizeof good);
    two[sizeof two - 1] = 9;
    assert_int_equal(send(pair.client.fd, two, sizeof two, 0), sizeof two);
    pair.client.pending = 1;
    answer_sum(&pair.server);
    expect_sum(&pair.client, 3);
    pair.client.pending = 1;
    answer_sum(&pair.server);
    expect_sum(&pair.client, 10);
    end(&pair);
}

static void ending_takes_nothing_and_twice(void **state) {
    (void)state;
    vouch_lane_done(NULL);
    struct vouch_lane lane = {0};
    vouch_lane_done(&lane);
    struct pair pair;
    begin(&pair, &protocol);
    end(&pair);
    end(&pair);
}

int main(void) {
    (void)signal(SIGPIPE, SIG_DFL); // a send to nobody must not kill us by it
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_a_question_and_its_answer),
        cmocka_unit_test(writes_the_documented_bytes),
        cmocka_unit_test(allocates_nothing_once_it_is_warm),
        cmocka_unit_test(refuses_each_proper_prefix),
        cmocka_unit_test(tells_a_hang_up_between_frames_from_a_cut),
        cmocka_unit_test(refuses_each_bit_flip_of_the_header),
        cmocka_unit_test(refuses_lengths_outside_the_rule_before_allocating),
        cmocka_unit_test(names_a_type_it_does_not_take),
        cmocka_unit_test(refuses_to_send_what_breaks_its_rule),
        cmocka_unit_test(refuses_to_speak_out_of_turn),
        cmocka_unit_test(gives_up_at_the_deadline),
        cmocka_unit_test(never_takes_a_late_answer_for_another),
        cmocka_unit_test(goes_on_with_an_answer_cut_by_the_deadline),
        cmocka_unit_test(says_that_the_peer_hung_up),
        cmocka_unit_test(says_that_the_peer_hung_up_instead_of_answering),
        cmocka_unit_test(sends_more_than_the_socket_holds),
        cmocka_unit_test(ends_a_lane_that_stopped_in_the_middle_of_sending),
        cmocka_unit_test(wipes_secrets_after_their_use),
        cmocka_unit_test(a_long_secret_never_moves_and_its_room_is_given_back),
        cmocka_unit_test(hands_over_descriptors),
        cmocka_unit_test(refuses_descriptors_where_none_belong),
        cmocka_unit_test(reads_frames_that_come_in_any_pieces),
        cmocka_unit_test(answers_one_question_at_a_time),
        cmocka_unit_test(ending_takes_nothing_and_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
