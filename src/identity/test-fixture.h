// SPDX-License-Identifier: ISC
// Identity for the tests, by whichever of its two bodies the test is linked with.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "identity/serve.h"

// "alice", with the cheapest of hashes.
struct fixture {
    struct vouch_identity_engine *engine;
    struct vouch_identity *identity;
    struct vouch_fault fault;
    struct vouch_identity_answer answer;
    void *body; // of test-fixture-remote.c
};

// test-fixture-local.c or test-fixture-remote.c.
void fixture_attach(struct fixture *fixture);
void fixture_detach(struct fixture *fixture);
int fixture_is_remote(void);

// Other costs than the cheapest, where they are not 0.
void fixture_begin(struct fixture *fixture, const struct vouch_identity_cost *cost);
void fixture_end(struct fixture *fixture);

// A key that is the same in every test, with its first byte as given.
void fixture_key(uint8_t first, uint8_t ret_key[static VOUCH_IDENTITY_KEY_LEN]);

// Of alice, with this given, and nothing stored.
struct vouch_identity_ask fixture_ask(enum vouch_identity_method method, const char *given);
// In a minute.
uint64_t fixture_deadline(void);

// Each returns the verdict; a failure fails the test. The answer stays in the fixture.
enum vouch_identity_verdict fixture_make(struct fixture *fixture,
                                         const struct vouch_identity_ask *ask);
enum vouch_identity_verdict fixture_check(struct fixture *fixture,
                                          const struct vouch_identity_ask *ask);

// What is to be stored, copied to an array of VOUCH_IDENTITY_STORED_MAX bytes.
struct vouch_bytes fixture_keep(const struct fixture *fixture, uint8_t *memory);
