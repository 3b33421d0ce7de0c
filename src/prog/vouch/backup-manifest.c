// SPDX-License-Identifier: ISC
// The list of what a backup holds: see backup.h.
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/backup.h"

#define FIRST_LINE "vouch-backup/1"
#define MANIFEST_MAX (1024u * 1024 * 1024)

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

void vouch_backup_done(struct vouch_backup *backup) {
    if (backup != NULL) {
        for (size_t i = 0; i < backup->count; i++) {
            free(backup->entries[i].path);
        }
        free(backup->entries);
        *backup = (struct vouch_backup){0};
    }
}

int vouch_backup_path(const char *dir, const char *name, char *ret_path,
                      struct vouch_fault *fault) {
    int len = snprintf(ret_path, PATH_MAX, "%s/%s", dir, name);
    return len > 0 && len < PATH_MAX
               ? 0
               : vouch_usage(fault, "%s: the path is longer than paths can be", dir);
}

// Below the folder, and nothing that a line of the list could not hold.
static int is_path(const char *path) {
    if (path[0] == '\0' || path[0] == '/' || strlen(path) >= PATH_MAX / 2) {
        return 0;
    }
    for (const char *c = path; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~') {
            return 0;
        }
    }
    struct vouch_bytes rest = vouch_bytes_of(path);
    while (rest.ptr != NULL) {
        struct vouch_bytes part = vouch_str_cut(&rest, '/');
        if (part.len == 0 || vouch_bytes_equal(part, vouch_bytes_of(".")) ||
            vouch_bytes_equal(part, vouch_bytes_of(".."))) {
            return 0;
        }
    }
    return 1;
}

static int grow(struct vouch_backup *backup, struct vouch_fault *fault) {
    if (backup->count < backup->room) {
        return 0;
    }
    size_t room = backup->room > 0 ? backup->room * 2 : 64;
    struct vouch_backup_entry *entries =
        room <= VOUCH_BACKUP_ENTRIES_MAX
            ? reallocarray(backup->entries, room, sizeof *backup->entries)
            : NULL;
    if (entries == NULL) {
        return no_memory(fault);
    }
    backup->entries = entries;
    backup->room = room;
    return 0;
}

int vouch_backup_add(struct vouch_backup *backup, const struct vouch_backup_entry *entry,
                     struct vouch_fault *fault) {
    if (!is_path(entry->path)) {
        return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_backup,
                               "%s: a backup cannot hold a file of this name", entry->path);
    }
    int err = grow(backup, fault);
    if (err != 0) {
        return err;
    }
    struct vouch_backup_entry *added = &backup->entries[backup->count];
    *added = *entry;
    added->path = strdup(entry->path);
    if (added->path == NULL) {
        return no_memory(fault);
    }
    backup->count++;
    backup->bytes += entry->size;
    return 0;
}

static int compare(const void *a, const void *b) {
    const struct vouch_backup_entry *first = a, *second = b;
    return strcmp(first->path, second->path);
}

static void put_entry(const struct vouch_backup_entry *entry, struct vouch_buf *text) {
    char line[200];
    (void)snprintf(line, sizeof line, "%s %04o %u %u ", entry->is_dir ? "dir" : "file",
                   (unsigned)entry->mode, (unsigned)entry->uid, (unsigned)entry->gid);
    vouch_buf_put_text(text, line);
    if (!entry->is_dir) {
        (void)snprintf(line, sizeof line, "%" PRIu64 " ", entry->size);
        vouch_buf_put_text(text, line);
        vouch_str_hex((struct vouch_bytes){entry->hash.bytes, sizeof entry->hash.bytes}, text);
        vouch_buf_put_text(text, " ");
    }
    vouch_buf_put_text(text, entry->path);
    vouch_buf_put_text(text, "\n");
}

// One sync of the file system for many files.
static int sync_all(const char *dir, struct vouch_fault *fault) {
    vouch_autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && syncfs(fd) == 0 ? 0 : vouch_io_write_fault(dir, fault);
}

int vouch_backup_write(struct vouch_backup *backup, const char *dir, struct vouch_fault *fault) {
    char path[PATH_MAX], time[VOUCH_TIME_TEXT_MAX], line[200];
    struct vouch_buf text;
    int err = vouch_backup_path(dir, VOUCH_BACKUP_MANIFEST, path, fault);
    if (err != 0) {
        return err;
    }
    err = sync_all(dir, fault);
    if (err != 0) {
        return err;
    }
    vouch_buf_init(&text, MANIFEST_MAX);
    vouch_time_utc(backup->time_s, time);
    (void)snprintf(line, sizeof line, FIRST_LINE "\ntime %s\nrecords %" PRIu64 "\n", time,
                   backup->records);
    vouch_buf_put_text(&text, line);
    qsort(backup->entries, backup->count, sizeof *backup->entries, compare);
    for (size_t i = 0; i < backup->count; i++) {
        put_entry(&backup->entries[i], &text);
    }
    vouch_buf_put_text(&text, "end\n");
    const struct vouch_io_file file = {path, 0600, VOUCH_IO_KEEP};
    err = text.err == 0 ? vouch_io_write(&file, vouch_buf_bytes(&text), fault) : no_memory(fault);
    vouch_buf_done(&text);
    return err;
}

// Reading

static int bad_line(struct vouch_fault *fault, const char *dir, size_t number) {
    return vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_backup,
                           "%s/" VOUCH_BACKUP_MANIFEST ":%zu: is not what a backup has there", dir,
                           number);
}

static int read_octal(struct vouch_bytes text, mode_t *ret_mode) {
    mode_t mode = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '7') {
            return VOUCH_ERR_FORMAT;
        }
        mode = mode * 8 + (mode_t)(text.ptr[i] - '0');
    }
    *ret_mode = mode;
    return text.len == 4 ? 0 : VOUCH_ERR_FORMAT;
}

static int read_id(struct vouch_bytes text, uint32_t *ret_id) {
    uint64_t number = 0;
    int err = vouch_str_to_u64(text, &number);
    *ret_id = (uint32_t)number;
    return err == 0 && number < UINT32_MAX ? 0 : VOUCH_ERR_FORMAT;
}

static int read_content(struct vouch_bytes *rest, struct vouch_backup_entry *entry) {
    struct vouch_buf hash;
    int err = vouch_str_to_u64(vouch_str_cut(rest, ' '), &entry->size);
    vouch_buf_init_fixed(&hash, entry->hash.bytes, sizeof entry->hash.bytes);
    struct vouch_bytes hex = vouch_str_cut(rest, ' ');
    if (err == 0) {
        err = hex.len == 2 * sizeof entry->hash.bytes ? vouch_str_unhex(hex, &hash)
                                                      : VOUCH_ERR_FORMAT;
    }
    return err;
}

static int read_entry(struct vouch_bytes line, struct vouch_backup *backup,
                      struct vouch_fault *fault) {
    struct vouch_backup_entry entry = {0};
    struct vouch_bytes kind = vouch_str_cut(&line, ' ');
    entry.is_dir = vouch_bytes_equal(kind, vouch_bytes_of("dir"));
    if (!entry.is_dir && !vouch_bytes_equal(kind, vouch_bytes_of("file"))) {
        return VOUCH_ERR_FORMAT;
    }
    int err = read_octal(vouch_str_cut(&line, ' '), &entry.mode);
    if (err == 0) {
        err = read_id(vouch_str_cut(&line, ' '), &entry.uid);
    }
    if (err == 0) {
        err = read_id(vouch_str_cut(&line, ' '), &entry.gid);
    }
    if (err == 0 && !entry.is_dir) {
        err = read_content(&line, &entry);
    }
    if (err != 0 || line.ptr == NULL) {
        return VOUCH_ERR_FORMAT;
    }
    entry.path = vouch_str_copy(line);
    err = entry.path != NULL ? vouch_backup_add(backup, &entry, fault) : VOUCH_ERR_NO_MEMORY;
    free(entry.path);
    return err;
}

// The value of a line "NAME VALUE"; ptr NULL if it is another.
static struct vouch_bytes value_of(struct vouch_bytes line, const char *name) {
    struct vouch_bytes first = vouch_str_cut(&line, ' ');
    return vouch_bytes_equal(first, vouch_bytes_of(name)) ? line : (struct vouch_bytes){0};
}

static int read_lines(const char *dir, struct vouch_bytes text, struct vouch_backup *backup,
                      struct vouch_fault *fault) {
    struct vouch_bytes rest = text;
    size_t number = 3;
    if (!vouch_bytes_equal(vouch_str_cut(&rest, '\n'), vouch_bytes_of(FIRST_LINE))) {
        return bad_line(fault, dir, 1);
    }
    if (vouch_time_parse(value_of(vouch_str_cut(&rest, '\n'), "time"), &backup->time_s) != 0) {
        return bad_line(fault, dir, 2);
    }
    if (vouch_str_to_u64(value_of(vouch_str_cut(&rest, '\n'), "records"), &backup->records) != 0) {
        return bad_line(fault, dir, 3);
    }
    while (rest.ptr != NULL) {
        struct vouch_bytes line = vouch_str_cut(&rest, '\n');
        number++;
        if (vouch_bytes_equal(line, vouch_bytes_of("end"))) {
            return rest.len == 0 ? 0 : bad_line(fault, dir, number + 1);
        }
        int err = read_entry(line, backup, fault);
        if (err != 0) {
            return err == VOUCH_ERR_NO_MEMORY ? no_memory(fault) : bad_line(fault, dir, number);
        }
    }
    return bad_line(fault, dir, number + 1);
}

int vouch_backup_read(const char *dir, struct vouch_backup *ret_backup, struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct vouch_buf text;
    struct vouch_backup backup = {0};
    int err = vouch_backup_path(dir, VOUCH_BACKUP_MANIFEST, path, fault);
    if (err != 0) {
        return err;
    }
    vouch_buf_init(&text, MANIFEST_MAX);
    err = vouch_io_read(path, MANIFEST_MAX - 65536, &text, fault);
    if (err == VOUCH_ERR_NOT_FOUND) {
        vouch_fault_set(fault, err, &vouch_fault_backup, "%s: is no backup: there is no %s", dir,
                        VOUCH_BACKUP_MANIFEST);
    } else if (err == 0) {
        err = read_lines(dir, vouch_buf_bytes(&text), &backup, fault);
    }
    vouch_buf_done(&text);
    if (err != 0) {
        vouch_backup_done(&backup);
        return err;
    }
    *ret_backup = backup;
    return 0;
}
