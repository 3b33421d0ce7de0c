// SPDX-License-Identifier: ISC
// Plain sockets, read and written without a system call more than needed.
#include <errno.h>
#include <sys/socket.h>

#include "http/transport.h"

// A stream socket that gave less than was asked for is empty, and one that took less is full: the next
// edge says when to try again (epoll(7), question 9).
ssize_t vouch_http_socket_read(struct vouch_http_socket *socket, void *into, size_t len) {
    if (!socket->readable) {
        return VOUCH_HTTP_AGAIN;
    }
    ssize_t count = 0;
    do {
        count = recv(socket->fd, into, len, 0);
    } while (count < 0 && errno == EINTR);
    if (count > 0) {
        socket->readable = (size_t)count == len || socket->ended;
        return count;
    }
    if (count < 0 && errno == EAGAIN) {
        socket->readable = 0;
        return VOUCH_HTTP_AGAIN;
    }
    return count == 0 ? VOUCH_HTTP_END : VOUCH_HTTP_BROKEN;
}

ssize_t vouch_http_socket_write(struct vouch_http_socket *socket, const void *from, size_t len) {
    if (!socket->writable) {
        return VOUCH_HTTP_AGAIN;
    }
    ssize_t count = 0;
    do {
        count = send(socket->fd, from, len, MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    if (count >= 0) {
        return count > 0 ? count : VOUCH_HTTP_AGAIN;
    }
    if (errno == EAGAIN) {
        socket->writable = 0;
        return VOUCH_HTTP_AGAIN;
    }
    return VOUCH_HTTP_BROKEN;
}

static ssize_t shake_no_hands(void *state) {
    (void)state;
    return 1;
}

static ssize_t read_plainly(void *state, void *into, size_t len) {
    return vouch_http_socket_read(state, into, len);
}

static ssize_t write_plainly(void *state, const void *from, size_t len) {
    return vouch_http_socket_write(state, from, len);
}

static void finish(void *state) {
    const struct vouch_http_socket *socket = state;
    (void)shutdown(socket->fd, SHUT_WR);
}

static void end(void *state) {
    (void)state;
}

struct vouch_http_transport vouch_http_plain(struct vouch_http_socket *socket) {
    static const struct vouch_http_transport_kind kind = {.handshake = shake_no_hands,
                                                          .read = read_plainly,
                                                          .write = write_plainly,
                                                          .finish = finish,
                                                          .discard = read_plainly,
                                                          .end = end};
    return (struct vouch_http_transport){&kind, socket};
}
