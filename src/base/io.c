// SPDX-License-Identifier: ISC
// Files: bounded reading, and writing that is all or nothing.
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/mem.h"

static int err_of_errno(void) {
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return VOUCH_ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return VOUCH_ERR_PERMISSION;
    case EEXIST:
        return VOUCH_ERR_EXISTS;
    case ENOMEM:
        return VOUCH_ERR_NO_MEMORY;
    default:
        return VOUCH_ERR_IO;
    }
}

static int read_fault(struct vouch_fault *fault, const char *path) {
    int err = err_of_errno();
    return vouch_fault_set(fault, err, &vouch_fault_read, "%s: cannot read: %s", path,
                           strerror(errno));
}

static int too_large(struct vouch_fault *fault, const char *path, size_t max) {
    return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_size,
                           "%s: is larger than %zu bytes", path, max);
}

static int open_to_read(const char *path) {
    if (strcmp(path, "-") == 0) {
        return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    }
    return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

// One read, begun again after an interruption.
static ssize_t read_some(int fd, void *into, size_t len) {
    ssize_t got;
    do {
        got = read(fd, into, len);
    } while (got < 0 && errno == EINTR);
    return got;
}

static size_t expected_size(int fd) {
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size : 0;
}

int vouch_io_read(const char *path, size_t max, struct vouch_buf *out, struct vouch_fault *fault) {
    vouch_autoclose int fd = open_to_read(path);
    if (fd < 0) {
        return read_fault(fault, path);
    }
    size_t size = expected_size(fd);
    if (size > max) {
        return too_large(fault, path, max);
    }
    size_t from = out->len;
    size_t step = size > 0 ? size + 1 : 16384; // one more byte to see the end in a single read
    for (;;) {
        size_t left = max + 1 - (out->len - from);
        size_t ask = step < left ? step : left;
        uint8_t *room = vouch_buf_extend(out, ask);
        if (room == NULL) {
            return out->err == VOUCH_ERR_LIMIT
                       ? too_large(fault, path, max)
                       : vouch_fault_set(fault, out->err, &vouch_fault_memory,
                                         "%s: no memory to read it", path);
        }
        ssize_t got = read_some(fd, room, ask);
        out->len -= ask - (size_t)(got > 0 ? got : 0);
        if (got < 0) {
            return read_fault(fault, path);
        }
        if (out->len - from > max) {
            return too_large(fault, path, max);
        }
        // A regular file gives less than was asked for only at its end.
        if (got == 0 || (size > 0 && (size_t)got < ask)) {
            return VOUCH_OK;
        }
        step = 65536;
    }
}

static int check_access(int fd, const char *path, enum vouch_io_access access,
                        struct vouch_fault *fault) {
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return read_fault(fault, path);
    }
    if (access == VOUCH_IO_ANY || !S_ISREG(st.st_mode)) {
        return VOUCH_OK;
    }
    if ((st.st_mode & 077) != 0) {
        (void)vouch_fault_set(fault, VOUCH_ERR_PERMISSION, &vouch_fault_mode,
                              "%s: others can read this secret (mode %04o)", path,
                              (unsigned)st.st_mode & 07777);
        (void)vouch_fault_next(fault, "chmod 600 %s", path);
        return VOUCH_ERR_PERMISSION;
    }
    if (st.st_uid != geteuid() && st.st_uid != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_PERMISSION, &vouch_fault_mode,
                               "%s: belongs to another user (uid %u)", path, (unsigned)st.st_uid);
    }
    return VOUCH_OK;
}

// Reads into `room` until the end; *ret_len is at most `cap`, and `cap` itself means "too much".
static int read_whole(int fd, uint8_t *room, size_t cap, size_t *ret_len) {
    size_t len = 0;
    while (len < cap) {
        ssize_t got = read_some(fd, room + len, cap - len);
        if (got < 0) {
            return VOUCH_ERR_IO;
        }
        if (got == 0) {
            break;
        }
        len += (size_t)got;
    }
    *ret_len = len;
    return VOUCH_OK;
}

int vouch_io_read_secret(const char *path, size_t max, enum vouch_io_access access,
                         struct vouch_secret *ret_secret, struct vouch_fault *fault) {
    vouch_autoclose int fd = open_to_read(path);
    if (fd < 0) {
        return read_fault(fault, path);
    }
    int err = check_access(fd, path, access, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    size_t size = expected_size(fd);
    size_t cap = size > 0 && size <= max ? size + 1 : max + 1;
    struct vouch_secret secret = {0};
    if (vouch_secret_new(cap, &secret) != VOUCH_OK) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "%s: no locked memory to read it into", path);
    }
    size_t len = 0;
    err = read_whole(fd, secret.ptr, cap, &len);
    if (err != VOUCH_OK || len == cap) {
        vouch_secret_done(&secret);
        return err != VOUCH_OK ? read_fault(fault, path) : too_large(fault, path, cap - 1);
    }
    secret.len = len;
    *ret_secret = secret;
    return VOUCH_OK;
}

int vouch_io_write_all(int fd, struct vouch_bytes content) {
    while (content.len > 0) {
        ssize_t put = write(fd, content.ptr, content.len);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            errno = put == 0 ? ENOSPC : errno;
            return VOUCH_ERR_IO;
        }
        content.ptr += put;
        content.len -= (size_t)put;
    }
    return VOUCH_OK;
}

int vouch_io_sync_folder(const char *path) {
    char copy[PATH_MAX];
    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy) {
        return VOUCH_ERR_LIMIT;
    }
    vouch_autoclose int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? VOUCH_OK : VOUCH_ERR_IO;
}

int vouch_io_write_fault(const char *path, struct vouch_fault *fault) {
    int err = err_of_errno();
    if (err == VOUCH_ERR_EXISTS) {
        return vouch_fault_set(fault, err, &vouch_fault_exists, "%s: exists already", path);
    }
    return vouch_fault_set(fault, err, &vouch_fault_write, "%s: cannot write: %s", path,
                           strerror(errno));
}

// link() fails if the name exists, so that KEEP holds against a race as well; rename() replaces.
static int put_in_place(const char *temporary, const struct vouch_io_file *file) {
    if (file->existing == VOUCH_IO_REPLACE) {
        return rename(temporary, file->path);
    }
    if (link(temporary, file->path) != 0) {
        return -1;
    }
    return unlink(temporary);
}

static int write_temporary(int fd, const struct vouch_io_file *file, struct vouch_bytes content) {
    if (fchmod(fd, (mode_t)file->mode) != 0) {
        return VOUCH_ERR_IO;
    }
    int err = vouch_io_write_all(fd, content);
    return err == VOUCH_OK && fsync(fd) != 0 ? VOUCH_ERR_IO : err;
}

static int write_by_rename(const struct vouch_io_file *file, struct vouch_bytes content,
                           struct vouch_fault *fault) {
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", file->path) >= (int)sizeof temporary) {
        errno = ENAMETOOLONG;
        return vouch_io_write_fault(file->path, fault);
    }
    vouch_autoclose int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        return vouch_io_write_fault(file->path, fault);
    }
    if (write_temporary(fd, file, content) != VOUCH_OK || put_in_place(temporary, file) != 0) {
        int why = errno;
        (void)unlink(temporary);
        errno = why;
        return vouch_io_write_fault(file->path, fault);
    }
    return vouch_io_sync_folder(file->path) == VOUCH_OK ? VOUCH_OK
                                                        : vouch_io_write_fault(file->path, fault);
}

int vouch_io_write(const struct vouch_io_file *file, struct vouch_bytes content,
                   struct vouch_fault *fault) {
    if (strcmp(file->path, "-") == 0) {
        int err = vouch_io_write_all(STDOUT_FILENO, content);
        return err == VOUCH_OK ? err : vouch_io_write_fault("standard output", fault);
    }
    struct stat st;
    if (file->existing == VOUCH_IO_KEEP && lstat(file->path, &st) == 0) {
        errno = EEXIST;
        return vouch_io_write_fault(file->path, fault);
    }
    return write_by_rename(file, content, fault);
}
