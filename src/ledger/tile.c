// SPDX-License-Identifier: ISC
// Hash tiles as files.
#include "ledger/tile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/mem.h"

#define FULL_PATH_PARTS 7 // groups of three digits in a uint64

static int is_partial(const struct vouch_tile *tile) {
    return tile->width % VOUCH_TILE_WIDTH != 0;
}

// "tile/LEVEL/x001/x234/067"
static void stem(const struct vouch_tile *tile, char ret_path[static VOUCH_TILE_PATH_MAX]) {
    unsigned parts[FULL_PATH_PARTS];
    size_t count = 0;
    uint64_t index = tile->index;
    do {
        parts[count] = (unsigned)(index % 1000);
        count++;
        index /= 1000;
    } while (index > 0);
    int at = snprintf(ret_path, VOUCH_TILE_PATH_MAX, VOUCH_LEDGER_TILES "/%u", tile->level);
    while (count > 0) {
        count--;
        at += snprintf(ret_path + at, VOUCH_TILE_PATH_MAX - (size_t)at, "/%s%03u",
                       count > 0 ? "x" : "", parts[count]);
    }
}

void vouch_tile_path(const struct vouch_tile *tile, char ret_path[static VOUCH_TILE_PATH_MAX]) {
    stem(tile, ret_path);
    if (is_partial(tile)) {
        size_t at = strlen(ret_path);
        (void)snprintf(ret_path + at, VOUCH_TILE_PATH_MAX - at, ".p/%u", tile->width);
    }
}

int vouch_tile_write(int dir_fd, const struct vouch_tile *tile,
                     const struct vouch_tree_hash *hashes) {
    char path[VOUCH_TILE_PATH_MAX];
    vouch_tile_path(tile, path);
    struct vouch_bytes content = {hashes->bytes, (size_t)tile->width * VOUCH_TREE_HASH_LEN};
    return vouch_folder_put(dir_fd, path, content);
}

int vouch_tile_read(int dir_fd, const struct vouch_tile *tile, struct vouch_tree_hash *ret_hashes) {
    char path[VOUCH_TILE_PATH_MAX];
    vouch_autoclose int fd = -1;
    struct stat info;
    vouch_tile_path(tile, path);
    int err = vouch_folder_open_file(dir_fd, path, O_RDONLY, &fd);
    if (err != VOUCH_OK) {
        return err;
    }
    size_t len = (size_t)tile->width * VOUCH_TREE_HASH_LEN;
    if (fstat(fd, &info) != 0) {
        return VOUCH_ERR_IO;
    }
    if ((uint64_t)info.st_size != len) {
        return VOUCH_ERR_MISMATCH;
    }
    return vouch_folder_read_at(fd, 0, ret_hashes, len);
}

// Removes all but `keep` from the folder of partial tiles.
static int clean_folder(int fd, const char *keep) {
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        int err = vouch_folder_errno();
        close(fd);
        return err;
    }
    int err = VOUCH_OK;
    const struct dirent *entry = NULL;
    while (err == VOUCH_OK && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            strcmp(entry->d_name, keep) != 0) {
            err = vouch_folder_remove(fd, entry->d_name);
        }
    }
    closedir(folder);
    return err;
}

int vouch_tile_clean(int dir_fd, const struct vouch_tile *tile) {
    char stem_path[VOUCH_TILE_PATH_MAX];
    char path[VOUCH_TILE_PATH_MAX + 2];
    char keep[16] = "";
    stem(tile, stem_path);
    (void)snprintf(path, sizeof path, "%s.p", stem_path);
    if (!is_partial(tile)) {
        return vouch_folder_remove(dir_fd, path);
    }
    (void)snprintf(keep, sizeof keep, "%u", tile->width);
    int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return errno == ENOENT ? VOUCH_OK : vouch_folder_errno();
    }
    return clean_folder(fd, keep);
}
