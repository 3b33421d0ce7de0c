// SPDX-License-Identifier: ISC
// What `vouch user`, `group`, `role` and `zone` have in common: ls, show, add, edit, rm. The noun of the
// command says the kind, its verb what to do; policy-edit.h has the table of what there is.
#pragma once

#include "prog/vouch/policy-remote.h"
#include "prog/vouch/query.h"
#include "prog/vouch/sign-in.h"

struct json_t;

// Options of all that changes the policy. For the end of a table.
#define VOUCH_CHANGE_OPTIONS                                                                       \
    {"dry-run", 'n',  VOUCH_OPTION_FLAG,                                                           \
     0,         NULL, "show who would gain and lose what; change nothing"},                        \
        VOUCH_SIGN_IN_CODE_OPTION, VOUCH_REACH_OPTIONS

// What --add, --remove and --unset are for in a table of options.
#define VOUCH_UNSET_OPTION                                                                         \
    { "unset", 0, VOUCH_OPTION_MANY, 0, "OPTION", "back to the default, such as --unset until" }
#define VOUCH_LISTS_OPTIONS                                                                        \
    {"add", 0, VOUCH_OPTION_MANY, 0, "OPTION=VALUE", "put one more into a list"},                  \
        {"remove", 0, VOUCH_OPTION_MANY, 0, "OPTION=VALUE", "take one out of a list"},             \
        VOUCH_UNSET_OPTION

// Options of what removes for good and has the name typed.
#define VOUCH_CONFIRM_OPTION                                                                       \
    { "confirm", 0, VOUCH_OPTION_ONE, 0, "NAME", "the same name again, in place of typing it" }

// Lists all of the kind, by cli->command->listing->spec.
int vouch_verb_ls(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                  struct vouch_fault *fault);

// Makes the change that noun, verb, operand and options say, and says what it means for whom.
int vouch_verb_change(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault);

// The same over a way that is open; *ret_done is zero after --dry-run and after a "no".
VOUCH_MUST_USE int vouch_verb_change_by(struct vouch_reach *reach, int *ret_done,
                                        struct json_t **ret_diff, struct vouch_fault *fault);

// The thing that the operand names, as JSON "vouch.NOUN/1"; the caller frees it with json_decref().
VOUCH_MUST_USE int vouch_verb_json(const struct vouch_cli *cli,
                                   const struct vouch_policy_content *content,
                                   struct json_t **ret_json, struct vouch_fault *fault);

// Shows it, by a line for each column of cli->command->listing->spec that has a value.
int vouch_verb_show(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault);

// The end of a command's row: one that changes the thing it names, one that shows it, and one that lists
// all of the kind. The listing says the columns.
#define VOUCH_VERB_ONE(run_)                                                                       \
    .operands = "NAME", .operands_min = 1, .operands_max = 1, .shape = VOUCH_SHAPE_ITEM,           \
    .run = (run_), .failed = vouch_reach_failed
#define VOUCH_VERB_CHANGES VOUCH_VERB_ONE(vouch_verb_change)
#define VOUCH_VERB_SHOWS(listing_) .listing = &(listing_), VOUCH_VERB_ONE(vouch_verb_show)
#define VOUCH_VERB_LISTS(listing_)                                                                 \
    .operands = "", .listing = &(listing_), .shape = VOUCH_SHAPE_LIST, .run = vouch_verb_ls,       \
    .failed = vouch_reach_failed
