// SPDX-License-Identifier: ISC
// vouchd: the server. This file finds the command and reports its one failure; with --role this process
// is a part of a running server, started by its supervisor (role.h).
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "prog/vouchd/command.h"
#include "prog/vouchd/role.h"

static void print_all(FILE *out) {
    (void)fputs("vouchd: an SSH certificate authority as a service\n\nUsage: vouchd COMMAND "
                "[option...] DIR\n\nCommands:\n",
                out);
    for (size_t i = 0; vouch_commands[i] != NULL; i++) {
        (void)fprintf(out, "  %-14s%s\n", vouch_commands[i]->name, vouch_commands[i]->summary);
    }
    (void)fputs(
        "\nvouchd COMMAND --help shows the options of one. vouchd --version says which this "
        "is.\nThe manual is vouchd(8), the configuration vouchd.yaml(5).\n",
        out);
}

static void print_one(const struct vouch_command *command, FILE *out) {
    (void)fprintf(out, "%s\n\nUsage: vouchd %s [option...] %s\n\nOptions:\n", command->summary,
                  command->name, command->dir == VOUCH_DIR_OPTIONAL ? "[DIR]" : "DIR");
    for (const struct vouch_option *o = command->options; o->name != NULL; o++) {
        char head[64];
        (void)snprintf(head, sizeof head, "--%s %s", o->name, o->value);
        (void)fprintf(out, "  %-26s%s\n", head, o->help);
    }
    (void)fprintf(out, "  %-26s%s\n\nExamples:\n", "--help", "show this help");
    for (size_t i = 0; command->examples[i] != NULL; i++) {
        (void)fprintf(out, "  %s\n", command->examples[i]);
    }
}

// For tools: every command and option.
static void print_dump(FILE *out) {
    for (size_t i = 0; vouch_commands[i] != NULL; i++) {
        (void)fprintf(out, "vouchd %s\n", vouch_commands[i]->name);
        for (const struct vouch_option *o = vouch_commands[i]->options; o->name != NULL; o++) {
            (void)fprintf(out, "vouchd %s\t--%s\n", vouch_commands[i]->name, o->name);
        }
    }
}

static int unknown_command(const char *typed, struct vouch_fault *fault) {
    const char *names[VOUCH_OPTIONS_MAX] = {0};
    for (size_t i = 0; vouch_commands[i] != NULL; i++) {
        names[i] = vouch_commands[i]->name;
    }
    const char *near = vouch_str_nearest(typed, names);
    (void)vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_usage,
                          "there is no command \"%s\"", typed);
    return near != NULL ? vouch_fault_next(fault, "Did you mean: vouchd %s", near)
                        : vouch_fault_next(fault, "vouchd --help lists the commands.");
}

static int run(int argc, char **argv, enum vouch_exit *ret_exit, struct vouch_fault *fault) {
    const char *name = strcmp(argv[1], "--demo") == 0 ? "demo" : argv[1];
    for (size_t i = 0; vouch_commands[i] != NULL; i++) {
        const struct vouch_command *command = vouch_commands[i];
        if (strcmp(command->name, name) != 0) {
            continue;
        }
        for (int at = 2; at < argc; at++) {
            if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
                print_one(command, stdout);
                return VOUCH_OK;
            }
        }
        struct vouch_options options;
        int err = vouch_options_parse(command, argc, argv, 2, &options, fault);
        return err == VOUCH_OK ? command->run(&options, ret_exit, fault) : err;
    }
    return unknown_command(argv[1], fault);
}

// A closed descriptor would be given to the next file that is opened, and what is printed would end up
// in a key or in the ledger.
static void keep_standard_streams(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) {
            abort();
        }
    }
}

// Whoever sets the environment must not choose the code that runs beside the keys.
static void forget_library_settings(void) {
    static const char *const names[] = {"OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES",
                                        "SQLITE_TMPDIR"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unsetenv(names[i]);
    }
}

static enum vouch_exit report(const struct vouch_fault *fault) {
    const char *next = fault->next[0] != '\0' ? fault->next : fault->kind->fix;
    (void)fprintf(stderr, "vouchd: %s\n        %s  [%s]\n", fault->text, next, fault->kind->code);
    if (fault->kind == &vouch_fault_usage) {
        return VOUCH_EXIT_USAGE;
    }
    return fault->kind == &vouch_fault_config ? VOUCH_EXIT_NO : VOUCH_EXIT_LOCAL;
}

static int asks_for(int argc, char *const *argv, const char *word, const char *letter) {
    return argc == 2 && (strcmp(argv[1], word) == 0 || strcmp(argv[1], letter) == 0);
}

int main(int argc, char **argv) {
    keep_standard_streams();
    forget_library_settings();
    if (argc > 2 && strcmp(argv[1], "--role") == 0) {
        return vouch_role_main(argc, argv);
    }
    if (argc < 2 || asks_for(argc, argv, "--help", "-h") || asks_for(argc, argv, "help", "-h")) {
        print_all(argc < 2 ? stderr : stdout);
        return argc < 2 ? VOUCH_EXIT_USAGE : VOUCH_EXIT_OK;
    }
    if (asks_for(argc, argv, "--version", "version")) {
        (void)printf("vouchd %s\n", VOUCH_VERSION);
        return VOUCH_EXIT_OK;
    }
    if (argc == 3 && strcmp(argv[1], "help") == 0 && strcmp(argv[2], "--dump") == 0) {
        print_dump(stdout);
        return VOUCH_EXIT_OK;
    }
    enum vouch_exit exit_code = VOUCH_EXIT_OK;
    struct vouch_fault fault = {0};
    if (run(argc, argv, &exit_code, &fault) != VOUCH_OK) {
        exit_code = report(&fault);
    } else if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)vouch_fault_set(&fault, VOUCH_ERR_IO, &vouch_fault_write,
                              "standard output: cannot write");
        exit_code = report(&fault);
    }
    return (int)exit_code;
}
