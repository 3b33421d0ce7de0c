// SPDX-License-Identifier: ISC
// The walls of a sandbox, one file each: sandbox-landlock.c and sandbox-seccomp.c. For sandbox.c only.
//
// Each answers in *ret_state whether the kernel has it; that it has not is an outcome, not an error.
#pragma once

#include "ipc/sandbox.h"

enum vouch_wall_state { VOUCH_WALL_MISSING = 0, VOUCH_WALL_STANDS };

// Leaves this thread, and those it makes, the paths and TCP ports that `sandbox` allows. *ret_abi is
// the version that the kernel knows.
VOUCH_MUST_USE int vouch_wall_landlock(const struct vouch_sandbox *sandbox,
                                       enum vouch_wall_state *ret_state, int *ret_abi,
                                       struct vouch_fault *fault);

// Leaves all threads of this process the system calls of its profile.
VOUCH_MUST_USE int vouch_wall_seccomp(const struct vouch_sandbox *sandbox,
                                      enum vouch_wall_state *ret_state, struct vouch_fault *fault);

// Adds what the root part of a host and its children must not call, to a filter (scmp_filter_ctx) that
// allows the rest. 0, or an error of libseccomp.
VOUCH_MUST_USE int vouch_wall_refusals(void *filter);
