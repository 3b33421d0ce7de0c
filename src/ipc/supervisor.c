// SPDX-License-Identifier: ISC
// The supervisor, on pidfds, a signalfd and poll(2). Straight-line: each phase is one function that
// waits, and returns when the phase is over.
#include "ipc/supervisor.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "ipc/spawn-start.h"
#include "vouch/wire.h"

#define MS UINT64_C(1000000)
#define KILL_NS (5000 * MS) // from SIGKILL to the end
#define SETTLE_NS (50 * MS)

enum phase { WAITING = 0, AWAITING_GO, RUNNING, STOPPED };

struct watched {
    struct vouch_process process;
    struct vouch_lane control;
    int has_control; // nonzero while the control lane is worth listening to
    int is_ready;
    int status; // of waitid(), once process.pid is 0 again
    int code;
    struct vouch_fault why; // what it said itself
};

struct vouch_supervisor {
    const struct vouch_service *service;
    struct vouch_service_times times;
    enum phase phase;
    int separates;
    int stop_asked;
    int stop_signalled; // it was a signal that asked
    int reload_asked;
    int announces; // nonzero: the next stop of running roles is told before it begins
    int signal_fd;
    int program_fd;
    int null_fd;
    sigset_t old_mask;
    uint64_t start_ns;   // when to start next
    uint64_t running_ns; // since when it runs
    uint64_t backoff_ms;
    struct vouch_user users[VOUCH_ROLES_MAX];
    struct watched roles[VOUCH_ROLES_MAX];
};

static int fail(const char *what, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_role, "supervisor: %s: %s", what,
                           strerrordesc_np(errno));
}

static uint64_t or_default(uint64_t value, uint64_t normal) {
    return value != 0 ? value : normal;
}

static struct vouch_service_times fill_times(const struct vouch_service_times *given) {
    return (struct vouch_service_times){
        .ready_ms = or_default(given->ready_ms, 10000),
        .stop_ms = or_default(given->stop_ms, 10000),
        .backoff_first_ms = or_default(given->backoff_first_ms, 1000),
        .backoff_max_ms = or_default(given->backoff_max_ms, 60000),
        .healthy_ms = or_default(given->healthy_ms, 60000),
    };
}

static int find_users(struct vouch_supervisor *supervisor, struct vouch_fault *fault) {
    supervisor->separates = geteuid() == 0;
    int err = VOUCH_OK;
    for (size_t i = 0; i < supervisor->service->role_count && supervisor->separates; i++) {
        err = vouch_user_find(supervisor->service->roles[i].user, &supervisor->users[i], fault);
        if (err != VOUCH_OK) {
            return err;
        }
    }
    return err;
}

static int open_signals(struct vouch_supervisor *supervisor, struct vouch_fault *fault) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    // A parent that ignores SIGCHLD hands that down, and the kernel would then reap in our place.
    (void)signal(SIGCHLD, SIG_DFL);
    if (sigprocmask(SIG_BLOCK, &signals, &supervisor->old_mask) != 0) {
        return fail("blocking signals", fault);
    }
    supervisor->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return supervisor->signal_fd >= 0 ? VOUCH_OK : fail("signalfd", fault);
}

static int open_all(struct vouch_supervisor *supervisor, struct vouch_fault *fault) {
    int err = open_signals(supervisor, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    supervisor->program_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    if (supervisor->program_fd < 0) {
        return fail("/proc/self/exe", fault);
    }
    supervisor->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    return supervisor->null_fd >= 0 ? VOUCH_OK : fail("/dev/null", fault);
}

int vouch_supervisor_new(const struct vouch_service *service,
                         struct vouch_supervisor **ret_supervisor, struct vouch_fault *fault) {
    int err = vouch_service_check(service, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_supervisor *supervisor = calloc(1, sizeof *supervisor);
    if (supervisor == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "supervisor: no memory");
    }
    supervisor->service = service;
    supervisor->times = fill_times(&service->times);
    supervisor->backoff_ms = supervisor->times.backoff_first_ms;
    supervisor->signal_fd = supervisor->program_fd = supervisor->null_fd = -1;
    (void)sigprocmask(SIG_BLOCK, NULL, &supervisor->old_mask);
    err = find_users(supervisor, fault);
    if (err == VOUCH_OK) {
        err = open_all(supervisor, fault);
    }
    if (err != VOUCH_OK) {
        vouch_supervisor_free(supervisor);
        return err;
    }
    *ret_supervisor = supervisor;
    return VOUCH_OK;
}

int vouch_supervisor_separates(const struct vouch_supervisor *supervisor) {
    return supervisor->separates;
}

pid_t vouch_supervisor_pid(const struct vouch_supervisor *supervisor, size_t role) {
    assert(role < supervisor->service->role_count);
    return supervisor->roles[role].process.pid;
}

void vouch_supervisor_stop(struct vouch_supervisor *supervisor) {
    supervisor->stop_asked = 1;
}

void vouch_supervisor_announce(struct vouch_supervisor *supervisor) {
    supervisor->announces = 1;
}

static void send_signal(struct watched *role, int number) {
    if (role->process.pid != 0) {
        // By the pidfd, so that it can reach nobody else.
        (void)syscall(SYS_pidfd_send_signal, role->process.fd, number, NULL, 0);
    }
}

static void signal_all(struct vouch_supervisor *supervisor, int number) {
    for (size_t i = 0; i < supervisor->service->role_count; i++) {
        send_signal(&supervisor->roles[i], number);
    }
}

// The kind of fault that a role names; a code that is none counts as the role's end itself.
static const struct vouch_fault_kind *kind_of(struct vouch_bytes code) {
    const struct vouch_fault_kind *kind = vouch_fault_kind_of(code);
    return kind != NULL ? kind : &vouch_fault_role;
}

// Listens to what a role says on its control socket.
static void hear(struct watched *role) {
    struct vouch_message message = {0};
    int err = vouch_lane_step(&role->control, &message, NULL);
    if (err == VOUCH_OK && message.kind == VOUCH_MESSAGE_NONE) {
        return;
    }
    struct vouch_reader reader;
    vouch_reader_init(&reader, message.body);
    struct vouch_bytes text = vouch_read_text(&reader, "text");
    struct vouch_bytes next = {0}, code = {0};
    if (message.type == VOUCH_CONTROL_FAILED) {
        next = vouch_read_text(&reader, "next");
        code = vouch_read_text(&reader, "code");
    }
    if (err != VOUCH_OK || message.kind == VOUCH_MESSAGE_HANG_UP ||
        vouch_reader_end(&reader, NULL) != VOUCH_OK) {
        role->has_control = 0; // nothing sensible will come any more; its end will
        return;
    }
    (void)vouch_fault_set(&role->why, VOUCH_ERR_REFUSED, kind_of(code), "%.*s", (int)text.len,
                          (const char *)text.ptr);
    (void)vouch_fault_next(&role->why, "%.*s", (int)next.len, (const char *)next.ptr);
    role->is_ready = message.type == VOUCH_CONTROL_SANDBOXED;
    role->has_control = message.type == VOUCH_CONTROL_SANDBOXED;
}

// Collects a role that has ended. What it said last is still in its socket.
static void reap(struct watched *role) {
    siginfo_t end = {0};
    if (waitid(P_PIDFD, (id_t)role->process.fd, &end, WEXITED | WNOHANG) != 0 || end.si_pid == 0) {
        return;
    }
    if (role->has_control) {
        hear(role);
    }
    role->status = end.si_status;
    role->code = end.si_code;
    close(role->process.fd);
    role->process = (struct vouch_process){0};
}

static void take_signals(struct vouch_supervisor *supervisor) {
    struct signalfd_siginfo signals[8];
    ssize_t got = read(supervisor->signal_fd, signals, sizeof signals);
    for (size_t i = 0; got > 0 && i < (size_t)got / sizeof signals[0]; i++) {
        supervisor->stop_signalled |=
            signals[i].ssi_signo == SIGTERM || signals[i].ssi_signo == SIGINT;
        supervisor->reload_asked |= signals[i].ssi_signo == SIGHUP;
    }
    supervisor->stop_asked |= supervisor->stop_signalled;
}

static int wait_ms(uint64_t deadline_ns) {
    uint64_t now_ns = vouch_time_monotonic_ns();
    if (deadline_ns == UINT64_MAX) {
        return -1;
    }
    uint64_t left_ms = deadline_ns > now_ns ? (deadline_ns - now_ns + MS - 1) / MS : 0;
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

// Waits for the next thing to happen anywhere, until the deadline (UINT64_MAX: none), and takes note of
// it. *ret_is_late: the deadline has passed.
static int watch(struct vouch_supervisor *supervisor, uint64_t deadline_ns, int *ret_is_late,
                 struct vouch_fault *fault) {
    struct pollfd fds[1 + 2 * VOUCH_ROLES_MAX];
    size_t count = supervisor->service->role_count;
    fds[0] = (struct pollfd){supervisor->signal_fd, POLLIN, 0};
    for (size_t i = 0; i < count; i++) {
        struct watched *role = &supervisor->roles[i];
        // poll() passes over negative descriptors.
        fds[1 + 2 * i] = (struct pollfd){role->process.pid != 0 ? role->process.fd : -1, POLLIN, 0};
        fds[2 + 2 * i] = (struct pollfd){role->has_control ? role->control.fd : -1, POLLIN, 0};
    }
    int ready = poll(fds, 1 + 2 * count, wait_ms(deadline_ns));
    if (ready < 0 && errno != EINTR) {
        return fail("poll", fault);
    }
    for (size_t i = 0; i < count && ready > 0; i++) {
        if (fds[2 + 2 * i].revents != 0) {
            hear(&supervisor->roles[i]);
        }
        if (fds[1 + 2 * i].revents != 0) {
            reap(&supervisor->roles[i]);
        }
    }
    if (ready > 0 && fds[0].revents != 0) {
        take_signals(supervisor);
    }
    *ret_is_late = vouch_time_monotonic_ns() >= deadline_ns;
    return VOUCH_OK;
}

static size_t count_alive(const struct vouch_supervisor *supervisor) {
    size_t alive = 0;
    for (size_t i = 0; i < supervisor->service->role_count; i++) {
        alive += supervisor->roles[i].process.pid != 0;
    }
    return alive;
}

// Waits until at most `alive` roles are left.
static int wait_until_left(struct vouch_supervisor *supervisor, size_t alive, uint64_t deadline_ns,
                           struct vouch_fault *fault) {
    int is_late = 0;
    while (count_alive(supervisor) > alive && !is_late) {
        int err = watch(supervisor, deadline_ns, &is_late, fault);
        if (err != VOUCH_OK) {
            return err;
        }
    }
    return VOUCH_OK;
}

static void describe_killed(struct vouch_supervisor *supervisor,
                            struct vouch_supervisor_event *event) {
    for (size_t i = 0; i < supervisor->service->role_count && event->role == NULL; i++) {
        if (supervisor->roles[i].process.pid != 0) {
            event->role = &supervisor->service->roles[i];
            (void)vouch_fault_set(&event->fault, VOUCH_ERR_TIMEOUT, &vouch_fault_role,
                                  "%s: did not stop within %llu ms and was killed",
                                  event->role->name, (unsigned long long)supervisor->times.stop_ms);
        }
    }
}

// A role that waits for the word to go learns by this that it will not come.
static void hang_up_all(struct vouch_supervisor *supervisor) {
    for (size_t i = 0; i < supervisor->service->role_count; i++) {
        vouch_lane_done(&supervisor->roles[i].control);
        supervisor->roles[i].has_control = 0;
    }
}

// SIGKILL, after which nothing may be left.
static int kill_all(struct vouch_supervisor *supervisor, struct vouch_fault *fault) {
    signal_all(supervisor, SIGKILL);
    hang_up_all(supervisor);
    int err = wait_until_left(supervisor, 0, vouch_time_monotonic_ns() + KILL_NS, fault);
    if (err == VOUCH_OK && count_alive(supervisor) > 0) {
        err = vouch_fault_set(fault, VOUCH_ERR_TIMEOUT, &vouch_fault_role,
                              "supervisor: a process cannot be killed; its disk may hang");
    }
    return err;
}

// After a death: SIGTERM to all at once, then SIGKILL.
static int bring_down(struct vouch_supervisor *supervisor, struct vouch_fault *fault) {
    signal_all(supervisor, SIGTERM);
    hang_up_all(supervisor);
    uint64_t deadline_ns = vouch_time_monotonic_ns() + supervisor->times.stop_ms * MS;
    int err = wait_until_left(supervisor, 0, deadline_ns, fault);
    return err == VOUCH_OK ? kill_all(supervisor, fault) : err;
}

// On request: one role after the other, so that each finishes what came from those before it. All of
// them together have the time of one.
static int stop_in_order(struct vouch_supervisor *supervisor, struct vouch_supervisor_event *event,
                         struct vouch_fault *fault) {
    uint64_t deadline_ns = vouch_time_monotonic_ns() + supervisor->times.stop_ms * MS;
    int err = VOUCH_OK;
    hang_up_all(supervisor);
    for (size_t i = 0; i < supervisor->service->role_count && err == VOUCH_OK; i++) {
        struct watched *role = &supervisor->roles[i];
        send_signal(role, SIGTERM);
        int is_late = 0;
        while (err == VOUCH_OK && role->process.pid != 0 && !is_late) {
            err = watch(supervisor, deadline_ns, &is_late, fault);
        }
    }
    if (err == VOUCH_OK) {
        describe_killed(supervisor, event);
        err = kill_all(supervisor, fault);
    }
    if (err == VOUCH_OK) {
        supervisor->phase = STOPPED;
        event->kind = VOUCH_SUPERVISOR_STOPPED;
        event->by_signal = supervisor->stop_signalled;
    }
    return err;
}

static int start_all(struct vouch_supervisor *supervisor, struct vouch_fault *fault) {
    const struct vouch_start_plan plan = {.service = supervisor->service,
                                          .program_fd = supervisor->program_fd,
                                          .null_fd = supervisor->null_fd,
                                          .users =
                                              supervisor->separates ? supervisor->users : NULL};
    struct vouch_started started = {0};
    int err = vouch_start_service(&plan, &started, fault);
    for (size_t i = 0; i < supervisor->service->role_count; i++) {
        struct watched *role = &supervisor->roles[i];
        *role = (struct watched){.process = started.processes[i]};
        role->has_control = role->process.pid != 0;
        if (role->has_control) {
            vouch_lane_init(&role->control, started.control_fds[i], &vouch_control_protocol,
                            VOUCH_LANE_ANSWERS);
        }
    }
    return err;
}

static int has_said_why(const struct watched *role) {
    return role->code == CLD_EXITED && role->why.text[0] != '\0' && !role->is_ready;
}

static void describe_end(const struct watched *role, const char *name, struct vouch_fault *ret) {
    if (has_said_why(role)) {
        (void)vouch_fault_set(ret, VOUCH_ERR_REFUSED, role->why.kind, "%s: %s", name,
                              role->why.text);
        (void)vouch_fault_next(ret, "%s", role->why.next);
    } else if (role->code == CLD_EXITED) {
        (void)vouch_fault_set(ret, VOUCH_ERR_REFUSED, &vouch_fault_role,
                              "%s: ended with exit status %d", name, role->status);
    } else {
        (void)vouch_fault_set(
            ret, VOUCH_ERR_REFUSED, &vouch_fault_role, "%s: was ended by signal %d (%s)%s", name,
            role->status, sigdescr_np(role->status) != NULL ? sigdescr_np(role->status) : "?",
            role->status == SIGSYS ? ": it made a system call outside its sandbox" : "");
    }
}

// How much the end of a role tells of its cause: by a signal, with an error, or just so.
static int weigh_end(const struct watched *role) {
    return role->code != CLD_EXITED ? 2 : role->status != 0;
}

// The dead role that tells most: others end because it did.
static size_t find_dead(const struct vouch_supervisor *supervisor) {
    size_t count = supervisor->service->role_count;
    size_t found = count;
    int best = -1;
    for (size_t i = 0; i < count; i++) {
        const struct watched *role = &supervisor->roles[i];
        if (role->process.pid == 0 && weigh_end(role) > best) {
            found = i;
            best = weigh_end(role);
        }
    }
    return found;
}

static void plan_restart(struct vouch_supervisor *supervisor,
                         struct vouch_supervisor_event *event) {
    uint64_t now_ns = vouch_time_monotonic_ns();
    event->was_running = supervisor->phase == RUNNING;
    if (event->was_running &&
        now_ns - supervisor->running_ns >= supervisor->times.healthy_ms * MS) {
        supervisor->backoff_ms = supervisor->times.backoff_first_ms;
    }
    event->wait_ms = supervisor->backoff_ms;
    supervisor->backoff_ms = supervisor->backoff_ms > supervisor->times.backoff_max_ms / 2
                                 ? supervisor->times.backoff_max_ms
                                 : supervisor->backoff_ms * 2;
    supervisor->phase = WAITING;
    event->kind = VOUCH_SUPERVISOR_DIED;
}

// The wait begins when all have ended.
static int begin_waiting(struct vouch_supervisor *supervisor, int err,
                         const struct vouch_supervisor_event *event) {
    supervisor->start_ns = vouch_time_monotonic_ns() + event->wait_ms * MS;
    return err;
}

// A process closes its sockets before it counts as ended, so one that hung up on it may have ended
// first. Waits a moment for an end that tells more.
static int find_cause(struct vouch_supervisor *supervisor, size_t *dead,
                      struct vouch_fault *fault) {
    uint64_t deadline_ns = vouch_time_monotonic_ns() + SETTLE_NS;
    int is_late = 0, err = VOUCH_OK;
    while (err == VOUCH_OK && !is_late && count_alive(supervisor) > 0 &&
           weigh_end(&supervisor->roles[*dead]) < 2) {
        err = watch(supervisor, deadline_ns, &is_late, fault);
        *dead = find_dead(supervisor);
    }
    return err;
}

// A role is dead: says which and why, and takes the others down.
static int end_after_death(struct vouch_supervisor *supervisor, size_t dead,
                           struct vouch_supervisor_event *event, struct vouch_fault *fault) {
    int err = find_cause(supervisor, &dead, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    event->role = &supervisor->service->roles[dead];
    describe_end(&supervisor->roles[dead], event->role->name, &event->fault);
    event->said_why = has_said_why(&supervisor->roles[dead]);
    plan_restart(supervisor, event);
    return begin_waiting(supervisor, bring_down(supervisor, fault), event);
}

static size_t find_not_ready(const struct vouch_supervisor *supervisor) {
    size_t i = 0;
    while (i < supervisor->service->role_count && supervisor->roles[i].is_ready) {
        i++;
    }
    return i;
}

static int end_after_delay(struct vouch_supervisor *supervisor, size_t late,
                           struct vouch_supervisor_event *event, struct vouch_fault *fault) {
    event->role = &supervisor->service->roles[late];
    (void)vouch_fault_set(&event->fault, VOUCH_ERR_TIMEOUT, &vouch_fault_role,
                          "%s: was not in its sandbox within %llu ms", event->role->name,
                          (unsigned long long)supervisor->times.ready_ms);
    plan_restart(supervisor, event);
    // One that never got so far has nothing to finish.
    return begin_waiting(supervisor, kill_all(supervisor, fault), event);
}

static void collect_warnings(const struct vouch_supervisor *supervisor,
                             struct vouch_supervisor_event *event) {
    size_t len = 0;
    for (size_t i = 0; i < supervisor->service->role_count; i++) {
        const char *text = supervisor->roles[i].why.text;
        if (text[0] != '\0' && len < sizeof event->warning) {
            int more = snprintf(event->warning + len, sizeof event->warning - len, "%s%s: %s",
                                len > 0 ? "; " : "", supervisor->service->roles[i].name, text);
            len += more > 0 ? (size_t)more : 0;
        }
    }
}

// Until all are sandboxed; or one ends, or takes too long; or we are asked to stop.
static int get_ready(struct vouch_supervisor *supervisor, struct vouch_supervisor_event *event,
                     struct vouch_fault *fault) {
    uint64_t deadline_ns = vouch_time_monotonic_ns() + supervisor->times.ready_ms * MS;
    size_t count = supervisor->service->role_count;
    int is_late = 0, err = VOUCH_OK;
    while (err == VOUCH_OK) {
        size_t dead = find_dead(supervisor), waiting = find_not_ready(supervisor);
        if (supervisor->stop_asked) {
            return stop_in_order(supervisor, event, fault);
        }
        if (dead < count) {
            return end_after_death(supervisor, dead, event, fault);
        }
        if (waiting == count) {
            collect_warnings(supervisor, event);
            supervisor->phase = AWAITING_GO;
            event->kind = VOUCH_SUPERVISOR_READY;
            return VOUCH_OK;
        }
        if (is_late) {
            return end_after_delay(supervisor, waiting, event, fault);
        }
        err = watch(supervisor, deadline_ns, &is_late, fault);
    }
    return err;
}

// SIGHUP, once somebody is there to hear it.
static int take_reload(struct vouch_supervisor *supervisor, struct vouch_supervisor_event *event) {
    if (!supervisor->reload_asked) {
        return 0;
    }
    supervisor->reload_asked = 0;
    if (supervisor->phase == RUNNING) {
        signal_all(supervisor, SIGHUP);
    }
    event->kind = VOUCH_SUPERVISOR_RELOAD;
    return 1;
}

// Waits out the back-off, and starts.
static int start_again(struct vouch_supervisor *supervisor, struct vouch_supervisor_event *event,
                       struct vouch_fault *fault) {
    while (vouch_time_monotonic_ns() < supervisor->start_ns) {
        if (supervisor->stop_asked) {
            return stop_in_order(supervisor, event, fault);
        }
        if (take_reload(supervisor, event)) {
            return VOUCH_OK;
        }
        int is_late = 0;
        int err = watch(supervisor, supervisor->start_ns, &is_late, fault);
        if (err != VOUCH_OK) {
            return err;
        }
    }
    int err = start_all(supervisor, &event->fault);
    if (err == VOUCH_OK) {
        return get_ready(supervisor, event, fault);
    }
    // Not even started (no memory, no processes left): that may pass, so it is tried again too.
    plan_restart(supervisor, event);
    return begin_waiting(supervisor, kill_all(supervisor, fault), event);
}

static int run(struct vouch_supervisor *supervisor, struct vouch_supervisor_event *event,
               struct vouch_fault *fault) {
    for (;;) {
        size_t dead = find_dead(supervisor);
        if (supervisor->stop_asked && supervisor->announces) {
            supervisor->announces = 0;
            event->kind = VOUCH_SUPERVISOR_STOPPING;
            return VOUCH_OK;
        }
        if (supervisor->stop_asked) {
            return stop_in_order(supervisor, event, fault);
        }
        if (dead < supervisor->service->role_count) {
            return end_after_death(supervisor, dead, event, fault);
        }
        if (take_reload(supervisor, event)) {
            return VOUCH_OK;
        }
        int is_late = 0;
        int err = watch(supervisor, UINT64_MAX, &is_late, fault);
        if (err != VOUCH_OK) {
            return err;
        }
    }
}

int vouch_supervisor_next(struct vouch_supervisor *supervisor,
                          struct vouch_supervisor_event *ret_event, struct vouch_fault *fault) {
    struct vouch_supervisor_event event = {0};
    int err = VOUCH_ERR_ARGUMENT;
    if (supervisor->phase == WAITING) {
        err = start_again(supervisor, &event, fault);
    } else if (supervisor->phase == RUNNING) {
        err = run(supervisor, &event, fault);
    } else if (supervisor->stop_asked && supervisor->phase == AWAITING_GO) {
        err = stop_in_order(supervisor, &event, fault);
    } else {
        (void)vouch_fault_set(fault, err, &vouch_fault_internal,
                              "supervisor: asked for an event when none can come");
    }
    if (err == VOUCH_OK) {
        *ret_event = event;
    }
    return err;
}

int vouch_supervisor_go(struct vouch_supervisor *supervisor, size_t accepts,
                        struct vouch_lane_fds listeners, struct vouch_fault *fault) {
    struct vouch_lane_fds sockets[VOUCH_ROLES_MAX] = {0};
    assert(accepts < VOUCH_ROLES_MAX);
    sockets[accepts] = listeners;
    return vouch_supervisor_go_each(supervisor, sockets, fault);
}

int vouch_supervisor_go_each(struct vouch_supervisor *supervisor,
                             const struct vouch_lane_fds *sockets, struct vouch_fault *fault) {
    if (supervisor->phase != AWAITING_GO) {
        return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_internal,
                               "supervisor: the roles are not ready");
    }
    uint64_t deadline_ns = vouch_time_monotonic_ns() + supervisor->times.ready_ms * MS;
    for (size_t i = supervisor->service->role_count; i-- > 0;) {
        struct vouch_lane *control = &supervisor->roles[i].control;
        (void)vouch_lane_begin(control);
        int err = vouch_lane_send_fds(control, VOUCH_CONTROL_GO, sockets[i], deadline_ns, fault);
        // A role that hung up has died, and its end tells more than this.
        if (err != VOUCH_OK && err != VOUCH_ERR_TRUNCATED) {
            return err;
        }
    }
    for (size_t i = 0; i < supervisor->service->role_count; i++) {
        supervisor->roles[i].why = (struct vouch_fault){0};
        supervisor->roles[i].is_ready = 0;
    }
    supervisor->phase = RUNNING;
    supervisor->running_ns = vouch_time_monotonic_ns();
    return VOUCH_OK;
}

void vouch_supervisor_free(struct vouch_supervisor *supervisor) {
    if (supervisor == NULL) {
        return;
    }
    int err = kill_all(supervisor, NULL);
    (void)err; // what cannot be killed now will be when we end
    int fds[] = {supervisor->signal_fd, supervisor->program_fd, supervisor->null_fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    (void)sigprocmask(SIG_SETMASK, &supervisor->old_mask, NULL);
    free(supervisor);
}
