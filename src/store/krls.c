// SPDX-License-Identifier: ISC
// Listing revocations, and the versions of published lists.
#include "store/krls.h"

#include "store/handle.h"

#define CURSOR 'r'

static int read_revocation(const struct vouch_store *store, enum vouch_statement statement,
                           const struct vouch_value *values, struct vouch_arena *arena,
                           struct vouch_store_revocation *ret_revocation, uint64_t *ret_id,
                           struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_revocation found = {0};
    vouch_row_init(&row, statement, values);
    uint64_t id = vouch_row_u64(&row);
    int64_t kind = vouch_row_integer(&row);
    struct vouch_bytes value = vouch_row_bytes(&row);
    vouch_row_hash(&row, found.ca);
    found.number = vouch_row_u64(&row);
    found.time_ms = vouch_row_u64(&row);
    struct vouch_bytes actor = vouch_row_bytes(&row);
    struct vouch_bytes reason = vouch_row_bytes(&row);
    found.until_s = vouch_row_u64(&row);
    if (row.err != VOUCH_OK || kind < VOUCH_STORE_REVOKE_SERIAL || kind > VOUCH_STORE_REVOKE_CA) {
        return vouch_store_row_bad(store, "revocations: a row", fault);
    }
    found.kind = (enum vouch_store_revocation_kind)kind;
    if (vouch_arena_copy(arena, value, &found.value) != VOUCH_OK ||
        vouch_arena_copy(arena, actor, &found.actor) != VOUCH_OK ||
        vouch_arena_copy(arena, reason, &found.reason) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    *ret_revocation = found;
    *ret_id = id;
    return VOUCH_OK;
}

static int fill(struct vouch_store *store, enum vouch_statement statement, size_t limit,
                struct vouch_store_revocations *list, struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    uint64_t id = 0;
    for (;;) {
        int is_row = 0;
        int err = store->driver->next(store->db, statement, &is_row, values, fault);
        if (err != VOUCH_OK || !is_row) {
            return err;
        }
        if (list->count == limit) {
            vouch_cursor_write(CURSOR, id, list->next);
            return VOUCH_OK;
        }
        err = read_revocation(store, statement, values, &list->arena, &list->rows[list->count], &id,
                              fault);
        if (err != VOUCH_OK) {
            return err;
        }
        list->count++;
    }
}

int vouch_store_revocations_list(struct vouch_store *store, const uint8_t *ca, uint64_t live_at_s,
                                 const struct vouch_store_page *page,
                                 struct vouch_store_revocations *ret_revocations,
                                 struct vouch_fault *fault) {
    enum vouch_statement statement =
        ca != NULL ? VOUCH_SQL_REVOCATIONS_BY_CA : VOUCH_SQL_REVOCATIONS_ALL;
    struct vouch_store_revocations list = {0};
    size_t limit = vouch_page_limit(page);
    uint64_t after = 0;
    int64_t ca_id = 0;
    int found = 1;
    int err = vouch_cursor_read(page, CURSOR, 0, &after, fault);
    if (err == VOUCH_OK && ca != NULL) {
        err = vouch_store_ca(store, ca, VOUCH_STORE_CA_FIND, &found, &ca_id, fault);
    }
    if (err != VOUCH_OK) {
        return err;
    }
    list.rows = vouch_arena_alloc(&list.arena, limit * sizeof *list.rows);
    if (list.rows == NULL) {
        return vouch_store_no_memory(store, fault);
    }
    if (found) { // else the CA has issued and revoked nothing
        const struct vouch_value args[] = {
            vouch_value_integer((int64_t)after),
            vouch_value_integer(live_at_s > INT64_MAX ? INT64_MAX : (int64_t)live_at_s),
            vouch_value_integer((int64_t)limit + 1), vouch_value_integer(ca_id)};
        err = store->driver->query(store->db, statement, args, fault);
        if (err == VOUCH_OK) {
            err = fill(store, statement, limit, &list, fault);
        }
        store->driver->end(store->db, statement);
    }
    if (err != VOUCH_OK) {
        vouch_store_revocations_done(&list);
        return err;
    }
    *ret_revocations = list;
    return VOUCH_OK;
}

void vouch_store_revocations_done(struct vouch_store_revocations *revocations) {
    if (revocations != NULL) {
        vouch_arena_done(&revocations->arena);
        *revocations = (struct vouch_store_revocations){0};
    }
}

// --- published lists

static int add_krl(struct vouch_store *store, const uint8_t *ca, const struct vouch_store_krl *krl,
                   uint64_t *ret_changed, struct vouch_fault *fault) {
    int64_t id = 0;
    int found = 0;
    int err = vouch_store_ca(store, ca, VOUCH_STORE_CA_MAKE, &found, &id, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_value args[] = {
        vouch_value_integer(id),
        vouch_value_integer((int64_t)krl->version),
        vouch_value_bytes((struct vouch_bytes){krl->hash, sizeof krl->hash}),
        vouch_value_integer((int64_t)krl->generated_s),
        vouch_value_integer((int64_t)krl->entries),
    };
    return store->driver->run(store->db, VOUCH_SQL_KRL_ADD, args, ret_changed, fault);
}

int vouch_store_key_is_revoked(struct vouch_store *store,
                               const uint8_t key[static VOUCH_STORE_HASH_LEN], int *ret_found,
                               struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_bytes((struct vouch_bytes){key, VOUCH_STORE_HASH_LEN})};
    int64_t id = 0;
    return vouch_store_ask(store, VOUCH_SQL_REVOCATION_OF_KEY, args, ret_found, &id, fault);
}

int vouch_store_krl_add(struct vouch_store *store, const uint8_t ca[static VOUCH_STORE_HASH_LEN],
                        const struct vouch_store_krl *krl, enum vouch_store_outcome *ret_outcome,
                        struct vouch_fault *fault) {
    if (krl->version > INT64_MAX || krl->generated_s > INT64_MAX || krl->entries > INT64_MAX) {
        return vouch_store_misuse(store, "a list's numbers must be below 2^63", fault);
    }
    uint64_t changed = 0;
    int err = vouch_store_begin(store, VOUCH_DRIVER_NOW, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = add_krl(store, ca, krl, &changed, fault);
    err = vouch_store_end(store, err, fault);
    if (err == VOUCH_OK) {
        *ret_outcome = changed == 1 ? VOUCH_STORE_DONE : VOUCH_STORE_TAKEN;
    }
    return err;
}

static int read_krl(struct vouch_store *store, enum vouch_store_outcome *ret_outcome,
                    struct vouch_store_krl *ret_krl, struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    struct vouch_row row;
    struct vouch_store_krl krl = {0};
    int found = 0;
    int err = store->driver->next(store->db, VOUCH_SQL_KRL_NEWEST, &found, values, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (!found) {
        *ret_outcome = VOUCH_STORE_ABSENT;
        return VOUCH_OK;
    }
    vouch_row_init(&row, VOUCH_SQL_KRL_NEWEST, values);
    krl.version = vouch_row_u64(&row);
    vouch_row_hash(&row, krl.hash);
    krl.generated_s = vouch_row_u64(&row);
    krl.entries = vouch_row_u64(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "krls: a row", fault);
    }
    *ret_krl = krl;
    *ret_outcome = VOUCH_STORE_DONE;
    return VOUCH_OK;
}

int vouch_store_krl_newest(struct vouch_store *store, const uint8_t ca[static VOUCH_STORE_HASH_LEN],
                           enum vouch_store_outcome *ret_outcome, struct vouch_store_krl *ret_krl,
                           struct vouch_fault *fault) {
    int64_t id = 0;
    int found = 0;
    int err = vouch_store_ca(store, ca, VOUCH_STORE_CA_FIND, &found, &id, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    if (!found) {
        *ret_outcome = VOUCH_STORE_ABSENT;
        return VOUCH_OK;
    }
    const struct vouch_value arg = vouch_value_integer(id);
    err = store->driver->query(store->db, VOUCH_SQL_KRL_NEWEST, &arg, fault);
    if (err == VOUCH_OK) {
        err = read_krl(store, ret_outcome, ret_krl, fault);
    }
    store->driver->end(store->db, VOUCH_SQL_KRL_NEWEST);
    return err;
}
