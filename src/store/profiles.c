// SPDX-License-Identifier: ISC
// Keeping profiles.
#include "store/profiles.h"

#include "store/handle.h"

// Two lists of texts, each as long as it may be.
#define LISTS_MAX (2 * VOUCH_STORE_LIST_MAX * (VOUCH_STORE_TEXT_MAX + 4))

static int name_fits(struct vouch_bytes name) {
    return name.len > 0 && name.len <= VOUCH_STORE_NAME_MAX;
}

static const char *judge(const struct vouch_store_profile *profile) {
    if (!name_fits(profile->name)) {
        return "a profile's name must have 1 to 64 bytes";
    }
    if (profile->type != VOUCH_CERT_USER && profile->type != VOUCH_CERT_HOST) {
        return "a profile must be for users or for hosts";
    }
    if (!vouch_list_fits(profile->principals, profile->principal_count) ||
        !vouch_list_fits(profile->options, profile->option_count) ||
        profile->actor.len > VOUCH_STORE_TEXT_MAX) {
        return "a profile has too many texts, or one that is too long";
    }
    if (profile->max_ttl_s == 0 || profile->max_ttl_s > INT64_MAX ||
        profile->updated_s > INT64_MAX) {
        return "a profile's longest time must be from 1 to 2^63 seconds";
    }
    return NULL;
}

int vouch_store_profile_put(struct vouch_store *store, const struct vouch_store_profile *profile,
                            struct vouch_fault *fault) {
    const char *reason = judge(profile);
    if (reason != NULL) {
        return vouch_store_misuse(store, reason, fault);
    }
    struct vouch_buf lists;
    vouch_buf_init(&lists, LISTS_MAX);
    vouch_list_put(&lists, profile->principals, profile->principal_count);
    size_t cut = lists.len;
    vouch_list_put(&lists, profile->options, profile->option_count);
    int err = lists.err != VOUCH_OK ? vouch_store_no_memory(store, fault) : VOUCH_OK;
    if (err == VOUCH_OK) {
        struct vouch_bytes principals = {lists.ptr, cut};
        struct vouch_bytes options = {cut < lists.len ? lists.ptr + cut : NULL, lists.len - cut};
        const struct vouch_value args[] = {
            vouch_value_bytes(profile->name),
            vouch_value_integer(profile->type),
            vouch_value_bytes(principals),
            vouch_value_bytes(options),
            vouch_value_integer((int64_t)profile->max_ttl_s),
            vouch_value_integer((int64_t)profile->updated_s),
            vouch_value_bytes(profile->actor),
        };
        err = vouch_store_change(store, VOUCH_DRIVER_NOW, VOUCH_SQL_PROFILE_PUT, args, NULL, fault);
    }
    vouch_buf_done(&lists);
    return err;
}

static int read_profile(const struct vouch_store *store, enum vouch_statement statement,
                        const struct vouch_value *values, struct vouch_arena *arena,
                        struct vouch_store_profile *ret_profile, struct vouch_fault *fault) {
    struct vouch_row row;
    struct vouch_store_profile found = {0};
    vouch_row_init(&row, statement, values);
    struct vouch_bytes name = vouch_row_bytes(&row);
    found.type = vouch_row_integer(&row) == VOUCH_CERT_USER ? VOUCH_CERT_USER : VOUCH_CERT_HOST;
    struct vouch_bytes principals = vouch_row_bytes(&row);
    struct vouch_bytes options = vouch_row_bytes(&row);
    found.max_ttl_s = vouch_row_u64(&row);
    found.updated_s = vouch_row_u64(&row);
    struct vouch_bytes actor = vouch_row_bytes(&row);
    if (row.err != VOUCH_OK) {
        return vouch_store_row_bad(store, "profiles: a row", fault);
    }
    int err = vouch_list_get(principals, arena, &found.principals, &found.principal_count);
    if (err == VOUCH_OK) {
        err = vouch_list_get(options, arena, &found.options, &found.option_count);
    }
    if (err == VOUCH_ERR_CORRUPT) {
        return vouch_store_row_bad(store, "profiles: principals or options", fault);
    }
    if (err != VOUCH_OK || vouch_arena_copy(arena, name, &found.name) != VOUCH_OK ||
        vouch_arena_copy(arena, actor, &found.actor) != VOUCH_OK) {
        return vouch_store_no_memory(store, fault);
    }
    *ret_profile = found;
    return VOUCH_OK;
}

int vouch_store_profile_find(struct vouch_store *store, struct vouch_bytes name,
                             struct vouch_arena *arena, enum vouch_store_outcome *ret_outcome,
                             struct vouch_store_profile *ret_profile, struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    const struct vouch_value arg = vouch_value_bytes(name);
    int found = 0;
    int err = store->driver->query(store->db, VOUCH_SQL_PROFILE_FIND, &arg, fault);
    if (err == VOUCH_OK) {
        err = store->driver->next(store->db, VOUCH_SQL_PROFILE_FIND, &found, values, fault);
    }
    if (err == VOUCH_OK && found) {
        err = read_profile(store, VOUCH_SQL_PROFILE_FIND, values, arena, ret_profile, fault);
    }
    store->driver->end(store->db, VOUCH_SQL_PROFILE_FIND);
    if (err == VOUCH_OK) {
        *ret_outcome = found ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT;
    }
    return err;
}

// In a transaction, so that no token comes between the question and the removal.
static int remove_unused(struct vouch_store *store, struct vouch_bytes name,
                         enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    const struct vouch_value arg = vouch_value_bytes(name);
    int used = 0;
    int64_t token = 0;
    uint64_t changed = 0;
    int err = vouch_store_ask(store, VOUCH_SQL_TOKENS_OF_PROFILE, &arg, &used, &token, fault);
    if (err == VOUCH_OK && !used) {
        err = store->driver->run(store->db, VOUCH_SQL_PROFILE_REMOVE, &arg, &changed, fault);
    }
    if (err == VOUCH_OK) {
        *ret_outcome = changed == 1 ? VOUCH_STORE_DONE : VOUCH_STORE_ABSENT;
        *ret_outcome = used ? VOUCH_STORE_IN_USE : *ret_outcome;
    }
    return err;
}

int vouch_store_profile_remove(struct vouch_store *store, struct vouch_bytes name,
                               enum vouch_store_outcome *ret_outcome, struct vouch_fault *fault) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    int err = vouch_store_begin(store, VOUCH_DRIVER_NOW, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    err = remove_unused(store, name, &outcome, fault);
    err = vouch_store_end(store, err, fault);
    if (err == VOUCH_OK) {
        *ret_outcome = outcome;
    }
    return err;
}

static int fill(struct vouch_store *store, size_t limit, struct vouch_store_profiles *list,
                struct vouch_fault *fault) {
    struct vouch_value values[VOUCH_DRIVER_COLUMNS_MAX];
    while (list->count < limit) {
        int is_row = 0;
        int err = store->driver->next(store->db, VOUCH_SQL_PROFILES_ALL, &is_row, values, fault);
        if (err == VOUCH_OK && is_row) {
            err = read_profile(store, VOUCH_SQL_PROFILES_ALL, values, &list->arena,
                               &list->rows[list->count], fault);
        }
        if (err != VOUCH_OK || !is_row) {
            return err;
        }
        list->count++;
    }
    return VOUCH_OK;
}

int vouch_store_profiles_list(struct vouch_store *store, struct vouch_bytes after, size_t limit,
                              struct vouch_store_profiles *ret_profiles,
                              struct vouch_fault *fault) {
    struct vouch_store_profiles list = {0};
    size_t most = vouch_page_limit(&(struct vouch_store_page){.limit = limit});
    const struct vouch_value args[] = {vouch_value_bytes(after),
                                       vouch_value_integer((int64_t)most)};
    list.rows = vouch_arena_alloc(&list.arena, most * sizeof *list.rows);
    if (list.rows == NULL) {
        return vouch_store_no_memory(store, fault);
    }
    int err = store->driver->query(store->db, VOUCH_SQL_PROFILES_ALL, args, fault);
    if (err == VOUCH_OK) {
        err = fill(store, most, &list, fault);
    }
    store->driver->end(store->db, VOUCH_SQL_PROFILES_ALL);
    if (err != VOUCH_OK) {
        vouch_store_profiles_done(&list);
        return err;
    }
    *ret_profiles = list;
    return VOUCH_OK;
}

void vouch_store_profiles_done(struct vouch_store_profiles *profiles) {
    if (profiles != NULL) {
        vouch_arena_done(&profiles->arena);
        *profiles = (struct vouch_store_profiles){0};
    }
}
