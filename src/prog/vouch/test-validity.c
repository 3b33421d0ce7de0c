// SPDX-License-Identifier: ISC
// Tests of --valid and --at.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "prog/vouch/validity.h"

#define NOW UINT64_C(1795346738) // 2026-11-22T11:25:38Z

static int zone_of_berlin(void **state) {
    (void)state;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    return 0;
}

static struct vouch_validity must(const char *text) {
    struct vouch_validity validity = {0};
    struct vouch_fault fault;
    if (vouch_validity_parse(text, NOW, &validity, &fault) != 0) {
        print_error("%s: %s\n", text, fault.text);
        fail();
    }
    return validity;
}

static void a_duration_begins_a_minute_ago(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t seconds;
    } rows[] = {{"8h", 28800},  {"+8h", 28800}, {"30d", 2592000}, {"1h30m", 5400},
                {"1w", 604800}, {"90s", 90},    {"+90", 90},      {"+3600", 3600}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_validity validity = must(rows[i].text);
        assert_true(validity.after == NOW - 60);
        assert_true(validity.before == NOW + rows[i].seconds);
    }
}

static void pairs_are_taken_as_they_stand(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t after, before;
    } rows[] = {
        {"-5m:+1h", NOW - 300, NOW + 3600},
        {"now:+1h", NOW, NOW + 3600},
        {"-2h:-1h", NOW - 7200, NOW - 3600},
        {"+1d:+2d", NOW + 86400, NOW + 172800},
        {"2026-11-22T11:25:38Z:2026-11-22T12:25:38Z", NOW, NOW + 3600},
        {"2026-11-22T11:25:38Z:+1h", NOW, NOW + 3600},
        {"-5m:2026-11-22T12:25:38Z", NOW - 300, NOW + 3600},
        {"2026-11-22T12:25:38+01:00:2026-11-22T12:25:38Z", NOW, NOW + 3600},
        {"20261122112538Z:20261122122538UTC", NOW, NOW + 3600},
        {"20261122122538:20261122132538", NOW, NOW + 3600}, // local zone
        {"2026-11-22:2026-11-23", 1795302000, 1795388400},  // local midnights
        {"20261122:20261123", 1795302000, 1795388400},
        {"202611221225:+0001h", NOW - 38, NOW + 3600},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_validity validity = must(rows[i].text);
        if (validity.after != rows[i].after || validity.before != rows[i].before) {
            print_error("%s\n", rows[i].text);
        }
        assert_true(validity.after == rows[i].after);
        assert_true(validity.before == rows[i].before);
    }
}

static const char *const no_intervals[] = {
    "",
    "8",
    "x",
    "8x",
    ":",
    "now:",
    ":now",
    "-8h",
    "0",
    "0h",
    "+0:+1h",
    "8h:9h",
    "1.5h",
    "8 h",
    "now",
    "+1h:+1h",
    "+2h:+1h",
    "now:now",
    "20261122",
    "202611",
    "2026-11-22",
    "20261301:20261302",
    "20260230:20260302",
    "-5m:+1h:+2h",
    "-5m:1h",
    "0x1:0x2",
    "99999999999999999999h",
    "+1h:20261122112538",
    "2026-11-22T25:00:00Z:+1h",
};

static void refuses_what_is_no_interval(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof no_intervals / sizeof no_intervals[0]; i++) {
        struct vouch_validity validity = {1, 2};
        struct vouch_fault fault;
        int err = vouch_validity_parse(no_intervals[i], NOW, &validity, &fault);
        if (err == 0) {
            print_error("taken: %s\n", no_intervals[i]);
        }
        assert_int_equal(err, VOUCH_ERR_ARGUMENT);
        assert_ptr_equal(fault.kind, &vouch_fault_usage);
        assert_true(validity.after == 1 && validity.before == 2);
    }
}

static void refuses_eternity_in_plain_words(void **state) {
    (void)state;
    static const char *const rows[] = {"forever", "always:forever", "now:forever", "always:+1h",
                                       "now:FOREVER"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_validity validity;
        struct vouch_fault fault;
        assert_int_equal(vouch_validity_parse(rows[i], NOW, &validity, &fault), VOUCH_ERR_ARGUMENT);
        assert_non_null(strstr(fault.text, "without an end"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_duration_begins_a_minute_ago),
        cmocka_unit_test(pairs_are_taken_as_they_stand),
        cmocka_unit_test(refuses_what_is_no_interval),
        cmocka_unit_test(refuses_eternity_in_plain_words),
    };
    return cmocka_run_group_tests(tests, zone_of_berlin, NULL);
}
