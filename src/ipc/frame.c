// SPDX-License-Identifier: ISC
// Frames over UNIX stream sockets. A frame is read in two steps, header and body, and never a byte
// beyond: so two ends cannot get out of step, and descriptors belong to the frame they came with.
#include "ipc/frame.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/time.h"

struct rules {
    const struct vouch_frame_rule *rows;
    size_t count;
};

static struct rules rules_received(const struct vouch_lane *lane) {
    const struct vouch_frame_protocol *protocol = lane->protocol;
    return lane->end == VOUCH_LANE_ASKS ? (struct rules){protocol->answers, protocol->answer_count}
                                        : (struct rules){protocol->asks, protocol->ask_count};
}

static struct rules rules_sent(const struct vouch_lane *lane) {
    const struct vouch_frame_protocol *protocol = lane->protocol;
    return lane->end == VOUCH_LANE_ASKS ? (struct rules){protocol->asks, protocol->ask_count}
                                        : (struct rules){protocol->answers, protocol->answer_count};
}

static const struct vouch_frame_rule *find_rule(struct rules rules, uint16_t type) {
    for (size_t i = 0; i < rules.count; i++) {
        if (rules.rows[i].type == type) {
            return &rules.rows[i];
        }
    }
    return NULL;
}

static size_t longest_body(struct rules rules) {
    size_t longest = 0;
    for (size_t i = 0; i < rules.count; i++) {
        assert(rules.rows[i].type != 0 && rules.rows[i].body_min <= rules.rows[i].body_max);
        assert(rules.rows[i].body_max <= VOUCH_FRAME_BODY_MAX);
        assert(rules.rows[i].fd_min <= rules.rows[i].fd_max);
        assert(rules.rows[i].fd_max <= VOUCH_FRAME_FDS_MAX);
        longest = rules.rows[i].body_max > longest ? rules.rows[i].body_max : longest;
    }
    return longest;
}

// A buffer that is moved as it grows would leave copies of a secret behind, so there is room for the
// longest from the start, up to what a lane keeps ready; longer ones make their own. (What is received needs no such care: its room is made before it is read.) If
// memory is short the first use says so.
static void reserve_secrets(struct vouch_buf *out, struct rules sent) {
    size_t room = 0;
    for (size_t i = 0; i < sent.count; i++) {
        size_t len = VOUCH_FRAME_HEADER_LEN + sent.rows[i].body_max;
        if (sent.rows[i].content == VOUCH_FRAME_SECRET && len > room) {
            room = len;
        }
    }
    room = room > VOUCH_FRAME_ROOM ? VOUCH_FRAME_ROOM : room;
    if (room > 0) {
        (void)vouch_buf_extend(out, room);
        vouch_buf_clear(out);
    }
}

// Gives the memory of a buffer back; what was in it is wiped or no secret.
static void drop_room(struct vouch_buf *buf) {
    size_t max = buf->max;
    vouch_buf_done(buf);
    vouch_buf_init(buf, max);
}

void vouch_lane_init(struct vouch_lane *lane, int take_fd,
                     const struct vouch_frame_protocol *protocol, enum vouch_lane_end end) {
    assert(end == VOUCH_LANE_ASKS || end == VOUCH_LANE_ANSWERS);
    *lane = (struct vouch_lane){.fd = take_fd, .protocol = protocol, .end = end};
    struct rules sent = rules_sent(lane), received = rules_received(lane);
    vouch_buf_init(&lane->out, VOUCH_FRAME_HEADER_LEN + longest_body(sent));
    vouch_buf_init(&lane->in, longest_body(received));
    reserve_secrets(&lane->out, sent);
}

static void close_fds(struct vouch_lane *lane) {
    for (unsigned i = 0; i < lane->fd_count; i++) {
        if (lane->fds[i] >= 0) {
            close(lane->fds[i]);
        }
    }
    lane->fd_count = 0;
}

static void wipe_and_end(struct vouch_buf *buf) {
    if (buf->ptr != NULL) {
        vouch_wipe(buf->ptr, buf->cap);
    }
    vouch_buf_done(buf);
}

void vouch_lane_done(struct vouch_lane *lane) {
    if (lane == NULL || lane->protocol == NULL) {
        return;
    }
    close_fds(lane);
    wipe_and_end(&lane->out);
    wipe_and_end(&lane->in);
    if (lane->fd >= 0) {
        close(lane->fd);
    }
    *lane = (struct vouch_lane){.fd = -1};
}

// A wrong argument is our own bug; all else but memory is the peer's doing.
static const struct vouch_fault_kind *kind_of(int err) {
    if (err == VOUCH_ERR_ARGUMENT) {
        return &vouch_fault_internal;
    }
    return err == VOUCH_ERR_NO_MEMORY ? &vouch_fault_memory : &vouch_fault_peer;
}

// Reports a failure of the lane: "PROTOCOL: WHAT". Except for a deadline, the first one is for good.
static int fail(struct vouch_lane *lane, int err, struct vouch_fault *fault, const char *what) {
    if (err != VOUCH_ERR_TIMEOUT && err != VOUCH_ERR_ARGUMENT && lane->err == VOUCH_OK) {
        lane->err = err;
    }
    const struct vouch_fault_kind *kind = kind_of(err);
    return vouch_fault_set(fault, err, kind, "%s: %s", lane->protocol->name, what);
}

static int fail_system(struct vouch_lane *lane, const char *call, struct vouch_fault *fault) {
    char reason[128], what[192];
    (void)snprintf(what, sizeof what, "%s: %s", call, strerror_r(errno, reason, sizeof reason));
    return fail(lane, VOUCH_ERR_IO, fault, what);
}

static int fail_hang_up(struct vouch_lane *lane, struct vouch_fault *fault) {
    return fail(lane, VOUCH_ERR_TRUNCATED, fault, "the other process hung up");
}

static int wait_ready(struct vouch_lane *lane, short events, uint64_t deadline_ns,
                      struct vouch_fault *fault) {
    uint64_t now_ns = vouch_time_monotonic_ns();
    if (now_ns >= deadline_ns) {
        return fail(lane, VOUCH_ERR_TIMEOUT, fault,
                    events == POLLIN ? "the other process did not answer in time"
                                     : "the other process did not take the message in time");
    }
    uint64_t left_ns = deadline_ns - now_ns;
    struct timespec left = {.tv_sec = (time_t)(left_ns / 1000000000),
                            .tv_nsec = (long)(left_ns % 1000000000)};
    struct pollfd ready = {.fd = lane->fd, .events = events};
    if (ppoll(&ready, 1, &left, NULL) < 0 && errno != EINTR) {
        return fail_system(lane, "poll", fault);
    }
    return VOUCH_OK;
}

struct vouch_buf *vouch_lane_begin(struct vouch_lane *lane) {
    vouch_buf_clear(&lane->out);
    (void)vouch_buf_extend(&lane->out, VOUCH_FRAME_HEADER_LEN);
    return &lane->out;
}

struct vouch_buf *vouch_lane_begin_large(struct vouch_lane *lane, size_t body_len) {
    size_t room = VOUCH_FRAME_HEADER_LEN + body_len;
    vouch_buf_clear(&lane->out);
    if (lane->out.cap < room) {
        (void)vouch_buf_extend(&lane->out, room);
        vouch_buf_clear(&lane->out);
    }
    return vouch_lane_begin(lane);
}

static void write_header(uint8_t *at, uint32_t len, uint16_t type) {
    const uint8_t header[VOUCH_FRAME_HEADER_LEN] = {(uint8_t)(len >> 24),
                                                    (uint8_t)(len >> 16),
                                                    (uint8_t)(len >> 8),
                                                    (uint8_t)len,
                                                    (uint8_t)(type >> 8),
                                                    (uint8_t)type,
                                                    0,
                                                    0};
    memcpy(at, header, sizeof header);
}

// Holds our own message to its rule: whoever breaks it here has a bug, and the peer never sees it.
static int check_own(struct vouch_lane *lane, const struct vouch_frame_rule *rule, unsigned fds,
                     struct vouch_fault *fault) {
    if (rule == NULL) {
        return fail(lane, VOUCH_ERR_ARGUMENT, fault, "this end sends no message of that type");
    }
    if (lane->out.err != VOUCH_OK) {
        int err = lane->out.err == VOUCH_ERR_LIMIT ? VOUCH_ERR_ARGUMENT : lane->out.err;
        return vouch_fault_set(fault, err, kind_of(err), "%s: %s: the body was not written: %s",
                               lane->protocol->name, rule->name, vouch_err_text(lane->out.err));
    }
    if (lane->out.len < VOUCH_FRAME_HEADER_LEN) {
        return fail(lane, VOUCH_ERR_ARGUMENT, fault, "no message was begun");
    }
    size_t len = lane->out.len - VOUCH_FRAME_HEADER_LEN;
    if (len < rule->body_min || len > rule->body_max || fds < rule->fd_min || fds > rule->fd_max) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_internal,
                               "%s: %s: %zu bytes and %u descriptors are not what it may have",
                               lane->protocol->name, rule->name, len, fds);
    }
    return VOUCH_OK;
}

union fd_room {
    struct cmsghdr align;
    uint8_t bytes[CMSG_SPACE(sizeof(int) * VOUCH_FRAME_FDS_MAX)];
};

static void attach_fds(struct msghdr *message, union fd_room *room, struct vouch_lane_fds fds) {
    if (fds.count == 0) {
        return;
    }
    message->msg_control = room->bytes;
    message->msg_controllen = CMSG_SPACE(sizeof(int) * fds.count);
    struct cmsghdr *head = CMSG_FIRSTHDR(message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int) * fds.count);
    memcpy(CMSG_DATA(head), fds.fds, sizeof(int) * fds.count);
}

// Writes the frame out. Descriptors ride on its first byte. After a part of it went out, running into
// the deadline ends the lane, for the peer could not tell the rest from the next frame.
static int transmit(struct vouch_lane *lane, struct vouch_lane_fds fds, uint64_t deadline_ns,
                    struct vouch_fault *fault) {
    union fd_room room = {0};
    struct iovec part = {lane->out.ptr, lane->out.len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    attach_fds(&message, &room, fds);
    while (part.iov_len > 0) {
        ssize_t done = sendmsg(lane->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done < 0 && errno != EAGAIN && errno != EINTR) {
            return errno == EPIPE || errno == ECONNRESET ? fail_hang_up(lane, fault)
                                                         : fail_system(lane, "sendmsg", fault);
        }
        if (done > 0) {
            part.iov_base = (uint8_t *)part.iov_base + done;
            part.iov_len -= (size_t)done;
            message.msg_control = NULL;
            message.msg_controllen = 0;
            continue;
        }
        int err = wait_ready(lane, POLLOUT, deadline_ns, fault);
        if (err != VOUCH_OK) {
            lane->err = part.iov_len < lane->out.len ? err : lane->err;
            return err;
        }
    }
    return VOUCH_OK;
}

static int fail_again(struct vouch_lane *lane, struct vouch_fault *fault) {
    return fail(lane, lane->err, fault, "the lane was given up after an earlier failure");
}

static int receive(struct vouch_lane *lane, uint64_t deadline_ns, struct vouch_message *ret_message,
                   struct vouch_fault *fault);

// Whose turn it is. An answer that was too late is read away first.
static int take_turn(struct vouch_lane *lane, uint64_t deadline_ns, struct vouch_fault *fault) {
    if (lane->err != VOUCH_OK) {
        return fail_again(lane, fault);
    }
    if (lane->end == VOUCH_LANE_ANSWERS) {
        return lane->pending == 1 ? VOUCH_OK
                                  : fail(lane, VOUCH_ERR_ARGUMENT, fault, "nothing was asked");
    }
    if (lane->pending == 0) {
        return VOUCH_OK;
    }
    struct vouch_message late = {0};
    int err = receive(lane, deadline_ns, &late, fault);
    if (err == VOUCH_OK && late.kind == VOUCH_MESSAGE_HANG_UP) {
        err = fail_hang_up(lane, fault);
    }
    close_fds(lane);
    return err;
}

static void forget_sent(struct vouch_lane *lane, const struct vouch_frame_rule *rule) {
    if (rule->content == VOUCH_FRAME_SECRET) {
        vouch_wipe(lane->out.ptr, lane->out.len);
    }
    vouch_buf_clear(&lane->out);
    if (rule->content == VOUCH_FRAME_SECRET && lane->out.cap > VOUCH_FRAME_ROOM) {
        drop_room(&lane->out);
        reserve_secrets(&lane->out, rules_sent(lane));
    }
}

int vouch_lane_send_fds(struct vouch_lane *lane, uint16_t type, struct vouch_lane_fds fds,
                        uint64_t deadline_ns, struct vouch_fault *fault) {
    const struct vouch_frame_rule *rule = find_rule(rules_sent(lane), type);
    int err = check_own(lane, rule, fds.count, fault);
    if (err == VOUCH_OK) {
        err = take_turn(lane, deadline_ns, fault);
    }
    if (err == VOUCH_OK) {
        write_header(lane->out.ptr, (uint32_t)(lane->out.len - VOUCH_FRAME_HEADER_LEN), type);
        err = transmit(lane, fds, deadline_ns, fault);
    }
    if (err == VOUCH_OK) {
        lane->pending = lane->end == VOUCH_LANE_ASKS ? 1 : 0;
    }
    if (rule != NULL) {
        forget_sent(lane, rule);
    }
    return err;
}

int vouch_lane_send(struct vouch_lane *lane, uint16_t type, uint64_t deadline_ns,
                    struct vouch_fault *fault) {
    return vouch_lane_send_fds(lane, type, (struct vouch_lane_fds){0}, deadline_ns, fault);
}

// Keeps the descriptors of one control message; those beyond our room the kernel has closed.
static void keep_fds(struct vouch_lane *lane, struct msghdr *message) {
    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head != NULL;
         head = CMSG_NXTHDR(message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        // One control message and room for FDS_MAX: there cannot be more.
        assert(lane->fd_count + count <= VOUCH_FRAME_FDS_MAX);
        memcpy(lane->fds + lane->fd_count, CMSG_DATA(head), count * sizeof(int));
        lane->fd_count += (unsigned)count;
    }
}

static int takes_fds(const struct vouch_lane *lane) {
    struct rules rules = rules_received(lane);
    for (size_t i = 0; i < rules.count; i++) {
        if (rules.rows[i].fd_max > 0) {
            return 1;
        }
    }
    return 0;
}

enum read_state { READ_WOULD_BLOCK = 0, READ_SOME, READ_END };

// Reads up to `len` bytes that are there already. Room for descriptors is given only for the first byte
// of a frame, where they belong; elsewhere the kernel closes them and says that it did.
static int read_some(struct vouch_lane *lane, struct iovec part, size_t *ret_done,
                     enum read_state *ret_state, struct vouch_fault *fault) {
    union fd_room room = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (lane->header_have == 0 && takes_fds(lane)) {
        message.msg_control = room.bytes;
        message.msg_controllen = sizeof room.bytes;
    }
    ssize_t done = recvmsg(lane->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (done < 0 && (errno == EAGAIN || errno == EINTR)) {
        *ret_state = READ_WOULD_BLOCK;
        return VOUCH_OK;
    }
    if (done < 0 && errno != ECONNRESET) {
        return fail_system(lane, "recvmsg", fault);
    }
    if (done > 0) {
        keep_fds(lane, &message);
    }
    if ((message.msg_flags & MSG_CTRUNC) != 0) {
        close_fds(lane);
        return fail(lane, VOUCH_ERR_FORMAT, fault,
                    "a message came with descriptors it may not have");
    }
    *ret_done = done > 0 ? (size_t)done : 0;
    *ret_state = done > 0 ? READ_SOME : READ_END;
    return VOUCH_OK;
}

static int judge_descriptors(struct vouch_lane *lane, const struct vouch_frame_rule *rule,
                             struct vouch_fault *fault) {
    if (lane->fd_count >= rule->fd_min && lane->fd_count <= rule->fd_max) {
        return VOUCH_OK;
    }
    unsigned count = lane->fd_count;
    close_fds(lane);
    lane->err = VOUCH_ERR_FORMAT;
    return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_peer,
                           "%s: %s: came with %u descriptors; %u to %u belong to it",
                           lane->protocol->name, rule->name, count, rule->fd_min, rule->fd_max);
}

// Holds a whole header against the table, and only then makes room for the body.
static int judge_header(struct vouch_lane *lane, struct vouch_fault *fault) {
    const uint8_t *at = lane->header;
    size_t len = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | (size_t)at[3];
    uint16_t type = (uint16_t)(at[4] << 8 | at[5]);
    if (at[6] != 0 || at[7] != 0) {
        return fail(lane, VOUCH_ERR_FORMAT, fault, "a message came with flags; there are none");
    }
    const struct vouch_frame_rule *rule = find_rule(rules_received(lane), type);
    if (rule == NULL) {
        lane->err = VOUCH_ERR_UNSUPPORTED;
        return vouch_fault_set(fault, lane->err, &vouch_fault_peer,
                               "%s: a message of type %u came, which this end does not take",
                               lane->protocol->name, (unsigned)type);
    }
    if (len < rule->body_min || len > rule->body_max) {
        lane->err = VOUCH_ERR_LIMIT;
        return vouch_fault_set(
            fault, lane->err, &vouch_fault_peer, "%s: %s: its length is %zu, it may be %u to %u",
            lane->protocol->name, rule->name, len, rule->body_min, rule->body_max);
    }
    int err = judge_descriptors(lane, rule, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (len > 0 && vouch_buf_extend(&lane->in, len) == NULL) {
        return fail(lane, lane->in.err, fault, "no memory for a message");
    }
    lane->rule = rule;
    return VOUCH_OK;
}

// The part of the frame that is read next.
static struct iovec next_part(struct vouch_lane *lane) {
    if (lane->rule == NULL) {
        return (struct iovec){lane->header + lane->header_have,
                              VOUCH_FRAME_HEADER_LEN - lane->header_have};
    }
    return (struct iovec){lane->in.ptr + lane->body_have, lane->in.len - lane->body_have};
}

static int is_whole(const struct vouch_lane *lane) {
    return lane->rule != NULL && lane->body_have == lane->in.len;
}

static void forget_received(struct vouch_lane *lane) {
    if (lane->in.len > 0 && lane->rule != NULL && lane->rule->content == VOUCH_FRAME_SECRET) {
        vouch_wipe(lane->in.ptr, lane->in.len);
    }
    if (lane->rule != NULL && lane->rule->content == VOUCH_FRAME_SECRET &&
        lane->in.cap > VOUCH_FRAME_ROOM) {
        drop_room(&lane->in);
    }
    close_fds(lane);
    vouch_buf_clear(&lane->in);
    lane->header_have = 0;
    lane->body_have = 0;
    lane->rule = NULL;
}

static int end_of_stream(struct vouch_lane *lane, enum vouch_message_kind *ret_kind,
                         struct vouch_fault *fault) {
    if (lane->header_have > 0) {
        return fail(lane, VOUCH_ERR_TRUNCATED, fault,
                    "the other process hung up in the middle of a message");
    }
    *ret_kind = VOUCH_MESSAGE_HANG_UP;
    return VOUCH_OK;
}

// Reads on until a frame is whole, the stream ends, or nothing more is there.
static int read_frame(struct vouch_lane *lane, enum vouch_message_kind *ret_kind,
                      struct vouch_fault *fault) {
    while (!is_whole(lane)) {
        enum read_state state = READ_WOULD_BLOCK;
        size_t done = 0;
        int err = read_some(lane, next_part(lane), &done, &state, fault);
        if (err != VOUCH_OK || state == READ_WOULD_BLOCK) {
            return err;
        }
        if (state == READ_END) {
            return end_of_stream(lane, ret_kind, fault);
        }
        if (lane->rule != NULL) {
            lane->body_have += done;
            continue;
        }
        lane->header_have += done;
        err = lane->header_have == VOUCH_FRAME_HEADER_LEN ? judge_header(lane, fault) : VOUCH_OK;
        if (err != VOUCH_OK) {
            return err;
        }
    }
    *ret_kind = VOUCH_MESSAGE_FRAME;
    return VOUCH_OK;
}

// Checks that a message may come now, and lets go of the last one.
static int begin_receiving(struct vouch_lane *lane, struct vouch_fault *fault) {
    if (lane->err != VOUCH_OK) {
        return fail_again(lane, fault);
    }
    if (lane->pending != (lane->end == VOUCH_LANE_ASKS ? 1 : 0)) {
        return fail(lane, VOUCH_ERR_ARGUMENT, fault,
                    lane->end == VOUCH_LANE_ASKS ? "nothing was asked, so no answer can come"
                                                 : "the last question is not answered yet");
    }
    if (is_whole(lane)) {
        forget_received(lane);
    }
    return VOUCH_OK;
}

static void finish_receiving(struct vouch_lane *lane, enum vouch_message_kind kind,
                             struct vouch_message *ret_message) {
    *ret_message = (struct vouch_message){.kind = kind};
    if (kind == VOUCH_MESSAGE_FRAME) {
        lane->pending = lane->end == VOUCH_LANE_ASKS ? 0 : 1;
        ret_message->type = lane->rule->type;
        ret_message->body = vouch_buf_bytes(&lane->in);
        ret_message->fd_count = lane->fd_count;
    }
}

static int receive(struct vouch_lane *lane, uint64_t deadline_ns, struct vouch_message *ret_message,
                   struct vouch_fault *fault) {
    int err = begin_receiving(lane, fault);
    enum vouch_message_kind kind = VOUCH_MESSAGE_NONE;
    while (err == VOUCH_OK && kind == VOUCH_MESSAGE_NONE) {
        // An answer takes its time, so waiting first saves a read in vain.
        err = wait_ready(lane, POLLIN, deadline_ns, fault);
        if (err == VOUCH_OK) {
            err = read_frame(lane, &kind, fault);
        }
    }
    if (err == VOUCH_OK) {
        finish_receiving(lane, kind, ret_message);
    }
    return err;
}

int vouch_lane_receive(struct vouch_lane *lane, uint64_t deadline_ns,
                       struct vouch_message *ret_message, struct vouch_fault *fault) {
    return receive(lane, deadline_ns, ret_message, fault);
}

int vouch_lane_step(struct vouch_lane *lane, struct vouch_message *ret_message,
                    struct vouch_fault *fault) {
    int err = begin_receiving(lane, fault);
    enum vouch_message_kind kind = VOUCH_MESSAGE_NONE;
    if (err == VOUCH_OK) {
        err = read_frame(lane, &kind, fault);
    }
    if (err == VOUCH_OK) {
        finish_receiving(lane, kind, ret_message);
    }
    return err;
}

int vouch_lane_ask(struct vouch_lane *lane, uint16_t type, uint64_t deadline_ns,
                   struct vouch_message *ret_answer, struct vouch_fault *fault) {
    int err = vouch_lane_send(lane, type, deadline_ns, fault);
    struct vouch_message answer = {0};
    if (err == VOUCH_OK) {
        err = receive(lane, deadline_ns, &answer, fault);
    }
    if (err == VOUCH_OK && answer.kind == VOUCH_MESSAGE_HANG_UP) {
        err = fail_hang_up(lane, fault);
    }
    if (err == VOUCH_OK) {
        *ret_answer = answer;
    }
    return err;
}

int vouch_lane_take_fd(struct vouch_lane *lane, unsigned index) {
    if (!is_whole(lane) || index >= lane->fd_count) {
        return -1;
    }
    int fd = lane->fds[index];
    lane->fds[index] = -1;
    return fd;
}
