// SPDX-License-Identifier: ISC
// Idempotency keys of requests that are at work, or done and not indexed yet. Those that are indexed are
// in the database. Private to src/authority.
#pragma once

#include <pthread.h>

#include "store/store.h"

#define VOUCH_ONCE_ENTRIES_MAX 16384
#define VOUCH_ONCE_BUCKETS 1024

struct vouch_once_entry;

struct vouch_once_table {
    pthread_mutex_t lock;
    struct vouch_once_entry *buckets[VOUCH_ONCE_BUCKETS];
    size_t count;
};

// Both SHA-256: of who asks and their key, and of what they ask.
struct vouch_once_key {
    uint8_t key[VOUCH_STORE_HASH_LEN];
    uint8_t body[VOUCH_STORE_HASH_LEN];
};

enum vouch_once_state {
    VOUCH_ONCE_AT_WORK = 0, // the same request is being worked on, or too many are
    VOUCH_ONCE_MINE,        // it is the caller's to do; vouch_once_end() must follow
    VOUCH_ONCE_MADE,        // it was done: *ret_number is the record
    VOUCH_ONCE_OTHER,       // the key belongs to another request
};

// Begins an empty table, and ends one.
void vouch_once_init(struct vouch_once_table *table);
void vouch_once_done(struct vouch_once_table *table);

// Looks the key up and, if nobody has it, takes it. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_once_begin(struct vouch_once_table *table,
                                    const struct vouch_once_key *once,
                                    enum vouch_once_state *ret_state, uint64_t *ret_number);

// What became of it: nothing was made; it made this record; or it is unknown, and until the ledger has
// told, the key stays taken.
enum vouch_once_end { VOUCH_ONCE_NOTHING = 0, VOUCH_ONCE_RECORD, VOUCH_ONCE_UNKNOWN };
void vouch_once_end(struct vouch_once_table *table, const struct vouch_once_key *once,
                    enum vouch_once_end end, uint64_t number);

// The database knows this key now.
void vouch_once_indexed(struct vouch_once_table *table,
                        const uint8_t key[static VOUCH_STORE_HASH_LEN]);
