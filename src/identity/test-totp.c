// SPDX-License-Identifier: ISC
// Tests of identity/totp.h and base32.h: the vectors of the RFCs, and oathtool as a second opinion.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/secret.h"
#include "identity/base32.h"
#include "identity/totp.h"

static const struct vouch_bytes rfc_secret = {(const uint8_t *)"12345678901234567890", 20};

// RFC 6238 appendix B, SHA-1, the last six of its eight digits.
static void gives_the_codes_of_rfc_6238(void **state) {
    (void)state;
    static const struct {
        uint64_t time_s;
        const char *code;
    } rows[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    char code[VOUCH_TOTP_DIGITS + 1];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(vouch_totp_code(rfc_secret, rows[i].time_s / VOUCH_TOTP_STEP_S, code),
                         VOUCH_OK);
        assert_string_equal(code, rows[i].code);
    }
}

// RFC 4226 appendix D.
static void gives_the_codes_of_rfc_4226(void **state) {
    (void)state;
    static const char *const codes[] = {"755224", "287082", "359152", "969429", "338314",
                                        "254676", "287922", "162583", "399871", "520489"};
    char code[VOUCH_TOTP_DIGITS + 1];
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(vouch_totp_code(rfc_secret, i, code), VOUCH_OK);
        assert_string_equal(code, codes[i]);
    }
}

// A secret of any length at a random time, asked of oathtool.
static void ask_oathtool(const char *secret_text, uint64_t time_s, char ret_code[16]) {
    char command[256];
    (void)snprintf(command, sizeof command, "oathtool --totp -b %s --now @%llu", secret_text,
                   (unsigned long long)time_s);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(ret_code, 16, pipe));
    assert_int_equal(pclose(pipe), 0);
    ret_code[strcspn(ret_code, "\n")] = '\0';
}

static void agrees_with_oathtool(void **state) {
    (void)state;
    if (system("command -v oathtool >/dev/null") != 0) {
        skip(); // tools/packages has it
    }
    for (unsigned i = 0; i < 25; i++) {
        uint8_t secret[VOUCH_TOTP_SECRET_LEN];
        uint32_t time_s = 0;
        char text[64] = {0}, code[VOUCH_TOTP_DIGITS + 1], theirs[16];
        struct vouch_buf out;
        vouch_random(secret, sizeof secret);
        vouch_random(&time_s, sizeof time_s);
        vouch_buf_init_fixed(&out, text, sizeof text - 1);
        vouch_base32((struct vouch_bytes){secret, sizeof secret}, &out);
        ask_oathtool(text, time_s, theirs);
        assert_int_equal(vouch_totp_code((struct vouch_bytes){secret, sizeof secret},
                                         time_s / VOUCH_TOTP_STEP_S, code),
                         VOUCH_OK);
        assert_string_equal(code, theirs);
    }
}

static uint64_t match(const char *given, uint64_t time_s, uint64_t last_step) {
    uint64_t step = 99;
    const struct vouch_totp_question question = {rfc_secret, vouch_bytes_of(given), time_s,
                                                 last_step};
    assert_int_equal(vouch_totp_match(&question, &step), VOUCH_OK);
    return step;
}

static void begins_with_the_first_step(void **state) {
    (void)state;
    assert_int_equal(match("755224", 0, 0), 0); // step 0 is "never", so it is not accepted
    assert_int_equal(match("287082", 0, 0), 1);
    assert_int_equal(match("287082", 59, 0), 1);
    assert_int_equal(match("287082", 89, 0), 1);
    assert_int_equal(match("287082", 90, 0), 0);
    assert_int_equal(match("359152", 59, 0), 2);
    assert_int_equal(match("969429", 59, 0), 0);
    assert_int_equal(match("359152", 59, 1), 2);
    assert_int_equal(match("359152", 59, 2), 0);
}

static void writes_an_address_that_no_name_can_break(void **state) {
    (void)state;
    char text[512] = {0};
    struct vouch_buf out;
    vouch_buf_init_fixed(&out, text, sizeof text - 1);
    vouch_totp_uri(&(struct vouch_totp_label){vouch_bytes_of("A & B: \"C\""),
                                              vouch_bytes_of("j\xc3\xb6rg?secret=AA#/x%@e.org")},
                   rfc_secret, &out);
    assert_int_equal(out.err, VOUCH_OK);
    assert_string_equal(text,
                        "otpauth://totp/A%20%26%20B%3A%20%22C%22:j%C3%B6rg%3Fsecret%3DAA%23%2F"
                        "x%25%40e.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=A%20%26%20"
                        "B%3A%20%22C%22&algorithm=SHA1&digits=6&period=30");
}

static void writes_and_reads_base32(void **state) {
    (void)state;
    static const struct {
        const char *plain, *text;
    } rows[] = {{"", ""},
                {"f", "MY"},
                {"fo", "MZXQ"},
                {"foo", "MZXW6"},
                {"foob", "MZXW6YQ"},
                {"fooba", "MZXW6YTB"},
                {"foobar", "MZXW6YTBOI"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[32] = {0};
        uint8_t back[8] = {0};
        size_t len = strlen(rows[i].plain);
        struct vouch_buf out;
        vouch_buf_init_fixed(&out, text, sizeof text - 1);
        vouch_base32(vouch_bytes_of(rows[i].plain), &out);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(vouch_unbase32(vouch_bytes_of(text), back, len), VOUCH_OK);
        assert_memory_equal(back, rows[i].plain, len);
        if (len > 0) {
            assert_int_equal(vouch_unbase32(vouch_bytes_of(text), back, len - 1), VOUCH_ERR_FORMAT);
        }
    }
}

static void reads_only_letters_of_base32(void **state) {
    (void)state;
    uint8_t back[5];
    for (unsigned c = 0; c < 256; c++) {
        uint8_t text[8] = {'M', 'Z', 'X', 'W', '6', 'Y', 'T', (uint8_t)c};
        int is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7');
        int err = vouch_unbase32((struct vouch_bytes){text, sizeof text}, back, sizeof back);
        assert_int_equal(err, is_letter ? VOUCH_OK : VOUCH_ERR_FORMAT);
    }
    // Bits beyond the end.
    assert_int_equal(vouch_unbase32(vouch_bytes_of("MZ"), back, 1), VOUCH_ERR_FORMAT);
    assert_int_equal(vouch_unbase32(vouch_bytes_of("my"), back, 1), VOUCH_OK);
    assert_int_equal(back[0], 'f');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_codes_of_rfc_6238),
        cmocka_unit_test(gives_the_codes_of_rfc_4226),
        cmocka_unit_test(agrees_with_oathtool),
        cmocka_unit_test(begins_with_the_first_step),
        cmocka_unit_test(writes_an_address_that_no_name_can_break),
        cmocka_unit_test(writes_and_reads_base32),
        cmocka_unit_test(reads_only_letters_of_base32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
