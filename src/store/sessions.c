// SPDX-License-Identifier: ISC
// Keeping sessions, by the hash of their secret.
#include "store/sessions.h"

#include "store/handle.h"

#define CURSOR 's'

static int64_t kept(uint64_t number) {
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

static const char *judge(const struct vouch_store_session *session) {
    if (session->methods.len == 0 || session->methods.len > VOUCH_STORE_SESSION_METHODS_MAX ||
        session->source.len > VOUCH_STORE_TEXT_MAX ||
        session->client.len > VOUCH_STORE_SESSION_CLIENT_MAX) {
        return "a session's methods must have 1 to 64 bytes, its source at most 4096 and its "
               "client at most 300";
    }
    if (session->idle_s == 0 || session->idle_s > INT64_MAX / 2 || session->ends_s == 0 ||
        session->ends_s > INT64_MAX || session->used_s > INT64_MAX / 2) {
        return "a session must end, before 2^63";
    }
    return NULL;
}

// --- reading

static int read_session(const struct vouch_store *store, enum vouch_statement statement,
                        const struct vouch_value *values, struct vouch_arena *arena, void *ret_row,
                        struct vouch_fault *fault) {
    struct vouch_store_session *ret_session = ret_row;
    struct vouch_row row;
    struct vouch_store_session found = {0};
    vouch_row_init(&row, statement, values);
    found.id = vouch_row_u64(&row);
    found.account = vouch_row_u64(&row);
    struct vouch_bytes user = vouch_row_bytes(&row);
    struct vouch_bytes methods = vouch_row_bytes(&row);
    struct vouch_bytes source = vouch_row_bytes(&row);
    found.created_s = vouch_row_u64(&row);
    found.used_s = vouch_row_u64(&row);
    found.factor_s = vouch_row_u64(&row);
    found.idle_s = vouch_row_u64(&row);
    found.ends_s = vouch_row_u64(&row);
    struct vouch_bytes client = vouch_row_bytes(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "sessions: a row", fault);
    }
    if (vouch_arena_copy(arena, user, &found.user) != VOUCH_OK ||
        vouch_arena_copy(arena, methods, &found.methods) != VOUCH_OK ||
        vouch_arena_copy(arena, source, &found.source) != VOUCH_OK ||
        vouch_arena_copy(arena, client, &found.client) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    *ret_session = found;
    return VOUCH_OK;
}

int vouch_store_session_by_secret(struct vouch_store *store,
                                  const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                  struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                                  struct vouch_store_session *ret_session,
                                  struct vouch_fault *fault) {
    const struct vouch_value arg =
        vouch_value_bytes((struct vouch_bytes){secret, VOUCH_STORE_HASH_LEN});
    const struct vouch_one what = {VOUCH_SQL_SESSION_BY_SECRET, &arg, read_session};
    return vouch_store_one(store, &what, arena, ret_outcome, ret_session, fault);
}

int vouch_store_session_by_id(struct vouch_store *store, uint64_t id, struct vouch_arena *arena,
                              enum vouch_store_outcome *ret_outcome,
                              struct vouch_store_session *ret_session, struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer(kept(id));
    const struct vouch_one what = {VOUCH_SQL_SESSION_BY_ID, &arg, read_session};
    return vouch_store_one(store, &what, arena, ret_outcome, ret_session, fault);
}

int vouch_store_sessions_list(struct vouch_store *store, struct vouch_bytes user, uint64_t now_s,
                              const struct vouch_store_page *page,
                              struct vouch_store_sessions *ret_sessions,
                              struct vouch_fault *fault) {
    struct vouch_numbered_page list;
    struct vouch_value args[] = {
        vouch_value_bytes(user), {0}, {0}, vouch_value_integer(kept(now_s))};
    const struct vouch_numbered what = {.statement = VOUCH_SQL_SESSIONS_OF,
                                        .args = args,
                                        .after = 1,
                                        .page = page,
                                        .cursor = CURSOR,
                                        .size = sizeof(struct vouch_store_session),
                                        .at = offsetof(struct vouch_store_session, id),
                                        .read = read_session};
    int err = vouch_numbered_list(store, &what, &list, fault);
    if (err == VOUCH_OK) {
        *ret_sessions = (struct vouch_store_sessions){
            .arena = list.arena, .rows = list.rows, .count = list.count};
        memcpy(ret_sessions->next, list.next, sizeof list.next);
    }
    return err;
}

void vouch_store_sessions_done(struct vouch_store_sessions *sessions) {
    if (sessions != NULL) {
        vouch_arena_done(&sessions->arena);
        *sessions = (struct vouch_store_sessions){0};
    }
}

// --- changing

static int trim(struct vouch_store *store, uint64_t account, struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kept(account)),
                                       vouch_value_integer(VOUCH_STORE_SESSIONS_MAX - 1)};
    return store->driver->run(store->db, VOUCH_SQL_SESSIONS_TRIM, args, NULL, fault);
}

int vouch_store_session_add(struct vouch_store *store, const struct vouch_store_session *session,
                            const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                            enum vouch_store_outcome *ret_outcome, uint64_t *ret_id,
                            struct vouch_fault *fault) {
    struct vouch_store_session added;
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    vouch_autoarena struct vouch_arena arena = {0};
    const char *reason = judge(session);
    if (reason != NULL) {
        return vouch_store_misuse(store, reason, fault);
    }
    uint64_t idle_ends_s = session->used_s + session->idle_s;
    const struct vouch_value args[] = {
        vouch_value_bytes((struct vouch_bytes){secret, VOUCH_STORE_HASH_LEN}),
        vouch_value_integer(kept(session->account)),
        vouch_value_bytes(session->methods),
        vouch_value_bytes(session->source),
        vouch_value_integer(kept(session->created_s)),
        vouch_value_integer(kept(session->used_s)),
        vouch_value_integer(kept(session->factor_s)),
        vouch_value_integer(kept(session->idle_s)),
        vouch_value_integer(kept(session->ends_s)),
        vouch_value_integer(kept(idle_ends_s < session->ends_s ? idle_ends_s : session->ends_s)),
        vouch_value_bytes(session->client),
    };
    int err = trim(store, session->account, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_alter(store, VOUCH_SQL_SESSION_ADD, args, &outcome, fault);
    }
    if (err == VOUCH_OK && outcome == VOUCH_STORE_DONE) {
        err = vouch_store_session_by_secret(store, secret, &arena, &outcome, &added, fault);
    }
    if (err == VOUCH_OK) {
        *ret_outcome = outcome;
        *ret_id = outcome == VOUCH_STORE_DONE ? added.id : 0;
    }
    return err;
}

int vouch_store_session_used(struct vouch_store *store, uint64_t id, uint64_t now_s,
                             struct vouch_fault *fault) {
    uint64_t coarse_s = now_s > INT64_MAX / 2 ? INT64_MAX / 2 : now_s;
    coarse_s -= coarse_s % VOUCH_STORE_SESSION_COARSE_S;
    const struct vouch_value args[] = {vouch_value_integer(kept(id)),
                                       vouch_value_integer(kept(coarse_s))};
    return store->driver->run(store->db, VOUCH_SQL_SESSION_USED, args, NULL, fault);
}

int vouch_store_session_trust(struct vouch_store *store, uint64_t id, uint64_t trust_version,
                              struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kept(id)),
                                       vouch_value_integer(kept(trust_version))};
    return store->driver->run(store->db, VOUCH_SQL_SESSION_TRUST, args, NULL, fault);
}

int vouch_store_session_factor(struct vouch_store *store, uint64_t id, struct vouch_bytes methods,
                               uint64_t now_s, enum vouch_store_outcome *ret_outcome,
                               struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kept(id)), vouch_value_bytes(methods),
                                       vouch_value_integer(kept(now_s))};
    if (methods.len == 0 || methods.len > VOUCH_STORE_SESSION_METHODS_MAX) {
        return vouch_store_misuse(store, "a session's methods must have 1 to 64 bytes", fault);
    }
    return vouch_store_alter(store, VOUCH_SQL_SESSION_FACTOR, args, ret_outcome, fault);
}

int vouch_store_session_end(struct vouch_store *store, uint64_t id, uint64_t *ret_count,
                            struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer(kept(id));
    return store->driver->run(store->db, VOUCH_SQL_SESSION_END, &arg, ret_count, fault);
}

int vouch_store_sessions_end(struct vouch_store *store, uint64_t account, uint64_t but,
                             uint64_t *ret_count, struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(kept(account)),
                                       vouch_value_integer(kept(but))};
    return store->driver->run(store->db, VOUCH_SQL_SESSIONS_END, args, ret_count, fault);
}

int vouch_store_sessions_prune(struct vouch_store *store, uint64_t now_s, size_t limit,
                               uint64_t *removed, struct vouch_fault *fault) {
    return vouch_store_prune(store, VOUCH_SQL_SESSIONS_PRUNE, now_s, limit, removed, fault);
}
