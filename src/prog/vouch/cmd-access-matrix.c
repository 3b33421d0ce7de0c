// SPDX-License-Identifier: ISC
// vouch access matrix, diff: who reaches what, all at once; and what changed between two moments.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "prog/vouch/policy-remote.h"
#include "prog/vouch/query.h"

#define MATRIX_PATH "/v1/access/matrix"
#define MATRIX_SCHEMA "vouch.matrix/1"
#define PATH_TEXT_MAX 2048
#define WINDOW 100             // rows and columns that are asked for at once
#define GRID_CELLS_MAX 2000000 // of a grid, empty ones too

// What is walked over, and where it goes.
struct matrix {
    struct vouch_reach *reach;
    char path[PATH_TEXT_MAX]; // with all filters
    size_t row, column;       // where the next window begins
    size_t rows, columns;     // in all
    json_int_t policy;        // 0: not known yet
    struct vouch_list *list;  // cells one by one; NULL: a grid
    json_t *row_names, *column_names;
    char **grid; // owned texts, rows * columns; NULL: none, or empty
};

static const char *rows_word(const struct vouch_args *args) {
    const char *word = vouch_args_value(args, "rows");
    return word != NULL ? word : "users";
}

// One cell: "app,root"; what needs an approval in parentheses, what is for emergencies after a "!".
static char *cell_text(const json_t *cell) {
    static const struct {
        const char *member, *before, *after;
    } kinds[] = {{"standing", "", ""}, {"break_glass", "!", ""}, {"approval", "(", ")"}};
    struct vouch_buf text;
    size_t len = 0;
    vouch_buf_init(&text, 64u * 1024);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        const json_t *logins = json_object_get(cell, kinds[k].member);
        for (size_t i = 0; i < json_array_size(logins); i++) {
            const char *login = json_string_value(json_array_get(logins, i));
            vouch_buf_put_text(&text, text.len > 0 ? "," : "");
            vouch_buf_put_text(&text, kinds[k].before);
            vouch_str_escape(vouch_bytes_of(login != NULL ? login : "?"), &text);
            vouch_buf_put_text(&text, kinds[k].after);
        }
    }
    vouch_buf_put(&text, (struct vouch_bytes){(const uint8_t *)"", 1});
    char *taken = (char *)vouch_buf_take(&text, &len);
    vouch_buf_done(&text);
    return taken;
}

static int take_cell(struct matrix *matrix, const json_t *window, const json_t *cell,
                     struct vouch_fault *fault) {
    const json_t *rows = json_object_get(window, "rows");
    const json_t *columns = json_object_get(window, "columns");
    json_int_t row = json_integer_value(json_object_get(cell, "row"));
    json_int_t column = json_integer_value(json_object_get(cell, "column"));
    if (row < 0 || column < 0 || (size_t)row >= json_array_size(rows) ||
        (size_t)column >= json_array_size(columns)) {
        return vouch_api_bad_answer(matrix->reach->api, fault,
                                    MATRIX_PATH ": a cell stands outside of it");
    }
    if (matrix->list != NULL) {
        struct vouch_item *item = vouch_list_row(matrix->list);
        vouch_item_json(item, "row", json_array_get(rows, (size_t)row));
        vouch_item_json(item, "column", json_array_get(columns, (size_t)column));
        vouch_item_json(item, "standing", json_object_get(cell, "standing"));
        vouch_item_json(item, "approval", json_object_get(cell, "approval"));
        if (json_object_get(cell, "break_glass") != NULL) { // an older server has none
            vouch_item_json(item, "break_glass", json_object_get(cell, "break_glass"));
        }
        return 0;
    }
    char **place = &matrix->grid[(matrix->row + (size_t)row) * matrix->columns + matrix->column +
                                 (size_t)column];
    free(*place);
    *place = cell_text(cell);
    return *place != NULL
               ? 0
               : vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

static int begin_grid(struct matrix *matrix, struct vouch_fault *fault) {
    if (matrix->columns > 0 && matrix->rows > GRID_CELLS_MAX / matrix->columns) {
        vouch_usage(fault, "--grid: %zu rows of %zu columns are more than fit", matrix->rows,
                    matrix->columns);
        return vouch_fault_next(fault, "narrow it down with --zone, --rows groups or --label KEY");
    }
    matrix->grid = calloc(matrix->rows * matrix->columns + 1, sizeof *matrix->grid);
    return matrix->grid != NULL
               ? 0
               : vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

// The first window says how large the whole is; those that follow have to be of the same.
static int take_size(struct matrix *matrix, const json_t *window, struct vouch_fault *fault) {
    json_int_t policy = json_integer_value(json_object_get(window, "policy"));
    json_int_t rows = json_integer_value(json_object_get(window, "rows_in_all"));
    json_int_t columns = json_integer_value(json_object_get(window, "columns_in_all"));
    const char *text = vouch_answer_text(window, "policy");
    if (text != NULL) {
        policy = (json_int_t)vouch_answer_u64(window, "policy");
    }
    if (rows < 0 || columns < 0) {
        return vouch_api_bad_answer(matrix->reach->api, fault, MATRIX_PATH ": its size is none");
    }
    if (matrix->row_names == NULL) {
        matrix->policy = policy;
        matrix->rows = (size_t)rows;
        matrix->columns = (size_t)columns;
        matrix->row_names = json_array();
        matrix->column_names = json_array();
        return matrix->list == NULL ? begin_grid(matrix, fault) : 0;
    }
    if (matrix->policy != policy || matrix->rows != (size_t)rows ||
        matrix->columns != (size_t)columns) {
        vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_policy_version,
                        "access matrix: the policy was changed meanwhile");
        return vouch_fault_next(fault, "run it again");
    }
    return 0;
}

static int take_window(struct matrix *matrix, const json_t *window, struct vouch_fault *fault) {
    const json_t *rows = json_object_get(window, "rows");
    const json_t *columns = json_object_get(window, "columns");
    const json_t *cells = json_object_get(window, "cells");
    int err = take_size(matrix, window, fault);
    size_t row_count = json_array_size(rows), column_count = json_array_size(columns);
    if (err == 0 && ((row_count == 0 && matrix->row < matrix->rows) ||
                     (column_count == 0 && matrix->column < matrix->columns) ||
                     row_count > matrix->rows - matrix->row ||
                     column_count > matrix->columns - matrix->column)) {
        err = vouch_api_bad_answer(matrix->reach->api, fault,
                                   MATRIX_PATH ": a part of it is larger or smaller than it says");
    }
    for (size_t i = 0; err == 0 && i < json_array_size(cells); i++) {
        err = take_cell(matrix, window, json_array_get(cells, i), fault);
    }
    if (err == 0 && matrix->column == 0) {
        (void)json_array_extend(matrix->row_names, (json_t *)(uintptr_t)rows);
    }
    if (err == 0 && matrix->row == 0) {
        (void)json_array_extend(matrix->column_names, (json_t *)(uintptr_t)columns);
    }
    matrix->column += column_count;
    if (err == 0 && matrix->column >= matrix->columns) {
        matrix->column = 0;
        matrix->row += row_count > 0 ? row_count : 1;
    }
    return err;
}

static int ask_window(const struct matrix *matrix, json_t **ret_window, struct vouch_fault *fault) {
    static const char *const names[] = {"row_from", "row_count", "column_from", "column_count"};
    const size_t values[] = {matrix->row, WINDOW, matrix->column, WINDOW};
    char text[PATH_TEXT_MAX + 200], number[24];
    struct vouch_buf path;
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    vouch_buf_put_text(&path, matrix->path);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(number, sizeof number, "%zu", values[i]);
        vouch_api_query(&path, names[i], values[i] > 0 ? number : NULL); // from the first on
    }
    text[path.len] = '\0';
    const struct vouch_api_ask ask = {.path = text};
    return vouch_api_ask_json(matrix->reach->api, &ask, MATRIX_SCHEMA, ret_window, fault);
}

static int walk(struct matrix *matrix, struct vouch_fault *fault) {
    int err = 0;
    do {
        json_t *window = NULL;
        err = ask_window(matrix, &window, fault);
        if (err == 0) {
            err = take_window(matrix, window, fault);
        }
        json_decref(window);
    } while (err == 0 && matrix->row < matrix->rows);
    return err;
}

static void print_name(const json_t *name) {
    char text[600] = "";
    const char *string = json_string_value(name);
    vouch_str_escape_to(vouch_bytes_of(string != NULL ? string : ""), text, sizeof text);
    vouch_print_csv_field(text);
}

static void print_grid(const struct matrix *matrix) {
    vouch_print_csv_field(rows_word(&matrix->reach->cli->args));
    for (size_t k = 0; k < matrix->columns; k++) {
        (void)fputc(',', stdout);
        print_name(json_array_get(matrix->column_names, k));
    }
    (void)fputs("\r\n", stdout);
    for (size_t i = 0; i < matrix->rows; i++) {
        print_name(json_array_get(matrix->row_names, i));
        for (size_t k = 0; k < matrix->columns; k++) {
            const char *cell = matrix->grid[i * matrix->columns + k];
            (void)fputc(',', stdout);
            vouch_print_csv_field(cell != NULL ? cell : "");
        }
        (void)fputs("\r\n", stdout);
    }
}

static void done(struct matrix *matrix) {
    for (size_t i = 0; matrix->grid != NULL && i < matrix->rows * matrix->columns; i++) {
        free(matrix->grid[i]);
    }
    free(matrix->grid);
    json_decref(matrix->row_names);
    json_decref(matrix->column_names);
    vouch_list_free(matrix->list);
}

static const struct vouch_query_part matrix_parts[] = {
    {"label", "label", VOUCH_QUERY_TEXT},
    {"zone", "zone", VOUCH_QUERY_TEXT},
    {"at", "at", VOUCH_QUERY_MOMENT},
    {0},
};

static int make_path(const struct vouch_cli *cli, struct matrix *matrix,
                     struct vouch_fault *fault) {
    static const char *const words[] = {"users", "groups", NULL};
    struct vouch_buf path;
    if (vouch_args_choice("rows", rows_word(&cli->args), words, fault) < 0) {
        return VOUCH_ERR_ARGUMENT;
    }
    if (vouch_args_count(&cli->args, "grid") > 0 && vouch_args_count(&cli->args, "output") > 0) {
        vouch_usage(fault, "access matrix: --grid and --output exclude each other");
        return vouch_fault_next(fault, "a grid is CSV");
    }
    vouch_buf_init_fixed(&path, matrix->path, sizeof matrix->path - 1);
    vouch_buf_put_text(&path, MATRIX_PATH);
    vouch_api_query(&path, "rows", rows_word(&cli->args));
    int err = vouch_query_put(&cli->args, matrix_parts, &path, fault);
    matrix->path[path.len] = '\0';
    return err;
}

static const struct vouch_column cell_columns[] = {
    {"row", "WHO", 0},
    {"column", "WHERE", 0},
    {"standing", "LOGINS", 0},
    {"approval", "ON-APPROVAL", 0},
    {"break_glass", "BREAK-GLASS", 0},
    {0},
};

static const struct vouch_list_spec cell_spec = {
    .schema = "vouch.matrix-cells/1", .member = "items", .columns = cell_columns};

static int show_matrix(const struct vouch_cli *cli, struct matrix *matrix,
                       struct vouch_fault *fault) {
    int err = 0;
    if (vouch_args_count(&cli->args, "grid") == 0) {
        err = vouch_list_open(&cell_spec, &cli->args, &cli->term, &matrix->list, fault);
    }
    if (err == 0) {
        err = walk(matrix, fault);
    }
    if (err == 0 && matrix->list != NULL) {
        err = vouch_list_close(vouch_steal(matrix->list), fault);
    } else if (err == 0) {
        print_grid(matrix);
    }
    if (err == 0) {
        vouch_say(&cli->term, "by version %lld of the policy: %zu %s, %zu %s",
                  (long long)matrix->policy, matrix->rows, rows_word(&cli->args), matrix->columns,
                  vouch_args_count(&cli->args, "label") > 0 ? "values of the label" : "hosts");
    }
    return err;
}

static int run_matrix(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    struct matrix matrix = {.reach = &reach};
    *ret_exit = VOUCH_EXIT_OK;
    int err = make_path(cli, &matrix, fault);
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        err = show_matrix(cli, &matrix, fault);
    }
    done(&matrix);
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option matrix_options[] = {
    {"rows", 0, VOUCH_OPTION_ONE, 0, "WHO", "users (the default) or groups"},
    {"label", 0, VOUCH_OPTION_ONE, 0, "KEY", "for the values of this label, not for single hosts"},
    {"zone", 0, VOUCH_OPTION_ONE, 0, "ZONE", "only hosts of this zone"},
    {"at", 0, VOUCH_OPTION_ONE, 0, "TIME", "by the policy of then: RFC 3339, or -30d"},
    {"grid", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "as CSV with a column for each host; (login) is on approval"},
    VOUCH_REACH_OPTIONS,
};

static const char *const matrix_examples[] = {
    "vouch access matrix --rows groups --label tier",
    "vouch access matrix --zone prod --grid > prod.csv",
    "vouch access matrix --at 2026-08-01 -o csv",
    NULL,
};

const struct vouch_command vouch_cmd_access_matrix = {
    .noun = "access",
    .verb = "matrix",
    .summary = "who reaches what: all users or groups, and all hosts",
    .operands = "",
    .options = matrix_options,
    .notes = "Nobody who reaches nothing is listed, except in a grid.",
    .examples = matrix_examples,
    .shape = VOUCH_SHAPE_LIST,
    .run = run_matrix,
    .failed = vouch_reach_failed,
};

// vouch access diff

static const struct vouch_query_part diff_parts[] = {
    {"at", "from", VOUCH_QUERY_MOMENT},
    {"until", "until", VOUCH_QUERY_MOMENT},
    {0},
};

static int run_diff(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    struct vouch_reach reach = {0};
    json_t *diff = NULL;
    char text[512];
    struct vouch_buf path;
    vouch_buf_init_fixed(&path, text, sizeof text - 1);
    vouch_buf_put_text(&path, "/v1/access/diff");
    int err = vouch_query_put(&cli->args, diff_parts, &path, fault);
    text[path.len] = '\0';
    if (err == 0) {
        err = vouch_reach_open(cli, &reach, fault);
    }
    if (err == 0) {
        const struct vouch_api_ask ask = {.path = text};
        err = vouch_api_ask_json(reach.api, &ask, "vouch.policy-diff/1", &diff, fault);
    }
    if (err == 0) {
        err = vouch_policy_diff_show(cli, diff, fault);
    }
    *ret_exit = VOUCH_EXIT_OK;
    json_decref(diff);
    vouch_reach_done(&reach);
    return err;
}

static const struct vouch_option diff_options[] = {
    {"at", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "TIME",
     "from how it was then: RFC 3339, or -30d"},
    {"until", 0, VOUCH_OPTION_ONE, 0, "TIME", "to how it was then (default: now)"},
    VOUCH_REACH_OPTIONS,
};

static const char *const diff_examples[] = {"vouch access diff --at 2026-08-01", NULL};

const struct vouch_command vouch_cmd_access_diff = {
    .noun = "access",
    .verb = "diff",
    .summary = "who gained and who lost what since a moment",
    .operands = "",
    .options = diff_options,
    .examples = diff_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_diff,
    .failed = vouch_reach_failed,
};
