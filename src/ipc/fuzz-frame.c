// SPDX-License-Identifier: ISC
// Fuzz target: bytes of a hostile process, as the answering end of a lane reads them.
//
// The first byte says in what pieces they come. Whatever they are, each message that comes out obeys its
// rule, and is what the bytes say at that place.
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct vouch_frame_rule asks[] = {
    {.type = 1, .body_min = 2, .body_max = 16, .name = "short"},
    {.type = 2, .content = VOUCH_FRAME_SECRET, .body_max = 300, .name = "secret"},
    {.type = 3, .body_max = 0, .name = "empty"},
    {.type = 4, .body_max = 8, .fd_max = 1, .name = "descriptor"},
};
static const struct vouch_frame_rule answers[] = {{.type = 5, .name = "done"}};
static const struct vouch_frame_protocol protocol = {"fuzz", asks, 4, answers, 1};

static void check(const struct vouch_message *message, const uint8_t *at, size_t left) {
    static const struct { size_t min, max; } bounds[] = {{1, 0}, {2, 16}, {0, 300}, {0, 0}, {0, 8}};
    if (message->type < 1 || message->type > 4 || message->body.len < bounds[message->type].min ||
        message->body.len > bounds[message->type].max || message->fd_count != 0 ||
        left < VOUCH_FRAME_HEADER_LEN + message->body.len ||
        (message->body.len > 0 &&
         memcmp(message->body.ptr, at + VOUCH_FRAME_HEADER_LEN, message->body.len) != 0)) {
        abort();
    }
}

// Takes every whole message that is there. Nonzero as long as more may come.
static int drain(struct vouch_lane *lane, int peer, const uint8_t *data, size_t sent,
                 size_t *taken) {
    uint8_t answer[VOUCH_FRAME_HEADER_LEN];
    for (;;) {
        struct vouch_message message = {0};
        if (vouch_lane_step(lane, &message, NULL) != VOUCH_OK) {
            return 0;
        }
        if (message.kind != VOUCH_MESSAGE_FRAME) {
            return message.kind == VOUCH_MESSAGE_NONE;
        }
        check(&message, data + *taken, sent - *taken);
        *taken += VOUCH_FRAME_HEADER_LEN + message.body.len;
        (void)vouch_lane_begin(lane);
        if (vouch_lane_send(lane, 5, UINT64_MAX, NULL) != VOUCH_OK ||
            recv(peer, answer, sizeof answer, MSG_DONTWAIT) != sizeof answer) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 4096) {
        return 0;
    }
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
        abort();
    }
    struct vouch_lane lane;
    vouch_lane_init(&lane, fds[1], &protocol, VOUCH_LANE_ANSWERS);
    size_t piece = 1 + data[0], sent = 0, taken = 0;
    data++;
    size--;
    int goes_on = 1;
    while (goes_on && sent < size) {
        size_t len = size - sent < piece ? size - sent : piece;
        if (send(fds[0], data + sent, len, MSG_NOSIGNAL) != (ssize_t)len) {
            abort();
        }
        sent += len;
        goes_on = drain(&lane, fds[0], data, sent, &taken);
    }
    close(fds[0]);
    vouch_lane_done(&lane);
    return 0;
}
