// SPDX-License-Identifier: ISC
// Data on standard output: lists as tables, tab-separated lines, CSV or JSON; single objects as JSON.
//
// A command says its values once and this module gives them the form that was asked for. Text from an
// input is escaped wherever a person or a terminal may see it; in JSON it is JSON's own escaping, all
// ASCII, and what is not UTF-8 is escaped as elsewhere. A 64-bit number is a string in JSON.
#pragma once

#include "prog/vouch/args.h"
#include "prog/vouch/term.h"

enum vouch_form {
    VOUCH_FORM_TABLE = 0,
    VOUCH_FORM_WIDE,
    VOUCH_FORM_JSON,
    VOUCH_FORM_JSONL,
    VOUCH_FORM_CSV,
    VOUCH_FORM_NAME,
    VOUCH_FORM_TABS, // what a list is in a pipe
};

// Reads -o for a command that prints one object: TABLE means the command's own text.
VOUCH_MUST_USE int vouch_form_of_item(const struct vouch_args *args, enum vouch_form *ret_form,
                                      struct vouch_fault *fault);

// A path on a line of its own: as it stands in a pipe, escaped on a terminal.
void vouch_print_path(const struct vouch_term *term, const char *path);

// A field of CSV on standard output, quoted where RFC 4180 wants it. `text` holds no line end.
void vouch_print_csv_field(const char *text);

// One object: named values in the order they are set. Errors stick and show when it is printed.
struct vouch_item;

// An item that is printed as JSON with "schema" first; NULL when memory is short.
struct vouch_item *vouch_item_new(const char *schema);
void vouch_item_free(struct vouch_item *item);

// Prints it as JSON (over several lines) or as one line (JSONL).
VOUCH_MUST_USE int vouch_item_print(const struct vouch_item *item, enum vouch_form form,
                                    struct vouch_fault *fault);

// Each sets one value. `item` may be NULL: nothing happens. Setting a key twice is a bug.
void vouch_item_text(struct vouch_item *item, const char *key, struct vouch_bytes text);
void vouch_item_word(struct vouch_item *item, const char *key, const char *word);
// A path that a person gave: as it stands in a pipe, where a program goes on with it.
void vouch_item_path(struct vouch_item *item, const char *key, const char *path);
void vouch_item_u64(struct vouch_item *item, const char *key, uint64_t number);
void vouch_item_count(struct vouch_item *item, const char *key, size_t count);
void vouch_item_time(struct vouch_item *item, const char *key, uint64_t time_s);
void vouch_item_yes_no(struct vouch_item *item, const char *key, int yes);

// Sets a value that came as JSON; in a cell a list is joined by commas, and an object is NAME=VALUE with
// blanks between.
struct json_t;
void vouch_item_json(struct vouch_item *item, const char *key, const struct json_t *value);

// The text of such a value for a person, with everything unprintable escaped; freed by the caller. NULL
// where there is none, or memory is short.
char *vouch_item_json_text(const char *key, const struct json_t *value,
                           const struct vouch_term *term);

// Nonzero if more than a few columns of this item will be seen, so that it is worth making the rest.
int vouch_item_is_whole(const struct vouch_item *item);

// Appends one text to the list `key`, which begins empty; `text` NULL only makes the list.
void vouch_item_append(struct vouch_item *item, const char *key, const struct vouch_bytes *text);

// Appends an object to the list `key` and gives it to be filled; NULL where it would not be shown. It
// belongs to `item` and lives until the next call for the same item.
struct vouch_item *vouch_item_child(struct vouch_item *item, const char *key);

// A list of items under one head.
struct vouch_column {
    const char *key;   // as in JSON
    const char *title; // as in the table: "KEY-ID"
    int wide;          // nonzero: in the table only with -o wide or by name
};

struct vouch_list_spec {
    const char *schema;
    const char *member;                 // the JSON member that holds the rows
    const struct vouch_column *columns; // ended by a NULL key; the first is what -o name prints
    enum vouch_form otherwise;          // the form where -o is not given: TABLE, or NAME
};

struct vouch_list;

// Begins a list in the form that -o, --columns and --no-header ask for.
VOUCH_MUST_USE int vouch_list_open(const struct vouch_list_spec *spec,
                                   const struct vouch_args *args, const struct vouch_term *term,
                                   struct vouch_list **ret_list, struct vouch_fault *fault);

// Values beside the rows, in JSON only; to be set before the first row.
struct vouch_item *vouch_list_head(struct vouch_list *list);

// Begins the next row; what came before is printed as soon as its form allows. NULL when memory is
// short (the error sticks).
struct vouch_item *vouch_list_row(struct vouch_list *list);

// Prints what is left and ends the list; takes NULL.
VOUCH_MUST_USE int vouch_list_close(struct vouch_list *list, struct vouch_fault *fault);

// Ends a list without printing what is left; takes NULL.
void vouch_list_free(struct vouch_list *list);
