// SPDX-License-Identifier: ISC
// Identity's own process: open it, enter the sandbox, serve.
//
//   vouch_identity_open(&what, &engine, &fault);   the key, the pool; one thread so far
//   …sandbox…
//   vouch_identity_serve(engine, lanes, lane_count, signal_fd, &fault);
//   vouch_identity_engine_close(engine);
//
// An engine is shared by all threads. In a process that has one, vouch_identity_attach() gives handles
// for the asks of identity.h, one for each thread.
#pragma once

#include "identity/identity.h"

#define VOUCH_IDENTITY_KEY_LEN 32
#define VOUCH_IDENTITY_LANES_MAX 256

struct vouch_identity_engine;

// What a password's hash costs (argon2id, one lane), and how many are made at the same time. Zero in any
// field: the default.
struct vouch_identity_cost {
    uint32_t memory_kib; // 8 to 262,144; default 65,536
    uint32_t passes;     // 1 to 10; default 2
    uint32_t at_once;    // hashes at the same time: 1 to 64; default 2
    uint32_t waiting; // asks that may wait for their turn; the next is BUSY: 1 to 4,096; default 64
};

// Everything is borrowed until vouch_identity_open() returns.
struct vouch_identity_open {
    struct vouch_bytes key; // 32 random bytes, always the same ones: seals what the database keeps
    struct vouch_identity_cost cost;
};

// V-1885: the key is not of its length or not random at all. V-1805: a cost outside its bounds.
VOUCH_MUST_USE int vouch_identity_open(const struct vouch_identity_open *what,
                                       struct vouch_identity_engine **ret_engine,
                                       struct vouch_fault *fault);
void vouch_identity_engine_close(struct vouch_identity_engine *engine); // takes NULL

// Answers on `count` lanes (the answering ends, owned from here on) with a thread each, until SIGTERM
// comes on signal_fd (a signalfd; other signals are read and passed over; -1: none) or every asker has
// hung up. What is under way then is finished. An error: a lane broke its rules or could not be served;
// the first is reported when all have ended.
VOUCH_MUST_USE int vouch_identity_serve(struct vouch_identity_engine *engine, const int *take_fds,
                                        unsigned count, int signal_fd, struct vouch_fault *fault);

// A handle for one thread of this process, to be ended with vouch_identity_close() before the engine is.
VOUCH_MUST_USE int vouch_identity_attach(struct vouch_identity_engine *engine,
                                         struct vouch_identity **ret_identity,
                                         struct vouch_fault *fault);

// What the pool of hashes has done so far; for tests and figures.
struct vouch_identity_load {
    uint64_t hashes;       // made
    uint64_t kib_passes;   // the work in them: memory times passes
    uint64_t busy;         // asks that found no room to wait, or waited in vain
    unsigned at_once_peak; // hashes at the same time
    unsigned waiting_peak;
};
void vouch_identity_load(struct vouch_identity_engine *engine,
                         struct vouch_identity_load *ret_load);
