// SPDX-License-Identifier: ISC
// Tests of principals files and of what is written into sshd's configuration.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/principals.h"
#include "host/sshd-conf.h"

static int build(const char *login, const struct vouch_apply_principal *rows, size_t count,
                 struct vouch_buf *out) {
    struct vouch_apply_principal copy[4];
    memcpy(copy, rows, count * sizeof *copy);
    const struct vouch_apply_login what = {vouch_bytes_of(login), copy, count};
    vouch_buf_init(out, 65536);
    return vouch_principals_build(&what, out, NULL);
}

static void writes_what_sshd_reads_back(void **state) {
    (void)state;
    const struct vouch_apply_principal rows[] = {
        {vouch_bytes_of("role:dev"), vouch_bytes_of("role dev, label tier=web")},
        {vouch_bytes_of("alice@example.com"), {0}}};
    struct vouch_buf out;
    assert_int_equal(build("deploy", rows, 2, &out), VOUCH_OK);
    assert_true(vouch_bytes_equal(vouch_buf_bytes(&out),
                                  vouch_bytes_of("# written by vouch-host; changes are lost\n"
                                                 "role:dev  # role dev, label tier=web\n"
                                                 "alice@example.com\n")));
    vouch_buf_done(&out);
}

// A login of no principals has a file, and the file lets nobody in.
static void a_login_without_principals_gets_an_empty_file(void **state) {
    (void)state;
    const struct vouch_apply_principal none[1] = {{{0}, {0}}};
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_text_list names = {0};
    struct vouch_buf out;
    assert_int_equal(build("deploy", none, 0, &out), VOUCH_OK);
    assert_int_equal(vouch_principals_read(vouch_buf_bytes(&out), &arena, &names), VOUCH_OK);
    assert_int_equal(names.count, 0);
    vouch_buf_done(&out);
}

static int is_among(uint8_t c, const char *set) {
    return c != '\0' && strchr(set, c) != NULL;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// Gauntlet H3: each byte, at each place of a name.
static void only_harmless_bytes_get_into_a_file(void **state) {
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        for (size_t place = 0; place < 3; place++) {
            uint8_t text[3] = {'a', 'b', 'c'};
            struct vouch_buf out;
            text[place] = (uint8_t)c;
            const struct vouch_apply_principal row = {{text, 3}, {0}};
            int is_good = is_among((uint8_t)c, LETTERS "._-@:+") && !(place == 0 && c == '-');
            assert_int_equal(build("deploy", &row, 1, &out),
                             is_good ? VOUCH_OK : VOUCH_ERR_ARGUMENT);
            assert_int_equal(out.len > 0, is_good);
            vouch_buf_done(&out);
            is_good =
                is_among((uint8_t)c, LETTERS "._-") && !(place == 0 && (c == '-' || c == '.'));
            assert_int_equal(vouch_principals_login_is((struct vouch_bytes){text, 3}), is_good);
        }
    }
}

// The reason is the server's text: whatever it holds, it stays a comment.
static void no_reason_becomes_a_principal(void **state) {
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t why[] = {'x', (uint8_t)c, 'r', 'o', 'o', 't'};
        const struct vouch_apply_principal row = {vouch_bytes_of("role:dev"), {why, sizeof why}};
        vouch_autoarena struct vouch_arena arena = {0};
        struct vouch_text_list names = {0};
        struct vouch_buf out;
        assert_int_equal(build("deploy", &row, 1, &out), VOUCH_OK);
        assert_int_equal(vouch_principals_read(vouch_buf_bytes(&out), &arena, &names), VOUCH_OK);
        assert_int_equal(names.count, 1);
        assert_true(vouch_bytes_equal(names.items[0], vouch_bytes_of("role:dev")));
        vouch_buf_done(&out);
    }
}

static void refuses_a_principal_twice(void **state) {
    (void)state;
    const struct vouch_apply_principal rows[] = {{vouch_bytes_of("role:dev"), {0}},
                                                 {vouch_bytes_of("role:dev"), {0}}};
    struct vouch_buf out;
    assert_int_equal(build("deploy", rows, 2, &out), VOUCH_ERR_ARGUMENT);
    vouch_buf_done(&out);
}

static void options_before_a_name_are_not_read_as_a_name(void **state) {
    (void)state;
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_text_list names = {0};
    assert_int_equal(vouch_principals_read(vouch_bytes_of("no-pty root\n"), &arena, &names),
                     VOUCH_ERR_FORMAT);
}

// --- sshd's configuration

#define OURS "/etc/ssh/sshd_config.d/50-vouch.conf"

static void knows_where_the_configuration_includes_our_file(void **state) {
    (void)state;
    static const struct {
        const char *config;
        int includes;
    } rows[] = {
        {"Include /etc/ssh/sshd_config.d/*.conf\n", 1},
        {"# comment\n\n  include sshd_config.d/*.conf\nPort 22\n", 1},
        {"Port 22\nInclude \"/etc/ssh/sshd_config.d/*.conf\"\n", 1},
        {"Include /etc/other/*.conf /etc/ssh/sshd_config.d/50-*.conf\n", 1},
        {"Port 22\n", 0},
        {"#Include /etc/ssh/sshd_config.d/*.conf\n", 0},
        {"Include /etc/ssh/*.conf\n", 0},
        {"Include /etc/ssh/sshd_config.d/*.cfg\n", 0},
        {"Match User bob\nInclude /etc/ssh/sshd_config.d/*.conf\n", 0},
        {"LogLevel INFO\nInclude /etc/ssh/sshd_config.d/*.conf\n", 0},
        {"RevokedKeys /x\nInclude /etc/ssh/sshd_config.d/*.conf\n", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(vouch_sshd_conf_includes(vouch_bytes_of(rows[i].config), OURS),
                         rows[i].includes);
    }
}

static void a_block_that_is_taken_out_leaves_nothing(void **state) {
    (void)state;
    static const char *const configs[] = {"Port 22\n", "", "Port 22", "# a\nMatch User b\n X y\n"};
    for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
        struct vouch_buf with, again, without;
        vouch_buf_init(&with, 4096);
        vouch_buf_init(&again, 4096);
        vouch_buf_init(&without, 4096);
        vouch_sshd_conf_put_block(vouch_bytes_of(configs[i]), vouch_bytes_of("LogLevel VERBOSE\n"),
                                  &with);
        vouch_sshd_conf_put_block(vouch_buf_bytes(&with), vouch_bytes_of("LogLevel VERBOSE\n"),
                                  &again);
        assert_true(vouch_bytes_equal(vouch_buf_bytes(&with), vouch_buf_bytes(&again)));
        assert_true(vouch_sshd_conf_take_block(vouch_buf_bytes(&again), &without));
        assert_true(vouch_bytes_equal(vouch_buf_bytes(&without), vouch_bytes_of(configs[i])));
        vouch_buf_done(&with);
        vouch_buf_done(&again);
        vouch_buf_done(&without);
    }
}

static void writes_no_path_that_sshd_would_read_otherwise(void **state) {
    (void)state;
    static const char *const prefixes[] = {"/a b", "/a%u", "/a\"", "/a\nPort 1", "/a#b", "/a\\"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const struct vouch_sshd_wish wish = {.prefix = prefixes[i]};
        struct vouch_buf out;
        vouch_buf_init(&out, 4096);
        assert_int_equal(vouch_sshd_conf_build(&wish, &out), VOUCH_ERR_ARGUMENT);
        assert_int_equal(out.len, 0);
        vouch_buf_done(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_sshd_reads_back),
        cmocka_unit_test(a_login_without_principals_gets_an_empty_file),
        cmocka_unit_test(only_harmless_bytes_get_into_a_file),
        cmocka_unit_test(no_reason_becomes_a_principal),
        cmocka_unit_test(refuses_a_principal_twice),
        cmocka_unit_test(options_before_a_name_are_not_read_as_a_name),
        cmocka_unit_test(knows_where_the_configuration_includes_our_file),
        cmocka_unit_test(a_block_that_is_taken_out_leaves_nothing),
        cmocka_unit_test(writes_no_path_that_sshd_would_read_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
