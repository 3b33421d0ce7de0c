// SPDX-License-Identifier: ISC
// Asks about passkeys: the question that one is asked, what a browser brings back, and which ones there are.
// See request.h; the rules are in doc/people.md.
#pragma once

#include "authority/request.h"

#define VOUCH_PASSKEY_QUESTION_MAX 192  // bytes of the text that names a question
#define VOUCH_PASSKEY_NAME_GIVEN_MAX 64 // what its user calls a passkey
#define VOUCH_PASSKEY_ID_GIVEN_MAX 1023 // these as identity has them
#define VOUCH_PASSKEY_JSON_GIVEN_MAX 2048
#define VOUCH_PASSKEY_DATA_GIVEN_MAX 1024
#define VOUCH_PASSKEY_ATTEST_GIVEN_MAX 4096
#define VOUCH_PASSKEY_SIGN_GIVEN_MAX 512
#define VOUCH_PASSKEY_USER_GIVEN_MAX 64
#define VOUCH_PASSKEYS_SHOWN_MAX 16
#define VOUCH_PASSKEY_KINDS                                                                        \
    { -8, -7, -257 } // of keys, as identity takes them

// What a browser brings back from asking a passkey. `question` names what was asked.
struct vouch_passkey_given {
    struct vouch_bytes question;
    struct vouch_bytes id, client_data, authdata, signature, handle;
};
// And from making one.
struct vouch_passkey_new {
    struct vouch_bytes question;
    struct vouch_bytes id, client_data, attestation;
    struct vouch_bytes name; // that its user gives it
};

// What a passkey is asked for. Zero is nothing and is refused.
enum vouch_passkey_purpose {
    VOUCH_PASSKEY_FOR_NOTHING = 0,
    VOUCH_PASSKEY_FOR_SIGN_IN, // by a stranger
    VOUCH_PASSKEY_FOR_FACTOR, // by a session: its second factor; for `request`, of that one's approval alone
    VOUCH_PASSKEY_FOR_NEW, // by a session with a fresh second factor: another passkey
};
struct vouch_ask_passkey_question {
    enum vouch_passkey_purpose purpose;
    struct vouch_bytes user; // SIGN_IN: only theirs will do; empty: anybody's
    uint64_t request;        // FACTOR: 0: of none
};

// Everything that a browser has to be told. A question is good once, for five minutes.
struct vouch_passkey_question {
    struct vouch_bytes question;  // names it; empty: no passkeys can be made here
    struct vouch_bytes challenge; // 32 bytes
    struct vouch_bytes host;      // that passkeys are bound to
    struct vouch_bytes ca;        // name of the CA
    struct vouch_bytes handle;    // the user, for the passkey alone
    struct vouch_bytes user;      // and for people
    struct vouch_text_list ids;   // NEW: of those there are already; FACTOR: of those that will do
    uint64_t ttl_s;
};
struct vouch_answer_passkey_question {
    struct vouch_reply reply;
    struct vouch_passkey_question question;
};

struct vouch_passkey_row {
    uint64_t id;
    struct vouch_bytes name;
    struct vouch_bytes credential; // what it calls itself
    uint64_t backed_up;            // nonzero: its user has it on several devices
    uint64_t may_back_up;
    uint8_t aaguid[16]; // its make; zero: not told
    uint64_t created_s, used_s;
};
struct vouch_answer_passkey {
    struct vouch_reply reply;
    struct vouch_passkey_row row;
};
struct vouch_ask_passkey_add {
    struct vouch_passkey_new passkey;
};
// The caller's own; `user` set: another's, for administrators.
struct vouch_ask_passkeys {
    struct vouch_ask_page page;
    struct vouch_bytes user;
};
struct vouch_answer_passkeys {
    struct vouch_reply reply;
    struct vouch_passkey_row *rows;
    size_t count;
    struct vouch_bytes next;
};
// The caller's own, unless a user is given.
struct vouch_ask_passkey_remove {
    uint64_t id;
    struct vouch_bytes user;
};
