// SPDX-License-Identifier: ISC
// Failures of other systems, each as a test that this one passes. C1, C4, C17 and C25 also stand in
// test-decide.c and test-property.c, C2 in test-load.c.
#include "policy/test-fixture.h"

// Texts that are something in another language: a list, a pattern, a path, a template, an option.
static const char *const hostile[] = {
    "a,root",
    "root,a",
    ",",
    "*",
    "?",
    "a*",
    "x/../y",
    "..",
    "a..b",
    "{{user}}",
    "{{.Name}}",
    "${user}",
    "$user",
    "$(id)",
    "`id`",
    "%u",
    "a b",
    " a",
    "a ",
    "a\tb",
    "a\nroot",
    "a\r",
    "\"a\"",
    "'a'",
    "a\\b",
    "a#b",
    "-a",
    "-oProxyCommand=x",
    "a;b",
    "a|b",
    "a&b",
    "a=b",
    "a:b",
    "role:dba",
    "group:ops",
    "user:bob",
    "a/b",
    "/",
    "[a]",
    "~",
    "!a",
    "\x1b[2J",
    "\x7f",
    "a\x80",
    "b\xc3\xbcro",
    "\xe2\x80\xaegod",
    "ROOT",
    "Alice",
    "",
};

#define HOSTILE (sizeof hostile / sizeof hostile[0])

// A million bytes of a letter that a name may have.
static struct vouch_bytes megabyte(void) {
    static char text[1 << 20];
    memset(text, 'a', sizeof text);
    return (struct vouch_bytes){(const uint8_t *)text, sizeof text};
}

static struct vouch_bytes hostile_at(size_t at) {
    return at < HOSTILE ? text_of(hostile[at]) : megabyte();
}

// The content of a policy whose only user has this login, with roles of either kind of zone.
static int policy_with_login(struct vouch_bytes login, struct vouch_policy **ret_policy) {
    const struct vouch_bytes patterns[] = {text_of("a.example.com")}, all[] = {text_of("all")};
    const struct vouch_bytes own[] = {text_of(VOUCH_POLICY_OWN_LOGIN)};
    const struct vouch_bytes members[] = {text_of("user:ann")};
    const struct vouch_policy_zone zones[] = {
        {.name = text_of("prod"), .patterns = {patterns, NULL, 1}},
        {.name = text_of("lab"),
         .patterns = {patterns, NULL, 1},
         .principals = VOUCH_POLICY_BY_LOGIN},
    };
    const struct vouch_policy_user users[] = {
        {.name = text_of("ann"), .login = login, .state = VOUCH_POLICY_USER_ENABLED}};
    const struct vouch_policy_role roles[] = {
        {.name = text_of("dev"),
         .zone = text_of("prod"),
         .members = {members, NULL, 1},
         .hosts = {all, NULL, 1},
         .logins = {own, NULL, 1},
         .max_ttl_s = HOUR},
        {.name = text_of("student"),
         .zone = text_of("lab"),
         .members = {members, NULL, 1},
         .hosts = {all, NULL, 1},
         .logins = {own, NULL, 1},
         .max_ttl_s = HOUR},
    };
    const struct vouch_policy_content content = {.zones = zones,
                                                 .zone_count = 2,
                                                 .users = users,
                                                 .user_count = 1,
                                                 .roles = roles,
                                                 .role_count = 2};
    return vouch_policy_new(&content, ret_policy, NULL);
}

// C3: the text of an attribute is one opaque atom, or refused; it never becomes a list or a pattern.
static void c3_an_attribute_is_one_opaque_atom(void **state) {
    (void)state;
    for (size_t i = 0; i <= HOSTILE; i++) {
        struct vouch_policy *none = NULL;
        struct vouch_bytes login = hostile_at(i);
        if (login.len > 0) { // an empty one means the name
            assert_int_equal(policy_with_login(login, &none), VOUCH_ERR_FORMAT);
            assert_null(none);
        }
    }
    static const char *const good[] = {"ann", "_ann", "a.b", "a-b", "a@example.com", "a1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        vouch_autopolicy struct vouch_policy *with = NULL;
        vouch_autoarena struct vouch_arena arena = {0};
        assert_int_equal(policy_with_login(text_of(good[i]), &with), VOUCH_OK);
        struct vouch_policy_ask ask = test_ask_as("ann", "student");
        ask.zone = text_of("lab");
        const struct vouch_policy_decision decision = test_decide(with, &ask, &arena);
        if (good[i][0] == '_') { // of the system
            assert_int_equal(decision.verdict, VOUCH_POLICY_REFUSED);
            continue;
        }
        assert_int_equal(decision.verdict, VOUCH_POLICY_GRANTED);
        assert_int_equal(decision.grant.principal_count, 1);
        assert_true(vouch_bytes_equal(decision.grant.principals[0], text_of(good[i])));
    }
}

// C3: nor do texts that come with the question.
static void c3_no_text_of_a_question_is_read_as_a_pattern(void **state) {
    (void)state;
    for (size_t i = 0; i <= HOSTILE; i++) {
        const struct vouch_bytes text = hostile_at(i);
        vouch_autoarena struct vouch_arena arena = {0};
        struct vouch_policy_ask ask = test_ask();
        ask.user = text;
        test_refused_for(sample, &ask, VOUCH_POLICY_REASON_USER_UNKNOWN);
        ask = test_ask();
        ask.roles = &text;
        test_refused_for(sample, &ask, VOUCH_POLICY_REASON_ROLE_UNKNOWN);
        ask = test_ask();
        ask.zone = text;
        assert_int_equal(test_decide(sample, &ask, &arena).verdict, VOUCH_POLICY_REFUSED);
        ask = test_ask();
        ask.groups = &text;
        ask.group_count = 1;
        test_refused_for(sample, &ask, VOUCH_POLICY_REASON_GROUP_NAME);
        ask = test_ask();
        ask.extensions = (struct vouch_policy_choice){&text, 1, VOUCH_POLICY_CHOSEN};
        test_refused_for(sample, &ask, VOUCH_POLICY_REASON_EXTENSION_UNKNOWN);
        ask = test_ask();
        ask.sources = (struct vouch_policy_choice){&text, 1, VOUCH_POLICY_CHOSEN};
        test_refused_for(sample, &ask, VOUCH_POLICY_REASON_SOURCE_BAD);
        ask = test_ask_as("alice@example.com", "student");
        ask.zone = text_of("lab");
        ask.logins = (struct vouch_policy_choice){&text, 1, VOUCH_POLICY_CHOSEN};
        assert_int_equal(test_decide(sample, &ask, &arena).verdict, VOUCH_POLICY_REFUSED);
        ask = test_ask_as("alice@example.com", "deployer");
        ask.address = text;
        test_refused_for(sample, &ask, VOUCH_POLICY_REASON_ADDRESS_UNKNOWN);
    }
}

// C16: an account of the system is granted by its name in a role, never by being somebody's own.
static void c16_reserved_logins_need_an_explicit_grant(void **state) {
    (void)state;
    static const char *const reserved[] = {
        "root", "daemon",   "bin",    "sshd",  "nobody", "www-data",        "systemd-network",
        "_apt", "postgres", "mysql",  "sudo",  "vouch",  "vouch-signer",    "messagebus",
        "sys",  "operator", "backup", "wheel", "git",    "systemd-timesync"};
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        vouch_autopolicy struct vouch_policy *with = NULL;
        assert_int_equal(policy_with_login(text_of(reserved[i]), &with), VOUCH_OK);
        struct vouch_policy_ask ask = test_ask_as("ann", "student");
        ask.zone = text_of("lab");
        vouch_autoarena struct vouch_arena arena = {0};
        const struct vouch_policy_decision decision = test_decide(with, &ask, &arena);
        assert_int_equal(decision.verdict, VOUCH_POLICY_REFUSED);
        assert_int_equal(test_reasons(&decision, VOUCH_POLICY_REASON_OWN_LOGIN_RESERVED), 1);
        ask = test_ask_as("ann", "dev");
        const struct vouch_policy_decision by_role = test_decide(with, &ask, &arena);
        assert_int_equal(by_role.verdict, VOUCH_POLICY_REFUSED);
        assert_int_equal(test_reasons(&by_role, VOUCH_POLICY_REASON_OWN_LOGIN_RESERVED), 1);
    }
    // Written in a role it is granted.
    const struct vouch_bytes approvers[] = {text_of("lead1"), text_of("lead2")};
    struct vouch_policy_ask ask = test_ask_as("alice@example.com", "dba");
    ask.reason = text_of("x");
    ask.approvers = approvers;
    ask.approver_count = 2;
    test_granted(sample, &ask);
}

// C16: two identities are never one principal.
static void c16_two_people_never_share_a_login(void **state) {
    (void)state;
    const struct vouch_fault fault = test_fault("users:\n"
                                                "  - {name: ann@a.example, login: ann}\n"
                                                "  - {name: ann@b.example, login: ann}\n");
    assert_non_null(strstr(fault.text, "is also the login of user \"ann@a.example\""));
    // A name with a domain is no login: nobody is root for being called root@example.com.
    vouch_autopolicy struct vouch_policy *mapped =
        test_policy("zones: [{name: prod, patterns: [a.example.com]}]\n"
                    "users: [{name: root@example.com}]\n"
                    "roles: [{name: dev, zone: prod, members: ['user:root@example.com'],\n"
                    "         hosts: [all], logins: [$user], max_ttl: 1h}]\n");
    const struct vouch_policy_ask ask = test_ask_as("root@example.com", "dev");
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_decision decision = test_decide(mapped, &ask, &arena);
    assert_int_equal(decision.verdict, VOUCH_POLICY_REFUSED);
    assert_int_equal(test_reasons(&decision, VOUCH_POLICY_REASON_OWN_LOGIN_NONE), 1);
}

// ----- C18: each element is checked, not one of them N times -----

#define MANY_MAX 256

static char names[MANY_MAX][24];
static struct vouch_bytes many[MANY_MAX];

static void fill_names(size_t count) {
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(names[i], sizeof names[i], "p%zu", i);
        many[i] = text_of(names[i]);
    }
}

// The next count to try: all of them if there is time.
static size_t next_count(size_t count, size_t max) {
    if (getenv("VOUCH_LONG") != NULL || count < 5) {
        return count + 1;
    }
    return count < max && count * 3 > max ? max : count * 3;
}

static void c18_one_bad_group_at_any_place_refuses(void **state) {
    (void)state;
    for (size_t count = 3; count <= MANY_MAX; count = next_count(count, MANY_MAX)) {
        fill_names(count);
        struct vouch_policy_ask ask = test_ask();
        ask.groups = many;
        ask.group_count = count;
        test_granted(sample, &ask);
        for (size_t bad = 0; bad < count; bad++) {
            const struct vouch_bytes good = many[bad];
            many[bad] = text_of("a,root");
            test_refused_for(sample, &ask, VOUCH_POLICY_REASON_GROUP_NAME);
            many[bad] = good;
        }
    }
}

// A policy with as many people, all of whom may approve; the last of them may not.
static struct vouch_policy *policy_of_approvers(size_t count) {
    struct vouch_buf text;
    vouch_buf_init(&text, 1 << 16);
    vouch_buf_put_text(&text, "zones: [{name: prod, patterns: [a.example.com]}]\nusers:\n"
                              "  - name: ann\n  - name: stranger\n");
    for (size_t i = 0; i < count; i++) {
        vouch_buf_put_text(&text, "  - name: ");
        vouch_buf_put_text(&text, names[i]);
        vouch_buf_put_text(&text, "\n");
    }
    vouch_buf_put_text(&text, "roles:\n  - name: dba\n    zone: prod\n    members: [user:ann]\n"
                              "    hosts: [all]\n    logins: [dba]\n    max_ttl: 1h\n"
                              "    approval:\n      count: 2\n      by:\n");
    for (size_t i = 0; i < count; i++) {
        vouch_buf_put_text(&text, "        - user:");
        vouch_buf_put_text(&text, names[i]);
        vouch_buf_put_text(&text, "\n");
    }
    struct vouch_policy *result = test_policy(test_text_in(&text));
    vouch_buf_done(&text);
    return result;
}

static void c18_one_bad_approver_at_any_place_refuses(void **state) {
    (void)state;
    static const struct {
        const char *approver;
        enum vouch_policy_reason_code code;
    } rows[] = {
        {"stranger", VOUCH_POLICY_REASON_APPROVER_LACKS},
        {"ann", VOUCH_POLICY_REASON_APPROVER_SELF},
        {"p0,p1", VOUCH_POLICY_REASON_APPROVER_UNKNOWN},
    };
    for (size_t count = 3; count <= MANY_MAX; count = next_count(count, MANY_MAX)) {
        fill_names(count);
        vouch_autopolicy struct vouch_policy *approved = policy_of_approvers(count);
        struct vouch_policy_ask ask = test_ask_as("ann", "dba");
        ask.approvers = many;
        ask.approver_count = count;
        test_granted(approved, &ask);
        for (size_t bad = 0; bad < count; bad++) {
            const struct vouch_bytes good = many[bad];
            many[bad] = text_of(rows[bad % 3].approver);
            test_refused_for(approved, &ask, rows[bad % 3].code);
            many[bad] = many[(bad + 1) % count]; // one of them twice
            test_refused_for(approved, &ask, VOUCH_POLICY_REASON_APPROVER_REPEATED);
            many[bad] = good;
        }
    }
}

static void c18_one_bad_login_at_any_place_refuses(void **state) {
    (void)state;
    for (size_t count = 3; count <= VOUCH_POLICY_PRINCIPALS_MAX; count++) {
        fill_names(count);
        const struct vouch_bytes patterns[] = {text_of("a.example.com")};
        const struct vouch_bytes all[] = {text_of("all")}, ann[] = {text_of("user:ann")};
        const struct vouch_policy_zone zone = {.name = text_of("prod"),
                                               .patterns = {patterns, NULL, 1},
                                               .principals = VOUCH_POLICY_BY_LOGIN};
        const struct vouch_policy_user user = {.name = text_of("ann"),
                                               .state = VOUCH_POLICY_USER_ENABLED};
        const struct vouch_policy_role role = {.name = text_of("dev"),
                                               .zone = text_of("prod"),
                                               .members = {ann, NULL, 1},
                                               .hosts = {all, NULL, 1},
                                               .logins = {many, NULL, count},
                                               .max_ttl_s = HOUR};
        const struct vouch_policy_content content = {.zones = &zone,
                                                     .zone_count = 1,
                                                     .users = &user,
                                                     .user_count = 1,
                                                     .roles = &role,
                                                     .role_count = 1};
        vouch_autopolicy struct vouch_policy *made = NULL;
        assert_int_equal(vouch_policy_new(&content, &made, NULL), VOUCH_OK);
        struct vouch_policy_ask ask = test_ask_as("ann", "dev");
        ask.logins = (struct vouch_policy_choice){many, count, VOUCH_POLICY_CHOSEN};
        test_granted(made, &ask);
        for (size_t bad = 0; bad < count; bad++) {
            const struct vouch_bytes good = many[bad];
            struct vouch_policy *none = NULL;
            many[bad] = text_of("a,root");
            assert_int_equal(vouch_policy_new(&content, &none, NULL), VOUCH_ERR_FORMAT);
            many[bad] = text_of("root"); // asked for, not granted
            test_refused_for(made, &ask, VOUCH_POLICY_REASON_LOGIN_LACKED);
            many[bad] = good;
        }
    }
}

static void c18_one_bad_member_at_any_place_refuses_the_policy(void **state) {
    (void)state;
    static struct vouch_policy_user users[MANY_MAX];
    for (size_t count = 3; count <= MANY_MAX; count = next_count(count, MANY_MAX)) {
        fill_names(count);
        for (size_t i = 0; i < count; i++) {
            users[i] =
                (struct vouch_policy_user){.name = many[i], .state = VOUCH_POLICY_USER_ENABLED};
        }
        const struct vouch_policy_group group = {.name = text_of("g"),
                                                 .members = {many, NULL, count}};
        const struct vouch_policy_content content = {
            .users = users, .user_count = count, .groups = &group, .group_count = 1};
        vouch_autopolicy struct vouch_policy *made = NULL;
        assert_int_equal(vouch_policy_new(&content, &made, NULL), VOUCH_OK);
        for (size_t bad = 0; bad < count; bad++) {
            const struct vouch_bytes good = many[bad];
            struct vouch_policy *none = NULL;
            many[bad] = text_of("stranger");
            assert_int_equal(vouch_policy_new(&content, &none, NULL), VOUCH_ERR_FORMAT);
            many[bad] = good;
        }
    }
}

static void c18_one_bad_role_at_any_place_refuses(void **state) {
    (void)state;
    static const char *const good[] = {"dev", "deployer", "seasonal"};
    static const struct {
        const char *role;
        enum vouch_policy_reason_code code;
    } rows[] = {
        {"no-such-role", VOUCH_POLICY_REASON_ROLE_UNKNOWN},
        {"student", VOUCH_POLICY_REASON_ROLE_ZONE},
        {"hardware", VOUCH_POLICY_REASON_KEY_TYPE},
    };
    struct vouch_bytes roles[3];
    struct vouch_policy_ask ask = test_ask();
    ask.roles = roles;
    ask.role_count = 3;
    for (size_t bad = 0; bad < 3; bad++) {
        for (size_t i = 0; i < 3; i++) {
            roles[i] = text_of(good[i]);
        }
        test_granted(sample, &ask);
        for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
            roles[bad] = text_of(rows[row].role);
            vouch_autoarena struct vouch_arena arena = {0};
            const struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
            assert_int_equal(decision.verdict, VOUCH_POLICY_REFUSED);
            assert_int_equal(test_reasons(&decision, rows[row].code), 1);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(c3_an_attribute_is_one_opaque_atom),
        cmocka_unit_test(c3_no_text_of_a_question_is_read_as_a_pattern),
        cmocka_unit_test(c16_reserved_logins_need_an_explicit_grant),
        cmocka_unit_test(c16_two_people_never_share_a_login),
        cmocka_unit_test(c18_one_bad_group_at_any_place_refuses),
        cmocka_unit_test(c18_one_bad_approver_at_any_place_refuses),
        cmocka_unit_test(c18_one_bad_login_at_any_place_refuses),
        cmocka_unit_test(c18_one_bad_member_at_any_place_refuses_the_policy),
        cmocka_unit_test(c18_one_bad_role_at_any_place_refuses),
    };
    return cmocka_run_group_tests_name("policy/gauntlet", tests, test_load, test_unload);
}
