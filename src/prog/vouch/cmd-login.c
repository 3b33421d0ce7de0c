// SPDX-License-Identifier: ISC
// vouch login: signs in, and gets a certificate for each zone, so that plain ssh works.
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/login-zones.h"
#include "prog/vouch/meet.h"
#include "prog/vouch/prompt.h"
#include "prog/vouch/sign-in-browser.h"
#include "prog/vouch/sign-in.h"
#include "prog/vouch/ssh-config.h"

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

// The server

static int is_known(const char *url) {
    struct vouch_settings settings = {0};
    struct vouch_fault unused;
    int known = vouch_settings_read(&settings, &unused) == 0 &&
                (url == NULL || vouch_reach_same_url(url, settings.url));
    vouch_settings_done(&settings);
    return known;
}

// A server that is not the one that is set, or that is given another pin, is met first.
static int meet(const struct vouch_cli *cli, struct vouch_fault *fault) {
    struct vouch_reach reach = {.cli = cli};
    const struct vouch_meet server = {
        .url = cli->args.operand_count > 0 ? cli->args.operands[0] : NULL,
        .pin = vouch_args_value(&cli->args, "pin"),
        .ca_file = vouch_args_value(&cli->args, "ca-file"),
    };
    if (server.url == NULL ||
        (is_known(server.url) && server.pin == NULL && server.ca_file == NULL)) {
        return 0;
    }
    int err = vouch_meet(&server, &reach, fault);
    if (err == 0) {
        err = vouch_meet_save(&reach, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

// Who

// A browser's page asks for all of it, and who it is comes out there.
static int check_ways(const struct vouch_args *args, struct vouch_fault *fault) {
    static const char *const ways[] = {"browser", "device-code", "terminal", NULL};
    static const char *const of_terminal[] = {"user", "password-file", "code-file", "recovery",
                                              NULL};
    const char *chosen = NULL;
    for (size_t i = 0; ways[i] != NULL; i++) {
        if (vouch_args_count(args, ways[i]) > 0 && chosen != NULL) {
            vouch_usage(fault, "--%s and --%s exclude each other", chosen, ways[i]);
            return vouch_fault_next(fault, "choose one way to sign in");
        }
        chosen = vouch_args_count(args, ways[i]) > 0 ? ways[i] : chosen;
    }
    for (size_t i = 0; chosen != NULL && strcmp(chosen, "terminal") != 0 && of_terminal[i] != NULL;
         i++) {
        if (vouch_args_count(args, of_terminal[i]) > 0) {
            vouch_usage(fault, "--%s and --%s exclude each other", chosen, of_terminal[i]);
            return vouch_fault_next(fault, "the browser's page asks for that");
        }
    }
    return 0;
}

static int copy_name(const struct vouch_secret *answer, char **ret_user,
                     struct vouch_fault *fault) {
    *ret_user = vouch_str_copy(vouch_str_trim(vouch_secret_bytes(answer)));
    return *ret_user != NULL ? 0 : no_memory(fault);
}

// --user, or who was signed in last, or who works here: asked about on a terminal.
static int ask_user(const struct vouch_cli *cli, char **ret_user, struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret answer = {0};
    struct vouch_session last = {0};
    struct vouch_fault unused;
    const char *given = vouch_args_value(&cli->args, "user");
    if (given != NULL) {
        *ret_user = strdup(given);
        return *ret_user != NULL ? 0 : no_memory(fault);
    }
    struct vouch_prompt_question question = {
        .words = "User",
        .what = "the name",
        .option = "user",
        .value = "NAME",
        .preset = getenv("USER"),
        .echo = VOUCH_PROMPT_SHOWN,
    };
    if (vouch_session_read(&last, &unused) == 0) {
        question.preset = last.user;
    }
    question.option = NULL; // not a file
    int err = vouch_prompt_answer(cli, &question, &answer, fault);
    if (err == VOUCH_ERR_ARGUMENT) {
        (void)vouch_fault_next(fault, "add --user NAME");
    }
    vouch_session_done(&last);
    return err == 0 ? copy_name(&answer, ret_user, fault) : err;
}

static int ask_here(const struct vouch_cli *cli, struct vouch_reach *reach,
                    struct vouch_fault *fault) {
    vouch_autofree char *user = NULL;
    int err = ask_user(cli, &user, fault);
    return err == 0 ? vouch_sign_in(reach, user, fault) : err;
}

// A server that knows no browsers is asked in the old way, unless the new one was asked for.
static int by_some_way(const struct vouch_cli *cli, struct vouch_reach *reach,
                       struct vouch_fault *fault) {
    int is_chosen = 0;
    enum vouch_sign_in_way way = vouch_sign_in_way(cli, &is_chosen);
    if (way == VOUCH_SIGN_IN_TERMINAL) {
        return ask_here(cli, reach, fault);
    }
    int err = vouch_sign_in_browser(reach, way, fault);
    return err == VOUCH_ERR_UNSUPPORTED && !is_chosen ? ask_here(cli, reach, fault) : err;
}

static int sign_in(const struct vouch_cli *cli, struct vouch_reach *reach,
                   struct vouch_fault *fault) {
    char shown[200];
    vouch_reach_done(reach);
    *reach = (struct vouch_reach){0};
    int err = check_ways(&cli->args, fault);
    if (err == 0) {
        err = vouch_reach_open_stranger(cli, reach, fault);
    }
    if (err == 0) {
        vouch_say_detail(&cli->term, "signing in to %s", vouch_api_name(reach->api));
        err = by_some_way(cli, reach, fault);
    }
    if (err == 0) {
        vouch_str_escape_to(vouch_bytes_of(reach->session.user), shown, sizeof shown);
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "signed in to %s as %s",
                       vouch_api_name(reach->api), shown);
    }
    return err;
}

static int ask_me(struct vouch_reach *reach, json_t **ret_me, struct vouch_fault *fault) {
    const struct vouch_api_ask ask = {.path = "/v1/me"};
    return vouch_api_ask_json(reach->api, &ask, "vouch.me/1", ret_me, fault);
}

static int wants_anew(const struct vouch_cli *cli, const struct vouch_reach *reach) {
    const char *user = vouch_args_value(&cli->args, "user");
    return reach->by != VOUCH_BY_SESSION || vouch_args_count(&cli->args, "browser") > 0 ||
           vouch_args_count(&cli->args, "device-code") > 0 ||
           vouch_args_value(&cli->args, "password-file") != NULL ||
           vouch_args_count(&cli->args, "recovery") > 0 ||
           (user != NULL && strcmp(user, reach->session.user) != 0);
}

// A session that is still good is gone on with.
static int enter(const struct vouch_cli *cli, struct vouch_reach *reach, json_t **ret_me,
                 struct vouch_fault *fault) {
    int err = vouch_reach_open(cli, reach, fault);
    if (err != 0) {
        return err;
    }
    if (!wants_anew(cli, reach)) {
        err = ask_me(reach, ret_me, fault);
        if (err != VOUCH_ERR_PASSPHRASE) {
            return err;
        }
    }
    err = sign_in(cli, reach, fault);
    return err == 0 ? ask_me(reach, ret_me, fault) : err;
}

// The zones

static int read_wish(const struct vouch_cli *cli, struct vouch_login_wish *ret_wish, char **ret_key,
                     struct vouch_fault *fault) {
    const struct vouch_args *args = &cli->args;
    const char *ttl = vouch_args_value(args, "ttl"), *key = vouch_args_value(args, "key");
    struct vouch_login_wish wish = {
        .zone = vouch_args_value(args, "zone"),
        .reason = vouch_args_value(args, "reason"),
        .args = args,
    };
    if (ttl != NULL && vouch_duration_parse(vouch_bytes_of(ttl), &wish.ttl_s) != 0) {
        vouch_usage(fault, "--ttl: \"%s\" is not a duration", ttl);
        return vouch_fault_next(fault, "write --ttl 4h");
    }
    if (key != NULL && (*ret_key = realpath(key, NULL)) == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_read,
                               "%s: cannot read: no such file", key);
    }
    wish.key = *ret_key;
    *ret_wish = wish;
    return 0;
}

// One zone that refuses is no reason to leave the others without. *ret_got: how many were got.
static int get_zones(struct vouch_reach *reach, const json_t *logins, size_t *ret_got,
                     char **ret_try, struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    size_t count = json_array_size(logins);
    int err = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *login = json_array_get(logins, i);
        struct vouch_fault why = {0};
        int failed = vouch_login_zone(reach, login, ret_try, &why);
        if (failed == 0) {
            ++*ret_got;
        } else if (count > 1) {
            vouch_say_mark(&cli->term, VOUCH_MARK_FAIL, "%s: %s  [%s]",
                           vouch_answer_text(login, "zone"), why.text, why.kind->code);
        }
        if (failed != 0 && err == 0) {
            err = failed;
            *fault = why;
        }
    }
    return err;
}

static int set_up_ssh(const struct vouch_cli *cli, struct vouch_fault *fault) {
    enum vouch_ssh_include state = VOUCH_SSH_NOT_INCLUDED;
    char line[PATH_MAX + 32];
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, line, sizeof line - 1);
    int err = vouch_ssh_config_write(fault);
    if (err == 0) {
        err = vouch_ssh_include_look(&state, fault);
    }
    if (err != 0 || state == VOUCH_SSH_INCLUDED) {
        return err;
    }
    err = vouch_ssh_include_line(&text, fault);
    line[text.len] = '\0';
    if (err == 0) {
        err = vouch_ssh_include_add(fault);
    }
    if (err == 0) {
        vouch_say(&cli->term, "  +   ~/.ssh/config line 1: %s      (undo: vouch setup ssh --undo)",
                  line);
    }
    return err;
}

static int add_to_agent(const struct vouch_cli *cli, const json_t *logins,
                        struct vouch_fault *fault) {
    int err = 0;
    size_t count = vouch_args_count(&cli->args, "agent") > 0 ? json_array_size(logins) : 0;
    for (size_t i = 0; i < count && err == 0; i++) {
        err = vouch_login_agent(cli, json_array_get(logins, i), fault);
    }
    return err;
}

static void say_try(const struct vouch_cli *cli, const char *example) {
    char shown[300];
    if (example != NULL) {
        vouch_str_escape_to(vouch_bytes_of(example), shown, sizeof shown);
        vouch_say(&cli->term, "Try:  ssh %s        See all hosts: vouch ls", shown);
    }
}

// Administrators and auditors sign in for other things than a certificate.
static int is_enough(const struct vouch_cli *cli, const json_t *me) {
    int has_office = json_is_true(json_object_get(me, "is_admin")) ||
                     json_is_true(json_object_get(me, "is_auditor"));
    return has_office && vouch_args_value(&cli->args, "zone") == NULL &&
           vouch_args_count(&cli->args, "role") == 0;
}

static int log_in(struct vouch_reach *reach, const json_t *me, struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    struct vouch_login_wish wish = {0};
    vouch_autofree char *key = NULL;
    vouch_autofree char *example = NULL;
    json_t *logins = NULL;
    size_t got = 0;
    int err = read_wish(cli, &wish, &key, fault);
    if (err == 0) {
        err = vouch_login_choose(me, &wish, &logins, fault);
    }
    if (err == VOUCH_ERR_REFUSED && is_enough(cli, me)) {
        vouch_say(&cli->term, "no certificate: %s", fault->text);
        return 0;
    }
    if (err == 0 && vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would ask for this; no certificate was asked for");
        err = json_dumpf(logins, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0
                  ? 0
                  : no_memory(fault);
        (void)putchar('\n');
    } else if (err == 0) {
        struct vouch_fault later;
        err = get_zones(reach, logins, &got, &example, fault);
        int set = got > 0 ? set_up_ssh(cli, err == 0 ? fault : &later) : 0;
        err = err == 0 ? set : err;
        if (err == 0) {
            err = add_to_agent(cli, logins, fault);
        }
    }
    if (err == 0) {
        say_try(cli, example);
    }
    json_decref(logins);
    return err;
}

static int run_login(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    json_t *me = NULL;
    *ret_exit = VOUCH_EXIT_OK;
    vouch_secret_harden_process();
    int err = meet(cli, fault);
    if (err == 0 && !is_known(NULL) && vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would sign in there; nobody was signed in");
        return 0;
    }
    if (err == 0) {
        err = enter(cli, &reach, &me, fault);
    }
    if (err == 0) {
        err = log_in(&reach, me, fault);
    }
    json_decref(me);
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option options[] = {
    {"pin", 0, VOUCH_OPTION_ONE, 0, "PIN", "its TLS key: sha256:... as vouchd init prints it"},
    {"ca-file", 0, VOUCH_OPTION_ONE, 0, "FILE", "CA certificates (PEM) that vouch for it"},
    {"user", 0, VOUCH_OPTION_ONE, 0, "NAME",
     "who you are (asked for; preset: as last time, or $USER)"},
    {"zone", 0, VOUCH_OPTION_ONE, 0, "ZONE", "for this zone alone"},
    {"role", 0, VOUCH_OPTION_MANY, 0, "ROLE",
     "with this role (default: all that need no approval and no reason)"},
    {"ttl", 0, VOUCH_OPTION_ONE, 0, "SPAN", "how long at most (default: what the roles allow)"},
    {"reason", 0, VOUCH_OPTION_ONE, 0, "TEXT", "what for, where a role wants to know"},
    {"key", 0, VOUCH_OPTION_ONE, 0, "FILE.pub",
     "a public key of your own; its certificate is written beside it too"},
    {"agent", 0, VOUCH_OPTION_FLAG, 0, NULL, "put key and certificate into ssh-agent as well"},
    VOUCH_SIGN_IN_WAYS,
    VOUCH_SIGN_IN_OPTIONS,
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL,
     "sign in, and show what would be asked for; get no certificate"},
    {"timeout", 0, VOUCH_OPTION_ONE, 0, "SPAN",
     "how long to wait for the server (default: 30s to sign in)"},
    {0},
};

static const char *const examples[] = {
    "vouch login https://ca.example.com:8443 --pin sha256:...",
    "vouch login --device-code",
    "vouch login --zone prod --role dba --reason \"ticket 4711\" --ttl 1h",
    NULL,
};

const struct vouch_command vouch_cmd_login = {
    .noun = "login",
    .summary = "sign in and get certificates, so that plain ssh works",
    .operands = "[URL]",
    .operands_max = 1,
    .options = options,
    .notes =
        "Key and certificate go to ~/.ssh/vouch/ZONE and nowhere else; ssh finds them by one line "
        "at "
        "the top of ~/.ssh/config. Where there is a browser here it is opened, and otherwise a "
        "code is shown that is approved in one; with --terminal, --user NAME or the files name, "
        "password and code are asked for here. The password is never taken from "
        "an option or the environment. What was asked for is noted down, and asked for again when "
        "the certificate is renewed.",
    .examples = examples,
    .run = run_login,
    .failed = vouch_reach_failed,
};
