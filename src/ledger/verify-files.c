// SPDX-License-Identifier: ISC
// Index and tiles against what the records give, and that the folder holds nothing else.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "ledger/prover.h"

#define DEPTH_MAX 12
#define PATH_MAX_LEN 300
#define INDEX_BLOCK 16384

// Errors that tell about the ledger, not about the machine.
static int is_finding(int err) {
    return err == VOUCH_ERR_NOT_FOUND || err == VOUCH_ERR_MISMATCH || err == VOUCH_ERR_TRUNCATED;
}

static int compare_tile(const struct vouch_prover *prover, const struct vouch_tile *tile,
                        struct vouch_findings *findings) {
    struct vouch_tree_hash hashes[VOUCH_TILE_WIDTH];
    char path[VOUCH_TILE_PATH_MAX];
    int err = vouch_tile_read(prover->dir_fd, tile, hashes);
    vouch_tile_path(tile, path);
    if (is_finding(err)) {
        vouch_findings_add(findings, VOUCH_FINDING_TILE, path, "%s",
                           err == VOUCH_ERR_NOT_FOUND ? "is missing" : "is not a file of its size");
        return VOUCH_OK;
    }
    if (err == VOUCH_OK &&
        memcmp(hashes, prover->tree.tiles[tile->level], tile->width * sizeof *hashes) != 0) {
        vouch_findings_add(findings, VOUCH_FINDING_TILE, path, "is not what the records give");
    }
    return err;
}

int vouch_prover_check_tile(struct vouch_prover *prover, unsigned level,
                            struct vouch_findings *findings) {
    struct vouch_tile tile = {level, vouch_tree_full_tiles(prover->tree.size, level) - 1,
                              VOUCH_TILE_WIDTH};
    return compare_tile(prover, &tile, findings);
}

static int check_edge(const struct vouch_prover *prover, struct vouch_findings *findings) {
    int err = VOUCH_OK;
    for (unsigned level = 0; level < VOUCH_TREE_LEVELS && err == VOUCH_OK; level++) {
        struct vouch_tile tile = {level, vouch_tree_full_tiles(prover->tree.size, level),
                                  vouch_tree_partial_width(prover->tree.size, level)};
        err = tile.width > 0 ? compare_tile(prover, &tile, findings) : VOUCH_OK;
    }
    return err;
}

static int compare_index(const struct vouch_prover *prover, int fd, int *ret_same) {
    uint8_t block[INDEX_BLOCK];
    size_t done = 0;
    int same = 1;
    while (done < prover->index.len && same) {
        size_t left = prover->index.len - done;
        size_t len = left < sizeof block ? left : sizeof block;
        int err = vouch_folder_read_at(fd, done, block, len);
        if (err != VOUCH_OK) {
            return err;
        }
        same = memcmp(block, prover->index.ptr + done, len) == 0;
        done += len;
    }
    *ret_same = same;
    return VOUCH_OK;
}

static int check_index(const struct vouch_prover *prover, struct vouch_findings *findings) {
    vouch_autoclose int fd = -1;
    struct stat info;
    int same = 0;
    int err = vouch_folder_open_file(prover->dir_fd, VOUCH_LEDGER_INDEX, O_RDONLY, &fd);
    if (err == VOUCH_OK && fstat(fd, &info) != 0) {
        err = VOUCH_ERR_IO;
    }
    if (err == VOUCH_OK) {
        err = (uint64_t)info.st_size == prover->index.len ? VOUCH_OK : VOUCH_ERR_MISMATCH;
    }
    if (err == VOUCH_OK) {
        err = compare_index(prover, fd, &same);
    }
    if (is_finding(err)) {
        vouch_findings_add(findings, VOUCH_FINDING_INDEX, VOUCH_LEDGER_INDEX, "%s",
                           err == VOUCH_ERR_NOT_FOUND ? "is missing" : "is not a file of its size");
        return VOUCH_OK;
    }
    if (err == VOUCH_OK && !same) {
        vouch_findings_add(findings, VOUCH_FINDING_INDEX, VOUCH_LEDGER_INDEX,
                           "is not what the records give");
    }
    return err;
}

static int parse_number(const char **at, unsigned max_digits, uint64_t *ret_value) {
    unsigned digits = 0;
    uint64_t value = 0;
    for (; **at >= '0' && **at <= '9' && digits <= max_digits; digits++, (*at)++) {
        value = value * 10 + (uint64_t)(**at - '0');
    }
    *ret_value = value;
    return digits > 0 && digits <= max_digits;
}

// The tile that a path names; the path it would be given tells whether it was spelt so.
static int parse_path(const char *path, struct vouch_tile *ret_tile) {
    static const char prefix[] = VOUCH_LEDGER_TILES "/";
    uint64_t level = 0;
    uint64_t part = 0;
    uint64_t width = VOUCH_TILE_WIDTH;
    struct vouch_tile tile = {0, 0, 0};
    char spelt[VOUCH_TILE_PATH_MAX];
    if (strncmp(path, prefix, sizeof prefix - 1) != 0) {
        return 0;
    }
    const char *at = path + sizeof prefix - 1;
    if (!parse_number(&at, 2, &level) || level >= VOUCH_TREE_LEVELS) {
        return 0;
    }
    for (unsigned parts = 0; *at == '/' && parts < 6; parts++) {
        at += at[1] == 'x' ? 2 : 1;
        if (!parse_number(&at, 3, &part)) {
            return 0;
        }
        tile.index = tile.index * 1000 + part;
    }
    if (strncmp(at, ".p/", 3) == 0) {
        at += 3;
        if (!parse_number(&at, 3, &width) || width == 0 || width >= VOUCH_TILE_WIDTH) {
            return 0;
        }
    }
    tile.level = (unsigned)level;
    tile.width = (unsigned)width;
    vouch_tile_path(&tile, spelt);
    *ret_tile = tile;
    return strcmp(path, spelt) == 0;
}

// Whether a file under tile/ belongs there. A narrower partial tile at the edge does, if it is right: a
// crash may leave it, and readers with an older checkpoint use it.
static int judge_tile(const struct vouch_prover *prover, const char *path,
                      struct vouch_findings *findings) {
    struct vouch_tile tile;
    uint64_t size = prover->tree.size;
    if (parse_path(path, &tile)) {
        uint64_t full = vouch_tree_full_tiles(size, tile.level);
        unsigned width = vouch_tree_partial_width(size, tile.level);
        if (tile.width == VOUCH_TILE_WIDTH ? tile.index < full
                                           : tile.index == full && tile.width == width) {
            return VOUCH_OK; // compared already
        }
        if (tile.index == full && tile.width < width) {
            return compare_tile(prover, &tile, findings);
        }
        if (prover->grew && tile.index >= full) {
            return VOUCH_OK; // of the checkpoint that comes next
        }
    }
    vouch_findings_add(findings, VOUCH_FINDING_FOLDER, path, "does not belong to this ledger");
    return VOUCH_OK;
}

static int judge_file(const struct vouch_prover *prover, const char *path, const struct stat *info,
                      struct vouch_findings *findings) {
    static const char *const names[] = {
        VOUCH_LEDGER_RECORDS, VOUCH_LEDGER_INDEX, VOUCH_LEDGER_CHECKPOINT,
        VOUCH_LEDGER_VKEY,    VOUCH_LEDGER_LOCK,
    };
    if (!S_ISREG(info->st_mode)) {
        vouch_findings_add(findings, VOUCH_FINDING_FOLDER, path, "is not a file");
        return VOUCH_OK;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(path, names[i]) == 0) {
            if (strcmp(path, VOUCH_LEDGER_LOCK) == 0 && info->st_size != 0) {
                vouch_findings_add(findings, VOUCH_FINDING_FOLDER, path, "is not empty");
            }
            return VOUCH_OK;
        }
    }
    if (prover->grew && strcmp(path, VOUCH_LEDGER_CHECKPOINT_NEW) == 0) {
        return VOUCH_OK;
    }
    return judge_tile(prover, path, findings);
}

// A walk through the folder.
struct walk {
    const struct vouch_prover *prover;
    struct vouch_findings *findings;
};

static int walk_into(const struct walk *walk, int parent_fd, const char *name, const char *path,
                     unsigned depth);

static int judge_entry(const struct walk *walk, int fd, const char *name, const char *folder_path,
                       unsigned depth) {
    char path[PATH_MAX_LEN];
    struct stat info;
    int len =
        snprintf(path, sizeof path, "%s%s%s", folder_path, folder_path[0] != '\0' ? "/" : "", name);
    if (fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? VOUCH_OK : VOUCH_ERR_IO; // a running CA replaces files
    }
    int ours = len > 0 && (size_t)len < sizeof path && depth < DEPTH_MAX;
    if (ours && S_ISDIR(info.st_mode) &&
        strncmp(path, VOUCH_LEDGER_TILES, sizeof VOUCH_LEDGER_TILES - 1) == 0) {
        return walk_into(walk, fd, name, path, depth + 1);
    }
    if (!ours) {
        vouch_findings_add(walk->findings, VOUCH_FINDING_FOLDER, folder_path,
                           "holds a name that does not belong to this ledger");
        return VOUCH_OK;
    }
    return judge_file(walk->prover, path, &info, walk->findings);
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX
static int walk_into(const struct walk *walk, int parent_fd, const char *name, const char *path,
                     unsigned depth) {
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        int missing = errno == ENOENT;
        if (fd >= 0) {
            close(fd);
        }
        return missing ? VOUCH_OK : VOUCH_ERR_IO;
    }
    int err = VOUCH_OK;
    const struct dirent *entry = NULL;
    while (err == VOUCH_OK && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            err = judge_entry(walk, fd, entry->d_name, path, depth);
        }
    }
    closedir(folder);
    return err;
}

int vouch_prover_check_files(struct vouch_prover *prover, struct vouch_findings *findings) {
    int err = check_index(prover, findings);
    if (err == VOUCH_OK) {
        err = check_edge(prover, findings);
    }
    struct walk walk = {prover, findings};
    return err != VOUCH_OK ? err : walk_into(&walk, prover->dir_fd, ".", "", 0);
}
