// SPDX-License-Identifier: ISC
// A server's signer in a temporary folder, for the tests of this module.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/time.h"
#include "ledger/verify.h"
#include "signer/engine.h"

#define FIXTURE_LANES_MAX 64

struct fixture {
    char root[64];
    char keys_dir[96];
    char ledger_dir[96];
    struct vouch_private_key *subject;
    struct vouch_signer_engine *engine;
    // fixture_serve()
    int lanes[FIXTURE_LANES_MAX]; // the asking ends; -1: given away
    unsigned lane_count;
    int signal_fd; // for the service; -1: none
    int is_serving;
    pthread_t server;
    int serve_err;
};

// Makes keys and ledger, and a subject's key. For cmocka's setup and teardown.
int fixture_begin(void **state);
int fixture_begin_with(void **state, enum vouch_key_type type,
                       unsigned bits); // CA keys of that type
int fixture_end(void **state);         // closes the engine without a clean stop if it is still open

// Opens the signer, or fails the test.
void fixture_open(struct fixture *fixture);
// Like it with a ceiling; NULL: the default.
void fixture_open_with(struct fixture *fixture, const struct vouch_signer_ceiling *ceiling);
// The default, with wildcards below web.example.com.
struct vouch_signer_ceiling fixture_ceiling(void);
// Like fixture_open(), with the CA keys in an agent.
void fixture_open_agent(struct fixture *fixture, const char *agent_socket);
// One of the private keys, decrypted; the caller frees it.
struct vouch_private_key *fixture_key(const struct fixture *fixture, const char *name);
// Opens and expects a failure with that code.
void fixture_open_fails(struct fixture *fixture, const char *code);
void fixture_stop(struct fixture *fixture);  // clean, and closes
void fixture_crash(struct fixture *fixture); // closes as a crash would

// Serves `count` lanes on a thread; the ends are in fixture->lanes.
void fixture_serve(struct fixture *fixture, unsigned count);
// Hangs up what is left of the lanes, waits for the end of the service, and closes the engine.
void fixture_serve_end(struct fixture *fixture);

// A request for user "alice" that the default ceiling allows. Static but for the key.
struct vouch_signer_ask fixture_ask(const struct fixture *fixture);
struct vouch_signer_event fixture_event(void);
struct vouch_signer_krl fixture_krl(uint64_t version);

#define FIXTURE_DEADLINE (vouch_time_monotonic_ns() + UINT64_C(20000000000))

// Calls `each` for every record, oldest first.
typedef void fixture_record_fn(void *context, const struct vouch_record *record);
void fixture_records(const struct fixture *fixture, fixture_record_fn *each, void *context);
// How many records of that event type there are; NULL: certificates. The last one's detail `name`, cut
// to fit, goes to ret_value (which may be NULL).
uint64_t fixture_count(const struct fixture *fixture, const char *type);
void fixture_detail(const struct fixture *fixture, const char *type, const char *name,
                    char ret_value[static 256]);

// `vouch ledger verify` proves the folder.
void assert_proven(const struct fixture *fixture);

// Path of a file in the keys folder.
const char *fixture_path(const struct fixture *fixture, const char *name);
void fixture_copy(const char *from, const char *to); // cp -a
