// SPDX-License-Identifier: ISC
// What was there before: a record for each path that is about to be changed, in sets of their own.
//
// A record is made once and is on the disk before the change is; later changes of the same path leave it
// as it is. Putting back may be done again after any interruption.
#pragma once

#include "host/root.h"

#define VOUCH_SAVED_FOLDER "var/lib/vouch-host/apply"
#define VOUCH_SAVED_CONTENT_MAX (VOUCH_ARENA_MAX / 2)

// ORIGIN: before the first change of all, for leaving. UNDO: before the change that is under way. KEPT:
// what was installed, to put back what others change.
enum vouch_saved_set { VOUCH_SAVED_ORIGIN = 0, VOUCH_SAVED_UNDO, VOUCH_SAVED_KEPT };

enum vouch_saved_kind {
    VOUCH_SAVED_NONE = 0,
    VOUCH_SAVED_ABSENT, // there was nothing
    VOUCH_SAVED_FILE,
    VOUCH_SAVED_MADE, // a folder that we made
};

struct vouch_saved {
    enum vouch_saved_kind kind;
    struct vouch_bytes path; // followed by a NUL
    struct vouch_root_meta meta;
    struct vouch_bytes content;
};

// Makes the folders of the sets.
VOUCH_MUST_USE int vouch_saved_begin(const struct vouch_root *root, struct vouch_fault *fault);

// Records what `path` is now, unless the set has it already.
VOUCH_MUST_USE int vouch_saved_keep(const struct vouch_root *root, enum vouch_saved_set set,
                                    const char *path, struct vouch_fault *fault);

// Records that `path` is to hold `content`, in place of what the set has; or, forgetting, nothing.
VOUCH_MUST_USE int vouch_saved_put(const struct vouch_root *root, enum vouch_saved_set set,
                                   const char *path, struct vouch_bytes content,
                                   struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_saved_forget(const struct vouch_root *root, enum vouch_saved_set set,
                                      const char *path, struct vouch_fault *fault);

// The record of one path, in the arena. VOUCH_ERR_NOT_FOUND: the set has none.
VOUCH_MUST_USE int vouch_saved_find(const struct vouch_root *root, enum vouch_saved_set set,
                                    const char *path, struct vouch_arena *arena,
                                    struct vouch_saved *ret_saved, struct vouch_fault *fault);

// Makes a folder, and records in ORIGIN that we did if it was not there.
VOUCH_MUST_USE int vouch_saved_folder(const struct vouch_root *root, const char *path,
                                      unsigned mode, struct vouch_fault *fault);

// All records of a set, sorted by path.
struct vouch_saved_list {
    struct vouch_saved *rows;
    size_t count;
};
VOUCH_MUST_USE int vouch_saved_all(const struct vouch_root *root, enum vouch_saved_set set,
                                   struct vouch_arena *arena, struct vouch_saved_list *ret_list,
                                   struct vouch_fault *fault);

// Makes one path what its record says, and removes what a killed write left beside it. Writes nothing
// if it is that already.
VOUCH_MUST_USE int vouch_saved_restore(const struct vouch_root *root,
                                       const struct vouch_saved *saved, struct vouch_fault *fault);

// Forgets the records of a set.
VOUCH_MUST_USE int vouch_saved_drop(const struct vouch_root *root, enum vouch_saved_set set,
                                    struct vouch_fault *fault);
