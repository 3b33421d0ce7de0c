// SPDX-License-Identifier: ISC
// Policy files of this machine: files, and folders of *.yaml, read together into one policy.
#pragma once

#include "policy/load.h"

// Reads them in order; "-" is standard input, and of a folder come all files *.yaml by their names. The
// fault says "FILE:LINE: KEY: what is wrong". The caller frees *ret_policy with vouch_policy_free().
VOUCH_MUST_USE int vouch_policy_files_read(char *const *paths, size_t count,
                                           struct vouch_policy **ret_policy,
                                           struct vouch_fault *fault);
