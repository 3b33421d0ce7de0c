// SPDX-License-Identifier: ISC
// Lists: see out.h.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/out-item.h"

#define COLUMNS_MAX 24
#define HELD_MAX 1000 // rows that a table looks at to find the widths of its columns
#define NARROWEST 8   // characters to which a column may be cut on a narrow terminal
#define GAP "  "

struct vouch_list {
    const struct vouch_list_spec *spec;
    const struct vouch_term *term;
    enum vouch_form form;
    int header; // nonzero: the line of names is wanted
    int err;
    const struct vouch_column *columns[COLUMNS_MAX];
    char *texts[COLUMNS_MAX];
    struct vouch_cells cells;
    struct vouch_item *head;
    struct vouch_item *row;
    size_t printed;    // rows that left
    char **held;       // rows of a table that wait for the widths: cells in one run
    size_t held_count; // rows
    size_t widths[COLUMNS_MAX];
    int laid_out; // nonzero: the widths stand
};

static int is_json(enum vouch_form form) {
    return form == VOUCH_FORM_JSON || form == VOUCH_FORM_JSONL;
}

static int is_table(enum vouch_form form) {
    return form == VOUCH_FORM_TABLE || form == VOUCH_FORM_WIDE;
}

static int choose_form(struct vouch_list *list, const struct vouch_args *args,
                       struct vouch_fault *fault) {
    static const char *const words[] = {"table", "wide", "json", "jsonl", "csv", "name", NULL};
    const char *word = vouch_args_value(args, "output");
    int choice = word != NULL ? vouch_args_choice("output", word, words, fault) : 0;
    if (choice < 0) {
        return VOUCH_ERR_ARGUMENT;
    }
    if (word != NULL) {
        list->form = (enum vouch_form)choice;
    } else if (list->spec->otherwise == VOUCH_FORM_TABLE && !list->term->out_tty) {
        list->form = VOUCH_FORM_TABS;
    } else {
        list->form = list->spec->otherwise;
    }
    list->header = vouch_args_count(args, "no-header") == 0;
    return 0;
}

static void default_columns(struct vouch_list *list) {
    int all = list->form == VOUCH_FORM_WIDE || list->form == VOUCH_FORM_CSV;
    for (const struct vouch_column *c = list->spec->columns; c->key != NULL; c++) {
        if (!c->wide || all) {
            list->columns[list->cells.count++] = c;
        }
    }
}

static int unknown_column(const struct vouch_list *list, const char *name,
                          struct vouch_fault *fault) {
    const char *titles[COLUMNS_MAX + 1] = {NULL};
    char all[200] = "", upper[64];
    size_t count = 0, i;
    for (const struct vouch_column *c = list->spec->columns; c->key != NULL; c++) {
        size_t end = strlen(all);
        (void)snprintf(all + end, sizeof all - end, "%s%s", count > 0 ? ", " : "", c->title);
        titles[count++] = c->title;
    }
    for (i = 0; name[i] != '\0' && i < sizeof upper - 1; i++) {
        int small = name[i] >= 'a' && name[i] <= 'z';
        upper[i] = (char)(small ? name[i] - 'a' + 'A' : name[i]);
    }
    upper[i] = '\0';
    const char *near = vouch_str_nearest(upper, titles);
    vouch_usage(fault, "--columns: there is no column %s, only: %s", name, all);
    return near != NULL ? vouch_fault_next(fault, "did you mean --columns %s?", near) : fault->err;
}

static int choose_columns(struct vouch_list *list, const char *names, struct vouch_fault *fault) {
    struct vouch_bytes rest = vouch_bytes_of(names);
    while (rest.ptr != NULL) {
        vouch_autofree char *name = vouch_str_copy(vouch_str_cut(&rest, ','));
        const struct vouch_column *c = list->spec->columns;
        while (name != NULL && c->key != NULL && strcasecmp(c->title, name) != 0 &&
               strcmp(c->key, name) != 0) {
            c++;
        }
        if (name == NULL || c->key == NULL) {
            return unknown_column(list, name != NULL ? name : "", fault);
        }
        if (list->cells.count == COLUMNS_MAX) {
            return vouch_usage(fault, "--columns: more than %d columns", COLUMNS_MAX);
        }
        list->columns[list->cells.count++] = c;
    }
    return 0;
}

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                           "out of memory for the output");
}

static int begin(struct vouch_list *list, const struct vouch_args *args,
                 struct vouch_fault *fault) {
    int err = choose_form(list, args, fault);
    if (err != 0) {
        return err;
    }
    list->cells.columns = list->columns;
    list->cells.texts = list->texts;
    list->cells.term = is_table(list->form) ? list->term : NULL;
    list->cells.raw_paths = !list->term->out_tty && !is_table(list->form);
    const char *names = vouch_args_value(args, "columns");
    if (names != NULL) {
        err = choose_columns(list, names, fault);
    } else {
        default_columns(list);
    }
    if (err == 0 && is_table(list->form)) {
        list->held = calloc(HELD_MAX * list->cells.count, sizeof *list->held);
    }
    list->head = vouch_item_begin(is_json(list->form), NULL);
    if (err == 0 && (list->head == NULL || (is_table(list->form) && list->held == NULL))) {
        err = no_memory(fault);
    }
    if (err == 0 && list->form == VOUCH_FORM_JSON) {
        vouch_item_word(list->head, "schema", list->spec->schema);
    }
    return err;
}

int vouch_list_open(const struct vouch_list_spec *spec, const struct vouch_args *args,
                    const struct vouch_term *term, struct vouch_list **ret_list,
                    struct vouch_fault *fault) {
    struct vouch_list *list = calloc(1, sizeof *list);
    if (list == NULL) {
        return no_memory(fault);
    }
    list->spec = spec;
    list->term = term;
    int err = begin(list, args, fault);
    if (err != 0) {
        vouch_list_free(list);
        return err;
    }
    *ret_list = list;
    return 0;
}

struct vouch_item *vouch_list_head(struct vouch_list *list) {
    return list->head;
}

void vouch_print_csv_field(const char *text) {
    if (strpbrk(text, ",\" ") == NULL) {
        (void)fputs(text, stdout);
        return;
    }
    (void)fputc('"', stdout);
    for (; *text != '\0'; text++) {
        (void)fputs(*text == '"' ? "\"" : "", stdout);
        (void)fputc(*text, stdout);
    }
    (void)fputc('"', stdout);
}

static void print_csv(const struct vouch_list *list) {
    for (size_t i = 0; i < list->cells.count; i++) {
        (void)fputs(i > 0 ? "," : "", stdout);
        vouch_print_csv_field(list->texts[i] != NULL ? list->texts[i] : "");
    }
    (void)fputs("\r\n", stdout); // RFC 4180
}

static void print_tabs(const struct vouch_list *list) {
    for (size_t i = 0; i < list->cells.count; i++) {
        (void)printf("%s%s", i > 0 ? "\t" : "", list->texts[i] != NULL ? list->texts[i] : "");
    }
    (void)fputc('\n', stdout);
}

static void print_header(struct vouch_list *list, void (*print)(const struct vouch_list *)) {
    char *texts[COLUMNS_MAX];
    memcpy(texts, list->texts, sizeof texts);
    for (size_t i = 0; i < list->cells.count; i++) {
        // Only read by `print`; the row's own texts are put back below.
        list->texts[i] = (char *)(uintptr_t)list->columns[i]->title;
    }
    print(list);
    memcpy(list->texts, texts, sizeof texts);
}

static void print_cell(const struct vouch_list *list, size_t column, const char *text) {
    size_t width = list->widths[column];
    int last = column + 1 == list->cells.count;
    int cuts = list->form == VOUCH_FORM_TABLE && list->term->width > 0 && width >= NARROWEST;
    if (cuts && strlen(text) > width) {
        (void)printf("%.*s...%s", (int)width - 3, text, last ? "" : GAP);
    } else {
        (void)printf("%-*s%s", last ? 0 : (int)width, text, last ? "" : GAP);
    }
}

static void print_aligned(const struct vouch_list *list) {
    for (size_t i = 0; i < list->cells.count; i++) {
        const char *text = list->texts[i];
        int empty = text == NULL || text[0] == '\0';
        print_cell(list, i, empty ? "-" : text);
    }
    (void)fputc('\n', stdout);
}

// Cuts the widest column again and again until the line fits the terminal.
static void fit(struct vouch_list *list) {
    size_t room = list->term->width;
    if (list->form != VOUCH_FORM_TABLE || room == 0) {
        return;
    }
    for (;;) {
        size_t total = 0, widest = 0;
        for (size_t i = 0; i < list->cells.count; i++) {
            total += list->widths[i] + (i > 0 ? sizeof GAP - 1 : 0);
            widest = list->widths[i] > list->widths[widest] ? i : widest;
        }
        if (total <= room || list->widths[widest] <= NARROWEST) {
            return;
        }
        list->widths[widest]--;
    }
}

// The widths are those of the rows that were held; later rows are cut to them or stand out.
static void lay_out(struct vouch_list *list) {
    size_t count = list->cells.count;
    for (size_t i = 0; i < count; i++) {
        list->widths[i] = list->header ? strlen(list->columns[i]->title) : 1;
        for (size_t r = 0; r < list->held_count; r++) {
            const char *text = list->held[r * count + i];
            size_t len = text != NULL ? strlen(text) : 1;
            list->widths[i] = len > list->widths[i] ? len : list->widths[i];
        }
    }
    fit(list);
    list->laid_out = 1;
    if (list->header && list->held_count > 0) {
        (void)fputs(vouch_term_bold(list->term), stdout);
        print_header(list, print_aligned);
        (void)fputs(vouch_term_plain(list->term), stdout);
    }
}

static void clear_texts(struct vouch_list *list) {
    for (size_t i = 0; i < COLUMNS_MAX; i++) {
        free(vouch_steal(list->texts[i]));
    }
}

static void flush_held(struct vouch_list *list) {
    size_t count = list->cells.count;
    lay_out(list);
    for (size_t r = 0; r < list->held_count; r++) {
        clear_texts(list);
        memcpy(list->texts, &list->held[r * count], count * sizeof *list->texts);
        print_aligned(list);
    }
    clear_texts(list);
    list->held_count = 0;
}

static void add_to_table(struct vouch_list *list) {
    size_t count = list->cells.count;
    if (list->laid_out) {
        print_aligned(list);
        return;
    }
    memcpy(&list->held[list->held_count++ * count], list->texts, count * sizeof *list->texts);
    memset(list->texts, 0, sizeof list->texts);
    if (list->held_count == HELD_MAX) {
        flush_held(list);
    }
}

// The head without its closing brace, and the rows' list opened.
static int open_json(struct vouch_list *list) {
    vouch_autofree char *head = vouch_item_dump(list->head);
    if (head == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    (void)printf("%.*s,\"%s\":[", (int)strlen(head) - 1, head, list->spec->member);
    return 0;
}

static int print_json(struct vouch_list *list) {
    vouch_autofree char *row = vouch_item_dump(list->row);
    if (row == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    if (list->form == VOUCH_FORM_JSONL) {
        (void)printf("%s\n", row);
        return 0;
    }
    int err = list->printed == 0 ? open_json(list) : 0;
    (void)printf("%s\n%s", list->printed > 0 ? "," : "", row);
    return err;
}

static int print_row(struct vouch_list *list) {
    switch (list->form) {
    case VOUCH_FORM_JSON:
    case VOUCH_FORM_JSONL:
        return print_json(list);
    case VOUCH_FORM_CSV:
        if (list->printed == 0 && list->header) {
            print_header(list, print_csv);
        }
        print_csv(list);
        break;
    case VOUCH_FORM_TABS:
        print_tabs(list);
        break;
    case VOUCH_FORM_NAME:
        (void)printf("%s\n", list->texts[0] != NULL ? list->texts[0] : "");
        break;
    case VOUCH_FORM_TABLE:
    case VOUCH_FORM_WIDE:
        add_to_table(list);
        break;
    }
    return list->row->err;
}

static void end_row(struct vouch_list *list) {
    if (list->row != NULL) {
        int err = print_row(list);
        list->err = list->err != 0 ? list->err : err;
        list->printed++;
        clear_texts(list);
        vouch_item_free(vouch_steal(list->row));
    }
}

struct vouch_item *vouch_list_row(struct vouch_list *list) {
    end_row(list);
    list->row = vouch_item_begin(is_json(list->form), is_json(list->form) ? NULL : &list->cells);
    if (list->row == NULL) {
        list->err = VOUCH_ERR_NO_MEMORY;
    } else if (list->form == VOUCH_FORM_JSONL) {
        vouch_item_word(list->row, "schema", list->spec->schema);
    }
    return list->row;
}

int vouch_list_close(struct vouch_list *list, struct vouch_fault *fault) {
    if (list == NULL) {
        return 0;
    }
    end_row(list);
    if (is_table(list->form) && !list->laid_out) {
        flush_held(list);
    }
    if (list->form == VOUCH_FORM_JSON) {
        if (list->printed == 0 && list->err == 0) {
            list->err = open_json(list);
        }
        (void)fputs("\n]}\n", stdout);
    }
    int err = list->err;
    vouch_list_free(list);
    return err != 0 ? no_memory(fault) : 0;
}

void vouch_list_free(struct vouch_list *list) {
    if (list == NULL) {
        return;
    }
    clear_texts(list);
    for (size_t i = 0; list->held != NULL && i < list->held_count * list->cells.count; i++) {
        free(list->held[i]);
    }
    free(list->held);
    vouch_item_free(list->row);
    vouch_item_free(list->head);
    free(list);
}
