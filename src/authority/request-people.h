// SPDX-License-Identifier: ISC
// Asks about people: signing in, sessions, and how an account gets its password and second factor. See
// request.h; the rules are in doc/people.md.
#pragma once

#include "authority/request-passkeys.h"
#include "authority/request.h"

#define VOUCH_SESSION_PREFIX "vouchs_" // of a session's secret
#define VOUCH_LINK_PREFIX "vouchl_"    // of a one-time link's secret
#define VOUCH_PASSWORD_GIVEN_MAX 2048  // more than is allowed, so that the refusal can say so
#define VOUCH_CODE_GIVEN_MAX 128

// Which second factor is given. Zero is none and is refused.
enum vouch_factor {
    VOUCH_FACTOR_NONE = 0,
    VOUCH_FACTOR_TOTP,
    VOUCH_FACTOR_RECOVERY,
    VOUCH_FACTOR_PASSKEY, // which is both factors
};

struct vouch_session_row {
    uint64_t id;
    struct vouch_bytes user;
    struct vouch_bytes methods; // "password+totp", "passkey"
    struct vouch_bytes source;  // where it was begun
    struct vouch_bytes client;  // what its client calls itself; empty: nothing
    uint64_t created_s, used_s; // used: to the minute
    uint64_t factor_s;          // when the second factor was last given
    uint64_t idle_s;            // it ends when it was not used for so long
    uint64_t ends_s;            // and then in any case
};

// Both factors at once. Whatever is wrong, the answer is the same, and as slow. A passkey comes alone.
struct vouch_ask_sign_in {
    struct vouch_bytes user;
    struct vouch_bytes password;
    enum vouch_factor factor;
    struct vouch_bytes code;
    struct vouch_passkey_given passkey;
};
struct vouch_answer_session {
    struct vouch_reply reply;
    struct vouch_session_row row;
    struct vouch_bytes secret; // once, when it is new
    uint64_t recovery_left;    // codes, after one was used
};

// A code or a passkey, to make the session's second factor fresh.
struct vouch_ask_factor {
    enum vouch_factor factor;
    struct vouch_bytes code;
    struct vouch_passkey_given passkey;
};

// Sessions that have not ended. `user` empty: the caller's own; another's: for administrators.
struct vouch_ask_sessions {
    struct vouch_ask_page page;
    struct vouch_bytes user;
};
struct vouch_answer_sessions {
    struct vouch_reply reply;
    struct vouch_session_row *rows;
    size_t count;
    struct vouch_bytes next;
};

// Ends the session that asks, one by its ID, all of the caller's own, or (`user` set) all of somebody's.
enum vouch_session_which {
    VOUCH_SESSION_THIS = 0,
    VOUCH_SESSION_BY_ID,
    VOUCH_SESSIONS_OF_USER,
};
struct vouch_ask_session_end {
    enum vouch_session_which which;
    uint64_t id;             // BY_ID
    struct vouch_bytes user; // OF_USER; empty: the caller
};
struct vouch_answer_ended {
    struct vouch_reply reply;
    uint64_t count; // sessions that ended
};

// ----- accounts

// A user of the policy, and what the service keeps for them.
struct vouch_account_row {
    struct vouch_bytes user;
    struct vouch_bytes login;
    uint64_t enabled; // 0: no
    uint64_t until_s; // 0: no end
    uint64_t has_password, has_totp, recovery_left;
    uint64_t created_s, signed_in_s; // last; 0: never
    uint64_t sessions, passkeys;
    uint64_t closed; // nonzero: after too many tries; a new link opens it
};
struct vouch_ask_accounts {
    struct vouch_ask_page page;
    struct vouch_bytes user; // this one alone
};
struct vouch_answer_accounts {
    struct vouch_reply reply;
    struct vouch_account_row *rows;
    size_t count;
    struct vouch_bytes next;
};

// A one-time link, by which a user sets password and second factor anew. An earlier one is void.
struct vouch_ask_link_new {
    struct vouch_bytes user;
    uint64_t ttl_s; // 0: 24 hours; at most 7 days
};
struct vouch_answer_link {
    struct vouch_reply reply;
    struct vouch_bytes user;
    struct vouch_bytes name; // of the CA
    uint64_t expires_s;
    struct vouch_bytes address; // "https://HOST:PORT#PIN", as the server knows it; when it is new
    struct vouch_bytes secret;  // once, when it is new
};

// Whose link it is.
struct vouch_ask_link {
    struct vouch_bytes secret;
};

// Gives the password and gets a TOTP secret; nothing holds before a code of it was given.
struct vouch_ask_account_begin {
    struct vouch_bytes secret; // of the link
    struct vouch_bytes password;
};
struct vouch_answer_account_begin {
    struct vouch_reply reply;
    struct vouch_bytes user;
    struct vouch_bytes uri; // otpauth://
    struct vouch_passkey_question question;
};
// With a right code, or a passkey in place of the app: password and second factor hold, all sessions end, the link is used up.
struct vouch_ask_account_finish {
    struct vouch_bytes secret;
    enum vouch_factor factor; // PASSKEY; any other: TOTP
    struct vouch_bytes code;
    struct vouch_passkey_new passkey;
};
struct vouch_answer_codes {
    struct vouch_reply reply;
    struct vouch_bytes user;
    struct vouch_text_list codes; // recovery codes, shown once
};

// Signed in: another password. Ends all other sessions.
struct vouch_ask_password {
    struct vouch_bytes current;
    struct vouch_bytes fresh;
    enum vouch_factor factor; // PASSKEY; any other: TOTP
    struct vouch_bytes code;
    struct vouch_passkey_given passkey;
};
// Signed in: new recovery codes in place of the old ones.
struct vouch_ask_recovery_new {
    enum vouch_factor factor; // PASSKEY; any other: TOTP
    struct vouch_bytes code;
    struct vouch_passkey_given passkey;
};
