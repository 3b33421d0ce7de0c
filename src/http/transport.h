// SPDX-License-Identifier: ISC
// How a connection's bytes travel: over TLS, plainly, or (in tests) through memory.
#pragma once

#include <sys/types.h>

#include "base/fault.h"
#include "http/server.h"

// What reading, writing and shaking hands return besides a count of bytes (always above zero).
#define VOUCH_HTTP_END 0      // the peer sends no more
#define VOUCH_HTTP_AGAIN (-1) // nothing can be done now
#define VOUCH_HTTP_BROKEN (-2)

struct vouch_http_transport_kind {
    ssize_t (*handshake)(void *state); // 1 when done
    ssize_t (*read)(void *state, void *into, size_t len);
    ssize_t (*write)(void *state, const void *from, size_t len);
    void (*finish)(void *state);                                // says that no more will be sent
    ssize_t (*discard)(void *state, void *scratch, size_t len); // reads below TLS, to be rid of it
    void (*end)(void *state);
};

struct vouch_http_transport {
    const struct vouch_http_transport_kind *kind;
    void *state;
};

// A non-blocking socket watched edge by edge. `readable` and `writable` are set by the watcher at each
// edge and cleared by a call that took all there was, which spares the calls that would find nothing.
struct vouch_http_socket {
    int fd;
    unsigned readable;
    unsigned writable;
    unsigned ended; // set by the watcher: the peer sends no more, so that no edge will follow
};

// As recv(2) and send(2) do it, with the codes above.
ssize_t vouch_http_socket_read(struct vouch_http_socket *socket, void *into, size_t len);
ssize_t vouch_http_socket_write(struct vouch_http_socket *socket, const void *from, size_t len);

// Plain HTTP over the socket, which the caller owns and closes.
struct vouch_http_transport vouch_http_plain(struct vouch_http_socket *socket);

// A certificate and its key, ready for connections. Connections hold it for themselves.
struct vouch_http_tls;

// VOUCH_ERR_FORMAT or VOUCH_ERR_MISMATCH, with a fault that names certificate or key.
VOUCH_MUST_USE int vouch_http_tls_new(const struct vouch_http_identity *identity,
                                      struct vouch_http_tls **ret_tls, struct vouch_fault *fault);
void vouch_http_tls_free(struct vouch_http_tls *tls);

// TLS, as the server, over a socket that the caller owns and closes. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_http_tls_begin(struct vouch_http_tls *tls,
                                        struct vouch_http_socket *socket,
                                        struct vouch_http_transport *ret_transport);

// Nonzero if the handshake was shortened by a ticket.
int vouch_http_tls_resumed(const struct vouch_http_transport *transport);
