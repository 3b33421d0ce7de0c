// SPDX-License-Identifier: ISC
// Logins with certificates, as sshd logs them, held against the ledger.
//
// Lines: "Accepted publickey for USER … TYPE-CERT FP ID KEYID (serial N) CA TYPE FP", and at a higher
// log level "Accepted certificate ID "KEYID" (serial N) signed by …". A key ID may hold anything, so a
// line is read from both its ends. Whatever stands before "Accepted" is not looked at.
#pragma once

#include "core/cert-view.h"
#include "ledger/authorities.h"

#define VOUCH_LOGINS_MAX 4000000

// How far the ledger explains a login; the zero value does not.
enum vouch_login_state {
    VOUCH_LOGIN_UNKNOWN = 0,
    VOUCH_LOGIN_OTHER_KEY_ID, // the serial is recorded, for another key ID
    VOUCH_LOGIN_OTHER_KEY,    // serial and key ID are recorded, for another public key
    VOUCH_LOGIN_RECORDED,
};

// Slices point into the log.
struct vouch_login {
    uint64_t serial;
    struct vouch_bytes user;    // empty in "Accepted certificate" lines
    struct vouch_bytes key_id;  // as logged: odd characters are escaped
    struct vouch_bytes subject; // the user key's fingerprint; empty in "Accepted certificate" lines
    struct vouch_bytes ca;      // the CA key's fingerprint
    uint64_t line;              // from 1
    enum vouch_login_state state;
};

struct vouch_logins {
    struct vouch_login *rows; // owned; sorted by serial
    size_t count;
    size_t room;
    uint64_t plain; // logins with a key that is no certificate
};

void vouch_logins_done(struct vouch_logins *logins);

// Reads a log. A line about a certificate that cannot be read to its end is a finding: it is never
// passed over. VOUCH_ERR_NO_MEMORY, VOUCH_ERR_LIMIT.
VOUCH_MUST_USE int vouch_logins_read(struct vouch_logins *logins, struct vouch_bytes log,
                                     struct vouch_findings *findings);

// Holds a recorded certificate against the logins.
VOUCH_MUST_USE int vouch_logins_mark(struct vouch_logins *logins, struct vouch_bytes blob,
                                     const struct vouch_cert_view *cert,
                                     const struct vouch_authority *authority);

// After the last record: each login that the ledger does not explain is a finding.
void vouch_logins_check(const struct vouch_logins *logins,
                        const struct vouch_authorities *authorities,
                        struct vouch_findings *findings);
