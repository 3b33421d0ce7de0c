// SPDX-License-Identifier: ISC
// Keeping API tokens, by the hash of their secret.
#include "store/tokens.h"

#include "store/handle.h"
#include "store/profiles.h"

#define CURSOR 't'
#define SCOPES_MAX (VOUCH_STORE_LIST_MAX * (VOUCH_STORE_TEXT_MAX + 4))

static const char *judge(const struct vouch_store_token *token) {
    if (token->name.len == 0 || token->name.len > VOUCH_STORE_NAME_MAX) {
        return "a token's name must have 1 to 64 bytes";
    }
    if (!vouch_list_fits(token->scopes, token->scope_count) ||
        token->profile.len > VOUCH_STORE_NAME_MAX || token->actor.len > VOUCH_STORE_TEXT_MAX) {
        return "a token has too many texts, or one that is too long";
    }
    if (token->expires_s == 0 || token->expires_s > INT64_MAX || token->created_s > INT64_MAX) {
        return "a token must expire, before 2^63";
    }
    return NULL;
}

// --- reading

static int read_token(const struct vouch_store *store, enum vouch_statement statement,
                      const struct vouch_value *values, struct vouch_arena *arena, void *ret_row,
                      struct vouch_fault *fault) {
    struct vouch_store_token *ret_token = ret_row;
    struct vouch_row row;
    struct vouch_store_token found = {0};
    vouch_row_init(&row, statement, values);
    found.id = vouch_row_u64(&row);
    struct vouch_bytes name = vouch_row_bytes(&row);
    struct vouch_bytes scopes = vouch_row_bytes(&row);
    struct vouch_bytes profile = {0};
    if (row.err == VOUCH_OK && row.next->type == VOUCH_VALUE_NULL) {
        row.next++;
    } else {
        profile = vouch_row_bytes(&row);
    }
    struct vouch_bytes actor = vouch_row_bytes(&row);
    found.created_s = vouch_row_u64(&row);
    found.expires_s = vouch_row_u64(&row);
    found.last_used_s = vouch_row_u64(&row);
    found.disabled_s = vouch_row_u64(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "tokens: a row", fault);
    }
    int err = vouch_list_get(scopes, arena, &found.scopes, &found.scope_count);
    if (err == VOUCH_ERR_CORRUPT) {
        return vouch_store_row_bad(store, "tokens: scopes", fault);
    }
    if (err != VOUCH_OK || vouch_arena_copy(arena, name, &found.name) != VOUCH_OK ||
        vouch_arena_copy(arena, profile, &found.profile) != VOUCH_OK ||
        vouch_arena_copy(arena, actor, &found.actor) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    *ret_token = found;
    return VOUCH_OK;
}

int vouch_store_token_by_secret(struct vouch_store *store,
                                const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                                struct vouch_store_token *ret_token, struct vouch_fault *fault) {
    const struct vouch_value arg =
        vouch_value_bytes((struct vouch_bytes){secret, VOUCH_STORE_HASH_LEN});
    const struct vouch_one what = {VOUCH_SQL_TOKEN_BY_SECRET, &arg, read_token};
    return vouch_store_one(store, &what, arena, ret_outcome, ret_token, fault);
}

int vouch_store_token_by_name(struct vouch_store *store, struct vouch_bytes name,
                              struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                              struct vouch_store_token *ret_token, struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_bytes(name);
    const struct vouch_one what = {VOUCH_SQL_TOKEN_BY_NAME, &arg, read_token};
    return vouch_store_one(store, &what, arena, ret_outcome, ret_token, fault);
}

int vouch_store_tokens_list(struct vouch_store *store, const struct vouch_store_page *page,
                            struct vouch_store_tokens *ret_tokens, struct vouch_fault *fault) {
    struct vouch_numbered_page list;
    struct vouch_value args[2];
    const struct vouch_numbered what = {.statement = VOUCH_SQL_TOKENS_ALL,
                                        .args = args,
                                        .page = page,
                                        .cursor = CURSOR,
                                        .size = sizeof(struct vouch_store_token),
                                        .at = offsetof(struct vouch_store_token, id),
                                        .read = read_token};
    int err = vouch_numbered_list(store, &what, &list, fault);
    if (err == VOUCH_OK) {
        *ret_tokens = (struct vouch_store_tokens){
            .arena = list.arena, .rows = list.rows, .count = list.count};
        memcpy(ret_tokens->next, list.next, sizeof list.next);
    }
    return err;
}

void vouch_store_tokens_done(struct vouch_store_tokens *tokens) {
    if (tokens != NULL) {
        vouch_arena_done(&tokens->arena);
        *tokens = (struct vouch_store_tokens){0};
    }
}

// --- writing

static int add(struct vouch_store *store, const struct vouch_store_token *token,
               struct vouch_bytes secret, struct vouch_bytes scopes, uint64_t *ret_changed,
               struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_bytes(token->name),
        vouch_value_bytes(secret),
        vouch_value_bytes(scopes),
        token->profile.len > 0 ? vouch_value_bytes(token->profile)
                               : (struct vouch_value){.type = VOUCH_VALUE_NULL},
        vouch_value_bytes(token->actor),
        vouch_value_integer((int64_t)token->created_s),
        vouch_value_integer((int64_t)token->expires_s),
    };
    return store->driver->run(store->db, VOUCH_SQL_TOKEN_ADD, args, ret_changed, fault);
}

// Whether the profile that the token names is there; a token that names none needs none.
static int has_profile(struct vouch_store *store, struct vouch_bytes name, int *ret_has,
                       struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_profile profile;
    enum vouch_store_outcome outcome = VOUCH_STORE_DONE;
    int err = VOUCH_OK;
    if (name.len > 0) {
        err = vouch_store_profile_find(store, name, &arena, &outcome, &profile, fault);
    }
    if (err == VOUCH_OK) {
        *ret_has = outcome == VOUCH_STORE_DONE;
    }
    return err;
}

static int add_in(struct vouch_store *store, const struct vouch_store_token *token,
                  const uint8_t *secret, enum vouch_store_outcome *ret_outcome,
                  struct vouch_fault *fault) {
    struct vouch_buf scopes;
    uint64_t changed = 0;
    int is_there = 0;
    int err = has_profile(store, token->profile, &is_there, fault);
    if (err != VOUCH_OK || !is_there) {
        return err; // the outcome is ABSENT
    }
    vouch_buf_init(&scopes, SCOPES_MAX);
    vouch_list_put(&scopes, token->scopes, token->scope_count);
    if (scopes.err != VOUCH_OK) {
        err = vouch_store_no_memory(store, fault);
    } else {
        err = add(store, token, (struct vouch_bytes){secret, VOUCH_STORE_HASH_LEN},
                  vouch_buf_bytes(&scopes), &changed, fault);
    }
    vouch_buf_done(&scopes);
    if (err == VOUCH_OK) {
        *ret_outcome = changed == 1 ? VOUCH_STORE_DONE : VOUCH_STORE_TAKEN;
    }
    return err;
}

int vouch_store_token_add(struct vouch_store *store, const struct vouch_store_token *token,
                          const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                          enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    const char *reason = judge(token);
    if (reason != NULL) {
        return vouch_store_misuse(store, reason, fault);
    }
    int err = vouch_store_begin(store, VOUCH_DRIVER_NOW, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = add_in(store, token, secret, &outcome, fault);
    err = vouch_store_end(store, err, fault);
    if (err == VOUCH_OK) {
        *ret_outcome = outcome;
    }
    return err;
}

int vouch_store_token_used(struct vouch_store *store, uint64_t id, uint64_t now_s,
                           struct vouch_fault *fault) {
    uint64_t coarse = now_s > INT64_MAX ? INT64_MAX : now_s;
    coarse -= coarse % VOUCH_STORE_TOKEN_COARSE_S;
    const struct vouch_value args[] = {vouch_value_integer((int64_t)id),
                                       vouch_value_integer((int64_t)coarse)};
    return vouch_store_change(store, VOUCH_DRIVER_LATER, VOUCH_SQL_TOKEN_USED, args, NULL, fault);
}

int vouch_store_token_disable(struct vouch_store *store, struct vouch_bytes name, uint64_t now_s,
                              enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    if (now_s == 0 || now_s > INT64_MAX) {
        return vouch_store_misuse(store, "a token is disabled at a time from 1 to 2^63", fault);
    }
    const struct vouch_value args[] = {vouch_value_bytes(name),
                                       vouch_value_integer((int64_t)now_s)};
    uint64_t changed = 0;
    int err =
        vouch_store_change(store, VOUCH_DRIVER_NOW, VOUCH_SQL_TOKEN_DISABLE, args, &changed, fault);
    if (err == VOUCH_OK) {
        *ret_outcome = changed == 1 ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT;
    }
    return err;
}
