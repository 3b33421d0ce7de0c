// SPDX-License-Identifier: ISC
// Events in the index: searching the audit log.
//
// Certificates are among them, as events of the type "cert.issue" whose object is the key ID.
#pragma once

#include "store/store.h"

#define VOUCH_STORE_EVENT_CERT "cert.issue"

struct vouch_store_event {
    uint64_t number; // its record in the ledger
    uint64_t time_ms;
    struct vouch_bytes type;
    struct vouch_bytes actor;
    struct vouch_bytes object;
    struct vouch_bytes details; // as the writer of the index gave them
};

// What is asked for: all that is set must fit. A field is not set when it is zero or its ptr is NULL.
struct vouch_store_event_filter {
    struct vouch_bytes type;
    struct vouch_bytes actor;
    struct vouch_bytes object;
    uint64_t from_ms;
    uint64_t until_ms; // before
};

// A page of them, newest first. `rows` point into `arena`.
struct vouch_store_events {
    struct vouch_arena arena;
    struct vouch_store_event *rows;
    size_t count;                      // may be 0 though more follow: see `next`
    char next[VOUCH_STORE_CURSOR_MAX]; // empty: this is the last page
};

// Lists what fits, under the rules of vouch_store_certs_list().
VOUCH_MUST_USE int vouch_store_audit_list(struct vouch_store *store,
                                          const struct vouch_store_event_filter *filter,
                                          const struct vouch_store_page *page,
                                          struct vouch_store_events *ret_events,
                                          struct vouch_fault *fault);
void vouch_store_events_done(struct vouch_store_events *events);
