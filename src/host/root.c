// SPDX-License-Identifier: ISC
// Files below a root, by openat2(2).
#include "host/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

#define NEW_NAME ".vouch-new" // one of a killed write is replaced by the next
#define NAMES_MAX 65536

static int open_beneath(int fd, const char *path, int flags, unsigned mode) {
    struct open_how how = {.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
                           .mode = mode,
                           .resolve =
                               RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    for (;;) {
        long opened = syscall(SYS_openat2, fd, path, &how, sizeof how);
        if (opened >= 0 || (errno != EINTR && errno != EAGAIN)) {
            return (int)opened;
        }
    }
}

static int file_fault(const struct vouch_root *root, const char *path, const char *doing,
                      struct vouch_fault *fault) {
    int why = errno;
    int err = why == ENOENT ? VOUCH_ERR_NOT_FOUND : VOUCH_ERR_IO;
    const char *text = why == ELOOP   ? "a symbolic link is on the way to it"
                       : why == EXDEV ? "the way to it leads out of the root"
                                      : strerror(why);
    err = vouch_fault_set(fault, err, &vouch_fault_host_file, "%s/%s: cannot %s: %s", root->prefix,
                          path, doing, text);
    errno = why;
    return err;
}

int vouch_root_open(const char *folder, struct vouch_root *ret_root, struct vouch_fault *fault) {
    char prefix[PATH_MAX];
    if (realpath(folder, prefix) == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_host_file, "%s: %s", folder,
                               strerror(errno));
    }
    int fd = open(prefix, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_host_file, "%s: %s", folder,
                               strerror(errno));
    }
    ret_root->fd = fd;
    (void)snprintf(ret_root->prefix, sizeof ret_root->prefix, "%s",
                   strcmp(prefix, "/") == 0 ? "" : prefix);
    return VOUCH_OK;
}

void vouch_root_done(struct vouch_root *root) {
    vouch_close_at_end(&root->fd);
    root->fd = -1;
}

int vouch_root_path(const struct vouch_root *root, const char *path, char ret_path[static PATH_MAX],
                    struct vouch_fault *fault) {
    if (snprintf(ret_path, PATH_MAX, "%s/%s", root->prefix, path) >= PATH_MAX) {
        return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_host_file,
                               "%s: the path is too long", path);
    }
    return VOUCH_OK;
}

const char *vouch_root_within(const struct vouch_root *root, const char *path) {
    size_t len = strlen(root->prefix);
    if (strncmp(path, root->prefix, len) != 0 || path[len] != '/' || path[len + 1] == '\0') {
        return NULL;
    }
    return path + len + 1;
}

// --- reading

static int open_file(const struct vouch_root *root, const char *path, size_t max, struct stat *st,
                     int *ret_fd, struct vouch_fault *fault) {
    vouch_autoclose int fd = open_beneath(root->fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0 || fstat(fd, st) != 0) {
        return file_fault(root, path, "read it", fault);
    }
    if (!S_ISREG(st->st_mode)) {
        return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_host_file,
                               "%s/%s: is no regular file", root->prefix, path);
    }
    if (st->st_size < 0 || (uint64_t)st->st_size > max) {
        return vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_host_file,
                               "%s/%s: has more than %zu bytes", root->prefix, path, max);
    }
    *ret_fd = fd;
    fd = -1;
    return VOUCH_OK;
}

// All of `len` bytes; a file that shrank meanwhile is a failure.
static int read_all(int fd, uint8_t *room, size_t len) {
    while (len > 0) {
        ssize_t got = read(fd, room, len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            errno = got == 0 ? EIO : errno;
            return VOUCH_ERR_IO;
        }
        room += got;
        len -= (size_t)got;
    }
    return VOUCH_OK;
}

int vouch_root_read(const struct vouch_root *root, const char *path, size_t max,
                    struct vouch_buf *out, struct vouch_root_meta *ret_meta,
                    struct vouch_fault *fault) {
    vouch_autoclose int fd = -1;
    struct stat st;
    int err = open_file(root, path, max, &st, &fd, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    uint8_t *room = vouch_buf_extend(out, (size_t)st.st_size);
    if (room == NULL && st.st_size > 0) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "%s/%s: no memory to read it", root->prefix, path);
    }
    if (read_all(fd, room, (size_t)st.st_size) != VOUCH_OK) {
        return file_fault(root, path, "read it", fault);
    }
    if (ret_meta != NULL) {
        *ret_meta = (struct vouch_root_meta){.mode = st.st_mode & 07777,
                                             .uid = st.st_uid,
                                             .gid = st.st_gid,
                                             .mtime_s = st.st_mtim.tv_sec,
                                             .mtime_ns = (uint32_t)st.st_mtim.tv_nsec};
    }
    return VOUCH_OK;
}

int vouch_root_read_secret(const struct vouch_root *root, const char *path, size_t max,
                           struct vouch_secret *ret_secret, struct vouch_fault *fault) {
    vouch_autoclose int fd = -1;
    struct stat st;
    int err = open_file(root, path, max, &st, &fd, fault);
    if (err != VOUCH_OK) {
        return err;
    }
    struct vouch_secret secret = {0};
    if (vouch_secret_new(st.st_size > 0 ? (size_t)st.st_size : 1, &secret) != VOUCH_OK) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                               "%s/%s: no locked memory to read it into", root->prefix, path);
    }
    if (read_all(fd, secret.ptr, (size_t)st.st_size) != VOUCH_OK) {
        vouch_secret_done(&secret);
        return file_fault(root, path, "read it", fault);
    }
    secret.len = (size_t)st.st_size;
    *ret_secret = secret;
    return VOUCH_OK;
}

// --- writing

// The folder that holds `path`, and in *ret_name where its last part begins. Unless the caller is told
// otherwise, it is opened to be synced.
static int open_folder_of(const struct vouch_root *root, const char *path, const char **ret_name) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        *ret_name = path;
        return open_beneath(root->fd, ".", O_RDONLY | O_DIRECTORY, 0);
    }
    size_t len = (size_t)(slash - path);
    if (len >= sizeof folder) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(folder, path, len);
    folder[len] = '\0';
    *ret_name = slash + 1;
    return open_beneath(root->fd, folder, O_RDONLY | O_DIRECTORY, 0);
}

static int dress(int fd, const struct vouch_root_meta *meta) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                {.tv_sec = meta->mtime_s, .tv_nsec = (long)meta->mtime_ns}};
    if (meta->mtime_s != 0 && geteuid() == 0 && fchown(fd, meta->uid, meta->gid) != 0) {
        return VOUCH_ERR_IO;
    }
    if (fchmod(fd, (mode_t)meta->mode) != 0 || (meta->mtime_s != 0 && futimens(fd, times) != 0)) {
        return VOUCH_ERR_IO;
    }
    return VOUCH_OK;
}

static int write_beside(int folder, struct vouch_bytes content,
                        const struct vouch_root_meta *meta) {
    if (unlinkat(folder, NEW_NAME, 0) != 0 && errno != ENOENT) {
        return VOUCH_ERR_IO;
    }
    vouch_autoclose int fd =
        open_beneath(folder, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (fd < 0 || vouch_io_write_all(fd, content) != VOUCH_OK || dress(fd, meta) != VOUCH_OK) {
        return VOUCH_ERR_IO;
    }
    return fsync(fd) == 0 ? VOUCH_OK : VOUCH_ERR_IO;
}

int vouch_root_write(const struct vouch_root *root, const char *path, struct vouch_bytes content,
                     const struct vouch_root_meta *meta, struct vouch_fault *fault) {
    const char *name = NULL;
    vouch_autoclose int folder = open_folder_of(root, path, &name);
    if (folder < 0) {
        return file_fault(root, path, "write it", fault);
    }
    if (write_beside(folder, content, meta) != VOUCH_OK ||
        renameat(folder, NEW_NAME, folder, name) != 0) {
        int why = errno;
        (void)unlinkat(folder, NEW_NAME, 0);
        errno = why;
        return file_fault(root, path, "write it", fault);
    }
    return fsync(folder) == 0 ? VOUCH_OK : file_fault(root, path, "sync its folder", fault);
}

int vouch_root_tidy(const struct vouch_root *root, const char *path, struct vouch_fault *fault) {
    const char *name = NULL;
    vouch_autoclose int folder = open_folder_of(root, path, &name);
    if (folder < 0) {
        return errno == ENOENT ? VOUCH_OK : file_fault(root, path, "tidy its folder", fault);
    }
    return unlinkat(folder, NEW_NAME, 0) == 0 || errno == ENOENT
               ? VOUCH_OK
               : file_fault(root, path, "tidy its folder", fault);
}

int vouch_root_remove(const struct vouch_root *root, const char *path, struct vouch_fault *fault) {
    const char *name = NULL;
    vouch_autoclose int folder = open_folder_of(root, path, &name);
    if (folder < 0) {
        return errno == ENOENT ? VOUCH_OK : file_fault(root, path, "remove it", fault);
    }
    int gone = unlinkat(folder, name, 0);
    if (gone != 0 && (errno == EISDIR || errno == EPERM)) {
        gone = unlinkat(folder, name, AT_REMOVEDIR);
    }
    if (gone != 0 && (errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST)) {
        return VOUCH_OK;
    }
    return gone == 0 && fsync(folder) == 0 ? VOUCH_OK : file_fault(root, path, "remove it", fault);
}

// --- folders

int vouch_root_is_folder(const struct vouch_root *root, const char *path) {
    vouch_autoclose int fd = open_beneath(root->fd, path, O_PATH | O_DIRECTORY, 0);
    return fd >= 0;
}

int vouch_root_folder_meta(const struct vouch_root *root, const char *path,
                           struct vouch_root_meta *ret_meta, struct vouch_fault *fault) {
    struct stat st;
    vouch_autoclose int fd = open_beneath(root->fd, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 || fstat(fd, &st) != 0) {
        return file_fault(root, path, "read it", fault);
    }
    *ret_meta =
        (struct vouch_root_meta){.mode = st.st_mode & 07777, .uid = st.st_uid, .gid = st.st_gid};
    return VOUCH_OK;
}

// With its mode from the first moment: one that is cut off before a chmod would stay closed to sshd.
static int make_folder(int fd, const char *name, unsigned mode) {
    mode_t mask = umask(0);
    int made = mkdirat(fd, name, (mode_t)mode);
    (void)umask(mask);
    return made;
}

int vouch_root_folder(const struct vouch_root *root, const char *path, unsigned mode,
                      struct vouch_fault *fault) {
    const char *name = NULL;
    vouch_autoclose int folder = open_folder_of(root, path, &name);
    if (folder < 0) {
        return file_fault(root, path, "make this folder", fault);
    }
    if (make_folder(folder, name, mode) != 0) {
        return errno == EEXIST && vouch_root_is_folder(root, path)
                   ? VOUCH_OK
                   : file_fault(root, path, "make this folder", fault);
    }
    vouch_autoclose int made = open_beneath(folder, name, O_RDONLY | O_DIRECTORY, 0);
    if (made < 0 || fchmod(made, (mode_t)mode) != 0 || fsync(made) != 0 || fsync(folder) != 0) {
        return file_fault(root, path, "make this folder", fault);
    }
    return VOUCH_OK;
}

static int compare_names(const void *a, const void *b) {
    return vouch_bytes_compare(*(const struct vouch_bytes *)a, *(const struct vouch_bytes *)b);
}

static void end_listing(DIR **folder) {
    if (*folder != NULL) {
        (void)closedir(*folder);
    }
}

static int count_names(DIR *folder, size_t *ret_count) {
    size_t count = 0;
    while (readdir(folder) != NULL) {
        count++;
    }
    rewinddir(folder);
    *ret_count = count;
    return count <= NAMES_MAX ? VOUCH_OK : VOUCH_ERR_LIMIT;
}

static int read_names(DIR *folder, struct vouch_arena *arena, size_t room,
                      struct vouch_text_list *ret_names) {
    struct vouch_bytes *names = vouch_arena_alloc(arena, (room + 1) * sizeof *names);
    size_t count = 0;
    const struct dirent *entry = NULL;
    while (names != NULL && count < room && (entry = readdir(folder)) != NULL) {
        // Each is followed by a NUL, so that it can be used as a path.
        struct vouch_bytes name = {(const uint8_t *)entry->d_name, strlen(entry->d_name) + 1};
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (vouch_arena_copy(arena, name, &names[count]) != VOUCH_OK) {
            return VOUCH_ERR_NO_MEMORY;
        }
        names[count++].len--;
    }
    if (names == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    qsort(names, count, sizeof *names, compare_names);
    *ret_names = (struct vouch_text_list){names, count};
    return VOUCH_OK;
}

int vouch_root_list(const struct vouch_root *root, const char *path, struct vouch_arena *arena,
                    struct vouch_text_list *ret_names, struct vouch_fault *fault) {
    int fd = open_beneath(root->fd, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 && errno == ENOENT) {
        *ret_names = (struct vouch_text_list){0};
        return VOUCH_OK;
    }
    __attribute__((cleanup(end_listing))) DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        int why = errno;
        vouch_close_at_end(&fd);
        errno = why;
        return file_fault(root, path, "list it", fault);
    }
    size_t room = 0;
    int err = count_names(folder, &room);
    err = err == VOUCH_OK ? read_names(folder, arena, room, ret_names) : err;
    return err == VOUCH_OK
               ? VOUCH_OK
               : vouch_fault_set(fault, err, &vouch_fault_host_file, "%s/%s: cannot list it: %s",
                                 root->prefix, path, vouch_err_text(err));
}
