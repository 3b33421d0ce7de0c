// SPDX-License-Identifier: ISC
// Logins, from the lines of sshd's log: several lines of one connection become one outcome, with its
// reason.
//
// sshd says in one line why it refuses a certificate and in a later one whose it was. What both have in
// common is the process that wrote them. A refused certificate is told at once. Plain keys that open
// nothing are told once a connection, when it ends, and not at all if it got in or a certificate of it was
// told: clients offer whatever they have.
#pragma once

#include "host/login-log.h"

#define VOUCH_SEEN_TEXT_MAX 512
#define VOUCH_SEEN_CONNECTIONS_MAX 256 // at a time; the one that was silent longest is forgotten

// The zero value is no outcome.
enum vouch_seen_outcome { VOUCH_SEEN_NONE = 0, VOUCH_SEEN_ACCEPTED, VOUCH_SEEN_REFUSED };

// A login that sshd let in or refused. Texts are printable ASCII, cut if longer; "" if not said.
struct vouch_login_seen {
    uint64_t time_ms;
    enum vouch_seen_outcome outcome;
    uint64_t serial;    // 0: none, or a plain key
    const char *reason; // REFUSED: a constant word (login-log.h); else ""
    char login[128];
    char source[64];
    char method[32];
    char fingerprint[128]; // of the key
    char key_id[300];
    char ca[128];                   // fingerprint of the CA
    char line[VOUCH_SEEN_TEXT_MAX]; // of the log: the reason's, or that of the attempt
};

// A line of the log, without its head.
struct vouch_log_line {
    uint64_t time_ms;
    uint64_t pid; // of who wrote it; 0: not said, and all lines are taken as of one connection
    struct vouch_bytes text;
};

struct vouch_login_join;

// NULL when memory is short.
struct vouch_login_join *vouch_login_join_new(void);
void vouch_login_join_free(struct vouch_login_join *join);

// Takes a line. Nonzero if it completes a login, which is then in *ret_seen.
int vouch_login_join_line(struct vouch_login_join *join, const struct vouch_log_line *line,
                          struct vouch_login_seen *ret_seen);
