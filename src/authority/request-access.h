// SPDX-License-Identifier: ISC
// Asks about access: a certificate by the policy, and requests that others approve. See request.h; the
// rules are in doc/policy.md and doc/people.md.
#pragma once

#include "authority/request-cert.h"
#include "authority/request-policy.h"

#define VOUCH_REASON_MAX 1024

// ----- a certificate by the policy

// What was left out is left to the policy. CHOSEN: exactly these, maybe none.
enum vouch_ask_chosen { VOUCH_ASK_UNCHOSEN = 0, VOUCH_ASK_CHOSEN };
enum vouch_ask_pending { VOUCH_PENDING_REFUSE = 0, VOUCH_PENDING_REQUEST };

struct vouch_ask_access {
    struct vouch_bytes zone;
    struct vouch_text_list roles; // none: all of the zone that need no approval and no reason
    struct vouch_bytes key;       // the subject's public key blob
    uint64_t ttl_s;
    struct vouch_bytes reason;
    struct vouch_text_list extensions, logins, sources;
    enum vouch_ask_chosen extensions_are, logins_are, sources_are;
    struct vouch_bytes force_command;
    uint64_t verify_required;       // nonzero: ask for it
    uint64_t trust_version;         // of the trust bundle that the asker has; 0: none is said
    enum vouch_ask_pending pending; // what to do where approvals are missing
    uint64_t drill;                 // nonzero: of a role for emergencies, to rehearse one
    struct vouch_bytes once;
};

// The zero value is no request.
enum vouch_request_state {
    VOUCH_REQUEST_NONE = 0,
    VOUCH_REQUEST_WAITING,
    VOUCH_REQUEST_APPROVED, // a certificate can be taken, once
    VOUCH_REQUEST_DENIED,
    VOUCH_REQUEST_CANCELLED,
    VOUCH_REQUEST_EXPIRED,
    VOUCH_REQUEST_TAKEN,
};

struct vouch_request_row {
    uint64_t id;
    struct vouch_bytes user, zone;
    struct vouch_text_list roles;
    struct vouch_text_list principals; // what is to be approved, to the letter
    uint64_t ttl_s;
    uint8_t key[32]; // SHA-256 of the subject's key blob
    struct vouch_bytes reason, source;
    uint64_t created_s, expires_s;
    enum vouch_request_state state;
    uint64_t missing;                 // approvals
    struct vouch_text_list approvers; // who approved
    struct vouch_bytes decided_by;    // who denied or cancelled
    struct vouch_bytes comment;       // theirs
    uint64_t serial;                  // of the certificate that was taken
};

struct vouch_answer_access {
    struct vouch_reply reply;
    struct vouch_cert_row cert;       // serial 0: none, but
    struct vouch_request_row request; // this
};

enum vouch_requests_which { VOUCH_REQUESTS_MINE = 0, VOUCH_REQUESTS_TO_DECIDE, VOUCH_REQUESTS_ALL };

struct vouch_ask_requests {
    struct vouch_ask_page page;
    enum vouch_requests_which which;
    enum vouch_request_state state; // NONE: any
};
struct vouch_answer_requests {
    struct vouch_reply reply;
    struct vouch_request_row *rows;
    size_t count;
    struct vouch_bytes next;
};

enum vouch_request_verb {
    VOUCH_REQUEST_LOOK = 0,
    VOUCH_REQUEST_APPROVE, // with a second factor of the last five minutes
    VOUCH_REQUEST_DENY,
    VOUCH_REQUEST_CANCEL, // by who asked
};
struct vouch_ask_request_decide {
    uint64_t id;
    enum vouch_request_verb verb;
    struct vouch_bytes comment;
};
struct vouch_answer_request {
    struct vouch_reply reply;
    struct vouch_request_row row;
};
// The certificate of an approved request: for its key, once; the policy is asked again.
struct vouch_ask_request_take {
    uint64_t id;
    struct vouch_bytes once;
};
