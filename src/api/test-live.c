// SPDX-License-Identifier: ISC
// Tests of streams of events: what they tell, to whom, for how long, and to how many.
#include <unistd.h>

#include "api/live.h"
#include "api/test-fixture.h"
#include "base/time.h"

static unsigned follow(const char *token, const char *path) {
    return test_send_as(token, "GET", path, NULL);
}

static const char *told(void) {
    static char text[4096];
    (void)snprintf(text, sizeof text, "%.*s", (int)answer.body.len, (const char *)answer.body.ptr);
    return text;
}

static void tells_how_long_the_ledger_is_and_ends(void **state) {
    (void)state;
    assert_int_equal(follow(TEST_SESSION, "/v1/live?for=0"), 200);
    assert_true(test_has_header(&answer, "Content-Type: text/event-stream"));
    assert_true(test_has_header(&answer, "Cache-Control: no-store"));
    assert_true(test_has_header(&answer, "Connection: close"));
    assert_null(strstr(answer.head, "Content-Length"));
    assert_string_equal(told(), "retry: 5000\n\nevent: ledger\ndata: {\"size\":3}\n\n");
}

static void *grow(void *context) {
    (void)context;
    (void)usleep(300000);
    test_authority_grow();
    return NULL;
}

static void tells_when_the_ledger_grows(void **state) {
    (void)state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, grow, NULL), 0);
    assert_int_equal(follow(TEST_SESSION, "/v1/live?for=3"), 200);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(told(), "retry: 5000\n\nevent: ledger\ndata: {\"size\":3}\n\n"
                                "event: ledger\ndata: {\"size\":4}\n\n");
    assert_int_equal(test_authority_asks(), 1); // a session is judged once, not with each event
}

static void is_for_sessions(void **state) {
    (void)state;
    assert_int_equal(follow(NULL, "/v1/live?for=0"), 401);
    assert_int_equal(follow(TEST_TOKEN_STRANGE, "/v1/live?for=0"), 401);
    assert_int_equal(follow(TEST_HOST_SECRET, "/v1/live?for=0"), 401);
    test_authority_say(VOUCH_VERDICT_UNKNOWN, "V-1885", "");
    assert_int_equal(follow(TEST_SESSION, "/v1/live?for=0"), 401);
}

static void lasts_ten_minutes_at_most(void **state) {
    (void)state;
    test_assert_field(follow(TEST_SESSION, "/v1/live?for=601"), "for");
    test_assert_field(follow(TEST_SESSION, "/v1/live?for=x"), "for");
    assert_int_equal(test_authority_asks(), 0);
}

static void ends_when_its_time_is_over(void **state) {
    (void)state;
    uint64_t begun_ns = vouch_time_monotonic_ns();
    assert_int_equal(follow(TEST_SESSION, "/v1/live?for=1"), 200);
    uint64_t took_ns = vouch_time_monotonic_ns() - begun_ns;
    assert_in_range(took_ns, 900000000ULL, 10000000000ULL);
}

static void gives_back_its_place_each_time(void **state) {
    (void)state;
    for (unsigned i = 0; i < 3 * VOUCH_API_LIVE_SESSION_MAX; i++) {
        assert_int_equal(follow(TEST_SESSION, "/v1/live?for=0"), 200);
    }
    assert_int_equal(test.api->live.count, 0);
}

static void refuses_a_session_that_has_many(void **state) {
    (void)state;
    struct vouch_api_live live = {0};
    vouch_api_live_init(&live);
    for (unsigned i = 0; i < VOUCH_API_LIVE_SESSION_MAX; i++) {
        assert_int_equal(vouch_api_live_enter(&live, 7), VOUCH_API_LIVE_TAKEN);
    }
    assert_int_equal(vouch_api_live_enter(&live, 7), VOUCH_API_LIVE_SESSION_FULL);
    assert_int_equal(vouch_api_live_enter(&live, 8), VOUCH_API_LIVE_TAKEN);
    vouch_api_live_leave(&live, 7);
    assert_int_equal(vouch_api_live_enter(&live, 7), VOUCH_API_LIVE_TAKEN);
    vouch_api_live_leave(&live, 9); // of one that was never there
    assert_int_equal(live.count, VOUCH_API_LIVE_SESSION_MAX + 1);
    vouch_api_live_done(&live);
}

static void refuses_more_than_it_keeps(void **state) {
    (void)state;
    struct vouch_api_live *live = &test.api->live;
    for (unsigned i = 0; i < VOUCH_API_LIVE_MAX; i++) {
        assert_int_equal(vouch_api_live_enter(live, i + 1), VOUCH_API_LIVE_TAKEN);
    }
    assert_int_equal(vouch_api_live_enter(live, 5000), VOUCH_API_LIVE_FULL);
    assert_int_equal(follow(TEST_SESSION, "/v1/live?for=0"), 503);
    assert_string_equal(test_text(&answer, "code"), "V-2014");
    assert_true(test_has_header(&answer, "Retry-After: 1"));
    vouch_api_live_leave(live, 1);
    assert_int_equal(follow(TEST_SESSION, "/v1/live?for=0"), 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(tells_how_long_the_ledger_is_and_ends),
        TEST(tells_when_the_ledger_grows),
        TEST(is_for_sessions),
        TEST(lasts_ten_minutes_at_most),
        TEST(ends_when_its_time_is_over),
        TEST(gives_back_its_place_each_time),
        cmocka_unit_test(refuses_a_session_that_has_many),
        TEST(refuses_more_than_it_keeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
