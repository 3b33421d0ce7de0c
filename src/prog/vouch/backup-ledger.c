// SPDX-License-Identifier: ISC
// The ledger in a backup: a copy as of one checkpoint, made while the ledger may grow. See backup.h.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "ledger/checkpoint.h"
#include "ledger/folder.h"
#include "ledger/tile.h"
#include "prog/vouch/backup.h"

#define TRIES 10
#define PAUSE_NS 500000000
#define FRAME_HEAD 2 // the length before each record

struct ledger_copy {
    const char *from; // the server's folder
    const char *to;
    struct vouch_backup *backup;
    int dir_fd; // of the ledger that is copied
    uint64_t size;
    uint64_t bytes; // of that many records
};

static int bad_ledger(const struct ledger_copy *copy, int err, const char *what,
                      struct vouch_fault *fault) {
    return vouch_fault_set(fault, err, &vouch_fault_ledger_bad, "%s/%s: %s", copy->from,
                           VOUCH_BACKUP_LEDGER, what);
}

// The folder of a new file, with those above it, as the server has them.
static int make_folders(struct ledger_copy *copy, const char *name, struct vouch_fault *fault) {
    char part[PATH_MAX], from[PATH_MAX], to[PATH_MAX];
    struct stat status;
    for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(part, sizeof part, "%.*s", (int)(slash - name), name);
        int err = vouch_backup_path(copy->to, part, to, fault);
        if (err == 0) {
            err = vouch_backup_path(copy->from, part, from, fault);
        }
        if (err != 0) {
            return err;
        }
        if (mkdir(to, 0700) != 0) {
            if (errno == EEXIST) {
                continue;
            }
            return vouch_io_write_fault(to, fault);
        }
        if (stat(from, &status) != 0) {
            return VOUCH_ERR_NOT_FOUND;
        }
        const struct vouch_backup_entry entry = {.path = part,
                                                 .is_dir = 1,
                                                 .mode = status.st_mode & 07777,
                                                 .uid = status.st_uid,
                                                 .gid = status.st_gid};
        err = vouch_backup_add(copy->backup, &entry, fault);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

// VOUCH_ERR_NOT_FOUND for a part that a newer checkpoint has replaced.
static int copy_part(struct ledger_copy *copy, const char *name, uint64_t limit,
                     struct vouch_fault *fault) {
    char below[PATH_MAX], from[PATH_MAX], to[PATH_MAX];
    struct vouch_backup_entry entry = {0};
    (void)snprintf(below, sizeof below, "%s/%s", VOUCH_BACKUP_LEDGER, name);
    int err = vouch_backup_path(copy->from, below, from, fault);
    if (err == 0) {
        err = vouch_backup_path(copy->to, below, to, fault);
    }
    if (err == 0 && access(from, F_OK) != 0) {
        return VOUCH_ERR_NOT_FOUND;
    }
    if (err == 0) {
        err = make_folders(copy, below, fault);
    }
    const struct vouch_backup_copy what = {from, to, limit};
    if (err == 0) {
        err = vouch_backup_copy_file(&what, &entry, fault);
    }
    entry.path = below;
    return err == 0 ? vouch_backup_add(copy->backup, &entry, fault) : err;
}

static int copy_tiles(struct ledger_copy *copy, struct vouch_fault *fault) {
    char path[VOUCH_TILE_PATH_MAX];
    int err = 0;
    for (unsigned level = 0; err == 0 && level < VOUCH_TREE_LEVELS; level++) {
        uint64_t full = vouch_tree_full_tiles(copy->size, level);
        unsigned width = vouch_tree_partial_width(copy->size, level);
        // The right edge first: it is what may be gone soon.
        for (uint64_t i = full + (width > 0); err == 0 && i > 0; i--) {
            const struct vouch_tile tile = {level, i - 1, i - 1 < full ? VOUCH_TILE_WIDTH : width};
            vouch_tile_path(&tile, path);
            err = copy_part(copy, path, UINT64_MAX, fault);
        }
    }
    return err;
}

static uint64_t read_u64(const uint8_t *bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

// Where the last record of the checkpoint ends: its bundle's place is in the index, and from there on
// each record tells its length.
static int find_end(struct ledger_copy *copy, struct vouch_fault *fault) {
    vouch_autoclose int index = -1;
    vouch_autoclose int records = -1;
    uint8_t bytes[8];
    if (copy->size == 0) {
        return bad_ledger(copy, VOUCH_ERR_CORRUPT, "its checkpoint covers no record", fault);
    }
    uint64_t bundle = (copy->size - 1) / VOUCH_TILE_WIDTH;
    int err = vouch_folder_open_file(copy->dir_fd, VOUCH_LEDGER_INDEX, O_RDONLY, &index);
    if (err == 0) {
        err = vouch_folder_open_file(copy->dir_fd, VOUCH_LEDGER_RECORDS, O_RDONLY, &records);
    }
    if (err == 0) {
        err = vouch_folder_read_at(index, bundle * 8, bytes, 8);
    }
    uint64_t at = err == 0 ? read_u64(bytes) : 0;
    for (uint64_t i = bundle * VOUCH_TILE_WIDTH; err == 0 && i < copy->size; i++) {
        err = vouch_folder_read_at(records, at, bytes, FRAME_HEAD);
        at += FRAME_HEAD + ((uint64_t)bytes[0] << 8 | bytes[1]);
    }
    if (err != 0) {
        return bad_ledger(copy, err, "records or index do not fit the checkpoint", fault);
    }
    copy->bytes = at;
    return 0;
}

static int put_checkpoint(struct ledger_copy *copy, struct vouch_bytes note,
                          struct vouch_fault *fault) {
    char from[PATH_MAX], path[PATH_MAX];
    struct stat status;
    struct vouch_backup_entry entry = {.size = note.len};
    char below[] = VOUCH_BACKUP_LEDGER "/" VOUCH_LEDGER_CHECKPOINT;
    int err = vouch_backup_path(copy->to, below, path, fault);
    if (err == 0) {
        err = vouch_backup_path(copy->from, below, from, fault);
    }
    const struct vouch_io_file file = {path, 0600, VOUCH_IO_KEEP};
    if (err == 0) {
        err = vouch_io_write(&file, note, fault);
    }
    if (err == 0) {
        err = vouch_backup_hash_file(path, &entry.hash, &entry.size, fault);
    }
    if (err == 0 && stat(from, &status) != 0) {
        err = bad_ledger(copy, VOUCH_ERR_NOT_FOUND, "its checkpoint is gone", fault);
    }
    if (err != 0) {
        return err;
    }
    entry.path = below;
    entry.mode = status.st_mode & 07777;
    entry.uid = status.st_uid;
    entry.gid = status.st_gid;
    return vouch_backup_add(copy->backup, &entry, fault);
}

// The database indexes what no checkpoint covers yet; one comes each second while the ledger grows.
static int is_behind(const struct ledger_copy *copy) {
    if (copy->size >= copy->backup->indexed) {
        return 0;
    }
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    (void)nanosleep(&pause, NULL);
    return 1;
}

static int copy_all(struct ledger_copy *copy, struct vouch_fault *fault) {
    struct vouch_checkpoint checkpoint;
    struct vouch_where where = {0};
    struct vouch_buf note;
    vouch_buf_init(&note, 2 * VOUCH_CHECKPOINT_MAX);
    int err = vouch_folder_read(copy->dir_fd, VOUCH_LEDGER_CHECKPOINT, VOUCH_CHECKPOINT_MAX, &note);
    if (err == 0) {
        err = vouch_checkpoint_parse(vouch_buf_bytes(&note), &checkpoint, &where);
    }
    if (err != 0) {
        err = bad_ledger(copy, VOUCH_ERR_CORRUPT, "its checkpoint cannot be read", fault);
    } else {
        copy->size = checkpoint.size;
        err = is_behind(copy) ? VOUCH_ERR_NOT_FOUND : find_end(copy, fault);
    }
    if (err == 0) {
        err = copy_tiles(copy, fault);
    }
    if (err == 0) {
        err = copy_part(copy, VOUCH_LEDGER_RECORDS, copy->bytes, fault);
    }
    uint64_t bundles = (copy->size + VOUCH_TILE_WIDTH - 1) / VOUCH_TILE_WIDTH;
    if (err == 0) {
        err = copy_part(copy, VOUCH_LEDGER_INDEX, bundles * 8, fault);
    }
    if (err == 0) {
        err = copy_part(copy, VOUCH_LEDGER_VKEY, UINT64_MAX, fault);
    }
    if (err == 0) {
        err = copy_part(copy, VOUCH_LEDGER_LOCK, 0, fault);
    }
    if (err == 0) {
        err = put_checkpoint(copy, vouch_buf_bytes(&note), fault);
    }
    vouch_buf_done(&note);
    return err;
}

// Back to before the copy.
static int undo(struct ledger_copy *copy, size_t count, uint64_t bytes, struct vouch_fault *fault) {
    char path[PATH_MAX];
    while (copy->backup->count > count) {
        free(copy->backup->entries[--copy->backup->count].path);
    }
    copy->backup->bytes = bytes;
    int err = vouch_backup_path(copy->to, VOUCH_BACKUP_LEDGER, path, fault);
    if (err == 0 && vouch_folder_remove(AT_FDCWD, path) != 0) {
        err = vouch_io_write_fault(path, fault);
    }
    return err;
}

int vouch_backup_ledger(const char *from, const char *to, struct vouch_backup *backup,
                        struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct ledger_copy copy = {.from = from, .to = to, .backup = backup, .dir_fd = -1};
    size_t count = backup->count;
    uint64_t bytes = backup->bytes;
    int err = vouch_backup_path(from, VOUCH_BACKUP_LEDGER, path, fault);
    if (err == 0 && vouch_folder_open(path, &copy.dir_fd) != 0) {
        err = bad_ledger(&copy, VOUCH_ERR_NOT_FOUND, "cannot be opened", fault);
    }
    if (err != 0) {
        return err;
    }
    // A part that is gone means that a newer checkpoint has come: begin anew with that one.
    for (int tries = 0; tries < TRIES; tries++) {
        err = copy_all(&copy, fault);
        if (err != VOUCH_ERR_NOT_FOUND || undo(&copy, count, bytes, fault) != 0) {
            break;
        }
    }
    if (err == VOUCH_ERR_NOT_FOUND) {
        err = bad_ledger(&copy, err,
                         is_behind(&copy) ? "its checkpoint does not cover what the database has"
                                          : "a file that its checkpoint needs is missing",
                         fault);
        vouch_fault_next(fault, "start the server once, which makes both anew, and try again");
    }
    backup->records = copy.size;
    (void)close(copy.dir_fd);
    return err;
}
