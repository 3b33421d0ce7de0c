// SPDX-License-Identifier: ISC
// Sharing out independent work among threads, as many as there are processors.
#pragma once

#include "base/fault.h"

#define VOUCH_SHARE_THREADS_MAX 8

// Does piece `at` of the work. Called on any thread, for different pieces at the same time.
typedef int vouch_share_fn(void *context, size_t at, struct vouch_fault *fault);

// Calls `work` for 0 to count - 1, on one thread more for each `least` pieces. Stops at a failure: what
// is returned is that of the first piece that fails, which *ret_bad names; some after it may be done.
VOUCH_MUST_USE int vouch_share_out(size_t count, size_t least, vouch_share_fn *work, void *context,
                                   size_t *ret_bad, struct vouch_fault *fault);
