// SPDX-License-Identifier: ISC
// Asks about tokens, profiles, the audit log and the state of the service. See request.h.
#pragma once

#include "authority/request.h"

struct vouch_token_row {
    struct vouch_bytes name;
    struct vouch_text_list scopes;
    struct vouch_bytes profile;
    struct vouch_bytes actor;
    uint64_t created_s, expires_s, last_used_s, disabled_s;
};
struct vouch_ask_token_new {
    struct vouch_bytes name;
    struct vouch_text_list scopes;
    struct vouch_bytes profile;
    uint64_t ttl_s; // 0: 30 days; at most 400 days
};
struct vouch_answer_token {
    struct vouch_reply reply;
    struct vouch_token_row row;
    struct vouch_bytes secret; // once, when it is new
};
struct vouch_ask_tokens {
    struct vouch_ask_page page;
};
struct vouch_answer_tokens {
    struct vouch_reply reply;
    struct vouch_token_row *rows;
    size_t count;
    struct vouch_bytes next;
};
struct vouch_ask_name {
    struct vouch_bytes name;
};

struct vouch_profile_row {
    struct vouch_bytes name;
    enum vouch_cert_type type;
    struct vouch_text_list principals; // names, and patterns with * and ?
    struct vouch_text_list options; // "permit-pty", "source-address=10.0.0.0/8", "force-command=*"
    uint64_t ttl_max_s;
    uint64_t updated_s;
    struct vouch_bytes actor;
};
struct vouch_answer_profile {
    struct vouch_reply reply;
    struct vouch_profile_row row;
};
struct vouch_answer_profiles {
    struct vouch_reply reply;
    struct vouch_profile_row *rows;
    size_t count;
    struct vouch_bytes next;
};

struct vouch_ask_audit {
    struct vouch_ask_page page;
    struct vouch_bytes type, actor, object;
    uint64_t from_ms, until_ms;
};
struct vouch_event_row {
    uint64_t number;
    uint64_t time_ms;
    struct vouch_bytes type, actor, object;
    struct vouch_bytes details; // (string name, string value)*
};
struct vouch_answer_audit {
    struct vouch_reply reply;
    struct vouch_event_row *rows;
    size_t count;
    struct vouch_bytes next;
};

struct vouch_answer_status {
    struct vouch_reply reply;
    uint64_t ledger_size, checkpoint_size, indexed; // records
    uint64_t epoch, serial;
    uint64_t issued, refused, revoked; // since the start
    uint64_t logins, alarms;           // that hosts reported since the start
    uint64_t reviews_open;             // emergencies that nobody has reviewed yet
    uint64_t ready;                    // 0: not yet, or no longer
};
