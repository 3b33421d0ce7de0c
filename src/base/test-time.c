// SPDX-License-Identifier: ISC
// Time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/time.h"

static void reads_points_in_time(void **state) {
    (void)state;
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    static const struct {
        const char *text;
        uint64_t seconds;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-22T10:45:38Z", 1795344338},
        {"2026-11-22T10:45:38+01:00", 1795340738},
        {"2026-11-22T10:45:38-01:30", 1795349738},
        {"2026-11-22T11:45:38", 1795344338}, // Berlin is an hour ahead in winter
        {"2026-11-22", 1795302000},
        {"2106-02-07T06:28:16Z", 4294967296},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t seconds = 0;
        assert_int_equal(vouch_time_parse(vouch_bytes_of(rows[i].text), &seconds), VOUCH_OK);
        assert_int_equal(seconds, rows[i].seconds);
    }
    setenv("TZ", "UTC", 1);
    tzset();
}

static void refuses_times_that_do_not_exist(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "now",
                                      "2026-02-30",
                                      "2026-13-01",
                                      "2026-11-22T25:00:00Z",
                                      "2026-11-22Tx",
                                      "1969-12-31T23:59:59Z",
                                      "2026-11-22T10:45:38+25:00",
                                      "2026-11-22T10:45:38 ",
                                      "1970-01-01T00:00:00+01:00"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t seconds = 0;
        assert_int_equal(vouch_time_parse(vouch_bytes_of(bad[i]), &seconds), VOUCH_ERR_FORMAT);
    }
}

static void reads_durations(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t seconds;
    } rows[] = {{"90", 90},      {"8h", 28800},          {"30d", 2592000},
                {"1h30m", 5400}, {"1w2d3h4m5s", 788645}, {"1", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t seconds = 0;
        assert_int_equal(vouch_duration_parse(vouch_bytes_of(rows[i].text), &seconds), VOUCH_OK);
        assert_int_equal(seconds, rows[i].seconds);
    }
    static const char *const bad[] = {"",
                                      "h",
                                      "8x",
                                      "-1h",
                                      "0",
                                      "0s",
                                      "1.5h",
                                      " 8h",
                                      "8h ",
                                      "99999999999999999999d",
                                      "101d99999999999999w",
                                      "5300w"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t seconds = 0;
        assert_true(vouch_duration_parse(vouch_bytes_of(bad[i]), &seconds) < 0);
    }
}

static void prints_times_and_durations(void **state) {
    (void)state;
    char text[VOUCH_TIME_TEXT_MAX];
    vouch_time_utc(1795344338, text);
    assert_string_equal(text, "2026-11-22T10:45:38Z");
    vouch_time_utc(UINT64_MAX, text);
    assert_string_equal(text, "UNKNOWN-TIME");
    vouch_duration_text(28680, text);
    assert_string_equal(text, "7h 58m");
    vouch_duration_text(45, text);
    assert_string_equal(text, "45s");
    vouch_duration_text(86400 * 30, text);
    assert_string_equal(text, "30d");
    vouch_duration_text(0, text);
    assert_string_equal(text, "0s");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_points_in_time),
        cmocka_unit_test(refuses_times_that_do_not_exist),
        cmocka_unit_test(reads_durations),
        cmocka_unit_test(prints_times_and_durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
