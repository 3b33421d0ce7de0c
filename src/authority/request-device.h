// SPDX-License-Identifier: ISC
// Asks about signing in by browser: a client that has none asks for a code, somebody who is signed in compares
// and approves it, and the client gets a session. See request.h; the rules are in doc/people.md.
#pragma once

#include "authority/request-people.h"

#define VOUCH_DEVICE_PREFIX "vouchd_"      // of the secret that the client asks with
#define VOUCH_DEVICE_BACK_PREFIX "vouchb_" // of what the browser brings to the client's loopback
#define VOUCH_DEVICE_CODE_LEN 8            // letters that people compare
#define VOUCH_DEVICE_LETTERS "BCDFGHJKLMNPQRSTVWXZ"
#define VOUCH_DEVICE_TEXT_MAX 128 // bytes of what a client says of itself
#define VOUCH_DEVICE_MARK_MAX 64
#define VOUCH_DEVICE_VERIFIER_MAX 128 // RFC 7636 4.1: 43 to 128
#define VOUCH_DEVICE_TTL_S 600
#define VOUCH_DEVICE_INTERVAL_S 2 // between two questions of the client
#define VOUCH_DEVICE_UNDO_S 86400 // for so long it can be taken back

// By a stranger. Machine, os and version are what the client says of itself, and no more.
struct vouch_ask_device_new {
    struct vouch_bytes machine, os, version;
    uint8_t challenge[32];   // SHA-256 of the verifier
    uint64_t port;           // of the loopback to which the browser is to come back; 0: none
    struct vouch_bytes mark; // what the client wants to see there; only with a port
};
struct vouch_answer_device_new {
    struct vouch_reply reply;
    struct vouch_bytes secret;  // once
    struct vouch_bytes code;    // 8 letters
    struct vouch_bytes address; // "https://HOST:PORT#PIN" as the server knows it; may be empty
    uint64_t expires_s, interval_s;
};

// The zero value is none.
enum vouch_device_state {
    VOUCH_DEVICE_NONE = 0,
    VOUCH_DEVICE_WAITING,
    VOUCH_DEVICE_APPROVED,
    VOUCH_DEVICE_DENIED,
    VOUCH_DEVICE_TAKEN,
    VOUCH_DEVICE_UNDONE,
};
enum vouch_device_verb {
    VOUCH_DEVICE_LOOK = 0,
    VOUCH_DEVICE_APPROVE, // with a second factor of the last five minutes
    VOUCH_DEVICE_DENY,
    VOUCH_DEVICE_UNDO, // by who approved: ends the session and revokes what it got
};
// By who is signed in. The code in either case, with or without its dash.
struct vouch_ask_device {
    struct vouch_bytes code;
    enum vouch_device_verb verb;
};
struct vouch_device_row {
    struct vouch_bytes machine, os, version;
    struct vouch_bytes source, here; // where the client asked, and where the caller does
    uint64_t differs;                // nonzero: these are two places
    uint64_t created_s, expires_s;
    enum vouch_device_state state;
    uint64_t port;
    struct vouch_bytes mark;
    struct vouch_bytes back; // just approved, and there is a port: what to bring there, once
    uint64_t session;        // that was begun by it; 0: none
    uint64_t revoked;        // UNDO: certificates
};
struct vouch_answer_device {
    struct vouch_reply reply;
    struct vouch_device_row row;
};

// By the client: its session, once it is approved.
struct vouch_ask_device_session {
    struct vouch_bytes secret;
    struct vouch_bytes verifier;
    struct vouch_bytes back; // what the browser brought; empty: nothing yet
};
