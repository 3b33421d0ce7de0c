// SPDX-License-Identifier: ISC
// The body of host/apply.h that asks another process over a lane.
//
// Who links this can touch no file of the machine with it; all it can do is ask.
#include <stdlib.h>
#include <sys/mman.h>

#include "base/io.h"
#include "base/mem.h"
#include "host/protocol.h"

struct remote {
    struct vouch_apply face; // first
    struct vouch_lane lane;
    struct vouch_arena arena; // of the last answer
};

static int bad_answer(const struct vouch_where *where, struct vouch_fault *fault) {
    return vouch_fault_where(fault, VOUCH_ERR_FORMAT, &vouch_fault_peer,
                             "vouch-host-apply: its answer", where);
}

// A code that is none counts as the other end's own failure.
static int take_failure(struct vouch_bytes body, struct vouch_fault *fault) {
    struct vouch_apply_failed failed;
    struct vouch_reader reader;
    struct vouch_where where = {0};
    vouch_reader_init(&reader, body);
    vouch_codec_read(&vouch_apply_failed_fields, &reader, NULL, &failed);
    if (vouch_reader_end(&reader, &where) != VOUCH_OK || failed.err == 0 || failed.err > 1000) {
        return bad_answer(&where, fault);
    }
    const struct vouch_fault_kind *kind = vouch_fault_kind_of(vouch_bytes_of(failed.code));
    int err = vouch_fault_set(fault, -(int)failed.err, kind != NULL ? kind : &vouch_fault_peer,
                              "%s", failed.text);
    return failed.next[0] != '\0' ? vouch_fault_next(fault, "%s", failed.next) : err;
}

static int take_answer(struct remote *remote, enum vouch_apply_op op,
                       const struct vouch_message *message, void *ret_answer,
                       struct vouch_fault *fault) {
    struct vouch_reader reader;
    struct vouch_where where = {0, "type", "is not that of the question"};
    if (message->type == VOUCH_APPLY_OP_FAILED) {
        return take_failure(message->body, fault);
    }
    if (message->type != op) {
        return bad_answer(&where, fault);
    }
    vouch_reader_init(&reader, message->body);
    vouch_codec_read(vouch_apply_ops[op].answer, &reader, &remote->arena, ret_answer);
    int err = vouch_reader_end(&reader, &where);
    if (err != VOUCH_OK) {
        memset(ret_answer, 0, vouch_apply_ops[op].answer->size);
        return bad_answer(&where, fault);
    }
    return VOUCH_OK;
}

// A file in memory that holds the list; -1 with errno set.
static int list_file(struct vouch_bytes krl) {
    vouch_autoclose int fd = memfd_create("krl", MFD_CLOEXEC);
    if (fd < 0 || vouch_io_write_all(fd, krl) != VOUCH_OK) {
        return -1;
    }
    int made = fd;
    fd = -1;
    return made;
}

struct question {
    enum vouch_apply_op op;
    const void *ask;
    struct vouch_bytes krl; // that comes with it; may be empty
    uint64_t deadline_ns;
};

static int send_question(struct remote *remote, const struct question *question,
                         struct vouch_fault *fault) {
    vouch_autoclose int fd = question->krl.len > 0 ? list_file(question->krl) : -1;
    if (question->krl.len > 0 && fd < 0) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "vouch-host-apply: no memory to hand the list over");
    }
    vouch_codec_write(vouch_apply_ops[question->op].ask, question->ask,
                      vouch_lane_begin(&remote->lane));
    struct vouch_lane_fds fds = {&fd, fd >= 0 ? 1 : 0};
    return vouch_lane_send_fds(&remote->lane, (uint16_t)question->op, fds, question->deadline_ns,
                               fault);
}

static int ask_for(struct remote *remote, const struct question *question, void *ret_answer,
                   struct vouch_fault *fault) {
    struct vouch_message message = {0};
    vouch_arena_clear(&remote->arena);
    int err = send_question(remote, question, fault);
    if (err == VOUCH_OK) {
        err = vouch_lane_receive(&remote->lane, question->deadline_ns, &message, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    if (message.kind != VOUCH_MESSAGE_FRAME) {
        return vouch_fault_set(fault, VOUCH_ERR_TRUNCATED, &vouch_fault_peer,
                               "vouch-host-apply: it ended instead of answering");
    }
    return take_answer(remote, question->op, &message, ret_answer, fault);
}

static struct vouch_bytes krl_of(enum vouch_apply_op op, const void *ask) {
    return op == VOUCH_APPLY_OP_install ? ((const struct vouch_apply_install *)ask)->krl
                                        : (struct vouch_bytes){0};
}

#define BODY(name, ask_type, answer_type)                                                          \
    static int ask_##name(struct vouch_apply *face, const ask_type *ask, uint64_t deadline_ns,     \
                          answer_type *ret_answer, struct vouch_fault *fault) {                    \
        const struct question question = {VOUCH_APPLY_OP_##name, ask,                              \
                                          krl_of(VOUCH_APPLY_OP_##name, ask), deadline_ns};        \
        return ask_for((void *)face, &question, ret_answer, fault);                                \
    }
VOUCH_APPLY_ASKS(BODY)

static void close_remote(struct vouch_apply *face) {
    struct remote *remote = (void *)face;
    vouch_lane_done(&remote->lane);
    vouch_arena_done(&remote->arena);
    free(remote);
}

#define MEMBER(name_, ask_type, answer_type) .name_ = ask_##name_,
static const struct vouch_apply_body body = {.close = close_remote, VOUCH_APPLY_ASKS(MEMBER)};

int vouch_apply_connect(int take_fd, struct vouch_apply **ret_apply, struct vouch_fault *fault) {
    struct remote *remote = calloc(1, sizeof *remote);
    if (remote == NULL) {
        vouch_close_at_end(&take_fd);
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "vouch-host-apply: no memory for a lane");
    }
    remote->face.body = &body;
    vouch_lane_init(&remote->lane, take_fd, &vouch_apply_protocol, VOUCH_LANE_ASKS);
    *ret_apply = &remote->face;
    return VOUCH_OK;
}
