// SPDX-License-Identifier: ISC
// What a certificate will hold: the time, the principals and the options that all its roles allow.
//
// A certificate of several roles has the shortest of their times, the extensions that all of them
// allow, and every restriction of each.
#include "policy/compose.h"

#include "policy/rule.h"

static const struct vouch_bytes nothing = {0};

int vouch_policy_is_security_key(enum vouch_key_type type) {
    return type == VOUCH_KEY_SK_ED25519 || type == VOUCH_KEY_SK_ECDSA_P256;
}

const struct vouch_policy_role *vouch_policy_rule_of(const struct vouch_policy_judging *judging,
                                                     size_t at) {
    return &judging->policy->content.roles[judging->roles[at]];
}

// Memory that stays NULL, and says so once, when there is none.
void *vouch_policy_take(struct vouch_policy_judging *judging, size_t len) {
    void *result = vouch_arena_alloc(judging->arena, len);
    judging->err = result == NULL ? VOUCH_ERR_NO_MEMORY : judging->err;
    return result;
}

// ----- time -----

static void cap_ttl(struct vouch_policy_judging *judging, uint64_t cap_s, struct vouch_bytes role,
                    uint64_t *ttl_s) {
    if (judging->ask->ttl_s > cap_s) {
        vouch_policy_add_limit(judging, VOUCH_POLICY_REASON_TTL_LONG, role, nothing, cap_s);
    }
    *ttl_s = cap_s < *ttl_s ? cap_s : *ttl_s;
}

static void cap_until(struct vouch_policy_judging *judging, uint64_t until_s,
                      struct vouch_bytes role, uint64_t *ttl_s) {
    uint64_t now_s = judging->ask->now_s;
    if (until_s != 0 && until_s > now_s) {
        cap_ttl(judging, until_s - now_s, role, ttl_s);
    }
}

static uint64_t compose_ttl(struct vouch_policy_judging *judging) {
    uint64_t most_s = VOUCH_POLICY_TTL_MAX_S;
    for (size_t i = 0; i < judging->role_count; i++) {
        const struct vouch_policy_role *role = vouch_policy_rule_of(judging, i);
        cap_ttl(judging, role->max_ttl_s, role->name, &most_s);
        cap_until(judging, role->until_s, role->name, &most_s);
    }
    if (judging->user != VOUCH_POLICY_NOWHERE) {
        cap_until(judging, judging->policy->content.users[judging->user].until_s, nothing, &most_s);
    }
    if (judging->role_count == 0) {
        return 0;
    }
    return judging->ask->ttl_s != 0 ? judging->ask->ttl_s : most_s;
}

// ----- principals -----

// Filled up to its room; `count` goes on beyond it.
struct name_set {
    struct vouch_bytes *items;
    size_t count;
    size_t room;
};

static int set_has(const struct name_set *set, struct vouch_bytes name) {
    int has = 0;
    for (size_t i = 0; i < set->count && i < set->room && !has; i++) {
        has = vouch_bytes_equal(set->items[i], name);
    }
    return has;
}

static void set_add(struct name_set *set, struct vouch_bytes name) {
    if (set_has(set, name)) {
        return;
    }
    if (set->count < set->room) {
        set->items[set->count] = name;
    }
    set->count++;
}

enum vouch_policy_reason_code vouch_policy_own_login_fault(const struct vouch_policy *policy,
                                                           uint32_t user, uint32_t zone) {
    struct vouch_bytes login = policy->content.users[user].login;
    if (login.len == 0) {
        return VOUCH_POLICY_REASON_OWN_LOGIN_NONE;
    }
    if (vouch_policy_login_is_reserved(login)) {
        return VOUCH_POLICY_REASON_OWN_LOGIN_RESERVED;
    }
    // Otherwise whoever may choose a login would become the account that others share.
    return vouch_policy_role_naming(policy, zone, login) != VOUCH_POLICY_NOWHERE
               ? VOUCH_POLICY_REASON_OWN_LOGIN_TAKEN
               : VOUCH_POLICY_REASON_NONE;
}

struct vouch_bytes vouch_policy_role_principal(struct vouch_arena *arena, struct vouch_bytes role,
                                               struct vouch_bytes login) {
    static const char prefix[] = "role:";
    size_t len = sizeof prefix - 1 + role.len + (login.len > 0 ? 1 + login.len : 0);
    uint8_t *text = vouch_arena_alloc(arena, len);
    if (text == NULL) {
        return nothing;
    }
    memcpy(text, prefix, sizeof prefix - 1);
    memcpy(text + sizeof prefix - 1, role.ptr, role.len);
    if (login.len > 0) {
        text[sizeof prefix - 1 + role.len] = ':';
        memcpy(text + len - login.len, login.ptr, login.len);
    }
    return (struct vouch_bytes){text, len};
}

static void add_principal(struct vouch_policy_judging *judging, size_t at, struct vouch_bytes login,
                          struct name_set *set) {
    struct vouch_bytes name =
        vouch_policy_role_principal(judging->arena, vouch_policy_rule_of(judging, at)->name, login);
    if (name.len == 0) {
        judging->err = VOUCH_ERR_NO_MEMORY;
        return;
    }
    set_add(set, name);
}

// The person's own login as one role grants it; empty, with the reason said, if it cannot be.
static struct vouch_bytes own_login(struct vouch_policy_judging *judging, size_t at) {
    if (judging->user == VOUCH_POLICY_NOWHERE) {
        return nothing;
    }
    enum vouch_policy_reason_code fault =
        vouch_policy_own_login_fault(judging->policy, judging->user, judging->zone);
    struct vouch_bytes login = judging->policy->content.users[judging->user].login;
    if (fault != VOUCH_POLICY_REASON_NONE) {
        vouch_policy_add_reason(judging, fault, vouch_policy_rule_of(judging, at)->name, login);
        return nothing;
    }
    return login;
}

static void add_by_role(struct vouch_policy_judging *judging, struct name_set *set) {
    for (size_t i = 0; i < judging->role_count; i++) {
        const struct vouch_policy_role_index *index = &judging->policy->roles[judging->roles[i]];
        if (index->named_count > 0) {
            add_principal(judging, i, nothing, set);
        }
        struct vouch_bytes login = index->grants_own ? own_login(judging, i) : nothing;
        if (login.len > 0) {
            add_principal(judging, i, login, set);
        }
    }
    if (judging->ask->logins.chosen == VOUCH_POLICY_CHOSEN) {
        vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_LOGIN_FIXED, nothing,
                                judging->ask->zone);
    }
}

static void add_by_login(struct vouch_policy_judging *judging, struct name_set *set) {
    for (size_t i = 0; i < judging->role_count; i++) {
        const struct vouch_policy_names *logins = &vouch_policy_rule_of(judging, i)->logins;
        for (size_t k = 0; k < logins->count; k++) {
            struct vouch_bytes login = logins->items[k];
            if (vouch_bytes_equal(login, vouch_bytes_of(VOUCH_POLICY_OWN_LOGIN))) {
                login = own_login(judging, i);
            }
            if (login.len > 0) {
                set_add(set, login);
            }
        }
    }
}

// Keeps of all logins those that were chosen.
static void choose_logins(struct vouch_policy_judging *judging, struct name_set *set) {
    const struct vouch_policy_choice *chosen = &judging->ask->logins;
    struct vouch_bytes kept[VOUCH_POLICY_ASK_NAMES_MAX];
    struct name_set few = {kept, 0, VOUCH_POLICY_ASK_NAMES_MAX};
    for (size_t i = 0; i < chosen->count; i++) {
        if (!set_has(set, chosen->items[i])) {
            vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_LOGIN_LACKED, nothing,
                                    chosen->items[i]);
        } else if (set_has(&few, chosen->items[i])) {
            vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_LOGIN_REPEATED, nothing,
                                    chosen->items[i]);
        } else {
            set_add(&few, chosen->items[i]);
        }
    }
    if (few.count > 0) {
        memcpy(set->items, kept, few.count * sizeof *kept);
    }
    set->count = few.count;
}

static void compose_principals(struct vouch_policy_judging *judging,
                               struct vouch_policy_grant *grant) {
    size_t room = 0; // a role makes no more principals than it has logins
    for (size_t i = 0; i < judging->role_count; i++) {
        room += vouch_policy_rule_of(judging, i)->logins.count;
    }
    struct name_set set = {vouch_policy_take(judging, (room + 1) * sizeof *set.items), 0, room};
    if (set.items == NULL || judging->zone == VOUCH_POLICY_NOWHERE || judging->role_count == 0) {
        return;
    }
    if (judging->policy->content.zones[judging->zone].principals == VOUCH_POLICY_BY_ROLE) {
        add_by_role(judging, &set);
    } else {
        add_by_login(judging, &set);
        if (judging->ask->logins.chosen == VOUCH_POLICY_CHOSEN) {
            choose_logins(judging, &set);
        }
    }
    if (set.count == 0) {
        vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_PRINCIPALS_NONE, nothing, nothing);
    } else if (set.count > VOUCH_POLICY_PRINCIPALS_MAX) {
        vouch_policy_add_limit(judging, VOUCH_POLICY_REASON_PRINCIPALS_MANY, nothing, nothing,
                               VOUCH_POLICY_PRINCIPALS_MAX);
    } else {
        grant->principals = set.items;
        grant->principal_count = set.count;
    }
}

// ----- extensions -----

#define EXTENSIONS_MAX 16u // that sshd knows, and to spare

static uint32_t allowed_extensions(const struct vouch_policy_judging *judging) {
    uint32_t allowed = judging->role_count > 0 ? UINT32_MAX : 0;
    for (size_t i = 0; i < judging->role_count; i++) {
        allowed &= judging->policy->roles[judging->roles[i]].extensions;
    }
    return allowed;
}

static uint32_t chosen_extensions(struct vouch_policy_judging *judging) {
    const struct vouch_policy_choice *chosen = &judging->ask->extensions;
    uint32_t bits = 0;
    for (size_t i = 0; i < chosen->count; i++) {
        struct vouch_bytes name = chosen->items[i];
        uint32_t bit = vouch_policy_extension_bit(name);
        if (bit == 0) {
            vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_EXTENSION_UNKNOWN, nothing, name);
        } else if ((bits & bit) != 0) {
            vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_EXTENSION_REPEATED, nothing, name);
        }
        for (size_t r = 0; r < judging->role_count && bit != 0; r++) {
            if ((judging->policy->roles[judging->roles[r]].extensions & bit) == 0) {
                vouch_policy_add_reason(judging, VOUCH_POLICY_REASON_EXTENSION_LACKED,
                                        vouch_policy_rule_of(judging, r)->name, name);
            }
        }
        bits |= bit;
    }
    return bits;
}

static void compose_extensions(struct vouch_policy_judging *judging,
                               struct vouch_policy_grant *grant) {
    // What weakens a security key is given only to somebody who asks for it by name.
    uint32_t weakening = vouch_policy_extension_bit(vouch_bytes_of("no-touch-required"));
    uint32_t bits = judging->ask->extensions.chosen == VOUCH_POLICY_CHOSEN
                        ? chosen_extensions(judging)
                        : allowed_extensions(judging) & ~weakening;
    struct vouch_cert_option *options =
        vouch_policy_take(judging, EXTENSIONS_MAX * sizeof *options);
    if (options == NULL) {
        return;
    }
    uint32_t bit;
    const char *name;
    for (size_t i = 0; i < EXTENSIONS_MAX; i++) {
        name = vouch_policy_extension_name(i, &bit);
        if (name != NULL && (bits & bit) != 0) {
            options[grant->extension_count++].name = vouch_bytes_of(name);
        }
    }
    grant->extensions = options;
}

void vouch_policy_compose(struct vouch_policy_judging *judging,
                          struct vouch_policy_grant *ret_grant) {
    struct vouch_policy_grant grant = {.ttl_s = compose_ttl(judging)};
    compose_principals(judging, &grant);
    compose_extensions(judging, &grant);
    vouch_policy_compose_critical(judging, &grant);
    if (judging->err == VOUCH_OK) {
        *ret_grant = grant;
    }
}

// ----- what is signed -----

static int same_options(const struct vouch_cert_option *a, const struct vouch_cert_option *b,
                        size_t count) {
    int same = 1;
    for (size_t i = 0; i < count && same; i++) {
        same = vouch_bytes_equal(a[i].name, b[i].name) && vouch_bytes_equal(a[i].data, b[i].data);
    }
    return same;
}

int vouch_policy_grant_is(const struct vouch_policy_grant *grant,
                          const struct vouch_cert_spec *spec, uint64_t now_s) {
    if (grant->principal_count == 0 || spec->type != VOUCH_CERT_USER ||
        spec->principal_count != grant->principal_count ||
        spec->critical_count != grant->critical_count ||
        spec->extension_count != grant->extension_count) {
        return 0;
    }
    int same = 1;
    for (size_t i = 0; i < grant->principal_count && same; i++) {
        same = vouch_bytes_equal(spec->principals[i], grant->principals[i]);
    }
    uint64_t end_s;
    return same && same_options(spec->critical, grant->critical, grant->critical_count) &&
           same_options(spec->extensions, grant->extensions, grant->extension_count) &&
           spec->valid_after <= now_s && now_s - spec->valid_after <= VOUCH_POLICY_BACKDATE_MAX_S &&
           !__builtin_add_overflow(now_s, grant->ttl_s, &end_s) && spec->valid_before == end_s;
}
