// SPDX-License-Identifier: ISC
// Opening a store and bringing its schema up to date; running statements; faults.
#include "store/handle.h"

#include <inttypes.h>

#include "base/mem.h"

int vouch_store_row_bad(const struct vouch_store *store, const char *what,
                        struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_store_bad,
                           "database %s: %s is not what it must be", store->where, what);
}

int vouch_store_misuse(const struct vouch_store *store, const char *what,
                       struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_internal, "database %s: %s",
                           store->where, what);
}

int vouch_store_no_memory(const struct vouch_store *store, struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                           "database %s: no memory for an answer", store->where);
}

void vouch_store_close(struct vouch_store *store) {
    if (store == NULL) {
        return;
    }
    if (store->driver != NULL) {
        store->driver->close(store->db);
    }
    free(store->where);
    free(store);
}

static int bring_up_to_date(struct vouch_store *store, struct vouch_fault *fault) {
    int64_t version = 0;
    int err = store->driver->version(store->db, &version, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (version > vouch_schema_newest || version < 0) {
        return vouch_fault_set(fault, VOUCH_ERR_UNSUPPORTED, &vouch_fault_store_schema,
                               "database %s: its version is %" PRId64
                               ", and this program knows up to %" PRId64,
                               store->where, version, vouch_schema_newest);
    }
    if (version < vouch_schema_newest && store->access == VOUCH_STORE_READ) {
        return vouch_fault_set(fault, VOUCH_ERR_UNSUPPORTED, &vouch_fault_store_schema,
                               "database %s: its version is %" PRId64 ", and %" PRId64
                               " is needed: the service brings it up to date when it starts",
                               store->where, version, vouch_schema_newest);
    }
    while (err == VOUCH_OK && version < vouch_schema_newest) {
        err = store->driver->migrate(store->db, &vouch_schemas[version], fault);
        version++;
    }
    return err;
}

int vouch_store_open(const struct vouch_store_open *what, struct vouch_store **ret_store,
                     struct vouch_fault *fault) {
    struct vouch_store *store = calloc(1, sizeof *store);
    if (store == NULL || (store->where = strdup(what->where)) == NULL) {
        free(store);
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "database %s: no memory to open it", what->where);
    }
    store->driver = what->driver != NULL ? what->driver : &vouch_driver_sqlite;
    store->access = what->access;
    const struct vouch_driver_open open = {
        .where = what->where,
        .access = what->access == VOUCH_STORE_WRITE ? VOUCH_DRIVER_WRITE : VOUCH_DRIVER_READ,
        .wait_ms = what->wait_ms,
    };
    int err = store->driver->open(&open, &store->db, fault);
    if (err == VOUCH_OK) {
        err = bring_up_to_date(store, fault);
    }
    if (err != VOUCH_OK) {
        vouch_store_close(store);
        return err;
    }
    *ret_store = store;
    return VOUCH_OK;
}

// --- statements

int vouch_store_begin(struct vouch_store *store, enum vouch_driver_durability durability,
                      struct vouch_fault *fault) {
    if (store->access != VOUCH_STORE_WRITE) {
        return vouch_store_misuse(store, "this handle is for reading", fault);
    }
    return store->driver->begin(store->db, durability, fault);
}

int vouch_store_end(struct vouch_store *store, int err, struct vouch_fault *fault) {
    if (err == VOUCH_OK) {
        err = store->driver->commit(store->db, fault);
    }
    if (err != VOUCH_OK) {
        store->driver->rollback(store->db);
        store->ca_count = 0; // some may have been made in this transaction
        store->ca_oldest = 0;
    }
    return err;
}

int vouch_store_change(struct vouch_store *store, enum vouch_driver_durability durability,
                       enum vouch_statement statement, const struct vouch_value *args,
                       uint64_t *ret_changed, struct vouch_fault *fault) {
    uint64_t changed = 0;
    int err = vouch_store_begin(store, durability, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = store->driver->run(store->db, statement, args, &changed, fault);
    err = vouch_store_end(store, err, fault);
    if (err == VOUCH_OK && ret_changed != NULL) {
        *ret_changed = changed;
    }
    return err;
}

int vouch_store_ask(struct vouch_store *store, enum vouch_statement statement,
                    const struct vouch_value *args, int *ret_found, int64_t *ret_value,
                    struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    struct vouch_row row;
    int found = 0;
    int64_t value = 0;
    int err = store->driver->query(store->db, statement, args, fault);
    if (err == VOUCH_OK) {
        err = store->driver->next(store->db, statement, &found, values, fault);
    }
    if (err == VOUCH_OK && found) {
        vouch_row_init(&row, statement, values);
        value = vouch_row_integer(&row);
        err = row.err != VOUCH_OK ? vouch_store_row_bad(store, "a number", fault) : VOUCH_OK;
    }
    store->driver->end(store->db, statement);
    if (err == VOUCH_OK) {
        *ret_found = found;
        *ret_value = value;
    }
    return err;
}

int vouch_store_first(struct vouch_store *store, enum vouch_statement statement,
                      const struct vouch_value *args, int *ret_found,
                      struct vouch_value *ret_values, struct vouch_fault *fault) {
    int err = store->driver->query(store->db, statement, args, fault);
    return err == VOUCH_OK ? store->driver->next(store->db, statement, ret_found, ret_values, fault)
                           : err;
}

int vouch_store_one(struct vouch_store *store, const struct vouch_one *what,
                    struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome, void *ret_row,
                    struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    int found = 0;
    int err = vouch_store_first(store, what->statement, what->args, &found, values, fault);
    if (err == VOUCH_OK && found) {
        err = what->read(store, what->statement, values, arena, ret_row, fault);
    }
    store->driver->end(store->db, what->statement);
    if (err == VOUCH_OK) {
        *ret_outcome = found ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT;
    }
    return err;
}

int vouch_store_alter(struct vouch_store *store, enum vouch_statement statement,
                      const struct vouch_value *args, enum vouch_store_outcome *ret_outcome,
                      struct vouch_fault *fault) {
    uint64_t changed = 0;
    int err = store->driver->run(store->db, statement, args, &changed, fault);
    if (err == VOUCH_OK) {
        *ret_outcome = changed > 0 ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT;
    }
    return err;
}

int vouch_store_prune(struct vouch_store *store, enum vouch_statement statement, uint64_t now_s,
                      size_t limit, uint64_t *removed, struct vouch_fault *fault) {
    uint64_t changed = 0;
    const struct vouch_value args[] = {
        vouch_value_integer(now_s > INT64_MAX ? INT64_MAX : (int64_t)now_s),
        vouch_value_integer(limit > INT32_MAX ? INT32_MAX : (int64_t)limit)};
    int err = store->driver->run(store->db, statement, args, &changed, fault);
    *removed += err == VOUCH_OK ? changed : 0;
    return err;
}

// --- the numbers of CAs

static void remember_ca(struct vouch_store *store, const uint8_t *hash, int64_t id) {
    size_t at = store->ca_oldest;
    memcpy(store->cas[at].hash, hash, VOUCH_STORE_HASH_LEN);
    store->cas[at].id = id;
    store->ca_oldest = (at + 1) % VOUCH_STORE_CA_CACHE;
    store->ca_count += store->ca_count < VOUCH_STORE_CA_CACHE;
}

int vouch_store_ca(struct vouch_store *store, const uint8_t *hash, enum vouch_store_ca how,
                   int *ret_found, int64_t *ret_id, struct vouch_fault *fault) {
    for (size_t i = 0; i < store->ca_count; i++) {
        if (memcmp(store->cas[i].hash, hash, VOUCH_STORE_HASH_LEN) == 0) {
            *ret_found = 1;
            *ret_id = store->cas[i].id;
            return VOUCH_OK;
        }
    }
    const struct vouch_value arg =
        vouch_value_bytes((struct vouch_bytes){hash, VOUCH_STORE_HASH_LEN});
    int found = 0;
    int64_t id = 0;
    int err = vouch_store_ask(store, VOUCH_SQL_CA_FIND, &arg, &found, &id, fault);
    if (err == VOUCH_OK && !found && how == VOUCH_STORE_CA_MAKE) {
        err = store->driver->run(store->db, VOUCH_SQL_CA_ADD, &arg, NULL, fault);
        if (err == VOUCH_OK) {
            err = vouch_store_ask(store, VOUCH_SQL_CA_FIND, &arg, &found, &id, fault);
        }
    }
    if (err != VOUCH_OK) {
        return err;
    }
    if (found) {
        remember_ca(store, hash, id);
    }
    *ret_found = found;
    *ret_id = id;
    return VOUCH_OK;
}
