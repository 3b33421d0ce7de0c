// SPDX-License-Identifier: ISC
// Tests of reading sshd's log: lines that real ones wrote (9.2 here; 10.1 by its sources), and lines that
// a client made up.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "host/login-join.h"

#define KEY "ED25519 SHA256:kfrRtcv1nqGi/ZPJ9bJ0F2CbuRdaFYX1P5LXcrIJ01c"
#define CERT "ED25519-CERT SHA256:kfrRtcv1nqGi/ZPJ9bJ0F2CbuRdaFYX1P5LXcrIJ01c"
#define FP "SHA256:kfrRtcv1nqGi/ZPJ9bJ0F2CbuRdaFYX1P5LXcrIJ01c"
#define CA_FP "SHA256:AAAAtcv1nqGi/ZPJ9bJ0F2CbuRdaFYX1P5LXcrIJ01c"
#define CA "CA ED25519 " CA_FP
#define PEER "from 10.0.0.9 port 52614"

static struct vouch_log_said said_of(const char *text) {
    struct vouch_log_said said;
    vouch_log_read(vouch_bytes_of(text), &said);
    return said;
}

static void expect_text(struct vouch_bytes found, const char *text) {
    if (!vouch_bytes_equal(found, vouch_bytes_of(text))) {
        fail_msg("\"%.*s\" and not \"%s\"", (int)found.len, (const char *)found.ptr, text);
    }
}

static void reads_a_login_by_certificate(void **state) {
    (void)state;
    struct vouch_log_said said = said_of("Accepted publickey for root " PEER " ssh2: " CERT
                                         " ID alice@example.com (serial 4711) " CA);
    assert_int_equal(said.kind, VOUCH_LOG_ACCEPTED);
    expect_text(said.login, "root");
    expect_text(said.source, "10.0.0.9");
    expect_text(said.method, "publickey");
    expect_text(said.fingerprint, FP);
    expect_text(said.key_id, "alice@example.com");
    expect_text(said.ca, CA_FP);
    assert_int_equal(said.serial, 4711);
    assert_true(said.is_cert);
}

static void reads_logins_of_other_kinds(void **state) {
    (void)state;
    struct vouch_log_said said =
        said_of("Accepted publickey for deploy from 2001:db8::7 port 9 ssh2: " KEY);
    assert_int_equal(said.kind, VOUCH_LOG_ACCEPTED);
    expect_text(said.source, "2001:db8::7");
    expect_text(said.fingerprint, FP);
    assert_false(said.is_cert);
    said = said_of("Failed keyboard-interactive/pam for root " PEER " ssh2");
    assert_int_equal(said.kind, VOUCH_LOG_FAILED);
    expect_text(said.method, "keyboard-interactive/pam");
    assert_int_equal(said.fingerprint.len, 0);
    said = said_of("Failed password for invalid user guest " PEER " ssh2");
    assert_int_equal(said.kind, VOUCH_LOG_FAILED);
    assert_true(said.login_unknown);
    expect_text(said.login, "guest");
    said = said_of("Invalid user guest " PEER);
    assert_int_equal(said.kind, VOUCH_LOG_UNKNOWN_LOGIN);
    expect_text(said.login, "guest");
    said = said_of("Connection closed by authenticating user root 10.0.0.9 port 7 [preauth]");
    assert_int_equal(said.kind, VOUCH_LOG_END);
    expect_text(said.login, "root");
    expect_text(said.source, "10.0.0.9");
    said = said_of("Disconnecting authenticating user root 10.0.0.9 port 7: Too many "
                   "authentication failures [preauth]");
    assert_int_equal(said.kind, VOUCH_LOG_END);
    expect_text(said.login, "root");
}

static void knows_each_reason_in_each_wording(void **state) {
    (void)state;
    static const struct {
        const char *text, *word;
    } rows[] = {
        {"Certificate invalid: expired", "expired"},
        {"error: Certificate invalid: not yet valid", "not-yet-valid"},
        {"Certificate invalid: not a user certificate", "wrong-type"},
        {"Certificate invalid: name is not a listed principal", "principal-not-listed"},
        {"Certificate does not contain an authorized principal", "principal-not-listed"},
        {"Certificate lacks principal list", "no-principals"},
        {"error: Refusing certificate ID \"alice\" serial=7 signed by ED25519 " CA
         ": Certificate invalid: expired",
         "expired"},
        {"Refusing certificate ID \"a: Certificate invalid: expired\" serial=7 signed by "
         "ED25519 " CA
         " via /etc/ssh/keys/alice:1: Certificate does not contain an authorized principal",
         "principal-not-listed"},
        {"Refusing certificate ID \"alice\" serial=7 signed by ED25519 " CA ": something new",
         "unknown"},
        {"Invalid certificate options", "broken-option"},
        {"Refused by certificate options", "options-refused"},
        {"Refused by certificate principals options", "options-refused"},
        {"forced command options do not match", "forced-commands-differ"},
        {"cert: Authentication tried for root with valid certificate but not from a permitted "
         "source address (127.0.0.1).",
         "source-address"},
        {"principals: Authentication tried for root with correct key but not from a permitted host "
         "(host=x, ip=127.0.0.1, required=10.0.0.0/8).",
         "source-address"},
        {"error: Certificate critical option \"foo\" is not supported",
         "unsupported-critical-option"},
        {"Certificate option \"force-command\" corrupt (extra data)", "broken-option"},
        {"Certificate has multiple source-address options", "broken-option"},
        {"Certificate source-address contents invalid", "broken-option"},
        {"error: Authentication key " CERT " revoked by file /etc/ssh/vouch/revoked.krl",
         "revoked"},
        {"error: Error checking authentication key " CERT
         " in revoked keys file /etc/ssh/vouch/revoked.krl: No such file or directory",
         "krl-unreadable"},
        {"userauth_pubkey: certificate signature algorithm ssh-rsa: signature algorithm not "
         "supported [preauth]",
         "disallowed-algorithm"},
        {"userauth_pubkey: parse key: incorrect signature [preauth]", "certificate-unreadable"},
        {"refusing RSA-CERT key: Invalid key length [preauth]", "weak-key"},
        {"User root from 10.0.0.9 not allowed because not listed in AllowUsers",
         "login-not-allowed"},
        {"User root not allowed because account is locked", "login-not-allowed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vouch_log_said said = said_of(rows[i].text);
        if (said.kind != VOUCH_LOG_REASON || strcmp(said.reason, rows[i].word) != 0) {
            fail_msg("%s: %d %s", rows[i].text, said.kind,
                     said.reason != NULL ? said.reason : "no reason");
        }
    }
}

// What the client sends as login or key ID never becomes another value.
static void takes_no_value_from_where_a_client_writes(void **state) {
    (void)state;
    struct vouch_log_said said =
        said_of("Failed publickey for root " PEER " ssh2: " CERT
                " ID x (serial 1) CA RSA SHA256:BBBB from 6.6.6.6 port 1 ssh2: ED25519 SHA256:CCCC"
                " ID root (serial 2) " CA);
    expect_text(said.login, "root");
    expect_text(said.source, "10.0.0.9");
    expect_text(said.fingerprint, FP);
    expect_text(said.ca, CA_FP);
    assert_int_equal(said.serial, 2);
    said = said_of("Failed password for invalid user root from 6.6.6.6 port 1 ssh2: " KEY
                   " from 10.0.0.9 port 52614 ssh2");
    assert_true(said.login_unknown);
    expect_text(said.source, "10.0.0.9");
    expect_text(said.login, "root from 6.6.6.6 port 1 ssh2: " KEY);
    said = said_of("Invalid user root from 6.6.6.6 port 1 " PEER);
    expect_text(said.source, "10.0.0.9");
    said = said_of("Invalid user \\nAccepted publickey for root from 6.6.6.6 port 1 ssh2 " PEER);
    assert_int_equal(said.kind, VOUCH_LOG_UNKNOWN_LOGIN);
    expect_text(said.source, "10.0.0.9");
    said = said_of("Connection closed by invalid user x 6.6.6.6 port 1 10.0.0.9 port 7 [preauth]");
    expect_text(said.source, "10.0.0.9");
}

static void takes_nothing_from_a_line_that_is_not_whole(void **state) {
    (void)state;
    static const char whole[] =
        "Failed publickey for root " PEER " ssh2: " CERT " ID x (serial 1) " CA;
    for (size_t len = 0; len + 1 < sizeof whole; len++) {
        struct vouch_log_said said;
        vouch_log_read((struct vouch_bytes){(const uint8_t *)whole, len}, &said);
        assert_int_equal(said.serial, 0);
        assert_int_equal(said.key_id.len, 0);
        if (said.kind != VOUCH_LOG_OTHER) {
            assert_int_equal(said.kind, VOUCH_LOG_FAILED);
            expect_text(said.login, "root");
            expect_text(said.source, "10.0.0.9");
        }
    }
}

// sshd cuts at 1,023 bytes: what a key ID pretends to be behind it may stand at the very end.
static void believes_no_end_of_a_line_that_may_be_cut(void **state) {
    (void)state;
    char text[1200];
    int head = snprintf(text, sizeof text, "Failed publickey for root " PEER " ssh2: " CERT " ID ");
    static const char tail[] = "x (serial 1) " CA;
    size_t at = 1023 - (sizeof tail - 1);
    memset(text + head, 'k', at - (size_t)head);
    memcpy(text + at, tail, sizeof tail);
    assert_int_equal(strlen(text), 1023);
    struct vouch_log_said said = said_of(text);
    assert_int_equal(said.kind, VOUCH_LOG_FAILED);
    expect_text(said.login, "root");
    expect_text(said.fingerprint, FP);
    assert_true(said.is_cert);
    assert_int_equal(said.serial, 0);
    assert_int_equal(said.key_id.len, 0);
    assert_int_equal(said.ca.len, 0);
    static const char forged[] = ": Certificate invalid: expired";
    memcpy(text, "Refusing certificate ID \"", 25);
    memset(text + 25, 'k', 1023 - 25);
    memcpy(text + 1023 - (sizeof forged - 1), forged, sizeof forged);
    said = said_of(text);
    assert_int_equal(said.kind, VOUCH_LOG_REASON);
    assert_string_equal(said.reason, "unknown");
}

static void passes_over_what_tells_of_no_login(void **state) {
    (void)state;
    static const char *const rows[] = {
        "",
        "Server listening on 127.0.0.1 port 22.",
        "Postponed publickey for root " PEER " ssh2",
        "Partial publickey for root " PEER " ssh2: " KEY,
        "Accepted publickey for root",
        "Accepted publickey for root from nowhere port 1 ssh2: " KEY,
        "Accepted publickey for root from 10.0.0.9 port 999999 ssh2: " KEY,
        "Accepted x y for root " PEER " ssh2: " KEY,
        "pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)",
        "a Certificate invalid: expired",
        "x: y: Authentication tried for root with valid certificate but not from a permitted "
        "source address (127.0.0.1).",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(said_of(rows[i]).kind, VOUCH_LOG_OTHER);
    }
}

// ----- joining

struct told {
    struct vouch_login_join *join;
    struct vouch_login_seen seen;
};

static int tell(struct told *told, uint64_t pid, const char *text) {
    const struct vouch_log_line line = {1700000000123, pid, vouch_bytes_of(text)};
    return vouch_login_join_line(told->join, &line, &told->seen);
}

static void begin(struct told *told) {
    *told = (struct told){.join = vouch_login_join_new()};
    assert_non_null(told->join);
}

#define BEGIN "Connection from 10.0.0.9 port 52614 on 10.0.0.1 port 22 rdomain \"\""
#define FAILED_CERT "Failed publickey for root " PEER " ssh2: " CERT " ID alice (serial 7) " CA
#define FAILED_KEY "Failed publickey for root " PEER " ssh2: " KEY

static void joins_a_reason_to_its_own_connection(void **state) {
    (void)state;
    struct told told;
    begin(&told);
    assert_false(tell(&told, 5, BEGIN));
    assert_false(tell(&told, 6, BEGIN));
    assert_false(tell(&told, 5, "Certificate invalid: expired"));
    assert_false(tell(&told, 6, "Certificate invalid: not yet valid"));
    assert_true(tell(&told, 5, FAILED_CERT));
    assert_string_equal(told.seen.reason, "expired");
    assert_string_equal(told.seen.line, "Certificate invalid: expired");
    assert_string_equal(told.seen.key_id, "alice");
    assert_int_equal(told.seen.serial, 7);
    assert_int_equal(told.seen.outcome, VOUCH_SEEN_REFUSED);
    assert_int_equal(told.seen.time_ms, 1700000000123);
    assert_true(tell(&told, 6, FAILED_CERT));
    assert_string_equal(told.seen.reason, "not-yet-valid");
    vouch_login_join_free(told.join);
}

static void the_first_reason_of_an_attempt_counts_and_only_for_it(void **state) {
    (void)state;
    struct told told;
    begin(&told);
    assert_false(tell(&told, 5, BEGIN));
    assert_false(tell(&told, 5,
                      "cert: Authentication tried for root with valid certificate but not "
                      "from a permitted source address (127.0.0.1)."));
    assert_false(tell(&told, 5, "Refused by certificate options"));
    assert_true(tell(&told, 5, FAILED_CERT));
    assert_string_equal(told.seen.reason, "source-address");
    assert_true(tell(&told, 5, FAILED_CERT));
    assert_string_equal(told.seen.reason, "unknown-ca");
    assert_string_equal(told.seen.line, FAILED_CERT);
    vouch_login_join_free(told.join);
}

static void blames_no_ca_where_the_begin_was_not_seen(void **state) {
    (void)state;
    struct told told;
    begin(&told);
    assert_true(tell(&told, 5, FAILED_CERT));
    assert_string_equal(told.seen.reason, "unknown");
    assert_false(tell(&told, 6, BEGIN));
    assert_false(tell(&told, 6,
                      "Accepted certificate ID \"alice\" (serial 7) signed by ED25519 " CA
                      " via /etc/ssh/vouch/user_ca.pub"));
    assert_true(tell(&told, 6, FAILED_CERT));
    assert_string_equal(told.seen.reason, "unknown");
    vouch_login_join_free(told.join);
}

static void tells_of_plain_keys_once_and_only_if_none_opens(void **state) {
    (void)state;
    struct told told;
    begin(&told);
    assert_false(tell(&told, 5, BEGIN));
    assert_false(tell(&told, 5, FAILED_KEY));
    assert_false(tell(&told, 5, FAILED_KEY));
    assert_true(tell(&told, 5,
                     "Connection closed by authenticating user root 10.0.0.9 port 52614"
                     " [preauth]"));
    assert_string_equal(told.seen.reason, "unknown-key");
    assert_false(tell(&told, 5, "Connection closed by authenticating user root 10.0.0.9 port 1"));
    assert_false(tell(&told, 6, BEGIN));
    assert_false(tell(&told, 6, FAILED_KEY));
    assert_true(tell(&told, 6, "Accepted publickey for root " PEER " ssh2: " KEY));
    assert_int_equal(told.seen.outcome, VOUCH_SEEN_ACCEPTED);
    assert_string_equal(told.seen.reason, "");
    assert_false(tell(&told, 6, "Disconnected from user root 10.0.0.9 port 52614"));
    assert_false(tell(&told, 7, BEGIN));
    assert_true(tell(&told, 7, FAILED_CERT));
    assert_false(tell(&told, 7, FAILED_KEY));
    assert_false(tell(&told, 7, "Connection closed by authenticating user root 10.0.0.9 port 1"));
    vouch_login_join_free(told.join);
}

static void tells_of_a_stranger_once(void **state) {
    (void)state;
    struct told told;
    begin(&told);
    assert_false(tell(&told, 5, BEGIN));
    assert_true(tell(&told, 5, "Invalid user guest " PEER));
    assert_string_equal(told.seen.reason, "unknown-login");
    assert_string_equal(told.seen.login, "guest");
    assert_false(tell(&told, 5, "Failed password for invalid user guest " PEER " ssh2"));
    assert_false(
        tell(&told, 5, "Connection closed by invalid user guest 10.0.0.9 port 7 [preauth]"));
    vouch_login_join_free(told.join);
}

static void tells_at_the_end_what_a_terse_log_says(void **state) {
    (void)state;
    struct told told;
    begin(&told);
    assert_false(tell(&told, 5, "Certificate invalid: expired"));
    assert_true(tell(&told, 5, "Connection closed by authenticating user root 10.0.0.9 port 7"));
    assert_string_equal(told.seen.reason, "expired");
    assert_string_equal(told.seen.login, "root");
    assert_string_equal(told.seen.source, "10.0.0.9");
    assert_string_equal(told.seen.key_id, "");
    vouch_login_join_free(told.join);
}

static void forgets_the_longest_silent_of_too_many_connections(void **state) {
    (void)state;
    struct told told;
    begin(&told);
    assert_false(tell(&told, 1, "Certificate invalid: expired"));
    for (uint64_t pid = 2; pid <= VOUCH_SEEN_CONNECTIONS_MAX; pid++) {
        assert_false(tell(&told, pid, "Certificate invalid: not yet valid"));
    }
    assert_false(tell(&told, 9999, BEGIN));
    assert_true(tell(&told, 1, FAILED_CERT));
    assert_string_equal(told.seen.reason, "unknown");
    assert_true(tell(&told, 200, FAILED_CERT));
    assert_string_equal(told.seen.reason, "not-yet-valid");
    vouch_login_join_free(told.join);
}

// A log may hold anything; what is handed on is printable.
static void hands_on_printable_text_alone(void **state) {
    (void)state;
    struct told told;
    begin(&told);
    assert_true(tell(&told, 5,
                     "Failed publickey for root " PEER " ssh2: " CERT
                     " ID a\x1b[31m\nb\xff (serial 7) " CA));
    assert_string_equal(told.seen.key_id, "a?[31m?b?");
    assert_null(strchr(told.seen.line, '\n'));
    vouch_login_join_free(told.join);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_login_by_certificate),
        cmocka_unit_test(reads_logins_of_other_kinds),
        cmocka_unit_test(knows_each_reason_in_each_wording),
        cmocka_unit_test(takes_no_value_from_where_a_client_writes),
        cmocka_unit_test(takes_nothing_from_a_line_that_is_not_whole),
        cmocka_unit_test(believes_no_end_of_a_line_that_may_be_cut),
        cmocka_unit_test(passes_over_what_tells_of_no_login),
        cmocka_unit_test(joins_a_reason_to_its_own_connection),
        cmocka_unit_test(the_first_reason_of_an_attempt_counts_and_only_for_it),
        cmocka_unit_test(blames_no_ca_where_the_begin_was_not_seen),
        cmocka_unit_test(tells_of_plain_keys_once_and_only_if_none_opens),
        cmocka_unit_test(tells_of_a_stranger_once),
        cmocka_unit_test(tells_at_the_end_what_a_terse_log_says),
        cmocka_unit_test(forgets_the_longest_silent_of_too_many_connections),
        cmocka_unit_test(hands_on_printable_text_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
