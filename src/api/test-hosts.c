// SPDX-License-Identifier: ISC
// Tests of what hosts ask: enrolling, renewing, waiting for news, reporting.
#include "api/routes.h"
#include "api/test-fixture.h"
#include "base/time.h"

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define WHEN "\"time\":\"2026-11-22T10:45:38Z\""
#define PROOF "\"public_key\":\"" TEST_KEY "\",\"proof\":\"-----BEGIN SSH SIGNATURE-----\\n\""
#define ENROL(more)                                                                                \
    "{" more "\"name\":\"web1.example.com\",\"keys\":[{" PROOF "}]," WHEN ",\"machine\":\"" HEX    \
    "\"}"
#define TOKEN "\"token\":\"" TEST_HOST_TOKEN "\","

static unsigned ask(const char *method, const char *path, const char *body) {
    return test_send_as(TEST_HOST_SECRET, method, path, body);
}

static void enrols_a_host_with_a_token(void **state) {
    (void)state;
    static const char body[] = ENROL(TOKEN "\"aliases\":[\"web1\",\"192.0.2.4\"],"
                                           "\"labels\":{\"os\":\"debian=12\"},"
                                           "\"agent\":\"0.1.0\",\"sshd\":\"OpenSSH_9.2p1\",");
    assert_int_equal(test_send_as(NULL, "POST", "/v1/host/enrol", body), 201);
    test_assert_asked("enrol way=0 uid=0 source=127.0.0.1 token=" TEST_HOST_TOKEN
                      " name=web1.example.com agent=0.1.0 sshd=OpenSSH_9.2p1"
                      " aliases=[web1,192.0.2.4] labels=[os=debian=12]"
                      " key=51/-----BEGIN/0 time=1795344338 machine=32/1f");
    assert_string_equal(test_text(&answer, "state"), "active");
    assert_string_equal(test_text(&answer, "name"), "web1.example.com");
    assert_string_equal(test_text(&answer, "secret"), TEST_HOST_SECRET);
    assert_int_equal(test_number("generation"), 1);
    const json_t *certs = json_object_get(answer.json, "certificates");
    assert_int_equal(json_array_size(certs), 1);
}

static void lets_a_host_without_a_token_wait_to_be_adopted(void **state) {
    (void)state;
    assert_int_equal(test_send_as(NULL, "POST", "/v1/host/enrol", ENROL("")), 202);
    assert_string_equal(test_text(&answer, "state"), "waiting");
    assert_null(json_object_get(answer.json, "secret"));
    test_assert_asked(" token= name=web1.example.com ");
}

static void names_the_key_that_is_wrong(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"{" PROOF ",\"serial\":\"7\"}", "keys[1].serial"},
        {"{\"proof\":\"x\"}", "keys[1].public_key"},
        {"{\"public_key\":\"ssh-ed25519 AAAA\",\"proof\":\"x\"}", "keys[1].public_key"},
        {"{\"public_key\":\"" TEST_KEY "\"}", "keys[1].proof"},
        {"{\"public_key\":7,\"proof\":\"x\"}", "keys[1].public_key"},
        {"7", "keys"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char body[1024];
        (void)snprintf(body, sizeof body,
                       "{\"name\":\"web1\"," WHEN ",\"machine\":\"" HEX "\",\"keys\":[{" PROOF
                       "},%s]}",
                       bad[i][0]);
        test_assert_field(test_send_as(NULL, "POST", "/v1/host/enrol", body), bad[i][1]);
    }
    assert_int_equal(test_authority_asks(), 0);
}

static void refuses_a_body_after_a_bad_key_as_any_other(void **state) {
    (void)state;
    // What stood in the list's place does not stay there.
    test_assert_field(
        test_send_as(NULL, "POST", "/v1/host/enrol", "{\"name\":\"web1\",\"keys\":[7]," WHEN "}"),
        "keys");
    test_assert_field(test_send_as(NULL, "POST", "/v1/host/enrol",
                                   "{\"name\":\"web1\",\"keys\":[{" PROOF "}]," WHEN "}"),
                      "machine");
}

static void *enrol_elsewhere(void *status) {
    *(unsigned *)status = test_status(
        &test, &(struct test_ask){.method = "POST", .path = "/v1/host/enrol", .body = ENROL("")});
    return NULL;
}

// With two workers one enrolment is at work at most; the other worker is for all else.
static void keeps_workers_free_of_enrolments(void **state) {
    (void)state;
    pthread_t thread;
    unsigned status = 0;
    test_authority_hold();
    assert_int_equal(pthread_create(&thread, NULL, enrol_elsewhere, &status), 0);
    test_authority_await(1);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(test_send_as(NULL, "POST", "/v1/host/enrol", ENROL(TOKEN)), 503);
        assert_true(test_has_header(&answer, "Retry-After: 1"));
    }
    assert_int_equal(test_send_as(TEST_SESSION, "GET", "/v1/me", NULL), 200);
    test_authority_let_go();
    pthread_join(thread, NULL);
    assert_int_equal(status, 202);
    assert_int_equal(test_send_as(NULL, "POST", "/v1/host/enrol", ENROL(TOKEN)), 201);
}

static void renews_and_leaves(void **state) {
    (void)state;
    static const char body[] =
        "{\"keys\":[{" PROOF ",\"serial\":\"17592186044418\"}]," WHEN ",\"machine\":\"" HEX "\"}";
    assert_int_equal(ask("POST", "/v1/host/renew", body), 201);
    test_assert_asked("host_renew way=4 uid=0 source=127.0.0.1 aliases=[]"
                      " key=51/-----BEGIN/17592186044418");
    assert_int_equal(test_number("generation"), 2);
    assert_int_equal(ask("DELETE", "/v1/host", NULL), 200);
    assert_int_equal(test_number("revoked"), 3);
}

static void tells_a_host_what_to_install(void **state) {
    (void)state;
    assert_int_equal(ask("GET", "/v1/host/state", NULL), 200);
    test_assert_asked("host_state way=4 uid=0 source=127.0.0.1 have=0");
    assert_string_equal(test_text(&answer, "version"), "1");
    assert_string_equal(test_text(&answer, "mode"), "role");
    const json_t *logins = json_object_get(answer.json, "logins");
    assert_int_equal(json_array_size(logins), 2);
    assert_int_equal(ask("GET", "/v1/host/state?have=1", NULL), 200);
    assert_null(json_object_get(answer.json, "logins"));
    assert_int_equal(ask("GET", "/v1/host/state?have=2", NULL), 200);
    assert_non_null(json_object_get(answer.json, "logins"));
}

// ----- news

struct waiter {
    pthread_t thread;
    const char *path;
    unsigned status;
    char text[128]; // "state krl trust"
    uint64_t took_ms;
};

static void *wait_for_answer(void *context) {
    struct waiter *waiter = context;
    struct test_answer own;
    const struct test_ask one = {.method = "GET", .path = waiter->path, .token = TEST_HOST_SECRET};
    uint64_t begun_ns = vouch_time_monotonic_ns();
    test_ask(&test, &one, &own);
    waiter->took_ms = (vouch_time_monotonic_ns() - begun_ns) / 1000000;
    waiter->status = own.status;
    (void)snprintf(waiter->text, sizeof waiter->text, "%s %s %s", test_text(&own, "state"),
                   test_text(&own, "krl"), test_text(&own, "trust"));
    test_answer_done(&own);
    return NULL;
}

static void start(struct waiter *waiter, const char *path) {
    *waiter = (struct waiter){.path = path};
    assert_int_equal(pthread_create(&waiter->thread, NULL, wait_for_answer, waiter), 0);
}

static void await_waiting(uint64_t count) {
    struct vouch_http_counts counts = {0};
    for (int i = 0; i < 500 && counts.waiting != count; i++) {
        usleep(10000);
        vouch_http_server_counts(test.server, &counts);
    }
    assert_int_equal(counts.waiting, count);
}

static void assert_woken(struct waiter *waiter, const char *text) {
    pthread_join(waiter->thread, NULL);
    assert_int_equal(waiter->status, 200);
    assert_string_equal(waiter->text, text);
    assert_true(waiter->took_ms < 15000);
}

static void tells_news_at_once_to_who_has_none(void **state) {
    (void)state;
    static const char *const paths[] = {"/v1/host/news",
                                        "/v1/host/news?wait=50",
                                        "/v1/host/news?state=1&krl=1&trust=1",
                                        "/v1/host/news?state=2&krl=1&trust=1&wait=50",
                                        "/v1/host/news?state=1&krl=2&trust=1&wait=50",
                                        "/v1/host/news?state=1&krl=1&trust=2&wait=50"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal(ask("GET", paths[i], NULL), 200);
        assert_string_equal(test_text(&answer, "state"), "1");
        assert_string_equal(test_text(&answer, "krl"), "1");
        assert_string_equal(test_text(&answer, "trust"), "1");
        assert_int_equal(test_authority_asks(), i + 1);
    }
}

#define WAIT "/v1/host/news?state=1&krl=1&trust=1&wait=30"

// However many wait, nobody is asked anything when a list is new.
static void wakes_all_hosts_for_a_list_without_asking(void **state) {
    (void)state;
    struct waiter waiters[12]; // more than there are workers
    for (size_t i = 0; i < 12; i++) {
        start(&waiters[i], WAIT);
    }
    await_waiting(12);
    unsigned asked = test_authority_asks();
    test_authority_publish(0);
    for (size_t i = 0; i < 12; i++) {
        assert_woken(&waiters[i], "1 2 1");
    }
    assert_int_equal(test_authority_asks(), asked);
}

static void wakes_hosts_for_a_bundle_without_asking(void **state) {
    (void)state;
    struct waiter waiter;
    start(&waiter, WAIT);
    await_waiting(1);
    test_authority_rotate();
    assert_woken(&waiter, "1 1 2");
    assert_int_equal(test_authority_asks(), 1);
}

static void lets_hosts_sleep_on_when_the_other_list_changes(void **state) {
    (void)state;
    struct waiter waiter;
    start(&waiter, "/v1/host/news?state=1&krl=1&trust=1&wait=2");
    await_waiting(1);
    test_authority_publish(1);
    test_authority_grow();
    pthread_join(waiter.thread, NULL);
    assert_int_equal(waiter.status, 200);
    assert_string_equal(waiter.text, "1 1 1");
    assert_in_range(waiter.took_ms, 1900, 15000);
    assert_int_equal(test_authority_asks(), 1);
}

static void await_asks(unsigned count) {
    for (int i = 0; i < 500 && test_authority_asks() != count; i++) {
        usleep(10000);
    }
    assert_int_equal(test_authority_asks(), count);
}

// A change elsewhere in the fleet is asked about once, and the host waits on; its own is told.
static void wakes_a_host_for_its_own_state_alone(void **state) {
    (void)state;
    struct waiter waiter;
    start(&waiter, WAIT);
    await_waiting(1);
    test_authority_change_fleet(1);
    await_asks(2);
    await_waiting(1);
    usleep(300000); // and it does not ask again by itself
    assert_int_equal(test_authority_asks(), 2);
    test_authority_change_fleet(2);
    assert_woken(&waiter, "2 1 1");
    assert_int_equal(test_authority_asks(), 3);
}

static void ends_the_wait_of_a_host_that_is_known_no_more(void **state) {
    (void)state;
    struct waiter waiter;
    start(&waiter, WAIT);
    await_waiting(1);
    test_authority_say(VOUCH_VERDICT_UNKNOWN, "V-1801", "");
    test_authority_change_fleet(2);
    pthread_join(waiter.thread, NULL);
    assert_int_equal(waiter.status, 401);
}

static void asks_who_waits_before_it_waits(void **state) {
    (void)state;
    assert_int_equal(test_send_as(TEST_HOST_STRANGE, "GET", WAIT, NULL), 401);
    assert_int_equal(test_send_as(TEST_HOST_NONE, "GET", WAIT, NULL), 403);
    assert_int_equal(test_send_as(NULL, "GET", WAIT, NULL), 401);
    struct vouch_http_counts counts;
    vouch_http_server_counts(test.server, &counts);
    assert_int_equal(counts.waiting, 0);
}

static void refuses_versions_that_are_none(void **state) {
    (void)state;
    static const char *const bad[] = {"state=0", "krl=x", "trust=-1", "wait=61", "wait=0"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char path[64], field[16];
        (void)snprintf(path, sizeof path, "/v1/host/news?%s", bad[i]);
        (void)snprintf(field, sizeof field, "%.*s", (int)strcspn(bad[i], "="), bad[i]);
        test_assert_field(ask("GET", path, NULL), field);
    }
}

// ----- reports

static void takes_reports(void **state) {
    (void)state;
    assert_int_equal(ask("POST", "/v1/host/report",
                         "{" WHEN ",\"krl_version\":\"17592186044417\",\"state_version\":\"7\","
                         "\"trust_version\":\"9\",\"krl_generated\":\"2026-11-22T10:45:38Z\","
                         "\"health\":\"warning\",\"problems\":[\"the clock\"],"
                         "\"ca_keys\":[\"SHA256:x\"],\"agent\":\"0.1.0\",\"sshd\":\"9.2\","
                         "\"settings\":[\"usepam yes\"]}"),
                     200);
    test_assert_asked("host_report way=4 uid=0 source=127.0.0.1 time=1795344338"
                      " krl=17592186044417/1795344338 state=7 trust=9 health=warning agent=0.1.0"
                      " sshd=9.2 problems=[the clock] ca_keys=[SHA256:x] settings=[usepam yes]");
    assert_string_equal(test_text(&answer, "next"), "8");
}

// What somebody typed at sshd may be anything; it is taken as it is.
static void takes_logins_as_sshd_logged_them(void **state) {
    (void)state;
    assert_int_equal(
        ask("POST", "/v1/host/logins",
            "{\"first\":\"41\",\"logins\":["
            "{\"time\":\"2026-11-22T10:45:38.120Z\",\"outcome\":\"accepted\",\"login\":\"deploy\","
            "\"source\":\"192.0.2.7\",\"method\":\"publickey\",\"key_id\":\"alice\","
            "\"serial\":\"7\",\"fingerprint\":\"SHA256:x\",\"ca\":\"SHA256:y\"},"
            "{\"time\":\"2026-11-22T10:45:39Z\",\"outcome\":\"refused\",\"login\":\"ro\\u001bot\","
            "\"reason\":\"expired\",\"line\":\"a\\tb\"}]}"),
        200);
    test_assert_asked("first=41 count=2 [1795344338120 1 deploy 192.0.2.7 publickey alice 7"
                      " SHA256:x SHA256:y  ] [1795344339000 2 ro\x1bot    0   expired a\tb]");
    assert_string_equal(test_text(&answer, "next"), "43");
}

static void takes_no_more_logins_than_a_batch_holds(void **state) {
    (void)state;
    struct vouch_buf body;
    vouch_buf_init(&body, 1 << 20);
    vouch_buf_put_text(&body, "{\"first\":\"1\",\"logins\":[");
    for (unsigned i = 0; i <= VOUCH_REPORT_LOGINS_MAX; i++) {
        vouch_buf_put_text(&body, i > 0 ? "," : "");
        vouch_buf_put_text(&body, "{" WHEN ",\"outcome\":\"refused\",\"login\":\"root\"}");
    }
    vouch_buf_put(&body, (struct vouch_bytes){(const uint8_t *)"]}", 3}); // with its NUL
    assert_int_equal(body.err, VOUCH_OK);
    test_assert_field(ask("POST", "/v1/host/logins", (const char *)body.ptr), "logins");
    vouch_buf_done(&body);
    assert_int_equal(test_authority_asks(), 0);
}

static void masks_the_secrets_of_hosts(void **state) {
    (void)state;
    static const char *const secrets[] = {TEST_HOST_SECRET, TEST_HOST_TOKEN};
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "/v1/fleet/%s", secrets[i]);
        test_authority_say(VOUCH_VERDICT_ABSENT, "V-1803", secrets[i]);
        assert_int_equal(test_send_as(TEST_TOKEN_ALL, "GET", path, NULL), 404);
        assert_null(memmem(answer.body.ptr, answer.body.len, secrets[i] + 8, 20));
        usleep(100000); // the line is written when the answer is on its way
        pthread_mutex_lock(&test.log_lock);
        assert_null(memmem(test.log.ptr, test.log.len, secrets[i] + 8, 20));
        pthread_mutex_unlock(&test.log_lock);
    }
}

static void whoever_adopts_says_which_wildcards(void **state) {
    (void)state;
    static const char body[] =
        "{\"fingerprint\":\"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\","
        "\"wildcards\":[\"*.web.example.com\",\"*.b.example.com\"]}";
    assert_int_equal(test_send_as(TEST_TOKEN_ALL, "POST", "/v1/fleet/web1.example.com/adopt", body),
                     200);
    test_assert_asked(" wildcards=[*.web.example.com,*.b.example.com] without_wildcards=[]");
    test_assert_field(test_send_as(TEST_TOKEN_ALL, "POST", "/v1/fleet/web1.example.com/adopt",
                                   "{\"fingerprint\":\"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NM"
                                   "pJWZG3hSuFU\",\"wildcards\":\"*.b.example.com\"}"),
                      "wildcards");
    assert_int_equal(test_send_as(TEST_TOKEN_ALL, "POST", "/v1/fleet/web1.example.com/edit",
                                  "{\"wildcards\":[\"*.a.b\"],\"without_wildcards\":[\"*.c.d\"]}"),
                     200);
    test_assert_asked(" wildcards=[*.a.b] without_wildcards=[*.c.d]");
}

static void shows_who_adopted_and_what_is_asked_for(void **state) {
    (void)state;
    assert_int_equal(test_send_as(TEST_TOKEN_ALL, "GET", "/v1/fleet", NULL), 200);
    const json_t *row = json_array_get(json_object_get(answer.json, "items"), 1);
    const json_t *approvers = json_object_get(row, "approvers");
    const json_t *wished = json_object_get(row, "wished");
    assert_int_equal(json_integer_value(json_object_get(row, "approvals")), 1);
    assert_int_equal(json_integer_value(json_object_get(row, "needed")), 2);
    assert_string_equal(json_string_value(json_array_get(approvers, 0)), "user:alice");
    assert_string_equal(json_string_value(json_array_get(wished, 0)), "*.db.example.com");
    assert_string_equal(json_string_value(json_object_get(row, "asker")), "user:root");
    assert_true(json_is_string(json_object_get(row, "adopt_until")));
    row = json_array_get(json_object_get(answer.json, "items"), 0);
    assert_int_equal(json_array_size(json_object_get(row, "approvers")), 0);
    assert_true(json_is_null(json_object_get(row, "asker")));
    assert_true(json_is_null(json_object_get(row, "adopt_until")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(whoever_adopts_says_which_wildcards),
        TEST(shows_who_adopted_and_what_is_asked_for),
        TEST(enrols_a_host_with_a_token),
        TEST(lets_a_host_without_a_token_wait_to_be_adopted),
        TEST(names_the_key_that_is_wrong),
        TEST(refuses_a_body_after_a_bad_key_as_any_other),
        TEST(keeps_workers_free_of_enrolments),
        TEST(renews_and_leaves),
        TEST(tells_a_host_what_to_install),
        TEST(tells_news_at_once_to_who_has_none),
        TEST(wakes_all_hosts_for_a_list_without_asking),
        TEST(wakes_hosts_for_a_bundle_without_asking),
        TEST(lets_hosts_sleep_on_when_the_other_list_changes),
        TEST(wakes_a_host_for_its_own_state_alone),
        TEST(ends_the_wait_of_a_host_that_is_known_no_more),
        TEST(asks_who_waits_before_it_waits),
        TEST(refuses_versions_that_are_none),
        TEST(takes_reports),
        TEST(takes_logins_as_sshd_logged_them),
        TEST(takes_no_more_logins_than_a_batch_holds),
        TEST(masks_the_secrets_of_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
