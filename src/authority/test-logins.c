// SPDX-License-Identifier: ISC
// What enrolled hosts install and report, the logins that they send, and what is made of it all: alarms,
// searches, why a login works or not, who reaches what.
#include "authority/fleet.h"
#include "authority/test-company.h"
#include "base/str.h"
#include "store/host-reports.h"
#include "store/logins.h"

#include <stdatomic.h>

#define WEB3 "web3.prod.example.com"
#define BENCH2 "bench2.lab.example.com"

static uint64_t now_ms(void) {
    return vouch_time_now_ms();
}

// --- a host

static void hash_of(struct lab *lab, struct vouch_bytes bytes,
                    uint8_t ret_hash[static VOUCH_STORE_HASH_LEN]) {
    struct vouch_local *self = NULL;
    test_ok(vouch_local_new(lab->office, 0, &self, &fault));
    test_ok(vouch_hash_of(self, bytes, ret_hash, &fault));
    vouch_local_free(self);
}

static void changed(struct lab *lab) {
    struct vouch_local *self = NULL;
    test_ok(vouch_local_new(lab->office, 0, &self, &fault));
    atomic_fetch_add(&lab->office->policies.is_due, 1);
    test_ok(vouch_policy_remake(self, VOUCH_POLICY_HURRIED, &fault));
    vouch_local_free(self);
}

static void add_row(struct vouch_store *desk, const struct vouch_store_host *host,
                    struct vouch_store_host_secret *secret) {
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    size_t taken = 0;
    test_ok(vouch_store_work_begin(desk, VOUCH_STORE_LATER, &fault));
    test_ok(vouch_store_host_add(desk, host, &secret->host, &fault));
    test_ok(vouch_store_host_names(desk, secret->host, &host->name, 1, &outcome, &taken, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    test_ok(vouch_store_host_secret_add(desk, secret, &outcome, &fault));
    test_ok(vouch_store_work_end(desk, VOUCH_OK, outcome, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
}

// A host that was enrolled, as the inventory has it; how one enrols is for the tests of that.
static struct vouch_caller enrol(struct lab *lab, const char *name, const char *zone,
                                 const char *label) {
    static char secrets[8][64];
    static unsigned next;
    char *secret = secrets[next++ % 8];
    const struct vouch_bytes labels[] = {vouch_bytes_of(label)};
    const struct vouch_store_host_key key = {.hash = {(uint8_t)next, 1},
                                             .type = vouch_bytes_of("ssh-ed25519"),
                                             .serial = 5,
                                             .valid_before_s = vouch_time_now_s() + 86400};
    const struct vouch_store_host host = {.state = VOUCH_STORE_HOST_ACTIVE,
                                          .name = vouch_bytes_of(name),
                                          .zone = vouch_bytes_of(zone),
                                          .labels = labels,
                                          .label_count = label[0] != '\0' ? 1 : 0,
                                          .generation = 1,
                                          .machine = {(uint8_t)next},
                                          .keyset = {(uint8_t)next},
                                          .created_s = vouch_time_now_s(),
                                          .keys = &key,
                                          .key_count = 1};
    struct vouch_store_host_secret kept = {.generation = 1};
    (void)snprintf(secret, sizeof secrets[0], VOUCH_HOST_SECRET_PREFIX "%043u", next);
    hash_of(lab, vouch_bytes_of(secret), kept.secret);
    pthread_mutex_lock(&lab->office->desk_lock);
    add_row(lab->office->desk, &host, &kept);
    pthread_mutex_unlock(&lab->office->desk_lock);
    changed(lab);
    return (struct vouch_caller){.way = VOUCH_CALLER_HOST,
                                 .token = vouch_bytes_of(secret),
                                 .source = vouch_bytes_of("192.0.2.40"),
                                 .request = vouch_bytes_of("req-9")};
}

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

static void assert_text(struct vouch_bytes text, const char *wanted) {
    if (!vouch_bytes_equal(text, vouch_bytes_of(wanted))) {
        fail_msg("\"%.*s\", not \"%s\"", (int)text.len, (const char *)text.ptr, wanted);
    }
}

static void a_host_gets_the_logins_that_roles_grant_there(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_answer_host_state answer = state_of(lab, &web, 0);
    assert_text(answer.name, WEB3);
    assert_text(answer.zone, "prod");
    assert_int_equal(answer.by_login, 0);
    assert_true(answer.version > 0);
    assert_true(answer.krl_version > 0);
    assert_int_equal(login_in(&answer, "app")->principal_count, 1);
    assert_text(login_in(&answer, "app")->principals[0].principal, "role:dev");
    assert_text(login_in(&answer, "app")->principals[0].why, "role dev, label tier=web");
    assert_text(login_in(&answer, "alice")->principals[0].principal, "role:dev:alice");
    assert_null(login_in(&answer, "postgres")); // of another label
    assert_null(login_in(&answer, "root"));
}

static void in_a_zone_of_plain_logins_there_are_no_files(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller bench = enrol(lab, BENCH2, "lab", "");
    const struct vouch_answer_host_state answer = state_of(lab, &bench, 0);
    assert_int_equal(answer.by_login, 1);
    assert_int_equal(answer.login_count, 0);
    assert_true(answer.version > 0);
}

static void a_host_of_a_zone_that_is_gone_gets_no_login(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller other = enrol(lab, "x.old.example.com", "old", "tier=web");
    const struct vouch_answer_host_state answer = state_of(lab, &other, 0);
    assert_int_equal(answer.login_count, 0);
    assert_text(answer.zone, "old");
}

static void the_version_rises_with_the_content_alone(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = enrol(lab, WEB3, "prod", "tier=web");
    uint64_t first = state_of(lab, &web, 0).version;
    struct vouch_answer_host_state answer = state_of(lab, &web, first);
    assert_int_equal(answer.version, first);
    assert_int_equal(answer.login_count, 0); // the host has them
    company_change(lab, "logins: [postgres]", "logins: [postgres, pgadmin]");
    assert_int_equal(state_of(lab, &web, first).version, first);
    company_change(lab, "logins: [$user, app]", "logins: [$user, app, web]");
    answer = state_of(lab, &web, first);
    assert_true(answer.version > first);
    assert_text(login_in(&answer, "web")->principals[0].principal, "role:dev");
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
    (void)enrol(lab, WEB3, "prod", "tier=web");
    assert_true(fleet_seq(lab, second, 30000) > second);
}

// --- reports

static struct vouch_bytes user_ca(struct lab *lab) {
    static char text[VOUCH_FINGERPRINT_MAX];
    vouch_key_fingerprint(lab->office->cas[0].key, VOUCH_HASH_SHA256, text);
    return vouch_bytes_of(text);
}

static struct vouch_ask_host_report report_of(struct lab *lab) {
    static struct vouch_bytes keys[1];
    static struct vouch_bytes settings[2];
    keys[0] = user_ca(lab);
    settings[0] = vouch_bytes_of("pubkeyauthentication yes");
    settings[1] = vouch_bytes_of("permitrootlogin no");
    pthread_mutex_lock(&lab->office->public_lock);
    uint64_t version = lab->office->krls[0].version;
    uint64_t generated_s = lab->office->krls[0].generated_s;
    pthread_mutex_unlock(&lab->office->public_lock);
    return (struct vouch_ask_host_report){.time_s = vouch_time_now_s(),
                                          .krl_version = version,
                                          .krl_generated_s = generated_s,
                                          .state_version = 3,
                                          .health = vouch_bytes_of("ok"),
                                          .agent = vouch_bytes_of("0.1"),
                                          .sshd = vouch_bytes_of("OpenSSH_9.2p1"),
                                          .ca_keys = {keys, 1},
                                          .settings = {settings, 2}};
}

static enum vouch_verdict send_report(struct lab *lab, const struct vouch_caller *caller,
                                      const struct vouch_ask_host_report *ask) {
    struct vouch_answer_host_done answer;
    test_ok(vouch_authority_host_report(lab->admin, caller, ask, &answer, &fault));
    return answer.reply.verdict;
}

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
    const struct vouch_caller web = enrol(lab, WEB3, "prod", "tier=web");
    struct vouch_ask_host_report ask = report_of(lab);
    assert_int_equal(send_report(lab, &web, &ask), VOUCH_VERDICT_DONE);
    struct vouch_store_host_report kept = kept_report(lab, &arena);
    assert_int_equal(kept.state_version, 3);
    assert_text(kept.health, "ok");
    assert_true(kept.clock_ms <= 0 && kept.clock_ms >= -5000);
    ask.time_s += 1000; // the same report: not written
    assert_int_equal(send_report(lab, &web, &ask), VOUCH_VERDICT_DONE);
    assert_true(kept_report(lab, &arena).clock_ms <= 0);
    ask.state_version = 4; // another
    assert_int_equal(send_report(lab, &web, &ask), VOUCH_VERDICT_DONE);
    kept = kept_report(lab, &arena);
    assert_int_equal(kept.state_version, 4);
    assert_true(kept.clock_ms > 900000 && kept.clock_ms <= 1000000);
}

static void a_report_that_makes_no_sense_is_refused(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = enrol(lab, WEB3, "prod", "tier=web");
    struct vouch_ask_host_report ask = report_of(lab);
    const struct vouch_bytes bad = vouch_bytes_of("a\x1b[2Jb");
    ask.health = vouch_bytes_of("splendid");
    assert_int_equal(send_report(lab, &web, &ask), VOUCH_VERDICT_INVALID);
    ask.health = vouch_bytes_of("ok");
    ask.problems = (struct vouch_text_list){&bad, 1};
    assert_int_equal(send_report(lab, &web, &ask), VOUCH_VERDICT_INVALID);
}

// --- logins

static struct vouch_cert_row cert_of(struct lab *lab, const char *who, uint64_t ttl_s) {
    struct vouch_ask_access ask = company_ask(lab, "dev");
    ask.ttl_s = ttl_s;
    const struct vouch_answer_access answer = company_access(lab, who, &ask);
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_true(answer.cert.serial > 0);
    return answer.cert;
}

static struct vouch_bytes fingerprint_of(const uint8_t hash[static 32]) {
    static char texts[16][64];
    static unsigned next;
    struct vouch_buf text;
    char *room = texts[next++ % 16];
    vouch_buf_init_fixed(&text, (uint8_t *)room, sizeof texts[0]);
    vouch_buf_put_text(&text, "SHA256:");
    vouch_str_base64((struct vouch_bytes){hash, 32}, 0, &text);
    return vouch_buf_bytes(&text);
}

// What sshd logs of a login with this certificate.
static struct vouch_login_row login_with(struct lab *lab, const struct vouch_cert_row *cert) {
    return (struct vouch_login_row){.time_ms = now_ms(),
                                    .outcome = VOUCH_LOGIN_ACCEPTED,
                                    .login = vouch_bytes_of("app"),
                                    .source = vouch_bytes_of("192.0.2.99"),
                                    .method = vouch_bytes_of("publickey"),
                                    .key_id = vouch_bytes_of("alice"),
                                    .serial = cert->serial,
                                    .fingerprint = fingerprint_of(cert->key),
                                    .ca = user_ca(lab),
                                    .line = vouch_bytes_of("Accepted publickey for app"),
                                    // What a host says of these is not believed:
                                    .user = vouch_bytes_of("root-of-all"),
                                    .alarm = vouch_bytes_of("made-up"),
                                    .host = vouch_bytes_of("other")};
}

static uint64_t send_logins(struct lab *lab, const struct vouch_caller *caller, uint64_t first,
                            struct vouch_login_row *rows, size_t count) {
    const struct vouch_ask_host_logins ask = {.rows = rows, .count = count, .first = first};
    struct vouch_answer_host_done answer;
    test_ok(vouch_authority_host_logins(lab->admin, caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    return answer.next;
}

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
    const struct vouch_caller web = enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_cert_row cert = cert_of(lab, "alice", 3600);
    struct vouch_login_row row = login_with(lab, &cert);
    assert_int_equal(send_logins(lab, &web, 0, &row, 1), 1);
    const struct vouch_ask_logins ask = {.user = vouch_bytes_of("alice")};
    const struct vouch_answer_logins answer = search(lab, "eve", &ask);
    assert_int_equal(answer.count, 1);
    assert_text(answer.rows[0].user, "alice");
    assert_text(answer.rows[0].host, WEB3);
    assert_text(answer.rows[0].alarm, "");
    assert_text(answer.rows[0].login, "app");
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
    const struct vouch_caller web = enrol(lab, WEB3, "prod", "tier=web");
    struct vouch_login_row rows[3] = {0};
    for (size_t i = 0; i < 3; i++) {
        rows[i] = (struct vouch_login_row){.time_ms = now_ms(),
                                           .outcome = VOUCH_LOGIN_REFUSED,
                                           .login = vouch_bytes_of("root"),
                                           .method = vouch_bytes_of("password")};
    }
    assert_int_equal(send_logins(lab, &web, 10, rows, 3), 13); // it counted before it was enrolled
    assert_int_equal(send_logins(lab, &web, 10, rows, 3), 13); // sent again: the answer was lost
    assert_int_equal(count_logins(lab), 3);
    assert_int_equal(send_logins(lab, &web, 12, rows, 3), 15); // one of them was taken
    assert_int_equal(count_logins(lab), 5);
    assert_int_equal(company_events(lab, "host.logins.gap", WEB3), 0);
    assert_int_equal(send_logins(lab, &web, 20, rows, 1), 21);
    assert_int_equal(count_logins(lab), 6);
    assert_int_equal(company_events(lab, "host.logins.gap", WEB3), 1);
    assert_int_equal(company_events(lab, "host.logins", WEB3), 3);
    assert_int_equal(send_logins(lab, &web, 21, NULL, 0), 21);
}

static void logins_without_outcome_or_login_are_refused(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = enrol(lab, WEB3, "prod", "tier=web");
    struct vouch_login_row row = {.time_ms = now_ms(), .login = vouch_bytes_of("app")};
    const struct vouch_ask_host_logins ask = {.rows = &row, .count = 1};
    struct vouch_answer_host_done answer;
    test_ok(vouch_authority_host_logins(lab->admin, &web, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_INVALID);
    row = (struct vouch_login_row){.time_ms = now_ms(), .outcome = VOUCH_LOGIN_REFUSED};
    test_ok(vouch_authority_host_logins(lab->admin, &web, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_INVALID);
    assert_int_equal(count_logins(lab), 0);
}

static void revoke_serial(struct lab *lab, uint64_t serial) {
    uint8_t value[8];
    const struct vouch_caller caller = lab_local();
    struct vouch_answer_revoke answer;
    for (size_t i = 0; i < 8; i++) {
        value[i] = (uint8_t)(serial >> (56 - 8 * i));
    }
    const struct vouch_ask_revoke ask = {.kind = VOUCH_REVOKE_SERIAL,
                                         .value = {value, sizeof value},
                                         .reason = vouch_bytes_of("lost")};
    lab_settle(lab);
    test_ok(vouch_authority_revoke(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
}

static void what_does_not_fit_its_certificate_sets_off_an_alarm(void **state) {
    struct lab *lab = *state;
    const uint8_t other_key[32] = {1, 2, 3};
    const struct vouch_caller web = enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_cert_row good = cert_of(lab, "alice", 3600);
    const struct vouch_cert_row brief = cert_of(lab, "bob", 60);
    struct vouch_login_row rows[7];
    for (size_t i = 0; i < 7; i++) {
        rows[i] = login_with(lab, i == 3 ? &brief : &good);
        rows[i].time_ms += i;
    }
    const struct vouch_cert_row lost = cert_of(lab, "alice", 3600);
    rows[0].serial += 1000; // of our CA, and not in the ledger
    rows[1].fingerprint = fingerprint_of(other_key);
    rows[2].serial = lost.serial;
    rows[2].time_ms += 90000;  // revoked over a minute ago
    rows[3].time_ms += 130000; // ended over a minute ago
    rows[4].serial += 1000;
    rows[4].ca = vouch_bytes_of("SHA256:of-another-ca"); // which is no matter of ours
    rows[5].serial += 1000;
    rows[5].outcome = VOUCH_LOGIN_REFUSED; // sshd did what it should
    revoke_serial(lab, lost.serial);
    assert_int_equal(send_logins(lab, &web, 0, rows, 7), 7);
    static const char *const wanted[] = {"ended", "revoked", "other-key", "unknown-serial"};
    const struct vouch_ask_logins ask = {.alarms = 1};
    const struct vouch_answer_logins answer = search(lab, "eve", &ask);
    assert_int_equal(answer.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_text(answer.rows[i].alarm, wanted[i]); // the newest first
    }
    assert_text(answer.rows[0].user, "bob");
    assert_text(answer.rows[3].user, "");
    assert_int_equal(atomic_load(&lab->office->alarms), 4);
    assert_int_equal(company_events(lab, "login.alarm", WEB3), 4);
}

static void people_see_their_own_logins_and_readers_all(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_cert_row of_alice = cert_of(lab, "alice", 3600);
    const struct vouch_cert_row of_bob = cert_of(lab, "bob", 3600);
    struct vouch_login_row rows[] = {login_with(lab, &of_alice), login_with(lab, &of_bob)};
    char secret[VOUCH_TOKEN_TEXT_MAX];
    struct vouch_answer_logins answer;
    assert_int_equal(send_logins(lab, &web, 0, rows, 2), 2);
    const struct vouch_ask_logins all = {0};
    assert_int_equal(search(lab, "eve", &all).count, 2);
    assert_int_equal(search(lab, "root-of-all", &all).count, 2);
    assert_int_equal(search(lab, "mallory", &all).count, 0);
    answer = search(lab, "bob", &all);
    assert_int_equal(answer.count, 1);
    assert_text(answer.rows[0].user, "bob");
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
    const struct vouch_caller first = enrol(lab, "a.prod.example.com", "prod", "tier=web");
    const struct vouch_caller last = enrol(lab, "z.prod.example.com", "prod", "tier=web");
    (void)enrol(lab, "m.prod.example.com", "prod", "tier=web");
    struct vouch_ask_host_report report = report_of(lab);
    assert_int_equal(send_report(lab, &first, &report), VOUCH_VERDICT_DONE);
    report.krl_version--;
    assert_int_equal(send_report(lab, &last, &report), VOUCH_VERDICT_DONE);
    struct vouch_ask_krl_status ask = {.page = {.limit = 2}};
    struct vouch_answer_krl_status answer;
    test_ok(vouch_authority_krl_status(lab->admin, &caller, &ask, &answer, &fault));
    lab_verdict(answer, VOUCH_VERDICT_DONE);
    assert_int_equal(answer.hosts, 3);
    assert_int_equal(answer.current, 1);
    assert_int_equal(answer.silent, 1);
    assert_int_equal(answer.count, 2);
    assert_text(answer.rows[0].host, "m.prod.example.com");
    assert_int_equal(answer.rows[0].reported_s, 0);
    assert_text(answer.rows[1].host, "z.prod.example.com");
    assert_int_equal(answer.rows[1].behind, 1);
    char next[24];
    (void)snprintf(next, sizeof next, "%.*s", (int)answer.next.len, (const char *)answer.next.ptr);
    ask.page.cursor = vouch_bytes_of(next);
    test_ok(vouch_authority_krl_status(lab->admin, &caller, &ask, &answer, &fault));
    assert_int_equal(answer.count, 1);
    assert_text(answer.rows[0].host, "a.prod.example.com");
    assert_int_equal(answer.rows[0].behind, 0);
    assert_int_equal(answer.next.len, 0);
}

// --- why a login works or not

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
    const struct vouch_caller web = enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_ask_host_report report = report_of(lab);
    assert_int_equal(send_report(lab, &web, &report), VOUCH_VERDICT_DONE);
    (void)cert_of(lab, "alice", 3600);
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
    assert_text(answer.user, "alice");
    assert_text(answer.host, WEB3);
}

static void each_cause_of_a_refusal_is_found(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = enrol(lab, WEB3, "prod", "tier=web");
    struct vouch_ask_host_report report = report_of(lab);
    struct vouch_answer_explain answer = explain(lab, "alice", "app", "nowhere.example.com");
    assert_int_equal(check_in(&answer, "host-known"), VOUCH_CHECK_FAIL);
    assert_int_equal(answer.outcome, VOUCH_CHECK_FAIL);
    answer = explain(lab, "alice", "app", WEB3); // no certificate, and no report
    assert_int_equal(check_in(&answer, "certificate"), VOUCH_CHECK_FAIL);
    assert_int_equal(check_in(&answer, "host-reports"), VOUCH_CHECK_UNKNOWN);
    const struct vouch_cert_row cert = cert_of(lab, "alice", 3600);
    lab_settle(lab);
    assert_int_equal(explain(lab, "alice", "app", WEB3).outcome, VOUCH_CHECK_UNKNOWN);
    report.krl_version = 0;
    report.ca_keys.count = 0;
    assert_int_equal(send_report(lab, &web, &report), VOUCH_VERDICT_DONE);
    answer = explain(lab, "alice", "root", WEB3);
    assert_int_equal(check_in(&answer, "krl-there"), VOUCH_CHECK_FAIL);
    assert_int_equal(check_in(&answer, "trusts-ca"), VOUCH_CHECK_FAIL);
    assert_int_equal(check_in(&answer, "sshd-root"), VOUCH_CHECK_FAIL);
    assert_int_equal(check_in(&answer, "principal"), VOUCH_CHECK_FAIL);
    assert_int_equal(answer.outcome, VOUCH_CHECK_FAIL);
    assert_true(company_is(answer.instead, "alice app"));
    const struct vouch_bytes problem = vouch_bytes_of("its certificate has expired");
    report.problems = (struct vouch_text_list){&problem, 1};
    assert_int_equal(send_report(lab, &web, &report), VOUCH_VERDICT_DONE);
    answer = explain(lab, "alice", "app", WEB3);
    assert_int_equal(check_in(&answer, "host-reports"), VOUCH_CHECK_WARN);
    report.problems.count = 0;
    report.time_s += 2 * 3600; // its clock is ahead
    report.krl_version = 1;
    assert_int_equal(send_report(lab, &web, &report), VOUCH_VERDICT_DONE);
    answer = explain(lab, "alice", "app", WEB3);
    assert_int_equal(check_in(&answer, "clock"), VOUCH_CHECK_WARN);
    assert_int_equal(check_in(&answer, "expired"), VOUCH_CHECK_FAIL);
    revoke_serial(lab, cert.serial);
    answer = explain(lab, "alice", "app", WEB3);
    assert_int_equal(check_in(&answer, "not-revoked"), VOUCH_CHECK_FAIL);
}

static void what_sshd_refused_lately_is_shown(void **state) {
    struct lab *lab = *state;
    const struct vouch_caller web = enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_cert_row cert = cert_of(lab, "alice", 3600);
    struct vouch_login_row row = login_with(lab, &cert);
    row.outcome = VOUCH_LOGIN_REFUSED;
    row.reason = vouch_bytes_of("principal");
    assert_int_equal(send_logins(lab, &web, 0, &row, 1), 1);
    const struct vouch_answer_explain answer = explain(lab, "alice", "app", WEB3);
    assert_int_equal(answer.refused_count, 1);
    assert_text(answer.refused[0].reason, "principal");
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
    (void)cert_of(lab, "alice", 3600);
    (void)cert_of(lab, "bob", 3600);
    lab_settle(lab);
    struct vouch_answer_explain answer = explain(lab, "alice", "postgres", db);
    assert_int_equal(check_in(&answer, "principal"), VOUCH_CHECK_FAIL);
    assert_text(next_of(&answer, "principal"), "vouch request dba");
    answer = explain(lab, "bob", "postgres", db);
    assert_text(next_of(&answer, "principal"),
                "an administrator puts you in a role that grants it");
    answer = explain(lab, "alice", "till", "till1.prod.example.com");
    assert_text(next_of(&answer, "principal"),
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
    assert_text(answer.user, "alice");
    assert_int_equal(check_in(&answer, "signed-in"), VOUCH_CHECK_WARN);
}

// --- who reaches what

static void the_table_of_access_is_for_readers_and_knows_enrolled_hosts(void **state) {
    struct lab *lab = *state;
    (void)enrol(lab, WEB3, "prod", "tier=web");
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
    assert_text(answer.columns.items[4], WEB3);
    assert_text(answer.rows.items[0], "alice");
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
    const struct vouch_caller web = enrol(lab, WEB3, "prod", "tier=web");
    const struct vouch_ask_host_logins ask = {.rows = rows, .count = VOUCH_REPORT_LOGINS_MAX};
    struct vouch_answer_host_done answer;
    struct vouch_answer_host_state wanted;
    memset(line, 'x', sizeof line - 1);
    for (size_t i = 0; i < VOUCH_REPORT_LOGINS_MAX; i++) {
        rows[i] = (struct vouch_login_row){.time_ms = now_ms(),
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
    assert_text(login_in(&wanted, "app")->principals[0].principal, "role:dev");
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
        TEST(logins_without_outcome_or_login_are_refused),
        TEST(what_does_not_fit_its_certificate_sets_off_an_alarm),
        TEST(people_see_their_own_logins_and_readers_all),
        TEST(those_behind_with_their_list_come_first),
        TEST(a_login_that_works_is_explained),
        TEST(each_cause_of_a_refusal_is_found),
        TEST(what_sshd_refused_lately_is_shown),
        TEST(the_next_step_is_the_role_that_grants_the_login),
        TEST(only_readers_ask_about_others),
        TEST(the_table_of_access_is_for_readers_and_knows_enrolled_hosts),
        TEST(an_earlier_policy_is_shown_and_compared),
        TEST(two_hundred_logins_go_over_a_lane),
    };
    return cmocka_run_group_tests_name("authority/logins", tests, NULL, NULL);
}
