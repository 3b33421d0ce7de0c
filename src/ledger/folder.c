// SPDX-License-Identifier: ISC
// The files of a ledger's folder, reached through the folder's descriptor, and its lock.
#include "ledger/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"

#define LOCK_POLL_NS 2000000L
#define DEPTH_MAX 16 // of folders below tile/: x001/x234/067.p has 4

int vouch_folder_errno(void) {
    if (errno == ENOENT || errno == ENOTDIR) {
        return VOUCH_ERR_NOT_FOUND;
    }
    if (errno == ELOOP || errno == EISDIR) {
        return VOUCH_ERR_MISMATCH;
    }
    return errno == EACCES || errno == EPERM || errno == EROFS ? VOUCH_ERR_PERMISSION
                                                               : VOUCH_ERR_IO;
}

int vouch_folder_open(const char *dir, int *ret_fd) {
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return vouch_folder_errno();
    }
    *ret_fd = fd;
    return VOUCH_OK;
}

int vouch_folder_open_file(int dir_fd, const char *name, int flags, int *ret_fd) {
    struct stat info;
    // O_NONBLOCK: a FIFO in the place of a file must not hold us up.
    vouch_autoclose int fd =
        openat(dir_fd, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, VOUCH_LEDGER_FILE_MODE);
    if (fd < 0 || fstat(fd, &info) != 0) {
        return vouch_folder_errno();
    }
    if (!S_ISREG(info.st_mode)) {
        return VOUCH_ERR_MISMATCH;
    }
    *ret_fd = fd;
    fd = -1;
    return VOUCH_OK;
}

int vouch_folder_read(int dir_fd, const char *name, size_t max, struct vouch_buf *out) {
    vouch_autoclose int fd = -1;
    struct stat info;
    int err = vouch_folder_open_file(dir_fd, name, O_RDONLY, &fd);
    if (err != VOUCH_OK) {
        return err;
    }
    if (fstat(fd, &info) != 0) {
        return VOUCH_ERR_IO;
    }
    if ((uint64_t)info.st_size > max) {
        return VOUCH_ERR_LIMIT;
    }
    size_t len = (size_t)info.st_size;
    uint8_t *room = vouch_buf_extend(out, len);
    if (room == NULL) {
        return out->err;
    }
    return vouch_folder_read_at(fd, 0, room, len);
}

int vouch_folder_read_at(int fd, uint64_t offset, void *out, size_t len) {
    size_t done = 0;
    while (done < len) {
        ssize_t got = pread(fd, (uint8_t *)out + done, len - done, (off_t)(offset + done));
        if (got == 0) {
            return VOUCH_ERR_TRUNCATED;
        }
        if (got < 0 && errno != EINTR) {
            return VOUCH_ERR_IO;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return VOUCH_OK;
}

int vouch_folder_write_at(int fd, uint64_t offset, struct vouch_bytes content) {
    size_t done = 0;
    while (done < content.len) {
        ssize_t put = pwrite(fd, content.ptr + done, content.len - done, (off_t)(offset + done));
        if (put < 0 && errno != EINTR) {
            return VOUCH_ERR_IO;
        }
        done += put > 0 ? (size_t)put : 0;
    }
    return VOUCH_OK;
}

// Makes the folders that lead to `name`.
static int make_parents(int dir_fd, const char *name) {
    char path[256];
    size_t len = strlen(name);
    if (len >= sizeof path) {
        errno = ENAMETOOLONG;
        return VOUCH_ERR_IO;
    }
    for (size_t i = 0; i < len; i++) {
        path[i] = name[i];
        if (name[i] == '/') {
            path[i] = '\0';
            if (mkdirat(dir_fd, path, VOUCH_LEDGER_FOLDER_MODE) != 0 && errno != EEXIST) {
                return vouch_folder_errno();
            }
            path[i] = '/';
        }
    }
    return VOUCH_OK;
}

int vouch_folder_put(int dir_fd, const char *name, struct vouch_bytes content) {
    vouch_autoclose int fd = -1;
    int flags = O_WRONLY | O_CREAT | O_TRUNC;
    int err = vouch_folder_open_file(dir_fd, name, flags, &fd);
    if (err == VOUCH_ERR_NOT_FOUND) {
        err = make_parents(dir_fd, name);
        if (err == VOUCH_OK) {
            err = vouch_folder_open_file(dir_fd, name, flags, &fd);
        }
    }
    return err != VOUCH_OK ? err : vouch_folder_write_at(fd, 0, content);
}

int vouch_folder_replace(int dir_fd, const char *name, const char *temporary,
                         struct vouch_bytes content) {
    vouch_autoclose int fd = -1;
    int err = vouch_folder_open_file(dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC, &fd);
    if (err != VOUCH_OK) {
        return err;
    }
    err = vouch_folder_write_at(fd, 0, content);
    if (err == VOUCH_OK && (fdatasync(fd) != 0 || renameat(dir_fd, temporary, dir_fd, name) != 0)) {
        err = vouch_folder_errno();
    }
    if (err != VOUCH_OK) {
        int saved = errno;
        (void)unlinkat(dir_fd, temporary, 0);
        errno = saved;
    }
    return err;
}

static int remove_deep(int dir_fd, const char *name, unsigned depth);

static int remove_inside(int dir_fd, const char *name, unsigned depth) {
    int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        int err = vouch_folder_errno();
        if (fd >= 0) {
            close(fd);
        }
        return err;
    }
    int err = VOUCH_OK;
    const struct dirent *entry = NULL;
    while (err == VOUCH_OK && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            err = remove_deep(fd, entry->d_name, depth + 1);
        }
    }
    closedir(folder);
    return err;
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX
static int remove_deep(int dir_fd, const char *name, unsigned depth) {
    if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT) {
        return VOUCH_OK;
    }
    if ((errno != EISDIR && errno != EPERM) || depth > DEPTH_MAX) {
        return vouch_folder_errno();
    }
    int err = remove_inside(dir_fd, name, depth);
    if (err == VOUCH_OK && unlinkat(dir_fd, name, AT_REMOVEDIR) != 0) {
        err = vouch_folder_errno();
    }
    return err;
}

int vouch_folder_remove(int dir_fd, const char *name) {
    return remove_deep(dir_fd, name, 0);
}

int vouch_folder_lock(int dir_fd, unsigned wait_ms, int *ret_fd) {
    vouch_autoclose int fd = -1;
    int err = vouch_folder_open_file(dir_fd, VOUCH_LEDGER_LOCK, O_RDWR | O_CREAT, &fd);
    if (err != VOUCH_OK) {
        return err;
    }
    uint64_t deadline_ns = vouch_time_monotonic_ns() + (uint64_t)wait_ms * 1000000;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return VOUCH_ERR_IO;
        }
        if (vouch_time_monotonic_ns() >= deadline_ns) {
            return VOUCH_ERR_TIMEOUT;
        }
        // flock has no time limit of its own; a signal to break it would be the whole process's.
        struct timespec pause = {.tv_nsec = LOCK_POLL_NS};
        (void)nanosleep(&pause, NULL);
    }
    *ret_fd = fd;
    fd = -1;
    return VOUCH_OK;
}
