// SPDX-License-Identifier: ISC
// The list of CA keys and its file: one text for one list, and nothing else is read.
#include "signer/key-list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"

#define FIRST "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define SECOND "SHA256:dZL2Bq4GH3yKmQmJ1o3xYUf8g0Rr5iI0s1nqXbW9pTk"
#define THIRD "SHA256:zJz0000AH3yKmQmJ1o3xYUf8g0Rr5iI0s1nqXbW9pTk"

static char path[64];

static int begin(void **state) {
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/vouch-keys-XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int end(void **state) {
    (void)state;
    return unlink(path);
}

static struct vouch_listed_key *add(struct vouch_key_list *list, enum vouch_cert_type use,
                                    const char *fingerprint, enum vouch_ca_key_state state) {
    struct vouch_listed_key *row = NULL;
    int is_first = state == VOUCH_CA_KEY_ACTIVE;
    assert_int_equal(vouch_key_list_add(list, use, fingerprint, is_first, &row), VOUCH_OK);
    row->state = state;
    row->since_ms = 1795344338000;
    row->has_signed = (uint64_t)is_first;
    return row;
}

static struct vouch_key_list example(void) {
    struct vouch_key_list list = {.ledger_size = 4711};
    (void)add(&list, VOUCH_CERT_USER, FIRST, VOUCH_CA_KEY_ACTIVE);
    (void)add(&list, VOUCH_CERT_HOST, SECOND, VOUCH_CA_KEY_ACTIVE);
    (void)add(&list, VOUCH_CERT_USER, THIRD, VOUCH_CA_KEY_NEXT);
    return list;
}

static void store(struct vouch_bytes text) {
    const struct vouch_io_file file = {path, 0600, VOUCH_IO_REPLACE};
    assert_int_equal(vouch_io_write(&file, text, NULL), VOUCH_OK);
}

static int reads(struct vouch_bytes text) {
    struct vouch_key_list list = {0};
    struct vouch_fault fault = {0};
    int found = 0;
    store(text);
    int err = vouch_key_list_read(path, &list, &found, &fault);
    assert_int_equal(found, err == VOUCH_OK);
    assert_true(err == VOUCH_OK || strcmp(fault.kind->code, "V-1972") == 0);
    assert_true(err == VOUCH_OK || list.count == 0);
    return err == VOUCH_OK;
}

static void load(struct vouch_buf *text) {
    vouch_buf_init(text, 8192);
    assert_int_equal(vouch_io_read(path, 8192, text, NULL), VOUCH_OK);
}

static void write_example(struct vouch_buf *text) {
    const struct vouch_key_list list = example();
    assert_int_equal(vouch_key_list_write(path, &list, NULL), VOUCH_OK);
    load(text);
}

static void reads_what_it_wrote(void **state) {
    (void)state;
    const struct vouch_key_list list = example();
    struct vouch_key_list again = {0};
    struct vouch_fault fault = {0};
    struct vouch_buf text;
    int found = 0;
    write_example(&text);
    if (vouch_key_list_read(path, &again, &found, &fault) != VOUCH_OK) {
        fail_msg("%s", fault.text);
    }
    assert_int_equal(found, 1);
    assert_memory_equal(&again, &list, sizeof list);
    vouch_buf_done(&text);
}

static void names_files_by_use_and_hash(void **state) {
    (void)state;
    const struct vouch_key_list list = example();
    assert_string_equal(list.rows[0].file, "user_ca");
    assert_string_equal(list.rows[1].file, "host_ca");
    assert_string_equal(list.rows[2].file, "user_ca-cc9cf4d3"); // base64 "zJz0000A"
}

static void no_file_is_no_list_and_no_failure(void **state) {
    (void)state;
    struct vouch_key_list list = {0};
    int found = 1;
    assert_int_equal(vouch_key_list_read("/tmp/vouch-nothing-here", &list, &found, NULL), VOUCH_OK);
    assert_int_equal(found, 0);
}

static void refuses_each_proper_prefix(void **state) {
    (void)state;
    struct vouch_buf text;
    write_example(&text);
    assert_true(reads(vouch_buf_bytes(&text)));
    for (size_t len = 0; len < text.len; len++) {
        assert_false(reads((struct vouch_bytes){text.ptr, len}));
    }
    vouch_buf_done(&text);
}

static void refuses_each_bit_flip(void **state) {
    (void)state;
    struct vouch_buf text;
    write_example(&text);
    for (size_t bit = 0; bit < 8 * text.len; bit++) {
        text.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(reads(vouch_buf_bytes(&text)));
        text.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(reads(vouch_buf_bytes(&text)));
    vouch_buf_done(&text);
}

static void refuses_what_is_left_over(void **state) {
    (void)state;
    struct vouch_buf text;
    write_example(&text);
    vouch_buf_put_text(&text, "\n");
    assert_false(reads(vouch_buf_bytes(&text)));
    vouch_buf_done(&text);
}

// Written with a right check, as nobody does but a program that is wrong.
static void refuses_lists_that_do_not_hold_together(void **state) {
    (void)state;
    for (unsigned i = 0; i < 7; i++) {
        struct vouch_key_list list = example();
        struct vouch_buf text;
        switch (i) {
        case 0:
            list.rows[0].state = VOUCH_CA_KEY_OLD; // no active key
            break;
        case 1:
            list.rows[2].state = VOUCH_CA_KEY_ACTIVE; // two
            break;
        case 2:
            (void)snprintf(list.rows[2].fingerprint, sizeof list.rows[2].fingerprint, "%s", SECOND);
            break;
        case 3:
            (void)snprintf(list.rows[2].file, sizeof list.rows[2].file, "../../etc/passwd");
            break;
        case 4:
            (void)snprintf(list.rows[2].file, sizeof list.rows[2].file, "checkpoint_key");
            break;
        case 5:
            (void)snprintf(list.rows[2].file, sizeof list.rows[2].file, "user_ca-00000000");
            break;
        default:
            list.rows[2].has_signed = 2;
        }
        assert_int_equal(vouch_key_list_write(path, &list, NULL), VOUCH_OK);
        load(&text);
        assert_false(reads(vouch_buf_bytes(&text)));
        vouch_buf_done(&text);
    }
}

static void takes_no_more_rows_than_there_is_room_for(void **state) {
    (void)state;
    struct vouch_key_list list = example();
    struct vouch_listed_key *row = NULL;
    while (list.count < VOUCH_KEY_LIST_MAX) {
        (void)add(&list, VOUCH_CERT_USER, THIRD, VOUCH_CA_KEY_DESTROYED);
    }
    assert_int_equal(vouch_key_list_add(&list, VOUCH_CERT_USER, THIRD, 0, &row), VOUCH_ERR_LIMIT);
    assert_null(row);
    vouch_key_list_drop(&list, &list.rows[0]);
    assert_int_equal(list.count, VOUCH_KEY_LIST_MAX - 1);
    assert_string_equal(list.rows[0].fingerprint, SECOND);
}

static void refuses_to_name_a_file_after_what_is_no_fingerprint(void **state) {
    (void)state;
    static const char *const texts[] = {"", "SHA256:", "SHA256:AAAA", "MD5", "SHA256:....AAAA"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct vouch_key_list list = {0};
        struct vouch_listed_key *row = NULL;
        assert_true(vouch_key_list_add(&list, VOUCH_CERT_USER, texts[i], 0, &row) < 0);
        assert_int_equal(list.count, 0);
    }
}

static void a_change_takes_no_key_of_another_use(void **state) {
    (void)state;
    struct vouch_key_list list = example();
    struct vouch_rotation_change change = {.use = 0, .fingerprint = SECOND};
    change.step = vouch_rotation_step_of(VOUCH_ROTATE_CREATE);
    assert_int_equal(vouch_key_list_change(&list, &change, 1), VOUCH_ERR_MISMATCH);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_what_it_wrote, begin, end),
        cmocka_unit_test(names_files_by_use_and_hash),
        cmocka_unit_test(no_file_is_no_list_and_no_failure),
        cmocka_unit_test_setup_teardown(refuses_each_proper_prefix, begin, end),
        cmocka_unit_test_setup_teardown(refuses_each_bit_flip, begin, end),
        cmocka_unit_test_setup_teardown(refuses_what_is_left_over, begin, end),
        cmocka_unit_test_setup_teardown(refuses_lists_that_do_not_hold_together, begin, end),
        cmocka_unit_test(takes_no_more_rows_than_there_is_room_for),
        cmocka_unit_test(refuses_to_name_a_file_after_what_is_no_fingerprint),
        cmocka_unit_test(a_change_takes_no_key_of_another_use),
    };
    return cmocka_run_group_tests_name("signer/key-list", tests, NULL, NULL);
}
