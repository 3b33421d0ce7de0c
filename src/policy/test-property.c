// SPDX-License-Identifier: ISC
// Properties over generated policies and questions: whatever is granted is checked against the content
// by a second, simple-minded reading of it; whatever is refused has a reason and grants nothing.
//
// 3,000 policies with 20 questions each in the ordinary run, 100,000 (two million decisions) with
// VOUCH_LONG; VOUCH_POLICY_SEED=N sets where the row of them begins.
#include "core/cidr.h"
#include "policy/explain.h"
#include "policy/host-logins.h"
#include "policy/rule.h"
#include "policy/test-fixture.h"

static uint64_t seed;

static uint64_t draw(uint64_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % below;
}

static int rarely(void) {
    return draw(8) == 0;
}

#define PICK(texts) text_of((texts)[draw(sizeof(texts) / sizeof(texts)[0])])

static const char *const user_names[] = {"ann", "ben", "cid@example.com", "dee", "eve"};
static const char *const login_names[] = {"",    "ann",    "ben",  "root", "daemon",
                                          "app", "deploy", "sshd", "dee",  "systemd-x"};
static const char *const role_logins[] = {"$user", "app", "deploy", "root", "postgres", "ann"};
static const char *const group_names[] = {"eng", "ops", "leads"};
static const char *const role_names[] = {"dev", "dba", "ops", "web", "adm"};
static const char *const members[] = {"user:ann",  "user:ben",  "user:cid@example.com", "user:dee",
                                      "group:eng", "group:ops", "group:leads"};
static const char *const extension_names[] = {"permit-pty", "permit-port-forwarding",
                                              "permit-agent-forwarding", "no-touch-required",
                                              "permit-X11-forwarding"};
static const char *const networks[] = {"10.0.0.0/8",   "10.1.0.0/16",   "10.1.2.0/24",
                                       "192.0.2.0/24", "2001:db8::/32", "10.1.2.3"};
static const char *const commands[] = {"", "", "/bin/true", "/usr/bin/rsync --server"};
static const char *const addresses[] = {"10.1.2.3", "10.2.0.1", "192.0.2.9", "2001:db8::1", ""};
static const char *const zone_names[] = {"prod", "lab"};
static const char *const key_types[] = {"ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ssh-rsa"};

#define LIST_MAX 6
#define USERS 5
#define GROUPS 3
#define ROLES 5

// A policy's content, with room for all its lists.
struct world {
    struct vouch_policy_zone zones[2];
    struct vouch_policy_user users[USERS];
    struct vouch_policy_group groups[GROUPS];
    struct vouch_policy_role roles[ROLES];
    struct vouch_policy_content content;
    struct vouch_bytes texts[512];
    size_t used;
};

// Some of the texts, none twice.
static struct vouch_policy_names some(struct world *world, const char *const *texts, size_t count,
                                      size_t most) {
    struct vouch_bytes *items = world->texts + world->used;
    size_t taken = 0;
    for (size_t i = 0; i < count && taken < most; i++) {
        if (draw(2) == 0) {
            items[taken++] = text_of(texts[i]);
        }
    }
    world->used += taken;
    assert_true(world->used <= sizeof world->texts / sizeof world->texts[0]);
    return (struct vouch_policy_names){items, NULL, taken};
}

#define SOME(world, texts) some(world, texts, sizeof(texts) / sizeof(texts)[0], LIST_MAX)

static struct vouch_policy_role make_role(struct world *world, size_t at) {
    struct vouch_policy_role role = {
        .name = text_of(role_names[at]),
        .zone = PICK(zone_names),
        .members = SOME(world, members),
        .logins = SOME(world, role_logins),
        .max_ttl_s = 1 + draw(10000),
        .extensions = SOME(world, extension_names),
        .force_command = PICK(commands),
        .verify = rarely() ? VOUCH_POLICY_REQUIRED : VOUCH_POLICY_OPTIONAL,
        .reason = rarely() ? VOUCH_POLICY_REQUIRED : VOUCH_POLICY_OPTIONAL,
        .second_factor_age_s = rarely() ? 1 + draw(1000) : 0,
        .from_s = rarely() ? NOW - 5 + draw(10) : 0,
    };
    static const struct vouch_bytes all = {(const uint8_t *)"all", 3};
    role.hosts = (struct vouch_policy_names){&all, NULL, 1};
    if (draw(3) == 0) {
        role.sources = SOME(world, networks);
    }
    if (rarely()) {
        role.key_types = SOME(world, key_types);
    }
    if (draw(3) == 0) {
        role.by = SOME(world, members);
        role.approval_count = role.by.count == 0 ? 0 : 1 + draw(3);
    }
    if (rarely()) {
        role.until_s = NOW + 1 + draw(5000);
    }
    return role;
}

static void make_world(struct world *world) {
    static const struct vouch_bytes pattern = {(const uint8_t *)"*.example.com", 13};
    world->used = 0;
    for (size_t i = 0; i < 2; i++) {
        world->zones[i] = (struct vouch_policy_zone){
            .name = text_of(zone_names[i]),
            .patterns = {&pattern, NULL, 1},
            .principals = draw(2) == 0 ? VOUCH_POLICY_BY_ROLE : VOUCH_POLICY_BY_LOGIN};
    }
    size_t shift = draw(10);
    for (size_t i = 0; i < USERS; i++) {
        world->users[i] = (struct vouch_policy_user){
            .name = text_of(user_names[i]),
            .login = text_of(login_names[(i * 3 + shift) % 10]),
            .state = rarely() ? VOUCH_POLICY_USER_DISABLED : VOUCH_POLICY_USER_ENABLED,
            .until_s = rarely() ? NOW - 10 + draw(3000) : 0};
    }
    for (size_t i = 0; i < GROUPS; i++) {
        world->groups[i] = (struct vouch_policy_group){.name = text_of(group_names[i]),
                                                       .members = SOME(world, user_names)};
    }
    size_t roles = draw(ROLES + 1);
    for (size_t i = 0; i < roles; i++) {
        world->roles[i] = make_role(world, i);
    }
    world->content = (struct vouch_policy_content){
        world->zones, 2, world->users, USERS, world->groups, GROUPS, world->roles, roles, NULL, 0};
}

// A question, with room for its lists.
struct question {
    struct vouch_policy_ask ask;
    struct vouch_bytes texts[64];
    size_t used;
};

static size_t fill(struct question *question, const char *const *texts, size_t count,
                   const struct vouch_bytes **ret_items) {
    struct vouch_bytes *items = question->texts + question->used;
    size_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        if (draw(3) == 0) {
            items[taken++] = text_of(texts[i]);
        }
    }
    if (taken > 0 && draw(40) == 0) {
        items[taken] = items[0]; // one of them twice
        taken++;
    }
    question->used += taken;
    *ret_items = items;
    return taken;
}

#define FILL(question, texts, items) fill(question, texts, sizeof(texts) / sizeof(texts)[0], items)

static void fill_choice(struct question *question, const char *const *texts, size_t count,
                        struct vouch_policy_choice *choice) {
    if (draw(4) == 0) {
        choice->chosen = VOUCH_POLICY_CHOSEN;
        choice->count = fill(question, texts, count, &choice->items);
    }
}

static void make_question(struct question *question) {
    static const enum vouch_key_type types[] = {
        VOUCH_KEY_ED25519, VOUCH_KEY_ED25519, VOUCH_KEY_SK_ED25519, VOUCH_KEY_RSA, VOUCH_KEY_NONE};
    struct vouch_policy_ask *ask = &question->ask;
    question->used = 0;
    *ask = (struct vouch_policy_ask){
        .user = PICK(user_names),
        .zone = PICK(zone_names),
        .key_type = types[draw(rarely() ? 5 : 4)],
        .now_s = NOW,
        .second_factor_at_s = rarely() ? 0 : NOW - draw(500),
        .address = PICK(addresses),
        .reason = draw(3) == 0 ? text_of("") : text_of("because"),
        .ttl_s = draw(2) == 0 ? 0 : draw(12000),
        .force_command = draw(4) == 0 ? PICK(commands) : text_of(""),
        .verify = rarely() ? VOUCH_POLICY_REQUIRED : VOUCH_POLICY_OPTIONAL,
    };
    if (draw(3) != 0) {
        question->texts[0] = PICK(role_names);
        question->used = 1;
        ask->roles = question->texts;
        ask->role_count = 1;
    } else {
        ask->role_count = FILL(question, role_names, &ask->roles);
    }
    ask->group_count = draw(3) == 0 ? FILL(question, group_names, &ask->groups) : 0;
    ask->approver_count = draw(2) == 0 ? FILL(question, user_names, &ask->approvers) : 0;
    fill_choice(question, extension_names, 5, &ask->extensions);
    fill_choice(question, role_logins + 1, 5, &ask->logins);
    fill_choice(question, networks, 6, &ask->sources);
}

// ----- the second reading -----

static const struct vouch_policy_role *role_named(const struct world *world,
                                                  struct vouch_bytes name) {
    for (size_t i = 0; i < world->content.role_count; i++) {
        if (vouch_bytes_equal(world->roles[i].name, name)) {
            return &world->roles[i];
        }
    }
    return NULL;
}

static const struct vouch_policy_user *user_named(const struct world *world,
                                                  struct vouch_bytes name) {
    for (size_t i = 0; i < USERS; i++) {
        if (vouch_bytes_equal(world->users[i].name, name)) {
            return &world->users[i];
        }
    }
    return NULL;
}

static int listed(const struct vouch_policy_names *names, struct vouch_bytes text) {
    int found = 0;
    for (size_t i = 0; i < names->count; i++) {
        found |= vouch_bytes_equal(names->items[i], text);
    }
    return found;
}

// "user:NAME" or "group:GROUP" of a list mean this person.
static int means(const struct world *world, const struct vouch_policy_names *names,
                 struct vouch_bytes user, const struct vouch_policy_ask *asserted) {
    char text[64];
    (void)snprintf(text, sizeof text, "user:%.*s", (int)user.len, (const char *)user.ptr);
    int found = listed(names, text_of(text));
    for (size_t i = 0; i < GROUPS; i++) {
        (void)snprintf(text, sizeof text, "group:%s", group_names[i]);
        int in = listed(&world->groups[i].members, user);
        for (size_t k = 0; asserted != NULL && k < asserted->group_count; k++) {
            in |= vouch_bytes_equal(asserted->groups[k], world->groups[i].name);
        }
        found |= in && listed(names, text_of(text));
    }
    return found;
}

static struct vouch_bytes own_login(const struct vouch_policy_user *user) {
    return user->login.len > 0                                   ? user->login
           : memchr(user->name.ptr, '@', user->name.len) == NULL ? user->name
                                                                 : text_of("");
}

static const struct vouch_cert_option *option_of(const struct vouch_policy_grant *grant,
                                                 const char *name) {
    for (size_t i = 0; i < grant->critical_count; i++) {
        if (vouch_bytes_equal(grant->critical[i].name, text_of(name))) {
            return &grant->critical[i];
        }
    }
    return NULL;
}

// Every network of `list` (with commas) lies in one of `outer`.
static void assert_within(struct vouch_bytes list, const struct vouch_bytes *outer, size_t count) {
    assert_true(list.len > 0);
    struct vouch_bytes rest = list;
    while (rest.ptr != NULL) {
        const uint8_t *mark = memchr(rest.ptr, ',', rest.len);
        size_t len = mark != NULL ? (size_t)(mark - rest.ptr) : rest.len;
        struct vouch_cidr inner, other;
        int inside = 0;
        assert_int_equal(vouch_cidr_parse((struct vouch_bytes){rest.ptr, len}, &inner), VOUCH_OK);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(vouch_cidr_parse(outer[i], &other), VOUCH_OK);
            inside |= other.address_len == inner.address_len &&
                      other.mask_bits <= inner.mask_bits &&
                      vouch_cidr_list_has(outer[i], (struct vouch_bytes){rest.ptr, len});
        }
        assert_true(inside);
        rest = mark != NULL ? (struct vouch_bytes){mark + 1, rest.len - len - 1}
                            : (struct vouch_bytes){0};
    }
}

// A principal comes from one of the roles, by name or as the person's own.
static void check_principal(const struct world *world, const struct question *question,
                            struct vouch_bytes principal) {
    const struct vouch_policy_ask *ask = &question->ask;
    const struct vouch_policy_user *user = user_named(world, ask->user);
    struct vouch_bytes own = own_login(user);
    size_t zone = vouch_bytes_equal(ask->zone, world->zones[0].name) ? 0 : 1;
    int by_login = world->zones[zone].principals == VOUCH_POLICY_BY_LOGIN;
    int found = 0;
    for (size_t i = 0; i < ask->role_count; i++) {
        const struct vouch_policy_role *role = role_named(world, ask->roles[i]);
        int grants_own = listed(&role->logins, text_of("$user"));
        size_t named = role->logins.count - (size_t)grants_own;
        char by_role[80], by_own[200];
        (void)snprintf(by_role, sizeof by_role, "role:%.*s", (int)role->name.len,
                       (const char *)role->name.ptr);
        (void)snprintf(by_own, sizeof by_own, "%s:%.*s", by_role, (int)own.len,
                       (const char *)own.ptr);
        if (by_login) {
            found |= listed(&role->logins, principal) ||
                     (grants_own && vouch_bytes_equal(principal, own) &&
                      !vouch_policy_login_is_reserved(own));
        } else {
            found |= (named > 0 && vouch_bytes_equal(principal, text_of(by_role))) ||
                     (grants_own && vouch_bytes_equal(principal, text_of(by_own)) &&
                      !vouch_policy_login_is_reserved(own));
        }
    }
    assert_true(found);
}

static void check_role_terms(const struct world *world, const struct vouch_policy_ask *ask,
                             const struct vouch_policy_role *role,
                             const struct vouch_policy_grant *grant) {
    assert_non_null(role);
    assert_true(vouch_bytes_equal(role->zone, ask->zone));
    assert_true(means(world, &role->members, ask->user, ask));
    assert_true(grant->ttl_s <= role->max_ttl_s);
    assert_true(role->from_s <= NOW && (role->until_s == 0 || NOW + grant->ttl_s <= role->until_s));
    assert_true(role->reason == VOUCH_POLICY_OPTIONAL || ask->reason.len > 0);
    assert_true(role->second_factor_age_s == 0 ||
                NOW - ask->second_factor_at_s <= role->second_factor_age_s);
    const char *type = vouch_key_type_name(ask->key_type);
    assert_true(role->key_types.count == 0 || listed(&role->key_types, text_of(type)));
    for (size_t i = 0; i < grant->extension_count; i++) {
        assert_true(listed(&role->extensions, grant->extensions[i].name));
    }
    struct vouch_bytes value;
    if (role->force_command.len > 0) {
        const struct vouch_cert_option *option = option_of(grant, "force-command");
        assert_non_null(option);
        assert_int_equal(vouch_cert_option_value(option, &value), VOUCH_OK);
        assert_true(vouch_bytes_equal(value, role->force_command));
    }
    if (role->sources.count > 0) {
        const struct vouch_cert_option *option = option_of(grant, "source-address");
        assert_non_null(option);
        assert_int_equal(vouch_cert_option_value(option, &value), VOUCH_OK);
        assert_within(value, role->sources.items, role->sources.count);
    }
    if (role->verify == VOUCH_POLICY_REQUIRED) {
        assert_non_null(option_of(grant, "verify-required"));
        assert_int_equal(ask->key_type, VOUCH_KEY_SK_ED25519);
    }
}

// Nothing that was asked for is lost.
static void check_asked(const struct vouch_policy_ask *ask,
                        const struct vouch_policy_grant *grant) {
    struct vouch_bytes value;
    assert_true(ask->ttl_s == 0 || grant->ttl_s == ask->ttl_s);
    if (ask->extensions.chosen == VOUCH_POLICY_CHOSEN) {
        assert_int_equal(grant->extension_count, ask->extensions.count);
        for (size_t i = 0; i < grant->extension_count; i++) {
            assert_true(test_has_option(grant->extensions, grant->extension_count,
                                        (const char *)ask->extensions.items[i].ptr));
        }
    } else {
        assert_false(
            test_has_option(grant->extensions, grant->extension_count, "no-touch-required"));
    }
    if (ask->force_command.len > 0) {
        const struct vouch_cert_option *option = option_of(grant, "force-command");
        assert_non_null(option);
        assert_int_equal(vouch_cert_option_value(option, &value), VOUCH_OK);
        assert_true(vouch_bytes_equal(value, ask->force_command));
    }
    if (ask->sources.chosen == VOUCH_POLICY_CHOSEN) {
        const struct vouch_cert_option *option = option_of(grant, "source-address");
        assert_non_null(option);
        assert_int_equal(vouch_cert_option_value(option, &value), VOUCH_OK);
        assert_within(value, ask->sources.items, ask->sources.count);
    }
    if (ask->logins.chosen == VOUCH_POLICY_CHOSEN) {
        assert_int_equal(grant->principal_count, ask->logins.count);
    }
    assert_true(ask->verify == VOUCH_POLICY_OPTIONAL ||
                option_of(grant, "verify-required") != NULL);
}

// The options are as a certificate holds them: known, sorted, each once, with data that reads.
static void check_spec(const struct question *question, const struct vouch_policy_grant *grant,
                       const struct vouch_key *key) {
    const struct vouch_cert_spec spec = {
        .type = VOUCH_CERT_USER,
        .key = key,
        .serial = 1,
        .key_id = question->ask.user,
        .principals = grant->principals,
        .principal_count = grant->principal_count,
        .valid_after = NOW,
        .valid_before = NOW + grant->ttl_s,
        .critical = grant->critical,
        .critical_count = grant->critical_count,
        .extensions = grant->extensions,
        .extension_count = grant->extension_count,
    };
    struct vouch_where where = {0};
    int security = option_of(grant, "verify-required") != NULL; // the key here is none
    if (!security && vouch_cert_spec_check(&spec, &where) != VOUCH_OK) {
        fail_msg("%s %s", where.field, where.reason);
    }
    assert_true(vouch_policy_grant_is(grant, &spec, NOW));
}

static uint64_t approvals(const struct world *world, const struct vouch_policy_ask *ask,
                          const struct vouch_policy_role *role) {
    uint64_t count = 0;
    for (size_t i = 0; i < ask->approver_count; i++) {
        const struct vouch_policy_user *user = user_named(world, ask->approvers[i]);
        assert_false(vouch_bytes_equal(ask->approvers[i], ask->user));
        assert_int_equal(user->state, VOUCH_POLICY_USER_ENABLED);
        assert_true(user->until_s == 0 || NOW < user->until_s);
        count += (uint64_t)means(world, &role->by, ask->approvers[i], NULL);
    }
    return count;
}

static void check_grant(const struct world *world, const struct question *question,
                        const struct vouch_policy_grant *grant, const struct vouch_key *key) {
    const struct vouch_policy_ask *ask = &question->ask;
    const struct vouch_policy_user *user = user_named(world, ask->user);
    assert_int_equal(user->state, VOUCH_POLICY_USER_ENABLED);
    assert_true(user->until_s == 0 || NOW + grant->ttl_s <= user->until_s);
    assert_true(ask->second_factor_at_s != 0);
    assert_in_range(grant->principal_count, 1, VOUCH_POLICY_PRINCIPALS_MAX);
    assert_true(grant->ttl_s > 0 && ask->role_count > 0);
    for (size_t i = 0; i < ask->role_count; i++) {
        check_role_terms(world, ask, role_named(world, ask->roles[i]), grant);
    }
    for (size_t i = 0; i < grant->principal_count; i++) {
        check_principal(world, question, grant->principals[i]);
    }
    check_asked(ask, grant);
    check_spec(question, grant, key);
}

struct tally {
    size_t granted, pending, refused;
    size_t reasons[VOUCH_POLICY_REASONS];
};

static void check_decision(const struct world *world, const struct question *question,
                           const struct vouch_policy_decision *decision,
                           const struct vouch_key *key, struct tally *tally) {
    uint64_t missing = 0;
    switch (decision->verdict) {
    case VOUCH_POLICY_GRANTED:
        tally->granted++;
        check_grant(world, question, &decision->grant, key);
        break;
    case VOUCH_POLICY_PENDING:
        tally->pending++;
        assert_int_equal(decision->grant.principal_count, 0);
        assert_true(decision->awaited_count > 0);
        check_grant(world, question, &decision->proposal, key);
        break;
    case VOUCH_POLICY_REFUSED:
        tally->refused++;
        assert_true(decision->reason_count > 0);
        assert_int_equal(decision->grant.principal_count, 0);
        assert_int_equal(decision->proposal.principal_count, 0);
        for (size_t i = 0; i < decision->reason_count; i++) {
            tally->reasons[decision->reasons[i].code]++;
        }
        return;
    }
    assert_int_equal(decision->reason_count, 0);
    for (size_t i = 0; i < question->ask.role_count; i++) {
        const struct vouch_policy_role *role = role_named(world, question->ask.roles[i]);
        uint64_t given = approvals(world, &question->ask, role);
        missing += given < role->approval_count ? role->approval_count - given : 0;
    }
    for (size_t i = 0; i < decision->awaited_count; i++) {
        missing -= decision->awaited[i].missing;
    }
    assert_int_equal(missing, 0); // for a grant: that none is missing
}

// ----- the run -----

// Half of the questions are bent towards a grant: somebody asks for a role of theirs, with what it
// wants.
static void make_likely(const struct world *world, struct question *question) {
    struct vouch_policy_ask *ask = &question->ask;
    if (world->content.role_count == 0 || draw(2) == 0) {
        return;
    }
    const struct vouch_policy_role *role = &world->roles[draw(world->content.role_count)];
    size_t from = draw(USERS);
    for (size_t i = 0; i < USERS; i++) {
        const struct vouch_policy_user *user = &world->users[(from + i) % USERS];
        if (user->state == VOUCH_POLICY_USER_ENABLED &&
            means(world, &role->members, user->name, NULL)) {
            ask->user = user->name;
        }
    }
    ask->roles = &role->name;
    ask->role_count = 1;
    ask->zone = role->zone;
    ask->ttl_s = ask->ttl_s > role->max_ttl_s ? role->max_ttl_s : ask->ttl_s;
    ask->reason = text_of("because");
    ask->key_type = VOUCH_KEY_SK_ED25519;
    ask->second_factor_at_s = NOW;
    if (role->sources.count > 0) {
        ask->address = text_of("10.1.2.3");
    }
    if (role->approval_count == 0) {
        ask->approver_count = 0;
    }
    ask->logins.chosen = draw(4) == 0 ? ask->logins.chosen : VOUCH_POLICY_UNCHOSEN;
    ask->extensions.chosen = draw(2) == 0 ? ask->extensions.chosen : VOUCH_POLICY_UNCHOSEN;
    ask->force_command = role->force_command.len > 0 ? text_of("") : ask->force_command;
}

static void start(void) {
    const char *given = getenv("VOUCH_POLICY_SEED");
    seed = given != NULL ? strtoull(given, NULL, 10) : 88172645463325252ull;
    seed = seed != 0 ? seed : 1;
}

static size_t rounds(void) {
    return getenv("VOUCH_LONG") != NULL ? 100000 : 3000;
}

// The public key of RFC 8032's first test.
static struct vouch_key *make_key(void) {
    static const uint8_t blob[] = {0,    0,    0,    11,   's',  's',  'h',  '-',  'e',  'd',  '2',
                                   '5',  '5',  '1',  '9',  0,    0,    0,    32,   0xd7, 0x5a, 0x98,
                                   0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64,
                                   0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf,
                                   0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
    struct vouch_key *key = NULL;
    assert_int_equal(vouch_key_parse((struct vouch_bytes){blob, sizeof blob}, &key, NULL),
                     VOUCH_OK);
    return key;
}

static void whatever_is_granted_is_due(void **state) {
    (void)state;
    static struct world world;
    static struct question question;
    struct tally tally = {0};
    struct vouch_key *key = make_key();
    start();
    for (size_t round = 0; round < rounds(); round++) {
        vouch_autopolicy struct vouch_policy *policy = NULL;
        make_world(&world);
        if (vouch_policy_new(&world.content, &policy, NULL) != VOUCH_OK) {
            continue; // such as two people of one login
        }
        for (size_t i = 0; i < 20; i++) {
            vouch_autoarena struct vouch_arena arena = {0};
            make_question(&question);
            make_likely(&world, &question);
            const struct vouch_policy_decision decision =
                test_decide(policy, &question.ask, &arena);
            check_decision(&world, &question, &decision, key, &tally);
        }
    }
    vouch_key_free(key);
    print_message("# granted %zu, pending %zu, refused %zu\n", tally.granted, tally.pending,
                  tally.refused);
    assert_true(tally.granted > rounds());
    assert_true(tally.pending > rounds() / 10);
    assert_true(tally.refused > rounds());
    // The questions reach into every corner.
    static const enum vouch_policy_reason_code met[] = {
        VOUCH_POLICY_REASON_USER_DISABLED,      VOUCH_POLICY_REASON_USER_ENDED,
        VOUCH_POLICY_REASON_ROLE_MISSING,       VOUCH_POLICY_REASON_ROLE_LACKED,
        VOUCH_POLICY_REASON_ROLE_REPEATED,      VOUCH_POLICY_REASON_ROLE_ZONE,
        VOUCH_POLICY_REASON_WORDS_MISSING,      VOUCH_POLICY_REASON_ADDRESS_OUTSIDE,
        VOUCH_POLICY_REASON_FACTOR_OLD,         VOUCH_POLICY_REASON_APPROVER_SELF,
        VOUCH_POLICY_REASON_APPROVER_REPEATED,  VOUCH_POLICY_REASON_APPROVERS_FEW,
        VOUCH_POLICY_REASON_KEY_TYPE,           VOUCH_POLICY_REASON_KEY_VERIFY,
        VOUCH_POLICY_REASON_OWN_LOGIN_RESERVED, VOUCH_POLICY_REASON_OWN_LOGIN_TAKEN,
        VOUCH_POLICY_REASON_LOGIN_LACKED,       VOUCH_POLICY_REASON_TTL_LONG,
        VOUCH_POLICY_REASON_EXTENSION_LACKED,   VOUCH_POLICY_REASON_EXTENSION_REPEATED,
        VOUCH_POLICY_REASON_SOURCE_OUTSIDE,     VOUCH_POLICY_REASON_SOURCE_NONE,
        VOUCH_POLICY_REASON_COMMAND_OTHER,      VOUCH_POLICY_REASON_PRINCIPALS_NONE,
    };
    for (size_t i = 0; i < sizeof met / sizeof met[0]; i++) {
        if (tally.reasons[met[i]] == 0) {
            fail_msg("no question was refused for %s", vouch_policy_reason_word(met[i]));
        }
    }
}

// One and the same question to one and the same policy, written and read again, is decided alike.
static void a_policy_that_was_written_and_read_decides_alike(void **state) {
    (void)state;
    static struct world world;
    static struct question question;
    size_t compared = 0;
    start();
    for (size_t round = 0; round < rounds() / 10; round++) {
        vouch_autopolicy struct vouch_policy *policy = NULL;
        make_world(&world);
        if (vouch_policy_new(&world.content, &policy, NULL) != VOUCH_OK) {
            continue;
        }
        struct vouch_buf text;
        vouch_buf_init(&text, 1 << 16);
        vouch_policy_write(policy, &text);
        vouch_autopolicy struct vouch_policy *again = test_policy(test_text_in(&text));
        vouch_buf_done(&text);
        vouch_autoarena struct vouch_arena arena = {0};
        const struct vouch_policy_view view = {policy, NOW, &arena};
        struct vouch_policy_diff diff = {0};
        assert_int_equal(vouch_policy_compare(&view, again, &diff), VOUCH_OK);
        assert_int_equal(diff.change_count + diff.edit_count, 0);
        for (size_t i = 0; i < 10; i++) {
            make_question(&question);
            make_likely(&world, &question);
            const struct vouch_policy_decision a = test_decide(policy, &question.ask, &arena);
            const struct vouch_policy_decision b = test_decide(again, &question.ask, &arena);
            assert_int_equal(a.verdict, b.verdict);
            assert_int_equal(a.reason_count, b.reason_count);
            assert_int_equal(a.grant.principal_count, b.grant.principal_count);
            assert_int_equal(a.grant.ttl_s, b.grant.ttl_s);
            assert_int_equal(a.grant.critical_count, b.grant.critical_count);
            assert_int_equal(a.grant.extension_count, b.grant.extension_count);
            compared++;
        }
    }
    assert_true(compared > rounds() / 4);
}

// ----- what hosts install

#define HOSTS 4

// Hosts with some of the labels that the roles of this round name.
static void add_hosts(struct world *world, struct vouch_policy_host hosts[HOSTS]) {
    static const char *const names[HOSTS] = {"a.example.com", "b.example.com", "c.example.com",
                                             "d.example.com"};
    static const char *const labels[] = {"tier=web", "os=debian", "site=linz"};
    static const char *const selectors[] = {"all", "tier=web", "tier=*", "os=debian",
                                            "name=a.example.com"};
    for (size_t i = 0; i < HOSTS; i++) {
        hosts[i] = (struct vouch_policy_host){
            .name = text_of(names[i]), .zone = PICK(zone_names), .labels = SOME(world, labels)};
    }
    for (size_t i = 0; i < ROLES; i++) {
        if (draw(3) > 0) {
            world->roles[i].hosts = some(world, selectors + 1, 4, 3);
        }
        if (world->roles[i].hosts.count == 0) {
            world->roles[i].hosts = some(world, selectors, 1, 1);
        }
    }
    world->content.hosts = hosts;
    world->content.host_count = HOSTS;
}

static const struct vouch_policy_host_login *login_among(
    const struct vouch_policy_host_logins *logins, struct vouch_bytes login) {
    const struct vouch_policy_host_login *found = NULL;
    for (size_t i = 0; i < logins->count; i++) {
        if (vouch_bytes_equal(logins->items[i].login, login)) {
            assert_null(found); // each stands once
            found = &logins->items[i];
        }
    }
    return found;
}

// One login on one host, asked in both ways. Returns how many principals it accepts.
static size_t check_login(const struct vouch_policy_view *view,
                          const struct vouch_policy_host_logins *logins, struct vouch_bytes login,
                          struct vouch_bytes host) {
    const struct vouch_policy_host_login *row = login_among(logins, login);
    struct vouch_policy_names accepted = {0};
    assert_int_equal(vouch_policy_accepted(view, login, host, &accepted), VOUCH_OK);
    assert_int_equal(row != NULL ? row->count : 0, accepted.count);
    for (size_t i = 0; i < accepted.count; i++) {
        assert_true(vouch_bytes_equal(row->accepts[i].principal, accepted.items[i]));
        assert_true(row->accepts[i].why.len > 0);
    }
    return accepted.count;
}

static size_t check_hosts(const struct vouch_policy *policy,
                          const struct vouch_policy_host hosts[HOSTS]) {
    static const char *const logins[] = {"ann",  "ben", "root",     "daemon", "app", "deploy",
                                         "sshd", "dee", "postgres", "cid",    "eve"};
    size_t accepted = 0;
    for (size_t h = 0; h < HOSTS; h++) {
        vouch_autoarena struct vouch_arena arena = {0};
        const struct vouch_policy_view view = {policy, NOW, &arena};
        struct vouch_policy_host_logins installed = {0};
        size_t found = 0;
        size_t rows = 0;
        assert_int_equal(vouch_policy_host_logins(policy, hosts[h].name, &arena, &installed),
                         VOUCH_OK);
        for (size_t i = 0; i < sizeof logins / sizeof logins[0]; i++) {
            size_t count = check_login(&view, &installed, text_of(logins[i]), hosts[h].name);
            found += count;
            rows += count > 0 ? 1 : 0;
        }
        assert_int_equal(installed.count, rows); // and nothing besides
        accepted += found;
    }
    return accepted;
}

static void a_host_installs_for_each_login_just_what_it_accepts(void **state) {
    (void)state;
    static struct world world;
    struct vouch_policy_host hosts[HOSTS];
    size_t accepted = 0;
    start();
    for (size_t round = 0; round < rounds() / 10; round++) {
        vouch_autopolicy struct vouch_policy *policy = NULL;
        make_world(&world);
        add_hosts(&world, hosts);
        if (vouch_policy_new(&world.content, &policy, NULL) == VOUCH_OK) {
            accepted += check_hosts(policy, hosts);
        }
    }
    print_message("# %zu principals of logins\n", accepted);
    assert_true(accepted > rounds() / 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_installs_for_each_login_just_what_it_accepts),
        cmocka_unit_test(whatever_is_granted_is_due),
        cmocka_unit_test(a_policy_that_was_written_and_read_decides_alike),
    };
    return cmocka_run_group_tests_name("policy/property", tests, NULL, NULL);
}
