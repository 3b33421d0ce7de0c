// SPDX-License-Identifier: ISC
// The signer's own process: open it, enter the sandbox, serve.
//
//   vouch_signer_open(&what, &engine, &fault);   keys, ledger, epoch; one thread so far
//   …sandbox: writable keys_dir and ledger_dir, network CONNECT_LOCAL only with an agent…
//   vouch_signer_serve(engine, lanes, lane_count, signal_fd, &fault);   returns after a clean stop
//   vouch_signer_engine_close(engine);
//
// An engine is shared by all threads. In a process that has one, vouch_signer_attach() gives handles
// for the asks of signer.h, one for each thread.
#pragma once

#include "signer/holder.h"
#include "signer/limits.h"

struct vouch_signer_engine;

// Called at once, on any thread, when the ledger cannot be written any more: nothing that waits has been
// or will be answered. It must end the process; if it returns, the process ends with status 1.
typedef void vouch_signer_die_fn(void *context, const struct vouch_fault *why);

// Everything is borrowed until vouch_signer_open() returns, except `die_context`.
struct vouch_signer_open {
    const char
        *keys_dir; // CA keys, checkpoint_key and their .pub; state and keys are written there
    const char *ledger_dir;    // must exist
    struct vouch_bytes unlock; // what the private keys are encrypted under; empty: they are not
    uint32_t rounds; // of bcrypt, for private keys that are made in a rotation; 0: the default
    const char *agent_socket;                   // the CA keys are in this agent; NULL: in files
    const struct vouch_signer_ceiling *ceiling; // NULL: the default
    vouch_signer_die_fn *die; // NULL: the fault's text to standard error, and exit
    void *die_context;
    unsigned ledger_wait_ms; // for the ledger's lock, when another process has it
};

// Opens keys and ledger, decides the epoch, and notes "signer.start". No thread is left running. Sets the
// umask of the process to 027: the ledger's group reads it.
VOUCH_MUST_USE int vouch_signer_open(const struct vouch_signer_open *what,
                                     struct vouch_signer_engine **ret_engine,
                                     struct vouch_fault *fault);

// Answers on `count` lanes (the answering ends, owned from here on) with a thread each, until SIGTERM
// comes on signal_fd (a signalfd; other signals are read and passed over; -1: none) or every asker has
// hung up. Then: what is under way is finished, "signer.stop" and a checkpoint are written, the state is
// saved. An error means that the stop was not clean.
VOUCH_MUST_USE int vouch_signer_serve(struct vouch_signer_engine *engine, const int *take_fds,
                                      unsigned count, int signal_fd, struct vouch_fault *fault);

// A handle for one thread of this process, to be ended with vouch_signer_close() before the engine is.
VOUCH_MUST_USE int vouch_signer_attach(struct vouch_signer_engine *engine,
                                       struct vouch_signer **ret_signer, struct vouch_fault *fault);

// Finishes what is queued and stops cleanly, as vouch_signer_serve() does at its end: for processes that
// only attach. Does nothing the second time.
VOUCH_MUST_USE int vouch_signer_stop(struct vouch_signer_engine *engine, struct vouch_fault *fault);

// Frees; takes NULL. Without a stop before, the next opening takes it for a crash.
void vouch_signer_engine_close(struct vouch_signer_engine *engine);
