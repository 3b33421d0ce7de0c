// SPDX-License-Identifier: ISC
// Tests of the line in front of ~/.ssh/config: whatever was there is there again, byte for byte.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "prog/vouch/ssh-config.h"

#define TEXT_MAX 8192

static char home[] = "/tmp/vouch-include-XXXXXX";
static char config[100], folder[100];

static int begin(void **state) {
    (void)state;
    if (mkdtemp(home) == NULL) {
        return -1;
    }
    (void)snprintf(folder, sizeof folder, "%s/.ssh", home);
    (void)snprintf(config, sizeof config, "%s/.ssh/config", home);
    (void)unsetenv("XDG_STATE_HOME");
    return setenv("HOME", home, 1);
}

static int end(void **state) {
    (void)state;
    char command[200];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", home);
    return system(command);
}

static void put(const void *bytes, size_t len, unsigned mode) {
    const struct vouch_io_file file = {.path = config, .mode = mode, .existing = VOUCH_IO_REPLACE};
    (void)mkdir(folder, 0700);
    assert_int_equal(vouch_io_write(&file, (struct vouch_bytes){bytes, len}, NULL), 0);
}

static size_t get(char ret_text[static TEXT_MAX]) {
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, ret_text, TEXT_MAX - 1);
    assert_int_equal(vouch_io_read(config, TEXT_MAX / 2, &text, NULL), 0);
    ret_text[text.len] = '\0';
    return text.len;
}

static enum vouch_ssh_include look(void) {
    enum vouch_ssh_include found = VOUCH_SSH_NOT_INCLUDED;
    assert_int_equal(vouch_ssh_include_look(&found, NULL), 0);
    return found;
}

static void every_byte_comes_back(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
        {"", 0},         {"\n", 1},      {"\n\n", 2},       {"Host a", 6},
        {"Host a\n", 7}, {"\r\nx\r", 4}, {"\0\xff\n\0", 4}, {"Include other\n", 14},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[TEXT_MAX];
        struct stat status;
        put(rows[i].bytes, rows[i].len, 0640);
        assert_int_equal(look(), VOUCH_SSH_NOT_INCLUDED);
        assert_int_equal(vouch_ssh_include_add(NULL), 0);
        assert_int_equal(look(), VOUCH_SSH_INCLUDED);
        size_t len = get(text);
        assert_int_equal(vouch_ssh_include_add(NULL), 0); // a second time changes nothing
        assert_int_equal(get(text), len);
        assert_memory_equal(text, "Include ", 8);
        assert_memory_equal(text + len - rows[i].len, rows[i].bytes, rows[i].len);
        assert_int_equal(vouch_ssh_include_remove(NULL), 0);
        assert_int_equal(get(text), rows[i].len);
        assert_memory_equal(text, rows[i].bytes, rows[i].len);
        assert_int_equal(stat(config, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0640);
    }
    assert_int_equal(unlink(config), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void what_we_made_goes_and_what_others_made_stays(void **state) {
    (void)state;
    assert_int_equal(vouch_ssh_include_add(NULL), 0);
    assert_int_equal(access(config, F_OK), 0);
    assert_int_equal(vouch_ssh_include_remove(NULL), 0);
    assert_int_not_equal(access(folder, F_OK), 0);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(vouch_ssh_include_add(NULL), 0);
    assert_int_equal(vouch_ssh_include_remove(NULL), 0);
    assert_int_not_equal(access(config, F_OK), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void only_our_line_goes_from_a_file_that_was_changed(void **state) {
    (void)state;
    char text[TEXT_MAX], changed[TEXT_MAX + 100];
    assert_int_equal(vouch_ssh_include_add(NULL), 0);
    (void)get(text);
    int len = snprintf(changed, sizeof changed, "# mine\n%sHost a", text);
    put(changed, (size_t)len, 0600);
    assert_int_equal(look(), VOUCH_SSH_INCLUDED);
    assert_int_equal(vouch_ssh_include_remove(NULL), 0);
    (void)get(text);
    assert_string_equal(text, "# mine\nHost a");
    assert_int_equal(unlink(config), 0);
}

static void a_line_in_a_block_does_not_count(void **state) {
    (void)state;
    static const char *const blocks[] = {"Host a\n", "  match all\n", "\tHOST=b\n"};
    char line[TEXT_MAX], text[TEXT_MAX + 100];
    put("", 0, 0600);
    assert_int_equal(vouch_ssh_include_add(NULL), 0);
    (void)get(line);
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        int len = snprintf(text, sizeof text, "%s%s", blocks[i], line);
        put(text, (size_t)len, 0600);
        assert_int_equal(look(), VOUCH_SSH_NOT_INCLUDED);
    }
    int len = snprintf(text, sizeof text, "HostKeyAlias x\n%s", line);
    put(text, (size_t)len, 0600);
    assert_int_equal(look(), VOUCH_SSH_INCLUDED);
    assert_int_equal(unlink(config), 0);
}

static void refuses_a_path_that_ssh_could_misread(void **state) {
    (void)state;
    static const char *const paths[] = {"/a\"b", "/a%b", "/a*b", "/a\nb", "/a\\b", "/a'b", "/a#b"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char text[100];
        struct vouch_buf out;
        vouch_buf_init_fixed(&out, text, sizeof text);
        assert_int_equal(vouch_ssh_path(paths[i], &out, NULL), VOUCH_ERR_FORMAT);
    }
    char text[100] = "";
    struct vouch_buf out;
    vouch_buf_init_fixed(&out, text, sizeof text - 1);
    assert_int_equal(vouch_ssh_path("/a b/c", &out, NULL), 0);
    assert_string_equal(text, "\"/a b/c\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_comes_back),
        cmocka_unit_test(what_we_made_goes_and_what_others_made_stays),
        cmocka_unit_test(only_our_line_goes_from_a_file_that_was_changed),
        cmocka_unit_test(a_line_in_a_block_does_not_count),
        cmocka_unit_test(refuses_a_path_that_ssh_could_misread),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
