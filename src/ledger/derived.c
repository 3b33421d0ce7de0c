// SPDX-License-Identifier: ISC
// What a ledger derives from its records: the hash tree, its tiles, and the index of bundles.
#include "ledger/derived.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "ledger/record.h"
#include "vouch/wire.h"

#define INDEX_BLOCK 512 // entries read at a time
#define INDEX_PENDING_MAX (64 * 1024 * 1024)
// A power cut loses what was written in the last half minute or so. Full tiles that are older than the
// newest by more than this have reached the disk; and not more than so many are looked at.
#define RECENT_S 600
#define RECENT_TILES 1024

uint64_t vouch_bundle_count(uint64_t size) {
    return size / VOUCH_TILE_WIDTH + (size % VOUCH_TILE_WIDTH != 0);
}

uint64_t vouch_index_entry(const uint8_t bytes[static VOUCH_INDEX_ENTRY_LEN]) {
    uint64_t value = 0;
    for (size_t i = 0; i < VOUCH_INDEX_ENTRY_LEN; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

int vouch_derived_init(struct vouch_derived *derived, int dir_fd, struct vouch_hasher *hasher) {
    *derived = (struct vouch_derived){.dir_fd = dir_fd};
    vouch_buf_init(&derived->index, INDEX_PENDING_MAX);
    return vouch_tree_init(&derived->tree, hasher);
}

void vouch_derived_done(struct vouch_derived *derived) {
    if (derived != NULL) {
        vouch_tree_done(&derived->tree);
        vouch_buf_done(&derived->index);
    }
}

static void clear(struct vouch_derived *derived) {
    vouch_tree_clear(&derived->tree);
    vouch_buf_clear(&derived->index);
    derived->flushed = 0;
}

// What is wrong with the content of a derived file is a mismatch; what the system refuses is not.
static int as_mismatch(int err) {
    return err == VOUCH_ERR_NOT_FOUND || err == VOUCH_ERR_TRUNCATED ? VOUCH_ERR_MISMATCH : err;
}

static int load_edge(struct vouch_derived *derived, uint64_t size,
                     const struct vouch_tree_hash *root) {
    struct vouch_tree *tree = &derived->tree;
    for (unsigned level = 0; level < VOUCH_TREE_LEVELS; level++) {
        unsigned width = vouch_tree_partial_width(size, level);
        struct vouch_tile tile = {level, vouch_tree_full_tiles(size, level), width};
        int err =
            width > 0 ? vouch_tile_read(derived->dir_fd, &tile, tree->tiles[level]) : VOUCH_OK;
        if (err != VOUCH_OK) {
            return as_mismatch(err);
        }
        tree->width[level] = width;
    }
    tree->size = size;
    struct vouch_tree_hash found;
    vouch_tree_root(tree, &found);
    int err = vouch_hasher_error(tree->hasher);
    if (err == VOUCH_OK && memcmp(&found, root, sizeof found) != 0) {
        err = VOUCH_ERR_MISMATCH;
    }
    return err;
}

// Whether the newest full tiles of a level have their size: after a power cut, files that were never
// synced may be empty.
static int check_recent(int dir_fd, uint64_t size, unsigned level) {
    uint64_t count = vouch_tree_full_tiles(size, level);
    int64_t newest_s = 0;
    for (uint64_t back = 1; back <= count && back <= RECENT_TILES; back++) {
        struct vouch_tile tile = {level, count - back, VOUCH_TILE_WIDTH};
        char path[VOUCH_TILE_PATH_MAX];
        struct stat info;
        vouch_tile_path(&tile, path);
        if (fstatat(dir_fd, path, &info, AT_SYMLINK_NOFOLLOW) != 0) {
            return as_mismatch(vouch_folder_errno());
        }
        if (!S_ISREG(info.st_mode) || info.st_size != VOUCH_TILE_WIDTH * VOUCH_TREE_HASH_LEN) {
            return VOUCH_ERR_MISMATCH;
        }
        newest_s = back == 1 ? info.st_mtim.tv_sec : newest_s;
        if (info.st_mtim.tv_sec < newest_s - RECENT_S) {
            break;
        }
    }
    return VOUCH_OK;
}

// The index from its first entry to its last: rising by what 256 records can take.
static int check_index(int fd, uint64_t count, uint64_t *ret_offset) {
    uint8_t block[INDEX_BLOCK * VOUCH_INDEX_ENTRY_LEN];
    uint64_t before = 0;
    for (uint64_t at = 0; at < count; at++) {
        size_t in_block = (size_t)(at % INDEX_BLOCK) * VOUCH_INDEX_ENTRY_LEN;
        if (in_block == 0) {
            uint64_t left = (count - at) * VOUCH_INDEX_ENTRY_LEN;
            int err = vouch_folder_read_at(fd, at * VOUCH_INDEX_ENTRY_LEN, block,
                                           left < sizeof block ? (size_t)left : sizeof block);
            if (err != VOUCH_OK) {
                return as_mismatch(err);
            }
        }
        uint64_t offset = vouch_index_entry(block + in_block);
        uint64_t step = offset - before;
        if (at == 0 ? offset != 0
                    : step < VOUCH_TILE_WIDTH || step > VOUCH_TILE_WIDTH * (2 + VOUCH_RECORD_MAX)) {
            return VOUCH_ERR_MISMATCH;
        }
        before = offset;
    }
    *ret_offset = before;
    return VOUCH_OK;
}

static int load_index(int dir_fd, uint64_t size, uint64_t *ret_offset) {
    vouch_autoclose int fd = -1;
    struct stat info;
    uint64_t count = vouch_bundle_count(size);
    int err = vouch_folder_open_file(dir_fd, VOUCH_LEDGER_INDEX, O_RDWR, &fd);
    if (err != VOUCH_OK) {
        return as_mismatch(err);
    }
    err = check_index(fd, count, ret_offset);
    if (err != VOUCH_OK) {
        return err;
    }
    // A crash between index and checkpoint leaves entries ahead of the checkpoint.
    off_t len = (off_t)(count * VOUCH_INDEX_ENTRY_LEN);
    if (fstat(fd, &info) != 0 || (info.st_size > len && ftruncate(fd, len) != 0)) {
        return VOUCH_ERR_IO;
    }
    return VOUCH_OK;
}

int vouch_derived_load(struct vouch_derived *derived, uint64_t size,
                       const struct vouch_tree_hash *root, uint64_t *ret_offset) {
    clear(derived);
    int err = load_edge(derived, size, root);
    if (err == VOUCH_OK) {
        err = load_index(derived->dir_fd, size, ret_offset);
    }
    for (unsigned level = 0; level < VOUCH_TREE_LEVELS && err == VOUCH_OK; level++) {
        err = check_recent(derived->dir_fd, size, level);
    }
    derived->flushed = size;
    return err;
}

int vouch_derived_reset(struct vouch_derived *derived) {
    clear(derived);
    int err = vouch_folder_remove(derived->dir_fd, VOUCH_LEDGER_TILES);
    return err != VOUCH_OK ? err : vouch_folder_remove(derived->dir_fd, VOUCH_LEDGER_INDEX);
}

int vouch_derived_add(struct vouch_derived *derived, const struct vouch_tree_hash *leaf,
                      uint64_t offset) {
    struct vouch_tree *tree = &derived->tree;
    if (tree->size % VOUCH_TILE_WIDTH == 0) {
        vouch_write_u64(&derived->index, offset);
    }
    vouch_tree_add(tree, leaf);
    int err =
        derived->index.err != VOUCH_OK ? derived->index.err : vouch_hasher_error(tree->hasher);
    for (unsigned level = 0; level < tree->filled && err == VOUCH_OK; level++) {
        uint64_t index = vouch_tree_full_tiles(tree->size, level) - 1;
        struct vouch_tile tile = {level, index, VOUCH_TILE_WIDTH};
        err = vouch_tile_write(derived->dir_fd, &tile, tree->tiles[level]);
    }
    return err;
}

static int flush_index(struct vouch_derived *derived) {
    vouch_autoclose int fd = -1;
    int err = vouch_folder_open_file(derived->dir_fd, VOUCH_LEDGER_INDEX, O_WRONLY | O_CREAT, &fd);
    if (err != VOUCH_OK) {
        return err;
    }
    uint64_t offset = vouch_bundle_count(derived->flushed) * VOUCH_INDEX_ENTRY_LEN;
    err = vouch_folder_write_at(fd, offset, vouch_buf_bytes(&derived->index));
    if (err == VOUCH_OK) {
        vouch_buf_clear(&derived->index);
    }
    return err;
}

// The tile at the edge of a level, and the partial tiles of those that were filled since the last time.
static int flush_level(const struct vouch_derived *derived, unsigned level) {
    const struct vouch_tree *tree = &derived->tree;
    uint64_t edge = vouch_tree_full_tiles(tree->size, level);
    struct vouch_tile tile = {level, edge, vouch_tree_partial_width(tree->size, level)};
    uint64_t edge_before = vouch_tree_full_tiles(derived->flushed, level);
    unsigned width_before = vouch_tree_partial_width(derived->flushed, level);
    int err = VOUCH_OK;
    // At the upper levels it mostly is what it was; to write over a file costs more than a new one.
    if (tile.width > 0 && (edge != edge_before || tile.width != width_before)) {
        err = vouch_tile_write(derived->dir_fd, &tile, tree->tiles[level]);
    }
    tile.width = VOUCH_TILE_WIDTH;
    tile.index = edge_before;
    for (; tile.index < edge && err == VOUCH_OK; tile.index++) {
        err = vouch_tile_clean(derived->dir_fd, &tile);
    }
    return err;
}

int vouch_derived_flush(struct vouch_derived *derived) {
    int err = derived->index.len > 0 ? flush_index(derived) : VOUCH_OK;
    for (unsigned level = 0; level < VOUCH_TREE_LEVELS && err == VOUCH_OK; level++) {
        err = flush_level(derived, level);
    }
    if (err == VOUCH_OK) {
        derived->flushed = derived->tree.size;
    }
    return err;
}

int vouch_derived_clean(const struct vouch_derived *derived) {
    uint64_t size = derived->tree.size;
    int err = VOUCH_OK;
    for (unsigned level = 0; level < VOUCH_TREE_LEVELS && err == VOUCH_OK; level++) {
        struct vouch_tile tile = {level, vouch_tree_full_tiles(size, level),
                                  vouch_tree_partial_width(size, level)};
        if (tile.index > 0 || tile.width > 0) {
            err = vouch_tile_clean(derived->dir_fd, &tile);
        }
    }
    return err;
}
