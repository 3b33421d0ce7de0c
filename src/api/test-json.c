// SPDX-License-Identifier: ISC
// Tests of the JSON writer: what it writes is read back as it was, and is pure ASCII.
#include "api/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/time.h"

static struct vouch_buf out;
static struct vouch_json json;

static int begin(void **state) {
    (void)state;
    vouch_buf_init(&out, 65536);
    json = (struct vouch_json){.out = &out};
    return 0;
}

static int end(void **state) {
    (void)state;
    vouch_buf_done(&out);
    return 0;
}

static void assert_wrote(const char *text) {
    assert_int_equal(out.err, VOUCH_OK);
    vouch_buf_put(&out, (struct vouch_bytes){(const uint8_t *)"", 1});
    assert_string_equal((const char *)out.ptr, text);
}

static void writes_objects_and_arrays(void **state) {
    (void)state;
    const struct vouch_bytes texts[] = {vouch_bytes_of("a"), vouch_bytes_of("")};
    vouch_json_open(&json, NULL, '{');
    vouch_json_texts(&json, "list", texts, 2);
    vouch_json_texts(&json, "none", NULL, 0);
    vouch_json_open(&json, "inner", '{');
    vouch_json_close(&json, '}');
    vouch_json_number(&json, "n", 0);
    vouch_json_id(&json, "id", UINT64_MAX);
    vouch_json_flag(&json, "yes", 1);
    vouch_json_null(&json, "nothing");
    vouch_json_text_or_null(&json, "empty", (struct vouch_bytes){0});
    vouch_json_pair(&json, vouch_bytes_of("a\"b"), vouch_bytes_of("c"));
    vouch_json_close(&json, '}');
    assert_wrote("{\"list\":[\"a\",\"\"],\"none\":[],\"inner\":{},\"n\":0,"
                 "\"id\":\"18446744073709551615\",\"yes\":true,\"nothing\":null,\"empty\":null,"
                 "\"a\\\"b\":\"c\"}");
}

static void escapes_all_that_could_do_harm(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *json;
    } cases[] = {
        {"plain ~", "\"plain ~\""},
        {"\"\\", "\"\\\"\\\\\""},
        {"a\nb\r\t", "\"a\\nb\\u000d\\u0009\""},
        {"\x1b[31m\x7f", "\"\\u001b[31m\\u007f\""},
        {"\xc2\x9b", "\"\\u009b\""},
        {"\xe2\x80\xae", "\"\\u202e\""},
        {"\xf0\x9f\x94\x91", "\"\\ud83d\\udd11\""},
        {"\xff", "\"\\ufffd\""},
        {"\xc3", "\"\\ufffd\""},
        {"\xc0\xaf", "\"\\ufffd\\ufffd\""},
        {"\xe0\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\""},
        {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""},
        {"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
        {"\xe2\x82z", "\"\\ufffd\\ufffdz\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vouch_buf_clear(&out);
        json.comma = 0;
        vouch_json_text(&json, NULL, vouch_bytes_of(cases[i].text));
        assert_wrote(cases[i].json);
    }
}

// Every character comes back from Jansson as it went in.
static void writes_every_character_so_that_it_is_read_back(void **state) {
    (void)state;
    for (unsigned point = 1; point < 0x11000; point += point < 0x900 ? 1 : 37) {
        uint8_t text[4];
        size_t len = 0;
        if (point >= 0xd800 && point < 0xe000) {
            continue;
        }
        if (point < 0x80) {
            text[len++] = (uint8_t)point;
        } else if (point < 0x800) {
            text[len++] = (uint8_t)(0xc0 | point >> 6);
        } else if (point < 0x10000) {
            text[len++] = (uint8_t)(0xe0 | point >> 12);
            text[len++] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
        } else {
            text[len++] = (uint8_t)(0xf0 | point >> 18);
            text[len++] = (uint8_t)(0x80 | (point >> 12 & 0x3f));
            text[len++] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
        }
        if (point >= 0x80) {
            text[len++] = (uint8_t)(0x80 | (point & 0x3f));
        }
        vouch_buf_clear(&out);
        json.comma = 0;
        vouch_json_text(&json, NULL, (struct vouch_bytes){text, len});
        json_t *back = json_loadb((char *)out.ptr, out.len, JSON_DECODE_ANY, NULL);
        assert_int_equal(json_string_length(back), len);
        assert_memory_equal(json_string_value(back), text, len);
        json_decref(back);
    }
}

static void writes_times_as_the_calendar_has_them(void **state) {
    (void)state;
    for (uint64_t time_s = 1; time_s < 253402300800; time_s += 7919 * 86400 + 3607) {
        char expected[VOUCH_TIME_TEXT_MAX];
        char quoted[VOUCH_TIME_TEXT_MAX + 2];
        vouch_time_utc(time_s, expected);
        (void)snprintf(quoted, sizeof quoted, "\"%s\"", expected);
        vouch_buf_clear(&out);
        json.comma = 0;
        vouch_json_time_s(&json, NULL, time_s);
        assert_wrote(quoted);
    }
}

static void writes_edges_of_time(void **state) {
    (void)state;
    static const uint64_t leap_s[] = {951782400, 951868800, 4107542399, 1709164800, 253402300799};
    static const char *const texts[] = {"\"2000-02-29T00:00:00Z\"", "\"2000-03-01T00:00:00Z\"",
                                        "\"2100-02-28T23:59:59Z\"", "\"2024-02-29T00:00:00Z\"",
                                        "\"9999-12-31T23:59:59Z\""};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        vouch_buf_clear(&out);
        json.comma = 0;
        vouch_json_time_s(&json, NULL, leap_s[i]);
        assert_wrote(texts[i]);
    }
    vouch_buf_clear(&out);
    vouch_json_open(&json, NULL, '[');
    vouch_json_time_s(&json, NULL, 0);
    vouch_json_time_s(&json, NULL, 253402300800);
    vouch_json_time_s(&json, NULL, UINT64_MAX);
    vouch_json_time_ms(&json, NULL, 0);
    vouch_json_time_ms(&json, NULL, 1795356541007);
    vouch_json_close(&json, ']');
    assert_wrote(",[null,null,null,null,\"2026-11-22T14:09:01.007Z\"]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(writes_objects_and_arrays),
        TEST(escapes_all_that_could_do_harm),
        TEST(writes_every_character_so_that_it_is_read_back),
        TEST(writes_times_as_the_calendar_has_them),
        TEST(writes_edges_of_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
