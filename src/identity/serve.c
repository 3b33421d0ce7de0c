// SPDX-License-Identifier: ISC
// The answering ends: a thread for each lane, one ask at a time.
//
// The asker is not trusted with more than asking: what breaks the lane's rules ends that lane, and a
// body that cannot be read ends it too. An ask waits at most ASK_NS for its turn in the pool.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/time.h"
#include "identity/method.h"
#include "identity/protocol.h"

#define ASK_NS (UINT64_C(10) * 1000000000)
#define SEND_NS (UINT64_C(10) * 1000000000)

struct hall;

// One lane and its thread.
struct window {
    struct hall *hall;
    struct vouch_lane lane;
    struct vouch_identity_desk desk;
    pthread_t thread;
    int has_thread;
};

struct hall {
    struct window *windows;
    unsigned count;
    int wake[2]; // a byte for each lane that ended
    pthread_mutex_t lock;
    int err; // of the first lane that ended badly
    struct vouch_fault fault;
};

static void note_failure(struct hall *hall, int err, const struct vouch_fault *fault) {
    (void)pthread_mutex_lock(&hall->lock);
    if (hall->err == VOUCH_OK) {
        hall->err = err;
        hall->fault = *fault;
    }
    (void)pthread_mutex_unlock(&hall->lock);
}

static int answer(struct window *window, const struct vouch_message *message,
                  struct vouch_fault *fault) {
    struct vouch_identity_ask ask;
    struct vouch_fault failure = {0};
    struct vouch_where where = {0};
    uint16_t type = message->type;
    int err = vouch_identity_ask_read(message->body, &ask, &where);
    if (err != VOUCH_OK) {
        return vouch_fault_where(fault, err, &vouch_fault_peer, "identity: an ask", &where);
    }
    // The lane lets no other types through.
    err = vouch_identity_desk_ask(&window->desk, (enum vouch_identity_verb)type, &ask,
                                  vouch_time_monotonic_ns() + ASK_NS, &failure);
    struct vouch_buf *out = vouch_lane_begin(&window->lane);
    if (err != VOUCH_OK) {
        type = VOUCH_IDENTITY_FRAME_FAILED;
        vouch_identity_failure_write(&failure, out);
    } else {
        vouch_identity_answer_write(&window->desk.reply.answer, out);
    }
    vouch_identity_desk_clear(&window->desk);
    return vouch_lane_send(&window->lane, type, vouch_time_monotonic_ns() + SEND_NS, fault);
}

static void *serve_lane(void *context) {
    struct window *window = context;
    struct vouch_fault fault = {0};
    struct vouch_message message = {0};
    int err = VOUCH_OK;
    do {
        err = vouch_lane_receive(&window->lane, UINT64_MAX, &message, &fault);
        if (err == VOUCH_OK && message.kind == VOUCH_MESSAGE_FRAME) {
            err = answer(window, &message, &fault);
        }
    } while (err == VOUCH_OK && message.kind == VOUCH_MESSAGE_FRAME);
    if (err != VOUCH_OK) {
        note_failure(window->hall, err, &fault);
    }
    // The asker must see at once that nobody answers here any more.
    (void)shutdown(window->lane.fd, SHUT_RDWR);
    while (write(window->hall->wake[1], "", 1) < 0 && errno == EINTR) {
    }
    return NULL;
}

static int open_windows(struct hall *hall, struct vouch_identity_engine *engine,
                        const int *take_fds, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (unsigned i = 0; i < hall->count; i++) {
        struct window *window = &hall->windows[i];
        window->hall = hall;
        vouch_lane_init(&window->lane, take_fds[i], &vouch_identity_protocol, VOUCH_LANE_ANSWERS);
    }
    for (unsigned i = 0; i < hall->count && err == VOUCH_OK; i++) {
        err = vouch_identity_desk_init(&hall->windows[i].desk, engine, fault);
    }
    for (unsigned i = 0; i < hall->count && err == VOUCH_OK; i++) {
        struct window *window = &hall->windows[i];
        window->has_thread = pthread_create(&window->thread, NULL, serve_lane, window) == 0;
        if (!window->has_thread) {
            err = vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                                  "identity: no thread for lane %u of %u", i + 1, hall->count);
        }
    }
    return err;
}

// Nonzero: SIGTERM came. Reads whatever signal is there.
static int is_told_to_stop(int signal_fd) {
    struct signalfd_siginfo info;
    ssize_t len = read(signal_fd, &info, sizeof info);
    return len == sizeof info && info.ssi_signo == SIGTERM;
}

static void wait_for_end(struct hall *hall, int signal_fd) {
    struct pollfd watched[] = {{.fd = hall->wake[0], .events = POLLIN},
                               {.fd = signal_fd, .events = POLLIN}};
    unsigned left = hall->count;
    while (left > 0) {
        uint8_t ended[64];
        if (poll(watched, 2, -1) < 0) {
            continue; // EINTR: nothing else can be wrong with these two
        }
        if (watched[0].revents != 0) {
            ssize_t len = read(hall->wake[0], ended, sizeof ended);
            left -= len > 0 ? (unsigned)len : 0;
        }
        if (watched[1].revents != 0 && is_told_to_stop(signal_fd)) {
            return;
        }
    }
}

// No lane takes another ask; the answers under way are still sent.
static void close_windows(struct hall *hall) {
    for (unsigned i = 0; i < hall->count; i++) {
        (void)shutdown(hall->windows[i].lane.fd, SHUT_RD);
    }
    for (unsigned i = 0; i < hall->count; i++) {
        struct window *window = &hall->windows[i];
        if (window->has_thread) {
            (void)pthread_join(window->thread, NULL);
        }
        vouch_lane_done(&window->lane);
        vouch_identity_desk_done(&window->desk);
    }
}

static void close_all(const int *fds, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        close(fds[i]);
    }
}

int vouch_identity_serve(struct vouch_identity_engine *engine, const int *take_fds, unsigned count,
                         int signal_fd, struct vouch_fault *fault) {
    struct hall hall = {.count = count, .lock = PTHREAD_MUTEX_INITIALIZER};
    vouch_autofree struct window *windows = calloc(count > 0 ? count : 1, sizeof *windows);
    if (windows == NULL || count > VOUCH_IDENTITY_LANES_MAX || pipe2(hall.wake, O_CLOEXEC) != 0) {
        close_all(take_fds, count);
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "identity: no memory or descriptors for %u lanes", count);
    }
    hall.windows = windows;
    int err = open_windows(&hall, engine, take_fds, fault);
    if (err == VOUCH_OK) {
        wait_for_end(&hall, signal_fd);
    }
    close_windows(&hall);
    close_all(hall.wake, 2);
    (void)pthread_mutex_destroy(&hall.lock);
    if (err == VOUCH_OK && hall.err != VOUCH_OK) {
        err = hall.err;
        if (fault != NULL) {
            *fault = hall.fault;
        }
    }
    return err;
}
