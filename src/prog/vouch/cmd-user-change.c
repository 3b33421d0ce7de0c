// SPDX-License-Identifier: ISC
// vouch user add, edit, rm, disable, enable: users of the policy; vouch user link: the way in for one.
#include <jansson.h>
#include <stdio.h>

#include "base/time.h"
#include "prog/vouch/policy-verbs.h"
#include "prog/vouch/user-link.h"

// vouch user add

// The link is what the next command wants: with --link it is the data, and the rest is talk.
static int run_add(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                   struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    json_t *diff = NULL;
    int done = 0;
    if (vouch_args_count(&cli->args, "link") == 0) {
        if (vouch_args_value(&cli->args, "out") != NULL) {
            return vouch_usage(fault, "user add: --out is for the link: add --link");
        }
        return vouch_verb_change(cli, ret_exit, fault);
    }
    *ret_exit = VOUCH_EXIT_OK;
    int err = vouch_user_link_check(cli, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = vouch_verb_change_by(&reach, &done, &diff, fault);
    }
    if (err == 0 && !done) {
        err = vouch_policy_diff_show(cli, diff, fault);
    } else if (err == 0) {
        err = vouch_user_link(&reach, cli->args.operands[0], 0, fault);
    }
    json_decref(diff);
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option add_options[] = {
    {"login", 0, VOUCH_OPTION_ONE, 0, "LOGIN",
     "the login on hosts (default: the name, if it can be one)"},
    {"group", 0, VOUCH_OPTION_MANY, 0, "GROUP", "into this group"},
    {"until", 0, VOUCH_OPTION_ONE, 0, "TIME", "nothing is valid from then on: RFC 3339, or +30d"},
    {"link", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "make the one-time link to set up password and second factor"},
    VOUCH_USER_LINK_OUT_OPTION,
    VOUCH_CHANGE_OPTIONS,
};

static const char *const add_examples[] = {
    "vouch user add alice@example.com --login alice --group engineering --link",
    "vouch user add temp --until +30d --dry-run",
    NULL,
};

const struct vouch_command vouch_cmd_user_add = {
    .noun = "user",
    .verb = "add",
    .summary = "add a user to the policy",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = add_options,
    .examples = add_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_add,
    .failed = vouch_reach_failed,
};

// vouch user edit

static const struct vouch_option edit_options[] = {
    {"login", 0, VOUCH_OPTION_ONE, 0, "LOGIN", "the login on hosts"},
    {"until", 0, VOUCH_OPTION_ONE, 0, "TIME", "nothing is valid from then on: RFC 3339, or +30d"},
    VOUCH_UNSET_OPTION,
    VOUCH_CHANGE_OPTIONS,
};

static const char *const edit_examples[] = {"vouch user edit alice@example.com --until +90d",
                                            "vouch user edit alice@example.com --unset until",
                                            NULL};

const struct vouch_command vouch_cmd_user_edit = {
    .noun = "user",
    .verb = "edit",
    .summary = "change a user",
    .options = edit_options,
    .notes = "Groups are changed by vouch group edit.",
    .examples = edit_examples,
    VOUCH_VERB_CHANGES,
};

// vouch user rm

static const struct vouch_option rm_options[] = {
    VOUCH_CONFIRM_OPTION,
    VOUCH_CHANGE_OPTIONS,
};

static const char *const rm_examples[] = {
    "vouch user rm alice@example.com --dry-run",
    "vouch user rm alice@example.com --confirm alice@example.com",
    NULL,
};

const struct vouch_command vouch_cmd_user_rm = {
    .noun = "user",
    .verb = "rm",
    .summary = "remove a user and the account: password, second factor, sessions",
    .options = rm_options,
    .notes = "The certificates that are valid are revoked. The name has to be typed, or given with "
             "--confirm; --yes does not do. vouch user disable can be undone.",
    .examples = rm_examples,
    VOUCH_VERB_CHANGES,
};

// vouch user disable, enable

static const struct vouch_option change_options[] = {VOUCH_CHANGE_OPTIONS};

static const char *const disable_examples[] = {"vouch user disable alice@example.com", NULL};

const struct vouch_command vouch_cmd_user_disable = {
    .noun = "user",
    .verb = "disable",
    .summary = "take all access from a user at once: sessions end, certificates are revoked",
    .options = change_options,
    .examples = disable_examples,
    VOUCH_VERB_CHANGES,
};

static const char *const enable_examples[] = {"vouch user enable alice@example.com", NULL};

const struct vouch_command vouch_cmd_user_enable = {
    .noun = "user",
    .verb = "enable",
    .summary = "let a disabled user sign in again, with the same password and codes",
    .options = change_options,
    .examples = enable_examples,
    VOUCH_VERB_CHANGES,
};

// vouch user link

static int run_link(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    const char *user = cli->args.operands[0], *ttl = vouch_args_value(&cli->args, "ttl");
    struct vouch_reach reach = {0};
    uint64_t ttl_s = 0;
    *ret_exit = VOUCH_EXIT_OK;
    if (ttl != NULL && vouch_duration_parse(vouch_bytes_of(ttl), &ttl_s) != 0) {
        vouch_usage(fault, "--ttl: \"%s\" is not a duration", ttl);
        return vouch_fault_next(fault, "write --ttl 24h");
    }
    int err = vouch_user_link_check(cli, fault);
    if (err == 0 && vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would make a link for %s; nothing was asked", user);
        return 0;
    }
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = vouch_user_link(&reach, user, ttl_s, fault);
    }
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option link_options[] = {
    {"ttl", 0, VOUCH_OPTION_ONE, 0, "SPAN", "how long it is good (default: as the server says)"},
    VOUCH_USER_LINK_OUT_OPTION,
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "say what would be made; ask nothing"},
    VOUCH_SIGN_IN_CODE_OPTION,
    VOUCH_REACH_OPTIONS,
};

static const char *const link_examples[] = {"vouch user link alice@example.com --ttl 24h", NULL};

const struct vouch_command vouch_cmd_user_link = {
    .noun = "user",
    .verb = "link",
    .summary = "a one-time link by which a user sets up password and second factor, also anew",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = link_options,
    .examples = link_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_link,
    .failed = vouch_reach_failed,
};
