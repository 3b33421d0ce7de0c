// SPDX-License-Identifier: ISC
// Asks about tickets: who is signed in has it decided now what may be signed once, within minutes, for whatever
// public key comes with the ticket's secret. See request.h; the rules are in doc/people.md.
#pragma once

#include "authority/request-access.h"

#define VOUCH_TICKET_PREFIX "voucht_" // of the secret in its address
#define VOUCH_TICKET_TTL_S 300

// What it gives is decided when it is made, and once more when it is used: the same, or nothing. It is asked for
// as access is, without a key; an earlier one of the same person that waits is void.
struct vouch_answer_ticket_new {
    struct vouch_reply reply;
    uint64_t id;
    struct vouch_bytes secret;  // once
    struct vouch_bytes address; // "https://HOST:PORT#PIN" as the server knows it; may be empty
    struct vouch_text_list roles, principals;
    uint64_t ttl_s;     // of the certificate
    uint64_t expires_s; // the ticket; not after the session, nor after the second factor is too old
};

// The zero value is none.
enum vouch_ticket_state {
    VOUCH_TICKET_NONE = 0,
    VOUCH_TICKET_WAITING,
    VOUCH_TICKET_USED,
    VOUCH_TICKET_OVER, // nobody used it in time
};

// For who made it.
struct vouch_ask_ticket {
    uint64_t id;
};
struct vouch_answer_ticket {
    struct vouch_reply reply;
    enum vouch_ticket_state state;
    uint64_t expires_s;
    uint64_t used_s;           // 0: it was not
    struct vouch_bytes source; // where that was
    uint64_t serial;           // of the certificate; 0: none, or not yet
};

// By whoever has the secret.
struct vouch_ask_ticket_use {
    struct vouch_bytes secret;
    struct vouch_bytes key; // the subject's public key blob
};
