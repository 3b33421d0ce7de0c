// SPDX-License-Identifier: ISC
// Signing in: name, password and second factor, asked for and sent; and what every way of signing in ends with,
// a session that is kept. The way over a browser is sign-in-browser.h.
#pragma once

#include "prog/vouch/reach.h"

#define VOUCH_FACTOR_OLD "V-1886" // the server wants a code that was given just now

// Options of what signs in. For a table of options.
#define VOUCH_SIGN_IN_OPTIONS                                                                      \
    {"password-file",  0,                                                                          \
     VOUCH_OPTION_ONE, 0,                                                                          \
     "FILE",           "its first line is the password; - for standard input"},                    \
        {"code-file", 0, VOUCH_OPTION_ONE, 0, "FILE", "its first line is the code"}, {             \
        "recovery", 0, VOUCH_OPTION_FLAG, 0, NULL, "the code is a recovery code"                   \
    }

// The code of vouch_sign_in_again(), where there is no terminal. For a table of options.
#define VOUCH_SIGN_IN_CODE_OPTION                                                                  \
    {                                                                                              \
        "code-file", 0, VOUCH_OPTION_ONE, 0, "FILE",                                               \
            "its first line is a code of the app, if one is asked for"                             \
    }

// Asks for what is missing, signs in, and keeps the session: in its file, and in reach, whose later
// questions are asked with it. `reach` was opened as a stranger.
VOUCH_MUST_USE int vouch_sign_in(struct vouch_reach *reach, const char *user,
                                 struct vouch_fault *fault);

// Keeps the session of an answer to POST /v1/sessions, as above; `take_json` is let go of.
VOUCH_MUST_USE int vouch_sign_in_finish(struct vouch_reach *reach, struct json_t *take_json,
                                        struct vouch_fault *fault);
// Wipes a member that is a text.
void vouch_sign_in_wipe(struct json_t *json, const char *name);

// A code for the session that is there, because the last one is too old: asked for on the terminal, or
// from --code-file.
VOUCH_MUST_USE int vouch_sign_in_again(struct vouch_reach *reach, struct vouch_fault *fault);

// Asks for a code, whichever way the options say.
VOUCH_MUST_USE int vouch_sign_in_code(const struct vouch_cli *cli, struct vouch_secret *ret_code,
                                      struct vouch_fault *fault);

// A body of JSON that holds secrets, in locked memory.
struct vouch_sign_in_body {
    struct vouch_secret memory;
    struct vouch_buf text;
};
VOUCH_MUST_USE int vouch_sign_in_body_init(struct vouch_sign_in_body *body,
                                           struct vouch_fault *fault);
void vouch_sign_in_body_done(struct vouch_sign_in_body *body);
void vouch_sign_in_put(struct vouch_sign_in_body *body, const char *member,
                       struct vouch_bytes value);

// The member "code". Codes are shown and typed with blanks between their digits: those are left out.
void vouch_sign_in_put_code(struct vouch_sign_in_body *body, const struct vouch_secret *code);

// Sends it, as POST `path`; the caller frees *ret_json with json_decref().
VOUCH_MUST_USE int vouch_sign_in_post(struct vouch_reach *reach, const char *path,
                                      struct vouch_sign_in_body *body, const char *schema,
                                      struct json_t **ret_json, struct vouch_fault *fault);
