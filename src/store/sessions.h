// SPDX-License-Identifier: ISC
// Sessions, found by the SHA-256 of their secret. Whether one that was found still counts is for the
// caller to judge.
#pragma once

#include "store/work.h"

#define VOUCH_STORE_SESSION_COARSE_S 60 // how fine "last used" is
#define VOUCH_STORE_SESSIONS_MAX 64     // of an account: the one that was not used for longest goes
#define VOUCH_STORE_SESSION_METHODS_MAX 64 // bytes
#define VOUCH_STORE_SESSION_CLIENT_MAX 300

struct vouch_store_session {
    uint64_t id; // given by the store, never given again
    uint64_t account;
    struct vouch_bytes user; // the account's name
    struct vouch_bytes methods;
    struct vouch_bytes source; // where it was begun
    struct vouch_bytes client; // what its client calls itself; empty: nothing
    uint64_t created_s;
    uint64_t used_s;   // within VOUCH_STORE_SESSION_COARSE_S
    uint64_t factor_s; // when the second factor was last given
    uint64_t idle_s;   // how long it may be unused
    uint64_t ends_s;   // in any case
};

// Finds a session by the SHA-256 of its secret, or by its ID. Slices point into `arena`.
VOUCH_MUST_USE int vouch_store_session_by_secret(struct vouch_store *store,
                                                 const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                                 struct vouch_arena *arena,
                                                 enum vouch_store_outcome *ret_outcome,
                                                 struct vouch_store_session *ret_session,
                                                 struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_store_session_by_id(struct vouch_store *store, uint64_t id,
                                             struct vouch_arena *arena,
                                             enum vouch_store_outcome *ret_outcome,
                                             struct vouch_store_session *ret_session,
                                             struct vouch_fault *fault);

struct vouch_store_sessions {
    struct vouch_arena arena;
    struct vouch_store_session *rows;
    size_t count;
    char next[VOUCH_STORE_CURSOR_MAX]; // empty: this is the last page
};

// The sessions of a user that have not ended at `now_s`, the oldest first.
VOUCH_MUST_USE int vouch_store_sessions_list(struct vouch_store *store, struct vouch_bytes user,
                                             uint64_t now_s, const struct vouch_store_page *page,
                                             struct vouch_store_sessions *ret_sessions,
                                             struct vouch_fault *fault);
void vouch_store_sessions_done(struct vouch_store_sessions *sessions);

// ----- changes: between vouch_store_work_begin() and _end()

// Adds a session; id and user are not read. Of VOUCH_STORE_SESSIONS_MAX others one goes. ABSENT: there is
// no such account; TAKEN: another session has this secret.
VOUCH_MUST_USE int vouch_store_session_add(struct vouch_store *store,
                                           const struct vouch_store_session *session,
                                           const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                           enum vouch_store_outcome *ret_outcome, uint64_t *ret_id,
                                           struct vouch_fault *fault);

// Notes that a session was used, if that is later than what is kept.
VOUCH_MUST_USE int vouch_store_session_used(struct vouch_store *store, uint64_t id, uint64_t now_s,
                                            struct vouch_fault *fault);

// Notes which trust bundle the session's client has.
VOUCH_MUST_USE int vouch_store_session_trust(struct vouch_store *store, uint64_t id,
                                             uint64_t trust_version, struct vouch_fault *fault);

// Notes that the second factor was given. ABSENT: the session is gone.
VOUCH_MUST_USE int vouch_store_session_factor(struct vouch_store *store, uint64_t id,
                                              struct vouch_bytes methods, uint64_t now_s,
                                              enum vouch_store_outcome *ret_outcome,
                                              struct vouch_fault *fault);

// Ends one; *ret_count says whether it was there.
VOUCH_MUST_USE int vouch_store_session_end(struct vouch_store *store, uint64_t id,
                                           uint64_t *ret_count, struct vouch_fault *fault);
// Ends all of an account, but the one with the ID `but` (0: all); *ret_count says how many.
VOUCH_MUST_USE int vouch_store_sessions_end(struct vouch_store *store, uint64_t account,
                                            uint64_t but, uint64_t *ret_count,
                                            struct vouch_fault *fault);

// Forgets those that have ended, at most `limit`; adds to *removed.
VOUCH_MUST_USE int vouch_store_sessions_prune(struct vouch_store *store, uint64_t now_s,
                                              size_t limit, uint64_t *removed,
                                              struct vouch_fault *fault);
