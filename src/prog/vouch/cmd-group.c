// SPDX-License-Identifier: ISC
// vouch group ls, show, add, edit, rm: groups of users, in the policy.
#include "prog/vouch/policy-verbs.h"

static const struct vouch_option plain_options[] = {VOUCH_REACH_OPTIONS};

// vouch group ls, show

static const struct vouch_column ls_columns[] = {
    {"name", "NAME", 0},
    {"members", "MEMBERS", 0},
    {0},
};

static const struct vouch_query_listing ls_listing = {
    .spec = {.schema = "vouch.groups/1", .member = "items", .columns = ls_columns},
};

static const char *const ls_examples[] = {"vouch group ls", NULL};

const struct vouch_command vouch_cmd_group_ls = {
    .noun = "group",
    .verb = "ls",
    .summary = "the groups and who is in them",
    .options = plain_options,
    .examples = ls_examples,
    VOUCH_VERB_LISTS(ls_listing),
};

static const struct vouch_column show_lines[] = {
    {"name", "Name", 0},
    {"members", "Members", 0},
    {0},
};

static const struct vouch_query_listing show_listing = {
    .spec = {.schema = "vouch.group/1", .member = "items", .columns = show_lines},
};

static const char *const show_examples[] = {"vouch group show vouch-admins", NULL};

const struct vouch_command vouch_cmd_group_show = {
    .noun = "group",
    .verb = "show",
    .summary = "one group",
    .options = plain_options,
    .examples = show_examples,
    VOUCH_VERB_SHOWS(show_listing),
};

// vouch group add

static const struct vouch_option add_options[] = {
    {"member", 0, VOUCH_OPTION_MANY, 0, "USER[,USER...]", "who is in it"},
    VOUCH_CHANGE_OPTIONS,
};

static const char *const add_examples[] = {
    "vouch group add engineering --member alice@example.com,bob", NULL};

const struct vouch_command vouch_cmd_group_add = {
    .noun = "group",
    .verb = "add",
    .summary = "add a group to the policy",
    .options = add_options,
    .notes = "Members of vouch-admins administer the server; those of vouch-auditors read what "
             "happened.",
    .examples = add_examples,
    VOUCH_VERB_CHANGES,
};

// vouch group edit

static const struct vouch_option edit_options[] = {
    {"add", 0, VOUCH_OPTION_MANY, 0, "USER[,USER...]", "put them into it"},
    {"remove", 0, VOUCH_OPTION_MANY, 0, "USER[,USER...]", "take them out of it"},
    {"member", 0, VOUCH_OPTION_MANY, 0, "USER[,USER...]", "exactly these, in place of all"},
    VOUCH_CHANGE_OPTIONS,
};

static const char *const edit_examples[] = {"vouch group edit engineering --add carol --remove bob",
                                            NULL};

const struct vouch_command vouch_cmd_group_edit = {
    .noun = "group",
    .verb = "edit",
    .summary = "put users into a group, and take them out",
    .options = edit_options,
    .examples = edit_examples,
    VOUCH_VERB_CHANGES,
};

// vouch group rm

static const struct vouch_option rm_options[] = {VOUCH_CHANGE_OPTIONS};

static const char *const rm_examples[] = {"vouch group rm engineering --dry-run", NULL};

const struct vouch_command vouch_cmd_group_rm = {
    .noun = "group",
    .verb = "rm",
    .summary = "remove a group, also from the roles that name it",
    .options = rm_options,
    .examples = rm_examples,
    VOUCH_VERB_CHANGES,
};
