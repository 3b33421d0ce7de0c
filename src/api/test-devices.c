// SPDX-License-Identifier: ISC
// Tests of signing in by browser over HTTP: what a program asks, what the page is told, and how the program gets
// its session.
#include "api/test-fixture.h"

#define CLIENT "\"client\":{\"host\":\"laptop\",\"os\":\"Debian 12\",\"version\":\"vouch 1\"}"
#define CHALLENGE                                                                                  \
    "\"challenge\":\""                                                                             \
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"                                                  \
    "\""
#define STATE "\"state\":\"0123456789abcdef\""
#define GRANT "\"device_code\":\"" TEST_DEVICE "\",\"verifier\":\"v\""

static unsigned begin(const char *body) {
    return test_send_as(NULL, "POST", "/v1/device", body);
}

static unsigned ask(const char *method, const char *path, const char *body) {
    return test_send_as(TEST_SESSION, method, path, body);
}

// --- asking

static void a_stranger_gets_a_secret_and_a_code(void **state) {
    (void)state;
    assert_int_equal(begin("{" CLIENT "," CHALLENGE "}"), 201);
    test_assert_asked("device_new way=0");
    test_assert_asked(" machine=laptop os=Debian 12 version=vouch 1 challenge=13c3 port=0 mark=");
    assert_string_equal(test_text(&answer, "device_code"), TEST_DEVICE);
    assert_string_equal(test_text(&answer, "user_code"), "BCDF-GHJK");
    assert_int_equal(test_number("interval"), 2);
}

static void the_page_is_where_the_server_says_or_was_reached(void **state) {
    (void)state;
    assert_int_equal(begin("{" CLIENT "," CHALLENGE ",\"port\":40000," STATE "}"), 201);
    test_assert_asked(" port=40000 mark=0123456789abcdef");
    assert_string_equal(test_text(&answer, "verification_uri"),
                        "https://ca.example.com:8443/device");
    assert_string_equal(test_text(&answer, "verification_uri_complete"),
                        "https://ca.example.com:8443/device?code=BCDF-GHJK");
    assert_int_equal(begin("{" CLIENT "," CHALLENGE "}"), 201);
    assert_string_equal(test_text(&answer, "verification_uri"), "https://ca.example.com/device");
}

static void refuses_what_a_program_cannot_say(void **state) {
    (void)state;
    test_assert_field(begin("{" CHALLENGE "}"), "client");
    test_assert_field(begin("{\"client\":1," CHALLENGE "}"), "client");
    test_assert_field(begin("{\"client\":{\"host\":\"a\",\"os\":\"b\"}," CHALLENGE "}"),
                      "client.version");
    test_assert_field(
        begin("{\"client\":{\"host\":\"a\",\"os\":\"b\",\"version\":\"c\",\"ip\":\"d\"}," CHALLENGE
              "}"),
        "client.ip");
    test_assert_field(begin("{" CLIENT "}"), "challenge");
    test_assert_field(begin("{" CLIENT ",\"challenge\":\"E9Me\"}"), "challenge");
    test_assert_field(begin("{" CLIENT ",\"challenge\":\"+\"}"), "challenge");
    test_assert_field(begin("{" CLIENT "," CHALLENGE ",\"port\":65536}"), "port");
    test_assert_field(begin("{" CLIENT "," CHALLENGE ",\"port\":0}"), "port");
    test_assert_field(begin("{" CLIENT "," CHALLENGE ",\"user\":\"alice\"}"), "user");
    assert_int_equal(test_authority_asks(), 0);
}

static void says_how_long_to_wait_when_too_many_ask(void **state) {
    (void)state;
    test_authority_say_busy(60);
    assert_int_equal(begin("{" CLIENT "," CHALLENGE "}"), 503);
    assert_true(test_has_header(&answer, "Retry-After: 60"));
}

// --- the page

static void shows_what_the_program_says_to_who_is_signed_in(void **state) {
    (void)state;
    assert_int_equal(test_send_as(NULL, "GET", "/v1/device/BCDF-GHJK", NULL), 401);
    assert_int_equal(ask("GET", "/v1/device/BCDF-GHJK", NULL), 200);
    test_assert_asked(" code=BCDF-GHJK verb=0");
    assert_string_equal(test_text(&answer, "state"), "waiting");
    assert_string_equal(test_text(&answer, "source"), "192.0.2.7");
    assert_string_equal(test_text(&answer, "here"), "192.0.2.8");
    assert_true(json_is_true(json_object_get(answer.json, "differs")));
    assert_true(test_is_null("redirect"));
    const json_t *client = json_object_get(answer.json, "client");
    assert_string_equal(json_string_value(json_object_get(client, "os")), "Debian <12>");
}

static void approving_says_where_the_page_goes(void **state) {
    (void)state;
    assert_int_equal(ask("POST", "/v1/device/bcdfghjk/approve", "{}"), 200);
    test_assert_asked(" code=bcdfghjk verb=1");
    assert_string_equal(test_text(&answer, "redirect"),
                        "http://127.0.0.1:40000/done?code=" TEST_DEVICE_BACK
                        "&state=mark-0123456789ab");
    assert_int_equal(ask("POST", "/v1/device/BCDF-GHJK/deny", "{}"), 200);
    test_assert_asked(" verb=2");
    assert_true(test_is_null("redirect"));
    assert_int_equal(ask("POST", "/v1/device/BCDF-GHJK/undo", "{}"), 200);
    test_assert_asked(" verb=3");
    assert_int_equal(test_number("revoked"), 2);
    assert_string_equal(test_text(&answer, "session"), "8");
    test_assert_field(ask("POST", "/v1/device/BCDF-GHJK/approve", "{\"code\":\"1\"}"), "code");
    test_authority_say(VOUCH_VERDICT_CONFLICT, "V-2028", "code");
    assert_int_equal(ask("POST", "/v1/device/BCDF-GHJK/approve", "{}"), 409);
}

static void a_code_that_cannot_be_one_is_absent(void **state) {
    (void)state;
    assert_int_equal(ask("GET", "/v1/device/BCDFGHJKLMNPQRSTVWXZ", NULL), 404);
    assert_int_equal(test_authority_asks(), 0);
}

// --- the session

static void the_program_gets_a_session_with_what_it_kept(void **state) {
    (void)state;
    assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions",
                                  "{\"device\":{" GRANT ",\"code\":\"" TEST_DEVICE_BACK "\"}}"),
                     201);
    test_assert_asked("device_session way=0");
    test_assert_asked(" secret=" TEST_DEVICE " verifier=v back=" TEST_DEVICE_BACK);
    assert_string_equal(test_text(&answer, "secret"), TEST_SESSION);
    assert_string_equal(test_text(&answer, "client"), "laptop (Debian)");
    assert_false(test_has_header(&answer, "Set-Cookie"));
    assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", "{\"device\":{" GRANT "}}"), 201);
    test_assert_asked(" back=");
}

static void each_refusal_has_a_code_of_its_own(void **state) {
    (void)state;
    static const struct {
        enum vouch_verdict verdict;
        const char *code;
        unsigned status;
    } rows[] = {{VOUCH_VERDICT_CONFLICT, "V-2020", 409},
                {VOUCH_VERDICT_BUSY, "V-2021", 503},
                {VOUCH_VERDICT_REFUSED, "V-2022", 403},
                {VOUCH_VERDICT_REFUSED, "V-2023", 403},
                {VOUCH_VERDICT_CONFLICT, "V-2026", 409}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        test_authority_say(rows[i].verdict, rows[i].code, "device_code");
        assert_int_equal(test_send_as(NULL, "POST", "/v1/sessions", "{\"device\":{" GRANT "}}"),
                         rows[i].status);
        assert_string_equal(test_text(&answer, "code"), rows[i].code);
    }
}

static void a_program_has_neither_cookie_nor_password(void **state) {
    (void)state;
    test_assert_field(
        test_send_as(NULL, "POST", "/v1/sessions", "{\"device\":{" GRANT "},\"cookie\":true}"),
        "cookie");
    test_assert_field(
        test_send_as(NULL, "POST", "/v1/sessions", "{\"device\":{" GRANT "},\"user\":\"alice\"}"),
        "user");
    test_assert_field(test_send_as(NULL, "POST", "/v1/sessions",
                                   "{\"device\":{\"device_code\":\"" TEST_DEVICE "\"}}"),
                      "device.verifier");
    assert_int_equal(test_authority_asks(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_stranger_gets_a_secret_and_a_code),
        TEST(the_page_is_where_the_server_says_or_was_reached),
        TEST(refuses_what_a_program_cannot_say),
        TEST(says_how_long_to_wait_when_too_many_ask),
        TEST(shows_what_the_program_says_to_who_is_signed_in),
        TEST(approving_says_where_the_page_goes),
        TEST(a_code_that_cannot_be_one_is_absent),
        TEST(the_program_gets_a_session_with_what_it_kept),
        TEST(each_refusal_has_a_code_of_its_own),
        TEST(a_program_has_neither_cookie_nor_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
