// SPDX-License-Identifier: ISC
// Tests of exports: what they hold, what their manifest is asked for, and how they break off.
#include "api/test-fixture.h"
#include "core/digest.h"
#include "core/export-manifest.h"

static unsigned export(const char *query) {
    char path[1200];
    (void)snprintf(path, sizeof path, "/v1/audit/export%s", query);
    return test_send_as(TEST_TOKEN_ALL, "GET", path, NULL);
}

// The records of the answer; fails the test if there is no manifest behind them.
static struct vouch_bytes records(void) {
    size_t end = 0, begin = 0;
    assert_int_equal(vouch_export_split(vouch_buf_bytes(&answer.body), &end, &begin), VOUCH_OK);
    const struct vouch_bytes manifest = {answer.body.ptr + begin, answer.body.len - begin};
    assert_true(
        vouch_bytes_equal(manifest, vouch_bytes_of(VOUCH_EXPORT_HEAD "\nwhat a signer signs\n")));
    return (struct vouch_bytes){answer.body.ptr, end};
}

static void assert_hash_asked(struct vouch_bytes bytes, unsigned count) {
    uint8_t hash[VOUCH_DIGEST_LEN];
    char part[96] = "sha256=";
    struct vouch_digest *digest = vouch_digest_new();
    assert_non_null(digest);
    vouch_digest_put(digest, bytes);
    vouch_digest_end(digest, hash);
    vouch_digest_free(digest);
    for (size_t i = 0; i < sizeof hash; i++) {
        (void)snprintf(part + strlen(part), sizeof part - strlen(part), "%02x", hash[i]);
    }
    test_assert_asked(part);
    (void)snprintf(part, sizeof part, "records=%u length=%zu", count, bytes.len);
    test_assert_asked(part);
}

static void writes_every_page_as_json_lines_and_has_them_signed(void **state) {
    (void)state;
    assert_int_equal(export("?q=one%20two&type=cert.*"), 200);
    assert_true(test_has_header(&answer, "Content-Type: application/jsonl"));
    assert_true(
        test_has_header(&answer, "Content-Disposition: attachment; filename=\"audit.jsonl\""));
    struct vouch_bytes rest = records();
    assert_hash_asked(rest, 4);
    test_assert_asked("format=1 words=one two type=cert.* searched=5");
    for (int i = 0; i < 4; i++) {
        const uint8_t *end = memchr(rest.ptr, '\n', rest.len);
        assert_non_null(end);
        json_t *event = json_loadb((const char *)rest.ptr, (size_t)(end - rest.ptr), 0, NULL);
        assert_string_equal(json_string_value(json_object_get(event, "record")),
                            i % 2 == 0 ? "4" : "3");
        json_decref(event);
        rest = (struct vouch_bytes){end + 1, rest.len - (size_t)(end + 1 - rest.ptr)};
    }
    assert_int_equal(rest.len, 0);
}

static void writes_a_table_that_no_text_can_break(void **state) {
    (void)state;
    static const char first[] =
        "record,time,type,actor,object,details\r\n"
        "4,\"2026-11-22T14:09:01.120Z\",\"ca.key.new\",\"local:uid:0\",\"\","
        "\"{\"\"key\"\":\"\"one\"\",\"\"reason\"\":\"\"\\u001b[31m\\\"\" and \\u00e9 \\ufffd\"\","
        "\"\"key#2\"\":\"\"two\"\"}\"\r\n";
    assert_int_equal(export("?format=csv"), 200);
    assert_true(test_has_header(&answer, "Content-Type: text/csv; charset=utf-8"));
    struct vouch_bytes table = records();
    assert_hash_asked(table, 4);
    test_assert_asked("format=2");
    assert_true(table.len > sizeof first - 1);
    assert_memory_equal(table.ptr, first, sizeof first - 1);
}

static void goes_on_where_the_piece_before_ended(void **state) {
    (void)state;
    assert_int_equal(export("?q=long"), 200);
    assert_hash_asked(records(), 20);
    assert_int_equal(test_authority_asks(), 11);
}

static void breaks_off_without_a_manifest(void **state) {
    (void)state;
    size_t end = 0, from = 0;
    assert_int_equal(export("?q=long%20broken"), 200);
    assert_int_equal(vouch_export_split(vouch_buf_bytes(&answer.body), &end, &from),
                     VOUCH_ERR_NOT_FOUND);
    assert_true(answer.body.len > 0);
    assert_int_equal(test_authority_asks(), 7); // nothing was signed
    assert_int_equal(test.api->exports, 0);
}

static void refuses_what_no_manifest_could_say(void **state) {
    (void)state;
    char query[1200] = "?object=";
    memset(query + 8, 'x', VOUCH_EXPORT_TEXT_MAX + 1);
    test_assert_field(export(query), "object");
    assert_int_equal(export("?object=a%0Ab"), 400);
    assert_int_equal(export("?q=a%1bb"), 400);
    test_assert_field(export("?q=%20"), "q");
    test_assert_field(
        export("?q=a%20a%20a%20a%20a%20a%20a%20a%20a%20a%20a%20a%20a%20a%20a%20a%20a"), "q");
    test_assert_field(export("?format=xml"), "format");
    test_assert_field(export("?limit=3"), "limit");
    assert_int_equal(test_authority_asks(), 0);
}

static void is_for_auditors(void **state) {
    (void)state;
    assert_int_equal(test_send_as(NULL, "GET", "/v1/audit/export", NULL), 401);
    assert_int_equal(test_send_as(TEST_TOKEN_STRANGE, "GET", "/v1/audit/export", NULL), 401);
    assert_int_equal(test_send_as(TEST_TOKEN_NONE, "GET", "/v1/audit/export", NULL), 403);
    assert_int_equal(test_send_as(TEST_HOST_SECRET, "GET", "/v1/audit/export", NULL), 401);
}

static void gives_back_its_place_each_time(void **state) {
    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(export(""), 200);
    }
    assert_int_equal(test.api->exports, 0);
    test.api->exports = 4;
    assert_int_equal(export(""), 503);
    assert_string_equal(test_code(&answer), "V-2059");
    assert_int_equal(test.api->exports, 4);
    test.api->exports = 0;
}

static void a_demonstration_exports_nothing(void **state) {
    (void)state;
    assert_int_equal(export(""), 403);
    assert_string_equal(test_code(&answer), "V-2030");
    assert_int_equal(test_authority_asks(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(writes_every_page_as_json_lines_and_has_them_signed),
        TEST(writes_a_table_that_no_text_can_break),
        TEST(goes_on_where_the_piece_before_ended),
        TEST(breaks_off_without_a_manifest),
        TEST(refuses_what_no_manifest_could_say),
        TEST(is_for_auditors),
        TEST(gives_back_its_place_each_time),
        cmocka_unit_test_setup_teardown(a_demonstration_exports_nothing, test_begin_demonstration,
                                        test_end),
    };
    return cmocka_run_group_tests_name("api/export", tests, NULL, NULL);
}
