// SPDX-License-Identifier: ISC
// Keeping tokens that enrol hosts.
#include "store/host-tokens.h"

#include "store/handle.h"

#define CURSOR 'o'
#define MATCH_MAX 253
#define LISTS_MAX (VOUCH_STORE_LIST_MAX * (VOUCH_STORE_TEXT_MAX + 4))

static int64_t kept(uint64_t number) {
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

static const char *judge(const struct vouch_store_host_token *token) {
    if (token->match.len == 0 || token->match.len > MATCH_MAX || token->zone.len == 0 ||
        token->zone.len > VOUCH_STORE_NAME_MAX || token->actor.len > VOUCH_STORE_TEXT_MAX) {
        return "a host token's name, zone or actor is empty or too long";
    }
    if (!vouch_list_fits(token->labels, token->label_count) ||
        !vouch_list_fits(token->networks, token->network_count)) {
        return "a host token has too many texts, or one that is too long";
    }
    if (token->uses == 0 || token->uses > VOUCH_STORE_HOST_TOKEN_USES_MAX ||
        token->expires_s == 0 || token->expires_s > INT64_MAX || token->created_s > INT64_MAX) {
        return "a host token has 1 to 10000 uses and must expire, before 2^63";
    }
    return NULL;
}

// --- reading

static int keep_texts(const struct vouch_store *store, struct vouch_bytes labels,
                      struct vouch_bytes networks, struct vouch_arena *arena,
                      struct vouch_store_host_token *token, struct vouch_fault *fault) {
    int err = vouch_list_get(labels, arena, &token->labels, &token->label_count);
    if (err == VOUCH_OK) {
        err = vouch_list_get(networks, arena, &token->networks, &token->network_count);
    }
    if (err == VOUCH_ERR_CORRUPT) {
        return vouch_store_row_bad(store, "host_tokens: a list", fault);
    }
    if (err != VOUCH_OK || vouch_arena_copy(arena, token->match, &token->match) != VOUCH_OK ||
        vouch_arena_copy(arena, token->zone, &token->zone) != VOUCH_OK ||
        vouch_arena_copy(arena, token->actor, &token->actor) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    return VOUCH_OK;
}

static int read_token(const struct vouch_store *store, enum vouch_statement statement,
                      const struct vouch_value *values, struct vouch_arena *arena, void *ret_row,
                      struct vouch_fault *fault) {
    struct vouch_store_host_token found = {0};
    struct vouch_row row;
    vouch_row_init(&row, statement, values);
    found.id = vouch_row_u64(&row);
    found.match = vouch_row_bytes(&row);
    found.zone = vouch_row_bytes(&row);
    struct vouch_bytes labels = vouch_row_bytes(&row);
    struct vouch_bytes networks = vouch_row_bytes(&row);
    found.uses = vouch_row_u64(&row);
    found.uses_left = vouch_row_u64(&row);
    found.actor = vouch_row_bytes(&row);
    found.created_s = vouch_row_u64(&row);
    found.expires_s = vouch_row_u64(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "host_tokens: a row", fault);
    }
    int err = keep_texts(store, labels, networks, arena, &found, fault);
    if (err == VOUCH_OK) {
        *(struct vouch_store_host_token *)ret_row = found;
    }
    return err;
}

int vouch_store_host_token_by_secret(struct vouch_store *store,
                                     const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                     struct vouch_arena *arena,
                                     enum vouch_store_outcome *ret_outcome,
                                     struct vouch_store_host_token *ret_token,
                                     struct vouch_fault *fault) {
    const struct vouch_value arg =
        vouch_value_bytes((struct vouch_bytes){secret, VOUCH_STORE_HASH_LEN});
    const struct vouch_one what = {VOUCH_SQL_HOST_TOKEN_BY_SECRET, &arg, read_token};
    return vouch_store_one(store, &what, arena, ret_outcome, ret_token, fault);
}

int vouch_store_host_token_by_id(struct vouch_store *store, uint64_t id, struct vouch_arena *arena,
                                 enum vouch_store_outcome *ret_outcome,
                                 struct vouch_store_host_token *ret_token,
                                 struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer(kept(id));
    const struct vouch_one what = {VOUCH_SQL_HOST_TOKEN_BY_ID, &arg, read_token};
    return vouch_store_one(store, &what, arena, ret_outcome, ret_token, fault);
}

int vouch_store_host_tokens_list(struct vouch_store *store, const struct vouch_store_page *page,
                                 struct vouch_store_host_tokens *ret_tokens,
                                 struct vouch_fault *fault) {
    struct vouch_numbered_page list;
    struct vouch_value args[2];
    const struct vouch_numbered what = {.statement = VOUCH_SQL_HOST_TOKENS_ALL,
                                        .args = args,
                                        .page = page,
                                        .cursor = CURSOR,
                                        .size = sizeof(struct vouch_store_host_token),
                                        .at = offsetof(struct vouch_store_host_token, id),
                                        .read = read_token};
    int err = vouch_numbered_list(store, &what, &list, fault);
    if (err == VOUCH_OK) {
        *ret_tokens = (struct vouch_store_host_tokens){
            .arena = list.arena, .rows = list.rows, .count = list.count};
        memcpy(ret_tokens->next, list.next, sizeof list.next);
    }
    return err;
}

void vouch_store_host_tokens_done(struct vouch_store_host_tokens *tokens) {
    if (tokens != NULL) {
        vouch_arena_done(&tokens->arena);
        *tokens = (struct vouch_store_host_tokens){0};
    }
}

// --- changing

int vouch_store_host_token_add(struct vouch_store *store,
                               const struct vouch_store_host_token *token,
                               const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                               enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    struct vouch_buf labels, networks;
    const char *reason = judge(token);
    if (reason != NULL) {
        return vouch_store_misuse(store, reason, fault);
    }
    vouch_buf_init(&labels, LISTS_MAX);
    vouch_buf_init(&networks, LISTS_MAX);
    vouch_list_put(&labels, token->labels, token->label_count);
    vouch_list_put(&networks, token->networks, token->network_count);
    const struct vouch_value args[] = {
        vouch_value_bytes((struct vouch_bytes){secret, VOUCH_STORE_HASH_LEN}),
        vouch_value_bytes(token->match),
        vouch_value_bytes(token->zone),
        vouch_value_bytes(vouch_buf_bytes(&labels)),
        vouch_value_bytes(vouch_buf_bytes(&networks)),
        vouch_value_integer(kept(token->uses)),
        vouch_value_bytes(token->actor),
        vouch_value_integer(kept(token->created_s)),
        vouch_value_integer(kept(token->expires_s)),
    };
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = labels.err != VOUCH_OK || networks.err != VOUCH_OK
                  ? vouch_store_no_memory(store, fault)
                  : vouch_store_alter(store, VOUCH_SQL_HOST_TOKEN_ADD, args, &outcome, fault);
    vouch_buf_done(&labels);
    vouch_buf_done(&networks);
    if (err == VOUCH_OK) {
        *ret_outcome = outcome == VOUCH_STORE_DONE ? VOUCH_STORE_DONE : VOUCH_STORE_TAKEN;
    }
    return err;
}

int vouch_store_host_token_take(struct vouch_store *store, uint64_t id, uint64_t now_s,
                                enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kept(id)),
                                       vouch_value_integer(kept(now_s))};
    return vouch_store_alter(store, VOUCH_SQL_HOST_TOKEN_TAKE, args, ret_outcome, fault);
}

int vouch_store_host_token_remove(struct vouch_store *store, uint64_t id,
                                  enum vouch_store_outcome *ret_outcome,
                                  struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer(kept(id));
    return vouch_store_alter(store, VOUCH_SQL_HOST_TOKEN_REMOVE, &arg, ret_outcome, fault);
}

int vouch_store_host_tokens_prune(struct vouch_store *store, uint64_t now_s, size_t limit,
                                  uint64_t *removed, struct vouch_fault *fault) {
    return vouch_store_prune(store, VOUCH_SQL_HOST_TOKENS_PRUNE, now_s, limit, removed, fault);
}
