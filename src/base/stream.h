// SPDX-License-Identifier: ISC
// Local stream sockets that carry messages of a uint32 length and as many bytes, with deadlines.
//
// It knows nothing of what the messages say. Every call has its deadline, on the clock of
// vouch_time_monotonic_ns().
#pragma once

#include "base/fault.h"

// Connects to a UNIX socket; the caller closes *ret_fd. VOUCH_ERR_NOT_FOUND, _PERMISSION, _TIMEOUT, _IO.
VOUCH_MUST_USE int vouch_stream_connect(const char *path, uint64_t deadline_ns, int *ret_fd);

// Sends one message, and appends the one that answers it (at most `max` bytes) to `answer`, which is
// left as it was on any error. VOUCH_ERR_TRUNCATED: the peer hung up; VOUCH_ERR_LIMIT: it announced
// more than `max`. After an error the stream is of no more use.
VOUCH_MUST_USE int vouch_stream_send(int fd, struct vouch_bytes message, uint64_t deadline_ns);
VOUCH_MUST_USE int vouch_stream_receive(int fd, size_t max, uint64_t deadline_ns,
                                        struct vouch_buf *answer);

// Who is asked, and what it may take. Borrowed.
struct vouch_stream_peer {
    const char *name; // for the fault, such as "ssh-agent"
    const char *path; // of its socket
    const struct vouch_fault_kind *kind;
    uint64_t timeout_ns; // for all of connecting, sending and receiving
    size_t answer_max;
};

// One question on a connection of its own, so that an answer that comes late, or is cut, can never be
// taken for the answer to another. Appends the answer; on an error the fault names peer and path.
VOUCH_MUST_USE int vouch_stream_ask(const struct vouch_stream_peer *peer,
                                    struct vouch_bytes message, struct vouch_buf *answer,
                                    struct vouch_fault *fault);

// For an answer that came but is not what it must be: "NAME at PATH: FIELD REASON"; returns `err`.
int vouch_stream_fault(const struct vouch_stream_peer *peer, int err,
                       const struct vouch_where *where, struct vouch_fault *fault);
