// SPDX-License-Identifier: ISC
// Whole folders: removing one, and giving one to a user. Symbolic links are never followed.
#pragma once

#include <sys/types.h>

#include "base/fault.h"

// Removes a folder and all that is in it, as well as that can be done.
void vouch_tree_remove(const char *path);

// Gives a folder and all that is in it to a user and group, and syncs its folders. VOUCH_ERR_PERMISSION.
VOUCH_MUST_USE int vouch_tree_give(const char *path, uid_t uid, gid_t gid,
                                   struct vouch_fault *fault);
