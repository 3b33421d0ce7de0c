// SPDX-License-Identifier: ISC
// The stretches of a walk, and where in the ledger a time is.
#include "store/walk.h"

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
    int64_t position = 0;
    *walk = (struct vouch_walk){.filter = *filter, .left = VOUCH_STORE_SCAN_MAX};
    int err = vouch_cursor_read(page, filter->cursor_kind[0], INT64_MAX, &cursor, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_places(store, &position, &walk->termed, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    walk->before = (int64_t)cursor < position ? (int64_t)cursor : position;
    return narrow(store, walk, fault);
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
        key = vouch_value_integer(walk->filter.term);
        walk->statement = walk->filter.termed;
    }
    walk->stretch_first = first > walk->first ? first : walk->first;
    const struct vouch_value args[] = {
        vouch_value_integer(walk->before), vouch_value_integer(walk->stretch_first),
        vouch_value_integer((int64_t)walk->left + 1), key, vouch_value_integer(segment)};
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
