// SPDX-License-Identifier: ISC
// People who have signed in, and a policy for them, in an authority of test-lab.h.
//
// Sessions are made in the database; how one signs in is for the tests of that.
#pragma once

#include "authority/test-lab.h"

#include <inttypes.h>
#include <string.h>

#include "base/time.h"
#include "store/requests.h"

// alice: role dev, role dba on one approval, role vault on two, with a second factor of 15 minutes, and
// role till, which needs a reason. bob, carol, dave, erin, frank, gina: group leads, who approve. bob:
// also dev. root-of-all: an administrator. eve: an auditor. mallory: nothing. walt: dba, disabled.
extern const char company_policy[];

// A lab whose office is open and has the policy. For cmocka's setup and teardown.
int company_begin(void **state);
int company_end(void **state);

// Applies a policy over the local socket, made from whatever holds, and wants this verdict.
void company_apply(struct lab *lab, const char *text, enum vouch_verdict wanted);
// The company's policy with one text replaced by another, which must be in it.
void company_change(struct lab *lab, const char *before, const char *after);
// The version that holds.
uint64_t company_version(struct lab *lab);

// Somebody who signed in with password and code, the latter so many seconds ago; each call is another
// session. "alice+recovery" signed in with a recovery code.
struct vouch_caller company_caller(struct lab *lab, const char *who, uint64_t factor_age_s);

// A question for roles (parted by blanks) of zone prod, with the lab's key, for an hour.
struct vouch_ask_access company_ask(const struct lab *lab, const char *roles);

// Asks as somebody whose code is a minute old; the answer lives until the admin handle is next asked.
struct vouch_answer_access company_access(struct lab *lab, const char *who,
                                          const struct vouch_ask_access *ask);

// Makes a request, which must work, and gives its ID.
uint64_t company_request(struct lab *lab, const char *who, const char *roles);

// Approves, denies, looks at or cancels; and takes.
struct vouch_answer_request company_decide(struct lab *lab, const char *who, uint64_t id,
                                           enum vouch_request_verb verb);
struct vouch_answer_cert company_take(struct lab *lab, const char *who, uint64_t id);

// What the database has of a request; changes it behind everybody's back.
struct vouch_store_request company_kept(struct lab *lab, uint64_t id, struct vouch_arena *arena);
void company_age(struct lab *lab, uint64_t id, uint64_t expires_s);

// How many events of that type are in the ledger, and the newest one's details as a record.
size_t company_events(struct lab *lab, const char *type, const char *object);

// Nonzero if the list has exactly these, parted by blanks, in this order.
int company_is(struct vouch_text_list list, const char *texts);

#define company_code(answer, wanted) assert_string_equal((answer).reply.code, wanted)
