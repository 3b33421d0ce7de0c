// SPDX-License-Identifier: ISC
// A program of the system, run to its end, with all that it says.
#pragma once

#include "base/fault.h"

#define VOUCH_RUN_OUTPUT_MAX (4u * 1024 * 1024)

// argv[0]: an absolute path, or a name that is looked for in /usr/sbin, /usr/bin, /sbin and /bin; ended by
// NULL. Appends what it wrote to standard output and error. *ret_status as of vouch_child_finish().
VOUCH_MUST_USE int vouch_run(const char *const *argv, uint64_t timeout_ms, struct vouch_buf *out,
                             int *ret_status, struct vouch_fault *fault);
