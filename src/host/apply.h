// SPDX-License-Identifier: ISC
// The root part of vouch-host: what the network part may ask of it, and nothing else.
//
// Two bodies with one face: local.c does the work on this machine, remote.c asks another process over a
// lane. No ask holds a path, a command or an address: what is touched follows from the machine's own
// configuration (doc/hosts.md). What came over the network is proven here once more before it is used:
// the trust bundle by the checkpoint key of the first install, all else by the bundle.
//
// Slices of an ask are borrowed; those of an answer are good until the next ask. A failure is a fault;
// whatever was begun is then put back.
#pragma once

#include "host/apply-types.h"

struct vouch_apply;

// Asks over a connected stream socket, which it owns from here on.
VOUCH_MUST_USE int vouch_apply_connect(int take_fd, struct vouch_apply **ret_apply,
                                       struct vouch_fault *fault);

// Does the work itself, on the files below `root` ("/" is the machine). First it puts back what an
// earlier life left half done or unconfirmed.
VOUCH_MUST_USE int vouch_apply_open(const char *root, struct vouch_apply **ret_apply,
                                    struct vouch_fault *fault);

// Takes NULL.
void vouch_apply_close(struct vouch_apply *apply);

// name, what is asked, what is answered
#define VOUCH_APPLY_ASKS(X)                                                                        \
    X(describe, struct vouch_apply_none, struct vouch_apply_machine)                               \
    X(prove, struct vouch_apply_prove, struct vouch_apply_proofs)                                  \
    X(install, struct vouch_apply_install, struct vouch_apply_done)                                \
    X(apply, struct vouch_apply_change, struct vouch_apply_done)                                   \
    X(confirm, struct vouch_apply_none, struct vouch_apply_done)                                   \
    X(put_back, struct vouch_apply_none, struct vouch_apply_done)                                  \
    X(leave, struct vouch_apply_leave, struct vouch_apply_done)                                    \
    X(follow, struct vouch_apply_follow, struct vouch_apply_logins)                                \
    X(scan, struct vouch_apply_none, struct vouch_apply_scan)                                      \
    X(check, struct vouch_apply_none, struct vouch_apply_checks)                                   \
    X(guard, struct vouch_apply_none, struct vouch_apply_done)

// vouch_apply_describe(), vouch_apply_prove() and so on. deadline_ns is on the clock of
// vouch_time_monotonic_ns(); the local body keeps bounds of its own.
#define VOUCH_APPLY_FACE(name, ask_type, answer_type)                                              \
    VOUCH_MUST_USE int vouch_apply_##name(struct vouch_apply *apply, const ask_type *ask,          \
                                          uint64_t deadline_ns, answer_type *ret_answer,           \
                                          struct vouch_fault *fault);
VOUCH_APPLY_ASKS(VOUCH_APPLY_FACE)
