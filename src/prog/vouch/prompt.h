// SPDX-License-Identifier: ISC
// Asking a person: passphrases with echo off, and yes or no. Always on /dev/tty, never through
// standard input, which may be data.
#pragma once

#include "base/fault.h"
#include "base/secret.h"
#include "prog/vouch/command.h"

#define VOUCH_PASSPHRASE_MAX 1024

// Where passphrases come from in one run.
struct vouch_prompt {
    const char *file;   // --passphrase-file; "-": standard input; NULL: ask
    int may_ask;        // zero with --no-input
    int yes;            // nonzero with --yes
    const char *advice; // what to add where nobody can be asked
};

// From the options --passphrase-file, --no-input and --yes.
void vouch_prompt_init(struct vouch_prompt *prompt, const struct vouch_cli *cli);

// Asks once on the terminal, echo off. An empty answer is an empty secret (ptr NULL). An interrupt
// restores the terminal and ends the process as it would have. VOUCH_ERR_PASSPHRASE without a terminal.
VOUCH_MUST_USE int vouch_prompt_secret(const char *question, struct vouch_secret *ret_secret,
                                       struct vouch_fault *fault);

// A vouch_passphrase_fn: `context` is a struct vouch_prompt. For a file that is encrypted.
int vouch_prompt_passphrase(void *context, const char *path, struct vouch_secret *ret_passphrase,
                            struct vouch_fault *fault);

// The passphrase of a file that is to be written: from the file, or typed twice. Where an empty one is
// typed the person confirms it. VOUCH_ERR_ARGUMENT (a usage fault) where nobody can be asked.
VOUCH_MUST_USE int vouch_prompt_new_passphrase(const struct vouch_prompt *prompt, const char *what,
                                               struct vouch_secret *ret_passphrase,
                                               struct vouch_fault *fault);

enum vouch_prompt_echo { VOUCH_PROMPT_HIDDEN = 0, VOUCH_PROMPT_SHOWN };

// One thing that a command has to know.
struct vouch_prompt_question {
    const char *words; // "Password"
    const char *what;  // "the password"
    const char
        *option;       // names a file whose first line answers, such as "password-file"; NULL: none
    const char *value; // what that option's value is called: "FILE"
    const char *preset; // the answer of who only presses Return, or with --no-input; NULL: none
    enum vouch_prompt_echo echo;
};

// The answer: from the file, or asked on the terminal. Never empty. VOUCH_ERR_ARGUMENT (a usage fault)
// where nobody can be asked.
VOUCH_MUST_USE int vouch_prompt_answer(const struct vouch_cli *cli,
                                       const struct vouch_prompt_question *question,
                                       struct vouch_secret *ret_answer, struct vouch_fault *fault);

// Nonzero if there is a terminal to ask on.
int vouch_prompt_has_terminal(void);
