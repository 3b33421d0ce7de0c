// SPDX-License-Identifier: ISC
// What to run on a machine that enrols: where the secret stands, and what may not stand there at all.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/str.h"
#include "prog/vouch/enrol-text.h"

#define SECRET "vouchh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-_9"
#define URL "https://ca.example.com:8443"
#define PIN "sha256:abcDEF"

static const struct vouch_enrol_text whole = {.address = URL "#" PIN, .secret = SECRET};

static const char *text_of(const struct vouch_enrol_text *text, enum vouch_enrol_form form) {
    static char room[4096];
    struct vouch_buf out;
    vouch_buf_init_fixed(&out, room, sizeof room - 1);
    vouch_enrol_text_put(text, form, &out);
    assert_int_equal(out.err, 0);
    room[out.len] = '\0';
    return room;
}

static void a_shell_gets_the_secret_on_standard_input(void **state) {
    (void)state;
    assert_string_equal(text_of(&whole, VOUCH_ENROL_SHELL),
                        "sudo vouch-host enrol '" URL "' --pin " PIN
                        " --token-file - <<'END'\n" SECRET "\nEND\n");
    assert_string_equal(text_of(&whole, VOUCH_ENROL_TOKEN), SECRET "\n");
}

static void no_program_gets_the_secret_as_an_argument(void **state) {
    (void)state;
    for (enum vouch_enrol_form form = VOUCH_ENROL_SHELL; form < VOUCH_ENROL_TOKEN; form++) {
        struct vouch_bytes rest = vouch_bytes_of(text_of(&whole, form));
        size_t secrets = 0;
        while (rest.ptr != NULL) {
            struct vouch_bytes line = vouch_str_cut(&rest, '\n');
            int program = memmem(line.ptr, line.len, "vouch-host", 10) != NULL;
            int secret = memmem(line.ptr, line.len, SECRET, strlen(SECRET)) != NULL;
            assert_false(program && secret);
            secrets += (size_t)secret;
        }
        assert_int_equal(secrets, 1);
    }
}

static void without_a_pin_none_is_named(void **state) {
    (void)state;
    const struct vouch_enrol_text text = {.address = URL, .secret = SECRET};
    for (enum vouch_enrol_form form = VOUCH_ENROL_SHELL; form <= VOUCH_ENROL_TOKEN; form++) {
        assert_null(strstr(text_of(&text, form), "pin"));
    }
    assert_non_null(strstr(text_of(&whole, VOUCH_ENROL_ANSIBLE), "--pin, '" PIN "', --token-file"));
    assert_non_null(strstr(text_of(&whole, VOUCH_ENROL_CLOUD_INIT), "--pin, '" PIN "', --token"));
}

static void what_a_shell_could_obey_is_not_plain(void **state) {
    (void)state;
    static const struct vouch_enrol_text bad[] = {
        {"", SECRET},
        {"http://ca.example.com", SECRET},
        {"https://ca.example.com'; rm -rf /; '", SECRET},
        {"https://ca.example.com\n", SECRET},
        {"https://ca.example.com$(id)", SECRET},
        {URL, ""},
        {URL, SECRET "A"},
        {URL, "vouchm_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-_9"},
        {URL, "vouchh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nEND"},
    };
    assert_true(vouch_enrol_text_is_plain(&whole));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(vouch_enrol_text_is_plain(&bad[i]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shell_gets_the_secret_on_standard_input),
        cmocka_unit_test(no_program_gets_the_secret_as_an_argument),
        cmocka_unit_test(without_a_pin_none_is_named),
        cmocka_unit_test(what_a_shell_could_obey_is_not_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
