// SPDX-License-Identifier: ISC
// Keeping enrolled hosts: adding and changing them, their names, certificates and secrets.
#include "store/hosts-row.h"

#define TYPE_MAX 64
#define LIST_MAX (VOUCH_STORE_LIST_MAX * (VOUCH_STORE_TEXT_MAX + 4))

static int is_text(struct vouch_bytes text) {
    return text.len <= VOUCH_STORE_TEXT_MAX;
}

static const char *judge(const struct vouch_store_host *host) {
    if (host->state < VOUCH_STORE_HOST_WAITING || host->state > VOUCH_STORE_HOST_RETIRED) {
        return "a host is in no state";
    }
    if (host->name.len == 0 || host->name.len > VOUCH_STORE_HOST_NAME_MAX ||
        host->former.len > VOUCH_STORE_HOST_NAME_MAX || host->zone.len > VOUCH_STORE_NAME_MAX) {
        return "a host's name or zone is empty or too long";
    }
    if (!is_text(host->why) || !is_text(host->by) || !is_text(host->source) ||
        !is_text(host->agent) || !is_text(host->sshd) || !is_text(host->asker)) {
        return "a host has a text that is too long";
    }
    if (host->approved.len != 0 && host->approved.len != VOUCH_STORE_HASH_LEN) {
        return "what was approved of a host is no hash";
    }
    if (!vouch_list_fits(host->labels, host->label_count) ||
        !vouch_list_fits(host->aliases, host->alias_count) ||
        !vouch_list_fits(host->approvers, host->approver_count) ||
        !vouch_list_fits(host->wished, host->wished_count)) {
        return "a host has too many texts, or one that is too long";
    }
    if ((host->state == VOUCH_STORE_HOST_WAITING) != (host->until_s > 0)) {
        return "a host that waits is forgotten at a time, and no other";
    }
    return NULL;
}

// --- a row

static int make_list(const struct vouch_store *store, struct vouch_arena *arena,
                     const struct vouch_bytes *items, size_t count, struct vouch_value *ret_value,
                     struct vouch_fault *fault) {
    struct vouch_buf list;
    struct vouch_bytes copy = {0};
    vouch_buf_init(&list, LIST_MAX);
    vouch_list_put(&list, items, count);
    int err = list.err == VOUCH_OK ? vouch_arena_copy(arena, vouch_buf_bytes(&list), &copy)
                                   : VOUCH_ERR_NO_MEMORY;
    vouch_buf_done(&list);
    *ret_value = vouch_value_bytes(copy);
    return err == VOUCH_OK ? VOUCH_OK : vouch_store_no_memory(store, fault);
}

#define ROW_VALUES 28

// The columns that adding and changing have in common, in the order of both statements but for one: who
// adds says nothing of `used`.
static int put_values(const struct vouch_store *store, const struct vouch_store_host *host,
                      struct vouch_arena *arena, struct vouch_value values[static ROW_VALUES],
                      struct vouch_fault *fault) {
    const struct vouch_value row[ROW_VALUES] = {
        vouch_value_integer(host->state),
        vouch_value_bytes(host->name),
        vouch_value_bytes(host->former),
        vouch_value_bytes(host->zone),
        {0}, // labels
        {0}, // aliases
        {0}, // approvers
        vouch_value_integer(vouch_host_number(host->needed)),
        vouch_value_bytes(host->why),
        vouch_value_bytes(host->by),
        vouch_value_integer(vouch_host_number(host->token)),
        vouch_value_bytes((struct vouch_bytes){host->machine, sizeof host->machine}),
        vouch_value_bytes((struct vouch_bytes){host->keyset, sizeof host->keyset}),
        vouch_value_integer(vouch_host_number(host->generation)),
        vouch_value_integer(vouch_host_number(host->may_collect_s)),
        vouch_value_integer(host->renew != 0),
        vouch_value_bytes(host->source),
        vouch_value_bytes(host->agent),
        vouch_value_bytes(host->sshd),
        vouch_value_integer(vouch_host_number(host->created_s)),
        vouch_value_integer(vouch_host_number(host->seen_s)),
        vouch_value_integer(vouch_host_number(host->renewed_s)),
        vouch_value_integer(vouch_host_number(host->until_s)),
        {0}, // wished
        vouch_value_bytes(host->asker),
        vouch_value_integer(vouch_host_number(host->wish_until_s)),
        vouch_value_bytes(host->approved),
        vouch_value_integer(vouch_host_number(host->approved_s)),
    };
    memcpy(values, row, sizeof row);
    int err = make_list(store, arena, host->labels, host->label_count, &values[4], fault);
    if (err == VOUCH_OK) {
        err = make_list(store, arena, host->aliases, host->alias_count, &values[5], fault);
    }
    if (err == VOUCH_OK) {
        err = make_list(store, arena, host->approvers, host->approver_count, &values[6], fault);
    }
    return err == VOUCH_OK
               ? make_list(store, arena, host->wished, host->wished_count, &values[23], fault)
               : err;
}

static int add_key(struct vouch_store *store, int64_t id, size_t place,
                   const struct vouch_store_host_key *key, struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_integer(id),
        vouch_value_integer((int64_t)place),
        vouch_value_bytes((struct vouch_bytes){key->hash, sizeof key->hash}),
        vouch_value_bytes(key->type),
        vouch_value_integer(vouch_serial_kept(key->serial)),
        vouch_value_integer(vouch_host_number(key->valid_before_s))};
    return key->type.len == 0 || key->type.len > TYPE_MAX
               ? vouch_store_misuse(store, "a host's key has no type", fault)
               : store->driver->run(store->db, VOUCH_SQL_HOST_KEY_ADD, args, NULL, fault);
}

int vouch_store_host_add(struct vouch_store *store, const struct vouch_store_host *host,
                         uint64_t *ret_id, struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_value values[ROW_VALUES];
    const char *reason = judge(host);
    int64_t id = 0;
    int found = 0;
    if (reason == NULL && (host->key_count == 0 || host->key_count > VOUCH_STORE_HOST_KEYS_MAX)) {
        reason = "a host has 1 to 8 keys";
    }
    if (reason != NULL) {
        return vouch_store_misuse(store, reason, fault);
    }
    int err = put_values(store, host, &arena, values, fault);
    if (err == VOUCH_OK) {
        err = store->driver->run(store->db, VOUCH_SQL_HOST_ADD, values, NULL, fault);
    }
    if (err == VOUCH_OK) {
        err = vouch_store_ask(store, VOUCH_SQL_HOST_NEWEST, NULL, &found, &id, fault);
    }
    for (size_t i = 0; err == VOUCH_OK && i < host->key_count; i++) {
        err = add_key(store, id, i, &host->keys[i], fault);
    }
    if (err == VOUCH_OK) {
        *ret_id = (uint64_t)id;
    }
    return err;
}

int vouch_store_host_put(struct vouch_store *store, const struct vouch_store_host *host,
                         enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_value values[ROW_VALUES + 2];
    const char *reason = judge(host);
    if (reason != NULL) {
        return vouch_store_misuse(store, reason, fault);
    }
    int err = put_values(store, host, &arena, values, fault);
    values[ROW_VALUES] = vouch_value_integer(vouch_host_number(host->id));
    values[ROW_VALUES + 1] = vouch_value_integer(vouch_host_number(host->revision));
    return err == VOUCH_OK
               ? vouch_store_alter(store, VOUCH_SQL_HOST_PUT, values, ret_outcome, fault)
               : err;
}

// --- names, certificates, secrets

static int end_names(struct vouch_store *store, uint64_t id, struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer(vouch_host_number(id));
    return store->driver->run(store->db, VOUCH_SQL_HOST_NAMES_END, &arg, NULL, fault);
}

int vouch_store_host_names(struct vouch_store *store, uint64_t id, const struct vouch_bytes *names,
                           size_t count, enum vouch_store_outcome *ret_outcome, size_t *ret_taken,
                           struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_DONE;
    size_t at = 0;
    if (count > VOUCH_STORE_HOST_NAMES_MAX) {
        return vouch_store_misuse(store, "a host has at most 16 names", fault);
    }
    int err = end_names(store, id, fault);
    for (; err == VOUCH_OK && at < count; at++) {
        const struct vouch_value args[] = {vouch_value_bytes(names[at]),
                                           vouch_value_integer(vouch_host_number(id))};
        err = vouch_store_alter(store, VOUCH_SQL_HOST_NAME_ADD, args, &outcome, fault);
        if (outcome != VOUCH_STORE_DONE) {
            break;
        }
    }
    if (err == VOUCH_OK) {
        *ret_outcome = outcome == VOUCH_STORE_DONE ? VOUCH_STORE_DONE : VOUCH_STORE_TAKEN;
        *ret_taken = at;
    }
    return err;
}

int vouch_store_host_cert(struct vouch_store *store, uint64_t id,
                          const struct vouch_store_host_key *key,
                          enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct vouch_value args[] = {
        vouch_value_integer(vouch_host_number(id)),
        vouch_value_bytes((struct vouch_bytes){key->hash, sizeof key->hash}),
        vouch_value_integer(vouch_serial_kept(key->serial)),
        vouch_value_integer(vouch_host_number(key->valid_before_s))};
    return vouch_store_alter(store, VOUCH_SQL_HOST_KEY_CERT, args, ret_outcome, fault);
}

int vouch_store_host_secret_add(struct vouch_store *store,
                                const struct vouch_store_host_secret *secret,
                                enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint64_t oldest = secret->generation > VOUCH_STORE_HOST_SECRETS_MAX
                          ? secret->generation - VOUCH_STORE_HOST_SECRETS_MAX
                          : 0;
    const struct vouch_value trim[] = {vouch_value_integer(vouch_host_number(secret->host)),
                                       vouch_value_integer(vouch_host_number(secret->used)),
                                       vouch_value_integer(vouch_host_number(oldest))};
    const struct vouch_value add[] = {
        vouch_value_bytes((struct vouch_bytes){secret->secret, sizeof secret->secret}),
        vouch_value_integer(vouch_host_number(secret->host)),
        vouch_value_integer(vouch_host_number(secret->generation))};
    int err = store->driver->run(store->db, VOUCH_SQL_HOST_SECRETS_TRIM, trim, NULL, fault);
    if (err == VOUCH_OK) {
        err = vouch_store_alter(store, VOUCH_SQL_HOST_SECRET_ADD, add, &outcome, fault);
    }
    if (err == VOUCH_OK) {
        *ret_outcome = outcome == VOUCH_STORE_DONE ? VOUCH_STORE_DONE : VOUCH_STORE_TAKEN;
    }
    return err;
}

int vouch_store_host_secrets_end(struct vouch_store *store, uint64_t id,
                                 struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer(vouch_host_number(id));
    return store->driver->run(store->db, VOUCH_SQL_HOST_SECRETS_END, &arg, NULL, fault);
}

// --- what is noted by the way

int vouch_store_host_used(struct vouch_store *store, uint64_t id, uint64_t generation,
                          struct vouch_fault *fault) {
    const struct vouch_value args[] = {vouch_value_integer(vouch_host_number(id)),
                                       vouch_value_integer(vouch_host_number(generation))};
    return store->driver->run(store->db, VOUCH_SQL_HOST_USED, args, NULL, fault);
}

int vouch_store_host_seen(struct vouch_store *store, uint64_t id, uint64_t now_s,
                          struct vouch_bytes source, struct vouch_fault *fault) {
    uint64_t coarse_s = now_s - now_s % VOUCH_STORE_HOST_COARSE_S;
    const struct vouch_value args[] = {vouch_value_integer(vouch_host_number(id)),
                                       vouch_value_integer(vouch_host_number(coarse_s)),
                                       vouch_value_bytes(source)};
    return is_text(source) ? store->driver->run(store->db, VOUCH_SQL_HOST_SEEN, args, NULL, fault)
                           : vouch_store_misuse(store, "a host's source is too long", fault);
}

int vouch_store_host_forget(struct vouch_store *store, uint64_t id,
                            enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_integer(vouch_host_number(id));
    int err = store->driver->run(store->db, VOUCH_SQL_HOST_KEYS_FORGET, &arg, NULL, fault);
    return err == VOUCH_OK
               ? vouch_store_alter(store, VOUCH_SQL_HOST_FORGET, &arg, ret_outcome, fault)
               : err;
}

int vouch_store_hosts_prune(struct vouch_store *store, uint64_t now_s, size_t limit,
                            uint64_t *removed, struct vouch_fault *fault) {
    uint64_t keys = 0;
    int err = vouch_store_prune(store, VOUCH_SQL_HOSTS_KEYS_PRUNE, now_s, limit, &keys, fault);
    return err == VOUCH_OK
               ? vouch_store_prune(store, VOUCH_SQL_HOSTS_PRUNE, now_s, limit, removed, fault)
               : err;
}
