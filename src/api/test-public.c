// SPDX-License-Identifier: ISC
// Tests of the public files: what is served, to whom it is news, and who waits for it.
#include "api/snapshot.h"
#include "api/test-fixture.h"
#include "base/time.h"

static unsigned get(const char *path, const char *headers) {
    return test_send(&(struct test_ask){.method = "GET", .path = path, .headers = headers});
}

static void assert_body(const char *text) {
    assert_int_equal(answer.body.len, strlen(text));
    assert_memory_equal(answer.body.ptr, text, strlen(text));
}

static void serves_every_public_file(void **state) {
    (void)state;
    assert_int_equal(get("/v1/ca", NULL), 200);
    assert_string_equal(test_text(&answer, "name"), "ca.example.com");
    const json_t *key = json_object_get(answer.json, "user_ca");
    char line[512];
    (void)snprintf(line, sizeof line, "%s\n",
                   json_string_value(json_object_get(key, "public_key")));
    assert_int_equal(get("/v1/ca/user.pub", NULL), 200);
    assert_body(line);
    assert_true(test_has_header(&answer, "Content-Type: text/plain; charset=utf-8"));
    assert_int_equal(get("/v1/ca/host.pub", NULL), 200);
    assert_int_equal(get("/v1/ca/checkpoint.pub", NULL), 200);
    assert_int_equal(get("/v1/krls/user", NULL), 200);
    assert_body("list 0 of 1");
    assert_true(test_has_header(&answer, "ETag: \"1\""));
    assert_true(test_has_header(&answer, "Cache-Control: public, no-cache"));
    assert_true(test_has_header(&answer, "Content-Type: application/octet-stream"));
    assert_int_equal(get("/v1/krls/host", NULL), 200);
    assert_body("list 1 of 1");
    assert_int_equal(get("/v1/krls/user/envelope", NULL), 200);
    assert_body("envelope 0 of 1");
    assert_int_equal(get("/v1/krls/host/envelope", NULL), 200);
    assert_body("envelope 1 of 1");
    assert_int_equal(get("/v1/ledger/checkpoint", NULL), 200);
    assert_body("checkpoint of 3");
    assert_true(test_has_header(&answer, "ETag: \"3\""));
    assert_int_equal(get("/v1/trust", NULL), 200);
    assert_body("bundle 1");
    assert_true(test_has_header(&answer, "ETag: \"1\""));
    assert_true(test_has_header(&answer, "Cache-Control: public, no-cache"));
    assert_true(test_has_header(&answer, "Content-Type: text/plain; charset=utf-8"));
    assert_int_equal(test_authority_asks(), 0);
}

static void tells_a_client_that_it_has_the_file(void **state) {
    (void)state;
    static const char *const paths[] = {
        "/v1/ca",        "/v1/ca/user.pub",        "/v1/ca/host.pub",
        "/v1/krls/user", "/v1/krls/host/envelope", "/v1/ledger/checkpoint",
        "/v1/trust"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char headers[256];
        assert_int_equal(get(paths[i], NULL), 200);
        const char *etag = strstr(answer.head, "\r\nETag: ");
        assert_non_null(etag);
        (void)snprintf(headers, sizeof headers, "If-None-Match: %.*s\r\n",
                       (int)strcspn(etag + 8, "\r"), etag + 8);
        assert_int_equal(get(paths[i], headers), 304);
        assert_int_equal(answer.body.len, 0);
        assert_int_equal(get(paths[i], "If-None-Match: \"other\"\r\n"), 200);
    }
}

// Asks until the answer is another, since the watcher needs its moment.
static void await(const char *path, const char *text) {
    for (int i = 0; i < 200; i++) {
        assert_int_equal(get(path, NULL), 200);
        if (memmem(answer.body.ptr, answer.body.len, text, strlen(text)) != NULL) {
            return;
        }
        usleep(10000);
    }
    fail_msg("%s never became %s", path, text);
}

static void takes_over_what_is_newer(void **state) {
    (void)state;
    test_authority_publish(1);
    await("/v1/krls/host", "list 1 of 2");
    assert_true(test_has_header(&answer, "ETag: \"2\""));
    await("/v1/krls/user", "list 0 of 1");
    test_authority_grow();
    await("/v1/ledger/checkpoint", "checkpoint of 4");
    await("/v1/krls/host", "list 1 of 2");
    await("/v1/ca", "\"version\":\"2\"");
    test_authority_rotate();
    await("/v1/trust", "bundle 2");
}

// A client on a thread of its own.
struct waiter {
    pthread_t thread;
    const char *path;
    unsigned status;
    char body[64];
    uint64_t took_ms;
};

static void *wait_for_answer(void *context) {
    struct waiter *waiter = context;
    struct test_answer own;
    const struct test_ask ask = {
        .method = "GET", .path = waiter->path, .headers = "If-None-Match: \"1\"\r\n"};
    uint64_t begun_ns = vouch_time_monotonic_ns();
    test_ask(&test, &ask, &own);
    waiter->took_ms = (vouch_time_monotonic_ns() - begun_ns) / 1000000;
    waiter->status = own.status;
    (void)snprintf(waiter->body, sizeof waiter->body, "%.*s", (int)own.body.len,
                   own.body.ptr != NULL ? (const char *)own.body.ptr : "");
    test_answer_done(&own);
    return NULL;
}

static void start(struct waiter *waiter, const char *path) {
    *waiter = (struct waiter){.path = path};
    assert_int_equal(pthread_create(&waiter->thread, NULL, wait_for_answer, waiter), 0);
}

static void await_waiting(uint64_t count) {
    struct vouch_http_counts counts = {0};
    for (int i = 0; i < 500 && counts.waiting != count; i++) {
        usleep(10000);
        vouch_http_server_counts(test.server, &counts);
    }
    assert_int_equal(counts.waiting, count);
}

static void wakes_all_who_wait_for_a_list(void **state) {
    (void)state;
    struct waiter waiters[12]; // more than there are workers
    struct waiter other;
    for (size_t i = 0; i < 12; i++) {
        start(&waiters[i], "/v1/krls/user?wait=20");
    }
    start(&other, "/v1/krls/host?wait=2");
    await_waiting(13);
    test_authority_publish(0);
    for (size_t i = 0; i < 12; i++) {
        pthread_join(waiters[i].thread, NULL);
        assert_int_equal(waiters[i].status, 200);
        assert_string_equal(waiters[i].body, "list 0 of 2");
        assert_true(waiters[i].took_ms < 15000);
    }
    pthread_join(other.thread, NULL); // that list is the same: it waits to its end
    assert_int_equal(other.status, 304);
    assert_true(other.took_ms >= 1900);
}

static void wakes_who_waits_for_the_trust_bundle(void **state) {
    (void)state;
    struct waiter waiter, other;
    start(&waiter, "/v1/trust?wait=20");
    start(&other, "/v1/krls/user?wait=2");
    await_waiting(2);
    test_authority_rotate();
    pthread_join(waiter.thread, NULL);
    assert_int_equal(waiter.status, 200);
    assert_string_equal(waiter.body, "bundle 2");
    assert_true(waiter.took_ms < 15000);
    pthread_join(other.thread, NULL);
    assert_int_equal(other.status, 304);
}

static void says_at_the_end_that_nothing_is_new(void **state) {
    (void)state;
    struct waiter waiter;
    start(&waiter, "/v1/krls/user?wait=1");
    pthread_join(waiter.thread, NULL);
    assert_int_equal(waiter.status, 304);
    assert_in_range(waiter.took_ms, 900, 5000);
}

static void lets_nobody_wait_without_need(void **state) {
    (void)state;
    uint64_t begun_ns = vouch_time_monotonic_ns();
    assert_int_equal(get("/v1/krls/user?wait=30", NULL), 200);
    assert_int_equal(get("/v1/krls/user?wait=30", "If-None-Match: \"7\"\r\n"), 200);
    assert_int_equal(get("/v1/krls/user", "If-None-Match: \"1\"\r\n"), 304);
    assert_true(vouch_time_monotonic_ns() - begun_ns < 10000000000);
    static const char *const bad[] = {"0", "31", "", "-1", "1s", "1.5"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "/v1/krls/user?wait=%s", bad[i]);
        assert_int_equal(get(path, "If-None-Match: \"1\"\r\n"), 422);
        assert_string_equal(test_text(&answer, "field"), "wait");
    }
}

static void ends_waits_when_the_server_stops(void **state) {
    (void)state;
    struct waiter waiter;
    start(&waiter, "/v1/krls/user?wait=30");
    await_waiting(1);
    vouch_http_server_stop(test.server, vouch_time_monotonic_ns() + 10000000000);
    pthread_join(waiter.thread, NULL);
    assert_int_equal(waiter.status, 304);
    assert_true(waiter.took_ms < 10000);
}

static void serves_on_while_the_authority_is_silent(void **state) {
    (void)state;
    assert_int_equal(get("/readyz", NULL), 200);
    test_authority_silence(VOUCH_ERR_IO, VOUCH_VERDICT_REFUSED);
    for (int i = 0; i < 500 && vouch_api_public_is_fresh(test.files); i++) {
        usleep(10000);
    }
    assert_int_equal(get("/readyz", NULL), 503);
    assert_string_equal(test_text(&answer, "code"), "V-1825");
    assert_int_equal(get("/healthz", NULL), 200);
    assert_int_equal(get("/v1/krls/user", NULL), 200);
    test_authority_silence(VOUCH_OK, VOUCH_VERDICT_DONE);
    for (int i = 0; i < 500 && !vouch_api_public_is_fresh(test.files); i++) {
        usleep(10000);
    }
    assert_int_equal(get("/readyz", NULL), 200);
}

static void waits_for_the_first_files(void **state) {
    (void)state;
    struct vouch_api_public *files = NULL;
    struct vouch_fault fault = {0};
    struct vouch_api_snapshot *snapshot = NULL;
    test_authority_begin();
    test_authority_silence(VOUCH_OK, VOUCH_VERDICT_BUSY);
    assert_int_equal(vouch_api_public_start(test_authority_handle(), &files, &fault), VOUCH_OK);
    assert_null(vouch_api_public_hold(files));
    assert_false(vouch_api_public_is_fresh(files));
    test_authority_silence(VOUCH_OK, VOUCH_VERDICT_DONE);
    for (int i = 0; i < 500 && snapshot == NULL; i++) {
        usleep(10000);
        snapshot = vouch_api_public_hold(files);
    }
    assert_non_null(snapshot);
    vouch_api_public_free(files);
    assert_memory_equal(snapshot->files[VOUCH_API_USER_KRL]->bytes, "list 0 of 1", 11);
    vouch_api_snapshot_drop(snapshot); // it outlives the watcher
    test_authority_end();
}

static void does_not_start_when_asking_fails(void **state) {
    (void)state;
    struct vouch_api_public *files = NULL;
    struct vouch_fault fault = {0};
    test_authority_begin();
    test_authority_silence(VOUCH_ERR_CORRUPT, VOUCH_VERDICT_REFUSED);
    assert_int_equal(vouch_api_public_start(test_authority_handle(), &files, &fault),
                     VOUCH_ERR_CORRUPT);
    assert_null(files);
    assert_non_null(fault.kind);
    vouch_api_public_free(NULL);
    test_authority_end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(serves_every_public_file),
        TEST(tells_a_client_that_it_has_the_file),
        TEST(takes_over_what_is_newer),
        TEST(wakes_all_who_wait_for_a_list),
        TEST(wakes_who_waits_for_the_trust_bundle),
        TEST(says_at_the_end_that_nothing_is_new),
        TEST(lets_nobody_wait_without_need),
        TEST(ends_waits_when_the_server_stops),
        TEST(serves_on_while_the_authority_is_silent),
        cmocka_unit_test(waits_for_the_first_files),
        cmocka_unit_test(does_not_start_when_asking_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
