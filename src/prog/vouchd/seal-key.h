// SPDX-License-Identifier: ISC
// DIR/identity/seal.key: 32 random bytes that the second factors in the database are sealed under.
//
// File and folder belong to who runs the server, and are closed to everybody else, the parts included:
// identity is handed the key by the supervisor. doc/identity.md says what depends on it.
#pragma once

#include "ipc/user.h"
#include "prog/vouchd/config.h"

// Makes the folder, and the key in it, below `dir`. V-1103 if the key is there.
VOUCH_MUST_USE int vouch_seal_key_make(const char *dir, struct vouch_fault *fault);

enum vouch_seal_key_state { VOUCH_SEAL_KEY_MISSING = 0, VOUCH_SEAL_KEY_GOOD };

// Looks whether the key is there, closed to others and of its length; that it is missing is no fault.
// V-1842: the folder is open to others. V-1104: the file is. V-1885: its length.
VOUCH_MUST_USE int vouch_seal_key_check(const char *dir, enum vouch_seal_key_state *ret_state,
                                        struct vouch_fault *fault);

// The key for the identity role, as a file in memory that the caller closes. Where it is missing, as in a
// folder that an older vouchd made, it is made now and *ret_was_made is nonzero, unless somebody in the
// database has a second factor, which no new key would open: V-1885. `reader` is the user whose the
// database is; NULL: it is this user's. The process must have one thread.
VOUCH_MUST_USE int vouch_seal_key_open(const char *dir, const struct vouch_user *reader,
                                       int *ret_fd, int *ret_was_made, struct vouch_fault *fault);
