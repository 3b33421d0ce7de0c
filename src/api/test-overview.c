// SPDX-License-Identifier: ISC
// Tests of the counts of an overview and of preferences: what is asked, what is told, and what is not kept.
#include "api/test-fixture.h"

static unsigned ask(const char *method, const char *path, const char *body) {
    return test_send_as(TEST_SESSION, method, path, body);
}

static int64_t number_of(const char *object, const char *name) {
    const json_t *value = json_object_get(json_object_get(answer.json, object), name);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static void tells_what_an_overview_needs(void **state) {
    (void)state;
    assert_int_equal(ask("GET", "/v1/summary", NULL), 200);
    test_assert_asked("summary");
    test_assert_asked(" hours=0");
    assert_string_equal(test_text(&answer, "schema"), "vouch.summary/1");
    assert_int_equal(number_of("certs", "valid"), 900000);
    assert_int_equal(number_of("certs", "revoked"), 3);
    assert_int_equal(number_of("hosts", "active"), 9);
    assert_int_equal(number_of("hosts", "ok"), 2);
    assert_int_equal(number_of("hosts", "attention"), 1);
    assert_int_equal(number_of("hosts", "critical"), 2);
    assert_int_equal(number_of("hosts", "silent"), 3);
    assert_int_equal(number_of("hosts", "behind"), 1);
    assert_int_equal(number_of("krl", "current"), 5);
    assert_int_equal(number_of("logins_refused", "count"), 17);
    assert_int_equal(test_number("requests_waiting"), 4);
    assert_int_equal(test_number("step_s"), 3600);
    const json_t *first = json_array_get(json_object_get(answer.json, "ending"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "serial")), "17592186044417");
    assert_string_equal(json_string_value(json_object_get(first, "type")), "host");
    assert_string_equal(json_string_value(json_object_get(first, "valid_before")),
                        "2026-11-22T14:10:01Z");
    const json_t *row = json_array_get(json_object_get(answer.json, "issued"), 1);
    assert_string_equal(json_string_value(json_object_get(row, "role")), "app");
    assert_string_equal(json_string_value(json_object_get(row, "time")), "2026-11-22T14:09:01Z");
    assert_int_equal(json_integer_value(json_object_get(row, "count")), 12);
}

static void goes_back_as_far_as_it_is_asked_to(void **state) {
    (void)state;
    assert_int_equal(ask("GET", "/v1/summary?hours=2160", NULL), 200);
    test_assert_asked(" hours=2160");
    test_assert_field(ask("GET", "/v1/summary?hours=2401", NULL), "hours");
    test_assert_field(ask("GET", "/v1/summary?hours=0", NULL), "hours");
}

static void is_for_who_may_see_everything(void **state) {
    (void)state;
    assert_int_equal(test_send_as(NULL, "GET", "/v1/summary", NULL), 401);
    assert_int_equal(test_send_as(TEST_TOKEN_NONE, "GET", "/v1/summary", NULL), 403);
}

static void keeps_preferences_by_their_keys(void **state) {
    (void)state;
    assert_int_equal(ask("GET", "/v1/account/preferences", NULL), 200);
    test_assert_asked("preferences");
    assert_string_equal(test_text(&answer, "theme"), "dark");
    assert_true(test_is_null("language")); // one that is not known is not told
    assert_int_equal(
        ask("PUT", "/v1/account/preferences", "{\"language\":\"de\",\"theme\":\"light\"}"), 200);
    test_assert_asked(" value={\"theme\":\"light\",\"language\":\"de\"}");
    assert_string_equal(test_text(&answer, "theme"), "light");
    assert_string_equal(test_text(&answer, "language"), "de");
    assert_int_equal(ask("PUT", "/v1/account/preferences", "{}"), 200);
    test_assert_asked(" value={}");
    assert_true(test_is_null("theme"));
}

static void keeps_nothing_else(void **state) {
    (void)state;
    test_assert_field(ask("PUT", "/v1/account/preferences", "{\"theme\":\"pink\"}"), "theme");
    test_assert_field(ask("PUT", "/v1/account/preferences", "{\"theme\":1}"), "theme");
    test_assert_field(ask("PUT", "/v1/account/preferences", "{\"notes\":\"x\"}"), "notes");
    assert_int_equal(test_authority_asks(), 0);
}

#define WISH "{\"zone\":\"prod\",\"ttl_s\":60,\"public_key\":\"" TEST_KEY "\",\"dry_run\":"

static void shows_what_would_be_signed_and_asks_for_nothing_more(void **state) {
    (void)state;
    assert_int_equal(ask("POST", "/v1/access", WISH "true}"), 200);
    test_assert_asked("access_preview");
    test_assert_asked(" zone=prod ttl=60");
    assert_int_equal(test_authority_asks(), 1);
    assert_string_equal(test_text(&answer, "schema"), "vouch.access-preview/1");
    assert_string_equal(test_text(&answer, "key_id"), "alice");
    assert_string_equal(test_text(&answer, "valid_before"), "2026-11-22T14:10:01Z");
    assert_int_equal(test_number("missing"), 1);
    const json_t *options = json_object_get(answer.json, "critical_options");
    assert_string_equal(json_string_value(json_object_get(options, "force-command")), "/bin/true");
    assert_string_equal(json_string_value(json_object_get(options, "verify-required")), "");
    assert_int_equal(ask("POST", "/v1/access", WISH "false}"), 201);
    test_assert_field(ask("POST", "/v1/access", WISH "1}"), "dry_run");
}

static void shows_what_a_request_would_open(void **state) {
    (void)state;
    assert_int_equal(ask("GET", "/v1/requests/21/impact", NULL), 200);
    test_assert_asked("request_impact");
    test_assert_asked(" id=21");
    assert_int_equal(test_number("hosts"), 300);
    assert_string_equal(test_item_text(0, "host"), "db1.example.com");
    assert_int_equal(ask("GET", "/v1/requests/x/impact", NULL), 404);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(tells_what_an_overview_needs),
        TEST(goes_back_as_far_as_it_is_asked_to),
        TEST(is_for_who_may_see_everything),
        TEST(keeps_preferences_by_their_keys),
        TEST(keeps_nothing_else),
        TEST(shows_what_would_be_signed_and_asks_for_nothing_more),
        TEST(shows_what_a_request_would_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
