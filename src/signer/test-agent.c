// SPDX-License-Identifier: ISC
// Tests of the holder that keeps its key in the system's ssh-agent.
#include <stdio.h>

#include "core/test-ssh-agent.h"
#include "signer/holder.h"

static struct test_agent agent;
static struct vouch_private_key *ed25519;
static struct vouch_private_key *rsa;

static int begin(void **state) {
    (void)state;
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &ed25519), VOUCH_OK);
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_RSA, 3072, &rsa), VOUCH_OK);
    test_agent_begin(&agent);
    return 0;
}

static int end(void **state) {
    (void)state;
    test_agent_end(&agent);
    vouch_private_key_free(ed25519);
    vouch_private_key_free(rsa);
    return 0;
}

static struct vouch_holder *open_holder(const struct vouch_private_key *key) {
    struct vouch_holder *holder = NULL;
    const struct vouch_key *public_key = vouch_private_key_public(key);
    assert_int_equal(vouch_holder_agent_open(agent.at.path, public_key, &holder, NULL), VOUCH_OK);
    assert_true(vouch_key_equal(holder->key, public_key));
    return holder;
}

static int sign(struct vouch_holder *holder, const char *algorithm, struct vouch_buf *signature,
                struct vouch_fault *fault) {
    vouch_buf_init(signature, VOUCH_SIGNATURE_MAX);
    return holder->driver->sign(holder, algorithm, vouch_bytes_of("tbs"), signature, fault);
}

// Holds the holder to the fault that it must give, and to giving no signature.
static void assert_not_signed(struct vouch_holder *holder, const char *algorithm, int err,
                              const struct vouch_fault_kind *kind, const char *why) {
    struct vouch_buf signature;
    struct vouch_fault fault = {0};
    assert_int_equal(sign(holder, algorithm, &signature, &fault), err);
    assert_ptr_equal(fault.kind, kind);
    assert_non_null(strstr(fault.text, why));
    assert_int_equal(signature.len, 0);
    vouch_buf_done(&signature);
}

static void refuses_a_key_that_the_agent_does_not_hold(void **state) {
    (void)state;
    struct vouch_holder *holder = NULL;
    struct vouch_fault fault = {0};
    const struct vouch_key *key = vouch_private_key_public(ed25519);
    assert_int_equal(vouch_holder_agent_open(agent.at.path, key, &holder, &fault),
                     VOUCH_ERR_NOT_FOUND);
    assert_null(holder);
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(key, VOUCH_HASH_SHA256, fingerprint);
    assert_non_null(strstr(fault.text, fingerprint));
    assert_non_null(strstr(fault.text, agent.at.path));
    assert_non_null(strstr(fault.next, "ssh-add"));
    test_agent_add(&agent, rsa);
    assert_int_equal(vouch_holder_agent_open(agent.at.path, key, &holder, &fault),
                     VOUCH_ERR_NOT_FOUND);
    assert_null(holder);
}

static void signs_with_the_algorithm_that_is_asked_for(void **state) {
    (void)state;
    test_agent_add(&agent, ed25519);
    test_agent_add(&agent, rsa);
    static const char *const algorithms[] = {NULL, "ssh-ed25519", NULL, "rsa-sha2-512",
                                             "rsa-sha2-256"};
    static const char *const wanted[] = {"ssh-ed25519", "ssh-ed25519", "rsa-sha2-512",
                                         "rsa-sha2-512", "rsa-sha2-256"};
    for (size_t i = 0; i < 5; i++) {
        struct vouch_holder *holder = open_holder(i < 2 ? ed25519 : rsa);
        struct vouch_buf signature;
        assert_int_equal(sign(holder, algorithms[i], &signature, NULL), VOUCH_OK);
        struct vouch_bytes made = vouch_buf_bytes(&signature);
        assert_int_equal(vouch_key_verify(holder->key, made, vouch_bytes_of("tbs")), VOUCH_OK);
        assert_true(vouch_bytes_equal(vouch_signature_algorithm(made), vouch_bytes_of(wanted[i])));
        vouch_buf_done(&signature);
        vouch_holder_close(holder);
    }
}

static void refuses_the_algorithm_of_another_type(void **state) {
    (void)state;
    test_agent_add(&agent, ed25519);
    struct vouch_holder *holder = open_holder(ed25519);
    assert_not_signed(holder, "rsa-sha2-512", VOUCH_ERR_UNSUPPORTED, &vouch_fault_agent,
                      "signature algorithm");
    vouch_holder_close(holder);
}

static void says_so_when_the_agent_has_gone(void **state) {
    (void)state;
    test_agent_add(&agent, ed25519);
    struct vouch_holder *holder = open_holder(ed25519);
    test_agent_end(&agent);
    assert_not_signed(holder, NULL, VOUCH_ERR_NOT_FOUND, &vouch_fault_agent,
                      "there is no such socket");
    vouch_holder_close(holder);
}

static void says_so_when_a_restarted_agent_has_lost_the_key(void **state) {
    (void)state;
    // The socket's path stays the same: what changed is who listens there.
    test_agent_add(&agent, ed25519);
    struct vouch_holder *holder = open_holder(ed25519);
    static const struct test_reply refusal = {"\0\0\0\1\5", 5, 0};
    struct test_script script;
    test_script_begin(&script, &refusal, 1);
    assert_int_equal(rename(script.at.path, agent.at.path), 0);
    assert_not_signed(holder, NULL, VOUCH_ERR_REFUSED, &vouch_fault_sign, "request was refused");
    vouch_holder_close(holder);
    test_script_end(&script);
}

#define ON_AGENT(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_AGENT(refuses_a_key_that_the_agent_does_not_hold),
        ON_AGENT(signs_with_the_algorithm_that_is_asked_for),
        ON_AGENT(refuses_the_algorithm_of_another_type),
        ON_AGENT(says_so_when_the_agent_has_gone),
        ON_AGENT(says_so_when_a_restarted_agent_has_lost_the_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
