// SPDX-License-Identifier: ISC
// The commands help and version of every program.
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "prog/vouch/command.h"
#include "prog/vouch/help.h"

static const struct vouch_fault_kind *find_kind(const char *code) {
    for (size_t i = 0; vouch_fault_kinds[i] != NULL; i++) {
        if (strcasecmp(vouch_fault_kinds[i]->code, code) == 0) {
            return vouch_fault_kinds[i];
        }
    }
    return NULL;
}

static int help_code(const struct vouch_cli *cli, const char *code, struct vouch_fault *fault) {
    const struct vouch_fault_kind *kind = find_kind(code);
    if (kind == NULL) {
        vouch_usage(fault, "help: there is no code %s", code);
        return vouch_fault_next(fault, "%s help errors lists all codes", vouch_program.name);
    }
    vouch_help_fault(&cli->term, kind, stdout);
    return 0;
}

static void help_errors(const struct vouch_cli *cli) {
    for (size_t i = 0; vouch_fault_kinds[i] != NULL; i++) {
        (void)fputs(i > 0 ? "\n" : "", stdout);
        vouch_help_fault(&cli->term, vouch_fault_kinds[i], stdout);
    }
}

// The topic "ca init", or "cainit" to say that it is not known.
static int help_command(const struct vouch_cli *cli, struct vouch_fault *fault) {
    char *words[5] = {NULL};
    const struct vouch_command *command = NULL;
    int used = 0;
    for (size_t i = 0; i < cli->args.operand_count; i++) {
        words[i + 1] = cli->args.operands[i];
    }
    int count = (int)cli->args.operand_count + 1;
    int err = vouch_command_find(count, words, &command, &used, fault);
    if (err == 0) {
        vouch_help_command(&cli->term, command, stdout);
    }
    return err;
}

// Nouns that are commands without a verb; `request` is one beside its verbs.
static int is_command_alone(const char *noun) {
    for (size_t i = 0; vouch_commands[i] != NULL; i++) {
        if (strcmp(vouch_commands[i]->noun, noun) == 0 && vouch_commands[i]->verb == NULL) {
            return 1;
        }
    }
    return 0;
}

static int run_topic(const struct vouch_cli *cli, struct vouch_fault *fault) {
    const struct vouch_args *args = &cli->args;
    const char *topic = args->operand_count > 0 ? args->operands[0] : NULL;
    if (topic == NULL) {
        vouch_help_all(&cli->term, stdout);
    } else if (strncasecmp(topic, "V-", 2) == 0) {
        return help_code(cli, topic, fault);
    } else if (strcmp(topic, "errors") == 0) {
        help_errors(cli);
    } else if (args->operand_count == 1 && vouch_command_has_noun(topic) &&
               !is_command_alone(topic)) {
        vouch_help_noun(&cli->term, topic, stdout);
    } else {
        return help_command(cli, fault);
    }
    return 0;
}

static int run_help(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    int err = 0;
    if (vouch_args_count(&cli->args, "dump") > 0) {
        vouch_help_dump(stdout);
    } else if (vouch_args_count(&cli->args, "dump-codes") > 0) {
        vouch_help_dump_codes(stdout);
    } else {
        err = run_topic(cli, fault);
    }
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option help_options[] = {
    {"dump", 0, VOUCH_OPTION_FLAG, 0, NULL, "for tools: every command and option, one a line"},
    {"dump-codes", 0, VOUCH_OPTION_FLAG, 0, NULL, "for tools: every code of a failure, one a line"},
    {0},
};

static const char *const help_examples[] = {
    "vouch help sign", "vouch help sign user", "vouch help V-1204", "vouch help errors", NULL,
};

const struct vouch_command vouch_cmd_help = {
    .noun = "help",
    .summary = "what a command does, or what the code of a failure means",
    .operands = "[TOPIC | V-CODE]",
    .operands_max = 3,
    .options = help_options,
    .examples = help_examples,
    .run = run_help,
};

static int run_version(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                       struct vouch_fault *fault) {
    (void)cli;
    (void)fault;
    (void)printf("%s %s\n", vouch_program.name, VOUCH_VERSION);
    *ret_exit = VOUCH_EXIT_OK;
    return 0;
}

static const char *const version_examples[] = {"vouch version", NULL};

const struct vouch_command vouch_cmd_version = {
    .noun = "version",
    .summary = "which version this is",
    .operands = "",
    .examples = version_examples,
    .run = run_version,
};
