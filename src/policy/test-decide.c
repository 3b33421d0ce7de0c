// SPDX-License-Identifier: ISC
// Decisions: a row for each rule, at its bound and on both sides of it.
#include "policy/test-fixture.h"

static const struct vouch_bytes *one(const char *text) {
    static struct vouch_bytes items[8];
    static size_t next;
    next = (next + 1) % 8;
    items[next] = text_of(text);
    return &items[next];
}

// The question is granted, or refused for exactly this reason.
static void assert_decided(const struct vouch_policy_ask *ask, enum vouch_policy_reason_code code) {
    if (code == VOUCH_POLICY_REASON_NONE) {
        test_granted(sample, ask);
    } else {
        test_refused_for(sample, ask, code);
    }
}

// ----- what is granted -----

static void grants_the_role_and_the_persons_own_part_of_it(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_ask ask = test_ask();
    const struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
    assert_int_equal(decision.verdict, VOUCH_POLICY_GRANTED);
    assert_int_equal(decision.grant.principal_count, 2);
    assert_true(test_has(decision.grant.principals, 2, "role:dev"));
    assert_true(test_has(decision.grant.principals, 2, "role:dev:alice"));
    assert_int_equal(decision.grant.ttl_s, 8 * HOUR);
    assert_int_equal(decision.grant.critical_count, 0);
    assert_int_equal(decision.grant.extension_count, 2);
    assert_true(test_has_option(decision.grant.extensions, 2, "permit-agent-forwarding"));
    assert_true(test_has_option(decision.grant.extensions, 2, "permit-pty"));
}

static void grants_plain_logins_where_the_zone_says_so(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_policy_ask ask = test_ask_as("alice@example.com", "student");
    ask.zone = text_of("lab");
    struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
    assert_int_equal(decision.verdict, VOUCH_POLICY_GRANTED);
    assert_int_equal(decision.grant.principal_count, 3);
    assert_true(test_has(decision.grant.principals, 3, "alice"));
    assert_true(test_has(decision.grant.principals, 3, "lab"));
    assert_true(test_has(decision.grant.principals, 3, "demo"));

    ask.logins = (struct vouch_policy_choice){one("lab"), 1, VOUCH_POLICY_CHOSEN};
    decision = test_decide(sample, &ask, &arena);
    assert_int_equal(decision.verdict, VOUCH_POLICY_GRANTED);
    assert_int_equal(decision.grant.principal_count, 1);
    assert_true(test_has(decision.grant.principals, 1, "lab"));
}

static void refuses_logins_that_cannot_be_chosen(void **state) {
    (void)state;
    struct vouch_policy_ask ask = test_ask_as("alice@example.com", "student");
    ask.zone = text_of("lab");
    ask.logins = (struct vouch_policy_choice){one("root"), 1, VOUCH_POLICY_CHOSEN};
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
    assert_int_equal(decision.verdict, VOUCH_POLICY_REFUSED);
    assert_int_equal(test_reasons(&decision, VOUCH_POLICY_REASON_LOGIN_LACKED), 1);

    ask.logins = (struct vouch_policy_choice){NULL, 0, VOUCH_POLICY_CHOSEN};
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_PRINCIPALS_NONE);

    const struct vouch_bytes twice[] = {text_of("lab"), text_of("lab")};
    ask.logins = (struct vouch_policy_choice){twice, 2, VOUCH_POLICY_CHOSEN};
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_LOGIN_REPEATED);

    ask = test_ask();
    ask.logins = (struct vouch_policy_choice){one("app"), 1, VOUCH_POLICY_CHOSEN};
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_LOGIN_FIXED);
}

static void several_roles_share_the_strictest_terms(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_bytes roles[] = {text_of("dev"), text_of("deployer")};
    struct vouch_policy_ask ask = test_ask();
    ask.roles = roles;
    ask.role_count = 2;
    const struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
    assert_int_equal(decision.verdict, VOUCH_POLICY_GRANTED);
    assert_int_equal(decision.grant.principal_count, 3);
    assert_true(test_has(decision.grant.principals, 3, "role:deployer"));
    assert_int_equal(decision.grant.ttl_s, 2 * HOUR);
    assert_int_equal(decision.grant.extension_count, 1);
    assert_true(test_has_option(decision.grant.extensions, 1, "permit-pty"));
    assert_int_equal(decision.grant.critical_count, 2);
    struct vouch_bytes value;
    assert_int_equal(vouch_cert_option_value(&decision.grant.critical[0], &value), VOUCH_OK);
    assert_true(vouch_bytes_equal(value, text_of("/usr/bin/deploy --now")));
    assert_int_equal(vouch_cert_option_value(&decision.grant.critical[1], &value), VOUCH_OK);
    assert_true(vouch_bytes_equal(value, text_of("10.1.0.0/16,192.0.2.0/24")));
}

// ----- who -----

struct who_row {
    const char *user;
    const char *role;
    enum vouch_policy_reason_code code; // NONE: granted
};

static void each_person_gets_what_is_theirs(void **state) {
    (void)state;
    static const struct who_row rows[] = {
        {"alice@example.com", "dev", VOUCH_POLICY_REASON_NONE},
        {"bob", "dev", VOUCH_POLICY_REASON_NONE},
        {"carol@example.com", "dev", VOUCH_POLICY_REASON_ROLE_LACKED},
        {"dan@example.com", "dev", VOUCH_POLICY_REASON_USER_DISABLED},
        {"eve@example.com", "dev", VOUCH_POLICY_REASON_OWN_LOGIN_RESERVED},
        {"frank@example.com", "dev", VOUCH_POLICY_REASON_OWN_LOGIN_TAKEN},
        {"grace@example.com", "dev", VOUCH_POLICY_REASON_OWN_LOGIN_NONE},
        {"eve@example.com", "deployer", VOUCH_POLICY_REASON_NONE},
        {"nobody", "dev", VOUCH_POLICY_REASON_USER_UNKNOWN},
        {"", "dev", VOUCH_POLICY_REASON_USER_UNKNOWN},
        {"ALICE@example.com", "dev", VOUCH_POLICY_REASON_USER_UNKNOWN},
        {"alice", "dev", VOUCH_POLICY_REASON_USER_UNKNOWN},
        {"alice@example.com ", "dev", VOUCH_POLICY_REASON_USER_UNKNOWN},
        {"alice@example.com", "no-such-role", VOUCH_POLICY_REASON_ROLE_UNKNOWN},
        {"alice@example.com", "DEV", VOUCH_POLICY_REASON_ROLE_UNKNOWN},
        {"alice@example.com", "", VOUCH_POLICY_REASON_ROLE_UNKNOWN},
        {"alice@example.com", "student", VOUCH_POLICY_REASON_ROLE_ZONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct vouch_policy_ask ask = test_ask_as(rows[i].user, rows[i].role);
        assert_decided(&ask, rows[i].code);
    }
}

static void refuses_a_person_from_the_second_on_that_they_end(void **state) {
    (void)state;
    const uint64_t end_s = 1798761600; // 2027-01-01
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_policy_ask ask = test_ask_as("bob", "dev");
    for (uint64_t now_s = end_s - 1; now_s <= end_s + 1; now_s++) {
        ask.now_s = now_s;
        ask.second_factor_at_s = now_s;
        const struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
        if (now_s < end_s) {
            assert_int_equal(decision.verdict, VOUCH_POLICY_GRANTED);
            assert_int_equal(decision.grant.ttl_s, end_s - now_s); // not a second beyond it
        } else {
            test_refused_for(sample, &ask, VOUCH_POLICY_REASON_USER_ENDED);
        }
    }
}

static void groups_of_the_provider_count_beside_the_policys(void **state) {
    (void)state;
    struct vouch_policy_ask ask = test_ask_as("carol@example.com", "deployer");
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_ROLE_LACKED);
    const struct vouch_bytes groups[] = {text_of("unheard-of"), text_of("guests")};
    ask.groups = groups;
    ask.group_count = 2;
    test_granted(sample, &ask);
    ask.group_count = 1;
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_ROLE_LACKED);
}

static void a_question_that_leaves_things_out_is_refused(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_ask nothing = {0};
    const struct vouch_policy_decision decision = test_decide(sample, &nothing, &arena);
    assert_int_equal(decision.verdict, VOUCH_POLICY_REFUSED);
    static const enum vouch_policy_reason_code all[] = {
        VOUCH_POLICY_REASON_CLOCK,          VOUCH_POLICY_REASON_USER_UNKNOWN,
        VOUCH_POLICY_REASON_ZONE_UNKNOWN,   VOUCH_POLICY_REASON_ROLE_MISSING,
        VOUCH_POLICY_REASON_FACTOR_MISSING, VOUCH_POLICY_REASON_KEY_UNKNOWN,
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(test_reasons(&decision, all[i]), 1);
    }
    assert_int_equal(decision.reason_count, sizeof all / sizeof all[0]);
}

// C4: each single thing that is left out of a good question refuses it.
static void each_thing_left_out_refuses(void **state) {
    (void)state;
    struct vouch_policy_ask ask = test_ask();
    ask.user = (struct vouch_bytes){0};
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_USER_UNKNOWN);
    ask = test_ask();
    ask.zone = (struct vouch_bytes){0};
    vouch_autoarena struct vouch_arena arena = {0};
    assert_int_equal(test_decide(sample, &ask, &arena).verdict, VOUCH_POLICY_REFUSED);
    ask = test_ask();
    ask.role_count = 0;
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_ROLE_MISSING);
    ask = test_ask();
    ask.key_type = VOUCH_KEY_NONE;
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_KEY_UNKNOWN);
    ask = test_ask();
    ask.second_factor_at_s = 0;
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_FACTOR_MISSING);
    ask = test_ask_as("alice@example.com", "deployer");
    ask.address = (struct vouch_bytes){0};
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_ADDRESS_UNKNOWN);
    ask = test_ask();
    const struct vouch_bytes twice[] = {text_of("dev"), text_of("dev")};
    ask.roles = twice;
    ask.role_count = 2;
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_ROLE_REPEATED);
}

// ----- how long (C17) -----

static void grants_the_longest_time_and_not_a_second_more(void **state) {
    (void)state;
    static const struct {
        uint64_t asked, granted; // 0: refused
    } rows[] = {
        {0, 8 * HOUR},
        {1, 1},
        {3600, 3600},
        {8 * HOUR - 1, 8 * HOUR - 1},
        {8 * HOUR, 8 * HOUR},
        {8 * HOUR + 1, 0},
        {1ull << 31, 0},
        {1ull << 32, 0},
        {(1ull << 32) + 3600, 0},
        {1ull << 63, 0},
        {UINT64_MAX, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vouch_autoarena struct vouch_arena arena = {0};
        struct vouch_policy_ask ask = test_ask();
        ask.ttl_s = rows[i].asked;
        const struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
        if (rows[i].granted == 0) {
            test_refused_for(sample, &ask, VOUCH_POLICY_REASON_TTL_LONG);
            assert_int_equal(decision.reasons[0].limit, 8 * HOUR);
        } else {
            assert_int_equal(decision.verdict, VOUCH_POLICY_GRANTED);
            assert_int_equal(decision.grant.ttl_s, rows[i].granted);
        }
    }
}

static void a_role_counts_between_its_times(void **state) {
    (void)state;
    const uint64_t from_s = 1795305600, until_s = from_s + 24 * HOUR;
    static const struct {
        int64_t after; // of from_s
        enum vouch_policy_reason_code code;
        uint64_t ttl_s;
    } rows[] = {
        {-1, VOUCH_POLICY_REASON_ROLE_EARLY, 0},
        {0, VOUCH_POLICY_REASON_NONE, 8 * HOUR},
        {16 * HOUR, VOUCH_POLICY_REASON_NONE, 8 * HOUR},
        {16 * HOUR + 1, VOUCH_POLICY_REASON_NONE, 8 * HOUR - 1},
        {24 * HOUR - 1, VOUCH_POLICY_REASON_NONE, 1},
        {24 * HOUR, VOUCH_POLICY_REASON_ROLE_ENDED, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vouch_autoarena struct vouch_arena arena = {0};
        struct vouch_policy_ask ask = test_ask_as("alice@example.com", "seasonal");
        ask.now_s = (uint64_t)((int64_t)from_s + rows[i].after);
        ask.second_factor_at_s = ask.now_s;
        if (rows[i].code != VOUCH_POLICY_REASON_NONE) {
            test_refused_for(sample, &ask, rows[i].code);
            continue;
        }
        const struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
        assert_int_equal(decision.verdict, VOUCH_POLICY_GRANTED);
        assert_int_equal(decision.grant.ttl_s, rows[i].ttl_s);
        assert_true(ask.now_s + decision.grant.ttl_s <= until_s);
    }
}

static void refuses_times_that_are_no_times(void **state) {
    (void)state;
    static const uint64_t nows[] = {0, VOUCH_POLICY_TIME_MAX_S + 1ull, 1ull << 63, UINT64_MAX};
    for (size_t i = 0; i < sizeof nows / sizeof nows[0]; i++) {
        struct vouch_policy_ask ask = test_ask();
        ask.now_s = nows[i];
        ask.second_factor_at_s = nows[i] == 0 ? 0 : 1;
        vouch_autoarena struct vouch_arena arena = {0};
        const struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
        assert_int_equal(decision.verdict, VOUCH_POLICY_REFUSED);
        assert_int_equal(test_reasons(&decision, VOUCH_POLICY_REASON_CLOCK), 1);
    }
}

// ----- evidence -----

static struct vouch_policy_ask ask_dba(const struct vouch_bytes *approvers, size_t count) {
    struct vouch_policy_ask ask = test_ask_as("alice@example.com", "dba");
    ask.reason = text_of("restore of table orders");
    ask.approvers = approvers;
    ask.approver_count = count;
    return ask;
}

static void waits_for_as_many_approvals_as_are_missing(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_bytes approvers[] = {text_of("lead1"), text_of("bob"), text_of("lead2")};
    for (size_t given = 0; given <= 3; given++) {
        const struct vouch_policy_ask ask = ask_dba(approvers, given);
        const struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
        if (given >= 2) {
            assert_int_equal(decision.verdict, VOUCH_POLICY_GRANTED);
            assert_true(test_has(decision.grant.principals, 1, "role:dba"));
            continue;
        }
        assert_int_equal(decision.verdict, VOUCH_POLICY_PENDING);
        assert_int_equal(decision.grant.principal_count, 0);
        assert_int_equal(decision.proposal.principal_count, 1);
        assert_int_equal(decision.awaited_count, 1);
        assert_int_equal(decision.awaited[0].missing, 2 - given);
        assert_int_equal(decision.awaited[0].by->count, 2);
    }
}

static void an_approval_that_does_not_count_refuses_all(void **state) {
    (void)state;
    static const struct {
        const char *approver;
        enum vouch_policy_reason_code code;
    } rows[] = {
        {"alice@example.com", VOUCH_POLICY_REASON_APPROVER_SELF},
        {"lead1", VOUCH_POLICY_REASON_APPROVER_REPEATED},
        {"lead3", VOUCH_POLICY_REASON_APPROVER_INACTIVE},
        {"eve@example.com", VOUCH_POLICY_REASON_APPROVER_LACKS},
        {"nobody", VOUCH_POLICY_REASON_APPROVER_UNKNOWN},
        {"", VOUCH_POLICY_REASON_APPROVER_UNKNOWN},
        {"lead2 ", VOUCH_POLICY_REASON_APPROVER_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct vouch_bytes approvers[] = {text_of("lead1"), text_of("lead2"),
                                                text_of(rows[i].approver)};
        const struct vouch_policy_ask ask = ask_dba(approvers, 3);
        test_refused_for(sample, &ask, rows[i].code);
    }
    // Nobody approves whose time is over.
    const struct vouch_bytes ended[] = {text_of("lead1"), text_of("bob")};
    struct vouch_policy_ask late = ask_dba(ended, 2);
    late.now_s = 1798761600 - 1;
    late.second_factor_at_s = late.now_s;
    test_granted(sample, &late);
    late.now_s++;
    test_refused_for(sample, &late, VOUCH_POLICY_REASON_APPROVER_INACTIVE);
    // Nobody approves what needs no approval.
    const struct vouch_bytes lead = text_of("lead1");
    struct vouch_policy_ask ask = test_ask();
    ask.approvers = &lead;
    ask.approver_count = 1;
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_APPROVER_LACKS);
}

static void says_when_too_few_could_approve(void **state) {
    (void)state;
    vouch_autopolicy struct vouch_policy *small =
        test_policy("zones: [{name: prod, patterns: [a.example.com]}]\n"
                    "users: [{name: ann}, {name: ben}, {name: cid, state: disabled}]\n"
                    "groups: [{name: leads, members: [ann, ben, cid]}]\n"
                    "roles:\n"
                    "  - name: dba\n"
                    "    zone: prod\n"
                    "    members: [user:ann]\n"
                    "    hosts: [all]\n"
                    "    logins: [dba]\n"
                    "    max_ttl: 1h\n"
                    "    approval: {by: [group:leads, user:ben], count: 2}\n");
    const struct vouch_policy_ask ask = test_ask_as("ann", "dba");
    test_refused_for(small, &ask, VOUCH_POLICY_REASON_APPROVERS_FEW);
}

static void evidence_is_judged_at_its_bounds(void **state) {
    (void)state;
    const struct vouch_bytes approvers[] = {text_of("lead1"), text_of("lead2")};
    struct vouch_policy_ask ask = ask_dba(approvers, 2);
    test_granted(sample, &ask);
    ask.second_factor_at_s = NOW - 15 * 60;
    test_granted(sample, &ask);
    ask.second_factor_at_s = NOW - 15 * 60 - 1;
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_FACTOR_OLD);
    ask.second_factor_at_s = NOW;
    test_granted(sample, &ask);
    ask.second_factor_at_s = NOW + 1;
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_FACTOR_FUTURE);
    ask.second_factor_at_s = 0;
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_FACTOR_MISSING);
    ask = ask_dba(approvers, 2);
    ask.reason = (struct vouch_bytes){0};
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_WORDS_MISSING);
    ask.reason = text_of("a\nforged line");
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_WORDS_BAD);
    ask.reason = text_of("\xc2\x9b"
                         "31m");
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_WORDS_BAD);
    ask.reason = text_of("Umzug f\xc3\xbcr Zo\xc3\xab");
    test_granted(sample, &ask);
    static char longest[1002];
    memset(longest, 'x', 1000);
    ask.reason = text_of(longest);
    test_granted(sample, &ask);
    longest[1000] = 'x';
    ask.reason = text_of(longest);
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_WORDS_BAD);
}

static void the_address_must_lie_in_the_roles_networks(void **state) {
    (void)state;
    static const struct {
        const char *address;
        enum vouch_policy_reason_code code;
    } rows[] = {
        {"10.1.0.0", VOUCH_POLICY_REASON_NONE},
        {"10.1.255.255", VOUCH_POLICY_REASON_NONE},
        {"192.0.2.7", VOUCH_POLICY_REASON_NONE},
        {"10.0.255.255", VOUCH_POLICY_REASON_ADDRESS_OUTSIDE},
        {"10.2.0.0", VOUCH_POLICY_REASON_ADDRESS_OUTSIDE},
        {"192.0.3.0", VOUCH_POLICY_REASON_ADDRESS_OUTSIDE},
        {"::ffff:10.1.2.3", VOUCH_POLICY_REASON_ADDRESS_OUTSIDE},
        {"2001:db8::1", VOUCH_POLICY_REASON_ADDRESS_OUTSIDE},
        {"10.1.0.0/16", VOUCH_POLICY_REASON_ADDRESS_UNKNOWN},
        {"10.0.0.0/8", VOUCH_POLICY_REASON_ADDRESS_UNKNOWN},
        {"0.0.0.0/0", VOUCH_POLICY_REASON_ADDRESS_UNKNOWN},
        {"10.1.2.3,10.1.2.4", VOUCH_POLICY_REASON_ADDRESS_UNKNOWN},
        {"ten", VOUCH_POLICY_REASON_ADDRESS_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_policy_ask ask = test_ask_as("alice@example.com", "deployer");
        ask.address = text_of(rows[i].address);
        assert_decided(&ask, rows[i].code);
    }
}

// ----- options -----

static void security_keys_are_asked_for_by_type_and_touch(void **state) {
    (void)state;
    struct vouch_policy_ask ask = test_ask_as("alice@example.com", "hardware");
    vouch_autoarena struct vouch_arena arena = {0};
    ask.key_type = VOUCH_KEY_SK_ED25519;
    const struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
    assert_int_equal(decision.verdict, VOUCH_POLICY_GRANTED);
    assert_int_equal(decision.grant.critical_count, 1);
    assert_true(test_has_option(decision.grant.critical, 1, "verify-required"));
    ask.key_type = VOUCH_KEY_SK_ECDSA_P256;
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_KEY_TYPE);
    ask = test_ask();
    ask.verify = VOUCH_POLICY_REQUIRED;
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_KEY_VERIFY);
    ask.key_type = VOUCH_KEY_SK_ECDSA_P256;
    test_granted(sample, &ask);
}

// C25: what weakens a security key needs a role that says so and somebody who asks for it.
static void no_touch_is_never_given_unasked(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_policy_ask ask = test_ask_as("alice@example.com", "deployer");
    struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
    assert_int_equal(decision.verdict, VOUCH_POLICY_GRANTED);
    assert_int_equal(decision.grant.extension_count, 1);
    assert_false(test_has_option(decision.grant.extensions, 1, "no-touch-required"));
    ask.extensions = (struct vouch_policy_choice){one("no-touch-required"), 1, VOUCH_POLICY_CHOSEN};
    decision = test_decide(sample, &ask, &arena);
    assert_int_equal(decision.verdict, VOUCH_POLICY_GRANTED);
    assert_true(test_has_option(decision.grant.extensions, 1, "no-touch-required"));
    struct vouch_policy_ask other = test_ask();
    other.extensions = ask.extensions;
    test_refused_for(sample, &other, VOUCH_POLICY_REASON_EXTENSION_LACKED);
}

static void extensions_are_those_asked_for_or_none(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_policy_ask ask = test_ask();
    ask.extensions = (struct vouch_policy_choice){one("permit-pty"), 1, VOUCH_POLICY_CHOSEN};
    struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
    assert_int_equal(decision.grant.extension_count, 1);
    ask.extensions = (struct vouch_policy_choice){NULL, 0, VOUCH_POLICY_CHOSEN};
    decision = test_decide(sample, &ask, &arena);
    assert_int_equal(decision.verdict, VOUCH_POLICY_GRANTED);
    assert_int_equal(decision.grant.extension_count, 0);
    static const struct {
        const char *name;
        enum vouch_policy_reason_code code;
    } rows[] = {
        {"permit-X11-forwarding", VOUCH_POLICY_REASON_EXTENSION_LACKED},
        {"permit-everything", VOUCH_POLICY_REASON_EXTENSION_UNKNOWN},
        {"force-command", VOUCH_POLICY_REASON_EXTENSION_UNKNOWN},
        {"PERMIT-PTY", VOUCH_POLICY_REASON_EXTENSION_UNKNOWN},
        {"", VOUCH_POLICY_REASON_EXTENSION_UNKNOWN},
        {"permit-pty,permit-port-forwarding", VOUCH_POLICY_REASON_EXTENSION_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask.extensions = (struct vouch_policy_choice){one(rows[i].name), 1, VOUCH_POLICY_CHOSEN};
        test_refused_for(sample, &ask, rows[i].code);
    }
    const struct vouch_bytes twice[] = {text_of("permit-pty"), text_of("permit-pty")};
    ask.extensions = (struct vouch_policy_choice){twice, 2, VOUCH_POLICY_CHOSEN};
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_EXTENSION_REPEATED);
}

static void networks_can_be_narrowed_and_never_widened(void **state) {
    (void)state;
    static const struct {
        const char *network;
        enum vouch_policy_reason_code code;
    } rows[] = {
        {"10.1.0.0/16", VOUCH_POLICY_REASON_NONE},
        {"10.1.2.0/24", VOUCH_POLICY_REASON_NONE},
        {"192.0.2.1", VOUCH_POLICY_REASON_NONE},
        {"10.0.0.0/15", VOUCH_POLICY_REASON_SOURCE_OUTSIDE},
        {"10.2.0.0/16", VOUCH_POLICY_REASON_SOURCE_OUTSIDE},
        {"192.0.2.0/23", VOUCH_POLICY_REASON_SOURCE_OUTSIDE}, // begins as one that is allowed
        {"2001:db8::/32", VOUCH_POLICY_REASON_SOURCE_OUTSIDE},
        {"0.0.0.0/0", VOUCH_POLICY_REASON_SOURCE_BAD},
        {"10.1.2.3/24", VOUCH_POLICY_REASON_SOURCE_BAD},
        {"10.1.2.0/24,0.0.0.0/0", VOUCH_POLICY_REASON_SOURCE_BAD},
        {"", VOUCH_POLICY_REASON_SOURCE_BAD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vouch_autoarena struct vouch_arena arena = {0};
        struct vouch_policy_ask ask = test_ask_as("alice@example.com", "deployer");
        ask.sources = (struct vouch_policy_choice){one(rows[i].network), 1, VOUCH_POLICY_CHOSEN};
        if (rows[i].code != VOUCH_POLICY_REASON_NONE) {
            test_refused_for(sample, &ask, rows[i].code);
            continue;
        }
        const struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
        assert_int_equal(decision.verdict, VOUCH_POLICY_GRANTED);
        struct vouch_bytes value;
        assert_int_equal(vouch_cert_option_value(&decision.grant.critical[1], &value), VOUCH_OK);
        assert_true(vouch_bytes_equal(value, text_of(rows[i].network)));
    }
    struct vouch_policy_ask ask = test_ask_as("alice@example.com", "deployer");
    ask.sources = (struct vouch_policy_choice){NULL, 0, VOUCH_POLICY_CHOSEN};
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_SOURCE_BAD);
}

static void a_forced_command_stays_and_can_be_added(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_policy_ask ask = test_ask_as("alice@example.com", "deployer");
    ask.force_command = text_of("/bin/sh");
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_COMMAND_OTHER);
    ask.force_command = text_of("/usr/bin/deploy --now");
    test_granted(sample, &ask);
    ask = test_ask();
    ask.force_command = text_of("/usr/bin/rsync --server");
    const struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
    assert_int_equal(decision.verdict, VOUCH_POLICY_GRANTED);
    assert_true(test_has_option(decision.grant.critical, 1, "force-command"));
    ask.force_command = text_of("/bin/true\n/bin/sh");
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_COMMAND_BAD);
}

static void roles_that_share_no_network_are_refused_together(void **state) {
    (void)state;
    vouch_autopolicy struct vouch_policy *two =
        test_policy("zones: [{name: prod, patterns: [a.example.com]}]\n"
                    "users: [{name: ann}]\n"
                    "roles:\n"
                    "  - {name: a, zone: prod, members: [user:ann], hosts: [all], logins: [x],\n"
                    "     max_ttl: 1h, source_address: [10.1.0.0/16, 10.3.0.0/16]}\n"
                    "  - {name: b, zone: prod, members: [user:ann], hosts: [all], logins: [y],\n"
                    "     max_ttl: 1h, source_address: [10.2.0.0/16]}\n"
                    "  - {name: c, zone: prod, members: [user:ann], hosts: [all], logins: [z],\n"
                    "     max_ttl: 1h, source_address: [10.1.2.0/24, 10.0.0.0/15]}\n");
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_bytes apart[] = {text_of("a"), text_of("b")};
    struct vouch_policy_ask ask = test_ask_as("ann", "a");
    ask.roles = apart;
    ask.role_count = 2;
    struct vouch_policy_decision decision = test_decide(two, &ask, &arena);
    assert_int_equal(decision.verdict, VOUCH_POLICY_REFUSED);
    assert_int_equal(test_reasons(&decision, VOUCH_POLICY_REASON_SOURCE_NONE), 1);
    const struct vouch_bytes near[] = {text_of("a"), text_of("c")};
    ask.roles = near;
    decision = test_decide(two, &ask, &arena);
    assert_int_equal(decision.verdict, VOUCH_POLICY_GRANTED);
    struct vouch_bytes value;
    assert_int_equal(vouch_cert_option_value(&decision.grant.critical[0], &value), VOUCH_OK);
    assert_true(vouch_bytes_equal(value, text_of("10.1.2.0/24,10.1.0.0/16")));
}

// ----- what is signed -----

static void only_exactly_what_was_granted_is_what_was_granted(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_ask ask = test_ask_as("alice@example.com", "deployer");
    const struct vouch_policy_decision decision = test_decide(sample, &ask, &arena);
    const struct vouch_policy_grant *grant = &decision.grant;
    const struct vouch_cert_spec good = {
        .type = VOUCH_CERT_USER,
        .principals = grant->principals,
        .principal_count = grant->principal_count,
        .valid_after = NOW - 90,
        .valid_before = NOW + grant->ttl_s,
        .critical = grant->critical,
        .critical_count = grant->critical_count,
        .extensions = grant->extensions,
        .extension_count = grant->extension_count,
    };
    assert_true(vouch_policy_grant_is(grant, &good, NOW));
    struct vouch_cert_spec bad = good;
    bad.type = VOUCH_CERT_HOST;
    assert_false(vouch_policy_grant_is(grant, &bad, NOW));
    bad = good;
    bad.principal_count = 0;
    assert_false(vouch_policy_grant_is(grant, &bad, NOW));
    bad = good;
    bad.principals = one("role:dba");
    assert_false(vouch_policy_grant_is(grant, &bad, NOW));
    bad = good;
    bad.valid_before++;
    assert_false(vouch_policy_grant_is(grant, &bad, NOW));
    bad.valid_before -= 2;
    assert_false(vouch_policy_grant_is(grant, &bad, NOW));
    bad = good;
    bad.valid_after = NOW + 1;
    assert_false(vouch_policy_grant_is(grant, &bad, NOW));
    bad.valid_after = NOW - VOUCH_POLICY_BACKDATE_MAX_S - 1;
    assert_false(vouch_policy_grant_is(grant, &bad, NOW));
    bad = good;
    bad.critical_count--;
    assert_false(vouch_policy_grant_is(grant, &bad, NOW));
    bad = good;
    bad.extension_count--;
    assert_false(vouch_policy_grant_is(grant, &bad, NOW));
    const struct vouch_policy_grant none = {0};
    const struct vouch_cert_spec empty = {
        .type = VOUCH_CERT_USER, .valid_after = NOW, .valid_before = NOW};
    assert_false(vouch_policy_grant_is(&none, &empty, NOW));
}

// ----- bounds and words -----

static void refuses_lists_over_their_bounds_without_looking_at_them(void **state) {
    (void)state;
    // The pointers are no good: nobody may follow them.
    const struct vouch_bytes *nowhere = (const struct vouch_bytes *)8;
    struct vouch_policy_ask ask = test_ask();
    ask.groups = nowhere;
    ask.group_count = VOUCH_POLICY_ASK_GROUPS_MAX + 1;
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_ASK_LARGE);
    ask = test_ask();
    ask.roles = nowhere;
    ask.role_count = VOUCH_POLICY_ASK_ROLES_MAX + 1;
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_ASK_LARGE);
    ask = test_ask();
    ask.approvers = nowhere;
    ask.approver_count = SIZE_MAX;
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_ASK_LARGE);
    ask = test_ask();
    ask.extensions =
        (struct vouch_policy_choice){nowhere, VOUCH_POLICY_ASK_NAMES_MAX + 1, VOUCH_POLICY_CHOSEN};
    test_refused_for(sample, &ask, VOUCH_POLICY_REASON_ASK_LARGE);
}

static void refuses_more_principals_than_a_certificate_may_have(void **state) {
    (void)state;
    struct vouch_buf text;
    vouch_buf_init(&text, 8192);
    vouch_buf_put_text(&text, "zones: [{name: lab, patterns: [a.example.com], principals: login}]\n"
                              "users: [{name: ann}]\nroles:\n");
    for (int role = 0; role < 2; role++) {
        char line[400];
        (void)snprintf(line, sizeof line,
                       "  - {name: r%d, zone: lab, members: [user:ann], hosts: [all],"
                       " max_ttl: 1h, logins: [a%d, b%d, c%d, d%d, e%d, f%d, g%d, h%d, i%d]}\n",
                       role, role, role, role, role, role, role, role, role, role);
        vouch_buf_put_text(&text, line);
    }
    vouch_autopolicy struct vouch_policy *many = test_policy(test_text_in(&text));
    const struct vouch_bytes roles[] = {text_of("r0"), text_of("r1")};
    struct vouch_policy_ask ask = test_ask_as("ann", "r0");
    ask.zone = text_of("lab");
    test_granted(many, &ask);
    ask.roles = roles;
    ask.role_count = 2;
    test_refused_for(many, &ask, VOUCH_POLICY_REASON_PRINCIPALS_MANY);
    vouch_buf_done(&text);
}

static void every_reason_has_its_word_and_its_printable_line(void **state) {
    (void)state;
    for (unsigned i = 0; i < VOUCH_POLICY_REASONS; i++) {
        const enum vouch_policy_reason_code code = (enum vouch_policy_reason_code)i;
        assert_non_null(vouch_policy_reason_word(code));
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(vouch_policy_reason_word(code),
                                    vouch_policy_reason_word((enum vouch_policy_reason_code)k));
        }
        const struct vouch_policy_reason reason = {code, text_of("dba"), text_of("a\x1b[2J\nb"),
                                                   60};
        struct vouch_buf out;
        vouch_buf_init(&out, 1024);
        vouch_policy_reason_print(&reason, &out);
        assert_int_equal(out.err, VOUCH_OK);
        assert_true(out.len > 10);
        for (size_t k = 0; k < out.len; k++) {
            assert_in_range(out.ptr[k], 0x20, 0x7e);
        }
        vouch_buf_done(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grants_the_role_and_the_persons_own_part_of_it),
        cmocka_unit_test(grants_plain_logins_where_the_zone_says_so),
        cmocka_unit_test(refuses_logins_that_cannot_be_chosen),
        cmocka_unit_test(several_roles_share_the_strictest_terms),
        cmocka_unit_test(each_person_gets_what_is_theirs),
        cmocka_unit_test(refuses_a_person_from_the_second_on_that_they_end),
        cmocka_unit_test(groups_of_the_provider_count_beside_the_policys),
        cmocka_unit_test(a_question_that_leaves_things_out_is_refused),
        cmocka_unit_test(each_thing_left_out_refuses),
        cmocka_unit_test(grants_the_longest_time_and_not_a_second_more),
        cmocka_unit_test(a_role_counts_between_its_times),
        cmocka_unit_test(refuses_times_that_are_no_times),
        cmocka_unit_test(waits_for_as_many_approvals_as_are_missing),
        cmocka_unit_test(an_approval_that_does_not_count_refuses_all),
        cmocka_unit_test(says_when_too_few_could_approve),
        cmocka_unit_test(evidence_is_judged_at_its_bounds),
        cmocka_unit_test(the_address_must_lie_in_the_roles_networks),
        cmocka_unit_test(security_keys_are_asked_for_by_type_and_touch),
        cmocka_unit_test(no_touch_is_never_given_unasked),
        cmocka_unit_test(extensions_are_those_asked_for_or_none),
        cmocka_unit_test(networks_can_be_narrowed_and_never_widened),
        cmocka_unit_test(a_forced_command_stays_and_can_be_added),
        cmocka_unit_test(roles_that_share_no_network_are_refused_together),
        cmocka_unit_test(only_exactly_what_was_granted_is_what_was_granted),
        cmocka_unit_test(refuses_lists_over_their_bounds_without_looking_at_them),
        cmocka_unit_test(refuses_more_principals_than_a_certificate_may_have),
        cmocka_unit_test(every_reason_has_its_word_and_its_printable_line),
    };
    return cmocka_run_group_tests_name("policy/decide", tests, test_load, test_unload);
}
