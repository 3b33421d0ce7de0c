// SPDX-License-Identifier: ISC
// What pages ask beside what they do: the counts of an overview, what a question would give, what a request
// would open, and how somebody wants their pages.
#pragma once

#include "authority/request-access.h"

#define VOUCH_SUMMARY_HOURS_MAX 2400u // a hundred days
#define VOUCH_SUMMARY_SLOTS 48u       // steps that the hours are told in, at most
#define VOUCH_SUMMARY_ROWS_MAX 4096u

// For administrators and auditors.
struct vouch_ask_summary {
    uint64_t hours; // of what was issued and refused, until now; 0: 24
};

// In the step that begins then.
struct vouch_summary_row {
    uint64_t time_s;
    struct vouch_bytes name; // of roles, or "user" and "host"; empty: of anything
    uint64_t count;
};

#define VOUCH_SUMMARY_ENDING_MAX 20u
struct vouch_ending_row {
    uint64_t serial;
    uint64_t is_host;
    struct vouch_bytes key_id;
    uint64_t end_s;
};

// Active hosts count once: as critical, else silent, else attention, else behind, else ok.
struct vouch_answer_summary {
    struct vouch_reply reply;
    uint64_t now_s;
    uint64_t valid;      // certificates that have not ended
    uint64_t revoked;    // of these, by their serial
    uint64_t next_end_s; // 0: none ends
    uint64_t hosts, critical, silent, attention, behind, ok;
    uint64_t hosts_waiting, hosts_locked;
    uint64_t krl_version, krl_current; // active hosts that have it
    uint64_t requests_waiting;
    uint64_t logins_refused, logins_since_s; // by hosts
    uint64_t from_s, step_s;                 // of the rows
    struct vouch_ending_row *ending;         // the first certificates to end
    size_t ending_count;
    struct vouch_summary_row *issued;
    size_t issued_count;
    struct vouch_summary_row *refused;
    size_t refused_count;
};

// Reads with no value; else keeps it, as it is.
#define VOUCH_PREFERENCES_MAX 1024
struct vouch_ask_preferences {
    struct vouch_bytes value;
};
struct vouch_answer_preferences {
    struct vouch_reply reply;
    struct vouch_bytes value; // empty: none were kept
};

// What an ask for access would give now. It is put to the policy alone: the signer's own limits are not asked,
// nothing is signed, kept or recorded.
struct vouch_answer_access_preview {
    struct vouch_reply reply;
    uint64_t missing; // approvals without which there is a request and no certificate
    struct vouch_bytes key_id;
    uint8_t key[32]; // SHA-256 of the subject's key blob
    struct vouch_text_list roles, principals;
    struct vouch_text_list critical; // "NAME=VALUE", "NAME"
    struct vouch_text_list extensions;
    uint64_t valid_after, valid_before;
};

// What a certificate of a request would open by the policy that holds now; for whoever may see the request.
#define VOUCH_IMPACT_HOSTS_MAX 200u
struct vouch_ask_request_impact {
    uint64_t id;
};
struct vouch_impact_row {
    struct vouch_bytes host;
    struct vouch_text_list logins;
};
struct vouch_answer_request_impact {
    struct vouch_reply reply;
    struct vouch_impact_row *rows; // the first of them by name
    size_t count;
    uint64_t hosts; // in all
};
