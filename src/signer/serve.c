// SPDX-License-Identifier: ISC
// The signer's process at work: one thread for each lane, and the pen (commit.c).
//
// Who asks is not trusted: its frames are held to the table of the lane, its requests to the ceiling. A
// lane whose frames make no sense is hung up. The answer to a granted request is sent by the pen, as soon
// as the record is durable, without waking the lane's thread, which waits for the next question already.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/time.h"
#include "signer/engine.h"
#include "signer/frames.h"

#define LANE_STACK_BYTES (256u * 1024)
#define ANSWER_WAIT_NS (UINT64_C(5) * 1000000000) // for an asker to take an answer

struct seat {
    struct vouch_desk desk; // first: the pen's callback finds the seat by it
    struct vouch_lane lane;
    struct vouch_key *key; // of the request in work
    struct vouch_signer_read_ask read;
    struct service *service;
    int is_asked; // the pen owes the answer
    pthread_t thread;
};

struct service {
    struct vouch_signer_engine *engine;
    struct seat *seats;
    unsigned count;
    _Atomic unsigned working; // lanes that have not ended
};

// Neither an asker that does not read nor a broken lane may hold up the pen or the others: then the lane
// is hung up, and its thread sees that.
static void send_answer(struct seat *seat, enum vouch_signer_message type, uint64_t deadline_ns) {
    if (vouch_lane_send(&seat->lane, (uint16_t)type, deadline_ns, NULL) != VOUCH_OK) {
        (void)shutdown(seat->lane.fd, SHUT_RDWR);
    }
}

static uint64_t answer_deadline(void) {
    return vouch_time_monotonic_ns() + ANSWER_WAIT_NS;
}

static void answer_refusal(struct seat *seat, const struct vouch_signer_refusal *refusal) {
    vouch_signer_write_refusal(vouch_lane_begin(&seat->lane), refusal);
    send_answer(seat, VOUCH_SIGNER_ANSWER_REFUSED, answer_deadline());
}

static void answer_fault(struct seat *seat, const struct vouch_fault *why) {
    vouch_signer_write_fault(vouch_lane_begin(&seat->lane), why);
    send_answer(seat, VOUCH_SIGNER_ANSWER_FAILED, answer_deadline());
}

// The pen's: the record is durable. It sends without waiting.
static void answer_grant(struct vouch_commit_entry *entry) {
    struct seat *seat = (struct seat *)(void *)((char *)entry - offsetof(struct seat, desk.entry));
    const struct vouch_signer_grant grant = {.outcome = VOUCH_SIGNER_DONE,
                                             .serial = entry->serial,
                                             .number = entry->record.number,
                                             .time_ms = entry->record.time_ms,
                                             .cert = vouch_buf_bytes(&seat->desk.cert)};
    vouch_signer_write_grant(vouch_lane_begin(&seat->lane), &grant);
    send_answer(seat, VOUCH_SIGNER_ANSWER_GRANTED, 0);
    vouch_desk_tell(entry);
}

static int serve_sign(struct seat *seat, struct vouch_bytes body) {
    struct vouch_signer_refusal refusal = {0};
    struct vouch_fault fault = {0};
    struct vouch_where where = {0};
    int err = vouch_signer_read_ask(body, &seat->read, &where);
    if (err != VOUCH_OK) {
        return err;
    }
    vouch_key_free(seat->key);
    seat->key = NULL;
    if (vouch_key_parse(seat->read.key, &seat->key, &where) != VOUCH_OK) {
        (void)vouch_signer_refuse(&refusal, &vouch_fault_key_format, "public key", "%s %s",
                                  where.field != NULL ? where.field : "it",
                                  where.reason != NULL ? where.reason : "cannot be read");
        answer_refusal(seat, &refusal);
        return VOUCH_OK;
    }
    seat->read.ask.spec.key = seat->key;
    switch (vouch_desk_sign(&seat->desk, &seat->read.ask, answer_grant, &refusal, &fault)) {
    case VOUCH_DESK_QUEUED:
        seat->is_asked = 1;
        break;
    case VOUCH_DESK_REFUSED:
        answer_refusal(seat, &refusal);
        break;
    case VOUCH_DESK_FAILED:
        answer_fault(seat, &fault);
        break;
    }
    return VOUCH_OK;
}

static int serve_note(struct seat *seat, struct vouch_bytes body) {
    struct vouch_signer_event event = {0};
    struct vouch_signer_noted noted = {0};
    struct vouch_fault fault = {0};
    int err = vouch_signer_read_event(body, &event, NULL);
    if (err != VOUCH_OK) {
        return err;
    }
    if (vouch_desk_note(&seat->desk, &event, &noted, &fault) != VOUCH_OK) {
        answer_fault(seat, &fault);
        return VOUCH_OK;
    }
    if (noted.outcome != VOUCH_SIGNER_DONE) {
        answer_refusal(seat, &noted.refusal);
        return VOUCH_OK;
    }
    vouch_signer_write_noted(vouch_lane_begin(&seat->lane), &noted);
    send_answer(seat, VOUCH_SIGNER_ANSWER_NOTED, answer_deadline());
    return VOUCH_OK;
}

static int serve_publish(struct seat *seat, struct vouch_bytes body) {
    struct vouch_signer_krl krl = {0};
    struct vouch_signer_published published = {0};
    struct vouch_fault fault = {0};
    int err = vouch_signer_read_krl(body, &krl, NULL);
    if (err != VOUCH_OK) {
        return err;
    }
    if (vouch_desk_publish(&seat->desk, &krl, &published, &fault) != VOUCH_OK) {
        answer_fault(seat, &fault);
        return VOUCH_OK;
    }
    if (published.outcome != VOUCH_SIGNER_DONE) {
        answer_refusal(seat, &published.refusal);
        return VOUCH_OK;
    }
    vouch_signer_write_published(vouch_lane_begin(&seat->lane), &published);
    send_answer(seat, VOUCH_SIGNER_ANSWER_PUBLISHED, answer_deadline());
    return VOUCH_OK;
}

static int serve_rotate(struct seat *seat, struct vouch_bytes body) {
    struct vouch_signer_rotation rotation = {0};
    struct vouch_signer_rotated rotated = {0};
    struct vouch_fault fault = {0};
    int err = vouch_signer_read_rotation(body, &rotation, NULL);
    if (err != VOUCH_OK) {
        return err;
    }
    if (vouch_desk_rotate(&seat->desk, &rotation, &rotated, &fault) != VOUCH_OK) {
        answer_fault(seat, &fault);
        return VOUCH_OK;
    }
    if (rotated.outcome != VOUCH_SIGNER_DONE) {
        answer_refusal(seat, &rotated.refusal);
        return VOUCH_OK;
    }
    vouch_signer_write_rotated(vouch_lane_begin(&seat->lane), &rotated);
    send_answer(seat, VOUCH_SIGNER_ANSWER_ROTATED, answer_deadline());
    return VOUCH_OK;
}

static int serve_state(struct seat *seat, struct vouch_bytes body) {
    (void)body;
    struct vouch_signer_state state = {0};
    struct vouch_fault fault = {0};
    if (vouch_desk_state(&seat->desk, &state, &fault) != VOUCH_OK) {
        answer_fault(seat, &fault);
        return VOUCH_OK;
    }
    vouch_signer_write_state(vouch_lane_begin(&seat->lane), &state);
    send_answer(seat, VOUCH_SIGNER_ANSWER_STATE, answer_deadline());
    return VOUCH_OK;
}

static const struct {
    enum vouch_signer_message type;
    int (*serve)(struct seat *seat, struct vouch_bytes body);
} services[] = {
    {VOUCH_SIGNER_ASK_SIGN, serve_sign},       {VOUCH_SIGNER_ASK_NOTE, serve_note},
    {VOUCH_SIGNER_ASK_PUBLISH, serve_publish}, {VOUCH_SIGNER_ASK_STATE, serve_state},
    {VOUCH_SIGNER_ASK_ROTATE, serve_rotate},
};

static int serve_message(struct seat *seat, const struct vouch_message *message) {
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        if (message->type == (uint16_t)services[i].type) {
            return services[i].serve(seat, message->body);
        }
    }
    return VOUCH_ERR_UNSUPPORTED;
}

// The next whole message, or NONE when the lane is over. An idle lane waits for ever; a stop shuts it.
static struct vouch_message next_message(struct seat *seat) {
    struct vouch_message message = {0};
    struct pollfd ready = {.fd = seat->lane.fd, .events = POLLIN};
    for (;;) {
        if (poll(&ready, 1, -1) < 0 && errno != EINTR) {
            return (struct vouch_message){0};
        }
        if (seat->is_asked) {
            vouch_desk_wait(&seat->desk); // as a rule it was told long ago
            seat->is_asked = 0;
        }
        if (vouch_lane_step(&seat->lane, &message, NULL) != VOUCH_OK ||
            message.kind == VOUCH_MESSAGE_HANG_UP) {
            return (struct vouch_message){0};
        }
        if (message.kind == VOUCH_MESSAGE_FRAME) {
            return message;
        }
    }
}

static void *run_seat(void *context) {
    struct seat *seat = context;
    struct service *service = seat->service;
    int goes_on = 1;
    vouch_cpu_keep((unsigned)(seat - service->seats));
    while (goes_on) {
        struct vouch_message message = next_message(seat);
        goes_on = message.kind == VOUCH_MESSAGE_FRAME && serve_message(seat, &message) == VOUCH_OK;
    }
    if (seat->is_asked) {
        vouch_desk_wait(&seat->desk);
    }
    (void)shutdown(seat->lane.fd, SHUT_RDWR);
    if (atomic_fetch_sub(&service->working, 1) == 1) {
        // A full pipe is as good: somebody will be woken.
        (void)!write(service->engine->wake[1], "", 1);
    }
    return NULL;
}

static int start_seat(struct seat *seat) {
    pthread_attr_t attributes;
    int code = pthread_attr_init(&attributes);
    if (code == 0) {
        code = pthread_attr_setstacksize(&attributes, LANE_STACK_BYTES);
        code = code != 0 ? code : pthread_create(&seat->thread, &attributes, run_seat, seat);
        (void)pthread_attr_destroy(&attributes);
    }
    return code == 0 ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
}

// Nonzero if a signal to stop was read.
static int read_signal(int signal_fd) {
    struct signalfd_siginfo info;
    ssize_t got = read(signal_fd, &info, sizeof info);
    return got == sizeof info && info.ssi_signo == SIGTERM;
}

static void wait_for_end(const struct service *service, int signal_fd) {
    struct pollfd ready[] = {{.fd = service->engine->wake[0], .events = POLLIN},
                             {.fd = signal_fd, .events = POLLIN}};
    for (;;) {
        int count = poll(ready, 2, -1);
        if ((count < 0 && errno != EINTR) || (count > 0 && ready[0].revents != 0)) {
            return;
        }
        if (count > 0 && ready[1].revents != 0 && read_signal(signal_fd)) {
            return;
        }
    }
}

// What was asked before is still read and answered: only the end of each lane moves to here.
static void stop_seats(struct service *service, unsigned started) {
    for (unsigned i = 0; i < started; i++) {
        (void)shutdown(service->seats[i].lane.fd, SHUT_RD);
    }
    for (unsigned i = 0; i < started; i++) {
        (void)pthread_join(service->seats[i].thread, NULL);
    }
}

static int serve_all(struct service *service, int signal_fd, struct vouch_fault *fault) {
    unsigned started = 0;
    int err = VOUCH_OK;
    service->working = service->count;
    while (err == VOUCH_OK && started < service->count) {
        err = start_seat(&service->seats[started]);
        started += err == VOUCH_OK;
    }
    if (err == VOUCH_OK && service->count > 0) {
        wait_for_end(service, signal_fd);
    }
    stop_seats(service, started);
    return err == VOUCH_OK ? VOUCH_OK
                           : vouch_fault_set(fault, err, &vouch_fault_memory,
                                             "signer: no thread for lane %u", started);
}

static void end_service(struct service *service) {
    for (unsigned i = 0; service->seats != NULL && i < service->count; i++) {
        vouch_lane_done(&service->seats[i].lane);
        vouch_desk_done(&service->seats[i].desk);
        vouch_key_free(service->seats[i].key);
    }
    free(service->seats);
}

// Takes over every descriptor, whatever happens.
static int begin_service(struct service *service, const int *take_fds, struct vouch_fault *fault) {
    int err = VOUCH_OK;
    service->seats = calloc(service->count > 0 ? service->count : 1, sizeof *service->seats);
    for (unsigned i = 0; i < service->count && service->seats == NULL; i++) {
        close(take_fds[i]);
    }
    if (service->seats == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "signer: no memory for %u lanes", service->count);
    }
    for (unsigned i = 0; i < service->count; i++) {
        struct seat *seat = &service->seats[i];
        seat->service = service;
        vouch_lane_init(&seat->lane, take_fds[i], &vouch_signer_protocol, VOUCH_LANE_ANSWERS);
        err = err == VOUCH_OK ? vouch_desk_init(&seat->desk, service->engine, fault) : err;
    }
    return err == VOUCH_OK ? vouch_commit_start(&service->engine->commit, fault) : err;
}

int vouch_signer_serve(struct vouch_signer_engine *engine, const int *take_fds, unsigned count,
                       int signal_fd, struct vouch_fault *fault) {
    struct service service = {.engine = engine, .count = count};
    int err = begin_service(&service, take_fds, fault);
    if (err == VOUCH_OK) {
        err = serve_all(&service, signal_fd, fault);
    }
    end_service(&service);
    struct vouch_fault unclean = {0};
    int stop_err = vouch_signer_stop(engine, &unclean);
    if (err == VOUCH_OK && stop_err != VOUCH_OK) {
        err = stop_err;
        if (fault != NULL) {
            *fault = unclean;
        }
    }
    return err;
}
