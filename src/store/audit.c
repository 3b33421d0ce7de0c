// SPDX-License-Identifier: ISC
// Searching events, certificates among them.
#include "store/audit.h"

#include "store/walk.h"

static int read_event(const struct vouch_store *store, enum vouch_statement statement,
                      const struct vouch_value *values, struct vouch_store_event *ret_event,
                      struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_event event = {0};
    vouch_row_init(&row, statement, values);
    event.number = vouch_row_u64(&row);
    event.time_ms = vouch_row_u64(&row);
    event.type = vouch_row_bytes(&row);
    event.actor = vouch_row_bytes(&row);
    event.object = vouch_row_bytes(&row);
    event.details = vouch_row_bytes(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "events: a row", fault);
    }
    *ret_event = event;
    return VOUCH_OK;
}

static int fits(const struct vouch_store_event *event,
                const struct vouch_store_event_filter *filter) {
    return vouch_wanted(filter->type, event->type) && vouch_wanted(filter->actor, event->actor) &&
           vouch_wanted(filter->object, event->object) && event->time_ms >= filter->from_ms &&
           (filter->until_ms == 0 || event->time_ms < filter->until_ms);
}

static int keep(const struct vouch_store *store, const struct vouch_store_event *found,
                struct vouch_store_events *events, struct vouch_fault *fault) {
    struct vouch_store_event event = *found;
    struct vouch_bytes *const texts[] = {&event.type, &event.actor, &event.object, &event.details};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (vouch_arena_copy(&events->arena, *texts[i], texts[i]) != VOUCH_OK) {
            return vouch_store_no_memory(store, fault);
        }
    }
    events->rows[events->count++] = event;
    return VOUCH_OK;
}

// What leads the walk: the filter that leaves the fewest rows.
static void lead(const struct vouch_store_event_filter *filter, struct vouch_walk_filter *walk) {
    const struct {
        struct vouch_bytes wanted;
        enum vouch_term_kind kind;
    } choices[] = {
        {filter->object, VOUCH_TERM_OBJECT},
        {filter->actor, VOUCH_TERM_ACTOR},
        {filter->type, VOUCH_TERM_TYPE},
    };
    int is_certs = filter->object.ptr == NULL && filter->actor.ptr == NULL &&
                   vouch_bytes_equal(filter->type, vouch_bytes_of(VOUCH_STORE_EVENT_CERT));
    if (is_certs) { // nearly all records are: they have no term for it
        walk->whole = VOUCH_SQL_AUDIT_CERTS;
        return;
    }
    for (size_t i = 0; i < sizeof choices / sizeof choices[0] && !walk->has_term; i++) {
        walk->has_term = choices[i].wanted.ptr != NULL;
        walk->term = walk->has_term ? vouch_term(choices[i].kind, choices[i].wanted) : 0;
    }
}

static int fill(struct vouch_store *store, struct vouch_walk *walk,
                const struct vouch_store_event_filter *filter, size_t limit,
                struct vouch_store_events *events, struct vouch_fault *fault) {
    for (;;) {
        struct vouch_store_event event;
        int is_row = 0;
        int err = vouch_walk_next(store, walk, &is_row, fault);
        if (err != VOUCH_OK) {
            return err;
        }
        if (walk->is_cut || (is_row && events->count == limit)) {
            vouch_walk_cursor(walk, events->next);
            return VOUCH_OK;
        }
        if (!is_row) {
            return VOUCH_OK;
        }
        err = read_event(store, walk->statement, walk->values, &event, fault);
        if (err == VOUCH_OK && fits(&event, filter)) {
            err = keep(store, &event, events, fault);
        }
        if (err != VOUCH_OK) {
            return err;
        }
    }
}

int vouch_store_audit_list(struct vouch_store *store, const struct vouch_store_event_filter *filter,
                           const struct vouch_store_page *page,
                           struct vouch_store_events *ret_events, struct vouch_fault *fault) {
    struct vouch_store_events events = {0};
    struct vouch_walk walk;
    struct vouch_walk_filter by = {.cursor_kind = "a",
                                   .whole = VOUCH_SQL_AUDIT_ALL,
                                   .termed = VOUCH_SQL_AUDIT_BY_TERM,
                                   .from_ms = filter->from_ms,
                                   .until_ms = filter->until_ms};
    size_t limit = vouch_page_limit(page);
    lead(filter, &by);
    events.rows = vouch_arena_alloc(&events.arena, limit * sizeof *events.rows);
    if (events.rows == NULL) {
        return vouch_store_no_memory(store, fault);
    }
    int err = vouch_walk_begin(store, &by, page, &walk, fault);
    if (err == VOUCH_OK) {
        err = fill(store, &walk, filter, limit, &events, fault);
    }
    vouch_walk_end(store, &walk);
    if (err != VOUCH_OK) {
        vouch_store_events_done(&events);
        return err;
    }
    *ret_events = events;
    return VOUCH_OK;
}

void vouch_store_events_done(struct vouch_store_events *events) {
    if (events != NULL) {
        vouch_arena_done(&events->arena);
        *events = (struct vouch_store_events){0};
    }
}
