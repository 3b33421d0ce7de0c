// SPDX-License-Identifier: ISC
// All of a service at once: its sockets, the environment and arguments of its roles, and their start.
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/spawn-start.h"

#define FIRST_ARGS 3 // program, --role, name

// Which socket is which descriptor of which role; -1 for none.
struct layout {
    int fds[VOUCH_ROLES_MAX][VOUCH_START_FDS_MAX];
    int control_fds[VOUCH_ROLES_MAX]; // our ends
};

static void close_all(int *fds, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
            fds[i] = -1;
        }
    }
}

static int open_pair(int *ret_one, int *ret_other, struct vouch_fault *fault) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_role,
                               "supervisor: making sockets: %s", strerrordesc_np(errno));
    }
    *ret_one = pair[0];
    *ret_other = pair[1];
    return VOUCH_OK;
}

static int open_link(const struct vouch_service *service, size_t index, struct layout *layout,
                     struct vouch_fault *fault) {
    const struct vouch_link *link = &service->links[index];
    int err = VOUCH_OK;
    for (unsigned lane = 0; lane < link->lanes && err == VOUCH_OK; lane++) {
        int *asks = &layout->fds[link->asks][vouch_service_fd(service, link->asks, index, lane)];
        int *answers =
            &layout->fds[link->answers][vouch_service_fd(service, link->answers, index, lane)];
        err = open_pair(asks, answers, fault);
    }
    return err;
}

static int open_sockets(const struct vouch_service *service, struct layout *layout,
                        struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; i < service->role_count && err == VOUCH_OK; i++) {
        err = open_pair(&layout->fds[i][VOUCH_ROLE_CONTROL_FD], &layout->control_fds[i], fault);
    }
    for (size_t i = 0; i < service->link_count && err == VOUCH_OK; i++) {
        err = open_link(service, i, layout, fault);
    }
    return err;
}

static int is_kept(const char *entry, const char *const *keep) {
    size_t name_len = strcspn(entry, "=");
    for (size_t i = 0; keep != NULL && keep[i] != NULL; i++) {
        if (strlen(keep[i]) == name_len && strncmp(entry, keep[i], name_len) == 0) {
            return 1;
        }
    }
    return 0;
}

// The environment of the roles: what is on the list, and nothing else.
static void choose_environment(const char *const *keep,
                               char *ret_env[static VOUCH_SERVICE_ENV_MAX + 1]) {
    size_t count = 0;
    for (char **entry = environ; entry != NULL && *entry != NULL && count < VOUCH_SERVICE_ENV_MAX;
         entry++) {
        if (is_kept(*entry, keep)) {
            ret_env[count++] = *entry;
        }
    }
    ret_env[count] = NULL;
}

static int start_role(const struct vouch_start_plan *plan, size_t index, const int *fds,
                      struct vouch_process *ret_process, struct vouch_fault *fault) {
    const struct vouch_service *service = plan->service;
    // execve() takes them without const, and leaves them alone.
    const char *argv[FIRST_ARGS + VOUCH_SERVICE_ARGS_MAX + 1] = {service->program, "--role",
                                                                 service->roles[index].name};
    size_t count = FIRST_ARGS;
    for (size_t i = 0; service->args != NULL && service->args[i] != NULL; i++) {
        argv[count++] = service->args[i];
    }
    char *env[VOUCH_SERVICE_ENV_MAX + 1];
    choose_environment(service->keep_env, env);
    struct vouch_start start = {.program_fd = plan->program_fd,
                                .argv = (char *const *)(uintptr_t)argv,
                                .envp = env,
                                .user = plan->users != NULL ? &plan->users[index] : NULL,
                                .parent = getpid(),
                                .fd_count = vouch_service_fd_count(service, index)};
    const struct vouch_role *role = &service->roles[index];
    memcpy(start.fds, fds, (start.fd_count - role->gifts) * sizeof fds[0]);
    for (unsigned i = 0; i < role->gifts; i++) {
        start.fds[vouch_service_gift(service, index, i)] = role->gift_fds[i];
    }
    start.fds[0] = start.fds[1] = plan->null_fd;
    start.fds[2] = STDERR_FILENO;
    return vouch_start_process(&start, ret_process, fault);
}

int vouch_start_service(const struct vouch_start_plan *plan, struct vouch_started *ret_started,
                        struct vouch_fault *fault) {
    struct layout layout;
    memset(&layout, 0xff, sizeof layout);
    struct vouch_started started = {0};
    int err = open_sockets(plan->service, &layout, fault);
    for (size_t i = plan->service->role_count; err == VOUCH_OK && i-- > 0;) {
        err = start_role(plan, i, layout.fds[i], &started.processes[i], fault);
        if (err == VOUCH_OK) {
            started.control_fds[i] = layout.control_fds[i];
            layout.control_fds[i] = -1; // handed over
        }
    }
    // The roles have copies of theirs; a lane hangs up only if none is left here.
    close_all(layout.control_fds, VOUCH_ROLES_MAX);
    for (size_t i = 0; i < VOUCH_ROLES_MAX; i++) {
        close_all(layout.fds[i], VOUCH_START_FDS_MAX);
    }
    *ret_started = started;
    return err;
}
