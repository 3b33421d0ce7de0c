// SPDX-License-Identifier: ISC
// What is written differently in two policies, key by key.
#include "policy/ways.h"

enum shape { TEXT = 0, NAMES, NUMBER, WORD };

struct key_row {
    const char *key; // NULL behind the last
    enum shape shape;
    size_t at;
};

#define KEYS_MAX 18

struct list_row {
    const char *word;
    size_t items_at; // in the content
    size_t count_at;
    size_t size;
    struct key_row keys[KEYS_MAX];
};

#define LIST(field) offsetof(struct vouch_policy_content, field)
#define ZONE(field) offsetof(struct vouch_policy_zone, field)
#define USER(field) offsetof(struct vouch_policy_user, field)
#define GROUP(field) offsetof(struct vouch_policy_group, field)
#define ROLE(field) offsetof(struct vouch_policy_role, field)
#define HOST(field) offsetof(struct vouch_policy_host, field)

static const struct list_row lists[] = {
    {"zones",
     LIST(zones),
     LIST(zone_count),
     sizeof(struct vouch_policy_zone),
     {{"patterns", NAMES, ZONE(patterns)},
      {"principals", WORD, ZONE(principals)},
      {"max_ttl", NUMBER, ZONE(max_ttl_s)}}},
    {"users",
     LIST(users),
     LIST(user_count),
     sizeof(struct vouch_policy_user),
     {{"login", TEXT, USER(login)},
      {"state", WORD, USER(state)},
      {"until", NUMBER, USER(until_s)}}},
    {"groups",
     LIST(groups),
     LIST(group_count),
     sizeof(struct vouch_policy_group),
     {{"members", NAMES, GROUP(members)}}},
    {"roles",
     LIST(roles),
     LIST(role_count),
     sizeof(struct vouch_policy_role),
     {{"zone", TEXT, ROLE(zone)},
      {"members", NAMES, ROLE(members)},
      {"hosts", NAMES, ROLE(hosts)},
      {"logins", NAMES, ROLE(logins)},
      {"max_ttl", NUMBER, ROLE(max_ttl_s)},
      {"extensions", NAMES, ROLE(extensions)},
      {"key_types", NAMES, ROLE(key_types)},
      {"source_address", NAMES, ROLE(sources)},
      {"force_command", TEXT, ROLE(force_command)},
      {"verify", WORD, ROLE(verify)},
      {"reason", WORD, ROLE(reason)},
      {"second_factor", NUMBER, ROLE(second_factor_age_s)},
      {"approval.by", NAMES, ROLE(by)},
      {"approval.count", NUMBER, ROLE(approval_count)},
      {"break_glass", WORD, ROLE(break_glass)},
      {"from", NUMBER, ROLE(from_s)},
      {"until", NUMBER, ROLE(until_s)}}},
    {"hosts",
     LIST(hosts),
     LIST(host_count),
     sizeof(struct vouch_policy_host),
     {{"zone", TEXT, HOST(zone)}, {"labels", NAMES, HOST(labels)}}},
};

struct editing {
    const struct list_row *list;
    struct vouch_arena *arena;
    struct vouch_policy_growing *edits;
};

static int add_edit(const struct editing *editing, enum vouch_policy_edit_kind kind,
                    const void *thing, const char *key) {
    struct vouch_policy_edit *edit =
        vouch_policy_grow(editing->arena, editing->edits, sizeof *edit);
    if (edit == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    *edit = (struct vouch_policy_edit){.kind = kind, .list = editing->list->word, .key = key};
    memcpy(&edit->name, thing, sizeof edit->name);
    return VOUCH_OK;
}

// In the order in which they are written: another order is another text, if not another meaning.
static int same_names(const struct vouch_policy_names *a, const struct vouch_policy_names *b) {
    int same = a->count == b->count;
    for (size_t i = 0; i < a->count && same; i++) {
        same = vouch_bytes_equal(a->items[i], b->items[i]);
    }
    return same;
}

static int same_text(const char *a, const char *b) {
    struct vouch_bytes x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return vouch_bytes_equal(x, y);
}

static int same_value(const struct key_row *row, const char *a, const char *b) {
    const char *x = a + row->at, *y = b + row->at;
    switch (row->shape) {
    case TEXT:
        return same_text(x, y);
    case NAMES:
        return same_names((const void *)x, (const void *)y);
    case NUMBER:
        return memcmp(x, y, sizeof(uint64_t)) == 0;
    case WORD:
        break;
    }
    return memcmp(x, y, sizeof(enum vouch_policy_need)) == 0;
}

static int compare_things(const struct editing *editing, const char *old, const char *new) {
    int err = VOUCH_OK;
    for (const struct key_row *row = editing->list->keys; row->key != NULL && err == VOUCH_OK;
         row++) {
        if (!same_value(row, old, new)) {
            err = add_edit(editing, VOUCH_POLICY_CHANGED, old, row->key);
        }
    }
    return err;
}

struct things {
    const char *items;
    size_t count;
};

static struct things things_of(const struct vouch_policy *policy, const struct list_row *list) {
    struct things things;
    const char *content = (const char *)&policy->content;
    memcpy(&things.items, content + list->items_at, sizeof things.items);
    memcpy(&things.count, content + list->count_at, sizeof things.count);
    return things;
}

static int compare_names(const char *a, const char *b) {
    struct vouch_bytes x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return vouch_bytes_compare(x, y);
}

// Both lists are sorted by name.
static int compare_lists(const struct editing *editing, const struct things *old,
                         const struct things *new) {
    size_t size = editing->list->size;
    int err = VOUCH_OK;
    for (size_t i = 0, k = 0; (i < old->count || k < new->count) && err == VOUCH_OK;) {
        const char *a = old->items + i * size, *b = new->items + k *size;
        int order = i == old->count ? 1 : k == new->count ? -1 : compare_names(a, b);
        if (order == 0) {
            err = compare_things(editing, a, b);
        } else {
            err = add_edit(editing, order < 0 ? VOUCH_POLICY_REMOVED : VOUCH_POLICY_ADDED,
                           order < 0 ? a : b, "");
        }
        i += order <= 0;
        k += order >= 0;
    }
    return err;
}

int vouch_policy_edits(const struct vouch_policy *before, const struct vouch_policy *after,
                       struct vouch_arena *arena, struct vouch_policy_growing *edits) {
    int err = VOUCH_OK;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0] && err == VOUCH_OK; i++) {
        const struct editing editing = {&lists[i], arena, edits};
        const struct things old = things_of(before, &lists[i]);
        const struct things new = things_of(after, &lists[i]);
        err = compare_lists(&editing, &old, &new);
    }
    return err;
}
