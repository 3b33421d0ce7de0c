// SPDX-License-Identifier: ISC
// Finding a ledger from what people name: the CA's folder, or the ledger's own.
#pragma once

#include <limits.h>

#include "base/fault.h"

// The ledger's folder. V-1302 if there is none.
VOUCH_MUST_USE int vouch_ledger_dir(const char *dir, char ret_path[static PATH_MAX],
                                    struct vouch_fault *fault);
