// SPDX-License-Identifier: ISC
// Text.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fault.h"
#include "base/str.h"

static void escapes_every_byte_that_is_not_printable(void **state) {
    (void)state;
    for (int c = 0; c < 256; c++) {
        uint8_t byte = (uint8_t)c;
        char text[8];
        vouch_str_escape_to((struct vouch_bytes){&byte, 1}, text, sizeof text);
        for (const char *at = text; *at != '\0'; at++) {
            assert_in_range(*at, 0x20, 0x7e);
        }
        assert_int_equal(strlen(text), c >= 0x20 && c < 0x7f ? (c == '\\' ? 2 : 1) : 4);
    }
}

static void cuts_a_long_text_with_dots(void **state) {
    (void)state;
    char text[9];
    vouch_str_escape_to(vouch_bytes_of("12345678"), text, sizeof text);
    assert_string_equal(text, "12345678");
    vouch_str_escape_to(vouch_bytes_of("123456789"), text, sizeof text);
    assert_string_equal(text, "12345...");
    vouch_str_escape_to(vouch_bytes_of("1234\x1b\x1b"), text, sizeof text);
    assert_string_equal(text, "1234...");
}

static void reads_numbers_strictly(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int err;
        uint64_t value;
    } rows[] = {
        {"0", 0, 0},
        {"18446744073709551615", 0, UINT64_MAX},
        {"18446744073709551616", VOUCH_ERR_LIMIT, 0},
        {"99999999999999999999", VOUCH_ERR_LIMIT, 0},
        {"", VOUCH_ERR_FORMAT, 0},
        {"+1", VOUCH_ERR_FORMAT, 0},
        {"-1", VOUCH_ERR_FORMAT, 0},
        {" 1", VOUCH_ERR_FORMAT, 0},
        {"1 ", VOUCH_ERR_FORMAT, 0},
        {"0x1", VOUCH_ERR_FORMAT, 0},
        {"007", 0, 7},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t value = 0;
        assert_int_equal(vouch_str_to_u64(vouch_bytes_of(rows[i].text), &value), rows[i].err);
        assert_int_equal(value, rows[i].value);
    }
}

static void base64_goes_there_and_back(void **state) {
    (void)state;
    uint8_t data[64];
    for (size_t len = 0; len <= sizeof data; len++) {
        for (size_t i = 0; i < len; i++) {
            data[i] = (uint8_t)(i * 37 + len);
        }
        struct vouch_buf text, back;
        vouch_buf_init(&text, 200);
        vouch_buf_init(&back, 200);
        vouch_str_base64((struct vouch_bytes){data, len}, '=', &text);
        assert_int_equal(vouch_str_unbase64(vouch_buf_bytes(&text), &back), VOUCH_OK);
        assert_true(vouch_bytes_equal(vouch_buf_bytes(&back), (struct vouch_bytes){data, len}));
        vouch_buf_done(&text);
        vouch_buf_done(&back);
    }
}

static void base64_refuses_what_is_not_canonical(void **state) {
    (void)state;
    static const char *const bad[] = {"A",
                                      "AA",
                                      "AAA",
                                      "AB==",
                                      "AAB=",
                                      "A===",
                                      "AA =",
                                      "AA==AA==",
                                      "A-__",
                                      "AA\n=",
                                      "\xaf\xaf\xaf\xaf",
                                      "AAA\xab"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct vouch_buf back;
        vouch_buf_init(&back, 200);
        assert_int_equal(vouch_str_unbase64(vouch_bytes_of(bad[i]), &back), VOUCH_ERR_FORMAT);
        assert_int_equal(back.len, 0);
        vouch_buf_done(&back);
    }
}

static void base64_takes_only_its_own_characters(void **state) {
    (void)state;
    for (int c = 0; c < 256; c++) {
        uint8_t text[4] = {'A', 'A', 'A', 'A'};
        int good = c != 0 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                    "+/",
                                    c) != NULL;
        for (size_t place = 0; place < 4; place++) {
            text[place] = (uint8_t)c;
            struct vouch_buf back;
            vouch_buf_init(&back, 10);
            // One '=' at the end is padding.
            int expected = good || (c == '=' && place == 3);
            assert_int_equal(vouch_str_unbase64((struct vouch_bytes){text, 4}, &back) == VOUCH_OK,
                             expected);
            vouch_buf_done(&back);
            text[place] = 'A';
        }
    }
}

static void base64_needs_no_more_room_than_its_bytes(void **state) {
    (void)state;
    uint8_t memory[2];
    struct vouch_buf back;
    vouch_buf_init_fixed(&back, memory, sizeof memory);
    assert_int_equal(vouch_str_unbase64(vouch_bytes_of("AAE="), &back), VOUCH_OK);
    assert_int_equal(back.len, 2);
}

static void hexadecimal_goes_there_and_back(void **state) {
    (void)state;
    struct vouch_buf back;
    vouch_buf_init(&back, 10);
    assert_int_equal(vouch_str_unhex(vouch_bytes_of("00fFa9"), &back), VOUCH_OK);
    assert_memory_equal(back.ptr, "\x00\xff\xa9", 3);
    struct vouch_buf text;
    vouch_buf_init(&text, 10);
    vouch_str_hex(vouch_buf_bytes(&back), &text);
    assert_memory_equal(text.ptr, "00ffa9", 6);
    assert_int_equal(vouch_str_unhex(vouch_bytes_of("0"), &back), VOUCH_ERR_FORMAT);
    assert_int_equal(vouch_str_unhex(vouch_bytes_of("0g"), &back), VOUCH_ERR_FORMAT);
    vouch_buf_done(&back);
    vouch_buf_done(&text);
}

static void cuts_a_list_into_all_its_parts(void **state) {
    (void)state;
    struct vouch_bytes rest = vouch_bytes_of("a,,b,");
    static const char *const parts[] = {"a", "", "b", ""};
    size_t count = 0;
    while (rest.ptr != NULL) {
        struct vouch_bytes part = vouch_str_cut(&rest, ',');
        assert_true(count < 4);
        assert_true(vouch_bytes_equal(part, vouch_bytes_of(parts[count++])));
    }
    assert_int_equal(count, 4);
}

static void finds_the_word_that_was_meant(void **state) {
    (void)state;
    static const char *const words[] = {"init", "show", "trust", "verify", NULL};
    assert_string_equal(vouch_str_nearest("inti", words), "init");
    assert_string_equal(vouch_str_nearest("shwo", words), "show");
    assert_string_equal(vouch_str_nearest("verfiy", words), "verify");
    assert_null(vouch_str_nearest("zzz", words));
    assert_null(vouch_str_nearest("", words));
}

static void every_fault_kind_is_complete_and_unique(void **state) {
    (void)state;
    for (size_t i = 0; vouch_fault_kinds[i] != NULL; i++) {
        const struct vouch_fault_kind *kind = vouch_fault_kinds[i];
        assert_int_equal(strlen(kind->code), 6);
        assert_true(strlen(kind->title) > 3 && strlen(kind->cause) > 10 && strlen(kind->fix) > 10);
        if (i > 0) {
            assert_true(strcmp(vouch_fault_kinds[i - 1]->code, kind->code) < 0);
        }
    }
}

static void a_kind_of_fault_is_found_by_its_whole_code(void **state) {
    (void)state;
    static const char *const none[] = {"", "V-1", "V-1001 ", "V-0000", "v-1001", "V-10011"};
    for (size_t i = 0; vouch_fault_kinds[i] != NULL; i++) {
        struct vouch_bytes code = vouch_bytes_of(vouch_fault_kinds[i]->code);
        assert_ptr_equal(vouch_fault_kind_of(code), vouch_fault_kinds[i]);
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_null(vouch_fault_kind_of(vouch_bytes_of(none[i])));
    }
}

static void a_fault_never_carries_control_characters(void **state) {
    (void)state;
    struct vouch_fault fault = {0};
    int err = vouch_fault_set(&fault, VOUCH_ERR_IO, &vouch_fault_read, "%s", "a\x1b[31mb\nc");
    assert_int_equal(err, VOUCH_ERR_IO);
    assert_string_equal(fault.text, "a\\x1b[31mb\\x0ac");
}

static void a_fault_that_nobody_wants_stays_a_failure(void **state) {
    (void)state;
    assert_int_equal(vouch_fault_set(NULL, VOUCH_ERR_IO, &vouch_fault_read, "x"), VOUCH_ERR_IO);
    assert_true(vouch_fault_next(NULL, "y") < 0);
}

static void takes_a_head_off_and_leaves_what_begins_otherwise(void **state) {
    (void)state;
    struct vouch_bytes text = vouch_bytes_of("user:ada");
    assert_false(vouch_str_take(&text, "host:"));
    assert_false(vouch_str_take(&text, "user:ada!"));
    assert_true(vouch_bytes_equal(text, vouch_bytes_of("user:ada")));
    assert_true(vouch_str_take(&text, "user:"));
    assert_true(vouch_bytes_equal(text, vouch_bytes_of("ada")));
    assert_true(vouch_str_take(&text, "ada"));
    assert_int_equal(text.len, 0);
    struct vouch_bytes nothing = {0};
    assert_false(vouch_str_take(&nothing, "x"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_head_off_and_leaves_what_begins_otherwise),
        cmocka_unit_test(escapes_every_byte_that_is_not_printable),
        cmocka_unit_test(cuts_a_long_text_with_dots),
        cmocka_unit_test(reads_numbers_strictly),
        cmocka_unit_test(base64_goes_there_and_back),
        cmocka_unit_test(base64_refuses_what_is_not_canonical),
        cmocka_unit_test(base64_takes_only_its_own_characters),
        cmocka_unit_test(base64_needs_no_more_room_than_its_bytes),
        cmocka_unit_test(hexadecimal_goes_there_and_back),
        cmocka_unit_test(cuts_a_list_into_all_its_parts),
        cmocka_unit_test(finds_the_word_that_was_meant),
        cmocka_unit_test(every_fault_kind_is_complete_and_unique),
        cmocka_unit_test(a_kind_of_fault_is_found_by_its_whole_code),
        cmocka_unit_test(a_fault_that_nobody_wants_stays_a_failure),
        cmocka_unit_test(a_fault_never_carries_control_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
