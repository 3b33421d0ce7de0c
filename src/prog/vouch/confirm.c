// SPDX-License-Identifier: ISC
// Asking before what is hard to undo: see confirm.h.
#include "prog/vouch/confirm.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "prog/vouch/prompt.h"

static int ask(const struct vouch_cli *cli, const char *words, const char *preset,
               struct vouch_secret *ret_answer, struct vouch_fault *fault) {
    const struct vouch_prompt_question question = {
        .words = words, .what = "an answer", .preset = preset, .echo = VOUCH_PROMPT_SHOWN};
    return vouch_prompt_answer(cli, &question, ret_answer, fault);
}

static int nobody(const struct vouch_cli *cli, const char *question, struct vouch_fault *fault) {
    return vouch_usage(fault, "%s: %s",
                       vouch_args_count(&cli->args, "no-input") > 0
                           ? "--no-input forbids to ask"
                           : "there is no terminal to ask on",
                       question);
}

static int can_ask(const struct vouch_cli *cli) {
    return vouch_args_count(&cli->args, "no-input") == 0 && vouch_prompt_has_terminal();
}

static void say_no(const struct vouch_cli *cli) {
    vouch_say(&cli->term, "nothing was changed");
}

int vouch_confirm(const struct vouch_cli *cli, const char *question,
                  enum vouch_consent *ret_consent, struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret answer = {0};
    char words[300];
    if (vouch_args_count(&cli->args, "yes") > 0) {
        *ret_consent = VOUCH_CONSENT_YES;
        return 0;
    }
    if (!can_ask(cli)) {
        (void)nobody(cli, question, fault);
        return vouch_fault_next(fault, "add --yes");
    }
    (void)snprintf(words, sizeof words, "%s (y/N)", question);
    int err = ask(cli, words, "n", &answer, fault);
    if (err != 0) {
        return err;
    }
    int yes = answer.len > 0 && (answer.ptr[0] == 'y' || answer.ptr[0] == 'Y');
    *ret_consent = yes ? VOUCH_CONSENT_YES : VOUCH_CONSENT_NO;
    if (!yes) {
        say_no(cli);
    }
    return 0;
}

int vouch_confirm_name(const struct vouch_cli *cli, const char *question, const char *name,
                       enum vouch_consent *ret_consent, struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret answer = {0};
    const char *given = vouch_args_value(&cli->args, "confirm");
    char words[300];
    if (given != NULL && strcmp(given, name) != 0) {
        vouch_usage(fault, "--confirm: \"%s\" is not \"%s\"", given, name);
        return vouch_fault_next(fault, "nothing was changed; give the name that is meant");
    }
    if (given != NULL) {
        *ret_consent = VOUCH_CONSENT_YES;
        return 0;
    }
    if (!can_ask(cli)) {
        (void)nobody(cli, question, fault);
        return vouch_fault_next(fault, "add --confirm %s", name);
    }
    (void)snprintf(words, sizeof words, "%s Type %s to continue", question, name);
    int err = ask(cli, words, "no", &answer, fault);
    if (err != 0) {
        return err;
    }
    int same = vouch_bytes_equal(vouch_secret_bytes(&answer), vouch_bytes_of(name));
    *ret_consent = same ? VOUCH_CONSENT_YES : VOUCH_CONSENT_NO;
    if (!same) {
        say_no(cli);
    }
    return 0;
}
