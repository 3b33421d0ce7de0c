// SPDX-License-Identifier: ISC
// Being signed in: ~/.local/state/vouch/session, which holds the secret of one session at one server.
#pragma once

#include <limits.h>

#include "base/fault.h"
#include "base/secret.h"

struct vouch_session {
    char *url; // of the server that knows it; counts for no other
    char *user;
    struct vouch_secret secret; // "vouchs_..."; empty: signed out, only the name is remembered
    uint64_t ends_s;
};

void vouch_session_done(struct vouch_session *session);

// Where it is: $XDG_STATE_HOME/vouch/session, or under ~/.local/state.
VOUCH_MUST_USE int vouch_session_path(char ret_path[static PATH_MAX], struct vouch_fault *fault);

// Reads it. VOUCH_ERR_NOT_FOUND (V-1871) if there is none. Whether it has ended is for the caller.
VOUCH_MUST_USE int vouch_session_read(struct vouch_session *ret_session, struct vouch_fault *fault);

// Writes it with mode 0600, making the folder.
VOUCH_MUST_USE int vouch_session_write(const struct vouch_session *session,
                                       struct vouch_fault *fault);

// Forgets the secret and keeps the name, for the next time; nothing to forget is fine.
VOUCH_MUST_USE int vouch_session_forget(struct vouch_fault *fault);

// The fault of whoever is not signed in (V-1871): "not signed in to WHERE". WHY may be NULL. Returns
// VOUCH_ERR_PASSPHRASE.
int vouch_session_signed_out(const char *where, const char *why, struct vouch_fault *fault);
