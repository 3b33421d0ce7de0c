// SPDX-License-Identifier: ISC
// Running a program of commands: finds the command, parses its options, runs it, and reports its one
// failure.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prog/vouch/help.h"

static int apply_common(struct vouch_cli *cli, struct vouch_fault *fault) {
    static const char *const words[] = {"auto", "always", "never", NULL};
    const char *when = vouch_args_value(&cli->args, "color");
    if (when != NULL) {
        int choice = vouch_args_choice("color", when, words, fault);
        if (choice < 0) {
            return VOUCH_ERR_ARGUMENT;
        }
        vouch_term_init(&cli->term, (enum vouch_colour)choice);
    }
    cli->term.quiet = vouch_args_count(&cli->args, "quiet") > 0;
    cli->term.verbose = (unsigned)vouch_args_count(&cli->args, "verbose");
    cli->term.zone = vouch_args_count(&cli->args, "utc") > 0 ? VOUCH_ZONE_UTC : VOUCH_ZONE_LOCAL;
    return 0;
}

// What was printed has to have arrived: a full disk behind standard output is a failure.
static int finish_output(struct vouch_fault *fault) {
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return 0;
    }
    vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_write, "standard output: cannot write, %s",
                    strerror(errno));
    return vouch_fault_next(fault, "free the space or the device that it goes to, and run again");
}

static int run_command(struct vouch_cli *cli, enum vouch_exit *ret_exit,
                       struct vouch_fault *fault) {
    int err = apply_common(cli, fault);
    if (err == 0 && vouch_args_count(&cli->args, "help") > 0) {
        vouch_help_command(&cli->term, cli->command, stdout);
        *ret_exit = VOUCH_EXIT_OK;
    } else if (err == 0) {
        err = cli->command->run(cli, ret_exit, fault);
    }
    return err != 0 ? err : finish_output(fault);
}

static int run(struct vouch_cli *cli, int argc, char **argv, enum vouch_exit *ret_exit,
               struct vouch_fault *fault) {
    int words = 0;
    int err = vouch_command_find(argc, argv, &cli->command, &words, fault);
    if (err != 0) {
        return err;
    }
    err = vouch_args_parse(cli->command, argc, argv, words + 1, &cli->args, fault);
    return err == 0 ? run_command(cli, ret_exit, fault) : err;
}

// "vouch", "vouch --help" and "vouch ca --help" ask for no command.
static int only_help(const struct vouch_term *term, int argc, char *const *argv) {
    int asked =
        argc >= 2 && (strcmp(argv[argc - 1], "--help") == 0 || strcmp(argv[argc - 1], "-h") == 0);
    if (argc <= 1 || (argc == 2 && asked)) {
        vouch_help_all(term, stdout);
        return 1;
    }
    const struct vouch_command *command = NULL;
    struct vouch_fault unused;
    int words = 0;
    if (argc == 3 && asked && vouch_command_has_noun(argv[1]) &&
        vouch_command_find(2, argv, &command, &words, &unused) != 0) {
        vouch_help_noun(term, argv[1], stdout);
        return 1;
    }
    return 0;
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

// Whoever sets the environment must not choose the code that runs beside the CA key: libcrypto would
// load modules that these name.
static void forget_libcrypto_settings(void) {
    static const char *const names[] = {"OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unsetenv(names[i]);
    }
}

void vouch_program_begin(void) {
    keep_standard_streams();
    forget_libcrypto_settings();
}

int vouch_program_main(int argc, char **argv) {
    struct vouch_cli cli = {0};
    struct vouch_fault fault = {0};
    enum vouch_exit exit_code = VOUCH_EXIT_NO;
    vouch_term_init(&cli.term, VOUCH_COLOUR_AUTO);
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        argv[1] += 2;
    }
    vouch_command_lead(argc, argv);
    if (only_help(&cli.term, argc, argv)) {
        return finish_output(&fault) == 0 ? VOUCH_EXIT_OK : VOUCH_EXIT_LOCAL;
    }
    if (run(&cli, argc, argv, &exit_code, &fault) != 0) {
        vouch_term_fault(&cli.term, &fault);
        exit_code = vouch_command_exit(&cli, &fault);
    }
    vouch_args_done(&cli.args);
    return (int)exit_code;
}
