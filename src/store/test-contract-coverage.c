// SPDX-License-Identifier: ISC
// The contract: what a CA key has signed, and which hosts have which trust bundle.
#include "store/test-contract.h"

#include "store/accounts.h"
#include "store/coverage.h"
#include "store/host-reports.h"
#include "store/hosts.h"
#include "store/sessions.h"

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
        TEST(sessions_are_counted_by_the_bundle_that_they_showed),
    };
    memcpy(ret_tests, tests, sizeof tests);
    return sizeof tests / sizeof tests[0];
}
