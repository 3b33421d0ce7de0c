// SPDX-License-Identifier: ISC
// Lists of machines to adopt: what is read of CSV and of ssh-keyscan, and what is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "prog/vouch/host-list.h"

#define ONE "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define TWO "SHA256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
// A key that was made once for this test and signs nothing.
#define KEY_A "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIYRQazVSjtITtZJ+4uvSf66OIOvnpsjD6xlu7wJAWa7"
#define KEY_A_FINGERPRINT "SHA256:5tQR+Jhm8UTJGuYtD6xHvNWec551X4oUnVMXGOD6gRM"

static int read_list(const char *text, enum vouch_host_list_form form, struct vouch_host_list *list,
                     struct vouch_fault *fault) {
    return vouch_host_list_read(vouch_bytes_of(text), form, "list", list, fault);
}

static void reads_names_fingerprints_zones_and_labels(void **state) {
    (void)state;
    struct vouch_host_list list;
    struct vouch_fault fault;
    static const char text[] = "# machines of the second rack\n"
                               "name,fingerprint,comment,zone,labels\r\n"
                               "web1.example.com, " ONE " ,seen by bob,prod,tier=web rack=2\n"
                               "\n"
                               "web2.example.com," TWO ",,,\n";
    assert_int_equal(read_list(text, VOUCH_HOST_LIST_CSV, &list, &fault), 0);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.rows[0].name, "web1.example.com");
    assert_string_equal(list.rows[0].fingerprints[0], ONE);
    assert_int_equal(list.rows[0].fingerprint_count, 1);
    assert_string_equal(list.rows[0].zone, "prod");
    assert_string_equal(list.rows[0].labels, "tier=web,rack=2");
    assert_string_equal(list.rows[1].fingerprints[0], TWO);
    assert_null(list.rows[1].zone);
    assert_null(list.rows[1].labels);
    vouch_host_list_done(&list);
}

static void gathers_the_keys_of_one_name(void **state) {
    (void)state;
    struct vouch_host_list list;
    struct vouch_fault fault;
    static const char text[] = "# web1.example.com:22 SSH-2.0-OpenSSH_9.2\n"
                               "web1.example.com,10.0.0.1 " KEY_A "\n"
                               "[web2.example.com]:2222 " KEY_A " a comment\n"
                               "web1.example.com " KEY_A "\n";
    assert_int_equal(read_list(text, VOUCH_HOST_LIST_SCAN, &list, &fault), 0);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.rows[0].name, "web1.example.com");
    assert_int_equal(list.rows[0].fingerprint_count, 2);
    assert_string_equal(list.rows[0].fingerprints[0], KEY_A_FINGERPRINT);
    assert_string_equal(list.rows[1].name, "web2.example.com");
    assert_string_equal(list.rows[1].fingerprints[0], KEY_A_FINGERPRINT);
    vouch_host_list_done(&list);
}

struct bad {
    enum vouch_host_list_form form;
    const char *text;
    const char *words;
};

static void names_the_line_of_what_it_refuses(void **state) {
    (void)state;
    static const struct bad bad[] = {
        {VOUCH_HOST_LIST_CSV, "", "no machine"},
        {VOUCH_HOST_LIST_CSV, "name,fingerprint\n", "no machine"},
        {VOUCH_HOST_LIST_CSV, "web1," ONE "\n", "line 1: does not name"},
        {VOUCH_HOST_LIST_CSV, "name,name,fingerprint\n", "line 1: a column"},
        {VOUCH_HOST_LIST_CSV, "name,fingerprint\nweb1," ONE ",x\n", "line 2: has not"},
        {VOUCH_HOST_LIST_CSV, "name,fingerprint\nweb1\n", "line 2: has not"},
        {VOUCH_HOST_LIST_CSV, "name,fingerprint\n," ONE "\n", "line 2: there is no name"},
        {VOUCH_HOST_LIST_CSV, "name,fingerprint\nweb1,MD5:aa\n", "line 2: the fingerprint"},
        {VOUCH_HOST_LIST_CSV, "name,fingerprint\nweb1," ONE "A\n", "line 2: the fingerprint"},
        {VOUCH_HOST_LIST_CSV, "name,fingerprint\n\"web1\"," ONE "\n", "line 2: quotes"},
        {VOUCH_HOST_LIST_CSV, "name,fingerprint\na," ONE "\na," TWO "\n", "line 3: the name"},
        {VOUCH_HOST_LIST_SCAN, "# nothing\n", "no machine"},
        {VOUCH_HOST_LIST_SCAN, "web1.example.com\n", "line 1: is not NAME"},
        {VOUCH_HOST_LIST_SCAN, "|1|abc=|def= " KEY_A "\n", "line 1: is not NAME"},
        {VOUCH_HOST_LIST_SCAN, "@cert-authority * " KEY_A "\n", "line 1: is not NAME"},
        {VOUCH_HOST_LIST_SCAN, "a " KEY_A "\nb ssh-ed25519 AAAA\n", "line 2: its key"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct vouch_host_list list;
        struct vouch_fault fault = {0};
        assert_int_equal(read_list(bad[i].text, bad[i].form, &list, &fault), VOUCH_ERR_FORMAT);
        if (strstr(fault.text, bad[i].words) == NULL) {
            fail_msg("%s: %s", bad[i].text, fault.text);
        }
        vouch_host_list_done(&list);
    }
}

static void refuses_more_keys_than_a_machine_may_have(void **state) {
    (void)state;
    char room[VOUCH_HOST_LIST_KEYS_MAX * 200 + 200];
    struct vouch_buf text;
    struct vouch_host_list list;
    struct vouch_fault fault = {0};
    vouch_buf_init_fixed(&text, room, sizeof room);
    for (size_t i = 0; i <= VOUCH_HOST_LIST_KEYS_MAX; i++) {
        vouch_buf_put_text(&text, "web1 " KEY_A "\n");
    }
    assert_int_equal(
        vouch_host_list_read(vouch_buf_bytes(&text), VOUCH_HOST_LIST_SCAN, "list", &list, &fault),
        VOUCH_ERR_FORMAT);
    assert_non_null(strstr(fault.text, "line 9"));
    vouch_host_list_done(&list);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_names_fingerprints_zones_and_labels),
        cmocka_unit_test(gathers_the_keys_of_one_name),
        cmocka_unit_test(names_the_line_of_what_it_refuses),
        cmocka_unit_test(refuses_more_keys_than_a_machine_may_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
