// SPDX-License-Identifier: ISC
// Noticing cheaply that files may have been changed: by what stat(2) tells of them. Private to src/host.
#pragma once

#include "host/saved.h"

struct vouch_stamp;

// Zeroed: nothing was seen yet.
struct vouch_watch {
    struct vouch_stamp *stamps;
    size_t count;
};

void vouch_watch_done(struct vouch_watch *watch);

// Remembers how the files of the records, and the folders of ours, look at this moment.
// VOUCH_ERR_NO_MEMORY leaves it without any.
VOUCH_MUST_USE int vouch_watch_take(struct vouch_watch *watch, const struct vouch_root *root,
                                    const struct vouch_saved_list *list, struct vouch_fault *fault);

// Nonzero if all of it still looks as it did; never of a watch that has seen nothing.
int vouch_watch_is_still(const struct vouch_watch *watch, const struct vouch_root *root);
