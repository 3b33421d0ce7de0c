// SPDX-License-Identifier: ISC
// An I/O thread: one epoll, its connections and their timers, what workers and others send it.
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/time.h"
#include "http/engine.h"

#define EVENTS 256
#define TICK_MS 100
#define STOP_TICK_MS 10
#define FULL_TICK_MS 2 // how soon to look again for room in the queue

// ----- from other threads -----

void vouch_http_io_notify(struct vouch_http_io *io) {
    if (atomic_exchange(&io->sleeping, 0)) {
        uint64_t one = 1;
        // It can only fail when the counter is full, and then the thread is woken anyway.
        ssize_t put = write(io->event_fd, &one, sizeof one);
        (void)put;
    }
}

void vouch_http_io_return(struct vouch_http_io *io, struct vouch_http_exchange *x) {
    struct vouch_http_exchange *top = atomic_load(&io->done);
    do {
        x->next = top;
    } while (!atomic_compare_exchange_weak(&io->done, &top, x));
    vouch_http_io_notify(io);
}

void vouch_http_io_wake(struct vouch_http_io *io, uint64_t key) {
    pthread_mutex_lock(&io->keys_lock);
    size_t i = 0;
    while (i < io->key_count && i < VOUCH_HTTP_KEYS_MAX && io->keys[i] != key) {
        i++;
    }
    if (i < VOUCH_HTTP_KEYS_MAX) {
        io->keys[i] = key;
    }
    io->key_count = i == io->key_count ? i + 1 : io->key_count;
    pthread_mutex_unlock(&io->keys_lock);
    vouch_http_io_notify(io);
}

// ----- waiting -----

size_t vouch_http_wake_slot(uint64_t key) {
    return (key * 0x9e3779b97f4a7c15ULL >> 32) % VOUCH_HTTP_WAKE_SLOTS;
}

static struct vouch_http_link *bucket(struct vouch_http_io *io, uint64_t key) {
    return &io->waits[(key * 0x9e3779b97f4a7c15ULL >> 40) % VOUCH_HTTP_WAIT_SLOTS];
}

// From parked to the list of those whose handler is called again.
static void unpark(struct vouch_http_io *io, struct vouch_http_conn *conn,
                   enum vouch_http_turn turn) {
    conn->x->request.turn = turn;
    conn->deadline_ns = 0;
    vouch_http_ring_remove(&conn->lot);
    vouch_http_ring_add(&io->woken, &conn->lot);
    vouch_http_wheel_set(&io->wheel, &conn->timer, 0);
}

static void park(struct vouch_http_io *io, struct vouch_http_conn *conn) {
    const struct vouch_http_wait *wait = &conn->x->response.wait;
    struct vouch_http_server *server = io->server;
    atomic_fetch_add(&server->tally.waiting, 1);
    conn->phase = VOUCH_HTTP_WAITING;
    conn->lent = 0;
    conn->deadline_ns = wait->deadline_ns != 0 ? wait->deadline_ns : 1;
    conn->x->request.note = wait->note;
    vouch_http_ring_remove(&conn->lot);
    vouch_http_ring_add(bucket(io, wait->key), &conn->lot);
    if (io->home.stopping) {
        unpark(io, conn, VOUCH_HTTP_EXPIRED);
    } else if (atomic_load(&server->last_wakes[vouch_http_wake_slot(wait->key)]) >
               conn->x->wakes_seen) {
        unpark(io, conn, VOUCH_HTTP_WOKEN); // woken while its handler still looked
    }
    vouch_http_wheel_set(&io->wheel, &conn->timer, conn->deadline_ns);
}

static void park_again(struct vouch_http_home *home, struct vouch_http_conn *conn) {
    park((struct vouch_http_io *)home, conn);
}

static void wake_bucket(struct vouch_http_io *io, struct vouch_http_link *head, uint64_t key,
                        enum vouch_http_turn turn) {
    struct vouch_http_link *link = head->next;
    while (link != head) {
        struct vouch_http_conn *conn = vouch_http_conn_of_lot(link);
        link = link->next;
        if (key == 0 || conn->x->response.wait.key == key) {
            unpark(io, conn, turn);
        }
    }
}

static void wake_all(struct vouch_http_io *io, enum vouch_http_turn turn) {
    for (size_t i = 0; i < VOUCH_HTTP_WAIT_SLOTS; i++) {
        wake_bucket(io, &io->waits[i], 0, turn);
    }
}

static void take_keys(struct vouch_http_io *io) {
    uint64_t keys[VOUCH_HTTP_KEYS_MAX];
    pthread_mutex_lock(&io->keys_lock);
    size_t count = io->key_count;
    memcpy(keys, io->keys, sizeof keys);
    io->key_count = 0;
    pthread_mutex_unlock(&io->keys_lock);
    if (count > VOUCH_HTTP_KEYS_MAX) {
        wake_all(io, VOUCH_HTTP_WOKEN);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        wake_bucket(io, bucket(io, keys[i]), keys[i], VOUCH_HTTP_WOKEN);
    }
}

// Hands those that were woken to the workers again, half a queue at a time, so that thousands that wake
// at once neither find it full nor fill it for others.
static void feed(struct vouch_http_io *io) {
    struct vouch_http_server *server = io->server;
    uint32_t max = (server->site.config.limits.queue_max + 1) / 2;
    while (io->woken.next != &io->woken) {
        struct vouch_http_conn *conn = vouch_http_conn_of_lot(io->woken.next);
        // Those that have little room in the queue are bounded by that.
        int bounded = conn->x->request.route->room == VOUCH_HTTP_ROOM_FEW;
        if (!bounded && atomic_load(&server->tally.queued) >= max) {
            return;
        }
        vouch_http_exchange_reset(conn->x);
        if (vouch_http_pool_put(server->pool, conn->x) != 0) {
            return;
        }
        conn->phase = VOUCH_HTTP_WORKING;
        conn->lent = 1;
        vouch_http_ring_remove(&conn->lot);
        atomic_fetch_sub(&server->tally.waiting, 1);
    }
}

// ----- what workers send back -----

static void take_answer(struct vouch_http_io *io, struct vouch_http_exchange *x) {
    struct vouch_http_conn *conn = x->conn;
    if (conn == NULL) {
        vouch_http_home_give(&io->home, x); // the client has gone
    } else if (x->response.wait.key != 0 && x->out.len == 0) {
        park(io, conn);
    } else {
        vouch_http_conn_answered(conn);
        vouch_http_io_run(io, conn);
    }
}

static void take_answers(struct vouch_http_io *io) {
    struct vouch_http_exchange *latest = atomic_exchange(&io->done, NULL);
    struct vouch_http_exchange *x = NULL;
    while (latest != NULL) { // first come, first served
        struct vouch_http_exchange *next = latest->next;
        latest->next = x;
        x = latest;
        latest = next;
    }
    while (x != NULL) {
        struct vouch_http_exchange *next = x->next;
        x->next = NULL;
        take_answer(io, x);
        x = next;
    }
}

// ----- the loop -----

static int dispatch(struct vouch_http_home *home, struct vouch_http_exchange *x) {
    struct vouch_http_io *io = (struct vouch_http_io *)home;
    return vouch_http_pool_put(io->server->pool, x);
}

// What is not done when the time to stop has come.
static void drop_all(struct vouch_http_io *io) {
    while (io->conns.next != &io->conns) {
        struct vouch_http_conn *conn = vouch_http_conn_of_all(io->conns.next);
        if (conn->phase == VOUCH_HTTP_WAITING) {
            atomic_fetch_sub(&io->server->tally.waiting, 1);
        }
        conn->phase = VOUCH_HTTP_GONE;
        vouch_http_io_settle(io, conn);
    }
}

static void take_event(struct vouch_http_io *io, struct vouch_http_conn *conn, uint32_t events) {
    const uint32_t ends = EPOLLHUP | EPOLLERR;
    conn->socket.ended |= (events & (EPOLLRDHUP | ends)) != 0;
    conn->socket.readable |= (events & (EPOLLIN | EPOLLRDHUP | ends)) != 0;
    conn->socket.writable |= (events & (EPOLLOUT | ends)) != 0;
    if (conn->phase == VOUCH_HTTP_WAITING && (events & (EPOLLRDHUP | ends))) {
        atomic_fetch_sub(&io->server->tally.waiting, 1);
        conn->phase = VOUCH_HTTP_GONE; // nobody is there to be answered
    }
    vouch_http_io_run(io, conn);
}

static void take_events(struct vouch_http_io *io, const struct epoll_event *events, int count) {
    const struct vouch_http_config *config = &io->server->site.config;
    for (int i = 0; i < count; i++) {
        void *what = events[i].data.ptr;
        uintptr_t offset = (uintptr_t)what - (uintptr_t)config->listeners;
        if (what == io) {
            uint64_t number = 0;
            ssize_t got = read(io->event_fd, &number, sizeof number);
            (void)got; // only the wake matters
        } else if (offset < config->listener_count * sizeof config->listeners[0]) {
            vouch_http_io_accept(io, what);
        } else {
            take_event(io, what, events[i].events);
        }
    }
}

static void run_again(struct vouch_http_io *io) {
    struct vouch_http_link *last = io->again.prev;
    while (io->again.next != &io->again) {
        struct vouch_http_link *link = io->again.next;
        vouch_http_ring_remove(link);
        vouch_http_io_run(io, vouch_http_conn_of_lot(link));
        if (link == last) {
            return;
        }
    }
}

static void fire_timers(struct vouch_http_io *io) {
    struct vouch_http_timer *timer = NULL;
    while ((timer = vouch_http_wheel_next(&io->wheel, io->home.now_ns)) != NULL) {
        struct vouch_http_conn *conn = (struct vouch_http_conn *)timer;
        if (conn->phase == VOUCH_HTTP_WAITING) {
            unpark(io, conn, VOUCH_HTTP_EXPIRED);
        } else {
            vouch_http_conn_expire(conn);
            vouch_http_io_run(io, conn);
        }
    }
}

static void begin_to_stop(struct vouch_http_io *io) {
    io->home.stopping = 1;
    io->accept_again_ns = 0;
    vouch_http_io_deafen(io);
    wake_all(io, VOUCH_HTTP_EXPIRED);
    struct vouch_http_link *link = io->conns.next;
    while (link != &io->conns) {
        struct vouch_http_conn *conn = vouch_http_conn_of_all(link);
        link = link->next;
        vouch_http_conn_stop(conn);
        vouch_http_io_settle(io, conn);
    }
}

static int wait_ms(const struct vouch_http_io *io) {
    if (io->again.next != &io->again) {
        return 0;
    }
    if (io->woken.next != &io->woken) {
        return FULL_TICK_MS;
    }
    if (io->home.stopping) {
        return STOP_TICK_MS;
    }
    return io->wheel.count > 0 || io->accept_again_ns != 0 ? TICK_MS : -1;
}

static int sleep_for_events(struct vouch_http_io *io, struct epoll_event *events) {
    int timeout_ms = wait_ms(io);
    atomic_store(&io->sleeping, 1);
    // Who sent something before it could see that this thread sleeps did not wake it.
    pthread_mutex_lock(&io->keys_lock);
    int missed = io->key_count > 0;
    pthread_mutex_unlock(&io->keys_lock);
    uint64_t stop_at_ns = atomic_load(&io->server->stop_at_ns);
    missed |= atomic_load(&io->done) != NULL || (stop_at_ns != 0 && !io->home.stopping);
    int count = epoll_wait(io->epoll_fd, events, EVENTS, missed ? 0 : timeout_ms);
    atomic_store(&io->sleeping, 0);
    return count;
}

static void tell_time(struct vouch_http_io *io) {
    io->home.now_ns = vouch_time_monotonic_ns();
    vouch_http_date_set(&io->home.date, vouch_time_now_s());
}

static void *loop(void *context) {
    struct vouch_http_io *io = context;
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = sleep_for_events(io, events);
        tell_time(io);
        take_events(io, events, count);
        take_answers(io);
        take_keys(io);
        run_again(io);
        fire_timers(io);
        feed(io);
        if (io->accept_again_ns != 0 && io->home.now_ns >= io->accept_again_ns) {
            io->accept_again_ns = 0;
            vouch_http_io_listen(io);
        }
        uint64_t stop_at_ns = atomic_load(&io->server->stop_at_ns);
        if (stop_at_ns != 0 && !io->home.stopping) {
            begin_to_stop(io);
        }
        if (io->home.stopping && (io->conns.next == &io->conns || io->home.now_ns >= stop_at_ns)) {
            drop_all(io);
            return NULL;
        }
    }
}

// ----- its life -----

int vouch_http_io_init(struct vouch_http_io *io, struct vouch_http_server *server) {
    io->server = server;
    io->home.site = &server->site;
    io->home.tally = &server->tally;
    io->home.dispatch = dispatch;
    io->home.park = park_again;
    vouch_random(&io->home.id_base, sizeof io->home.id_base);
    tell_time(io);
    vouch_http_wheel_init(&io->wheel, io->home.now_ns);
    vouch_http_ring_init(&io->conns);
    vouch_http_ring_init(&io->woken);
    vouch_http_ring_init(&io->again);
    for (size_t i = 0; i < VOUCH_HTTP_WAIT_SLOTS; i++) {
        vouch_http_ring_init(&io->waits[i]);
    }
    pthread_mutex_init(&io->keys_lock, NULL);
    io->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    io->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = io};
    return io->epoll_fd >= 0 && io->event_fd >= 0 &&
                   epoll_ctl(io->epoll_fd, EPOLL_CTL_ADD, io->event_fd, &event) == 0
               ? VOUCH_OK
               : VOUCH_ERR_IO;
}

int vouch_http_io_start(struct vouch_http_io *io) {
    vouch_http_io_listen(io);
    return pthread_create(&io->thread, NULL, loop, io) == 0 ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
}

void vouch_http_io_join(struct vouch_http_io *io) {
    pthread_join(io->thread, NULL);
}

void vouch_http_io_done(struct vouch_http_io *io) {
    // No worker runs any more: what they sent back last belongs to nobody.
    take_answers(io);
    vouch_http_home_done(&io->home);
    if (io->epoll_fd >= 0) {
        close(io->epoll_fd);
    }
    if (io->event_fd >= 0) {
        close(io->event_fd);
    }
    pthread_mutex_destroy(&io->keys_lock);
}
