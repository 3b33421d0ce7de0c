// SPDX-License-Identifier: ISC
// The commands of vouchd: their options, their texts, and the functions that run them.
#pragma once

#include "base/fault.h"

#define VOUCH_OPTIONS_MAX 12

// What the program exits with.
enum vouch_exit {
    VOUCH_EXIT_OK = 0,
    VOUCH_EXIT_NO = 1,    // the configuration is wrong, or the server is not well
    VOUCH_EXIT_USAGE = 2, // wrong use of the command
    VOUCH_EXIT_LOCAL = 9, // something on this machine: a file, a port, a key
};

struct vouch_option {
    const char *name;  // without "--"
    const char *value; // what stands for its value in the help
    const char *help;
};

// What was typed after the command. Everything is borrowed from argv.
struct vouch_options {
    const struct vouch_option *known;
    const char *values[VOUCH_OPTIONS_MAX]; // by option; NULL: not given
    const char *dir;                       // NULL: not given
};

// Whether a command needs the folder of a server.
enum vouch_command_dir { VOUCH_DIR_NEEDED = 0, VOUCH_DIR_OPTIONAL };

struct vouch_command {
    const char *name;
    const char *summary;
    const struct vouch_option *options; // ended by a NULL name
    const char *const *examples;        // ended by NULL
    enum vouch_command_dir dir;
    int (*run)(const struct vouch_options *options, enum vouch_exit *ret_exit,
               struct vouch_fault *fault);
};

// All commands in the order of the help, ended by NULL.
extern const struct vouch_command *const vouch_commands[];
extern const struct vouch_command vouch_cmd_init, vouch_cmd_run, vouch_cmd_check_config,
    vouch_cmd_status, vouch_cmd_demo;

// Reads "--name VALUE", "--name=VALUE" and one folder, from argv[from] on. Usage faults only. An option
// that is given twice is one.
VOUCH_MUST_USE int vouch_options_parse(const struct vouch_command *command, int argc,
                                       char *const *argv, int from,
                                       struct vouch_options *ret_options,
                                       struct vouch_fault *fault);

// The value of an option of the command, or NULL.
const char *vouch_option_value(const struct vouch_options *options, const char *name);
