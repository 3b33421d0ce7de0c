// SPDX-License-Identifier: ISC
// Who gains and who loses what from one policy to another.
//
// People who have the same roles before, and the same after, gain and lose the same: they are compared
// once. Which hosts each role means is worked out once; ways from logins to hosts only for the people
// for whom something changes.
#include <stdlib.h>

#include "base/mem.h"
#include "policy/explain.h"
#include "policy/prepared.h"
#include "policy/rule.h"
#include "policy/ways.h"

static const struct vouch_bytes nothing = {0};

// ----- what a role reaches -----

struct way {
    struct vouch_bytes login;
    struct vouch_bytes host;
    enum vouch_policy_how how;
};

struct ways {
    struct way *items;
    size_t count;
};

// One of the two policies.
struct side {
    const struct vouch_policy *policy;
    struct vouch_policy_ids *hosts; // by role: those it means
    uint32_t *partner; // by role: the role of the other side that reaches the same; NOWHERE
};

struct comparing {
    struct side before;
    struct side after;
    uint64_t now_s;
    struct vouch_arena *arena;
    struct vouch_policy_growing changes;
    struct vouch_policy_growing edits;
};

static int compare_ways(const void *a, const void *b) {
    const struct way *x = a, *y = b;
    int order = vouch_bytes_compare(x->login, y->login);
    return order != 0 ? order : vouch_bytes_compare(x->host, y->host);
}

// `room` is for as many as there are hosts.
static int find_hosts(const struct comparing *comparing, struct side *side, uint32_t role,
                      uint32_t *room) {
    size_t count = 0;
    for (uint32_t h = 0; h < side->policy->content.host_count; h++) {
        room[count] = h;
        count += (size_t)vouch_policy_role_means(side->policy, role, h);
    }
    uint32_t *items = vouch_arena_alloc(comparing->arena, (count + 1) * sizeof *items);
    if (items == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    memcpy(items, room, count * sizeof *items);
    side->hosts[role] = (struct vouch_policy_ids){items, count};
    return VOUCH_OK;
}

static int fill_side(const struct comparing *comparing, struct side *side) {
    const struct vouch_policy_content *content = &side->policy->content;
    size_t count = content->role_count;
    vouch_autofree uint32_t *room = calloc(content->host_count + 1, sizeof *room);
    side->hosts = vouch_arena_alloc(comparing->arena, (count + 1) * sizeof *side->hosts);
    side->partner = vouch_arena_alloc(comparing->arena, (count + 1) * sizeof *side->partner);
    if (room == NULL || side->hosts == NULL || side->partner == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    int err = VOUCH_OK;
    for (uint32_t r = 0; r < count && err == VOUCH_OK; r++) {
        err = find_hosts(comparing, side, r, room);
        side->partner[r] = VOUCH_POLICY_NOWHERE;
    }
    return err;
}

// Places differ from side to side, names do not.
static int same_hosts(const struct comparing *comparing, uint32_t old, uint32_t new) {
    const struct side *before = &comparing->before, *after = &comparing->after;
    const struct vouch_policy_ids *a = &before->hosts[old], *b = &after->hosts[new];
    int same = a->count == b->count;
    for (size_t i = 0; i < a->count && same; i++) {
        same = vouch_bytes_equal(before->policy->content.hosts[a->items[i]].name,
                                 after->policy->content.hosts[b->items[i]].name);
    }
    return same;
}

static int reaches_same(const struct comparing *comparing, uint32_t old, uint32_t new) {
    const struct vouch_policy_role *a = &comparing->before.policy->content.roles[old];
    const struct vouch_policy_role *b = &comparing->after.policy->content.roles[new];
    int same =
        a->logins.count == b->logins.count && vouch_policy_how_of(a) == vouch_policy_how_of(b);
    for (size_t i = 0; i < a->logins.count && same; i++) {
        same = vouch_bytes_equal(a->logins.items[i], b->logins.items[i]);
    }
    return same && same_hosts(comparing, old, new);
}

static void find_partners(struct comparing *comparing) {
    const struct vouch_policy_content *content = &comparing->before.policy->content;
    for (uint32_t r = 0; r < content->role_count; r++) {
        uint32_t other = vouch_policy_role_at(comparing->after.policy, content->roles[r].name);
        if (other != VOUCH_POLICY_NOWHERE && reaches_same(comparing, r, other)) {
            comparing->before.partner[r] = other;
            comparing->after.partner[other] = r;
        }
    }
}

// ----- people -----

// A person: the roles on both sides, and whether the own login means the same on both.
struct person {
    struct vouch_bytes name;
    struct vouch_bytes own_before; // login; empty: none
    struct vouch_bytes own_after;
    struct vouch_policy_ids before;
    struct vouch_policy_ids after;
};

static int roles_of(const struct comparing *comparing, const struct side *side, uint32_t user,
                    struct vouch_policy_ids *ret_ids) {
    struct vouch_policy_growing ids = {0};
    for (uint32_t r = 0; r < side->policy->content.role_count; r++) {
        uint32_t group;
        if (!vouch_policy_is_member(side->policy, r, user, NULL, &group) ||
            !vouch_policy_role_is_of(side->policy, r, user, comparing->now_s)) {
            continue;
        }
        uint32_t *at = vouch_policy_grow(comparing->arena, &ids, sizeof *at);
        if (at == NULL) {
            return VOUCH_ERR_NO_MEMORY;
        }
        *at = r;
    }
    *ret_ids = (struct vouch_policy_ids){(void *)ids.items, ids.count};
    return VOUCH_OK;
}

static int describe(const struct comparing *comparing, const struct side *side,
                    struct vouch_bytes name, struct vouch_bytes *ret_login,
                    struct vouch_policy_ids *ret_roles) {
    uint32_t user = vouch_policy_user_at(side->policy, name);
    if (user == VOUCH_POLICY_NOWHERE) {
        return VOUCH_OK; // has nothing there
    }
    *ret_login = side->policy->content.users[user].login;
    return roles_of(comparing, side, user, ret_roles);
}

static int has_same_ways(const struct comparing *comparing, const struct person *person) {
    int same = person->before.count == person->after.count &&
               vouch_bytes_equal(person->own_before, person->own_after);
    for (size_t i = 0; i < person->before.count && same; i++) {
        // Names and so places are in one order on both sides.
        same = comparing->before.partner[person->before.items[i]] == person->after.items[i];
    }
    return same;
}

static int compare_id_lists(const struct vouch_policy_ids *a, const struct vouch_policy_ids *b) {
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (a->items[i] != b->items[i]) {
            return a->items[i] < b->items[i] ? -1 : 1;
        }
    }
    return 0;
}

// Nonzero if the person's own login can stand as "$user": it is the same on both sides, or one side has
// no such person.
static int own_is_steady(const struct person *person) {
    return person->own_before.len == 0 || person->own_after.len == 0 ||
           vouch_bytes_equal(person->own_before, person->own_after);
}

// People of one class stand together; whoever's own login changed is a class alone.
static int compare_classes(const struct person *a, const struct person *b) {
    int order = compare_id_lists(&a->before, &b->before);
    order = order != 0 ? order : compare_id_lists(&a->after, &b->after);
    if (order == 0 && own_is_steady(a) != own_is_steady(b)) {
        order = own_is_steady(a) ? -1 : 1;
    }
    return order == 0 && !own_is_steady(a) ? vouch_bytes_compare(a->name, b->name) : order;
}

static int compare_people(const void *a, const void *b) {
    const struct person *x = a, *y = b;
    int order = compare_classes(x, y);
    return order != 0 ? order : vouch_bytes_compare(x->name, y->name);
}

static int add_person(const struct comparing *comparing, struct vouch_policy_growing *people,
                      struct vouch_bytes name) {
    struct person person = {.name = name};
    int err = describe(comparing, &comparing->before, name, &person.own_before, &person.before);
    err = err == VOUCH_OK
              ? describe(comparing, &comparing->after, name, &person.own_after, &person.after)
              : err;
    if (err != VOUCH_OK || has_same_ways(comparing, &person)) {
        return err;
    }
    struct person *at = vouch_policy_grow(comparing->arena, people, sizeof *at);
    if (at == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    *at = person;
    return VOUCH_OK;
}

// Everybody of either side once.
static int find_people(const struct comparing *comparing, struct vouch_policy_growing *people) {
    const struct vouch_policy_content *old = &comparing->before.policy->content;
    const struct vouch_policy_content *new = &comparing->after.policy->content;
    int err = VOUCH_OK;
    for (size_t i = 0, k = 0; (i < old->user_count || k < new->user_count) && err == VOUCH_OK;) {
        int order = i == old->user_count ? 1
                    : k == new->user_count
                        ? -1
                        : vouch_bytes_compare(old->users[i].name, new->users[k].name);
        err = add_person(comparing, people, order <= 0 ? old->users[i].name : new->users[k].name);
        i += order <= 0;
        k += order >= 0;
    }
    if (people->count > 1) {
        qsort(people->items, people->count, sizeof(struct person), compare_people);
    }
    return err;
}

// ----- what a class gains and loses -----

struct way_list {
    struct vouch_arena *arena; // lasts for one class
    struct vouch_policy_growing ways;
};

static int add_role_ways(struct way_list *list, const struct side *side, uint32_t role,
                         struct vouch_bytes own) {
    const struct vouch_policy_content *content = &side->policy->content;
    const struct vouch_policy_role *rule = &content->roles[role];
    for (size_t i = 0; i < rule->logins.count; i++) {
        struct vouch_bytes login = rule->logins.items[i];
        int is_own = vouch_bytes_equal(login, vouch_bytes_of(VOUCH_POLICY_OWN_LOGIN));
        for (size_t k = 0; k < side->hosts[role].count; k++) {
            struct way *way = vouch_policy_grow(list->arena, &list->ways, sizeof *way);
            if (way == NULL) {
                return VOUCH_ERR_NO_MEMORY;
            }
            *way = (struct way){is_own && own.len > 0 ? own : login,
                                content->hosts[side->hosts[role].items[k]].name,
                                vouch_policy_how_of(rule)};
        }
    }
    return VOUCH_OK;
}

// All ways by these roles, sorted, each login of a host once with the best way to it.
static int join_ways(struct vouch_arena *arena, const struct side *side,
                     const struct vouch_policy_ids *roles, struct vouch_bytes own,
                     struct ways *ret_ways) {
    struct way_list list = {.arena = arena};
    for (size_t i = 0; i < roles->count; i++) {
        int err = add_role_ways(&list, side, roles->items[i], own);
        if (err != VOUCH_OK) {
            return err;
        }
    }
    struct way *items = (void *)list.ways.items;
    size_t kept = 0;
    if (list.ways.count > 1) {
        qsort(items, list.ways.count, sizeof *items, compare_ways);
    }
    for (size_t i = 0; i < list.ways.count; i++) {
        if (kept > 0 && compare_ways(&items[kept - 1], &items[i]) == 0) {
            struct way *last = &items[kept - 1];
            last->how = items[i].how > last->how ? items[i].how : last->how;
        } else {
            items[kept++] = items[i];
        }
    }
    *ret_ways = (struct ways){items, kept};
    return VOUCH_OK;
}

struct step {
    struct vouch_bytes login;
    struct vouch_bytes host;
    enum vouch_policy_how before;
    enum vouch_policy_how after;
};

static int compare_kinds(const struct step *x, const struct step *y) {
    int order = vouch_bytes_compare(x->login, y->login);
    order = order != 0 ? order : (x->before > y->before) - (x->before < y->before);
    return order != 0 ? order : (x->after > y->after) - (x->after < y->after);
}

static int compare_steps(const void *a, const void *b) {
    const struct step *x = a, *y = b;
    int order = compare_kinds(x, y);
    return order != 0 ? order : vouch_bytes_compare(x->host, y->host);
}

static int find_steps(struct vouch_arena *arena, const struct ways *before,
                      const struct ways *after, struct vouch_policy_growing *steps) {
    for (size_t i = 0, k = 0; i < before->count || k < after->count;) {
        const struct way *old = i < before->count ? &before->items[i] : NULL;
        const struct way *new = k < after->count ? &after->items[k] : NULL;
        int order = old == NULL ? 1 : new == NULL ? -1 : compare_ways(old, new);
        const struct way *way = order <= 0 ? old : new;
        const struct step step = {way->login, way->host,
                                  order <= 0 ? old->how : VOUCH_POLICY_NO_WAY,
                                  order >= 0 ? new->how : VOUCH_POLICY_NO_WAY};
        i += order <= 0;
        k += order >= 0;
        if (step.before == step.after) {
            continue;
        }
        struct step *at = vouch_policy_grow(arena, steps, sizeof *at);
        if (at == NULL) {
            return VOUCH_ERR_NO_MEMORY;
        }
        *at = step;
    }
    if (steps->count > 1) {
        qsort(steps->items, steps->count, sizeof(struct step), compare_steps);
    }
    return VOUCH_OK;
}

static int add_change(struct comparing *comparing, const struct step *steps, size_t count,
                      const struct vouch_policy_names *users) {
    struct vouch_bytes *hosts = vouch_arena_alloc(comparing->arena, count * sizeof *hosts);
    struct vouch_policy_change *change =
        vouch_policy_grow(comparing->arena, &comparing->changes, sizeof *change);
    if (hosts == NULL || change == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        hosts[i] = steps[i].host;
    }
    *change = (struct vouch_policy_change){
        steps[0].login, steps[0].before, steps[0].after, *users, {hosts, NULL, count}};
    return VOUCH_OK;
}

static int compare_class(struct comparing *comparing, const struct person *people, size_t count) {
    const struct person *first = &people[0];
    int steady = own_is_steady(first);
    struct vouch_bytes *names = vouch_arena_alloc(comparing->arena, count * sizeof *names);
    if (names == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = people[i].name;
    }
    const struct vouch_policy_names users = {names, NULL, count};
    vouch_autoarena struct vouch_arena scratch = {0};
    struct ways before = {0}, after = {0};
    struct vouch_policy_growing grown = {0};
    int err = join_ways(&scratch, &comparing->before, &first->before,
                        steady ? nothing : first->own_before, &before);
    err = err == VOUCH_OK ? join_ways(&scratch, &comparing->after, &first->after,
                                      steady ? nothing : first->own_after, &after)
                          : err;
    err = err == VOUCH_OK ? find_steps(&scratch, &before, &after, &grown) : err;
    const struct step *steps = (const void *)grown.items;
    for (size_t from = 0, to; from < grown.count && err == VOUCH_OK; from = to) {
        for (to = from + 1; to < grown.count && compare_kinds(&steps[from], &steps[to]) == 0;) {
            to++;
        }
        err = add_change(comparing, steps + from, to - from, &users);
    }
    return err;
}

static int compare_access(struct comparing *comparing) {
    int err = fill_side(comparing, &comparing->before);
    err = err == VOUCH_OK ? fill_side(comparing, &comparing->after) : err;
    if (err != VOUCH_OK) {
        return err;
    }
    find_partners(comparing);
    struct vouch_policy_growing grown = {0};
    err = find_people(comparing, &grown);
    const struct person *people = (const void *)grown.items;
    for (size_t from = 0, to; from < grown.count && err == VOUCH_OK; from = to) {
        for (to = from + 1; to < grown.count && compare_classes(&people[from], &people[to]) == 0;) {
            to++;
        }
        err = compare_class(comparing, people + from, to - from);
    }
    return err;
}

int vouch_policy_compare(const struct vouch_policy_view *before, const struct vouch_policy *after,
                         struct vouch_policy_diff *ret_diff) {
    struct comparing comparing = {
        .before = {.policy = before->policy},
        .after = {.policy = after},
        .now_s = before->now_s,
        .arena = before->arena,
    };
    int err = compare_access(&comparing);
    err = err == VOUCH_OK
              ? vouch_policy_edits(before->policy, after, before->arena, &comparing.edits)
              : err;
    if (err == VOUCH_OK) {
        *ret_diff = (struct vouch_policy_diff){
            (const void *)comparing.changes.items, comparing.changes.count,
            (const void *)comparing.edits.items, comparing.edits.count};
    }
    return err;
}
