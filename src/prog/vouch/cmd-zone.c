// SPDX-License-Identifier: ISC
// vouch zone ls, show, add, edit, rm: zones of hosts, in the policy.
#include "prog/vouch/policy-verbs.h"

static const struct vouch_option plain_options[] = {VOUCH_REACH_OPTIONS};

// vouch zone ls, show

static const struct vouch_column ls_columns[] = {
    {"name", "NAME", 0},
    {"patterns", "PATTERNS", 0},
    {"principals", "PRINCIPALS", 0},
    {"max_ttl_s", "LONGEST-S", 1},
    {0},
};

static const struct vouch_query_listing ls_listing = {
    .spec = {.schema = "vouch.zones/1", .member = "items", .columns = ls_columns},
};

static const char *const ls_examples[] = {"vouch zone ls", NULL};

const struct vouch_command vouch_cmd_zone_ls = {
    .noun = "zone",
    .verb = "ls",
    .summary = "the zones and the names of their hosts",
    .options = plain_options,
    .examples = ls_examples,
    VOUCH_VERB_LISTS(ls_listing),
};

static const struct vouch_column show_lines[] = {
    {"name", "Name", 0},
    {"patterns", "Patterns", 0},
    {"principals", "Principals", 0},
    {"max_ttl_s", "Longest (s)", 0},
    {0},
};

static const struct vouch_query_listing show_listing = {
    .spec = {.schema = "vouch.zone/1", .member = "items", .columns = show_lines},
};

static const char *const show_examples[] = {"vouch zone show prod", NULL};

const struct vouch_command vouch_cmd_zone_show = {
    .noun = "zone",
    .verb = "show",
    .summary = "one zone",
    .options = plain_options,
    .examples = show_examples,
    VOUCH_VERB_SHOWS(show_listing),
};

// vouch zone add

static const struct vouch_option add_options[] = {
    {"pattern", 0, VOUCH_OPTION_MANY, VOUCH_OPTION_REQUIRED, "P[,P...]",
     "names of its hosts, with * and ?"},
    {"principals", 0, VOUCH_OPTION_ONE, 0, "KIND",
     "what certificates name: role or login (default: role)"},
    {"ttl", 0, VOUCH_OPTION_ONE, 0, "SPAN", "the longest certificate (default: as the roles say)"},
    VOUCH_CHANGE_OPTIONS,
};

static const char *const add_examples[] = {
    "vouch zone add prod --pattern '*.prod.example.com,10.20.*'", NULL};

const struct vouch_command vouch_cmd_zone_add = {
    .noun = "zone",
    .verb = "add",
    .summary = "add a zone to the policy",
    .options = add_options,
    .examples = add_examples,
    VOUCH_VERB_CHANGES,
};

// vouch zone edit

static const struct vouch_option edit_options[] = {
    {"pattern", 0, VOUCH_OPTION_MANY, 0, "P[,P...]", "exactly these, in place of all"},
    {"principals", 0, VOUCH_OPTION_ONE, 0, "KIND",
     "what certificates name: role or login (default: role)"},
    {"ttl", 0, VOUCH_OPTION_ONE, 0, "SPAN", "the longest certificate (default: as the roles say)"},
    VOUCH_LISTS_OPTIONS,
    VOUCH_CHANGE_OPTIONS,
};

static const char *const edit_examples[] = {
    "vouch zone edit prod --add pattern='*.prod.example.net'", NULL};

const struct vouch_command vouch_cmd_zone_edit = {
    .noun = "zone",
    .verb = "edit",
    .summary = "change a zone",
    .options = edit_options,
    .examples = edit_examples,
    VOUCH_VERB_CHANGES,
};

// vouch zone rm

static const struct vouch_option rm_options[] = {
    VOUCH_CONFIRM_OPTION,
    VOUCH_CHANGE_OPTIONS,
};

static const char *const rm_examples[] = {"vouch zone rm lab --confirm lab", NULL};

const struct vouch_command vouch_cmd_zone_rm = {
    .noun = "zone",
    .verb = "rm",
    .summary = "remove a zone that no role and no host is in",
    .options = rm_options,
    .notes = "The name has to be typed, or given with --confirm; --yes does not do.",
    .examples = rm_examples,
    VOUCH_VERB_CHANGES,
};
