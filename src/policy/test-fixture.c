// SPDX-License-Identifier: ISC
// What the tests of policies share.
#include "policy/test-fixture.h"

const char test_policy_text[] =
    "zones:\n"
    "  - name: prod\n"
    "    patterns: ['*.prod.example.com', '10.20.*']\n"
    "    max_ttl: 24h\n"
    "  - name: lab\n"
    "    patterns: ['*.lab.example.com']\n"
    "    principals: login\n"
    "users:\n"
    "  - {name: alice@example.com, login: alice}\n"
    "  - {name: bob, until: 2027-01-01T00:00:00Z}\n"
    "  - {name: carol@example.com, login: carol}\n"
    "  - {name: dan@example.com, login: dan, state: disabled}\n"
    "  - {name: eve@example.com, login: root}\n"
    "  - {name: frank@example.com, login: app}\n"
    "  - {name: grace@example.com}\n"
    "  - {name: lead1}\n"
    "  - {name: lead2}\n"
    "  - {name: lead3, state: disabled}\n"
    "groups:\n"
    "  - name: engineering\n"
    "    members: [alice@example.com, bob, eve@example.com, frank@example.com,\n"
    "              grace@example.com, dan@example.com]\n"
    "  - name: ops\n"
    "    members: [carol@example.com, lead1]\n"
    "  - name: ops-leads\n"
    "    members: [lead1, lead2, lead3, carol@example.com]\n"
    "  - name: guests\n"
    "roles:\n"
    "  - name: dev\n"
    "    zone: prod\n"
    "    members: [group:engineering]\n"
    "    hosts: [tier=web]\n"
    "    logins: [$user, app]\n"
    "    max_ttl: 8h\n"
    "    extensions: [permit-pty, permit-agent-forwarding]\n"
    "  - name: deployer\n"
    "    zone: prod\n"
    "    members: [group:engineering, group:guests]\n"
    "    hosts: [tier=web, tier=db]\n"
    "    logins: [deploy]\n"
    "    max_ttl: 2h\n"
    "    extensions: [permit-pty, no-touch-required]\n"
    "    source_address: [10.1.0.0/16, 192.0.2.0/24]\n"
    "    force_command: /usr/bin/deploy --now\n"
    "  - name: dba\n"
    "    zone: prod\n"
    "    members: [group:ops, user:alice@example.com]\n"
    "    hosts: [tier=db]\n"
    "    logins: [postgres, root]\n"
    "    max_ttl: 1h\n"
    "    extensions: [permit-pty]\n"
    "    reason: required\n"
    "    source_address: [10.0.0.0/8]\n"
    "    second_factor: 15m\n"
    "    approval: { by: [group:ops-leads, user:bob], count: 2 }\n"
    "  - name: seasonal\n"
    "    zone: prod\n"
    "    members: [user:alice@example.com]\n"
    "    hosts: [name=web1.prod.example.com]\n"
    "    logins: [shop]\n"
    "    max_ttl: 8h\n"
    "    from: 2026-11-22T00:00:00Z\n"
    "    until: 2026-11-23T00:00:00Z\n"
    "  - name: hardware\n"
    "    zone: prod\n"
    "    members: [user:alice@example.com]\n"
    "    hosts: [all]\n"
    "    logins: [backup]\n"
    "    max_ttl: 8h\n"
    "    verify: required\n"
    "    key_types: [sk-ssh-ed25519@openssh.com]\n"
    "  - name: student\n"
    "    zone: lab\n"
    "    members: [group:engineering]\n"
    "    hosts: [all]\n"
    "    logins: [$user, lab, demo]\n"
    "    max_ttl: 8h\n"
    "hosts:\n"
    "  - {name: web1.prod.example.com, zone: prod, labels: {tier: web, site: north}}\n"
    "  - {name: web2.prod.example.com, zone: prod, labels: {tier: web, site: south}}\n"
    "  - {name: db1.prod.example.com, zone: prod, labels: {tier: db, site: north}}\n"
    "  - {name: bare.prod.example.com, zone: prod}\n"
    "  - {name: lab1.lab.example.com, zone: lab, labels: {tier: web}}\n";

const char *test_text_in(struct vouch_buf *text) {
    vouch_buf_put(text, (struct vouch_bytes){(const uint8_t *)"", 1});
    assert_int_equal(text->err, VOUCH_OK);
    return (const char *)text->ptr;
}

static int read_policy(const char *text, struct vouch_policy **ret_policy,
                       struct vouch_fault *fault) {
    vouch_autodraft struct vouch_policy_draft *draft = NULL;
    assert_int_equal(vouch_policy_draft_new(&draft, fault), VOUCH_OK);
    int err = vouch_policy_draft_read(draft, "test.yaml", text_of(text), fault);
    return err != VOUCH_OK ? err
                           : vouch_policy_new(vouch_policy_draft_content(draft), ret_policy, fault);
}

struct vouch_policy *test_policy(const char *text) {
    struct vouch_policy *policy = NULL;
    struct vouch_fault fault = {0};
    int err = read_policy(text, &policy, &fault);
    if (err != VOUCH_OK) {
        fail_msg("%s %s", fault.text, fault.next);
    }
    return policy;
}

struct vouch_fault test_fault(const char *text) {
    vouch_autopolicy struct vouch_policy *policy = NULL;
    struct vouch_fault fault = {0};
    int err = read_policy(text, &policy, &fault);
    if (err == VOUCH_OK) {
        fail_msg("was taken: %s", text);
    }
    assert_int_equal(err, fault.err);
    assert_non_null(fault.kind);
    assert_null(policy);
    return fault;
}

struct vouch_policy *sample;

int test_load(void **state) {
    (void)state;
    sample = test_policy(test_policy_text);
    return 0;
}

int test_unload(void **state) {
    (void)state;
    vouch_policy_free(sample);
    sample = NULL;
    return 0;
}

struct vouch_policy_ask test_ask(void) {
    return test_ask_as("alice@example.com", "dev");
}

struct vouch_policy_ask test_ask_as(const char *user, const char *role) {
    static struct vouch_bytes asked;
    asked = text_of(role);
    return (struct vouch_policy_ask){
        .user = text_of(user),
        .zone = text_of("prod"),
        .roles = &asked,
        .role_count = 1,
        .key_type = VOUCH_KEY_ED25519,
        .now_s = NOW,
        .second_factor_at_s = NOW - 60,
        .address = text_of("10.1.2.3"),
    };
}

struct vouch_policy_decision test_decide(const struct vouch_policy *policy,
                                         const struct vouch_policy_ask *ask,
                                         struct vouch_arena *arena) {
    struct vouch_policy_decision decision = {0};
    assert_int_equal(vouch_policy_decide(policy, ask, arena, &decision), VOUCH_OK);
    return decision;
}

size_t test_reasons(const struct vouch_policy_decision *decision,
                    enum vouch_policy_reason_code code) {
    size_t count = 0;
    for (size_t i = 0; i < decision->reason_count; i++) {
        count += decision->reasons[i].code == code;
    }
    return count;
}

void test_refused_for(const struct vouch_policy *policy, const struct vouch_policy_ask *ask,
                      enum vouch_policy_reason_code code) {
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_decision decision = test_decide(policy, ask, &arena);
    assert_int_equal(decision.verdict, VOUCH_POLICY_REFUSED);
    assert_int_equal(decision.grant.principal_count, 0);
    assert_int_equal(decision.proposal.principal_count, 0);
    if (decision.reason_count == 0 || test_reasons(&decision, code) != decision.reason_count) {
        fail_msg("refused for %zu reasons, the first being %s, not for %s", decision.reason_count,
                 decision.reason_count > 0 ? vouch_policy_reason_word(decision.reasons[0].code)
                                           : "none",
                 vouch_policy_reason_word(code));
    }
}

void test_granted(const struct vouch_policy *policy, const struct vouch_policy_ask *ask) {
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_decision decision = test_decide(policy, ask, &arena);
    if (decision.verdict != VOUCH_POLICY_GRANTED) {
        fail_msg("not granted: %s", decision.reason_count > 0
                                        ? vouch_policy_reason_word(decision.reasons[0].code)
                                        : "no reason");
    }
    assert_int_equal(decision.reason_count, 0);
    assert_true(decision.grant.principal_count > 0);
    assert_int_equal(decision.proposal.principal_count, 0);
}

int test_has(const struct vouch_bytes *items, size_t count, const char *text) {
    int has = 0;
    for (size_t i = 0; i < count && !has; i++) {
        has = vouch_bytes_equal(items[i], text_of(text));
    }
    return has;
}

int test_has_option(const struct vouch_cert_option *options, size_t count, const char *name) {
    int has = 0;
    for (size_t i = 0; i < count && !has; i++) {
        has = vouch_bytes_equal(options[i].name, text_of(name));
    }
    return has;
}
