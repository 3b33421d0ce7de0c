// SPDX-License-Identifier: ISC
// The contract: what hosts were given, what they report, and the logins that they saw.
#include "store/host-reports.h"
#include "store/logins.h"
#include "store/test-contract.h"

static struct vouch_bytes text_of(const char *text) {
    return vouch_bytes_of(text);
}

// --- what a host was given

static uint64_t give(uint64_t host, uint8_t content, uint64_t now_ms) {
    uint8_t hash[VOUCH_STORE_HASH_LEN];
    uint64_t version = 0;
    memset(hash, content, sizeof hash);
    test_ok(vouch_store_work_begin(test_writer, VOUCH_STORE_DURABLY, &fault));
    test_ok(vouch_store_host_given_put(test_writer, host, hash, now_ms, &version, &fault));
    test_ok(vouch_store_work_end(test_writer, VOUCH_OK, VOUCH_STORE_DONE, &fault));
    return version;
}

static void a_version_rises_when_the_content_changes_and_only_then(void **state) {
    (void)state;
    struct vouch_store_host_given given = {0};
    test_ok(vouch_store_host_given_find(test_reader, 7, &given, &fault));
    assert_int_equal(given.version, 0);
    assert_int_equal(give(7, 1, 5000), 5000);
    assert_int_equal(give(7, 1, 9000), 5000); // the same content
    assert_int_equal(give(8, 1, 6000), 6000); // of another host
    assert_int_equal(give(7, 2, 5000), 5001); // within the same millisecond
    assert_int_equal(give(7, 1, 100), 5002);  // what was there before, and a clock that went back
    assert_int_equal(give(7, 3, 70000), 70000);
    test_ok(vouch_store_host_given_find(test_reader, 7, &given, &fault));
    assert_int_equal(given.version, 70000);
    assert_int_equal(given.hash[31], 3);
}

// --- reports

static void put_report(const struct vouch_store_host_report *report) {
    test_ok(vouch_store_work_begin(test_writer, VOUCH_STORE_LATER, &fault));
    test_ok(vouch_store_host_report_put(test_writer, report, &fault));
    test_ok(vouch_store_work_end(test_writer, VOUCH_OK, VOUCH_STORE_DONE, &fault));
}

static void the_newest_report_of_a_host_is_kept_whole(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    const struct vouch_bytes problems[] = {text_of("disk full"), text_of("no reload")};
    const struct vouch_bytes keys[] = {text_of("SHA256:abc")};
    const struct vouch_bytes settings[] = {text_of("maxauthtries 6")};
    struct vouch_store_host_report report = {.host = 3,
                                             .time_s = 1000,
                                             .clock_ms = -2500,
                                             .krl_version = UINT64_MAX,
                                             .krl_generated_s = 990,
                                             .state_version = 12,
                                             .trust_version = 13,
                                             .health = text_of("warning"),
                                             .agent = text_of("1.0"),
                                             .sshd = text_of("OpenSSH_9.2"),
                                             .problems = problems,
                                             .problem_count = 2,
                                             .ca_keys = keys,
                                             .ca_key_count = 1,
                                             .settings = settings,
                                             .setting_count = 1};
    struct vouch_store_host_report found = {0};
    enum vouch_store_outcome outcome = VOUCH_STORE_DONE;
    test_ok(vouch_store_host_report_find(test_reader, 3, &arena, &outcome, &found, &fault));
    assert_int_equal(outcome, VOUCH_STORE_ABSENT);
    report.health = text_of("ok");
    put_report(&report);
    report.health = text_of("warning");
    report.time_s = 1010;
    put_report(&report);
    test_ok(vouch_store_host_report_find(test_reader, 3, &arena, &outcome, &found, &fault));
    assert_int_equal(outcome, VOUCH_STORE_DONE);
    assert_int_equal(found.time_s, 1010);
    assert_int_equal(found.clock_ms, -2500);
    assert_true(found.krl_version == UINT64_MAX);
    assert_int_equal(found.krl_generated_s, 990);
    assert_int_equal(found.state_version, 12);
    assert_int_equal(found.trust_version, 13);
    assert_true(vouch_bytes_equal(found.health, text_of("warning")));
    assert_true(vouch_bytes_equal(found.agent, text_of("1.0")));
    assert_true(vouch_bytes_equal(found.sshd, text_of("OpenSSH_9.2")));
    assert_int_equal(found.problem_count, 2);
    assert_true(vouch_bytes_equal(found.problems[1], problems[1]));
    assert_int_equal(found.ca_key_count, 1);
    assert_true(vouch_bytes_equal(found.ca_keys[0], keys[0]));
    assert_int_equal(found.setting_count, 1);
    assert_true(vouch_bytes_equal(found.settings[0], settings[0]));
}

static void a_report_out_of_bounds_is_not_written(void **state) {
    (void)state;
    static struct vouch_bytes many[VOUCH_STORE_LIST_MAX + 1];
    const struct vouch_store_host_report report = {
        .host = 3, .problems = many, .problem_count = VOUCH_STORE_LIST_MAX + 1};
    test_ok(vouch_store_work_begin(test_writer, VOUCH_STORE_LATER, &fault));
    int err = vouch_store_host_report_put(test_writer, &report, NULL);
    assert_int_equal(err, VOUCH_ERR_ARGUMENT);
    assert_int_equal(vouch_store_work_end(test_writer, err, VOUCH_STORE_DONE, NULL), err);
}

// --- logins

static const char *const hosts[] = {"web1", "web2", "db1"};
static const char *const logins[] = {"app", "root"};
static const char *const users[] = {"", "alice", "bob", "carol", "dan"};

// Login `number`, as a function of its number. Its time is in steps of five logins.
static struct vouch_store_login login_of(uint64_t number) {
    static char key_ids[8][16];
    char *key_id = key_ids[number % 8];
    (void)snprintf(key_id, 16, "id-%u", (unsigned)(number % 7));
    return (struct vouch_store_login){
        .time_ms = TEST_TIME_MS + number / 5,
        .host = text_of(hosts[number % 3]),
        .outcome = number % 4 == 0 ? VOUCH_STORE_LOGIN_REFUSED : VOUCH_STORE_LOGIN_ACCEPTED,
        .login = text_of(logins[number % 2]),
        .user = text_of(users[number % 5]),
        .key_id = text_of(key_id),
        .serial = number % 11,
        .source = text_of("10.0.0.1"),
        .method = text_of("publickey"),
        .fingerprint = text_of("SHA256:key"),
        .ca = text_of("SHA256:ca"),
        .reason = text_of("because"),
        .line = text_of("Accepted publickey"),
        .alarm = text_of(number % 13 == 0 ? "revoked" : ""),
    };
}

#define LOGINS 200u

static void add_logins(void) {
    test_ok(vouch_store_work_begin(test_writer, VOUCH_STORE_LATER, &fault));
    for (uint64_t i = 0; i < LOGINS; i++) {
        const struct vouch_store_login login = login_of(i);
        test_ok(vouch_store_login_add(test_writer, &login, &fault));
    }
    test_ok(vouch_store_work_end(test_writer, VOUCH_OK, VOUCH_STORE_DONE, &fault));
}

// All pages of a listing; each row must be later than the next.
static size_t walk(const struct vouch_store_login_filter *filter, size_t limit,
                   int (*fits)(uint64_t number)) {
    char cursor[VOUCH_STORE_CURSOR_MAX] = "";
    uint64_t last = UINT64_MAX;
    size_t count = 0;
    do {
        struct vouch_store_logins page = {0};
        const struct vouch_store_page what = {limit, vouch_bytes_of(cursor)};
        test_ok(vouch_store_logins_list(test_reader, filter, &what, &page, &fault));
        assert_true(page.count <= limit);
        for (size_t i = 0; i < page.count; i++) {
            assert_true(page.rows[i].id < last);
            last = page.rows[i].id;
        }
        count += page.count;
        memcpy(cursor, page.next, sizeof cursor);
        vouch_store_logins_done(&page);
    } while (cursor[0] != '\0');
    size_t expected = 0;
    for (uint64_t i = 0; i < LOGINS; i++) {
        expected += fits(i) ? 1 : 0;
    }
    assert_int_equal(count, expected);
    return count;
}

static int any(uint64_t number) {
    (void)number;
    return 1;
}
static int of_web2(uint64_t number) {
    return number % 3 == 1;
}
static int of_root(uint64_t number) {
    return number % 2 == 1;
}
static int of_bob(uint64_t number) {
    return number % 5 == 2;
}
static int of_id_3(uint64_t number) {
    return number % 7 == 3;
}
static int of_serial_4(uint64_t number) {
    return number % 11 == 4;
}
static int refused_on_web2(uint64_t number) {
    return number % 4 == 0 && number % 3 == 1;
}
static int with_alarm(uint64_t number) {
    return number % 13 == 0;
}
static int in_the_middle(uint64_t number) {
    return number / 5 >= 10 && number / 5 < 20;
}
static int of_bob_in_the_middle(uint64_t number) {
    return of_bob(number) && in_the_middle(number);
}

static void logins_are_found_by_each_of_their_parts(void **state) {
    (void)state;
    const uint64_t serial = 4;
    add_logins();
    const struct {
        struct vouch_store_login_filter filter;
        int (*fits)(uint64_t number);
    } rows[] = {
        {{.outcome = VOUCH_STORE_LOGIN_ANY}, any},
        {{.host = text_of("web2")}, of_web2},
        {{.login = text_of("root")}, of_root},
        {{.user = text_of("bob")}, of_bob},
        {{.key_id = text_of("id-3")}, of_id_3},
        {{.serial = &serial}, of_serial_4},
        {{.host = text_of("web2"), .outcome = VOUCH_STORE_LOGIN_REFUSED}, refused_on_web2},
        {{.which = VOUCH_STORE_LOGINS_ALARMS}, with_alarm},
        {{.from_ms = TEST_TIME_MS + 10, .until_ms = TEST_TIME_MS + 20}, in_the_middle},
        {{.user = text_of("bob"), .from_ms = TEST_TIME_MS + 10, .until_ms = TEST_TIME_MS + 20},
         of_bob_in_the_middle},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(walk(&rows[i].filter, 7, rows[i].fits) > 0);
        assert_true(walk(&rows[i].filter, 1000, rows[i].fits) > 0);
    }
}

static void a_login_comes_back_as_it_was_kept(void **state) {
    (void)state;
    const struct vouch_store_page page = {.limit = 1};
    const struct vouch_store_login_filter filter = {.from_ms = 0};
    const struct vouch_store_login kept = login_of(39);
    struct vouch_store_logins found = {0};
    test_ok(vouch_store_work_begin(test_writer, VOUCH_STORE_LATER, &fault));
    test_ok(vouch_store_login_add(test_writer, &kept, &fault));
    test_ok(vouch_store_work_end(test_writer, VOUCH_OK, VOUCH_STORE_DONE, &fault));
    test_ok(vouch_store_logins_list(test_reader, &filter, &page, &found, &fault));
    assert_int_equal(found.count, 1);
    const struct vouch_store_login *row = &found.rows[0];
    assert_int_equal(row->time_ms, kept.time_ms);
    assert_int_equal(row->outcome, kept.outcome);
    assert_int_equal(row->serial, kept.serial);
    const struct vouch_bytes pairs[][2] = {
        {row->host, kept.host},     {row->login, kept.login},
        {row->user, kept.user},     {row->key_id, kept.key_id},
        {row->source, kept.source}, {row->method, kept.method},
        {row->ca, kept.ca},         {row->fingerprint, kept.fingerprint},
        {row->line, kept.line},     {row->reason, kept.reason},
        {row->alarm, kept.alarm},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert_true(vouch_bytes_equal(pairs[i][0], pairs[i][1]));
    }
    vouch_store_logins_done(&found);
}

static void old_logins_are_forgotten_a_part_at_a_time(void **state) {
    (void)state;
    uint64_t removed = 0;
    add_logins();
    for (size_t i = 0; i < 3; i++) {
        test_ok(vouch_store_work_begin(test_writer, VOUCH_STORE_LATER, &fault));
        test_ok(vouch_store_logins_prune(test_writer, TEST_TIME_MS + 10, 20, &removed, &fault));
        test_ok(vouch_store_work_end(test_writer, VOUCH_OK, VOUCH_STORE_DONE, &fault));
        assert_int_equal(removed, i == 0 ? 20 : i == 1 ? 40 : 50);
    }
}

static void a_cursor_of_another_listing_is_refused(void **state) {
    (void)state;
    const struct vouch_store_page page = {.cursor = text_of("c0000000000000001")};
    const struct vouch_store_login_filter filter = {.from_ms = 0};
    struct vouch_store_logins found = {0};
    assert_int_equal(vouch_store_logins_list(test_reader, &filter, &page, &found, NULL),
                     VOUCH_ERR_FORMAT);
}

static void a_login_without_outcome_is_not_written(void **state) {
    (void)state;
    struct vouch_store_login login = login_of(1);
    login.outcome = VOUCH_STORE_LOGIN_ANY;
    test_ok(vouch_store_work_begin(test_writer, VOUCH_STORE_LATER, &fault));
    int err = vouch_store_login_add(test_writer, &login, NULL);
    assert_int_equal(err, VOUCH_ERR_ARGUMENT);
    assert_int_equal(vouch_store_work_end(test_writer, err, VOUCH_STORE_DONE, NULL), err);
}

static void a_hosts_count_is_kept(void **state) {
    (void)state;
    uint64_t next = 99;
    int found = 1;
    test_ok(vouch_store_login_next(test_reader, 5, &found, &next, &fault));
    assert_int_equal(found, 0);
    for (uint64_t i = 1; i < 3; i++) {
        test_ok(vouch_store_work_begin(test_writer, VOUCH_STORE_DURABLY, &fault));
        test_ok(vouch_store_login_next_put(test_writer, 5, 40 * i, &fault));
        test_ok(vouch_store_work_end(test_writer, VOUCH_OK, VOUCH_STORE_DONE, &fault));
        test_ok(vouch_store_login_next(test_reader, 5, &found, &next, &fault));
        assert_int_equal(found, 1);
        assert_int_equal(next, 40 * i);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_begin, test_end)

size_t test_contract_logins(struct CMUnitTest *ret_tests) {
    const struct CMUnitTest tests[] = {
        TEST(a_version_rises_when_the_content_changes_and_only_then),
        TEST(the_newest_report_of_a_host_is_kept_whole),
        TEST(a_report_out_of_bounds_is_not_written),
        TEST(logins_are_found_by_each_of_their_parts),
        TEST(a_login_comes_back_as_it_was_kept),
        TEST(old_logins_are_forgotten_a_part_at_a_time),
        TEST(a_cursor_of_another_listing_is_refused),
        TEST(a_login_without_outcome_is_not_written),
        TEST(a_hosts_count_is_kept),
    };
    memcpy(ret_tests, tests, sizeof tests);
    return sizeof tests / sizeof tests[0];
}
