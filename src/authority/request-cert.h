// SPDX-License-Identifier: ISC
// Asks about certificates: issuing, renewing, showing, listing. See request.h.
#pragma once

#include "authority/request.h"

struct vouch_ask_issue {
    enum vouch_cert_type type;
    struct vouch_bytes key;    // the subject's public key blob
    struct vouch_bytes key_id; // empty: made by the authority from the token's name
    struct vouch_text_list principals;
    uint64_t ttl_s;                    // 0: the profile's longest
    struct vouch_text_list critical;   // "NAME=VALUE"
    struct vouch_text_list extensions; // "NAME"; none given (count 0): the profile's
    struct vouch_bytes once;           // idempotency key; empty: none
};

// A certificate as the index knows it, and as issuing and showing answer it.
struct vouch_cert_row {
    uint64_t serial;
    uint64_t number; // its record in the ledger
    uint64_t time_ms;
    enum vouch_cert_type type;
    struct vouch_bytes key_id;
    uint8_t key[32]; // SHA-256 of the subject's key blob
    uint8_t ca[32];  // SHA-256 of the CA's key blob
    struct vouch_text_list principals;
    uint64_t valid_after, valid_before;
    struct vouch_bytes actor, role, source;
    uint64_t revoked_ms; // 0: it is not
    struct vouch_bytes revoked_by, revoked_reason;
    struct vouch_bytes cert; // the blob; empty in listings
};

struct vouch_answer_cert {
    struct vouch_reply reply;
    struct vouch_cert_row row;
};

// A fresh certificate for the same key, with the same identity, principals and options and as long a
// validity, if the caller could issue it anew and the old one is neither revoked nor long expired.
struct vouch_ask_renew {
    uint64_t serial;
    struct vouch_bytes once;
};

struct vouch_ask_show {
    uint64_t serial;
};

// All that is set must fit; zero or empty is not set.
struct vouch_ask_certs {
    struct vouch_ask_page page;
    uint64_t serial;
    struct vouch_bytes key; // SHA-256, 32 bytes
    struct vouch_bytes key_id, principal, actor;
    enum vouch_cert_type type;
    uint64_t from_ms, until_ms, valid_at_s;
};

struct vouch_answer_certs {
    struct vouch_reply reply;
    struct vouch_cert_row *rows;
    size_t count;
    struct vouch_bytes next; // empty: the last page
};
