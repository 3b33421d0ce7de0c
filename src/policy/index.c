// SPDX-License-Identifier: ISC
// The indexes of a policy: names become places, memberships sorted lists of places. What does not fit
// together is found here.
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "policy/prepared.h"
#include "policy/rule.h"

// ----- names -----

// Which list a name was looked for in.
struct names_of {
    const char *word; // "group"
    const char *prefix;
    const void *things;
    size_t count;
    size_t size;
};

static struct names_of users_of(const struct vouch_policy *policy, const char *prefix) {
    const struct vouch_policy_content *content = &policy->content;
    return (struct names_of){"user", prefix, content->users, content->user_count,
                             sizeof *content->users};
}

static struct names_of groups_of(const struct vouch_policy *policy) {
    const struct vouch_policy_content *content = &policy->content;
    return (struct names_of){"group", "group:", content->groups, content->group_count,
                             sizeof *content->groups};
}

static struct names_of zones_of(const struct vouch_policy *policy) {
    const struct vouch_policy_content *content = &policy->content;
    return (struct names_of){"zone", "", content->zones, content->zone_count,
                             sizeof *content->zones};
}

// `name` is a copy of ours and so ends with a NUL.
static int unknown(const struct names_of *of, struct vouch_bytes name,
                   const struct vouch_policy_spot *spot, struct vouch_fault *fault) {
    vouch_autofree const char **words = calloc(of->count + 1, sizeof *words);
    if (words == NULL) {
        return vouch_policy_no_memory(fault);
    }
    for (size_t i = 0; i < of->count; i++) {
        struct vouch_bytes at;
        memcpy(&at, (const char *)of->things + i * of->size, sizeof at);
        words[i] = (const char *)at.ptr;
    }
    int err =
        vouch_policy_wrong(spot, fault, "there is no %s \"%s\"", of->word, (const char *)name.ptr);
    const char *near = vouch_str_nearest((const char *)name.ptr, words);
    if (near != NULL && fault != NULL) {
        (void)vouch_fault_next(fault, "Did you mean %s%s?", of->prefix, near);
    }
    return err;
}

static int resolve(const struct names_of *of, struct vouch_bytes name,
                   const struct vouch_policy_spot *spot, struct vouch_fault *fault,
                   uint32_t *ret_id) {
    uint32_t id = vouch_policy_find(of->things, of->count, of->size, name);
    if (id == VOUCH_POLICY_NOWHERE) {
        return unknown(of, name, spot, fault);
    }
    *ret_id = id;
    return VOUCH_OK;
}

static int compare_ids(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int new_ids(struct vouch_policy *policy, size_t count, struct vouch_policy_ids *ret_ids,
                   struct vouch_fault *fault) {
    uint32_t *items = vouch_arena_alloc(&policy->arena, (count + 1) * sizeof *items);
    if (items == NULL) {
        return vouch_policy_no_memory(fault);
    }
    *ret_ids = (struct vouch_policy_ids){items, 0};
    return VOUCH_OK;
}

// The two lists of members behind "user:NAME" and "group:NAME".
struct members {
    struct vouch_policy_ids *users;
    struct vouch_policy_ids *groups;
};

static int resolve_members(struct vouch_policy *policy, const struct vouch_policy_names *names,
                           const struct members *ret_members, struct vouch_policy_spot spot,
                           struct vouch_fault *fault) {
    const struct names_of users = users_of(policy, "user:"), groups = groups_of(policy);
    int err = new_ids(policy, names->count, ret_members->users, fault);
    err = err == VOUCH_OK ? new_ids(policy, names->count, ret_members->groups, fault) : err;
    for (size_t i = 0; i < names->count && err == VOUCH_OK; i++) {
        struct vouch_bytes name;
        struct vouch_bytes kind = vouch_policy_before(names->items[i], ':', &name);
        int is_user = vouch_bytes_equal(kind, vouch_bytes_of("user"));
        struct vouch_policy_ids *ids = is_user ? ret_members->users : ret_members->groups;
        spot.line = names->lines != NULL ? names->lines[i] : 0;
        err = resolve(is_user ? &users : &groups, name, &spot, fault, &ids->items[ids->count]);
        ids->count += err == VOUCH_OK;
    }
    qsort(ret_members->users->items, ret_members->users->count, sizeof(uint32_t), compare_ids);
    qsort(ret_members->groups->items, ret_members->groups->count, sizeof(uint32_t), compare_ids);
    return err;
}

static int index_group(struct vouch_policy *policy, size_t at, struct vouch_fault *fault) {
    const struct vouch_policy_group *group = &policy->content.groups[at];
    const struct names_of users = users_of(policy, "");
    struct vouch_policy_ids *ids = &policy->group_users[at];
    struct vouch_policy_spot spot = {&group->place, "groups", group->name, "members", 0};
    int err = new_ids(policy, group->members.count, ids, fault);
    for (size_t i = 0; i < group->members.count && err == VOUCH_OK; i++) {
        spot.line = group->members.lines != NULL ? group->members.lines[i] : 0;
        err = resolve(&users, group->members.items[i], &spot, fault, &ids->items[i]);
        ids->count += err == VOUCH_OK;
    }
    if (err == VOUCH_OK) {
        qsort(ids->items, ids->count, sizeof *ids->items, compare_ids);
    }
    return err;
}

// Groups are walked in order, so that each user's list is sorted as it grows.
static int index_groups(struct vouch_policy *policy, struct vouch_fault *fault) {
    size_t users = policy->content.user_count, groups = policy->content.group_count;
    policy->group_users =
        vouch_arena_alloc(&policy->arena, (groups + 1) * sizeof *policy->group_users);
    policy->user_groups =
        vouch_arena_alloc(&policy->arena, (users + 1) * sizeof *policy->user_groups);
    vouch_autofree size_t *counts = calloc(users + 1, sizeof *counts);
    if (policy->group_users == NULL || policy->user_groups == NULL || counts == NULL) {
        return vouch_policy_no_memory(fault);
    }
    int err = VOUCH_OK;
    for (size_t g = 0; g < groups && err == VOUCH_OK; g++) {
        err = index_group(policy, g, fault);
        for (size_t i = 0; i < policy->group_users[g].count; i++) {
            counts[policy->group_users[g].items[i]]++;
        }
    }
    for (size_t u = 0; u < users && err == VOUCH_OK; u++) {
        err = new_ids(policy, counts[u], &policy->user_groups[u], fault);
    }
    for (size_t g = 0; g < groups && err == VOUCH_OK; g++) {
        for (size_t i = 0; i < policy->group_users[g].count; i++) {
            struct vouch_policy_ids *ids = &policy->user_groups[policy->group_users[g].items[i]];
            ids->items[ids->count++] = (uint32_t)g;
        }
    }
    return err;
}

static int compare_logins(const void *a, const void *b, void *context) {
    const struct vouch_policy_user *users = context;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = vouch_bytes_compare(users[x].login, users[y].login);
    return order != 0 ? order : (x > y) - (x < y);
}

// A name that can be a login is one, unless another is given.
static struct vouch_bytes login_or_name(const struct vouch_policy_user *user) {
    int has_at = memchr(user->name.ptr, '@', user->name.len) != NULL;
    return user->login.len == 0 && !has_at && vouch_policy_login_fault(user->name) == NULL
               ? user->name
               : user->login;
}

static int index_users(struct vouch_policy *policy, struct vouch_fault *fault) {
    size_t count = policy->content.user_count;
    // Copied by prepare.c into memory of the policy, which is still being made.
    struct vouch_policy_user *users = (struct vouch_policy_user *)(uintptr_t)policy->content.users;
    policy->by_login = vouch_arena_alloc(&policy->arena, (count + 1) * sizeof *policy->by_login);
    if (policy->by_login == NULL) {
        return vouch_policy_no_memory(fault);
    }
    for (size_t i = 0; i < count; i++) {
        users[i].login = login_or_name(&users[i]);
        policy->by_login[policy->by_login_count] = (uint32_t)i;
        policy->by_login_count += users[i].login.len > 0;
    }
    qsort_r(policy->by_login, policy->by_login_count, sizeof *policy->by_login, compare_logins,
            users);
    for (size_t i = 1; i < policy->by_login_count; i++) {
        const struct vouch_policy_user *a = &users[policy->by_login[i - 1]];
        const struct vouch_policy_user *b = &users[policy->by_login[i]];
        if (vouch_bytes_equal(a->login, b->login)) {
            const struct vouch_policy_spot spot = {&b->place, "users", b->name, "login", 0};
            return vouch_policy_wrong(&spot, fault, "\"%s\" is also the login of user \"%s\"",
                                      (const char *)b->login.ptr, (const char *)a->name.ptr);
        }
    }
    return VOUCH_OK;
}

// ----- roles -----

static int index_sources(struct vouch_policy *policy, const struct vouch_policy_role *role,
                         struct vouch_policy_role_index *index, struct vouch_fault *fault) {
    index->sources =
        vouch_arena_alloc(&policy->arena, (role->sources.count + 1) * sizeof *index->sources);
    if (index->sources == NULL) {
        return vouch_policy_no_memory(fault);
    }
    for (size_t i = 0; i < role->sources.count; i++) {
        int err = vouch_cidr_parse(role->sources.items[i], &index->sources[i]);
        if (err != VOUCH_OK) {
            return err;
        }
    }
    return VOUCH_OK;
}

static int has_sk_type(const struct vouch_policy_role_index *index) {
    return index->key_types == 0 ||
           (index->key_types & (1u << VOUCH_KEY_SK_ED25519 | 1u << VOUCH_KEY_SK_ECDSA_P256)) != 0;
}

// What single values do not show.
static int check_role(const struct vouch_policy *policy, uint32_t at, struct vouch_fault *fault) {
    const struct vouch_policy_role *role = &policy->content.roles[at];
    const struct vouch_policy_role_index *index = &policy->roles[at];
    const struct vouch_policy_zone *zone = &policy->content.zones[index->zone];
    struct vouch_policy_spot spot = {&role->place, "roles", role->name, "max_ttl", 0};
    if (zone->max_ttl_s != 0 && role->max_ttl_s > zone->max_ttl_s) {
        char most[VOUCH_TIME_TEXT_MAX];
        vouch_duration_text(zone->max_ttl_s, most);
        return vouch_policy_wrong(&spot, fault, "is longer than the %s that zone \"%s\" allows",
                                  most, (const char *)zone->name.ptr);
    }
    int all = 0;
    for (size_t i = 0; i < role->hosts.count; i++) {
        all |= vouch_bytes_equal(role->hosts.items[i], vouch_bytes_of("all"));
    }
    spot.key = "hosts";
    if (all && role->hosts.count > 1) {
        return vouch_policy_wrong(&spot, fault, "\"all\" stands alone");
    }
    if (!all && zone->principals == VOUCH_POLICY_BY_LOGIN) {
        return vouch_policy_wrong(&spot, fault,
                                  "zone \"%s\" issues plain logins, which are good on each of its "
                                  "hosts: write [all]",
                                  (const char *)zone->name.ptr);
    }
    spot.key = "verify";
    return role->verify == VOUCH_POLICY_REQUIRED && !has_sk_type(index)
               ? vouch_policy_wrong(&spot, fault, "key_types has no security key that could do it")
               : VOUCH_OK;
}

static void index_sets(const struct vouch_policy_role *role,
                       struct vouch_policy_role_index *index) {
    for (size_t i = 0; i < role->extensions.count; i++) {
        index->extensions |= vouch_policy_extension_bit(role->extensions.items[i]);
    }
    for (size_t i = 0; i < role->key_types.count; i++) {
        index->key_types |= 1u << vouch_key_type_from_name(role->key_types.items[i]);
    }
    for (size_t i = 0; i < role->logins.count; i++) {
        int own = vouch_bytes_equal(role->logins.items[i], vouch_bytes_of(VOUCH_POLICY_OWN_LOGIN));
        index->grants_own |= own;
        index->named_count += !own;
    }
}

static int index_role(struct vouch_policy *policy, uint32_t at, struct vouch_fault *fault) {
    const struct vouch_policy_role *role = &policy->content.roles[at];
    struct vouch_policy_role_index *index = &policy->roles[at];
    const struct names_of zones = zones_of(policy);
    struct vouch_policy_spot spot = {&role->place, "roles", role->name, "zone", 0};
    int err = resolve(&zones, role->zone, &spot, fault, &index->zone);
    if (err == VOUCH_OK) {
        const struct members members = {&index->users, &index->groups};
        spot.key = "members";
        err = resolve_members(policy, &role->members, &members, spot, fault);
    }
    if (err == VOUCH_OK) {
        const struct members approvers = {&index->approver_users, &index->approver_groups};
        spot.key = "approval";
        err = resolve_members(policy, &role->by, &approvers, spot, fault);
    }
    err = err == VOUCH_OK ? index_sources(policy, role, index, fault) : err;
    if (err != VOUCH_OK) {
        return err;
    }
    index_sets(role, index);
    return check_role(policy, at, fault);
}

static int index_named(struct vouch_policy *policy, struct vouch_fault *fault) {
    const struct vouch_policy_content *content = &policy->content;
    size_t most = 0;
    for (size_t r = 0; r < content->role_count; r++) {
        most += policy->roles[r].named_count;
    }
    policy->named = vouch_arena_alloc(&policy->arena, (most + 1) * sizeof *policy->named);
    if (policy->named == NULL) {
        return vouch_policy_no_memory(fault);
    }
    for (size_t r = 0; r < content->role_count; r++) {
        const struct vouch_policy_names *logins = &content->roles[r].logins;
        for (size_t i = 0; i < logins->count; i++) {
            if (!vouch_bytes_equal(logins->items[i], vouch_bytes_of(VOUCH_POLICY_OWN_LOGIN))) {
                policy->named[policy->named_count++] = (struct vouch_policy_named_login){
                    logins->items[i], policy->roles[r].zone, (uint32_t)r};
            }
        }
    }
    qsort(policy->named, policy->named_count, sizeof *policy->named, vouch_policy_compare_named);
    return VOUCH_OK;
}

static int index_roles(struct vouch_policy *policy, struct vouch_fault *fault) {
    size_t count = policy->content.role_count;
    policy->roles = vouch_arena_alloc(&policy->arena, (count + 1) * sizeof *policy->roles);
    if (policy->roles == NULL) {
        return vouch_policy_no_memory(fault);
    }
    int err = VOUCH_OK;
    for (size_t r = 0; r < count && err == VOUCH_OK; r++) {
        err = index_role(policy, (uint32_t)r, fault);
    }
    return err == VOUCH_OK ? index_named(policy, fault) : err;
}

// ----- hosts -----

static int check_labels(const struct vouch_policy_host *host, struct vouch_fault *fault) {
    struct vouch_policy_spot spot = {&host->place, "hosts", host->name, "labels", 0};
    for (size_t i = 0; i < host->labels.count; i++) {
        struct vouch_bytes value;
        struct vouch_bytes key = vouch_policy_before(host->labels.items[i], '=', &value);
        for (size_t k = 0; k < i; k++) {
            if (vouch_bytes_equal(vouch_policy_before(host->labels.items[k], '=', &value), key)) {
                spot.line = host->labels.lines != NULL ? host->labels.lines[i] : 0;
                return vouch_policy_wrong(&spot, fault, "\"%.*s\" has two values", (int)key.len,
                                          (const char *)key.ptr);
            }
        }
    }
    return VOUCH_OK;
}

static int index_hosts(struct vouch_policy *policy, struct vouch_fault *fault) {
    const struct vouch_policy_content *content = &policy->content;
    const struct names_of zones = zones_of(policy);
    policy->host_zones =
        vouch_arena_alloc(&policy->arena, (content->host_count + 1) * sizeof *policy->host_zones);
    if (policy->host_zones == NULL) {
        return vouch_policy_no_memory(fault);
    }
    int err = VOUCH_OK;
    for (size_t h = 0; h < content->host_count && err == VOUCH_OK; h++) {
        const struct vouch_policy_host *host = &content->hosts[h];
        const struct vouch_policy_spot spot = {&host->place, "hosts", host->name, "zone", 0};
        err = resolve(&zones, host->zone, &spot, fault, &policy->host_zones[h]);
        err = err == VOUCH_OK ? check_labels(host, fault) : err;
    }
    return err;
}

int vouch_policy_index(struct vouch_policy *policy, struct vouch_fault *fault) {
    int err = index_users(policy, fault);
    err = err == VOUCH_OK ? index_groups(policy, fault) : err;
    err = err == VOUCH_OK ? index_roles(policy, fault) : err;
    return err == VOUCH_OK ? index_hosts(policy, fault) : err;
}
