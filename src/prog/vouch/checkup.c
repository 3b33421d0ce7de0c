// SPDX-License-Identifier: ISC
// What `vouch doctor` finds: see checkup.h.
#include "prog/vouch/checkup.h"

#include <jansson.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/answer.h"

#define TEXT_MAX 1200
#define SCHEMA "vouch.doctor/1"
#define REPORT_MAX (1024u * 1024)

void vouch_checkup_init(struct vouch_checkup *checkup, const struct vouch_cli *cli) {
    *checkup = (struct vouch_checkup){.cli = cli, .rows = json_array(), .names = json_array()};
}

void vouch_checkup_done(struct vouch_checkup *checkup) {
    json_decref(checkup->rows);
    json_decref(checkup->names);
    checkup->rows = checkup->names = NULL;
}

static const char *state_word(enum vouch_checkup_state state) {
    static const char *const words[] = {"unknown", "fail", "warn", "ok"};
    return words[state];
}

static void put(struct vouch_checkup *checkup, const char *name, enum vouch_checkup_state state,
                const char *text, const char *next) {
    char shown[TEXT_MAX], step[TEXT_MAX] = "";
    json_t *row = json_object();
    vouch_str_escape_to(vouch_bytes_of(text), shown, sizeof shown);
    vouch_str_escape_to(vouch_bytes_of(next != NULL ? next : ""), step, sizeof step);
    int bad = json_object_set_new(row, "name", json_string(name)) != 0;
    bad |= json_object_set_new(row, "state", json_string(state_word(state))) != 0;
    bad |= json_object_set_new(row, "text", json_string(shown)) != 0;
    bad |= json_object_set_new(row, "next", next != NULL ? json_string(step) : json_null()) != 0;
    bad |= json_array_append_new(checkup->rows, row) != 0;
    checkup->failed += state == VOUCH_CHECKUP_FAIL;
    checkup->warned += state == VOUCH_CHECKUP_WARN;
    checkup->err = bad ? VOUCH_ERR_NO_MEMORY : checkup->err;
}

void vouch_checkup_add(struct vouch_checkup *checkup, const char *name,
                       enum vouch_checkup_state state, const char *next, const char *format, ...) {
    char text[TEXT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put(checkup, name, state, text, next);
}

void vouch_checkup_add_fault(struct vouch_checkup *checkup, const char *name,
                             enum vouch_checkup_state state, const struct vouch_fault *fault) {
    char text[TEXT_MAX];
    const char *next = fault->next[0] != '\0' ? fault->next : fault->kind->fix;
    (void)snprintf(text, sizeof text, "%s  [%s]", fault->text, fault->kind->code);
    put(checkup, name, state, text, next);
}

// Printing

static const char *mark_of(const struct vouch_term *term, const char *state) {
    if (strcmp(state, "ok") == 0) {
        return vouch_term_mark_out(term, VOUCH_MARK_OK);
    }
    if (strcmp(state, "fail") == 0) {
        return vouch_term_mark_out(term, VOUCH_MARK_FAIL);
    }
    return strcmp(state, "warn") == 0 ? vouch_term_mark_out(term, VOUCH_MARK_WARN) : "?";
}

static void print_rows(const struct vouch_checkup *checkup) {
    const struct vouch_term *term = &checkup->cli->term;
    for (size_t i = 0; i < json_array_size(checkup->rows); i++) {
        const json_t *row = json_array_get(checkup->rows, i);
        const char *next = vouch_answer_text(row, "next");
        (void)printf("  %s  %s\n", mark_of(term, vouch_answer_text(row, "state")),
                     vouch_answer_text(row, "text"));
        if (next != NULL && next[0] != '\0') {
            (void)printf("        %s%s%s\n", vouch_term_bold(term), next, vouch_term_plain(term));
        }
    }
}

static json_t *whole(const struct vouch_checkup *checkup) {
    json_t *object = json_object();
    (void)json_object_set_new(object, "schema", json_string(SCHEMA));
    (void)json_object_set_new(object, "version", json_string(VOUCH_VERSION));
    (void)json_object_set(object, "checks", checkup->rows);
    return object;
}

int vouch_checkup_print(const struct vouch_checkup *checkup, struct vouch_fault *fault) {
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = vouch_form_of_item(&checkup->cli->args, &form, fault);
    if (err == 0 && checkup->err != 0) {
        err = vouch_fault_set(fault, checkup->err, &vouch_fault_memory, "out of memory");
    }
    if (err != 0) {
        return err;
    }
    if (form == VOUCH_FORM_TABLE) {
        print_rows(checkup);
        return 0;
    }
    json_t *object = whole(checkup);
    err = vouch_answer_object(checkup->cli, object, NULL, fault);
    json_decref(object);
    return err;
}

// The report

// Every occurrence of `name` becomes `word`; names of one or two letters would be found everywhere.
static int hide_name(char **text, const char *name, const char *word) {
    struct vouch_buf out;
    size_t len = name != NULL ? strlen(name) : 0, taken;
    const char *rest = *text, *found;
    if (len < 3) {
        return 0;
    }
    vouch_buf_init(&out, REPORT_MAX);
    while ((found = strstr(rest, name)) != NULL) {
        vouch_buf_put(&out, (struct vouch_bytes){(const uint8_t *)rest, (size_t)(found - rest)});
        vouch_buf_put_text(&out, word);
        rest = found + len;
    }
    vouch_buf_put(&out, (struct vouch_bytes){(const uint8_t *)rest, strlen(rest) + 1});
    char *hidden = (char *)vouch_buf_take(&out, &taken);
    vouch_buf_done(&out);
    if (hidden == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    free(*text);
    *text = hidden;
    return 0;
}

void vouch_checkup_hide(struct vouch_checkup *checkup, const char *name) {
    char shown[TEXT_MAX];
    size_t at = 0;
    if (name == NULL) {
        return;
    }
    vouch_str_escape_to(vouch_bytes_of(name), shown, sizeof shown); // as the rows have it
    // The longest first: a name may stand within another.
    while (at < json_array_size(checkup->names) &&
           json_string_length(json_array_get(checkup->names, at)) >= strlen(shown)) {
        at++;
    }
    if (json_array_insert_new(checkup->names, at, json_string(shown)) != 0) {
        checkup->err = VOUCH_ERR_NO_MEMORY;
    }
}

static int hide_all(const struct vouch_checkup *checkup, char **text) {
    const struct passwd *me = getpwuid(getuid());
    int err = hide_name(text, getenv("HOME"), "~");
    for (size_t i = 0; err == 0 && i < json_array_size(checkup->names); i++) {
        err = hide_name(text, json_string_value(json_array_get(checkup->names, i)), "(name)");
    }
    return err == 0 && me != NULL ? hide_name(text, me->pw_name, "(user)") : err;
}

int vouch_checkup_report(const struct vouch_checkup *checkup, const char *path,
                         struct vouch_fault *fault) {
    json_t *object = whole(checkup);
    vouch_autofree char *text = json_dumps(object, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    const struct vouch_io_file file = {.path = path, .mode = 0600};
    json_decref(object);
    int err = text != NULL && checkup->err == 0 ? hide_all(checkup, &text) : VOUCH_ERR_NO_MEMORY;
    if (err != 0) {
        return vouch_fault_set(fault, err, &vouch_fault_memory, "out of memory");
    }
    err = vouch_io_write(&file, vouch_bytes_of(text), fault);
    if (err == 0) {
        vouch_say_mark(&checkup->cli->term, VOUCH_MARK_OK,
                       "%s: what was found, without names; read it before you pass it on", path);
    }
    return err;
}
