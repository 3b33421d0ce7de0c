// SPDX-License-Identifier: ISC
// vouch passwd, vouch recovery new, and what they share with setting up an account: see account.h.
#include "prog/vouch/account.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/str.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/prompt.h"

#define CODES_MAX 4096

int vouch_account_new_password(const struct vouch_cli *cli, const char *option,
                               struct vouch_secret *ret_password, struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret first = {0}, second = {0};
    struct vouch_prompt_question question = {
        .words = "New password (12 characters or more)",
        .what = "the new password",
        .option = option,
        .value = "FILE",
    };
    int err = vouch_prompt_answer(cli, &question, &first, fault);
    if (err == 0 && vouch_args_value(&cli->args, option) == NULL) {
        question.words = "The same again";
        err = vouch_prompt_answer(cli, &question, &second, fault);
        if (err == 0 &&
            (first.len != second.len || !vouch_secret_equal(first.ptr, second.ptr, first.len))) {
            vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_passphrase,
                            "the two passwords differ");
            err = vouch_fault_next(fault, "run it again; nothing was changed");
        }
    }
    if (err == 0) {
        *ret_password = first;
        first = (struct vouch_secret){0};
    }
    return err;
}

// Recovery codes

int vouch_account_check_codes(const struct vouch_cli *cli, struct vouch_fault *fault) {
    struct stat status;
    const char *path = vouch_args_value(&cli->args, "codes-file");
    if (path == NULL || lstat(path, &status) != 0) {
        return 0;
    }
    vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_exists, "%s: exists already", path);
    return vouch_fault_next(fault, "choose another name; nothing was changed");
}

static int put_codes(json_t *codes, struct vouch_buf *text) {
    for (size_t i = 0; i < json_array_size(codes); i++) {
        const json_t *code = json_array_get(codes, i);
        const char *word = json_string_value(code);
        if (word == NULL) {
            return VOUCH_ERR_FORMAT;
        }
        vouch_str_escape(vouch_bytes_of(word), text);
        vouch_buf_put_text(text, "\n");
        vouch_wipe((void *)(uintptr_t)word, json_string_length(code));
    }
    return json_array_size(codes) > 0 ? text->err : VOUCH_ERR_FORMAT;
}

int vouch_account_show_codes(struct vouch_reach *reach, struct json_t *answer,
                             struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    const char *path = vouch_args_value(&cli->args, "codes-file");
    vouch_autosecret struct vouch_secret memory = {0};
    struct vouch_buf text;
    if (vouch_secret_new(CODES_MAX, &memory) != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    vouch_buf_init_fixed(&text, memory.ptr, memory.len);
    if (put_codes(json_object_get(answer, "codes"), &text) != 0) {
        return vouch_api_bad_answer(reach->api, fault, "there are no recovery codes in it");
    }
    const struct vouch_io_file file = {.path = path != NULL ? path : "-", .mode = 0600};
    int err = vouch_io_write(&file, vouch_buf_bytes(&text), fault);
    if (err == 0 && path != NULL) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "%s: holds the recovery codes", path);
    } else if (err == 0) {
        vouch_say(&cli->term, "These are the recovery codes: each signs in once, where the app is "
                              "lost. They are not shown again; print them.");
    }
    return err;
}

// vouch passwd

static int put_answers(const struct vouch_cli *cli, struct vouch_sign_in_body *body,
                       struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret current = {0}, fresh = {0}, code = {0};
    const struct vouch_prompt_question question = {
        .words = "Password",
        .what = "the password",
        .option = "password-file",
        .value = "FILE",
    };
    int err = vouch_prompt_answer(cli, &question, &current, fault);
    if (err == 0) {
        err = vouch_account_new_password(cli, "new-password-file", &fresh, fault);
    }
    if (err == 0) {
        err = vouch_sign_in_code(cli, &code, fault);
    }
    if (err == 0) {
        vouch_sign_in_put(body, "current", vouch_secret_bytes(&current));
        vouch_sign_in_put(body, "new", vouch_secret_bytes(&fresh));
        vouch_sign_in_put_code(body, &code);
    }
    return err;
}

// Such a change is one's own: with a session, not with a token.
static int open_own(const struct vouch_cli *cli, struct vouch_reach *reach,
                    struct vouch_fault *fault) {
    int err = vouch_reach_open(cli, reach, fault);
    if (err == 0 && reach->by != VOUCH_BY_SESSION) {
        err = vouch_session_signed_out(vouch_api_name(reach->api), NULL, fault);
    }
    return err;
}

static int run_passwd(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    struct vouch_sign_in_body body = {0};
    json_t *answer = NULL;
    *ret_exit = VOUCH_EXIT_OK;
    vouch_secret_harden_process();
    int err = open_own(cli, &reach, fault);
    if (err == 0) {
        err = vouch_sign_in_body_init(&body, fault);
    }
    if (err == 0) {
        err = put_answers(cli, &body, fault);
    }
    if (err == 0) {
        err = vouch_sign_in_post(&reach, "/v1/account/password", &body, "vouch.done/1", &answer,
                                 fault);
    }
    if (err == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK,
                       "the password is changed; your other sessions have ended");
    }
    json_decref(answer);
    vouch_sign_in_body_done(&body);
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option passwd_options[] = {
    {"password-file", 0, VOUCH_OPTION_ONE, 0, "FILE",
     "its first line is the password that holds now; - for standard input"},
    {"new-password-file", 0, VOUCH_OPTION_ONE, 0, "FILE", "its first line is the new one"},
    {"code-file", 0, VOUCH_OPTION_ONE, 0, "FILE", "its first line is a code of your app"},
    {"timeout", 0, VOUCH_OPTION_ONE, 0, "SPAN", "how long to wait for the server (default: 10s)"},
    {0},
};

static const char *const passwd_examples[] = {"vouch passwd", NULL};

const struct vouch_command vouch_cmd_passwd = {
    .noun = "passwd",
    .summary = "change your password; ends your other sessions",
    .operands = "",
    .options = passwd_options,
    .notes = "Who has forgotten it asks an administrator for a link: vouch user link NAME.",
    .examples = passwd_examples,
    .run = run_passwd,
    .failed = vouch_reach_failed,
};

// vouch recovery new

static int ask_codes(struct vouch_reach *reach, json_t **ret_answer, struct vouch_fault *fault) {
    struct vouch_sign_in_body body = {0};
    vouch_autosecret struct vouch_secret code = {0};
    int err = vouch_sign_in_body_init(&body, fault);
    if (err == 0) {
        err = vouch_sign_in_code(reach->cli, &code, fault);
    }
    if (err == 0) {
        vouch_sign_in_put_code(&body, &code);
        err = vouch_sign_in_post(reach, "/v1/account/recovery", &body, "vouch.codes/1", ret_answer,
                                 fault);
    }
    vouch_sign_in_body_done(&body);
    return err;
}

static int run_recovery(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                        struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    json_t *answer = NULL;
    *ret_exit = VOUCH_EXIT_OK;
    vouch_secret_harden_process();
    int err = vouch_account_check_codes(cli, fault);
    if (err == 0) {
        err = open_own(cli, &reach, fault);
    }
    if (err == 0) {
        err = ask_codes(&reach, &answer, fault);
    }
    if (err == 0) {
        err = vouch_account_show_codes(&reach, answer, fault);
    }
    json_decref(answer);
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option recovery_options[] = {
    {"code-file", 0, VOUCH_OPTION_ONE, 0, "FILE", "its first line is a code of your app"},
    VOUCH_ACCOUNT_CODES_OPTION,
    {"timeout", 0, VOUCH_OPTION_ONE, 0, "SPAN", "how long to wait for the server (default: 10s)"},
    {0},
};

static const char *const recovery_examples[] = {"vouch recovery new", NULL};

const struct vouch_command vouch_cmd_recovery_new = {
    .noun = "recovery",
    .verb = "new",
    .summary = "new recovery codes, in place of those that are left",
    .operands = "",
    .options = recovery_options,
    .examples = recovery_examples,
    .run = run_recovery,
    .failed = vouch_reach_failed,
};
