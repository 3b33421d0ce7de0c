// SPDX-License-Identifier: ISC
// Tests of the API's client where no server is needed: pins, paths, problems, what is refused unasked.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/api-fault.h"
#include "client/api-pin.h"
#include "client/api.h"

// SHA-256 of 32 bytes 0xfb: has both characters in which base64 and base64url differ.
#define HEX "fbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbff"
#define PLAIN "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/8="

static void takes_a_pin_in_each_writing(void **state) {
    (void)state;
    static const char *const pins[] = {
        "sha256:" HEX,
        "sha256:" PLAIN,
        "sha256:+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/8",
        "sha256:-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_8",
    };
    for (size_t i = 0; i < sizeof pins / sizeof pins[0]; i++) {
        char pin[VOUCH_API_PIN_MAX];
        assert_int_equal(vouch_api_pin_parse(pins[i], pin, NULL), 0);
        assert_string_equal(pin, "sha256//" PLAIN);
    }
}

static void refuses_each_proper_prefix_of_a_pin(void **state) {
    (void)state;
    static const char whole[] = "sha256:" HEX;
    for (size_t len = 0; len + 1 < sizeof whole; len++) {
        char text[sizeof whole], pin[VOUCH_API_PIN_MAX] = "untouched";
        struct vouch_fault fault;
        (void)snprintf(text, sizeof text, "%.*s", (int)len, whole);
        if (len == strlen("sha256:") + 43) {
            continue; // hexadecimal digits are base64 as well
        }
        assert_int_equal(vouch_api_pin_parse(text, pin, &fault), VOUCH_ERR_ARGUMENT);
        assert_ptr_equal(fault.kind, &vouch_fault_usage);
        assert_string_equal(pin, "untouched");
    }
}

static void refuses_a_pin_with_stray_bits_or_signs(void **state) {
    (void)state;
    static const char *const pins[] = {
        "sha256:-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_9", // bits behind the last byte
        "sha256:-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_=",
        "sha256: _v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_8",
        "SHA256:" HEX,
        "sha1:" HEX,
        "sha256:" HEX "00",
    };
    for (size_t i = 0; i < sizeof pins / sizeof pins[0]; i++) {
        char pin[VOUCH_API_PIN_MAX];
        assert_int_equal(vouch_api_pin_parse(pins[i], pin, NULL), VOUCH_ERR_ARGUMENT);
    }
}

static void encodes_what_goes_into_a_path(void **state) {
    (void)state;
    char memory[200];
    struct vouch_buf path;
    vouch_buf_init_fixed(&path, memory, sizeof memory - 1);
    vouch_buf_put_text(&path, "/v1/tokens");
    vouch_api_segment(&path, "../a b?#%");
    vouch_api_query(&path, "from", NULL);
    vouch_api_query(&path, "from", "a&b=c");
    vouch_api_query(&path, "until", "\xc3\xa9~.-_");
    assert_int_equal(path.err, 0);
    memory[path.len] = '\0';
    assert_string_equal(memory, "/v1/tokens/..%2Fa%20b%3F%23%25?from=a%26b%3Dc&until=%C3%A9~.-_");
}

static void refuses_addresses_that_are_not_of_https(void **state) {
    (void)state;
    static const char *const urls[] = {"",
                                       "http://a",
                                       "https://",
                                       "https:///",
                                       "https://a/b",
                                       "https://a b",
                                       "https://u@a",
                                       "https://a?b",
                                       "HTTPS://a"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct vouch_api *api = NULL;
        struct vouch_fault fault;
        const struct vouch_api_server server = {.url = urls[i]};
        assert_int_equal(vouch_api_open(&server, &api, &fault), VOUCH_ERR_ARGUMENT);
        assert_ptr_equal(fault.kind, &vouch_fault_usage);
        assert_null(api);
    }
}

static void names_a_server_without_its_scheme(void **state) {
    (void)state;
    struct vouch_api *api = NULL;
    const struct vouch_api_server server = {.url = "https://[::1]:8443/", .pin = "sha256:" HEX};
    assert_int_equal(vouch_api_open(&server, &api, NULL), 0);
    assert_string_equal(vouch_api_name(api), "[::1]:8443");
    vouch_api_close(api);
    vouch_api_close(NULL);
}

static void no_other_character_gets_from_a_token_file_into_a_header(void **state) {
    (void)state;
    static const char *const texts[] = {"",          "vouch_",          "token",
                                        "vouch_a b", "vouch_a\r\nX: y", "vouch_a\nvouch_b",
                                        "Vouch_a",   "vouch_\xc3\xa9"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char path[] = "/tmp/vouch-test-XXXXXX";
        struct vouch_api *api = NULL;
        struct vouch_fault fault;
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, texts[i], strlen(texts[i])), (ssize_t)strlen(texts[i]));
        (void)close(fd);
        const struct vouch_api_server server = {.url = "https://a", .token_file = path};
        assert_int_equal(vouch_api_open(&server, &api, &fault), VOUCH_ERR_FORMAT);
        assert_ptr_equal(fault.kind, &vouch_fault_server_token);
        assert_null(strstr(fault.text, "vouch_a"));
        (void)unlink(path);
    }
}

static void takes_tokens_and_sessions_and_nothing_else_for_a_credential(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int err;
    } rows[] = {
        {"vouch_abc", 0},
        {"vouchs_abc", 0},
        {"vouchm_abc", 0},
        {"", 0}, // none from now on
        {"vouchl_abc", VOUCH_ERR_FORMAT},
        {"vouchs_a b", VOUCH_ERR_FORMAT},
        {"vouchs_a\r\nX: y", VOUCH_ERR_FORMAT},
        {"vouchs", VOUCH_ERR_FORMAT},
    };
    struct vouch_api *api = NULL;
    const struct vouch_api_server server = {.url = "https://a"};
    assert_int_equal(vouch_api_open(&server, &api, NULL), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_fault fault = {0};
        int err = vouch_api_set_token(api, vouch_bytes_of(rows[i].text), &fault);
        assert_int_equal(err, rows[i].err);
        assert_null(strstr(fault.text, "abc"));
    }
    vouch_api_close(api);
}

static void a_problem_says_what_to_do_next(void **state) {
    (void)state;
    struct vouch_fault fault;
    const char *body = "{\"code\":\"V-1804\",\"detail\":\"no\",\"next\":\"vouch status\"}";
    assert_int_equal(vouch_api_problem_fault("server", 404, vouch_bytes_of(body), &fault),
                     VOUCH_ERR_NOT_FOUND);
    assert_string_equal(fault.next, "vouch status");
}

static int problem(unsigned status, const char *body, struct vouch_fault *fault) {
    return vouch_api_problem_fault("server", status, vouch_bytes_of(body), fault);
}

static void a_problem_keeps_the_servers_code_words_and_field(void **state) {
    (void)state;
    struct vouch_fault fault;
    assert_int_equal(
        problem(422, "{\"code\":\"V-1301\",\"detail\":\"too long\",\"field\":\"ttl_s\"}", &fault),
        VOUCH_ERR_ARGUMENT);
    assert_ptr_equal(fault.kind, &vouch_fault_spec);
    assert_string_equal(fault.text, "server: ttl_s: too long");
    assert_int_equal(
        problem(403, "{\"code\":\"V-9999\",\"detail\":\"ttl_s is bad\",\"field\":\"ttl_s\"}",
                &fault),
        VOUCH_ERR_REFUSED);
    assert_ptr_equal(fault.kind, &vouch_fault_server_refused);
    assert_string_equal(fault.text, "server: ttl_s is bad (V-9999)");
}

static void a_status_without_a_problem_still_has_its_meaning(void **state) {
    (void)state;
    static const struct {
        unsigned status;
        int err;
        const struct vouch_fault_kind *kind;
    } rows[] = {
        {401, VOUCH_ERR_PASSPHRASE, &vouch_fault_server_token},
        {403, VOUCH_ERR_REFUSED, &vouch_fault_server_refused},
        {404, VOUCH_ERR_NOT_FOUND, &vouch_fault_server_refused},
        {409, VOUCH_ERR_EXISTS, &vouch_fault_server_refused},
        {418, VOUCH_ERR_IO, &vouch_fault_server_failed},
        {500, VOUCH_ERR_IO, &vouch_fault_server_failed},
        {503, VOUCH_ERR_IO, &vouch_fault_server_failed},
        {302, VOUCH_ERR_CORRUPT, &vouch_fault_server_answer},
        {0, VOUCH_ERR_CORRUPT, &vouch_fault_server_answer},
    };
    static const char *const bodies[] = {"",   "<html>",       "[]",
                                         "{}", "{\"code\":1}", "{\"code\":\"\"}"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t j = 0; j < sizeof bodies / sizeof bodies[0]; j++) {
            struct vouch_fault fault;
            assert_int_equal(problem(rows[i].status, bodies[j], &fault), rows[i].err);
            assert_ptr_equal(fault.kind, rows[i].kind);
        }
    }
}

static void a_problem_prints_no_control_characters(void **state) {
    (void)state;
    struct vouch_fault fault;
    assert_int_equal(
        problem(403, "{\"code\":\"V-1864\",\"detail\":\"a\\u001b[31mb\\u0007\\r\\n\"}", &fault),
        VOUCH_ERR_REFUSED);
    for (const char *c = fault.text; *c != '\0'; c++) {
        assert_true(*c >= ' ' && *c <= '~');
    }
}

static void a_wrong_pin_is_no_unreachable_server(void **state) {
    (void)state;
    struct vouch_fault fault;
    struct vouch_api_broken broken = {"server", CURLE_SSL_PINNEDPUBKEYNOTMATCH, "", 0, ""};
    assert_int_equal(vouch_api_broken_fault(&broken, &fault), VOUCH_ERR_SIGNATURE);
    assert_ptr_equal(fault.kind, &vouch_fault_server_unproven);
    broken.code = CURLE_COULDNT_CONNECT;
    assert_int_equal(vouch_api_broken_fault(&broken, &fault), VOUCH_ERR_IO);
    assert_ptr_equal(fault.kind, &vouch_fault_server_unreachable);
    broken.overflow = 1;
    assert_int_equal(vouch_api_broken_fault(&broken, &fault), VOUCH_ERR_CORRUPT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_pin_in_each_writing),
        cmocka_unit_test(refuses_each_proper_prefix_of_a_pin),
        cmocka_unit_test(refuses_a_pin_with_stray_bits_or_signs),
        cmocka_unit_test(encodes_what_goes_into_a_path),
        cmocka_unit_test(refuses_addresses_that_are_not_of_https),
        cmocka_unit_test(names_a_server_without_its_scheme),
        cmocka_unit_test(no_other_character_gets_from_a_token_file_into_a_header),
        cmocka_unit_test(takes_tokens_and_sessions_and_nothing_else_for_a_credential),
        cmocka_unit_test(a_problem_says_what_to_do_next),
        cmocka_unit_test(a_problem_keeps_the_servers_code_words_and_field),
        cmocka_unit_test(a_status_without_a_problem_still_has_its_meaning),
        cmocka_unit_test(a_problem_prints_no_control_characters),
        cmocka_unit_test(a_wrong_pin_is_no_unreachable_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
