// SPDX-License-Identifier: ISC
// The company of a demonstration and the plan of its days: decided by the seed alone, whole, and never in
// the future.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "prog/vouchd/demo-plan.h"

#define NOW_S UINT64_C(1795000000)
#define SCALE 20u

static struct vouch_fault fault;

static struct vouch_demo_company *company_of(uint64_t seed, uint64_t scale) {
    const struct vouch_demo_what what = {.seed = seed, .scale = scale, .now_s = NOW_S};
    struct vouch_demo_company *company = NULL;
    assert_int_equal(vouch_demo_company_new(&what, &company, &fault), VOUCH_OK);
    return company;
}

static struct vouch_demo_plan plan_of(const struct vouch_demo_company *company) {
    struct vouch_demo_plan plan = {0};
    assert_int_equal(vouch_demo_plan_new(company, &plan, &fault), VOUCH_OK);
    return plan;
}

static int hosts_differ(const struct vouch_demo_company *a, const struct vouch_demo_company *b) {
    size_t differ = 0;
    for (size_t i = 0; i < a->host_count; i++) {
        differ += strcmp(a->hosts[i].name, b->hosts[i].name) != 0 ||
                  memcmp(a->hosts[i].labels, b->hosts[i].labels, sizeof a->hosts[i].labels) != 0 ||
                  a->hosts[i].mood != b->hosts[i].mood;
    }
    return differ != 0;
}

static void the_same_seed_gives_the_same_company_and_days(void **state) {
    (void)state;
    struct vouch_demo_company *a = company_of(7, SCALE), *b = company_of(7, SCALE);
    struct vouch_demo_plan one = plan_of(a), other = plan_of(b);
    assert_int_equal(a->host_count, b->host_count);
    assert_false(hosts_differ(a, b));
    assert_int_equal(one.count, other.count);
    for (size_t i = 0; i < one.count; i++) {
        assert_int_equal(one.moments[i].time_ms, other.moments[i].time_ms);
        assert_int_equal(one.moments[i].kind, other.moments[i].kind);
        assert_int_equal(one.moments[i].who, other.moments[i].who);
    }
    vouch_demo_plan_done(&one);
    vouch_demo_plan_done(&other);
    vouch_demo_company_free(a);
    vouch_demo_company_free(b);
}

static void another_seed_gives_another_company(void **state) {
    (void)state;
    struct vouch_demo_company *a = company_of(7, SCALE), *b = company_of(8, SCALE);
    assert_true(hosts_differ(a, b));
    vouch_demo_company_free(a);
    vouch_demo_company_free(b);
}

static void at_scale_one_it_is_as_large_as_it_says(void **state) {
    (void)state;
    struct vouch_demo_company *company = company_of(1, 1);
    assert_int_equal(company->host_count, 5000);
    assert_int_equal(company->user_count, 1000);
    assert_int_equal(company->event_count, 1000000);
    vouch_demo_company_free(company);
}

static void nobody_and_nothing_has_the_name_of_another(void **state) {
    (void)state;
    struct vouch_demo_company *company = company_of(1, 1);
    for (size_t i = 0; i < company->user_count; i++) {
        for (size_t j = i + 1; j < company->user_count; j++) {
            assert_string_not_equal(company->users[i].name, company->users[j].name);
        }
    }
    for (size_t i = 0; i + 1 < company->host_count; i++) { // their numbers stand in them
        assert_string_not_equal(company->hosts[i].name, company->hosts[i + 1].name);
    }
    vouch_demo_company_free(company);
}

static void there_are_hosts_in_every_mood(void **state) {
    (void)state;
    size_t counts[VOUCH_DEMO_WAITING + 1] = {0};
    struct vouch_demo_company *company = company_of(1, 1);
    for (size_t i = 0; i < company->host_count; i++) {
        counts[company->hosts[i].mood]++;
    }
    for (size_t mood = 0; mood <= VOUCH_DEMO_WAITING; mood++) {
        assert_true(counts[mood] > 0);
    }
    assert_true(counts[VOUCH_DEMO_WELL] > company->host_count * 8 / 10);
    vouch_demo_company_free(company);
}

static void every_version_of_the_policy_is_one(void **state) {
    (void)state;
    struct vouch_demo_company *company = company_of(1, SCALE);
    size_t roles = 0;
    for (unsigned version = 1; version <= VOUCH_DEMO_POLICIES; version++) {
        struct vouch_policy *policy = NULL;
        assert_int_equal(vouch_demo_policy_read(company, version, &policy, &fault), VOUCH_OK);
        const struct vouch_policy_content *content = vouch_policy_holds(policy);
        assert_int_equal(content->user_count, company->user_count);
        assert_true(content->role_count >= roles);
        assert_true(vouch_demo_policy_time_s(company, version) < NOW_S);
        roles = content->role_count;
        vouch_policy_free(policy);
    }
    assert_int_equal(roles, VOUCH_DEMO_ROLES);
    vouch_demo_company_free(company);
}

static void the_policy_has_every_role_and_group_that_the_company_knows(void **state) {
    (void)state;
    struct vouch_policy *policy = NULL;
    struct vouch_demo_company *company = company_of(1, SCALE);
    assert_int_equal(vouch_demo_policy_read(company, VOUCH_DEMO_POLICIES, &policy, &fault),
                     VOUCH_OK);
    for (size_t i = 0; i < VOUCH_DEMO_ROLES; i++) {
        const struct vouch_demo_role *role = &vouch_demo_roles[i];
        const struct vouch_policy_role *found =
            vouch_policy_role_named(policy, vouch_bytes_of(role->name));
        assert_non_null(found);
        assert_int_equal(found->approval_count > 0, role->by != NULL);
        assert_true(vouch_bytes_equal(found->zone, vouch_bytes_of(vouch_demo_zones[role->zone])));
    }
    for (size_t i = 0; i < company->user_count; i++) {
        const struct vouch_bytes name = vouch_bytes_of(company->users[i].name);
        assert_int_equal(vouch_policy_group_has(policy, vouch_bytes_of("platform"), name) != 0,
                         vouch_demo_in_group(company, "platform", i) != 0);
    }
    assert_true(
        vouch_policy_group_has(policy, vouch_bytes_of("vouch-admins"), vouch_bytes_of("admin")));
    assert_true(vouch_policy_group_has(policy, vouch_bytes_of("vouch-auditors"),
                                       vouch_bytes_of("auditor")));
    vouch_policy_free(policy);
    vouch_demo_company_free(company);
}

static void the_plan_is_in_order_and_ends_before_now(void **state) {
    (void)state;
    struct vouch_demo_company *company = company_of(3, SCALE);
    struct vouch_demo_plan plan = plan_of(company);
    assert_int_equal(plan.count, company->event_count);
    for (size_t i = 1; i < plan.count; i++) {
        assert_true(plan.moments[i].time_ms >= plan.moments[i - 1].time_ms);
    }
    assert_true(plan.moments[0].time_ms >= company->start_s * 1000);
    assert_true(plan.moments[plan.count - 1].time_ms < NOW_S * 1000);
    vouch_demo_plan_done(&plan);
    vouch_demo_company_free(company);
}

static void something_of_every_kind_happens(void **state) {
    (void)state;
    size_t counts[VOUCH_DEMO_KINDS] = {0};
    struct vouch_demo_company *company = company_of(1, 1);
    struct vouch_demo_plan plan = plan_of(company);
    for (size_t i = 0; i < plan.count; i++) {
        assert_true(plan.moments[i].kind < VOUCH_DEMO_KINDS);
        counts[plan.moments[i].kind]++;
    }
    for (size_t kind = 0; kind < VOUCH_DEMO_KINDS; kind++) {
        assert_true(counts[kind] > 0);
    }
    vouch_demo_plan_done(&plan);
    vouch_demo_company_free(company);
}

static void nobody_decides_on_their_own_request(void **state) {
    (void)state;
    struct vouch_demo_company *company = company_of(1, 1);
    struct vouch_demo_plan plan = plan_of(company);
    for (size_t i = 0; i < plan.request_count; i++) {
        const struct vouch_demo_request *request = &plan.requests[i];
        const char *by = vouch_demo_roles[request->role].by;
        assert_non_null(by);
        assert_int_not_equal(request->user, request->approver);
        assert_true(vouch_demo_in_group(company, by, request->approver));
        assert_true(request->decided_ms == 0 || request->decided_ms > request->asked_ms);
        assert_true(request->taken_ms == 0 || request->taken_ms > request->decided_ms);
    }
    vouch_demo_plan_done(&plan);
    vouch_demo_company_free(company);
}

// A tenth of the events of a working day fall into its nights.
static void the_nights_are_quiet(void **state) {
    (void)state;
    size_t night = 0, day = 0;
    struct vouch_demo_company *company = company_of(1, SCALE);
    struct vouch_demo_plan plan = plan_of(company);
    for (size_t i = 0; i < plan.count; i++) {
        uint64_t hour = plan.moments[i].time_ms / 3600000 % 24;
        night += plan.moments[i].kind == VOUCH_DEMO_SIGN_IN && hour < 5 ? 1 : 0;
        day += plan.moments[i].kind == VOUCH_DEMO_SIGN_IN && hour >= 8 && hour < 13 ? 1 : 0;
    }
    assert_true(night * 10 < day);
    vouch_demo_plan_done(&plan);
    vouch_demo_company_free(company);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_company_and_days),
        cmocka_unit_test(another_seed_gives_another_company),
        cmocka_unit_test(at_scale_one_it_is_as_large_as_it_says),
        cmocka_unit_test(nobody_and_nothing_has_the_name_of_another),
        cmocka_unit_test(there_are_hosts_in_every_mood),
        cmocka_unit_test(every_version_of_the_policy_is_one),
        cmocka_unit_test(the_policy_has_every_role_and_group_that_the_company_knows),
        cmocka_unit_test(the_plan_is_in_order_and_ends_before_now),
        cmocka_unit_test(something_of_every_kind_happens),
        cmocka_unit_test(nobody_decides_on_their_own_request),
        cmocka_unit_test(the_nights_are_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
