// SPDX-License-Identifier: ISC
// Terminal and talk: see term.h.
#include "prog/vouch/term.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/time.h"
#include "prog/vouch/command.h"

#define WIDTH_MIN 40
#define WIDTH_MAX 500

static int env_set(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

static int wants_colour(enum vouch_colour colour, int tty) {
    if (colour != VOUCH_COLOUR_AUTO) {
        return colour == VOUCH_COLOUR_ALWAYS;
    }
    const char *term = getenv("TERM");
    const char *force = getenv("CLICOLOR_FORCE");
    if (env_set("NO_COLOR")) {
        return 0;
    }
    if (force != NULL && force[0] != '\0' && strcmp(force, "0") != 0) {
        return 1;
    }
    return tty && (term == NULL || strcmp(term, "dumb") != 0);
}

// The environment, not setlocale(): only the character set is asked, and loading a locale costs more
// than all the rest of a short command.
static int locale_is_utf8(void) {
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (env_set(names[i])) {
            const char *value = getenv(names[i]);
            return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
        }
    }
    return 0;
}

static unsigned columns_of(int fd) {
    struct winsize size = {0};
    unsigned width = 80;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        width = size.ws_col;
    }
    if (env_set("COLUMNS")) {
        unsigned long given = strtoul(getenv("COLUMNS"), NULL, 10);
        width = given > 0 && given <= WIDTH_MAX ? (unsigned)given : width;
    }
    return width < WIDTH_MIN ? WIDTH_MIN : width;
}

void vouch_term_init(struct vouch_term *term, enum vouch_colour colour) {
    *term = (struct vouch_term){
        .out_tty = isatty(STDOUT_FILENO),
        .err_tty = isatty(STDERR_FILENO),
        .utf8 = locale_is_utf8(),
    };
    term->out_colour = wants_colour(colour, term->out_tty);
    term->err_colour = wants_colour(colour, term->err_tty);
    term->width = term->out_tty ? columns_of(STDOUT_FILENO) : 0;
}

// [colour][UTF-8][mark]
static const char *const marks[2][2][3] = {
    {{"ok", "FAIL", "warn"}, {"✓", "✗", "!"}},
    {{"\x1b[32mok\x1b[0m", "\x1b[31mFAIL\x1b[0m", "\x1b[33mwarn\x1b[0m"},
     {"\x1b[32m✓\x1b[0m", "\x1b[31m✗\x1b[0m", "\x1b[33m!\x1b[0m"}},
};

const char *vouch_term_mark_out(const struct vouch_term *term, enum vouch_mark mark) {
    return marks[term->out_colour != 0][term->utf8 != 0][mark];
}

const char *vouch_term_mark_err(const struct vouch_term *term, enum vouch_mark mark) {
    return marks[term->err_colour != 0][term->utf8 != 0][mark];
}

const char *vouch_term_bold(const struct vouch_term *term) {
    return term->out_colour ? "\x1b[1m" : "";
}

const char *vouch_term_plain(const struct vouch_term *term) {
    return term->out_colour ? "\x1b[0m" : "";
}

// What was printed before must stand before what is said now, also when both go to one terminal.
__attribute__((format(printf, 2, 0))) static void say_line(const char *before, const char *format,
                                                           va_list arguments) {
    (void)fflush(stdout);
    (void)fputs(before, stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
}

void vouch_say(const struct vouch_term *term, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (!term->quiet) {
        say_line("", format, arguments);
    }
    va_end(arguments);
}

void vouch_say_mark(const struct vouch_term *term, enum vouch_mark mark, const char *format, ...) {
    char before[32];
    va_list arguments;
    va_start(arguments, format);
    if (!term->quiet || mark == VOUCH_MARK_WARN) {
        (void)snprintf(before, sizeof before, "%s ", vouch_term_mark_err(term, mark));
        say_line(before, format, arguments);
    }
    va_end(arguments);
}

void vouch_say_detail(const struct vouch_term *term, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (term->verbose > 0) {
        say_line("  ", format, arguments);
    }
    va_end(arguments);
}

void vouch_term_time(const struct vouch_term *term, uint64_t time_s, char *ret_text,
                     size_t ret_size) {
    char text[VOUCH_TIME_TEXT_MAX];
    if (term->zone == VOUCH_ZONE_UTC) {
        vouch_time_utc(time_s, text);
    } else {
        vouch_time_local(time_s, text);
    }
    (void)snprintf(ret_text, ret_size, "%s", text);
}

void vouch_term_fault(const struct vouch_term *term, const struct vouch_fault *fault) {
    const char *bold = term->err_colour ? "\x1b[1m" : "";
    const char *plain = term->err_colour ? "\x1b[0m" : "";
    const char *next = fault->next[0] != '\0' ? fault->next : fault->kind->fix;
    int indent = (int)strlen(vouch_program.name) + 2;
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s: %s\n", vouch_program.name, fault->text);
    if (term->verbose > 0) {
        (void)fprintf(stderr, "%*s%s\n", indent, "", fault->kind->cause);
    }
    (void)fprintf(stderr, "%*s%s%s%s  [%s]\n", indent, "", bold, next, plain, fault->kind->code);
}
