// SPDX-License-Identifier: ISC
// The database of the service: the index of the ledger, and the little that is state of its own.
//
// The ledger is the truth. Certificates, events, revocations and idempotency keys are indexed from its
// records, in batches, by one thread (batch.h), and can all be indexed again. Tokens, profiles and the
// newest revocation lists are kept here only, and are on the disk when a call returns. A handle belongs
// to one thread: each reading thread opens its own. Listings are bounded; each page names the next.
#pragma once

#include "base/arena.h"
#include "base/fault.h"

#define VOUCH_STORE_TEXT_MAX 4096     // bytes of any text, as in the ledger
#define VOUCH_STORE_DETAILS_MAX 65535 // bytes of an event's details, as in the ledger
#define VOUCH_STORE_NAME_MAX 64       // bytes of a token's or profile's name
#define VOUCH_STORE_LIST_MAX 256      // principals, scopes, patterns, options of one object
#define VOUCH_STORE_PAGE_MAX 1000     // rows of a page
#define VOUCH_STORE_PAGE_DEFAULT 100  // where the caller gives 0
#define VOUCH_STORE_SCAN_MAX 2500     // rows that are looked at for one page
#define VOUCH_STORE_CURSOR_MAX 24     // characters of a cursor, with its NUL
#define VOUCH_STORE_HASH_LEN 32       // SHA-256

struct vouch_driver;
struct vouch_store;

enum vouch_store_access { VOUCH_STORE_READ = 0, VOUCH_STORE_WRITE };

struct vouch_store_open {
    const struct vouch_driver *driver; // NULL: SQLite
    const char *where;                 // the database's path
    enum vouch_store_access access;    // WRITE makes the database, or brings it up to date
    unsigned wait_ms;                  // for other writers; then V-1701
};

// Opens a handle. A database of a newer program is refused (V-1704), and so is one that is not there or
// not up to date when opened to read. A migration that is cut short leaves the version before it.
VOUCH_MUST_USE int vouch_store_open(const struct vouch_store_open *what,
                                    struct vouch_store **ret_store, struct vouch_fault *fault);
void vouch_store_close(struct vouch_store *store);

// What became of a question or a change. "No" is here and never a fault. The zero value refuses.
enum vouch_store_outcome {
    VOUCH_STORE_ABSENT = 0, // there is no such thing
    VOUCH_STORE_DONE,       // found, or changed
    VOUCH_STORE_TAKEN,      // something with that name is there already, or something newer
    VOUCH_STORE_IN_USE,     // something else needs it
};

// One page of a listing, as the caller asks for it.
struct vouch_store_page {
    size_t limit;              // 0: the default; more than the most: the most
    struct vouch_bytes cursor; // where the page before ended; empty: from the start
};

// What the database says about itself. Slices point into `arena`, which the caller ends.
struct vouch_store_meta {
    struct vouch_bytes node;   // empty until it is set
    struct vouch_bytes origin; // the ledger's name; empty until a record was indexed
    uint64_t epoch;
    uint64_t position; // how many of the ledger's records are indexed
};
VOUCH_MUST_USE int vouch_store_meta(struct vouch_store *store, struct vouch_arena *arena,
                                    struct vouch_store_meta *ret_meta, struct vouch_fault *fault);

// Says who this node is, once: TAKEN if the database belongs to a node already.
VOUCH_MUST_USE int vouch_store_node_set(struct vouch_store *store, struct vouch_bytes node,
                                        enum vouch_store_outcome *ret_outcome,
                                        struct vouch_fault *fault);

// Raises the epoch of serials, durably: TAKEN if it is as high already.
VOUCH_MUST_USE int vouch_store_epoch_set(struct vouch_store *store, uint64_t epoch,
                                         enum vouch_store_outcome *ret_outcome,
                                         struct vouch_fault *fault);

// Forgets all that is indexed, to index the ledger again from record 0. Revocations stay, since a
// moment without them would be worse than one too many.
VOUCH_MUST_USE int vouch_store_index_reset(struct vouch_store *store, struct vouch_fault *fault);

// Reads the whole database: V-1702 if it is damaged. Seconds for millions of rows.
VOUCH_MUST_USE int vouch_store_check(struct vouch_store *store, struct vouch_fault *fault);

// A checked copy in a new file of mode 0600, durable when this returns; nobody waits meanwhile. It is
// restored by putting it in the database's place and indexing what the ledger has more.
VOUCH_MUST_USE int vouch_store_backup(struct vouch_store *store, const char *path,
                                      struct vouch_fault *fault);
