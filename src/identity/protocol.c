// SPDX-License-Identifier: ISC
// What may be said between authority and identity, and how each message is laid out.
#include "identity/protocol.h"

#include <stdio.h>

#define ASK_MIN 48 // method, times, and the lengths of seven empty strings
#define ASK_MAX                                                                                    \
    (ASK_MIN + VOUCH_IDENTITY_USER_MAX + VOUCH_IDENTITY_NAME_MAX + VOUCH_IDENTITY_ISSUER_MAX +     \
     VOUCH_IDENTITY_STORED_MAX + VOUCH_IDENTITY_GIVEN_MAX + VOUCH_IDENTITY_ORIGIN_MAX +            \
     VOUCH_IDENTITY_CHALLENGE_MAX)
#define ANSWER_MIN 40
#define ANSWER_MAX                                                                                 \
    (ANSWER_MIN + 8 + 64 + 256 + VOUCH_IDENTITY_STORED_MAX + VOUCH_IDENTITY_SHOWN_MAX)
#define FAILED_MAX 1024

static const struct vouch_frame_rule asks[] = {
    {.type = VOUCH_IDENTITY_MAKE,
     .content = VOUCH_FRAME_SECRET,
     .body_min = ASK_MIN,
     .body_max = ASK_MAX,
     .name = "make"},
    {.type = VOUCH_IDENTITY_CHECK,
     .content = VOUCH_FRAME_SECRET,
     .body_min = ASK_MIN,
     .body_max = ASK_MAX,
     .name = "check"},
};

static const struct vouch_frame_rule answers[] = {
    {.type = VOUCH_IDENTITY_MAKE,
     .content = VOUCH_FRAME_SECRET,
     .body_min = ANSWER_MIN,
     .body_max = ANSWER_MAX,
     .name = "answer to make"},
    {.type = VOUCH_IDENTITY_CHECK,
     .content = VOUCH_FRAME_SECRET,
     .body_min = ANSWER_MIN,
     .body_max = ANSWER_MAX,
     .name = "answer to check"},
    {.type = VOUCH_IDENTITY_FRAME_FAILED,
     .body_min = 16,
     .body_max = FAILED_MAX,
     .name = "failure"},
};

const struct vouch_frame_protocol vouch_identity_protocol = {
    .name = "identity",
    .asks = asks,
    .ask_count = sizeof asks / sizeof asks[0],
    .answers = answers,
    .answer_count = sizeof answers / sizeof answers[0],
};

const char *vouch_identity_ask_excess(const struct vouch_identity_ask *ask) {
    const struct {
        const char *name;
        size_t len, max;
    } fields[] = {
        {"user", ask->user.len, VOUCH_IDENTITY_USER_MAX},
        {"name", ask->name.len, VOUCH_IDENTITY_NAME_MAX},
        {"issuer", ask->issuer.len, VOUCH_IDENTITY_ISSUER_MAX},
        {"stored", ask->stored.len, VOUCH_IDENTITY_STORED_MAX},
        {"given", ask->given.len, VOUCH_IDENTITY_GIVEN_MAX},
        {"origin", ask->origin.len, VOUCH_IDENTITY_ORIGIN_MAX},
        {"challenge", ask->challenge.len, VOUCH_IDENTITY_CHALLENGE_MAX},
    };
    if (ask->method <= VOUCH_METHOD_NONE || ask->method >= VOUCH_METHOD_COUNT) {
        return "method";
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].len > fields[i].max) {
            return fields[i].name;
        }
    }
    return NULL;
}

void vouch_identity_refusal_set(struct vouch_identity_refusal *ret_refusal,
                                const struct vouch_fault_kind *kind, const char *field,
                                const char *why) {
    (void)snprintf(ret_refusal->code, sizeof ret_refusal->code, "%s", kind->code);
    (void)snprintf(ret_refusal->field, sizeof ret_refusal->field, "%s", field);
    (void)snprintf(ret_refusal->why, sizeof ret_refusal->why, "%s", why);
}

void vouch_identity_ask_write(const struct vouch_identity_ask *ask, struct vouch_buf *out) {
    vouch_write_u32(out, (uint32_t)ask->method);
    vouch_write_u64(out, ask->last_step);
    vouch_write_u64(out, ask->time_s);
    vouch_write_string(out, ask->user);
    vouch_write_string(out, ask->name);
    vouch_write_string(out, ask->issuer);
    vouch_write_string(out, ask->stored);
    vouch_write_string(out, ask->given);
    vouch_write_string(out, ask->origin);
    vouch_write_string(out, ask->challenge);
}

int vouch_identity_ask_read(struct vouch_bytes body, struct vouch_identity_ask *ret_ask,
                            struct vouch_where *ret_where) {
    struct vouch_identity_ask ask = {0};
    struct vouch_reader reader;
    vouch_reader_init(&reader, body);
    uint32_t method = vouch_read_u32(&reader, "method");
    ask.method =
        method < VOUCH_METHOD_COUNT ? (enum vouch_identity_method)method : VOUCH_METHOD_NONE;
    ask.last_step = vouch_read_u64(&reader, "last step");
    ask.time_s = vouch_read_u64(&reader, "time");
    ask.user = vouch_read_string(&reader, "user");
    ask.name = vouch_read_string(&reader, "name");
    ask.issuer = vouch_read_string(&reader, "issuer");
    ask.stored = vouch_read_string(&reader, "stored");
    ask.given = vouch_read_string(&reader, "given");
    ask.origin = vouch_read_string(&reader, "origin");
    ask.challenge = vouch_read_string(&reader, "challenge");
    const char *excess = vouch_identity_ask_excess(&ask);
    if (excess != NULL) {
        vouch_reader_fail(&reader, VOUCH_ERR_LIMIT, excess, "is outside its bounds");
    }
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_ask = ask;
    }
    return err;
}

void vouch_identity_answer_write(const struct vouch_identity_answer *answer,
                                 struct vouch_buf *out) {
    vouch_write_u32(out, (uint32_t)answer->verdict);
    vouch_write_text(out, answer->refusal.code);
    vouch_write_text(out, answer->refusal.field);
    vouch_write_text(out, answer->refusal.why);
    vouch_write_string(out, answer->stored);
    vouch_write_string(out, answer->shown);
    vouch_write_u64(out, answer->step);
    vouch_write_u64(out, answer->left);
}

// A text that must fit its array with a NUL.
static void read_text(struct vouch_reader *reader, const char *field, char *out, size_t size) {
    struct vouch_bytes text = vouch_read_text(reader, field);
    if (text.len >= size) {
        vouch_reader_fail(reader, VOUCH_ERR_LIMIT, field, "is too long");
        return;
    }
    if (text.len > 0) {
        memcpy(out, text.ptr, text.len);
    }
    out[text.len] = '\0';
}

static int is_consistent(const struct vouch_identity_answer *answer) {
    if (answer->verdict == VOUCH_IDENTITY_ACCEPTED) {
        return answer->refusal.code[0] == '\0';
    }
    return answer->refusal.code[0] != '\0' && answer->stored.len == 0 && answer->shown.len == 0 &&
           answer->step == 0 && answer->left == 0;
}

int vouch_identity_answer_read(struct vouch_bytes body, struct vouch_identity_answer *ret_answer,
                               struct vouch_where *ret_where) {
    struct vouch_identity_answer answer = {0};
    struct vouch_reader reader;
    vouch_reader_init(&reader, body);
    uint32_t verdict = vouch_read_u32(&reader, "verdict");
    if (verdict > VOUCH_IDENTITY_BUSY) {
        vouch_reader_fail(&reader, VOUCH_ERR_UNSUPPORTED, "verdict", "is not known here");
    } else {
        answer.verdict = (enum vouch_identity_verdict)verdict;
    }
    read_text(&reader, "code", answer.refusal.code, sizeof answer.refusal.code);
    read_text(&reader, "field", answer.refusal.field, sizeof answer.refusal.field);
    read_text(&reader, "why", answer.refusal.why, sizeof answer.refusal.why);
    answer.stored = vouch_read_string(&reader, "stored");
    answer.shown = vouch_read_string(&reader, "shown");
    answer.step = vouch_read_u64(&reader, "step");
    answer.left = vouch_read_u64(&reader, "left");
    if (answer.stored.len > VOUCH_IDENTITY_STORED_MAX ||
        answer.shown.len > VOUCH_IDENTITY_SHOWN_MAX) {
        vouch_reader_fail(&reader, VOUCH_ERR_LIMIT, "stored or shown", "is too long");
    }
    if (!is_consistent(&answer)) {
        vouch_reader_fail(&reader, VOUCH_ERR_FORMAT, "verdict", "does not fit the other fields");
    }
    int err = vouch_reader_end(&reader, ret_where);
    if (err == VOUCH_OK) {
        *ret_answer = answer;
    }
    return err;
}

void vouch_identity_failure_write(const struct vouch_fault *failure, struct vouch_buf *out) {
    vouch_write_u32(out, (uint32_t)-failure->err);
    vouch_write_text(out, failure->kind->code);
    vouch_write_text(out, failure->text);
    vouch_write_text(out, failure->next);
}

// A code that is none counts as the other end's own failure.
static const struct vouch_fault_kind *kind_of(const char *code) {
    const struct vouch_fault_kind *kind = vouch_fault_kind_of(vouch_bytes_of(code));
    return kind != NULL ? kind : &vouch_fault_peer;
}

int vouch_identity_failure_read(struct vouch_bytes body, struct vouch_fault *fault) {
    struct vouch_reader reader;
    struct vouch_where where = {0};
    char code[8] = "", text[512] = "", next[256] = "";
    vouch_reader_init(&reader, body);
    uint32_t number = vouch_read_u32(&reader, "error");
    if (number == 0 || number > 1000) {
        vouch_reader_fail(&reader, VOUCH_ERR_FORMAT, "error", "is not one");
    }
    read_text(&reader, "code", code, sizeof code);
    read_text(&reader, "text", text, sizeof text);
    read_text(&reader, "next", next, sizeof next);
    int err = vouch_reader_end(&reader, &where);
    if (err != VOUCH_OK) {
        return vouch_fault_where(fault, err, &vouch_fault_peer, "identity: its failure", &where);
    }
    err = vouch_fault_set(fault, -(int)number, kind_of(code), "%s", text);
    if (next[0] != '\0') {
        (void)vouch_fault_next(fault, "%s", next);
    }
    return err;
}
