// SPDX-License-Identifier: ISC
// Who could log in without a certificate: every key in the authorized_keys files of all accounts.
//
// The files belong to users: what is no key is counted and never quoted, links are not followed, and what
// is handed on is printable. Keys that a program names (AuthorizedKeysCommand) are not found; that there
// is such a program is a problem that is told.
#pragma once

#include "base/fault.h"
#include "host/login-used.h"

#define VOUCH_SCAN_FILE_MAX (1024u * 1024)
#define VOUCH_SCAN_ACCOUNTS_MAX 100000

// One key. Texts are printable, cut if longer, and good during the call.
struct vouch_scan_row {
    const char *account;
    const char *path;
    uint64_t line;
    char type[64]; // as it is written: "ssh-ed25519"
    char fingerprint
        [128]; // "SHA256:..."; "" for a type that is not known here, and for certificates
    char options[1024];
    char comment[256];
    int is_ca;       // nonzero: cert-authority: every certificate of this key opens the account
    uint64_t used_s; // when it last opened the account, as far as is known; 0: not
};

// Each answers nonzero to end the work.
typedef int vouch_scan_row_fn(void *context, const struct vouch_scan_row *row);
typedef int vouch_scan_problem_fn(void *context, const char *text);

struct vouch_scan {
    const char *root;                   // "/", or a folder in its place (then etc/passwd below it)
    const struct vouch_bytes *settings; // the lines of `sshd -T`
    size_t setting_count;
    const struct vouch_login_used *used; // NULL: not known
    vouch_scan_row_fn *row;
    vouch_scan_problem_fn *problem;
    void *context;
};

// Looks through all accounts. A file that cannot be read is a problem, and the others are read; V-1922:
// there is no list of accounts.
VOUCH_MUST_USE int vouch_scan_accounts(const struct vouch_scan *scan, struct vouch_fault *fault);

// Reads one line of an authorized_keys file into `row`. Nonzero if it holds a key; *ret_is_odd then is
// zero, else it says whether the line should have held one.
int vouch_scan_line(struct vouch_bytes line, struct vouch_scan_row *row, int *ret_is_odd);
