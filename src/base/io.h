// SPDX-License-Identifier: ISC
// Files: bounded reading, and writing that is all or nothing.
#pragma once

#include "base/fault.h"
#include "base/secret.h"

// Reads a whole file of at most `max` bytes, "-" being standard input, and appends it to `out` (which
// the caller began and ends).
VOUCH_MUST_USE int vouch_io_read(const char *path, size_t max, struct vouch_buf *out,
                                 struct vouch_fault *fault);

// Reads a secret file into locked memory. It must belong to this user or root and, if `private_key` is
// the caller's wish, be closed to group and others (VOUCH_IO_PRIVATE).
enum vouch_io_access { VOUCH_IO_PRIVATE = 0, VOUCH_IO_ANY };
VOUCH_MUST_USE int vouch_io_read_secret(const char *path, size_t max, enum vouch_io_access access,
                                        struct vouch_secret *ret_secret, struct vouch_fault *fault);

// Writes a file: temporary file beside it, fsync, rename, fsync of the folder. Nothing is left behind
// on failure. KEEP refuses if the path exists (and never overwrites in a race); REPLACE replaces it.
enum vouch_io_existing { VOUCH_IO_KEEP = 0, VOUCH_IO_REPLACE };
struct vouch_io_file {
    const char *path; // "-": standard output
    unsigned mode;    // such as 0600, whatever the umask
    enum vouch_io_existing existing;
};
VOUCH_MUST_USE int vouch_io_write(const struct vouch_io_file *file, struct vouch_bytes content,
                                  struct vouch_fault *fault);

// The fault for a write of `path` that failed with this errno (V-1103 for EEXIST, else V-1102).
int vouch_io_write_fault(const char *path, struct vouch_fault *fault);

// All of `content` to a file descriptor, through short writes and interruptions.
VOUCH_MUST_USE int vouch_io_write_all(int fd, struct vouch_bytes content);

// fsync of the folder that holds `path`.
VOUCH_MUST_USE int vouch_io_sync_folder(const char *path);
