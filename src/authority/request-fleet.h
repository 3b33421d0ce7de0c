// SPDX-License-Identifier: ISC
// Asks about the inventory of enrolled hosts: listing it, changing one, and the whole of it in one small
// answer. See request.h; the rules are in doc/hosts.md.
#pragma once

#include "authority/request-hosts.h"

// How a host is: see store/conditions.h, which judges it. The worst first.
enum vouch_host_condition {
    VOUCH_CONDITION_NONE = 0,
    VOUCH_CONDITION_CRITICAL,
    VOUCH_CONDITION_LOCKED,
    VOUCH_CONDITION_SILENT,
    VOUCH_CONDITION_ATTENTION,
    VOUCH_CONDITION_BEHIND,
    VOUCH_CONDITION_WAITING,
    VOUCH_CONDITION_OK,
    VOUCH_CONDITION_RETIRED,
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
    enum vouch_host_condition condition;
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
    struct vouch_bytes zone, host;       // host: a pattern with * and ?
    struct vouch_text_list labels;       // "KEY=VALUE"; "KEY=*": it has the key; "!KEY": it has not
    enum vouch_host_state state;         // NONE: all but RETIRED
    enum vouch_host_condition condition; // NONE: any
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

// ----- all of it in one small answer

#define VOUCH_FLEET_GROUPS_MAX 60u
#define VOUCH_FLEET_NEEDS_MAX 20u
#define VOUCH_FLEET_LABELS_MAX 32u
#define VOUCH_FLEET_EACH_MAX 60u       // hosts that are named in groups
#define VOUCH_FLEET_EACH_GROUP_MAX 30u // of a group of more, none is

// For administrators and auditors.
struct vouch_ask_fleet_summary {
    struct vouch_ask_fleet what; // without a page; nothing of RETIRED
    struct vouch_bytes label;    // groups are the values of this label; empty: they are zones
};
struct vouch_fleet_counts {
    uint64_t hosts;
    uint64_t critical, locked, silent, attention, behind, waiting, ok; // of these
};
struct vouch_fleet_each {
    struct vouch_bytes host;
    enum vouch_host_condition condition;
};
struct vouch_fleet_group {
    struct vouch_bytes name; // empty: hosts that have no zone, or not that label
    struct vouch_fleet_counts counts;
    struct vouch_fleet_each *each; // the worst first; none where there are many
    size_t each_count;
};
// A host that needs somebody: by its condition, or as a certificate of it ends soon.
struct vouch_fleet_need {
    struct vouch_bytes host, zone;
    enum vouch_host_condition condition;
    uint64_t end_s; // when the certificate ends that ends soon; 0: none does
    struct vouch_bytes why;
    struct vouch_text_list problems;
};
struct vouch_fleet_label {
    struct vouch_bytes key;
    uint64_t hosts; // that have it
};
struct vouch_answer_fleet_summary {
    struct vouch_reply reply;
    uint64_t now_s;
    struct vouch_fleet_counts counts; // of all that is asked for
    struct vouch_fleet_group *groups; // by name; of more than fit, the largest
    size_t group_count;
    uint64_t groups_left;           // that did not fit
    struct vouch_fleet_counts left; // of those
    struct vouch_fleet_need *needs; // the worst first
    size_t need_count;
    uint64_t needing;                 // how many need somebody, in all
    struct vouch_fleet_label *labels; // keys to group by, the most frequent first
    size_t label_count;
};
