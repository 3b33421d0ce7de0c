// SPDX-License-Identifier: ISC
// The inside of the double of the authority, for the files that it is made of.
#pragma once

#include "authority/authority.h"

#define SHOWN(bytes) (int)(bytes).len, (bytes).len > 0 ? (const char *)(bytes).ptr : ""

#define ASKED(name, ask_type, answer_type)                                                         \
    int vouch_authority_##name(struct vouch_authority *authority,                                  \
                               const struct vouch_caller *caller, const ask_type *ask,             \
                               answer_type *ret_answer, struct vouch_fault *fault)

#define TEST_SCOPE_HOST "host" // what only hosts may

// Begins an ask, with the double's lock held: nonzero if it goes on. `scope` NULL: anybody may.
int test_double_enter(const struct vouch_caller *caller, const char *scope, const char *name,
                      struct vouch_reply *reply, int *ret_err);
// Ends it: gives back what the ask returns.
int test_double_leave(int err, struct vouch_fault *fault);

// Adds to the text of the last ask.
void test_double_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void test_double_note_list(const char *name, struct vouch_text_list list);
void test_double_note_page(const struct vouch_ask_page *page);

// The version of what a host is to install.
uint64_t test_double_state(void);

// Waits, while an ask goes on, until nobody is held any more.
void test_double_wait(void);
