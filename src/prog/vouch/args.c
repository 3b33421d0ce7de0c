// SPDX-License-Identifier: ISC
// Command line parsing: see args.h.
#include "prog/vouch/args.h"

#include <assert.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/command.h"

#define OPTIONS_MAX 48
#define LONG_FIRST                                                                                 \
    256 // getopt_long()'s answer for option i is LONG_FIRST + i, with or without letter

// The options of one command as getopt_long() wants them.
struct grammar {
    const struct vouch_option *options[OPTIONS_MAX];
    struct option longs[OPTIONS_MAX + 1];
    char letters[2 * OPTIONS_MAX + 2];
    size_t count;
};

static void grammar_add(struct grammar *grammar, const struct vouch_option *options) {
    for (; options != NULL && options->name != NULL; options++) {
        size_t at = grammar->count++;
        assert(at < OPTIONS_MAX);
        int has_value = options->count != VOUCH_OPTION_FLAG;
        grammar->options[at] = options;
        grammar->longs[at] = (struct option){
            options->name, has_value ? required_argument : no_argument, NULL, LONG_FIRST + (int)at};
        if (options->letter != 0) {
            size_t end = strlen(grammar->letters);
            grammar->letters[end] = options->letter;
            grammar->letters[end + 1] = has_value ? ':' : '\0';
        }
    }
}

static void grammar_init(struct grammar *grammar, const struct vouch_command *command) {
    *grammar = (struct grammar){.letters = ":"};
    grammar_add(grammar, command->options);
    grammar_add(grammar, vouch_command_common(command->shape));
}

static const struct vouch_option *find_option(const struct grammar *grammar, int answer) {
    if (answer >= LONG_FIRST) {
        return grammar->options[answer - LONG_FIRST];
    }
    for (size_t i = 0; i < grammar->count; i++) {
        if (grammar->options[i]->letter == answer) {
            return grammar->options[i];
        }
    }
    return NULL;
}

int vouch_usage(struct vouch_fault *fault, const char *format, ...) {
    char text[sizeof fault->text];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_usage, "%s", text);
}

// The report of a failure begins with the program's name anyway.
static const char *without_program(const char *command) {
    return command + strlen(vouch_program.name) + 1;
}

static int say_help(struct vouch_fault *fault, const char *command) {
    return vouch_fault_next(fault, "%s --help shows its options", command);
}

// `word` is as typed, with its dashes and perhaps "=value".
static int unknown_option(const struct grammar *grammar, const char *command, const char *word,
                          struct vouch_fault *fault) {
    const char *names[OPTIONS_MAX + 1] = {NULL};
    char typed[80] = "";
    for (size_t i = 0; i < grammar->count; i++) {
        names[i] = grammar->options[i]->name;
    }
    (void)snprintf(typed, sizeof typed, "%s", word);
    typed[strcspn(typed, "=")] = '\0';
    vouch_usage(fault, "%s: there is no option %s", without_program(command), typed);
    const char *near = strncmp(typed, "--", 2) == 0 ? vouch_str_nearest(typed + 2, names) : NULL;
    if (near != NULL) {
        return vouch_fault_next(fault, "did you mean --%s?  %s --help shows all options", near,
                                command);
    }
    return say_help(fault, command);
}

static int unknown_letter(const char *command, int letter, struct vouch_fault *fault) {
    vouch_usage(fault, "%s: there is no option -%c", without_program(command), letter);
    return say_help(fault, command);
}

// The word of argv that getopt_long() has just read.
static const char *word_read(char *const *argv) {
    int back = optarg != NULL && optarg == argv[optind - 1] ? 2 : 1;
    return argv[optind - back];
}

// getopt_long() takes a prefix for the whole name; a script that relies on one breaks with the next
// option, so only the whole name counts.
static int is_whole_name(const char *word, const struct vouch_option *option) {
    if (strncmp(word, "--", 2) != 0) {
        return 1;
    }
    size_t len = strcspn(word + 2, "=");
    return len == strlen(option->name) && strncmp(word + 2, option->name, len) == 0;
}

static int refused(const struct grammar *grammar, const char *command, int answer, char **argv,
                   struct vouch_fault *fault) {
    const struct vouch_option *option = optopt != 0 ? find_option(grammar, optopt) : NULL;
    if (option == NULL) {
        const char *word = argv[optind - 1];
        return optopt != 0 ? unknown_letter(command, optopt, fault)
                           : unknown_option(grammar, command, word, fault);
    }
    if (answer == ':') {
        vouch_usage(fault, "%s: --%s needs a value: %s", without_program(command), option->name,
                    option->value);
    } else {
        vouch_usage(fault, "%s: --%s takes no value", without_program(command), option->name);
    }
    return say_help(fault, command);
}

static int take(struct vouch_args *args, const struct vouch_option *option, const char *command,
                struct vouch_fault *fault) {
    if (option->count == VOUCH_OPTION_ONE && vouch_args_count(args, option->name) > 0) {
        return vouch_usage(fault, "%s: --%s is given twice", without_program(command),
                           option->name);
    }
    args->given[args->given_count++] = (struct vouch_arg){option, optarg};
    return 0;
}

static int read_options(const struct vouch_command *command, int argc, char **argv,
                        struct vouch_args *args, struct vouch_fault *fault) {
    char name[64];
    struct grammar grammar;
    int answer, err = 0;
    grammar_init(&grammar, command);
    vouch_command_name(command, name, sizeof name);
    optind = 0; // begin anew: GNU getopt's way
    while (err == 0 &&
           (answer = getopt_long(argc, argv, grammar.letters, grammar.longs, NULL)) != -1) {
        if (answer == '?' || answer == ':') {
            return refused(&grammar, name, answer, argv, fault);
        }
        const struct vouch_option *option = find_option(&grammar, answer);
        assert(option != NULL);
        const char *word = word_read(argv);
        err = answer >= LONG_FIRST && !is_whole_name(word, option)
                  ? unknown_option(&grammar, name, word, fault)
                  : take(args, option, name, fault);
    }
    args->operands = argv + optind;
    args->operand_count = (size_t)(argc - optind);
    return err;
}

static int next_is_example(const struct vouch_command *command, struct vouch_fault *fault) {
    if (command->examples == NULL || command->examples[0] == NULL) {
        return fault->err;
    }
    return vouch_fault_next(fault, "for example: %s", command->examples[0]);
}

static int check_required(const struct vouch_command *command, const struct vouch_args *args,
                          struct vouch_fault *fault) {
    char name[64];
    vouch_command_name(command, name, sizeof name);
    for (const struct vouch_option *o = command->options; o != NULL && o->name != NULL; o++) {
        if (o->need == VOUCH_OPTION_REQUIRED && vouch_args_count(args, o->name) == 0) {
            vouch_usage(fault, "%s: --%s %s is missing (%s)", without_program(name), o->name,
                        o->value, o->help);
            return next_is_example(command, fault);
        }
    }
    if (args->operand_count < command->operands_min) {
        vouch_usage(fault, "%s: %s is missing", without_program(name), command->operands);
        return next_is_example(command, fault);
    }
    if (args->operand_count > command->operands_max) {
        vouch_usage(fault, "%s: \"%s\" is too much", without_program(name),
                    args->operands[command->operands_max]);
        return next_is_example(command, fault);
    }
    return 0;
}

int vouch_args_parse(const struct vouch_command *command, int argc, char **argv, int first,
                     struct vouch_args *ret_args, struct vouch_fault *fault) {
    struct vouch_args args = {0};
    // getopt_long() takes its first word for the program's name.
    int count = argc - first + 1;
    args.given = calloc((size_t)argc + 1, sizeof *args.given);
    if (args.given == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    int err = read_options(command, count, argv + first - 1, &args, fault);
    if (err == 0 && vouch_args_count(&args, "help") == 0) {
        err = check_required(command, &args, fault);
    }
    if (err != 0) {
        vouch_args_done(&args);
        return err;
    }
    *ret_args = args;
    return 0;
}

void vouch_args_done(struct vouch_args *args) {
    if (args != NULL) {
        free(args->given);
        *args = (struct vouch_args){0};
    }
}

size_t vouch_args_count(const struct vouch_args *args, const char *name) {
    size_t count = 0;
    for (size_t i = 0; i < args->given_count; i++) {
        count += strcmp(args->given[i].option->name, name) == 0;
    }
    return count;
}

const char *vouch_args_next(const struct vouch_args *args, const char *name, size_t *cursor) {
    while (*cursor < args->given_count) {
        const struct vouch_arg *arg = &args->given[(*cursor)++];
        if (strcmp(arg->option->name, name) == 0) {
            return arg->value;
        }
    }
    return NULL;
}

const char *vouch_args_value(const struct vouch_args *args, const char *name) {
    size_t cursor = 0;
    return vouch_args_next(args, name, &cursor);
}

int vouch_args_choice(const char *option, const char *value, const char *const *words,
                      struct vouch_fault *fault) {
    char all[160] = "";
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(value, words[i]) == 0) {
            return i;
        }
        size_t end = strlen(all);
        (void)snprintf(all + end, sizeof all - end, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    const char *near = vouch_str_nearest(value, words);
    vouch_usage(fault, "--%s: \"%s\" is not one of: %s", option, value, all);
    if (near != NULL) {
        vouch_fault_next(fault, "did you mean --%s %s?", option, near);
    }
    return -1;
}

int vouch_args_number(const char *option, const char *value, uint64_t *ret_number,
                      struct vouch_fault *fault) {
    if (vouch_str_to_u64(vouch_bytes_of(value), ret_number) != 0) {
        return vouch_usage(fault, "--%s: \"%s\" is not a decimal number from 0 to %llu", option,
                           value, (unsigned long long)UINT64_MAX);
    }
    return 0;
}
