// SPDX-License-Identifier: ISC
// Keeping states of tries.
#include "store/tries.h"

#include "store/handle.h"

static int fits(const struct vouch_store_tries_key *key) {
    return key->who.len <= VOUCH_STORE_TRIES_WHO_MAX &&
           key->source.len <= VOUCH_STORE_TRIES_SOURCE_MAX && key->who.len + key->source.len > 0;
}

static int misuse(const struct vouch_store *store, struct vouch_fault *fault) {
    return vouch_store_misuse(store, "tries are of somebody, in bounded bytes", fault);
}

int vouch_store_tries_get(struct vouch_store *store, const struct vouch_store_tries_key *key,
                          struct vouch_arena *arena, struct vouch_bytes *ret_state,
                          struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    const struct vouch_value args[] = {vouch_value_bytes(key->who), vouch_value_bytes(key->source)};
    struct vouch_bytes state = {0};
    struct vouch_row row;
    int found = 0;
    if (!fits(key)) {
        return misuse(store, fault);
    }
    int err = vouch_store_first(store, VOUCH_SQL_TRIES_GET, args, &found, values, fault);
    if (err == VOUCH_OK && found) {
        vouch_row_init(&row, VOUCH_SQL_TRIES_GET, values);
        struct vouch_bytes kept = vouch_row_bytes(&row);
        if (row.err != VOUCH_OK) {
            err = vouch_store_row_bad(store, "tries: a row", fault);
        } else if (vouch_arena_copy(arena, kept, &state) != VOUCH_OK) {
            err = vouch_store_no_memory(store, fault);
        }
    }
    store->driver->end(store->db, VOUCH_SQL_TRIES_GET);
    if (err == VOUCH_OK) {
        *ret_state = state;
    }
    return err;
}

int vouch_store_tries_put(struct vouch_store *store, const struct vouch_store_tries_key *key,
                          struct vouch_bytes state, uint64_t until_s, struct vouch_fault *fault) {
    if (!fits(key) || state.len > VOUCH_STORE_TRIES_STATE_MAX || until_s > INT64_MAX) {
        return misuse(store, fault);
    }
    const struct vouch_value args[] = {vouch_value_bytes(key->who), vouch_value_bytes(key->source),
                                       vouch_value_bytes(state),
                                       vouch_value_integer((int64_t)until_s)};
    return store->driver->run(store->db, VOUCH_SQL_TRIES_PUT, args, NULL, fault);
}

int vouch_store_tries_forget(struct vouch_store *store, struct vouch_bytes who,
                             struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_bytes(who);
    return store->driver->run(store->db, VOUCH_SQL_TRIES_FORGET, &arg, NULL, fault);
}

int vouch_store_tries_prune(struct vouch_store *store, uint64_t now_s, size_t limit,
                            uint64_t *removed, struct vouch_fault *fault) {
    return vouch_store_prune(store, VOUCH_SQL_TRIES_PRUNE, now_s, limit, removed, fault);
}
