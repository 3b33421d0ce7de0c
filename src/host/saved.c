// SPDX-License-Identifier: ISC
// Records of what was there before: files named after the SHA-256 of the path.
#include "host/saved.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "core/key.h"

#define MAGIC "vouch-saved/1"
#define RECORD_ROOM 8192 // for all but the content
#define RECORD_PATH_MAX 256

static const char *const folders[] = {[VOUCH_SAVED_ORIGIN] = VOUCH_SAVED_FOLDER "/origin",
                                      [VOUCH_SAVED_UNDO] = VOUCH_SAVED_FOLDER "/undo",
                                      [VOUCH_SAVED_KEPT] = VOUCH_SAVED_FOLDER "/kept"};

// Who can rename our folder could give us one of his own.
static int check_owner(const struct vouch_root *root, const char *path, struct vouch_fault *fault) {
    struct vouch_root_meta meta = {0};
    int err = vouch_root_folder_meta(root, path, &meta, fault);
    if (err == VOUCH_OK && (meta.uid != geteuid() || (meta.mode & 022) != 0)) {
        err = vouch_fault_set(fault, VOUCH_ERR_PERMISSION, &vouch_fault_host_file,
                              "%s/%s: belongs to another user, or others may write to it",
                              root->prefix, path);
    }
    return err;
}

int vouch_saved_begin(const struct vouch_root *root, struct vouch_fault *fault) {
    static const char *const all[] = {"var",
                                      "var/lib",
                                      "var/lib/vouch-host",
                                      VOUCH_SAVED_FOLDER,
                                      VOUCH_SAVED_FOLDER "/origin",
                                      VOUCH_SAVED_FOLDER "/undo",
                                      VOUCH_SAVED_FOLDER "/kept"};
    int err = VOUCH_OK;
    for (size_t i = 0; i < sizeof all / sizeof all[0] && err == VOUCH_OK; i++) {
        // The network part's user has to pass the third one; ours are our own.
        err = vouch_root_folder(root, all[i], i < 3 ? 0755 : 0700, fault);
    }
    return err == VOUCH_OK ? check_owner(root, all[2], fault) : err;
}

static int name_record(enum vouch_saved_set set, const char *path,
                       char ret_path[static RECORD_PATH_MAX]) {
    uint8_t digest[VOUCH_HASH_MAX];
    char room[2 * VOUCH_HASH_MAX];
    struct vouch_buf hex;
    vouch_buf_init_fixed(&hex, room, sizeof room);
    size_t len = vouch_hash_bytes(VOUCH_HASH_SHA256, vouch_bytes_of(path), digest);
    vouch_str_hex((struct vouch_bytes){digest, len}, &hex);
    (void)snprintf(ret_path, RECORD_PATH_MAX, "%s/%.*s", folders[set], (int)hex.len, room);
    return len > 0 ? VOUCH_OK : VOUCH_ERR_CRYPTO;
}

static int damaged(const char *record, int err, struct vouch_fault *fault) {
    return vouch_fault_set(fault, err == VOUCH_ERR_NO_MEMORY ? err : VOUCH_ERR_CORRUPT,
                           &vouch_fault_host_saved, "%s: what was saved there cannot be read",
                           record);
}

// --- writing

static void write_record(const struct vouch_saved *saved, struct vouch_buf *out) {
    vouch_write_text(out, MAGIC);
    vouch_write_string(out, saved->path);
    vouch_write_u32(out, (uint32_t)saved->kind);
    vouch_write_u32(out, saved->meta.mode);
    vouch_write_u32(out, saved->meta.uid);
    vouch_write_u32(out, saved->meta.gid);
    vouch_write_u64(out, (uint64_t)saved->meta.mtime_s);
    vouch_write_u32(out, saved->meta.mtime_ns);
    vouch_write_string(out, saved->content);
}

static int put_record(const struct vouch_root *root, const char *record,
                      const struct vouch_saved *saved, struct vouch_fault *fault) {
    const struct vouch_root_meta meta = {.mode = 0600};
    struct vouch_buf out;
    vouch_buf_init(&out, saved->content.len + RECORD_ROOM);
    write_record(saved, &out);
    int err = out.err == VOUCH_OK
                  ? vouch_root_write(root, record, vouch_buf_bytes(&out), &meta, fault)
                  : vouch_fault_set(fault, out.err, &vouch_fault_memory, "%s: no memory to save it",
                                    (const char *)saved->path.ptr);
    vouch_buf_done(&out);
    return err;
}

// 1: the set has it; 0: not; else an error.
static int has_record(const struct vouch_root *root, const char *record,
                      struct vouch_fault *fault) {
    struct vouch_buf old;
    vouch_buf_init(&old, VOUCH_SAVED_CONTENT_MAX + RECORD_ROOM);
    int err =
        vouch_root_read(root, record, VOUCH_SAVED_CONTENT_MAX + RECORD_ROOM, &old, NULL, fault);
    vouch_buf_done(&old);
    return err == VOUCH_OK ? 1 : err == VOUCH_ERR_NOT_FOUND ? 0 : err;
}

int vouch_saved_keep(const struct vouch_root *root, enum vouch_saved_set set, const char *path,
                     struct vouch_fault *fault) {
    char record[RECORD_PATH_MAX];
    if (name_record(set, path, record) != VOUCH_OK) {
        return damaged(path, VOUCH_ERR_NO_MEMORY, fault);
    }
    int has = has_record(root, record, fault);
    if (has != 0) {
        return has > 0 ? VOUCH_OK : has;
    }
    struct vouch_saved saved = {.kind = VOUCH_SAVED_FILE, .path = vouch_bytes_of(path)};
    struct vouch_buf content;
    vouch_buf_init(&content, VOUCH_SAVED_CONTENT_MAX);
    int err = vouch_root_read(root, path, VOUCH_SAVED_CONTENT_MAX, &content, &saved.meta, fault);
    if (err == VOUCH_ERR_NOT_FOUND) {
        saved.kind = VOUCH_SAVED_ABSENT;
        err = VOUCH_OK;
    }
    saved.content = vouch_buf_bytes(&content);
    err = err == VOUCH_OK ? put_record(root, record, &saved, fault) : err;
    vouch_buf_done(&content);
    return err;
}

int vouch_saved_put(const struct vouch_root *root, enum vouch_saved_set set, const char *path,
                    struct vouch_bytes content, struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena arena = {0};
    char record[RECORD_PATH_MAX];
    struct vouch_saved before = {0};
    const struct vouch_saved saved = {.kind = VOUCH_SAVED_FILE,
                                      .path = vouch_bytes_of(path),
                                      .meta = {.mode = 0644},
                                      .content = content};
    // One that cannot be read is as good as none: it is replaced.
    if (vouch_saved_find(root, set, path, &arena, &before, NULL) == VOUCH_OK &&
        vouch_bytes_equal(before.content, content)) {
        return VOUCH_OK;
    }
    return name_record(set, path, record) == VOUCH_OK ? put_record(root, record, &saved, fault)
                                                      : damaged(path, VOUCH_ERR_NO_MEMORY, fault);
}

int vouch_saved_forget(const struct vouch_root *root, enum vouch_saved_set set, const char *path,
                       struct vouch_fault *fault) {
    char record[RECORD_PATH_MAX];
    return name_record(set, path, record) == VOUCH_OK ? vouch_root_remove(root, record, fault)
                                                      : damaged(path, VOUCH_ERR_NO_MEMORY, fault);
}

int vouch_saved_folder(const struct vouch_root *root, const char *path, unsigned mode,
                       struct vouch_fault *fault) {
    char record[RECORD_PATH_MAX];
    const struct vouch_saved saved = {.kind = VOUCH_SAVED_MADE, .path = vouch_bytes_of(path)};
    if (vouch_root_is_folder(root, path)) {
        return VOUCH_OK;
    }
    int err = name_record(VOUCH_SAVED_ORIGIN, path, record);
    err = err == VOUCH_OK ? put_record(root, record, &saved, fault) : damaged(path, err, fault);
    return err == VOUCH_OK ? vouch_root_folder(root, path, mode, fault) : err;
}

// --- reading

static int read_record(struct vouch_bytes record, struct vouch_arena *arena,
                       struct vouch_saved *ret_saved) {
    struct vouch_reader reader;
    struct vouch_saved saved = {0};
    vouch_reader_init(&reader, record);
    struct vouch_bytes magic = vouch_read_text(&reader, "magic");
    struct vouch_bytes path = vouch_read_text(&reader, "path");
    uint32_t kind = vouch_read_u32(&reader, "kind");
    saved.meta.mode = vouch_read_u32(&reader, "mode") & 07777;
    saved.meta.uid = vouch_read_u32(&reader, "uid");
    saved.meta.gid = vouch_read_u32(&reader, "gid");
    saved.meta.mtime_s = (int64_t)vouch_read_u64(&reader, "time");
    saved.meta.mtime_ns = vouch_read_u32(&reader, "time");
    struct vouch_bytes content = vouch_read_string(&reader, "content");
    if (!vouch_bytes_equal(magic, vouch_bytes_of(MAGIC)) || path.len == 0 ||
        kind == VOUCH_SAVED_NONE || kind > VOUCH_SAVED_MADE) {
        vouch_reader_fail(&reader, VOUCH_ERR_FORMAT, "record", NULL);
    }
    int err = vouch_reader_end(&reader, NULL);
    char *name = err == VOUCH_OK ? vouch_arena_alloc(arena, path.len + 1) : NULL;
    if (name == NULL) {
        return err == VOUCH_OK ? VOUCH_ERR_NO_MEMORY : err;
    }
    memcpy(name, path.ptr, path.len);
    saved.kind = (enum vouch_saved_kind)kind;
    saved.path = (struct vouch_bytes){(const uint8_t *)name, path.len};
    err = vouch_arena_copy(arena, content, &saved.content);
    if (err == VOUCH_OK) {
        *ret_saved = saved;
    }
    return err;
}

static int load_record(const struct vouch_root *root, const char *record, struct vouch_arena *arena,
                       struct vouch_saved *ret_saved, struct vouch_fault *fault) {
    struct vouch_buf file;
    vouch_buf_init(&file, VOUCH_SAVED_CONTENT_MAX + RECORD_ROOM);
    int err =
        vouch_root_read(root, record, VOUCH_SAVED_CONTENT_MAX + RECORD_ROOM, &file, NULL, fault);
    if (err == VOUCH_OK) {
        err = read_record(vouch_buf_bytes(&file), arena, ret_saved);
        err = err == VOUCH_OK ? VOUCH_OK : damaged(record, err, fault);
    }
    vouch_buf_done(&file);
    return err;
}

int vouch_saved_find(const struct vouch_root *root, enum vouch_saved_set set, const char *path,
                     struct vouch_arena *arena, struct vouch_saved *ret_saved,
                     struct vouch_fault *fault) {
    char record[RECORD_PATH_MAX];
    return name_record(set, path, record) == VOUCH_OK
               ? load_record(root, record, arena, ret_saved, fault)
               : damaged(path, VOUCH_ERR_NO_MEMORY, fault);
}

static int compare_paths(const void *a, const void *b) {
    return vouch_bytes_compare(((const struct vouch_saved *)a)->path,
                               ((const struct vouch_saved *)b)->path);
}

int vouch_saved_all(const struct vouch_root *root, enum vouch_saved_set set,
                    struct vouch_arena *arena, struct vouch_saved_list *ret_list,
                    struct vouch_fault *fault) {
    struct vouch_text_list names = {0};
    int err = vouch_root_list(root, folders[set], arena, &names, fault);
    struct vouch_saved *rows =
        err == VOUCH_OK ? vouch_arena_alloc(arena, (names.count + 1) * sizeof *rows) : NULL;
    if (rows == NULL) {
        return err != VOUCH_OK ? err : damaged(folders[set], VOUCH_ERR_NO_MEMORY, fault);
    }
    for (size_t i = 0; i < names.count && err == VOUCH_OK; i++) {
        char record[RECORD_PATH_MAX];
        (void)snprintf(record, sizeof record, "%s/%.*s", folders[set], (int)names.items[i].len,
                       (const char *)names.items[i].ptr);
        err = load_record(root, record, arena, &rows[i], fault);
    }
    if (err == VOUCH_OK) {
        qsort(rows, names.count, sizeof *rows, compare_paths);
        *ret_list = (struct vouch_saved_list){rows, names.count};
    }
    return err;
}

static int is_as_saved(const struct vouch_root *root, const struct vouch_saved *saved) {
    struct vouch_buf now;
    struct vouch_root_meta meta = {0};
    vouch_buf_init(&now, VOUCH_SAVED_CONTENT_MAX);
    int err = vouch_root_read(root, (const char *)saved->path.ptr, VOUCH_SAVED_CONTENT_MAX, &now,
                              &meta, NULL);
    int is_same = err == VOUCH_OK && vouch_bytes_equal(vouch_buf_bytes(&now), saved->content) &&
                  meta.mode == saved->meta.mode && meta.uid == saved->meta.uid &&
                  meta.gid == saved->meta.gid && meta.mtime_s == saved->meta.mtime_s &&
                  meta.mtime_ns == saved->meta.mtime_ns;
    vouch_buf_done(&now);
    return is_same;
}

int vouch_saved_restore(const struct vouch_root *root, const struct vouch_saved *saved,
                        struct vouch_fault *fault) {
    const char *path = (const char *)saved->path.ptr;
    int err = saved->kind == VOUCH_SAVED_MADE ? VOUCH_OK : vouch_root_tidy(root, path, fault);
    if (err != VOUCH_OK || saved->kind != VOUCH_SAVED_FILE) {
        return err == VOUCH_OK ? vouch_root_remove(root, path, fault) : err;
    }
    // A full disk must not stand in the way of what needs no room.
    return is_as_saved(root, saved)
               ? VOUCH_OK
               : vouch_root_write(root, path, saved->content, &saved->meta, fault);
}

int vouch_saved_drop(const struct vouch_root *root, enum vouch_saved_set set,
                     struct vouch_fault *fault) {
    vouch_autoarena struct vouch_arena arena = {0};
    struct vouch_text_list names = {0};
    int err = vouch_root_list(root, folders[set], &arena, &names, fault);
    for (size_t i = 0; i < names.count && err == VOUCH_OK; i++) {
        char record[RECORD_PATH_MAX];
        (void)snprintf(record, sizeof record, "%s/%.*s", folders[set], (int)names.items[i].len,
                       (const char *)names.items[i].ptr);
        err = vouch_root_remove(root, record, fault);
    }
    return err;
}
