// SPDX-License-Identifier: ISC
// What the root part remembers between two starts: whom it trusts, what it installed, what waits to be
// confirmed.
#pragma once

#include "host/apply-types.h"
#include "host/saved.h"

#define VOUCH_HELD_TRUST VOUCH_SAVED_FOLDER "/trust" // the installed bundle, as it came

// Zeroed: nothing is installed.
struct vouch_held {
    struct vouch_bytes ca;         // the CA's name
    struct vouch_bytes checkpoint; // blob, pinned
    struct vouch_bytes name;       // the host's
    uint64_t trust_version, krl_version, krl_generated_s, state_version;
    uint64_t by_login;
    uint64_t applied; // nonzero: sshd's configuration is ours
    enum vouch_apply_log log;
};

// A change of sshd's configuration that is not kept yet.
struct vouch_pending {
    uint64_t until_s;     // 0: it is under way at this moment
    uint64_t number;      // tells it from others
    uint64_t was_applied; // as in struct vouch_held, before it
    enum vouch_apply_log was_log;
    struct vouch_bytes boot;
};

// Reads it; zeroed if there is none. Slices lie in the arena.
VOUCH_MUST_USE int vouch_held_load(const struct vouch_root *root, struct vouch_arena *arena,
                                   struct vouch_held *ret_held, struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_held_store(const struct vouch_root *root, const struct vouch_held *held,
                                    struct vouch_fault *fault);

// VOUCH_ERR_NOT_FOUND: nothing is pending.
VOUCH_MUST_USE int vouch_pending_load(const struct vouch_root *root, struct vouch_arena *arena,
                                      struct vouch_pending *ret_pending, struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_pending_store(const struct vouch_root *root,
                                       const struct vouch_pending *pending,
                                       struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_pending_drop(const struct vouch_root *root, struct vouch_fault *fault);
