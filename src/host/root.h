// SPDX-License-Identifier: ISC
// The files of one machine below one folder: opened beneath it, never through a symbolic link, written
// all or nothing.
//
// Paths are relative ("etc/ssh/sshd_config"); the kernel resolves each from the root's descriptor
// (openat2: beneath, no links), so that no folder that is swapped meanwhile leads elsewhere.
#pragma once

#include <limits.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/secret.h"
#include "ipc/codec.h"

struct vouch_root {
    int fd;
    char prefix[PATH_MAX]; // "" where the root is "/"
};

// What a file is besides its content.
struct vouch_root_meta {
    unsigned mode;
    unsigned uid, gid;
    int64_t mtime_s;
    uint32_t mtime_ns;
};

// `folder` must exist. The caller ends *ret_root.
VOUCH_MUST_USE int vouch_root_open(const char *folder, struct vouch_root *ret_root,
                                   struct vouch_fault *fault);
void vouch_root_done(struct vouch_root *root);

// The path as programs of the machine know it.
VOUCH_MUST_USE int vouch_root_path(const struct vouch_root *root, const char *path,
                                   char ret_path[static PATH_MAX], struct vouch_fault *fault);

// The part of a program's absolute path below the root; NULL if it is not below it.
const char *vouch_root_within(const struct vouch_root *root, const char *path);

// Appends a regular file of at most `max` bytes. VOUCH_ERR_NOT_FOUND: there is none. ret_meta: or NULL.
VOUCH_MUST_USE int vouch_root_read(const struct vouch_root *root, const char *path, size_t max,
                                   struct vouch_buf *out, struct vouch_root_meta *ret_meta,
                                   struct vouch_fault *fault);

// The same into locked memory.
VOUCH_MUST_USE int vouch_root_read_secret(const struct vouch_root *root, const char *path,
                                          size_t max, struct vouch_secret *ret_secret,
                                          struct vouch_fault *fault);

// Replaces a file: beside it, synced, renamed, folder synced. meta: its mode, and its owner and time if
// mtime_s is not 0. On failure the old file is as it was.
VOUCH_MUST_USE int vouch_root_write(const struct vouch_root *root, const char *path,
                                    struct vouch_bytes content, const struct vouch_root_meta *meta,
                                    struct vouch_fault *fault);

// Removes what a write of `path` that was killed left beside it, if anything.
VOUCH_MUST_USE int vouch_root_tidy(const struct vouch_root *root, const char *path,
                                   struct vouch_fault *fault);

// Removes a file, or an empty folder; one that is not there is no failure, nor a folder that still
// holds something.
VOUCH_MUST_USE int vouch_root_remove(const struct vouch_root *root, const char *path,
                                     struct vouch_fault *fault);

// Nonzero if there is a folder of that name.
int vouch_root_is_folder(const struct vouch_root *root, const char *path);

// Whose a folder is, and its mode.
VOUCH_MUST_USE int vouch_root_folder_meta(const struct vouch_root *root, const char *path,
                                          struct vouch_root_meta *ret_meta,
                                          struct vouch_fault *fault);

// Makes one folder; one that exists is left as it is.
VOUCH_MUST_USE int vouch_root_folder(const struct vouch_root *root, const char *path, unsigned mode,
                                     struct vouch_fault *fault);

// The names in a folder, sorted, without those that begin with a dot; none if it is not there.
VOUCH_MUST_USE int vouch_root_list(const struct vouch_root *root, const char *path,
                                   struct vouch_arena *arena, struct vouch_text_list *ret_names,
                                   struct vouch_fault *fault);
