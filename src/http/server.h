// SPDX-License-Identifier: ISC
// The HTTPS server: threads, listeners, limits, and its life from start to clean stop.
//
// I/O threads own connections, TLS, parsing and timers. Workers run handlers. Between them is one
// bounded queue: when it is full the answer is 503. Configuration is borrowed for the server's life.
// The process ignores SIGPIPE from vouch_http_server_start() on.
#pragma once

#include "base/fault.h"
#include "http/http.h"

#define VOUCH_HTTP_IO_THREADS_MAX 16
#define VOUCH_HTTP_WORKERS_MAX 1024
#define VOUCH_HTTP_LISTENERS_MAX 8
#define VOUCH_HTTP_LARGE_BODY 65536 // bytes

enum vouch_http_security { VOUCH_HTTP_TLS = 0, VOUCH_HTTP_PLAIN };

// A socket that is bound and listens already. The server makes it non-blocking; the caller closes it.
struct vouch_http_listener {
    int fd;
    enum vouch_http_security security;
};

// Certificate chain and private key, PEM.
struct vouch_http_identity {
    struct vouch_bytes cert_pem;
    struct vouch_bytes key_pem;
};

// How long each phase of a connection may take, in nanoseconds; 0 takes the default.
struct vouch_http_deadlines {
    uint64_t handshake_ns; // 10 s
    uint64_t header_ns;    // 10 s from the first byte of a request to the end of its headers
    uint64_t body_ns;      // 30 s for all of the body
    uint64_t idle_ns;      // 60 s between requests
    uint64_t write_ns;     // 30 s for each 256 KiB of an answer
};

// 0 takes the default.
struct vouch_http_limits {
    size_t header_max;        // 16 KiB: request line and headers together
    size_t body_max;          // 64 KiB: over every route's own
    uint32_t large_max;       // 4: requests at once with a body over VOUCH_HTTP_LARGE_BODY
    size_t response_max;      // 16 MiB: what a handler may write into response->body
    uint32_t connections_max; // 10,000
    uint32_t per_address_max; // 256; IPv6 counts by /64; trusted proxies are not counted
    uint32_t queue_max;       // 256 requests that wait for a worker; see enum vouch_http_room
    uint32_t retry_after_s;   // 1: what a 503 tells the client
};

// One answer, for the access log and for latency figures. Called on an I/O thread: it must not block.
struct vouch_http_record {
    const struct vouch_http_request *request; // path and method are empty if it could not be read
    unsigned status;
    size_t bytes_out;     // head and body
    uint64_t duration_ns; // from its first byte to its last
};

struct vouch_http_config {
    const struct vouch_http_listener *listeners;
    size_t listener_count;
    const struct vouch_http_identity *identity; // NULL if every listener is plain
    const struct vouch_http_route *routes;
    size_t route_count;
    const struct vouch_http_file *files;
    size_t file_count;
    const struct vouch_http_prefix *proxies; // whose X-Forwarded-For is believed
    size_t proxy_count;
    unsigned io_threads;          // 1 to 16; 0: 1
    unsigned workers;             // 1 to 1,024; 0: 8
    void *const *worker_contexts; // one per worker, or NULL
    struct vouch_http_deadlines deadlines;
    struct vouch_http_limits limits;
    // Headers of every answer, whole lines each ended by CRLF; NULL: the careful default.
    const char *headers;
    // Writes the body of an answer that this layer makes itself (400, 404, 503 …) and returns its
    // content type; NULL: one line of plain text. `reason` is a constant.
    const char *(*describe)(unsigned status, const char *reason,
                            const struct vouch_http_request *request, struct vouch_buf *body);
    void (*record)(void *context, const struct vouch_http_record *record); // may be NULL
    void *record_context;
};

struct vouch_http_server;

// Checks the configuration and starts all threads. The fault names what is wrong.
VOUCH_MUST_USE int vouch_http_server_start(const struct vouch_http_config *config,
                                           struct vouch_http_server **ret_server,
                                           struct vouch_fault *fault);

// Takes a new certificate for connections from now on; on an error the old one stays.
VOUCH_MUST_USE int vouch_http_server_reload(struct vouch_http_server *server,
                                            const struct vouch_http_identity *identity,
                                            struct vouch_fault *fault);

// Calls the handlers of all requests that wait for the key. From any thread.
void vouch_http_wake(struct vouch_http_server *server, uint64_t key);

// Begins to stop: accepts no more, closes idle connections, ends waits, finishes what is in flight
// until `deadline_ns` (of vouch_time_monotonic_ns()), then drops the rest. Returns at once; may be called
// again with a nearer deadline.
void vouch_http_server_stop(struct vouch_http_server *server, uint64_t deadline_ns);

// Waits until every thread has ended (handlers that run are waited for), and frees the server. Stops
// it without delay if nobody has. Takes NULL.
void vouch_http_server_free(struct vouch_http_server *server);

struct vouch_http_counts {
    uint64_t answers[6]; // by class: [2] counts 2xx; [0] nothing
    uint64_t accepted;   // connections
    uint64_t refused;    // connections over a limit
    uint64_t handshakes_failed;
    uint64_t resumed;             // handshakes by ticket
    uint64_t timeouts;            // connections ended by a deadline
    uint64_t overloads;           // 503 because the queue was full
    uint64_t bytes_in, bytes_out; // of HTTP, without TLS
    uint64_t rests;       // times that a listener failed, and all rested for a tenth of a second
    uint64_t connections; // now
    uint64_t queued;      // now
    uint64_t working;     // now
    uint64_t waiting;     // now
};

// A picture of the counters; from any thread.
void vouch_http_server_counts(struct vouch_http_server *server,
                              struct vouch_http_counts *ret_counts);
