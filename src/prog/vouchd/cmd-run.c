// SPDX-License-Identifier: ISC
// vouchd run: the supervisor. It opens the sockets, starts the roles and watches them; it never sees a
// request. What it does at each event stands here; how processes are started and ended is ipc's.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "ipc/supervisor.h"
#include "ipc/user.h"
#include "prog/vouchd/address.h"
#include "prog/vouchd/command.h"
#include "prog/vouchd/listeners.h"
#include "prog/vouchd/log.h"
#include "prog/vouchd/seal-key.h"
#include "prog/vouchd/server-dir.h"
#include "prog/vouchd/service.h"
#include "prog/vouchd/settings.h"

#define START_NS                                                                                   \
    UINT64_C(3000000000) // a role that fails so soon after the first start never worked
#define DESCRIPTORS 16384

struct server {
    const char *dir;
    struct vouch_notify notify;
    struct vouch_listeners listeners;
    struct vouch_settings settings;
    struct vouch_settings before;         // of before a reload, until the new ones have proved good
    char address[VOUCH_ADDRESS_TEXT_MAX]; // as links have it
    int unlock_fd;
    int seal_fd;
    struct vouch_server_table table;
    struct vouch_supervisor *supervisor;
    uint64_t begun_ns;
    uint64_t first_go_ns; // 0: nothing has run yet
    int is_switching;     // nonzero: stopping only to start with other settings
};

static void tell(const struct server *server, enum vouch_notify_state state, const char *status) {
    struct vouch_fault fault = {0};
    if (vouch_notify_send(&server->notify, state, status, &fault) != VOUCH_OK) {
        vouch_log_fault(VOUCH_LOG_WARN, "service manager", &fault);
    }
}

static int begin_supervisor(struct server *server, struct vouch_fault *fault) {
    const struct vouch_config *config = &server->settings.config;
    vouch_log_init("vouchd", config->log_level, config->log_format);
    vouch_server_address(config, server->address);
    vouch_server_table_init(&server->table, server->dir, (unsigned)config->lanes, server->address,
                            (const char(*)[VOUCH_CONFIG_TEXT_MAX])config->users);
    const struct vouch_server_gifts gifts = {server->settings.fd, server->unlock_fd,
                                             server->seal_fd};
    vouch_server_table_give(&server->table, &gifts);
    int err = vouch_supervisor_new(&server->table.service, &server->supervisor, fault);
    if (err == VOUCH_OK) {
        vouch_supervisor_announce(server->supervisor);
    }
    return err;
}

static int open_sockets(struct server *server, struct vouch_fault *fault) {
    int err = vouch_listeners_update(&server->listeners, &server->settings.config, fault);
    return err == VOUCH_OK ? vouch_listeners_open_admin(&server->listeners, server->dir, fault)
                           : err;
}

static int go(struct server *server, struct vouch_fault *fault) {
    int fds[VOUCH_NOTIFY_SOCKETS_MAX];
    struct vouch_lane_fds sockets[VOUCH_ROLE_COUNT] = {0};
    for (size_t i = 0; i < server->listeners.count; i++) {
        fds[i] = server->listeners.items[i].fd;
    }
    sockets[VOUCH_WEB] = (struct vouch_lane_fds){fds, (unsigned)server->listeners.count};
    sockets[VOUCH_AUTHORITY] = (struct vouch_lane_fds){&server->listeners.admin_fd, 1};
    return vouch_supervisor_go_each(server->supervisor, sockets, fault);
}

static void say_ready(const struct server *server) {
    char where[256] = "sockets of the service manager", took[24];
    size_t len = 0;
    for (size_t i = 0; i < server->listeners.count && !server->listeners.from_manager; i++) {
        int more = snprintf(where + len, sizeof where - len, "%s%s", i > 0 ? " " : "",
                            server->listeners.items[i].text);
        len += more > 0 && len + (size_t)more < sizeof where ? (size_t)more : 0;
    }
    (void)snprintf(took, sizeof took, "%llu",
                   (unsigned long long)(vouch_time_monotonic_ns() - server->begun_ns) / 1000000);
    const struct vouch_log_field fields[] = {
        {.name = "name", .text = vouch_bytes_of(server->settings.config.name)},
        {.name = "listen", .text = vouch_bytes_of(where)},
        {.name = "took_ms", .text = vouch_bytes_of(took), .is_number = 1},
    };
    vouch_log_event(VOUCH_LOG_INFO, "started", fields, 3);
    tell(server, VOUCH_NOTIFY_READY, where);
}

static int on_ready(struct server *server, const struct vouch_supervisor_event *event,
                    struct vouch_fault *fault) {
    if (event->warning[0] != '\0') {
        vouch_log(VOUCH_LOG_WARN, "%s", event->warning);
    }
    int err = open_sockets(server, fault);
    if (err == VOUCH_OK) {
        err = go(server, fault);
    }
    if (err == VOUCH_OK) {
        server->first_go_ns =
            server->first_go_ns != 0 ? server->first_go_ns : vouch_time_monotonic_ns();
        vouch_settings_done(&server->before);
        say_ready(server);
    }
    return err;
}

// Ends these roles, to start others with the settings of now.
static void switch_over(struct server *server) {
    server->is_switching = 1;
    vouch_supervisor_stop(server->supervisor);
}

// Roles that die with new settings before they ran: the old ones come back.
static int take_back(struct server *server, const struct vouch_fault *why,
                     struct vouch_fault *fault) {
    vouch_log_fault(VOUCH_LOG_ERROR, "keeping the old configuration", why);
    vouch_settings_done(&server->settings);
    server->settings = server->before;
    server->before = (struct vouch_settings){.fd = -1};
    vouch_supervisor_free(vouch_steal(server->supervisor));
    int err = vouch_listeners_update(&server->listeners, &server->settings.config, fault);
    return err == VOUCH_OK ? begin_supervisor(server, fault) : err;
}

static int on_died(struct server *server, const struct vouch_supervisor_event *event,
                   struct vouch_fault *fault) {
    if (server->before.fd >= 0) {
        return take_back(server, &event->fault, fault);
    }
    int never_ran =
        server->first_go_ns == 0 || vouch_time_monotonic_ns() - server->first_go_ns < START_NS;
    if (never_ran) {
        *fault = event->fault;
        return event->fault.err != VOUCH_OK ? event->fault.err : VOUCH_ERR_REFUSED;
    }
    char status[64];
    (void)snprintf(status, sizeof status, "starting again in %llu ms",
                   (unsigned long long)event->wait_ms);
    server->begun_ns = vouch_time_monotonic_ns() + event->wait_ms * 1000000;
    vouch_log_fault(VOUCH_LOG_ERROR, status, &event->fault);
    tell(server, VOUCH_NOTIFY_STATUS, status);
    return VOUCH_OK;
}

static int check_users(const struct vouch_config *config, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; i < VOUCH_ROLE_COUNT && err == VOUCH_OK && geteuid() == 0; i++) {
        struct vouch_user user;
        err = vouch_user_find(config->users[i], &user, fault);
    }
    return err;
}

// Whether a configuration that can be read could also run, as far as that shows beforehand.
static int check_new(const struct server *server, const struct vouch_settings *next,
                     struct vouch_fault *fault) {
    if (strcmp(next->config.name, server->settings.config.name) != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_config,
                               "name: is \"%s\" now and was \"%s\": it is fixed for good",
                               next->config.name, server->settings.config.name);
    }
    if (next->config.unlock != server->settings.config.unlock ||
        strcmp(next->config.credential, server->settings.config.credential) != 0) {
        (void)vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_config,
                              "signer.unlock: cannot change while the server runs");
        return vouch_fault_next(fault, "Stop the server and start it again.");
    }
    if (next->config.purpose != server->settings.config.purpose) {
        (void)vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_config,
                              "purpose: cannot change while the server runs");
        return vouch_fault_next(fault, "Stop the server and start it again.");
    }
    int err = check_users(&next->config, fault);
    return err == VOUCH_OK
               ? vouch_tls_pair_check(next->config.tls_certificate, next->config.tls_key, fault)
               : err;
}

// A TLS key that signed its own certificate is part of the address, which the roles were told at their
// start.
static int has_address(const struct server *server, const struct vouch_config *config) {
    char address[VOUCH_ADDRESS_TEXT_MAX];
    vouch_server_address(config, address);
    return strcmp(address, server->address) == 0;
}

static int reload(struct server *server, struct vouch_fault *fault) {
    struct vouch_settings next = {.fd = -1};
    int err = vouch_settings_load(server->dir, &next, fault);
    if (err == VOUCH_OK) {
        err = check_new(server, &next, fault);
    }
    if (err == VOUCH_OK && vouch_settings_equal(&next, &server->settings) &&
        has_address(server, &next.config)) {
        vouch_log(VOUCH_LOG_INFO, "read the configuration again: nothing has changed");
        vouch_settings_done(&next);
        return VOUCH_OK;
    }
    if (err == VOUCH_OK) {
        err = vouch_listeners_update(&server->listeners, &next.config, fault);
    }
    if (err != VOUCH_OK) {
        vouch_settings_done(&next);
        return err;
    }
    vouch_log(VOUCH_LOG_INFO, "read the configuration again: starting anew with it");
    vouch_settings_done(&server->before);
    server->before = server->settings;
    server->settings = next;
    switch_over(server);
    return VOUCH_OK;
}

static void on_reload(struct server *server) {
    struct vouch_fault fault = {0};
    tell(server, VOUCH_NOTIFY_RELOADING, NULL);
    if (reload(server, &fault) != VOUCH_OK) {
        vouch_log_fault(VOUCH_LOG_ERROR, "keeping the old configuration", &fault);
    }
    if (!server->is_switching) {
        tell(server, VOUCH_NOTIFY_READY, NULL);
    }
}

static int on_stopped(struct server *server, const struct vouch_supervisor_event *event,
                      int *ret_ended, struct vouch_fault *fault) {
    if (event->role != NULL) {
        vouch_log_fault(VOUCH_LOG_ERROR, "stopping", &event->fault);
    }
    if (!server->is_switching || event->by_signal) {
        vouch_log(VOUCH_LOG_INFO, "stopped");
        *ret_ended = 1;
        return VOUCH_OK;
    }
    server->is_switching = 0;
    server->begun_ns = vouch_time_monotonic_ns();
    vouch_supervisor_free(vouch_steal(server->supervisor));
    struct vouch_fault why = {0};
    return begin_supervisor(server, &why) == VOUCH_OK ? VOUCH_OK : take_back(server, &why, fault);
}

static int on_event(struct server *server, const struct vouch_supervisor_event *event,
                    int *ret_ended, struct vouch_fault *fault) {
    switch (event->kind) {
    case VOUCH_SUPERVISOR_READY:
        return on_ready(server, event, fault);
    case VOUCH_SUPERVISOR_DIED:
        return on_died(server, event, fault);
    case VOUCH_SUPERVISOR_RELOAD:
        on_reload(server);
        return VOUCH_OK;
    case VOUCH_SUPERVISOR_STOPPING:
        if (!server->is_switching) {
            vouch_log(VOUCH_LOG_INFO, "stopping");
            tell(server, VOUCH_NOTIFY_STOPPING, "finishing what is under way");
        }
        return VOUCH_OK;
    case VOUCH_SUPERVISOR_STOPPED:
        return on_stopped(server, event, ret_ended, fault);
    case VOUCH_SUPERVISOR_NOTHING:
        break;
    }
    return VOUCH_OK;
}

static int watch(struct server *server, struct vouch_fault *fault) {
    int ended = 0;
    int err = begin_supervisor(server, fault);
    if (err == VOUCH_OK && !vouch_supervisor_separates(server->supervisor)) {
        vouch_log(VOUCH_LOG_WARN, "not started by root: all parts run as this user, which is for "
                                  "trials");
    }
    while (err == VOUCH_OK && !ended) {
        struct vouch_supervisor_event event = {0};
        err = vouch_supervisor_next(server->supervisor, &event, fault);
        if (err == VOUCH_OK) {
            err = on_event(server, &event, &ended, fault);
        }
    }
    return err;
}

// What a service manager gave comes first: its descriptors have fixed numbers.
static int meet_manager(struct server *server, struct vouch_fault *fault) {
    struct vouch_notify_sockets sockets = {0};
    int err = vouch_notify_take_sockets(&sockets, fault);
    if (err == VOUCH_OK) {
        vouch_listeners_init(&server->listeners, &sockets);
        err = vouch_notify_open(&server->notify, fault);
    }
    return err;
}

static int open_seal_key(struct server *server, struct vouch_fault *fault) {
    int as_root = geteuid() == 0, was_made = 0;
    struct vouch_user reader;
    int err = as_root
                  ? vouch_user_find(server->settings.config.users[VOUCH_AUTHORITY], &reader, fault)
                  : VOUCH_OK;
    if (err == VOUCH_OK) {
        err = vouch_seal_key_open(server->dir, as_root ? &reader : NULL, &server->seal_fd,
                                  &was_made, fault);
    }
    if (err == VOUCH_OK && was_made) {
        vouch_log(VOUCH_LOG_INFO, "made %s/%s, which second factors are sealed under: back it up",
                  server->dir, VOUCH_SERVER_SEAL_KEY);
    }
    return err;
}

static int prepare(struct server *server, const char *passphrase_file, struct vouch_fault *fault) {
    int err = vouch_server_check(server->dir, fault);
    if (err == VOUCH_OK) {
        err = vouch_settings_load(server->dir, &server->settings, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_server_check_name(server->dir, server->settings.config.name, fault);
    }
    if (err == VOUCH_OK) {
        err = open_seal_key(server, fault);
    }
    return err == VOUCH_OK ? vouch_unlock_open(&server->settings.config, passphrase_file,
                                               &server->unlock_fd, fault)
                           : err;
}

// The supervisor gives the mask back when it is freed; between two of them no signal must end us.
static void hold_signals(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
}

// The roles inherit it. A shell's usual 1,024 would be all the connections there can be.
static void allow_descriptors(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < DESCRIPTORS) {
        limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int run(const struct vouch_options *options, enum vouch_exit *ret_exit,
               struct vouch_fault *fault) {
    struct server server = {.notify = {.fd = -1},
                            .settings = {.fd = -1},
                            .before = {.fd = -1},
                            .unlock_fd = -1,
                            .seal_fd = -1,
                            .begun_ns = vouch_time_monotonic_ns()};
    char dir[PATH_MAX];
    server.listeners.admin_fd = -1;
    if (realpath(options->dir, dir) == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_server_dir,
                               "%s: there is no such folder", options->dir);
    }
    server.dir = dir;
    int err = meet_manager(&server, fault);
    if (err == VOUCH_OK) {
        err = prepare(&server, vouch_option_value(options, "passphrase-file"), fault);
    }
    // The roles find their files from here, through whatever lies above that their users may not pass.
    if (err == VOUCH_OK && chdir(dir) != 0) {
        err = vouch_fault_set(fault, VOUCH_ERR_PERMISSION, &vouch_fault_server_dir, "%s: %s", dir,
                              strerrordesc_np(errno));
    }
    if (err == VOUCH_OK) {
        hold_signals();
        allow_descriptors();
        err = watch(&server, fault);
    }
    vouch_supervisor_free(server.supervisor);
    vouch_listeners_done(&server.listeners);
    vouch_settings_done(&server.settings);
    vouch_settings_done(&server.before);
    vouch_notify_close(&server.notify);
    vouch_close_at_end(&server.unlock_fd);
    vouch_close_at_end(&server.seal_fd);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option options[] = {
    {"passphrase-file", "FILE", "where signer.unlock is passphrase: its first line, unasked"},
    {0},
};
static const char *const examples[] = {
    "vouchd run /var/lib/vouchd",
    "vouchd run trial --passphrase-file secret.txt",
    NULL,
};

const struct vouch_command vouch_cmd_run = {
    .name = "run",
    .summary = "Run the server in the foreground, until SIGTERM. SIGHUP reads settings again.",
    .options = options,
    .examples = examples,
    .run = run,
};
