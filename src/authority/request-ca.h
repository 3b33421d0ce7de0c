// SPDX-License-Identifier: ISC
// Asks about the rotation of CA keys. See request.h; the rules are in doc/rotation.md, the states of keys
// in doc/trust.md.
#pragma once

#include "authority/request.h"
#include "ipc/codec.h"
#include "ledger/rotation.h"

#define VOUCH_ROTATION_HOSTS_MAX 20   // hosts that are named; the others are counted
#define VOUCH_ROTATION_WITHOUT_MAX 64 // hosts that may be left behind by one step
#define VOUCH_ROTATION_KEYS_MAX 4     // of a use

struct vouch_ca_rotation_key {
    struct vouch_bytes fingerprint, type;
    enum vouch_ca_key_state state;
    uint64_t since_ms;
    uint64_t signed_count;
    uint64_t live, live_end_s; // certificates by it that count yet, and when the last of them ends
};

// Why a host is named.
enum vouch_ca_rotation_why {
    VOUCH_ROTATION_FINE = 0,
    VOUCH_ROTATION_BEHIND, // it reports, but has not the trust bundle that is needed
    VOUCH_ROTATION_CERT,   // its certificate is by the key that goes
    VOUCH_ROTATION_SILENT, // no report for thirty days, or never one: it is told, and not waited for
};
struct vouch_ca_rotation_host {
    struct vouch_bytes host, agent;
    enum vouch_ca_rotation_why why;
    uint64_t trust_version, reported_s;
    uint64_t cert_end_s; // CERT
};

// How far a use has come.
struct vouch_ca_rotation {
    enum vouch_cert_type use;
    enum vouch_rotation_phase phase;
    enum vouch_rotation_verb next; // the step that advancing is; NONE: only a start is possible
    uint64_t is_ready;             // nonzero: nothing stands in its way
    struct vouch_ca_rotation_key *keys;
    size_t key_count;
    uint64_t needs;  // the trust bundle that hosts need for it; 0: none
    uint64_t active; // enrolled hosts
    uint64_t reporting, covered, silent;
    uint64_t blocking;                    // hosts that stand in its way
    struct vouch_ca_rotation_host *hosts; // these first, then the silent ones
    size_t host_count;
    uint64_t until_s; // when the last certificate that is waited for ends; 0: none is
};

struct vouch_ask_rotation {
    enum vouch_cert_type use; // NONE: both
};
struct vouch_answer_rotation {
    struct vouch_reply reply;
    uint64_t trust_version;              // of the bundle that is out
    uint64_t sessions, sessions_current; // people who are signed in; whose client has that bundle
    struct vouch_ca_rotation *rows;
    size_t count;
};

enum vouch_rotation_move {
    VOUCH_ROTATION_STAY = 0,
    VOUCH_ROTATION_START,   // make a key
    VOUCH_ROTATION_ADVANCE, // the next step
    VOUCH_ROTATION_BACK,    // undo the last one
};
struct vouch_ask_rotate {
    enum vouch_cert_type use;
    enum vouch_rotation_move move;
    enum vouch_rotation_phase phase; // in which the asker saw it; NONE: any
    struct vouch_text_list without;  // hosts that are left behind
    uint64_t is_hurried;             // nonzero: certificates that count yet are not waited for
    struct vouch_bytes key;         // START with CA keys in an agent: the blob of one that it holds
    struct vouch_bytes fingerprint; // of the key that is destroyed
};
struct vouch_answer_rotate {
    struct vouch_reply reply;
    enum vouch_rotation_verb verb; // what was done
    uint64_t number;               // its record in the ledger
    uint64_t trust_version;
    struct vouch_ca_rotation use; // how it stands now
};
