// SPDX-License-Identifier: ISC
// The roles of the toy service.
#include "ipc/test-toy.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/time.h"
#include "ipc/sandbox.h"
#include "vouch/wire.h"

static const struct vouch_frame_rule ask = {.type = 1, .body_max = 4, .name = "ask"};
static const struct vouch_frame_rule answer = {.type = 2, .body_max = 4, .name = "answer"};
static const struct vouch_frame_protocol toy = {"toy", &ask, 1, &answer, 1};

int test_toy_gift = -1;
const struct vouch_role test_toy_roles[ROLE_COUNT] = {
    {.name = "web", .user = "65531"},
    {.name = "authority", .user = "65532:65532"},
    {.name = "signer", .user = "65533", .gifts = 1, .gift_fds = &test_toy_gift},
};
static const struct vouch_link links[] = {{WEB, AUTHORITY, 2}, {AUTHORITY, SIGNER, 1}};
static const char *const keep_env[] = {"VOUCH_TEST_KEPT", NULL};
char test_toy_folder[64];
static const char *const args[] = {test_toy_folder, NULL};

struct vouch_service test_toy_service = {
    .program = "test-spawn",
    .roles = test_toy_roles,
    .role_count = ROLE_COUNT,
    .links = links,
    .link_count = 2,
    .args = args,
    .keep_env = keep_env,
    .times = {.ready_ms = 5000,
              .stop_ms = 3000,
              .backoff_first_ms = 10,
              .backoff_max_ms = 40,
              .healthy_ms = 60000},
};

struct toy {
    struct vouch_role_self self;
    char step;
    char way;
    struct vouch_lane asks;    // of web and authority
    struct vouch_lane answers; // of authority and signer
    struct vouch_lane spare;   // the second lane of web and authority
    int listener;
    unsigned reloads;
    uint32_t gift;
};

static void fail_now(struct toy *role) {
    struct vouch_fault fault = {0};
    switch (role->way) {
    case BY_KILL:
        (void)raise(SIGKILL);
        break;
    case BY_EXIT:
        _exit(3);
    case BY_HANGING:
        for (;;) {
            (void)poll(NULL, 0, 1000);
        }
    case BY_SYSCALL:
        (void)syscall(SYS_ptrace, 0, 0, 0, 0);
        break;
    case BY_SAYING_SO:
        (void)vouch_fault_set(&fault, VOUCH_ERR_IO, &vouch_fault_read, "ledger: the disk is gone");
        (void)vouch_fault_next(&fault, "Find the disk.");
        vouch_role_failed(&role->self, &fault);
        break;
    default:
        break;
    }
    _exit(4);
}

static void reach(struct toy *role, char step) {
    if (role->step == step) {
        fail_now(role);
    }
}

static void read_orders(struct toy *role, const char *in_folder, const char *name) {
    char path[128], text[2] = "";
    (void)snprintf(path, sizeof path, "%s/%s", in_folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, text, 2) == 2 && unlink(path) == 0) {
        role->step = text[0];
        role->way = text[1];
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void begin_lanes(struct toy *role) {
    int err = VOUCH_OK;
    if (role->self.index == WEB) {
        err |= vouch_role_lane(&role->self, WEB_TO_AUTHORITY, 0, &toy, &role->asks, NULL);
        err |= vouch_role_lane(&role->self, WEB_TO_AUTHORITY, 1, &toy, &role->spare, NULL);
    } else if (role->self.index == AUTHORITY) {
        err |= vouch_role_lane(&role->self, WEB_TO_AUTHORITY, 0, &toy, &role->answers, NULL);
        err |= vouch_role_lane(&role->self, WEB_TO_AUTHORITY, 1, &toy, &role->spare, NULL);
        err |= vouch_role_lane(&role->self, AUTHORITY_TO_SIGNER, 0, &toy, &role->asks, NULL);
    } else {
        err |= vouch_role_lane(&role->self, AUTHORITY_TO_SIGNER, 0, &toy, &role->answers, NULL);
        int gift = vouch_service_gift(&test_toy_service, SIGNER, 0);
        err |= pread(gift, &role->gift, sizeof role->gift, 0) == sizeof role->gift ? 0 : -1;
    }
    if (err != VOUCH_OK) {
        _exit(5);
    }
}

// What a role is like before its sandbox; it travels as the warning.
static void describe(char *text, size_t size) {
    unsigned fds = 0, env = 0;
    for (int fd = 0; fd < 1024; fd++) {
        fds += fcntl(fd, F_GETFD) >= 0;
    }
    for (char **entry = environ; *entry != NULL; entry++) {
        env++;
    }
    struct rlimit core = {1, 1};
    (void)getrlimit(RLIMIT_CORE, &core);
    sigset_t mask;
    (void)sigprocmask(SIG_SETMASK, NULL, &mask);
    (void)snprintf(text, size, "fd %u env %u dump %d core %d nnp %d int %d own %d", fds, env,
                   prctl(PR_GET_DUMPABLE), (int)core.rlim_max,
                   prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), sigismember(&mask, SIGINT),
                   getpgrp() == getpid());
}

static void enter_sandbox(struct toy *role) {
    static const enum vouch_sandbox_profile profiles[] = {
        VOUCH_SANDBOX_WEB, VOUCH_SANDBOX_AUTHORITY, VOUCH_SANDBOX_SIGNER};
    const struct vouch_sandbox sandbox = {
        .profile = profiles[role->self.index],
        .network = role->self.index == WEB ? VOUCH_SANDBOX_OPEN_SOCKETS : VOUCH_SANDBOX_NO_NETWORK};
    struct vouch_sandbox_report report;
    if (vouch_sandbox_enter(&sandbox, &report, NULL) != VOUCH_OK) {
        _exit(6);
    }
}

static uint64_t soon(void) {
    return vouch_time_monotonic_ns() + UINT64_C(5000000000);
}

// Answers one question: its own number, or what comes from further in, and its reloads.
static uint32_t ask_further(struct toy *role) {
    if (role->self.index == SIGNER) {
        return 100 + role->reloads + role->gift;
    }
    struct vouch_message message = {0};
    (void)vouch_lane_begin(&role->asks);
    if (vouch_lane_ask(&role->asks, 1, soon(), &message, NULL) != VOUCH_OK) {
        _exit(0); // the service is being taken down
    }
    struct vouch_reader reader;
    vouch_reader_init(&reader, message.body);
    uint32_t number = vouch_read_u32(&reader, "number");
    return vouch_reader_end(&reader, NULL) == VOUCH_OK ? number + 1000 : 0;
}

static void serve_lane(struct toy *role) {
    struct vouch_message message = {0};
    int err = vouch_lane_step(&role->answers, &message, NULL);
    if (err != VOUCH_OK || message.kind == VOUCH_MESSAGE_HANG_UP) {
        _exit(0);
    }
    if (message.kind == VOUCH_MESSAGE_FRAME) {
        reach(role, WHEN_ASKED);
        vouch_write_u32(vouch_lane_begin(&role->answers), ask_further(role));
        err = vouch_lane_send(&role->answers, 2, soon(), NULL);
        (void)err; // who asked may be gone; the hang-up follows
    }
}

static void serve_client(struct toy *role) {
    int client = accept4(role->listener, NULL, NULL, SOCK_CLOEXEC);
    if (client >= 0) {
        reach(role, WHEN_ASKED);
        uint32_t number = ask_further(role);
        (void)!write(client, &number, sizeof number);
        close(client);
    }
}

static void serve_signal(struct toy *role) {
    struct signalfd_siginfo info;
    if (read(role->self.signal_fd, &info, sizeof info) != sizeof info) {
        return;
    }
    if (info.ssi_signo == SIGTERM) {
        reach(role, AT_SIGNAL);
        _exit(0);
    }
    role->reloads++;
}

static void serve(struct toy *role) {
    for (;;) {
        struct pollfd fds[] = {
            {role->self.signal_fd, POLLIN, 0},
            {role->self.index == WEB ? role->listener : role->answers.fd, POLLIN, 0},
        };
        (void)poll(fds, 2, -1);
        if (fds[0].revents != 0) {
            serve_signal(role);
        } else if (fds[1].revents != 0 && role->self.index == WEB) {
            serve_client(role);
        } else if (fds[1].revents != 0) {
            serve_lane(role);
        }
    }
}

int test_toy_run(const char *name, const char *in_folder) {
    struct toy role = {.listener = -1};
    struct vouch_fault fault = {0};
    read_orders(&role, in_folder, name);
    reach(&role, BEFORE_BEGIN);
    if (vouch_role_begin(&test_toy_service, name, &role.self, &fault) != VOUCH_OK) {
        (void)fprintf(stderr, "# %s\n", fault.text);
        return 9;
    }
    reach(&role, AFTER_BEGIN);
    char facts[128];
    describe(facts, sizeof facts);
    begin_lanes(&role);
    enter_sandbox(&role);
    reach(&role, AFTER_SANDBOX);
    struct vouch_role_sockets sockets = {0};
    if (vouch_role_ready(&role.self, facts, soon(), &sockets, NULL) != VOUCH_OK) {
        _exit(7);
    }
    if (sockets.count != (role.self.index == WEB ? 1 : 0)) {
        _exit(8);
    }
    role.listener = sockets.fds[0];
    reach(&role, AFTER_READY);
    serve(&role);
    return 0;
}
