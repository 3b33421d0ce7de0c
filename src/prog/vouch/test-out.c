// SPDX-License-Identifier: ISC
// Tests of the forms of output. Each captures standard output in a file.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prog/vouch/command.h"
#include "prog/vouch/out.h"

static const struct vouch_column columns[] = {
    {"name", "NAME", 0}, {"serial", "SERIAL", 0}, {"time", "TIME", 0}, {"tags", "TAGS", 1}, {0}};

static const struct vouch_list_spec spec = {
    .schema = "vouch.test/1", .member = "rows", .columns = columns};

static const char *const examples[] = {"x", NULL};

static const struct vouch_command command = {
    .noun = "test", .operands = "", .examples = examples, .shape = VOUCH_SHAPE_LIST};

struct capture {
    FILE *file;
    int saved;
};

static struct capture capture_begin(void) {
    struct capture capture = {.file = tmpfile()};
    assert_non_null(capture.file);
    (void)fflush(stdout);
    capture.saved = dup(STDOUT_FILENO);
    assert_true(dup2(fileno(capture.file), STDOUT_FILENO) >= 0);
    return capture;
}

static const char *capture_end(struct capture *capture) {
    static char text[65536];
    (void)fflush(stdout);
    (void)dup2(capture->saved, STDOUT_FILENO);
    (void)close(capture->saved);
    rewind(capture->file);
    size_t len = fread(text, 1, sizeof text - 1, capture->file);
    text[len] = '\0';
    (void)fclose(capture->file);
    return text;
}

static int parse(const char *const *words, struct vouch_args *args) {
    static char copies[8][64];
    static char *argv[9];
    struct vouch_fault fault;
    int argc = 2;
    (void)snprintf(copies[0], sizeof copies[0], "vouch");
    (void)snprintf(copies[1], sizeof copies[1], "test");
    for (size_t i = 0; words[i] != NULL; i++) {
        (void)snprintf(copies[argc++], sizeof copies[0], "%s", words[i]);
    }
    for (int i = 0; i < argc; i++) {
        argv[i] = copies[i];
    }
    argv[argc] = NULL;
    return vouch_args_parse(&command, argc, argv, 2, args, &fault);
}

static void add_row(struct vouch_list *list, const char *name, uint64_t serial) {
    const struct vouch_bytes one = vouch_bytes_of("one"), two = vouch_bytes_of("two");
    struct vouch_item *row = vouch_list_row(list);
    vouch_item_word(row, "name", name);
    vouch_item_u64(row, "serial", serial);
    vouch_item_time(row, "time", 0);
    vouch_item_append(row, "tags", &one);
    vouch_item_append(row, "tags", &two);
    struct vouch_item *child = vouch_item_child(row, "children");
    vouch_item_count(child, "n", 3);
}

// Two rows in the form that `words` asks for; NULL if opening the list was refused.
static const char *print_rows(const struct vouch_term *term, const char *const *words,
                              struct vouch_fault *fault) {
    struct vouch_args args = {0};
    struct vouch_list *list = NULL;
    const char *text = NULL;
    assert_int_equal(parse(words, &args), 0);
    if (vouch_list_open(&spec, &args, term, &list, fault) == 0) {
        struct capture capture = capture_begin();
        vouch_item_word(vouch_list_head(list), "verdict", "good");
        add_row(list, "a \"b\",\x1b[31mc", UINT64_MAX);
        add_row(list, "plain", 2);
        int err = vouch_list_close(list, fault);
        text = capture_end(&capture);
        assert_int_equal(err, 0);
    }
    vouch_args_done(&args);
    return text;
}

#define PRINT(term, fault, ...)                                                                    \
    print_rows((term), (const char *const[]){__VA_ARGS__, NULL}, (fault))

static const struct vouch_term pipe_term = {.zone = VOUCH_ZONE_UTC};

static void a_pipe_gets_tabs_and_no_header(void **state) {
    (void)state;
    struct vouch_fault fault;
    const char *const none[] = {NULL};
    assert_string_equal(print_rows(&pipe_term, none, &fault),
                        "a \"b\",\\x1b[31mc\t18446744073709551615\t1970-01-01T00:00:00Z\n"
                        "plain\t2\t1970-01-01T00:00:00Z\n");
}

static void json_is_one_document_with_serials_as_strings(void **state) {
    (void)state;
    struct vouch_fault fault;
    assert_string_equal(
        PRINT(&pipe_term, &fault, "-o", "json"),
        "{\"schema\":\"vouch.test/1\",\"verdict\":\"good\",\"rows\":[\n"
        "{\"name\":\"a \\\"b\\\",\\u001B[31mc\",\"serial\":\"18446744073709551615\","
        "\"time\":\"1970-01-01T00:00:00Z\",\"tags\":[\"one\",\"two\"],\"children\":[{\"n\":3}]},\n"
        "{\"name\":\"plain\",\"serial\":\"2\",\"time\":\"1970-01-01T00:00:00Z\","
        "\"tags\":[\"one\",\"two\"],\"children\":[{\"n\":3}]}\n]}\n");
}

static void jsonl_has_the_schema_in_every_line(void **state) {
    (void)state;
    struct vouch_fault fault;
    const char *text = PRINT(&pipe_term, &fault, "-o", "jsonl");
    assert_int_equal(strncmp(text, "{\"schema\":\"vouch.test/1\",\"name\":", 31), 0);
    assert_non_null(strstr(text, "\n{\"schema\":\"vouch.test/1\",\"name\":\"plain\""));
}

static void csv_quotes_and_has_a_header(void **state) {
    (void)state;
    struct vouch_fault fault;
    assert_string_equal(PRINT(&pipe_term, &fault, "-o", "csv", "--columns", "name,serial"),
                        "NAME,SERIAL\r\n"
                        "\"a \"\"b\"\",\\x1b[31mc\",18446744073709551615\r\nplain,2\r\n");
    assert_string_equal(
        PRINT(&pipe_term, &fault, "-o", "csv", "--columns", "serial", "--no-header"),
        "18446744073709551615\r\n2\r\n");
}

static void name_prints_the_first_column_only(void **state) {
    (void)state;
    struct vouch_fault fault;
    assert_string_equal(PRINT(&pipe_term, &fault, "-o", "name"), "a \"b\",\\x1b[31mc\nplain\n");
}

static void a_table_is_aligned_and_wide_shows_all_columns(void **state) {
    (void)state;
    struct vouch_fault fault;
    assert_string_equal(PRINT(&pipe_term, &fault, "-o", "table", "--columns", "SERIAL,NAME"),
                        "SERIAL                NAME\n"
                        "18446744073709551615  a \"b\",\\x1b[31mc\n"
                        "2                     plain\n");
    assert_non_null(strstr(PRINT(&pipe_term, &fault, "-o", "wide"), "TAGS"));
    assert_non_null(strstr(PRINT(&pipe_term, &fault, "-o", "wide"), "one,two"));
}

static void a_terminal_cuts_a_table_to_its_width(void **state) {
    (void)state;
    const struct vouch_term narrow = {.out_tty = 1, .width = 40, .zone = VOUCH_ZONE_UTC};
    struct vouch_fault fault;
    const char *const none[] = {NULL};
    const char *text = print_rows(&narrow, none, &fault);
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        assert_true(strcspn(line, "\n") <= 40);
    }
    assert_non_null(strstr(text, "..."));
}

static void refuses_unknown_forms_and_columns(void **state) {
    (void)state;
    struct vouch_fault fault;
    assert_null(PRINT(&pipe_term, &fault, "-o", "jsno"));
    assert_non_null(strstr(fault.next, "--output json"));
    assert_null(PRINT(&pipe_term, &fault, "--columns", "NAME,SERAIL"));
    assert_non_null(strstr(fault.next, "SERIAL"));
    assert_null(PRINT(&pipe_term, &fault, "--columns", ""));
}

static void an_empty_list_is_still_whole_json(void **state) {
    (void)state;
    struct vouch_args args = {0};
    struct vouch_list *list = NULL;
    struct vouch_fault fault;
    assert_int_equal(parse((const char *const[]){"-o", "json", NULL}, &args), 0);
    assert_int_equal(vouch_list_open(&spec, &args, &pipe_term, &list, &fault), 0);
    struct capture capture = capture_begin();
    int err = vouch_list_close(list, &fault);
    assert_string_equal(capture_end(&capture), "{\"schema\":\"vouch.test/1\",\"rows\":[\n]}\n");
    assert_int_equal(err, 0);
    vouch_args_done(&args);
}

static void a_table_of_many_rows_goes_on_after_the_held_ones(void **state) {
    (void)state;
    struct vouch_args args = {0};
    struct vouch_list *list = NULL;
    struct vouch_fault fault;
    assert_int_equal(
        parse((const char *const[]){"-o", "table", "--columns", "serial", NULL}, &args), 0);
    assert_int_equal(vouch_list_open(&spec, &args, &pipe_term, &list, &fault), 0);
    struct capture capture = capture_begin();
    for (uint64_t i = 1; i <= 2500; i++) {
        vouch_item_u64(vouch_list_row(list), "serial", i);
    }
    int err = vouch_list_close(list, &fault);
    const char *text = capture_end(&capture);
    assert_int_equal(err, 0);
    size_t lines = 0;
    for (const char *at = text; *at != '\0'; at++) {
        lines += *at == '\n';
    }
    assert_int_equal(lines, 2501);
    assert_non_null(strstr(text, "\n2500\n"));
    vouch_args_done(&args);
}

static void text_that_is_not_utf8_is_escaped_in_json(void **state) {
    (void)state;
    static const uint8_t latin[] = {'J', 0xfc, 'r', 'g'};
    static const uint8_t utf8[] = {'J', 0xc3, 0xbc, 'r', 'g', 0x7f};
    struct vouch_fault fault;
    struct vouch_item *item = vouch_item_new("vouch.test/1");
    vouch_item_text(item, "latin", (struct vouch_bytes){latin, sizeof latin});
    vouch_item_text(item, "utf8", (struct vouch_bytes){utf8, sizeof utf8});
    vouch_item_text(item, "none", (struct vouch_bytes){0});
    struct capture capture = capture_begin();
    int err = vouch_item_print(item, VOUCH_FORM_JSONL, &fault);
    assert_string_equal(capture_end(&capture),
                        "{\"schema\":\"vouch.test/1\",\"latin\":\"J\\\\xfcrg\","
                        "\"utf8\":\"J\\u00FCrg\\u007F\",\"none\":\"\"}\n");
    assert_int_equal(err, 0);
    vouch_item_free(item);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_gets_tabs_and_no_header),
        cmocka_unit_test(json_is_one_document_with_serials_as_strings),
        cmocka_unit_test(jsonl_has_the_schema_in_every_line),
        cmocka_unit_test(csv_quotes_and_has_a_header),
        cmocka_unit_test(name_prints_the_first_column_only),
        cmocka_unit_test(a_table_is_aligned_and_wide_shows_all_columns),
        cmocka_unit_test(a_terminal_cuts_a_table_to_its_width),
        cmocka_unit_test(refuses_unknown_forms_and_columns),
        cmocka_unit_test(an_empty_list_is_still_whole_json),
        cmocka_unit_test(a_table_of_many_rows_goes_on_after_the_held_ones),
        cmocka_unit_test(text_that_is_not_utf8_is_escaped_in_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
