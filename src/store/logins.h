// SPDX-License-Identifier: ISC
// The logins that hosts report: kept in the order of their time, found by host, person, certificate.
#pragma once

#include "store/work.h"

// The zero value is no outcome.
enum vouch_store_login_outcome {
    VOUCH_STORE_LOGIN_ANY = 0,
    VOUCH_STORE_LOGIN_ACCEPTED,
    VOUCH_STORE_LOGIN_REFUSED,
};

struct vouch_store_login {
    uint64_t id;      // given by the store; higher is later
    uint64_t time_ms; // below 2^43
    struct vouch_bytes host;
    enum vouch_store_login_outcome outcome;
    struct vouch_bytes login;
    struct vouch_bytes user; // empty: nobody who is known
    struct vouch_bytes key_id;
    uint64_t serial; // 0: no certificate
    struct vouch_bytes source, method, fingerprint, ca, reason, line;
    struct vouch_bytes alarm; // empty: none
};

// What is asked for: all that is set must fit. A field is not set when it is zero or its ptr is NULL.
struct vouch_store_login_filter {
    struct vouch_bytes host, login, user, key_id;
    const uint64_t *serial;
    enum vouch_store_login_outcome outcome;
    enum vouch_store_login_which { VOUCH_STORE_LOGINS_ALL = 0, VOUCH_STORE_LOGINS_ALARMS } which;
    uint64_t from_ms;  // at or after
    uint64_t until_ms; // before
};

struct vouch_store_logins {
    struct vouch_arena arena;
    struct vouch_store_login *rows;
    size_t count;                      // may be 0 though more follow: see `next`
    char next[VOUCH_STORE_CURSOR_MAX]; // empty: this is the last page
};

// A page of them, newest first. At most VOUCH_STORE_SCAN_MAX rows are looked at.
VOUCH_MUST_USE int vouch_store_logins_list(struct vouch_store *store,
                                           const struct vouch_store_login_filter *filter,
                                           const struct vouch_store_page *page,
                                           struct vouch_store_logins *ret_logins,
                                           struct vouch_fault *fault);
void vouch_store_logins_done(struct vouch_store_logins *logins);

// The number of the login that a host sends next; *ret_found 0: it never sent any.
VOUCH_MUST_USE int vouch_store_login_next(struct vouch_store *store, uint64_t host, int *ret_found,
                                          uint64_t *ret_next, struct vouch_fault *fault);

// ----- changes: between vouch_store_work_begin() and _end()

// Adds a login; its id is not read. One whose time has no place left gets the next.
VOUCH_MUST_USE int vouch_store_login_add(struct vouch_store *store,
                                         const struct vouch_store_login *login,
                                         struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_store_login_next_put(struct vouch_store *store, uint64_t host,
                                              uint64_t next, struct vouch_fault *fault);

// Forgets those from before a time, at most `limit`; adds to *removed.
VOUCH_MUST_USE int vouch_store_logins_prune(struct vouch_store *store, uint64_t before_ms,
                                            size_t limit, uint64_t *removed,
                                            struct vouch_fault *fault);
