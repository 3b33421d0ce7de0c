// SPDX-License-Identifier: ISC
// The CA keys that a ledger introduces, and the serials that each has given.
#pragma once

#include "ledger/findings.h"
#include "ledger/rotation.h"

#define VOUCH_AUTHORITIES_MAX 256

// Serials first..last, as they were recorded; ca.key.new makes the authority.
struct vouch_serial_run {
    uint64_t first;
    uint64_t last;
};

struct vouch_authority {
    struct vouch_key *key; // owned
    unsigned use;          // bits 1 << type: 1 user, 2 host
    struct vouch_buf runs; // of struct vouch_serial_run
    char sha256[VOUCH_FINGERPRINT_MAX];
    char md5[VOUCH_FINGERPRINT_MAX];
};

struct vouch_authorities {
    struct vouch_authority *rows; // owned
    size_t count;
    struct vouch_rotation rotation; // as the records so far left it
};

void vouch_authorities_done(struct vouch_authorities *authorities);

// Takes up an event by which CA keys change (rotation.h); what is wrong with it is a finding.
// VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_authorities_follow(struct vouch_authorities *authorities,
                                            const struct vouch_record *record,
                                            struct vouch_findings *findings);

// Nonzero if it is an authority's turn to sign for its use.
int vouch_authorities_is_active(const struct vouch_authorities *authorities,
                                const struct vouch_authority *authority);

// The authority with that key blob, or NULL.
struct vouch_authority *vouch_authorities_find(const struct vouch_authorities *authorities,
                                               struct vouch_bytes blob);

// Notes a serial that was given. 0 is not a number and is not noted. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_authority_note(struct vouch_authority *authority, uint64_t serial);

// After the last record: each serial that was given twice is a finding.
void vouch_authorities_check(struct vouch_authorities *authorities,
                             struct vouch_findings *findings);
