// SPDX-License-Identifier: ISC
// Keeping requests.
#include "store/requests.h"

#include "store/handle.h"

#define CURSOR 'q'

// A list of texts, as long as it may be.
#define LIST_MAX (VOUCH_STORE_LIST_MAX * (VOUCH_STORE_TEXT_MAX + 4))

static int numbers_fit(const struct vouch_store_request *request) {
    return request->created_s <= INT64_MAX && request->expires_s <= INT64_MAX &&
           request->ttl_s <= INT64_MAX && request->missing <= INT64_MAX &&
           request->revision < INT64_MAX && request->id <= INT64_MAX;
}

static const char *judge(const struct vouch_store_request *request) {
    const struct vouch_bytes texts[] = {request->user,   request->zone,    request->reason,
                                        request->source, request->comment, request->decided_by};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].len > VOUCH_STORE_TEXT_MAX) {
            return "a request has a text that is too long";
        }
    }
    if (!vouch_list_fits(request->roles.items, request->roles.count) ||
        !vouch_list_fits(request->principals.items, request->principals.count) ||
        !vouch_list_fits(request->approvers.items, request->approvers.count)) {
        return "a request has too many texts, or one that is too long";
    }
    if (request->ask.len > VOUCH_STORE_REQUEST_BYTES_MAX ||
        request->approved.len > VOUCH_STORE_REQUEST_BYTES_MAX) {
        return "what was asked, or would be granted, is too long";
    }
    if (request->state < VOUCH_STORE_REQUEST_WAITING ||
        request->state > VOUCH_STORE_REQUEST_TAKEN || !numbers_fit(request)) {
        return "a request needs a state, and numbers below 2^63";
    }
    return NULL;
}

// A list in its encoding, in the arena.
static int make_list(struct vouch_store *store, struct vouch_arena *arena,
                     const struct vouch_store_texts *texts, struct vouch_value *ret_value,
                     struct vouch_fault *fault) {
    struct vouch_buf list;
    struct vouch_bytes kept = {0};
    vouch_buf_init(&list, LIST_MAX);
    vouch_list_put(&list, texts->items, texts->count);
    int err = list.err != VOUCH_OK || vouch_arena_copy(arena, vouch_buf_bytes(&list), &kept) != 0
                  ? vouch_store_no_memory(store, fault)
                  : VOUCH_OK;
    vouch_buf_done(&list);
    *ret_value = vouch_value_bytes(kept);
    return err;
}

// --- making and changing

static int add(struct vouch_store *store, const struct vouch_store_request *request,
               struct vouch_arena *arena, struct vouch_fault *fault) {
    struct vouch_value args[] = {
        vouch_value_integer(request->state),
        vouch_value_bytes(request->user),
        vouch_value_bytes(request->zone),
        vouch_value_integer((int64_t)request->created_s),
        vouch_value_integer((int64_t)request->expires_s),
        vouch_value_integer((int64_t)request->ttl_s),
        vouch_value_bytes((struct vouch_bytes){request->key, sizeof request->key}),
        vouch_value_integer((int64_t)request->missing),
        vouch_value_integer(vouch_serial_kept(request->serial)),
        {0}, // roles
        {0}, // principals
        {0}, // approvers
        vouch_value_bytes(request->reason),
        vouch_value_bytes(request->source),
        vouch_value_bytes(request->decided_by),
        vouch_value_bytes(request->comment),
        vouch_value_bytes(request->ask),
        vouch_value_bytes(request->approved),
    };
    int err = make_list(store, arena, &request->roles, &args[9], fault);
    if (err == VOUCH_OK) {
        err = make_list(store, arena, &request->principals, &args[10], fault);
    }
    if (err == VOUCH_OK) {
        err = make_list(store, arena, &request->approvers, &args[11], fault);
    }
    return err == VOUCH_OK ? store->driver->run(store->db, VOUCH_SQL_REQUEST_ADD, args, NULL, fault)
                           : err;
}

int vouch_store_request_add(struct vouch_store *store, const struct vouch_store_request *request,
                            uint64_t *ret_id, struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena arena = {0};
    const char *reason = judge(request);
    int64_t id = 0;
    int found = 0;
    if (reason != NULL) {
        return vouch_store_misuse(store, reason, fault);
    }
    int err = vouch_store_begin(store, VOUCH_DRIVER_NOW, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = add(store, request, &arena, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_ask(store, VOUCH_SQL_REQUEST_NEWEST, NULL, &found, &id, fault);
    }
    err = vouch_store_end(store, err, fault);
    if (err == VOUCH_OK) {
        *ret_id = (uint64_t)id;
    }
    return err;
}

int vouch_store_request_change(struct vouch_store *store, const struct vouch_store_request *request,
                               enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena arena = {0};
    const char *reason = judge(request);
    uint64_t changed = 0;
    if (reason != NULL) {
        return vouch_store_misuse(store, reason, fault);
    }
    struct vouch_value args[] = {
        vouch_value_integer((int64_t)request->id),
        vouch_value_integer((int64_t)request->revision),
        vouch_value_integer(request->state),
        vouch_value_integer((int64_t)request->expires_s),
        vouch_value_integer((int64_t)request->missing),
        {0}, // approvers
        vouch_value_bytes(request->decided_by),
        vouch_value_bytes(request->comment),
        vouch_value_integer(vouch_serial_kept(request->serial)),
    };
    int err = make_list(store, &arena, &request->approvers, &args[5], fault);
    if (err == VOUCH_OK) {
        err = vouch_store_change(store, VOUCH_DRIVER_NOW, VOUCH_SQL_REQUEST_CHANGE, args, &changed,
                                 fault);
    }
    if (err == VOUCH_OK) {
        *ret_outcome = changed == 1 ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT;
    }
    return err;
}

int vouch_store_requests_expire(struct vouch_store *store, uint64_t now_s, uint64_t forget_s,
                                size_t max, struct vouch_fault *fault) {
    if (now_s > INT64_MAX || forget_s > now_s || max > INT32_MAX) {
        return vouch_store_misuse(store, "requests expire at a time below 2^63", fault);
    }
    const struct vouch_value now[] = {vouch_value_integer((int64_t)now_s),
                                      vouch_value_integer((int64_t)max)};
    const struct vouch_value forget[] = {vouch_value_integer((int64_t)forget_s),
                                         vouch_value_integer((int64_t)max)};
    int err = vouch_store_begin(store, VOUCH_DRIVER_LATER, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = store->driver->run(store->db, VOUCH_SQL_REQUESTS_EXPIRE, now, NULL, fault);
    if (err == VOUCH_OK) {
        err = store->driver->run(store->db, VOUCH_SQL_REQUESTS_FORGET, forget, NULL, fault);
    }
    return vouch_store_end(store, err, fault);
}

// --- reading

struct lists {
    struct vouch_bytes roles, principals, approvers;
};

static int read_lists(const struct vouch_store *store, const struct lists *lists,
                      struct vouch_arena *arena, struct vouch_store_request *found,
                      struct vouch_fault *fault) {
    const struct {
        struct vouch_bytes kept;
        struct vouch_store_texts *texts;
    } rows[] = {{lists->roles, &found->roles},
                {lists->principals, &found->principals},
                {lists->approvers, &found->approvers}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int err = vouch_list_get(rows[i].kept, arena, &rows[i].texts->items, &rows[i].texts->count);
        if (err != VOUCH_OK) {
            return err == VOUCH_ERR_CORRUPT ? vouch_store_row_bad(store, "requests: a list", fault)
                                            : vouch_store_no_memory(store, fault);
        }
    }
    return VOUCH_OK;
}

static int keep_texts(const struct vouch_store *store, struct vouch_arena *arena,
                      struct vouch_store_request *found, struct vouch_fault *fault) {
    struct vouch_bytes *texts[] = {&found->user,   &found->zone,       &found->reason,
                                   &found->source, &found->decided_by, &found->comment,
                                   &found->ask,    &found->approved};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (vouch_arena_copy(arena, *texts[i], texts[i]) != VOUCH_OK) {
            return vouch_store_no_memory(store, fault);
        }
    }
    return VOUCH_OK;
}

static int read_request(const struct vouch_store *store, enum vouch_statement statement,
                        const struct vouch_value *values, struct vouch_arena *arena,
                        struct vouch_store_request *ret_request, struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_request found = {0};
    struct lists lists;
    vouch_row_init(&row, statement, values);
    found.id = vouch_row_u64(&row);
    found.revision = vouch_row_u64(&row);
    int64_t state = vouch_row_integer(&row);
    found.user = vouch_row_bytes(&row);
    found.zone = vouch_row_bytes(&row);
    found.created_s = vouch_row_u64(&row);
    found.expires_s = vouch_row_u64(&row);
    found.ttl_s = vouch_row_u64(&row);
    vouch_row_hash(&row, found.key);
    found.missing = vouch_row_u64(&row);
    found.serial = vouch_serial_read(vouch_row_integer(&row));
    lists.roles = vouch_row_bytes(&row);
    lists.principals = vouch_row_bytes(&row);
    lists.approvers = vouch_row_bytes(&row);
    found.reason = vouch_row_bytes(&row);
    found.source = vouch_row_bytes(&row);
    found.decided_by = vouch_row_bytes(&row);
    found.comment = vouch_row_bytes(&row);
    found.ask = vouch_row_bytes(&row);
    found.approved = vouch_row_bytes(&row);
    if (row.err != VOUCH_OK || state < VOUCH_STORE_REQUEST_WAITING ||
        state > VOUCH_STORE_REQUEST_TAKEN) {
        return vouch_store_row_bad(store, "requests: a row", fault);
    }
    found.state = (enum vouch_store_request_state)state;
    int err = read_lists(store, &lists, arena, &found, fault);
    err = err == VOUCH_OK ? keep_texts(store, arena, &found, fault) : err;
    if (err == VOUCH_OK) {
        *ret_request = found;
    }
    return err;
}

int vouch_store_request_find(struct vouch_store *store, uint64_t id, struct vouch_arena *arena,
                             enum vouch_store_outcome *ret_outcome,
                             struct vouch_store_request *ret_request, struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    const struct vouch_value arg = vouch_value_integer(id > INT64_MAX ? 0 : (int64_t)id);
    int found = 0;
    int err = store->driver->query(store->db, VOUCH_SQL_REQUEST_FIND, &arg, fault);
    if (err == VOUCH_OK) {
        err = store->driver->next(store->db, VOUCH_SQL_REQUEST_FIND, &found, values, fault);
    }
    if (err == VOUCH_OK && found) {
        err = read_request(store, VOUCH_SQL_REQUEST_FIND, values, arena, ret_request, fault);
    }
    store->driver->end(store->db, VOUCH_SQL_REQUEST_FIND);
    if (err == VOUCH_OK) {
        *ret_outcome = found ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT;
    }
    return err;
}

// --- listing

static enum vouch_statement statement_of(const struct vouch_store_request_filter *filter) {
    if (filter->user.ptr != NULL) {
        return VOUCH_SQL_REQUESTS_BY_USER;
    }
    return filter->state != VOUCH_STORE_REQUEST_NONE ? VOUCH_SQL_REQUESTS_BY_STATE
                                                     : VOUCH_SQL_REQUESTS_ALL;
}

static int fill(struct vouch_store *store, const struct vouch_store_request_filter *filter,
                size_t limit, struct vouch_store_requests *list, struct vouch_fault *fault) {
    enum vouch_statement statement = statement_of(filter);
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    uint64_t last = 0;
    for (size_t looked_at = 0;; looked_at++) {
        int is_row = 0;
        int err = store->driver->next(store->db, statement, &is_row, values, fault);
        if (err != VOUCH_OK || !is_row) {
            return err;
        }
        if (looked_at == limit) {
            vouch_cursor_write(CURSOR, last, list->next);
            return VOUCH_OK;
        }
        struct vouch_store_request *request = &list->rows[list->count];
        err = read_request(store, statement, values, &list->arena, request, fault);
        if (err != VOUCH_OK) {
            return err;
        }
        last = request->id;
        list->count +=
            filter->state == VOUCH_STORE_REQUEST_NONE || filter->state == request->state ? 1 : 0;
    }
}

int vouch_store_requests_list(struct vouch_store *store,
                              const struct vouch_store_request_filter *filter,
                              const struct vouch_store_page *page,
                              struct vouch_store_requests *ret_requests,
                              struct vouch_fault *fault) {
    struct vouch_store_requests list = {0};
    enum vouch_statement statement = statement_of(filter);
    size_t limit = vouch_page_limit(page);
    uint64_t before = 0;
    int err = vouch_cursor_read(page, CURSOR, INT64_MAX, &before, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    list.rows = vouch_arena_alloc(&list.arena, limit * sizeof *list.rows);
    if (list.rows == NULL) {
        return vouch_store_no_memory(store, fault);
    }
    const struct vouch_value args[] = {
        vouch_value_integer((int64_t)before), vouch_value_integer((int64_t)limit + 1),
        statement == VOUCH_SQL_REQUESTS_BY_USER ? vouch_value_bytes(filter->user)
                                                : vouch_value_integer(filter->state)};
    err = store->driver->query(store->db, statement, args, fault);
    if (err == VOUCH_OK) {
        err = fill(store, filter, limit, &list, fault);
    }
    store->driver->end(store->db, statement);
    if (err != VOUCH_OK) {
        vouch_store_requests_done(&list);
        return err;
    }
    *ret_requests = list;
    return VOUCH_OK;
}

void vouch_store_requests_done(struct vouch_store_requests *requests) {
    if (requests != NULL) {
        vouch_arena_done(&requests->arena);
        *requests = (struct vouch_store_requests){0};
    }
}
