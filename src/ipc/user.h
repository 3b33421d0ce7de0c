// SPDX-License-Identifier: ISC
// The users that roles run as: found by name or number, and taken on for good.
#pragma once

#include <sys/types.h>

#include "base/fault.h"

struct vouch_user {
    uid_t uid;
    gid_t gid;
};

// Finds "NAME", "UID" (with the group of its entry, or of the same number without one) or "UID:GID".
// VOUCH_ERR_NOT_FOUND: no such user. VOUCH_ERR_ARGUMENT: root, or not a user at all.
VOUCH_MUST_USE int vouch_user_find(const char *text, struct vouch_user *ret_user,
                                   struct vouch_fault *fault);

// Becomes that user for good, without supplementary groups and capabilities. VOUCH_ERR_PERMISSION: this
// process may not.
VOUCH_MUST_USE int vouch_user_become(struct vouch_user user, struct vouch_fault *fault);

// Gives up what a process that is not root may still have been given: ambient capabilities.
void vouch_user_drop_ambient(void);
