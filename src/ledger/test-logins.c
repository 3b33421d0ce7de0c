// SPDX-License-Identifier: ISC
// Logins in an sshd log against the ledger. The lines have the form that sshd of OpenSSH 9.2 wrote for
// such logins, to a file (-E) and through syslog.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ledger/test-fixture.h"

struct words {
    char user_ca[VOUCH_FINGERPRINT_MAX];
    char user_ca_md5[VOUCH_FINGERPRINT_MAX];
    char host_ca[VOUCH_FINGERPRINT_MAX];
    char subject[VOUCH_FINGERPRINT_MAX];
};

static void find_words(const struct fixture *fixture, struct words *words) {
    const struct vouch_key *user_ca = vouch_private_key_public(fixture->user_ca);
    vouch_key_fingerprint(user_ca, VOUCH_HASH_SHA256, words->user_ca);
    vouch_key_fingerprint(user_ca, VOUCH_HASH_MD5, words->user_ca_md5);
    vouch_key_fingerprint(vouch_private_key_public(fixture->host_ca), VOUCH_HASH_SHA256,
                          words->host_ca);
    vouch_key_fingerprint(vouch_private_key_public(fixture->subject), VOUCH_HASH_SHA256,
                          words->subject);
}

// Verifies with a log; the caller ends the report.
static void verify(const struct fixture *fixture, const char *log,
                   struct vouch_ledger_report *ret_report) {
    fixture_verify_with(fixture, (struct vouch_ledger_verify){.sshd_log = vouch_bytes_of(log)},
                        ret_report);
}

static void assert_explained(const struct fixture *fixture, const char *log) {
    struct vouch_ledger_report report = {0};
    verify(fixture, log, &report);
    for (size_t i = 0; i < report.findings.count; i++) {
        print_message("# %s: %s\n", report.findings.rows[i].where, report.findings.rows[i].what);
    }
    assert_int_equal(report.verdict, VOUCH_LEDGER_PROVEN);
    assert_int_equal(report.logins, 1);
    vouch_ledger_report_done(&report);
}

static void assert_named(const struct fixture *fixture, const char *log, const char *why) {
    struct vouch_ledger_report report = {0};
    verify(fixture, log, &report);
    assert_int_equal(report.verdict, VOUCH_LEDGER_NOT_PROVEN);
    assert_int_equal(report.findings.count, 1);
    assert_int_equal(report.findings.rows[0].kind, VOUCH_FINDING_LOGIN);
    if (strstr(report.findings.rows[0].what, why) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", report.findings.rows[0].what, why);
    }
    vouch_ledger_report_done(&report);
}

// "… ssh2: ED25519-CERT SUBJECT ID KEYID (serial N) CA ED25519 CA"
static void login_line(char *line, size_t size, const char *subject, const char *key_id,
                       uint64_t serial, const char *ca) {
    (void)snprintf(line, size,
                   "Accepted publickey for root from 127.0.0.1 port 54546 ssh2: ED25519-CERT %s ID "
                   "%s (serial %" PRIu64 ") CA ED25519 %s\n",
                   subject, key_id, serial, ca);
}

static void explains_logins_with_recorded_certificates(void **state) {
    struct fixture *fixture = *state;
    struct words words;
    char line[1024];
    char prefixed[1200];
    find_words(fixture, &words);
    fixture_grow(fixture, 5);
    login_line(line, sizeof line, words.subject, "user-3", 3, words.user_ca);
    assert_explained(fixture, line);
    (void)snprintf(prefixed, sizeof prefixed, "Oct 10 12:00:00 host sshd[77]: %s", line);
    assert_explained(fixture, prefixed);
    line[strlen(line) - 1] = '\r'; // no line end but the one of the other system
    assert_explained(fixture, line);
    login_line(line, sizeof line, words.subject, "user-3", 3, words.user_ca_md5);
    assert_explained(fixture, line);
    (void)snprintf(line, sizeof line,
                   "Accepted certificate ID \"user-3\" (serial 3) signed by ED25519 CA %s via "
                   "/etc/ssh/ca.pub\n",
                   words.user_ca);
    assert_explained(fixture, line);
    (void)snprintf(line, sizeof line,
                   "Accepted certificate ID \"user-3\" (serial 3) signed by CA ED25519 %s found at "
                   "/etc/ssh/keys/alice:1\n",
                   words.user_ca);
    assert_explained(fixture, line);
}

static void names_logins_that_the_ledger_does_not_explain(void **state) {
    struct fixture *fixture = *state;
    struct words words;
    char line[1024];
    find_words(fixture, &words);
    fixture_grow(fixture, 5);
    login_line(line, sizeof line, words.subject, "user-6", 6, words.user_ca);
    assert_named(fixture, line, "no certificate with this serial");
    login_line(line, sizeof line, words.subject, "user-3", 3, words.host_ca);
    assert_named(fixture, line, "no certificate with this serial");
    login_line(line, sizeof line, words.subject, "user-3", 3, words.subject);
    assert_named(fixture, line, "this CA is not of this ledger");
    login_line(line, sizeof line, words.subject, "user-4", 3, words.user_ca);
    assert_named(fixture, line, "for another key ID");
    login_line(line, sizeof line, words.user_ca, "user-3", 3, words.user_ca);
    assert_named(fixture, line, "for another key");
    (void)snprintf(line, sizeof line,
                   "Accepted certificate ID \"user-9\" (serial 9) signed by ED25519 CA %s via x\n",
                   words.user_ca);
    assert_named(fixture, line, "no certificate with this serial");
}

static void never_passes_over_a_line_about_a_certificate(void **state) {
    struct fixture *fixture = *state;
    struct words words;
    char line[1024];
    find_words(fixture, &words);
    fixture_grow(fixture, 5);
    login_line(line, sizeof line, words.subject, "user-3", 3, words.user_ca);
    size_t len = strlen(line) - 1;
    size_t from = strlen("Accepted publickey for r");
    for (size_t cut = from; cut < len; cut++) {
        struct vouch_ledger_report report = {0};
        fixture_verify_with(fixture,
                            (struct vouch_ledger_verify){.sshd_log = {(const uint8_t *)line, cut}},
                            &report);
        assert_int_equal(report.verdict, VOUCH_LEDGER_NOT_PROVEN);
        assert_true(has_finding(&report, VOUCH_FINDING_LOGIN));
        vouch_ledger_report_done(&report);
    }
}

static void reads_key_ids_that_look_like_the_end_of_a_line(void **state) {
    struct fixture *fixture = *state;
    static const char key_id[] = "we\"ird (serial 7) CA x \xc3\xbc\\";
    static const char logged[] = "we\"ird (serial 7) CA x \\303\\274\\\\";
    struct vouch_fault fault = {0};
    struct vouch_buf blob;
    struct words words;
    char line[1024];
    find_words(fixture, &words);
    struct vouch_ledger *ledger = fixture_open(fixture);
    fixture_cert(fixture, VOUCH_CERT_USER, 42, key_id, &blob);
    struct vouch_record record = fixture_record(fixture, vouch_buf_bytes(&blob));
    assert_int_equal(vouch_ledger_append(ledger, &record, 1, &fault), VOUCH_OK);
    fixture_checkpoint(fixture, ledger);
    vouch_ledger_close(ledger);
    vouch_buf_done(&blob);
    login_line(line, sizeof line, words.subject, logged, 42, words.user_ca);
    assert_explained(fixture, line);
    (void)snprintf(line, sizeof line,
                   "Accepted certificate ID \"%s\" (serial 42) signed by ED25519 CA %s via x\n",
                   logged, words.user_ca);
    assert_explained(fixture, line);
    login_line(line, sizeof line, words.subject, logged, 7, words.user_ca);
    assert_named(fixture, line, "no certificate with this serial");
}

static void counts_plain_keys_and_skips_other_lines(void **state) {
    struct fixture *fixture = *state;
    struct vouch_ledger_report report = {0};
    verify(fixture,
           "Server listening on 127.0.0.1 port 22.\n\n"
           "Accepted key ED25519 SHA256:x found at /etc/ssh/keys/alice:2\n"
           "Accepted publickey for root from 127.0.0.1 port 5 ssh2: ED25519 SHA256:x\n"
           "Accepted password for root from 127.0.0.1 port 5 ssh2\n"
           "Accepted publickey for bob from ::1 port 5 ssh2: RSA SHA256:y",
           &report);
    assert_int_equal(report.verdict, VOUCH_LEDGER_PROVEN);
    assert_int_equal(report.logins, 0);
    assert_int_equal(report.plain_logins, 2);
    vouch_ledger_report_done(&report);
}

static void finds_each_of_many_among_the_recorded(void **state) {
    struct fixture *fixture = *state;
    struct vouch_ledger_report report = {0};
    struct vouch_buf log;
    struct words words;
    find_words(fixture, &words);
    fixture_grow(fixture, 300);
    vouch_buf_init(&log, 1 << 20);
    for (uint64_t serial = 400; serial > 0; serial--) {
        char line[1024];
        char key_id[32];
        (void)snprintf(key_id, sizeof key_id, "user-%" PRIu64, serial);
        login_line(line, sizeof line, words.subject, key_id, serial, words.user_ca);
        vouch_buf_put_text(&log, line);
    }
    assert_int_equal(log.err, VOUCH_OK);
    fixture_verify_with(fixture, (struct vouch_ledger_verify){.sshd_log = vouch_buf_bytes(&log)},
                        &report);
    assert_int_equal(report.findings.total, 100);
    assert_int_equal(report.logins, 400);
    vouch_ledger_report_done(&report);
    vouch_buf_done(&log);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(explains_logins_with_recorded_certificates),
        WITH(names_logins_that_the_ledger_does_not_explain),
        WITH(never_passes_over_a_line_about_a_certificate),
        WITH(reads_key_ids_that_look_like_the_end_of_a_line),
        WITH(counts_plain_keys_and_skips_other_lines),
        WITH(finds_each_of_many_among_the_recorded),
    };
    return cmocka_run_group_tests_name("ledger/logins", tests, NULL, NULL);
}
