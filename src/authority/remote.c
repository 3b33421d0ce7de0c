// SPDX-License-Identifier: ISC
// The body of the authority that asks another process over a lane.
//
// The role that links this holds no database and no path to the signer; all it can do is ask.
#include <stdlib.h>

#include "authority/body.h"
#include "authority/protocol.h"
#include "authority/reply.h"
#include "base/mem.h"
#include "base/time.h"

#define WAIT_NS (UINT64_C(15) * 1000000000)
#define APPLY_WAIT_NS (UINT64_C(90) * 1000000000) // also for revoking many, and for making a CA key
#define SIGN_IN_WAIT_NS (UINT64_C(45) * 1000000000) // more than identity's own deadline

struct remote {
    struct vouch_authority face; // first
    struct vouch_lane lane;
    struct vouch_arena arena; // of the last answer
};

// A code that is none counts as the other end's own failure.
static const struct vouch_fault_kind *kind_of(const char *code) {
    const struct vouch_fault_kind *kind = vouch_fault_kind_of(vouch_bytes_of(code));
    return kind != NULL ? kind : &vouch_fault_peer;
}

static int bad_answer(const struct vouch_where *where, struct vouch_fault *fault) {
    return vouch_fault_where(fault, VOUCH_ERR_FORMAT, &vouch_fault_peer, "authority: its answer",
                             where);
}

// The authority tried and failed: its fault becomes ours.
static int take_failure(struct vouch_bytes body, struct vouch_fault *fault) {
    struct vouch_failed failed;
    struct vouch_reader reader;
    struct vouch_where where = {0};
    vouch_reader_init(&reader, body);
    vouch_codec_read(&vouch_failed_fields, &reader, NULL, &failed);
    if (vouch_reader_end(&reader, &where) != VOUCH_OK || failed.err == 0 || failed.err > 1000) {
        return bad_answer(&where, fault);
    }
    int err = vouch_fault_set(fault, -(int)failed.err, kind_of(failed.code), "%s", failed.text);
    return failed.next[0] != '\0' ? vouch_fault_next(fault, "%s", failed.next) : err;
}

static int take_answer(struct remote *remote, enum vouch_op op, const struct vouch_message *message,
                       void *ret_answer, struct vouch_fault *fault) {
    struct vouch_reader reader;
    struct vouch_where where = {0};
    if (message->type == VOUCH_OP_FAILED) {
        return take_failure(message->body, fault);
    }
    if (message->type != op) {
        where = (struct vouch_where){0, "type", "is not that of the question"};
        return bad_answer(&where, fault);
    }
    vouch_reader_init(&reader, message->body);
    vouch_codec_read(vouch_ops[op].answer, &reader, &remote->arena, ret_answer);
    int err = vouch_reader_end(&reader, &where);
    if (err != VOUCH_OK) {
        memset(ret_answer, 0, vouch_ops[op].answer->size);
        return bad_answer(&where, fault);
    }
    return VOUCH_OK;
}

struct question {
    enum vouch_op op;
    const struct vouch_caller *caller;
    const void *ask;
    uint64_t wait_ns;
    size_t text_len; // of a policy or of logins that the ask brings; else 0
};

static int ask_for(struct remote *remote, const struct question *question, void *ret_answer,
                   struct vouch_fault *fault) {
    struct vouch_message message = {0};
    vouch_arena_clear(&remote->arena);
    const size_t body_max = VOUCH_OP_ASK_MAX + question->text_len;
    struct vouch_buf *out = vouch_lane_begin_large(&remote->lane, body_max);
    vouch_codec_write(&vouch_caller_fields, question->caller, out);
    vouch_codec_write(vouch_ops[question->op].ask, question->ask, out);
    if (out->err == VOUCH_ERR_LIMIT || out->len > VOUCH_FRAME_HEADER_LEN + body_max) {
        vouch_reply_set(vouch_answer_reply(ret_answer), VOUCH_VERDICT_INVALID, &vouch_fault_field,
                        NULL, "the request as a whole is too long");
        return VOUCH_OK;
    }
    int err = vouch_lane_ask(&remote->lane, (uint16_t)question->op,
                             vouch_time_monotonic_ns() + question->wait_ns, &message, fault);
    return err == VOUCH_OK ? take_answer(remote, question->op, &message, ret_answer, fault) : err;
}

static uint64_t wait_of_public(const struct vouch_ask_public *ask) {
    uint64_t wait_ms =
        ask->wait_ms > VOUCH_PUBLIC_WAIT_MAX_MS ? VOUCH_PUBLIC_WAIT_MAX_MS : ask->wait_ms;
    return WAIT_NS + wait_ms * 1000000;
}

static int asks_identity(int op) {
    return op == VOUCH_OP_sign_in || op == VOUCH_OP_factor || op == VOUCH_OP_account_begin ||
           op == VOUCH_OP_account_finish || op == VOUCH_OP_password || op == VOUCH_OP_recovery_new;
}

static uint64_t wait_of(int op, const void *ask) {
    if (op == VOUCH_OP_public) {
        return wait_of_public(ask);
    }
    if (op == VOUCH_OP_policy_apply || op == VOUCH_OP_rotate) {
        return APPLY_WAIT_NS;
    }
    return asks_identity(op) ? SIGN_IN_WAIT_NS : WAIT_NS;
}

static size_t text_len_of(int op, const void *ask) {
    if (op == VOUCH_OP_host_logins) {
        return ((const struct vouch_ask_host_logins *)ask)->count * VOUCH_OP_LOGIN_MAX;
    }
    return op == VOUCH_OP_policy_apply ? ((const struct vouch_ask_policy_apply *)ask)->text.len : 0;
}

#define BODY(name, ask_type, answer_type)                                                          \
    static int ask_##name(struct vouch_authority *face, const struct vouch_caller *caller,         \
                          const ask_type *ask, answer_type *ret_answer,                            \
                          struct vouch_fault *fault) {                                             \
        const struct question question = {VOUCH_OP_##name, caller, ask,                            \
                                          wait_of(VOUCH_OP_##name, ask),                           \
                                          text_len_of(VOUCH_OP_##name, ask)};                      \
        return ask_for((void *)face, &question, ret_answer, fault);                                \
    }
VOUCH_AUTHORITY_ASKS(BODY)

static void close_remote(struct vouch_authority *face) {
    struct remote *remote = (void *)face;
    vouch_lane_done(&remote->lane);
    vouch_arena_done(&remote->arena);
    free(remote);
}

#define MEMBER(name_, ask_type, answer_type) .name_ = ask_##name_,
static const struct vouch_authority_body body = {.close = close_remote,
                                                 VOUCH_AUTHORITY_ASKS(MEMBER)};

int vouch_authority_connect(int take_fd, struct vouch_authority **ret_authority,
                            struct vouch_fault *fault) {
    struct remote *remote = calloc(1, sizeof *remote);
    if (remote == NULL) {
        vouch_close_at_end(&take_fd);
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "authority: no memory for a lane");
    }
    remote->face.body = &body;
    vouch_lane_init(&remote->lane, take_fd, &vouch_authority_protocol, VOUCH_LANE_ASKS);
    *ret_authority = &remote->face;
    return VOUCH_OK;
}
