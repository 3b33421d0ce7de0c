// SPDX-License-Identifier: ISC
// The threads of the load client: each has an epoll and its share of the connections, and keeps one
// request under way on every one of them until time or subjects are up.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/time.h"
#include "bench/load-conn.h"

#define EVENTS_MAX 64
#define TURN_MS 10               // how often resting connections are looked at
#define SOURCE_FIRST 0x7f010001u // 127.1.0.1 and on: each that signs in has an address of its own
#define DRAIN_NS 5000000000ull   // how long an answer may take after the last request

struct worker {
    struct load *load;
    struct load_target *target;
    struct load_conn *conns;
    unsigned conn_count;
    unsigned open;
    int epoll;
    pthread_barrier_t *ready;
    pthread_t thread;
};

static void watch(struct worker *worker, struct load_conn *conn, int how) {
    struct epoll_event event = {.events = conn->wants, .data.ptr = conn};
    if (epoll_ctl(worker->epoll, how, conn->fd, &event) != 0) {
        load_die("epoll_ctl: %m");
    }
    conn->watched = conn->wants;
}

static void finish(struct worker *worker, struct load_conn *conn) {
    load_conn_close(conn);
    worker->open--;
}

static void fail(struct worker *worker, struct load_conn *conn, const char *what) {
    struct load *load = worker->load;
    if (load->options->failure == LOAD_ABORT) {
        load_die("a connection failed: %s; what the service says of it is in its log", what);
    }
    atomic_fetch_add(&load->failed, 1);
    finish(worker, conn);
}

// Gives the connection its next request; without one it is done.
static void give(struct worker *worker, struct load_conn *conn) {
    struct load *load = worker->load;
    size_t index = 0;
    if (vouch_time_monotonic_ns() >= load->stop_ns ||
        (index = atomic_fetch_add(&load->next, 1)) >= load->options->count) {
        finish(worker, conn);
        return;
    }
    if (load->options->reuse == LOAD_NEW_CONNECTION) {
        load_conn_close(conn);
        load_conn_open(conn, worker->target);
        watch(worker, conn, EPOLL_CTL_ADD);
    }
    if (load->options->wish == LOAD_WRONG_SIGN_IN) {
        load_conn_ask_wrong(conn, index);
    } else {
        load_conn_ask(conn, load, &load->subjects[index]);
    }
}

static void count(struct worker *worker, struct load_conn *conn) {
    struct load *load = worker->load;
    struct load_subject *subject = conn->subject;
    uint64_t now = vouch_time_monotonic_ns();
    unsigned long long last = atomic_load(&load->last_ns);
    while (last < now && !atomic_compare_exchange_weak(&load->last_ns, &last, now)) {
    }
    subject->latency_us = (uint32_t)((now - conn->asked_ns) / 1000);
    if (conn->status == 201 && load_take(load, subject, conn->body, conn->body_len)) {
        atomic_fetch_add(&load->issued, 1);
        return;
    }
    atomic_fetch_add(&load->refused, 1);
    if (atomic_exchange(&load->has_refusal, 1) == 0) {
        (void)snprintf(load->first_refusal, sizeof load->first_refusal, "%u %.*s", conn->status,
                       (int)(conn->body_len < 400 ? conn->body_len : 400), conn->body);
    }
}

// A wrong sign-in is told so, or to come again: then it comes when it was told to.
static void turn_away(struct worker *worker, struct load_conn *conn) {
    uint64_t now_ns = vouch_time_monotonic_ns();
    if (conn->status != 401 && conn->status != 503) {
        load_die("a wrong sign-in was answered %u: %.*s", conn->status, (int)conn->body_len,
                 conn->body);
    }
    atomic_store(&worker->load->last_ns, now_ns);
    atomic_fetch_add(conn->status == 401 ? &worker->load->refused : &worker->load->put_off, 1);
    if (conn->status == 503) {
        conn->rests_until_ns = now_ns + conn->retry_after_s * 1000000000ull + 1;
    }
}

// Nonzero if the connection asks again at once.
static int take(struct worker *worker, struct load_conn *conn) {
    if (worker->load->options->wish == LOAD_WRONG_SIGN_IN) {
        turn_away(worker, conn);
        return conn->rests_until_ns == 0;
    }
    count(worker, conn);
    if (conn->status != 201) {
        fail(worker, conn, worker->load->first_refusal);
        return 0;
    }
    return 1;
}

static void step(struct worker *worker, struct load_conn *conn) {
    switch (load_conn_step(conn)) {
    case LOAD_CONN_ANSWERED:
        if (take(worker, conn)) {
            give(worker, conn);
            if (conn->fd >= 0) {
                step(worker, conn); // the request goes out at once
            }
        }
        return;
    case LOAD_CONN_BROKEN:
        fail(worker, conn, conn->why);
        return;
    case LOAD_CONN_WAITS:
        break;
    }
    if (conn->wants != conn->watched) {
        watch(worker, conn, EPOLL_CTL_MOD);
    }
}

static void wait_once(struct worker *worker) {
    struct epoll_event events[EVENTS_MAX];
    int count_ready = epoll_wait(worker->epoll, events, EVENTS_MAX, TURN_MS);
    if (count_ready < 0 && errno != EINTR) {
        load_die("epoll_wait: %m");
    }
    for (int i = 0; i < count_ready; i++) {
        struct load_conn *conn = events[i].data.ptr;
        if (conn->fd >= 0) {
            step(worker, conn);
        }
    }
}

// Those whose rest is over go on; at the end of the time all do.
static void rouse(struct worker *worker) {
    uint64_t now_ns = vouch_time_monotonic_ns();
    for (unsigned i = 0; i < worker->conn_count; i++) {
        struct load_conn *conn = &worker->conns[i];
        if (conn->fd >= 0 && conn->rests_until_ns != 0 &&
            (now_ns >= conn->rests_until_ns || now_ns >= worker->load->stop_ns)) {
            conn->rests_until_ns = 0;
            give(worker, conn);
            if (conn->fd >= 0) {
                step(worker, conn);
            }
        }
    }
}

static void greet(struct worker *worker) {
    while (worker->open > 0 && !load_conn_all_greeted(worker->conns, worker->conn_count)) {
        wait_once(worker);
    }
}

static void work(struct worker *worker) {
    uint64_t deadline_ns = worker->load->stop_ns + DRAIN_NS;
    int may_rest = worker->load->options->wish == LOAD_WRONG_SIGN_IN;
    while (worker->open > 0) {
        wait_once(worker);
        if (may_rest) {
            rouse(worker);
        }
        if (vouch_time_monotonic_ns() > deadline_ns) {
            load_die("an answer did not come within %llu s of the end", DRAIN_NS / 1000000000);
        }
    }
}

static void *run(void *context) {
    struct worker *worker = context;
    for (unsigned i = 0; i < worker->conn_count; i++) {
        if (worker->load->options->wish == LOAD_WRONG_SIGN_IN) {
            worker->conns[i].source = SOURCE_FIRST + i;
        }
        load_conn_open(&worker->conns[i], worker->target);
        watch(worker, &worker->conns[i], EPOLL_CTL_ADD);
        worker->open++;
        step(worker, &worker->conns[i]);
    }
    greet(worker);
    (void)pthread_barrier_wait(worker->ready); // all have connected
    (void)pthread_barrier_wait(worker->ready); // the clock has started
    for (unsigned i = 0; i < worker->conn_count; i++) {
        struct load_conn *conn = &worker->conns[i];
        if (conn->fd >= 0) {
            give(worker, conn);
        }
        if (conn->fd >= 0) {
            step(worker, conn);
        }
    }
    work(worker);
    return NULL;
}

static void begin(struct worker *worker, unsigned index) {
    const struct load_options *options = worker->load->options;
    unsigned share = options->connections / options->threads;
    worker->conn_count = share + (index < options->connections % options->threads);
    worker->conns = calloc(worker->conn_count + 1, sizeof *worker->conns);
    worker->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (worker->conns == NULL || worker->epoll < 0 ||
        pthread_create(&worker->thread, NULL, run, worker) != 0) {
        load_die("a thread does not start: %m");
    }
}

void load_run(struct load *load) {
    struct load_target *target = load_target_new(load->options);
    pthread_barrier_t ready;
    unsigned threads = load->options->threads;
    struct worker *workers = calloc(threads, sizeof *workers);
    if (workers == NULL || pthread_barrier_init(&ready, NULL, threads + 1) != 0) {
        load_die("no memory for %u threads", threads);
    }
    for (unsigned i = 0; i < threads; i++) {
        workers[i].load = load;
        workers[i].target = target;
        workers[i].ready = &ready;
        begin(&workers[i], i);
    }
    (void)pthread_barrier_wait(&ready);
    load->start_ns = vouch_time_monotonic_ns();
    load->stop_ns = load->start_ns + load->options->seconds * 1000000000ull;
    (void)pthread_barrier_wait(&ready);
    for (unsigned i = 0; i < threads; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        free(workers[i].conns);
        (void)close(workers[i].epoll);
    }
    (void)pthread_barrier_destroy(&ready);
    free(workers);
    load_target_free(target);
}
