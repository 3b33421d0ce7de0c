// SPDX-License-Identifier: ISC
// Collecting what a verification finds.
#pragma once

#include "ledger/verify.h"

// Adds a finding: `where` as it is, the rest as by printf. Unprintable characters are escaped. When there
// is no memory for the row it is still counted, so that the verdict stands.
void vouch_findings_add(struct vouch_findings *findings, enum vouch_finding_kind kind,
                        const char *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// Moves all rows to the end of `to`, and leaves `from` empty.
void vouch_findings_move(struct vouch_findings *to, struct vouch_findings *from);

// Nonzero for an error that says nothing about the ledger, only about this run: no memory, or libcrypto
// failed. It must never become a finding.
int vouch_is_failure(int err);

// Forgets and frees; takes a zeroed struct.
void vouch_findings_done(struct vouch_findings *findings);

#define VOUCH_WHERE_MAX 128

// "record 17" and the like, into a caller's array.
const char *vouch_where_number(char text[static VOUCH_WHERE_MAX], const char *what,
                               uint64_t number);
