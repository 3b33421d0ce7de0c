// SPDX-License-Identifier: ISC
// vouch role ls, show, add, edit, rm: who gets which logins on which hosts, in the policy.
#include "prog/vouch/policy-verbs.h"

static const struct vouch_option plain_options[] = {VOUCH_REACH_OPTIONS};

// vouch role ls, show

static const struct vouch_column ls_columns[] = {
    {"name", "NAME", 0},
    {"zone", "ZONE", 0},
    {"members", "MEMBERS", 0},
    {"hosts", "HOSTS", 0},
    {"logins", "LOGINS", 0},
    {"max_ttl_s", "LONGEST-S", 0},
    {"approvals", "APPROVALS", 0},
    {"approve_by", "APPROVE-BY", 1},
    {"reason_required", "REASON", 1},
    {"extensions", "EXTENSIONS", 1},
    {"source_address", "SOURCES", 1},
    {"second_factor_s", "SECOND-FACTOR-S", 1},
    {"until", "UNTIL", 1},
    {0},
};

static const struct vouch_query_listing ls_listing = {
    .spec = {.schema = "vouch.roles/1", .member = "items", .columns = ls_columns},
};

static const char *const ls_examples[] = {"vouch role ls", "vouch role ls -o wide", NULL};

const struct vouch_command vouch_cmd_role_ls = {
    .noun = "role",
    .verb = "ls",
    .summary = "the roles: who gets which logins on which hosts",
    .options = plain_options,
    .examples = ls_examples,
    VOUCH_VERB_LISTS(ls_listing),
};

static const struct vouch_column show_lines[] = {
    {"name", "Name", 0},
    {"zone", "Zone", 0},
    {"members", "Members", 0},
    {"hosts", "Hosts", 0},
    {"logins", "Logins", 0},
    {"max_ttl_s", "Longest (s)", 0},
    {"extensions", "Extensions", 0},
    {"key_types", "Types of key", 0},
    {"source_address", "Source addresses", 0},
    {"force_command", "Forced command", 0},
    {"verify_required", "Verified by the key", 0},
    {"reason_required", "Reason required", 0},
    {"second_factor_s", "Second factor (s)", 0},
    {"approve_by", "Approved by", 0},
    {"approvals", "Approvals", 0},
    {"break_glass", "Break-glass", 0},
    {"from", "From", 0},
    {"until", "Until", 0},
    {0},
};

static const struct vouch_query_listing show_listing = {
    .spec = {.schema = "vouch.role/1", .member = "items", .columns = show_lines},
};

static const char *const show_examples[] = {"vouch role show dba", NULL};

const struct vouch_command vouch_cmd_role_show = {
    .noun = "role",
    .verb = "show",
    .summary = "one role",
    .options = plain_options,
    .examples = show_examples,
    VOUCH_VERB_SHOWS(show_listing),
};

// vouch role add

static const struct vouch_option add_options[] = {
    {"zone", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "ZONE", "the zone of its hosts"},
    {"host", 0, VOUCH_OPTION_MANY, VOUCH_OPTION_REQUIRED, "LABEL[,LABEL...]",
     "hosts: KEY=VALUE, KEY=*, name=HOST, or all"},
    {"login", 0, VOUCH_OPTION_MANY, VOUCH_OPTION_REQUIRED, "LOGIN[,LOGIN...]",
     "logins on them; $user is the person's own"},
    {"ttl", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "SPAN",
     "the longest certificate, such as 8h"},
    {"member", 0, VOUCH_OPTION_MANY, 0, "WHO[,WHO...]", "who has it: user:NAME, group:NAME"},
    {"extension", 0, VOUCH_OPTION_MANY, 0, "NAME[,NAME...]",
     "what sessions may do (default: permit-pty)"},
    {"key-type", 0, VOUCH_OPTION_MANY, 0, "TYPE[,TYPE...]", "only keys of these types"},
    {"source", 0, VOUCH_OPTION_MANY, 0, "NET[,NET...]", "only from these networks"},
    {"force-command", 0, VOUCH_OPTION_ONE, 0, "COMMAND", "hosts run this and nothing else"},
    {"verify-required", 0, VOUCH_OPTION_FLAG, 0, NULL, "only security keys that ask for their PIN"},
    {"reason-required", 0, VOUCH_OPTION_FLAG, 0, NULL, "a reason has to be given"},
    {"second-factor", 0, VOUCH_OPTION_ONE, 0, "SPAN", "how old the second factor may be"},
    {"approve-by", 0, VOUCH_OPTION_MANY, 0, "WHO[,WHO...]", "who approves: user:NAME, group:NAME"},
    {"approvals", 0, VOUCH_OPTION_ONE, 0, "N", "how many have to (default with --approve-by: 1)"},
    {"break-glass", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "for emergencies: had at once, told to all administrators, reviewed"},
    {"from", 0, VOUCH_OPTION_ONE, 0, "TIME", "from when it counts"},
    {"until", 0, VOUCH_OPTION_ONE, 0, "TIME", "when it ends: RFC 3339, or +30d"},
    VOUCH_CHANGE_OPTIONS,
};

static const char *const add_examples[] = {
    "vouch role add dev --zone prod --member group:engineering --host tier=web --login app --ttl "
    "8h",
    "vouch role add dba --zone prod --member group:ops --host tier=db --login postgres --ttl 1h "
    "--reason-required --approve-by group:ops-leads --second-factor 15m",
    "vouch role add emergency --zone prod --member group:ops --host all --login root --ttl 1h "
    "--break-glass",
    NULL};

const struct vouch_command vouch_cmd_role_add = {
    .noun = "role",
    .verb = "add",
    .summary = "add a role to the policy",
    .options = add_options,
    .examples = add_examples,
    VOUCH_VERB_CHANGES,
};

// vouch role edit

static const struct vouch_option edit_options[] = {
    {"zone", 0, VOUCH_OPTION_ONE, 0, "ZONE", "the zone of its hosts"},
    {"host", 0, VOUCH_OPTION_MANY, 0, "LABEL[,LABEL...]",
     "hosts: KEY=VALUE, KEY=*, name=HOST, or all (in place of all)"},
    {"login", 0, VOUCH_OPTION_MANY, 0, "LOGIN[,LOGIN...]",
     "logins on them; $user is the person's own (in place of all)"},
    {"ttl", 0, VOUCH_OPTION_ONE, 0, "SPAN", "the longest certificate, such as 8h"},
    {"member", 0, VOUCH_OPTION_MANY, 0, "WHO[,WHO...]",
     "who has it: user:NAME, group:NAME (in place of all)"},
    {"extension", 0, VOUCH_OPTION_MANY, 0, "NAME[,NAME...]",
     "what sessions may do (in place of all)"},
    {"key-type", 0, VOUCH_OPTION_MANY, 0, "TYPE[,TYPE...]",
     "only keys of these types (in place of all)"},
    {"source", 0, VOUCH_OPTION_MANY, 0, "NET[,NET...]",
     "only from these networks (in place of all)"},
    {"force-command", 0, VOUCH_OPTION_ONE, 0, "COMMAND", "hosts run this and nothing else"},
    {"verify-required", 0, VOUCH_OPTION_FLAG, 0, NULL, "only security keys that ask for their PIN"},
    {"reason-required", 0, VOUCH_OPTION_FLAG, 0, NULL, "a reason has to be given"},
    {"second-factor", 0, VOUCH_OPTION_ONE, 0, "SPAN", "how old the second factor may be"},
    {"approve-by", 0, VOUCH_OPTION_MANY, 0, "WHO[,WHO...]",
     "who approves: user:NAME, group:NAME (in place of all)"},
    {"approvals", 0, VOUCH_OPTION_ONE, 0, "N", "how many have to"},
    {"break-glass", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "for emergencies: had at once, told to all administrators, reviewed"},
    {"from", 0, VOUCH_OPTION_ONE, 0, "TIME", "from when it counts"},
    {"until", 0, VOUCH_OPTION_ONE, 0, "TIME", "when it ends: RFC 3339, or +30d"},
    VOUCH_LISTS_OPTIONS,
    VOUCH_CHANGE_OPTIONS,
};

static const char *const edit_examples[] = {
    "vouch role edit dev --ttl 4h --add login=deploy --remove host=tier=web",
    "vouch role edit dba --unset reason-required --dry-run", NULL};

const struct vouch_command vouch_cmd_role_edit = {
    .noun = "role",
    .verb = "edit",
    .summary = "change a role",
    .options = edit_options,
    .examples = edit_examples,
    VOUCH_VERB_CHANGES,
};

// vouch role rm

static const struct vouch_option rm_options[] = {VOUCH_CHANGE_OPTIONS};

static const char *const rm_examples[] = {"vouch role rm dev --dry-run", NULL};

const struct vouch_command vouch_cmd_role_rm = {
    .noun = "role",
    .verb = "rm",
    .summary = "remove a role",
    .options = rm_options,
    .examples = rm_examples,
    VOUCH_VERB_CHANGES,
};
