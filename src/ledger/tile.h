// SPDX-License-Identifier: ISC
// Hash tiles as files: tile/LEVEL/INDEX, and tile/LEVEL/INDEX.p/WIDTH while a tile is not full.
//
// Format: C2SP tlog-tiles. Codes as in ledger/folder.h.
#pragma once

#include "ledger/folder.h"
#include "ledger/tree.h"

#define VOUCH_TILE_PATH_MAX 80

// Which tile: `width` hashes of it, 256 for a full one.
struct vouch_tile {
    unsigned level;
    uint64_t index;
    unsigned width;
};

// Its path below the ledger's folder, such as "tile/0/x001/x234/067.p/12".
void vouch_tile_path(const struct vouch_tile *tile, char ret_path[static VOUCH_TILE_PATH_MAX]);

// Not synced: a tile can always be made again from the records.
VOUCH_MUST_USE int vouch_tile_write(int dir_fd, const struct vouch_tile *tile,
                                    const struct vouch_tree_hash *hashes);

// Reads exactly tile->width hashes; VOUCH_ERR_MISMATCH if the file is of another size.
VOUCH_MUST_USE int vouch_tile_read(int dir_fd, const struct vouch_tile *tile,
                                   struct vouch_tree_hash *ret_hashes);

// Removes the partial tiles of that level and index, except the one of tile->width hashes (0, 256:
// all of them, and their folder). It is no error if there are none.
VOUCH_MUST_USE int vouch_tile_clean(int dir_fd, const struct vouch_tile *tile);
