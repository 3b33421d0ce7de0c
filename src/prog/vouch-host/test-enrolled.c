// SPDX-License-Identifier: ISC
// Tests of what the agent remembers.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/test-ok.h"
#include "prog/vouch-host/enrolled.h"

#define SECRET "vouchm_0123456789abcdefghijABCDEFGHIJ_-0123456789a"

static char place[] = "/tmp/vouch-enrolled-XXXXXX";
static int folder = -1;

static int begin(void **state) {
    (void)state;
    if (mkdtemp(place) == NULL) {
        return -1;
    }
    folder = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder >= 0 ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    char command[200];
    (void)close(folder);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", place);
    return system(command);
}

static void fill(struct vouch_enrolled *enrolled) {
    struct vouch_private_key *key = NULL;
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &key), 0);
    *enrolled = (struct vouch_enrolled){.state = VOUCH_ENROLLED_ACTIVE,
                                        .generation = UINT64_MAX,
                                        .enrolled_s = 1795346738,
                                        .renewed_s = 1795346739,
                                        .contact_s = 1795346740,
                                        .clock_ms = -1500};
    enrolled->checkpoint_key = vouch_key_copy(vouch_private_key_public(key));
    vouch_private_key_free(key);
    assert_int_equal(vouch_enrolled_set(&enrolled->url, "https://ca.example.com:8443"), 0);
    assert_int_equal(vouch_enrolled_set(&enrolled->pin, "sha256:abc"), 0);
    assert_int_equal(vouch_enrolled_set(&enrolled->ca_name, "ca.example.com"), 0);
    assert_int_equal(vouch_enrolled_set(&enrolled->name, "web1.example.com"), 0);
    assert_int_equal(vouch_enrolled_set(&enrolled->zone, "prod"), 0);
    assert_int_equal(vouch_enrolled_set(&enrolled->aliases[0], "10.20.0.7"), 0);
    enrolled->alias_count = 1;
    assert_int_equal(vouch_enrolled_set(&enrolled->labels[0], "tier=web"), 0);
    enrolled->label_count = 1;
}

static void put(const char *name, const char *text) {
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(vouch_io_write_all(fd, vouch_bytes_of(text)), 0);
    assert_int_equal(close(fd), 0);
}

static void what_is_written_is_read(void **state) {
    (void)state;
    struct vouch_enrolled wrote = {0}, read = {0};
    struct stat status;
    fill(&wrote);
    test_ok(vouch_enrolled_write(folder, &wrote, &fault));
    assert_int_equal(fstatat(folder, VOUCH_ENROLLED_FILE, &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    test_ok(vouch_enrolled_read(folder, &read, &fault));
    assert_int_equal(read.state, VOUCH_ENROLLED_ACTIVE);
    assert_true(read.generation == UINT64_MAX);
    assert_int_equal(read.contact_s, 1795346740);
    assert_int_equal(read.clock_ms, -1500);
    assert_string_equal(read.url, wrote.url);
    assert_string_equal(read.pin, wrote.pin);
    assert_null(read.ca_file);
    assert_string_equal(read.ca_name, wrote.ca_name);
    assert_string_equal(read.name, wrote.name);
    assert_string_equal(read.zone, wrote.zone);
    assert_int_equal(read.alias_count, 1);
    assert_string_equal(read.aliases[0], "10.20.0.7");
    assert_string_equal(read.labels[0], "tier=web");
    assert_true(vouch_key_equal(read.checkpoint_key, wrote.checkpoint_key));
    vouch_enrolled_done(&wrote);
    vouch_enrolled_done(&read);
}

static void a_host_without_the_file_is_not_enrolled(void **state) {
    (void)state;
    struct vouch_enrolled enrolled = {0};
    struct vouch_fault why = {0};
    test_ok(vouch_enrolled_forget(folder, &fault));
    assert_int_equal(vouch_enrolled_read(folder, &enrolled, &why), VOUCH_ERR_NOT_FOUND);
    assert_string_equal(why.kind->code, "V-1930");
    assert_int_equal(enrolled.state, VOUCH_ENROLLED_NONE);
}

// The file as text, to be cut and changed.
static char *written(size_t *ret_len) {
    struct vouch_enrolled enrolled = {0};
    struct vouch_buf text;
    char path[200];
    fill(&enrolled);
    test_ok(vouch_enrolled_write(folder, &enrolled, &fault));
    vouch_enrolled_done(&enrolled);
    (void)snprintf(path, sizeof path, "%s/" VOUCH_ENROLLED_FILE, place);
    vouch_buf_init(&text, 65536);
    assert_int_equal(vouch_io_read(path, 65536, &text, NULL), 0);
    vouch_buf_put(&text, (struct vouch_bytes){(const uint8_t *)"", 1});
    *ret_len = text.len - 1;
    return (char *)vouch_buf_take(&text, &(size_t){0});
}

static void refuses_each_proper_prefix(void **state) {
    (void)state;
    size_t len = 0;
    char *text = written(&len);
    for (size_t cut = len; cut-- > 0;) {
        struct vouch_enrolled enrolled = {0};
        text[cut] = '\0';
        put(VOUCH_ENROLLED_FILE, text);
        assert_int_equal(vouch_enrolled_read(folder, &enrolled, NULL), VOUCH_ERR_FORMAT);
    }
    free(text);
}

static void refuses_a_file_of_another_kind(void **state) {
    (void)state;
    static const char *const texts[] = {
        "", "[]", "{}", "{\"schema\":\"vouch.agent/2\"}", "{\"schema\":\"vouch.agent/1\"}", "null",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct vouch_enrolled enrolled = {0};
        struct vouch_fault fault = {0};
        put(VOUCH_ENROLLED_FILE, texts[i]);
        assert_int_equal(vouch_enrolled_read(folder, &enrolled, &fault), VOUCH_ERR_FORMAT);
        assert_string_equal(fault.kind->code, "V-1931");
    }
}

static void follows_no_link(void **state) {
    (void)state;
    struct vouch_enrolled enrolled = {0};
    size_t len = 0;
    free(written(&len));
    assert_int_equal(renameat(folder, VOUCH_ENROLLED_FILE, folder, "elsewhere"), 0);
    assert_int_equal(symlinkat("elsewhere", folder, VOUCH_ENROLLED_FILE), 0);
    assert_true(vouch_enrolled_read(folder, &enrolled, NULL) != 0);
    assert_int_equal(unlinkat(folder, VOUCH_ENROLLED_FILE, 0), 0);
}

static void keeps_a_secret_and_nothing_else(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "vouchs_0123456789abcdefghijABCDEFGHIJ_-0123456789a",
        "vouchm_0123456789abcdefghijABCDEFGHIJ_-0123456789",
        "vouchm_0123456789abcdefghijABCDEFGHIJ_-0123456789ab",
        "vouchm_0123456789abcdefghijABCDEFGHIJ_-0123456789\n",
        "vouchm_0123456789abcdefghijABCDEFGHIJ_-012345678\r\n",
    };
    struct vouch_secret secret = {0};
    struct stat status;
    test_ok(vouch_enrolled_secret_write(folder, vouch_bytes_of(SECRET), &fault));
    assert_int_equal(fstatat(folder, VOUCH_ENROLLED_SECRET, &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(vouch_enrolled_secret_write(folder, vouch_bytes_of(bad[i]), NULL),
                         VOUCH_ERR_FORMAT);
    }
    test_ok(vouch_enrolled_secret_read(folder, &secret, &fault));
    assert_true(vouch_bytes_equal(vouch_secret_bytes(&secret), vouch_bytes_of(SECRET)));
    vouch_secret_done(&secret);
    put(VOUCH_ENROLLED_SECRET, "vouchm_short");
    assert_int_equal(vouch_enrolled_secret_read(folder, &secret, NULL), VOUCH_ERR_FORMAT);
    test_ok(vouch_enrolled_forget(folder, &fault));
    assert_int_equal(vouch_enrolled_secret_read(folder, &secret, NULL), VOUCH_ERR_NOT_FOUND);
}

static void remembers_since_when_something_fails(void **state) {
    (void)state;
    struct vouch_enrolled enrolled = {0};
    struct vouch_fault fault = {0};
    (void)vouch_fault_set(&fault, VOUCH_ERR_IO, &vouch_fault_server_unreachable, "it is away");
    vouch_enrolled_failing(&enrolled, &fault, 100);
    vouch_enrolled_failing(&enrolled, &fault, 200);
    assert_int_equal(enrolled.failing_since_s, 100);
    assert_string_equal(enrolled.failure, "it is away");
    assert_string_equal(enrolled.failure_code, "V-1861");
    vouch_enrolled_failing(&enrolled, NULL, 300);
    assert_int_equal(enrolled.failing_since_s, 0);
    assert_null(enrolled.failure);
    vouch_enrolled_done(&enrolled);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_host_without_the_file_is_not_enrolled),
        cmocka_unit_test(refuses_each_proper_prefix),
        cmocka_unit_test(refuses_a_file_of_another_kind),
        cmocka_unit_test(follows_no_link),
        cmocka_unit_test(keeps_a_secret_and_nothing_else),
        cmocka_unit_test(remembers_since_when_something_fails),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
