// SPDX-License-Identifier: ISC
// The parts of test-passkey-lab.h.
#include "authority/test-passkey-lab.h"

#include <stdio.h>
#include <string.h>

uint64_t __real_vouch_time_monotonic_ns(void);
uint64_t __wrap_vouch_time_monotonic_ns(void);

uint64_t passkeys_later_s;

uint64_t __wrap_vouch_time_monotonic_ns(void) {
    return __real_vouch_time_monotonic_ns() + passkeys_later_s * 1000000000;
}

int passkeys_begin_at(void **state, const char *address) {
    assert_int_equal(lab_begin(state), 0);
    struct lab *lab = *state;
    passkeys_later_s = 0;
    lab->address = address;
    lab_open_identity(lab, 0);
    lab_open(lab);
    company_apply(lab, company_policy, VOUCH_VERDICT_DONE);
    return 0;
}

int passkeys_begin(void **state) {
    return passkeys_begin_at(state, DEVICE_ORIGIN "#sha256:pin");
}

// --- asking and answering

void question_take(const struct vouch_passkey_question *from, struct question *question) {
    assert_true(from->question.len < sizeof question->name);
    assert_int_equal(from->challenge.len, sizeof question->challenge);
    memcpy(question->name, from->question.ptr, from->question.len);
    memcpy(question->challenge, from->challenge.ptr, from->challenge.len);
    if (from->handle.len > 0) {
        memcpy(question->handle, from->handle.ptr, from->handle.len);
    }
    question->ids = from->ids.count;
    assert_true(vouch_bytes_equal(from->host, vouch_bytes_of(DEVICE_HOST)));
    assert_int_equal(from->ttl_s, 300);
}

struct question question_ask(struct lab *lab, const struct vouch_caller *caller,
                             struct vouch_ask_passkey_question ask) {
    struct question question = {0};
    struct vouch_answer_passkey_question answer;
    test_ok(vouch_authority_passkey_question(lab->admin, caller, &ask, &answer, &fault));
    question.reply = answer.reply;
    if (answer.reply.verdict == VOUCH_VERDICT_DONE) {
        question_take(&answer.question, &question);
    }
    return question;
}

struct question question_for(struct lab *lab, const struct vouch_caller *caller,
                             enum vouch_passkey_purpose purpose) {
    struct question question =
        question_ask(lab, caller, (struct vouch_ask_passkey_question){.purpose = purpose});
    lab_verdict(question, VOUCH_VERDICT_DONE);
    return question;
}

struct question question_stranger(struct lab *lab, const char *user) {
    const struct vouch_caller caller = person_unknown("192.0.2.40");
    struct question question =
        question_ask(lab, &caller,
                     (struct vouch_ask_passkey_question){.purpose = VOUCH_PASSKEY_FOR_SIGN_IN,
                                                         .user = vouch_bytes_of(user)});
    lab_verdict(question, VOUCH_VERDICT_DONE);
    assert_int_equal(question.ids, 0);
    assert_string_equal(question.handle, ""); // whose it would be is for nobody to know
    return question;
}

struct vouch_bytes question_challenge(const struct question *question) {
    return (struct vouch_bytes){question->challenge, sizeof question->challenge};
}

struct vouch_passkey_new question_make(struct device *device, const struct question *question,
                                       struct device_said *said) {
    device_make(device, &(struct device_told){.challenge = question_challenge(question)}, said);
    return (struct vouch_passkey_new){.question = vouch_bytes_of(question->name),
                                      .id = said->id,
                                      .client_data = said->client_data,
                                      .attestation = said->attestation,
                                      .name = vouch_bytes_of("office key")};
}

static struct vouch_passkey_given question_given(const struct question *question,
                                                 const struct device_said *said) {
    return (struct vouch_passkey_given){.question = vouch_bytes_of(question->name),
                                        .id = said->id,
                                        .client_data = said->client_data,
                                        .authdata = said->authdata,
                                        .signature = said->signature,
                                        .handle = said->handle};
}

struct vouch_passkey_given question_answer(struct device *device, const struct question *question,
                                           struct device_said *said) {
    device_answer(device, &(struct device_told){.challenge = question_challenge(question)}, said);
    return question_given(question, said);
}

struct vouch_reply passkey_add(struct lab *lab, const struct vouch_caller *caller,
                               struct device *device, const struct question *question,
                               uint64_t *ret_id) {
    static struct device_said said;
    const struct vouch_ask_passkey_add ask = {.passkey = question_make(device, question, &said)};
    struct vouch_answer_passkey added;
    test_ok(vouch_authority_passkey_add(lab->admin, caller, &ask, &added, &fault));
    *ret_id = added.row.id;
    return added.reply;
}

// A passkey of somebody's, registered in a session of their own; its number.
uint64_t passkey_give(struct lab *lab, const char *user, struct device *device) {
    const struct vouch_caller caller = company_caller(lab, user, 10);
    struct question question = question_for(lab, &caller, VOUCH_PASSKEY_FOR_NEW);
    uint64_t id = 0;
    device_begin(device, VOUCH_COSE_ES256, question.handle);
    const struct vouch_reply reply = passkey_add(lab, &caller, device, &question, &id);
    assert_int_equal(reply.verdict, VOUCH_VERDICT_DONE);
    assert_true(id != 0);
    return id;
}

struct vouch_answer_session passkey_send(struct lab *lab, struct vouch_passkey_given passkey) {
    const struct vouch_caller caller = person_unknown("192.0.2.40");
    const struct vouch_ask_sign_in ask = {.factor = VOUCH_FACTOR_PASSKEY, .passkey = passkey};
    struct vouch_answer_session session;
    test_ok(vouch_authority_sign_in(lab->admin, &caller, &ask, &session, &fault));
    return session;
}

struct vouch_answer_session passkey_enter(struct lab *lab, struct device *device,
                                          const char *user) {
    static struct device_said said;
    struct question question = question_stranger(lab, user);
    return passkey_send(lab, question_answer(device, &question, &said));
}

void assert_reply(const struct vouch_reply *reply, enum vouch_verdict verdict, const char *code) {
    if (reply->verdict != verdict || strcmp(reply->code, code) != 0) {
        fail_msg("verdict %d, %s, %s: %s", (int)reply->verdict, reply->code, reply->field,
                 reply->why);
    }
}

struct vouch_reply passkey_give_factor(struct lab *lab, const struct vouch_caller *caller,
                                       struct device *device, const struct question *question) {
    static struct device_said said;
    const struct vouch_ask_factor ask = {.factor = VOUCH_FACTOR_PASSKEY,
                                         .passkey = question_answer(device, question, &said)};
    struct vouch_answer_session session;
    test_ok(vouch_authority_factor(lab->admin, caller, &ask, &session, &fault));
    return session.reply;
}
