// SPDX-License-Identifier: ISC
// Asks about what hosts hold and report: the state that a host installs, its health, the logins that its
// sshd saw; and why a login would work or not. See request.h; the rules are in doc/hosts.md.
#pragma once

#include "authority/request-hosts.h"

#define VOUCH_REPORT_LOGINS_MAX 200
#define VOUCH_REPORT_PROBLEMS_MAX 32
#define VOUCH_REPORT_SETTINGS_MAX 64

// ----- what a host installs (VOUCH_CALLER_HOST)

struct vouch_host_principal {
    struct vouch_bytes principal;
    struct vouch_bytes why; // "role dev, label tier=web": a comment
};
// What sshd's AuthorizedPrincipalsFile of a login holds.
struct vouch_host_login {
    struct vouch_bytes login;
    struct vouch_host_principal *principals;
    size_t principal_count;
};
struct vouch_ask_host_state {
    uint64_t have; // the version that it has: then no logins come
};
struct vouch_answer_host_state {
    struct vouch_reply reply;
    uint64_t version; // of all that follows; the same content keeps its number
    struct vouch_bytes name, zone;
    uint64_t by_login; // nonzero: certificates name logins, and there are no principals files
    struct vouch_host_login *logins;
    size_t login_count;
    uint64_t krl_version;   // of the user CA's list, now
    uint64_t trust_version; // of the trust bundle (doc/trust.md)
    uint64_t renew;         // nonzero: ask for certificates now
    uint64_t generation;    // of the secret that was shown
};

// ----- what a host reports (VOUCH_CALLER_HOST)

struct vouch_ask_host_report {
    uint64_t time_s;
    uint64_t krl_version, state_version, trust_version; // installed and proven
    uint64_t krl_generated_s;
    struct vouch_bytes health; // "ok", "warning", "critical"
    struct vouch_text_list problems;
    struct vouch_text_list ca_keys; // fingerprints that its sshd trusts for users
    struct vouch_bytes agent, sshd;
    struct vouch_text_list settings; // of `sshd -T`, "KEY VALUE", those that decide about logins
};

// The zero value is no outcome.
enum vouch_login_outcome { VOUCH_LOGIN_NONE = 0, VOUCH_LOGIN_ACCEPTED, VOUCH_LOGIN_REFUSED };

struct vouch_login_row {
    uint64_t id;             // set by the authority
    struct vouch_bytes host; // set by the authority
    uint64_t time_ms;
    enum vouch_login_outcome outcome;
    struct vouch_bytes login;
    struct vouch_bytes source;      // address of the client
    struct vouch_bytes method;      // "publickey", "password"
    struct vouch_bytes key_id;      // of the certificate; may be empty
    uint64_t serial;                // 0: none, or a plain key
    struct vouch_bytes fingerprint; // of the key
    struct vouch_bytes ca;          // fingerprint of the CA
    struct vouch_bytes reason;      // REFUSED: a word of core's or sshd's line (host/login-log.h)
    struct vouch_bytes line;        // of the log, cut
    struct vouch_bytes alarm;       // set by the authority: "unknown-serial", ...; empty: none
    struct vouch_bytes user;        // set by the authority: the certificate's actor
};
struct vouch_ask_host_logins {
    struct vouch_login_row *rows;
    size_t count;
    uint64_t
        first; // number of the first of them, as the host counts: what came before is not taken twice
};
struct vouch_answer_host_done {
    struct vouch_reply reply;
    uint64_t next; // logins: the number that the server expects
};

// ----- what is asked about logins

struct vouch_ask_logins {
    struct vouch_ask_page page; // newest first
    struct vouch_bytes host, login, user, key_id;
    uint64_t serial;
    enum vouch_login_outcome outcome; // NONE: both
    uint64_t alarms;                  // nonzero: only those
    uint64_t from_ms, until_ms;
};
struct vouch_answer_logins {
    struct vouch_reply reply;
    struct vouch_login_row *rows;
    size_t count;
    struct vouch_bytes next;
};

// Why a login would work or not: sshd's checks, in its order.
enum vouch_check_state {
    VOUCH_CHECK_UNKNOWN = 0, // nobody has said
    VOUCH_CHECK_FAIL,
    VOUCH_CHECK_WARN,
    VOUCH_CHECK_OK,
};
struct vouch_check_row {
    struct vouch_bytes name; // a stable word: "signed-in", "expired", "principal", ...
    enum vouch_check_state state;
    struct vouch_bytes text; // what was found
    struct vouch_bytes next; // what to do; may be empty
};
struct vouch_ask_explain {
    struct vouch_bytes user; // empty: the caller; another: for administrators and auditors
    struct vouch_bytes login, host;
    struct vouch_bytes
        cert; // blob of the certificate that would be shown; empty: the newest of the user
    struct vouch_bytes source; // from where; empty: the caller's address
};
struct vouch_answer_explain {
    struct vouch_reply reply;
    enum vouch_check_state outcome; // OK: it would work, as far as is known
    struct vouch_bytes user, login, host;
    struct vouch_check_row *rows;
    size_t count;
    struct vouch_login_row
        *refused; // newest first: what sshd said of the same person, login and host
    size_t refused_count;
    struct vouch_text_list instead; // logins on the host that would work
};

// Who has which list (for administrators and auditors).
struct vouch_krl_host_row {
    struct vouch_bytes host;
    uint64_t version, generated_s, reported_s;
    uint64_t arrived_s; // when the host first reported that version; 0: not known
    uint64_t behind;    // nonzero: not the newest
};
struct vouch_ask_krl_status {
    struct vouch_ask_page page; // those behind first
};
struct vouch_answer_krl_status {
    struct vouch_reply reply;
    uint64_t version, generated_s;   // the newest
    uint64_t hosts, current, silent; // silent: no report for 10 minutes
    uint64_t measured;               // hosts of which it is known when they had the newest
    uint64_t within_s;               // so long after its publication 95 of 100 of those had it
    struct vouch_krl_host_row *rows;
    size_t count;
    struct vouch_bytes next;
};

// ----- who reaches what

struct vouch_matrix_cell {
    uint64_t row, column;                      // where in `rows` and `columns`
    struct vouch_text_list standing, approval; // logins
    struct vouch_text_list break_glass;        // those that are had in an emergency alone
};
enum vouch_matrix_rows { VOUCH_MATRIX_USERS = 0, VOUCH_MATRIX_GROUPS };
struct vouch_ask_matrix {
    enum vouch_matrix_rows rows;
    struct vouch_bytes label;     // columns are its values; empty: columns are hosts
    struct vouch_bytes zone;      // empty: all
    uint64_t at_s;                // by the policy of then; 0: now
    uint64_t row_from, row_count; // a window; counts of 0: 100
    uint64_t column_from, column_count;
};
struct vouch_answer_matrix {
    struct vouch_reply reply;
    uint64_t policy; // version
    struct vouch_text_list rows, columns;
    uint64_t rows_in_all, columns_in_all;
    struct vouch_matrix_cell *cells; // that are not empty
    size_t cell_count;
};

// What changed between two moments: as applying a policy says it.
struct vouch_ask_access_diff {
    uint64_t from_s, until_s; // until 0: now
};
