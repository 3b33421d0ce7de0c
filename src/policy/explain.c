// SPDX-License-Identifier: ISC
// Ways from people to logins.
#include "policy/explain.h"

#include "policy/compose.h"
#include "policy/prepared.h"
#include "policy/rule.h"
#include "policy/ways.h"

void *vouch_policy_grow(struct vouch_arena *arena, struct vouch_policy_growing *array,
                        size_t item_size) {
    if (array->count == array->cap) {
        size_t cap = array->cap == 0 ? 16 : array->cap * 2;
        char *grown = vouch_arena_alloc(arena, cap * item_size);
        if (grown == NULL) {
            return NULL;
        }
        if (array->count > 0) {
            memcpy(grown, array->items, array->count * item_size);
        }
        array->items = grown;
        array->cap = cap;
    }
    return array->items + array->count++ * item_size;
}

int vouch_policy_role_is_of(const struct vouch_policy *policy, uint32_t role, uint32_t user,
                            uint64_t now_s) {
    const struct vouch_policy_role_index *index = &policy->roles[role];
    return vouch_policy_user_is_active(&policy->content.users[user], now_s) &&
           vouch_policy_role_is_active(&policy->content.roles[role], now_s) &&
           (!index->grants_own ||
            vouch_policy_own_login_fault(policy, user, index->zone) == VOUCH_POLICY_REASON_NONE);
}

enum vouch_policy_how vouch_policy_how_of(const struct vouch_policy_role *role) {
    if (role->break_glass == VOUCH_POLICY_BREAKS_GLASS) {
        return VOUCH_POLICY_BREAK_GLASS;
    }
    return role->approval_count > 0 ? VOUCH_POLICY_ON_APPROVAL : VOUCH_POLICY_STANDING;
}

const char *vouch_policy_how_word(enum vouch_policy_how how) {
    switch (how) {
    case VOUCH_POLICY_STANDING:
        return "standing";
    case VOUCH_POLICY_BREAK_GLASS:
        return "break-glass";
    case VOUCH_POLICY_ON_APPROVAL:
        return "approval";
    case VOUCH_POLICY_NO_WAY:
        break;
    }
    return "none";
}

static struct vouch_policy_path path_by(const struct vouch_policy *policy, uint32_t role,
                                        uint32_t user, uint32_t group) {
    const struct vouch_policy_role *rule = &policy->content.roles[role];
    struct vouch_policy_path path = {
        .user = policy->content.users[user].name,
        .role = rule->name,
        .how = vouch_policy_how_of(rule),
        .ttl_s = rule->max_ttl_s,
    };
    if (group != VOUCH_POLICY_NOWHERE) {
        path.group = policy->content.groups[group].name;
    }
    return path;
}

static int add_path(const struct vouch_policy_view *view, struct vouch_policy_growing *paths,
                    const struct vouch_policy_path *path) {
    struct vouch_policy_path *at = vouch_policy_grow(view->arena, paths, sizeof *at);
    if (at == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    *at = *path;
    return VOUCH_OK;
}

static struct vouch_policy_paths all_of(const struct vouch_policy_growing *paths) {
    return (struct vouch_policy_paths){(const void *)paths->items, paths->count};
}

// A role's login as this person has it.
static struct vouch_bytes login_for(const struct vouch_policy *policy, struct vouch_bytes login,
                                    uint32_t user) {
    return vouch_bytes_equal(login, vouch_bytes_of(VOUCH_POLICY_OWN_LOGIN))
               ? policy->content.users[user].login
               : login;
}

// The logins of a role, on the host of the path.
static int reach_on(const struct vouch_policy_view *view, uint32_t role, uint32_t user,
                    struct vouch_policy_path *path, struct vouch_policy_growing *paths) {
    const struct vouch_policy_names *logins = &view->policy->content.roles[role].logins;
    int err = VOUCH_OK;
    for (size_t i = 0; i < logins->count && err == VOUCH_OK; i++) {
        path->login = login_for(view->policy, logins->items[i], user);
        err = add_path(view, paths, path);
    }
    return err;
}

static int reach_by(const struct vouch_policy_view *view, uint32_t role, uint32_t user,
                    struct vouch_policy_path *path, struct vouch_policy_growing *paths) {
    const struct vouch_policy_content *content = &view->policy->content;
    int err = VOUCH_OK;
    for (uint32_t h = 0; h < content->host_count && err == VOUCH_OK; h++) {
        if (!vouch_policy_role_means(view->policy, role, h)) {
            continue;
        }
        path->host = content->hosts[h].name;
        err = reach_on(view, role, user, path, paths);
    }
    return err;
}

int vouch_policy_reach(const struct vouch_policy_view *view, struct vouch_bytes user,
                       struct vouch_policy_paths *ret_paths) {
    const struct vouch_policy *policy = view->policy;
    struct vouch_policy_growing paths = {0};
    uint32_t at = vouch_policy_user_at(policy, user);
    int err = VOUCH_OK;
    for (uint32_t r = 0; at != VOUCH_POLICY_NOWHERE && r < policy->content.role_count; r++) {
        uint32_t group;
        if (err == VOUCH_OK && vouch_policy_is_member(policy, r, at, NULL, &group) &&
            vouch_policy_role_is_of(policy, r, at, view->now_s)) {
            struct vouch_policy_path path = path_by(policy, r, at, group);
            err = reach_by(view, r, at, &path, &paths);
        }
    }
    if (err == VOUCH_OK) {
        *ret_paths = all_of(&paths);
    }
    return err;
}

int vouch_policy_reach_host(const struct vouch_policy_view *view,
                            const struct vouch_policy_paths *roles, struct vouch_bytes host,
                            struct vouch_policy_paths *ret_paths) {
    const struct vouch_policy *policy = view->policy;
    struct vouch_policy_growing paths = {0};
    uint32_t at = vouch_policy_host_at(policy, host);
    int err = VOUCH_OK;
    for (size_t i = 0; at != VOUCH_POLICY_NOWHERE && i < roles->count; i++) {
        uint32_t role = vouch_policy_role_at(policy, roles->items[i].role);
        uint32_t user = vouch_policy_user_at(policy, roles->items[i].user);
        if (role == VOUCH_POLICY_NOWHERE || user == VOUCH_POLICY_NOWHERE ||
            !vouch_policy_role_means(policy, role, at)) {
            continue;
        }
        struct vouch_policy_path path = roles->items[i];
        path.host = policy->content.hosts[at].name;
        err = err == VOUCH_OK ? reach_on(view, role, user, &path, &paths) : err;
    }
    if (err == VOUCH_OK) {
        *ret_paths = all_of(&paths);
    }
    return err;
}

int vouch_policy_approves(const struct vouch_policy *policy, struct vouch_bytes role,
                          struct vouch_bytes user) {
    uint32_t role_at = vouch_policy_role_at(policy, role);
    uint32_t user_at = vouch_policy_user_at(policy, user);
    return role_at != VOUCH_POLICY_NOWHERE && user_at != VOUCH_POLICY_NOWHERE &&
           vouch_policy_may_approve(policy, role_at, user_at);
}

static int grants_by_name(const struct vouch_policy_role *role, struct vouch_bytes login) {
    int grants = 0;
    for (size_t i = 0; i < role->logins.count && !grants; i++) {
        grants = vouch_bytes_equal(role->logins.items[i], login);
    }
    return grants;
}

int vouch_policy_who_can(const struct vouch_policy_view *view, struct vouch_bytes login,
                         struct vouch_bytes host, struct vouch_policy_paths *ret_paths) {
    const struct vouch_policy *policy = view->policy;
    const struct vouch_policy_content *content = &policy->content;
    struct vouch_policy_growing paths = {0};
    uint32_t at = vouch_policy_host_at(policy, host);
    uint32_t owner = vouch_policy_user_of_login(policy, login);
    int err = VOUCH_OK;
    for (uint32_t r = 0; at != VOUCH_POLICY_NOWHERE && r < content->role_count; r++) {
        int named = grants_by_name(&content->roles[r], login);
        if ((!named && !policy->roles[r].grants_own) || !vouch_policy_role_means(policy, r, at)) {
            continue;
        }
        for (uint32_t u = 0; u < content->user_count && err == VOUCH_OK; u++) {
            uint32_t group;
            if ((named || u == owner) && vouch_policy_is_member(policy, r, u, NULL, &group) &&
                vouch_policy_role_is_of(policy, r, u, view->now_s)) {
                struct vouch_policy_path path = path_by(policy, r, u, group);
                path.host = content->hosts[at].name;
                path.login = login;
                err = add_path(view, &paths, &path);
            }
        }
    }
    if (err == VOUCH_OK) {
        *ret_paths = all_of(&paths);
    }
    return err;
}

static int known_groups(const struct vouch_policy_view *view,
                        const struct vouch_policy_names *groups, struct vouch_policy_ids *ids) {
    ids->items = vouch_arena_alloc(view->arena, (groups->count + 1) * sizeof *ids->items);
    if (ids->items == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    // The policy's order is the order of places: each group of it that is named.
    for (uint32_t g = 0; g < view->policy->content.group_count; g++) {
        for (size_t i = 0; i < groups->count; i++) {
            if (vouch_bytes_equal(groups->items[i], view->policy->content.groups[g].name)) {
                ids->items[ids->count++] = g;
                break;
            }
        }
    }
    return VOUCH_OK;
}

int vouch_policy_roles_of(const struct vouch_policy_view *view, struct vouch_bytes user,
                          struct vouch_bytes zone, const struct vouch_policy_names *groups,
                          struct vouch_policy_paths *ret_paths) {
    const struct vouch_policy *policy = view->policy;
    struct vouch_policy_growing paths = {0};
    struct vouch_policy_ids asserted = {0};
    uint32_t at = vouch_policy_user_at(policy, user);
    uint32_t zone_at = vouch_policy_zone_at(policy, zone);
    int err = groups != NULL ? known_groups(view, groups, &asserted) : VOUCH_OK;
    for (uint32_t r = 0; at != VOUCH_POLICY_NOWHERE && r < policy->content.role_count; r++) {
        uint32_t group;
        if (err == VOUCH_OK && (zone.len == 0 || policy->roles[r].zone == zone_at) &&
            vouch_policy_is_member(policy, r, at, &asserted, &group) &&
            vouch_policy_role_is_of(policy, r, at, view->now_s)) {
            const struct vouch_policy_path path = path_by(policy, r, at, group);
            err = add_path(view, &paths, &path);
        }
    }
    if (err == VOUCH_OK) {
        *ret_paths = all_of(&paths);
    }
    return err;
}

// ----- what hosts accept -----

static int add_accepted(const struct vouch_policy_view *view, struct vouch_policy_growing *names,
                        struct vouch_bytes role, struct vouch_bytes login) {
    const struct vouch_bytes name = vouch_policy_role_principal(view->arena, role, login);
    struct vouch_bytes *at = vouch_policy_grow(view->arena, names, sizeof *at);
    if (at == NULL || name.len == 0) {
        return VOUCH_ERR_NO_MEMORY;
    }
    *at = name;
    return VOUCH_OK;
}

// Whoever is a member is judged when certificates are made; a host need not know.
static int accept_role(const struct vouch_policy_view *view, uint32_t role,
                       struct vouch_bytes login, struct vouch_policy_growing *names) {
    const struct vouch_policy *policy = view->policy;
    const struct vouch_policy_role *rule = &policy->content.roles[role];
    uint32_t owner = vouch_policy_user_of_login(policy, login);
    int err = VOUCH_OK;
    if (grants_by_name(rule, login)) {
        err = add_accepted(view, names, rule->name, (struct vouch_bytes){0});
    }
    if (err == VOUCH_OK && policy->roles[role].grants_own && owner != VOUCH_POLICY_NOWHERE &&
        vouch_policy_own_login_fault(policy, owner, policy->roles[role].zone) ==
            VOUCH_POLICY_REASON_NONE) {
        err = add_accepted(view, names, rule->name, login);
    }
    return err;
}

int vouch_policy_accepted(const struct vouch_policy_view *view, struct vouch_bytes login,
                          struct vouch_bytes host, struct vouch_policy_names *ret_principals) {
    const struct vouch_policy *policy = view->policy;
    struct vouch_policy_growing names = {0};
    uint32_t at = vouch_policy_host_at(policy, host);
    int err = VOUCH_OK;
    for (uint32_t r = 0; at != VOUCH_POLICY_NOWHERE && r < policy->content.role_count; r++) {
        if (err == VOUCH_OK && vouch_policy_role_means(policy, r, at)) {
            err = accept_role(view, r, login, &names);
        }
    }
    if (err != VOUCH_OK) {
        return err;
    }
    const struct vouch_bytes *items = (const void *)names.items;
    size_t count = names.count;
    if (count > 0 &&
        policy->content.zones[policy->host_zones[at]].principals == VOUCH_POLICY_BY_LOGIN) {
        struct vouch_bytes *only = vouch_arena_alloc(view->arena, sizeof *only);
        if (only == NULL) {
            return VOUCH_ERR_NO_MEMORY;
        }
        *only = login;
        items = only;
        count = 1;
    }
    *ret_principals = (struct vouch_policy_names){items, NULL, count};
    return VOUCH_OK;
}
