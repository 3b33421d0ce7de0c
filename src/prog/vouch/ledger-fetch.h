// SPDX-License-Identifier: ISC
// A copy of a server's ledger in a folder of its own, so that it is verified as any ledger is.
//
// What is fetched is written as it came: judging it is verification's work, not this one's.
#pragma once

#include "ledger/verify.h"
#include "prog/vouch/reach.h"

// Fetches checkpoint, entry bundles and hash tiles into the folder `dir`, which has to be empty.
// `progress` may be NULL; `context` is for it.
VOUCH_MUST_USE int vouch_ledger_fetch(struct vouch_reach *reach, const char *dir,
                                      vouch_ledger_progress_fn *progress, void *context,
                                      struct vouch_fault *fault);
