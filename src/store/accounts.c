// SPDX-License-Identifier: ISC
// Keeping accounts, and what identity wants kept for them.
#include "store/accounts.h"

#include "store/handle.h"

#define CURSOR 'a'

static int64_t kept(uint64_t number) {
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

// --- reading

static int read_account(const struct vouch_store *store, enum vouch_statement statement,
                        const struct vouch_value *values, struct vouch_arena *arena, void *ret_row,
                        struct vouch_fault *fault) {
    struct vouch_store_account *ret_account = ret_row;
    struct vouch_row row;
    struct vouch_store_account account = {0};
    vouch_row_init(&row, statement, values);
    account.id = vouch_row_u64(&row);
    struct vouch_bytes name = vouch_row_bytes(&row);
    account.created_s = vouch_row_u64(&row);
    account.signed_in_s = vouch_row_u64(&row);
    account.has_password = vouch_row_u64(&row);
    account.has_totp = vouch_row_u64(&row);
    account.recovery_left = vouch_row_u64(&row);
    account.sessions = vouch_row_u64(&row);
    account.passkeys = vouch_row_u64(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "accounts: a row", fault);
    }
    if (vouch_arena_copy(arena, name, &account.name) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    *ret_account = account;
    return VOUCH_OK;
}

int vouch_store_account_find(struct vouch_store *store, struct vouch_bytes name,
                             struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                             struct vouch_store_account *ret_account, struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    const struct vouch_value arg = vouch_value_bytes(name);
    int found = 0;
    int err = vouch_store_first(store, VOUCH_SQL_ACCOUNT_FIND, &arg, &found, values, fault);
    if (err == VOUCH_OK && found) {
        err = read_account(store, VOUCH_SQL_ACCOUNT_FIND, values, arena, ret_account, fault);
    }
    store->driver->end(store->db, VOUCH_SQL_ACCOUNT_FIND);
    if (err == VOUCH_OK) {
        *ret_outcome = found ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT;
    }
    return err;
}

static int read_credential(const struct vouch_store *store, const struct vouch_value *values,
                           struct vouch_arena *arena, struct vouch_store_credentials *credentials,
                           struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_credential credential = {0};
    vouch_row_init(&row, VOUCH_SQL_CREDENTIALS_OF, values);
    int64_t method = vouch_row_integer(&row);
    struct vouch_bytes stored = vouch_row_bytes(&row);
    credential.step = vouch_row_u64(&row);
    credential.left = vouch_row_u64(&row);
    if (row.err != VOUCH_OK || method <= 0 || method >= VOUCH_STORE_METHODS) {
        return vouch_store_row_bad(store, "credentials: a row", fault);
    }
    if (vouch_arena_copy(arena, stored, &credential.stored) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    credentials->of[method] = credential;
    return VOUCH_OK;
}

int vouch_store_credentials(struct vouch_store *store, uint64_t account, struct vouch_arena *arena,
                            struct vouch_store_credentials *ret_credentials,
                            struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    const struct vouch_value arg = vouch_value_integer(kept(account));
    struct vouch_store_credentials credentials = {0};
    int found = 0;
    int err = vouch_store_first(store, VOUCH_SQL_CREDENTIALS_OF, &arg, &found, values, fault);
    while (err == VOUCH_OK && found) {
        err = read_credential(store, values, arena, &credentials, fault);
        if (err == VOUCH_OK) {
            err = store->driver->next(store->db, VOUCH_SQL_CREDENTIALS_OF, &found, values, fault);
        }
    }
    store->driver->end(store->db, VOUCH_SQL_CREDENTIALS_OF);
    if (err == VOUCH_OK) {
        *ret_credentials = credentials;
    }
    return err;
}

// --- listing

int vouch_store_accounts_list(struct vouch_store *store, const struct vouch_store_page *page,
                              struct vouch_store_accounts *ret_accounts,
                              struct vouch_fault *fault) {
    struct vouch_numbered_page list;
    struct vouch_value args[2];
    const struct vouch_numbered what = {.statement = VOUCH_SQL_ACCOUNTS_ALL,
                                        .args = args,
                                        .page = page,
                                        .cursor = CURSOR,
                                        .size = sizeof(struct vouch_store_account),
                                        .at = offsetof(struct vouch_store_account, id),
                                        .read = read_account};
    int err = vouch_numbered_list(store, &what, &list, fault);
    if (err == VOUCH_OK) {
        *ret_accounts = (struct vouch_store_accounts){
            .arena = list.arena, .rows = list.rows, .count = list.count};
        memcpy(ret_accounts->next, list.next, sizeof list.next);
    }
    return err;
}

// --- all names

static int read_name(const struct vouch_store *store, const struct vouch_value *values,
                     struct vouch_store_accounts *list, struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_account *account = &list->rows[list->count];
    vouch_row_init(&row, VOUCH_SQL_ACCOUNTS_NAMES, values);
    account->id = vouch_row_u64(&row);
    struct vouch_bytes name = vouch_row_bytes(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "accounts: a row", fault);
    }
    if (vouch_arena_copy(&list->arena, name, &account->name) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    list->count++;
    return VOUCH_OK;
}

int vouch_store_accounts_names(struct vouch_store *store, struct vouch_store_accounts *ret_accounts,
                               struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    struct vouch_store_accounts list = {0};
    const struct vouch_value arg = vouch_value_integer(VOUCH_STORE_ACCOUNTS_MAX);
    int found = 0;
    list.rows = vouch_arena_alloc(&list.arena, VOUCH_STORE_ACCOUNTS_MAX * sizeof *list.rows);
    if (list.rows == NULL) {
        return vouch_store_no_memory(store, fault);
    }
    int err = vouch_store_first(store, VOUCH_SQL_ACCOUNTS_NAMES, &arg, &found, values, fault);
    while (err == VOUCH_OK && found) {
        err = read_name(store, values, &list, fault);
        if (err == VOUCH_OK) {
            err = store->driver->next(store->db, VOUCH_SQL_ACCOUNTS_NAMES, &found, values, fault);
        }
    }
    store->driver->end(store->db, VOUCH_SQL_ACCOUNTS_NAMES);
    if (err != VOUCH_OK) {
        vouch_store_accounts_done(&list);
        return err;
    }
    *ret_accounts = list;
    return VOUCH_OK;
}

void vouch_store_accounts_done(struct vouch_store_accounts *accounts) {
    if (accounts != NULL) {
        vouch_arena_done(&accounts->arena);
        *accounts = (struct vouch_store_accounts){0};
    }
}

int vouch_store_accounts_sealed(struct vouch_store *store, uint64_t *ret_count,
                                struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    struct vouch_row row;
    uint64_t count = 0;
    int found = 0;
    int err = vouch_store_first(store, VOUCH_SQL_ACCOUNTS_SEALED, NULL, &found, values, fault);
    if (err == VOUCH_OK && found) {
        vouch_row_init(&row, VOUCH_SQL_ACCOUNTS_SEALED, values);
        count = vouch_row_u64(&row);
        err = row.err != VOUCH_OK ? vouch_store_row_bad(store, "credentials: their number", fault)
                                  : VOUCH_OK;
    }
    store->driver->end(store->db, VOUCH_SQL_ACCOUNTS_SEALED);
    if (err == VOUCH_OK) {
        *ret_count = count;
    }
    return err;
}

// --- changing

int vouch_store_account_add(struct vouch_store *store, struct vouch_bytes name, uint64_t now_s,
                            enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    const struct vouch_value args[] = {vouch_value_bytes(name), vouch_value_integer(kept(now_s))};
    if (name.len == 0 || name.len > VOUCH_STORE_USER_MAX) {
        return vouch_store_misuse(store, "an account's name must have 1 to 128 bytes", fault);
    }
    int err = vouch_store_alter(store, VOUCH_SQL_ACCOUNT_ADD, args, &outcome, fault);
    if (err == VOUCH_OK) {
        *ret_outcome = outcome == VOUCH_STORE_DONE ? VOUCH_STORE_DONE : VOUCH_STORE_TAKEN;
    }
    return err;
}

int vouch_store_account_remove(struct vouch_store *store, uint64_t account,
                               enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kept(account)), vouch_value_integer(0)};
    enum vouch_store_outcome any = VOUCH_STORE_ABSENT;
    int err = vouch_store_alter(store, VOUCH_SQL_SESSIONS_END, args, &any, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_alter(store, VOUCH_SQL_LINK_REMOVE, args, &any, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_store_alter(store, VOUCH_SQL_CREDENTIALS_REMOVE, args, &any, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_store_alter(store, VOUCH_SQL_PASSKEYS_REMOVE, args, &any, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_store_alter(store, VOUCH_SQL_PREFERENCES_REMOVE, args, &any, fault);
    }
    return err == VOUCH_OK
               ? vouch_store_alter(store, VOUCH_SQL_ACCOUNT_REMOVE, args, ret_outcome, fault)
               : err;
}

int vouch_store_account_signed_in(struct vouch_store *store, uint64_t account, uint64_t now_s,
                                  struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kept(account)),
                                       vouch_value_integer(kept(now_s))};
    return store->driver->run(store->db, VOUCH_SQL_ACCOUNT_SIGNED_IN, args, NULL, fault);
}

static int is_credential(enum vouch_store_method method,
                         const struct vouch_store_credential *credential) {
    return method > VOUCH_STORE_METHOD_NONE && method < VOUCH_STORE_METHODS &&
           credential->stored.len > 0 && credential->stored.len <= VOUCH_STORE_CREDENTIAL_MAX &&
           credential->step <= INT64_MAX && credential->left <= INT64_MAX;
}

int vouch_store_credential_put(struct vouch_store *store, uint64_t account,
                               enum vouch_store_method method,
                               const struct vouch_store_credential *credential,
                               enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_integer(kept(account)),          vouch_value_integer(method),
        vouch_value_bytes(credential->stored),       vouch_value_integer(kept(credential->step)),
        vouch_value_integer(kept(credential->left)),
    };
    return is_credential(method, credential)
               ? vouch_store_alter(store, VOUCH_SQL_CREDENTIAL_PUT, args, ret_outcome, fault)
               : vouch_store_misuse(store, "a credential is empty or too large", fault);
}

int vouch_store_credentials_remove(struct vouch_store *store, uint64_t account,
                                   struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer(kept(account));
    return store->driver->run(store->db, VOUCH_SQL_CREDENTIALS_REMOVE, &arg, NULL, fault);
}

int vouch_store_credential_take(struct vouch_store *store, uint64_t account,
                                enum vouch_store_method method, struct vouch_bytes stored,
                                const struct vouch_store_credential *next,
                                enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_integer(kept(account)),    vouch_value_integer(method),
        vouch_value_bytes(next->stored),       vouch_value_integer(kept(next->step)),
        vouch_value_integer(kept(next->left)), vouch_value_bytes(stored),
    };
    return is_credential(method, next)
               ? vouch_store_alter(store, VOUCH_SQL_CREDENTIAL_TAKE, args, ret_outcome, fault)
               : vouch_store_misuse(store, "a credential is empty or too large", fault);
}
