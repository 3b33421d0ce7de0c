// SPDX-License-Identifier: ISC
// Clients that wait for somebody to approve their sign-in in a browser: found by the SHA-256 of the secret that
// the client has, or of the code that people compare. Whether one that was found still counts is for the caller
// to judge.
#pragma once

#include "store/work.h"

#define VOUCH_STORE_DEVICE_TEXT_MAX 128 // bytes of what a client says of itself

// The zero value is none.
enum vouch_store_device_state {
    VOUCH_STORE_DEVICE_NONE = 0,
    VOUCH_STORE_DEVICE_WAITING,
    VOUCH_STORE_DEVICE_APPROVED,
    VOUCH_STORE_DEVICE_DENIED,
    VOUCH_STORE_DEVICE_TAKEN, // the client has its session
    VOUCH_STORE_DEVICE_UNDONE,
};

struct vouch_store_device {
    uint64_t id;                             // given by the store, never given again
    uint8_t challenge[VOUCH_STORE_HASH_LEN]; // SHA-256 of the verifier
    uint64_t port;                           // of its loopback; 0: none
    struct vouch_bytes mark;
    struct vouch_bytes machine, os, version, source;
    uint64_t created_s, expires_s;
    // Not read when it is added.
    enum vouch_store_device_state state;
    uint64_t account, approver; // who decided, and in which session
    struct vouch_bytes user;    // the account's name; empty: nobody, or they are gone
    struct vouch_bytes methods; // of that session, then
    uint64_t factor_s;
    struct vouch_bytes back; // SHA-256 of what the browser brings back; empty: nothing
    uint64_t session;        // that was begun by it
};

// Finds one by the SHA-256 of its secret, or of its code. Slices point into `arena`.
VOUCH_MUST_USE int vouch_store_device_by_secret(struct vouch_store *store,
                                                const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                                struct vouch_arena *arena,
                                                enum vouch_store_outcome *ret_outcome,
                                                struct vouch_store_device *ret_device,
                                                struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_store_device_by_code(struct vouch_store *store,
                                              const uint8_t code[static VOUCH_STORE_HASH_LEN],
                                              struct vouch_arena *arena,
                                              enum vouch_store_outcome *ret_outcome,
                                              struct vouch_store_device *ret_device,
                                              struct vouch_fault *fault);

// How many wait and have not expired at `now_s`.
VOUCH_MUST_USE int vouch_store_devices_waiting(struct vouch_store *store, uint64_t now_s,
                                               uint64_t *ret_count, struct vouch_fault *fault);

// ----- changes: between vouch_store_work_begin() and _end()

// Keeps one that waits. TAKEN: another has this secret or this code.
VOUCH_MUST_USE int vouch_store_device_add(struct vouch_store *store,
                                          const struct vouch_store_device *device,
                                          const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                          const uint8_t code[static VOUCH_STORE_HASH_LEN],
                                          enum vouch_store_outcome *ret_outcome,
                                          struct vouch_fault *fault);

// Notes that the client asked, if it did not so at or after `since_ms`; else ABSENT.
VOUCH_MUST_USE int vouch_store_device_asked(struct vouch_store *store, uint64_t id, uint64_t now_ms,
                                            uint64_t since_ms,
                                            enum vouch_store_outcome *ret_outcome,
                                            struct vouch_fault *fault);

// Keeps a decision about one that waits: state (APPROVED or DENIED), expires_s, account, approver, methods,
// factor_s and back. ABSENT: it does not wait any more.
VOUCH_MUST_USE int vouch_store_device_decide(struct vouch_store *store,
                                             const struct vouch_store_device *device,
                                             enum vouch_store_outcome *ret_outcome,
                                             struct vouch_fault *fault);

// Uses an approval up for a session that was added in the same work. ABSENT: it is not approved, `back` (32
// bytes, or none) is not what it asks for, or the session in which it was approved has ended; then nothing of
// the work may be kept.
VOUCH_MUST_USE int vouch_store_device_take(struct vouch_store *store, uint64_t id,
                                           struct vouch_bytes back, uint64_t session,
                                           enum vouch_store_outcome *ret_outcome,
                                           struct vouch_fault *fault);

// Takes back what was approved or taken. ABSENT: it is neither.
VOUCH_MUST_USE int vouch_store_device_undo(struct vouch_store *store, uint64_t id,
                                           enum vouch_store_outcome *ret_outcome,
                                           struct vouch_fault *fault);

// Forgets those that have expired, at most `limit`; adds to *removed.
VOUCH_MUST_USE int vouch_store_devices_prune(struct vouch_store *store, uint64_t now_s,
                                             size_t limit, uint64_t *removed,
                                             struct vouch_fault *fault);
