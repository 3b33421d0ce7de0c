// SPDX-License-Identifier: ISC
// Tests of what each route asks the authority and how it tells the answer, over real HTTP.
#include "api/routes.h"
#include "api/test-fixture.h"
#include "base/time.h"

static unsigned ask_with(const char *method, const char *path, const char *headers,
                         const char *body) {
    return test_send(&(struct test_ask){
        .method = method, .path = path, .token = TEST_TOKEN_ALL, .headers = headers, .body = body});
}

static unsigned ask(const char *method, const char *path, const char *body) {
    return ask_with(method, path, NULL, body);
}

#define ISSUE                                                                                      \
    "{\"type\":\"user\",\"public_key\":\"" TEST_KEY "\",\"key_id\":\"alice\","                     \
    "\"principals\":[\"root\",\"deploy\"],\"ttl_s\":600,"                                          \
    "\"critical_options\":{\"force-command\":\"/bin/date -u\",\"verify-required\":\"\"},"          \
    "\"extensions\":{\"permit-pty\":\"\"}}"

static void issues_a_certificate(void **state) {
    (void)state;
    assert_int_equal(ask_with("POST", "/v1/certs", "Idempotency-Key: once-1\r\n", ISSUE), 201);
    test_assert_asked("issue way=1");
    test_assert_asked("source=127.0.0.1");
    test_assert_asked("type=1 key=51 key_id=alice ttl=600 once=once-1");
    test_assert_asked("principals=[root,deploy]");
    test_assert_asked("critical=[force-command=/bin/date -u,verify-required]");
    test_assert_asked("extensions=[permit-pty]");
    assert_string_equal(test_text(&answer, "serial"), "17592186044417");
    assert_true(test_has_header(&answer, "Location: /v1/certs/17592186044417"));
    assert_true(test_has_header(&answer, "Cache-Control: no-store"));
    assert_string_equal(test_text(&answer, "fingerprint"),
                        "SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_true(json_is_null(json_object_get(answer.json, "revoked")));
}

static void gives_a_certificate_that_is_one(void **state) {
    (void)state;
    struct vouch_buf blob;
    struct vouch_bytes comment;
    struct vouch_cert *cert = NULL;
    assert_int_equal(ask("POST", "/v1/certs", ISSUE), 201);
    vouch_buf_init(&blob, VOUCH_CERT_BLOB_MAX);
    struct vouch_bytes line = vouch_bytes_of(test_text(&answer, "certificate"));
    assert_int_equal(vouch_key_line_decode(line, &blob, &comment, NULL), 0);
    assert_int_equal(vouch_cert_parse(vouch_buf_bytes(&blob), &cert, NULL), 0);
    assert_int_equal(cert->serial, 17592186044417);
    vouch_cert_free(cert);
    vouch_buf_done(&blob);
}

static void passes_on_what_is_left_out_as_left_out(void **state) {
    (void)state;
    assert_int_equal(ask("POST", "/v1/certs",
                         "{\"type\":\"host\",\"public_key\":\"" TEST_KEY
                         "\",\"principals\":[\"web1\"]}"),
                     201);
    test_assert_asked(
        "type=2 key=51 key_id= ttl=0 once= principals=[web1] critical=[] extensions=[]");
}

static void answers_the_same_key_with_the_same_certificate(void **state) {
    (void)state;
    assert_int_equal(ask_with("POST", "/v1/certs", "Idempotency-Key: k\r\n", ISSUE), 201);
    json_t *first = json_incref(answer.json);
    assert_int_equal(ask_with("POST", "/v1/certs", "Idempotency-Key: k\r\n", ISSUE), 201);
    assert_true(json_equal(first, answer.json));
    json_decref(first);
}

static void refuses_bad_idempotency_keys(void **state) {
    (void)state;
    char longest[256] = "Idempotency-Key: ";
    size_t len = strlen(longest);
    memset(longest + len, 'k', 129);
    memcpy(longest + len + 129, "\r\n", 3);
    const char *const bad[] = {"Idempotency-Key: \r\n", "Idempotency-Key: \xc3\xa9\r\n", longest};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(ask_with("POST", "/v1/certs", bad[i], ISSUE), 422);
        assert_string_equal(test_text(&answer, "field"), "Idempotency-Key");
    }
    memcpy(longest + len + 128, "\r\n", 3);
    assert_int_equal(ask_with("POST", "/v1/certs", longest, ISSUE), 201);
}

static void shows_and_renews_by_serial(void **state) {
    (void)state;
    assert_int_equal(ask("POST", "/v1/certs", ISSUE), 201);
    assert_int_equal(ask("GET", "/v1/certs/17592186044417", NULL), 200);
    assert_true(strlen(test_text(&answer, "certificate")) > 100);
    assert_int_equal(ask("POST", "/v1/certs/17592186044417/renew", "{}"), 201);
    test_assert_asked("renew way=1");
    assert_int_equal(ask("GET", "/v1/certs/1", NULL), 404);
    assert_string_equal(test_text(&answer, "code"), "V-1804");
}

static void finds_nothing_at_serials_that_are_none(void **state) {
    (void)state;
    static const char *const bad[] = {"0", "01", "x", "-1", "18446744073709551616", "1x", "%20"};
    unsigned before = test_authority_asks();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "/v1/certs/%s", bad[i]);
        assert_int_equal(ask("GET", path, NULL), 404);
        (void)snprintf(path, sizeof path, "/v1/certs/%s/renew", bad[i]);
        assert_int_equal(ask("POST", path, "{}"), 404);
    }
    assert_int_equal(test_authority_asks(), before);
}

static void lists_in_pages(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask("POST", "/v1/certs", ISSUE), 201);
    }
    assert_int_equal(ask("GET", "/v1/certs?limit=2", NULL), 200);
    assert_int_equal(json_array_size(json_object_get(answer.json, "items")), 2);
    assert_string_equal(test_text(&answer, "next"), "2");
    assert_int_equal(ask("GET", "/v1/certs?limit=2&cursor=2", NULL), 200);
    test_assert_asked("limit=2 cursor=2");
    assert_int_equal(json_array_size(json_object_get(answer.json, "items")), 1);
    assert_true(json_is_null(json_object_get(answer.json, "next")));
    assert_int_equal(ask("GET", "/v1/certs?cursor=rubbish", NULL), 422);
    assert_string_equal(test_text(&answer, "field"), "cursor");
}

static void passes_on_every_filter(void **state) {
    (void)state;
    assert_int_equal(
        ask("GET",
            "/v1/certs?serial=7&fingerprint=SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            "&key_id=a+b&principal=root&actor=token:ci&type=host&from=2026-11-22T10:45:38Z"
            "&until=2026-11-22T10:45:38.125Z&valid_at=2026-11-22T11:45:38%2B01:00",
            NULL),
        200);
    test_assert_asked("serial=7 key=32 key_id=a b principal=root actor=token:ci type=2");
    test_assert_asked("from=1795344338000 until=1795344338125 valid_at=1795344338");
}

static void refuses_bad_parameters(void **state) {
    (void)state;
    static const struct {
        const char *query;
        const char *field;
    } bad[] = {
        {"limit=0", "limit"},
        {"limit=201", "limit"},
        {"limit=-1", "limit"},
        {"limit=", "limit"},
        {"limit=1e2", "limit"},
        {"cursor=", "cursor"},
        {"cursor=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "cursor"},
        {"serial=0", "serial"},
        {"serial=18446744073709551616", "serial"},
        {"fingerprint=SHA256:x", "fingerprint"},
        {"fingerprint=MD5:00", "fingerprint"},
        {"fingerprint=SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", "fingerprint"},
        {"type=User", "type"},
        {"from=2026-11-22", "from"},
        {"from=2026-11-22T10:45:38", "from"},
        {"from=2026-02-30T10:45:38Z", "from"},
        {"from=2026-11-22T10:45:38.Z", "from"},
        {"from=2026-11-22T10:45:+38", "from"},
        {"until=tomorrow", "until"},
        {"valid_at=", "valid_at"},
        {"key-id=a", "key-id"},
        {"wait=1", "wait"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "/v1/certs?%s", bad[i].query);
        assert_int_equal(ask("GET", path, NULL), 422);
        assert_string_equal(test_text(&answer, "field"), bad[i].field);
    }
    assert_int_equal(ask("GET", "/v1/certs?limit=1&limit=2", NULL), 400);
}

static void revokes_in_each_way(void **state) {
    (void)state;
    static const struct {
        const char *member;
        const char *asked;
        const char *kind;
        const char *value;
    } ways[] = {
        {"\"serial\":\"17592186044417\"", "kind=1 value=8", "serial", "17592186044417"},
        {"\"key_id\":\"alice\"", "kind=2 value=5", "key_id", "alice"},
        {"\"public_key\":\"" TEST_KEY "\"", "kind=3 value=32", "key", "SHA256:"},
        {"\"fingerprint\":\"SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
         "kind=3 value=32", "key", "SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        {"\"ca\":\"SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"", "kind=4 value=32", "ca",
         "SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    };
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        char body[1024];
        (void)snprintf(body, sizeof body, "{%s,\"reason\":\"lost\"}", ways[i].member);
        assert_int_equal(ask("POST", "/v1/revocations", body), 201);
        test_assert_asked(ways[i].asked);
        test_assert_asked("reason=lost");
        assert_string_equal(test_text(&answer, "kind"), ways[i].kind);
        assert_memory_equal(test_text(&answer, "value"), ways[i].value, strlen(ways[i].value));
        assert_string_equal(test_text(&answer, "at"), "2026-11-22T14:09:01.120Z");
        assert_true(json_is_null(json_object_get(answer.json, "until")));
    }
    assert_int_equal(ask("GET", "/v1/revocations?limit=5", NULL), 200);
    test_assert_asked("limit=5");
}

static void revokes_exactly_one_thing(void **state) {
    (void)state;
    static const char *const bad[] = {
        "{\"reason\":\"x\"}",
        "{\"serial\":\"1\",\"key_id\":\"a\",\"reason\":\"x\"}",
        "{\"public_key\":\"" TEST_KEY "\",\"fingerprint\":"
        "\"SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"reason\":\"x\"}",
        "{\"serial\":\"0\",\"reason\":\"x\"}",
        "{\"serial\":1,\"reason\":\"x\"}",
        "{\"ca\":\"SHA256:\",\"reason\":\"x\"}",
        "{\"public_key\":\"ssh-ed25519 AAAA\",\"reason\":\"x\"}",
        "{\"serial\":\"1\"}",
        "{\"serial\":\"1\",\"reason\":\"\"}",
    };
    unsigned before = test_authority_asks();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(ask("POST", "/v1/revocations", bad[i]), 422);
    }
    assert_int_equal(test_authority_asks(), before);
}

static void makes_lists_and_disables_tokens(void **state) {
    (void)state;
    assert_int_equal(ask("POST", "/v1/tokens",
                         "{\"name\":\"ci\",\"scopes\":[\"cert:issue\",\"metrics\"],"
                         "\"profile\":\"deploy\",\"ttl_s\":86400}"),
                     201);
    test_assert_asked("name=ci profile=deploy ttl=86400 scopes=[cert:issue,metrics]");
    assert_string_equal(test_text(&answer, "secret"), TEST_TOKEN_STRANGE);
    assert_int_equal(ask("GET", "/v1/tokens", NULL), 200);
    assert_null(memmem(answer.body.ptr, answer.body.len, "secret", 6));
    assert_int_equal(ask("DELETE", "/v1/tokens/ci", NULL), 200);
    test_assert_asked("token_disable way=1");
    test_assert_asked("name=ci");
    assert_string_equal(test_text(&answer, "disabled"), "2026-11-22T14:09:01Z");
    assert_null(json_object_get(answer.json, "secret"));
}

static void keeps_profiles(void **state) {
    (void)state;
    assert_int_equal(ask("PUT", "/v1/profiles/deploy",
                         "{\"type\":\"user\",\"principals\":[\"deploy\",\"web-*\"],"
                         "\"options\":[\"permit-pty\"],\"ttl_max_s\":3600}"),
                     200);
    test_assert_asked("name=deploy type=1 ttl=3600 principals=[deploy,web-*] options=[permit-pty]");
    assert_int_equal(ask("GET", "/v1/profiles/deploy", NULL), 200);
    assert_int_equal(ask("GET", "/v1/profiles", NULL), 200);
    assert_int_equal(ask("DELETE", "/v1/profiles/deploy", NULL), 204);
    assert_int_equal(answer.body.len, 0);
    test_assert_asked("profile_remove way=1");
}

static void shows_events_in_pure_ascii(void **state) {
    (void)state;
    assert_int_equal(ask("GET", "/v1/audit?type=ca.key.new&actor=a&object=b", NULL), 200);
    test_assert_asked("type=ca.key.new actor=a object=b");
    json_t *event = json_array_get(json_object_get(answer.json, "items"), 0);
    json_t *details = json_object_get(event, "details");
    assert_string_equal(json_string_value(json_object_get(details, "key")), "one");
    assert_string_equal(json_string_value(json_object_get(details, "key#2")), "two");
    assert_string_equal(json_string_value(json_object_get(details, "reason")),
                        "\x1b[31m\" and \xc3\xa9 \xef\xbf\xbd");
    for (size_t i = 0; i < answer.body.len; i++) {
        assert_in_range(answer.body.ptr[i], 0x20, 0x7e);
    }
    assert_string_equal(test_text(&answer, "next"), "e0000000000000003");
}

static void shows_the_state_and_metrics(void **state) {
    (void)state;
    assert_int_equal(ask("GET", "/v1/status", NULL), 200);
    assert_string_equal(test_text(&answer, "ledger_size"), "40");
    assert_int_equal(ask("POST", "/v1/certs", ISSUE), 201);
    assert_int_equal(ask("GET", "/metrics", NULL), 200);
    vouch_buf_put(&answer.body, (struct vouch_bytes){(const uint8_t *)"", 1});
    const char *text = (const char *)answer.body.ptr;
    static const char *const lines[] = {
        "\nvouch_ready 1\n",
        "\nvouch_certificates_issued_total{result=\"issued\"} 30\n",
        "\nvouch_ledger_records 40\n",
        "\nvouch_krl_version{use=\"host\"} 1\n",
        "\nvouch_sign_duration_seconds_count 1\n",
        "\nvouch_sign_duration_seconds_bucket{le=\"+Inf\"} 1\n",
        "\nvouch_auth_attempts_total{method=\"token\",result=\"shown\"} 2\n",
        "\n# TYPE vouch_http_answers_total counter\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (strstr(text, lines[i]) == NULL) {
            fail_msg("no %s in %s", lines[i], text);
        }
    }
    assert_null(strstr(text, "token:ci"));
}

static void serves_tiles_and_caches_the_public_ones(void **state) {
    (void)state;
    static const struct {
        const char *path;
        const char *cache;
    } tiles[] = {
        {"tile/0/000", "Cache-Control: public, max-age=31536000, immutable"},
        {"tile/0/x001/x234/067", "Cache-Control: public, max-age=31536000, immutable"},
        {"tile/0/x001/234.p/5", "Cache-Control: public, max-age=60"},
        {"tile/0/x001/x234/x234/067.p/5", "Cache-Control: public, max-age=60"},
        {"tile/entries/000", "Cache-Control: no-store"},
        {"tile/entries/x001/x234/x234/067.p/5", "Cache-Control: no-store"},
    };
    for (size_t i = 0; i < sizeof tiles / sizeof tiles[0]; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "/v1/ledger/%s", tiles[i].path);
        assert_int_equal(ask("GET", path, NULL), 200);
        assert_true(test_has_header(&answer, tiles[i].cache));
        assert_int_equal(answer.body.len, 32);
        (void)snprintf(path, sizeof path, "path=%s", tiles[i].path);
        test_assert_asked(path);
    }
    assert_int_equal(ask("GET", "/v1/ledger/tile/0/009", NULL), 404);
    assert_int_equal(ask("GET", "/v1/ledger/tile/0/X01", NULL), 404);
    char longest[300] = "/v1/ledger/tile/0/";
    memset(longest + strlen(longest), 'a', 200);
    unsigned before = test_authority_asks();
    assert_int_equal(ask("GET", longest, NULL), 404);
    assert_int_equal(test_authority_asks(), before);
}

static void tells_each_verdict_by_its_status(void **state) {
    (void)state;
    static const struct {
        enum vouch_verdict verdict;
        unsigned status;
        const char *code; // where the authority names none
    } rows[] = {
        {VOUCH_VERDICT_UNKNOWN, 401, "V-1801"}, {VOUCH_VERDICT_ABSENT, 404, "V-1804"},
        {VOUCH_VERDICT_INVALID, 422, "V-1805"}, {VOUCH_VERDICT_CONFLICT, 409, "V-1806"},
        {VOUCH_VERDICT_BUSY, 503, "V-1808"},    {(enum vouch_verdict)99, 403, "V-1802"},
        {VOUCH_VERDICT_REFUSED, 403, "V-1803"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int named = rows[i].verdict == VOUCH_VERDICT_REFUSED;
        test_authority_say(rows[i].verdict, named ? "V-1803" : "", "principals");
        assert_int_equal(ask("POST", "/v1/certs", ISSUE), rows[i].status);
        assert_string_equal(test_text(&answer, "code"), rows[i].code);
        assert_string_equal(test_text(&answer, "field"), "principals");
        assert_int_equal(test_has_header(&answer, "Retry-After: 1"), rows[i].status == 503);
        assert_int_equal(strstr(answer.head, "\r\nWWW-Authenticate: Bearer ") != NULL,
                         rows[i].status == 401);
        assert_null(json_object_get(answer.json, "certificate"));
    }
}

static void tells_a_failure_without_its_innards(void **state) {
    (void)state;
    test_authority_fail(VOUCH_ERR_CORRUPT);
    assert_int_equal(ask("POST", "/v1/certs", ISSUE), 500);
    assert_string_equal(test_text(&answer, "code"), "V-1827");
    assert_null(memmem(answer.body.ptr, answer.body.len, "secret/place", 12));
    pthread_mutex_lock(&test.log_lock);
    assert_non_null(memmem(test.log.ptr, test.log.len, "/secret/place", 13));
    pthread_mutex_unlock(&test.log_lock);
    test_authority_fail(VOUCH_ERR_TIMEOUT);
    assert_int_equal(ask("POST", "/v1/certs", ISSUE), 503);
}

static void knows_the_user_at_a_local_socket(void **state) {
    (void)state;
    char text[64];
    assert_int_equal(test_send(&(struct test_ask){.method = "GET", .path = "/v1/tokens"}), 200);
    (void)snprintf(text, sizeof text, "tokens way=2 uid=%u source=local", (unsigned)getuid());
    test_assert_asked(text);
}

// A socket that has no user, such as one of TCP, lets nobody in, though user 0 is what is left unsaid.
static void lets_nobody_in_whom_the_kernel_does_not_name(void **state) {
    (void)state;
    const struct vouch_http_route *route = NULL;
    for (size_t i = 0; i < vouch_api_route_count; i++) {
        const struct vouch_http_route *one = &vouch_api_routes[i];
        route = strcmp(one->pattern, "/v1/profiles") == 0 ? one : route;
    }
    assert_non_null(route);
    for (unsigned known = 0; known < 2; known++) {
        struct vouch_http_request request = {.route = route, .user.known = known};
        struct vouch_http_response response = {0};
        memset(request.id, 'a', VOUCH_HTTP_ID_LEN);
        vouch_buf_init(&response.body, 65536);
        vouch_buf_init(&response.fields, 4096);
        assert_int_equal(vouch_api_serve(&test.api->lanes[0], &request, &response), VOUCH_OK);
        assert_int_equal(response.status, known ? 200 : 401);
        vouch_buf_done(&response.body);
        vouch_buf_done(&response.fields);
    }
}

static void lets_a_local_user_be_no_more_than_the_token_it_shows(void **state) {
    (void)state;
    const struct test_ask weak = {.method = "GET", .path = "/v1/tokens", .token = TEST_TOKEN_NONE};
    assert_int_equal(test_status(&test, &weak), 403);
    const struct test_ask odd = {.method = "GET", .path = "/v1/tokens", .token = "letmein"};
    assert_int_equal(test_status(&test, &odd), 401);
}

static void tells_a_local_user_what_failed(void **state) {
    (void)state;
    test_authority_fail(VOUCH_ERR_CORRUPT);
    assert_int_equal(test_send(&(struct test_ask){.method = "GET", .path = "/v1/tokens"}), 500);
    assert_string_equal(test_text(&answer, "code"), "V-1703");
    assert_string_equal(test_text(&answer, "detail"), "database /secret/place: cannot be read");
}

// Whatever becomes of a request, and wherever a person puts a secret, no log has it.
static void keeps_secrets_out_of_the_log(void **state) {
    (void)state;
    static const char *const secrets[] = {TEST_TOKEN_ALL, TEST_TOKEN_NONE, TEST_TOKEN_STRANGE};
    static const char *const paths[] = {"/v1/certs", "/v1/nothing", "/v1/tokens",
                                        "/v1/certs?limit=0", "/metrics"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        char path[256];
        for (size_t k = 0; k < sizeof paths / sizeof paths[0]; k++) {
            const struct test_ask one = {"GET", paths[k], secrets[i], NULL, NULL, NULL};
            assert_true(test_status(&test, &one) >= 200);
        }
        (void)snprintf(path, sizeof path, "/v1/tokens/x%s", secrets[i]);
        const struct test_ask wrong = {"DELETE", path, secrets[i], NULL, NULL, NULL};
        assert_true(test_status(&test, &wrong) >= 200);
        (void)snprintf(path, sizeof path, "/v1/%s/%s?token=%s", secrets[i], secrets[i], secrets[i]);
        const struct test_ask lost = {"GET", path, secrets[i], NULL, NULL, NULL};
        assert_int_equal(test_status(&test, &lost), 404);
    }
    test_authority_fail(VOUCH_ERR_CORRUPT);
    const struct test_ask failing = {"GET", "/v1/certs", TEST_TOKEN_ALL, NULL, NULL, NULL};
    assert_int_equal(test_status(&test, &failing), 500);
    vouch_http_server_stop(test.server, vouch_time_monotonic_ns() + 5000000000);
    usleep(50000);
    pthread_mutex_lock(&test.log_lock);
    assert_true(test.log.len > 1000);
    assert_non_null(memmem(test.log.ptr, test.log.len, "/v1/tokens/xvouch_*** ", 22));
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        assert_null(memmem(test.log.ptr, test.log.len, secrets[i] + 10, 12));
    }
    pthread_mutex_unlock(&test.log_lock);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(issues_a_certificate),
        TEST(gives_a_certificate_that_is_one),
        TEST(passes_on_what_is_left_out_as_left_out),
        TEST(answers_the_same_key_with_the_same_certificate),
        TEST(refuses_bad_idempotency_keys),
        TEST(shows_and_renews_by_serial),
        TEST(finds_nothing_at_serials_that_are_none),
        TEST(lists_in_pages),
        TEST(passes_on_every_filter),
        TEST(refuses_bad_parameters),
        TEST(revokes_in_each_way),
        TEST(revokes_exactly_one_thing),
        TEST(makes_lists_and_disables_tokens),
        TEST(keeps_profiles),
        TEST(shows_events_in_pure_ascii),
        TEST(shows_the_state_and_metrics),
        TEST(serves_tiles_and_caches_the_public_ones),
        TEST(tells_each_verdict_by_its_status),
        TEST(tells_a_failure_without_its_innards),
        TEST_LOCAL(knows_the_user_at_a_local_socket),
        TEST_LOCAL(lets_nobody_in_whom_the_kernel_does_not_name),
        TEST_LOCAL(lets_a_local_user_be_no_more_than_the_token_it_shows),
        TEST_LOCAL(tells_a_local_user_what_failed),
        TEST(keeps_secrets_out_of_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
