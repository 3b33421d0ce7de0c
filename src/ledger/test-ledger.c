// SPDX-License-Identifier: ISC
// Making a ledger, appending, reading, serials and times.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "ledger/test-fixture.h"

static void makes_a_ledger_that_is_proven(void **state) {
    struct fixture *fixture = *state;
    struct vouch_ledger_report report = {0};
    fixture_verify(fixture, &report);
    assert_int_equal(report.verdict, VOUCH_LEDGER_PROVEN);
    assert_int_equal(report.records, 3);
    assert_int_equal(report.events, 3);
    assert_int_equal(report.size, 3);
    assert_string_equal(report.origin, FIXTURE_ORIGIN);
    vouch_ledger_report_done(&report);
}

static void makes_files_that_others_cannot_read(void **state) {
    struct fixture *fixture = *state;
    static const char *const names[] = {"records", "index", "checkpoint",    "checkpoint.vkey",
                                        "lock",    ".",     "tile/0/000.p/3"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        struct stat info;
        (void)snprintf(path, sizeof path, "%s/%s", fixture->dir, names[i]);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 07, 0);
    }
}

static int create(const struct fixture *fixture, const char *origin,
                  const struct vouch_private_key *key, struct vouch_fault *fault) {
    struct vouch_ledger_new what = {.dir = fixture->dir, .origin = origin, .checkpoint_key = key};
    return vouch_ledger_create(&what, fault);
}

static void does_not_make_a_ledger_over_another(void **state) {
    struct fixture *fixture = *state;
    struct vouch_fault fault = {0};
    assert_int_equal(create(fixture, FIXTURE_ORIGIN, fixture->checkpoint_key, &fault),
                     VOUCH_ERR_EXISTS);
    assert_ptr_equal(fault.kind, &vouch_fault_exists);
    assert_proven(fixture);
}

static void leaves_nothing_of_a_ledger_that_it_could_not_make(void **state) {
    struct fixture *fixture = *state;
    struct vouch_fault fault = {0};
    struct vouch_private_key *rsa = NULL;
    assert_int_equal(create(fixture, "no blanks", fixture->checkpoint_key, &fault),
                     VOUCH_ERR_ARGUMENT);
    assert_int_equal(vouch_private_key_generate(VOUCH_KEY_ECDSA_P256, 0, &rsa), VOUCH_OK);
    assert_int_equal(create(fixture, FIXTURE_ORIGIN, rsa, &fault), VOUCH_ERR_UNSUPPORTED);
    vouch_private_key_free(rsa);

    struct vouch_record bad = fixture_event(fixture, "Not a type");
    struct vouch_ledger_new what = {.dir = fixture->dir,
                                    .origin = FIXTURE_ORIGIN,
                                    .checkpoint_key = fixture->checkpoint_key,
                                    .records = &bad,
                                    .count = 1};
    bad.time_ms = 0;
    assert_int_equal(vouch_ledger_create(&what, &fault), VOUCH_ERR_ARGUMENT);
    assert_int_equal(access(fixture->dir, F_OK), -1);
    assert_int_equal(mkdir(fixture->dir, 0700), 0);
    assert_int_equal(vouch_ledger_create(&what, &fault), VOUCH_ERR_ARGUMENT);
    assert_int_equal(rmdir(fixture->dir), 0); // it was empty again
}

static void gives_numbers_and_keeps_the_highest_serial(void **state) {
    struct fixture *fixture = *state;
    struct vouch_ledger *ledger = fixture_open(fixture);
    assert_int_equal(vouch_ledger_size(ledger), 3);
    assert_int_equal(vouch_ledger_last_serial(ledger), 0);
    assert_string_equal(vouch_ledger_origin(ledger), FIXTURE_ORIGIN);
    fixture_issue(fixture, ledger, 5);
    assert_int_equal(vouch_ledger_size(ledger), 8);
    assert_int_equal(vouch_ledger_last_serial(ledger), 5);
    assert_int_equal(vouch_ledger_checkpoint_size(ledger), 3);
    fixture_checkpoint(fixture, ledger);
    assert_int_equal(vouch_ledger_checkpoint_size(ledger), 8);
    vouch_ledger_close(ledger);
    ledger = fixture_open(fixture);
    assert_int_equal(vouch_ledger_size(ledger), 8);
    assert_int_equal(vouch_ledger_last_serial(ledger), 5);
    vouch_ledger_close(ledger);
    assert_proven(fixture);
}

static void keeps_records_that_no_checkpoint_covers_yet(void **state) {
    struct fixture *fixture = *state;
    struct vouch_ledger *ledger = fixture_open(fixture);
    fixture_issue(fixture, ledger, 300);
    vouch_ledger_close(ledger);
    assert_found(fixture, VOUCH_FINDING_UNCOVERED);
    ledger = fixture_open(fixture);
    assert_int_equal(vouch_ledger_size(ledger), 303);
    assert_int_equal(vouch_ledger_checkpoint_size(ledger), 3);
    fixture_checkpoint(fixture, ledger);
    vouch_ledger_close(ledger);
    assert_proven(fixture);
}

static void grows_across_tiles(void **state) {
    struct fixture *fixture = *state;
    static const size_t steps[] = {1, 251, 1, 1, 1, 253, 3, 256, 512, 10};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        fixture_grow(fixture, steps[i]);
        assert_proven(fixture);
    }
    assert_false(file_exists(fixture, "tile/0/000.p"));
    assert_true(file_exists(fixture, "tile/0/004"));
}

static void appends_nothing_when_asked_for_nothing(void **state) {
    struct fixture *fixture = *state;
    struct vouch_fault fault = {0};
    struct vouch_ledger *ledger = fixture_open(fixture);
    assert_int_equal(vouch_ledger_append(ledger, NULL, 0, &fault), VOUCH_OK);
    assert_int_equal(vouch_ledger_size(ledger), 3);
    fixture_checkpoint(fixture, ledger);
    vouch_ledger_close(ledger);
    assert_proven(fixture);
}

static int append_cert(struct fixture *fixture, struct vouch_ledger *ledger,
                       enum vouch_cert_type type, uint64_t serial, struct vouch_fault *fault) {
    struct vouch_buf blob;
    fixture_cert(fixture, type, serial, "someone", &blob);
    struct vouch_record record = fixture_record(fixture, vouch_buf_bytes(&blob));
    int err = vouch_ledger_append(ledger, &record, 1, fault);
    vouch_buf_done(&blob);
    return err;
}

static void refuses_a_serial_that_was_given_before(void **state) {
    struct fixture *fixture = *state;
    struct vouch_fault fault = {0};
    struct vouch_ledger *ledger = fixture_open(fixture);
    fixture_issue(fixture, ledger, 3);
    assert_int_equal(append_cert(fixture, ledger, VOUCH_CERT_USER, 2, &fault), VOUCH_ERR_EXISTS);
    assert_ptr_equal(fault.kind, &vouch_fault_serial);
    assert_int_equal(append_cert(fixture, ledger, VOUCH_CERT_HOST, 2, &fault), VOUCH_OK);
    assert_int_equal(append_cert(fixture, ledger, VOUCH_CERT_HOST, 2, &fault), VOUCH_ERR_EXISTS);
    assert_int_equal(append_cert(fixture, ledger, VOUCH_CERT_USER, 1000, &fault), VOUCH_OK);
    assert_int_equal(append_cert(fixture, ledger, VOUCH_CERT_USER, 500, &fault), VOUCH_OK);
    assert_int_equal(append_cert(fixture, ledger, VOUCH_CERT_USER, 500, &fault), VOUCH_ERR_EXISTS);
    assert_int_equal(vouch_ledger_last_serial(ledger), 1000);
    fixture_checkpoint(fixture, ledger);
    vouch_ledger_close(ledger);
    assert_proven(fixture);
}

static void refuses_a_serial_twice_in_one_batch(void **state) {
    struct fixture *fixture = *state;
    struct vouch_fault fault = {0};
    struct vouch_ledger *ledger = fixture_open(fixture);
    struct vouch_buf blobs[3];
    struct vouch_record records[3];
    static const uint64_t serials[] = {7, 9, 7};
    for (size_t i = 0; i < 3; i++) {
        char key_id[16];
        (void)snprintf(key_id, sizeof key_id, "k%zu", i);
        fixture_cert(fixture, VOUCH_CERT_USER, serials[i], key_id, &blobs[i]);
        records[i] = fixture_record(fixture, vouch_buf_bytes(&blobs[i]));
    }
    assert_int_equal(vouch_ledger_append(ledger, records, 3, &fault), VOUCH_ERR_EXISTS);
    assert_int_equal(vouch_ledger_size(ledger), 3);
    assert_int_equal(vouch_ledger_append(ledger, records, 2, &fault), VOUCH_OK);
    for (size_t i = 0; i < 3; i++) {
        vouch_buf_done(&blobs[i]);
    }
    vouch_ledger_close(ledger);
}

static void takes_serial_zero_as_not_numbered(void **state) {
    struct fixture *fixture = *state;
    struct vouch_fault fault = {0};
    struct vouch_ledger *ledger = fixture_open(fixture);
    assert_int_equal(append_cert(fixture, ledger, VOUCH_CERT_USER, 0, &fault), VOUCH_OK);
    assert_int_equal(append_cert(fixture, ledger, VOUCH_CERT_USER, 0, &fault), VOUCH_OK);
    assert_int_equal(vouch_ledger_last_serial(ledger), 0);
    fixture_checkpoint(fixture, ledger);
    vouch_ledger_close(ledger);
    assert_proven(fixture);
}

static void knows_which_serials_were_given(void **state) {
    struct fixture *fixture = *state;
    struct vouch_fault fault = {0};
    struct vouch_bytes user = vouch_key_blob(vouch_private_key_public(fixture->user_ca));
    struct vouch_bytes host = vouch_key_blob(vouch_private_key_public(fixture->host_ca));
    struct vouch_ledger *ledger = fixture_open(fixture);
    int found = -1;
    fixture_issue(fixture, ledger, 2);
    assert_int_equal(append_cert(fixture, ledger, VOUCH_CERT_USER, UINT64_MAX, &fault), VOUCH_OK);
    assert_int_equal(vouch_ledger_has_serial(ledger, user, 2, &found, &fault), VOUCH_OK);
    assert_int_equal(found, 1);
    assert_int_equal(vouch_ledger_has_serial(ledger, host, 2, &found, &fault), VOUCH_OK);
    assert_int_equal(found, 0);
    assert_int_equal(vouch_ledger_has_serial(ledger, user, 3, &found, &fault), VOUCH_OK);
    assert_int_equal(found, 0);
    assert_int_equal(vouch_ledger_has_serial(ledger, user, UINT64_MAX, &found, &fault), VOUCH_OK);
    assert_int_equal(found, 1);
    vouch_ledger_close(ledger);
}

static void refuses_a_clock_that_went_back(void **state) {
    struct fixture *fixture = *state;
    struct vouch_fault fault = {0};
    struct vouch_ledger *ledger = fixture_open(fixture);
    uint64_t last_ms = vouch_ledger_last_time_ms(ledger);
    struct vouch_record record = fixture_event(fixture, "a");
    record.time_ms = last_ms - VOUCH_LEDGER_CLOCK_BACK_MS - 1;
    assert_int_equal(vouch_ledger_append(ledger, &record, 1, &fault), VOUCH_ERR_ARGUMENT);
    assert_ptr_equal(fault.kind, &vouch_fault_clock);
    assert_int_equal(vouch_ledger_size(ledger), 3);
    record.time_ms = last_ms - VOUCH_LEDGER_CLOCK_BACK_MS;
    assert_int_equal(vouch_ledger_append(ledger, &record, 1, &fault), VOUCH_OK);
    assert_int_equal(record.time_ms, last_ms);
    record.time_ms = last_ms + 1;
    assert_int_equal(vouch_ledger_append(ledger, &record, 1, &fault), VOUCH_OK);
    assert_int_equal(vouch_ledger_last_time_ms(ledger), last_ms + 1);
    fixture_checkpoint(fixture, ledger);
    vouch_ledger_close(ledger);
    assert_proven(fixture);
}

static void takes_the_time_of_the_clock_when_none_is_given(void **state) {
    struct fixture *fixture = *state;
    struct vouch_fault fault = {0};
    struct vouch_ledger *ledger = fixture_open(fixture);
    uint64_t before_ms = vouch_time_now_ms();
    struct vouch_record record = fixture_event(fixture, "a");
    record.time_ms = 0;
    assert_int_equal(vouch_ledger_append(ledger, &record, 1, &fault), VOUCH_OK);
    assert_true(record.time_ms >= before_ms && record.time_ms <= vouch_time_now_ms());
    vouch_ledger_close(ledger);
}

static void refuses_what_is_no_certificate(void **state) {
    struct fixture *fixture = *state;
    struct vouch_fault fault = {0};
    struct vouch_ledger *ledger = fixture_open(fixture);
    struct vouch_record records[2] = {fixture_event(fixture, "a"),
                                      fixture_record(fixture, vouch_bytes_of("no certificate"))};
    assert_int_not_equal(vouch_ledger_append(ledger, records, 2, &fault), VOUCH_OK);
    assert_non_null(strstr(fault.text, "record 1 of the batch"));
    assert_int_equal(vouch_ledger_size(ledger), 3);
    fixture_issue(fixture, ledger, 1); // and goes on
    fixture_checkpoint(fixture, ledger);
    vouch_ledger_close(ledger);
    assert_proven(fixture);
}

static void signs_checkpoints_with_its_own_key_only(void **state) {
    struct fixture *fixture = *state;
    struct vouch_fault fault = {0};
    struct vouch_ledger *ledger = fixture_open(fixture);
    fixture_issue(fixture, ledger, 1);
    assert_int_equal(vouch_ledger_checkpoint(ledger, fixture->user_ca, &fault), VOUCH_ERR_MISMATCH);
    fixture_checkpoint(fixture, ledger);
    vouch_ledger_close(ledger);
    assert_proven(fixture);
}

static void opens_only_with_the_expected_checkpoint_key(void **state) {
    struct fixture *fixture = *state;
    struct vouch_fault fault = {0};
    struct vouch_ledger *ledger = NULL;
    struct vouch_ledger_open what = {.dir = fixture->dir,
                                     .checkpoint_key = vouch_private_key_public(fixture->user_ca)};
    assert_int_equal(vouch_ledger_open(&what, &ledger, &fault), VOUCH_ERR_CORRUPT);
    what.checkpoint_key = vouch_private_key_public(fixture->checkpoint_key);
    assert_int_equal(vouch_ledger_open(&what, &ledger, &fault), VOUCH_OK);
    vouch_ledger_close(ledger);
}

static void reads_from_any_record_on(void **state) {
    struct fixture *fixture = *state;
    static const uint64_t starts[] = {0, 1, 255, 256, 257, 511, 512, 600, 602, 603, 700};
    fixture_grow(fixture, 600);
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        struct vouch_ledger_reader *reader = NULL;
        struct vouch_fault fault = {0};
        assert_int_equal(vouch_ledger_reader_open(fixture->dir, starts[i], &reader, &fault),
                         VOUCH_OK);
        assert_int_equal(read_all(reader, starts[i]), starts[i] < 603 ? 603 - starts[i] : 0);
        vouch_ledger_reader_close(reader);
    }
}

static void reads_on_without_a_good_index(void **state) {
    struct fixture *fixture = *state;
    struct vouch_buf index;
    fixture_grow(fixture, 600);
    load_file(fixture, "index", &index);
    for (size_t i = 0; i < index.len; i++) {
        struct vouch_ledger_reader *reader = NULL;
        struct vouch_fault fault = {0};
        index.ptr[i] ^= 0x81;
        store_file(fixture, "index", vouch_buf_bytes(&index));
        index.ptr[i] ^= 0x81;
        assert_int_equal(vouch_ledger_reader_open(fixture->dir, 590, &reader, &fault), VOUCH_OK);
        assert_int_equal(read_all(reader, 590), 13);
        vouch_ledger_reader_close(reader);
    }
    vouch_buf_done(&index);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(makes_a_ledger_that_is_proven),
        WITH(makes_files_that_others_cannot_read),
        WITH(does_not_make_a_ledger_over_another),
        cmocka_unit_test_setup_teardown(leaves_nothing_of_a_ledger_that_it_could_not_make,
                                        fixture_begin_bare, fixture_end),
        WITH(gives_numbers_and_keeps_the_highest_serial),
        WITH(keeps_records_that_no_checkpoint_covers_yet),
        WITH(grows_across_tiles),
        WITH(appends_nothing_when_asked_for_nothing),
        WITH(refuses_a_serial_that_was_given_before),
        WITH(refuses_a_serial_twice_in_one_batch),
        WITH(takes_serial_zero_as_not_numbered),
        WITH(knows_which_serials_were_given),
        WITH(refuses_a_clock_that_went_back),
        WITH(takes_the_time_of_the_clock_when_none_is_given),
        WITH(refuses_what_is_no_certificate),
        WITH(signs_checkpoints_with_its_own_key_only),
        WITH(opens_only_with_the_expected_checkpoint_key),
        WITH(reads_from_any_record_on),
        WITH(reads_on_without_a_good_index),
    };
    return cmocka_run_group_tests_name("ledger/ledger", tests, NULL, NULL);
}
