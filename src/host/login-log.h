// SPDX-License-Identifier: ISC
// sshd's log, a line at a time: what a line says of a login, in the wordings of OpenSSH 7.4 to 10.x.
//
// Much of a line is the client's: the login that it asked for, the key ID of its certificate, names in
// its options. No value is taken from where such text could stand: a login that sshd knows holds no
// blank, a login that it does not know ends at the line's end, and what follows a key ID is read from the
// line's end backwards, unless the line may have been cut there. Pure.
#pragma once

#include "vouch/buf.h"

// sshd cuts a message at 1,023 bytes, before or after it escapes it. What stands at the end of a line
// that is longer than this is not believed.
#define VOUCH_LOG_WHOLE_MAX 900

enum vouch_log_kind {
    VOUCH_LOG_OTHER = 0,     // nothing that a login's outcome hangs on
    VOUCH_LOG_BEGIN,         // a connection begins
    VOUCH_LOG_REASON,        // why the next attempt of the connection fails
    VOUCH_LOG_TRUSTED,       // its certificate was found good: what fails then is something else
    VOUCH_LOG_UNKNOWN_LOGIN, // there is no such account
    VOUCH_LOG_FAILED,        // an attempt
    VOUCH_LOG_ACCEPTED,
    VOUCH_LOG_END, // the connection, or its authentication, ends
};

// What a line says; all texts borrowed from it, escaped as sshd does (printable ASCII in syslog and
// journal). Empty: not said.
struct vouch_log_said {
    enum vouch_log_kind kind;
    const char *reason; // REASON: a word of vouch_cert_reason_text(), or one of the list below
    struct vouch_bytes login, source, method;
    struct vouch_bytes fingerprint, key_id, ca;
    uint64_t serial;
    int is_cert; // nonzero: the key was a certificate; key_id, serial and ca if they could be read
    int login_unknown; // nonzero: FAILED, END: sshd knows no such account
};

// Words beside those of vouch_cert_reason_text() ("expired", "not-yet-valid", "principal-not-listed",
// "no-principals", "wrong-type", "unknown-ca", "disallowed-algorithm", "unsupported-critical-option",
// "broken-option", "source-address", "revoked").
#define VOUCH_LOG_KRL_UNREADABLE "krl-unreadable" // sshd cannot read its list: everybody is refused
#define VOUCH_LOG_OPTIONS "options-refused"       // of the certificate, or of a principals file
#define VOUCH_LOG_FORCED "forced-commands-differ" // certificate and file ask for two commands
#define VOUCH_LOG_BAD_CERT "certificate-unreadable" // it does not parse, or its signature is none
#define VOUCH_LOG_WEAK_KEY "weak-key"               // RequiredRSASize
#define VOUCH_LOG_NOT_ALLOWED "login-not-allowed"   // AllowUsers and the like, a locked account
#define VOUCH_LOG_NO_LOGIN "unknown-login"          // no such account
#define VOUCH_LOG_NO_KEY "unknown-key"              // a plain key that opens nothing
#define VOUCH_LOG_PASSWORD "password"               // or another answer that was typed
#define VOUCH_LOG_UNSAID "unknown"                  // sshd did not say

// Reads the message of a line, without time, host and program.
void vouch_log_read(struct vouch_bytes text, struct vouch_log_said *ret_said);
