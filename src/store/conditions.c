// SPDX-License-Identifier: ISC
// Judging how a host is, and reading of each what that takes.
#include "store/conditions.h"

#include "store/handle.h"
#include "store/hosts.h"

// --- the word

uint64_t vouch_store_condition_since_s(const struct vouch_store_condition_ask *ask) {
    return ask->now_s > ask->silent_s ? ask->now_s - ask->silent_s : 0;
}

static enum vouch_store_condition of_active(const struct vouch_store_host_told *told,
                                            const struct vouch_store_condition_ask *ask) {
    if (vouch_bytes_equal(told->health, vouch_bytes_of("critical"))) {
        return VOUCH_STORE_CONDITION_CRITICAL;
    }
    if (told->reported_s == 0 || told->reported_s < vouch_store_condition_since_s(ask)) {
        return VOUCH_STORE_CONDITION_SILENT;
    }
    if (vouch_bytes_equal(told->health, vouch_bytes_of("warning"))) {
        return VOUCH_STORE_CONDITION_ATTENTION;
    }
    return told->krl_version < ask->krl_version ? VOUCH_STORE_CONDITION_BEHIND
                                                : VOUCH_STORE_CONDITION_OK;
}

enum vouch_store_condition vouch_store_condition_of(int state,
                                                    const struct vouch_store_host_told *told,
                                                    const struct vouch_store_condition_ask *ask) {
    switch ((enum vouch_store_host_state)state) {
    case VOUCH_STORE_HOST_WAITING:
        return VOUCH_STORE_CONDITION_WAITING;
    case VOUCH_STORE_HOST_ACTIVE:
        return of_active(told, ask);
    case VOUCH_STORE_HOST_LOCKED:
        return VOUCH_STORE_CONDITION_LOCKED;
    case VOUCH_STORE_HOST_RETIRED:
        return VOUCH_STORE_CONDITION_RETIRED;
    case VOUCH_STORE_HOST_NONE:
        break;
    }
    return VOUCH_STORE_CONDITION_NONE;
}

// --- all hosts

static int read_brief(const struct vouch_store *store, const struct vouch_value *values,
                      struct vouch_arena *arena, struct vouch_store_host_brief *ret_brief,
                      struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_host_brief brief = {0};
    vouch_row_init(&row, VOUCH_SQL_HOST_BRIEFS, values);
    brief.id = vouch_row_u64(&row);
    brief.state = (int)vouch_row_integer(&row);
    brief.name = vouch_row_bytes(&row);
    brief.zone = vouch_row_bytes(&row);
    struct vouch_bytes labels = vouch_row_bytes(&row);
    brief.told.health = vouch_row_bytes(&row);
    brief.told.reported_s = vouch_row_u64(&row);
    brief.told.krl_version = vouch_row_u64(&row);
    brief.end_s = vouch_row_u64(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "hosts: a row", fault);
    }
    int err = vouch_list_get(labels, arena, &brief.labels, &brief.label_count);
    if (err != VOUCH_OK) {
        return err == VOUCH_ERR_CORRUPT ? vouch_store_row_bad(store, "hosts: a list", fault)
                                        : vouch_store_no_memory(store, fault);
    }
    *ret_brief = brief;
    return VOUCH_OK;
}

int vouch_store_briefs_begin(struct vouch_store *store, struct vouch_fault *fault) {
    return store->driver->query(store->db, VOUCH_SQL_HOST_BRIEFS, NULL, fault);
}

int vouch_store_briefs_next(struct vouch_store *store, struct vouch_arena *arena, int *ret_found,
                            struct vouch_store_host_brief *ret_brief, struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    int is_row = 0;
    int err = store->driver->next(store->db, VOUCH_SQL_HOST_BRIEFS, &is_row, values, fault);
    if (err == VOUCH_OK && is_row) {
        err = read_brief(store, values, arena, ret_brief, fault);
    }
    if (err == VOUCH_OK) {
        *ret_found = is_row;
    }
    return err;
}

void vouch_store_briefs_end(struct vouch_store *store) {
    store->driver->end(store->db, VOUCH_SQL_HOST_BRIEFS);
}
