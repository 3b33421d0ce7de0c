// SPDX-License-Identifier: ISC
// Handing out the one-time link by which a user sets up password and second factor.
#pragma once

#include "prog/vouch/reach.h"

// Where the link goes. For a table of options.
#define VOUCH_USER_LINK_OUT_OPTION                                                                 \
    { "out", 0, VOUCH_OPTION_ONE, 0, "FILE", "write the link there (0600), not to standard output" }

// Has the server make one for the user, and hands it out: the one line of standard output, a file of its
// owner's (--out), or JSON (-o). `ttl_s` 0: as long as the server makes it.
VOUCH_MUST_USE int vouch_user_link(struct vouch_reach *reach, const char *user, uint64_t ttl_s,
                                   struct vouch_fault *fault);

// Refuses --out where that file exists, before anything is asked.
VOUCH_MUST_USE int vouch_user_link_check(const struct vouch_cli *cli, struct vouch_fault *fault);
