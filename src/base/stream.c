// SPDX-License-Identifier: ISC
// Messages over UNIX sockets, on poll(2) and never waiting without a deadline.
#include "base/stream.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "base/mem.h"
#include "base/time.h"

#define LENGTH_LEN 4

// The time that is left, or VOUCH_ERR_TIMEOUT.
static int left_ns(uint64_t deadline_ns, uint64_t *ret_left_ns) {
    uint64_t now_ns = vouch_time_monotonic_ns();
    if (now_ns >= deadline_ns) {
        return VOUCH_ERR_TIMEOUT;
    }
    *ret_left_ns = deadline_ns - now_ns;
    return VOUCH_OK;
}

static int err_of_errno(void) {
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return VOUCH_ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return VOUCH_ERR_PERMISSION;
    case EAGAIN:
        return VOUCH_ERR_TIMEOUT; // SO_SNDTIMEO ran out
    default:
        return VOUCH_ERR_IO;
    }
}

// A connect() to a full listener waits as long as SO_SNDTIMEO says; without blocking it would fail at
// once, with nothing to poll for.
static int set_connect_timeout(int fd, uint64_t deadline_ns) {
    uint64_t wait_ns = 0;
    int err = left_ns(deadline_ns, &wait_ns);
    if (err != VOUCH_OK) {
        return err;
    }
    uint64_t wait_us = wait_ns / 1000 + 1; // never 0, which would mean for ever
    struct timeval wait = {.tv_sec = (time_t)(wait_us / 1000000),
                           .tv_usec = (suseconds_t)(wait_us % 1000000)};
    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0 ? VOUCH_OK
                                                                            : VOUCH_ERR_IO;
}

int vouch_stream_connect(const char *path, uint64_t deadline_ns, int *ret_fd) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    // An empty name would be autobound, not a file.
    if (len == 0 || len >= sizeof address.sun_path) {
        errno = len == 0 ? ENOENT : ENAMETOOLONG;
        return err_of_errno();
    }
    memcpy(address.sun_path, path, len);
    vouch_autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return VOUCH_ERR_IO;
    }
    for (;;) {
        int err = set_connect_timeout(fd, deadline_ns);
        if (err != VOUCH_OK) {
            return err;
        }
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
            break;
        }
        if (errno != EINTR) {
            return err_of_errno();
        }
    }
    *ret_fd = fd;
    fd = -1;
    return VOUCH_OK;
}

// Waits until `fd` is ready for `events`. A wake-up without cause is harmless: the caller tries, and
// comes back.
static int wait_ready(int fd, short events, uint64_t deadline_ns) {
    uint64_t wait_ns = 0;
    int err = left_ns(deadline_ns, &wait_ns);
    if (err != VOUCH_OK) {
        return err;
    }
    uint64_t wait_ms = wait_ns / 1000000 + 1;
    struct pollfd ready = {.fd = fd, .events = events};
    if (poll(&ready, 1, wait_ms > INT_MAX ? INT_MAX : (int)wait_ms) < 0 && errno != EINTR) {
        return VOUCH_ERR_IO;
    }
    return VOUCH_OK;
}

static int is_retry(ssize_t done) {
    return done < 0 && (errno == EAGAIN || errno == EINTR);
}

// Drops `done` bytes from the front of the parts.
static void advance(struct iovec *parts, size_t count, size_t done) {
    for (size_t i = 0; i < count; i++) {
        size_t step = done < parts[i].iov_len ? done : parts[i].iov_len;
        parts[i].iov_base = (uint8_t *)parts[i].iov_base + step;
        parts[i].iov_len -= step;
        done -= step;
    }
}

int vouch_stream_send(int fd, struct vouch_bytes message, uint64_t deadline_ns) {
    if (message.len > UINT32_MAX) {
        return VOUCH_ERR_LIMIT;
    }
    uint8_t length[LENGTH_LEN] = {(uint8_t)(message.len >> 24), (uint8_t)(message.len >> 16),
                                  (uint8_t)(message.len >> 8), (uint8_t)message.len};
    // Gathered, not copied: a message may hold a private key.
    struct iovec parts[] = {{length, sizeof length}, {(void *)(uintptr_t)message.ptr, message.len}};
    struct msghdr gather = {.msg_iov = parts, .msg_iovlen = 2};
    while (parts[0].iov_len + parts[1].iov_len > 0) {
        int err = wait_ready(fd, POLLOUT, deadline_ns);
        if (err != VOUCH_OK) {
            return err;
        }
        ssize_t done = sendmsg(fd, &gather, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done < 0 && !is_retry(done)) {
            return errno == EPIPE ? VOUCH_ERR_TRUNCATED : VOUCH_ERR_IO;
        }
        advance(parts, 2, done > 0 ? (size_t)done : 0);
    }
    return VOUCH_OK;
}

static int receive_bytes(int fd, uint8_t *at, size_t len, uint64_t deadline_ns) {
    while (len > 0) {
        int err = wait_ready(fd, POLLIN, deadline_ns);
        if (err != VOUCH_OK) {
            return err;
        }
        ssize_t done = recv(fd, at, len, MSG_DONTWAIT);
        if (done == 0) {
            return VOUCH_ERR_TRUNCATED;
        }
        if (done < 0 && !is_retry(done)) {
            return errno == ECONNRESET ? VOUCH_ERR_TRUNCATED : VOUCH_ERR_IO;
        }
        at += done > 0 ? done : 0;
        len -= done > 0 ? (size_t)done : 0;
    }
    return VOUCH_OK;
}

int vouch_stream_receive(int fd, size_t max, uint64_t deadline_ns, struct vouch_buf *answer) {
    uint8_t length[LENGTH_LEN];
    int err = receive_bytes(fd, length, sizeof length, deadline_ns);
    if (err != VOUCH_OK) {
        return err;
    }
    size_t len = (size_t)length[0] << 24 | (size_t)length[1] << 16 | (size_t)length[2] << 8 |
                 (size_t)length[3];
    if (len > max) {
        return VOUCH_ERR_LIMIT;
    }
    size_t before = answer->len;
    uint8_t *room = vouch_buf_extend(answer, len);
    if (room == NULL) {
        return answer->err;
    }
    err = receive_bytes(fd, room, len, deadline_ns);
    if (err != VOUCH_OK) {
        answer->len = before;
    }
    return err;
}

static int exchange(const struct vouch_stream_peer *peer, struct vouch_bytes message,
                    struct vouch_buf *answer) {
    uint64_t now_ns = vouch_time_monotonic_ns();
    uint64_t deadline_ns = 0;
    if (__builtin_add_overflow(now_ns, peer->timeout_ns, &deadline_ns)) {
        deadline_ns = UINT64_MAX;
    }
    vouch_autoclose int fd = -1;
    int err = vouch_stream_connect(peer->path, deadline_ns, &fd);
    if (err == VOUCH_OK) {
        err = vouch_stream_send(fd, message, deadline_ns);
    }
    if (err == VOUCH_OK) {
        err = vouch_stream_receive(fd, peer->answer_max, deadline_ns, answer);
    }
    return err;
}

static const char *reason_of(int err, const char *system_reason) {
    switch (err) {
    case VOUCH_ERR_NOT_FOUND:
        return "there is no such socket";
    case VOUCH_ERR_TIMEOUT:
        return "it did not answer in time";
    case VOUCH_ERR_TRUNCATED:
        return "it hung up before its answer was complete";
    case VOUCH_ERR_LIMIT:
        return "its answer is longer than any may be";
    case VOUCH_ERR_IO:
        return system_reason;
    default:
        return vouch_err_text(err);
    }
}

int vouch_stream_ask(const struct vouch_stream_peer *peer, struct vouch_bytes message,
                     struct vouch_buf *answer, struct vouch_fault *fault) {
    int err = exchange(peer, message, answer);
    if (err == VOUCH_OK) {
        return VOUCH_OK;
    }
    char system_reason[128];
    const char *reason = reason_of(err, strerror_r(errno, system_reason, sizeof system_reason));
    return vouch_fault_set(fault, err, peer->kind, "%s at %s: %s", peer->name, peer->path, reason);
}

int vouch_stream_fault(const struct vouch_stream_peer *peer, int err,
                       const struct vouch_where *where, struct vouch_fault *fault) {
    char object[256];
    (void)snprintf(object, sizeof object, "%s at %s", peer->name, peer->path);
    return vouch_fault_where(fault, err, peer->kind, object, where);
}
