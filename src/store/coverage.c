// SPDX-License-Identifier: ISC
// Counting who has what of the CA keys.
#include "store/coverage.h"

#include "store/handle.h"

static int64_t kept(uint64_t number) {
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

int vouch_store_sessions_trust(struct vouch_store *store, uint64_t now_s, uint64_t trust_version,
                               struct vouch_store_session_use *ret_use, struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kept(now_s)),
                                       vouch_value_integer(kept(trust_version))};
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    struct vouch_store_session_use use = {0};
    struct vouch_row row;
    int is_row = 0;
    int err = vouch_store_first(store, VOUCH_SQL_SESSIONS_TRUST, args, &is_row, values, fault);
    if (err == VOUCH_OK && is_row) {
        vouch_row_init(&row, VOUCH_SQL_SESSIONS_TRUST, values);
        use.sessions = vouch_row_u64(&row);
        use.current = vouch_row_u64(&row);
        err = row.err != VOUCH_OK ? vouch_store_row_bad(store, "sessions: a row", fault) : VOUCH_OK;
    }
    store->driver->end(store->db, VOUCH_SQL_SESSIONS_TRUST);
    if (err == VOUCH_OK) {
        *ret_use = use;
    }
    return err;
}

struct growing {
    struct vouch_store_host_trust *rows;
    size_t count, room;
};

static int grow(struct vouch_arena *arena, struct growing *hosts) {
    if (hosts->count < hosts->room) {
        return VOUCH_OK;
    }
    size_t room = hosts->room == 0 ? 256 : hosts->room * 2;
    struct vouch_store_host_trust *rows = vouch_arena_alloc(arena, room * sizeof *rows);
    if (rows == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    if (hosts->count > 0) {
        memcpy(rows, hosts->rows, hosts->count * sizeof *rows);
    }
    hosts->rows = rows;
    hosts->room = room;
    return VOUCH_OK;
}

static int read_host(const struct vouch_store *store, const struct vouch_value *values,
                     struct vouch_arena *arena, struct growing *hosts, struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_host_trust host = {0};
    vouch_row_init(&row, VOUCH_SQL_HOSTS_TRUST, values);
    struct vouch_bytes name = vouch_row_bytes(&row);
    struct vouch_bytes agent = vouch_row_bytes(&row);
    host.trust_version = vouch_row_u64(&row);
    host.reported_s = vouch_row_u64(&row);
    host.others = vouch_row_u64(&row);
    host.others_end_s = vouch_row_u64(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "hosts: a row", fault);
    }
    if (grow(arena, hosts) != VOUCH_OK || vouch_arena_copy(arena, name, &host.host) != VOUCH_OK ||
        vouch_arena_copy(arena, agent, &host.agent) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    hosts->rows[hosts->count++] = host;
    return VOUCH_OK;
}

int vouch_store_hosts_trust(struct vouch_store *store, const uint8_t *ca, uint64_t now_s,
                            struct vouch_arena *arena,
                            const struct vouch_store_host_trust **ret_hosts, size_t *ret_count,
                            struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_bytes((struct vouch_bytes){ca, ca != NULL ? VOUCH_STORE_HASH_LEN : 0}),
        vouch_value_integer(kept(now_s))};
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    struct growing hosts = {0};
    int is_row = 1;
    int err = store->driver->query(store->db, VOUCH_SQL_HOSTS_TRUST, args, fault);
    while (err == VOUCH_OK && is_row) {
        err = store->driver->next(store->db, VOUCH_SQL_HOSTS_TRUST, &is_row, values, fault);
        if (err == VOUCH_OK && is_row) {
            err = read_host(store, values, arena, &hosts, fault);
        }
    }
    store->driver->end(store->db, VOUCH_SQL_HOSTS_TRUST);
    if (err == VOUCH_OK) {
        *ret_hosts = hosts.rows;
        *ret_count = hosts.count;
    }
    return err;
}
