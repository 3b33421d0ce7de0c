// SPDX-License-Identifier: ISC
// The files of a ledger's folder, reached through the folder's descriptor, and its lock.
//
// Codes with errno behind VOUCH_ERR_IO; the callers make faults of them. No symbolic link is followed
// below the folder.
#pragma once

#include "vouch/buf.h"

#define VOUCH_LEDGER_RECORDS "records"
#define VOUCH_LEDGER_INDEX "index"
#define VOUCH_LEDGER_CHECKPOINT "checkpoint"
#define VOUCH_LEDGER_CHECKPOINT_NEW "checkpoint.new" // before its rename
#define VOUCH_LEDGER_VKEY "checkpoint.vkey"
#define VOUCH_LEDGER_LOCK "lock"
#define VOUCH_LEDGER_TILES "tile"

#define VOUCH_LEDGER_FILE_MODE 0640
#define VOUCH_LEDGER_FOLDER_MODE 0750

// What errno says: VOUCH_ERR_NOT_FOUND, VOUCH_ERR_MISMATCH (not a file, or not a folder),
// VOUCH_ERR_PERMISSION or VOUCH_ERR_IO.
int vouch_folder_errno(void);

// Opens the folder; the caller closes *ret_fd.
VOUCH_MUST_USE int vouch_folder_open(const char *dir, int *ret_fd);

// Opens a regular file below it with the flags of openat(2); VOUCH_ERR_MISMATCH if it is none.
VOUCH_MUST_USE int vouch_folder_open_file(int dir_fd, const char *name, int flags, int *ret_fd);

// Appends a file of at most `max` bytes; VOUCH_ERR_LIMIT if it is longer.
VOUCH_MUST_USE int vouch_folder_read(int dir_fd, const char *name, size_t max,
                                     struct vouch_buf *out);

// Reads exactly `len` bytes at `offset`: VOUCH_ERR_TRUNCATED if the file ends before.
VOUCH_MUST_USE int vouch_folder_read_at(int fd, uint64_t offset, void *out, size_t len);

// Writes all of it at `offset`, through short writes and interruptions.
VOUCH_MUST_USE int vouch_folder_write_at(int fd, uint64_t offset, struct vouch_bytes content);

// Makes or overwrites a file in place, making the folders on its way. Not synced.
VOUCH_MUST_USE int vouch_folder_put(int dir_fd, const char *name, struct vouch_bytes content);

// Replaces a file by rename from the name `temporary`; synced before the rename, so that a power cut
// leaves the old content or the new, never neither.
VOUCH_MUST_USE int vouch_folder_replace(int dir_fd, const char *name, const char *temporary,
                                        struct vouch_bytes content);

// Removes a file or a folder with all that it holds; it is no error if there is none.
VOUCH_MUST_USE int vouch_folder_remove(int dir_fd, const char *name);

// Takes the lock for as long as *ret_fd is open, waiting up to `wait_ms`: VOUCH_ERR_TIMEOUT.
VOUCH_MUST_USE int vouch_folder_lock(int dir_fd, unsigned wait_ms, int *ret_fd);
