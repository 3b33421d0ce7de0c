// SPDX-License-Identifier: ISC
// People with passkeys, in an authority of test-lab.h with the company of test-company.h.
#pragma once

#include "authority/office.h"
#include "authority/test-company.h"
#include "authority/test-person.h"
#include "identity/test-passkey-device.h"
#include "store/passkeys.h"

// By how many seconds the clock of questions is ahead; whoever links this wraps vouch_time_monotonic_ns.
extern uint64_t passkeys_later_s;

// What outlives the answer that it came with.
struct question {
    struct vouch_reply reply;
    char name[VOUCH_PASSKEY_QUESTION_MAX + 1];
    uint8_t challenge[32];
    char handle[VOUCH_PASSKEY_USER_GIVEN_MAX + 1];
    size_t ids;
};

// A lab with the company and people who can sign in, at this address. For cmocka's setup.
int passkeys_begin_at(void **state, const char *address);

// The same under the name that the devices of the tests know.
int passkeys_begin(void **state);

// Keeps what an answer of the authority asks.
void question_take(const struct vouch_passkey_question *from, struct question *question);

// Asks for a question; the reply may be a refusal.
struct question question_ask(struct lab *lab, const struct vouch_caller *caller,
                             struct vouch_ask_passkey_question ask);

// One that must be given, to a session; and to a stranger.
struct question question_for(struct lab *lab, const struct vouch_caller *caller,
                             enum vouch_passkey_purpose purpose);
struct question question_stranger(struct lab *lab, const char *user);

// What the device signs.
struct vouch_bytes question_challenge(const struct question *question);

// What a browser brings back from a device: a new passkey, called "office key"; and an answer.
struct vouch_passkey_new question_make(struct device *device, const struct question *question,
                                       struct device_said *said);
struct vouch_passkey_given question_answer(struct device *device, const struct question *question,
                                           struct device_said *said);

// Registers a device in a session; its number.
struct vouch_reply passkey_add(struct lab *lab, const struct vouch_caller *caller,
                               struct device *device, const struct question *question,
                               uint64_t *ret_id);

// A passkey of somebody's, of a device that is begun here, registered in a session of their own; its number.
uint64_t passkey_give(struct lab *lab, const char *user, struct device *device);

// Signs in by an answer; or by a device, asked as a stranger.
struct vouch_answer_session passkey_send(struct lab *lab, struct vouch_passkey_given passkey);
struct vouch_answer_session passkey_enter(struct lab *lab, struct device *device, const char *user);

// Fails the test if a reply has not this verdict and code.
void assert_reply(const struct vouch_reply *reply, enum vouch_verdict verdict, const char *code);

// Gives a session its factor.
struct vouch_reply passkey_give_factor(struct lab *lab, const struct vouch_caller *caller,
                                       struct device *device, const struct question *question);
