// SPDX-License-Identifier: ISC
// What enrolled hosts install and report, the logins that they send, and what is made of it all: alarms,
// searches, who reaches what.
#include "authority/test-reporter.h"
#include "base/str.h"
#include "store/host-reports.h"
#include "store/logins.h"

#include <stdatomic.h>

// --- what a host installs

static struct vouch_answer_host_state state_of(struct lab *lab, const struct vouch_caller *caller,
                                               uint64_t have) {
    const struct vouch_ask_host_state ask = {.have = have};
    struct vouch_answer_host_state answer;
    test_ok(vouch_authority_host_state(lab->admin, caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer;
}

static const struct vouch_host_login *login_in(const struct vouch_answer_host_state *answer,
                                               const char *login) {
    for (size_t i = 0; i < answer->login_count; i++) {
        if (vouch_bytes_equal(answer->logins[i].login, vouch_bytes_of(login))) {
            return &answer->logins[i];
        }
    }
    return NULL;
}

static void a_host_gets_the_logins_that_roles_grant_there(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = reporter_enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_answer_host_state answer = state_of(lab, &web, 0);
    reporter_text(answer.name, WEB3);
    reporter_text(answer.zone, "prod");
    assert_int_equal(answer.by_login, 0);
    assert_true(answer.version > 0);
    assert_true(answer.krl_version > 0);
    assert_int_equal(login_in(&answer, "app")->principal_count, 1);
    reporter_text(login_in(&answer, "app")->principals[0].principal, "role:dev");
    reporter_text(login_in(&answer, "app")->principals[0].why, "role dev, label tier=web");
    reporter_text(login_in(&answer, "alice")->principals[0].principal, "role:dev:alice");
    assert_null(login_in(&answer, "postgres")); // of another label
    assert_null(login_in(&answer, "root"));
}

static void in_a_zone_of_plain_logins_there_are_no_files(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller bench = reporter_enrol(lab, BENCH2, "lab", "");
    const struct vouch_answer_host_state answer = state_of(lab, &bench, 0);
    assert_int_equal(answer.by_login, 1);
    assert_int_equal(answer.login_count, 0);
    assert_true(answer.version > 0);
}

static void a_host_of_a_zone_that_is_gone_gets_no_login(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller other = reporter_enrol(lab, "x.old.example.com", "old", "tier=web");
    const struct vouch_answer_host_state answer = state_of(lab, &other, 0);
    assert_int_equal(answer.login_count, 0);
    reporter_text(answer.zone, "old");
}

static void the_version_rises_with_the_content_alone(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = reporter_enrol(lab, WEB3, "prod", "tier=web");
    uint64_t first = state_of(lab, &web, 0).version;
    struct vouch_answer_host_state answer = state_of(lab, &web, first);
    assert_int_equal(answer.version, first);
    assert_int_equal(answer.login_count, 0); // the host has them
    company_change(lab, "logins: [postgres]", "logins: [postgres, pgadmin]");
    assert_int_equal(state_of(lab, &web, first).version, first);
    company_change(lab, "logins: [$user, app]", "logins: [$user, app, web]");
    answer = state_of(lab, &web, first);
    assert_true(answer.version > first);
    reporter_text(login_in(&answer, "web")->principals[0].principal, "role:dev");
}

static void nobody_but_a_host_is_given_a_state(void **state) {
    struct lab *lab = *state;
    const struct vouch_ask_host_state ask = {0};
    const struct vouch_caller callers[] = {lab_local(), company_caller(lab, "root-of-all", 10)};
    for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++) {
        struct vouch_answer_host_state answer;
        test_ok(vouch_authority_host_state(lab->admin, &callers[i], &ask, &answer, &fault));
        lab_verdict(answer, VOUCH_VERDICT_UNKNOWN);
        assert_int_equal(answer.version, 0);
    }
}

static uint64_t fleet_seq(struct lab *lab, uint64_t have, uint64_t wait_ms) {
    const struct vouch_caller caller = lab_local();
    struct vouch_ask_public ask = {0};
    struct vouch_answer_public answer;
    lab_settle(lab);
    test_ok(vouch_authority_public(lab->admin, &caller, &ask, &answer, &fault));
    ask =
        (struct vouch_ask_public){.krl_versions = {answer.krls[0].version, answer.krls[1].version},
                                  .checkpoint_size = answer.checkpoint_size,
                                  .trust_version = answer.trust_version,
                                  .fleet_seq = have,
                                  .wait_ms = wait_ms};
    test_ok(vouch_authority_public(lab->admin, &caller, &ask, &answer, &fault));
    return answer.fleet_seq;
}

static void whoever_waits_is_told_that_hosts_have_news(void **state) {
    struct lab *lab = *state;
    uint64_t first = fleet_seq(lab, 0, 0);
    assert_int_not_equal(first, 0);
    assert_int_equal(fleet_seq(lab, first, 1), first);
    company_change(lab, "logins: [$user, app]", "logins: [$user, app, web]");
    uint64_t second = fleet_seq(lab, first, 30000);
    assert_true(second > first);
    (void)reporter_enrol(lab, WEB3, "prod", "tier=web");
    assert_true(fleet_seq(lab, second, 30000) > second);
}

// --- reports

static struct vouch_store_host_report kept_report(struct lab *lab, struct vouch_arena *arena) {
    struct vouch_store_host host = {0};
    struct vouch_store_host_report report = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    pthread_mutex_lock(&lab->office->desk_lock);
    test_ok(vouch_store_host_by_name(lab->office->desk, vouch_bytes_of(WEB3), arena, &outcome,
                                     &host, &fault));
    test_ok(
        vouch_store_host_report_find(lab->office->desk, host.id, arena, &outcome, &report, &fault));
    pthread_mutex_unlock(&lab->office->desk_lock);
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    return report;
}

static void a_report_is_kept_and_written_no_more_often_than_it_changes(void **state) {
    struct lab *lab = *state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_caller web = reporter_enrol(lab, WEB3, "prod", "tier=web");
    struct vouch_ask_host_report ask = reporter_report(lab);
    assert_int_equal(reporter_send_report(lab, &web, &ask), VOUCH_VERDICT_DONE);
    struct vouch_store_host_report kept = kept_report(lab, &arena);
    assert_int_equal(kept.state_version, 3);
    reporter_text(kept.health, "ok");
    assert_true(kept.clock_ms <= 0 && kept.clock_ms >= -5000);
    ask.time_s += 1000; // the same report: not written
    assert_int_equal(reporter_send_report(lab, &web, &ask), VOUCH_VERDICT_DONE);
    assert_true(kept_report(lab, &arena).clock_ms <= 0);
    ask.state_version = 4; // another
    assert_int_equal(reporter_send_report(lab, &web, &ask), VOUCH_VERDICT_DONE);
    kept = kept_report(lab, &arena);
    assert_int_equal(kept.state_version, 4);
    assert_true(kept.clock_ms > 900000 && kept.clock_ms <= 1000000);
}

static void a_report_that_makes_no_sense_is_refused(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = reporter_enrol(lab, WEB3, "prod", "tier=web");
    struct vouch_ask_host_report ask = reporter_report(lab);
    const struct vouch_bytes bad = vouch_bytes_of("a\x1b[2Jb");
    ask.health = vouch_bytes_of("splendid");
    assert_int_equal(reporter_send_report(lab, &web, &ask), VOUCH_VERDICT_INVALID);
    ask.health = vouch_bytes_of("ok");
    ask.problems = (struct vouch_text_list){&bad, 1};
    assert_int_equal(reporter_send_report(lab, &web, &ask), VOUCH_VERDICT_INVALID);
}

// --- logins

static struct vouch_answer_logins search(struct lab *lab, const char *who,
                                         const struct vouch_ask_logins *ask) {
    const struct vouch_caller caller = company_caller(lab, who, 60);
    struct vouch_answer_logins answer;
    test_ok(vouch_authority_logins(lab->admin, &caller, ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer;
}

static void a_login_is_joined_to_whom_its_certificate_was_given(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = reporter_enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_cert_row cert = reporter_cert(lab, "alice", 3600);
    struct vouch_login_row row = reporter_login(lab, &cert);
    assert_int_equal(reporter_send_logins(lab, &web, 0, &row, 1), 1);
    const struct vouch_ask_logins ask = {.user = vouch_bytes_of("alice")};
    const struct vouch_answer_logins answer = search(lab, "eve", &ask);
    assert_int_equal(answer.count, 1);
    reporter_text(answer.rows[0].user, "alice");
    reporter_text(answer.rows[0].host, WEB3);
    reporter_text(answer.rows[0].alarm, "");
    reporter_text(answer.rows[0].login, "app");
    assert_int_equal(answer.rows[0].serial, row.serial);
    assert_int_equal(atomic_load(&lab->office->logins), 1);
    assert_int_equal(atomic_load(&lab->office->alarms), 0);
    assert_int_equal(company_events(lab, "host.logins", WEB3), 1);
    assert_int_equal(company_events(lab, "login.alarm", WEB3), 0);
}

static size_t count_logins(struct lab *lab) {
    const struct vouch_ask_logins ask = {.page = {.limit = 200}};
    return search(lab, "eve", &ask).count;
}

static void none_is_taken_twice_and_none_is_missed_in_silence(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = reporter_enrol(lab, WEB3, "prod", "tier=web");
    struct vouch_login_row rows[3] = {0};
    for (size_t i = 0; i < 3; i++) {
        rows[i] = (struct vouch_login_row){.time_ms = vouch_time_now_ms(),
                                           .outcome = VOUCH_LOGIN_REFUSED,
                                           .login = vouch_bytes_of("root"),
                                           .method = vouch_bytes_of("password")};
    }
    assert_int_equal(reporter_send_logins(lab, &web, 10, rows, 3),
                     13); // it counted before it was enrolled
    assert_int_equal(reporter_send_logins(lab, &web, 10, rows, 3),
                     13); // sent again: the answer was lost
    assert_int_equal(count_logins(lab), 3);
    assert_int_equal(reporter_send_logins(lab, &web, 12, rows, 3), 15); // one of them was taken
    assert_int_equal(count_logins(lab), 5);
    assert_int_equal(company_events(lab, "host.logins.gap", WEB3), 0);
    assert_int_equal(reporter_send_logins(lab, &web, 20, rows, 1), 21);
    assert_int_equal(count_logins(lab), 6);
    assert_int_equal(company_events(lab, "host.logins.gap", WEB3), 1);
    assert_int_equal(company_events(lab, "host.logins", WEB3), 3);
    assert_int_equal(reporter_send_logins(lab, &web, 21, NULL, 0), 21);
}

static void sixty_alarms_an_hour_are_recorded_and_the_rest_comes_later(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = reporter_enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_cert_row cert = reporter_cert(lab, "alice", 3600);
    struct vouch_login_row rows[80];
    for (size_t i = 0; i < 80; i++) {
        rows[i] = reporter_login(lab, &cert);
        rows[i].serial += 1000; // none that was ever given
    }
    assert_int_equal(reporter_send_logins(lab, &web, 0, rows, 80), 60);
    assert_int_equal(company_events(lab, "login.alarm", WEB3), 60);
    const struct vouch_ask_host_logins ask = {.first = 60, .rows = &rows[60], .count = 20};
    struct vouch_answer_host_done answer = {0};
    test_ok(vouch_authority_host_logins(lab->admin, &web, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_BUSY);
    assert_string_equal(answer.reply.code, "V-1940");
    assert_in_range(answer.reply.retry_after_s, 1, 3600);
    assert_int_equal(count_logins(lab), 60);
}

struct sender {
    struct vouch_authority *authority;
    const struct vouch_caller *caller;
    const struct vouch_ask_host_logins *ask;
    uint64_t next;
};

static void *send_batch(void *context) {
    struct sender *sender = context;
    struct vouch_answer_host_done answer = {0};
    if (vouch_authority_host_logins(sender->authority, sender->caller, sender->ask, &answer,
                                    NULL) == VOUCH_OK &&
        answer.reply.verdict == VOUCH_VERDICT_DONE) {
        sender->next = answer.next;
    }
    return NULL;
}

static void a_batch_that_comes_over_two_lanes_is_recorded_once(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = reporter_enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_login_row row = {.time_ms = vouch_time_now_ms(),
                                        .outcome = VOUCH_LOGIN_REFUSED,
                                        .login = vouch_bytes_of("root"),
                                        .method = vouch_bytes_of("password")};
    struct vouch_login_row rows[] = {row};
    struct vouch_ask_host_logins ask = {.rows = rows, .count = 1};
    lab_serve(lab, 2);
    for (uint64_t i = 0; i < 20; i++) {
        struct sender senders[2];
        pthread_t threads[2];
        ask.first = i;
        for (size_t j = 0; j < 2; j++) {
            senders[j] = (struct sender){lab->remotes[j], &web, &ask, 0};
            assert_int_equal(pthread_create(&threads[j], NULL, send_batch, &senders[j]), 0);
        }
        for (size_t j = 0; j < 2; j++) {
            assert_int_equal(pthread_join(threads[j], NULL), 0);
            assert_int_equal(senders[j].next, i + 1);
        }
    }
    lab_serve_end(lab);
    assert_int_equal(company_events(lab, "host.logins", WEB3), 20);
    assert_int_equal(count_logins(lab), 20);
}

static void logins_without_outcome_or_login_are_refused(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = reporter_enrol(lab, WEB3, "prod", "tier=web");
    struct vouch_login_row row = {.time_ms = vouch_time_now_ms(), .login = vouch_bytes_of("app")};
    const struct vouch_ask_host_logins ask = {.rows = &row, .count = 1};
    struct vouch_answer_host_done answer;
    test_ok(vouch_authority_host_logins(lab->admin, &web, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_INVALID);
    row = (struct vouch_login_row){.time_ms = vouch_time_now_ms(), .outcome = VOUCH_LOGIN_REFUSED};
    test_ok(vouch_authority_host_logins(lab->admin, &web, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_INVALID);
    assert_int_equal(count_logins(lab), 0);
}

static void what_does_not_fit_its_certificate_sets_off_an_alarm(void **state) {
    struct lab *lab = *state;
    const uint8_t other_key[32] = {1, 2, 3};
    const struct vouch_caller web = reporter_enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_cert_row good = reporter_cert(lab, "alice", 3600);
    const struct vouch_cert_row brief = reporter_cert(lab, "bob", 60);
    struct vouch_login_row rows[7];
    for (size_t i = 0; i < 7; i++) {
        rows[i] = reporter_login(lab, i == 3 ? &brief : &good);
        rows[i].time_ms += i;
    }
    const struct vouch_cert_row lost = reporter_cert(lab, "alice", 3600);
    rows[0].serial += 1000; // of our CA, and not in the ledger
    rows[1].fingerprint = reporter_fingerprint(other_key);
    rows[2].serial = lost.serial;
    rows[2].time_ms += 90000;  // revoked over a minute ago
    rows[3].time_ms += 130000; // ended over a minute ago
    rows[4].serial += 1000;
    rows[4].ca = vouch_bytes_of("SHA256:of-another-ca"); // which is no matter of ours
    rows[5].serial += 1000;
    rows[5].outcome = VOUCH_LOGIN_REFUSED; // sshd did what it should
    reporter_revoke(lab, lost.serial);
    assert_int_equal(reporter_send_logins(lab, &web, 0, rows, 7), 7);
    static const char *const wanted[] = {"ended", "revoked", "other-key", "unknown-serial"};
    const struct vouch_ask_logins ask = {.alarms = 1};
    const struct vouch_answer_logins answer = search(lab, "eve", &ask);
    assert_int_equal(answer.count, 4);
    for (size_t i = 0; i < 4; i++) {
        reporter_text(answer.rows[i].alarm, wanted[i]); // the newest first
    }
    reporter_text(answer.rows[0].user, "bob");
    reporter_text(answer.rows[3].user, "");
    assert_int_equal(atomic_load(&lab->office->alarms), 4);
    assert_int_equal(company_events(lab, "login.alarm", WEB3), 4);
}

static void people_see_their_own_logins_and_readers_all(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = reporter_enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_cert_row of_alice = reporter_cert(lab, "alice", 3600);
    const struct vouch_cert_row of_bob = reporter_cert(lab, "bob", 3600);
    struct vouch_login_row rows[] = {reporter_login(lab, &of_alice), reporter_login(lab, &of_bob)};
    char secret[VOUCH_TOKEN_TEXT_MAX];
    struct vouch_answer_logins answer;
    assert_int_equal(reporter_send_logins(lab, &web, 0, rows, 2), 2);
    const struct vouch_ask_logins all = {0};
    assert_int_equal(search(lab, "eve", &all).count, 2);
    assert_int_equal(search(lab, "root-of-all", &all).count, 2);
    assert_int_equal(search(lab, "mallory", &all).count, 0);
    answer = search(lab, "bob", &all);
    assert_int_equal(answer.count, 1);
    reporter_text(answer.rows[0].user, "bob");
    const struct vouch_ask_logins ask = {.user = vouch_bytes_of("alice")};
    assert_int_equal(search(lab, "bob", &ask).count, 0);
    lab_new_token(lab, "reader", NULL, "cert:read", secret);
    const struct vouch_caller token = lab_token(secret);
    test_ok(vouch_authority_logins(lab->admin, &token, &all, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
}

// --- who has which list

static void those_behind_with_their_list_come_first(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = lab_local();
    const struct vouch_caller first = reporter_enrol(lab, "a.prod.example.com", "prod", "tier=web");
    const struct vouch_caller last = reporter_enrol(lab, "z.prod.example.com", "prod", "tier=web");
    (void)reporter_enrol(lab, "m.prod.example.com", "prod", "tier=web");
    struct vouch_ask_host_report report = reporter_report(lab);
    assert_int_equal(reporter_send_report(lab, &first, &report), VOUCH_VERDICT_DONE);
    report.krl_version--;
    assert_int_equal(reporter_send_report(lab, &last, &report), VOUCH_VERDICT_DONE);
    struct vouch_ask_krl_status ask = {.page = {.limit = 2}};
    struct vouch_answer_krl_status answer;
    test_ok(vouch_authority_krl_status(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.hosts, 3);
    assert_int_equal(answer.current, 1);
    assert_int_equal(answer.silent, 1);
    assert_int_equal(answer.count, 2);
    reporter_text(answer.rows[0].host, "m.prod.example.com");
    assert_int_equal(answer.rows[0].reported_s, 0);
    reporter_text(answer.rows[1].host, "z.prod.example.com");
    assert_int_equal(answer.rows[1].behind, 1);
    char next[24];
    (void)snprintf(next, sizeof next, "%.*s", (int)answer.next.len, (const char *)answer.next.ptr);
    ask.page.cursor = vouch_bytes_of(next);
    test_ok(vouch_authority_krl_status(lab->admin, &caller, &ask, &answer, &fault));
    assert_int_equal(answer.count, 1);
    reporter_text(answer.rows[0].host, "a.prod.example.com");
    assert_int_equal(answer.rows[0].behind, 0);
    assert_true(answer.rows[0].arrived_s >= answer.generated_s);
    lab->office->krls[0].generated_s -=
        100; // as if it had been published before they were enrolled
    test_ok(vouch_authority_krl_status(lab->admin, &caller, &ask, &answer, &fault));
    assert_int_equal(answer.measured, 0);
    lab->office->krls[0].generated_s += 1100; // and as if after
    test_ok(vouch_authority_krl_status(lab->admin, &caller, &ask, &answer, &fault));
    assert_int_equal(answer.measured, 1); // of the three, one has it
    assert_int_equal(answer.within_s, 0);
    assert_int_equal(answer.next.len, 0);
}

// --- who reaches what

static void the_table_of_access_is_for_readers_and_knows_enrolled_hosts(void **state) {
    struct lab *lab = *state;
    (void)reporter_enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_ask_matrix ask = {.zone = vouch_bytes_of("prod")};
    struct vouch_answer_matrix answer;
    struct vouch_caller caller = company_caller(lab, "bob", 60);
    test_ok(vouch_authority_matrix(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_REFUSED);
    caller = company_caller(lab, "eve", 60);
    test_ok(vouch_authority_matrix(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.columns_in_all, 5);
    assert_int_equal(answer.rows_in_all, 11);
    reporter_text(answer.columns.items[4], WEB3);
    reporter_text(answer.rows.items[0], "alice");
    assert_int_equal(answer.policy, company_version(lab));
}

static void an_earlier_policy_is_shown_and_compared(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller caller = lab_local();
    const struct vouch_ask_access_diff all = {.from_s = 1};
    struct vouch_answer_policy_apply diff;
    test_ok(vouch_authority_access_diff(lab->admin, &caller, &all, &diff, &fault));
    lab_verdict(diff, VOUCH_VERDICT_DONE);
    assert_true(diff.change_count > 0);
    assert_true(diff.edit_count > 0);
    assert_int_equal(diff.version, 1);
    const struct vouch_ask_access_diff nothing = {.from_s = vouch_time_now_s() + 5,
                                                  .until_s = vouch_time_now_s() + 10};
    test_ok(vouch_authority_access_diff(lab->admin, &caller, &nothing, &diff, &fault));
    lab_verdict(diff, VOUCH_VERDICT_DONE);
    assert_int_equal(diff.change_count + diff.edit_count, 0);
    const struct vouch_ask_access_diff wrong = {.from_s = 10, .until_s = 5};
    test_ok(vouch_authority_access_diff(lab->admin, &caller, &wrong, &diff, &fault));
    lab_verdict(diff, VOUCH_VERDICT_INVALID);
    struct vouch_answer_matrix matrix;
    const struct vouch_ask_matrix before = {.at_s = 1};
    test_ok(vouch_authority_matrix(lab->admin, &caller, &before, &matrix, &fault));
    lab_verdict(matrix, VOUCH_VERDICT_REFUSED);
    const struct vouch_ask_matrix then = {.at_s = vouch_time_now_s() + 1};
    test_ok(vouch_authority_matrix(lab->admin, &caller, &then, &matrix, &fault));
    lab_verdict(matrix, VOUCH_VERDICT_DONE);
    assert_int_equal(matrix.policy, 1);
    assert_true(matrix.cell_count > 0);
}

// --- over a lane

static void two_hundred_logins_go_over_a_lane(void **state) {
    struct lab *lab = *state;
    static struct vouch_login_row rows[VOUCH_REPORT_LOGINS_MAX];
    static char line[500];
    const struct vouch_caller web = reporter_enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_ask_host_logins ask = {.rows = rows, .count = VOUCH_REPORT_LOGINS_MAX};
    struct vouch_answer_host_done answer;
    struct vouch_answer_host_state wanted;
    memset(line, 'x', sizeof line - 1);
    for (size_t i = 0; i < VOUCH_REPORT_LOGINS_MAX; i++) {
        rows[i] = (struct vouch_login_row){.time_ms = vouch_time_now_ms(),
                                           .outcome = VOUCH_LOGIN_REFUSED,
                                           .login = vouch_bytes_of("root"),
                                           .line = vouch_bytes_of(line)};
    }
    lab_serve(lab, 1);
    test_ok(vouch_authority_host_logins(lab->remotes[0], &web, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.next, VOUCH_REPORT_LOGINS_MAX);
    const struct vouch_ask_host_state state_ask = {0};
    test_ok(vouch_authority_host_state(lab->remotes[0], &web, &state_ask, &wanted, &fault));
    lab_verdict(wanted, VOUCH_VERDICT_DONE);
    reporter_text(login_in(&wanted, "app")->principals[0].principal, "role:dev");
    lab_serve_end(lab);
    assert_int_equal(count_logins(lab), VOUCH_REPORT_LOGINS_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, company_begin, company_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_host_gets_the_logins_that_roles_grant_there),
        TEST(in_a_zone_of_plain_logins_there_are_no_files),
        TEST(a_host_of_a_zone_that_is_gone_gets_no_login),
        TEST(the_version_rises_with_the_content_alone),
        TEST(nobody_but_a_host_is_given_a_state),
        TEST(whoever_waits_is_told_that_hosts_have_news),
        TEST(a_report_is_kept_and_written_no_more_often_than_it_changes),
        TEST(a_report_that_makes_no_sense_is_refused),
        TEST(a_login_is_joined_to_whom_its_certificate_was_given),
        TEST(none_is_taken_twice_and_none_is_missed_in_silence),
        TEST(sixty_alarms_an_hour_are_recorded_and_the_rest_comes_later),
        TEST(a_batch_that_comes_over_two_lanes_is_recorded_once),
        TEST(logins_without_outcome_or_login_are_refused),
        TEST(what_does_not_fit_its_certificate_sets_off_an_alarm),
        TEST(people_see_their_own_logins_and_readers_all),
        TEST(those_behind_with_their_list_come_first),
        TEST(the_table_of_access_is_for_readers_and_knows_enrolled_hosts),
        TEST(an_earlier_policy_is_shown_and_compared),
        TEST(two_hundred_logins_go_over_a_lane),
    };
    return cmocka_run_group_tests_name("authority/logins", tests, NULL, NULL);
}
