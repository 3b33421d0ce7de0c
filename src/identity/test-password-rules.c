// SPDX-License-Identifier: ISC
// Tests of identity/password.h: which passwords are taken.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/str.h"
#include "identity/password.h"

static const char *objection(const char *password, const char *name) {
    return vouch_password_objection(vouch_bytes_of(password), vouch_bytes_of(name));
}

static void assert_objects(const char *password, const char *word) {
    const char *why = objection(password, "alice");
    if (why == NULL || strstr(why, word) == NULL) {
        fail_msg("\"%s\": %s", password, why != NULL ? why : "was taken");
    }
}

static void assert_takes(const char *password) {
    const char *why = objection(password, "alice");
    if (why != NULL) {
        fail_msg("\"%s\" %s", password, why);
    }
}

static const char *const easy[] = {
    "password1234",
    "Password1234",
    "P@ssw0rd1234",
    "PASSWORD2026!",
    "passwordpassword",
    "password password",
    "welcome2026!!",
    "Welcome-2026-!",
    "Summer2026!!!",
    "qwertyuiop12",
    "qwertyuiopasdf",
    "1qaz2wsx3edc4rfv",
    "123456789012",
    "1234567890123456",
    "987654321098",
    "aaaaaaaaaaaa",
    "abcabcabcabc",
    "abcdefghijkl",
    "zyxwvutsrqpo",
    "asdfghjkl;'12",
    "iloveyou1234",
    "letmeinletmein",
    "admin admin admin",
    "administrator1",
    "changeme1234",
    "000000000000",
    "121212121212",
    "            a",
    "a            ",
    "!!!!!!!!!!!!",
    "correcthorsebatterystaple",
    "correct horse battery staple",
    "Correct-Horse-Battery-Staple",
    "thequickbrownfox",
    "dragonmonkey12",
    "Michael19851985",
    "liverpool1892",
    "starwars1977!!",
    "alice alice alice",
    "Alice12345678",
    "al1ce@2026!!",
    "alicealice1990",
    "passw0rd!alice",
    "12.12.2026!!",
    "01234567890123",
    "qqqqwwwweeee",
    "q1w2e3r4t5y6",
    "zaq12wsxcde3",
};

static void refuses_what_is_easy_to_guess(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof easy / sizeof easy[0]; i++) {
        assert_objects(easy[i], "easy to guess");
    }
}

static void takes_what_is_hard_to_guess(void **state) {
    (void)state;
    static const char *const good[] = {
        "violin tractor seven oysters",
        "jRk4!mVq0xZe",
        "9f!Lw2#Qz7&u",
        "xkqzvwjmtrbf",
        "zwei Kisten Nussbaum im Keller",
        "дождь в четверг",
        "my dog eats 7 chairs",
        "monkey dragon summer winter teapot",
        "8301746592837",
        "the ferry leaves at half past",
        "Tr0ub4dor&3 was weak",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_takes(good[i]);
    }
}

static void counts_characters_not_bytes(void **state) {
    (void)state;
    assert_objects("jRk4!mVq0xZ", "shorter than 12");
    assert_takes("jRk4!mVq0xZe");
    assert_objects("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa5\xc3\xb8\xc3\xa6", "shorter than 12"); // 6
    assert_objects("\xe6\xbc\xa2\xe5\xad\x97\xe5\xaf\x86\xe7\xa0\x81", "shorter than 12"); // 4
    assert_takes("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa5\xc3\xb8\xc3\xa6qxkvwj");                // 12
}

static void names_what_is_wrong(void **state) {
    (void)state;
    static uint8_t bytes[2048];
    struct vouch_bytes name = vouch_bytes_of("alice");
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)('!' + i * i % 89);
    }
    assert_objects("", "empty");
    assert_objects(" \t \n        ", "blanks");
    assert_objects("violin \xff tractor", "UTF-8");
    assert_objects("violin \xf4\x90\x80\x80 tractor", "UTF-8"); // beyond U+10FFFF
    assert_objects("violin \xe0\x80\xaf tractor", "UTF-8");     // too long for what it says
    assert_null(vouch_password_objection((struct vouch_bytes){bytes, 1024}, name));
    const char *why = vouch_password_objection((struct vouch_bytes){bytes, 1025}, name);
    assert_non_null(why);
    assert_non_null(strstr(why, "1,024"));
    bytes[20] = 0;
    why = vouch_password_objection((struct vouch_bytes){bytes, 40}, name);
    assert_non_null(why);
    assert_non_null(strstr(why, "NUL"));
}

// Names are not always given, and may be longer than the password.
static void weighs_the_name_of_whatever_length(void **state) {
    (void)state;
    assert_null(objection("margarethe 8 K", "x"));
    assert_non_null(objection("margarethe-8-1", "margarethe"));
    assert_non_null(objection("MARGARETHE-8-1", "margarethe"));
    assert_null(objection("jRk4!mVq0xZe", ""));
    assert_null(objection("jRk4!mVq0xZe", "j"));
    assert_null(objection("jRk4!mVq0xZe", "jRk4!mVq0xZe and much more"));
    assert_non_null(objection("jRk4!mVq0xZe", "jRk4!mVq0xZe"));
    // A name with signs in it, which are otherwise taken out.
    assert_non_null(objection("j.doe-kowal-1!", "j.doe-kowal"));
    assert_null(objection("j.doe-kowal-1!", "somebody"));
}

static void has_a_sorted_list_of_words(void **state) {
    (void)state;
    struct vouch_bytes words = vouch_password_words, last = {NULL, 0};
    unsigned count = 0;
    while (words.ptr != NULL) {
        struct vouch_bytes word = vouch_str_cut(&words, ' ');
        assert_true(word.len >= 4 && word.len < 64);
        for (size_t i = 0; i < word.len; i++) {
            assert_true(word.ptr[i] > ' ' && word.ptr[i] <= '~');
            assert_true(word.ptr[i] < 'A' || word.ptr[i] > 'Z');
        }
        assert_true(vouch_bytes_compare(last, word) < 0);
        last = word;
        count++;
    }
    assert_true(count > 1000);
}

// Every word of the list is refused with a year behind it, and twice.
static void refuses_every_word_of_the_list_with_trimmings(void **state) {
    (void)state;
    struct vouch_bytes words = vouch_password_words;
    while (words.ptr != NULL) {
        char text[192];
        struct vouch_bytes word = vouch_str_cut(&words, ' ');
        const char *at = (const char *)word.ptr;
        (void)snprintf(text, sizeof text, "%.*s2026!!!!!!!!", (int)word.len, at);
        assert_objects(text, "easy to guess");
        (void)snprintf(text, sizeof text, "%.*s%.*s1234", (int)word.len, at, (int)word.len, at);
        assert_objects(text, "easy to guess");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_easy_to_guess),
        cmocka_unit_test(takes_what_is_hard_to_guess),
        cmocka_unit_test(counts_characters_not_bytes),
        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(weighs_the_name_of_whatever_length),
        cmocka_unit_test(has_a_sorted_list_of_words),
        cmocka_unit_test(refuses_every_word_of_the_list_with_trimmings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
