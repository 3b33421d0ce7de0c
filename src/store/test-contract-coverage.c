// SPDX-License-Identifier: ISC
// The contract: what a CA key has signed, and which hosts have which trust bundle.
#include "store/test-contract.h"

#include <stdio.h>

#include "store/accounts.h"
#include "store/coverage.h"
#include "store/host-reports.h"
#include "store/hosts.h"
#include "store/logins.h"
#include "store/preferences.h"
#include "store/sessions.h"
#include "store/tallies.h"

#define NOW_S (TEST_TIME_MS / 1000)
#define HOST_CA 1

static void begin(void) {
    test_ok(vouch_store_work_begin(test_writer, VOUCH_STORE_DURABLY, &fault));
}

static void keep(void) {
    test_ok(vouch_store_work_end(test_writer, VOUCH_OK, VOUCH_STORE_DONE, &fault));
}

// --- what a CA key has signed

static struct vouch_store_ca_use use_of(unsigned ca, uint64_t now_s) {
    struct vouch_store_ca_use use = {0};
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    test_ca(ca, hash);
    test_ok(vouch_store_ca_use(test_reader, hash, now_s, &use, &fault));
    return use;
}

static void revoke_serial(uint64_t number, const struct vouch_store_cert *cert) {
    uint8_t serial[8];
    for (size_t i = 0; i < sizeof serial; i++) {
        serial[i] = (uint8_t)(cert->serial >> (56 - 8 * i));
    }
    const struct vouch_store_event event = {.number = number,
                                            .time_ms = TEST_TIME_MS,
                                            .type = vouch_bytes_of("cert.revoke"),
                                            .actor = vouch_bytes_of("user:alice")};
    struct vouch_store_revocation revocation = {.kind = VOUCH_STORE_REVOKE_SERIAL,
                                                .value = {serial, sizeof serial},
                                                .reason = vouch_bytes_of("lost")};
    memcpy(revocation.ca, cert->ca, sizeof revocation.ca);
    const struct vouch_store_record record = {.event = &event, .revocation = &revocation};
    const struct vouch_store_batch batch = {
        .origin = vouch_bytes_of(TEST_ORIGIN), .records = &record, .count = 1};
    test_ok(vouch_store_write_batch(test_writer, &batch, &fault));
}

// Of the records 0 to 9, number 0 is an event and number 5 a host's certificate.
static void what_a_ca_key_has_signed_is_counted(void **state) {
    (void)state;
    struct test_records *records = calloc(1, sizeof *records);
    assert_non_null(records);
    test_records_fill(records, 0, 10);
    records->certs[9].valid_before = NOW_S + 900;
    records->certs[8].valid_before = NOW_S + 800;
    for (size_t i = 1; i < 8; i++) {
        records->certs[i].valid_before = NOW_S + 100;
    }
    test_ok(vouch_store_write_batch(test_writer, &records->batch, &fault));
    struct vouch_store_ca_use use = use_of(0, NOW_S);
    assert_int_equal(use.signed_count, 8);
    assert_int_equal(use.live, 8);
    assert_int_equal(use.live_end_s, NOW_S + 900);
    assert_int_equal(use_of(HOST_CA, NOW_S).signed_count, 1);
    use = use_of(0, NOW_S + 100); // the end of a validity does not belong to it
    assert_int_equal(use.signed_count, 8);
    assert_int_equal(use.live, 2);
    revoke_serial(10, &records->certs[9]);
    use = use_of(0, NOW_S + 100);
    assert_int_equal(use.live, 1);
    assert_int_equal(use.live_end_s, NOW_S + 800);
    revoke_serial(11, &records->certs[8]);
    use = use_of(0, NOW_S + 100);
    assert_int_equal(use.live, 0);
    assert_int_equal(use.live_end_s, 0);
    use = use_of(7, NOW_S); // a key that signed nothing
    assert_int_equal(use.signed_count, 0);
    assert_int_equal(use.live, 0);
    free(records);
}

static void what_never_expires_is_never_over(void **state) {
    (void)state;
    struct test_records *records = calloc(1, sizeof *records);
    assert_non_null(records);
    test_records_fill(records, 0, 3);
    records->certs[1].valid_before = VOUCH_CERT_FOREVER;
    test_ok(vouch_store_write_batch(test_writer, &records->batch, &fault));
    const struct vouch_store_ca_use use = use_of(0, UINT64_MAX);
    assert_int_equal(use.live, 1);
    assert_true(use.live_end_s == VOUCH_CERT_FOREVER);
    free(records);
}

// --- hosts

static uint64_t add_host(const char *name, enum vouch_store_host_state state, uint64_t number) {
    struct vouch_store_host_key keys[2] = {0};
    for (size_t i = 0; i < 2; i++) {
        keys[i].type = vouch_bytes_of("ssh-ed25519");
        test_key(number + i, keys[i].hash);
    }
    struct vouch_store_host host = {.state = state,
                                    .name = vouch_bytes_of(name),
                                    .agent = vouch_bytes_of("1.0"),
                                    .by = vouch_bytes_of("host-token:7"),
                                    .created_s = NOW_S,
                                    .seen_s = NOW_S,
                                    .until_s = state == VOUCH_STORE_HOST_WAITING ? NOW_S + 1 : 0,
                                    .keys = keys,
                                    .key_count = 2};
    uint64_t id = 0;
    begin();
    test_ok(vouch_store_host_add(test_writer, &host, &id, &fault));
    keep();
    return id;
}

// The newest certificate of a key of a host is that of record `number`, and ends then.
static void give_cert(uint64_t id, uint64_t key, uint64_t number, uint64_t end_s) {
    struct vouch_store_host_key row = {.serial = (UINT64_C(3) << 44) + number,
                                       .valid_before_s = end_s};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    test_key(key, row.hash);
    begin();
    test_ok(vouch_store_host_cert(test_writer, id, &row, &outcome, &fault));
    keep();
    assert_int_equal(outcome, VOUCH_STORE_DONE);
}

static void report(uint64_t id, uint64_t trust_version) {
    const struct vouch_store_host_report row = {.host = id,
                                                .time_s = NOW_S + 5,
                                                .trust_version = trust_version,
                                                .health = vouch_bytes_of("ok"),
                                                .agent = vouch_bytes_of("1.0"),
                                                .sshd = vouch_bytes_of("9.2")};
    begin();
    test_ok(vouch_store_host_report_put(test_writer, &row, &fault));
    keep();
}

static void each_active_host_says_which_bundle_it_has(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_store_host_trust *hosts = NULL;
    size_t count = 0;
    uint8_t ca[VOUCH_STORE_HASH_LEN];
    test_ca(HOST_CA, ca);
    test_index(test_writer, 0, 11, 11); // 5 and 10 are hosts' certificates
    const uint64_t web2 = add_host("web2", VOUCH_STORE_HOST_ACTIVE, 20);
    const uint64_t web1 = add_host("web1", VOUCH_STORE_HOST_ACTIVE, 30);
    (void)add_host("web3", VOUCH_STORE_HOST_LOCKED, 40);
    (void)add_host("web4", VOUCH_STORE_HOST_RETIRED, 50);
    give_cert(web1, 30, 5, NOW_S + 100);
    give_cert(web1, 31, 4, NOW_S + 200); // by another CA
    give_cert(web2, 20, 4, NOW_S);       // by another, and expired
    give_cert(web2, 21, 10, NOW_S + 100);
    report(web1, 17);
    test_ok(vouch_store_hosts_trust(test_reader, ca, NOW_S, &arena, &hosts, &count, &fault));
    assert_int_equal(count, 2);
    assert_true(vouch_bytes_equal(hosts[0].host, vouch_bytes_of("web1")));
    assert_true(vouch_bytes_equal(hosts[0].agent, vouch_bytes_of("1.0")));
    assert_int_equal(hosts[0].trust_version, 17);
    assert_int_equal(hosts[0].reported_s, NOW_S + 5);
    assert_int_equal(hosts[0].others, 1);
    assert_int_equal(hosts[0].others_end_s, NOW_S + 200);
    assert_true(vouch_bytes_equal(hosts[1].host, vouch_bytes_of("web2")));
    assert_int_equal(hosts[1].trust_version, 0);
    assert_int_equal(hosts[1].reported_s, 0);
    assert_int_equal(hosts[1].others, 0);
    assert_int_equal(hosts[1].others_end_s, 0);
}

// --- the overview

static struct vouch_store_summary summary_of(uint64_t now_s, uint64_t krl_version) {
    const struct vouch_store_summary_ask ask = {
        .now_s = now_s, .silent_s = 900, .krl_version = krl_version};
    struct vouch_store_summary summary = {0};
    test_ok(vouch_store_summary(test_reader, &ask, &summary, &fault));
    return summary;
}

// Of the records 0 to 9, number 0 is an event. Ends are in this hour, in the next, in none.
static void certificates_are_counted_without_looking_at_each(void **state) {
    (void)state;
    const uint64_t next_s = (NOW_S / VOUCH_STORE_HOUR_S + 1) * VOUCH_STORE_HOUR_S;
    struct test_records *records = calloc(1, sizeof *records);
    assert_non_null(records);
    assert_int_equal(summary_of(NOW_S, 0).valid, 0);
    assert_int_equal(summary_of(NOW_S, 0).next_end_s, 0);
    test_records_fill(records, 0, 10);
    for (size_t i = 1; i < 10; i++) {
        records->certs[i].valid_before = NOW_S; // not valid any more
    }
    records->certs[1].valid_before = next_s - 1;
    records->certs[2].valid_before = next_s;
    records->certs[3].valid_before = next_s + 1;
    records->certs[4].valid_before = next_s + 100 * VOUCH_STORE_HOUR_S;
    records->certs[6].valid_before = VOUCH_CERT_FOREVER;
    test_ok(vouch_store_write_batch(test_writer, &records->batch, &fault));
    assert_int_equal(summary_of(NOW_S, 0).valid, 5);
    assert_int_equal(summary_of(NOW_S, 0).next_end_s, next_s - 1);
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_ending ending[3];
    size_t count = 0;
    test_ok(vouch_store_ending_list(test_reader, NOW_S, 3, &arena, ending, &count, &fault));
    assert_int_equal(count, 3);
    assert_int_equal(ending[0].end_s, next_s - 1);
    assert_true(ending[0].serial == records->certs[1].serial);
    assert_true(vouch_bytes_equal(ending[0].key_id, records->certs[1].key_id));
    assert_int_equal(ending[2].end_s, next_s + 1);
    test_ok(vouch_store_ending_list(test_reader, next_s, 3, &arena, ending, &count, &fault));
    assert_int_equal(count, 2); // what never ends is not among them
    assert_int_equal(ending[0].end_s, next_s + 1);
    assert_int_equal(summary_of(next_s - 1, 0).valid, 4);
    assert_int_equal(summary_of(next_s, 0).valid, 3);
    assert_int_equal(summary_of(next_s, 0).next_end_s, next_s + 1);
    assert_int_equal(summary_of(next_s + 200 * VOUCH_STORE_HOUR_S, 0).valid, 1);
    assert_int_equal(summary_of(next_s + 200 * VOUCH_STORE_HOUR_S, 0).next_end_s, 0);
    assert_int_equal(summary_of(NOW_S, 0).revoked, 0);
    test_ok(vouch_store_write_batch(test_writer, &records->batch, &fault)); // again: known already
    assert_int_equal(summary_of(NOW_S, 0).valid, 5);
    free(records);
}

static const struct vouch_store_tally_row *tallies_of(enum vouch_store_tally kind,
                                                      uint64_t from_hour, uint64_t step_hours,
                                                      struct vouch_arena *arena,
                                                      size_t *ret_count) {
    const struct vouch_store_tally_row *rows = NULL;
    test_ok(vouch_store_tally_list(test_reader, kind, from_hour, step_hours, arena, &rows,
                                   ret_count, &fault));
    return rows;
}

static void what_was_issued_is_counted_by_hour_and_role(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const uint64_t hour = TEST_TIME_MS / 1000 / VOUCH_STORE_HOUR_S;
    struct test_records *records = calloc(1, sizeof *records);
    assert_non_null(records);
    test_records_fill(records, 0, 10);
    for (size_t i = 1; i < 10; i++) {
        records->certs[i].time_ms = TEST_TIME_MS + i / 4 * VOUCH_STORE_HOUR_S * 1000;
    }
    records->certs[2].role = vouch_bytes_of("admins");
    records->certs[5].role = vouch_bytes_of(""); // a host's
    test_ok(vouch_store_write_batch(test_writer, &records->batch, &fault));
    size_t count = 0;
    const struct vouch_store_tally_row *rows =
        tallies_of(VOUCH_STORE_TALLY_ISSUED, hour, 1, &arena, &count);
    assert_int_equal(count, 5);
    assert_true(vouch_bytes_equal(rows[0].name, vouch_bytes_of("admins")));
    assert_int_equal(rows[0].count, 1);
    assert_true(vouch_bytes_equal(rows[1].name, vouch_bytes_of("developers")));
    assert_int_equal(rows[1].count, 2);
    assert_int_equal(rows[3].place, 1);
    assert_true(vouch_bytes_equal(rows[3].name, vouch_bytes_of("host")));
    assert_int_equal(rows[4].place, 2);
    rows = tallies_of(VOUCH_STORE_TALLY_ISSUED, hour, 24, &arena, &count);
    assert_int_equal(count, 3);
    assert_int_equal(rows[1].count, 7);
    (void)tallies_of(VOUCH_STORE_TALLY_ISSUED, hour + 3, 1, &arena, &count);
    assert_int_equal(count, 0);
    free(records);
}

static void refusals_are_counted_by_the_hour(void **state) {
    (void)state;
    const uint64_t hour = TEST_TIME_MS / 1000 / VOUCH_STORE_HOUR_S;
    uint64_t sum = 9;
    for (uint64_t number = 0; number < 3; number++) {
        const struct vouch_store_event event = {
            .number = number,
            .time_ms = TEST_TIME_MS + number * VOUCH_STORE_HOUR_S * 1000,
            .type = vouch_bytes_of(number == 0 ? "user.add" : VOUCH_STORE_REFUSAL_EVENT),
            .actor = vouch_bytes_of("user:alice")};
        const struct vouch_store_record record = {.event = &event};
        const struct vouch_store_batch batch = {
            .origin = vouch_bytes_of(TEST_ORIGIN), .records = &record, .count = 1};
        test_ok(vouch_store_write_batch(test_writer, &batch, &fault));
    }
    test_ok(vouch_store_tally_sum(test_reader, VOUCH_STORE_TALLY_REFUSED, hour, &sum, &fault));
    assert_int_equal(sum, 2);
    test_ok(vouch_store_tally_sum(test_reader, VOUCH_STORE_TALLY_REFUSED, hour + 2, &sum, &fault));
    assert_int_equal(sum, 1);
    begin();
    for (unsigned i = 0; i < 5; i++) {
        const struct vouch_store_login login = {.time_ms = TEST_TIME_MS,
                                                .host = vouch_bytes_of("web1"),
                                                .outcome = i < 3 ? VOUCH_STORE_LOGIN_REFUSED
                                                                 : VOUCH_STORE_LOGIN_ACCEPTED};
        test_ok(vouch_store_login_add(test_writer, &login, &fault));
    }
    keep();
    test_ok(
        vouch_store_tally_sum(test_reader, VOUCH_STORE_TALLY_LOGINS_REFUSED, hour, &sum, &fault));
    assert_int_equal(sum, 3);
    // An index that is made again counts again, and what is in no record is kept.
    test_ok(vouch_store_index_reset(test_writer, &fault));
    test_ok(vouch_store_tally_sum(test_reader, VOUCH_STORE_TALLY_REFUSED, hour, &sum, &fault));
    assert_int_equal(sum, 0);
    test_ok(
        vouch_store_tally_sum(test_reader, VOUCH_STORE_TALLY_LOGINS_REFUSED, hour, &sum, &fault));
    assert_int_equal(sum, 3);
}

static void report_health(uint64_t id, const char *health, uint64_t time_s, uint64_t krl_version) {
    const struct vouch_store_host_report row = {.host = id,
                                                .time_s = time_s,
                                                .krl_version = krl_version,
                                                .health = vouch_bytes_of(health),
                                                .agent = vouch_bytes_of("1.0"),
                                                .sshd = vouch_bytes_of("9.2")};
    begin();
    test_ok(vouch_store_host_report_put(test_writer, &row, &fault));
    keep();
}

static void hosts_are_counted_by_how_they_are(void **state) {
    (void)state;
    static const struct {
        const char *health;
        uint64_t time_s, krl_version;
    } reports[] = {
        {"ok", NOW_S, 7},       {"ok", NOW_S - 900, 8}, {"ok", NOW_S, 6},
        {"ok", NOW_S - 901, 7}, {"warning", NOW_S, 6},  {"warning", 1, 7},
        {"critical", NOW_S, 7}, {"critical", 1, 0},
    };
    for (uint64_t i = 0; i < sizeof reports / sizeof reports[0]; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "web%u", (unsigned)i);
        report_health(add_host(name, VOUCH_STORE_HOST_ACTIVE, 100 + 10 * i), reports[i].health,
                      reports[i].time_s, reports[i].krl_version);
    }
    (void)add_host("never", VOUCH_STORE_HOST_ACTIVE, 20);
    (void)add_host("new", VOUCH_STORE_HOST_WAITING, 30);
    report_health(add_host("locked", VOUCH_STORE_HOST_LOCKED, 40), "ok", NOW_S, 7);
    (void)add_host("gone", VOUCH_STORE_HOST_RETIRED, 50);
    const struct vouch_store_summary counts = summary_of(NOW_S, 7);
    assert_int_equal(counts.hosts, 9);
    assert_int_equal(counts.critical, 2);
    assert_int_equal(counts.silent, 3);
    assert_int_equal(counts.attention, 1);
    assert_int_equal(counts.behind, 1);
    assert_int_equal(counts.ok, 2);
    assert_int_equal(counts.current, 5);
    assert_int_equal(counts.hosts_waiting, 1);
    assert_int_equal(counts.hosts_locked, 1);
}

static void a_list_is_there_since_it_was_first_reported(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_store_host_list *lists = NULL;
    size_t count = 0;
    const uint64_t web1 = add_host("web1", VOUCH_STORE_HOST_ACTIVE, 20);
    (void)add_host("web2", VOUCH_STORE_HOST_ACTIVE, 30);
    report_health(web1, "ok", NOW_S + 10, 7);
    report_health(web1, "ok", NOW_S + 20, 7);
    report_health(web1, "warning", NOW_S + 30, 8);
    report_health(web1, "ok", NOW_S + 40, 8);
    test_ok(vouch_store_host_lists(test_reader, &arena, &lists, &count, &fault));
    assert_int_equal(count, 2);
    assert_int_equal(lists[0].version, 8);
    assert_int_equal(lists[0].reported_s, NOW_S + 40);
    assert_int_equal(lists[0].arrived_s, NOW_S + 30);
    assert_int_equal(lists[0].created_s, NOW_S);
    assert_int_equal(lists[1].arrived_s, 0);
    report_health(web1, "ok", NOW_S + 50, 7); // an older one again, as after a restore
    test_ok(vouch_store_host_lists(test_reader, &arena, &lists, &count, &fault));
    assert_int_equal(lists[0].arrived_s, NOW_S + 50);
}

// --- preferences

static void preferences_are_kept_with_their_account(void **state) {
    (void)state;
    static const uint8_t longest[VOUCH_STORE_PREFERENCES_MAX + 1];
    static const char *const texts[] = {"{\"theme\":\"dark\"}", "{}"};
    const struct vouch_bytes name = vouch_bytes_of("alice");
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_account account = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    struct vouch_bytes value = {0};
    begin();
    test_ok(vouch_store_account_add(test_writer, name, NOW_S, &outcome, &fault));
    keep();
    test_ok(vouch_store_account_find(test_reader, name, &arena, &outcome, &account, &fault));
    test_ok(vouch_store_preferences_find(test_reader, account.id, &arena, &value, &fault));
    assert_int_equal(value.len, 0);
    for (size_t i = 0; i < 2; i++) {
        const struct vouch_bytes text = vouch_bytes_of(texts[i]);
        begin();
        test_ok(vouch_store_preferences_put(test_writer, account.id, text, &fault));
        keep();
        test_ok(vouch_store_preferences_find(test_reader, account.id, &arena, &value, &fault));
        assert_true(vouch_bytes_equal(value, text));
    }
    const struct vouch_bytes long_one = {longest, sizeof longest};
    begin();
    assert_int_equal(vouch_store_preferences_put(test_writer, account.id, long_one, NULL),
                     VOUCH_ERR_ARGUMENT);
    test_ok(vouch_store_account_remove(test_writer, account.id, &outcome, &fault));
    keep();
    test_ok(vouch_store_preferences_find(test_reader, account.id, &arena, &value, &fault));
    assert_int_equal(value.len, 0);
}

// --- sessions

static uint64_t add_session(uint64_t account, uint64_t secret, uint64_t used_s) {
    const struct vouch_store_session session = {.account = account,
                                                .methods = vouch_bytes_of("password+totp"),
                                                .source = vouch_bytes_of("192.0.2.1"),
                                                .created_s = used_s,
                                                .used_s = used_s,
                                                .factor_s = used_s,
                                                .idle_s = 100,
                                                .ends_s = NOW_S + 1000};
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    uint64_t id = 0;
    test_key(secret, hash);
    begin();
    test_ok(vouch_store_session_add(test_writer, &session, hash, &outcome, &id, &fault));
    keep();
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    return id;
}

static void show_trust(uint64_t session, uint64_t version) {
    begin();
    test_ok(vouch_store_session_trust(test_writer, session, version, &fault));
    keep();
}

static void sessions_are_counted_by_the_bundle_that_they_showed(void **state) {
    (void)state;
    const struct vouch_bytes name = vouch_bytes_of("alice");
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_store_account account = {0};
    struct vouch_store_session_use use = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_ABSENT;
    begin();
    test_ok(vouch_store_account_add(test_writer, name, NOW_S, &outcome, &fault));
    keep();
    test_ok(vouch_store_account_find(test_reader, name, &arena, &outcome, &account, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    const uint64_t first = add_session(account.id, 1, NOW_S);
    const uint64_t second = add_session(account.id, 2, NOW_S);
    (void)add_session(account.id, 3, NOW_S);
    const uint64_t over = add_session(account.id, 4, NOW_S - 200); // not used for too long
    show_trust(first, 17);
    show_trust(second, 18);
    show_trust(over, 18);
    test_ok(vouch_store_sessions_trust(test_reader, NOW_S, 18, &use, &fault));
    assert_int_equal(use.sessions, 3);
    assert_int_equal(use.current, 1);
    test_ok(vouch_store_sessions_trust(test_reader, NOW_S, 17, &use, &fault));
    assert_int_equal(use.current, 2);
    show_trust(first, 18);
    test_ok(vouch_store_sessions_trust(test_reader, NOW_S, 18, &use, &fault));
    assert_int_equal(use.current, 2);
    show_trust(first + 100, 18); // nobody's
    test_ok(vouch_store_sessions_trust(test_reader, NOW_S, 18, &use, &fault));
    assert_int_equal(use.sessions, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_begin, test_end)

size_t test_contract_coverage(struct CMUnitTest *ret_tests) {
    const struct CMUnitTest tests[] = {
        TEST(what_a_ca_key_has_signed_is_counted),
        TEST(what_never_expires_is_never_over),
        TEST(each_active_host_says_which_bundle_it_has),
        TEST(certificates_are_counted_without_looking_at_each),
        TEST(what_was_issued_is_counted_by_hour_and_role),
        TEST(refusals_are_counted_by_the_hour),
        TEST(hosts_are_counted_by_how_they_are),
        TEST(a_list_is_there_since_it_was_first_reported),
        TEST(preferences_are_kept_with_their_account),
        TEST(sessions_are_counted_by_the_bundle_that_they_showed),
    };
    memcpy(ret_tests, tests, sizeof tests);
    return sizeof tests / sizeof tests[0];
}
