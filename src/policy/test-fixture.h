// SPDX-License-Identifier: ISC
// What the tests of policies share: a policy to ask, and a question that is granted.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "policy/decide.h"
#include "policy/load.h"

#define NOW 1795344338u // 2026-11-22
#define HOUR 3600u

extern const char test_policy_text[];

// The policy of that text, for a group of tests: test_load() is its set-up, test_unload() its end.
extern struct vouch_policy *sample;
int test_load(void **state);
int test_unload(void **state);

static inline struct vouch_bytes text_of(const char *text) {
    return vouch_bytes_of(text);
}

// The text in a buffer, which gets its NUL; fails the test if the buffer could not hold it.
const char *test_text_in(struct vouch_buf *text);

// The policy of a file; fails the test with the fault if there is one.
struct vouch_policy *test_policy(const char *text);

// The fault of a file that must not be taken.
struct vouch_fault test_fault(const char *text);

// A question by alice for role "dev" of zone "prod", which is granted.
struct vouch_policy_ask test_ask(void);

// With one role, and a user.
struct vouch_policy_ask test_ask_as(const char *user, const char *role);

// Decides; fails the test if it cannot.
struct vouch_policy_decision test_decide(const struct vouch_policy *policy,
                                         const struct vouch_policy_ask *ask,
                                         struct vouch_arena *arena);

// How often a decision has a reason.
size_t test_reasons(const struct vouch_policy_decision *decision,
                    enum vouch_policy_reason_code code);

// Fails the test unless the decision is a refusal for exactly this reason, and grants nothing.
void test_refused_for(const struct vouch_policy *policy, const struct vouch_policy_ask *ask,
                      enum vouch_policy_reason_code code);
void test_granted(const struct vouch_policy *policy, const struct vouch_policy_ask *ask);

// Nonzero if the list holds the text.
int test_has(const struct vouch_bytes *items, size_t count, const char *text);
int test_has_option(const struct vouch_cert_option *options, size_t count, const char *name);
