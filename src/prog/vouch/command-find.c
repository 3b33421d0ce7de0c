// SPDX-License-Identifier: ISC
// Finding a command in the program's table, and what all commands share: see command.h.
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "prog/vouch/command.h"

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
    (void)snprintf(ret_name, ret_size, "%s %s%s%s", vouch_program.name, command->noun,
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
    return near != NULL ? vouch_fault_next(fault, "did you mean: %s %s", vouch_program.name, near)
                        : vouch_fault_next(fault, "%s help lists all commands", vouch_program.name);
}

static int unknown_verb(const char *noun, const char *verb, struct vouch_fault *fault) {
    const char *words[WORDS_MAX + 1] = {NULL};
    char all[256] = "";
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
        return vouch_fault_next(fault, "%s help %s shows them with examples", vouch_program.name,
                                noun);
    }
    vouch_usage(fault, "%s: there is no \"%s\", only: %s", noun, verb, all);
    return near != NULL
               ? vouch_fault_next(fault, "did you mean: %s %s %s", vouch_program.name, noun, near)
               : vouch_fault_next(fault, "%s help %s shows them", vouch_program.name, noun);
}

// How many of the words are the verb, which may be of two: "token new". 0: they are not; a command
// without a verb needs none of them.
static int verb_words(const char *verb, int count, char *const *words) {
    struct vouch_bytes rest = vouch_bytes_of(verb);
    int used = 0;
    while (rest.ptr != NULL) {
        struct vouch_bytes part = vouch_str_cut(&rest, ' ');
        if (used >= count || !vouch_bytes_equal(part, vouch_bytes_of(words[used]))) {
            return 0;
        }
        used++;
    }
    return used;
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
        int used = command->verb != NULL ? verb_words(command->verb, argc - 2, argv + 2) : 0;
        if (command->verb == NULL || used > 0) {
            *ret_command = command;
            *ret_words = 1 + used;
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
