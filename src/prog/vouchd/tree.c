// SPDX-License-Identifier: ISC
// Walking folders by descriptors, so that nobody can put something else in a path meanwhile.
#include "prog/vouchd/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define DEPTH_MAX 16

struct walk {
    int removes; // nonzero: removes what it meets; else gives it away
    uid_t uid;
    gid_t gid;
    int err; // the first errno
};

static void note(struct walk *walk, int result) {
    if (result != 0 && walk->err == 0) {
        walk->err = errno;
    }
}

static void walk_folder(struct walk *walk, int take_fd, unsigned depth);

static void walk_entry(struct walk *walk, int fd, const char *name, unsigned depth) {
    struct stat meta;
    if (fstatat(fd, name, &meta, AT_SYMLINK_NOFOLLOW) != 0) {
        note(walk, -1);
        return;
    }
    int is_folder = S_ISDIR(meta.st_mode);
    if (is_folder && depth < DEPTH_MAX) {
        int inner = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        note(walk, inner < 0 ? -1 : 0);
        if (inner >= 0) {
            walk_folder(walk, inner, depth + 1);
        }
    }
    if (walk->removes) {
        note(walk, unlinkat(fd, name, is_folder ? AT_REMOVEDIR : 0));
    } else {
        note(walk, fchownat(fd, name, walk->uid, walk->gid, AT_SYMLINK_NOFOLLOW));
    }
}

static void walk_folder(struct walk *walk, int take_fd, unsigned depth) {
    DIR *folder = fdopendir(take_fd);
    if (folder == NULL) {
        note(walk, -1);
        close(take_fd);
        return;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            walk_entry(walk, dirfd(folder), entry->d_name, depth);
        }
    }
    if (!walk->removes) {
        note(walk, fsync(dirfd(folder)));
    }
    (void)closedir(folder);
}

static void walk_path(struct walk *walk, const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    note(walk, fd < 0 ? -1 : 0);
    if (fd >= 0) {
        walk_folder(walk, fd, 0);
    }
    if (walk->removes) {
        note(walk, rmdir(path));
    } else if (fd >= 0) {
        note(walk, lchown(path, walk->uid, walk->gid));
    }
}

void vouch_tree_remove(const char *path) {
    struct walk walk = {.removes = 1};
    walk_path(&walk, path);
}

int vouch_tree_give(const char *path, uid_t uid, gid_t gid, struct vouch_fault *fault) {
    struct walk walk = {.uid = uid, .gid = gid};
    walk_path(&walk, path);
    return walk.err == 0 ? VOUCH_OK
                         : vouch_fault_set(fault, VOUCH_ERR_PERMISSION, &vouch_fault_write,
                                           "%s: cannot be given to user %u:%u: %s", path,
                                           (unsigned)uid, (unsigned)gid, strerrordesc_np(walk.err));
}
