// SPDX-License-Identifier: ISC
// The inside of the server: what its I/O threads, workers and owner share. Private to src/http.
#pragma once

#include <pthread.h>
#include <stddef.h>

#include "http/conn.h"
#include "http/peers.h"
#include "http/pool.h"

#define VOUCH_HTTP_WAKE_SLOTS 256
#define VOUCH_HTTP_WAIT_SLOTS 1024
#define VOUCH_HTTP_KEYS_MAX 64

struct vouch_http_server;

// One I/O thread: the home of its connections.
struct vouch_http_io {
    struct vouch_http_home home; // first, so that the home is the thread
    struct vouch_http_server *server;
    pthread_t thread;
    int epoll_fd;
    int event_fd;
    struct vouch_http_wheel wheel;
    struct vouch_http_link conns;                        // all
    struct vouch_http_link waits[VOUCH_HTTP_WAIT_SLOTS]; // parked, by key
    struct vouch_http_link woken; // parked, and to be handed to a worker again
    struct vouch_http_link again; // made room for others, to be run again
    uint64_t accept_again_ns;     // nonzero: accepting rests until then
    // Written by other threads.
    _Atomic unsigned sleeping;
    _Atomic(struct vouch_http_exchange *) done; // by workers, the latest first
    pthread_mutex_t keys_lock;
    uint64_t keys[VOUCH_HTTP_KEYS_MAX]; // woken
    size_t key_count;                   // over the maximum: all were
};

struct vouch_http_server {
    struct vouch_http_site site;
    struct vouch_http_tally tally;
    struct vouch_http_pool *pool;
    struct vouch_http_peers *peers;
    pthread_mutex_t tls_lock;
    struct vouch_http_tls *tls;
    _Atomic uint64_t stop_at_ns; // 0: runs
    _Atomic uint64_t wakes;      // how many there were
    _Atomic uint64_t
        last_wakes[VOUCH_HTTP_WAKE_SLOTS]; // the number of the last of each slot of keys
    unsigned made;                         // I/O threads
    unsigned started;                      // of them
    struct vouch_http_io *ios;
};

// Makes, starts, joins and frees one I/O thread. All are made before the first is started.
VOUCH_MUST_USE int vouch_http_io_init(struct vouch_http_io *io, struct vouch_http_server *server);
VOUCH_MUST_USE int vouch_http_io_start(struct vouch_http_io *io);
void vouch_http_io_join(struct vouch_http_io *io);
void vouch_http_io_done(struct vouch_http_io *io);

// From other threads: a worker is done with an exchange of this thread; a key was woken; look up.
void vouch_http_io_return(struct vouch_http_io *io, struct vouch_http_exchange *x);
void vouch_http_io_wake(struct vouch_http_io *io, uint64_t key);
void vouch_http_io_notify(struct vouch_http_io *io);

// Takes the connections that a listener has, and begins them on this thread.
void vouch_http_io_accept(struct vouch_http_io *io, const struct vouch_http_listener *listener);
void vouch_http_io_listen(struct vouch_http_io *io);
void vouch_http_io_deafen(struct vouch_http_io *io);

// Runs a connection, and settles its timer, its lists or its end.
void vouch_http_io_run(struct vouch_http_io *io, struct vouch_http_conn *conn);
void vouch_http_io_settle(struct vouch_http_io *io, struct vouch_http_conn *conn);

// The slot of a key in server->last_wakes.
size_t vouch_http_wake_slot(uint64_t key);

// Rings of links.
static inline void vouch_http_ring_init(struct vouch_http_link *head) {
    head->prev = head->next = head;
}
static inline void vouch_http_ring_add(struct vouch_http_link *head, struct vouch_http_link *link) {
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}
static inline void vouch_http_ring_remove(struct vouch_http_link *link) {
    if (link->next != NULL) {
        link->prev->next = link->next;
        link->next->prev = link->prev;
        link->prev = link->next = NULL;
    }
}
static inline struct vouch_http_conn *vouch_http_conn_of_all(struct vouch_http_link *link) {
    return (struct vouch_http_conn *)(void *)((char *)link - offsetof(struct vouch_http_conn, all));
}
static inline struct vouch_http_conn *vouch_http_conn_of_lot(struct vouch_http_link *link) {
    return (struct vouch_http_conn *)(void *)((char *)link - offsetof(struct vouch_http_conn, lot));
}
