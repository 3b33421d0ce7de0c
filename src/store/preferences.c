// SPDX-License-Identifier: ISC
// Keeping preferences.
#include "store/preferences.h"

#include "store/handle.h"

int vouch_store_preferences_find(struct vouch_store *store, uint64_t account,
                                 struct vouch_arena *arena, struct vouch_bytes *ret_value,
                                 struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    const struct vouch_value arg = vouch_value_integer((int64_t)account);
    struct vouch_bytes value = {0};
    struct vouch_row row;
    int found = 0;
    int err = vouch_store_first(store, VOUCH_SQL_PREFERENCES_FIND, &arg, &found, values, fault);
    if (err == VOUCH_OK && found) {
        vouch_row_init(&row, VOUCH_SQL_PREFERENCES_FIND, values);
        struct vouch_bytes kept = vouch_row_bytes(&row);
        if (row.err != VOUCH_OK) {
            err = vouch_store_row_bad(store, "preferences: a row", fault);
        } else if (vouch_arena_copy(arena, kept, &value) != VOUCH_OK) {
            err = vouch_store_no_memory(store, fault);
        }
    }
    store->driver->end(store->db, VOUCH_SQL_PREFERENCES_FIND);
    if (err == VOUCH_OK) {
        *ret_value = value;
    }
    return err;
}

int vouch_store_preferences_put(struct vouch_store *store, uint64_t account,
                                struct vouch_bytes value, struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer((int64_t)account),
                                       vouch_value_bytes(value)};
    if (value.len > VOUCH_STORE_PREFERENCES_MAX) {
        return vouch_store_misuse(store, "preferences are over 1024 bytes", fault);
    }
    return store->driver->run(store->db, VOUCH_SQL_PREFERENCES_PUT, args, NULL, fault);
}
