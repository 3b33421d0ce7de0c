// SPDX-License-Identifier: ISC
// The words of a command line, held to the command's table of options.
//
// Values are borrowed from argv. Asking for an option that is not in the command's table is a bug.
#pragma once

#include "base/fault.h"

enum vouch_option_count {
    VOUCH_OPTION_FLAG = 0, // no value
    VOUCH_OPTION_ONE,      // a value, once
    VOUCH_OPTION_MANY,     // a value, any number of times
};

enum vouch_option_need {
    VOUCH_OPTION_OPTIONAL = 0,
    VOUCH_OPTION_USUAL, // shown in the usage line; the command itself knows when it may be left out
    VOUCH_OPTION_REQUIRED, // its absence is a usage fault
};

struct vouch_option {
    const char *name;
    char letter; // 0: none
    enum vouch_option_count count;
    enum vouch_option_need need;
    const char *value; // what the value is called, such as "DIR"; NULL for a flag
    const char *help;
};

struct vouch_arg {
    const struct vouch_option *option;
    const char *value;
};

struct vouch_command;

struct vouch_args {
    struct vouch_arg *given; // owned; in the order of the command line
    size_t given_count;
    char *const *operands;
    size_t operand_count;
};

void vouch_args_done(struct vouch_args *args);

// Parses argv[first..] by the command's table. Options and operands may be mixed; "--" ends the
// options; a long option is never abbreviated. With -h anywhere nothing else is checked.
VOUCH_MUST_USE int vouch_args_parse(const struct vouch_command *command, int argc, char **argv,
                                    int first, struct vouch_args *ret_args,
                                    struct vouch_fault *fault);

// How often an option was given.
size_t vouch_args_count(const struct vouch_args *args, const char *name);

// The value of an option that is given at most once; NULL if it was not.
const char *vouch_args_value(const struct vouch_args *args, const char *name);

// The values of a repeated option, one a call; begin with *cursor 0; NULL at the end.
const char *vouch_args_next(const struct vouch_args *args, const char *name, size_t *cursor);

// A wrong use of the command (V-1901): sets the fault and returns VOUCH_ERR_ARGUMENT.
int vouch_usage(struct vouch_fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// An option's value that is not one of `words` (ended by NULL): names the nearest. Returns the index,
// or -1 with the fault set.
int vouch_args_choice(const char *option, const char *value, const char *const *words,
                      struct vouch_fault *fault);

// A decimal number from an option's value.
VOUCH_MUST_USE int vouch_args_number(const char *option, const char *value, uint64_t *ret_number,
                                     struct vouch_fault *fault);
