// SPDX-License-Identifier: ISC
// A hash table of requests with idempotency keys. Keys are hashes themselves, so their bytes choose the
// bucket.
#include "authority/once.h"

#include <stdlib.h>

#include "base/time.h"

// After this long a request of unknown fate would have turned up in the ledger.
#define UNKNOWN_NS (UINT64_C(60) * 1000000000)

enum entry_state { ENTRY_WORKING = 0, ENTRY_MADE, ENTRY_UNKNOWN };

struct vouch_once_entry {
    struct vouch_once_entry *next;
    struct vouch_once_key once;
    enum entry_state state;
    uint64_t number;
    uint64_t since_ns;
};

void vouch_once_init(struct vouch_once_table *table) {
    *table = (struct vouch_once_table){0};
    pthread_mutex_init(&table->lock, NULL);
}

void vouch_once_done(struct vouch_once_table *table) {
    for (size_t i = 0; i < VOUCH_ONCE_BUCKETS; i++) {
        while (table->buckets[i] != NULL) {
            struct vouch_once_entry *next = table->buckets[i]->next;
            free(table->buckets[i]);
            table->buckets[i] = next;
        }
    }
    pthread_mutex_destroy(&table->lock);
}

// The link that points to the key's entry, or to the end of its bucket.
static struct vouch_once_entry **find(struct vouch_once_table *table, const uint8_t *key) {
    size_t bucket = ((size_t)key[0] << 8 | key[1]) % VOUCH_ONCE_BUCKETS;
    struct vouch_once_entry **link = &table->buckets[bucket];
    while (*link != NULL && memcmp((*link)->once.key, key, VOUCH_STORE_HASH_LEN) != 0) {
        link = &(*link)->next;
    }
    return link;
}

static void drop(struct vouch_once_table *table, struct vouch_once_entry **link) {
    struct vouch_once_entry *entry = *link;
    *link = entry->next;
    free(entry);
    table->count--;
}

static int take(struct vouch_once_table *table, struct vouch_once_entry **link,
                const struct vouch_once_key *once, enum vouch_once_state *ret_state) {
    if (table->count >= VOUCH_ONCE_ENTRIES_MAX) {
        *ret_state = VOUCH_ONCE_AT_WORK;
        return VOUCH_OK;
    }
    struct vouch_once_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    entry->once = *once;
    *link = entry;
    table->count++;
    *ret_state = VOUCH_ONCE_MINE;
    return VOUCH_OK;
}

static enum vouch_once_state judge(const struct vouch_once_entry *entry,
                                   const struct vouch_once_key *once) {
    if (memcmp(entry->once.body, once->body, sizeof once->body) != 0) {
        return VOUCH_ONCE_OTHER;
    }
    return entry->state == ENTRY_MADE ? VOUCH_ONCE_MADE : VOUCH_ONCE_AT_WORK;
}

int vouch_once_begin(struct vouch_once_table *table, const struct vouch_once_key *once,
                     enum vouch_once_state *ret_state, uint64_t *ret_number) {
    int err = VOUCH_OK;
    pthread_mutex_lock(&table->lock);
    struct vouch_once_entry **link = find(table, once->key);
    if (*link != NULL && (*link)->state == ENTRY_UNKNOWN &&
        vouch_time_monotonic_ns() - (*link)->since_ns > UNKNOWN_NS) {
        drop(table, link);
        link = find(table, once->key);
    }
    if (*link == NULL) {
        err = take(table, link, once, ret_state);
    } else {
        *ret_state = judge(*link, once);
        *ret_number = (*link)->number;
    }
    pthread_mutex_unlock(&table->lock);
    return err;
}

void vouch_once_end(struct vouch_once_table *table, const struct vouch_once_key *once,
                    enum vouch_once_end end, uint64_t number) {
    pthread_mutex_lock(&table->lock);
    struct vouch_once_entry **link = find(table, once->key);
    // It may be gone: indexed before we came to say that it was made.
    if (*link != NULL && end == VOUCH_ONCE_NOTHING) {
        drop(table, link);
    } else if (*link != NULL) {
        (*link)->state = end == VOUCH_ONCE_RECORD ? ENTRY_MADE : ENTRY_UNKNOWN;
        (*link)->number = number;
        (*link)->since_ns = vouch_time_monotonic_ns();
    }
    pthread_mutex_unlock(&table->lock);
}

void vouch_once_indexed(struct vouch_once_table *table,
                        const uint8_t key[static VOUCH_STORE_HASH_LEN]) {
    pthread_mutex_lock(&table->lock);
    struct vouch_once_entry **link = find(table, key);
    if (*link != NULL) {
        drop(table, link);
    }
    pthread_mutex_unlock(&table->lock);
}
