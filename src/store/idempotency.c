// SPDX-License-Identifier: ISC
// Looking up what a request made, and forgetting it in time.
#include "store/idempotency.h"

#include "store/handle.h"

static int64_t seconds(uint64_t time_s) {
    return time_s > INT64_MAX ? INT64_MAX : (int64_t)time_s;
}

// Takes one row in. Any row of another request decides.
static int take_row(const struct vouch_store *store, const struct vouch_store_once *what,
                    const struct vouch_value *values, struct vouch_store_once_result *result,
                    struct vouch_fault *fault) {
    struct vouch_row row;
    uint8_t request[VOUCH_STORE_HASH_LEN] = {0};
    vouch_row_init(&row, VOUCH_SQL_IDEMPOTENCY_FIND, values);
    uint64_t number = vouch_row_u64(&row);
    vouch_row_hash(&row, request);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "idempotency: a row", fault);
    }
    if (result->count == VOUCH_STORE_ONCE_MAX) {
        return vouch_store_row_bad(store, "idempotency: the number of rows of a key", fault);
    }
    result->numbers[result->count++] = number;
    if (memcmp(request, what->request, sizeof request) != 0) {
        result->match = VOUCH_STORE_ONCE_OTHER;
    } else if (result->match == VOUCH_STORE_ONCE_NEW) {
        result->match = VOUCH_STORE_ONCE_SAME;
    }
    return VOUCH_OK;
}

static int take_rows(struct vouch_store *store, const struct vouch_store_once *what,
                     struct vouch_store_once_result *result, struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    for (;;) {
        int is_row = 0;
        int err =
            store->driver->next(store->db, VOUCH_SQL_IDEMPOTENCY_FIND, &is_row, values, fault);
        if (err == VOUCH_OK && is_row) {
            err = take_row(store, what, values, result, fault);
        }
        if (err != VOUCH_OK || !is_row) {
            return err;
        }
    }
}

int vouch_store_once_find(struct vouch_store *store, const struct vouch_store_once *what,
                          uint64_t now_s, struct vouch_store_once_result *ret_result,
                          struct vouch_fault *fault) {
    struct vouch_store_once_result result = {0};
    const struct vouch_value args[] = {
        vouch_value_bytes((struct vouch_bytes){what->key, sizeof what->key}),
        vouch_value_integer(seconds(now_s)), vouch_value_integer(VOUCH_STORE_ONCE_MAX + 1)};
    int err = store->driver->query(store->db, VOUCH_SQL_IDEMPOTENCY_FIND, args, fault);
    if (err == VOUCH_OK) {
        err = take_rows(store, what, &result, fault);
    }
    store->driver->end(store->db, VOUCH_SQL_IDEMPOTENCY_FIND);
    if (err == VOUCH_OK) {
        result.count = result.match == VOUCH_STORE_ONCE_SAME ? result.count : 0;
        *ret_result = result;
    }
    return err;
}

int vouch_store_once_prune(struct vouch_store *store, uint64_t now_s, size_t limit,
                           uint64_t *ret_removed, struct vouch_fault *fault) {
    size_t most = limit < VOUCH_STORE_BATCH_MAX ? limit : VOUCH_STORE_BATCH_MAX;
    const struct vouch_value args[] = {vouch_value_integer(seconds(now_s)),
                                       vouch_value_integer((int64_t)most)};
    return vouch_store_change(store, VOUCH_DRIVER_LATER, VOUCH_SQL_IDEMPOTENCY_PRUNE, args,
                              ret_removed, fault);
}
