// SPDX-License-Identifier: ISC
// Walking over the entries of a records file: lengths and bytes, not what they say.
//
// The file is a run of (uint16 length, entry); a length of 0, or the end of the file, ends it.
#pragma once

#include "vouch/buf.h"

struct vouch_scan {
    int fd;          // borrowed
    uint64_t offset; // in the file: where the next entry's length stands
    uint8_t *window; // owned
    uint64_t window_offset;
    size_t window_len;
    int at_end; // the window reaches to the end of the file as it then was
};

// What stands at scan->offset. The zero value is the end: nothing is taken for an entry by mistake.
enum vouch_scan_outcome {
    VOUCH_SCAN_END = 0, // a length of 0, or the end of the file
    VOUCH_SCAN_ENTRY,
    VOUCH_SCAN_TORN, // a length, but fewer bytes than it says
};

// Begins at an offset. VOUCH_ERR_NO_MEMORY.
VOUCH_MUST_USE int vouch_scan_init(struct vouch_scan *scan, int fd, uint64_t offset);

// Ends a scan; takes NULL and a zeroed struct.
void vouch_scan_done(struct vouch_scan *scan);

// Reads the next entry and steps over it. The slice is good until the next call. After END and TORN the
// scan stays where it is, and the next call looks at the file anew.
VOUCH_MUST_USE int vouch_scan_next(struct vouch_scan *scan, enum vouch_scan_outcome *ret_outcome,
                                   struct vouch_bytes *ret_entry);

// Stands at `offset` and forgets what was read ahead, which a process that appends may have changed.
void vouch_scan_seek(struct vouch_scan *scan, uint64_t offset);

// Looks for bytes that are not zero from `offset` to the end of the file: *ret_end is the offset behind
// the last of them, or `offset` if all are zero.
VOUCH_MUST_USE int vouch_scan_tail(int fd, uint64_t offset, uint64_t *ret_end);
