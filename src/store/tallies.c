// SPDX-License-Identifier: ISC
// Counters by the hour, and the counts of an overview.
#include "store/tallies.h"

#include "store/handle.h"

static int64_t kept(uint64_t number) {
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

int vouch_store_tally_add(struct vouch_store *store, enum vouch_store_tally kind, uint64_t hour,
                          struct vouch_bytes name, uint64_t more, struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kind), vouch_value_integer(kept(hour)),
                                       vouch_value_bytes(name), vouch_value_integer(kept(more))};
    return store->driver->run(store->db, VOUCH_SQL_TALLY_ADD, args, NULL, fault);
}

int vouch_store_tally_sum(struct vouch_store *store, enum vouch_store_tally kind,
                          uint64_t from_hour, uint64_t *ret_sum, struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kind),
                                       vouch_value_integer(kept(from_hour))};
    int found = 0;
    int64_t sum = 0;
    int err = vouch_store_ask(store, VOUCH_SQL_TALLY_SUM, args, &found, &sum, fault);
    if (err == VOUCH_OK) {
        *ret_sum = found ? (uint64_t)sum : 0;
    }
    return err;
}

// --- the overview

// One row of numbers, in their order.
static int read_numbers(struct vouch_store *store, enum vouch_statement statement,
                        const struct vouch_value *args, uint64_t *const *numbers, size_t count,
                        struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    struct vouch_row row;
    int is_row = 0;
    int err = vouch_store_first(store, statement, args, &is_row, values, fault);
    if (err == VOUCH_OK && is_row) {
        vouch_row_init(&row, statement, values);
        for (size_t i = 0; i < count; i++) {
            *numbers[i] = vouch_row_u64(&row);
        }
        err = row.err != VOUCH_OK ? vouch_store_row_bad(store, "counts: a row", fault) : VOUCH_OK;
    }
    store->driver->end(store->db, statement);
    return err;
}

// Whole hours are summed up; only of the hour that has begun are the certificates themselves looked at.
static int count_certs(struct vouch_store *store, uint64_t now_s,
                       struct vouch_store_summary *counts, struct vouch_fault *fault) {
    uint64_t next_hour = now_s / VOUCH_STORE_HOUR_S + 1;
    const struct vouch_value args[] = {vouch_value_integer(kept(now_s)),
                                       vouch_value_integer(kept(next_hour * VOUCH_STORE_HOUR_S))};
    uint64_t later = 0;
    uint64_t *const numbers[] = {&counts->valid,         &counts->next_end_s,
                                 &counts->revoked,       &counts->requests_waiting,
                                 &counts->hosts_waiting, &counts->hosts_locked};
    int err = read_numbers(store, VOUCH_SQL_SUMMARY, args, numbers,
                           sizeof numbers / sizeof numbers[0], fault);
    if (err == VOUCH_OK) {
        err = vouch_store_tally_sum(store, VOUCH_STORE_TALLY_ENDS, next_hour, &later, fault);
    }
    counts->valid += later;
    return err;
}

int vouch_store_summary(struct vouch_store *store, const struct vouch_store_summary_ask *ask,
                        struct vouch_store_summary *ret_summary, struct vouch_fault *fault) {
    struct vouch_store_summary counts = {0};
    uint64_t reported_s = ask->now_s > ask->silent_s ? ask->now_s - ask->silent_s : 0;
    const struct vouch_value args[] = {vouch_value_integer(kept(reported_s)),
                                       vouch_value_integer(kept(ask->krl_version))};
    uint64_t *const numbers[] = {&counts.hosts,     &counts.critical, &counts.silent,
                                 &counts.attention, &counts.behind,   &counts.current};
    int err = count_certs(store, ask->now_s, &counts, fault);
    if (err == VOUCH_OK) {
        err = read_numbers(store, VOUCH_SQL_SUMMARY_HOSTS, args, numbers,
                           sizeof numbers / sizeof numbers[0], fault);
    }
    if (err == VOUCH_OK) {
        counts.ok =
            counts.hosts - counts.critical - counts.silent - counts.attention - counts.behind;
        *ret_summary = counts;
    }
    return err;
}

static int read_ending(const struct vouch_store *store, const struct vouch_value *values,
                       struct vouch_arena *arena, struct vouch_store_ending *ret_row,
                       struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_ending ending = {0};
    vouch_row_init(&row, VOUCH_SQL_CERTS_ENDING, values);
    ending.serial = vouch_serial_read(vouch_row_integer(&row));
    ending.type = vouch_row_integer(&row) == VOUCH_CERT_USER ? VOUCH_CERT_USER : VOUCH_CERT_HOST;
    struct vouch_bytes key_id = vouch_row_bytes(&row);
    ending.end_s = vouch_row_u64(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "certs: a row", fault);
    }
    if (vouch_arena_copy(arena, key_id, &ending.key_id) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    *ret_row = ending;
    return VOUCH_OK;
}

int vouch_store_ending_list(struct vouch_store *store, uint64_t now_s, size_t most,
                            struct vouch_arena *arena, struct vouch_store_ending *ret_rows,
                            size_t *ret_count, struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kept(now_s)),
                                       vouch_value_integer((int64_t)most)};
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    size_t count = 0;
    int is_row = 1;
    int err = store->driver->query(store->db, VOUCH_SQL_CERTS_ENDING, args, fault);
    while (err == VOUCH_OK && is_row && count < most) {
        err = store->driver->next(store->db, VOUCH_SQL_CERTS_ENDING, &is_row, values, fault);
        if (err == VOUCH_OK && is_row) {
            err = read_ending(store, values, arena, &ret_rows[count++], fault);
        }
    }
    store->driver->end(store->db, VOUCH_SQL_CERTS_ENDING);
    if (err == VOUCH_OK) {
        *ret_count = count;
    }
    return err;
}

// --- over time

struct growing {
    struct vouch_store_tally_row *rows;
    size_t count, room;
};

static int grow(struct vouch_arena *arena, struct growing *tallies) {
    if (tallies->count < tallies->room) {
        return VOUCH_OK;
    }
    size_t room = tallies->room == 0 ? 256 : tallies->room * 2;
    struct vouch_store_tally_row *rows = vouch_arena_alloc(arena, room * sizeof *rows);
    if (rows == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    if (tallies->count > 0) {
        memcpy(rows, tallies->rows, tallies->count * sizeof *rows);
    }
    tallies->rows = rows;
    tallies->room = room;
    return VOUCH_OK;
}

static int read_row(const struct vouch_store *store, const struct vouch_value *values,
                    struct vouch_arena *arena, struct growing *tallies, struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_tally_row tally = {0};
    vouch_row_init(&row, VOUCH_SQL_TALLY_LIST, values);
    tally.place = vouch_row_u64(&row);
    struct vouch_bytes name = vouch_row_bytes(&row);
    tally.count = vouch_row_u64(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "counts: a row", fault);
    }
    if (grow(arena, tallies) != VOUCH_OK ||
        vouch_arena_copy(arena, name, &tally.name) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    tallies->rows[tallies->count++] = tally;
    return VOUCH_OK;
}

int vouch_store_tally_list(struct vouch_store *store, enum vouch_store_tally kind,
                           uint64_t from_hour, uint64_t step_hours, struct vouch_arena *arena,
                           const struct vouch_store_tally_row **ret_rows, size_t *ret_count,
                           struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kind),
                                       vouch_value_integer(kept(from_hour)),
                                       vouch_value_integer(kept(step_hours))};
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    struct growing tallies = {0};
    int is_row = 1;
    if (step_hours == 0) {
        return vouch_store_misuse(store, "counts are listed in steps of no time", fault);
    }
    int err = store->driver->query(store->db, VOUCH_SQL_TALLY_LIST, args, fault);
    while (err == VOUCH_OK && is_row) {
        err = store->driver->next(store->db, VOUCH_SQL_TALLY_LIST, &is_row, values, fault);
        if (err == VOUCH_OK && is_row) {
            err = read_row(store, values, arena, &tallies, fault);
        }
    }
    store->driver->end(store->db, VOUCH_SQL_TALLY_LIST);
    if (err == VOUCH_OK) {
        *ret_rows = tallies.rows;
        *ret_count = tallies.count;
    }
    return err;
}
