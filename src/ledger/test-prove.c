// SPDX-License-Identifier: ISC
// Verification finds records that are swapped, replayed or forked, certificates that should not be there,
// and tells whether those that are looked for are there.
#include <stdio.h>
#include <string.h>

#include "ledger/test-fixture.h"

#define RECORDS_MAX 2000

// Puts the records of `order` one behind the other.
static void rearrange(const struct fixture *fixture, const size_t *order, size_t count) {
    size_t offsets[RECORDS_MAX];
    struct vouch_buf records;
    struct vouch_buf changed;
    size_t had = load_records(fixture, &records, offsets, RECORDS_MAX - 1);
    offsets[had] = records.len;
    vouch_buf_init(&changed, 1 << 20);
    for (size_t i = 0; i < count; i++) {
        size_t at = order[i];
        vouch_buf_put(&changed, (struct vouch_bytes){records.ptr + offsets[at],
                                                     offsets[at + 1] - offsets[at]});
    }
    store_file(fixture, "records", vouch_buf_bytes(&changed));
    vouch_buf_done(&records);
    vouch_buf_done(&changed);
}

static void finds_swapped_repeated_and_missing_records(void **state) {
    struct fixture *fixture = *state;
    static const struct {
        size_t order[8];
        size_t count;
    } rows[] = {
        {{0, 1, 2, 4, 3, 5}, 6}, {{0, 1, 2, 3, 3, 4, 5}, 7}, {{0, 1, 2, 3, 5}, 5},
        {{0, 1, 2, 3, 4, 4}, 6}, {{1, 0, 2, 3, 4, 5}, 6},    {{0, 1, 2, 3, 4}, 5},
        {{1, 2, 3, 4, 5}, 5},    {{0, 1, 2, 3, 4, 5, 5}, 7}, {{0, 1, 3, 2, 4, 5}, 6},
    };
    struct vouch_buf records;
    fixture_grow(fixture, 3);
    load_file(fixture, "records", &records);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rearrange(fixture, rows[i].order, rows[i].count);
        assert_false(proven(fixture));
        store_file(fixture, "records", vouch_buf_bytes(&records));
    }
    vouch_buf_done(&records);
    assert_proven(fixture);
}

static void finds_files_of_another_ledger(void **state) {
    struct fixture *fixture = *state;
    static const char *const names[] = {"records", "checkpoint", "tile/0/000.p/6"};
    struct vouch_buf others[3];
    char copy[128];
    (void)snprintf(copy, sizeof copy, "%s/copy", fixture->root);
    copy_folder(fixture->dir, copy);
    fixture_grow(fixture, 3);
    for (size_t i = 0; i < 3; i++) {
        load_file(fixture, names[i], &others[i]);
    }
    // The same past, another future.
    copy_folder(copy, fixture->dir);
    struct vouch_ledger *ledger = fixture_open(fixture);
    struct vouch_fault fault = {0};
    for (size_t i = 0; i < 3; i++) {
        struct vouch_record record = fixture_event(fixture, "other.future");
        assert_int_equal(vouch_ledger_append(ledger, &record, 1, &fault), VOUCH_OK);
    }
    fixture_checkpoint(fixture, ledger);
    vouch_ledger_close(ledger);
    assert_proven(fixture);
    for (size_t i = 0; i < 3; i++) {
        struct vouch_buf own;
        load_file(fixture, names[i], &own);
        store_file(fixture, names[i], vouch_buf_bytes(&others[i]));
        assert_false(proven(fixture));
        store_file(fixture, names[i], vouch_buf_bytes(&own));
        vouch_buf_done(&own);
        vouch_buf_done(&others[i]);
    }
    assert_proven(fixture);
}

// Verifies against an older checkpoint; returns whether there is a finding about consistency.
static int inconsistent(const struct fixture *fixture, const struct vouch_buf *old) {
    struct vouch_ledger_report report = {0};
    fixture_verify_with(
        fixture, (struct vouch_ledger_verify){.old_checkpoint = vouch_buf_bytes(old)}, &report);
    int found = has_finding(&report, VOUCH_FINDING_CONSISTENCY);
    assert_int_equal(report.verdict, found ? VOUCH_LEDGER_NOT_PROVEN : VOUCH_LEDGER_PROVEN);
    vouch_ledger_report_done(&report);
    return found;
}

static void proves_consistency_with_each_older_checkpoint(void **state) {
    struct fixture *fixture = *state;
    struct vouch_buf notes[4];
    static const size_t steps[] = {2, 300, 256};
    for (size_t i = 0; i < 4; i++) {
        load_file(fixture, "checkpoint", &notes[i]);
        if (i < 3) {
            fixture_grow(fixture, steps[i]);
        }
    }
    for (size_t i = 0; i < 4; i++) {
        assert_false(inconsistent(fixture, &notes[i]));
        notes[i].ptr[notes[i].len - 10] ^= 1;
        assert_true(inconsistent(fixture, &notes[i]));
        vouch_buf_done(&notes[i]);
    }
}

static void finds_a_tail_that_was_cut_off_by_an_older_copy(void **state) {
    struct fixture *fixture = *state;
    struct vouch_buf newer;
    char copy[128];
    (void)snprintf(copy, sizeof copy, "%s/copy", fixture->root);
    copy_folder(fixture->dir, copy);
    fixture_grow(fixture, 2);
    load_file(fixture, "checkpoint", &newer);
    copy_folder(copy, fixture->dir);
    assert_proven(fixture); // by itself it cannot know
    assert_true(inconsistent(fixture, &newer));
    vouch_buf_done(&newer);
}

static void finds_a_split_view(void **state) {
    struct fixture *fixture = *state;
    struct vouch_buf other;
    char copy[128];
    (void)snprintf(copy, sizeof copy, "%s/copy", fixture->root);
    copy_folder(fixture->dir, copy);
    fixture_grow(fixture, 2);
    load_file(fixture, "checkpoint", &other);
    copy_folder(copy, fixture->dir);
    struct vouch_ledger *ledger = fixture_open(fixture);
    struct vouch_fault fault = {0};
    for (size_t i = 0; i < 4; i++) {
        struct vouch_record record = fixture_event(fixture, "other.future");
        assert_int_equal(vouch_ledger_append(ledger, &record, 1, &fault), VOUCH_OK);
    }
    fixture_checkpoint(fixture, ledger);
    vouch_ledger_close(ledger);
    assert_true(inconsistent(fixture, &other));
    vouch_buf_done(&other);
}

static void finds_a_ledger_of_another_key(void **state) {
    struct fixture *fixture = *state;
    struct vouch_ledger_report report = {0};
    struct vouch_buf vkey;
    load_file(fixture, "checkpoint.vkey", &vkey);
    vkey.ptr[vkey.len - 1] = '\0';
    struct vouch_ledger_verify what = {.vkey = (const char *)vkey.ptr};
    fixture_verify_with(fixture, what, &report);
    assert_int_equal(report.verdict, VOUCH_LEDGER_PROVEN);
    vouch_ledger_report_done(&report);
    what.vkey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    fixture_verify_with(fixture, what, &report);
    assert_int_equal(report.verdict, VOUCH_LEDGER_NOT_PROVEN);
    assert_true(has_finding(&report, VOUCH_FINDING_KEY));
    vouch_ledger_report_done(&report);
    vouch_buf_done(&vkey);
}

static void fails_when_it_is_given_a_vkey_that_is_none(void **state) {
    struct fixture *fixture = *state;
    struct vouch_ledger_report report = {0};
    struct vouch_fault fault = {0};
    struct vouch_ledger_verify what = {.dir = fixture->dir, .vkey = "sum.golang.org"};
    assert_int_equal(vouch_ledger_verify(&what, &report, &fault), VOUCH_ERR_FORMAT);
    assert_int_equal(report.verdict, VOUCH_LEDGER_NOT_PROVEN);
}

// Appends a certificate as a signer that was taken over could: the ledger takes what it is given.
static void append_blob(struct fixture *fixture, const struct vouch_buf *blob) {
    struct vouch_ledger *ledger = fixture_open(fixture);
    struct vouch_fault fault = {0};
    struct vouch_record record = fixture_record(fixture, vouch_buf_bytes(blob));
    assert_int_equal(vouch_ledger_append(ledger, &record, 1, &fault), VOUCH_OK);
    fixture_checkpoint(fixture, ledger);
    vouch_ledger_close(ledger);
}

static void finds_a_certificate_of_an_unknown_ca(void **state) {
    struct fixture *fixture = *state;
    struct vouch_buf blob;
    fixture_cert_by(fixture, fixture->checkpoint_key, VOUCH_CERT_USER, 1, "x", &blob);
    append_blob(fixture, &blob);
    vouch_buf_done(&blob);
    assert_found(fixture, VOUCH_FINDING_CERT);
}

static void finds_a_user_certificate_of_the_host_ca(void **state) {
    struct fixture *fixture = *state;
    struct vouch_buf blob;
    fixture_cert_by(fixture, fixture->host_ca, VOUCH_CERT_USER, 1, "x", &blob);
    append_blob(fixture, &blob);
    vouch_buf_done(&blob);
    assert_found(fixture, VOUCH_FINDING_CERT);
}

static void finds_a_certificate_whose_signature_is_wrong(void **state) {
    struct fixture *fixture = *state;
    struct vouch_buf blob;
    fixture_cert(fixture, VOUCH_CERT_USER, 1, "x", &blob);
    blob.ptr[blob.len - 20] ^= 1;
    append_blob(fixture, &blob);
    vouch_buf_done(&blob);
    assert_found(fixture, VOUCH_FINDING_CERT);
}

static int verify_wanted(const struct fixture *fixture, struct vouch_bytes blob) {
    struct vouch_ledger_report report = {0};
    struct vouch_ledger_wanted wanted = {"file-cert.pub", blob};
    fixture_verify_with(fixture, (struct vouch_ledger_verify){.wanted = &wanted, .wanted_count = 1},
                        &report);
    int found = has_finding(&report, VOUCH_FINDING_INCLUSION);
    assert_int_equal(report.verdict, found ? VOUCH_LEDGER_NOT_PROVEN : VOUCH_LEDGER_PROVEN);
    vouch_ledger_report_done(&report);
    return found;
}

static void proves_that_this_certificate_is_in_it_and_not_one_like_it(void **state) {
    struct fixture *fixture = *state;
    struct vouch_buf blob;
    fixture_grow(fixture, 4);
    fixture_cert(fixture, VOUCH_CERT_USER, 3, "user-3", &blob);
    assert_false(verify_wanted(fixture, vouch_buf_bytes(&blob)));
    for (size_t at = 0; at < blob.len; at++) {
        blob.ptr[at] ^= 0x08;
        assert_true(verify_wanted(fixture, vouch_buf_bytes(&blob)));
        blob.ptr[at] ^= 0x08;
    }
    assert_true(verify_wanted(fixture, (struct vouch_bytes){blob.ptr, blob.len - 1}));
    vouch_buf_done(&blob);
    fixture_cert(fixture, VOUCH_CERT_USER, 3, "user-4", &blob); // same serial, another certificate
    assert_true(verify_wanted(fixture, vouch_buf_bytes(&blob)));
    vouch_buf_done(&blob);
    fixture_cert(fixture, VOUCH_CERT_USER, 99, "user-99", &blob);
    assert_true(verify_wanted(fixture, vouch_buf_bytes(&blob)));
    vouch_buf_done(&blob);
}

static void names_the_record_that_has_the_serial(void **state) {
    struct fixture *fixture = *state;
    struct vouch_ledger_report report = {0};
    struct vouch_buf blob;
    fixture_grow(fixture, 4);
    fixture_cert(fixture, VOUCH_CERT_USER, 3, "other", &blob);
    struct vouch_ledger_wanted wanted = {"file-cert.pub", vouch_buf_bytes(&blob)};
    fixture_verify_with(fixture, (struct vouch_ledger_verify){.wanted = &wanted, .wanted_count = 1},
                        &report);
    assert_int_equal(report.findings.count, 1);
    assert_string_equal(report.findings.rows[0].where, "file-cert.pub");
    assert_non_null(strstr(report.findings.rows[0].what, "record 5 has its serial 3"));
    vouch_ledger_report_done(&report);
    vouch_buf_done(&blob);
}

static void counts_what_it_read(void **state) {
    struct fixture *fixture = *state;
    struct vouch_ledger_report report = {0};
    fixture_grow(fixture, 260);
    fixture_verify_with(fixture, (struct vouch_ledger_verify){.threads = 4}, &report);
    assert_int_equal(report.verdict, VOUCH_LEDGER_PROVEN);
    assert_int_equal(report.records, 263);
    assert_int_equal(report.certs, 260);
    assert_int_equal(report.events, 3);
    assert_int_equal(report.size, 263);
    vouch_ledger_report_done(&report);
}

static void says_not_proven_when_nothing_was_verified(void **state) {
    (void)state;
    struct vouch_ledger_report report = {0};
    assert_int_equal(report.verdict, VOUCH_LEDGER_NOT_PROVEN);
    struct vouch_ledger_verify what = {.dir = "/nonexistent/ledger"};
    struct vouch_fault fault = {0};
    assert_int_not_equal(vouch_ledger_verify(&what, &report, &fault), VOUCH_OK);
    assert_int_equal(report.verdict, VOUCH_LEDGER_NOT_PROVEN);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(finds_swapped_repeated_and_missing_records),
        WITH(finds_files_of_another_ledger),
        WITH(proves_consistency_with_each_older_checkpoint),
        WITH(finds_a_tail_that_was_cut_off_by_an_older_copy),
        WITH(finds_a_split_view),
        WITH(finds_a_ledger_of_another_key),
        WITH(fails_when_it_is_given_a_vkey_that_is_none),
        WITH(finds_a_certificate_of_an_unknown_ca),
        WITH(finds_a_user_certificate_of_the_host_ca),
        WITH(finds_a_certificate_whose_signature_is_wrong),
        WITH(proves_that_this_certificate_is_in_it_and_not_one_like_it),
        WITH(names_the_record_that_has_the_serial),
        WITH(counts_what_it_read),
        WITH(says_not_proven_when_nothing_was_verified),
    };
    return cmocka_run_group_tests_name("ledger/prove", tests, NULL, NULL);
}
