// SPDX-License-Identifier: ISC
// Help texts: see help.h.
#include "prog/vouch/help.h"

#include <string.h>

#define SUMMARY_COLUMN 21
#define OPTION_COLUMN 28
#define LINE_WIDTH 96

// Prints `text` from `column` on, wrapped between words.
static void wrap(const char *text, int column, FILE *out) {
    int at = column;
    while (*text != '\0') {
        int len = (int)strcspn(text, " ");
        if (at > column && at + 1 + len > LINE_WIDTH) {
            (void)fprintf(out, "\n%*s", column, "");
            at = column;
        }
        (void)fprintf(out, "%s%.*s", at > column ? " " : "", len, text);
        at += len + (at > column ? 1 : 0);
        text += len;
        text += strspn(text, " ");
    }
    (void)fputc('\n', out);
}

static void print_summary(const struct vouch_command *command, FILE *out) {
    char name[64];
    vouch_command_name(command, name, sizeof name);
    (void)fprintf(out, "  %-*s  ", SUMMARY_COLUMN, name);
    wrap(command->summary, SUMMARY_COLUMN + 4, out);
}

static void print_examples(const struct vouch_term *term, const char *const *examples, FILE *out) {
    (void)fputs("\nExamples:\n", out);
    for (size_t i = 0; examples[i] != NULL; i++) {
        (void)fprintf(out, "  %s%s%s\n", vouch_term_bold(term), examples[i],
                      vouch_term_plain(term));
    }
}

void vouch_help_all(const struct vouch_term *term, FILE *out) {
    (void)fprintf(out, "%s: %s\n\nCommands:\n", vouch_program.name, vouch_program.title);
    for (size_t i = 0; vouch_commands[i] != NULL; i++) {
        if (vouch_commands[i]->shown == VOUCH_COMMAND_SHOWN) {
            print_summary(vouch_commands[i], out);
        }
    }
    print_examples(term, vouch_program.examples, out);
    (void)fprintf(out,
                  "\nOptions and examples of a command: %s COMMAND --help\n"
                  "What a code such as V-1204 means:  %s help V-1204\n",
                  vouch_program.name, vouch_program.name);
}

void vouch_help_noun(const struct vouch_term *term, const char *noun, FILE *out) {
    for (size_t i = 0; vouch_commands[i] != NULL; i++) {
        if (strcmp(vouch_commands[i]->noun, noun) == 0) {
            print_summary(vouch_commands[i], out);
        }
    }
    (void)fputs("\nExamples:\n", out);
    for (size_t i = 0; vouch_commands[i] != NULL; i++) {
        if (strcmp(vouch_commands[i]->noun, noun) == 0) {
            (void)fprintf(out, "  %s%s%s\n", vouch_term_bold(term), vouch_commands[i]->examples[0],
                          vouch_term_plain(term));
        }
    }
}

static void print_option(const struct vouch_option *option, FILE *out) {
    char left[80];
    char letter[8] = "    ";
    if (option->letter != 0) {
        (void)snprintf(letter, sizeof letter, "-%c, ", option->letter);
    }
    (void)snprintf(left, sizeof left, "%s--%s%s%s", letter, option->name,
                   option->value != NULL ? " " : "", option->value != NULL ? option->value : "");
    (void)fprintf(out, "  %-*s", OPTION_COLUMN, left);
    if (strlen(left) >= OPTION_COLUMN) {
        (void)fprintf(out, "\n%*s", OPTION_COLUMN + 2, "");
    }
    wrap(option->help, OPTION_COLUMN + 2, out);
}

static void print_options(const char *title, const struct vouch_option *options, FILE *out) {
    (void)fprintf(out, "\n%s:\n", title);
    for (; options->name != NULL; options++) {
        print_option(options, out);
    }
}

static void print_usage(const struct vouch_term *term, const struct vouch_command *command,
                        FILE *out) {
    char name[64];
    vouch_command_name(command, name, sizeof name);
    (void)fprintf(out, "Usage: %s%s%s", vouch_term_bold(term), name, vouch_term_plain(term));
    for (const struct vouch_option *o = command->options; o != NULL && o->name != NULL; o++) {
        if (o->need != VOUCH_OPTION_OPTIONAL) {
            (void)fprintf(out, " --%s %s", o->name, o->value);
        }
    }
    (void)fprintf(out, "%s%s%s\n", command->options != NULL ? " [option...]" : "",
                  command->operands[0] != '\0' ? " " : "", command->operands);
}

// Of a noun that is a command without a verb too.
static void print_verbs(const char *noun, FILE *out) {
    const char *title = "\nSee also:\n";
    for (size_t i = 0; vouch_commands[i] != NULL; i++) {
        if (vouch_commands[i]->verb != NULL && strcmp(vouch_commands[i]->noun, noun) == 0) {
            (void)fputs(title, out);
            print_summary(vouch_commands[i], out);
            title = "";
        }
    }
}

void vouch_help_command(const struct vouch_term *term, const struct vouch_command *command,
                        FILE *out) {
    wrap(command->summary, 0, out);
    (void)fputc('\n', out);
    print_usage(term, command, out);
    if (command->options != NULL) {
        print_options("Options", command->options, out);
    }
    // keygen takes ssh-keygen's options and none of ours.
    if (command->run != NULL) {
        print_options("Options of every command", vouch_command_common(command->shape), out);
    }
    if (command->notes != NULL) {
        (void)fputc('\n', out);
        wrap(command->notes, 0, out);
    }
    if (command->verb == NULL) {
        print_verbs(command->noun, out);
    }
    print_examples(term, command->examples, out);
}

void vouch_help_fault(const struct vouch_term *term, const struct vouch_fault_kind *kind,
                      FILE *out) {
    (void)fprintf(out, "%s%s%s  %s\n\n", vouch_term_bold(term), kind->code, vouch_term_plain(term),
                  kind->title);
    (void)fputs("What it means:  ", out);
    wrap(kind->cause, 16, out);
    (void)fputs("What to do:     ", out);
    wrap(kind->fix, 16, out);
}

// Up to the option called `end`, or all of them.
static void dump_options(const char *name, const struct vouch_option *options, const char *end,
                         FILE *out) {
    for (; options != NULL && options->name != NULL; options++) {
        if (end != NULL && strcmp(options->name, end) == 0) {
            return;
        }
        (void)fprintf(out, "%s\t--%s\n", name, options->name);
        if (options->letter != 0) {
            (void)fprintf(out, "%s\t-%c\n", name, options->letter);
        }
    }
}

static void dump_letters(const char *name, const char *letters, FILE *out) {
    for (; letters != NULL && *letters != '\0'; letters++) {
        (void)fprintf(out, "%s\t-%c\n", name, *letters);
    }
}

void vouch_help_dump(FILE *out) {
    const struct vouch_option *common = vouch_command_common(VOUCH_SHAPE_TEXT);
    dump_options(vouch_program.name, common, NULL, out);
    for (size_t i = 0; vouch_commands[i] != NULL; i++) {
        char name[64];
        const struct vouch_command *command = vouch_commands[i];
        vouch_command_name(command, name, sizeof name);
        (void)fprintf(out, "%s\n", name);
        dump_options(name, command->options, NULL, out);
        dump_letters(name, command->letters, out);
        // Options of its form of output stand before the ones that every command takes.
        dump_options(name, vouch_command_common(command->shape), common->name, out);
    }
}

void vouch_help_dump_codes(FILE *out) {
    for (size_t i = 0; vouch_fault_kinds[i] != NULL; i++) {
        (void)fprintf(out, "%s\n", vouch_fault_kinds[i]->code);
    }
}
