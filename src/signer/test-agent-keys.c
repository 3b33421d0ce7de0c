// SPDX-License-Identifier: ISC
// A server whose CA keys live in an ssh-agent: it signs like any other, and when the agent fails, the
// serial that was given is accounted for.
#include "signer/test-fixture.h"

#include "core/test-ssh-agent.h"

static struct test_agent agent;

static void add(const struct fixture *fixture, const char *name) {
    struct vouch_private_key *key = fixture_key(fixture, name);
    test_agent_add(&agent, key);
    vouch_private_key_free(key);
}

static void signs_by_the_agent_and_accounts_for_what_it_did_not_sign(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = NULL;
    struct vouch_signer_ask ask = fixture_ask(fixture);
    struct vouch_signer_grant grant = {0};
    struct vouch_fault fault = {0};
    test_agent_begin(&agent);
    add(fixture, "user_ca");
    add(fixture, "host_ca");
    assert_int_equal(unlink(fixture_path(fixture, "user_ca")), 0);
    assert_int_equal(unlink(fixture_path(fixture, "host_ca")), 0);
    fixture_open_agent(fixture, agent.at.path);
    assert_int_equal(vouch_signer_attach(fixture->engine, &signer, NULL), VOUCH_OK);
    assert_int_equal(vouch_signer_sign(signer, &ask, 0, &grant, &fault), VOUCH_OK);
    assert_int_equal(grant.outcome, VOUCH_SIGNER_DONE);
    uint64_t serial = grant.serial;
    test_agent_end(&agent);
    assert_true(vouch_signer_sign(signer, &ask, 0, &grant, &fault) < 0);
    assert_string_equal(fault.kind->code, "V-1401");
    char skipped[256] = "", expected[32];
    (void)snprintf(expected, sizeof expected, "%llu", (unsigned long long)serial + 1);
    fixture_detail(fixture, "signer.skip", "serial", skipped);
    assert_string_equal(skipped, expected);
    assert_int_equal(fixture_count(fixture, NULL), 1);
    vouch_signer_close(signer);
    fixture_stop(fixture);
    assert_proven(fixture);
    fixture_open_fails(fixture, "V-1303"); // nor are the keys in the folder
}

static int end(void **state) {
    test_agent_end(&agent);
    return fixture_end(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(signs_by_the_agent_and_accounts_for_what_it_did_not_sign,
                                        fixture_begin, end),
    };
    return cmocka_run_group_tests_name("signer/agent-keys", tests, NULL, NULL);
}
