// SPDX-License-Identifier: ISC
// A backup of a server's folder: the same files in the same places, and MANIFEST, which lists them.
//
// MANIFEST is text: "vouch-backup/1", "time RFC3339", "records N", a line for each folder and file, "end".
//   dir MODE UID GID PATH
//   file MODE UID GID SIZE SHA256 PATH
// Modes are octal and are those of the server; in the backup all is its owner's alone. Paths are
// relative, sorted, and printable without blanks.
#pragma once

#include <sys/types.h>

#include "ledger/hash.h"
#include "prog/vouch/command.h"

#define VOUCH_BACKUP_MANIFEST "MANIFEST"
#define VOUCH_BACKUP_LEDGER "ledger"
#define VOUCH_BACKUP_DATABASE "db/vouch.db"
#define VOUCH_BACKUP_SEAL_KEY "identity/seal.key"
#define VOUCH_BACKUP_CA_KEYS "signer/keys"
#define VOUCH_BACKUP_ENTRIES_MAX 4000000 // a tile of 256 records is a file

struct vouch_backup_entry {
    char *path; // owned
    int is_dir;
    mode_t mode;
    uid_t uid;
    gid_t gid;
    uint64_t size;
    struct vouch_tree_hash hash;
};

struct vouch_backup {
    struct vouch_backup_entry *entries; // owned
    size_t count;
    size_t room;
    uint64_t time_s;
    uint64_t records; // of the ledger
    uint64_t indexed; // of these, how many the database has seen; not in the list
    uint64_t bytes;   // of all files
};

void vouch_backup_done(struct vouch_backup *backup);

// Adds an entry; `path` is copied. V-1869 for a path that a backup cannot hold.
VOUCH_MUST_USE int vouch_backup_add(struct vouch_backup *backup,
                                    const struct vouch_backup_entry *entry,
                                    struct vouch_fault *fault);

// Makes all of DIR durable, and then writes DIR/MANIFEST; and reads it, judging its form.
VOUCH_MUST_USE int vouch_backup_write(struct vouch_backup *backup, const char *dir,
                                      struct vouch_fault *fault);
VOUCH_MUST_USE int vouch_backup_read(const char *dir, struct vouch_backup *ret_backup,
                                     struct vouch_fault *fault);

// Copies one regular file to a new one of mode 0600, not synced, and hashes what was copied. `limit`: so many
// bytes of it; UINT64_MAX: all. Both paths are absolute or below the working folder.
struct vouch_backup_copy {
    const char *from;
    const char *to;
    uint64_t limit;
};
VOUCH_MUST_USE int vouch_backup_copy_file(const struct vouch_backup_copy *copy,
                                          struct vouch_backup_entry *ret_entry,
                                          struct vouch_fault *fault);

// Hash and size of a file.
VOUCH_MUST_USE int vouch_backup_hash_file(const char *path, struct vouch_tree_hash *ret_hash,
                                          uint64_t *ret_size, struct vouch_fault *fault);

// DIR/NAME; V-1901 if that is too long.
VOUCH_MUST_USE int vouch_backup_path(const char *dir, const char *name, char *ret_path,
                                     struct vouch_fault *fault);

// Copies the ledger in FROM/ledger as of its checkpoint, while it may grow, to TO/ledger; adds all of it.
// Waits for a checkpoint that covers backup->indexed.
VOUCH_MUST_USE int vouch_backup_ledger(const char *from, const char *to,
                                       struct vouch_backup *backup, struct vouch_fault *fault);

// Proves a backup: every file is there and as it was, nothing else is, the ledger proves itself, the
// database is whole and belongs to it.
VOUCH_MUST_USE int vouch_backup_prove(const struct vouch_cli *cli, const char *dir,
                                      struct vouch_backup *ret_backup, struct vouch_fault *fault);

// Removes a folder that is not whole; warns where that cannot be done.
void vouch_backup_remove(const struct vouch_cli *cli, const char *dir);

// Refuses (V-1870) if a server runs on the folder.
VOUCH_MUST_USE int vouch_backup_not_running(const char *dir, struct vouch_fault *fault);
