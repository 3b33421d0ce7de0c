// SPDX-License-Identifier: ISC
// Keeping one-time links, by the hash of their secret.
#include "store/links.h"

#include "store/handle.h"

static int read_link(const struct vouch_store *store, const struct vouch_value *values,
                     struct vouch_arena *arena, struct vouch_store_link *ret_link,
                     struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_link found = {0};
    vouch_row_init(&row, VOUCH_SQL_LINK_FIND, values);
    found.account = vouch_row_u64(&row);
    struct vouch_bytes user = vouch_row_bytes(&row);
    struct vouch_bytes actor = vouch_row_bytes(&row);
    found.expires_s = vouch_row_u64(&row);
    struct vouch_bytes password = vouch_row_bytes(&row);
    struct vouch_bytes totp = vouch_row_bytes(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "links: a row", fault);
    }
    if (vouch_arena_copy(arena, user, &found.user) != VOUCH_OK ||
        vouch_arena_copy(arena, actor, &found.actor) != VOUCH_OK ||
        vouch_arena_copy(arena, password, &found.password) != VOUCH_OK ||
        vouch_arena_copy(arena, totp, &found.totp) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    *ret_link = found;
    return VOUCH_OK;
}

int vouch_store_link_find(struct vouch_store *store,
                          const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                          struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                          struct vouch_store_link *ret_link, struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    const struct vouch_value arg =
        vouch_value_bytes((struct vouch_bytes){secret, VOUCH_STORE_HASH_LEN});
    int found = 0;
    int err = vouch_store_first(store, VOUCH_SQL_LINK_FIND, &arg, &found, values, fault);
    if (err == VOUCH_OK && found) {
        err = read_link(store, values, arena, ret_link, fault);
    }
    store->driver->end(store->db, VOUCH_SQL_LINK_FIND);
    if (err == VOUCH_OK) {
        *ret_outcome = found ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT;
    }
    return err;
}

int vouch_store_link_put(struct vouch_store *store, const struct vouch_store_link *link,
                         const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                         enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    if (link->expires_s == 0 || link->expires_s > INT64_MAX || link->account > INT64_MAX ||
        link->actor.len > VOUCH_STORE_TEXT_MAX) {
        return vouch_store_misuse(store, "a link must expire, before 2^63", fault);
    }
    const struct vouch_value args[] = {
        vouch_value_integer((int64_t)link->account),
        vouch_value_bytes((struct vouch_bytes){secret, VOUCH_STORE_HASH_LEN}),
        vouch_value_bytes(link->actor), vouch_value_integer((int64_t)link->expires_s)};
    return vouch_store_alter(store, VOUCH_SQL_LINK_PUT, args, ret_outcome, fault);
}

int vouch_store_link_begin(struct vouch_store *store,
                           const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                           struct vouch_bytes password, struct vouch_bytes totp,
                           enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_bytes((struct vouch_bytes){secret, VOUCH_STORE_HASH_LEN}),
        vouch_value_bytes(password), vouch_value_bytes(totp)};
    if (password.len == 0 || password.len > VOUCH_STORE_CREDENTIAL_MAX || totp.len == 0 ||
        totp.len > VOUCH_STORE_CREDENTIAL_MAX) {
        return vouch_store_misuse(store, "what a link begins is empty or too large", fault);
    }
    return vouch_store_alter(store, VOUCH_SQL_LINK_BEGIN, args, ret_outcome, fault);
}

int vouch_store_link_take(struct vouch_store *store,
                          const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                          struct vouch_bytes totp, enum vouch_store_outcome *ret_outcome,
                          struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_bytes((struct vouch_bytes){secret, VOUCH_STORE_HASH_LEN}),
        vouch_value_bytes(totp)};
    return vouch_store_alter(store, VOUCH_SQL_LINK_TAKE, args, ret_outcome, fault);
}

int vouch_store_links_prune(struct vouch_store *store, uint64_t now_s, size_t limit,
                            uint64_t *removed, struct vouch_fault *fault) {
    return vouch_store_prune(store, VOUCH_SQL_LINKS_PRUNE, now_s, limit, removed, fault);
}
