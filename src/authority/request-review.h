// SPDX-License-Identifier: ISC
// Asks about emergencies: certificates that are put away for one, reviews of what was had in one, and the
// sheet that says what to do when the server is gone. See request.h; the rules are in doc/break-glass.md.
#pragma once

#include "authority/request-access.h"

#define VOUCH_SEAL_TTL_MAX_S (UINT64_C(90) * 86400)
#define VOUCH_SEAL_TTL_MIN_S UINT64_C(86400)

// The zero values are no state and no kind.
enum vouch_review_state {
    VOUCH_REVIEW_NONE = 0,
    VOUCH_REVIEW_OPEN,
    VOUCH_REVIEW_DONE,
    VOUCH_REVIEW_VOID, // nothing was issued
};
enum vouch_review_kind { VOUCH_REVIEW_ANY = 0, VOUCH_REVIEW_LOUD, VOUCH_REVIEW_SEALED };

struct vouch_review_row {
    uint64_t id;
    enum vouch_review_state state;
    enum vouch_review_kind kind;
    uint64_t is_drill;
    struct vouch_bytes user;   // who asked
    struct vouch_bytes holder; // who the certificate is for
    struct vouch_bytes role, zone, reason, source;
    uint8_t key[32]; // SHA-256 of the subject's key blob
    uint64_t opened_s;
    uint64_t serial;       // 0: it is not known whether there is a certificate
    uint64_t ends_s;       // of the certificate
    uint64_t uses, used_s; // logins with it, and the last of them
    struct vouch_bytes done_by, note;
    uint64_t done_s;
};

// For administrators and auditors.
struct vouch_ask_reviews {
    struct vouch_ask_page page;
    enum vouch_review_state state; // NONE: any
    enum vouch_review_kind kind;   // ANY
};
struct vouch_answer_reviews {
    struct vouch_reply reply;
    struct vouch_review_row *rows;
    size_t count;
    struct vouch_bytes next;
    uint64_t open;    // in all
    uint64_t drill_s; // when the last drill was; 0: never
};

enum vouch_review_verb {
    VOUCH_REVIEW_LOOK = 0,
    VOUCH_REVIEW_FINISH, // by an administrator who had no part in it, with a note
};
struct vouch_ask_review_decide {
    uint64_t id;
    enum vouch_review_verb verb;
    struct vouch_bytes note;
};
struct vouch_answer_review {
    struct vouch_reply reply;
    struct vouch_review_row row;
};

// A certificate that is put away: for a user, by a role for emergencies, for a key that a security key
// holds. By an administrator with a second factor of the last five minutes.
struct vouch_ask_seal {
    struct vouch_bytes user, role;
    struct vouch_bytes key; // public key blob
    uint64_t ttl_s;
    struct vouch_bytes reason;
    struct vouch_bytes once;
};

// What to print and put in the safe, as plain text.
struct vouch_answer_sheet {
    struct vouch_reply reply;
    struct vouch_bytes text;
};
