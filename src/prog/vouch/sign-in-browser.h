// SPDX-License-Identifier: ISC
// Signing in by browser: the server is asked for a code, its user approves it on the server's page, and the session
// is fetched. doc/people.md.
#pragma once

#include "prog/vouch/reach.h"

enum vouch_sign_in_way {
    VOUCH_SIGN_IN_TERMINAL = 0, // name, password and code, asked for here
    VOUCH_SIGN_IN_LOOPBACK,     // a browser on this machine, which brings a code back
    VOUCH_SIGN_IN_DEVICE,       // a browser anywhere
};

// What the options say, or else what fits: one that asks for the terminal's way, or no terminal, keeps to it.
// *ret_chosen is nonzero if an option says so.
enum vouch_sign_in_way vouch_sign_in_way(const struct vouch_cli *cli, int *ret_chosen);

#define VOUCH_SIGN_IN_WAYS                                                                         \
    {"browser", 0, VOUCH_OPTION_FLAG, 0, NULL, "sign in with the browser of this machine"},        \
        {"device-code",                                                                            \
         0,                                                                                        \
         VOUCH_OPTION_FLAG,                                                                        \
         0,                                                                                        \
         NULL,                                                                                     \
         "sign in with any browser, which need not be on this machine"},                           \
    {                                                                                              \
        "terminal", 0, VOUCH_OPTION_FLAG, 0, NULL, "ask for name, password and code here"          \
    }

// Signs in and keeps the session, as vouch_sign_in() does. V-2022 if it was denied, V-2023 if nobody approved
// it in time. V-2027: the server offers none, and nothing was done.
VOUCH_MUST_USE int vouch_sign_in_browser(struct vouch_reach *reach, enum vouch_sign_in_way way,
                                         struct vouch_fault *fault);
