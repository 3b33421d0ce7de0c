// SPDX-License-Identifier: ISC
// Tests of the routes about the policy, what people have by it, and how they get it: what each asks the
// authority, and how it tells the answer.
#include "api/test-fixture.h"

#define POLICY "zones:\n  - {name: prod}\n"

static unsigned ask(const char *method, const char *path, const char *body) {
    return test_send_as(TEST_SESSION, method, path, body);
}

// ----- who has what

static void shows_who_one_is(void **state) {
    (void)state;
    assert_int_equal(ask("GET", "/v1/me", NULL), 200);
    test_assert_asked("me way=3");
    test_assert_asked(" user=");
    assert_true(json_is_true(json_object_get(answer.json, "is_admin")));
    assert_true(json_is_false(json_object_get(answer.json, "is_auditor")));
    assert_string_equal(test_text(&answer, "policy"), "5");
    assert_string_equal(test_text(&answer, "ends"), "2106-02-07T06:28:15Z");
    assert_true(strncmp(test_text(&answer, "idle_ends"), "20", 2) == 0);
    const json_t *roles = json_object_get(answer.json, "roles");
    assert_int_equal(json_array_size(roles), 2);
    assert_true(json_is_true(json_object_get(json_array_get(roles, 0), "needs_reason")));
    assert_true(json_is_true(json_object_get(json_array_get(roles, 0), "break_glass")));
    assert_true(json_is_false(json_object_get(json_array_get(roles, 1), "break_glass")));
    assert_true(json_is_null(json_object_get(json_array_get(roles, 1), "group")));
    assert_int_equal(test_send_as(TEST_TOKEN_ALL, "GET", "/v1/me?user=alice", NULL), 200);
    test_assert_asked(" user=alice");
    assert_true(test_is_null("factor") && test_is_null("idle_ends") && test_is_null("ends"));
}

static void lists_hosts_and_who_reaches_them(void **state) {
    (void)state;
    assert_int_equal(ask("GET", "/v1/hosts?user=bob&zone=prod&host=web*&limit=3&cursor=w", NULL),
                     200);
    test_assert_asked(" limit=3 cursor=w user=bob zone=prod host=web*");
    assert_string_equal(test_item_text(0, "host"), "web1.example.com");
    assert_string_equal(test_text(&answer, "next"), "web1.example.com");
    assert_int_equal(ask("GET", "/v1/access/who?login=root&host=web1", NULL), 200);
    test_assert_asked(" login=root host=web1");
    assert_int_equal(test_number("in_all"), 1200);
    test_assert_field(ask("GET", "/v1/access/who?login=root", NULL), "host");
    test_assert_field(ask("GET", "/v1/access/who?host=web1", NULL), "login");
    test_assert_field(ask("GET", "/v1/hosts?zone=", NULL), "zone");
}

// ----- the policy

static unsigned send_policy(const char *method, const char *path, const char *headers) {
    return test_send(&(struct test_ask){.method = method,
                                        .path = path,
                                        .token = TEST_SESSION,
                                        .type = "application/yaml",
                                        .headers = headers,
                                        .body = POLICY});
}

static void shows_the_policy_with_its_version(void **state) {
    (void)state;
    assert_int_equal(ask("GET", "/v1/policy", NULL), 200);
    test_assert_asked(" version=0");
    assert_true(test_has_header(&answer, "ETag: \"4\""));
    assert_true(test_has_header(&answer, "Content-Type: application/yaml"));
    assert_true(test_has_header(&answer, "Cache-Control: no-store"));
    assert_memory_equal(answer.body.ptr, POLICY, sizeof POLICY - 1);
    assert_int_equal(ask("GET", "/v1/policy?version=3", NULL), 200);
    test_assert_asked(" version=3");
    assert_true(test_has_header(&answer, "ETag: \"3\""));
    const struct test_ask again = {.method = "GET",
                                   .path = "/v1/policy",
                                   .token = TEST_SESSION,
                                   .headers = "If-None-Match: \"4\"\r\n"};
    assert_int_equal(test_status(&test, &again), 304);
    test_assert_field(ask("GET", "/v1/policy?version=0", NULL), "version");
}

static void applies_a_policy_to_the_version_that_was_read(void **state) {
    (void)state;
    assert_int_equal(send_policy("PUT", "/v1/policy", "If-Match: \"4\"\r\n"), 200);
    test_assert_asked(" what=1 expect=4 name=policy len=24 text=zones:");
    assert_true(test_has_header(&answer, "ETag: \"5\""));
    assert_string_equal(test_text(&answer, "version"), "5");
    assert_int_equal(test_number("changes_in_all"), 300);
    const json_t *change = json_array_get(json_object_get(answer.json, "changes"), 0);
    assert_string_equal(json_string_value(json_object_get(change, "after")), "approval");
    const json_t *edit = json_array_get(json_object_get(answer.json, "edits"), 1);
    assert_true(json_is_null(json_object_get(edit, "key")));
    assert_int_equal(send_policy("PUT", "/v1/policy", "If-Match: \"0\"\r\n"), 200);
    test_assert_asked(" what=1 expect=0 ");
    test_authority_say(VOUCH_VERDICT_CONFLICT, "V-1806", "If-Match");
    assert_int_equal(send_policy("PUT", "/v1/policy", "If-Match: \"4\"\r\n"), 409);
}

static void applies_no_policy_without_one_version(void **state) {
    (void)state;
    static const char *const bad[] = {
        NULL,
        "If-Match: \r\n",
        "If-Match: *\r\n",
        "If-Match: 4\r\n",
        "If-Match: \"\"\r\n",
        "If-Match: \"\r\n",
        "If-Match: \"04\"\r\n",
        "If-Match: \"00\"\r\n",
        "If-Match: \"-1\"\r\n",
        "If-Match: W/\"4\"\r\n",
        "If-Match: \"4\", \"5\"\r\n",
        "If-Match: \"18446744073709551616\"\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        test_assert_field(send_policy("PUT", "/v1/policy", bad[i]), "If-Match");
    }
    assert_int_equal(test_authority_asks(), 0);
}

static void compares_a_policy_and_applies_nothing(void **state) {
    (void)state;
    assert_int_equal(send_policy("POST", "/v1/policy/diff", NULL), 200);
    test_assert_asked(" what=0 expect=0 name=policy len=24");
    assert_null(strstr(answer.head, "\r\nETag:"));
}

static void refuses_an_empty_policy(void **state) {
    (void)state;
    static const char *const routes[][2] = {{"PUT", "/v1/policy"}, {"POST", "/v1/policy/diff"}};
    for (size_t i = 0; i < 2; i++) {
        const struct test_ask one = {.method = routes[i][0],
                                     .path = routes[i][1],
                                     .token = TEST_SESSION,
                                     .type = "application/yaml",
                                     .headers = "If-Match: \"4\"\r\n",
                                     .body = ""};
        test_assert_field(test_send(&one), "policy");
    }
    assert_int_equal(test_authority_asks(), 0);
}

static void takes_large_policies(void **state) {
    (void)state;
    size_t len = 900000;
    char *text = calloc(1, len + 1);
    memset(text, '#', len);
    const struct test_ask one = {.method = "POST",
                                 .path = "/v1/policy/diff",
                                 .token = TEST_SESSION,
                                 .type = "application/yaml",
                                 .body = text};
    assert_int_equal(test_send(&one), 200);
    test_assert_asked(" len=900000 ");
    free(text);
}

static void lists_versions(void **state) {
    (void)state;
    assert_int_equal(ask("GET", "/v1/policies?limit=9", NULL), 200);
    test_assert_asked(" limit=9 cursor=");
    assert_string_equal(test_item_text(0, "version"), "5");
    assert_string_equal(test_item_text(0, "record"), "12");
    assert_string_equal(test_item_text(0, "actor"), "user:alice");
}

// ----- access and requests

static void gets_a_certificate_by_roles(void **state) {
    (void)state;
    const struct test_ask one = {
        .method = "POST",
        .path = "/v1/access",
        .token = TEST_SESSION,
        .headers = "Idempotency-Key: once-2\r\n",
        .body = "{\"zone\":\"prod\",\"roles\":[\"dev\",\"dba\"],\"public_key\":\"" TEST_KEY
                "\",\"ttl_s\":600,\"reason\":\"incident\",\"extensions\":[\"permit-pty\"],"
                "\"logins\":[\"root\"],\"sources\":[\"10.0.0.0/8\"],"
                "\"force_command\":\"/bin/true\",\"verify_required\":true,\"request\":false}"};
    assert_int_equal(test_send(&one), 201);
    test_assert_asked(" zone=prod key=51 ttl=600 reason=incident once=once-2 roles=[dev,dba]");
    test_assert_asked(" 1 extensions=[permit-pty] 1 logins=[root] 1 sources=[10.0.0.0/8]");
    test_assert_asked(" command=/bin/true verify=1 pending=0 drill=0");
    assert_string_equal(test_text(&answer, "actor"), "user:alice");
    assert_true(test_has_header(&answer, "Location: /v1/certs/17592186044418"));
}

static void says_that_it_is_a_drill(void **state) {
    (void)state;
    assert_int_equal(ask("POST", "/v1/access",
                         "{\"zone\":\"prod\",\"roles\":[\"emergency\"],\"drill\":true,"
                         "\"reason\":\"the monthly one\",\"public_key\":\"" TEST_KEY "\"}"),
                     201);
    test_assert_asked(" drill=1");
}

static void tells_left_out_from_empty(void **state) {
    (void)state;
    assert_int_equal(
        ask("POST", "/v1/access", "{\"zone\":\"prod\",\"public_key\":\"" TEST_KEY "\"}"), 201);
    test_assert_asked(" ttl=0 reason= once= roles=[] 0 extensions=[] 0 logins=[] 0 sources=[]");
    test_assert_asked(" command= verify=0 pending=0");
    assert_int_equal(ask("POST", "/v1/access",
                         "{\"zone\":\"prod\",\"public_key\":\"" TEST_KEY
                         "\",\"extensions\":[],\"logins\":[],\"sources\":[]}"),
                     201);
    test_assert_asked(" 1 extensions=[] 1 logins=[] 1 sources=[]");
}

static void answers_a_request_where_approvals_are_missing(void **state) {
    (void)state;
    assert_int_equal(ask("POST", "/v1/access",
                         "{\"zone\":\"prod\",\"public_key\":\"" TEST_KEY "\",\"request\":true}"),
                     202);
    test_assert_asked(" pending=1");
    assert_true(test_has_header(&answer, "Location: /v1/requests/21"));
    assert_string_equal(test_text(&answer, "state"), "waiting");
    assert_int_equal(test_number("missing"), 2);
    assert_true(test_is_null("reason") && test_is_null("decided_by") && test_is_null("serial"));
    assert_string_equal(test_text(&answer, "fingerprint"),
                        "SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
}

static void lists_requests_in_every_state(void **state) {
    (void)state;
    static const char *const states[] = {"waiting",   "approved", "denied",
                                         "cancelled", "expired",  "taken"};
    static const char *const which[] = {"mine", "to-decide", "all"};
    assert_int_equal(ask("GET", "/v1/requests", NULL), 200);
    test_assert_asked(" which=0 state=0");
    for (unsigned i = 0; i < 6; i++) {
        char path[96];
        char asked[48];
        assert_string_equal(test_item_text(i, "state"), states[i]);
        (void)snprintf(path, sizeof path, "/v1/requests?which=%s&state=%s&limit=6", which[i % 3],
                       states[i]);
        (void)snprintf(asked, sizeof asked, " limit=6 cursor= which=%u state=%u", i % 3, i + 1);
        assert_int_equal(ask("GET", path, NULL), 200);
        test_assert_asked(asked);
    }
    test_assert_field(ask("GET", "/v1/requests?which=others", NULL), "which");
    test_assert_field(ask("GET", "/v1/requests?state=none", NULL), "state");
}

static void decides_requests(void **state) {
    (void)state;
    static const char *const verbs[] = {"approve", "deny", "cancel"};
    assert_int_equal(ask("GET", "/v1/requests/21", NULL), 200);
    test_assert_asked(" id=21 verb=0 comment=");
    for (unsigned i = 0; i < 3; i++) {
        char path[64];
        char asked[64];
        (void)snprintf(path, sizeof path, "/v1/requests/%u/%s", i + 5, verbs[i]);
        (void)snprintf(asked, sizeof asked, " id=%u verb=%u comment=fine", i + 5, i + 1);
        assert_int_equal(ask("POST", path, "{\"comment\":\"fine\"}"), 200);
        test_assert_asked(asked);
        assert_string_equal(test_text(&answer, "comment"), "fine");
        assert_string_equal(test_text(&answer, "serial"), "17592186044418");
        assert_int_equal(ask("POST", path, "{}"), 200);
        (void)snprintf(path, sizeof path, "/v1/requests/0%u/%s", i, verbs[i]);
        assert_int_equal(ask("POST", path, "{}"), 404);
    }
}

static void takes_the_certificate_of_a_request(void **state) {
    (void)state;
    const struct test_ask one = {.method = "POST",
                                 .path = "/v1/requests/21/cert",
                                 .token = TEST_SESSION,
                                 .headers = "Idempotency-Key: k\r\n",
                                 .body = "{}"};
    assert_int_equal(test_send(&one), 201);
    test_assert_asked(" id=21 once=k");
    assert_string_equal(test_text(&answer, "role"), "deploy,app");
    test_authority_say(VOUCH_VERDICT_ABSENT, "V-1804", "");
    assert_int_equal(test_send(&one), 404);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(shows_who_one_is),
        TEST(lists_hosts_and_who_reaches_them),
        TEST(shows_the_policy_with_its_version),
        TEST(applies_a_policy_to_the_version_that_was_read),
        TEST(applies_no_policy_without_one_version),
        TEST(compares_a_policy_and_applies_nothing),
        TEST(refuses_an_empty_policy),
        TEST(takes_large_policies),
        TEST(lists_versions),
        TEST(gets_a_certificate_by_roles),
        TEST(says_that_it_is_a_drill),
        TEST(tells_left_out_from_empty),
        TEST(answers_a_request_where_approvals_are_missing),
        TEST(lists_requests_in_every_state),
        TEST(decides_requests),
        TEST(takes_the_certificate_of_a_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
