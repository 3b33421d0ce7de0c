// SPDX-License-Identifier: ISC
// Lines of a log without their heads: of syslog's files, of sshd -E, and of the journal.
#pragma once

#include "host/login-join.h"

// A line of syslog's file: "Nov 22 23:41:42 HOST sshd[123]: TEXT", or with the time in ISO 8601. Nonzero if
// it is sshd's. `now_s`: for the year, which the first form leaves out.
int vouch_log_entry_syslog(struct vouch_bytes line, uint64_t now_s,
                           struct vouch_log_line *ret_line);

// Nonzero if a line begins as those of syslog do, whoever wrote it.
int vouch_log_entry_is_syslog(struct vouch_bytes line);

// An entry of the journal in its export format, as `journalctl -o export` writes it.
struct vouch_log_journal {
    struct vouch_log_line line;
    struct vouch_bytes cursor; // empty: none that is good
    int is_sshd;               // nonzero: root's sshd wrote it
};

// Takes the first entry off `bytes`. Returns its length with its end, 0 if it is not whole yet,
// SIZE_MAX if this is no export format. All is borrowed from `bytes`.
size_t vouch_log_entry_journal(struct vouch_bytes bytes, struct vouch_log_journal *ret_entry);
