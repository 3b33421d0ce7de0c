// SPDX-License-Identifier: ISC
// The decision: every check is made, and every one that fails leaves its reason; only without a reason
// is anything composed.
#include "policy/decide.h"

#include "policy/compose.h"
#include "policy/prepared.h"
#include "policy/rule.h"

static int same(struct vouch_bytes a, struct vouch_bytes b) {
    return vouch_bytes_equal(a, b);
}

void vouch_policy_add_reason(struct vouch_policy_judging *judging,
                             enum vouch_policy_reason_code code, struct vouch_bytes role,
                             struct vouch_bytes object) {
    vouch_policy_add_limit(judging, code, role, object, 0);
}

void vouch_policy_add_limit(struct vouch_policy_judging *judging,
                            enum vouch_policy_reason_code code, struct vouch_bytes role,
                            struct vouch_bytes object, uint64_t limit) {
    if (judging->reason_count == judging->reason_cap) {
        size_t cap = judging->reason_cap == 0 ? 8 : judging->reason_cap * 2;
        struct vouch_policy_reason *grown = vouch_arena_alloc(judging->arena, cap * sizeof *grown);
        judging->refused = 1;
        if (grown == NULL) {
            judging->err = VOUCH_ERR_NO_MEMORY;
            return;
        }
        if (judging->reason_count > 0) {
            memcpy(grown, judging->reasons, judging->reason_count * sizeof *grown);
        }
        judging->reasons = grown;
        judging->reason_cap = cap;
    }
    judging->reasons[judging->reason_count++] =
        (struct vouch_policy_reason){code, role, object, limit};
}

static void add(struct vouch_policy_judging *judging, enum vouch_policy_reason_code code,
                struct vouch_bytes object) {
    vouch_policy_add_reason(judging, code, (struct vouch_bytes){0}, object);
}

// ----- the question as a whole -----

static void judge_sizes(struct vouch_policy_judging *judging) {
    const struct vouch_policy_ask *ask = judging->ask;
    const struct {
        const char *name;
        size_t count, max;
    } lists[] = {
        {"roles", ask->role_count, VOUCH_POLICY_ASK_ROLES_MAX},
        {"groups", ask->group_count, VOUCH_POLICY_ASK_GROUPS_MAX},
        {"approvers", ask->approver_count, VOUCH_POLICY_ASK_APPROVALS_MAX},
        {"extensions", ask->extensions.count, VOUCH_POLICY_ASK_NAMES_MAX},
        {"logins", ask->logins.count, VOUCH_POLICY_ASK_NAMES_MAX},
        {"networks", ask->sources.count, VOUCH_POLICY_ASK_NAMES_MAX},
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (lists[i].count > lists[i].max) {
            vouch_policy_add_limit(judging, VOUCH_POLICY_REASON_ASK_LARGE, (struct vouch_bytes){0},
                                   vouch_bytes_of(lists[i].name), lists[i].max);
        }
    }
}

static void judge_user(struct vouch_policy_judging *judging) {
    const struct vouch_policy_ask *ask = judging->ask;
    judging->user = vouch_policy_user_at(judging->policy, ask->user);
    if (judging->user == VOUCH_POLICY_NOWHERE) {
        add(judging, VOUCH_POLICY_REASON_USER_UNKNOWN, ask->user);
        return;
    }
    const struct vouch_policy_user *user = &judging->policy->content.users[judging->user];
    if (user->state != VOUCH_POLICY_USER_ENABLED) {
        add(judging, VOUCH_POLICY_REASON_USER_DISABLED, user->name);
    }
    if (user->until_s != 0 && ask->now_s >= user->until_s) {
        add(judging, VOUCH_POLICY_REASON_USER_ENDED, user->name);
    }
}

static void insert_id(struct vouch_policy_ids *ids, uint32_t id) {
    size_t at = 0;
    while (at < ids->count && ids->items[at] < id) {
        at++;
    }
    if (at < ids->count && ids->items[at] == id) {
        return;
    }
    memmove(ids->items + at + 1, ids->items + at, (ids->count - at) * sizeof *ids->items);
    ids->items[at] = id;
    ids->count++;
}

// Groups that the policy does not know grant nothing; but one whose name is no name says that
// something is wrong with the rest as well.
static void judge_groups(struct vouch_policy_judging *judging) {
    const struct vouch_policy_ask *ask = judging->ask;
    if (ask->group_count == 0) {
        return;
    }
    judging->asserted.items =
        vouch_arena_alloc(judging->arena, ask->group_count * sizeof *judging->asserted.items);
    if (judging->asserted.items == NULL) {
        judging->err = VOUCH_ERR_NO_MEMORY;
        return;
    }
    for (size_t i = 0; i < ask->group_count; i++) {
        uint32_t group = VOUCH_POLICY_NOWHERE;
        if (vouch_policy_name_fault(ask->groups[i]) != NULL) {
            add(judging, VOUCH_POLICY_REASON_GROUP_NAME, ask->groups[i]);
        } else {
            group = vouch_policy_group_at(judging->policy, ask->groups[i]);
        }
        if (group != VOUCH_POLICY_NOWHERE) {
            insert_id(&judging->asserted, group);
        }
    }
}

static void judge_words(struct vouch_policy_judging *judging) {
    struct vouch_bytes reason = judging->ask->reason;
    if (reason.len > 0 && vouch_policy_reason_fault(reason) != NULL) {
        add(judging, VOUCH_POLICY_REASON_WORDS_BAD, (struct vouch_bytes){0});
    }
}

static void judge_clock(struct vouch_policy_judging *judging) {
    const struct vouch_policy_ask *ask = judging->ask;
    if (ask->now_s == 0 || ask->now_s > VOUCH_POLICY_TIME_MAX_S) {
        add(judging, VOUCH_POLICY_REASON_CLOCK, (struct vouch_bytes){0});
    }
    if (ask->second_factor_at_s == 0) {
        add(judging, VOUCH_POLICY_REASON_FACTOR_MISSING, (struct vouch_bytes){0});
    } else if (ask->second_factor_at_s > ask->now_s) {
        add(judging, VOUCH_POLICY_REASON_FACTOR_FUTURE, (struct vouch_bytes){0});
    }
}

static void judge_key(struct vouch_policy_judging *judging) {
    const struct vouch_policy_ask *ask = judging->ask;
    if (vouch_key_type_name(ask->key_type) == NULL) {
        add(judging, VOUCH_POLICY_REASON_KEY_UNKNOWN, (struct vouch_bytes){0});
    }
    if (ask->verify == VOUCH_POLICY_REQUIRED && !vouch_policy_is_security_key(ask->key_type)) {
        add(judging, VOUCH_POLICY_REASON_KEY_VERIFY, (struct vouch_bytes){0});
    }
}

// ----- each role -----

static void judge_role_time(struct vouch_policy_judging *judging,
                            const struct vouch_policy_role *role) {
    uint64_t now_s = judging->ask->now_s;
    if (now_s < role->from_s) {
        vouch_policy_add_limit(judging, VOUCH_POLICY_REASON_ROLE_EARLY, role->name,
                               (struct vouch_bytes){0}, role->from_s);
    }
    if (role->until_s != 0 && now_s >= role->until_s) {
        vouch_policy_add_limit(judging, VOUCH_POLICY_REASON_ROLE_ENDED, role->name,
                               (struct vouch_bytes){0}, role->until_s);
    }
}

static void judge_role_factor(struct vouch_policy_judging *judging,
                              const struct vouch_policy_role *role) {
    const struct vouch_policy_ask *ask = judging->ask;
    int given = ask->second_factor_at_s != 0 && ask->second_factor_at_s <= ask->now_s;
    if (given && role->second_factor_age_s != 0 &&
        ask->now_s - ask->second_factor_at_s > role->second_factor_age_s) {
        vouch_policy_add_limit(judging, VOUCH_POLICY_REASON_FACTOR_OLD, role->name,
                               (struct vouch_bytes){0}, role->second_factor_age_s);
    }
}

static void judge_role_address(struct vouch_policy_judging *judging, uint32_t at) {
    const struct vouch_policy_role *role = &judging->policy->content.roles[at];
    struct vouch_bytes address = judging->ask->address;
    if (role->sources.count == 0) {
        return;
    }
    struct vouch_cidr client;
    int known = address.len > 0 && memchr(address.ptr, '/', address.len) == NULL &&
                vouch_cidr_parse(address, &client) == VOUCH_OK;
    int inside = 0;
    for (size_t i = 0; i < role->sources.count && known; i++) {
        inside |= vouch_policy_network_has(&judging->policy->roles[at].sources[i], &client);
    }
    if (!known) {
        vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_ADDRESS_UNKNOWN, role->name, address);
    } else if (!inside) {
        vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_ADDRESS_OUTSIDE, role->name, address);
    }
}

static void judge_role_key(struct vouch_policy_judging *judging, uint32_t at) {
    const struct vouch_policy_role *role = &judging->policy->content.roles[at];
    enum vouch_key_type type = judging->ask->key_type;
    const char *name = vouch_key_type_name(type);
    uint32_t types = judging->policy->roles[at].key_types;
    if (name != NULL && types != 0 && (types & 1u << type) == 0) {
        vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_KEY_TYPE, role->name,
                                vouch_bytes_of(name));
    }
    if (name != NULL && role->verify == VOUCH_POLICY_REQUIRED &&
        !vouch_policy_is_security_key(type)) {
        vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_KEY_VERIFY, role->name,
                                vouch_bytes_of(name));
    }
}

static void judge_role(struct vouch_policy_judging *judging, uint32_t at) {
    const struct vouch_policy_role *role = &judging->policy->content.roles[at];
    uint32_t group;
    if (judging->user != VOUCH_POLICY_NOWHERE &&
        !vouch_policy_is_member(judging->policy, at, judging->user, &judging->asserted, &group)) {
        vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_ROLE_LACKED, role->name,
                                judging->ask->user);
    }
    judge_role_time(judging, role);
    judge_role_factor(judging, role);
    judge_role_address(judging, at);
    judge_role_key(judging, at);
    if (role->reason == VOUCH_POLICY_REQUIRED && judging->ask->reason.len == 0) {
        vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_WORDS_MISSING, role->name,
                                (struct vouch_bytes){0});
    }
}

static int asked_before(const struct vouch_policy_ask *ask, size_t at) {
    int before = 0;
    for (size_t i = 0; i < at && !before; i++) {
        before = same(ask->roles[i], ask->roles[at]);
    }
    return before;
}

static void judge_roles(struct vouch_policy_judging *judging) {
    const struct vouch_policy_ask *ask = judging->ask;
    judging->zone = vouch_policy_zone_at(judging->policy, ask->zone);
    if (judging->zone == VOUCH_POLICY_NOWHERE) {
        add(judging, VOUCH_POLICY_REASON_ZONE_UNKNOWN, ask->zone);
    }
    if (ask->role_count == 0) {
        add(judging, VOUCH_POLICY_REASON_ROLE_MISSING, (struct vouch_bytes){0});
    }
    for (size_t i = 0; i < ask->role_count; i++) {
        uint32_t role = vouch_policy_role_at(judging->policy, ask->roles[i]);
        if (asked_before(ask, i)) {
            add(judging, VOUCH_POLICY_REASON_ROLE_REPEATED, ask->roles[i]);
        } else if (role == VOUCH_POLICY_NOWHERE) {
            add(judging, VOUCH_POLICY_REASON_ROLE_UNKNOWN, ask->roles[i]);
        } else if (judging->zone != judging->policy->roles[role].zone) {
            vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_ROLE_ZONE, ask->roles[i],
                                    ask->zone);
        } else {
            judging->roles[judging->role_count++] = role;
            judge_role(judging, role);
        }
    }
}

// ----- approvals -----

// The reason why this one does not count; NONE if it does for one of the roles.
static enum vouch_policy_reason_code approver_fault(const struct vouch_policy_judging *judging,
                                                    size_t at) {
    const struct vouch_policy_ask *ask = judging->ask;
    uint32_t user = vouch_policy_user_at(judging->policy, ask->approvers[at]);
    if (user == VOUCH_POLICY_NOWHERE) {
        return VOUCH_POLICY_REASON_APPROVER_UNKNOWN;
    }
    if (same(ask->approvers[at], ask->user)) {
        return VOUCH_POLICY_REASON_APPROVER_SELF;
    }
    for (size_t i = 0; i < at; i++) {
        if (same(ask->approvers[i], ask->approvers[at])) {
            return VOUCH_POLICY_REASON_APPROVER_REPEATED;
        }
    }
    if (!vouch_policy_user_is_active(&judging->policy->content.users[user], ask->now_s)) {
        return VOUCH_POLICY_REASON_APPROVER_INACTIVE;
    }
    int counts = 0;
    for (size_t i = 0; i < judging->role_count; i++) {
        counts |= vouch_policy_may_approve(judging->policy, judging->roles[i], user);
    }
    return counts ? VOUCH_POLICY_REASON_NONE : VOUCH_POLICY_REASON_APPROVER_LACKS;
}

// People found so far, each once; small, as no role asks for many.
struct found {
    uint32_t users[VOUCH_POLICY_APPROVALS_MAX];
    size_t count;
};

static void find_approvers(const struct vouch_policy_judging *judging,
                           const struct vouch_policy_ids *ids, size_t enough, struct found *found) {
    const struct vouch_policy_user *users = judging->policy->content.users;
    for (size_t i = 0; i < ids->count && found->count < enough; i++) {
        uint32_t user = ids->items[i];
        int counts =
            user != judging->user && vouch_policy_user_is_active(&users[user], judging->ask->now_s);
        for (size_t k = 0; k < found->count && counts; k++) {
            counts = found->users[k] != user;
        }
        if (counts) {
            found->users[found->count++] = user;
        }
    }
}

// Stops at as many as are needed.
static size_t possible_approvers(const struct vouch_policy_judging *judging, uint32_t role,
                                 size_t enough) {
    const struct vouch_policy_role_index *index = &judging->policy->roles[role];
    struct found found = {.count = 0};
    find_approvers(judging, &index->approver_users, enough, &found);
    for (size_t i = 0; i < index->approver_groups.count && found.count < enough; i++) {
        find_approvers(judging, &judging->policy->group_users[index->approver_groups.items[i]],
                       enough, &found);
    }
    return found.count;
}

static uint64_t approvals_for(const struct vouch_policy_judging *judging, uint32_t role) {
    uint64_t given = 0;
    for (size_t i = 0; i < judging->ask->approver_count; i++) {
        uint32_t user = vouch_policy_user_at(judging->policy, judging->ask->approvers[i]);
        given +=
            user != VOUCH_POLICY_NOWHERE && vouch_policy_may_approve(judging->policy, role, user);
    }
    return given;
}

static void await(struct vouch_policy_judging *judging, uint32_t role) {
    const struct vouch_policy_role *rule = &judging->policy->content.roles[role];
    uint64_t given = approvals_for(judging, role);
    if (given >= rule->approval_count) {
        return;
    }
    if (judging->awaited == NULL) {
        judging->awaited = vouch_arena_alloc(judging->arena,
                                             VOUCH_POLICY_ASK_ROLES_MAX * sizeof *judging->awaited);
    }
    judging->awaited_count++;
    if (judging->awaited == NULL) {
        judging->err = VOUCH_ERR_NO_MEMORY;
        return;
    }
    judging->awaited[judging->awaited_count - 1] =
        (struct vouch_policy_awaited){rule->name, rule->approval_count - given, &rule->by};
}

// One approval that does not count refuses all: it was given for something else than this.
static void judge_approvals(struct vouch_policy_judging *judging) {
    const struct vouch_policy_ask *ask = judging->ask;
    for (size_t i = 0; i < ask->approver_count; i++) {
        enum vouch_policy_reason_code code = approver_fault(judging, i);
        if (code != VOUCH_POLICY_REASON_NONE) {
            add(judging, code, ask->approvers[i]);
        }
    }
    for (size_t i = 0; i < judging->role_count; i++) {
        uint32_t role = judging->roles[i];
        const struct vouch_policy_role *rule = &judging->policy->content.roles[role];
        size_t needed = (size_t)rule->approval_count;
        if (possible_approvers(judging, role, needed) < needed) {
            vouch_policy_add_limit(judging, VOUCH_POLICY_REASON_APPROVERS_FEW, rule->name,
                                   (struct vouch_bytes){0}, needed);
        }
        await(judging, role);
    }
}

// ----- the decision -----

static void finish(const struct vouch_policy_judging *judging,
                   const struct vouch_policy_grant *composed,
                   struct vouch_policy_decision *ret_decision) {
    struct vouch_policy_decision decision = {
        .verdict = VOUCH_POLICY_REFUSED,
        .reasons = judging->reasons,
        .reason_count = judging->reason_count,
    };
    int whole = composed->principal_count > 0 && composed->ttl_s > 0;
    if (!judging->refused && whole && judging->awaited_count > 0) {
        decision.verdict = VOUCH_POLICY_PENDING;
        decision.proposal = *composed;
        decision.awaited = judging->awaited;
        decision.awaited_count = judging->awaited_count;
    } else if (!judging->refused && whole) {
        decision.verdict = VOUCH_POLICY_GRANTED;
        decision.grant = *composed;
    }
    *ret_decision = decision;
}

int vouch_policy_decide(const struct vouch_policy *policy, const struct vouch_policy_ask *ask,
                        struct vouch_arena *arena, struct vouch_policy_decision *ret_decision) {
    struct vouch_policy_judging judging = {.policy = policy, .ask = ask, .arena = arena};
    struct vouch_policy_grant composed = {0};
    judge_sizes(&judging);
    if (!judging.refused) { // nothing below is meant for lists without a bound
        judge_clock(&judging);
        judge_user(&judging);
        judge_groups(&judging);
        judge_words(&judging);
        judge_key(&judging);
        judge_roles(&judging);
        judge_approvals(&judging);
        vouch_policy_compose(&judging, &composed);
    }
    if (judging.err != VOUCH_OK) {
        return judging.err;
    }
    finish(&judging, &composed, ret_decision);
    return VOUCH_OK;
}
