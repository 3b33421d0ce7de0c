// SPDX-License-Identifier: ISC
// What all roles do before their own work begins.
#include "prog/vouchd/role.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouchd/log.h"
#include "prog/vouchd/yaml.h"

#define STACK_BYTES (256 * 1024)
#define GO_NS UINT64_C(30000000000)
#define ARENAS 2 // of malloc: the threads wait for other processes most of the time

static const struct {
    const char *name;
    vouch_role_fn *run;
} roles[] = {
    {"web", vouch_role_web},
    {"authority", vouch_role_authority},
    {"signer", vouch_role_signer},
    {"identity", vouch_role_identity},
};

unsigned vouch_role_lane_fds(const struct vouch_role_run *run, size_t link,
                             int ret_fds[static VOUCH_LANES_MAX]) {
    unsigned count = 0;
    int fd = vouch_service_fd(&run->table.service, run->self.index, link, 0);
    while (fd >= 0) {
        ret_fds[count++] = fd;
        fd = vouch_service_fd(&run->table.service, run->self.index, link, count);
    }
    return count;
}

int vouch_role_settle(struct vouch_role_run *run, const struct vouch_sandbox *sandbox,
                      struct vouch_role_sockets *ret_sockets, struct vouch_fault *fault) {
    struct vouch_sandbox wanted = *sandbox;
    wanted.need = run->config.sandbox == VOUCH_SANDBOXES_OPTIONAL ? VOUCH_SANDBOX_OPTIONAL
                                                                  : VOUCH_SANDBOX_REQUIRED;
    struct vouch_sandbox_report report = {0};
    int err = vouch_sandbox_enter(&wanted, &report, fault);
    return err == VOUCH_OK ? vouch_role_ready(&run->self, report.warning,
                                              vouch_time_monotonic_ns() + GO_NS, ret_sockets, fault)
                           : err;
}

// The settings come from the supervisor, not from the file: that may have been changed since, and then
// this role would not fit the others.
static int read_settings(struct vouch_role_run *run, struct vouch_fault *fault) {
    int fd = vouch_service_gift(&run->table.service, run->self.index, VOUCH_GIFT_SETTINGS);
    vouch_autofree uint8_t *text = malloc(VOUCH_YAML_MAX);
    if (text == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "%s: no memory",
                               VOUCH_CONFIG_FILE);
    }
    // Every role reads its own copy of one descriptor, so none moves the place in it.
    ssize_t len = pread(fd, text, VOUCH_YAML_MAX, 0);
    close(fd);
    if (len < 0) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_role, "settings: %s",
                               strerrordesc_np(errno));
    }
    return vouch_config_parse(run->dir, VOUCH_CONFIG_FILE, (struct vouch_bytes){text, (size_t)len},
                              &run->config, NULL, fault);
}

// Hundreds of threads that hardly use memory of their own.
static void keep_small(void) {
    pthread_attr_t attributes;
    (void)mallopt(M_ARENA_MAX, ARENAS);
    if (pthread_attr_init(&attributes) == 0) {
        (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
        (void)pthread_setattr_default_np(&attributes);
        (void)pthread_attr_destroy(&attributes);
    }
}

static int read_lanes(const char *text, unsigned *ret_lanes, struct vouch_fault *fault) {
    uint64_t lanes = 0;
    if (vouch_str_to_u64(vouch_bytes_of(text), &lanes) != VOUCH_OK || lanes < 1 ||
        lanes > VOUCH_CONFIG_LANES_MAX) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_role,
                               "--role: \"%s\" is no number of lanes", text);
    }
    *ret_lanes = (unsigned)lanes;
    return VOUCH_OK;
}

static int run_role(struct vouch_role_run *run, struct vouch_fault *fault) {
    int err = read_settings(run, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_log_init(run->table.roles[run->self.index].name, run->config.log_level,
                   run->config.log_format);
    return roles[run->self.index].run(run, fault);
}

int vouch_role_main(int argc, char *const *argv) {
    // The folder's path is in the arguments for people who list processes; its user may not pass it.
    struct vouch_role_run run = {.dir = VOUCH_SERVER_HERE};
    struct vouch_fault fault = {0};
    int err = read_lanes(argc == 6 ? argv[4] : "", &run.lanes, &fault);
    if (err == VOUCH_OK) {
        keep_small();
        run.address = argv[5];
        vouch_server_table_init(&run.table, argv[3], run.lanes, NULL, NULL);
        err = vouch_role_begin(&run.table.service, argv[2], &run.self, &fault);
    }
    if (err != VOUCH_OK) {
        (void)fprintf(stderr, "vouchd: %s\n", fault.text);
        return 1;
    }
    err = run_role(&run, &fault);
    if (err != VOUCH_OK) {
        vouch_role_failed(&run.self, &fault);
    }
    vouch_log_writer_stop();
    vouch_role_end(&run.self);
    // At once: what libraries do at exit may be outside of the sandbox.
    _exit(err == VOUCH_OK ? 0 : 1);
}
