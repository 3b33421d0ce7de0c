// SPDX-License-Identifier: ISC
// The table of a service, and starting one of its processes from the running program itself.
#include "ipc/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "ipc/spawn-start.h"
#include "vouch/wire.h"

#define TEXT_MAX 1024

static const struct vouch_frame_rule control_asks[] = {
    {.type = VOUCH_CONTROL_SANDBOXED, .body_min = 4, .body_max = TEXT_MAX, .name = "sandboxed"},
    {.type = VOUCH_CONTROL_FAILED, .body_min = 12, .body_max = TEXT_MAX, .name = "failed"},
};
static const struct vouch_frame_rule control_answers[] = {
    {.type = VOUCH_CONTROL_GO, .fd_max = VOUCH_FRAME_FDS_MAX, .name = "go"},
};
const struct vouch_frame_protocol vouch_control_protocol = {"control", control_asks, 2,
                                                            control_answers, 1};

static int is_end(const struct vouch_link *link, size_t role) {
    return link->asks == role || link->answers == role;
}

unsigned vouch_service_fd_count(const struct vouch_service *service, size_t role) {
    unsigned count = VOUCH_ROLE_FIRST_LANE_FD + service->roles[role].gifts;
    for (size_t i = 0; i < service->link_count; i++) {
        count += is_end(&service->links[i], role) ? service->links[i].lanes : 0;
    }
    return count;
}

int vouch_service_fd(const struct vouch_service *service, size_t role, size_t link, unsigned lane) {
    if (link >= service->link_count || !is_end(&service->links[link], role) ||
        lane >= service->links[link].lanes) {
        return -1;
    }
    unsigned fd = VOUCH_ROLE_FIRST_LANE_FD;
    for (size_t i = 0; i < link; i++) {
        fd += is_end(&service->links[i], role) ? service->links[i].lanes : 0;
    }
    return (int)(fd + lane);
}

int vouch_service_gift(const struct vouch_service *service, size_t role, unsigned gift) {
    unsigned gifts = service->roles[role].gifts;
    return gift < gifts ? (int)(vouch_service_fd_count(service, role) - gifts + gift) : -1;
}

size_t vouch_service_role(const struct vouch_service *service, const char *name) {
    for (size_t i = 0; i < service->role_count; i++) {
        if (strcmp(service->roles[i].name, name) == 0) {
            return i;
        }
    }
    return service->role_count;
}

static size_t count_words(const char *const *words) {
    size_t count = 0;
    while (words != NULL && words[count] != NULL) {
        count++;
    }
    return count;
}

static int is_good_link(const struct vouch_service *service, const struct vouch_link *link) {
    return link->asks < service->role_count && link->answers < service->role_count &&
           link->asks != link->answers && link->lanes > 0 && link->lanes <= VOUCH_LANES_MAX;
}

int vouch_service_check(const struct vouch_service *service, struct vouch_fault *fault) {
    int good = service->role_count > 0 && service->role_count <= VOUCH_ROLES_MAX &&
               service->link_count <= VOUCH_LINKS_MAX &&
               count_words(service->args) <= VOUCH_SERVICE_ARGS_MAX &&
               count_words(service->keep_env) <= VOUCH_SERVICE_ENV_MAX;
    for (size_t i = 0; i < service->link_count && good; i++) {
        good = is_good_link(service, &service->links[i]);
    }
    for (size_t i = 0; i < service->role_count && good; i++) {
        good = vouch_service_role(service, service->roles[i].name) == i &&
               service->roles[i].gifts <= VOUCH_ROLE_GIFTS_MAX;
    }
    return good ? VOUCH_OK
                : vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_internal,
                                  "%s: the table of its processes is wrong", service->program);
}

static int fail(const char *what, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_role, "%s: %s", what,
                           strerrordesc_np(errno));
}

// Puts the descriptors in their places. They are first moved above all places, so that none is
// overwritten before it was used.
static int place_fds(const struct vouch_start *start, int *ret_program_fd,
                     struct vouch_fault *fault) {
    int count = (int)start->fd_count;
    int above[VOUCH_START_FDS_MAX];
    int program_fd = fcntl(start->program_fd, F_DUPFD_CLOEXEC, count);
    if (program_fd < 0) {
        return fail("moving descriptors", fault);
    }
    for (int i = 0; i < count; i++) {
        above[i] = fcntl(start->fds[i], F_DUPFD_CLOEXEC, count);
        if (above[i] < 0) {
            return fail("moving descriptors", fault);
        }
    }
    for (int i = 0; i < count; i++) {
        if (dup2(above[i], i) < 0) {
            return fail("placing descriptors", fault);
        }
    }
    // The program's own descriptor is among the others, and is needed until the very end.
    if (syscall(SYS_close_range, (unsigned)count, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
        return fail("closing descriptors", fault);
    }
    *ret_program_fd = program_fd;
    return VOUCH_OK;
}

static void reset_signals(void) {
    for (int number = 1; number < NSIG; number++) {
        (void)signal(number, SIG_DFL); // fails for SIGKILL, SIGSTOP and the C library's own
    }
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

// Everything that is taken away before the program begins anew. Changing the user comes before asking to
// die with the parent, since it undoes that.
static int confine(const struct vouch_start *start, struct vouch_fault *fault) {
    if (setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) != 0) {
        return fail("forbidding core dumps", fault);
    }
    (void)umask(077);
    if (start->user != NULL) {
        int err = vouch_user_become(*start->user, fault);
        if (err != VOUCH_OK) {
            return err;
        }
    } else {
        vouch_user_drop_ambient();
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        return fail("forbidding new privileges", fault);
    }
    // Who died before we asked to die with it will not be noticed otherwise.
    if (getppid() != start->parent) {
        _exit(1);
    }
    return VOUCH_OK;
}

// Tells the supervisor, through the control socket where it lies by now or lay before.
static void report(int fd, const struct vouch_fault *why) {
    struct vouch_role_self self = {0};
    vouch_lane_init(&self.control, fd, &vouch_control_protocol, VOUCH_LANE_ASKS);
    vouch_role_failed(&self, why);
}

_Noreturn static void become_role(const struct vouch_start *start) {
    struct vouch_fault fault = {0};
    int control_fd = start->fds[VOUCH_ROLE_CONTROL_FD];
    (void)setpgid(0, 0);
    reset_signals();
    int program_fd = -1;
    int err = place_fds(start, &program_fd, &fault);
    if (err == VOUCH_OK) {
        control_fd = VOUCH_ROLE_CONTROL_FD;
        err = confine(start, &fault);
    }
    if (err == VOUCH_OK) {
        (void)syscall(SYS_execveat, program_fd, "", start->argv, start->envp, AT_EMPTY_PATH);
        (void)fail("running the program again", &fault);
    }
    report(control_fd, &fault);
    _exit(127);
}

int vouch_start_process(const struct vouch_start *start, struct vouch_process *ret_process,
                        struct vouch_fault *fault) {
    (void)fflush(NULL); // what is buffered must not be written twice
    pid_t pid = fork();
    if (pid == 0) {
        become_role(start);
    }
    if (pid < 0) {
        return fail("fork", fault);
    }
    // It cannot be taken for another: it is our child, and not yet waited for.
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) {
        int err = fail("pidfd_open", fault);
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return err;
    }
    *ret_process = (struct vouch_process){.pid = pid, .fd = fd};
    return VOUCH_OK;
}
