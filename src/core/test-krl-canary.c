// SPDX-License-Identifier: ISC
// Tests of the canaries of revocation lists: the same for everybody who knows the name, and telling.
#include "core/krl-canary.h"
#include "core/test-krl.h"

static const char name[] = "vouch.example/prod";

static enum vouch_krl_canaries judged(const struct vouch_krl *krl, const char *ca_name) {
    enum vouch_krl_canaries canaries = VOUCH_KRL_CANARIES_UNKNOWN;
    assert_int_equal(vouch_krl_canary_judge(krl, vouch_bytes_of(ca_name), &canaries), VOUCH_OK);
    return canaries;
}

// The keys are part of the format: who else derives them must get the same.
static void the_keys_follow_from_the_name(void **state) {
    (void)state;
    static const struct {
        const char *ca_name;
        enum vouch_krl_canary which;
        const char *line;
    } rows[] = {
        {"vouch.example/prod", VOUCH_KRL_CANARY_BAD,
         "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBDYpuRbFaBKr8cvZplMvNs3yeJdsJn4x/0nhJjKEz2g"},
        {"vouch.example/prod", VOUCH_KRL_CANARY_GOOD,
         "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGE/HsFNfxg4LIdSrqkkL96TrgMGZrD1FGyjHzBQquL9"},
        {"other", VOUCH_KRL_CANARY_BAD,
         "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII76iWt8iBdfS3saKcD3Kg6zUdE1Vn+x92rrFGhOQokl"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_key *key = NULL;
        struct vouch_buf line;
        vouch_buf_init(&line, 1024);
        assert_int_equal(vouch_krl_canary(vouch_bytes_of(rows[i].ca_name), rows[i].which, &key),
                         VOUCH_OK);
        vouch_key_print(key, NULL, &line);
        assert_true(vouch_bytes_equal(vouch_buf_bytes(&line), vouch_bytes_of(rows[i].line)));
        vouch_buf_done(&line);
        vouch_key_free(key);
    }
}

static void a_list_with_the_canary_is_as_due_for_its_own_ca_alone(void **state) {
    (void)state;
    struct vouch_krl *krl = make_rich();
    assert_int_equal(judged(krl, name), VOUCH_KRL_CANARIES_BAD_PASSES);
    assert_int_equal(vouch_krl_canary_add(krl, vouch_bytes_of(name)), VOUCH_OK);
    assert_int_equal(judged(krl, name), VOUCH_KRL_CANARIES_AS_DUE);
    assert_int_equal(judged(krl, "other"), VOUCH_KRL_CANARIES_BAD_PASSES);
    struct vouch_buf bytes = written(krl);
    struct vouch_krl *again = parse(&bytes);
    assert_int_equal(judged(again, name), VOUCH_KRL_CANARIES_AS_DUE);
    vouch_krl_free(again);
    vouch_buf_done(&bytes);
    vouch_krl_free(krl);
}

static void an_empty_list_lets_the_bad_one_pass(void **state) {
    (void)state;
    struct vouch_krl *krl = vouch_krl_new();
    assert_int_equal(judged(krl, name), VOUCH_KRL_CANARIES_BAD_PASSES);
    vouch_krl_free(krl);
}

static void a_list_that_revokes_the_good_one_is_found_out(void **state) {
    (void)state;
    struct vouch_krl *krl = vouch_krl_new();
    struct vouch_key *good = NULL;
    assert_int_equal(vouch_krl_canary(vouch_bytes_of(name), VOUCH_KRL_CANARY_GOOD, &good),
                     VOUCH_OK);
    assert_int_equal(vouch_krl_canary_add(krl, vouch_bytes_of(name)), VOUCH_OK);
    assert_int_equal(vouch_krl_add_key(krl, good), VOUCH_OK);
    assert_int_equal(judged(krl, name), VOUCH_KRL_CANARIES_GOOD_REFUSED);
    vouch_key_free(good);
    vouch_krl_free(krl);
}

static void refuses_a_ca_without_a_name(void **state) {
    (void)state;
    struct vouch_key *key = NULL;
    static const char letters[1025] = {'x'};
    const struct vouch_bytes names[] = {{0}, {(const uint8_t *)letters, sizeof letters}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(vouch_krl_canary(names[i], VOUCH_KRL_CANARY_BAD, &key),
                         VOUCH_ERR_ARGUMENT);
        assert_null(key);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_keys_follow_from_the_name),
        cmocka_unit_test(a_list_with_the_canary_is_as_due_for_its_own_ca_alone),
        cmocka_unit_test(an_empty_list_lets_the_bad_one_pass),
        cmocka_unit_test(a_list_that_revokes_the_good_one_is_found_out),
        cmocka_unit_test(refuses_a_ca_without_a_name),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
