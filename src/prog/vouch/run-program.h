// SPDX-License-Identifier: ISC
// Running another program of this machine and reading what it says.
#pragma once

#include "base/fault.h"

#define VOUCH_RUN_OUT_MAX (256u * 1024)
#define VOUCH_RUN_TIMEOUT_S 10

enum vouch_run_take { VOUCH_RUN_STDOUT = 0, VOUCH_RUN_BOTH };

// Runs argv[0], looked for on PATH, without standard input. What it prints (its standard error too with
// VOUCH_RUN_BOTH, which is thrown away otherwise) is appended to `out`, of which the caller set the bound.
// *ret_status is its exit status, or 128 and the signal that ended it. VOUCH_ERR_NOT_FOUND (V-1961) if
// there is no such program; VOUCH_ERR_TIMEOUT if it took longer than VOUCH_RUN_TIMEOUT_S: it is ended then.
VOUCH_MUST_USE int vouch_run_program(const char *const *argv, enum vouch_run_take take,
                                     struct vouch_buf *out, int *ret_status,
                                     struct vouch_fault *fault);
