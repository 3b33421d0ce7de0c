// SPDX-License-Identifier: ISC
// Files that appear together: see file-batch.h.
#include "prog/vouch/file-batch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"

// Up to so many files are synced one by one: syncing the whole file system also waits for what other
// programs have written to it.
#define SINGLY_MAX 4

struct entry {
    struct vouch_io_file file;
    char *aside; // NULL: in place
    dev_t device;
};

struct vouch_file_batch {
    struct entry *entries;
    size_t count;
    size_t room;
    uint64_t tag; // random: in the names of files aside
};

struct vouch_file_batch *vouch_file_batch_new(size_t count) {
    struct vouch_file_batch *batch = calloc(1, sizeof *batch);
    if (batch != NULL) {
        batch->entries = calloc(count + 1, sizeof *batch->entries);
        batch->room = count;
        vouch_random(&batch->tag, sizeof batch->tag);
    }
    if (batch != NULL && batch->entries == NULL) {
        free(batch);
        return NULL;
    }
    return batch;
}

void vouch_file_batch_free(struct vouch_file_batch *batch) {
    if (batch == NULL) {
        return;
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->entries[i].aside != NULL) {
            (void)unlink(batch->entries[i].aside);
        }
        free(batch->entries[i].aside);
    }
    free(batch->entries);
    free(batch);
}

static int write_aside(struct entry *entry, struct vouch_bytes content) {
    struct stat status;
    const mode_t mode = (mode_t)entry->file.mode;
    vouch_autoclose int fd = open(entry->aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        // There is nothing to remove then.
        free(vouch_steal(entry->aside));
        return VOUCH_ERR_IO;
    }
    if (vouch_io_write_all(fd, content) != 0 || fstat(fd, &status) != 0) {
        return VOUCH_ERR_IO;
    }
    // The umask may have taken from it.
    if ((status.st_mode & 07777) != mode && fchmod(fd, mode) != 0) {
        return VOUCH_ERR_IO;
    }
    entry->device = status.st_dev;
    return 0;
}

int vouch_file_batch_add(struct vouch_file_batch *batch, const struct vouch_io_file *file,
                         struct vouch_bytes content, struct vouch_fault *fault) {
    if (batch->count == batch->room) {
        return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_internal,
                               "%s: one file more than the batch was made for", file->path);
    }
    struct entry *entry = &batch->entries[batch->count++];
    *entry = (struct entry){.file = *file};
    if (asprintf(&entry->aside, "%s.%016" PRIx64, file->path, batch->tag) < 0) {
        entry->aside = NULL;
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "%s: out of memory",
                               file->path);
    }
    return write_aside(entry, content) != 0 ? vouch_io_write_fault(file->path, fault) : 0;
}

static int sync_one(const struct entry *entry, int (*sync)(int)) {
    vouch_autoclose int fd = open(entry->aside, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && sync(fd) == 0 ? 0 : VOUCH_ERR_IO;
}

// Nonzero if an entry before `at` is on the same device, which is synced already.
static int is_synced(const struct vouch_file_batch *batch, size_t at) {
    for (size_t i = at; i > 0; i--) {
        if (batch->entries[i - 1].device == batch->entries[at].device) {
            return 1;
        }
    }
    return 0;
}

static int sync_all(const struct vouch_file_batch *batch, struct vouch_fault *fault) {
    int singly = batch->count <= SINGLY_MAX;
    for (size_t i = 0; i < batch->count; i++) {
        if (!singly && is_synced(batch, i)) {
            continue;
        }
        if (sync_one(&batch->entries[i], singly ? fsync : syncfs) != 0) {
            return vouch_io_write_fault(batch->entries[i].file.path, fault);
        }
    }
    return 0;
}

// A file system that knows no RENAME_NOREPLACE has link(), which does not replace either.
static int place_new(const char *aside, const char *path) {
    if (renameat2(AT_FDCWD, aside, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return -1;
    }
    return link(aside, path) == 0 ? unlink(aside) : -1;
}

static int place(struct entry *entry, struct vouch_fault *fault) {
    const char *path = entry->file.path;
    int result = entry->file.existing == VOUCH_IO_REPLACE ? rename(entry->aside, path)
                                                          : place_new(entry->aside, path);
    if (result != 0) {
        return vouch_io_write_fault(path, fault);
    }
    free(vouch_steal(entry->aside));
    return 0;
}

int vouch_file_batch_finish(struct vouch_file_batch *batch, size_t *ret_placed,
                            struct vouch_fault *fault) {
    *ret_placed = 0;
    int err = sync_all(batch, fault);
    for (size_t i = 0; err == 0 && i < batch->count; i++) {
        err = place(&batch->entries[i], fault);
        *ret_placed += err == 0;
    }
    return err;
}
