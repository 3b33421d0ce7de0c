// SPDX-License-Identifier: ISC
// What the authority can be asked, and what it answers: one struct each, and their encoding in frames.
//
// JSON ends above this, SQL and ledger begin below it. Every slice of an ask is borrowed from the
// caller; every slice of an answer is good until the authority is next asked. The zero value of every
// verdict refuses.
#pragma once

#include "base/fault.h"
#include "ipc/codec.h"
#include "ipc/frame.h"
#include "vouch/cert.h"

extern const struct vouch_frame_protocol vouch_authority_protocol;

#define VOUCH_ASK_PAGE_MAX 200      // rows of a page
#define VOUCH_ASK_LIST_MAX 64       // principals, options, scopes, patterns
#define VOUCH_ASK_CURSOR_MAX 64     // bytes
#define VOUCH_TOKEN_PREFIX "vouch_" // of an API token's secret
#define VOUCH_TOKEN_TEXT_MAX 64     // bytes of the whole secret

// How the caller came in. Zero is: nobody knows.
enum vouch_caller_way {
    VOUCH_CALLER_UNKNOWN = 0,
    VOUCH_CALLER_TOKEN, // with an API token, which the authority looks up
    VOUCH_CALLER_LOCAL, // over the socket on the server's own machine, which only its owner can open
    VOUCH_CALLER_SESSION, // signed in, which the authority looks up
    VOUCH_CALLER_HOST,    // an enrolled host with its secret, for asks about itself alone
};

struct vouch_caller {
    enum vouch_caller_way way;
    struct vouch_bytes token;   // TOKEN, SESSION, HOST: the whole secret
    uint64_t uid;               // LOCAL: of the peer
    struct vouch_bytes source;  // the address it came from, as text
    struct vouch_bytes request; // the ID of its request
};

// What a token may do. A caller on the local socket may do everything.
#define VOUCH_SCOPE_CERT_ISSUE "cert:issue" // issue and renew, within its profile
#define VOUCH_SCOPE_CERT_READ "cert:read"   // list and show; revocations
#define VOUCH_SCOPE_CERT_REVOKE "cert:revoke"
#define VOUCH_SCOPE_AUDIT_READ "audit:read" // events, entry bundles of the ledger
#define VOUCH_SCOPE_ADMIN "admin"           // tokens and profiles
#define VOUCH_SCOPE_METRICS "metrics"       // status and /metrics

enum vouch_verdict {
    VOUCH_VERDICT_REFUSED = 0, // known, but this is not allowed (403)
    VOUCH_VERDICT_DONE,        // 200, 201
    VOUCH_VERDICT_UNKNOWN,     // no or no good token (401)
    VOUCH_VERDICT_ABSENT,      // there is no such thing (404)
    VOUCH_VERDICT_INVALID,     // a field is wrong (422)
    VOUCH_VERDICT_CONFLICT,    // exists, in use, or another request had this idempotency key (409)
    VOUCH_VERDICT_BUSY,        // try again soon (503)
};

// What became of an ask; not DONE: why.
struct vouch_reply {
    enum vouch_verdict verdict;
    char code[8];           // of a fault's kind: "V-1801"
    char field[64];         // which field of the ask; may be empty
    char why[256];          // one line
    uint64_t retry_after_s; // BUSY: when to come again; 0: in a moment
};

struct vouch_ask_page {
    uint64_t limit;            // 0: the default
    struct vouch_bytes cursor; // empty: from the start
};
