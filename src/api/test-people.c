// SPDX-License-Identifier: ISC
// Tests of the routes by which people sign in and keep their accounts: what each asks the authority, how it
// tells the answer, and that no secret (gauntlet W11) and no crowd of sign-ins gets further than it must.
#include "api/test-fixture.h"
#include "base/time.h"

#define PASSWORD "four words and then some"
#define SIGN_IN                                                                                    \
    "{\"user\":\"alice\",\"password\":\"" PASSWORD "\",\"factor\":\"totp\",\"code\":\"123456\"}"
#define RECOVER                                                                                    \
    "{\"user\":\"alice\",\"password\":\"x\",\"factor\":\"recovery\",\"code\":\"abcd-efgh\"}"
#define LINK "\"link\":\"" TEST_LINK "\""

static unsigned ask(const char *method, const char *path, const char *body) {
    return test_send_as(TEST_SESSION, method, path, body);
}

// ----- sessions

static void signs_in_with_both_factors(void **state) {
    (void)state;
    assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", SIGN_IN), 201);
    test_assert_asked("sign_in way=0 uid=0 source=127.0.0.1");
    test_assert_asked(" user=alice password=" PASSWORD " factor=1 code=123456");
    assert_string_equal(test_text(&answer, "secret"), TEST_SESSION);
    assert_string_equal(test_text(&answer, "id"), "7");
    assert_string_equal(test_text(&answer, "methods"), "password+totp");
    assert_string_equal(test_text(&answer, "used"), "2026-11-22T14:10:01Z");
    assert_string_equal(test_text(&answer, "idle_ends"), "2026-11-23T02:10:01Z");
    assert_string_equal(test_text(&answer, "ends"), "2026-11-29T14:09:01Z");
    assert_true(test_is_null("recovery_left"));
    assert_true(test_has_header(&answer, "Cache-Control: no-store"));
}

static void says_how_many_recovery_codes_are_left(void **state) {
    (void)state;
    assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", RECOVER), 201);
    test_assert_asked(" factor=2 code=abcd-efgh");
    assert_int_equal(test_number("recovery_left"), 9);
}

#define COOKIE_SIGN_IN                                                                             \
    "{\"user\":\"alice\",\"password\":\"" PASSWORD "\",\"factor\":\"totp\",\"code\":\"123456\","   \
    "\"cookie\":true}"
#define OWN_PAGE "Sec-Fetch-Site: same-origin\r\n"
#define PROOF                                                                                      \
    "rQ_M_I4UkUtGR56RJrO1FDit8fcANw5LxyeHfJF9hAY" // sha256 of vouch-csrf/1, LF and the secret

static unsigned send_page(const char *method, const char *path, const char *headers,
                          const char *body) {
    return test_send(
        &(struct test_ask){.method = method, .path = path, .headers = headers, .body = body});
}

static void gives_a_browser_its_session_as_a_cookie(void **state) {
    (void)state;
    assert_int_equal(send_page("POST", "/v1/sessions", OWN_PAGE, COOKIE_SIGN_IN), 201);
    assert_true(test_has_header(&answer, "Set-Cookie: __Host-vouch=" TEST_SESSION
                                         "; Path=/; Secure; HttpOnly; SameSite=Strict"));
    assert_string_equal(test_text(&answer, "csrf"), PROOF);
    assert_null(json_object_get(answer.json, "secret"));
    assert_null(memmem(answer.body.ptr, answer.body.len, TEST_SESSION, strlen(TEST_SESSION)));
}

static void signs_no_browser_in_for_another_site(void **state) {
    (void)state;
    static const char *const elsewhere[] = {NULL, "Sec-Fetch-Site: cross-site\r\n",
                                            "Origin: https://evil.example\r\n"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        assert_int_equal(send_page("POST", "/v1/sessions", elsewhere[i], COOKIE_SIGN_IN), 403);
        assert_string_equal(test_text(&answer, "code"), "V-2010");
        assert_null(strstr(answer.head, "Set-Cookie"));
    }
    assert_int_equal(test_authority_asks(), 0);
}

static void sets_no_cookie_when_signing_in_fails(void **state) {
    (void)state;
    test_authority_say(VOUCH_VERDICT_UNKNOWN, "V-1880", "");
    assert_int_equal(send_page("POST", "/v1/sessions", OWN_PAGE, COOKIE_SIGN_IN), 401);
    assert_null(strstr(answer.head, "Set-Cookie"));
}

#define WITH_COOKIE "Cookie: a=b; __Host-vouch=" TEST_SESSION "\r\n" OWN_PAGE
#define TAKEN_BACK "Set-Cookie: __Host-vouch=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict"

static void shows_the_session_that_asks(void **state) {
    (void)state;
    assert_int_equal(ask("GET", "/v1/session", NULL), 200);
    test_assert_asked("session_show way=3");
    assert_string_equal(test_text(&answer, "user"), "alice");
    assert_string_equal(test_text(&answer, "methods"), "password+totp");
    assert_null(json_object_get(answer.json, "csrf"));
    assert_int_equal(send_page("GET", "/v1/session", WITH_COOKIE, NULL), 200);
    assert_string_equal(test_text(&answer, "csrf"), PROOF);
    assert_null(json_object_get(answer.json, "secret"));
}

static void takes_the_cookie_back_when_the_session_ends(void **state) {
    (void)state;
    assert_int_equal(
        send_page("DELETE", "/v1/session", WITH_COOKIE "X-Vouch-CSRF: " PROOF "\r\n", NULL), 200);
    assert_true(test_has_header(&answer, TAKEN_BACK));
    assert_int_equal(ask("DELETE", "/v1/session", NULL), 200);
    assert_null(strstr(answer.head, "Set-Cookie"));
    test_authority_say(VOUCH_VERDICT_UNKNOWN, "V-1801", "");
    assert_int_equal(send_page("GET", "/v1/me", WITH_COOKIE, NULL), 401);
    assert_true(test_has_header(&answer, TAKEN_BACK));
    test_authority_say(VOUCH_VERDICT_REFUSED, "V-1802", "");
    assert_int_equal(send_page("GET", "/v1/me", WITH_COOKIE, NULL), 403);
    assert_null(strstr(answer.head, "Set-Cookie"));
}

static void signs_in_as_nobody_but_who_is_named(void **state) {
    (void)state;
    assert_int_equal(ask("POST", "/v1/sessions", SIGN_IN),
                     201); // the session that is shown is no help
    test_assert_asked("sign_in way=0");
}

static void takes_any_bytes_as_password(void **state) {
    (void)state;
    static const char body[] =
        "{\"user\":\"alice\",\"password\":\" \\t\\u001b\\u00e9 \",\"factor\":"
        "\"totp\",\"code\":\" 1\"}";
    assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", body), 201);
    test_assert_asked(" password= \t\x1b\xc3\xa9  factor=1 code= 1");
}

static void tells_wrong_and_too_many_tries(void **state) {
    (void)state;
    test_authority_say(VOUCH_VERDICT_UNKNOWN, "V-1880", "");
    assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", SIGN_IN), 401);
    assert_string_equal(test_text(&answer, "code"), "V-1880");
    assert_true(test_has_header(&answer, "WWW-Authenticate: Bearer realm=\"vouch\""));
    test_authority_say_busy(77);
    assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", SIGN_IN), 503);
    assert_true(test_has_header(&answer, "Retry-After: 77"));
    assert_string_equal(test_text(&answer, "code"), "V-1882");
    test_authority_say_busy(UINT64_MAX);
    assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", SIGN_IN), 503);
    assert_true(test_has_header(&answer, "Retry-After: 86400"));
    test_authority_say_busy(0);
    assert_int_equal(ask("POST", "/v1/session/factor", "{\"factor\":\"totp\",\"code\":\"1\"}"),
                     503);
    assert_true(test_has_header(&answer, "Retry-After: 1"));
}

static void takes_only_known_factors(void **state) {
    (void)state;
    static const char *const bad[] = {"TOTP", "sms", "totp ", "none"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char body[128];
        (void)snprintf(body, sizeof body, "{\"factor\":\"%s\",\"code\":\"123456\"}", bad[i]);
        test_assert_field(ask("POST", "/v1/session/factor", body), "factor");
        assert_string_equal(test_text(&answer, "detail"),
                            "factor is none of \"totp\", \"recovery\", \"passkey\"");
    }
}

static void makes_a_factor_fresh(void **state) {
    (void)state;
    assert_int_equal(ask("POST", "/v1/session/factor", "{\"factor\":\"totp\",\"code\":\"654321\"}"),
                     200);
    test_assert_asked("factor way=3");
    test_assert_asked(" factor=1 code=654321");
    assert_null(json_object_get(answer.json, "secret"));
}

static void lists_sessions(void **state) {
    (void)state;
    assert_int_equal(ask("GET", "/v1/sessions?user=bob&limit=2&cursor=s9", NULL), 200);
    test_assert_asked("sessions way=3");
    test_assert_asked(" limit=2 cursor=s9 user=bob");
    assert_string_equal(test_item_text(0, "idle_ends"), "2026-11-23T02:10:01Z");
    assert_string_equal(test_item_text(1, "idle_ends"),
                        "2026-11-29T14:09:01Z"); // no later than its end
    assert_null(json_object_get(test_item(0), "secret"));
    assert_string_equal(test_text(&answer, "next"), "s2");
}

static void ends_sessions(void **state) {
    (void)state;
    assert_int_equal(ask("DELETE", "/v1/session", NULL), 200);
    test_assert_asked(" which=0 id=0 user=");
    assert_int_equal(test_number("count"), 3);
    assert_int_equal(ask("DELETE", "/v1/sessions/18446744073709551615", NULL), 200);
    test_assert_asked(" which=1 id=18446744073709551615 user=");
    assert_int_equal(ask("DELETE", "/v1/sessions", NULL), 200);
    test_assert_asked(" which=2 id=0 user=");
    assert_int_equal(ask("DELETE", "/v1/sessions?user=bob", NULL), 200);
    test_assert_asked(" which=2 id=0 user=bob");
    unsigned before = test_authority_asks();
    assert_int_equal(ask("DELETE", "/v1/sessions/0", NULL), 404);
    assert_int_equal(ask("DELETE", "/v1/sessions/x", NULL), 404);
    test_assert_field(ask("DELETE", "/v1/sessions?user=", NULL), "user");
    assert_int_equal(test_authority_asks(), before);
}

// ----- the bound of sign-ins at work

static void *sign_in_elsewhere(void *status) {
    *(unsigned *)status = test_status(
        &test, &(struct test_ask){.method = "POST", .path = "/v1/sessions", .body = SIGN_IN});
    return NULL;
}

static void assert_put_off(const char *path, const char *token, const char *body) {
    assert_int_equal(test_send_as(token, "POST", path, body), 503);
    assert_string_equal(test_text(&answer, "code"), "V-1887");
    assert_true(test_has_header(&answer, "Retry-After: 1"));
}

// With two workers one sign-in is at work at most; the other worker is for all else.
static void keeps_workers_free_of_sign_ins(void **state) {
    (void)state;
    pthread_t thread;
    unsigned status = 0;
    test_authority_hold();
    assert_int_equal(pthread_create(&thread, NULL, sign_in_elsewhere, &status), 0);
    test_authority_await(1);
    for (unsigned i = 0; i < 20; i++) {
        assert_put_off("/v1/sessions", NULL, SIGN_IN);
    }
    assert_put_off("/v1/setup", NULL, "{" LINK "}");
    assert_put_off("/v1/setup/begin", NULL, "{" LINK ",\"password\":\"" PASSWORD "\"}");
    assert_put_off("/v1/setup/finish", NULL, "{" LINK ",\"code\":\"123456\"}");
    assert_put_off("/v1/account/password", TEST_SESSION,
                   "{\"current\":\"x\",\"new\":\"" PASSWORD "\",\"code\":\"123456\"}");
    assert_int_equal(ask("GET", "/v1/me", NULL), 200); // who is signed in is served
    test_authority_let_go();
    pthread_join(thread, NULL);
    assert_int_equal(status, 201);
    assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", SIGN_IN), 201);
}

static void refuses_bad_bodies_before_they_count_as_sign_ins(void **state) {
    (void)state;
    test_assert_field(test_send_as(NULL, "POST", "/v1/sessions", "{\"user\":\"alice\"}"),
                      "password");
    test_authority_fail(VOUCH_ERR_CORRUPT);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", SIGN_IN), 500);
    }
    test_authority_fail(VOUCH_OK);
    assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", SIGN_IN),
                     201); // its turn was given back
}

// ----- accounts and set-up

static void lists_accounts(void **state) {
    (void)state;
    assert_int_equal(ask("GET", "/v1/accounts?user=alice&limit=1", NULL), 200);
    test_assert_asked(" limit=1 cursor= user=alice");
    assert_true(json_is_true(json_object_get(test_item(0), "enabled")));
    assert_true(json_is_true(json_object_get(test_item(0), "totp")));
    assert_true(json_is_false(json_object_get(test_item(0), "closed")));
    assert_string_equal(test_item_text(0, "until"), "2026-11-23T14:09:01Z");
    assert_true(json_is_null(json_object_get(test_item(1), "login")));
    assert_true(json_is_null(json_object_get(test_item(1), "signed_in")));
    assert_true(json_is_true(json_object_get(test_item(1), "closed")));
}

static void makes_links(void **state) {
    (void)state;
    char path[320];
    assert_int_equal(ask("POST", "/v1/accounts/bob@example.com/link", "{}"), 201);
    test_assert_asked("link_new way=3");
    test_assert_asked(" user=bob@example.com ttl=0");
    assert_string_equal(test_text(&answer, "secret"), TEST_LINK);
    assert_int_equal(ask("POST", "/v1/accounts/bob/link", "{\"ttl_s\":604800}"), 201);
    test_assert_asked(" user=bob ttl=604800");
    (void)snprintf(path, sizeof path, "/v1/accounts/%0257d/link", 0);
    assert_int_equal(ask("POST", path, "{}"), 404);
}

static void sets_an_account_up(void **state) {
    (void)state;
    assert_int_equal(test_send_as(NULL, "POST", "/v1/setup", "{" LINK "}"), 200);
    test_assert_asked("link_show way=0 uid=0 source=127.0.0.1 link=" TEST_LINK);
    assert_string_equal(test_text(&answer, "name"), "ca.example.com");
    assert_null(json_object_get(answer.json, "secret"));
    assert_int_equal(
        test_send_as(NULL, "POST", "/v1/setup/begin", "{" LINK ",\"password\":\"" PASSWORD "\"}"),
        200);
    test_assert_asked("account_begin way=0 uid=0 source=127.0.0.1 link=" TEST_LINK
                      " password=" PASSWORD);
    assert_string_equal(test_text(&answer, "uri"), "otpauth://totp/ca:bob?secret=ABC");
    assert_int_equal(
        test_send_as(NULL, "POST", "/v1/setup/finish", "{" LINK ",\"code\":\"123456\"}"), 200);
    test_assert_asked(" link=" TEST_LINK " code=123456");
    assert_int_equal(json_array_size(json_object_get(answer.json, "codes")), 2);
    test_assert_field(
        test_send_as(NULL, "POST", "/v1/setup",
                     "{\"link\":"
                     "\"vouchl_0123456789012345678901234567890123456789012345678901234567\"}"),
        "link");
}

static void changes_ones_own_password_and_codes(void **state) {
    (void)state;
    assert_int_equal(ask("POST", "/v1/account/password",
                         "{\"current\":\"old\",\"new\":\"" PASSWORD "\",\"code\":\"123456\"}"),
                     200);
    test_assert_asked(" current=old new=" PASSWORD " code=123456");
    assert_int_equal(test_number("sessions_ended"), 1);
    assert_int_equal(ask("POST", "/v1/account/recovery", "{\"code\":\"123456\"}"), 200);
    test_assert_asked(" code=123456");
    assert_string_equal(test_text(&answer, "user"), "bob");
}

// ----- secrets

static const char *const secrets[] = {TEST_SESSION, TEST_LINK, PASSWORD, "987654"};

static void assert_no_secret(struct vouch_bytes text) {
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        const char *canary = strlen(secrets[i]) > 20 ? secrets[i] + 10 : secrets[i];
        if (memmem(text.ptr, text.len, canary, strlen(canary)) != NULL) {
            fail_msg("%s in %.*s", canary, (int)text.len, (const char *)text.ptr);
        }
    }
}

// Every way in which a secret can stand in the wrong place, and every way in which an ask can end.
static void repeats_no_secret_in_a_problem(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "{\"user\":\"alice\",\"password\":\"" PASSWORD "\" 987654}",
        "{\"user\":\"alice\",\"password\": " PASSWORD "}",
        "{\"password\":\"" PASSWORD "\",\"code\":987654}",
        "{\"" TEST_SESSION "\":1}",
        "{\"" TEST_LINK "\":1,\"" TEST_LINK "\":2}",
        "{\"user\":\"alice\",\"factor\":\"" TEST_LINK "\",\"password\":\"" PASSWORD "\"}",
        "{\"user\":\"alice\",\"password\":[\"" PASSWORD "\"]}",
        SIGN_IN,
        "\"" PASSWORD "\"",
    };
    static const char *const paths[] = {
        "/v1/sessions",         "/v1/setup",
        "/v1/setup/begin",      "/v1/setup/finish",
        "/v1/account/password", "/v1/account/recovery",
        "/v1/session/factor",   "/v1/me?" TEST_SESSION "=1",
        "/v1/setup/" TEST_LINK, "/v1/requests/" TEST_SESSION "/deny"};
    for (unsigned turn = 0; turn < 3; turn++) {
        test_authority_say(turn == 0 ? VOUCH_VERDICT_UNKNOWN : VOUCH_VERDICT_INVALID, "V-1880", "");
        test_authority_fail(turn == 2 ? VOUCH_ERR_CORRUPT : VOUCH_OK);
        for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
            for (size_t k = 0; k < sizeof bodies / sizeof bodies[0]; k++) {
                const char *method = i == 7 ? "GET" : "POST";
                assert_true(ask(method, paths[i], i == 7 ? NULL : bodies[k]) >= 400);
                assert_no_secret(vouch_buf_bytes(&answer.body));
                assert_no_secret(vouch_bytes_of(answer.head));
            }
        }
    }
    vouch_http_server_stop(test.server, vouch_time_monotonic_ns() + 5000000000);
    usleep(50000);
    pthread_mutex_lock(&test.log_lock);
    assert_non_null(memmem(test.log.ptr, test.log.len, "/v1/setup/vouchl_*** ", 21));
    assert_non_null(memmem(test.log.ptr, test.log.len, "/v1/requests/vouchs_***/deny ", 29));
    assert_no_secret(vouch_buf_bytes(&test.log));
    pthread_mutex_unlock(&test.log_lock);
}

static void masks_secrets_wherever_they_stand(void **state) {
    (void)state;
    static const char *const texts[][2] = {
        {TEST_SESSION, "vouchs_***"},
        {"a" TEST_LINK "/" TEST_SESSION ".", "avouchl_***/vouchs_***."},
        {"vouchs_short vouch_", "vouchs_short vouch_"},
        {"vouch" TEST_TOKEN_ALL, "vouchvouch_***"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct vouch_buf out;
        vouch_buf_init(&out, 1024);
        vouch_api_mask(vouch_bytes_of(texts[i][0]), &out);
        assert_true(vouch_bytes_equal(vouch_buf_bytes(&out), vouch_bytes_of(texts[i][1])));
        vouch_buf_done(&out);
    }
}

static void counts_sign_ins_and_sessions(void **state) {
    (void)state;
    static const char *const lines[] = {
        "\nvouch_auth_attempts_total{method=\"session\",result=\"shown\"} 3\n",
        "\nvouch_auth_attempts_total{method=\"session\",result=\"refused\"} 1\n",
        "\nvouch_auth_attempts_total{method=\"token\",result=\"refused\"} 0\n",
        "\nvouch_sign_ins_total{result=\"begun\"} 1\n",
        "\nvouch_sign_ins_total{result=\"refused\"} 1\n",
        "\nvouch_sign_ins_total{result=\"put-off\"} 0\n",
    };
    assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", SIGN_IN), 201);
    assert_int_equal(ask("GET", "/v1/me", NULL), 200);
    test_authority_say(VOUCH_VERDICT_UNKNOWN, "V-1880", "");
    assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", SIGN_IN), 401);
    assert_int_equal(ask("GET", "/v1/me", NULL), 401);
    test_authority_say(VOUCH_VERDICT_REFUSED, "", "");
    assert_int_equal(ask("GET", "/v1/me", NULL), 200);
    assert_int_equal(test_send_as(TEST_TOKEN_ALL, "GET", "/metrics", NULL), 200);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_non_null(memmem(answer.body.ptr, answer.body.len, lines[i], strlen(lines[i])));
    }
    assert_null(memmem(answer.body.ptr, answer.body.len, "alice", 5));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(signs_in_with_both_factors),
        TEST(says_how_many_recovery_codes_are_left),
        TEST(gives_a_browser_its_session_as_a_cookie),
        TEST(signs_no_browser_in_for_another_site),
        TEST(sets_no_cookie_when_signing_in_fails),
        TEST(shows_the_session_that_asks),
        TEST(takes_the_cookie_back_when_the_session_ends),
        TEST(signs_in_as_nobody_but_who_is_named),
        TEST(takes_any_bytes_as_password),
        TEST(tells_wrong_and_too_many_tries),
        TEST(takes_only_known_factors),
        TEST(makes_a_factor_fresh),
        TEST(lists_sessions),
        TEST(ends_sessions),
        TEST(keeps_workers_free_of_sign_ins),
        TEST(refuses_bad_bodies_before_they_count_as_sign_ins),
        TEST(lists_accounts),
        TEST(makes_links),
        TEST(sets_an_account_up),
        TEST(changes_ones_own_password_and_codes),
        TEST(repeats_no_secret_in_a_problem),
        TEST(masks_secrets_wherever_they_stand),
        TEST(counts_sign_ins_and_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
