// SPDX-License-Identifier: ISC
// A place in a log, and the file that remembers it. Private to the follower (log-follow.h).
#pragma once

#include "base/fault.h"

#define VOUCH_LOG_CURSOR_MAX 256
#define VOUCH_LOG_HEAD_MAX 64

// Where a log was read to. Of the journal a cursor; of a file which one it was, and how far.
struct vouch_log_place {
    char cursor[VOUCH_LOG_CURSOR_MAX]; // "": none
    uint64_t inode;                    // 0: none
    uint64_t offset;
    uint8_t head[VOUCH_LOG_HEAD_MAX]; // how the file begins: a cut file begins otherwise
    size_t head_len;
};

// `next`: the number of the first login behind that place. A file that is not there leaves both alone.
VOUCH_MUST_USE int vouch_log_place_load(const char *path, struct vouch_log_place *place,
                                        uint64_t *next, struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_log_place_keep(const char *path, const struct vouch_log_place *place,
                                        uint64_t next, struct vouch_fault *fault);
