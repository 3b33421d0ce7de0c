// SPDX-License-Identifier: ISC
// How files looked: see watch.h.
#include "host/watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "host/work.h"

struct vouch_stamp {
    char *path;
    struct stat seen; // zeroed: there is none
};

// A file that is added or renamed changes its folder; a record that is added, that of the records.
static const char *const folders[] = {"etc/ssh", "etc/ssh/vouch", VOUCH_WORK_PRINCIPALS,
                                      VOUCH_SAVED_FOLDER "/kept"};
#define FOLDERS (sizeof folders / sizeof folders[0])

void vouch_watch_done(struct vouch_watch *watch) {
    for (size_t i = 0; i < watch->count; i++) {
        free(watch->stamps[i].path);
    }
    free(watch->stamps);
    *watch = (struct vouch_watch){0};
}

static struct stat look(const struct vouch_root *root, const char *path) {
    struct stat seen;
    return fstatat(root->fd, path, &seen, AT_SYMLINK_NOFOLLOW) == 0 ? seen : (struct stat){0};
}

static int add(struct vouch_watch *watch, const struct vouch_root *root, struct vouch_bytes path) {
    struct vouch_stamp *stamp = &watch->stamps[watch->count];
    stamp->path = vouch_str_copy(path);
    if (stamp->path == NULL) {
        return VOUCH_ERR_NO_MEMORY;
    }
    stamp->seen = look(root, stamp->path);
    watch->count++;
    return VOUCH_OK;
}

int vouch_watch_take(struct vouch_watch *watch, const struct vouch_root *root,
                     const struct vouch_saved_list *list, struct vouch_fault *fault) {
    vouch_watch_done(watch);
    watch->stamps = calloc(list->count + FOLDERS, sizeof *watch->stamps);
    int err = watch->stamps != NULL ? VOUCH_OK : VOUCH_ERR_NO_MEMORY;
    for (size_t i = 0; i < FOLDERS && err == VOUCH_OK; i++) {
        err = add(watch, root, vouch_bytes_of(folders[i]));
    }
    for (size_t i = 0; i < list->count && err == VOUCH_OK; i++) {
        err = add(watch, root, list->rows[i].path);
    }
    if (err != VOUCH_OK) {
        vouch_watch_done(watch);
        return vouch_fault_set(fault, err, &vouch_fault_memory,
                               "no memory to watch over the files of sshd");
    }
    return VOUCH_OK;
}

static int is_same(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_mode == b->st_mode &&
           a->st_uid == b->st_uid && a->st_size == b->st_size &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

int vouch_watch_is_still(const struct vouch_watch *watch, const struct vouch_root *root) {
    for (size_t i = 0; i < watch->count; i++) {
        const struct stat now = look(root, watch->stamps[i].path);
        if (!is_same(&now, &watch->stamps[i].seen)) {
            return 0;
        }
    }
    return watch->count > 0;
}
