// SPDX-License-Identifier: ISC
// A server for each test, and its last answer.
#include "api/test-fixture.h"

struct test_api test;
struct test_answer answer;

static int begin(enum vouch_caller_way way, enum vouch_api_metrics metrics) {
    test_api_begin(&test, way, metrics);
    answer = (struct test_answer){0};
    return 0;
}

int test_begin(void **state) {
    (void)state;
    return begin(VOUCH_CALLER_TOKEN, VOUCH_API_METRICS_TOKEN);
}

int test_begin_local(void **state) {
    (void)state;
    return begin(VOUCH_CALLER_LOCAL, VOUCH_API_METRICS_TOKEN);
}

int test_begin_public(void **state) {
    (void)state;
    return begin(VOUCH_CALLER_TOKEN, VOUCH_API_METRICS_PUBLIC);
}

int test_end(void **state) {
    (void)state;
    test_answer_done(&answer);
    test_api_end(&test);
    return 0;
}

unsigned test_send(const struct test_ask *ask) {
    test_answer_done(&answer);
    test_ask(&test, ask, &answer);
    return answer.status;
}

unsigned test_send_as(const char *token, const char *method, const char *path, const char *body) {
    return test_send(
        &(struct test_ask){.method = method, .path = path, .token = token, .body = body});
}

void test_assert_asked(const char *part) {
    if (strstr(test_authority_last(), part) == NULL) {
        fail_msg("asked \"%s\", which lacks \"%s\"", test_authority_last(), part);
    }
}

void test_assert_field(unsigned status, const char *field) {
    assert_int_equal(status, 422);
    assert_string_equal(test_text(&answer, "field"), field);
}

int64_t test_number(const char *name) {
    return json_integer_value(json_object_get(answer.json, name));
}

const json_t *test_item(size_t place) {
    return json_array_get(json_object_get(answer.json, "items"), place);
}

const char *test_item_text(size_t place, const char *name) {
    const char *text = json_string_value(json_object_get(test_item(place), name));
    return text != NULL ? text : "";
}

int test_is_null(const char *name) {
    return json_is_null(json_object_get(answer.json, name));
}
