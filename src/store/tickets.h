// SPDX-License-Identifier: ISC
// Tickets: what somebody who is signed in may have signed once, without a client, found by the SHA-256 of the
// secret in the ticket's address. At most one of each account waits. Whether one that was found still counts is
// for the caller to judge.
#pragma once

#include "store/work.h"

#define VOUCH_STORE_TICKET_BYTES_MAX 65536 // of what was asked, and of what would be granted
#define VOUCH_STORE_TICKET_KEPT_S 3600 // after its end, for who made it to see what became of it

// The zero value is none.
enum vouch_store_ticket_state {
    VOUCH_STORE_TICKET_NONE = 0,
    VOUCH_STORE_TICKET_WAITING,
    VOUCH_STORE_TICKET_USED,
};

struct vouch_store_ticket {
    uint64_t id;                         // given by the store, never given again
    uint64_t account, session;           // who made it, and in which session
    uint64_t created_s, expires_s;       // good before
    struct vouch_bytes ask, granted;     // all that was asked, and all that would be granted
    enum vouch_store_ticket_state state; // from here on not read when it is added
    struct vouch_bytes source;           // where it was used
    uint64_t used_s;
    uint64_t serial; // of the certificate; 0: none
};

// Finds one. Slices point into `arena`.
VOUCH_MUST_USE int vouch_store_ticket_by_secret(struct vouch_store *store,
                                                const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                                struct vouch_arena *arena,
                                                enum vouch_store_outcome *ret_outcome,
                                                struct vouch_store_ticket *ret_ticket,
                                                struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_store_ticket_by_id(struct vouch_store *store, uint64_t id,
                                            struct vouch_arena *arena,
                                            enum vouch_store_outcome *ret_outcome,
                                            struct vouch_store_ticket *ret_ticket,
                                            struct vouch_fault *fault);

// ----- changes: between vouch_store_work_begin() and _end()

// Keeps one that waits, in place of the account's others that do, and gives its ID. TAKEN: another has this
// secret.
VOUCH_MUST_USE int vouch_store_ticket_add(struct vouch_store *store,
                                          const struct vouch_store_ticket *ticket,
                                          const uint8_t secret[static VOUCH_STORE_HASH_LEN],
                                          enum vouch_store_outcome *ret_outcome, uint64_t *ret_id,
                                          struct vouch_fault *fault);

// Uses one up. ABSENT: it does not wait, it has come to its end, or the session it was made in is over.
VOUCH_MUST_USE int vouch_store_ticket_use(struct vouch_store *store, uint64_t id, uint64_t now_s,
                                          struct vouch_bytes source,
                                          enum vouch_store_outcome *ret_outcome,
                                          struct vouch_fault *fault);

// Says what became of one that was used: WAITING gives it back. ABSENT: it was not used.
VOUCH_MUST_USE int vouch_store_ticket_end(struct vouch_store *store, uint64_t id,
                                          enum vouch_store_ticket_state state, uint64_t serial,
                                          enum vouch_store_outcome *ret_outcome,
                                          struct vouch_fault *fault);

// Forgets those that came to their end before VOUCH_STORE_TICKET_KEPT_S, at most `limit`; adds to *removed.
VOUCH_MUST_USE int vouch_store_tickets_prune(struct vouch_store *store, uint64_t now_s,
                                             size_t limit, uint64_t *removed,
                                             struct vouch_fault *fault);
