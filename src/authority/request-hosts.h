// SPDX-License-Identifier: ISC
// Asks about enrolled hosts: tokens, enrolling, renewing, the inventory. See request.h; the rules are in
// doc/hosts.md. What hosts report, and what is said about logins, is in request-logins.h.
#pragma once

#include "authority/request-cert.h"

#define VOUCH_HOST_TOKEN_PREFIX "vouchh_"  // of a token that enrols hosts
#define VOUCH_HOST_SECRET_PREFIX "vouchm_" // of what an enrolled host shows
#define VOUCH_HOST_KEYS_MAX 8
#define VOUCH_HOST_NAMES_MAX 16 // name, short name, aliases and addresses together
#define VOUCH_HOST_NAME_LEN_MAX 253
#define VOUCH_HOST_LABELS_MAX 32

// ----- tokens

struct vouch_host_token_row {
    uint64_t id;
    struct vouch_bytes match; // a name, or a pattern with * and ?
    struct vouch_bytes zone;
    struct vouch_text_list labels;   // "KEY=VALUE": these the host gets
    struct vouch_text_list networks; // from where it may be used; none: anywhere
    uint64_t uses, uses_left;
    struct vouch_bytes actor;
    uint64_t created_s, expires_s;
};
struct vouch_ask_host_token_new {
    struct vouch_bytes match, zone;
    struct vouch_text_list labels, networks;
    uint64_t uses;  // 0: 1; at most 10,000
    uint64_t ttl_s; // 0: 1 hour; at most 1 hour for a single use, 30 days for a counted one
};
struct vouch_answer_host_token {
    struct vouch_reply reply;
    struct vouch_host_token_row row;
    struct vouch_bytes name;    // of the CA
    struct vouch_bytes address; // "https://HOST:PORT#PIN", as the server knows it; when it is new
    struct vouch_bytes secret;  // once, when it is new
};
struct vouch_ask_host_tokens {
    struct vouch_ask_page page;
};
struct vouch_answer_host_tokens {
    struct vouch_reply reply;
    struct vouch_host_token_row *rows;
    size_t count;
    struct vouch_bytes next;
};
struct vouch_ask_host_token_remove {
    uint64_t id;
};

// ----- enrolling and renewing

// A host key, and the proof that the host has it: an SSHSIG (core/host-proof.h) by that key.
struct vouch_host_key_row {
    struct vouch_bytes key;   // public key blob
    struct vouch_bytes proof; // armoured
    uint64_t serial;          // renewing: of its current certificate; else 0
};

struct vouch_ask_enrol {
    struct vouch_bytes token;       // the secret; empty: asks to be adopted, or asks whether it was
    struct vouch_bytes name;        // fully qualified, lower case
    struct vouch_text_list aliases; // other names and addresses that people type
    struct vouch_text_list
        labels; // that the host wishes; those of the token and of whoever adopts win
    struct vouch_host_key_row *keys;
    size_t key_count;
    uint64_t time_s;                // in the proofs
    struct vouch_bytes machine;     // SHA-256 of what tells machines apart, 32 bytes
    struct vouch_bytes agent, sshd; // versions, as text
};

// What a host is in. The zero value is none.
enum vouch_host_state {
    VOUCH_HOST_NONE = 0,
    VOUCH_HOST_WAITING, // to be adopted
    VOUCH_HOST_ACTIVE,
    VOUCH_HOST_LOCKED, // noticed twice, or by an administrator: no certificate until adopted anew
    VOUCH_HOST_RETIRED,
};

// A certificate for a host key of the host.
struct vouch_host_cert {
    struct vouch_bytes cert; // blob
    uint64_t serial;
    uint64_t valid_before_s;
};
struct vouch_answer_enrol {
    struct vouch_reply reply; // DONE with WAITING: it has to be adopted; nothing else is set then
    enum vouch_host_state state;
    uint64_t id;             // of the host
    struct vouch_bytes name; // that holds
    struct vouch_bytes zone;
    struct vouch_text_list names;  // of the certificates: principals
    struct vouch_host_cert *certs; // in the order of the keys
    size_t cert_count;
    struct vouch_bytes secret; // of the host from now on; shown once
    uint64_t generation;       // of the secret
};

// Asked with the host's secret (VOUCH_CALLER_HOST). The answer is a new secret; the one that was shown
// holds until the new one is used. One that comes after that is a copy's: the host is locked.
struct vouch_ask_host_renew {
    struct vouch_text_list aliases;
    struct vouch_host_key_row *keys;
    size_t key_count;
    uint64_t time_s;
    struct vouch_bytes machine;
    struct vouch_bytes agent, sshd;
};

// Asked by the host itself: its certificates are revoked, its secret is void.
struct vouch_ask_host_leave {
    struct vouch_bytes reason; // may be empty
};
struct vouch_answer_host_left {
    struct vouch_reply reply;
    struct vouch_bytes name;
    uint64_t revoked; // certificates
};

// ----- the inventory

struct vouch_fleet_key {
    struct vouch_bytes fingerprint; // "SHA256:..."
    struct vouch_bytes type;
    uint64_t serial, valid_before_s; // of its newest certificate
};
struct vouch_fleet_row {
    uint64_t id;
    struct vouch_bytes name, zone;
    struct vouch_text_list labels, aliases;
    enum vouch_host_state state;
    struct vouch_bytes why;    // LOCKED, WAITING: why; RETIRED: who
    uint64_t in_policy;        // nonzero: the policy names this host, and its zone and labels hold
    struct vouch_bytes token;  // which enrolled it: its ID; or who adopted it
    struct vouch_bytes source; // where it last came from
    struct vouch_bytes agent, sshd;
    uint64_t created_s, seen_s, renewed_s;
    uint64_t generation;
    uint64_t approvals, needed; // WAITING: how many administrators adopted it, and how many must
    struct vouch_text_list approvers; // "user:NAME": those
    struct vouch_text_list wished;    // ACTIVE: wildcards that it gets when so many adopted them
    struct vouch_bytes asker;         // who asked for wildcards, or made the token that did
    uint64_t adopt_until_s;           // WAITING, or with a wish: when that is forgotten; else 0
    struct vouch_fleet_key *keys;
    size_t key_count;
    // What it last reported; see request-logins.h.
    uint64_t reported_s;
    uint64_t krl_version, state_version, trust_version;
    uint64_t krl_generated_s;
    struct vouch_bytes health;       // "ok", "warning", "critical", "unknown"
    struct vouch_text_list problems; // one line each
    int64_t clock_ms;                // how far its clock is ahead of ours
};
struct vouch_ask_fleet {
    struct vouch_ask_page page;
    struct vouch_bytes zone, host; // host: a pattern with * and ?
    struct vouch_text_list labels;
    enum vouch_host_state state; // NONE: all but RETIRED
};
struct vouch_answer_fleet {
    struct vouch_reply reply;
    struct vouch_fleet_row *rows;
    size_t count;
    struct vouch_bytes next;
};

enum vouch_fleet_verb {
    VOUCH_FLEET_LOOK = 0,
    VOUCH_FLEET_EDIT,   // labels and zone
    VOUCH_FLEET_ADOPT,  // WAITING or LOCKED
    VOUCH_FLEET_REFUSE, // WAITING: forget it
    VOUCH_FLEET_LOCK,
    VOUCH_FLEET_RENAME, // the next renewal gives certificates of the new name
    VOUCH_FLEET_RETIRE, // its certificates are revoked, its secret is void
};
struct vouch_ask_fleet_change {
    struct vouch_bytes name;
    enum vouch_fleet_verb verb;
    struct vouch_bytes zone;        // EDIT, ADOPT; empty: as it is
    struct vouch_text_list labels;  // EDIT: set these; ADOPT: all
    struct vouch_text_list without; // EDIT: keys of labels to remove
    struct vouch_text_list
        wildcards; // EDIT: ask for these names; ADOPT: each that it asks for, as it was judged
    struct vouch_text_list without_wildcards; // EDIT: take these names away
    struct vouch_bytes fingerprint; // ADOPT: of one of its keys, as the administrator compared it
    struct vouch_bytes fresh_name;  // RENAME
    struct vouch_bytes reason;
};
struct vouch_answer_fleet_row {
    struct vouch_reply reply;
    struct vouch_fleet_row row;
};
