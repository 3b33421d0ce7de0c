// SPDX-License-Identifier: ISC
// The log: what a line looks like in each form, and that nothing from outside can make a second line.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <unistd.h>

#include "prog/vouchd/log.h"

// Everything that `speak` writes to standard error.
static char *listen_to(void (*speak)(void)) {
    static char heard[1 << 20];
    FILE *file = tmpfile();
    assert_non_null(file);
    int old = dup(STDERR_FILENO);
    assert_true(dup2(fileno(file), STDERR_FILENO) == STDERR_FILENO);
    speak();
    assert_true(dup2(old, STDERR_FILENO) == STDERR_FILENO);
    close(old);
    rewind(file);
    size_t len = fread(heard, 1, sizeof heard - 1, file);
    heard[len] = '\0';
    (void)fclose(file);
    return heard;
}

static size_t count_lines(const char *text) {
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += *text == '\n';
    }
    return count;
}

static void say_something(void) {
    const struct vouch_log_field fields[] = {
        {"path", vouch_bytes_of("/a b\n\"\x1b[31m"), 0},
        {"status", vouch_bytes_of("200"), 1},
        {"empty", {0}, 0},
    };
    vouch_log_event(VOUCH_LOG_WARN, "it \"went\"\nwrong", fields, 3);
}

static void writes_text_as_one_line(void **state) {
    (void)state;
    vouch_log_init("web", VOUCH_LOG_INFO, VOUCH_LOG_TEXT);
    const char *heard = listen_to(say_something);
    assert_int_equal(count_lines(heard), 1);
    assert_non_null(strstr(heard, "Z warn web: it \"went\"\\x0awrong path=\"/a b"));
    assert_non_null(strstr(heard, " status=200 empty=\"\"\n"));
    assert_null(strchr(heard, '\x1b'));
}

static void writes_json_as_one_line(void **state) {
    (void)state;
    vouch_log_init("web", VOUCH_LOG_INFO, VOUCH_LOG_JSON);
    const char *heard = listen_to(say_something);
    assert_int_equal(count_lines(heard), 1);
    assert_non_null(strstr(heard, ",\"level\":\"warn\",\"process\":\"web\",\"message\":\"it "
                                  "\\\"went\\\"\\\\x0awrong\",\"path\":\"/a b"));
    assert_non_null(strstr(heard, ",\"status\":200,\"empty\":\"\"}\n"));
    assert_null(strchr(heard, '\x1b'));
}

static void gives_the_journal_a_priority_and_no_time(void **state) {
    (void)state;
    assert_int_equal(setenv("JOURNAL_STREAM", "8:1", 1), 0);
    vouch_log_init("web", VOUCH_LOG_INFO, VOUCH_LOG_TEXT);
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    assert_int_equal(strncmp(listen_to(say_something), "<4>web: it ", 11), 0);
}

static void is_silent_below_its_level(void **state) {
    (void)state;
    vouch_log_init("web", VOUCH_LOG_ERROR, VOUCH_LOG_TEXT);
    assert_string_equal(listen_to(say_something), "");
}

static void say_too_much(void) {
    static char text[3 * VOUCH_LOG_LINE_MAX];
    memset(text, 'x', sizeof text - 1);
    const struct vouch_log_field field = {"long", vouch_bytes_of(text), 0};
    vouch_log_event(VOUCH_LOG_WARN, "short", &field, 1);
}

static void cuts_a_line_that_is_too_long(void **state) {
    (void)state;
    vouch_log_init("web", VOUCH_LOG_INFO, VOUCH_LOG_TEXT);
    const char *heard = listen_to(say_too_much);
    assert_int_equal(count_lines(heard), 1);
    assert_true(strlen(heard) <= VOUCH_LOG_LINE_MAX);
    assert_non_null(strstr(heard, "web: short"));
}

#define LATER_COUNT 2000

static void say_later(void) {
    assert_int_equal(vouch_log_writer_start(NULL), VOUCH_OK);
    for (int i = 0; i < LATER_COUNT; i++) {
        vouch_log_event_later(VOUCH_LOG_INFO, "later", NULL, 0);
    }
    vouch_log_writer_stop();
}

static void writes_or_counts_every_line_for_later(void **state) {
    (void)state;
    vouch_log_init("web", VOUCH_LOG_INFO, VOUCH_LOG_TEXT);
    const char *heard = listen_to(say_later);
    unsigned long written = 0, lost = 0;
    for (const char *at = heard; (at = strstr(at, "web: later\n")) != NULL; at++) {
        written++;
    }
    for (const char *at = heard; (at = strstr(at, " lines=")) != NULL; at++) {
        lost += strtoul(at + 7, NULL, 10);
    }
    assert_int_equal(written + lost, LATER_COUNT);
    assert_true(written > 0);
}

static void names_the_code_and_the_next_step_of_a_failure(void **state) {
    (void)state;
    struct vouch_fault fault = {0};
    (void)vouch_fault_set(&fault, VOUCH_ERR_IO, &vouch_fault_listen, "1.2.3.4:5: is taken");
    vouch_log_init("vouchd", VOUCH_LOG_INFO, VOUCH_LOG_TEXT);
    FILE *file = tmpfile();
    int old = dup(STDERR_FILENO);
    assert_true(dup2(fileno(file), STDERR_FILENO) == STDERR_FILENO);
    vouch_log_fault(VOUCH_LOG_ERROR, "starting", &fault);
    assert_true(dup2(old, STDERR_FILENO) == STDERR_FILENO);
    close(old);
    char heard[VOUCH_LOG_LINE_MAX] = "";
    rewind(file);
    assert_non_null(fgets(heard, sizeof heard, file));
    (void)fclose(file);
    assert_non_null(strstr(heard, "starting: 1.2.3.4:5: is taken code=V-1841 next=\"Choose "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_text_as_one_line),
        cmocka_unit_test(writes_json_as_one_line),
        cmocka_unit_test(gives_the_journal_a_priority_and_no_time),
        cmocka_unit_test(is_silent_below_its_level),
        cmocka_unit_test(cuts_a_line_that_is_too_long),
        cmocka_unit_test(writes_or_counts_every_line_for_later),
        cmocka_unit_test(names_the_code_and_the_next_step_of_a_failure),
    };
    return cmocka_run_group_tests_name("vouchd/log", tests, NULL, NULL);
}
