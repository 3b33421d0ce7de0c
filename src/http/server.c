// SPDX-License-Identifier: ISC
// The server as its owner sees it: start, reload, wake, stop, count.
#include "http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/time.h"
#include "http/engine.h"

static void work(void *context, unsigned worker, struct vouch_http_exchange *x) {
    static _Thread_local struct vouch_http_date date;
    struct vouch_http_server *server = context;
    const struct vouch_http_config *config = &server->site.config;
    struct vouch_http_request *request = &x->request;
    atomic_fetch_add_explicit(&server->tally.working, 1, memory_order_relaxed);
    request->worker = worker;
    x->wakes_seen = atomic_load(&server->wakes);
    void *own = config->worker_contexts != NULL ? config->worker_contexts[worker] : NULL;
    int err = request->route->handler(own, request, &x->response);
    int stops = atomic_load(&server->stop_at_ns) != 0;
    int may_wait = x->response.stream ? !stops : request->turn != VOUCH_HTTP_EXPIRED;
    if (err != VOUCH_OK || !may_wait) {
        x->response.wait.key = 0;
    }
    if (x->response.wait.key == 0 || x->response.stream) {
        vouch_http_date_set(&date, vouch_time_now_s());
        x->closing |= stops != 0;
        vouch_http_exchange_answer(x, err, &date);
    }
    atomic_fetch_sub_explicit(&server->tally.working, 1, memory_order_relaxed);
    vouch_http_io_return(x->home, x);
}

static int start_pool(struct vouch_http_server *server, struct vouch_fault *fault) {
    const struct vouch_http_config *config = &server->site.config;
    const struct vouch_http_pool_config pool = {.workers = config->workers,
                                                .queue_max = config->limits.queue_max,
                                                .work = work,
                                                .context = server,
                                                .queued = &server->tally.queued};
    int err = vouch_http_pool_start(&pool, &server->pool);
    return err == VOUCH_OK
               ? VOUCH_OK
               : vouch_fault_set(fault, err, &vouch_fault_memory,
                                 "HTTP server: no room for %u worker threads", config->workers);
}

static int start_ios(struct vouch_http_server *server, struct vouch_fault *fault) {
    unsigned count = server->site.config.io_threads;
    int err = VOUCH_OK;
    while (err == VOUCH_OK && server->made < count) {
        err = vouch_http_io_init(&server->ios[server->made++], server);
    }
    while (err == VOUCH_OK && server->started < count) {
        err = vouch_http_io_start(&server->ios[server->started]);
        server->started += err == VOUCH_OK;
    }
    return err == VOUCH_OK ? VOUCH_OK
                           : vouch_fault_set(fault, err, &vouch_fault_memory,
                                             "HTTP server: %u I/O threads cannot be started: %s",
                                             count, strerror(errno));
}

static int check_listeners(const struct vouch_http_config *config, struct vouch_fault *fault) {
    for (size_t i = 0; i < config->listener_count; i++) {
        int fd = config->listeners[i].fd;
        int flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
            return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_internal,
                                   "HTTP listener %zu: descriptor %d: %s", i, fd, strerror(errno));
        }
        if (config->listeners[i].security == VOUCH_HTTP_TLS && config->identity == NULL) {
            return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_internal,
                                   "HTTP listener %zu: TLS without a certificate", i);
        }
    }
    return VOUCH_OK;
}

static int prepare(struct vouch_http_server *server, const struct vouch_http_config *config,
                   struct vouch_fault *fault) {
    int err = vouch_http_site_init(&server->site, config, fault);
    if (err == VOUCH_OK) {
        err = check_listeners(&server->site.config, fault);
    }
    if (err == VOUCH_OK && config->identity != NULL) {
        err = vouch_http_tls_new(config->identity, &server->tls, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_http_limits *limits = &server->site.config.limits;
    server->peers = vouch_http_peers_new(limits->connections_max, limits->per_address_max);
    server->ios = calloc(server->site.config.io_threads, sizeof *server->ios);
    return server->peers != NULL && server->ios != NULL
               ? VOUCH_OK
               : vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                                 "HTTP server: no memory for %u connections",
                                 limits->connections_max);
}

int vouch_http_server_start(const struct vouch_http_config *config,
                            struct vouch_http_server **ret_server, struct vouch_fault *fault) {
    struct vouch_http_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "HTTP server: no memory");
    }
    // OpenSSL's callers in other threads may write to sockets too; none wants to die of it.
    (void)signal(SIGPIPE, SIG_IGN);
    pthread_mutex_init(&server->tls_lock, NULL);
    int err = prepare(server, config, fault);
    if (err == VOUCH_OK) {
        err = start_pool(server, fault);
    }
    if (err == VOUCH_OK) {
        err = start_ios(server, fault);
    }
    if (err != VOUCH_OK) {
        vouch_http_server_free(server);
        return err;
    }
    *ret_server = server;
    return VOUCH_OK;
}

int vouch_http_server_reload(struct vouch_http_server *server,
                             const struct vouch_http_identity *identity,
                             struct vouch_fault *fault) {
    struct vouch_http_tls *fresh = NULL;
    int err = vouch_http_tls_new(identity, &fresh, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    pthread_mutex_lock(&server->tls_lock);
    struct vouch_http_tls *old = server->tls;
    server->tls = fresh;
    pthread_mutex_unlock(&server->tls_lock);
    vouch_http_tls_free(old); // connections that began with it still hold it
    return VOUCH_OK;
}

void vouch_http_wake(struct vouch_http_server *server, uint64_t key) {
    uint64_t number = atomic_fetch_add(&server->wakes, 1) + 1;
    _Atomic uint64_t *last = &server->last_wakes[vouch_http_wake_slot(key)];
    uint64_t before = atomic_load(last);
    while (before < number && !atomic_compare_exchange_weak(last, &before, number)) {
    }
    for (unsigned i = 0; i < server->made; i++) {
        vouch_http_io_wake(&server->ios[i], key);
    }
}

void vouch_http_server_stop(struct vouch_http_server *server, uint64_t deadline_ns) {
    uint64_t wanted = deadline_ns != 0 ? deadline_ns : 1;
    uint64_t before = atomic_load(&server->stop_at_ns);
    while ((before == 0 || wanted < before) &&
           !atomic_compare_exchange_weak(&server->stop_at_ns, &before, wanted)) {
    }
    for (unsigned i = 0; i < server->made; i++) {
        vouch_http_io_notify(&server->ios[i]);
    }
}

void vouch_http_server_free(struct vouch_http_server *server) {
    if (server == NULL) {
        return;
    }
    if (atomic_load(&server->stop_at_ns) == 0) {
        vouch_http_server_stop(server, 1);
    }
    for (unsigned i = 0; i < server->started; i++) {
        vouch_http_io_join(&server->ios[i]);
    }
    vouch_http_pool_free(server->pool);
    for (unsigned i = 0; i < server->made; i++) {
        vouch_http_io_done(&server->ios[i]);
    }
    vouch_http_tls_free(server->tls);
    vouch_http_peers_free(server->peers);
    vouch_http_site_done(&server->site);
    pthread_mutex_destroy(&server->tls_lock);
    free(server->ios);
    free(server);
}

void vouch_http_server_counts(struct vouch_http_server *server,
                              struct vouch_http_counts *ret_counts) {
    struct vouch_http_tally *tally = &server->tally;
    struct vouch_http_counts counts = {
        .accepted = atomic_load(&tally->accepted),
        .refused = atomic_load(&tally->refused),
        .handshakes_failed = atomic_load(&tally->handshakes_failed),
        .resumed = atomic_load(&tally->resumed),
        .timeouts = atomic_load(&tally->timeouts),
        .overloads = atomic_load(&tally->overloads),
        .bytes_in = atomic_load(&tally->bytes_in),
        .bytes_out = atomic_load(&tally->bytes_out),
        .rests = atomic_load(&tally->rests),
        .connections = atomic_load(&tally->connections),
        .queued = atomic_load(&tally->queued),
        .working = atomic_load(&tally->working),
        .waiting = atomic_load(&tally->waiting),
    };
    for (size_t i = 0; i < 6; i++) {
        counts.answers[i] = atomic_load(&tally->answers[i]);
    }
    *ret_counts = counts;
}
