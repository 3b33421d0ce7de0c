// SPDX-License-Identifier: ISC
// Looking things up in a prepared policy: names, memberships, the hosts that labels mean.
#include <stdlib.h>

#include "policy/prepared.h"
#include "policy/rule.h"

// ----- names to places -----

// Things begin with their name, which memcpy() reads whatever they are.
uint32_t vouch_policy_find(const void *things, size_t count, size_t size, struct vouch_bytes name) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct vouch_bytes at;
        memcpy(&at, (const char *)things + middle * size, sizeof at);
        int order = vouch_bytes_compare(name, at);
        if (order == 0) {
            return (uint32_t)middle;
        }
        low = order > 0 ? middle + 1 : low;
        high = order < 0 ? middle : high;
    }
    return VOUCH_POLICY_NOWHERE;
}

uint32_t vouch_policy_zone_at(const struct vouch_policy *policy, struct vouch_bytes name) {
    const struct vouch_policy_content *content = &policy->content;
    return vouch_policy_find(content->zones, content->zone_count, sizeof *content->zones, name);
}

uint32_t vouch_policy_user_at(const struct vouch_policy *policy, struct vouch_bytes name) {
    const struct vouch_policy_content *content = &policy->content;
    return vouch_policy_find(content->users, content->user_count, sizeof *content->users, name);
}

uint32_t vouch_policy_group_at(const struct vouch_policy *policy, struct vouch_bytes name) {
    const struct vouch_policy_content *content = &policy->content;
    return vouch_policy_find(content->groups, content->group_count, sizeof *content->groups, name);
}

uint32_t vouch_policy_role_at(const struct vouch_policy *policy, struct vouch_bytes name) {
    const struct vouch_policy_content *content = &policy->content;
    return vouch_policy_find(content->roles, content->role_count, sizeof *content->roles, name);
}

uint32_t vouch_policy_host_at(const struct vouch_policy *policy, struct vouch_bytes name) {
    const struct vouch_policy_content *content = &policy->content;
    return vouch_policy_find(content->hosts, content->host_count, sizeof *content->hosts, name);
}

uint32_t vouch_policy_user_of_login(const struct vouch_policy *policy, struct vouch_bytes login) {
    size_t low = 0, high = policy->by_login_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint32_t user = policy->by_login[middle];
        int order = vouch_bytes_compare(login, policy->content.users[user].login);
        if (order == 0) {
            return user;
        }
        low = order > 0 ? middle + 1 : low;
        high = order < 0 ? middle : high;
    }
    return VOUCH_POLICY_NOWHERE;
}

int vouch_policy_compare_named(const void *a, const void *b) {
    const struct vouch_policy_named_login *x = a, *y = b;
    if (x->zone != y->zone) {
        return x->zone < y->zone ? -1 : 1;
    }
    return vouch_bytes_compare(x->login, y->login);
}

uint32_t vouch_policy_role_naming(const struct vouch_policy *policy, uint32_t zone,
                                  struct vouch_bytes login) {
    const struct vouch_policy_named_login key = {login, zone, 0};
    const struct vouch_policy_named_login *found =
        policy->named_count == 0 ? NULL
                                 : bsearch(&key, policy->named, policy->named_count,
                                           sizeof *policy->named, vouch_policy_compare_named);
    return found != NULL ? found->role : VOUCH_POLICY_NOWHERE;
}

int vouch_policy_ids_have(const struct vouch_policy_ids *ids, uint32_t id) {
    size_t low = 0, high = ids->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ids->items[middle] == id) {
            return 1;
        }
        low = ids->items[middle] < id ? middle + 1 : low;
        high = ids->items[middle] > id ? middle : high;
    }
    return 0;
}

static int share_one(const struct vouch_policy_ids *a, const struct vouch_policy_ids *b,
                     uint32_t *ret_id) {
    for (size_t i = 0, k = 0; i < a->count && k < b->count;) {
        if (a->items[i] == b->items[k]) {
            *ret_id = a->items[i];
            return 1;
        }
        if (a->items[i] < b->items[k]) {
            i++;
        } else {
            k++;
        }
    }
    return 0;
}

const struct vouch_policy_user *vouch_policy_user_named(const struct vouch_policy *policy,
                                                        struct vouch_bytes name) {
    uint32_t at = vouch_policy_user_at(policy, name);
    return at != VOUCH_POLICY_NOWHERE ? &policy->content.users[at] : NULL;
}

const struct vouch_policy_role *vouch_policy_role_named(const struct vouch_policy *policy,
                                                        struct vouch_bytes name) {
    uint32_t at = vouch_policy_role_at(policy, name);
    return at != VOUCH_POLICY_NOWHERE ? &policy->content.roles[at] : NULL;
}

int vouch_policy_group_has(const struct vouch_policy *policy, struct vouch_bytes group,
                           struct vouch_bytes user) {
    uint32_t group_at = vouch_policy_group_at(policy, group);
    uint32_t user_at = vouch_policy_user_at(policy, user);
    return group_at != VOUCH_POLICY_NOWHERE && user_at != VOUCH_POLICY_NOWHERE &&
           vouch_policy_ids_have(&policy->user_groups[user_at], group_at);
}

int vouch_policy_is_member(const struct vouch_policy *policy, uint32_t role, uint32_t user,
                           const struct vouch_policy_ids *asserted, uint32_t *ret_group) {
    const struct vouch_policy_role_index *index = &policy->roles[role];
    if (vouch_policy_ids_have(&index->users, user)) {
        *ret_group = VOUCH_POLICY_NOWHERE;
        return 1;
    }
    return share_one(&policy->user_groups[user], &index->groups, ret_group) ||
           (asserted != NULL && share_one(asserted, &index->groups, ret_group));
}

int vouch_policy_may_approve(const struct vouch_policy *policy, uint32_t role, uint32_t user) {
    const struct vouch_policy_role_index *index = &policy->roles[role];
    int may = vouch_policy_ids_have(&index->approver_users, user);
    for (size_t i = 0; i < index->approver_groups.count && !may; i++) {
        may = vouch_policy_ids_have(&policy->user_groups[user], index->approver_groups.items[i]);
    }
    return may;
}

// ----- labels -----

static int has_label(const struct vouch_policy_host *host, struct vouch_bytes key,
                     struct vouch_bytes value) {
    if (vouch_bytes_equal(key, vouch_bytes_of("name"))) {
        return vouch_bytes_equal(host->name, value);
    }
    int any = vouch_bytes_equal(value, vouch_bytes_of("*"));
    for (size_t i = 0; i < host->labels.count; i++) {
        struct vouch_bytes own;
        struct vouch_bytes own_key = vouch_policy_before(host->labels.items[i], '=', &own);
        if (vouch_bytes_equal(own_key, key)) {
            return any || vouch_bytes_equal(own, value);
        }
    }
    return 0;
}

// One of the selectors of this key fits.
static int key_fits(const struct vouch_policy_role *role, const struct vouch_policy_host *host,
                    struct vouch_bytes key) {
    int fits = 0;
    for (size_t i = 0; i < role->hosts.count && !fits; i++) {
        struct vouch_bytes value;
        struct vouch_bytes own_key = vouch_policy_before(role->hosts.items[i], '=', &value);
        fits = vouch_bytes_equal(own_key, key) && has_label(host, key, value);
    }
    return fits;
}

int vouch_policy_selector_fits(const struct vouch_policy *policy, struct vouch_bytes selector,
                               uint32_t host) {
    struct vouch_bytes value;
    struct vouch_bytes key = vouch_policy_before(selector, '=', &value);
    return vouch_bytes_equal(selector, vouch_bytes_of("all")) ||
           has_label(&policy->content.hosts[host], key, value);
}

int vouch_policy_role_means(const struct vouch_policy *policy, uint32_t role, uint32_t host) {
    if (policy->roles[role].zone != policy->host_zones[host]) {
        return 0;
    }
    const struct vouch_policy_role *rule = &policy->content.roles[role];
    for (size_t i = 0; i < rule->hosts.count; i++) {
        struct vouch_bytes selector = rule->hosts.items[i], value;
        struct vouch_bytes key = vouch_policy_before(selector, '=', &value);
        if (!vouch_bytes_equal(selector, vouch_bytes_of("all")) &&
            !key_fits(rule, &policy->content.hosts[host], key)) {
            return 0;
        }
    }
    return rule->hosts.count > 0;
}

int vouch_policy_user_is_active(const struct vouch_policy_user *user, uint64_t now_s) {
    return user->state == VOUCH_POLICY_USER_ENABLED &&
           (user->until_s == 0 || now_s < user->until_s);
}

int vouch_policy_has_active(const struct vouch_policy *policy, struct vouch_bytes name,
                            uint64_t now_s) {
    const struct vouch_policy_user *user =
        policy != NULL ? vouch_policy_user_named(policy, name) : NULL;
    return user != NULL && vouch_policy_user_is_active(user, now_s);
}

int vouch_policy_role_is_active(const struct vouch_policy_role *role, uint64_t now_s) {
    return now_s >= role->from_s && (role->until_s == 0 || now_s < role->until_s);
}
