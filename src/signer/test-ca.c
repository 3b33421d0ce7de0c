// SPDX-License-Identifier: ISC
// A CA in a folder: what it makes, what it issues, what it refuses, and that each is recorded.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/time.h"
#include "signer/ca.h"

static char parent[] = "/tmp/vouch-test-ca-XXXXXX";
static char dir[64];
static struct vouch_private_key *subject;

static int begin(void **state) {
    (void)state;
    (void)snprintf(parent, sizeof parent, "/tmp/vouch-test-ca-XXXXXX");
    if (mkdtemp(parent) == NULL) {
        return -1;
    }
    (void)snprintf(dir, sizeof dir, "%s/ca", parent);
    return vouch_private_key_generate(VOUCH_KEY_ED25519, 0, &subject);
}

static void remove_tree(const char *path) {
    DIR *folder = opendir(path);
    if (folder == NULL) {
        (void)unlink(path);
        return;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char inner[PATH_MAX];
            (void)snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
            remove_tree(inner);
        }
    }
    (void)closedir(folder);
    (void)rmdir(path);
}

static int end(void **state) {
    (void)state;
    vouch_private_key_free(subject);
    remove_tree(parent);
    return 0;
}

static struct vouch_ca_new good_ca(void) {
    return (struct vouch_ca_new){
        .dir = dir, .name = "ca.example.com", .type = VOUCH_KEY_ED25519, .actor = "tester"};
}

static int create(const char *passphrase) {
    struct vouch_ca_new what = good_ca();
    what.passphrase = vouch_bytes_of(passphrase);
    struct vouch_fault fault = {0};
    int err = vouch_ca_create(&what, &fault);
    if (err != VOUCH_OK) {
        print_message("# %s\n", fault.text);
    }
    return err;
}

static int open_ca(enum vouch_cert_type type, const struct vouch_passphrase_source *passphrase,
                   struct vouch_ca **ret_ca, struct vouch_fault *fault) {
    struct vouch_ca_open what = {.dir = dir, .type = type};
    if (passphrase != NULL) {
        what.passphrase = *passphrase;
    }
    return vouch_ca_open(&what, ret_ca, fault);
}

static const struct vouch_bytes alice = {(const uint8_t *)"alice", 5};

static struct vouch_issue good_issue(void) {
    uint64_t now = vouch_time_now_s();
    return (struct vouch_issue){.spec = {.type = VOUCH_CERT_USER,
                                         .key = vouch_private_key_public(subject),
                                         .key_id = vouch_bytes_of("alice@example.com"),
                                         .principals = &alice,
                                         .principal_count = 1,
                                         .valid_after = now - 60,
                                         .valid_before = now + 3600},
                                .actor = vouch_bytes_of("tester"),
                                .evidence = vouch_bytes_of("local")};
}

static uint64_t ledger_size(void) {
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/ledger", dir);
    struct vouch_ledger_reader *reader = NULL;
    assert_int_equal(vouch_ledger_reader_open(path, 0, &reader, NULL), VOUCH_OK);
    uint64_t count = 0;
    int found = 0;
    struct vouch_record record;
    while (vouch_ledger_reader_next(reader, &record, &found, NULL) == VOUCH_OK && found) {
        count++;
    }
    vouch_ledger_reader_close(reader);
    return count;
}

static void makes_keys_that_only_their_owner_reads(void **state) {
    (void)state;
    assert_int_equal(create(""), VOUCH_OK);
    assert_true(vouch_ca_is(dir));
    static const char *const names[] = {"user_ca", "host_ca", "checkpoint_key"};
    for (size_t i = 0; i < 3; i++) {
        char path[PATH_MAX];
        struct stat st;
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
    struct vouch_key *user = NULL, *host = NULL;
    assert_int_equal(vouch_ca_read_key(dir, VOUCH_CERT_USER, &user, NULL), VOUCH_OK);
    assert_int_equal(vouch_ca_read_key(dir, VOUCH_CERT_HOST, &host, NULL), VOUCH_OK);
    assert_false(vouch_key_equal(user, host));
    vouch_key_free(user);
    vouch_key_free(host);
}

static void never_makes_a_ca_over_another(void **state) {
    (void)state;
    assert_int_equal(create(""), VOUCH_OK);
    struct vouch_ca_new what = good_ca();
    struct vouch_fault fault = {0};
    assert_int_equal(vouch_ca_create(&what, &fault), VOUCH_ERR_EXISTS);
    assert_string_equal(fault.kind->code, "V-1103");
}

static void leaves_nothing_of_a_ca_that_could_not_be_made(void **state) {
    (void)state;
    struct vouch_ca_new what = good_ca();
    what.name = "two words";
    struct vouch_fault fault = {0};
    assert_int_equal(vouch_ca_create(&what, &fault), VOUCH_ERR_ARGUMENT);
    assert_int_not_equal(access(dir, F_OK), 0);
    what = good_ca();
    what.type = VOUCH_KEY_RSA;
    what.bits = 2048;
    assert_int_equal(vouch_ca_create(&what, &fault), VOUCH_ERR_ARGUMENT);
    assert_string_equal(fault.kind->code, "V-1206");
    assert_int_not_equal(access(dir, F_OK), 0);
    what = good_ca();
    what.user_key = what.host_key = vouch_private_key_public(subject);
    assert_int_equal(vouch_ca_create(&what, &fault), VOUCH_ERR_ARGUMENT);
    assert_string_equal(fault.kind->code, "V-1303");
    assert_int_not_equal(access(dir, F_OK), 0);
}

static void issues_with_rising_serials_and_records_each(void **state) {
    (void)state;
    assert_int_equal(create(""), VOUCH_OK);
    uint64_t before = ledger_size();
    uint64_t expected = 1;
    for (int round = 0; round < 3; round++) {
        struct vouch_ca *ca = NULL;
        assert_int_equal(open_ca(VOUCH_CERT_USER, NULL, &ca, NULL), VOUCH_OK);
        struct vouch_issue issues[2] = {good_issue(), good_issue()};
        struct vouch_issued issued[2];
        assert_int_equal(vouch_ca_issue(ca, issues, 2, issued, NULL, NULL), VOUCH_OK);
        for (size_t i = 0; i < 2; i++) {
            struct vouch_cert *cert = NULL;
            assert_int_equal(vouch_cert_parse(vouch_buf_bytes(&issued[i].cert), &cert, NULL),
                             VOUCH_OK);
            assert_int_equal(cert->serial, expected++);
            assert_int_equal(issued[i].serial, cert->serial);
            assert_true(vouch_key_equal(cert->ca, vouch_ca_key(ca)));
            vouch_cert_free(cert);
            vouch_buf_done(&issued[i].cert);
        }
        vouch_ca_close(ca);
    }
    assert_int_equal(ledger_size(), before + 6);
}

static void one_bad_request_stops_the_whole_batch_unrecorded(void **state) {
    (void)state;
    assert_int_equal(create(""), VOUCH_OK);
    uint64_t before = ledger_size();
    struct vouch_ca *ca = NULL;
    assert_int_equal(open_ca(VOUCH_CERT_USER, NULL, &ca, NULL), VOUCH_OK);
    struct vouch_issue issues[3] = {good_issue(), good_issue(), good_issue()};
    issues[1].spec.principal_count = 0;
    struct vouch_issued issued[3];
    size_t bad = 99;
    struct vouch_fault fault = {0};
    assert_int_equal(vouch_ca_issue(ca, issues, 3, issued, &bad, &fault), VOUCH_ERR_ARGUMENT);
    assert_int_equal(bad, 1);
    assert_non_null(strstr(fault.text, "principals"));
    for (size_t i = 0; i < 3; i++) {
        assert_null(issued[i].cert.ptr);
    }
    vouch_ca_close(ca);
    assert_int_equal(ledger_size(), before);
}

static void expect_refusal(struct vouch_ca *ca, const struct vouch_issue *issue, const char *code) {
    struct vouch_issued issued;
    struct vouch_fault fault = {0};
    assert_true(vouch_ca_issue(ca, issue, 1, &issued, NULL, &fault) < 0);
    assert_string_equal(fault.kind->code, code);
    assert_null(issued.cert.ptr);
}

static void each_ca_signs_only_its_own_type_and_no_ca_key(void **state) {
    (void)state;
    assert_int_equal(create(""), VOUCH_OK);
    struct vouch_ca *ca = NULL;
    assert_int_equal(open_ca(VOUCH_CERT_HOST, NULL, &ca, NULL), VOUCH_OK);
    struct vouch_issue issue = good_issue();
    expect_refusal(ca, &issue, "V-1303");
    vouch_ca_close(ca);
    assert_int_equal(open_ca(VOUCH_CERT_USER, NULL, &ca, NULL), VOUCH_OK);
    struct vouch_key *host = NULL;
    assert_int_equal(vouch_ca_read_key(dir, VOUCH_CERT_HOST, &host, NULL), VOUCH_OK);
    issue.spec.key = host;
    expect_refusal(ca, &issue, "V-1301");
    vouch_key_free(host);
    vouch_ca_close(ca);
}

static void a_kept_serial_is_refused_the_second_time(void **state) {
    (void)state;
    assert_int_equal(create(""), VOUCH_OK);
    struct vouch_ca *ca = NULL;
    assert_int_equal(open_ca(VOUCH_CERT_USER, NULL, &ca, NULL), VOUCH_OK);
    struct vouch_issue issue = good_issue();
    issue.keep_serial = 1;
    issue.spec.serial = 100;
    struct vouch_issued issued;
    assert_int_equal(vouch_ca_issue(ca, &issue, 1, &issued, NULL, NULL), VOUCH_OK);
    vouch_buf_done(&issued.cert);
    expect_refusal(ca, &issue, "V-1304");
    issue.spec.serial = 50; // lower, but free
    assert_int_equal(vouch_ca_issue(ca, &issue, 1, &issued, NULL, NULL), VOUCH_OK);
    vouch_buf_done(&issued.cert);
    issue.keep_serial = 0;
    assert_int_equal(vouch_ca_issue(ca, &issue, 1, &issued, NULL, NULL), VOUCH_OK);
    assert_int_equal(issued.serial, 101);
    vouch_buf_done(&issued.cert);
    vouch_ca_close(ca);
}

static void swap(const char *a, const char *b) {
    char one[PATH_MAX], two[PATH_MAX], spare[PATH_MAX];
    (void)snprintf(one, sizeof one, "%s/%s", dir, a);
    (void)snprintf(two, sizeof two, "%s/%s", dir, b);
    (void)snprintf(spare, sizeof spare, "%s/spare", dir);
    assert_int_equal(rename(one, spare), 0);
    assert_int_equal(rename(two, one), 0);
    assert_int_equal(rename(spare, two), 0);
}

static void swapped_ca_keys_are_noticed(void **state) {
    (void)state;
    assert_int_equal(create(""), VOUCH_OK);
    swap("user_ca", "host_ca");
    struct vouch_ca *ca = NULL;
    struct vouch_fault fault = {0};
    assert_int_equal(open_ca(VOUCH_CERT_USER, NULL, &ca, &fault), VOUCH_ERR_MISMATCH);
    assert_string_equal(fault.kind->code, "V-1303");
    swap("user_ca.pub", "host_ca.pub"); // now each pair fits, but not its use
    assert_int_equal(open_ca(VOUCH_CERT_USER, NULL, &ca, &fault), VOUCH_ERR_MISMATCH);
    assert_non_null(strstr(fault.text, "ledger"));
}

struct asked {
    const char *passphrase;
    int times;
};

static int answer(void *context, const char *path, struct vouch_secret *ret_passphrase,
                  struct vouch_fault *fault) {
    (void)path, (void)fault;
    struct asked *asked = context;
    asked->times++;
    size_t len = strlen(asked->passphrase);
    int err = vouch_secret_new(len, ret_passphrase);
    if (err == VOUCH_OK) {
        memcpy(ret_passphrase->ptr, asked->passphrase, len);
    }
    return err;
}

static void a_passphrase_is_asked_for_once(void **state) {
    (void)state;
    assert_int_equal(create("correct horse"), VOUCH_OK);
    struct asked asked = {"correct horse", 0};
    const struct vouch_passphrase_source source = {answer, &asked};
    struct vouch_ca *ca = NULL;
    assert_int_equal(open_ca(VOUCH_CERT_USER, &source, &ca, NULL), VOUCH_OK);
    assert_int_equal(asked.times, 1);
    vouch_ca_close(ca);
    struct asked wrong = {"wrong", 0};
    const struct vouch_passphrase_source wrong_source = {answer, &wrong};
    struct vouch_fault fault = {0};
    assert_int_equal(open_ca(VOUCH_CERT_USER, &wrong_source, &ca, &fault), VOUCH_ERR_PASSPHRASE);
    assert_string_equal(fault.kind->code, "V-1203");
    assert_int_equal(open_ca(VOUCH_CERT_USER, NULL, &ca, &fault), VOUCH_ERR_PASSPHRASE);
}

static void a_key_that_others_can_read_is_not_used(void **state) {
    (void)state;
    assert_int_equal(create(""), VOUCH_OK);
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/user_ca", dir);
    assert_int_equal(chmod(path, 0644), 0);
    struct vouch_ca *ca = NULL;
    struct vouch_fault fault = {0};
    assert_int_equal(open_ca(VOUCH_CERT_USER, NULL, &ca, &fault), VOUCH_ERR_PERMISSION);
    assert_string_equal(fault.kind->code, "V-1104");
    assert_non_null(strstr(fault.next, "chmod 600"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_keys_that_only_their_owner_reads, begin, end),
        cmocka_unit_test_setup_teardown(never_makes_a_ca_over_another, begin, end),
        cmocka_unit_test_setup_teardown(leaves_nothing_of_a_ca_that_could_not_be_made, begin, end),
        cmocka_unit_test_setup_teardown(issues_with_rising_serials_and_records_each, begin, end),
        cmocka_unit_test_setup_teardown(one_bad_request_stops_the_whole_batch_unrecorded, begin,
                                        end),
        cmocka_unit_test_setup_teardown(each_ca_signs_only_its_own_type_and_no_ca_key, begin, end),
        cmocka_unit_test_setup_teardown(a_kept_serial_is_refused_the_second_time, begin, end),
        cmocka_unit_test_setup_teardown(swapped_ca_keys_are_noticed, begin, end),
        cmocka_unit_test_setup_teardown(a_passphrase_is_asked_for_once, begin, end),
        cmocka_unit_test_setup_teardown(a_key_that_others_can_read_is_not_used, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
