// SPDX-License-Identifier: ISC
// The table of commands, and finding one: see command.h.
#include "prog/vouch/command.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

const struct vouch_command *const vouch_commands[] = {
    &vouch_cmd_login,
    &vouch_cmd_logout,
    &vouch_cmd_status,
    &vouch_cmd_ls,
    &vouch_cmd_renew,
    &vouch_cmd_setup_account,
    &vouch_cmd_setup_admin,
    &vouch_cmd_setup_ssh,
    &vouch_cmd_setup_git,
    &vouch_cmd_setup_completion,
    &vouch_cmd_passwd,
    &vouch_cmd_recovery_new,
    &vouch_cmd_hook,
    &vouch_cmd_ca_init,
    &vouch_cmd_ca_show,
    &vouch_cmd_ca_trust,
    &vouch_cmd_sign_user,
    &vouch_cmd_sign_host,
    &vouch_cmd_cert_show,
    &vouch_cmd_cert_check,
    &vouch_cmd_cert_issue,
    &vouch_cmd_cert_renew,
    &vouch_cmd_cert_ls,
    &vouch_cmd_cert_revoke,
    &vouch_cmd_krl_build,
    &vouch_cmd_krl_show,
    &vouch_cmd_krl_check,
    &vouch_cmd_krl_fetch,
    &vouch_cmd_krl_revocations,
    &vouch_cmd_key_show,
    &vouch_cmd_key_new,
    &vouch_cmd_ledger_show,
    &vouch_cmd_ledger_verify,
    &vouch_cmd_server_set,
    &vouch_cmd_server_show,
    &vouch_cmd_server_unset,
    &vouch_cmd_token_new,
    &vouch_cmd_token_ls,
    &vouch_cmd_token_disable,
    &vouch_cmd_profile_put,
    &vouch_cmd_profile_show,
    &vouch_cmd_profile_ls,
    &vouch_cmd_profile_rm,
    &vouch_cmd_policy_export,
    &vouch_cmd_policy_check,
    &vouch_cmd_policy_diff,
    &vouch_cmd_policy_apply,
    &vouch_cmd_policy_log,
    &vouch_cmd_zone_ls,
    &vouch_cmd_zone_show,
    &vouch_cmd_zone_add,
    &vouch_cmd_zone_edit,
    &vouch_cmd_zone_rm,
    &vouch_cmd_user_ls,
    &vouch_cmd_user_show,
    &vouch_cmd_user_add,
    &vouch_cmd_user_edit,
    &vouch_cmd_user_rm,
    &vouch_cmd_user_disable,
    &vouch_cmd_user_enable,
    &vouch_cmd_user_link,
    &vouch_cmd_user_sessions,
    &vouch_cmd_user_sign_out,
    &vouch_cmd_group_ls,
    &vouch_cmd_group_show,
    &vouch_cmd_group_add,
    &vouch_cmd_group_edit,
    &vouch_cmd_group_rm,
    &vouch_cmd_role_ls,
    &vouch_cmd_role_show,
    &vouch_cmd_role_add,
    &vouch_cmd_role_edit,
    &vouch_cmd_role_rm,
    &vouch_cmd_role_test,
    &vouch_cmd_access_who_can,
    &vouch_cmd_access_can,
    &vouch_cmd_request_ls,
    &vouch_cmd_request_show,
    &vouch_cmd_request_cancel,
    &vouch_cmd_request_wait,
    &vouch_cmd_request,
    &vouch_cmd_approve,
    &vouch_cmd_deny,
    &vouch_cmd_audit_ls,
    &vouch_cmd_audit_search,
    &vouch_cmd_audit_tail,
    &vouch_cmd_backup_new,
    &vouch_cmd_backup_verify,
    &vouch_cmd_backup_restore,
    &vouch_cmd_keygen,
    &vouch_cmd_help,
    &vouch_cmd_version,
    NULL,
};

#define WORDS_MAX 160

#define COMMON                                                                                     \
    {"quiet", 'q', VOUCH_OPTION_FLAG, 0, NULL, "say nothing but failures and warnings"},           \
        {"verbose", 'v', VOUCH_OPTION_FLAG, 0, NULL, "say more, also of what a failure means"},    \
        {"yes", 'y', VOUCH_OPTION_FLAG, 0, NULL, "answer yes to every question"},                  \
        {"no-input", 0, VOUCH_OPTION_FLAG, 0, NULL, "never ask; fail where an answer is needed"},  \
        {"color", 0, VOUCH_OPTION_ONE, 0, "WHEN", "auto, always or never (default: auto)"},        \
        {"utc", 0, VOUCH_OPTION_FLAG, 0, NULL, "show times in UTC, not in the local zone"},        \
        {"help", 'h', VOUCH_OPTION_FLAG, 0, NULL, "show this help"}, {                             \
        0                                                                                          \
    }

static const struct vouch_option common_text[] = {COMMON};

static const struct vouch_option common_item[] = {
    {"output", 'o', VOUCH_OPTION_ONE, 0, "FORM", "table, json or jsonl (default: table)"},
    COMMON,
};

static const struct vouch_option common_list[] = {
    {"output", 'o', VOUCH_OPTION_ONE, 0, "FORM", "table, wide, json, jsonl, csv or name"},
    {"columns", 0, VOUCH_OPTION_ONE, 0, "NAME,...", "only these columns, in this order"},
    {"no-header", 0, VOUCH_OPTION_FLAG, 0, NULL, "leave out the line of column names"},
    COMMON,
};

const struct vouch_option *vouch_command_common(enum vouch_shape shape) {
    switch (shape) {
    case VOUCH_SHAPE_ITEM:
        return common_item;
    case VOUCH_SHAPE_LIST:
        return common_list;
    case VOUCH_SHAPE_TEXT:
        break;
    }
    return common_text;
}

void vouch_command_name(const struct vouch_command *command, char *ret_name, size_t ret_size) {
    (void)snprintf(ret_name, ret_size, "vouch %s%s%s", command->noun,
                   command->verb != NULL ? " " : "", command->verb != NULL ? command->verb : "");
}

int vouch_command_has_noun(const char *noun) {
    for (size_t i = 0; vouch_commands[i] != NULL; i++) {
        if (strcmp(vouch_commands[i]->noun, noun) == 0) {
            return 1;
        }
    }
    return 0;
}

static int unknown_noun(const char *noun, struct vouch_fault *fault) {
    const char *words[WORDS_MAX + 1] = {NULL};
    size_t count = 0;
    for (size_t i = 0; vouch_commands[i] != NULL && count < WORDS_MAX; i++) {
        words[count++] = vouch_commands[i]->noun;
    }
    const char *near = vouch_str_nearest(noun, words);
    vouch_usage(fault, "there is no command \"%s\"", noun);
    return near != NULL ? vouch_fault_next(fault, "did you mean: vouch %s", near)
                        : vouch_fault_next(fault, "vouch help lists all commands");
}

static int unknown_verb(const char *noun, const char *verb, struct vouch_fault *fault) {
    const char *words[WORDS_MAX + 1] = {NULL};
    char all[128] = "";
    size_t count = 0;
    for (size_t i = 0; vouch_commands[i] != NULL && count < WORDS_MAX; i++) {
        if (strcmp(vouch_commands[i]->noun, noun) == 0) {
            size_t end = strlen(all);
            (void)snprintf(all + end, sizeof all - end, "%s%s", count > 0 ? ", " : "",
                           vouch_commands[i]->verb);
            words[count++] = vouch_commands[i]->verb;
        }
    }
    const char *near = verb != NULL ? vouch_str_nearest(verb, words) : NULL;
    if (verb == NULL) {
        vouch_usage(fault, "%s: what to do is missing: %s", noun, all);
        return vouch_fault_next(fault, "vouch help %s shows them with examples", noun);
    }
    vouch_usage(fault, "%s: there is no \"%s\", only: %s", noun, verb, all);
    return near != NULL ? vouch_fault_next(fault, "did you mean: vouch %s %s", noun, near)
                        : vouch_fault_next(fault, "vouch help %s shows them", noun);
}

int vouch_command_find(int argc, char *const *argv, const struct vouch_command **ret_command,
                       int *ret_words, struct vouch_fault *fault) {
    const char *noun = argc > 1 ? argv[1] : "";
    const char *verb = argc > 2 ? argv[2] : NULL;
    for (size_t i = 0; vouch_commands[i] != NULL; i++) {
        const struct vouch_command *command = vouch_commands[i];
        if (strcmp(command->noun, noun) != 0) {
            continue;
        }
        if (command->verb == NULL || (verb != NULL && strcmp(command->verb, verb) == 0)) {
            *ret_command = command;
            *ret_words = command->verb == NULL ? 1 : 2;
            return 0;
        }
    }
    return vouch_command_has_noun(noun) ? unknown_verb(noun, verb, fault)
                                        : unknown_noun(noun, fault);
}

// How many words of argv[at..] are such an option with its value; 0: it is none.
static int leading_option(int argc, char *const *argv, int at) {
    static const char *const names[] = {"--local",      "--server",  "--pin", "--ca-file",
                                        "--token-file", "--timeout", NULL};
    for (size_t i = 0; names[i] != NULL; i++) {
        size_t len = strlen(names[i]);
        if (strncmp(argv[at], names[i], len) == 0 && argv[at][len] == '=') {
            return 1;
        }
        if (strcmp(argv[at], names[i]) == 0 && at + 1 < argc) {
            return 2;
        }
    }
    return 0;
}

static void rotate(char **words, int first, int count) {
    for (; first > 0; first--) {
        char *word = words[0];
        memmove(words, words + 1, (size_t)(count - 1) * sizeof *words);
        words[count - 1] = word;
    }
}

void vouch_command_lead(int argc, char **argv) {
    const struct vouch_command *command = NULL;
    struct vouch_fault unused;
    int options = 0, words = 0, step;
    while (1 + options < argc && (step = leading_option(argc, argv, 1 + options)) > 0) {
        options += step;
    }
    // Where no command follows, the words stay as they are, for the message to show.
    if (options > 0 &&
        vouch_command_find(argc - options, argv + options, &command, &words, &unused) == 0) {
        rotate(argv + 1, options, options + words);
    }
}

enum vouch_exit vouch_command_usual_exit(const struct vouch_command *command,
                                         const struct vouch_fault *fault) {
    if (fault->kind == &vouch_fault_usage) {
        return VOUCH_EXIT_USAGE;
    }
    switch (fault->err) {
    case VOUCH_ERR_NOT_FOUND:
        return VOUCH_EXIT_NOT_FOUND;
    case VOUCH_ERR_EXISTS:
        return VOUCH_EXIT_CONFLICT;
    case VOUCH_ERR_IO:
    case VOUCH_ERR_PERMISSION:
    case VOUCH_ERR_TIMEOUT:
    case VOUCH_ERR_NO_MEMORY:
        return VOUCH_EXIT_LOCAL;
    default:
        break;
    }
    int asks = command != NULL && command->manner == VOUCH_MANNER_ASKS;
    return asks ? VOUCH_EXIT_USAGE : VOUCH_EXIT_NO;
}

enum vouch_exit vouch_command_exit(const struct vouch_cli *cli, const struct vouch_fault *fault) {
    const struct vouch_command *command = cli->command;
    if (command != NULL && command->failed != NULL) {
        return command->failed(cli, fault);
    }
    return vouch_command_usual_exit(command, fault);
}
