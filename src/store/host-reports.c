// SPDX-License-Identifier: ISC
// Keeping what hosts were given and what they report.
#include "store/host-reports.h"

#include "store/handle.h"

#define LIST_MAX (VOUCH_STORE_LIST_MAX * (VOUCH_STORE_TEXT_MAX + 4u))

// --- states

int vouch_store_host_given_find(struct vouch_store *store, uint64_t host,
                                struct vouch_store_host_given *ret_state,
                                struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    struct vouch_row row;
    struct vouch_store_host_given state = {0};
    const struct vouch_value arg = vouch_value_integer((int64_t)host);
    int found = 0;
    int err = vouch_store_first(store, VOUCH_SQL_HOST_STATE_FIND, &arg, &found, values, fault);
    if (err == VOUCH_OK && found) {
        vouch_row_init(&row, VOUCH_SQL_HOST_STATE_FIND, values);
        state.version = vouch_row_u64(&row);
        vouch_row_hash(&row, state.hash);
        err = row.err != VOUCH_OK ? vouch_store_row_bad(store, "host_states: a row", fault)
                                  : VOUCH_OK;
    }
    store->driver->end(store->db, VOUCH_SQL_HOST_STATE_FIND);
    if (err == VOUCH_OK) {
        *ret_state = state;
    }
    return err;
}

int vouch_store_host_given_put(struct vouch_store *store, uint64_t host,
                               const uint8_t hash[static VOUCH_STORE_HASH_LEN], uint64_t now_ms,
                               uint64_t *ret_version, struct vouch_fault *fault) {
    struct vouch_store_host_given kept = {0};
    if (host > INT64_MAX || now_ms > INT64_MAX / 2) {
        return vouch_store_misuse(store, "a host's number or the time is out of bounds", fault);
    }
    int err = vouch_store_host_given_find(store, host, &kept, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    uint64_t version = kept.version;
    if (version == 0 || memcmp(kept.hash, hash, sizeof kept.hash) != 0) {
        version = version < now_ms ? now_ms : version + 1;
        const struct vouch_value args[] = {
            vouch_value_integer((int64_t)host), vouch_value_integer((int64_t)version),
            vouch_value_bytes((struct vouch_bytes){hash, VOUCH_STORE_HASH_LEN})};
        err = store->driver->run(store->db, VOUCH_SQL_HOST_STATE_PUT, args, NULL, fault);
    }
    if (err == VOUCH_OK) {
        *ret_version = version;
    }
    return err;
}

// --- reports

static int copy_texts(const struct vouch_store *store, struct vouch_arena *arena,
                      struct vouch_store_host_report *report, struct vouch_fault *fault) {
    struct vouch_bytes *const texts[] = {&report->health, &report->agent, &report->sshd};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (vouch_arena_copy(arena, *texts[i], texts[i]) != VOUCH_OK) {
            return vouch_store_no_memory(store, fault);
        }
    }
    return VOUCH_OK;
}

static int read_report(const struct vouch_store *store, const struct vouch_value *values,
                       struct vouch_arena *arena, struct vouch_store_host_report *ret_report,
                       struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_host_report report = {0};
    vouch_row_init(&row, VOUCH_SQL_HOST_REPORT_FIND, values);
    report.host = vouch_row_u64(&row);
    report.time_s = vouch_row_u64(&row);
    report.clock_ms = vouch_row_integer(&row);
    report.krl_version = vouch_row_u64(&row);
    report.krl_generated_s = vouch_row_u64(&row);
    report.state_version = vouch_row_u64(&row);
    report.trust_version = vouch_row_u64(&row);
    report.health = vouch_row_bytes(&row);
    report.agent = vouch_row_bytes(&row);
    report.sshd = vouch_row_bytes(&row);
    struct vouch_bytes problems = vouch_row_bytes(&row);
    struct vouch_bytes ca_keys = vouch_row_bytes(&row);
    struct vouch_bytes settings = vouch_row_bytes(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "host_reports: a row", fault);
    }
    if (vouch_list_get(problems, arena, &report.problems, &report.problem_count) != VOUCH_OK ||
        vouch_list_get(ca_keys, arena, &report.ca_keys, &report.ca_key_count) != VOUCH_OK ||
        vouch_list_get(settings, arena, &report.settings, &report.setting_count) != VOUCH_OK) {
        return vouch_store_row_bad(store, "host_reports: a list", fault);
    }
    int err = copy_texts(store, arena, &report, fault);
    if (err == VOUCH_OK) {
        *ret_report = report;
    }
    return err;
}

int vouch_store_host_report_find(struct vouch_store *store, uint64_t host,
                                 struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                                 struct vouch_store_host_report *ret_report,
                                 struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    const struct vouch_value arg = vouch_value_integer((int64_t)host);
    int found = 0;
    int err = vouch_store_first(store, VOUCH_SQL_HOST_REPORT_FIND, &arg, &found, values, fault);
    if (err == VOUCH_OK && found) {
        err = read_report(store, values, arena, ret_report, fault);
    }
    store->driver->end(store->db, VOUCH_SQL_HOST_REPORT_FIND);
    if (err == VOUCH_OK) {
        *ret_outcome = found ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT;
    }
    return err;
}

// --- who has which list

struct growing {
    struct vouch_store_host_list *rows;
    size_t count, room;
};

static int read_list(const struct vouch_store *store, const struct vouch_value *values,
                     struct vouch_arena *arena, struct growing *lists, struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_host_list list = {0};
    vouch_row_init(&row, VOUCH_SQL_HOST_LISTS, values);
    struct vouch_bytes host = vouch_row_bytes(&row);
    list.version = vouch_row_u64(&row);
    list.generated_s = vouch_row_u64(&row);
    list.reported_s = vouch_row_u64(&row);
    list.arrived_s = vouch_row_u64(&row);
    list.created_s = vouch_row_u64(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "hosts: a row", fault);
    }
    if (lists->count == lists->room) {
        size_t room = lists->room == 0 ? 256 : lists->room * 2;
        struct vouch_store_host_list *rows = vouch_arena_alloc(arena, room * sizeof *rows);
        if (rows == NULL) {
            return vouch_store_no_memory(store, fault);
        }
        if (lists->count > 0) {
            memcpy(rows, lists->rows, lists->count * sizeof *rows);
        }
        lists->rows = rows;
        lists->room = room;
    }
    if (vouch_arena_copy(arena, host, &list.host) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    lists->rows[lists->count++] = list;
    return VOUCH_OK;
}

int vouch_store_host_lists(struct vouch_store *store, struct vouch_arena *arena,
                           const struct vouch_store_host_list **ret_lists, size_t *ret_count,
                           struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    struct growing lists = {0};
    int is_row = 1;
    int err = store->driver->query(store->db, VOUCH_SQL_HOST_LISTS, NULL, fault);
    while (err == VOUCH_OK && is_row) {
        err = store->driver->next(store->db, VOUCH_SQL_HOST_LISTS, &is_row, values, fault);
        if (err == VOUCH_OK && is_row) {
            err = read_list(store, values, arena, &lists, fault);
        }
    }
    store->driver->end(store->db, VOUCH_SQL_HOST_LISTS);
    if (err == VOUCH_OK) {
        *ret_lists = lists.rows;
        *ret_count = lists.count;
    }
    return err;
}

// --- writing reports

static int report_fits(const struct vouch_store_host_report *report) {
    return report->host <= INT64_MAX && report->time_s <= INT64_MAX &&
           report->health.len <= VOUCH_STORE_TEXT_MAX &&
           report->agent.len <= VOUCH_STORE_TEXT_MAX && report->sshd.len <= VOUCH_STORE_TEXT_MAX &&
           vouch_list_fits(report->problems, report->problem_count) &&
           vouch_list_fits(report->ca_keys, report->ca_key_count) &&
           vouch_list_fits(report->settings, report->setting_count);
}

int vouch_store_host_report_put(struct vouch_store *store,
                                const struct vouch_store_host_report *report,
                                struct vouch_fault *fault) {
    struct vouch_buf problems;
    struct vouch_buf ca_keys;
    struct vouch_buf settings;
    if (!report_fits(report)) {
        return vouch_store_misuse(store, "a report is out of bounds", fault);
    }
    vouch_buf_init(&problems, LIST_MAX);
    vouch_buf_init(&ca_keys, LIST_MAX);
    vouch_buf_init(&settings, LIST_MAX);
    vouch_list_put(&problems, report->problems, report->problem_count);
    vouch_list_put(&ca_keys, report->ca_keys, report->ca_key_count);
    vouch_list_put(&settings, report->settings, report->setting_count);
    const struct vouch_value args[] = {
        vouch_value_integer((int64_t)report->host),
        vouch_value_integer((int64_t)report->time_s),
        vouch_value_integer(report->clock_ms),
        vouch_value_integer((int64_t)report->krl_version),
        vouch_value_integer((int64_t)report->krl_generated_s),
        vouch_value_integer((int64_t)report->state_version),
        vouch_value_integer((int64_t)report->trust_version),
        vouch_value_bytes(report->health),
        vouch_value_bytes(report->agent),
        vouch_value_bytes(report->sshd),
        vouch_value_bytes(vouch_buf_bytes(&problems)),
        vouch_value_bytes(vouch_buf_bytes(&ca_keys)),
        vouch_value_bytes(vouch_buf_bytes(&settings)),
    };
    int is_short = problems.err != VOUCH_OK || ca_keys.err != VOUCH_OK || settings.err != VOUCH_OK;
    int err = is_short
                  ? vouch_store_no_memory(store, fault)
                  : store->driver->run(store->db, VOUCH_SQL_HOST_REPORT_PUT, args, NULL, fault);
    vouch_buf_done(&problems);
    vouch_buf_done(&ca_keys);
    vouch_buf_done(&settings);
    return err;
}
