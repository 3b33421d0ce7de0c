// SPDX-License-Identifier: ISC
// The load client: asks a running service for certificates as fast as it gives them, and checks them when
// the clock has stopped. Its parts: the subjects that get certificates, the connections that ask, the
// check. It knows the API and nothing of the service.
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "vouch/cert.h"

#define LOAD_CERT_MAX 2048 // characters of a certificate's line

enum load_reuse { LOAD_KEEP_ALIVE = 0, LOAD_NEW_CONNECTION };
enum load_wish {
    LOAD_BY_TOKEN = 0,  // a certificate by the token's profile
    LOAD_BY_SESSION,    // one in `zone` by the roles of who signed in
    LOAD_WRONG_SIGN_IN, // to sign in, as nobody who is there: for how others are served meanwhile
};
enum load_failure {
    LOAD_ABORT = 0, // any failure ends the run as failed
    LOAD_ENDURE,    // the service may be killed under us: a connection that fails is done
};

struct load_options {
    const char *address; // 127.0.0.1:8443
    const char *pin_file;
    const char *token_file; // of a token, or of a session's secret
    const char *ca_file;
    const char *out_file; // NULL: certificates are not written
    const char *principal;
    const char *zone; // of LOAD_BY_SESSION
    enum load_wish wish;
    unsigned connections;
    unsigned threads;
    unsigned seconds;
    size_t count; // subjects; when all are used, the run ends before its time
    enum load_reuse reuse;
    enum load_failure failure;
};

// One subject: its key before the clock starts, its certificate's line afterwards.
struct load_subject {
    char key[96]; // "ssh-ed25519 AAAA…"
    char *line;   // into the arena; NULL: it got none
    uint32_t latency_us;
};

struct load {
    const struct load_options *options;
    char token[128];
    struct load_subject *subjects;
    char *arena; // LOAD_CERT_MAX a subject would be far too much: filled from the front
    size_t arena_len;
    atomic_size_t arena_used;
    atomic_size_t next;                             // the next subject that nobody asked for
    atomic_size_t issued, refused, failed, put_off; // put_off: told to come again
    uint64_t start_ns, stop_ns;                     // stop: no new requests from here on
    atomic_ullong last_ns;                          // of the last answer
    char first_refusal[512];
    atomic_int has_refusal;
};

// Prints to standard error and ends the program.
__attribute__((noreturn, format(printf, 1, 2))) void load_die(const char *format, ...);

// Makes the subjects' keys, and room for what they get.
void load_subjects_new(struct load *load);
void load_subjects_free(struct load *load);

// Asks until time or subjects are up.
void load_run(struct load *load);

// Takes a 201's body: keeps the certificate in it. 0 if there is none.
int load_take(struct load *load, struct load_subject *subject, const char *body, size_t len);

struct load_verdict {
    size_t verified;
    size_t bad;
    size_t twice; // serials that were given before
};

// Verifies every certificate: signature, CA, subject, principal, time; and that no serial came twice.
struct load_verdict load_check(const struct load *load);

// What the machine itself takes: microseconds of a libsodium signature and its verification, of its
// hash of a password, and of an fdatasync of some hundred bytes appended to a preallocated file in
// `folder`.
struct load_floor {
    double sign_us, verify_us, sync_p50_us, sync_p99_us;
    double hash_us; // of a password, at the cost that the service has
};
struct load_floor load_measure_floor(const char *folder);
