// SPDX-License-Identifier: ISC
// Serving the lane of the root part. Who asks may be hostile: a frame that breaks the protocol ends it.
#include "host/serve.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/time.h"
#include "host/protocol.h"
#include "vouch/krl.h"

#define SEND_NS (UINT64_C(30) * 1000000000)
#define WORK_NS (UINT64_C(120) * 1000000000)

// Room for any question and any answer.
#define ASK_MEMBER(name, ask_type, answer_type) ask_type name;
union any_ask {
    VOUCH_APPLY_ASKS(ASK_MEMBER)
};
#define ANSWER_MEMBER(name, ask_type, answer_type) answer_type name;
union any_answer {
    VOUCH_APPLY_ASKS(ANSWER_MEMBER)
};

#define CALL(name, ask_type, answer_type)                                                          \
    static int call_##name(struct vouch_apply *apply, const union any_ask *ask,                    \
                           union any_answer *ret_answer, struct vouch_fault *fault) {              \
        return vouch_apply_##name(apply, &ask->name, vouch_time_monotonic_ns() + WORK_NS,          \
                                  &ret_answer->name, fault);                                       \
    }
VOUCH_APPLY_ASKS(CALL)

#define CALL_ROW(name, ask_type, answer_type) [VOUCH_APPLY_OP_##name] = call_##name,
static int (*const calls[VOUCH_APPLY_OP_COUNT])(struct vouch_apply *, const union any_ask *,
                                                union any_answer *, struct vouch_fault *) = {
    VOUCH_APPLY_ASKS(CALL_ROW)};

static int send_failure(struct vouch_lane *lane, const struct vouch_fault *fault) {
    struct vouch_apply_failed failed = {.err = (uint64_t)-fault->err};
    const char *code = fault->kind != NULL ? fault->kind->code : vouch_fault_internal.code;
    memcpy(failed.code, code, strnlen(code, sizeof failed.code - 1));
    memcpy(failed.text, fault->text, strnlen(fault->text, sizeof failed.text - 1));
    memcpy(failed.next, fault->next, strnlen(fault->next, sizeof failed.next - 1));
    vouch_codec_write(&vouch_apply_failed_fields, &failed, vouch_lane_begin(lane));
    return vouch_lane_send(lane, VOUCH_APPLY_OP_FAILED, vouch_time_monotonic_ns() + SEND_NS, NULL);
}

static int send_answer(struct vouch_lane *lane, enum vouch_apply_op op,
                       const union any_answer *answer, struct vouch_fault *fault) {
    vouch_codec_write(vouch_apply_ops[op].answer, answer, vouch_lane_begin(lane));
    int err = vouch_lane_send(lane, (uint16_t)op, vouch_time_monotonic_ns() + SEND_NS, fault);
    // An answer that is larger than any may be is our own failure, and nothing of it was sent.
    return err == VOUCH_ERR_ARGUMENT ? send_failure(lane, fault) : err;
}

// Copies what the descriptor holds: the other end could still change it, and must not once it is judged.
static int read_list(int fd, struct vouch_buf *out) {
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
        (uint64_t)st.st_size > VOUCH_KRL_MAX) {
        return VOUCH_ERR_FORMAT;
    }
    size_t len = (size_t)st.st_size, have = 0;
    uint8_t *room = vouch_buf_extend(out, len);
    while (room != NULL && have < len) {
        ssize_t got = pread(fd, room + have, len - have, (off_t)have);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return VOUCH_ERR_TRUNCATED;
        }
        have += (size_t)got;
    }
    return out->err;
}

// VOUCH_ERR_FORMAT when the lane is to be ended: what came is no question.
static int read_question(struct vouch_lane *lane, const struct vouch_message *message,
                         struct vouch_arena *arena, struct vouch_buf *krl, union any_ask *ret_ask) {
    struct vouch_reader reader;
    vouch_reader_init(&reader, message->body);
    vouch_codec_read(vouch_apply_ops[message->type].ask, &reader, arena, ret_ask);
    int err = vouch_reader_end(&reader, NULL);
    vouch_autoclose int fd = message->fd_count > 0 ? vouch_lane_take_fd(lane, 0) : -1;
    if (err == VOUCH_OK && fd >= 0) {
        err = read_list(fd, krl);
        ret_ask->install.krl = vouch_buf_bytes(krl);
    }
    return err == VOUCH_OK ? VOUCH_OK : VOUCH_ERR_FORMAT;
}

static int answer_one(struct vouch_lane *lane, struct vouch_apply *apply,
                      const struct vouch_message *message, struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena arena = {0};
    union any_ask ask = {0};
    union any_answer answer;
    struct vouch_fault failure = {0};
    struct vouch_buf krl;
    enum vouch_apply_op op = (enum vouch_apply_op)message->type;
    vouch_buf_init(&krl, VOUCH_KRL_MAX);
    int err = read_question(lane, message, &arena, &krl, &ask);
    if (err != VOUCH_OK) {
        (void)vouch_fault_set(fault, err, &vouch_fault_peer,
                              "vouch-host: what it asks for is not one of its questions");
    } else if (calls[op](apply, &ask, &answer, &failure) == VOUCH_OK) {
        err = send_answer(lane, op, &answer, fault);
    } else {
        err = send_failure(lane, &failure);
    }
    vouch_buf_done(&krl);
    return err;
}

int vouch_apply_serve(int take_fd, struct vouch_apply *apply, struct vouch_fault *fault) {
    struct vouch_lane lane;
    struct vouch_message message = {0};
    vouch_lane_init(&lane, take_fd, &vouch_apply_protocol, VOUCH_LANE_ANSWERS);
    int err = VOUCH_OK;
    while (err == VOUCH_OK && !vouch_apply_is_outgrown(apply)) {
        err = vouch_lane_receive(&lane, UINT64_MAX, &message, fault);
        if (err != VOUCH_OK || message.kind != VOUCH_MESSAGE_FRAME) {
            break;
        }
        err = answer_one(&lane, apply, &message, fault);
    }
    vouch_lane_done(&lane);
    return err;
}
