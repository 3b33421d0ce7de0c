// SPDX-License-Identifier: ISC
// Tests of what is asked and told about the rotation of CA keys.
#include "api/routes.h"
#include "api/test-fixture.h"

#define PATH "/v1/ca/rotation"
#define FINGERPRINT "SHA256:AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static unsigned ask(const char *method, const char *path, const char *body) {
    return test_send(
        &(struct test_ask){.method = method, .path = path, .token = TEST_TOKEN_ALL, .body = body});
}

static const char *text(const json_t *object, const char *member) {
    const json_t *value = json_object_get(object, member);
    return json_is_string(value) ? json_string_value(value) : "";
}

static json_int_t number(const json_t *object, const char *member) {
    return json_integer_value(json_object_get(object, member));
}

static void tells_how_far_both_uses_are(void **state) {
    (void)state;
    assert_int_equal(ask("GET", PATH, NULL), 200);
    test_assert_asked("rotation way=1");
    test_assert_asked(" use=0");
    assert_string_equal(test_text(&answer, "schema"), "vouch.rotation/1");
    assert_string_equal(test_text(&answer, "trust_version"), "17592186044418");
    assert_int_equal(test_number("sessions"), 131);
    assert_int_equal(test_number("sessions_current"), 128);
    const json_t *items = json_object_get(answer.json, "items");
    assert_int_equal(json_array_size(items), 2);
    const json_t *user = json_array_get(items, 0);
    assert_string_equal(text(user, "use"), "user");
    assert_string_equal(text(user, "phase"), "distribute");
    assert_string_equal(text(user, "next"), "switch");
    assert_true(json_is_false(json_object_get(user, "ready")));
    assert_string_equal(text(user, "needs"), "17592186044418");
    const json_t *key = json_array_get(json_object_get(user, "keys"), 0);
    assert_string_equal(text(key, "fingerprint"), FINGERPRINT);
    assert_string_equal(text(key, "state"), "active");
    assert_string_equal(text(key, "since"), "2026-11-22T10:45:38.120Z");
    assert_int_equal(number(key, "certs"), 4711);
    assert_int_equal(number(key, "valid"), 12);
    const json_t *host = json_array_get(items, 1);
    assert_string_equal(text(host, "use"), "host");
    assert_string_equal(text(host, "phase"), "steady");
    assert_true(json_is_null(json_object_get(host, "next")));
    assert_true(json_is_null(json_object_get(host, "needs")));
}

static void names_the_hosts_that_are_in_the_way(void **state) {
    (void)state;
    assert_int_equal(ask("GET", PATH "?use=user", NULL), 200);
    test_assert_asked(" use=1");
    const json_t *user = json_array_get(json_object_get(answer.json, "items"), 0);
    const json_t *hosts = json_object_get(user, "hosts");
    assert_int_equal(number(hosts, "active"), 48);
    assert_int_equal(number(hosts, "reporting"), 47);
    assert_int_equal(number(hosts, "covered"), 46);
    assert_int_equal(number(hosts, "silent"), 1);
    assert_int_equal(number(hosts, "blocking"), 1);
    const json_t *named = json_object_get(hosts, "named");
    assert_int_equal(json_array_size(named), 2);
    assert_string_equal(text(json_array_get(named, 0), "host"), "web9.example.com");
    assert_string_equal(text(json_array_get(named, 0), "why"), "behind");
    assert_string_equal(text(json_array_get(named, 1), "why"), "silent");
    assert_true(json_is_null(json_object_get(json_array_get(named, 1), "reported")));
}

static void asks_for_a_step(void **state) {
    (void)state;
    assert_int_equal(ask("POST", PATH, "{\"use\":\"host\",\"verb\":\"start\"}"), 200);
    test_assert_asked(" use=2 move=1 phase=0 now=0 key=0 fingerprint= without=[]");
    assert_int_equal(ask("POST", PATH,
                         "{\"use\":\"user\",\"verb\":\"advance\",\"phase\":\"distribute\","
                         "\"without\":[\"web9.example.com\",\"db4.example.com\"],\"now\":true}"),
                     200);
    test_assert_asked(" use=1 move=2 phase=2 now=1 key=0 fingerprint="
                      " without=[web9.example.com,db4.example.com]");
    assert_string_equal(test_text(&answer, "schema"), "vouch.rotation-step/1");
    assert_string_equal(test_text(&answer, "step"), "switch");
    assert_string_equal(test_text(&answer, "number"), "4242");
    assert_string_equal(test_text(&answer, "phase"), "drain");
    assert_true(json_is_true(json_object_get(answer.json, "ready")));
    assert_int_equal(ask("POST", PATH,
                         "{\"use\":\"user\",\"verb\":\"back\",\"public_key\":\"" TEST_KEY
                         "\",\"fingerprint\":\"" FINGERPRINT "\"}"),
                     200);
    test_assert_asked(" use=1 move=3 phase=0 now=0 key=51 fingerprint=" FINGERPRINT);
}

static void refuses_what_is_no_step(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"{\"verb\":\"start\"}", "use"},
        {"{\"use\":\"user\"}", "verb"},
        {"{\"use\":\"both\",\"verb\":\"start\"}", "use"},
        {"{\"use\":\"user\",\"verb\":\"destroy\"}", "verb"},
        {"{\"use\":\"user\",\"verb\":\"start\",\"phase\":\"old\"}", "phase"},
        {"{\"use\":\"user\",\"verb\":\"start\",\"now\":1}", "now"},
        {"{\"use\":\"user\",\"verb\":\"start\",\"fingerprint\":\"SHA256:x\"}", "fingerprint"},
        {"{\"use\":\"user\",\"verb\":\"start\",\"public_key\":\"x\"}", "public_key"},
        {"{\"use\":\"user\",\"verb\":\"start\",\"force\":true}", "force"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        test_assert_field(ask("POST", PATH, bad[i][0]), bad[i][1]);
    }
    test_assert_field(ask("GET", PATH "?use=both", NULL), "use");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(tells_how_far_both_uses_are),
        TEST(names_the_hosts_that_are_in_the_way),
        TEST(asks_for_a_step),
        TEST(refuses_what_is_no_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
