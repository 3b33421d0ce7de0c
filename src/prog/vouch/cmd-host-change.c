// SPDX-License-Identifier: ISC
// vouch host edit, refuse, lock, rename, retire.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/body.h"
#include "prog/vouch/confirm.h"
#include "prog/vouch/fleet.h"
#include "prog/vouch/policy-verbs.h"

enum asking { ASK_NOTHING = 0, ASK_YES, ASK_NAME };

// One verb: what its options say, what it means for whoever is asked, and what it did.
struct change {
    const char *verb;
    int (*fill)(const struct vouch_args *args, struct vouch_body *body, struct vouch_fault *fault);
    enum asking asking;
    const char *means; // after "NAME: "
    const char *done;
};

static int fill_edit(const struct vouch_args *args, struct vouch_body *body,
                     struct vouch_fault *fault) {
    static const char *const what[] = {"zone", "label", "remove-label", "wildcard",
                                       "remove-wildcard"};
    size_t given = 0;
    for (size_t i = 0; i < sizeof what / sizeof what[0]; i++) {
        given += vouch_args_count(args, what[i]);
    }
    if (given == 0) {
        vouch_usage(fault, "host edit: what to change is missing");
        return vouch_fault_next(fault, "give --label KEY=VALUE, --remove-label KEY, --zone ZONE or "
                                       "--wildcard NAME");
    }
    vouch_body_text(body, "zone", vouch_args_value(args, "zone"));
    vouch_body_list(body, "without", args, "remove-label");
    vouch_body_list(body, "wildcards", args, "wildcard");
    vouch_body_list(body, "without_wildcards", args, "remove-wildcard");
    return vouch_body_labels(body, "labels", args, "label", fault);
}

static int fill_reason(const struct vouch_args *args, struct vouch_body *body,
                       struct vouch_fault *fault) {
    (void)fault;
    vouch_body_text(body, "reason", vouch_args_value(args, "reason"));
    return 0;
}

static int fill_rename(const struct vouch_args *args, struct vouch_body *body,
                       struct vouch_fault *fault) {
    (void)fault;
    vouch_body_text(body, "name", args->operands[1]);
    return 0;
}

static const struct change changes[] = {
    {"edit", fill_edit, ASK_YES,
     "zone and labels decide who reaches it, and what its sshd accepts follows within seconds; a "
     "name with a wildcard waits for two others, and goes at the next renewal",
     "changed"},
    {"refuse", fill_reason, ASK_NOTHING, "what waits, or is asked for, is forgotten", "refused"},
    {"lock", fill_reason, ASK_YES,
     "it gets no certificate and reports nothing until it is adopted anew; the certificates that "
     "it has stay good until they end",
     "locked"},
    {"rename", fill_rename, ASK_YES,
     "the next renewal gives certificates of the new name, and none of the old one", "renamed"},
    {"retire", fill_reason, ASK_NAME,
     "its host certificates are revoked, its secret is void, and it leaves the inventory",
     "retired"},
};

static const struct change *change_of(const char *verb) {
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        if (strcmp(changes[i].verb, verb) == 0) {
            return &changes[i];
        }
    }
    return NULL;
}

static int make_body(const struct vouch_cli *cli, const struct change *change, char **ret_text,
                     struct vouch_fault *fault) {
    struct vouch_body body;
    vouch_body_init(&body);
    int err = change->fill(&cli->args, &body, fault);
    if (err == 0) {
        err = vouch_body_end(&body, ret_text, fault);
    }
    vouch_body_done(&body);
    return err;
}

static int may(const struct vouch_cli *cli, const struct change *change, int *ret_go,
               struct vouch_fault *fault) {
    const char *name = cli->args.operands[0];
    enum vouch_consent consent = VOUCH_CONSENT_YES;
    char question[300], shown[120];
    int err = 0;
    vouch_str_escape_to(vouch_bytes_of(name), shown, sizeof shown);
    (void)snprintf(question, sizeof question, "%s: %s.", shown, change->means);
    if (change->asking == ASK_NAME) {
        err = vouch_confirm_name(cli, question, name, &consent, fault);
    } else if (change->asking == ASK_YES) {
        vouch_say(&cli->term, "%s", question);
        err = vouch_confirm(cli, "Go on?", &consent, fault);
    }
    *ret_go = consent == VOUCH_CONSENT_YES;
    return err;
}

// With --dry-run the machine is shown as it is, beside what would be sent.
static int preview(struct vouch_reach *reach, const struct change *change, const char *body,
                   struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    json_t *host = NULL;
    int err = vouch_fleet_get(reach, cli->args.operands[0], &host, fault);
    if (err == 0) {
        vouch_say(&cli->term, "would %s it (%s); nothing was changed", change->verb, change->means);
        vouch_say(&cli->term, "would send %s; as it is now:", body);
        err = vouch_fleet_print(cli, host, fault);
    }
    json_decref(host);
    return err;
}

// What it asks for is for others to adopt.
static void say_open(const struct vouch_cli *cli, const json_t *host) {
    const char *why = vouch_answer_text(host, "why");
    if (vouch_fleet_is_open(host) && why != NULL) {
        vouch_say_mark(&cli->term, VOUCH_MARK_WARN, "%s", why);
    }
}

static int make_change(struct vouch_reach *reach, const struct change *change, const char *body,
                       struct vouch_fault *fault) {
    const struct vouch_cli *cli = reach->cli;
    json_t *host = NULL;
    int go = 0;
    int err = may(cli, change, &go, fault);
    if (err != 0 || !go) {
        return err;
    }
    err = vouch_fleet_change(reach, cli->args.operands[0], change->verb, body, &host, fault);
    if (err == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "%s", change->done);
        say_open(cli, host);
        err = vouch_fleet_print(cli, host, fault);
    }
    json_decref(host);
    return err;
}

static int run_change(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    const struct change *change = change_of(cli->command->verb);
    vouch_autofree char *body = NULL;
    struct vouch_reach reach = {0};
    *ret_exit = VOUCH_EXIT_OK;
    int err = make_body(cli, change, &body, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = vouch_args_count(&cli->args, "dry-run") > 0
                  ? preview(&reach, change, body, fault)
                  : make_change(&reach, change, body, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

#define DRY_RUN_OPTION                                                                             \
    { "dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show the machine as it is; change nothing" }
#define REASON_OPTION                                                                              \
    { "reason", 0, VOUCH_OPTION_ONE, 0, "TEXT", "why, for the record" }
#define CHANGES .shape = VOUCH_SHAPE_ITEM, .run = run_change, .failed = vouch_reach_failed

// vouch host edit

static const struct vouch_option edit_options[] = {
    {"zone", 0, VOUCH_OPTION_ONE, 0, "ZONE", "put it into this zone"},
    {"label", 0, VOUCH_OPTION_MANY, 0, "KEY=VALUE", "set this label"},
    {"remove-label", 0, VOUCH_OPTION_MANY, 0, "KEY", "take this label away"},
    {"wildcard", 0, VOUCH_OPTION_MANY, 0, "NAME",
     "ask for a name such as *.web.example.com; two others adopt it"},
    {"remove-wildcard", 0, VOUCH_OPTION_MANY, 0, "NAME", "take this name away, or ask no more"},
    DRY_RUN_OPTION,
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};
static const char *const edit_examples[] = {
    "vouch host edit web3.prod.example.com --label tier=web --remove-label test",
    "vouch host edit web3.prod.example.com --wildcard '*.web.prod.example.com'", NULL};

const struct vouch_command vouch_cmd_host_edit = {
    .noun = "host",
    .verb = "edit",
    .summary = "change zone and labels of a machine, and ask for names with a wildcard",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = edit_options,
    .notes =
        "A machine that the policy names has zone and labels from there. A name with a "
        "wildcard needs a domain of host.wildcards in the signer's ceiling.yaml, and two others "
        "who type vouch host adopt; ssh takes it for one from OpenSSH 10.3 on.",
    .examples = edit_examples,
    CHANGES,
};

// vouch host refuse, lock

static const struct vouch_option reason_options[] = {
    REASON_OPTION,
    DRY_RUN_OPTION,
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};
static const char *const refuse_examples[] = {"vouch host refuse web9.prod.example.com", NULL};

const struct vouch_command vouch_cmd_host_refuse = {
    .noun = "host",
    .verb = "refuse",
    .summary = "forget a machine that waits to be adopted",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = reason_options,
    .examples = refuse_examples,
    CHANGES,
};

static const char *const lock_examples[] = {
    "vouch host lock web3.prod.example.com --reason 'copied disk'", NULL};

const struct vouch_command vouch_cmd_host_lock = {
    .noun = "host",
    .verb = "lock",
    .summary = "give a machine nothing more until it is adopted anew",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = reason_options,
    .notes =
        "Its certificates stay good until they end: vouch cert revoke takes them away at once.",
    .examples = lock_examples,
    CHANGES,
};

// vouch host rename

static const struct vouch_option rename_options[] = {
    DRY_RUN_OPTION,
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};
static const char *const rename_examples[] = {
    "vouch host rename web3.prod.example.com www3.prod.example.com", NULL};

const struct vouch_command vouch_cmd_host_rename = {
    .noun = "host",
    .verb = "rename",
    .summary = "give a machine another name",
    .operands = "NAME NEW-NAME",
    .operands_min = 2,
    .operands_max = 2,
    .options = rename_options,
    .examples = rename_examples,
    CHANGES,
};

// vouch host retire

static const struct vouch_option retire_options[] = {
    REASON_OPTION,       VOUCH_CONFIRM_OPTION, DRY_RUN_OPTION, VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};
static const char *const retire_examples[] = {
    "vouch host retire web3.prod.example.com --dry-run",
    "vouch host retire web3.prod.example.com --confirm web3.prod.example.com",
    NULL,
};

const struct vouch_command vouch_cmd_host_retire = {
    .noun = "host",
    .verb = "retire",
    .summary = "end a machine: its certificates are revoked, its name is free again",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = retire_options,
    .notes =
        "The name has to be typed, or given with --confirm; --yes does not do. A machine leaves "
        "by itself with vouch-host leave.",
    .examples = retire_examples,
    CHANGES,
};
