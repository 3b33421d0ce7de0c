// SPDX-License-Identifier: ISC
// The web role: TLS, HTTP and JSON, the only process that strangers talk to.
//
// Who owns this process sees the requests that come in, with their tokens, and can ask the authority
// whatever those tokens may; it has no token of its own, no database, no ledger and no key but that of
// TLS. It cannot reach the socket for administration. It opens no connections, and no files but the
// certificate, which it reads again when it is told to.
#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "api/api.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"
#include "prog/vouchd/log.h"
#include "prog/vouchd/role.h"
#include "prog/vouchd/web-log.h"
#include "web/web.h"

#define PEM_MAX (256 * 1024)
#define STOP_NS UINT64_C(8000000000) // for what is in flight
#define IO_THREADS 2

struct front {
    struct vouch_role_run *run;
    struct vouch_authority *authorities[VOUCH_LANES_MAX]; // the last is the watcher's
    unsigned count;
    struct vouch_role_sockets sockets;
    struct vouch_http_listener listeners[VOUCH_FRAME_FDS_MAX];
    struct vouch_api_public *files;
    struct vouch_api *api;
    struct vouch_web *web;
    struct vouch_http_server *http;
};

// The certificate and its key, as they are on the disk now.
struct identity {
    struct vouch_buf cert;
    struct vouch_secret key;
};

static void drop_identity(struct identity *identity) {
    vouch_buf_done(&identity->cert);
    vouch_secret_done(&identity->key);
}

static int read_identity(const struct vouch_config *config, struct identity *identity,
                         struct vouch_http_identity *ret_identity, struct vouch_fault *fault) {
    vouch_buf_init(&identity->cert, PEM_MAX);
    int err = vouch_io_read(config->tls_certificate, PEM_MAX, &identity->cert, fault);
    if (err == VOUCH_OK) {
        err =
            vouch_io_read_secret(config->tls_key, PEM_MAX, VOUCH_IO_PRIVATE, &identity->key, fault);
    }
    if (err == VOUCH_OK) {
        *ret_identity = (struct vouch_http_identity){vouch_buf_bytes(&identity->cert),
                                                     vouch_secret_bytes(&identity->key)};
    }
    return err;
}

static int connect_lanes(struct front *front, struct vouch_fault *fault) {
    int fds[VOUCH_LANES_MAX];
    unsigned count = vouch_role_lane_fds(front->run, VOUCH_LINK_WEB, fds);
    int err = VOUCH_OK;
    while (front->count < count && err == VOUCH_OK) {
        err = vouch_authority_connect(fds[front->count], &front->authorities[front->count], fault);
        front->count += err == VOUCH_OK;
    }
    return err;
}

static int settle(struct front *front, struct vouch_fault *fault) {
    char cert_path[PATH_MAX], key_path[PATH_MAX];
    memcpy(cert_path, front->run->config.tls_certificate, sizeof cert_path);
    memcpy(key_path, front->run->config.tls_key, sizeof key_path);
    // The folders, not the files: a new certificate comes by renaming.
    const char *const readable[] = {dirname(cert_path), dirname(key_path)};
    const struct vouch_sandbox sandbox = {.profile = VOUCH_SANDBOX_WEB,
                                          .network = VOUCH_SANDBOX_OPEN_SOCKETS,
                                          .readable = {readable, 2}};
    return vouch_role_settle(front->run, &sandbox, &front->sockets, fault);
}

static int stop_is_asked(const struct front *front) {
    sigset_t waiting;
    struct pollfd supervisor = {front->run->self.control.fd, POLLIN, 0};
    return (sigpending(&waiting) == 0 && sigismember(&waiting, SIGTERM)) ||
           poll(&supervisor, 1, 0) > 0;
}

// After a crash, or with a database that was put back, the authority may index millions of records before
// it answers. New connections wait meanwhile.
static int begin_files(struct front *front, struct vouch_fault *fault) {
    struct vouch_authority *watcher = front->authorities[front->count - 1];
    int err = vouch_api_public_start(watcher, &front->files, fault);
    while (err == VOUCH_ERR_TIMEOUT && !stop_is_asked(front)) {
        vouch_log(VOUCH_LOG_WARN, "waiting for the authority, which may be indexing the ledger");
        err = vouch_api_public_start(watcher, &front->files, fault);
    }
    return err;
}

static int begin_api(struct front *front, struct vouch_fault *fault) {
    unsigned workers = front->count - 1;
    int err = begin_files(front, fault);
    const struct vouch_api_config config = {
        .way = VOUCH_CALLER_TOKEN,
        .authorities = front->authorities,
        .workers = workers,
        .files = front->files,
        .changes = vouch_role_changes(&front->run->config),
        .metrics = front->run->config.metrics == VOUCH_METRICS_PUBLIC ? VOUCH_API_METRICS_PUBLIC
                                                                      : VOUCH_API_METRICS_TOKEN,
        .report = vouch_web_report};
    return err == VOUCH_OK ? vouch_api_new(&config, &front->api, fault) : err;
}

static int begin_http(struct front *front, const struct vouch_http_identity *identity,
                      struct vouch_fault *fault) {
    for (unsigned i = 0; i < front->sockets.count; i++) {
        front->listeners[i] = (struct vouch_http_listener){front->sockets.fds[i], VOUCH_HTTP_TLS};
    }
    struct vouch_http_config http = {.listeners = front->listeners,
                                     .listener_count = front->sockets.count,
                                     .identity = identity,
                                     .proxies = front->run->config.proxies,
                                     .proxy_count = front->run->config.proxy_count,
                                     .io_threads = IO_THREADS,
                                     .record = vouch_web_record};
    vouch_api_configure(front->api, &http);
    int err = vouch_web_configure(&http, &front->web, fault);
    if (err == VOUCH_OK) {
        err = vouch_http_server_start(&http, &front->http, fault);
    }
    if (err == VOUCH_OK) {
        vouch_api_attach(front->api, front->http);
        vouch_api_public_attach(front->files, front->http);
    }
    return err;
}

// SIGHUP: a certificate that will not do leaves the old one in its place.
static void reload(struct front *front) {
    struct identity files = {0};
    struct vouch_http_identity identity;
    struct vouch_fault fault = {0};
    int err = read_identity(&front->run->config, &files, &identity, &fault);
    if (err == VOUCH_OK) {
        err = vouch_http_server_reload(front->http, &identity, &fault);
    }
    drop_identity(&files);
    if (err == VOUCH_OK) {
        vouch_log(VOUCH_LOG_INFO, "read the TLS certificate again");
    } else {
        vouch_log_fault(VOUCH_LOG_ERROR, "keeping the old TLS certificate", &fault);
    }
}

// Returns when it is time to stop: by signal, or because the supervisor is gone.
static void wait_for_signals(struct front *front) {
    struct pollfd fds[] = {{front->run->self.signal_fd, POLLIN, 0},
                           {front->run->self.control.fd, POLLIN, 0}};
    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            return;
        }
        struct signalfd_siginfo signal;
        ssize_t got = read(fds[0].fd, &signal, sizeof signal);
        if (got == (ssize_t)sizeof signal && signal.ssi_signo == SIGHUP) {
            reload(front);
        } else if (got == (ssize_t)sizeof signal || fds[1].revents != 0) {
            return;
        }
    }
}

static int serve(struct front *front, const struct vouch_http_identity *identity,
                 struct vouch_fault *fault) {
    int err = settle(front, fault);
    if (err == VOUCH_OK) {
        err = vouch_log_writer_start(fault);
    }
    if (err == VOUCH_OK) {
        err = begin_api(front, fault);
    }
    if (err == VOUCH_OK) {
        err = begin_http(front, identity, fault);
    }
    if (err == VOUCH_OK) {
        wait_for_signals(front);
    }
    return err;
}

static void end(struct front *front) {
    if (front->http != NULL) {
        vouch_http_server_stop(front->http, vouch_time_monotonic_ns() + STOP_NS);
        vouch_api_attach(front->api, NULL);
        vouch_api_public_attach(front->files, NULL);
    }
    vouch_http_server_free(front->http);
    vouch_web_free(front->web);
    vouch_api_free(front->api);
    vouch_api_public_free(front->files);
    for (unsigned i = 0; i < front->count; i++) {
        vouch_authority_close(front->authorities[i]);
    }
}

int vouch_role_web(struct vouch_role_run *run, struct vouch_fault *fault) {
    struct front front = {.run = run};
    struct identity files = {0};
    struct vouch_http_identity identity = {0};
    int err = read_identity(&run->config, &files, &identity, fault);
    if (err == VOUCH_OK) {
        err = connect_lanes(&front, fault);
    }
    if (err == VOUCH_OK) {
        err = serve(&front, &identity, fault);
    }
    end(&front);
    drop_identity(&files);
    return err;
}
