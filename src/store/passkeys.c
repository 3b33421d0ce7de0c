// SPDX-License-Identifier: ISC
// Keeping passkeys, by the credential's ID and by account.
#include "store/passkeys.h"

#include "store/handle.h"

static int64_t kept(uint64_t number) {
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

// --- reading

static int read_passkey(const struct vouch_store *store, enum vouch_statement statement,
                        const struct vouch_value *values, struct vouch_arena *arena,
                        struct vouch_store_passkey *ret_passkey, struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_passkey found = {0};
    vouch_row_init(&row, statement, values);
    found.id = vouch_row_u64(&row);
    found.account = vouch_row_u64(&row);
    struct vouch_bytes user = vouch_row_bytes(&row);
    struct vouch_bytes credential = vouch_row_bytes(&row);
    found.algorithm = vouch_row_integer(&row);
    struct vouch_bytes key = vouch_row_bytes(&row);
    found.answers = vouch_row_u64(&row);
    found.backup = vouch_row_u64(&row);
    struct vouch_bytes aaguid = vouch_row_bytes(&row);
    struct vouch_bytes name = vouch_row_bytes(&row);
    found.created_s = vouch_row_u64(&row);
    found.used_s = vouch_row_u64(&row);
    if (row.err != VOUCH_OK || aaguid.len != sizeof found.aaguid) {
        return vouch_store_row_bad(store, "passkeys: a row", fault);
    }
    memcpy(found.aaguid, aaguid.ptr, aaguid.len);
    if (vouch_arena_copy(arena, user, &found.user) != VOUCH_OK ||
        vouch_arena_copy(arena, credential, &found.credential) != VOUCH_OK ||
        vouch_arena_copy(arena, key, &found.key) != VOUCH_OK ||
        vouch_arena_copy(arena, name, &found.name) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    *ret_passkey = found;
    return VOUCH_OK;
}

int vouch_store_passkey_find(struct vouch_store *store, struct vouch_bytes credential,
                             struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                             struct vouch_store_passkey *ret_passkey, struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    const struct vouch_value arg = vouch_value_bytes(credential);
    int found = 0;
    int err = vouch_store_first(store, VOUCH_SQL_PASSKEY_FIND, &arg, &found, values, fault);
    if (err == VOUCH_OK && found) {
        err = read_passkey(store, VOUCH_SQL_PASSKEY_FIND, values, arena, ret_passkey, fault);
    }
    store->driver->end(store->db, VOUCH_SQL_PASSKEY_FIND);
    if (err == VOUCH_OK) {
        *ret_outcome = found ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT;
    }
    return err;
}

int vouch_store_passkeys_of(struct vouch_store *store, uint64_t account, struct vouch_arena *arena,
                            struct vouch_store_passkeys *ret_passkeys, struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    const struct vouch_value args[] = {vouch_value_integer(kept(account)),
                                       vouch_value_integer(VOUCH_STORE_PASSKEYS_MAX)};
    struct vouch_store_passkey *rows =
        vouch_arena_alloc(arena, VOUCH_STORE_PASSKEYS_MAX * sizeof *rows);
    size_t count = 0;
    int found = 0;
    if (rows == NULL) {
        return vouch_store_no_memory(store, fault);
    }
    int err = vouch_store_first(store, VOUCH_SQL_PASSKEYS_OF, args, &found, values, fault);
    while (err == VOUCH_OK && found && count < VOUCH_STORE_PASSKEYS_MAX) {
        err = read_passkey(store, VOUCH_SQL_PASSKEYS_OF, values, arena, &rows[count], fault);
        if (err == VOUCH_OK) {
            count++;
            err = store->driver->next(store->db, VOUCH_SQL_PASSKEYS_OF, &found, values, fault);
        }
    }
    store->driver->end(store->db, VOUCH_SQL_PASSKEYS_OF);
    if (err == VOUCH_OK) {
        *ret_passkeys = (struct vouch_store_passkeys){rows, count};
    }
    return err;
}

// --- changing

static int fits(const struct vouch_store_passkey *passkey) {
    return passkey->credential.len > 0 &&
           passkey->credential.len <= VOUCH_STORE_PASSKEY_CREDENTIAL_MAX && passkey->key.len > 0 &&
           passkey->key.len <= VOUCH_STORE_PASSKEY_KEY_MAX && passkey->name.len > 0 &&
           passkey->name.len <= VOUCH_STORE_PASSKEY_NAME_MAX;
}

int vouch_store_passkey_add(struct vouch_store *store, const struct vouch_store_passkey *passkey,
                            enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_integer(kept(passkey->account)),
        vouch_value_bytes(passkey->credential),
        vouch_value_integer(passkey->algorithm),
        vouch_value_bytes(passkey->key),
        vouch_value_integer(kept(passkey->answers)),
        vouch_value_integer(kept(passkey->backup)),
        vouch_value_bytes((struct vouch_bytes){passkey->aaguid, sizeof passkey->aaguid}),
        vouch_value_bytes(passkey->name),
        vouch_value_integer(kept(passkey->created_s)),
        vouch_value_integer(VOUCH_STORE_PASSKEYS_MAX),
    };
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int found = 0;
    if (!fits(passkey)) {
        return vouch_store_misuse(store, "a passkey is outside its bounds", fault);
    }
    int err = vouch_store_alter(store, VOUCH_SQL_PASSKEY_ADD, args, &outcome, fault);
    if (err == VOUCH_OK && outcome != VOUCH_STORE_DONE) {
        err = vouch_store_first(store, VOUCH_SQL_PASSKEY_ACCOUNT, args, &found, values, fault);
        store->driver->end(store->db, VOUCH_SQL_PASSKEY_ACCOUNT);
        outcome = found ? VOUCH_STORE_TAKEN : VOUCH_STORE_ABSENT;
    }
    if (err == VOUCH_OK) {
        *ret_outcome = outcome;
    }
    return err;
}

int vouch_store_passkey_used(struct vouch_store *store, uint64_t id,
                             const struct vouch_store_passkey_use *use,
                             enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_integer(kept(id)),           vouch_value_integer(kept(use->before)),
        vouch_value_integer(kept(use->answers)), vouch_value_integer(kept(use->backup)),
        vouch_value_integer(kept(use->used_s)),
    };
    return vouch_store_alter(store, VOUCH_SQL_PASSKEY_USED, args, ret_outcome, fault);
}

int vouch_store_passkey_remove(struct vouch_store *store, uint64_t account, uint64_t id,
                               enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kept(account)),
                                       vouch_value_integer(kept(id))};
    return vouch_store_alter(store, VOUCH_SQL_PASSKEY_REMOVE, args, ret_outcome, fault);
}

int vouch_store_passkeys_remove(struct vouch_store *store, uint64_t account,
                                struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer(kept(account));
    return store->driver->run(store->db, VOUCH_SQL_PASSKEYS_REMOVE, &arg, NULL, fault);
}
