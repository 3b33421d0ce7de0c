// SPDX-License-Identifier: ISC
// What the commands about one's own account have in common: new passwords, and recovery codes, which
// are shown once.
#pragma once

#include "prog/vouch/sign-in.h"

#define VOUCH_ACCOUNT_CODES_OPTION                                                                 \
    {                                                                                              \
        "codes-file", 0, VOUCH_OPTION_ONE, 0, "FILE",                                              \
            "write the recovery codes there (0600), not to standard output"                        \
    }

// A new password: from the file that `option` names, or typed twice.
VOUCH_MUST_USE int vouch_account_new_password(const struct vouch_cli *cli, const char *option,
                                              struct vouch_secret *ret_password,
                                              struct vouch_fault *fault);

// Refuses --codes-file where something is already, before anything is asked of the server.
VOUCH_MUST_USE int vouch_account_check_codes(const struct vouch_cli *cli,
                                             struct vouch_fault *fault);

// Hands out the recovery codes of an answer (vouch.codes/1), and wipes them in it.
VOUCH_MUST_USE int vouch_account_show_codes(struct vouch_reach *reach, struct json_t *answer,
                                            struct vouch_fault *fault);
