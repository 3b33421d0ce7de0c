// SPDX-License-Identifier: ISC
// A role's own first and last steps. It was started by a supervisor, or it does not begin.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "ipc/spawn.h"
#include "vouch/wire.h"

#define REPORT_NS UINT64_C(1000000000)
#define REPORT_TEXT_MAX 480 // of each text, within the frame's bound

static int fail(const char *name, const char *what, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_role, "%s: %s: %s", name, what,
                           strerrordesc_np(errno));
}

// The control socket remembers who made it, and that must be our parent: so nobody runs a role by hand,
// and a supervisor that died before we asked to die with it is noticed.
static int check_parent(const char *name, struct vouch_fault *fault) {
    struct ucred maker = {0};
    socklen_t len = sizeof maker;
    if (getsockopt(VOUCH_ROLE_CONTROL_FD, SOL_SOCKET, SO_PEERCRED, &maker, &len) == 0 &&
        maker.pid == getppid()) {
        return VOUCH_OK;
    }
    (void)vouch_fault_set(fault, VOUCH_ERR_REFUSED, &vouch_fault_role,
                          "%s: this process was not started by its supervisor", name);
    (void)vouch_fault_next(fault, "Start the whole service instead, with: vouchd run DIR.");
    return VOUCH_ERR_REFUSED;
}

static int confine(const char *name, struct vouch_fault *fault) {
    if (setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        return fail(name, "confining this process", fault);
    }
    char title[16];
    (void)snprintf(title, sizeof title, "vouch-%.9s", name);
    (void)prctl(PR_SET_NAME, title, 0, 0, 0);
    return VOUCH_OK;
}

// Signals become bytes to read, so nothing ever runs inside a handler.
static int open_signals(const char *name, int *ret_fd, struct vouch_fault *fault) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    (void)signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0) {
        return fail(name, "blocking signals", fault);
    }
    int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) {
        return fail(name, "signalfd", fault);
    }
    *ret_fd = fd;
    return VOUCH_OK;
}

int vouch_role_begin(const struct vouch_service *service, const char *name,
                     struct vouch_role_self *ret_self, struct vouch_fault *fault) {
    int err = vouch_service_check(service, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    size_t index = vouch_service_role(service, name);
    if (index == service->role_count) {
        return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_role,
                               "--role %s: there is no such role", name);
    }
    err = confine(name, fault);
    if (err == VOUCH_OK) {
        err = check_parent(name, fault);
    }
    int signal_fd = -1;
    if (err == VOUCH_OK) {
        err = open_signals(name, &signal_fd, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    *ret_self =
        (struct vouch_role_self){.service = service, .index = index, .signal_fd = signal_fd};
    vouch_lane_init(&ret_self->control, VOUCH_ROLE_CONTROL_FD, &vouch_control_protocol,
                    VOUCH_LANE_ASKS);
    return VOUCH_OK;
}

void vouch_role_end(struct vouch_role_self *self) {
    if (self == NULL || self->service == NULL) {
        return;
    }
    vouch_lane_done(&self->control);
    close(self->signal_fd);
    *self = (struct vouch_role_self){.signal_fd = -1};
}

int vouch_role_lane(const struct vouch_role_self *self, size_t link, unsigned lane,
                    const struct vouch_frame_protocol *protocol, struct vouch_lane *ret_lane,
                    struct vouch_fault *fault) {
    int fd = vouch_service_fd(self->service, self->index, link, lane);
    if (fd < 0) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_internal,
                               "%s: it has no lane %u of link %zu",
                               self->service->roles[self->index].name, lane, link);
    }
    enum vouch_lane_end end =
        self->service->links[link].asks == self->index ? VOUCH_LANE_ASKS : VOUCH_LANE_ANSWERS;
    vouch_lane_init(ret_lane, fd, protocol, end);
    return VOUCH_OK;
}

static void write_cut(struct vouch_buf *body, const char *text) {
    struct vouch_bytes bytes = vouch_bytes_of(text);
    bytes.len = bytes.len > REPORT_TEXT_MAX ? REPORT_TEXT_MAX : bytes.len;
    vouch_write_string(body, bytes);
}

int vouch_role_ready(struct vouch_role_self *self, const char *warning, uint64_t deadline_ns,
                     struct vouch_role_sockets *ret_sockets, struct vouch_fault *fault) {
    write_cut(vouch_lane_begin(&self->control), warning);
    struct vouch_message go = {0};
    int err = vouch_lane_ask(&self->control, VOUCH_CONTROL_SANDBOXED, deadline_ns, &go, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    *ret_sockets = (struct vouch_role_sockets){.count = go.fd_count};
    for (unsigned i = 0; i < go.fd_count; i++) {
        ret_sockets->fds[i] = vouch_lane_take_fd(&self->control, i);
    }
    return VOUCH_OK;
}

void vouch_role_failed(struct vouch_role_self *self, const struct vouch_fault *why) {
    struct vouch_buf *body = vouch_lane_begin(&self->control);
    write_cut(body, why->text);
    write_cut(body, why->next[0] != '\0' || why->kind == NULL ? why->next : why->kind->fix);
    write_cut(body, why->kind != NULL ? why->kind->code : vouch_fault_role.code);
    // If even this fails, the exit status has to do.
    int err = vouch_lane_send(&self->control, VOUCH_CONTROL_FAILED,
                              vouch_time_monotonic_ns() + REPORT_NS, NULL);
    (void)err;
}
