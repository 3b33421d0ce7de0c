// SPDX-License-Identifier: ISC
// Tests of the words and exit codes of monitoring.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "prog/vouch-host/health.h"

#define NOW 1795346738

static char name[] = "web1.example.com", ca[] = "ca.example.com", zone[] = "prod";

static struct vouch_enrolled active(void) {
    return (struct vouch_enrolled){.state = VOUCH_ENROLLED_ACTIVE,
                                   .name = name,
                                   .ca_name = ca,
                                   .zone = zone,
                                   .contact_s = NOW - 30};
}

static enum vouch_apply_health worst(const struct vouch_enrolled *enrolled, const char *row) {
    struct vouch_health_row rows[VOUCH_HEALTH_ROWS_MAX];
    enum vouch_apply_health health = VOUCH_APPLY_OK;
    size_t count = vouch_health_of(enrolled, NOW, rows);
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].text[0] != '\0');
        assert_true(rows[i].health == VOUCH_APPLY_OK || rows[i].next != NULL ||
                    rows[i].health == VOUCH_APPLY_UNKNOWN);
        if (strcmp(rows[i].name, row) != 0) {
            assert_int_equal(rows[i].health, VOUCH_APPLY_OK);
        }
        health = vouch_health_worse(health, rows[i].health);
    }
    return health;
}

static void exits_as_plug_ins_of_monitoring_do(void **state) {
    (void)state;
    assert_int_equal(vouch_health_exit(VOUCH_APPLY_OK), 0);
    assert_int_equal(vouch_health_exit(VOUCH_APPLY_WARNING), 1);
    assert_int_equal(vouch_health_exit(VOUCH_APPLY_CRITICAL), 2);
    assert_int_equal(vouch_health_exit(VOUCH_APPLY_UNKNOWN), 3);
    assert_int_equal(vouch_health_exit((enum vouch_apply_health)77), 3);
    assert_string_equal(vouch_health_word((enum vouch_apply_health)0), "UNKNOWN");
}

static void nothing_is_better_than_critical(void **state) {
    (void)state;
    for (int i = 0; i <= VOUCH_APPLY_OK; i++) {
        enum vouch_apply_health health = (enum vouch_apply_health)i;
        assert_int_equal(vouch_health_worse(VOUCH_APPLY_CRITICAL, health), VOUCH_APPLY_CRITICAL);
        assert_int_equal(vouch_health_worse(health, VOUCH_APPLY_OK), health);
        assert_int_equal(vouch_health_worse(VOUCH_APPLY_OK, health), health);
    }
    assert_int_equal(vouch_health_worse(VOUCH_APPLY_WARNING, VOUCH_APPLY_UNKNOWN),
                     VOUCH_APPLY_UNKNOWN);
}

static void a_host_that_is_heard_is_well(void **state) {
    (void)state;
    struct vouch_enrolled enrolled = active();
    assert_int_equal(worst(&enrolled, ""), VOUCH_APPLY_OK);
}

static void silence_is_a_warning_and_then_critical(void **state) {
    (void)state;
    struct vouch_enrolled enrolled = active();
    enrolled.contact_s = NOW - VOUCH_HEALTH_SILENT_S;
    assert_int_equal(worst(&enrolled, "contact"), VOUCH_APPLY_WARNING);
    enrolled.contact_s = NOW - VOUCH_HEALTH_GONE_S;
    assert_int_equal(worst(&enrolled, "contact"), VOUCH_APPLY_CRITICAL);
    enrolled.contact_s = 0;
    assert_int_equal(worst(&enrolled, "contact"), VOUCH_APPLY_WARNING);
    enrolled.contact_s = NOW + 100; // the clock was set back
    assert_int_equal(worst(&enrolled, "contact"), VOUCH_APPLY_OK);
}

static void what_fails_is_said_with_its_code(void **state) {
    (void)state;
    struct vouch_enrolled enrolled = active();
    struct vouch_health_row rows[VOUCH_HEALTH_ROWS_MAX];
    char failure[] = "ca.example.com:8443: no answer in time", code[] = "V-1861";
    enrolled.failing_since_s = NOW - 7200;
    enrolled.failure = failure;
    enrolled.failure_code = code;
    assert_int_equal(worst(&enrolled, "contact"), VOUCH_APPLY_WARNING);
    (void)vouch_health_of(&enrolled, NOW, rows);
    assert_non_null(strstr(rows[1].text, failure));
    assert_non_null(strstr(rows[1].text, "[V-1861]"));
    assert_non_null(strstr(rows[1].text, "2h"));
}

static void a_clock_that_is_off_is_noticed_both_ways(void **state) {
    (void)state;
    static const struct {
        int64_t ms;
        enum vouch_apply_health health;
    } rows[] = {
        {0, VOUCH_APPLY_OK},
        {VOUCH_HEALTH_CLOCK_WARN_MS - 1, VOUCH_APPLY_OK},
        {VOUCH_HEALTH_CLOCK_WARN_MS, VOUCH_APPLY_WARNING},
        {VOUCH_HEALTH_CLOCK_BAD_MS, VOUCH_APPLY_CRITICAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_enrolled enrolled = active();
        enrolled.clock_ms = rows[i].ms;
        assert_int_equal(worst(&enrolled, "clock"), rows[i].health);
        enrolled.clock_ms = -rows[i].ms;
        assert_int_equal(worst(&enrolled, "clock"), rows[i].health);
    }
}

static void only_an_active_host_can_be_well(void **state) {
    (void)state;
    static const enum vouch_apply_health healths[] = {
        [VOUCH_ENROLLED_NONE] = VOUCH_APPLY_UNKNOWN,
        [VOUCH_ENROLLED_WAITING] = VOUCH_APPLY_WARNING,
        [VOUCH_ENROLLED_ACTIVE] = VOUCH_APPLY_OK,
        [VOUCH_ENROLLED_BARRED] = VOUCH_APPLY_CRITICAL,
    };
    for (size_t i = 0; i < sizeof healths / sizeof healths[0]; i++) {
        struct vouch_enrolled enrolled = active();
        enrolled.state = (enum vouch_enrolled_state)i;
        assert_int_equal(worst(&enrolled, "enrolled"), healths[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exits_as_plug_ins_of_monitoring_do),
        cmocka_unit_test(nothing_is_better_than_critical),
        cmocka_unit_test(a_host_that_is_heard_is_well),
        cmocka_unit_test(silence_is_a_warning_and_then_critical),
        cmocka_unit_test(what_fails_is_said_with_its_code),
        cmocka_unit_test(a_clock_that_is_off_is_noticed_both_ways),
        cmocka_unit_test(only_an_active_host_can_be_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
