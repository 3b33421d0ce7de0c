// SPDX-License-Identifier: ISC
// vouch backup new: a copy of a server's folder, made while the server runs.
//
// The order matters: lists, then the database, then the ledger. The ledger is the truth and comes last,
// so that it has every record that the database has indexed; the rest is indexed after a restore.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"
#include "prog/vouch/backup.h"
#include "prog/vouch/out.h"
#include "store/store.h"

#define DEPTH_MAX 16
#define DATABASE_WAIT_MS 5000

struct job {
    const struct vouch_cli *cli;
    const char *from;
    const char *to;
    int dry; // nonzero: only say what would be copied
    struct vouch_backup backup;
};

// What is not copied as files, since it has its own way.
static int has_own_way(const char *path) {
    static const char *const names[] = {VOUCH_BACKUP_LEDGER, VOUCH_BACKUP_MANIFEST, NULL};
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(path, names[i]) == 0) {
            return 1;
        }
    }
    size_t len = strlen(VOUCH_BACKUP_DATABASE);
    const char *end = path + len;
    return strncmp(path, VOUCH_BACKUP_DATABASE, len) == 0 &&
           (end[0] == '\0' || strcmp(end, "-wal") == 0 || strcmp(end, "-shm") == 0 ||
            strncmp(end, ".part", 5) == 0);
}

static int copy_folder(struct job *job, const char *below, unsigned depth,
                       struct vouch_fault *fault);

static int add_folder(struct job *job, const char *name, const struct stat *status, unsigned depth,
                      struct vouch_fault *fault) {
    char path[PATH_MAX], copy[PATH_MAX];
    (void)snprintf(copy, sizeof copy, "%s", name);
    const struct vouch_backup_entry entry = {.path = copy,
                                             .is_dir = 1,
                                             .mode = status->st_mode & 07777,
                                             .uid = status->st_uid,
                                             .gid = status->st_gid};
    int err = vouch_backup_path(job->to, name, path, fault);
    if (err == 0 && !job->dry && mkdir(path, 0700) != 0) {
        err = vouch_io_write_fault(path, fault);
    }
    if (err == 0) {
        err = vouch_backup_add(&job->backup, &entry, fault);
    }
    // What is in it is there only while the server runs.
    int is_run = strcmp(name, "run") == 0;
    return err == 0 && !is_run ? copy_folder(job, name, depth + 1, fault) : err;
}

static int add_file(struct job *job, const char *name, const char *from, const struct stat *status,
                    struct vouch_fault *fault) {
    char path[PATH_MAX], copy[PATH_MAX];
    struct vouch_backup_entry entry = {.size = (uint64_t)status->st_size};
    (void)snprintf(copy, sizeof copy, "%s", name);
    int err = vouch_backup_path(job->to, name, path, fault);
    const struct vouch_backup_copy what = {from, path, UINT64_MAX};
    if (err == 0 && !job->dry) {
        err = vouch_backup_copy_file(&what, &entry, fault);
    }
    entry.path = copy;
    return err == 0 ? vouch_backup_add(&job->backup, &entry, fault) : err;
}

static int add(struct job *job, const char *name, unsigned depth, struct vouch_fault *fault) {
    char from[PATH_MAX];
    struct stat status;
    int err = vouch_backup_path(job->from, name, from, fault);
    if (err != 0 || has_own_way(name)) {
        return err;
    }
    if (lstat(from, &status) != 0 && errno == ENOENT) {
        return 0; // was replaced by rename meanwhile
    }
    int is_link = S_ISLNK(status.st_mode);
    if (is_link && stat(from, &status) != 0) {
        return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_read,
                               "%s: is a link to nothing", from);
    }
    if (S_ISDIR(status.st_mode) && !is_link) {
        return add_folder(job, name, &status, depth, fault);
    }
    if (S_ISREG(status.st_mode)) {
        return add_file(job, name, from, &status, fault);
    }
    vouch_say_mark(&job->cli->term, VOUCH_MARK_WARN, "%s: is neither a file nor a folder: left out",
                   from);
    return 0;
}

static int copy_folder(struct job *job, const char *below, unsigned depth,
                       struct vouch_fault *fault) {
    char path[PATH_MAX], name[PATH_MAX];
    int err = vouch_backup_path(job->from, below, path, fault);
    DIR *folder = err == 0 && depth <= DEPTH_MAX ? opendir(path) : NULL;
    if (folder == NULL) {
        int code = errno == EACCES ? VOUCH_ERR_PERMISSION : VOUCH_ERR_IO;
        return err != 0
                   ? err
                   : vouch_fault_set(fault, code, &vouch_fault_read,
                                     "%s: cannot be read as a folder: %s", path, strerror(errno));
    }
    const struct dirent *found;
    while (err == 0 && (found = readdir(folder)) != NULL) {
        if (strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0) {
            (void)snprintf(name, sizeof name, "%.2000s%s%.255s", below, below[0] != '\0' ? "/" : "",
                           found->d_name);
            err = add(job, name, depth, fault);
        }
    }
    (void)closedir(folder);
    return err;
}

// How far the copy of the database has come, which the ledger has to cover.
static int read_indexed(struct job *job, const char *path, struct vouch_fault *fault) {
    struct vouch_store *store = NULL;
    struct vouch_arena arena = {0};
    struct vouch_store_meta meta = {0};
    const struct vouch_store_open what = {.where = path, .access = VOUCH_STORE_READ};
    int err = vouch_store_open(&what, &store, fault);
    if (err == 0) {
        err = vouch_store_meta(store, &arena, &meta, fault);
        job->backup.indexed = meta.position;
    }
    vouch_arena_done(&arena);
    vouch_store_close(store);
    return err;
}

static int copy_database(struct job *job, struct vouch_fault *fault) {
    char from[PATH_MAX], to[PATH_MAX], name[] = VOUCH_BACKUP_DATABASE;
    struct stat status;
    struct vouch_store *store = NULL;
    struct vouch_backup_entry entry = {.path = name};
    int err = vouch_backup_path(job->from, name, from, fault);
    if (err == 0) {
        err = vouch_backup_path(job->to, name, to, fault);
    }
    const struct vouch_store_open what = {
        .where = from, .access = VOUCH_STORE_READ, .wait_ms = DATABASE_WAIT_MS};
    if (err == 0) {
        err = vouch_store_open(&what, &store, fault);
    }
    if (err == 0) {
        err = vouch_store_backup(store, to, fault);
    }
    vouch_store_close(store);
    if (err == 0) {
        err = vouch_backup_hash_file(to, &entry.hash, &entry.size, fault);
    }
    if (err == 0) {
        err = read_indexed(job, to, fault);
    }
    if (err == 0 && stat(from, &status) != 0) {
        err = vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_read, "%s: is gone", from);
    }
    if (err != 0) {
        return err;
    }
    entry.mode = status.st_mode & 07777;
    entry.uid = status.st_uid;
    entry.gid = status.st_gid;
    return vouch_backup_add(&job->backup, &entry, fault);
}

// The folder is one of a server, and the backup is not inside of it.
static int check_places(const struct job *job, struct vouch_fault *fault) {
    static const char *const needed[] = {"vouchd.yaml", VOUCH_BACKUP_LEDGER, VOUCH_BACKUP_DATABASE,
                                         NULL};
    char path[PATH_MAX];
    for (size_t i = 0; needed[i] != NULL; i++) {
        int err = vouch_backup_path(job->from, needed[i], path, fault);
        if (err != 0) {
            return err;
        }
        if (access(path, F_OK) != 0) {
            err = errno == EACCES ? VOUCH_ERR_PERMISSION : VOUCH_ERR_NOT_FOUND;
            vouch_fault_set(fault, err, &vouch_fault_read, "%s: is not a server's folder: no %s",
                            job->from, needed[i]);
            return vouch_fault_next(fault, "give the folder that vouchd init made");
        }
    }
    if (access(job->to, F_OK) == 0) {
        vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_exists, "%s: exists already",
                        job->to);
        return vouch_fault_next(fault, "give --out a name that is not there yet");
    }
    return 0;
}

// What a file is, to be compared; zero if there is none.
static int hash_of(const char *dir, const char *name, struct vouch_tree_hash *ret_hash,
                   struct vouch_fault *fault) {
    char path[PATH_MAX];
    uint64_t size = 0;
    int err = vouch_backup_path(dir, name, path, fault);
    if (err == 0 && access(path, F_OK) != 0 && errno == ENOENT) {
        *ret_hash = (struct vouch_tree_hash){0};
        return 0;
    }
    return err == 0 ? vouch_backup_hash_file(path, ret_hash, &size, fault) : err;
}

// The ledger was copied last: if CA keys were rotated meanwhile, it speaks of keys whose files the copy
// lacks.
static int check_keys(const struct job *job, struct vouch_fault *fault) {
    struct vouch_tree_hash now, copied;
    int err = hash_of(job->from, VOUCH_BACKUP_CA_KEYS, &now, fault);
    if (err == 0) {
        err = hash_of(job->to, VOUCH_BACKUP_CA_KEYS, &copied, fault);
    }
    if (err != 0 || memcmp(now.bytes, copied.bytes, sizeof now.bytes) == 0) {
        return err;
    }
    (void)vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_backup,
                          "%s/%s: the CA keys changed while they were copied", job->from,
                          VOUCH_BACKUP_CA_KEYS);
    return vouch_fault_next(fault, "make the backup again");
}

static int copy_all(struct job *job, struct vouch_fault *fault) {
    if (!job->dry && mkdir(job->to, 0700) != 0) {
        return vouch_io_write_fault(job->to, fault);
    }
    int err = copy_folder(job, "", 0, fault);
    if (err != 0 || job->dry) {
        return err;
    }
    err = copy_database(job, fault);
    if (err == 0) {
        err = vouch_backup_ledger(job->from, job->to, &job->backup, fault);
    }
    if (err == 0) {
        err = check_keys(job, fault);
    }
    if (err == 0) {
        err = vouch_backup_write(&job->backup, job->to, fault);
    }
    if (err != 0) {
        // Half a backup must not be taken for one.
        vouch_backup_remove(job->cli, job->to);
    }
    return err;
}

static int print_dry(const struct job *job) {
    for (size_t i = 0; i < job->backup.count; i++) {
        vouch_print_path(&job->cli->term, job->backup.entries[i].path);
    }
    (void)printf("%s\n%s/\n", VOUCH_BACKUP_DATABASE, VOUCH_BACKUP_LEDGER);
    vouch_say(&job->cli->term, "would copy these to %s; nothing was copied", job->to);
    return 0;
}

static int print_made(const struct job *job, struct vouch_fault *fault) {
    enum vouch_form form = VOUCH_FORM_TABLE;
    const struct vouch_backup *backup = &job->backup;
    int err = vouch_form_of_item(&job->cli->args, &form, fault);
    if (err != 0) {
        return err;
    }
    vouch_say_mark(&job->cli->term, VOUCH_MARK_OK,
                   "%s: %zu files and folders, %" PRIu64 " bytes, %" PRIu64 " records", job->to,
                   backup->count, backup->bytes, backup->records);
    vouch_say(&job->cli->term,
              "  it holds the CA's keys and what unlocks them: keep it as you keep them");
    if (form == VOUCH_FORM_TABLE) {
        vouch_print_path(&job->cli->term, job->to);
        return 0;
    }
    struct vouch_item *item = vouch_item_new("vouch.backup/1");
    vouch_item_path(item, "path", job->to);
    vouch_item_time(item, "time", backup->time_s);
    vouch_item_u64(item, "records", backup->records);
    vouch_item_u64(item, "bytes", backup->bytes);
    vouch_item_count(item, "entries", backup->count);
    err = vouch_item_print(item, form, fault);
    vouch_item_free(item);
    return err;
}

static int run_new(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                   struct vouch_fault *fault) {
    struct job job = {
        .cli = cli,
        .from = cli->args.operands[0],
        .to = vouch_args_value(&cli->args, "out"),
        .dry = vouch_args_count(&cli->args, "dry-run") > 0,
        .backup = {.time_s = vouch_time_now_s()},
    };
    *ret_exit = VOUCH_EXIT_OK;
    int err = check_places(&job, fault);
    if (err == 0) {
        err = copy_all(&job, fault);
    }
    if (err == 0) {
        err = job.dry ? print_dry(&job) : print_made(&job, fault);
    }
    vouch_backup_done(&job.backup);
    return err;
}

static const struct vouch_option options[] = {
    {"out", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "BACKUP",
     "the folder to make; it must not be there yet"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show what would be copied; copy nothing"},
    {0},
};

static const char *const examples[] = {
    "vouch backup new /var/lib/vouch --out /backup/vouch-2026-11-22",
    NULL,
};

const struct vouch_command vouch_cmd_backup_new = {
    .noun = "backup",
    .verb = "new",
    .summary = "copy a server's folder, while it runs: keys, ledger, database, settings, TLS",
    .operands = "DIR",
    .operands_min = 1,
    .operands_max = 1,
    .options = options,
    .notes =
        "DIR is the server's folder; this user has to be able to read all of it. The ledger is "
        "copied as of its checkpoint, the database as of a moment before.",
    .examples = examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_new,
};
