// SPDX-License-Identifier: ISC
// Tests of the command line: options by the command's table, and finding commands.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "prog/vouch/command.h"

static const struct vouch_option options[] = {
    {"out", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "FILE", "where it goes"},
    {"serial", 0, VOUCH_OPTION_MANY, 0, "N", "a number"},
    {"force", 'f', VOUCH_OPTION_FLAG, 0, NULL, "do it anyway"},
    {0},
};

static const char *const examples[] = {"vouch thing do --out x", NULL};

static const struct vouch_command command = {
    .noun = "thing",
    .verb = "do",
    .operands = "KEY...",
    .operands_min = 1,
    .operands_max = 2,
    .options = options,
    .examples = examples,
    .shape = VOUCH_SHAPE_LIST,
};

#define WORDS_MAX 16

// Parses "thing do WORDS…"; `words` is ended by NULL.
static int parse(const char *const *words, struct vouch_args *args, struct vouch_fault *fault) {
    static char copies[WORDS_MAX][64];
    static char *argv[WORDS_MAX + 1];
    int argc = 0;
    const char *const begin[] = {"vouch", "thing", "do"};
    for (size_t i = 0; i < 3; i++, argc++) {
        argv[argc] = copies[argc];
        (void)snprintf(argv[argc], sizeof copies[0], "%s", begin[i]);
    }
    for (size_t i = 0; words[i] != NULL; i++, argc++) {
        argv[argc] = copies[argc];
        (void)snprintf(argv[argc], sizeof copies[0], "%s", words[i]);
    }
    argv[argc] = NULL;
    return vouch_args_parse(&command, argc, argv, 3, args, fault);
}

#define PARSE(args, fault, ...) parse((const char *const[]){__VA_ARGS__, NULL}, (args), (fault))

static void takes_options_and_operands_in_any_order(void **state) {
    (void)state;
    struct vouch_args args;
    struct vouch_fault fault;
    assert_int_equal(PARSE(&args, &fault, "a", "--serial", "1", "-f", "--out=x", "b", "--serial=2"),
                     0);
    assert_string_equal(vouch_args_value(&args, "out"), "x");
    assert_int_equal(vouch_args_count(&args, "force"), 1);
    assert_int_equal(vouch_args_count(&args, "serial"), 2);
    size_t cursor = 0;
    assert_string_equal(vouch_args_next(&args, "serial", &cursor), "1");
    assert_string_equal(vouch_args_next(&args, "serial", &cursor), "2");
    assert_null(vouch_args_next(&args, "serial", &cursor));
    assert_int_equal(args.operand_count, 2);
    assert_string_equal(args.operands[0], "a");
    assert_string_equal(args.operands[1], "b");
    vouch_args_done(&args);
}

static void two_dashes_end_the_options(void **state) {
    (void)state;
    struct vouch_args args;
    struct vouch_fault fault;
    assert_int_equal(PARSE(&args, &fault, "--out", "x", "--", "--force"), 0);
    assert_int_equal(vouch_args_count(&args, "force"), 0);
    assert_string_equal(args.operands[0], "--force");
    vouch_args_done(&args);
}

static void a_dash_alone_is_an_operand(void **state) {
    (void)state;
    struct vouch_args args;
    struct vouch_fault fault;
    assert_int_equal(PARSE(&args, &fault, "--out", "-", "-"), 0);
    assert_string_equal(vouch_args_value(&args, "out"), "-");
    assert_string_equal(args.operands[0], "-");
    vouch_args_done(&args);
}

static void refuses_a_prefix_of_a_long_option(void **state) {
    (void)state;
    struct vouch_args args;
    struct vouch_fault fault;
    static const char *const prefixes[] = {"--forc", "--ser=1", "--o", "--out-", "--Out"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        assert_int_equal(PARSE(&args, &fault, "--out", "x", prefixes[i], "a"), VOUCH_ERR_ARGUMENT);
        assert_ptr_equal(fault.kind, &vouch_fault_usage);
    }
}

static void names_the_nearest_option(void **state) {
    (void)state;
    struct vouch_args args;
    struct vouch_fault fault;
    assert_int_equal(PARSE(&args, &fault, "--out", "x", "--serail", "1", "a"), VOUCH_ERR_ARGUMENT);
    assert_non_null(strstr(fault.text, "--serail"));
    assert_non_null(strstr(fault.next, "did you mean --serial?"));
}

static void refuses_unknown_letters_and_missing_or_unwanted_values(void **state) {
    (void)state;
    struct vouch_args args;
    struct vouch_fault fault;
    assert_int_equal(PARSE(&args, &fault, "--out", "x", "a", "-z"), VOUCH_ERR_ARGUMENT);
    assert_non_null(strstr(fault.text, "-z"));
    assert_int_equal(PARSE(&args, &fault, "a", "--out"), VOUCH_ERR_ARGUMENT);
    assert_non_null(strstr(fault.text, "--out needs a value"));
    assert_int_equal(PARSE(&args, &fault, "a", "--out", "x", "--force=1"), VOUCH_ERR_ARGUMENT);
    assert_non_null(strstr(fault.text, "--force takes no value"));
}

static void refuses_an_option_given_twice(void **state) {
    (void)state;
    struct vouch_args args;
    struct vouch_fault fault;
    assert_int_equal(PARSE(&args, &fault, "--out", "x", "--out", "y", "a"), VOUCH_ERR_ARGUMENT);
    assert_non_null(strstr(fault.text, "twice"));
}

static void names_what_is_missing_with_an_example(void **state) {
    (void)state;
    struct vouch_args args;
    struct vouch_fault fault;
    assert_int_equal(PARSE(&args, &fault, "a"), VOUCH_ERR_ARGUMENT);
    assert_non_null(strstr(fault.text, "thing do: --out FILE is missing"));
    assert_non_null(strstr(fault.next, examples[0]));
    assert_int_equal(PARSE(&args, &fault, "--out", "x"), VOUCH_ERR_ARGUMENT);
    assert_non_null(strstr(fault.text, "KEY... is missing"));
    assert_int_equal(PARSE(&args, &fault, "--out", "x", "a", "b", "c"), VOUCH_ERR_ARGUMENT);
    assert_non_null(strstr(fault.text, "\"c\" is too much"));
}

static void help_needs_nothing_else(void **state) {
    (void)state;
    struct vouch_args args;
    struct vouch_fault fault;
    assert_int_equal(PARSE(&args, &fault, "-h"), 0);
    assert_int_equal(vouch_args_count(&args, "help"), 1);
    vouch_args_done(&args);
}

static void an_escape_in_a_word_does_not_reach_the_fault(void **state) {
    (void)state;
    struct vouch_args args;
    struct vouch_fault fault;
    assert_int_equal(PARSE(&args, &fault, "--out", "x", "--\x1b[31mred", "a"), VOUCH_ERR_ARGUMENT);
    assert_null(strchr(fault.text, '\x1b'));
    assert_null(strchr(fault.next, '\x1b'));
}

static void reads_whole_decimal_numbers_only(void **state) {
    (void)state;
    struct vouch_fault fault;
    uint64_t number = 7;
    assert_int_equal(vouch_args_number("n", "18446744073709551615", &number, &fault), 0);
    assert_true(number == UINT64_MAX);
    static const char *const bad[] = {"", "-1", "+1", "0x10", "1 ", "18446744073709551616", "1e3"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(vouch_args_number("n", bad[i], &number, &fault), VOUCH_ERR_ARGUMENT);
    }
    assert_true(number == UINT64_MAX);
}

static int find(const char *noun, const char *verb, const struct vouch_command **ret_command,
                struct vouch_fault *fault) {
    char words[4][32] = {"vouch"};
    char *argv[5] = {words[0], words[1], NULL};
    struct vouch_bytes rest = {0};
    int argc = 2, used = 0;
    (void)snprintf(words[1], sizeof words[1], "%s", noun);
    if (verb != NULL) {
        rest = vouch_bytes_of(verb);
    }
    while (rest.ptr != NULL && argc < 4) {
        struct vouch_bytes part = vouch_str_cut(&rest, ' ');
        (void)snprintf(words[argc], sizeof words[argc], "%.*s", (int)part.len,
                       (const char *)part.ptr);
        argv[argc] = words[argc];
        argc++;
    }
    int err = vouch_command_find(argc, argv, ret_command, &used, fault);
    assert_true(err != 0 || used == argc - 1);
    return err;
}

static void finds_every_command_of_the_table(void **state) {
    (void)state;
    for (size_t i = 0; vouch_commands[i] != NULL; i++) {
        const struct vouch_command *found = NULL;
        struct vouch_fault fault;
        assert_int_equal(find(vouch_commands[i]->noun, vouch_commands[i]->verb, &found, &fault), 0);
        assert_ptr_equal(found, vouch_commands[i]);
    }
}

static void every_command_is_whole(void **state) {
    (void)state;
    for (size_t i = 0; vouch_commands[i] != NULL; i++) {
        const struct vouch_command *c = vouch_commands[i];
        assert_non_null(c->summary);
        assert_non_null(c->operands);
        assert_non_null(c->examples);
        assert_non_null(c->examples[0]);
        assert_true(c->run != NULL || c == &vouch_cmd_keygen);
        for (const struct vouch_option *o = c->options; o != NULL && o->name != NULL; o++) {
            assert_non_null(o->help);
            assert_true((o->value == NULL) == (o->count == VOUCH_OPTION_FLAG));
        }
    }
}

static void names_the_nearest_noun_and_verb(void **state) {
    (void)state;
    const struct vouch_command *found = NULL;
    struct vouch_fault fault;
    assert_int_equal(find("legder", "show", &found, &fault), VOUCH_ERR_ARGUMENT);
    assert_non_null(strstr(fault.next, "vouch ledger"));
    assert_int_equal(find("ledger", "verfiy", &found, &fault), VOUCH_ERR_ARGUMENT);
    assert_non_null(strstr(fault.next, "vouch ledger verify"));
    assert_int_equal(find("ca", NULL, &found, &fault), VOUCH_ERR_ARGUMENT);
    assert_non_null(strstr(fault.text, "init, show, trust"));
    assert_null(found);
}

static void a_failure_of_a_question_is_never_its_no(void **state) {
    (void)state;
    struct vouch_fault fault;
    static const int errors[] = {VOUCH_ERR_FORMAT,    VOUCH_ERR_NO_MEMORY, VOUCH_ERR_IO,
                                 VOUCH_ERR_NOT_FOUND, VOUCH_ERR_EXISTS,    VOUCH_ERR_PERMISSION,
                                 VOUCH_ERR_SIGNATURE, VOUCH_ERR_CORRUPT,   VOUCH_ERR_LIMIT};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        vouch_fault_set(&fault, errors[i], &vouch_fault_cert_format, "x");
        assert_true(vouch_command_usual_exit(&vouch_cmd_cert_check, &fault) > VOUCH_EXIT_NO);
        assert_true(vouch_command_usual_exit(&vouch_cmd_krl_check, &fault) > VOUCH_EXIT_NO);
        assert_true(vouch_command_usual_exit(&vouch_cmd_ledger_verify, &fault) > VOUCH_EXIT_NO);
        assert_true(vouch_command_usual_exit(&vouch_cmd_sign_user, &fault) > VOUCH_EXIT_OK);
    }
}

// What vouch_command_lead() makes of a command line; words are joined by blanks.
static void lead(const char *text, char *ret_text, size_t size) {
    char copy[200];
    char *argv[WORDS_MAX + 1] = {NULL};
    int argc = 0;
    (void)snprintf(copy, sizeof copy, "%s", text);
    for (char *rest = copy; rest != NULL && argc < WORDS_MAX; argc++) {
        argv[argc] = strsep(&rest, " ");
    }
    vouch_command_lead(argc, argv);
    ret_text[0] = '\0';
    for (int i = 0; i < argc; i++) {
        size_t end = strlen(ret_text);
        (void)snprintf(ret_text + end, size - end, "%s%s", i > 0 ? " " : "", argv[i]);
    }
}

static void options_about_the_server_may_stand_before_the_command(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"vouch --local DIR token ls", "vouch token ls --local DIR"},
        {"vouch --local=DIR token ls -q", "vouch token ls --local=DIR -q"},
        {"vouch --server U --pin P cert show -- 1", "vouch cert show --server U --pin P -- 1"},
        {"vouch --local DIR help", "vouch help --local DIR"},
        {"vouch token ls --local DIR", "vouch token ls --local DIR"},
        {"vouch --local", "vouch --local"},
        {"vouch --local DIR", "vouch --local DIR"},
        {"vouch --local DIR nonsense", "vouch --local DIR nonsense"},
        {"vouch --quiet token ls", "vouch --quiet token ls"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[200];
        lead(rows[i][0], text, sizeof text);
        assert_string_equal(text, rows[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_options_and_operands_in_any_order),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(a_dash_alone_is_an_operand),
        cmocka_unit_test(refuses_a_prefix_of_a_long_option),
        cmocka_unit_test(names_the_nearest_option),
        cmocka_unit_test(refuses_unknown_letters_and_missing_or_unwanted_values),
        cmocka_unit_test(refuses_an_option_given_twice),
        cmocka_unit_test(names_what_is_missing_with_an_example),
        cmocka_unit_test(help_needs_nothing_else),
        cmocka_unit_test(an_escape_in_a_word_does_not_reach_the_fault),
        cmocka_unit_test(reads_whole_decimal_numbers_only),
        cmocka_unit_test(finds_every_command_of_the_table),
        cmocka_unit_test(every_command_is_whole),
        cmocka_unit_test(names_the_nearest_noun_and_verb),
        cmocka_unit_test(a_failure_of_a_question_is_never_its_no),
        cmocka_unit_test(options_about_the_server_may_stand_before_the_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
