// SPDX-License-Identifier: ISC
// Taking connections: limits first, then TLS.
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/engine.h"

#define BATCH 64
#define FAILURES_MAX 32      // of a batch: after them it is not one connection that is to blame
#define REST_NS 100000000ULL // for how long accepting rests when descriptors or memory are short

void vouch_http_io_listen(struct vouch_http_io *io) {
    const struct vouch_http_config *config = &io->server->site.config;
    for (size_t i = 0; i < config->listener_count; i++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE,
                                    .data.ptr = (void *)(uintptr_t)&config->listeners[i]};
        if (epoll_ctl(io->epoll_fd, EPOLL_CTL_ADD, config->listeners[i].fd, &event) != 0 &&
            errno != EEXIST) {
            io->accept_again_ns = io->home.now_ns + REST_NS;
        }
    }
}

void vouch_http_io_deafen(struct vouch_http_io *io) {
    const struct vouch_http_config *config = &io->server->site.config;
    for (size_t i = 0; i < config->listener_count; i++) {
        (void)epoll_ctl(io->epoll_fd, EPOLL_CTL_DEL, config->listeners[i].fd, NULL);
    }
}

static int begin_transport(struct vouch_http_io *io, struct vouch_http_conn *conn,
                           enum vouch_http_security security) {
    if (security == VOUCH_HTTP_PLAIN) {
        conn->transport = vouch_http_plain(&conn->socket);
        return VOUCH_OK;
    }
    pthread_mutex_lock(&io->server->tls_lock);
    int err = vouch_http_tls_begin(io->server->tls, &conn->socket, &conn->transport);
    pthread_mutex_unlock(&io->server->tls_lock);
    return err;
}

// Asked of the kernel once a connection; TCP has no answer.
static struct vouch_http_user user_of(int fd) {
    struct ucred from = {0};
    socklen_t len = sizeof from;
    int err = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &from, &len);
    if (err != 0 || len != sizeof from || from.uid == (uid_t)-1) {
        return (struct vouch_http_user){0};
    }
    return (struct vouch_http_user){.known = 1, .uid = from.uid};
}

static int begin(struct vouch_http_io *io, int fd, const struct vouch_http_address *peer,
                 enum vouch_http_security security) {
    struct vouch_http_conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    conn->socket = (struct vouch_http_socket){.fd = fd, .readable = 1, .writable = 1};
    conn->peer = *peer;
    conn->user = user_of(fd);
    if (begin_transport(io, conn, security) != VOUCH_OK) {
        free(conn);
        return VOUCH_ERR_NO_MEMORY;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = conn};
    if (epoll_ctl(io->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        conn->transport.kind->end(conn->transport.state);
        free(conn);
        return VOUCH_ERR_IO;
    }
    vouch_http_ring_add(&io->conns, &conn->all);
    vouch_http_conn_begin(conn, &io->home);
    vouch_http_io_run(io, conn);
    return VOUCH_OK;
}

static int is_counted(const struct vouch_http_server *server,
                      const struct vouch_http_address *peer) {
    static const struct vouch_http_address none;
    const struct vouch_http_config *config = &server->site.config;
    for (size_t i = 0; i < config->proxy_count; i++) {
        if (vouch_http_prefix_holds(&config->proxies[i], peer)) {
            return 0;
        }
    }
    return memcmp(peer, &none, sizeof none) != 0;
}

static int enter(struct vouch_http_server *server, const struct vouch_http_address *peer) {
    uint64_t now = atomic_fetch_add(&server->tally.connections, 1);
    if (now < server->site.config.limits.connections_max &&
        (!is_counted(server, peer) || vouch_http_peers_enter(server->peers, peer))) {
        return 1;
    }
    atomic_fetch_sub(&server->tally.connections, 1);
    atomic_fetch_add(&server->tally.refused, 1);
    return 0;
}

static void leave(struct vouch_http_server *server, const struct vouch_http_address *peer) {
    if (is_counted(server, peer)) {
        vouch_http_peers_leave(server->peers, peer);
    }
    atomic_fetch_sub(&server->tally.connections, 1);
}

static void take(struct vouch_http_io *io, int fd, const struct sockaddr *from,
                 enum vouch_http_security security) {
    struct vouch_http_server *server = io->server;
    struct vouch_http_address peer = vouch_http_address_of(from);
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); // UNIX sockets have none
    if (!enter(server, &peer)) {
        close(fd);
        return;
    }
    if (begin(io, fd, &peer, security) != VOUCH_OK) {
        leave(server, &peer);
        close(fd);
        return;
    }
    atomic_fetch_add(&server->tally.accepted, 1);
}

// Errors of one connection, or of the network it came by (accept(2)): the next may be better.
static int is_passing(int error) {
    static const int passing[] = {EINTR,        ECONNABORTED, ENETDOWN,   EPROTO,
                                  EPERM,        ENOPROTOOPT,  EHOSTDOWN,  ENONET,
                                  EHOSTUNREACH, EOPNOTSUPP,   ENETUNREACH};
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        if (error == passing[i]) {
            return 1;
        }
    }
    return 0;
}

// Descriptors or memory are short, or a listener is no good: epoll would tell of it again at once and
// without end, so all listeners rest.
static void rest(struct vouch_http_io *io) {
    vouch_http_io_deafen(io);
    io->accept_again_ns = io->home.now_ns + REST_NS;
    atomic_fetch_add(&io->server->tally.rests, 1);
}

void vouch_http_io_accept(struct vouch_http_io *io, const struct vouch_http_listener *listener) {
    unsigned failures = 0;
    for (unsigned i = 0; i < BATCH && failures < FAILURES_MAX; i++) {
        struct sockaddr_storage from = {0};
        socklen_t from_len = sizeof from;
        int fd = accept4(listener->fd, (struct sockaddr *)&from, &from_len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take(io, fd, (const struct sockaddr *)&from, listener->security);
            continue;
        }
        if (errno == EAGAIN) {
            return;
        }
        failures = is_passing(errno) ? failures + 1 : FAILURES_MAX;
    }
    if (failures >= FAILURES_MAX) {
        rest(io);
    }
}

// A connection that is gone is freed; all others get their timer.
void vouch_http_io_settle(struct vouch_http_io *io, struct vouch_http_conn *conn) {
    if (conn->phase != VOUCH_HTTP_GONE) {
        vouch_http_wheel_set(&io->wheel, &conn->timer, conn->deadline_ns);
        return;
    }
    vouch_http_wheel_set(&io->wheel, &conn->timer, 0);
    vouch_http_ring_remove(&conn->all);
    vouch_http_ring_remove(&conn->lot);
    vouch_http_conn_done(conn);
    leave(io->server, &conn->peer);
    close(conn->socket.fd);
    free(conn);
}

void vouch_http_io_run(struct vouch_http_io *io, struct vouch_http_conn *conn) {
    if (vouch_http_conn_run(conn)) {
        vouch_http_ring_remove(&conn->lot);
        vouch_http_ring_add(&io->again, &conn->lot);
    }
    vouch_http_io_settle(io, conn);
}
