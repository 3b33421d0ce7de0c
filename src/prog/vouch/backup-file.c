// SPDX-License-Identifier: ISC
// Files of a backup: copying and hashing them. See backup.h.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "ledger/folder.h"
#include "prog/vouch/backup.h"

#define BLOCK (1024u * 1024)

static int read_fault(const char *path, struct vouch_fault *fault) {
    int err = errno == EACCES || errno == EPERM ? VOUCH_ERR_PERMISSION : VOUCH_ERR_IO;
    err = errno == ENOENT ? VOUCH_ERR_NOT_FOUND : err;
    return vouch_fault_set(fault, err, &vouch_fault_read, "%s: cannot read: %s", path,
                           strerror(errno));
}

void vouch_backup_remove(const struct vouch_cli *cli, const char *dir) {
    if (vouch_folder_remove(AT_FDCWD, dir) != 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_WARN, "%s: is not whole, and could not be removed",
                       dir);
    }
}

static int hash_bytes(struct vouch_bytes data, struct vouch_tree_hash *ret_hash) {
    struct vouch_hasher *hasher = vouch_hasher_new();
    if (hasher == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    vouch_hasher_plain(hasher, data, ret_hash);
    int err = vouch_hasher_error(hasher);
    vouch_hasher_free(hasher);
    return err;
}

// By mapping it: a ledger may be larger than memory.
static int hash_fd(int fd, const char *path, uint64_t size, struct vouch_tree_hash *ret_hash,
                   struct vouch_fault *fault) {
    void *map = size > 0 ? mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0) : NULL;
    if (map == MAP_FAILED) {
        return read_fault(path, fault);
    }
    int err = hash_bytes((struct vouch_bytes){map, (size_t)size}, ret_hash);
    if (map != NULL) {
        (void)munmap(map, (size_t)size);
    }
    return err == 0
               ? 0
               : vouch_fault_set(fault, err, &vouch_fault_memory, "%s: cannot be hashed", path);
}

int vouch_backup_hash_file(const char *path, struct vouch_tree_hash *ret_hash, uint64_t *ret_size,
                           struct vouch_fault *fault) {
    struct stat status;
    vouch_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &status) != 0) {
        return read_fault(path, fault);
    }
    if (!S_ISREG(status.st_mode)) {
        return vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_backup, "%s: is not a file",
                               path);
    }
    int err = hash_fd(fd, path, (uint64_t)status.st_size, ret_hash, fault);
    if (err == 0) {
        *ret_size = (uint64_t)status.st_size;
    }
    return err;
}

static int pump(int from, int to, uint64_t limit, uint64_t *ret_done) {
    static uint8_t block[BLOCK];
    uint64_t done = 0;
    while (done < limit) {
        size_t ask = limit - done < sizeof block ? (size_t)(limit - done) : sizeof block;
        ssize_t got = pread(from, block, ask, (off_t)done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return VOUCH_ERR_TRUNCATED;
        }
        if (got == 0) {
            break;
        }
        if (vouch_io_write_all(to, (struct vouch_bytes){block, (size_t)got}) != 0) {
            return VOUCH_ERR_IO;
        }
        done += (uint64_t)got;
    }
    *ret_done = done;
    return 0;
}

int vouch_backup_copy_file(const struct vouch_backup_copy *copy,
                           struct vouch_backup_entry *ret_entry, struct vouch_fault *fault) {
    struct stat status;
    vouch_autoclose int from = open(copy->from, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (from < 0 || fstat(from, &status) != 0) {
        return read_fault(copy->from, fault);
    }
    vouch_autoclose int to = open(copy->to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0) {
        return vouch_io_write_fault(copy->to, fault);
    }
    struct vouch_backup_entry entry = {
        .mode = status.st_mode & 07777, .uid = status.st_uid, .gid = status.st_gid};
    int err = pump(from, to, copy->limit, &entry.size);
    if (err != 0) {
        return err == VOUCH_ERR_TRUNCATED ? read_fault(copy->from, fault)
                                          : vouch_io_write_fault(copy->to, fault);
    }
    if (copy->limit != UINT64_MAX && entry.size != copy->limit) {
        return vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_ledger_bad,
                               "%s: is shorter than its checkpoint says", copy->from);
    }
    err = hash_fd(to, copy->to, entry.size, &entry.hash, fault);
    if (err == 0) {
        *ret_entry = entry;
    }
    return err;
}
