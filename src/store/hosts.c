// SPDX-License-Identifier: ISC
// Keeping enrolled hosts: finding and listing them.
#include "store/hosts-row.h"

#define CURSOR 'f'
#define LISTS 4 // of texts in a row

// --- reading a row

static int read_lists(const struct vouch_store *store, const struct vouch_bytes *lists,
                      struct vouch_arena *arena, struct vouch_store_host *host,
                      struct vouch_fault *fault) {
    const struct {
        const struct vouch_bytes **items;
        size_t *count;
    } rows[] = {{&host->labels, &host->label_count},
                {&host->aliases, &host->alias_count},
                {&host->approvers, &host->approver_count},
                {&host->wished, &host->wished_count}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int err = vouch_list_get(lists[i], arena, rows[i].items, rows[i].count);
        if (err != VOUCH_OK) {
            return err == VOUCH_ERR_CORRUPT ? vouch_store_row_bad(store, "hosts: a list", fault)
                                            : vouch_store_no_memory(store, fault);
        }
    }
    return VOUCH_OK;
}

static int keep_texts(const struct vouch_store *store, struct vouch_arena *arena,
                      struct vouch_store_host *host, struct vouch_fault *fault) {
    struct vouch_bytes *texts[] = {&host->name,  &host->former,  &host->zone,  &host->why,
                                   &host->by,    &host->source,  &host->agent, &host->sshd,
                                   &host->asker, &host->approved};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (vouch_arena_copy(arena, *texts[i], texts[i]) != VOUCH_OK) {
            return vouch_store_no_memory(store, fault);
        }
    }
    return VOUCH_OK;
}

static void read_columns(struct vouch_row *row, struct vouch_store_host *host,
                         struct vouch_bytes lists[static LISTS]) {
    host->id = vouch_row_u64(row);
    host->revision = vouch_row_u64(row);
    host->state = (enum vouch_store_host_state)vouch_row_integer(row);
    host->name = vouch_row_bytes(row);
    host->former = vouch_row_bytes(row);
    host->zone = vouch_row_bytes(row);
    lists[0] = vouch_row_bytes(row);
    lists[1] = vouch_row_bytes(row);
    lists[2] = vouch_row_bytes(row);
    host->needed = vouch_row_u64(row);
    host->why = vouch_row_bytes(row);
    host->by = vouch_row_bytes(row);
    host->token = vouch_row_u64(row);
    vouch_row_hash(row, host->machine);
    vouch_row_hash(row, host->keyset);
    host->generation = vouch_row_u64(row);
    host->used_generation = vouch_row_u64(row);
    host->may_collect_s = vouch_row_u64(row);
    host->renew = vouch_row_u64(row);
    host->source = vouch_row_bytes(row);
    host->agent = vouch_row_bytes(row);
    host->sshd = vouch_row_bytes(row);
    host->created_s = vouch_row_u64(row);
    host->seen_s = vouch_row_u64(row);
    host->renewed_s = vouch_row_u64(row);
    host->until_s = vouch_row_u64(row);
    lists[3] = vouch_row_bytes(row);
    host->asker = vouch_row_bytes(row);
    host->wish_until_s = vouch_row_u64(row);
    host->approved = vouch_row_bytes(row);
    host->approved_s = vouch_row_u64(row);
}

// What is behind the columns of the row is the caller's to read.
static int read_row(const struct vouch_store *store, struct vouch_row *row,
                    struct vouch_arena *arena, struct vouch_store_host *ret_host,
                    struct vouch_fault *fault) {
    struct vouch_store_host found = {0};
    struct vouch_bytes lists[LISTS];
    read_columns(row, &found, lists);
    if (row->err != VOUCH_OK || found.state < VOUCH_STORE_HOST_WAITING ||
        found.state > VOUCH_STORE_HOST_RETIRED) {
        return vouch_store_row_bad(store, "hosts: a row", fault);
    }
    int err = read_lists(store, lists, arena, &found, fault);
    err = err == VOUCH_OK ? keep_texts(store, arena, &found, fault) : err;
    if (err == VOUCH_OK) {
        *ret_host = found;
    }
    return err;
}

// --- finding one

static int read_host(const struct vouch_store *store, enum vouch_statement statement,
                     const struct vouch_value *values, struct vouch_arena *arena, void *ret_row,
                     struct vouch_fault *fault) {
    struct vouch_row row;
    vouch_row_init(&row, statement, values);
    return read_row(store, &row, arena, ret_row, fault);
}

static int find(struct vouch_store *store, enum vouch_statement statement,
                const struct vouch_value *args, struct vouch_arena *arena,
                enum vouch_store_outcome *ret_outcome, struct vouch_store_host *ret_host,
                struct vouch_fault *fault) {
    const struct vouch_one what = {statement, args, read_host};
    return vouch_store_one(store, &what, arena, ret_outcome, ret_host, fault);
}

int vouch_store_host_by_id(struct vouch_store *store, uint64_t id, struct vouch_arena *arena,
                           enum vouch_store_outcome *ret_outcome, struct vouch_store_host *ret_host,
                           struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer(vouch_host_number(id));
    return find(store, VOUCH_SQL_HOST_BY_ID, &arg, arena, ret_outcome, ret_host, fault);
}

int vouch_store_host_by_name(struct vouch_store *store, struct vouch_bytes name,
                             struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                             struct vouch_store_host *ret_host, struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_bytes(name);
    return find(store, VOUCH_SQL_HOST_BY_NAME, &arg, arena, ret_outcome, ret_host, fault);
}

int vouch_store_host_by_any_name(struct vouch_store *store, struct vouch_bytes name,
                                 struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                                 struct vouch_store_host *ret_host, struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_bytes(name);
    return find(store, VOUCH_SQL_HOST_BY_ANY_NAME, &arg, arena, ret_outcome, ret_host, fault);
}

int vouch_store_host_in_state(struct vouch_store *store, struct vouch_bytes name,
                              enum vouch_store_host_state state, const uint8_t *keyset,
                              struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                              struct vouch_store_host *ret_host, struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_bytes(name), vouch_value_integer(state),
        vouch_value_bytes((struct vouch_bytes){keyset, keyset != NULL ? VOUCH_STORE_HASH_LEN : 0})};
    return find(store, VOUCH_SQL_HOST_IN_STATE, args, arena, ret_outcome, ret_host, fault);
}

int vouch_store_host_by_key(struct vouch_store *store,
                            const uint8_t key[static VOUCH_STORE_HASH_LEN],
                            struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                            struct vouch_store_host *ret_host, struct vouch_fault *fault) {
    const struct vouch_value arg =
        vouch_value_bytes((struct vouch_bytes){key, VOUCH_STORE_HASH_LEN});
    return find(store, VOUCH_SQL_HOST_BY_KEY, &arg, arena, ret_outcome, ret_host, fault);
}

int vouch_store_host_by_secret(struct vouch_store *store,
                               const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                               struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                               struct vouch_store_host *ret_host, uint64_t *ret_generation,
                               struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    struct vouch_row row;
    const struct vouch_value arg =
        vouch_value_bytes((struct vouch_bytes){secret, VOUCH_STORE_HASH_LEN});
    int found = 0;
    int err = vouch_store_first(store, VOUCH_SQL_HOST_BY_SECRET, &arg, &found, values, fault);
    if (err == VOUCH_OK && found) {
        vouch_row_init(&row, VOUCH_SQL_HOST_BY_SECRET, values);
        err = read_row(store, &row, arena, ret_host, fault);
    }
    if (err == VOUCH_OK && found) {
        *ret_generation = vouch_row_u64(&row);
        err = row.err != VOUCH_OK ? vouch_store_row_bad(store, "host_secrets: a row", fault)
                                  : VOUCH_OK;
    }
    store->driver->end(store->db, VOUCH_SQL_HOST_BY_SECRET);
    if (err == VOUCH_OK) {
        *ret_outcome = found ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT;
    }
    return err;
}

// --- keys

static int read_key(const struct vouch_store *store, const struct vouch_value *values,
                    struct vouch_arena *arena, struct vouch_store_host_key *ret_key,
                    struct vouch_fault *fault) {
    struct vouch_row row;
    vouch_row_init(&row, VOUCH_SQL_HOST_KEYS_OF, values);
    vouch_row_hash(&row, ret_key->hash);
    ret_key->type = vouch_row_bytes(&row);
    ret_key->serial = vouch_serial_read(vouch_row_integer(&row));
    ret_key->valid_before_s = vouch_row_u64(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "host_keys: a row", fault);
    }
    return vouch_arena_copy(arena, ret_key->type, &ret_key->type) == VOUCH_OK
               ? VOUCH_OK
               : vouch_store_no_memory(store, fault);
}

int vouch_store_host_keys(struct vouch_store *store, struct vouch_arena *arena,
                          struct vouch_store_host *host, struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    const struct vouch_value args[] = {vouch_value_integer(vouch_host_number(host->id)),
                                       vouch_value_integer(VOUCH_STORE_HOST_KEYS_MAX)};
    size_t count = 0;
    struct vouch_store_host_key *keys =
        vouch_arena_alloc(arena, VOUCH_STORE_HOST_KEYS_MAX * sizeof *keys);
    if (keys == NULL) {
        return vouch_store_no_memory(store, fault);
    }
    int is_row = 1;
    int err = store->driver->query(store->db, VOUCH_SQL_HOST_KEYS_OF, args, fault);
    while (err == VOUCH_OK && is_row && count < VOUCH_STORE_HOST_KEYS_MAX) {
        err = store->driver->next(store->db, VOUCH_SQL_HOST_KEYS_OF, &is_row, values, fault);
        if (err == VOUCH_OK && is_row) {
            err = read_key(store, values, arena, &keys[count++], fault);
        }
    }
    store->driver->end(store->db, VOUCH_SQL_HOST_KEYS_OF);
    host->keys = keys;
    host->key_count = err == VOUCH_OK ? count : 0;
    return err;
}

// --- counting and listing

int vouch_store_hosts_waiting(struct vouch_store *store, struct vouch_bytes source, uint64_t now_s,
                              uint64_t *ret_of_source, uint64_t *ret_in_all,
                              struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(vouch_host_number(now_s)),
                                       vouch_value_bytes(source)};
    int64_t of_source = 0, in_all = 0;
    int found = 0;
    int err = vouch_store_ask(store, VOUCH_SQL_HOSTS_WAITING_FROM, args, &found, &of_source, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_ask(store, VOUCH_SQL_HOSTS_WAITING, args, &found, &in_all, fault);
    }
    if (err == VOUCH_OK) {
        *ret_of_source = (uint64_t)of_source;
        *ret_in_all = (uint64_t)in_all;
    }
    return err;
}

struct listing {
    const struct vouch_store_host_filter *filter;
    enum vouch_statement statement;
    size_t limit;
    struct vouch_store_hosts *page;
    struct vouch_arena spare; // of a row that does not fit
};

static int fits(const struct vouch_store_host_filter *filter, const struct vouch_store_host *host) {
    return filter->fits == NULL || filter->fits(host, filter->context);
}

// Looks at rows until the page is full, there are no more, or it was enough.
static int fill(struct vouch_store *store, struct listing *listing, struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    struct vouch_store_hosts *page = listing->page;
    uint64_t last = 0;
    for (size_t looked = 0;; looked++) {
        struct vouch_store_host host;
        struct vouch_row row;
        int is_row = 0;
        int err = store->driver->next(store->db, listing->statement, &is_row, values, fault);
        if (err != VOUCH_OK || !is_row) {
            return err;
        }
        if (page->count == listing->limit || looked == VOUCH_STORE_SCAN_MAX) {
            vouch_cursor_write(CURSOR, last, page->next);
            return VOUCH_OK;
        }
        vouch_arena_clear(&listing->spare);
        vouch_row_init(&row, listing->statement, values);
        err = read_row(store, &row, &listing->spare, &host, fault);
        if (err == VOUCH_OK && fits(listing->filter, &host)) {
            vouch_row_init(&row, listing->statement, values);
            err = read_row(store, &row, &page->arena, &page->rows[page->count++], fault);
        }
        if (err != VOUCH_OK) {
            return err;
        }
        last = host.id;
    }
}

static int add_keys(struct vouch_store *store, struct vouch_store_hosts *page,
                    struct vouch_fault *fault) {
    int err = VOUCH_OK;
    for (size_t i = 0; err == VOUCH_OK && i < page->count; i++) {
        err = vouch_store_host_keys(store, &page->arena, &page->rows[i], fault);
    }
    return err;
}

static int list(struct vouch_store *store, struct listing *listing, const struct vouch_value *args,
                struct vouch_fault *fault) {
    struct vouch_store_hosts *page = listing->page;
    page->rows = vouch_arena_alloc(&page->arena, (listing->limit + 1) * sizeof *page->rows);
    if (page->rows == NULL) {
        return vouch_store_no_memory(store, fault);
    }
    int err = store->driver->query(store->db, listing->statement, args, fault);
    if (err == VOUCH_OK) {
        err = fill(store, listing, fault);
    }
    store->driver->end(store->db, listing->statement);
    vouch_arena_done(&listing->spare);
    return err == VOUCH_OK ? add_keys(store, page, fault) : err;
}

int vouch_store_hosts_list(struct vouch_store *store, const struct vouch_store_host_filter *filter,
                           const struct vouch_store_page *page, struct vouch_store_hosts *ret_hosts,
                           struct vouch_fault *fault) {
    struct vouch_store_hosts hosts = {0};
    uint64_t after = 0;
    int err = vouch_cursor_read(page, CURSOR, 0, &after, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_value args[] = {vouch_value_integer(vouch_host_number(after)),
                                       vouch_value_integer(VOUCH_STORE_SCAN_MAX + 1),
                                       vouch_value_integer(filter->state)};
    struct listing listing = {.filter = filter,
                              .statement = filter->state == VOUCH_STORE_HOST_NONE
                                               ? VOUCH_SQL_HOSTS_ALL
                                               : VOUCH_SQL_HOSTS_BY_STATE,
                              .limit = vouch_page_limit(page),
                              .page = &hosts};
    err = list(store, &listing, args, fault);
    if (err != VOUCH_OK) {
        vouch_store_hosts_done(&hosts);
        return err;
    }
    *ret_hosts = hosts;
    return VOUCH_OK;
}

void vouch_store_hosts_done(struct vouch_store_hosts *hosts) {
    if (hosts != NULL) {
        vouch_arena_done(&hosts->arena);
        *hosts = (struct vouch_store_hosts){0};
    }
}

static int count_active(struct vouch_store *store, size_t *ret_count, struct vouch_fault *fault) {
    int64_t count = 0;
    int found = 0;
    int err = vouch_store_ask(store, VOUCH_SQL_HOSTS_COUNT, NULL, &found, &count, fault);
    *ret_count = (size_t)count;
    return err;
}

// The count may be of a moment before, so the rows are held to it.
static int fill_active(struct vouch_store *store, size_t most, struct vouch_store_hosts *hosts,
                       struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    int is_row = 1;
    int err = store->driver->query(store->db, VOUCH_SQL_HOSTS_ACTIVE, NULL, fault);
    while (err == VOUCH_OK && is_row && hosts->count < most) {
        struct vouch_row row;
        err = store->driver->next(store->db, VOUCH_SQL_HOSTS_ACTIVE, &is_row, values, fault);
        if (err == VOUCH_OK && is_row) {
            vouch_row_init(&row, VOUCH_SQL_HOSTS_ACTIVE, values);
            err = read_row(store, &row, &hosts->arena, &hosts->rows[hosts->count++], fault);
        }
    }
    store->driver->end(store->db, VOUCH_SQL_HOSTS_ACTIVE);
    return err;
}

int vouch_store_hosts_active(struct vouch_store *store, struct vouch_store_hosts *ret_hosts,
                             struct vouch_fault *fault) {
    struct vouch_store_hosts hosts = {0};
    size_t count = 0;
    int err = count_active(store, &count, fault);
    if (err == VOUCH_OK) {
        hosts.rows = vouch_arena_alloc(&hosts.arena, (count + 1) * sizeof *hosts.rows);
        err = hosts.rows != NULL ? fill_active(store, count, &hosts, fault)
                                 : vouch_store_no_memory(store, fault);
    }
    if (err != VOUCH_OK) {
        vouch_store_hosts_done(&hosts);
        return err;
    }
    *ret_hosts = hosts;
    return VOUCH_OK;
}
