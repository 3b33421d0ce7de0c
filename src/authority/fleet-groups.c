// SPDX-License-Identifier: ISC
// Hosts as groups with counts. Each is told once: sorted by group, a group is a stretch of the list.
#include "authority/fleet-groups.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 256u

int vouch_fleet_items_add(struct vouch_arena *arena, struct vouch_fleet_items *items,
                          const struct vouch_fleet_item *item) {
    struct vouch_fleet_item kept = *item;
    if (items->count == items->room) {
        size_t room = items->room == 0 ? ROOM_FIRST : items->room * 2;
        struct vouch_fleet_item *more = vouch_arena_alloc(arena, room * sizeof *more);
        if (more == NULL) {
            return VOUCH_ERR_NO_MEMORY;
        }
        if (items->count > 0) {
            memcpy(more, items->items, items->count * sizeof *more);
        }
        items->items = more;
        items->room = room;
    }
    if (vouch_arena_copy(arena, item->host, &kept.host) != VOUCH_OK ||
        vouch_arena_copy(arena, item->group, &kept.group) != VOUCH_OK) {
        return VOUCH_ERR_NO_MEMORY;
    }
    items->items[items->count++] = kept;
    return VOUCH_OK;
}

int vouch_fleet_keys_add(struct vouch_arena *arena, struct vouch_fleet_keys *keys,
                         struct vouch_bytes key) {
    size_t at = 0;
    while (at < keys->count && !vouch_bytes_equal(keys->items[at].key, key)) {
        at++;
    }
    if (at == VOUCH_FLEET_LABELS_MAX) {
        return VOUCH_OK;
    }
    if (at == keys->count) {
        int err = vouch_arena_copy(arena, key, &keys->items[at].key);
        if (err != VOUCH_OK) {
            return err;
        }
        keys->count++;
    }
    keys->items[at].hosts++;
    return VOUCH_OK;
}

// --- counts

static uint64_t *count_of(struct vouch_fleet_counts *counts, enum vouch_host_condition condition) {
    switch (condition) {
    case VOUCH_CONDITION_CRITICAL:
        return &counts->critical;
    case VOUCH_CONDITION_LOCKED:
        return &counts->locked;
    case VOUCH_CONDITION_SILENT:
        return &counts->silent;
    case VOUCH_CONDITION_ATTENTION:
        return &counts->attention;
    case VOUCH_CONDITION_BEHIND:
        return &counts->behind;
    case VOUCH_CONDITION_WAITING:
        return &counts->waiting;
    case VOUCH_CONDITION_OK:
        return &counts->ok;
    case VOUCH_CONDITION_NONE:
    case VOUCH_CONDITION_RETIRED:
        break;
    }
    return NULL;
}

void vouch_fleet_counts_add(struct vouch_fleet_counts *counts,
                            enum vouch_host_condition condition) {
    uint64_t *count = count_of(counts, condition);
    if (count != NULL) {
        *count += 1;
        counts->hosts += 1;
    }
}

static void add_counts(struct vouch_fleet_counts *counts, const struct vouch_fleet_counts *more) {
    counts->hosts += more->hosts;
    counts->critical += more->critical;
    counts->locked += more->locked;
    counts->silent += more->silent;
    counts->attention += more->attention;
    counts->behind += more->behind;
    counts->waiting += more->waiting;
    counts->ok += more->ok;
}

// --- who needs somebody

#define NO_NEED 8

// Certificates that end soon come behind what is locked: the host has access until then.
static int rank_of(const struct vouch_fleet_item *item) {
    static const int ranks[] = {
        [VOUCH_CONDITION_NONE] = NO_NEED,    [VOUCH_CONDITION_CRITICAL] = 1,
        [VOUCH_CONDITION_LOCKED] = 2,        [VOUCH_CONDITION_SILENT] = 4,
        [VOUCH_CONDITION_ATTENTION] = 5,     [VOUCH_CONDITION_BEHIND] = 6,
        [VOUCH_CONDITION_WAITING] = 7,       [VOUCH_CONDITION_OK] = NO_NEED,
        [VOUCH_CONDITION_RETIRED] = NO_NEED,
    };
    int rank = ranks[item->condition];
    return item->end_s != 0 && rank > 3 ? 3 : rank;
}

static int compare_needs(const void *left, const void *right) {
    const struct vouch_fleet_item *a = left;
    const struct vouch_fleet_item *b = right;
    int order = rank_of(a) - rank_of(b);
    return order != 0 ? order : vouch_bytes_compare(a->host, b->host);
}

size_t vouch_fleet_needing(struct vouch_fleet_items *items) {
    size_t count = 0;
    if (items->count > 0) {
        qsort(items->items, items->count, sizeof *items->items, compare_needs);
    }
    while (count < items->count && rank_of(&items->items[count]) != NO_NEED) {
        count++;
    }
    return count;
}

// --- groups

// Worst first in each group.
static int compare_groups(const void *left, const void *right) {
    const struct vouch_fleet_item *a = left;
    const struct vouch_fleet_item *b = right;
    int order = vouch_bytes_compare(a->group, b->group);
    order = order != 0 ? order : (int)a->condition - (int)b->condition;
    return order != 0 ? order : vouch_bytes_compare(a->host, b->host);
}

static int compare_sizes(const void *left, const void *right) {
    const struct vouch_fleet_group *a = left;
    const struct vouch_fleet_group *b = right;
    return a->counts.hosts != b->counts.hosts ? (a->counts.hosts < b->counts.hosts ? 1 : -1)
                                              : vouch_bytes_compare(a->name, b->name);
}

static int compare_names(const void *left, const void *right) {
    const struct vouch_fleet_group *a = left;
    const struct vouch_fleet_group *b = right;
    return vouch_bytes_compare(a->name, b->name);
}

static size_t end_of_group(const struct vouch_fleet_items *items, size_t from) {
    size_t at = from;
    while (at < items->count &&
           vouch_bytes_equal(items->items[at].group, items->items[from].group)) {
        at++;
    }
    return at;
}

static size_t count_groups(const struct vouch_fleet_items *items) {
    size_t count = 0;
    for (size_t at = 0; at < items->count; at = end_of_group(items, at)) {
        count++;
    }
    return count;
}

// Groups of more than fit: the largest stay, by name.
static void cut(struct vouch_answer_fleet_summary *answer) {
    if (answer->group_count <= VOUCH_FLEET_GROUPS_MAX) {
        return;
    }
    qsort(answer->groups, answer->group_count, sizeof *answer->groups, compare_sizes);
    for (size_t i = VOUCH_FLEET_GROUPS_MAX; i < answer->group_count; i++) {
        add_counts(&answer->left, &answer->groups[i].counts);
    }
    answer->groups_left = answer->group_count - VOUCH_FLEET_GROUPS_MAX;
    answer->group_count = VOUCH_FLEET_GROUPS_MAX;
    qsort(answer->groups, answer->group_count, sizeof *answer->groups, compare_names);
}

// Names the hosts of small groups, as long as there are not too many.
static int name_hosts(struct vouch_arena *arena, const struct vouch_fleet_items *items,
                      struct vouch_answer_fleet_summary *answer) {
    size_t left = VOUCH_FLEET_EACH_MAX;
    size_t g = 0;
    for (size_t at = 0; at < items->count; at = end_of_group(items, at)) {
        const size_t hosts = end_of_group(items, at) - at;
        while (g < answer->group_count &&
               vouch_bytes_compare(answer->groups[g].name, items->items[at].group) < 0) {
            g++;
        }
        if (g == answer->group_count || hosts > VOUCH_FLEET_EACH_GROUP_MAX || hosts > left ||
            !vouch_bytes_equal(answer->groups[g].name, items->items[at].group)) {
            continue;
        }
        struct vouch_fleet_group *group = &answer->groups[g];
        group->each = vouch_arena_alloc(arena, hosts * sizeof *group->each);
        if (group->each == NULL) {
            return VOUCH_ERR_NO_MEMORY;
        }
        for (size_t i = 0; i < hosts; i++) {
            const struct vouch_fleet_item *item = &items->items[at + i];
            group->each[i] = (struct vouch_fleet_each){item->host, item->condition};
        }
        group->each_count = hosts;
        left -= hosts;
    }
    return VOUCH_OK;
}

int vouch_fleet_groups_put(struct vouch_arena *arena, struct vouch_fleet_items *items,
                           struct vouch_answer_fleet_summary *answer) {
    if (items->count > 0) {
        qsort(items->items, items->count, sizeof *items->items, compare_groups);
    }
    answer->groups = vouch_arena_alloc(arena, (count_groups(items) + 1) * sizeof *answer->groups);
    if (answer->groups == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t at = 0; at < items->count; answer->group_count++) {
        struct vouch_fleet_group *group = &answer->groups[answer->group_count];
        const size_t end = end_of_group(items, at);
        group->name = items->items[at].group;
        for (; at < end; at++) {
            vouch_fleet_counts_add(&group->counts, items->items[at].condition);
        }
        add_counts(&answer->counts, &group->counts);
    }
    cut(answer);
    return name_hosts(arena, items, answer);
}

// --- keys

static int compare_keys(const void *left, const void *right) {
    const struct vouch_fleet_label *a = left;
    const struct vouch_fleet_label *b = right;
    return a->hosts != b->hosts ? (a->hosts < b->hosts ? 1 : -1)
                                : vouch_bytes_compare(a->key, b->key);
}

int vouch_fleet_keys_put(struct vouch_arena *arena, struct vouch_fleet_keys *keys,
                         struct vouch_answer_fleet_summary *answer) {
    answer->labels = vouch_arena_alloc(arena, (keys->count + 1) * sizeof *answer->labels);
    if (answer->labels == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    memcpy(answer->labels, keys->items, keys->count * sizeof *answer->labels);
    answer->label_count = keys->count;
    if (keys->count > 0) {
        qsort(answer->labels, keys->count, sizeof *answer->labels, compare_keys);
    }
    return VOUCH_OK;
}
