// SPDX-License-Identifier: ISC
// Why a login works or not: each check, by what a host reported and what the service knows.
#include "authority/test-reporter.h"
#include "base/str.h"

static struct vouch_answer_explain explain(struct lab *lab, const char *who, const char *login,
                                           const char *host) {
    const struct vouch_caller caller = company_caller(lab, who, 60);
    const struct vouch_ask_explain ask = {.login = vouch_bytes_of(login),
                                          .host = vouch_bytes_of(host)};
    struct vouch_answer_explain answer;
    test_ok(vouch_authority_explain(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer;
}

static enum vouch_check_state check_in(const struct vouch_answer_explain *answer,
                                       const char *name) {
    for (size_t i = 0; i < answer->count; i++) {
        if (vouch_bytes_equal(answer->rows[i].name, vouch_bytes_of(name))) {
            assert_true(answer->rows[i].text.len > 0);
            return answer->rows[i].state;
        }
    }
    fail_msg("there is no check %s", name);
    return VOUCH_CHECK_UNKNOWN;
}

static void a_login_that_works_is_explained(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = reporter_enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_ask_host_report report = reporter_report(lab);
    assert_int_equal(reporter_send_report(lab, &web, &report), VOUCH_VERDICT_DONE);
    (void)reporter_cert(lab, "alice", 3600);
    lab_settle(lab);
    const struct vouch_answer_explain answer = explain(lab, "alice", "app", WEB3);
    static const char *const good[] = {"signed-in",    "account",         "host-known",
                                       "host-reports", "trusts-ca",       "krl-there",
                                       "certificate",  "not-revoked",     "type",
                                       "ca-in-bundle", "sshd-settings",   "expired",
                                       "principal",    "host-certificate"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(check_in(&answer, good[i]), VOUCH_CHECK_OK);
    }
    assert_int_equal(answer.outcome, VOUCH_CHECK_OK);
    assert_true(company_is(answer.instead, "alice"));
    reporter_text(answer.user, "alice");
    reporter_text(answer.host, WEB3);
}

// Text of a report, and what becomes of the check for the login app; UNKNOWN: there is none.
static void what_holds_for_some_only_is_judged_by_its_criteria(void **state) {
    static const struct {
        const char *setting;
        enum vouch_check_state state;
    } rows[] = {
        {"match trustedusercakeys none if User app", VOUCH_CHECK_FAIL},
        {"match pubkeyauthentication no if User x,a*", VOUCH_CHECK_FAIL},
        {"match trustedusercakeys none if all", VOUCH_CHECK_FAIL},
        {"match revokedkeys none if User app", VOUCH_CHECK_WARN},
        {"match trustedusercakeys none if Address 10.0.0.0/8", VOUCH_CHECK_WARN},
        {"match trustedusercakeys none if User app Address 10.0.0.0/8", VOUCH_CHECK_WARN},
        {"match trustedusercakeys none if User root", VOUCH_CHECK_UNKNOWN},
        {"match trustedusercakeys none if User a*,!app", VOUCH_CHECK_UNKNOWN},
        {"match trustedusercakeys none", VOUCH_CHECK_UNKNOWN},
    };
    struct lab *lab = *state;
    const struct vouch_caller web = reporter_enrol(lab, WEB3, "prod", "tier=web");
    (void)reporter_cert(lab, "alice", 3600);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_bytes setting = vouch_bytes_of(rows[i].setting);
        struct vouch_ask_host_report report = reporter_report(lab);
        enum vouch_check_state found = VOUCH_CHECK_UNKNOWN;
        report.settings = (struct vouch_text_list){&setting, 1};
        assert_int_equal(reporter_send_report(lab, &web, &report), VOUCH_VERDICT_DONE);
        const struct vouch_answer_explain answer = explain(lab, "alice", "app", WEB3);
        for (size_t j = 0; j < answer.count; j++) {
            if (vouch_bytes_equal(answer.rows[j].name, vouch_bytes_of("sshd-match"))) {
                found = answer.rows[j].state;
            }
        }
        assert_int_equal(found, rows[i].state);
    }
}

static void each_cause_of_a_refusal_is_found(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = reporter_enrol(lab, WEB3, "prod", "tier=web");
    struct vouch_ask_host_report report = reporter_report(lab);
    struct vouch_answer_explain answer = explain(lab, "alice", "app", "nowhere.example.com");
    assert_int_equal(check_in(&answer, "host-known"), VOUCH_CHECK_FAIL);
    assert_int_equal(answer.outcome, VOUCH_CHECK_FAIL);
    answer = explain(lab, "alice", "app", WEB3); // no certificate, and no report
    assert_int_equal(check_in(&answer, "certificate"), VOUCH_CHECK_FAIL);
    assert_int_equal(check_in(&answer, "host-reports"), VOUCH_CHECK_UNKNOWN);
    const struct vouch_cert_row cert = reporter_cert(lab, "alice", 3600);
    lab_settle(lab);
    assert_int_equal(explain(lab, "alice", "app", WEB3).outcome, VOUCH_CHECK_UNKNOWN);
    report.krl_version = 0;
    report.ca_keys.count = 0;
    assert_int_equal(reporter_send_report(lab, &web, &report), VOUCH_VERDICT_DONE);
    answer = explain(lab, "alice", "root", WEB3);
    assert_int_equal(check_in(&answer, "krl-there"), VOUCH_CHECK_FAIL);
    assert_int_equal(check_in(&answer, "trusts-ca"), VOUCH_CHECK_FAIL);
    assert_int_equal(check_in(&answer, "sshd-root"), VOUCH_CHECK_FAIL);
    assert_int_equal(check_in(&answer, "principal"), VOUCH_CHECK_FAIL);
    assert_int_equal(answer.outcome, VOUCH_CHECK_FAIL);
    assert_true(company_is(answer.instead, "alice app"));
    const struct vouch_bytes problem = vouch_bytes_of("its certificate has expired");
    report.problems = (struct vouch_text_list){&problem, 1};
    assert_int_equal(reporter_send_report(lab, &web, &report), VOUCH_VERDICT_DONE);
    answer = explain(lab, "alice", "app", WEB3);
    assert_int_equal(check_in(&answer, "host-reports"), VOUCH_CHECK_WARN);
    report.problems.count = 0;
    report.time_s += 2 * 3600; // its clock is ahead
    report.krl_version = 1;
    assert_int_equal(reporter_send_report(lab, &web, &report), VOUCH_VERDICT_DONE);
    answer = explain(lab, "alice", "app", WEB3);
    assert_int_equal(check_in(&answer, "clock"), VOUCH_CHECK_WARN);
    assert_int_equal(check_in(&answer, "expired"), VOUCH_CHECK_FAIL);
    reporter_revoke(lab, cert.serial);
    answer = explain(lab, "alice", "app", WEB3);
    assert_int_equal(check_in(&answer, "not-revoked"), VOUCH_CHECK_FAIL);
}

static void what_sshd_refused_lately_is_shown(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = reporter_enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_cert_row cert = reporter_cert(lab, "alice", 3600);
    struct vouch_login_row row = reporter_login(lab, &cert);
    row.outcome = VOUCH_LOGIN_REFUSED;
    row.reason = vouch_bytes_of("principal");
    assert_int_equal(reporter_send_logins(lab, &web, 0, &row, 1), 1);
    const struct vouch_answer_explain answer = explain(lab, "alice", "app", WEB3);
    assert_int_equal(answer.refused_count, 1);
    reporter_text(answer.refused[0].reason, "principal");
    assert_int_equal(explain(lab, "bob", "app", WEB3).refused_count, 0);
}

static struct vouch_bytes next_of(const struct vouch_answer_explain *answer, const char *name) {
    for (size_t i = 0; i < answer->count; i++) {
        if (vouch_bytes_equal(answer->rows[i].name, vouch_bytes_of(name))) {
            return answer->rows[i].next;
        }
    }
    return (struct vouch_bytes){0};
}

static void the_next_step_is_the_role_that_grants_the_login(void **state) {
    struct lab *lab = *state;
    const char *const db = "db1.prod.example.com";
    (void)reporter_cert(lab, "alice", 3600);
    (void)reporter_cert(lab, "bob", 3600);
    lab_settle(lab);
    struct vouch_answer_explain answer = explain(lab, "alice", "postgres", db);
    assert_int_equal(check_in(&answer, "principal"), VOUCH_CHECK_FAIL);
    reporter_text(next_of(&answer, "principal"), "vouch request dba");
    answer = explain(lab, "bob", "postgres", db);
    reporter_text(next_of(&answer, "principal"),
                  "an administrator puts you in a role that grants it");
    answer = explain(lab, "alice", "till", "till1.prod.example.com");
    reporter_text(next_of(&answer, "principal"),
                  "vouch login"); // the role needs a reason, no approval
}

static void only_readers_ask_about_others(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_explain ask = {.user = vouch_bytes_of("alice"),
                                          .login = vouch_bytes_of("app"),
                                          .host = vouch_bytes_of("web1.prod.example.com")};
    struct vouch_answer_explain answer;
    struct vouch_caller caller = company_caller(lab, "bob", 60);
    test_ok(vouch_authority_explain(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    caller = company_caller(lab, "eve", 60);
    test_ok(vouch_authority_explain(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    reporter_text(answer.user, "alice");
    assert_int_equal(check_in(&answer, "signed-in"), VOUCH_CHECK_WARN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, company_begin, company_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_login_that_works_is_explained),
        TEST(what_holds_for_some_only_is_judged_by_its_criteria),
        TEST(each_cause_of_a_refusal_is_found),
        TEST(what_sshd_refused_lately_is_shown),
        TEST(the_next_step_is_the_role_that_grants_the_login),
        TEST(only_readers_ask_about_others),
    };
    return cmocka_run_group_tests_name("authority/explain", tests, NULL, NULL);
}
