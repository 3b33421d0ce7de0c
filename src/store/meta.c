// SPDX-License-Identifier: ISC
// What the database says about itself; beginning anew, checking, copying.
#include "store/handle.h"

static int read_meta(struct vouch_store *store, struct vouch_arena *arena,
                     struct vouch_store_meta *ret_meta, struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    struct vouch_row row;
    struct vouch_store_meta meta = {0};
    int found = 0;
    int err = store->driver->next(store->db, VOUCH_SQL_META_GET, &found, values, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (!found) {
        return vouch_store_row_bad(store, "meta: its one row", fault);
    }
    vouch_row_init(&row, VOUCH_SQL_META_GET, values);
    struct vouch_bytes node = vouch_row_bytes(&row);
    struct vouch_bytes origin = vouch_row_bytes(&row);
    meta.epoch = vouch_row_u64(&row);
    meta.position = vouch_row_u64(&row);
    if (row.err != VOUCH_OK || meta.position > INT64_MAX) {
        return vouch_store_row_bad(store, "meta: its one row", fault);
    }
    if (vouch_arena_copy(arena, node, &meta.node) != VOUCH_OK ||
        vouch_arena_copy(arena, origin, &meta.origin) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    *ret_meta = meta;
    return VOUCH_OK;
}

int vouch_store_meta(struct vouch_store *store, struct vouch_arena *arena,
                     struct vouch_store_meta *ret_meta, struct vouch_fault *fault) {
    int err = store->driver->query(store->db, VOUCH_SQL_META_GET, NULL, fault);
    if (err == VOUCH_OK) {
        err = read_meta(store, arena, ret_meta, fault);
    }
    store->driver->end(store->db, VOUCH_SQL_META_GET);
    return err;
}

int vouch_store_places(struct vouch_store *store, int64_t *ret_position, int64_t *ret_termed,
                       struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    struct vouch_row row = {.err = VOUCH_ERR_CORRUPT};
    int64_t position = 0;
    int64_t termed = 0;
    int found = 0;
    int err = store->driver->query(store->db, VOUCH_SQL_META_PLACES, NULL, fault);
    if (err == VOUCH_OK) {
        err = store->driver->next(store->db, VOUCH_SQL_META_PLACES, &found, values, fault);
    }
    if (err == VOUCH_OK && found) {
        vouch_row_init(&row, VOUCH_SQL_META_PLACES, values);
        position = vouch_row_integer(&row);
        termed = vouch_row_integer(&row);
    }
    store->driver->end(store->db, VOUCH_SQL_META_PLACES);
    if (err != VOUCH_OK) {
        return err;
    }
    if (row.err != VOUCH_OK || termed < 0 || termed > position) {
        return vouch_store_row_bad(store, "meta: its position", fault);
    }
    *ret_position = position;
    *ret_termed = termed;
    return VOUCH_OK;
}

int vouch_store_node_set(struct vouch_store *store, struct vouch_bytes node,
                         enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    if (node.len == 0 || node.len > VOUCH_STORE_NAME_MAX) {
        return vouch_store_misuse(store, "a node's name must have 1 to 64 bytes", fault);
    }
    const struct vouch_value args[] = {vouch_value_bytes(node),
                                       vouch_value_bytes((struct vouch_bytes){0})};
    uint64_t changed = 0;
    int err =
        vouch_store_change(store, VOUCH_DRIVER_NOW, VOUCH_SQL_META_NODE, args, &changed, fault);
    if (err == VOUCH_OK) {
        *ret_outcome = changed == 1 ? VOUCH_STORE_DONE : VOUCH_STORE_TAKEN;
    }
    return err;
}

int vouch_store_epoch_set(struct vouch_store *store, uint64_t epoch,
                          enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    if (epoch > INT64_MAX) {
        return vouch_store_misuse(store, "an epoch must be below 2^63", fault);
    }
    const struct vouch_value arg = vouch_value_integer((int64_t)epoch);
    uint64_t changed = 0;
    int err =
        vouch_store_change(store, VOUCH_DRIVER_NOW, VOUCH_SQL_META_EPOCH, &arg, &changed, fault);
    if (err == VOUCH_OK) {
        *ret_outcome = changed == 1 ? VOUCH_STORE_DONE : VOUCH_STORE_TAKEN;
    }
    return err;
}

int vouch_store_index_reset(struct vouch_store *store, struct vouch_fault *fault) {
    static const enum vouch_statement statements[] = {
        VOUCH_SQL_CLEAR_TERMS,  VOUCH_SQL_CLEAR_IDEMPOTENCY, VOUCH_SQL_CLEAR_CERTS,
        VOUCH_SQL_CLEAR_EVENTS, VOUCH_SQL_CLEAR_MARKS,       VOUCH_SQL_CLEAR_TALLIES};
    int err = vouch_store_begin(store, VOUCH_DRIVER_NOW, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    for (size_t i = 0; err == VOUCH_OK && i < sizeof statements / sizeof statements[0]; i++) {
        err = store->driver->run(store->db, statements[i], NULL, NULL, fault);
    }
    if (err == VOUCH_OK) {
        const struct vouch_value none = vouch_value_bytes((struct vouch_bytes){0});
        err = store->driver->run(store->db, VOUCH_SQL_CLEAR_META, &none, NULL, fault);
    }
    return vouch_store_end(store, err, fault);
}

int vouch_store_check(struct vouch_store *store, struct vouch_fault *fault) {
    return store->driver->check(store->db, fault);
}

int vouch_store_backup(struct vouch_store *store, const char *path, struct vouch_fault *fault) {
    return store->driver->backup(store->db, path, fault);
}
