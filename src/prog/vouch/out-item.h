// SPDX-License-Identifier: ISC
// Inside of out.h: an item as it is filled, between the JSON writer and the list that shows it.
#pragma once

#include "prog/vouch/out.h"

struct json_t;

// The texts of one row of a list, one for each chosen column.
struct vouch_cells {
    const struct vouch_column **columns;
    char **texts; // owned; NULL: not set
    size_t count;
    const struct vouch_term *term; // how moments are shown; NULL: in UTC, for programs
    int raw_paths;                 // nonzero: a program reads them
};

struct vouch_item {
    struct json_t *json;       // NULL: no JSON is wanted
    struct vouch_cells *cells; // NULL: no texts are wanted
    struct vouch_item *child;
    int err; // the first error
};

// An item for rows and heads. `json`: nonzero if JSON is wanted. NULL when memory is short.
struct vouch_item *vouch_item_begin(int json, struct vouch_cells *cells);

// The item as malloc'd compact JSON text; NULL when memory is short.
char *vouch_item_dump(const struct vouch_item *item);
