// SPDX-License-Identifier: ISC
// A program of the system as a child, whose answer is read: absolute path, fixed arguments, no shell.
//
// The child sees an environment of LC_ALL=C and a PATH of the system's folders, standard input and error
// at /dev/null, and no descriptor but those that it is given.
#pragma once

#include <sys/types.h>

#include "base/fault.h"

#define VOUCH_CHILD_FDS_MAX 4

struct vouch_child {
    pid_t pid;  // 0: none
    int out_fd; // what it writes; does not block
};

// Starts argv[0]. `fds` become its descriptors 3, 4 and so on. VOUCH_ERR_NOT_FOUND: there is no such
// program.
VOUCH_MUST_USE int vouch_child_start(const char *const *argv, const int *fds, size_t fd_count,
                                     struct vouch_child *ret_child, struct vouch_fault *fault);

// The same without descriptors; what it writes to standard error is read as well.
VOUCH_MUST_USE int vouch_child_start_all(const char *const *argv, struct vouch_child *ret_child,
                                         struct vouch_fault *fault);

// Reads what it writes until its end, at most what fits into `out`; VOUCH_ERR_TIMEOUT, VOUCH_ERR_LIMIT.
// *ret_status is its exit status (128 and up: by a signal). It is gone afterwards in any case.
VOUCH_MUST_USE int vouch_child_finish(struct vouch_child *child, uint64_t deadline_ns,
                                      struct vouch_buf *out, int *ret_status,
                                      struct vouch_fault *fault);

// Ends it at once; takes NULL, and one that is ended.
void vouch_child_kill(struct vouch_child *child);
