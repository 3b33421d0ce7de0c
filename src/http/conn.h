// SPDX-License-Identifier: ISC
// One connection: handshake, requests in their order, waiting, closing. It is run by its I/O thread
// whenever something may have changed, and does all it can without blocking.
#pragma once

#include "http/exchange.h"
#include "http/transport.h"
#include "http/wheel.h"

enum vouch_http_phase {
    VOUCH_HTTP_GONE = 0, // to be freed
    VOUCH_HTTP_SHAKING,
    VOUCH_HTTP_READING,
    VOUCH_HTTP_WORKING, // a worker has the exchange
    VOUCH_HTTP_WAITING, // parked until woken
    VOUCH_HTTP_WRITING,
    VOUCH_HTTP_LINGERING, // all was said; the peer is listened to until it closes, or it might miss it
};

// Counters that threads add to and anyone reads.
struct vouch_http_tally {
    _Atomic uint64_t answers[6];
    _Atomic uint64_t accepted, refused, handshakes_failed, resumed, timeouts, overloads;
    _Atomic uint64_t bytes_in, bytes_out;
    _Atomic uint64_t rests;
    _Atomic uint64_t connections, queued, working, waiting;
};

struct vouch_http_conn;

// What a connection needs of its I/O thread.
struct vouch_http_home {
    const struct vouch_http_site *site;
    struct vouch_http_tally *tally;
    // Hands a whole request over to a worker; nonzero if the queue is full.
    int (*dispatch)(struct vouch_http_home *home, struct vouch_http_exchange *x);
    // Lets a connection wait as its response says, after a piece of a stream was sent.
    void (*park)(struct vouch_http_home *home, struct vouch_http_conn *conn);
    uint64_t now_ns;
    struct vouch_http_date date;
    struct vouch_http_exchange *spare; // exchanges not in use, chained
    unsigned spare_count;
    unsigned stopping; // nonzero: connections end with their answers
    uint64_t id_base;  // of request ids: random at start
    uint64_t id_count;
};

// In a ring; zeroed is in none.
struct vouch_http_link {
    struct vouch_http_link *prev;
    struct vouch_http_link *next;
};

struct vouch_http_conn {
    struct vouch_http_timer timer; // first, so that the timer is the connection
    enum vouch_http_phase phase;
    struct vouch_http_home *home;
    struct vouch_http_socket socket;
    struct vouch_http_transport transport;
    struct vouch_http_exchange *x; // NULL between requests
    struct vouch_http_address peer;
    struct vouch_http_user user;
    uint64_t deadline_ns;       // of the phase; 0: none
    size_t looked;              // bytes of x->in that were looked at
    size_t sent;                // of the answer
    size_t sent_mark;           // where the write deadline was last set
    size_t discarded;           // while lingering
    unsigned body_timed;        // nonzero: the deadline is that of the body
    unsigned lent;              // nonzero: a worker has the exchange
    unsigned asked;             // nonzero: a request has begun on it
    struct vouch_http_link all; // among its thread's connections
    struct vouch_http_link lot; // among those that wait for a key, or are to be run
};

// Begins a connection whose transport and peer are set.
void vouch_http_conn_begin(struct vouch_http_conn *conn, struct vouch_http_home *home);

// Does what can be done now; afterwards `phase` and `deadline_ns` say how it stands. Nonzero if there is
// more to do and it only made room for others.
int vouch_http_conn_run(struct vouch_http_conn *conn);

// The worker's turn is over: x->response was turned into an answer.
void vouch_http_conn_answered(struct vouch_http_conn *conn);

// The deadline of its phase passed; not for WORKING and WAITING.
void vouch_http_conn_expire(struct vouch_http_conn *conn);

// The server stops: closes an idle connection, lets others finish. One that was made and has not asked
// yet has a moment to do so: its request may be on its way.
void vouch_http_conn_stop(struct vouch_http_conn *conn);

// Ends the transport and lets go of the exchange, which a worker may still have. The socket stays.
void vouch_http_conn_done(struct vouch_http_conn *conn);

// Exchanges are used again; a few are kept.
struct vouch_http_exchange *vouch_http_home_take(struct vouch_http_home *home);
void vouch_http_home_give(struct vouch_http_home *home, struct vouch_http_exchange *x);
void vouch_http_home_done(struct vouch_http_home *home);
