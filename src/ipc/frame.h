// SPDX-License-Identifier: ISC
// Frames between the processes of the service: typed messages of bounded length over stream sockets.
//
// A lane is one socket between two processes that do not trust each other. One end asks, the other
// answers, one question at a time; what may be said is a constant table that both ends share, and
// nothing is believed or allocated before it is held against the table. What a body says is the
// business of the caller. doc/frames.md has the format.
#pragma once

#include "base/fault.h"

#define VOUCH_FRAME_HEADER_LEN 8
#define VOUCH_FRAME_BODY_MAX (UINT32_C(16) << 20) // no rule allows more
#define VOUCH_FRAME_FDS_MAX 8
#define VOUCH_FRAME_ROOM (UINT32_C(128) << 10) // bytes that a lane keeps ready for secrets

// What bodies of this type are. SECRET: every copy that the lane holds is wiped after its use.
enum vouch_frame_content { VOUCH_FRAME_PLAIN = 0, VOUCH_FRAME_SECRET };

// One type of message.
struct vouch_frame_rule {
    uint16_t type; // never 0
    enum vouch_frame_content content;
    uint32_t body_min; // bytes
    uint32_t body_max; // at most VOUCH_FRAME_BODY_MAX
    unsigned fd_min;   // how many descriptors come with it; 0 and 0: none
    unsigned fd_max;   // at most VOUCH_FRAME_FDS_MAX
    const char *name;  // for faults, such as "sign request"
};

// Everything that may be said on a lane. Constant; outlives the lanes.
struct vouch_frame_protocol {
    const char *name; // for faults, such as "signer"
    const struct vouch_frame_rule *asks;
    size_t ask_count;
    const struct vouch_frame_rule *answers;
    size_t answer_count;
};

enum vouch_lane_end { VOUCH_LANE_ASKS = 1, VOUCH_LANE_ANSWERS };

// What came. Zero is: nothing yet.
enum vouch_message_kind {
    VOUCH_MESSAGE_NONE = 0,
    VOUCH_MESSAGE_FRAME,  // a whole frame, within its rule
    VOUCH_MESSAGE_HANG_UP // the peer closed the lane between two frames
};

struct vouch_message {
    enum vouch_message_kind kind;
    uint16_t type;
    struct vouch_bytes body; // borrowed: until the lane is next used for anything but sending
    unsigned fd_count;       // descriptors that came along: see vouch_lane_take_fd()
};

// One end of a lane. The fields are frame.c's own, except `fd`, which may be polled for reading.
struct vouch_lane {
    int fd;
    const struct vouch_frame_protocol *protocol;
    enum vouch_lane_end end;
    int err; // the first error; after it the lane is of no more use
    unsigned
        pending; // questions asked and not answered yet (ASKS), taken and not answered (ANSWERS)
    struct vouch_buf out;
    struct vouch_buf in;
    uint8_t header[VOUCH_FRAME_HEADER_LEN];
    size_t header_have;
    size_t body_have;
    const struct vouch_frame_rule
        *rule; // of the frame that is being read, once its header is judged
    int fds[VOUCH_FRAME_FDS_MAX];
    unsigned fd_count;
};

// Begins a lane on a connected stream socket, which it owns from here on. Cannot fail. The socket may
// be blocking or not.
void vouch_lane_init(struct vouch_lane *lane, int take_fd,
                     const struct vouch_frame_protocol *protocol, enum vouch_lane_end end);

// Closes the socket and every descriptor that came and was not taken; wipes and frees. Takes NULL and a
// zeroed struct.
void vouch_lane_done(struct vouch_lane *lane);

// The empty body of the next message, to be appended to with vouch_write_*(). Its memory is used again
// for every message. Its first error makes the send fail, without harm to the lane.
struct vouch_buf *vouch_lane_begin(struct vouch_lane *lane);

// The same with room for a body of that length, which a secret longer than VOUCH_FRAME_ROOM needs: a
// buffer that moves as it grows leaves copies behind. Such room is given back after the message.
struct vouch_buf *vouch_lane_begin_large(struct vouch_lane *lane, size_t body_len);

// Sends what was written since vouch_lane_begin(), with `fd_count` descriptors that stay the caller's.
// deadline_ns: on the clock of vouch_time_monotonic_ns(). VOUCH_ERR_ARGUMENT: the message breaks its
// rule, or it is not this end's turn; nothing was sent. VOUCH_ERR_TRUNCATED: the peer hung up.
// An end that asks and still waits for an answer that was too late first reads and drops that one.
VOUCH_MUST_USE int vouch_lane_send(struct vouch_lane *lane, uint16_t type, uint64_t deadline_ns,
                                   struct vouch_fault *fault);
struct vouch_lane_fds {
    const int *fds;
    unsigned count;
};
VOUCH_MUST_USE int vouch_lane_send_fds(struct vouch_lane *lane, uint16_t type,
                                       struct vouch_lane_fds fds, uint64_t deadline_ns,
                                       struct vouch_fault *fault);

// Waits for the next message. A hang-up between two frames is an outcome; inside a frame it is
// VOUCH_ERR_TRUNCATED. A frame outside the table: VOUCH_ERR_UNSUPPORTED (type), _LIMIT (length),
// _FORMAT (flags, descriptors); the lane is then closed to further use. After VOUCH_ERR_TIMEOUT it is
// not: what came so far is kept, and a later call goes on from there.
VOUCH_MUST_USE int vouch_lane_receive(struct vouch_lane *lane, uint64_t deadline_ns,
                                      struct vouch_message *ret_message, struct vouch_fault *fault);

// The same without waiting, for an end that polls many lanes: VOUCH_MESSAGE_NONE if a whole frame has
// not come yet.
VOUCH_MUST_USE int vouch_lane_step(struct vouch_lane *lane, struct vouch_message *ret_message,
                                   struct vouch_fault *fault);

// Sends what was written since vouch_lane_begin() and waits for its answer. A peer that hangs up instead
// is VOUCH_ERR_TRUNCATED. After VOUCH_ERR_TIMEOUT the lane may be used again: the late answer is
// dropped, and never taken for the answer to another question.
VOUCH_MUST_USE int vouch_lane_ask(struct vouch_lane *lane, uint16_t type, uint64_t deadline_ns,
                                  struct vouch_message *ret_answer, struct vouch_fault *fault);

// Hands over descriptor `index` of the message that came last; the caller closes it. It is
// close-on-exec. -1: there is none, or it was taken before.
int vouch_lane_take_fd(struct vouch_lane *lane, unsigned index);
