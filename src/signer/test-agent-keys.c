// SPDX-License-Identifier: ISC
// A server whose CA keys live in an ssh-agent: it signs like any other, and when the agent fails, the
// serial that was given is accounted for.
#include "signer/test-fixture.h"

#include "core/test-ssh-agent.h"
#include "signer/test-steps.h"

static struct test_agent agent;

static void add(const struct fixture *fixture, const char *name) {
    struct vouch_private_key *key = fixture_key(fixture, name);
    test_agent_add(&agent, key);
    vouch_private_key_free(key);
}

// The agent holds both CA keys, and the files are gone.
static struct vouch_signer *begin_by_agent(struct fixture *fixture) {
    struct vouch_signer *signer = NULL;
    test_agent_begin(&agent);
    add(fixture, "user_ca");
    add(fixture, "host_ca");
    assert_int_equal(unlink(fixture_path(fixture, "user_ca")), 0);
    assert_int_equal(unlink(fixture_path(fixture, "host_ca")), 0);
    fixture_open_agent(fixture, agent.at.path);
    assert_int_equal(vouch_signer_attach(fixture->engine, &signer, NULL), VOUCH_OK);
    return signer;
}

static void signs_by_the_agent_and_accounts_for_what_it_did_not_sign(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = begin_by_agent(fixture);
    struct vouch_signer_ask ask = fixture_ask(fixture);
    struct vouch_signer_grant grant = {0};
    struct vouch_fault fault = {0};
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

static void refuses_key(struct vouch_signer *signer, struct vouch_bytes key) {
    struct vouch_signer_rotation ask = steps_ask(VOUCH_CERT_USER, VOUCH_ROTATE_CREATE);
    struct vouch_signer_rotated rotated = {.outcome = VOUCH_SIGNER_DONE};
    ask.key = key;
    assert_int_equal(vouch_signer_rotate(signer, &ask, 0, &rotated, NULL), VOUCH_OK);
    assert_int_equal(rotated.outcome, VOUCH_SIGNER_REFUSED);
    assert_string_equal(rotated.refusal.field, "key");
}

static void goes_round_with_a_key_that_the_agent_holds(void **state) {
    struct fixture *fixture = *state;
    struct vouch_signer *signer = begin_by_agent(fixture);
    struct vouch_private_key *next = NULL, *weak = NULL;
    struct vouch_signer_rotation ask = steps_ask(VOUCH_CERT_USER, VOUCH_ROTATE_CREATE);
    struct vouch_signer_rotated rotated = {0};
    struct vouch_fault fault = {0};
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &next), VOUCH_OK);
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_RSA, 1024, &weak), VOUCH_OK);
    struct vouch_key *first = NULL;
    assert_int_equal(vouch_key_parse(steps_state(signer).user_ca, &first, NULL), VOUCH_OK);
    refuses_key(signer, (struct vouch_bytes){0});
    refuses_key(signer, vouch_bytes_of("no key"));
    refuses_key(signer, vouch_key_blob(vouch_private_key_public(weak)));
    refuses_key(signer, vouch_key_blob(first));
    // One that the agent does not hold could never sign.
    ask.key = vouch_key_blob(vouch_private_key_public(next));
    assert_int_equal(vouch_signer_rotate(signer, &ask, 0, &rotated, &fault), VOUCH_ERR_NOT_FOUND);
    assert_string_equal(fault.kind->code, "V-1401");
    test_agent_add(&agent, next);
    assert_int_equal(vouch_signer_rotate(signer, &ask, 0, &rotated, &fault), VOUCH_OK);
    assert_int_equal(rotated.outcome, VOUCH_SIGNER_DONE);
    for (size_t i = 1; i < STEPS_ROUND; i++) {
        steps_do(signer, VOUCH_CERT_USER, steps_round[i]);
        steps_sign(fixture, signer);
    }
    assert_true(vouch_bytes_equal(steps_state(signer).user_ca, ask.key));
    refuses_key(signer, vouch_key_blob(first)); // nor does one that was destroyed come again
    assert_int_equal(steps_files(fixture), 0);
    vouch_signer_close(signer);
    fixture_stop(fixture);
    fixture_open_agent(fixture, agent.at.path);
    fixture_stop(fixture);
    test_agent_end(&agent);
    assert_proven(fixture);
    vouch_key_free(first);
    vouch_private_key_free(next);
    vouch_private_key_free(weak);
}

static int end(void **state) {
    test_agent_end(&agent);
    return fixture_end(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(signs_by_the_agent_and_accounts_for_what_it_did_not_sign,
                                        fixture_begin, end),
        cmocka_unit_test_setup_teardown(goes_round_with_a_key_that_the_agent_holds, fixture_begin,
                                        end),
    };
    return cmocka_run_group_tests_name("signer/agent-keys", tests, NULL, NULL);
}
