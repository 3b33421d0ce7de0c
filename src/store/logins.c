// SPDX-License-Identifier: ISC
// Keeping logins. The number of a row is its time and a count, so that every index is in the order of time.
#include "store/logins.h"

#include "store/handle.h"
#include "store/tallies.h"

#define CURSOR 'l'
#define COUNT_BITS 20
#define TIME_MAX_MS ((UINT64_C(1) << (63 - COUNT_BITS)) - 1)

static uint64_t place_of(uint64_t time_ms) {
    return (time_ms < TIME_MAX_MS ? time_ms : TIME_MAX_MS) << COUNT_BITS;
}

// --- adding

static int login_fits(const struct vouch_store_login *login) {
    const struct vouch_bytes texts[] = {
        login->host, login->login,  login->user,        login->key_id, login->source, login->method,
        login->ca,   login->reason, login->fingerprint, login->line,   login->alarm};
    return vouch_list_fits(texts, sizeof texts / sizeof texts[0]) && login->time_ms < TIME_MAX_MS &&
           (login->outcome == VOUCH_STORE_LOGIN_ACCEPTED ||
            login->outcome == VOUCH_STORE_LOGIN_REFUSED);
}

// The first place of that time that is free.
static int find_place(struct vouch_store *store, uint64_t time_ms, int64_t *ret_id,
                      struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer((int64_t)place_of(time_ms + 1));
    int64_t id = (int64_t)place_of(time_ms);
    int found = 0;
    int64_t last = 0;
    int err = vouch_store_ask(store, VOUCH_SQL_LOGIN_BEFORE, &arg, &found, &last, fault);
    if (err == VOUCH_OK) {
        *ret_id = found && last >= id ? last + 1 : id;
    }
    return err;
}

int vouch_store_login_add(struct vouch_store *store, const struct vouch_store_login *login,
                          struct vouch_fault *fault) {
    int64_t id = 0;
    if (!login_fits(login)) {
        return vouch_store_misuse(store, "a login is out of bounds", fault);
    }
    int err = find_place(store, login->time_ms, &id, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_value args[] = {
        vouch_value_integer(id),
        vouch_value_bytes(login->host),
        vouch_value_integer(login->outcome),
        vouch_value_bytes(login->login),
        vouch_value_bytes(login->user),
        vouch_value_bytes(login->key_id),
        vouch_value_integer(vouch_serial_kept(login->serial)),
        vouch_value_bytes(login->source),
        vouch_value_bytes(login->method),
        vouch_value_bytes(login->fingerprint),
        vouch_value_bytes(login->ca),
        vouch_value_bytes(login->reason),
        vouch_value_bytes(login->line),
        vouch_value_bytes(login->alarm),
    };
    err = store->driver->run(store->db, VOUCH_SQL_LOGIN_ADD, args, NULL, fault);
    if (err != VOUCH_OK || login->outcome != VOUCH_STORE_LOGIN_REFUSED) {
        return err;
    }
    return vouch_store_tally_add(store, VOUCH_STORE_TALLY_LOGINS_REFUSED,
                                 login->time_ms / 1000 / VOUCH_STORE_HOUR_S, vouch_bytes_of(""), 1,
                                 fault);
}

// --- the numbers that hosts count by

int vouch_store_login_next(struct vouch_store *store, uint64_t host, int *ret_found,
                           uint64_t *ret_next, struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer((int64_t)host);
    int64_t next = 0;
    int err = vouch_store_ask(store, VOUCH_SQL_LOGIN_PLACE_FIND, &arg, ret_found, &next, fault);
    if (err == VOUCH_OK) {
        *ret_next = (uint64_t)next;
    }
    return err;
}

int vouch_store_login_next_put(struct vouch_store *store, uint64_t host, uint64_t next,
                               struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer((int64_t)host),
                                       vouch_value_integer((int64_t)next)};
    return store->driver->run(store->db, VOUCH_SQL_LOGIN_PLACE_PUT, args, NULL, fault);
}

int vouch_store_logins_prune(struct vouch_store *store, uint64_t before_ms, size_t limit,
                             uint64_t *removed, struct vouch_fault *fault) {
    return vouch_store_prune(store, VOUCH_SQL_LOGINS_PRUNE, place_of(before_ms), limit, removed,
                             fault);
}

// --- listing

static int read_login(const struct vouch_store *store, enum vouch_statement statement,
                      const struct vouch_value *values, struct vouch_store_login *ret_login,
                      struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_login login = {0};
    vouch_row_init(&row, statement, values);
    login.id = vouch_row_u64(&row);
    login.time_ms = login.id >> COUNT_BITS;
    login.host = vouch_row_bytes(&row);
    login.outcome = vouch_row_integer(&row) == VOUCH_STORE_LOGIN_ACCEPTED
                        ? VOUCH_STORE_LOGIN_ACCEPTED
                        : VOUCH_STORE_LOGIN_REFUSED;
    login.login = vouch_row_bytes(&row);
    login.user = vouch_row_bytes(&row);
    login.key_id = vouch_row_bytes(&row);
    login.serial = vouch_serial_read(vouch_row_integer(&row));
    struct vouch_bytes *const texts[] = {&login.source, &login.method, &login.fingerprint,
                                         &login.ca,     &login.reason, &login.line,
                                         &login.alarm};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = vouch_row_bytes(&row);
    }
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "logins: a row", fault);
    }
    *ret_login = login;
    return VOUCH_OK;
}

static int fits(const struct vouch_store_login *login,
                const struct vouch_store_login_filter *filter) {
    return vouch_wanted(filter->host, login->host) && vouch_wanted(filter->login, login->login) &&
           vouch_wanted(filter->user, login->user) && vouch_wanted(filter->key_id, login->key_id) &&
           (filter->serial == NULL || *filter->serial == login->serial) &&
           (filter->outcome == VOUCH_STORE_LOGIN_ANY || filter->outcome == login->outcome) &&
           (filter->which == VOUCH_STORE_LOGINS_ALL || login->alarm.len > 0);
}

static int keep(const struct vouch_store *store, struct vouch_store_login *login,
                struct vouch_store_logins *logins, struct vouch_fault *fault) {
    struct vouch_bytes *const texts[] = {&login->host,   &login->login,  &login->user,
                                         &login->key_id, &login->source, &login->method,
                                         &login->ca,     &login->reason, &login->fingerprint,
                                         &login->line,   &login->alarm};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (vouch_arena_copy(&logins->arena, *texts[i], texts[i]) != VOUCH_OK) {
            return vouch_store_no_memory(store, fault);
        }
    }
    logins->rows[logins->count++] = *login;
    return VOUCH_OK;
}

// What leads: of what is asked for, the one that leaves the fewest rows. *ret_key is its ?4.
static enum vouch_statement lead(const struct vouch_store_login_filter *filter,
                                 struct vouch_value *ret_key) {
    const struct {
        struct vouch_bytes wanted;
        enum vouch_statement statement;
    } choices[] = {
        {filter->key_id, VOUCH_SQL_LOGINS_BY_KEY_ID},
        {filter->user, VOUCH_SQL_LOGINS_BY_USER},
        {filter->host, VOUCH_SQL_LOGINS_BY_HOST},
        {filter->login, VOUCH_SQL_LOGINS_BY_LOGIN},
    };
    if (filter->serial != NULL) {
        *ret_key = vouch_value_integer(vouch_serial_kept(*filter->serial));
        return VOUCH_SQL_LOGINS_BY_SERIAL;
    }
    if (filter->which == VOUCH_STORE_LOGINS_ALARMS) {
        return VOUCH_SQL_LOGINS_WITH_ALARM;
    }
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        if (choices[i].wanted.ptr != NULL) {
            *ret_key = vouch_value_bytes(choices[i].wanted);
            return choices[i].statement;
        }
    }
    return VOUCH_SQL_LOGINS_ALL;
}

struct looking {
    enum vouch_statement statement;
    const struct vouch_store_login_filter *filter;
    size_t limit;
};

// Goes over the rows until the page is full, enough were looked at, or there are no more.
static int fill(struct vouch_store *store, const struct looking *looking,
                struct vouch_store_logins *logins, struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    struct vouch_store_login login = {0};
    uint64_t last = 0;
    for (size_t looked_at = 0;; looked_at++) {
        int is_row = 0;
        int err = store->driver->next(store->db, looking->statement, &is_row, values, fault);
        if (err != VOUCH_OK || !is_row) {
            return err;
        }
        if (logins->count == looking->limit || looked_at == VOUCH_STORE_SCAN_MAX) {
            vouch_cursor_write(CURSOR, last, logins->next);
            return VOUCH_OK;
        }
        err = read_login(store, looking->statement, values, &login, fault);
        last = login.id;
        if (err == VOUCH_OK && fits(&login, looking->filter)) {
            err = keep(store, &login, logins, fault);
        }
        if (err != VOUCH_OK) {
            return err;
        }
    }
}

int vouch_store_logins_list(struct vouch_store *store,
                            const struct vouch_store_login_filter *filter,
                            const struct vouch_store_page *page,
                            struct vouch_store_logins *ret_logins, struct vouch_fault *fault) {
    struct vouch_store_logins logins = {0};
    struct vouch_value key = vouch_value_integer(0);
    const struct looking looking = {lead(filter, &key), filter, vouch_page_limit(page)};
    uint64_t end = filter->until_ms != 0 ? place_of(filter->until_ms) : INT64_MAX;
    uint64_t before = 0;
    int err = vouch_cursor_read(page, CURSOR, INT64_MAX, &before, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    logins.rows = vouch_arena_alloc(&logins.arena, looking.limit * sizeof *logins.rows);
    if (logins.rows == NULL) {
        return vouch_store_no_memory(store, fault);
    }
    const struct vouch_value args[] = {vouch_value_integer((int64_t)(before < end ? before : end)),
                                       vouch_value_integer((int64_t)place_of(filter->from_ms)),
                                       vouch_value_integer(VOUCH_STORE_SCAN_MAX + 1), key};
    err = store->driver->query(store->db, looking.statement, args, fault);
    if (err == VOUCH_OK) {
        err = fill(store, &looking, &logins, fault);
    }
    store->driver->end(store->db, looking.statement);
    if (err != VOUCH_OK) {
        vouch_store_logins_done(&logins);
        return err;
    }
    *ret_logins = logins;
    return VOUCH_OK;
}

void vouch_store_logins_done(struct vouch_store_logins *logins) {
    if (logins != NULL) {
        vouch_arena_done(&logins->arena);
        *logins = (struct vouch_store_logins){0};
    }
}
