// SPDX-License-Identifier: ISC
// Tests of the routes about emergencies: reviews, sealed certificates, the recovery sheet.
#include "api/test-fixture.h"

static unsigned ask(const char *method, const char *path, const char *body) {
    return test_send_as(TEST_SESSION, method, path, body);
}

static unsigned look(const char *path) {
    return test_send_as(TEST_TOKEN_ALL, "GET", path, NULL);
}

static void lists_reviews_by_state_and_kind(void **state) {
    (void)state;
    assert_int_equal(look("/v1/reviews"), 200);
    test_assert_asked(" state=0 kind=0");
    assert_int_equal(test_number("open"), 3);
    assert_string_equal(test_text(&answer, "next"), "v6");
    assert_false(test_is_null("last_drill"));
    assert_string_equal(test_item_text(0, "state"), "open");
    assert_string_equal(test_item_text(0, "kind"), "loud");
    assert_true(json_is_null(json_object_get(test_item(0), "serial")));
    assert_true(json_is_null(json_object_get(test_item(0), "note")));
    assert_true(json_is_null(json_object_get(test_item(0), "used")));
    assert_string_equal(test_item_text(1, "state"), "done");
    assert_string_equal(test_item_text(1, "kind"), "sealed");
    assert_string_equal(test_item_text(1, "serial"), "17592186044418");
    assert_string_equal(test_item_text(1, "done_by"), "bob");
    assert_true(json_is_true(json_object_get(test_item(1), "drill")));
    assert_int_equal(look("/v1/reviews?state=void&kind=sealed&limit=4"), 200);
    test_assert_asked(" limit=4 cursor= state=3 kind=2");
    test_assert_field(look("/v1/reviews?state=closed"), "state");
    test_assert_field(look("/v1/reviews?kind=quiet"), "kind");
}

static void finishes_a_review_with_a_note(void **state) {
    (void)state;
    assert_int_equal(ask("GET", "/v1/reviews/7", NULL), 200);
    test_assert_asked(" id=7 verb=0 note=");
    assert_int_equal(ask("POST", "/v1/reviews/7/done", "{\"note\":\"all fine\"}"), 200);
    test_assert_asked(" id=7 verb=1 note=all fine");
    assert_string_equal(test_text(&answer, "note"), "all fine");
    assert_string_equal(test_text(&answer, "state"), "done");
    test_assert_field(ask("POST", "/v1/reviews/7/done", "{}"), "note");
    test_assert_field(ask("POST", "/v1/reviews/7/done", "{\"note\":\"\"}"), "note");
    assert_int_equal(ask("POST", "/v1/reviews/07/done", "{\"note\":\"x\"}"), 404);
    test_authority_say(VOUCH_VERDICT_REFUSED, "V-2041", "id");
    assert_int_equal(ask("POST", "/v1/reviews/7/done", "{\"note\":\"mine\"}"), 403);
    test_authority_say(VOUCH_VERDICT_CONFLICT, "V-2042", "id");
    assert_int_equal(ask("POST", "/v1/reviews/7/done", "{\"note\":\"late\"}"), 409);
}

#define SEAL(more)                                                                                 \
    "{\"user\":\"alice\",\"role\":\"emergency\",\"public_key\":\"" TEST_KEY "\"" more "}"

static void seals_a_certificate(void **state) {
    (void)state;
    const struct test_ask one = {.method = "POST",
                                 .path = "/v1/seals",
                                 .token = TEST_SESSION,
                                 .headers = "Idempotency-Key: s1\r\n",
                                 .body = SEAL(",\"ttl_s\":7776000,\"reason\":\"for the safe\"")};
    assert_int_equal(test_send(&one), 201);
    test_assert_asked(" user=alice role=emergency key=51 ttl=7776000 reason=for the safe once=s1");
    assert_true(test_has_header(&answer, "Location: /v1/certs/17592186044419"));
    test_assert_field(ask("POST", "/v1/seals", SEAL(",\"reason\":\"why\"")), "ttl_s");
    test_assert_field(ask("POST", "/v1/seals", SEAL(",\"ttl_s\":86400")), "reason");
    test_assert_field(ask("POST", "/v1/seals", "{\"user\":\"alice\",\"role\":\"emergency\"}"),
                      "public_key");
    test_authority_say(VOUCH_VERDICT_REFUSED, "V-2045", "ttl_s");
    assert_int_equal(test_send(&one), 403);
}

static void shows_the_recovery_sheet(void **state) {
    (void)state;
    assert_int_equal(look("/v1/recovery-sheet"), 200);
    assert_string_equal(test_text(&answer, "text"), "RECOVERY SHEET\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(lists_reviews_by_state_and_kind),
        TEST(finishes_a_review_with_a_note),
        TEST(seals_a_certificate),
        TEST(shows_the_recovery_sheet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
