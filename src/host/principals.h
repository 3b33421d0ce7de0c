// SPDX-License-Identifier: ISC
// Principals files (AuthorizedPrincipalsFile) as sshd reads them, from names that it can only read one
// way.
//
// Everything before the last blank of a line is options to sshd, and # ends it anywhere; so a name is
// held to a short alphabet, and what was built is read back as sshd would and compared. Pure.
#pragma once

#include "host/apply-types.h"

// Nonzero if the login can be the name of a file and of an account, and the principal a line.
int vouch_principals_login_is(struct vouch_bytes login);
int vouch_principals_name_is(struct vouch_bytes principal);

// Appends the file of a login. VOUCH_ERR_ARGUMENT (V-1906): a name that will not do, or one twice.
VOUCH_MUST_USE int vouch_principals_build(const struct vouch_apply_login *login,
                                          struct vouch_buf *out, struct vouch_fault *fault);

// The names that sshd takes from a file, in its order; VOUCH_ERR_FORMAT if a line has options.
VOUCH_MUST_USE int vouch_principals_read(struct vouch_bytes file, struct vouch_arena *arena,
                                         struct vouch_text_list *ret_names);
