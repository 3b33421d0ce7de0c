// SPDX-License-Identifier: ISC
// The daemon: one thread waits for news (news.c), this one does everything else, one step after the other.
#include "prog/vouch-host/daemon.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"
#include "base/time.h"
#include "ipc/notify.h"
#include "prog/vouch-host/news.h"
#include "prog/vouch-host/pace.h"
#include "prog/vouch-host/walls.h"

#define SECOND_NS UINT64_C(1000000000)
#define FOLLOW_NS SECOND_NS
#define GUARD_NS (2 * SECOND_NS)
#define REPORT_S 300
#define NEVER UINT64_MAX

// When each kind of work is next due, on the monotonic clock.
struct due {
    uint64_t sync, report, renew, follow, guard, alive;
};

struct daemon {
    struct vouch_member *member;
    const struct vouch_term *term;
    struct vouch_news *news;
    struct vouch_notify notify;
    int ready;   // an eventfd: news
    int signals; // a signalfd
    struct due due;
    struct vouch_pace sync_pace, renew_pace, report_pace, follow_pace, guard_pace;
    int is_failing; // it was said that something fails
    int is_over;    // told to stop
};

static uint64_t random_u64(void) {
    uint64_t random = 0;
    vouch_random(&random, sizeof random);
    return random;
}

static uint64_t later(struct vouch_pace *pace) {
    return vouch_time_monotonic_ns() + vouch_pace_failed_ms(pace, random_u64()) * 1000000;
}

static void say_step(void *context, struct vouch_bytes line) {
    const struct daemon *daemon = context;
    vouch_say(daemon->term, "vouch-host: %.*s", (int)line.len, (const char *)line.ptr);
}

// Said once when it begins and once when it is over, whatever is tried in between.
static int note(struct daemon *daemon, const struct vouch_fault *why, struct vouch_fault *fault) {
    struct vouch_fault unused;
    if (why != NULL && !daemon->is_failing) {
        vouch_term_fault(daemon->term, why);
    } else if (why == NULL && daemon->is_failing) {
        vouch_say(daemon->term, "vouch-host: all is well again");
    }
    daemon->is_failing = why != NULL;
    (void)!vouch_notify_send(&daemon->notify, VOUCH_NOTIFY_STATUS,
                             why != NULL ? why->text : "as the server wants it", &unused);
    return vouch_member_note(daemon->member, why, fault);
}

static int start_news(struct daemon *daemon, struct vouch_fault *fault) {
    struct vouch_member *member = daemon->member;
    return vouch_news_start(&member->enrolled, vouch_secret_bytes(&member->secret),
                            &member->installed, daemon->ready, &daemon->news, fault);
}

static void stop_news(struct daemon *daemon) {
    vouch_news_stop(daemon->news);
    daemon->news = NULL;
}

static int barred(const struct daemon *daemon, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_REFUSED, &vouch_fault_host_barred, "%s",
                           daemon->member->enrolled.why != NULL ? daemon->member->enrolled.why
                                                                : "the server says no");
}

// The next moment to renew: the wall clock decides, which may be set meanwhile, so it is looked at again at
// least every hour.
static void plan_renewal(struct daemon *daemon) {
    uint64_t now_s = vouch_time_now_s(), at_s = daemon->member->renew_at_s;
    uint64_t left_s = at_s > now_s ? at_s - now_s : 0;
    left_s = left_s < 3600 ? left_s : 3600;
    daemon->due.renew = at_s == 0 ? NEVER : vouch_time_monotonic_ns() + left_s * SECOND_NS;
}

static int sync_now(struct daemon *daemon, struct vouch_fault *fault) {
    struct vouch_fault why = {0};
    struct vouch_member_synced synced = {0};
    const struct vouch_member_listener listener = {say_step, daemon};
    int err = vouch_member_sync(daemon->member, &listener, &synced, &why);
    daemon->due.sync = err != 0 ? later(&daemon->sync_pace) : NEVER;
    if (err == 0) {
        vouch_pace_reset(&daemon->sync_pace);
        daemon->due.report = synced.installed > 0 ? 0 : daemon->due.report;
        if (synced.installed > 0 && daemon->renew_pace.failures == 0) {
            plan_renewal(daemon);
        }
        daemon->due.renew = synced.renew ? 0 : daemon->due.renew;
    }
    err = note(daemon, err != 0 ? &why : NULL, fault);
    return err == 0 && daemon->member->is_barred ? barred(daemon, fault) : err;
}

static int report_now(struct daemon *daemon, struct vouch_fault *fault) {
    struct vouch_fault why = {0};
    int err = vouch_member_report(daemon->member, NULL, &why);
    uint64_t spread_ns = random_u64() % (REPORT_S * SECOND_NS / 10);
    daemon->due.report = err != 0 ? later(&daemon->report_pace)
                                  : vouch_time_monotonic_ns() + REPORT_S * SECOND_NS - spread_ns;
    if (err == 0) {
        vouch_pace_reset(&daemon->report_pace);
    }
    // That it can be told says nothing of an install that still fails.
    if (err == 0 && daemon->sync_pace.failures + daemon->guard_pace.failures > 0) {
        return 0;
    }
    err = note(daemon, err != 0 ? &why : NULL, fault);
    return err == 0 && daemon->member->is_barred ? barred(daemon, fault) : err;
}

// While it renews nobody else may use the old secret: one that comes after the new one is a copy's.
static int renew_now(struct daemon *daemon, struct vouch_fault *fault) {
    struct vouch_fault why = {0};
    struct vouch_apply_machine machine = {0};
    const struct vouch_member_listener listener = {say_step, daemon};
    if (daemon->member->renew_at_s > vouch_time_now_s() && daemon->due.renew != 0) {
        plan_renewal(daemon);
        return 0;
    }
    stop_news(daemon);
    int err = vouch_member_renew(daemon->member, &listener, &why);
    if (err == 0) {
        vouch_pace_reset(&daemon->renew_pace);
        err = vouch_member_describe(daemon->member, &machine, &why);
        daemon->due.report = 0;
    }
    plan_renewal(daemon);
    if (err != 0) {
        daemon->due.renew = later(&daemon->renew_pace);
    }
    err = note(daemon, err != 0 ? &why : NULL, fault);
    return err == 0 ? start_news(daemon, fault) : err;
}

// Rows that the server does not take now are there again the next time.
static int follow_now(struct daemon *daemon, struct vouch_fault *fault) {
    struct vouch_fault why = {0};
    size_t count = 0;
    int err = vouch_member_logins(daemon->member, &count, &why);
    if (err != 0) {
        daemon->due.follow = later(&daemon->follow_pace);
        err = note(daemon, &why, fault);
        return err == 0 && daemon->member->is_barred ? barred(daemon, fault) : err;
    }
    vouch_pace_reset(&daemon->follow_pace);
    daemon->due.follow = count > 0 ? 0 : vouch_time_monotonic_ns() + FOLLOW_NS;
    return 0;
}

// sshd's files are looked at every moment; the server hears of it if one had to be put back.
static int guard_now(struct daemon *daemon, struct vouch_fault *fault) {
    struct vouch_fault why = {0};
    const struct vouch_member_listener listener = {say_step, daemon};
    size_t count = 0;
    int err = vouch_member_guard(daemon->member, &listener, &count, &why);
    if (err != 0) {
        daemon->due.guard = later(&daemon->guard_pace);
        return note(daemon, &why, fault);
    }
    daemon->due.guard = vouch_time_monotonic_ns() + GUARD_NS;
    daemon->due.report = count > 0 || daemon->guard_pace.failures > 0 ? 0 : daemon->due.report;
    vouch_pace_reset(&daemon->guard_pace);
    return 0;
}

// The manager ends a daemon that hangs in a step, and starts it again.
static int say_alive(struct daemon *daemon) {
    struct vouch_fault unused;
    (void)!vouch_notify_send(&daemon->notify, VOUCH_NOTIFY_ALIVE, NULL, &unused);
    daemon->due.alive = daemon->notify.watchdog_ns == 0
                            ? NEVER
                            : vouch_time_monotonic_ns() + daemon->notify.watchdog_ns / 3;
    return 0;
}

static int hear_news(struct daemon *daemon, struct vouch_fault *fault) {
    uint64_t count = 0;
    struct vouch_news_told told = {0};
    (void)!read(daemon->ready, &count, sizeof count);
    if (daemon->news == NULL || vouch_news_take(daemon->news, &told) != 0) {
        return 0;
    }
    if (told.fault.err != 0 && !vouch_contact_is_final(&told.fault)) {
        return note(daemon, &told.fault, fault);
    }
    // What is newer is installed; a "no" is heard once more, by the one who may act on it.
    daemon->due.sync = 0;
    return 0;
}

static int hear_child(const struct daemon *daemon, struct vouch_fault *fault) {
    struct vouch_station *station = &daemon->member->station;
    int status = 0;
    if (waitpid(station->apply_pid, &status, WNOHANG) != station->apply_pid) {
        return 0;
    }
    station->apply_pid = 0;
    return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_host_root,
                           "the root part ended (%s %d)", WIFSIGNALED(status) ? "signal" : "status",
                           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static int hear_signal(struct daemon *daemon, struct vouch_fault *fault) {
    struct signalfd_siginfo info;
    if (read(daemon->signals, &info, sizeof info) != (ssize_t)sizeof info) {
        return 0;
    }
    switch (info.ssi_signo) {
    case SIGTERM:
    case SIGINT:
        daemon->is_over = 1;
        return 0;
    case SIGHUP:
        daemon->due.sync = 0;
        return 0;
    case SIGUSR1:
        daemon->due.renew = 0;
        return 0;
    default:
        return hear_child(daemon, fault);
    }
}

static int wait_ms(const struct due *due) {
    const uint64_t moments[] = {due->sync,   due->report, due->renew,
                                due->follow, due->guard,  due->alive};
    uint64_t now = vouch_time_monotonic_ns(), first = NEVER;
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        first = moments[i] < first ? moments[i] : first;
    }
    uint64_t left_ms = first > now ? (first - now) / 1000000 + 1 : 0;
    return left_ms < 60000 ? (int)left_ms : 60000;
}

static int work(struct daemon *daemon, struct vouch_fault *fault) {
    uint64_t now = vouch_time_monotonic_ns();
    if (daemon->due.alive <= now) {
        return say_alive(daemon);
    }
    if (daemon->due.guard <= now) {
        return guard_now(daemon, fault);
    }
    if (daemon->due.sync <= now) {
        return sync_now(daemon, fault);
    }
    if (daemon->due.renew <= now) {
        return renew_now(daemon, fault);
    }
    if (daemon->due.report <= now) {
        return report_now(daemon, fault);
    }
    return daemon->due.follow <= now ? follow_now(daemon, fault) : 0;
}

static int loop(struct daemon *daemon, struct vouch_fault *fault) {
    int err = 0;
    while (err == 0 && !daemon->is_over) {
        struct pollfd fds[] = {{.fd = daemon->signals, .events = POLLIN},
                               {.fd = daemon->ready, .events = POLLIN}};
        if (poll(fds, 2, wait_ms(&daemon->due)) < 0 && errno != EINTR) {
            return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_internal, "poll: %s",
                                   strerror(errno));
        }
        if (fds[0].revents != 0) {
            err = hear_signal(daemon, fault);
        }
        if (err == 0 && fds[1].revents != 0) {
            err = hear_news(daemon, fault);
        }
        if (err == 0 && !daemon->is_over) {
            err = work(daemon, fault);
        }
    }
    return err;
}

static int begin(struct daemon *daemon, struct vouch_fault *fault) {
    struct vouch_apply_machine machine = {0};
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGUSR1);
    (void)sigaddset(&set, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
        (daemon->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0 ||
        (daemon->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_internal,
                               "no descriptors for signals: %s", strerror(errno));
    }
    int err = vouch_notify_open(&daemon->notify, fault);
    if (err == 0) {
        err = vouch_host_wall_in(daemon->member, daemon->term, fault);
    }
    if (err == 0) {
        err = vouch_member_describe(daemon->member, &machine, fault);
    }
    if (err == 0) {
        plan_renewal(daemon);
        // What comes first is news, and where the log of sshd is to be read from.
        daemon->due.guard = vouch_time_monotonic_ns() + GUARD_NS;
        err = start_news(daemon, fault);
    }
    return err == 0 ? vouch_notify_send(&daemon->notify, VOUCH_NOTIFY_READY, "at work", fault)
                    : err;
}

int vouch_daemon_run(struct vouch_member *member, const struct vouch_term *term,
                     struct vouch_fault *fault) {
    struct vouch_fault unused;
    struct daemon daemon = {
        .member = member, .term = term, .notify = {.fd = -1}, .ready = -1, .signals = -1};
    int err = begin(&daemon, fault);
    if (err == 0) {
        err = loop(&daemon, fault);
    }
    (void)!vouch_notify_send(&daemon.notify, VOUCH_NOTIFY_STOPPING, NULL, &unused);
    stop_news(&daemon);
    vouch_notify_close(&daemon.notify);
    vouch_close_at_end(&daemon.ready);
    vouch_close_at_end(&daemon.signals);
    return err;
}
