// SPDX-License-Identifier: ISC
// Asks about revocation, and for what everybody may have: lists, keys, the ledger. See request.h.
#pragma once

#include "authority/request.h"

// Exactly one of what is revoked.
enum vouch_revoke_kind {
    VOUCH_REVOKE_UNSET = 0,
    VOUCH_REVOKE_SERIAL, // value: 8 bytes, big-endian; of the CA of that certificate
    VOUCH_REVOKE_KEY_ID, // value: the key ID, of both CAs
    VOUCH_REVOKE_KEY,    // value: SHA-256 of the public key blob
    VOUCH_REVOKE_CA,     // value: SHA-256 of the CA's key blob
};

struct vouch_ask_revoke {
    enum vouch_revoke_kind kind;
    struct vouch_bytes value;
    struct vouch_bytes reason; // must be given
};

struct vouch_revocation_row {
    uint64_t number;
    uint64_t time_ms;
    enum vouch_revoke_kind kind;
    struct vouch_bytes value;
    uint8_t ca[32]; // zeros: any
    struct vouch_bytes reason, actor;
    uint64_t until_s; // 0: never
};

// When this answers DONE the new lists are out: they are in the public files already.
struct vouch_answer_revoke {
    struct vouch_reply reply;
    struct vouch_revocation_row row;
    uint64_t krl_versions[2]; // user, host
};

struct vouch_ask_revocations {
    struct vouch_ask_page page;
};
struct vouch_answer_revocations {
    struct vouch_reply reply;
    struct vouch_revocation_row *rows;
    size_t count;
    struct vouch_bytes next;
};

// The public files as they are now. Asked by one thread of the web role, which keeps them and serves
// them from memory: it says what it has and gets what is newer, or waits up to `wait_ms` for it.
struct vouch_ask_public {
    uint64_t krl_versions[2];
    uint64_t checkpoint_size;
    uint64_t trust_version; // 0: whoever asks has no bundle, and does not wait for one
    uint64_t fleet_seq;     // 0: whoever asks does not wait for that
    uint64_t wait_ms;       // at most 30,000
};
struct vouch_public_krl {
    uint64_t version; // 0: the asker has it
    uint64_t generated_s;
    struct vouch_bytes krl;
    struct vouch_bytes envelope;
};
// Counts only: for whoever may see the metrics, which may be everybody.
struct vouch_public_counts {
    uint64_t ledger_size, indexed; // records
    uint64_t epoch;
    uint64_t issued, refused, revoked; // since the start
    uint64_t logins, alarms;           // that hosts reported since the start
};
struct vouch_answer_public {
    struct vouch_reply reply;
    struct vouch_bytes name;                             // the ledger's origin
    struct vouch_bytes user_ca, host_ca, checkpoint_key; // public key blobs
    struct vouch_public_krl krls[2];                     // user, host
    uint64_t checkpoint_size;
    struct vouch_bytes checkpoint; // empty: the asker has it
    uint64_t trust_version;
    struct vouch_bytes trust; // the trust bundle (doc/trust.md); empty: the asker has it
    // Higher after each change of what hosts are to install: of the policy in force, with the enrolled
    // hosts. Never 0.
    uint64_t fleet_seq;
    struct vouch_public_counts counts;
};

// A part of the served ledger: a hash tile (public), or an entry bundle (VOUCH_SCOPE_AUDIT_READ).
struct vouch_ask_tile {
    struct vouch_bytes path; // "tile/0/x001/234.p/5", "tile/entries/000"
};
struct vouch_answer_tile {
    struct vouch_reply reply;
    struct vouch_bytes bytes;
};
