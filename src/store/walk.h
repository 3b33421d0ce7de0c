// SPDX-License-Identifier: ISC
// Going over the index from the newest record to the oldest, by what was asked for, and no further than
// a page may. Private to src/store.
//
// A walk goes in stretches. With a term: first the newest records, whose terms are not written yet, one
// by one; then segment by segment. Without: in one. What it gives may not fit yet: the caller compares.
#pragma once

#include "store/terms.h"

struct vouch_walk_filter {
    const char *cursor_kind;     // one character
    enum vouch_statement whole;  // gives all rows between two places, or those of ?4
    struct vouch_value key;      // its ?4, if it has one
    enum vouch_statement termed; // gives those of a term; used if has_term
    int has_term;
    int64_t term;
    uint64_t from_ms; // 0: no bound, and so for until_ms
    uint64_t until_ms;
};

struct vouch_walk {
    struct vouch_walk_filter filter;
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX]; // the row; its number comes first
    uint64_t resume; // the cursor's number for a page that begins with this row
    int is_cut;      // enough was looked at: the next page begins at `resume`

    int64_t before; // what is left: before > number >= first
    int64_t first;
    int64_t termed;
    int64_t stretch_first;
    enum vouch_statement statement; // of the stretch
    int is_open;
    size_t left; // how many more may be looked at
};

// Begins at the page's cursor. The walk is ended with vouch_walk_end() also when this fails.
VOUCH_MUST_USE int vouch_walk_begin(struct vouch_store *store,
                                    const struct vouch_walk_filter *filter,
                                    const struct vouch_store_page *page, struct vouch_walk *walk,
                                    struct vouch_fault *fault);

// The next row into walk->values: *ret_found is 1; or 0 at the end, or when walk->is_cut.
VOUCH_MUST_USE int vouch_walk_next(struct vouch_store *store, struct vouch_walk *walk,
                                   int *ret_found, struct vouch_fault *fault);
void vouch_walk_end(struct vouch_store *store, struct vouch_walk *walk);

// Writes the cursor of the page that begins with the row that the walk stands at, or after a cut.
void vouch_walk_cursor(const struct vouch_walk *walk, char ret_text[static VOUCH_STORE_CURSOR_MAX]);
