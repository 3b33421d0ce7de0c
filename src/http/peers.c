// SPDX-License-Identifier: ISC
// Connections per address, by open addressing with removal by moving back.
#include "http/peers.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/secret.h"

struct row {
    uint8_t key[16];
    uint32_t count; // 0: empty
};

struct vouch_http_peers {
    pthread_mutex_t lock;
    uint64_t seed; // so that nobody can choose addresses that collide
    uint32_t each_max;
    size_t mask;
    struct row rows[];
};

struct vouch_http_peers *vouch_http_peers_new(uint32_t connections_max, uint32_t each_max) {
    size_t size = 16;
    while (size < 2 * (size_t)connections_max) {
        size *= 2;
    }
    struct vouch_http_peers *peers = calloc(1, sizeof *peers + size * sizeof peers->rows[0]);
    if (peers == NULL) {
        return NULL;
    }
    pthread_mutex_init(&peers->lock, NULL);
    vouch_random(&peers->seed, sizeof peers->seed);
    peers->each_max = each_max;
    peers->mask = size - 1;
    return peers;
}

void vouch_http_peers_free(struct vouch_http_peers *peers) {
    if (peers != NULL) {
        pthread_mutex_destroy(&peers->lock);
        free(peers);
    }
}

static void make_key(const struct vouch_http_address *address, uint8_t key[16]) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    int v4 = memcmp(address->bytes, mapped, sizeof mapped) == 0;
    memset(key, 0, 16);
    memcpy(key, address->bytes, v4 ? 16 : 8);
}

static size_t slot_of(const struct vouch_http_peers *peers, const uint8_t key[16]) {
    uint64_t halves[2];
    memcpy(halves, key, sizeof halves);
    uint64_t hash = (halves[0] ^ peers->seed) * 0x9e3779b97f4a7c15ULL;
    hash = (hash ^ hash >> 29 ^ halves[1]) * 0xbf58476d1ce4e5b9ULL;
    return (hash ^ hash >> 32) & peers->mask;
}

static struct row *find(struct vouch_http_peers *peers, const uint8_t key[16]) {
    size_t at = slot_of(peers, key);
    while (peers->rows[at].count != 0 && memcmp(peers->rows[at].key, key, 16) != 0) {
        at = (at + 1) & peers->mask;
    }
    return &peers->rows[at];
}

int vouch_http_peers_enter(struct vouch_http_peers *peers,
                           const struct vouch_http_address *address) {
    uint8_t key[16];
    make_key(address, key);
    pthread_mutex_lock(&peers->lock);
    struct row *row = find(peers, key);
    int stays = row->count < peers->each_max;
    if (stays) {
        memcpy(row->key, key, sizeof row->key);
        row->count++;
    }
    pthread_mutex_unlock(&peers->lock);
    return stays;
}

// Closes the gap at `gap`, so that no search stops there too early.
static void close_gap(struct vouch_http_peers *peers, size_t gap) {
    size_t at = gap;
    for (;;) {
        at = (at + 1) & peers->mask;
        if (peers->rows[at].count == 0) {
            return;
        }
        size_t home = slot_of(peers, peers->rows[at].key);
        if (((at - home) & peers->mask) >= ((at - gap) & peers->mask)) {
            peers->rows[gap] = peers->rows[at];
            peers->rows[at].count = 0;
            gap = at;
        }
    }
}

void vouch_http_peers_leave(struct vouch_http_peers *peers,
                            const struct vouch_http_address *address) {
    uint8_t key[16];
    make_key(address, key);
    pthread_mutex_lock(&peers->lock);
    struct row *row = find(peers, key);
    if (row->count > 0 && --row->count == 0) {
        close_gap(peers, (size_t)(row - peers->rows));
    }
    pthread_mutex_unlock(&peers->lock);
}
