// SPDX-License-Identifier: ISC
// What a ledger derives from its records: the hash tree, its tiles, and the index of bundles.
//
// On disk it always belongs to one size, that of the checkpoint; it is not synced, because the records
// can make it again. Codes as in ledger/folder.h.
#pragma once

#include "ledger/tile.h"

#define VOUCH_INDEX_ENTRY_LEN 8

struct vouch_derived {
    int dir_fd;             // borrowed
    struct vouch_tree tree; // of the records added so far
    uint64_t flushed;       // records whose tiles and index are on disk
    struct vouch_buf index; // entries of the bundles begun since, as the file has them
};

// Begins with no records. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_derived_init(struct vouch_derived *derived, int dir_fd,
                                      struct vouch_hasher *hasher);
void vouch_derived_done(struct vouch_derived *derived);

// Takes up what is on disk for a ledger of `size` records with that root, reading the right edge of the
// tree and the index. *ret_offset is where the bundle of the last record begins. VOUCH_ERR_MISMATCH
// when something is missing or does not fit: then it must be made anew from the records.
VOUCH_MUST_USE int vouch_derived_load(struct vouch_derived *derived, uint64_t size,
                                      const struct vouch_tree_hash *root, uint64_t *ret_offset);

// Removes all tiles and the index and begins with no records.
VOUCH_MUST_USE int vouch_derived_reset(struct vouch_derived *derived);

// Adds the next record: its leaf hash, and the offset of its length in the records file. Writes each
// tile that it fills.
VOUCH_MUST_USE int vouch_derived_add(struct vouch_derived *derived,
                                     const struct vouch_tree_hash *leaf, uint64_t offset);

// Writes the partial tiles and the index of what was added. Partial tiles of tiles that are full by now
// are removed; those of an older, narrower width stay until vouch_derived_clean(), so that a reader
// with the older checkpoint still finds its own.
VOUCH_MUST_USE int vouch_derived_flush(struct vouch_derived *derived);
VOUCH_MUST_USE int vouch_derived_clean(const struct vouch_derived *derived);

// How many bundles of 256 records `size` records begin.
uint64_t vouch_bundle_count(uint64_t size);

// One entry of an index: 8 bytes, big-endian.
uint64_t vouch_index_entry(const uint8_t bytes[static VOUCH_INDEX_ENTRY_LEN]);
