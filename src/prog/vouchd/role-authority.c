// SPDX-License-Identifier: ISC
// The authority: decides who gets what, and keeps the database.
//
// Who owns this process could ask the signer for whatever the signer's ceiling allows, but not without a
// record, and could not forge a record. It never sees a key. It sees the passwords and codes of those who
// sign in meanwhile, but what it keeps of them it can neither check nor open without identity. It reads the
// ledger and writes the database; of the network it has only the socket for administration, which it was
// given open.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "api/api.h"
#include "authority/serve.h"
#include "base/mem.h"
#include "base/time.h"
#include "prog/vouchd/log.h"
#include "prog/vouchd/role.h"
#include "prog/vouchd/server-dir.h"
#include "prog/vouchd/web-log.h"

#define ADMIN_WORKERS 2
#define ADMIN_STOP_NS UINT64_C(3000000000)

struct desk {
    struct vouch_role_run *run;
    char database[PATH_MAX];
    char db_dir[PATH_MAX];
    char ledger[PATH_MAX];
    struct vouch_office *office;
    // The socket for administration, and what serves it.
    struct vouch_role_sockets sockets;
    struct vouch_http_listener listeners[VOUCH_FRAME_FDS_MAX];
    struct vouch_authority *handles[ADMIN_WORKERS + 1]; // the last is of the public files
    struct vouch_api_public *files;
    struct vouch_api *api;
    struct vouch_http_server *http;
};

static void report(const struct vouch_fault *fault) {
    vouch_log_fault(VOUCH_LOG_ERROR, "", fault);
}

static int find_paths(struct desk *desk, struct vouch_fault *fault) {
    const char *dir = desk->run->dir;
    int err = vouch_server_path(dir, VOUCH_SERVER_DATABASE, desk->database, fault);
    if (err == VOUCH_OK) {
        err = vouch_server_path(dir, VOUCH_SERVER_DB, desk->db_dir, fault);
    }
    return err == VOUCH_OK ? vouch_server_path(dir, VOUCH_SERVER_LEDGER, desk->ledger, fault) : err;
}

// Handles that are made of lanes and not yet the office's.
struct handles {
    struct vouch_signer *signers[VOUCH_LANES_MAX];
    unsigned signer_count;
    struct vouch_identity *identities[VOUCH_LANES_MAX];
    unsigned identity_count;
};

static void drop_handles(struct handles *handles) {
    while (handles->signer_count > 0) {
        vouch_signer_close(handles->signers[--handles->signer_count]);
    }
    while (handles->identity_count > 0) {
        vouch_identity_close(handles->identities[--handles->identity_count]);
    }
}

static int connect_handles(const struct vouch_role_run *run, struct handles *handles,
                           struct vouch_fault *fault) {
    int fds[VOUCH_LANES_MAX];
    unsigned count = vouch_role_lane_fds(run, VOUCH_LINK_SIGNER, fds);
    int err = VOUCH_OK;
    while (handles->signer_count < count && err == VOUCH_OK) {
        unsigned next = handles->signer_count;
        err = vouch_signer_connect(fds[next], &handles->signers[next], fault);
        handles->signer_count += err == VOUCH_OK;
    }
    count = vouch_role_lane_fds(run, VOUCH_LINK_IDENTITY, fds);
    while (handles->identity_count < count && err == VOUCH_OK) {
        unsigned next = handles->identity_count;
        err = vouch_identity_connect(fds[next], &handles->identities[next], fault);
        handles->identity_count += err == VOUCH_OK;
    }
    return err;
}

// The lanes to the signer and to identity become handles, which the office then owns.
static int open_office(struct desk *desk, struct vouch_fault *fault) {
    struct handles handles = {0};
    int err = connect_handles(desk->run, &handles, fault);
    if (err != VOUCH_OK) {
        drop_handles(&handles);
        return err;
    }
    const struct vouch_office_open what = {.database = desk->database,
                                           .ledger_dir = desk->ledger,
                                           .krl_dir = desk->db_dir,
                                           .take_signers = handles.signers,
                                           .signer_count = handles.signer_count,
                                           .take_identities = handles.identities,
                                           .identity_count = handles.identity_count,
                                           .session_idle_s = desk->run->config.session_idle_s,
                                           .session_max_s = desk->run->config.session_longest_s,
                                           .host_ttl_s = desk->run->config.host_ttl_s,
                                           .address = desk->run->address,
                                           .report = report};
    return vouch_office_open(&what, &desk->office, fault);
}

static int settle(struct desk *desk, struct vouch_fault *fault) {
    const char *const readable[] = {desk->ledger};
    const char *const writable[] = {desk->db_dir};
    const struct vouch_sandbox sandbox = {.profile = VOUCH_SANDBOX_AUTHORITY,
                                          .network = VOUCH_SANDBOX_OPEN_SOCKETS,
                                          .readable = {readable, 1},
                                          .writable = {writable, 1}};
    return vouch_role_settle(desk->run, &sandbox, &desk->sockets, fault);
}

static int attach_handles(struct desk *desk, struct vouch_fault *fault) {
    size_t seat = vouch_office_admin_seat(desk->office);
    int err = VOUCH_OK;
    for (size_t i = 0; i <= ADMIN_WORKERS && err == VOUCH_OK; i++) {
        err = vouch_office_attach(desk->office, seat, &desk->handles[i], fault);
    }
    return err;
}

static int begin_api(struct desk *desk, struct vouch_fault *fault) {
    int err = vouch_api_public_start(desk->handles[ADMIN_WORKERS], &desk->files, fault);
    const struct vouch_api_config config = {.way = VOUCH_CALLER_LOCAL,
                                            .authorities = desk->handles,
                                            .workers = ADMIN_WORKERS,
                                            .files = desk->files,
                                            .changes = vouch_role_changes(&desk->run->config),
                                            .report = vouch_web_report};
    return err == VOUCH_OK ? vouch_api_new(&config, &desk->api, fault) : err;
}

// The same API as the web's, for the server's owner, without TLS and tokens.
static int begin_admin(struct desk *desk, struct vouch_fault *fault) {
    for (unsigned i = 0; i < desk->sockets.count; i++) {
        desk->listeners[i] = (struct vouch_http_listener){desk->sockets.fds[i], VOUCH_HTTP_PLAIN};
    }
    struct vouch_http_config http = {.listeners = desk->listeners,
                                     .listener_count = desk->sockets.count,
                                     .io_threads = 1,
                                     .record = vouch_web_record};
    int err = attach_handles(desk, fault);
    if (err == VOUCH_OK) {
        err = begin_api(desk, fault);
    }
    if (err == VOUCH_OK) {
        vouch_api_configure(desk->api, &http);
        err = vouch_http_server_start(&http, &desk->http, fault);
    }
    if (err == VOUCH_OK) {
        vouch_api_attach(desk->api, desk->http);
        vouch_api_public_attach(desk->files, desk->http);
    }
    return err;
}

static void end_admin(struct desk *desk) {
    if (desk->http != NULL) {
        vouch_http_server_stop(desk->http, vouch_time_monotonic_ns() + ADMIN_STOP_NS);
        vouch_api_attach(desk->api, NULL);
        vouch_api_public_attach(desk->files, NULL);
    }
    vouch_http_server_free(desk->http);
    vouch_api_free(desk->api);
    vouch_api_public_free(desk->files);
    for (size_t i = 0; i <= ADMIN_WORKERS; i++) {
        vouch_authority_close(desk->handles[i]);
    }
    for (unsigned i = 0; i < desk->sockets.count; i++) {
        close(desk->sockets.fds[i]);
    }
}

// SIGHUP means nothing here, and must not be taken for the word to stop.
static int listen_for_stop_only(int signal_fd, struct vouch_fault *fault) {
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    return signalfd(signal_fd, &stop, SFD_CLOEXEC | SFD_NONBLOCK) == signal_fd
               ? VOUCH_OK
               : vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_role, "authority: signalfd: %s",
                                 strerrordesc_np(errno));
}

static int serve(struct desk *desk, struct vouch_fault *fault) {
    int lanes[VOUCH_LANES_MAX];
    const struct vouch_authority_serve what = {
        .office = desk->office,
        .take_lanes = lanes,
        .lane_count = vouch_role_lane_fds(desk->run, VOUCH_LINK_WEB, lanes),
        .signal_fd = desk->run->self.signal_fd};
    return vouch_authority_serve(&what, fault);
}

int vouch_role_authority(struct vouch_role_run *run, struct vouch_fault *fault) {
    struct desk desk = {.run = run};
    int err = find_paths(&desk, fault);
    if (err == VOUCH_OK) {
        err = open_office(&desk, fault);
    }
    if (err == VOUCH_OK) {
        err = listen_for_stop_only(run->self.signal_fd, fault);
    }
    if (err == VOUCH_OK) {
        err = settle(&desk, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_log_writer_start(fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_office_begin(desk.office, fault);
    }
    if (err == VOUCH_OK) {
        err = begin_admin(&desk, fault);
    }
    if (err == VOUCH_OK) {
        err = serve(&desk, fault);
    }
    end_admin(&desk);
    vouch_office_close(desk.office);
    return err;
}
