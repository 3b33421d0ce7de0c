// SPDX-License-Identifier: ISC
// The hash tree of RFC 6962, kept as the tiles on its right edge.
#include "ledger/tree.h"

#include <stdlib.h>

int vouch_tree_init(struct vouch_tree *tree, struct vouch_hasher *hasher) {
    *tree = (struct vouch_tree){.hasher = hasher};
    tree->tiles = calloc(VOUCH_TREE_LEVELS, sizeof *tree->tiles);
    return tree->tiles != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
}

void vouch_tree_done(struct vouch_tree *tree) {
    if (tree == NULL) {
        return;
    }
    free(tree->tiles);
    *tree = (struct vouch_tree){0};
}

void vouch_tree_clear(struct vouch_tree *tree) {
    tree->size = 0;
    tree->filled = 0;
    memset(tree->width, 0, sizeof tree->width);
}

// The root of a perfect tree over `count` hashes, a power of two up to 256.
static void fold(struct vouch_hasher *hasher, const struct vouch_tree_hash *hashes, size_t count,
                 struct vouch_tree_hash *ret_hash) {
    struct vouch_tree_hash work[VOUCH_TILE_WIDTH];
    memcpy(work, hashes, count * sizeof *work);
    for (size_t left = count / 2; left > 0; left /= 2) {
        for (size_t i = 0; i < left; i++) {
            vouch_hasher_node(hasher, &work[2 * i], &work[2 * i + 1], &work[i]);
        }
    }
    *ret_hash = work[0];
}

void vouch_tree_add(struct vouch_tree *tree, const struct vouch_tree_hash *leaf) {
    struct vouch_tree_hash hash = *leaf;
    tree->filled = 0;
    tree->size++;
    for (unsigned level = 0; level < VOUCH_TREE_LEVELS; level++) {
        unsigned at = tree->width[level] % VOUCH_TILE_WIDTH;
        tree->tiles[level][at] = hash;
        tree->width[level] = at + 1;
        if (tree->width[level] < VOUCH_TILE_WIDTH) {
            return;
        }
        tree->filled = level + 1;
        fold(tree->hasher, tree->tiles[level], VOUCH_TILE_WIDTH, &hash);
    }
}

// The perfect subtrees that a tile's hashes make up, from left to right; returns how many.
static size_t subtrees(const struct vouch_tree *tree, unsigned level,
                       struct vouch_tree_hash *ret_hashes) {
    unsigned width = tree->width[level] % VOUCH_TILE_WIDTH;
    size_t count = 0;
    size_t at = 0;
    for (size_t part = VOUCH_TILE_WIDTH / 2; part > 0; part /= 2) {
        if ((width & part) != 0) {
            fold(tree->hasher, &tree->tiles[level][at], part, &ret_hashes[count]);
            count++;
            at += part;
        }
    }
    return count;
}

void vouch_tree_root(const struct vouch_tree *tree, struct vouch_tree_hash *ret_root) {
    struct vouch_tree_hash parts[VOUCH_TREE_LEVELS * 8];
    size_t count = 0;
    for (unsigned level = VOUCH_TREE_LEVELS; level > 0; level--) {
        count += subtrees(tree, level - 1, &parts[count]);
    }
    if (count == 0) {
        vouch_hasher_plain(tree->hasher, (struct vouch_bytes){0}, ret_root);
        return;
    }
    struct vouch_tree_hash root = parts[count - 1];
    for (size_t i = count - 1; i > 0; i--) {
        vouch_hasher_node(tree->hasher, &parts[i - 1], &root, &root);
    }
    *ret_root = root;
}

static unsigned shift_of(unsigned level) {
    return 8 * level;
}

uint64_t vouch_tree_full_tiles(uint64_t size, unsigned level) {
    // Level 7 would shift by 64: no size fills a tile there.
    return level + 1 < VOUCH_TREE_LEVELS ? size >> shift_of(level + 1) : 0;
}

unsigned vouch_tree_partial_width(uint64_t size, unsigned level) {
    return (unsigned)(size >> shift_of(level)) % VOUCH_TILE_WIDTH;
}
