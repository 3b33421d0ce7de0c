// SPDX-License-Identifier: ISC
// Tests of one-time links for curl over HTTP: what is asked and told, and that whoever uses one hears of it in a
// line, and no page of a browser gets anything by it.
#include "api/test-fixture.h"

#define USE "/s/" TEST_TICKET
#define FORM "application/x-www-form-urlencoded" // what curl says of --data-binary

static unsigned make(const char *body) {
    return test_send_as(TEST_SESSION, "POST", "/v1/tickets", body);
}

static unsigned use_with(const char *headers, const char *type, const char *body) {
    const struct test_ask ask = {
        .method = "POST", .path = USE, .type = type, .headers = headers, .body = body};
    return test_send(&ask);
}

static unsigned use(const char *body) {
    return use_with(NULL, FORM, body);
}

static int has(const char *text) {
    return memmem(answer.body.ptr, answer.body.len, text, strlen(text)) != NULL;
}

// One line of text, with its code first.
static void assert_line(const char *code) {
    assert_string_equal(test_code(&answer), code);
    assert_true(test_has_header(&answer, "Content-Type: text/plain; charset=utf-8"));
    const uint8_t *end = memchr(answer.body.ptr, '\n', answer.body.len);
    assert_ptr_equal(end, answer.body.ptr + answer.body.len - 1);
}

// --- making

static void asks_for_what_access_would_give_without_a_key(void **state) {
    (void)state;
    assert_int_equal(
        make("{\"zone\":\"prod\",\"roles\":[\"dev\"],\"logins\":[\"web\"],\"ttl_s\":3600,"
             "\"reason\":\"a tablet\"}"),
        201);
    test_assert_asked("ticket_new way=3");
    test_assert_asked(" zone=prod key=0 ttl=3600 reason=a tablet once=");
    test_assert_asked(" roles=[dev] logins=[web]");
    assert_string_equal(test_text(&answer, "id"), "7");
    assert_int_equal(test_number("ttl_s"), 3600);
    assert_true(test_has_header(&answer, "Cache-Control: no-store"));
}

static void its_address_is_where_the_server_says_or_was_reached(void **state) {
    (void)state;
    assert_int_equal(make("{\"zone\":\"prod\",\"ttl_s\":4}"), 201);
    assert_string_equal(test_text(&answer, "url"), "https://ca.example.com:8443" USE);
    assert_string_equal(test_text(&answer, "pin"),
                        "sha256//AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/+A=");
    assert_int_equal(make("{\"zone\":\"prod\",\"ttl_s\":1}"), 201);
    assert_string_equal(test_text(&answer, "url"), "https://ca.example.com:8443" USE);
    assert_true(test_is_null("pin"));
    assert_int_equal(make("{\"zone\":\"prod\",\"ttl_s\":2}"), 201);
    assert_true(test_is_null("pin")); // what is no pin is not shown as one
    assert_int_equal(make("{\"zone\":\"prod\",\"ttl_s\":3}"), 201);
    assert_string_equal(test_text(&answer, "url"), "https://ca.example.com" USE);
    assert_true(test_is_null("pin"));
}

static void takes_no_key_and_no_other_member_of_access(void **state) {
    (void)state;
    test_assert_field(make("{\"zone\":\"prod\",\"public_key\":\"" TEST_KEY "\"}"), "public_key");
    test_assert_field(make("{\"zone\":\"prod\",\"request\":true}"), "request");
    test_assert_field(make("{\"zone\":\"prod\",\"drill\":true}"), "drill");
    test_assert_field(make("{\"zone\":\"prod\",\"dry_run\":true}"), "dry_run");
    test_assert_field(make("{}"), "zone");
    assert_int_equal(test_authority_asks(), 0);
}

static void tells_what_became_of_it(void **state) {
    (void)state;
    assert_int_equal(test_send_as(TEST_SESSION, "GET", "/v1/tickets/7", NULL), 200);
    test_assert_asked("ticket way=3");
    test_assert_asked(" id=7");
    assert_string_equal(test_text(&answer, "state"), "waiting");
    assert_true(test_is_null("used") && test_is_null("source") && test_is_null("serial"));
    assert_int_equal(test_send_as(TEST_SESSION, "GET", "/v1/tickets/8", NULL), 200);
    assert_string_equal(test_text(&answer, "state"), "used");
    assert_string_equal(test_text(&answer, "source"), "192.0.2.9");
    assert_string_equal(test_text(&answer, "serial"), "18446744073709551615");
    assert_int_equal(test_send_as(TEST_SESSION, "GET", "/v1/tickets/9", NULL), 200);
    assert_string_equal(test_text(&answer, "state"), "over");
    assert_int_equal(test_send_as(TEST_SESSION, "GET", "/v1/tickets/x", NULL), 404);
    test_authority_say(VOUCH_VERDICT_ABSENT, "V-2065", "ticket");
    assert_int_equal(test_send_as(TEST_SESSION, "GET", "/v1/tickets/7", NULL), 404);
}

// --- using

static void gives_the_certificate_as_a_line(void **state) {
    (void)state;
    assert_int_equal(use(TEST_KEY "\n"), 200);
    test_assert_asked("ticket_use way=0 uid=0 source=127.0.0.1 secret=" TEST_TICKET " key=51");
    assert_true(has("ssh-ed25519-cert-v01@openssh.com AAAA"));
    assert_int_equal(answer.body.ptr[answer.body.len - 1], '\n');
    assert_true(test_has_header(&answer, "Content-Type: text/plain; charset=utf-8"));
    assert_true(test_has_header(&answer, "Cache-Control: no-store"));
    assert_int_equal(use_with(NULL, "", TEST_KEY "\r\n"), 200);
    assert_int_equal(use_with(NULL, "application/octet-stream", TEST_KEY), 200);
}

static void every_refusal_is_one_line_with_its_code(void **state) {
    (void)state;
    static const struct {
        enum vouch_verdict verdict;
        const char *code;
        unsigned status;
    } rows[] = {{VOUCH_VERDICT_ABSENT, "V-2065", 404},
                {VOUCH_VERDICT_CONFLICT, "V-2066", 409},
                {VOUCH_VERDICT_REFUSED, "V-1814", 403},
                {VOUCH_VERDICT_INVALID, "V-1201", 422},
                {VOUCH_VERDICT_BUSY, "V-1808", 503}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        test_authority_say(rows[i].verdict, rows[i].code, "ticket");
        assert_int_equal(use(TEST_KEY), rows[i].status);
        assert_line(rows[i].code);
    }
}

static void a_failure_is_a_line_that_tells_no_secret_of_the_server(void **state) {
    (void)state;
    test_authority_fail(VOUCH_ERR_IO);
    assert_int_equal(use(TEST_KEY), 503);
    assert_line("V-1827");
    assert_false(has("/secret/place"));
}

static void a_private_key_is_named_before_anything_else(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE "
        "KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIE\n",
        "\r\n \n-----BEGIN PRIVATE KEY-----\r\nMIIE\r\n",
        TEST_KEY "\n-----BEGIN EC PRIVATE KEY-----\nMHcC\n",
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(use(bodies[i]), 422);
        assert_line("V-2067");
        // Also where something else is wrong.
        assert_int_equal(use_with("Origin: https://evil.example\r\n", FORM, bodies[i]), 422);
        assert_line("V-2067");
        const struct test_ask other = {
            .method = "POST", .path = "/s/none", .type = FORM, .body = bodies[i]};
        assert_int_equal(test_send(&other), 422);
        assert_line("V-2067");
    }
    assert_int_equal(test_authority_asks(), 0);
    assert_null(memmem(test.log.ptr, test.log.len, "b3BlbnNz", 8));
}

static void a_page_of_a_browser_gains_nothing(void **state) {
    (void)state;
    static const char *const lines[] = {"Origin: https://evil.example\r\n",
                                        "Origin: https://ca.example.com\r\n",
                                        "Origin: null\r\n",
                                        "Sec-Fetch-Site: none\r\n",
                                        "Sec-Fetch-Site: same-origin\r\n",
                                        "Sec-Fetch-Site: cross-site\r\n",
                                        "Cookie: __Host-vouch=" TEST_SESSION
                                        "\r\nSec-Fetch-Site: same-origin\r\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(use_with(lines[i], "text/plain", TEST_KEY), 403);
        assert_line("V-2068");
        assert_false(test_has_header(&answer, "Access-Control-Allow-Origin: *"));
    }
    assert_int_equal(test_authority_asks(), 0);
}

static void no_other_credential_is_looked_at(void **state) {
    (void)state;
    assert_int_equal(use_with("Authorization: Bearer " TEST_SESSION "\r\n", FORM, TEST_KEY), 200);
    test_assert_asked("ticket_use way=0");
    assert_int_equal(use_with("Cookie: __Host-vouch=" TEST_SESSION "\r\n", FORM, TEST_KEY), 200);
    test_assert_asked("ticket_use way=0");
}

static void refuses_what_is_no_public_key(void **state) {
    (void)state;
    static char large[24000], lengthy[17000];
    static const char *const bodies[] = {" \n",
                                         "hello",
                                         "ssh-ed25519",
                                         "ssh-ed25519 !!!!",
                                         TEST_KEY "\n" TEST_KEY "\n",
                                         "{\"public_key\":\"" TEST_KEY "\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(use(bodies[i]), 422);
        assert_line("V-1805");
    }
    memset(lengthy, 'a', sizeof lengthy - 1);
    assert_int_equal(use(lengthy), 422);
    assert_line("V-1805");
    memset(large, 'a', sizeof large - 1);
    assert_int_equal(use(large), 413);
    assert_line("V-1824");
    assert_int_equal(test_authority_asks(), 0);
}

static void its_secret_is_in_no_log_and_no_refusal(void **state) {
    (void)state;
    assert_int_equal(use(TEST_KEY), 200);
    assert_int_equal(use(TEST_TICKET), 422);
    assert_false(has("Ticket000"));
    assert_int_equal(test_send_as(NULL, "GET", USE, NULL), 405);
    assert_null(memmem(test.log.ptr, test.log.len, "Ticket000", 9));
    assert_non_null(memmem(test.log.ptr, test.log.len, "POST /s/voucht_*** 200", 22));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(asks_for_what_access_would_give_without_a_key),
        TEST(its_address_is_where_the_server_says_or_was_reached),
        TEST(takes_no_key_and_no_other_member_of_access),
        TEST(tells_what_became_of_it),
        TEST(gives_the_certificate_as_a_line),
        TEST(every_refusal_is_one_line_with_its_code),
        TEST(a_failure_is_a_line_that_tells_no_secret_of_the_server),
        TEST(a_private_key_is_named_before_anything_else),
        TEST(a_page_of_a_browser_gains_nothing),
        TEST(no_other_credential_is_looked_at),
        TEST(refuses_what_is_no_public_key),
        TEST(its_secret_is_in_no_log_and_no_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
