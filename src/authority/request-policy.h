// SPDX-License-Identifier: ISC
// Asks about the policy and what it means: shown, compared, applied; who somebody is, which hosts they
// reach, who reaches a host. See request.h; the rules are in doc/policy.md.
#pragma once

#include "authority/request.h"

#define VOUCH_POLICY_TEXT_MAX (8u * 1024 * 1024)

// Whose members may do everything, and read everything.
#define VOUCH_GROUP_ADMINS "vouch-admins"
#define VOUCH_GROUP_AUDITORS "vouch-auditors"

// ----- the policy

struct vouch_ask_policy_show {
    uint64_t version; // 0: the one that holds
};
struct vouch_answer_policy {
    struct vouch_reply reply;
    uint64_t version; // 0: none was ever applied
    uint64_t time_s;
    struct vouch_bytes actor;
    struct vouch_bytes text; // vouch-policy(5)
};

enum vouch_policy_apply { VOUCH_POLICY_COMPARE = 0, VOUCH_POLICY_APPLY };

struct vouch_ask_policy_apply {
    struct vouch_bytes text;
    struct vouch_bytes name; // of the file, for messages
    enum vouch_policy_apply what;
    uint64_t expect; // the version that it was made from; another holds: CONFLICT
};
struct vouch_access_change {
    struct vouch_bytes login;
    struct vouch_bytes before, after; // "none", "approval", "break-glass", "standing"
    struct vouch_text_list users;     // the first of them
    struct vouch_text_list hosts;
    uint64_t user_count, host_count;
};
struct vouch_policy_edit_row {
    struct vouch_bytes what; // "added", "removed", "changed"
    struct vouch_bytes list; // "roles"
    struct vouch_bytes name;
    struct vouch_bytes key; // empty unless changed
};
struct vouch_answer_policy_apply {
    struct vouch_reply reply;
    uint64_t version; // that holds now
    struct vouch_access_change *changes;
    size_t change_count;
    struct vouch_policy_edit_row *edits;
    size_t edit_count;
    uint64_t changes_in_all, edits_in_all; // the rows are the first 200 of each
};

struct vouch_ask_policies {
    struct vouch_ask_page page;
};
struct vouch_policy_version_row {
    uint64_t version, time_s, number; // number: of its record in the ledger
    struct vouch_bytes actor;
    uint8_t hash[32]; // SHA-256 of the text
};
struct vouch_answer_policies {
    struct vouch_reply reply;
    struct vouch_policy_version_row *rows;
    size_t count;
    struct vouch_bytes next;
};

// ----- what somebody may have

struct vouch_ask_me {
    struct vouch_bytes user; // empty: the caller; another: for administrators and auditors
};
struct vouch_role_view {
    struct vouch_bytes zone;
    struct vouch_bytes role;
    struct vouch_bytes group; // through which they have it; empty: named there
    struct vouch_text_list logins;
    uint64_t ttl_s;
    uint64_t approvals; // 0: none
    uint64_t needs_reason;
    uint64_t factor_age_s; // 0: any
    uint64_t break_glass;  // nonzero: it is for emergencies
};
struct vouch_zone_view {
    struct vouch_bytes name;
    struct vouch_text_list patterns;
};
struct vouch_answer_me {
    struct vouch_reply reply;
    struct vouch_bytes user;
    struct vouch_bytes name; // of the CA
    uint64_t is_admin, is_auditor;
    uint64_t factor_s, idle_s, ends_s; // as in the session's row; 0: none
    uint64_t policy;                   // version
    struct vouch_zone_view *zones;     // in which they have a role
    size_t zone_count;
    struct vouch_role_view *roles;
    size_t role_count;
};

// Hosts that somebody reaches, in the order of their names.
struct vouch_ask_hosts {
    struct vouch_ask_page page;
    struct vouch_bytes user; // as above
    struct vouch_bytes zone; // empty: all
    struct vouch_bytes host; // a pattern with * and ?; empty: all
};
struct vouch_host_view {
    struct vouch_bytes host;
    struct vouch_bytes zone;
    struct vouch_text_list logins;   // that need no approval
    struct vouch_text_list requests; // roles that would give more, on approval
    struct vouch_text_list roles;
};
struct vouch_answer_hosts {
    struct vouch_reply reply;
    struct vouch_host_view *rows;
    size_t count;
    struct vouch_bytes next;
};

// Who reaches a login on a host; for administrators and auditors.
struct vouch_ask_who_can {
    struct vouch_bytes login, host;
};
struct vouch_path_view {
    struct vouch_bytes user, role, group, how; // how: as above
    uint64_t ttl_s;
};
struct vouch_answer_who_can {
    struct vouch_reply reply;
    struct vouch_path_view *rows;
    size_t count;
    uint64_t in_all; // the rows are the first 1,000
};
