// SPDX-License-Identifier: ISC
// vouch setup account LINK: password, second factor and recovery codes of an account, by a one-time link.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "identity/qr.h"
#include "prog/vouch/account.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/meet.h"
#include "prog/vouch/prompt.h"
#include "prog/vouch/setup-link.h"

#define TRIES 3

struct setup {
    struct vouch_reach reach;
    struct vouch_setup_link link;
};

static int may_try_again(const struct vouch_cli *cli, const char *option) {
    return vouch_args_value(&cli->args, option) == NULL &&
           vouch_args_count(&cli->args, "no-input") == 0 && vouch_prompt_has_terminal();
}

// The server: of the link where it names one, else as for every command. Its settings are noted down, so
// that vouch login knows it.
static int reach_server(const struct vouch_cli *cli, struct setup *setup,
                        struct vouch_fault *fault) {
    struct vouch_settings known = {0};
    struct vouch_fault unused;
    const char *pin = vouch_args_value(&cli->args, "pin");
    const struct vouch_meet server = {
        .url = setup->link.url,
        .pin = pin != NULL                  ? pin
               : setup->link.pin[0] != '\0' ? setup->link.pin
                                            : NULL,
        .ca_file = vouch_args_value(&cli->args, "ca-file"),
    };
    int is_known = vouch_settings_read(&known, &unused) == 0 && setup->link.url[0] != '\0' &&
                   vouch_reach_same_url(known.url, setup->link.url);
    vouch_settings_done(&known);
    if (setup->link.url[0] == '\0' || is_known) {
        return vouch_reach_open_stranger(cli, &setup->reach, fault);
    }
    setup->reach.cli = cli;
    int err = vouch_meet(&server, &setup->reach, fault);
    return err == 0 ? vouch_meet_save(&setup->reach, fault) : err;
}

// A body that begins with the link.
static int begin_body(const struct setup *setup, struct vouch_sign_in_body *body,
                      struct vouch_fault *fault) {
    int err = vouch_sign_in_body_init(body, fault);
    if (err == 0) {
        vouch_sign_in_put(body, "link", vouch_bytes_of(setup->link.secret));
    }
    return err;
}

static int look(struct setup *setup, struct vouch_fault *fault) {
    struct vouch_sign_in_body body = {0};
    json_t *json = NULL;
    char user[200], name[200];
    int err = begin_body(setup, &body, fault);
    if (err == 0) {
        err = vouch_sign_in_post(&setup->reach, "/v1/setup", &body, "vouch.link/1", &json, fault);
    }
    if (err == 0) {
        vouch_str_escape_to(vouch_bytes_of(vouch_answer_text(json, "user")), user, sizeof user);
        vouch_str_escape_to(vouch_bytes_of(vouch_answer_text(json, "name")), name, sizeof name);
        vouch_say(&setup->reach.cli->term, "Setting up the account %s at %s", user, name);
    }
    json_decref(json);
    vouch_sign_in_body_done(&body);
    return err;
}

// The password, and the secret for the app

static int begin_once(struct setup *setup, json_t **ret_json, struct vouch_fault *fault) {
    struct vouch_sign_in_body body = {0};
    vouch_autosecret struct vouch_secret password = {0};
    int err = begin_body(setup, &body, fault);
    if (err == 0) {
        err = vouch_account_new_password(setup->reach.cli, "password-file", &password, fault);
    }
    if (err == 0) {
        vouch_sign_in_put(&body, "password", vouch_secret_bytes(&password));
        err = vouch_sign_in_post(&setup->reach, "/v1/setup/begin", &body, "vouch.setup/1", ret_json,
                                 fault);
    }
    vouch_sign_in_body_done(&body);
    return err;
}

static int begin(struct setup *setup, json_t **ret_json, struct vouch_fault *fault) {
    const struct vouch_cli *cli = setup->reach.cli;
    int err = begin_once(setup, ret_json, fault);
    for (int i = 1; i < TRIES && err != 0 && fault->kind == &vouch_fault_password_rule &&
                    may_try_again(cli, "password-file");
         i++) {
        vouch_say_mark(&cli->term, VOUCH_MARK_FAIL, "%s", fault->text);
        err = begin_once(setup, ret_json, fault);
    }
    return err;
}

// The secret once more as text, for who cannot photograph a terminal: in groups of four.
static void say_secret(const struct vouch_term *term, const char *uri) {
    const char *at = strstr(uri, "secret=");
    char grouped[160];
    size_t len = 0;
    at = at != NULL ? at + strlen("secret=") : "";
    for (size_t i = 0; at[i] != '\0' && at[i] != '&' && len + 2 < sizeof grouped; i++) {
        if (i > 0 && i % 4 == 0) {
            grouped[len++] = ' ';
        }
        grouped[len++] = at[i];
    }
    grouped[len] = '\0';
    vouch_say(term, "or type this key into it: %s", grouped);
    vouch_wipe(grouped, sizeof grouped);
}

static int show_uri(struct setup *setup, const char *uri, struct vouch_fault *fault) {
    const struct vouch_term *term = &setup->reach.cli->term;
    struct vouch_buf drawn;
    if (uri == NULL || strspn(uri, "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_"
                                   "abcdefghijklmnopqrstuvwxyz{|}~") != strlen(uri)) {
        return vouch_api_bad_answer(setup->reach.api, fault,
                                    "there is no address for an app in it");
    }
    if (vouch_args_count(&setup->reach.cli->args, "uri-only") > 0) {
        (void)printf("%s\n", uri);
        return 0;
    }
    vouch_buf_init(&drawn, VOUCH_QR_DRAWN_MAX);
    int err =
        vouch_qr_draw(vouch_bytes_of(uri), term->utf8 ? VOUCH_QR_HALF : VOUCH_QR_ASCII, &drawn);
    if (err == 0) {
        (void)fwrite(drawn.ptr, 1, drawn.len, stderr);
        vouch_say(term, "Scan this with an authenticator app,");
    }
    vouch_buf_done(&drawn);
    say_secret(term, uri);
    return 0; // too long to be drawn is no failure: the text is there
}

// The first code

static int finish_once(struct setup *setup, json_t **ret_json, struct vouch_fault *fault) {
    struct vouch_sign_in_body body = {0};
    vouch_autosecret struct vouch_secret code = {0};
    int err = begin_body(setup, &body, fault);
    if (err == 0) {
        err = vouch_sign_in_code(setup->reach.cli, &code, fault);
    }
    if (err == 0) {
        vouch_sign_in_put_code(&body, &code);
        err = vouch_sign_in_post(&setup->reach, "/v1/setup/finish", &body, "vouch.codes/1",
                                 ret_json, fault);
    }
    vouch_sign_in_body_done(&body);
    return err;
}

static int finish(struct setup *setup, struct vouch_fault *fault) {
    const struct vouch_cli *cli = setup->reach.cli;
    json_t *json = NULL;
    int err = finish_once(setup, &json, fault);
    for (int i = 1; i < TRIES && err != 0 && fault->kind == &vouch_fault_sign_in &&
                    may_try_again(cli, "code-file");
         i++) {
        vouch_say_mark(&cli->term, VOUCH_MARK_FAIL, "%s", fault->text);
        err = finish_once(setup, &json, fault);
    }
    if (err == 0) {
        err = vouch_account_show_codes(&setup->reach, json, fault);
    }
    if (err == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK,
                       "password and second factor hold.  Go on with: vouch login");
    }
    json_decref(json);
    return err;
}

static int set_up(struct setup *setup, struct vouch_fault *fault) {
    const struct vouch_args *args = &setup->reach.cli->args;
    json_t *json = NULL;
    int err = look(setup, fault);
    if (err == 0 && vouch_args_count(args, "finish") == 0) {
        err = begin(setup, &json, fault);
        if (err == 0) {
            err = show_uri(setup, vouch_answer_text(json, "uri"), fault);
        }
    }
    json_decref(json);
    return err != 0 || vouch_args_count(args, "uri-only") > 0 ? err : finish(setup, fault);
}

// From the command line, where others of this machine can see it for a moment; a file; or a person.
static int read_link(const struct vouch_cli *cli, struct vouch_setup_link *ret_link,
                     struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret answer = {0};
    char text[sizeof *ret_link] = "";
    const struct vouch_prompt_question question = {
        .words = "Link",
        .what = "the link",
        .option = "link-file",
        .value = "FILE",
        .echo = VOUCH_PROMPT_SHOWN,
    };
    if (cli->args.operand_count > 0) {
        return vouch_setup_link_parse(cli->args.operands[0], ret_link, fault);
    }
    int err = vouch_prompt_answer(cli, &question, &answer, fault);
    if (err == 0) {
        struct vouch_bytes link = vouch_str_trim(vouch_secret_bytes(&answer));
        memcpy(text, link.ptr, link.len < sizeof text ? link.len : sizeof text - 1);
        err = vouch_setup_link_parse(text, ret_link, fault);
    }
    vouch_wipe(text, sizeof text);
    return err;
}

static int run_account(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                       struct vouch_fault *fault) {
    struct setup setup = {.link = {{0}, {0}, {0}}};
    *ret_exit = VOUCH_EXIT_OK;
    vouch_secret_harden_process();
    if (vouch_args_count(&cli->args, "uri-only") > 0 &&
        vouch_args_count(&cli->args, "finish") > 0) {
        return vouch_usage(fault, "--uri-only and --finish exclude each other");
    }
    int err = read_link(cli, &setup.link, fault);
    if (err == 0) {
        err = vouch_account_check_codes(cli, fault);
    }
    if (err == 0) {
        err = reach_server(cli, &setup, fault);
    }
    if (err == 0) {
        err = set_up(&setup, fault);
    }
    vouch_reach_done(&setup.reach);
    vouch_setup_link_done(&setup.link);
    return err;
}

static const struct vouch_option options[] = {
    {"link-file", 0, VOUCH_OPTION_ONE, 0, "FILE",
     "its first line is the link; - for standard input"},
    {"password-file", 0, VOUCH_OPTION_ONE, 0, "FILE",
     "its first line is the new password; - for standard input"},
    {"code-file", 0, VOUCH_OPTION_ONE, 0, "FILE", "its first line is a code of the app"},
    VOUCH_ACCOUNT_CODES_OPTION,
    {"uri-only", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "print the otpauth address for the app, and end; go on with --finish"},
    {"finish", 0, VOUCH_OPTION_FLAG, 0, NULL, "the app has the address already: give its code"},
    {"server", 0, VOUCH_OPTION_ONE, 0, "URL", "the server, where the link is its last part alone"},
    {"pin", 0, VOUCH_OPTION_ONE, 0, "PIN", "its TLS key: sha256:... as vouchd init prints it"},
    {"ca-file", 0, VOUCH_OPTION_ONE, 0, "FILE", "CA certificates (PEM) that vouch for it"},
    {"timeout", 0, VOUCH_OPTION_ONE, 0, "SPAN", "how long to wait for it (default: 10s)"},
    {0},
};

static const char *const examples[] = {
    "vouch setup account 'https://ca.example.com:8443/setup/vouchl_...#sha256:...'",
    NULL,
};

const struct vouch_command vouch_cmd_setup_account = {
    .noun = "setup",
    .verb = "account",
    .summary = "set up your account by the link that you were given: password and second factor",
    .operands = "[LINK]",
    .operands_max = 1,
    .options = options,
    .notes = "A link works once. It is a secret: in a script, give it by --link-file. What follows "
             "# in it "
             "is the pin of the server's TLS key.",
    .examples = examples,
    .run = run_account,
    .failed = vouch_reach_failed,
};
