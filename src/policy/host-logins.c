// SPDX-License-Identifier: ISC
// From the roles that mean a host to the logins that it has.
//
// Each role gives pairs of a login and a principal; sorted by login they are the files that sshd reads.
#include "policy/host-logins.h"

#include <stdlib.h>
#include <string.h>

#include "policy/compose.h"
#include "policy/explain.h"
#include "policy/prepared.h"
#include "policy/ways.h"

#define PAIRS_MAX (4u * VOUCH_POLICY_HOST_LOGINS_MAX)

struct pair {
    struct vouch_bytes login;
    struct vouch_policy_accept accept;
    size_t order; // as it was found: roles in their order
};

struct finding {
    const struct vouch_policy *policy;
    struct vouch_arena *arena;
    uint32_t host;
    int by_login;
    struct vouch_policy_growing pairs;
};

// The selectors of the role that this host has.
static int put_selectors(const struct finding *finding, const struct vouch_policy_role *role,
                         struct vouch_buf *out) {
    int is_first = 1;
    for (size_t i = 0; i < role->hosts.count; i++) {
        struct vouch_bytes selector = role->hosts.items[i];
        if (!vouch_policy_selector_fits(finding->policy, selector, finding->host)) {
            continue;
        }
        int is_all = vouch_bytes_equal(selector, vouch_bytes_of("all"));
        vouch_buf_put(out, vouch_bytes_of(is_all ? ", all hosts" : is_first ? ", label " : " "));
        vouch_buf_put(out, is_all ? (struct vouch_bytes){0} : selector);
        is_first = is_first && is_all;
    }
    return out->err;
}

// "role dev, label tier=web", in the arena.
static int tell_why(const struct finding *finding, uint32_t role, struct vouch_bytes *ret_why) {
    const struct vouch_policy_role *rule = &finding->policy->content.roles[role];
    struct vouch_buf text;
    vouch_buf_init(&text, 64u * 1024);
    vouch_buf_put(&text, vouch_bytes_of("role "));
    vouch_buf_put(&text, rule->name);
    int err = put_selectors(finding, rule, &text);
    if (err == VOUCH_OK) {
        err = vouch_arena_copy(finding->arena, vouch_buf_bytes(&text), ret_why);
    }
    vouch_buf_done(&text);
    return err;
}

static int add(struct finding *finding, uint32_t role, struct vouch_bytes login,
               struct vouch_bytes own, struct vouch_bytes why) {
    size_t order = finding->pairs.count;
    if (order == PAIRS_MAX) {
        return VOUCH_ERR_LIMIT;
    }
    struct pair *pair = vouch_policy_grow(finding->arena, &finding->pairs, sizeof *pair);
    if (pair == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    struct vouch_bytes principal =
        finding->by_login ? login
                          : vouch_policy_role_principal(
                                finding->arena, finding->policy->content.roles[role].name, own);
    *pair = (struct pair){login, {principal, why}, order};
    return principal.len > 0 ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
}

// Everybody whose own login it can be: whoever is a member is judged when certificates are made.
static int add_own(struct finding *finding, uint32_t role, struct vouch_bytes why) {
    const struct vouch_policy *policy = finding->policy;
    int err = VOUCH_OK;
    for (uint32_t u = 0; err == VOUCH_OK && u < policy->content.user_count; u++) {
        if (vouch_policy_own_login_fault(policy, u, policy->roles[role].zone) ==
            VOUCH_POLICY_REASON_NONE) {
            struct vouch_bytes login = policy->content.users[u].login;
            err = add(finding, role, login, login, why);
        }
    }
    return err;
}

static int add_role(struct finding *finding, uint32_t role) {
    const struct vouch_policy_names *logins = &finding->policy->content.roles[role].logins;
    struct vouch_bytes why = {0};
    int err = tell_why(finding, role, &why);
    for (size_t i = 0; err == VOUCH_OK && i < logins->count; i++) {
        if (!vouch_bytes_equal(logins->items[i], vouch_bytes_of(VOUCH_POLICY_OWN_LOGIN))) {
            err = add(finding, role, logins->items[i], (struct vouch_bytes){0}, why);
        }
    }
    return err == VOUCH_OK && finding->policy->roles[role].grants_own ? add_own(finding, role, why)
                                                                      : err;
}

static int compare(const void *left, const void *right) {
    const struct pair *a = left;
    const struct pair *b = right;
    size_t shorter = a->login.len < b->login.len ? a->login.len : b->login.len;
    int order = shorter > 0 ? memcmp(a->login.ptr, b->login.ptr, shorter) : 0;
    if (order == 0) {
        order = a->login.len < b->login.len ? -1 : a->login.len > b->login.len;
    }
    return order != 0 ? order : a->order < b->order ? -1 : 1;
}

// The pairs of one login become one row. A role may name a login twice, and where certificates name
// logins every role gives the same principal.
static int take_login(const struct finding *finding, const struct pair *pairs, size_t count,
                      struct vouch_policy_host_login *ret_login) {
    struct vouch_policy_accept *accepts =
        vouch_arena_alloc(finding->arena, count * sizeof *accepts);
    size_t kept = 0;
    if (accepts == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 ||
            !vouch_bytes_equal(accepts[kept - 1].principal, pairs[i].accept.principal)) {
            accepts[kept++] = pairs[i].accept;
        }
    }
    *ret_login = (struct vouch_policy_host_login){pairs[0].login, accepts, kept};
    return VOUCH_OK;
}

static int gather(struct finding *finding, struct vouch_policy_host_logins *logins) {
    struct pair *pairs = (struct pair *)(void *)finding->pairs.items;
    size_t count = finding->pairs.count;
    struct vouch_policy_host_login *items =
        vouch_arena_alloc(finding->arena, (count + 1) * sizeof *items);
    int err = items != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    if (count > 0) {
        qsort(pairs, count, sizeof *pairs, compare);
    }
    size_t next = 0;
    for (size_t at = 0; err == VOUCH_OK && at < count; at = next) {
        next = at + 1;
        while (next < count && vouch_bytes_equal(pairs[next].login, pairs[at].login)) {
            next++;
        }
        err = take_login(finding, pairs + at, next - at, &items[logins->count]);
        logins->count++;
    }
    logins->items = items;
    return err == VOUCH_OK && logins->count > VOUCH_POLICY_HOST_LOGINS_MAX ? VOUCH_ERR_LIMIT : err;
}

int vouch_policy_host_logins(const struct vouch_policy *policy, struct vouch_bytes host,
                             struct vouch_arena *arena,
                             struct vouch_policy_host_logins *ret_logins) {
    struct finding finding = {
        .policy = policy, .arena = arena, .host = vouch_policy_host_at(policy, host)};
    struct vouch_policy_host_logins logins = {0};
    int err = VOUCH_OK;
    if (finding.host == VOUCH_POLICY_NOWHERE) {
        *ret_logins = logins;
        return VOUCH_OK;
    }
    logins.host = &policy->content.hosts[finding.host];
    logins.principals = policy->content.zones[policy->host_zones[finding.host]].principals;
    finding.by_login = logins.principals == VOUCH_POLICY_BY_LOGIN;
    for (uint32_t r = 0; err == VOUCH_OK && r < policy->content.role_count; r++) {
        if (vouch_policy_role_means(policy, r, finding.host)) {
            err = add_role(&finding, r);
        }
    }
    if (err == VOUCH_OK) {
        err = gather(&finding, &logins);
    }
    if (err == VOUCH_OK) {
        *ret_logins = logins;
    }
    return err;
}
