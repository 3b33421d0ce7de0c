// SPDX-License-Identifier: ISC
// Parts of the ledger as they are served: hash tiles from their files, entry bundles from the records.
//
// A path is taken apart into numbers and made again from them: what does not come out the same is no
// path. Nothing is served that the checkpoint does not cover. Format: C2SP tlog-tiles, doc/ledger.md.
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "authority/issue.h"
#include "base/mem.h"
#include "base/str.h"
#include "ledger/derived.h"
#include "ledger/scan.h"
#include "ledger/tile.h"

#define BUNDLE_MAX (14u * 1024 * 1024)
#define LOOKS_MAX 8 // at a tile that is replaced again and again, once a second at most
#define LEVEL_MAX 7 // 256^8 records are more than a uint64

// What a path names. A bundle is counted like a tile of level 0.
struct part {
    struct vouch_tile tile;
    int is_bundle;
};

// --- paths

static int take_number(struct vouch_bytes text, uint64_t max, uint64_t *ret_value) {
    return vouch_str_to_u64(text, ret_value) == VOUCH_OK && *ret_value <= max;
}

// "x001", "x234", "067": one group more of the index.
static int take_group(struct vouch_bytes group, int is_last, uint64_t *index) {
    uint64_t value = 0;
    struct vouch_bytes digits = group;
    if (!is_last) {
        if (group.len != 4 || group.ptr[0] != 'x') {
            return 0;
        }
        digits = (struct vouch_bytes){group.ptr + 1, 3};
    }
    if (digits.len != 3 || !take_number(digits, 999, &value) || *index > UINT64_MAX / 1000 - 1) {
        return 0;
    }
    *index = *index * 1000 + value;
    return 1;
}

// The groups, and behind the last of them perhaps ".p/WIDTH".
static int take_index(struct vouch_bytes rest, struct vouch_tile *tile) {
    uint64_t width = VOUCH_TILE_WIDTH;
    tile->index = 0;
    while (rest.ptr != NULL) {
        struct vouch_bytes group = vouch_str_cut(&rest, '/');
        int is_partial = group.len == 5 && memcmp(group.ptr + 3, ".p", 2) == 0;
        group.len = is_partial ? 3 : group.len;
        int is_last = rest.ptr == NULL || is_partial;
        if (!take_group(group, is_last, &tile->index)) {
            return 0;
        }
        if (is_partial &&
            (rest.ptr == NULL || !take_number(rest, VOUCH_TILE_WIDTH - 1, &width) || width == 0)) {
            return 0;
        }
        if (is_partial) {
            break;
        }
    }
    tile->width = (unsigned)width;
    return 1;
}

static void print_path(const struct part *part, char *ret_path, size_t size) {
    char path[VOUCH_TILE_PATH_MAX];
    vouch_tile_path(&part->tile, path);
    // A bundle's path is that of the tile of level 0, with another word for the level.
    (void)snprintf(ret_path, size, part->is_bundle ? "tile/entries%s" : "%s",
                   part->is_bundle ? path + strlen("tile/0") : path);
}

static int parse(struct vouch_bytes path, struct part *ret_part) {
    struct part part = {0};
    struct vouch_bytes rest = path;
    uint64_t level = 0;
    char again[VOUCH_TILE_PATH_MAX + 16];
    if (path.len == 0 || !vouch_bytes_equal(vouch_str_cut(&rest, '/'), vouch_bytes_of("tile")) ||
        rest.ptr == NULL) {
        return 0;
    }
    struct vouch_bytes word = vouch_str_cut(&rest, '/');
    part.is_bundle = vouch_bytes_equal(word, vouch_bytes_of("entries"));
    if ((!part.is_bundle && !take_number(word, LEVEL_MAX, &level)) || rest.ptr == NULL) {
        return 0;
    }
    part.tile.level = (unsigned)level;
    if (!take_index(rest, &part.tile)) {
        return 0;
    }
    print_path(&part, again, sizeof again);
    if (!vouch_bytes_equal(path, vouch_bytes_of(again))) {
        return 0;
    }
    *ret_part = part;
    return 1;
}

// --- what the checkpoint covers

// How many hashes of the level, or entries, are covered.
static uint64_t covered(struct vouch_office *office, const struct part *part) {
    pthread_mutex_lock(&office->public_lock);
    uint64_t size = office->checkpoint_size;
    pthread_mutex_unlock(&office->public_lock);
    return size >> (8 * part->tile.level);
}

static int is_covered(uint64_t count, const struct vouch_tile *tile) {
    return tile->index <= count / VOUCH_TILE_WIDTH &&
           tile->index * VOUCH_TILE_WIDTH + tile->width <= count;
}

// --- reading

// The tile as wide as it must be when the ledger has so many hashes of that level.
static int read_as_of(const struct vouch_office *office, const struct vouch_tile *tile,
                      uint64_t count, struct vouch_tree_hash *ret_hashes) {
    struct vouch_tile now = *tile;
    uint64_t here = count - tile->index * VOUCH_TILE_WIDTH;
    now.width = here >= VOUCH_TILE_WIDTH ? VOUCH_TILE_WIDTH : (unsigned)here;
    return vouch_tile_read(office->ledger_fd, &now, ret_hashes);
}

// A narrower partial tile is the beginning of the one that is there now. Which one that is, the
// checkpoint says; a tile that is gone was replaced after we read that, so we read it again.
static int read_tile(struct vouch_office *office, const struct part *part, uint64_t count,
                     struct vouch_tree_hash *ret_hashes) {
    int err = vouch_tile_read(office->ledger_fd, &part->tile, ret_hashes);
    for (unsigned looks = 0; err == VOUCH_ERR_NOT_FOUND && looks < LOOKS_MAX; looks++) {
        err = read_as_of(office, &part->tile, count, ret_hashes);
        if (err == VOUCH_ERR_NOT_FOUND) {
            int refreshed = vouch_public_refresh(office, NULL);
            err = refreshed != VOUCH_OK ? refreshed : err;
            count = covered(office, part);
        }
    }
    return err;
}

static int answer_tile(struct vouch_local *authority, const struct part *part, uint64_t count,
                       struct vouch_bytes *ret_bytes) {
    struct vouch_tree_hash *hashes =
        vouch_arena_alloc(&authority->arena, VOUCH_TILE_WIDTH * sizeof *hashes);
    if (hashes == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    int err = read_tile(authority->office, part, count, hashes);
    if (err == VOUCH_OK) {
        *ret_bytes =
            (struct vouch_bytes){hashes[0].bytes, (size_t)part->tile.width * VOUCH_TREE_HASH_LEN};
    }
    return err;
}

static int find_bundle(int dir_fd, uint64_t bundle, uint64_t *ret_offset) {
    uint8_t bytes[VOUCH_INDEX_ENTRY_LEN];
    vouch_autoclose int fd = -1;
    int err = vouch_folder_open_file(dir_fd, VOUCH_LEDGER_INDEX, O_RDONLY, &fd);
    if (err == VOUCH_OK) {
        err = vouch_folder_read_at(fd, bundle * sizeof bytes, bytes, sizeof bytes);
    }
    if (err == VOUCH_OK) {
        *ret_offset = vouch_index_entry(bytes);
    }
    return err;
}

static int copy_entries(struct vouch_scan *scan, unsigned count, struct vouch_buf *out) {
    for (unsigned i = 0; i < count; i++) {
        enum vouch_scan_outcome outcome = VOUCH_SCAN_END;
        struct vouch_bytes entry;
        int err = vouch_scan_next(scan, &outcome, &entry);
        if (err != VOUCH_OK || outcome != VOUCH_SCAN_ENTRY) {
            return err != VOUCH_OK ? err : VOUCH_ERR_TRUNCATED;
        }
        const uint8_t len[2] = {(uint8_t)(entry.len >> 8), (uint8_t)entry.len};
        vouch_buf_put(out, (struct vouch_bytes){len, sizeof len});
        vouch_buf_put(out, entry);
    }
    return out->err;
}

static int answer_bundle(struct vouch_local *authority, const struct part *part,
                         struct vouch_bytes *ret_bytes) {
    int dir_fd = authority->office->ledger_fd;
    vouch_autoclose int fd = -1;
    uint64_t offset = 0;
    struct vouch_scan scan = {.fd = -1};
    struct vouch_buf out;
    vouch_buf_init(&out, BUNDLE_MAX);
    int err = find_bundle(dir_fd, part->tile.index, &offset);
    if (err == VOUCH_OK) {
        err = vouch_folder_open_file(dir_fd, VOUCH_LEDGER_RECORDS, O_RDONLY, &fd);
    }
    if (err == VOUCH_OK) {
        err = vouch_scan_init(&scan, fd, offset);
    }
    if (err == VOUCH_OK) {
        err = copy_entries(&scan, part->tile.width, &out);
        vouch_scan_done(&scan);
    }
    if (err == VOUCH_OK) {
        err = vouch_arena_copy(&authority->arena, vouch_buf_bytes(&out), ret_bytes);
    }
    vouch_buf_done(&out);
    return err;
}

// --- the ask

static void absent(struct vouch_reply *reply) {
    vouch_reply_set(reply, VOUCH_VERDICT_ABSENT, &vouch_fault_absent, "path",
                    "the ledger has no such part, or not yet");
}

int vouch_local_tile(struct vouch_local *authority, const struct vouch_caller *caller,
                     const struct vouch_ask_tile *ask, struct vouch_answer_tile *ret_answer,
                     struct vouch_fault *fault) {
    struct part part;
    struct vouch_who who;
    int err = VOUCH_OK;
    if (!parse(ask->path, &part)) {
        absent(&ret_answer->reply);
        return VOUCH_OK;
    }
    vouch_reply_done(&ret_answer->reply);
    if (part.is_bundle) {
        err = vouch_identify(authority, caller, VOUCH_MAY_AUDIT, &who, &ret_answer->reply, fault);
    }
    if (err != VOUCH_OK || ret_answer->reply.verdict != VOUCH_VERDICT_DONE) {
        return err;
    }
    uint64_t count = covered(authority->office, &part);
    if (!is_covered(count, &part.tile)) {
        absent(&ret_answer->reply);
        return VOUCH_OK;
    }
    err = part.is_bundle ? answer_bundle(authority, &part, &ret_answer->bytes)
                         : answer_tile(authority, &part, count, &ret_answer->bytes);
    return err == VOUCH_OK ? VOUCH_OK
                           : vouch_fault_set(fault, err, &vouch_fault_ledger_bad,
                                             "ledger %s: a part that the checkpoint covers: %s",
                                             authority->office->ledger_dir, vouch_err_text(err));
}
