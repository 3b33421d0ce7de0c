// SPDX-License-Identifier: ISC
// The hash tree of RFC 6962, kept as the tiles on its right edge.
//
// A tile holds up to 256 hashes. Those of level 0 are the leaves; one hash of level L stands for a full
// tile of level L-1, so for 256^L leaves. The tile at the right edge of each level is enough to add
// leaves and to give the root. Reading and writing files is not done here.
#pragma once

#include "ledger/hash.h"

#define VOUCH_TREE_LEVELS 8 // 256^8 leaves: the size is a uint64
#define VOUCH_TILE_WIDTH 256

struct vouch_tree {
    struct vouch_hasher *hasher; // borrowed
    uint64_t size;               // leaves
    // How many levels, from 0, had their tile filled up by the last leaf. Those tiles are still in
    // `tiles` until the next leaf is added.
    unsigned filled;
    unsigned width[VOUCH_TREE_LEVELS]; // hashes in each tile, 256 while it counts as filled
    struct vouch_tree_hash (*tiles)[VOUCH_TILE_WIDTH]; // owned
};

// Begins an empty tree. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_tree_init(struct vouch_tree *tree, struct vouch_hasher *hasher);

// Ends a tree; takes NULL and a zeroed struct.
void vouch_tree_done(struct vouch_tree *tree);

// Back to an empty tree.
void vouch_tree_clear(struct vouch_tree *tree);

// Adds the hash of the next leaf. Failures stick in the hasher.
void vouch_tree_add(struct vouch_tree *tree, const struct vouch_tree_hash *leaf);

// The root, MTH(leaves) of RFC 6962 section 2.1; that of an empty tree is SHA-256 of nothing.
void vouch_tree_root(const struct vouch_tree *tree, struct vouch_tree_hash *ret_root);

// How many full tiles a level of a tree of `size` leaves has, and how many hashes the partial tile
// after them holds (0: there is none).
uint64_t vouch_tree_full_tiles(uint64_t size, unsigned level);
unsigned vouch_tree_partial_width(uint64_t size, unsigned level);
