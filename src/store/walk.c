// SPDX-License-Identifier: ISC
// The stretches of a walk, and where in the ledger a time is.
#include "store/walk.h"

#define ARGS 5 // of each statement of a walk, before the terms of a word

static int64_t clamp(uint64_t value) {
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

static int mark(struct vouch_store *store, enum vouch_statement statement, uint64_t time_ms,
                int64_t *number, struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer(clamp(time_ms));
    int found = 0;
    int64_t value = 0;
    int err = vouch_store_ask(store, statement, &arg, &found, &value, fault);
    if (err == VOUCH_OK && found) {
        *number = value;
    }
    return err;
}

// Narrows the walk to the records of a time, and at most a batch more at each end: time never goes back
// in a ledger, so what lies before a mark is no younger than it.
static int narrow(struct vouch_store *store, struct vouch_walk *walk, struct vouch_fault *fault) {
    int64_t before = INT64_MAX;
    int err = VOUCH_OK;
    if (walk->filter.from_ms != 0) {
        err = mark(store, VOUCH_SQL_MARK_BEFORE, walk->filter.from_ms, &walk->first, fault);
    }
    if (err == VOUCH_OK && walk->filter.until_ms != 0) {
        err = mark(store, VOUCH_SQL_MARK_FROM, walk->filter.until_ms, &before, fault);
    }
    walk->before = before < walk->before ? before : walk->before;
    return err;
}

int vouch_walk_begin(struct vouch_store *store, const struct vouch_walk_filter *filter,
                     const struct vouch_store_page *page, struct vouch_walk *walk,
                     struct vouch_fault *fault) {
    uint64_t cursor = 0;
    *walk = (struct vouch_walk){.filter = *filter, .left = VOUCH_STORE_SCAN_MAX};
    int err = vouch_cursor_read(page, filter->cursor_kind[0], INT64_MAX, &cursor, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_places(store, &walk->position, &walk->termed, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    walk->before = (int64_t)cursor < walk->position ? (int64_t)cursor : walk->position;
    err = narrow(store, walk, fault);
    int is_nowhere =
        filter->terms != NULL && filter->term_count == 0 && filter->key.type == VOUCH_VALUE_NULL;
    if (is_nowhere && walk->first < walk->termed) {
        walk->first = walk->termed;
    }
    return err;
}

// A statement has as many places as a word may have terms; the last one fills those that are left.
static void put_terms(const struct vouch_walk_filter *filter, struct vouch_value *args) {
    for (size_t i = 0; i < VOUCH_WORD_TERMS_MAX && filter->terms != NULL; i++) {
        size_t at = i < filter->term_count ? i : filter->term_count - 1;
        args[i] = vouch_value_integer(filter->term_count > 0 ? filter->terms[at] : 0);
    }
}

// Chooses the stretch below walk->before and begins its statement.
static int open_stretch(struct vouch_store *store, struct vouch_walk *walk,
                        struct vouch_fault *fault) {
    int64_t segment = (walk->before - 1) >> VOUCH_TERMS_SEGMENT_BITS;
    int64_t first = 0;
    struct vouch_value key = walk->filter.key;
    walk->statement = walk->filter.whole;
    if (walk->filter.has_term && walk->before > walk->termed) {
        first = walk->termed;
    } else if (walk->filter.has_term) {
        first = segment << VOUCH_TERMS_SEGMENT_BITS;
        key = walk->filter.terms == NULL ? vouch_value_integer(walk->filter.term) : key;
        walk->statement = walk->filter.termed;
    }
    walk->stretch_first = first > walk->first ? first : walk->first;
    struct vouch_value args[ARGS + VOUCH_WORD_TERMS_MAX] = {
        vouch_value_integer(walk->before), vouch_value_integer(walk->stretch_first),
        vouch_value_integer((int64_t)walk->left + 1), key, vouch_value_integer(segment)};
    put_terms(&walk->filter, args + ARGS);
    walk->is_open = 1;
    return store->driver->query(store->db, walk->statement, args, fault);
}

static void close_stretch(struct vouch_store *store, struct vouch_walk *walk) {
    if (walk->is_open) {
        store->driver->end(store->db, walk->statement);
        walk->is_open = 0;
    }
}

// Each row and each stretch counts against what may be looked at.
static int may_go_on(struct vouch_walk *walk) {
    walk->resume = (uint64_t)walk->before;
    walk->is_cut = walk->left == 0;
    walk->left -= !walk->is_cut;
    return !walk->is_cut;
}

int vouch_walk_next(struct vouch_store *store, struct vouch_walk *walk, int *ret_found,
                    struct vouch_fault *fault) {
    for (;;) {
        int found = 0;
        int err = VOUCH_OK;
        if (!walk->is_open) {
            if (walk->before <= walk->first || !may_go_on(walk)) {
                *ret_found = 0;
                return VOUCH_OK;
            }
            err = open_stretch(store, walk, fault);
        }
        if (err == VOUCH_OK) {
            err = store->driver->next(store->db, walk->statement, &found, walk->values, fault);
        }
        if (err != VOUCH_OK) {
            return err;
        }
        if (found) {
            *ret_found = may_go_on(walk);
            walk->before = *ret_found ? walk->values[0].integer : walk->before;
            return VOUCH_OK;
        }
        close_stretch(store, walk);
        walk->before = walk->stretch_first;
    }
}

void vouch_walk_end(struct vouch_store *store, struct vouch_walk *walk) {
    close_stretch(store, walk);
}

void vouch_walk_cursor(const struct vouch_walk *walk,
                       char ret_text[static VOUCH_STORE_CURSOR_MAX]) {
    vouch_cursor_write(walk->filter.cursor_kind[0], walk->resume, ret_text);
}
