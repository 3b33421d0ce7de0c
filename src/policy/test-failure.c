// SPDX-License-Identifier: ISC
// The failure sweep: the n-th allocation fails, for every n. Nothing leaks, nothing is granted, and what
// is answered is that memory was short.
#include "base/test-failing.h"
#include "policy/explain.h"
#include "policy/test-fixture.h"

// Runs a piece of work with each of its allocations failing, and those after it, until it succeeds.
static size_t sweep(int (*work)(void *context, struct vouch_fault *fault), void *context) {
    size_t failures = 0;
    for (long nth = 1;; nth++) {
        struct vouch_fault fault = {0};
        failing_arm(FAIL_MEMORY, nth);
        int err = work(context, &fault);
        failing_disarm();
        if (err == VOUCH_OK) {
            assert_true(failing_seen(FAIL_MEMORY) < nth); // every allocation had its turn
            return failures;
        }
        assert_int_equal(err, VOUCH_ERR_NO_MEMORY);
        assert_true(fault.kind == NULL || fault.err == VOUCH_ERR_NO_MEMORY);
        failures++;
    }
}

static int load_all(void *context, struct vouch_fault *fault) {
    vouch_autodraft struct vouch_policy_draft *draft = NULL;
    vouch_autopolicy struct vouch_policy *policy = NULL;
    (void)context;
    int err = vouch_policy_draft_new(&draft, fault);
    err = err == VOUCH_OK
              ? vouch_policy_draft_read(draft, "test.yaml", text_of(test_policy_text), fault)
              : err;
    err =
        err == VOUCH_OK ? vouch_policy_new(vouch_policy_draft_content(draft), &policy, fault) : err;
    assert_true((err == VOUCH_OK) == (policy != NULL));
    return err;
}

static void loading_survives_each_failing_allocation(void **state) {
    (void)state;
    assert_true(sweep(load_all, NULL) > 10);
}

struct deciding {
    const struct vouch_policy *policy;
    struct vouch_policy_ask ask;
    enum vouch_policy_verdict verdict;
};

static int decide(void *context, struct vouch_fault *fault) {
    const struct deciding *deciding = context;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_policy_decision decision = {0};
    (void)fault;
    int err = vouch_policy_decide(deciding->policy, &deciding->ask, &arena, &decision);
    assert_int_equal(decision.verdict, err == VOUCH_OK ? deciding->verdict : VOUCH_POLICY_REFUSED);
    assert_int_equal(decision.grant.principal_count > 0,
                     err == VOUCH_OK && deciding->verdict == VOUCH_POLICY_GRANTED);
    return err;
}

static void no_failing_allocation_turns_into_a_grant(void **state) {
    (void)state;
    vouch_autopolicy struct vouch_policy *policy = test_policy(test_policy_text);
    static struct vouch_bytes groups[VOUCH_POLICY_ASK_GROUPS_MAX];
    for (size_t i = 0; i < VOUCH_POLICY_ASK_GROUPS_MAX; i++) {
        groups[i] = text_of(i % 2 == 0 ? "guests" : "a,b"); // many reasons, so much memory
    }
    struct deciding deciding = {policy, test_ask(), VOUCH_POLICY_GRANTED};
    assert_true(sweep(decide, &deciding) > 0);
    deciding.ask.groups = groups;
    deciding.ask.group_count = VOUCH_POLICY_ASK_GROUPS_MAX;
    deciding.verdict = VOUCH_POLICY_REFUSED;
    assert_true(sweep(decide, &deciding) > 2);
    deciding.ask = test_ask_as("alice@example.com", "dba");
    deciding.ask.reason = text_of("x");
    deciding.verdict = VOUCH_POLICY_PENDING;
    assert_true(sweep(decide, &deciding) > 0);
}

// An arena that is full is memory that is short: here each allocation of a decision fails, one by one,
// and not only those that need a new chunk.
static void no_full_arena_turns_into_a_grant(void **state) {
    (void)state;
    vouch_autopolicy struct vouch_policy *policy = test_policy(test_policy_text);
    const struct vouch_bytes roles[] = {text_of("dev"), text_of("deployer")};
    struct vouch_policy_ask ask = test_ask();
    ask.roles = roles;
    ask.role_count = 2;
    size_t granted = 0, failed = 0;
    for (size_t room = 0; room < 6 * 8192 && granted == 0; room += 16) {
        vouch_autoarena struct vouch_arena arena = {0};
        // Fill the arena up to its bound but for this room in the newest chunk.
        assert_non_null(vouch_arena_alloc(&arena, 6 * 8192 - room));
        arena.total = VOUCH_ARENA_MAX;
        arena.used = arena.used > room ? arena.used - room : 0;
        struct vouch_policy_decision decision = {0};
        int err = vouch_policy_decide(policy, &ask, &arena, &decision);
        assert_true(err == VOUCH_OK || err == VOUCH_ERR_NO_MEMORY);
        assert_int_equal(decision.verdict,
                         err == VOUCH_OK ? VOUCH_POLICY_GRANTED : VOUCH_POLICY_REFUSED);
        assert_true(err == VOUCH_OK || decision.grant.principal_count == 0);
        granted += err == VOUCH_OK;
        failed += err != VOUCH_OK;
    }
    assert_int_equal(granted, 1);
    assert_true(failed > 20);
}

struct explaining {
    const struct vouch_policy *policy;
    const struct vouch_policy *other;
};

static int explain_all(void *context, struct vouch_fault *fault) {
    const struct explaining *explaining = context;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_policy_view view = {explaining->policy, NOW, &arena};
    struct vouch_policy_paths paths = {0};
    struct vouch_policy_names names = {0};
    struct vouch_policy_diff diff = {0};
    (void)fault;
    int err = vouch_policy_reach(&view, text_of("bob"), &paths);
    err = err == VOUCH_OK ? vouch_policy_who_can(&view, text_of("app"),
                                                 text_of("web1.prod.example.com"), &paths)
                          : err;
    err = err == VOUCH_OK ? vouch_policy_accepted(&view, text_of("lab"),
                                                  text_of("lab1.lab.example.com"), &names)
                          : err;
    err = err == VOUCH_OK ? vouch_policy_compare(&view, explaining->other, &diff) : err;
    assert_int_equal(diff.change_count > 0, err == VOUCH_OK);
    return err;
}

static void explaining_survives_each_failing_allocation(void **state) {
    (void)state;
    vouch_autopolicy struct vouch_policy *policy = test_policy(test_policy_text);
    vouch_autopolicy struct vouch_policy *other =
        test_policy("zones: [{name: prod, patterns: [a.example.com]}]\n");
    struct explaining explaining = {policy, other};
    assert_true(sweep(explain_all, &explaining) > 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loading_survives_each_failing_allocation),
        cmocka_unit_test(no_failing_allocation_turns_into_a_grant),
        cmocka_unit_test(no_full_arena_turns_into_a_grant),
        cmocka_unit_test(explaining_survives_each_failing_allocation),
    };
    return cmocka_run_group_tests_name("policy/failure", tests, NULL, NULL);
}
