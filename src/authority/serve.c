// SPDX-License-Identifier: ISC
// Serving lanes, a thread each: read a question, hand it on, write the answer.
//
// Who asks over a lane may be hostile: it is never taken for a caller on this machine, whatever it says,
// and a frame that breaks the protocol ends its lane.
#include "authority/serve.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "authority/office.h"
#include "base/cpu.h"
#include "base/mem.h"
#include "base/time.h"

#define LANE_STACK (256u * 1024)
#define SEND_NS (UINT64_C(10) * 1000000000)

struct desk {
    pthread_t thread;
    int is_running;
    unsigned lane_index;
    struct vouch_lane lane;
    struct vouch_authority *authority;
    struct vouch_arena arena; // of the question
    int stop_fd;              // becomes readable when it is time to stop
    int done_fd;              // is told when this thread ends
};

// Room for any question and any answer.
#define ASK_MEMBER(name, ask_type, answer_type) ask_type name;
union any_ask {
    VOUCH_AUTHORITY_ASKS(ASK_MEMBER)
};
#define ANSWER_MEMBER(name, ask_type, answer_type) answer_type name;
union any_answer {
    VOUCH_AUTHORITY_ASKS(ANSWER_MEMBER)
};

#define CALL(name, ask_type, answer_type)                                                          \
    static int call_##name(struct vouch_authority *authority, const struct vouch_caller *caller,   \
                           const union any_ask *ask, union any_answer *ret_answer,                 \
                           struct vouch_fault *fault) {                                            \
        return vouch_authority_##name(authority, caller, &ask->name, &ret_answer->name, fault);    \
    }
VOUCH_AUTHORITY_ASKS(CALL)

#define CALL_ROW(name, ask_type, answer_type) [VOUCH_OP_##name] = call_##name,
static int (*const calls[VOUCH_OP_COUNT])(struct vouch_authority *, const struct vouch_caller *,
                                          const union any_ask *, union any_answer *,
                                          struct vouch_fault *) = {VOUCH_AUTHORITY_ASKS(CALL_ROW)};

// --- one question

static int send_failure(struct desk *desk, const struct vouch_fault *fault) {
    struct vouch_failed failed = {.err = (uint64_t)-fault->err};
    const char *code = fault->kind != NULL ? fault->kind->code : vouch_fault_internal.code;
    memcpy(failed.code, code, strnlen(code, sizeof failed.code - 1));
    memcpy(failed.text, fault->text, strnlen(fault->text, sizeof failed.text - 1));
    memcpy(failed.next, fault->next, strnlen(fault->next, sizeof failed.next - 1));
    vouch_codec_write(&vouch_failed_fields, &failed, vouch_lane_begin(&desk->lane));
    return vouch_lane_send(&desk->lane, VOUCH_OP_FAILED, vouch_time_monotonic_ns() + SEND_NS, NULL);
}

static int send_answer(struct desk *desk, enum vouch_op op, const union any_answer *answer) {
    struct vouch_fault fault = {0};
    vouch_codec_write(vouch_ops[op].answer, answer, vouch_lane_begin(&desk->lane));
    int err =
        vouch_lane_send(&desk->lane, (uint16_t)op, vouch_time_monotonic_ns() + SEND_NS, &fault);
    // An answer that is larger than any may be is our own failure, and nothing of it was sent.
    return err == VOUCH_ERR_ARGUMENT ? send_failure(desk, &fault) : err;
}

// 0 when the lane is to be ended: what came is no question.
static int read_question(struct desk *desk, const struct vouch_message *message,
                         struct vouch_caller *ret_caller, union any_ask *ret_ask) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, message->body);
    vouch_codec_read(&vouch_caller_fields, &reader, &desk->arena, ret_caller);
    vouch_codec_read(vouch_ops[message->type].ask, &reader, &desk->arena, ret_ask);
    if (vouch_reader_end(&reader, NULL) != VOUCH_OK) {
        return 0;
    }
    // Only the socket on this machine brings local callers, and it does not lead here.
    if (ret_caller->way == VOUCH_CALLER_LOCAL) {
        *ret_caller =
            (struct vouch_caller){.source = ret_caller->source, .request = ret_caller->request};
    }
    return 1;
}

static int answer_one(struct desk *desk, const struct vouch_message *message) {
    struct vouch_caller caller;
    union any_ask ask;
    union any_answer answer;
    struct vouch_fault fault = {0};
    enum vouch_op op = (enum vouch_op)message->type;
    int err = VOUCH_ERR_FORMAT;
    if (read_question(desk, message, &caller, &ask)) {
        err = calls[op](desk->authority, &caller, &ask, &answer, &fault);
        err = err == VOUCH_OK ? send_answer(desk, op, &answer) : send_failure(desk, &fault);
    }
    vouch_arena_clear(&desk->arena);
    return err;
}

// --- one lane

// Waits for a question; 0 when it is time to stop.
static int wait_question(const struct desk *desk) {
    struct pollfd fds[] = {{.fd = desk->lane.fd, .events = POLLIN},
                           {.fd = desk->stop_fd, .events = POLLIN}};
    for (;;) {
        int ready = poll(fds, 2, -1);
        if (ready < 0 && errno != EINTR) {
            return 0;
        }
        if (ready > 0) {
            return fds[1].revents == 0;
        }
    }
}

static void *serve_lane(void *context) {
    struct desk *desk = context;
    const uint64_t one = 1;
    int err = VOUCH_OK;
    vouch_cpu_keep(desk->lane_index);
    while (err == VOUCH_OK && wait_question(desk)) {
        struct vouch_message message = {0};
        err = vouch_lane_step(&desk->lane, &message, NULL);
        if (err != VOUCH_OK || message.kind == VOUCH_MESSAGE_HANG_UP) {
            break;
        }
        if (message.kind == VOUCH_MESSAGE_FRAME) {
            err = answer_one(desk, &message);
        }
    }
    // The asker must not wait for an answer that will not come.
    vouch_lane_done(&desk->lane);
    (void)!write(desk->done_fd, &one, sizeof one);
    return NULL;
}

// --- all lanes

struct hall {
    struct desk *desks;
    size_t count;
    int stop_fd;
    int done_fd;
};

static int start_desk(struct desk *desk, struct vouch_fault *fault) {
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, LANE_STACK);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&desk->thread, &attributes, serve_lane, desk);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (failed != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "authority: no thread for a lane: %s", strerror(failed));
    }
    desk->is_running = 1;
    return VOUCH_OK;
}

static size_t seat_of(const struct vouch_office *office, size_t lane) {
    size_t clerk = vouch_office_clerk_seat(office);
    return lane < clerk ? lane : clerk;
}

static int open_hall(const struct vouch_authority_serve *what, struct hall *hall,
                     struct vouch_fault *fault) {
    int err = VOUCH_OK;
    hall->count = what->lane_count;
    hall->stop_fd = eventfd(0, EFD_CLOEXEC);
    hall->done_fd = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
    for (size_t i = 0; i < hall->count; i++) {
        vouch_lane_init(&hall->desks[i].lane, what->take_lanes[i], &vouch_authority_protocol,
                        VOUCH_LANE_ANSWERS);
        hall->desks[i].lane_index = (unsigned)i;
        hall->desks[i].stop_fd = hall->stop_fd;
        hall->desks[i].done_fd = hall->done_fd;
    }
    if (hall->stop_fd < 0 || hall->done_fd < 0) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_role, "authority: eventfd: %s",
                               strerror(errno));
    }
    for (size_t i = 0; err == VOUCH_OK && i < hall->count; i++) {
        err = vouch_office_attach(what->office, seat_of(what->office, i), &hall->desks[i].authority,
                                  fault);
        err = err == VOUCH_OK ? start_desk(&hall->desks[i], fault) : err;
    }
    return err;
}

// Until the signal, or until every lane has ended.
static void wait_end(const struct hall *hall, int signal_fd) {
    struct pollfd fds[] = {{.fd = hall->done_fd, .events = POLLIN},
                           {.fd = signal_fd, .events = POLLIN}};
    size_t left = hall->count;
    while (left > 0) {
        int ready = poll(fds, signal_fd >= 0 ? 2 : 1, -1);
        if (ready < 0 && errno != EINTR) {
            return;
        }
        if (ready > 0 && signal_fd >= 0 && fds[1].revents != 0) {
            return;
        }
        uint64_t one = 0;
        if (ready > 0 && fds[0].revents != 0 &&
            read(hall->done_fd, &one, sizeof one) == (ssize_t)sizeof one) {
            left--;
        }
    }
}

// Whoever waits for news is let go; all else ends by itself within its deadlines.
static void close_hall(struct vouch_office *office, struct hall *hall) {
    const uint64_t one = 1;
    (void)!write(hall->stop_fd, &one, sizeof one);
    pthread_mutex_lock(&office->public_lock);
    atomic_store(&office->public_ends, 1);
    pthread_cond_broadcast(&office->news);
    pthread_mutex_unlock(&office->public_lock);
    for (size_t i = 0; i < hall->count; i++) {
        struct desk *desk = &hall->desks[i];
        if (desk->is_running) {
            pthread_join(desk->thread, NULL);
        }
        vouch_lane_done(&desk->lane);
        vouch_authority_close(desk->authority);
        vouch_arena_done(&desk->arena);
    }
    vouch_close_at_end(&hall->stop_fd);
    vouch_close_at_end(&hall->done_fd);
}

int vouch_authority_serve(const struct vouch_authority_serve *what, struct vouch_fault *fault) {
    struct hall hall = {.stop_fd = -1, .done_fd = -1};
    hall.desks = calloc(what->lane_count + 1, sizeof *hall.desks);
    if (hall.desks == NULL) {
        for (size_t i = 0; i < what->lane_count; i++) {
            close(what->take_lanes[i]);
        }
        return vouch_no_memory(fault);
    }
    int err = open_hall(what, &hall, fault);
    if (err == VOUCH_OK) {
        wait_end(&hall, what->signal_fd);
    }
    close_hall(what->office, &hall);
    free(hall.desks);
    return err;
}
