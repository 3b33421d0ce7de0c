// SPDX-License-Identifier: ISC
// Whether a backup is whole, and whether a server runs on a folder: see backup.h.
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/stream.h"
#include "base/time.h"
#include "ledger/verify.h"
#include "prog/vouch/backup.h"
#include "store/accounts.h"

#define DEPTH_MAX 16
#define CONNECT_NS UINT64_C(1000000000)

static int broken(struct vouch_fault *fault, const char *dir, const char *path, const char *what) {
    return vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_backup, "%s: %s: %s", dir, path,
                           what);
}

static int compare_path(const void *key, const void *element) {
    return strcmp(key, ((const struct vouch_backup_entry *)element)->path);
}

static const struct vouch_backup_entry *find(const struct vouch_backup *backup, const char *path) {
    return backup->count == 0 ? NULL
                              : bsearch(path, backup->entries, backup->count,
                                        sizeof *backup->entries, compare_path);
}

static int check_order(const struct vouch_backup *backup, const char *dir,
                       struct vouch_fault *fault) {
    for (size_t i = 1; i < backup->count; i++) {
        if (strcmp(backup->entries[i - 1].path, backup->entries[i].path) >= 0) {
            return broken(fault, dir, backup->entries[i].path,
                          "is out of its order in the list, or twice in it");
        }
    }
    return 0;
}

static int check_listed(const char *dir, const struct vouch_backup_entry *entry,
                        struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct stat status;
    struct vouch_tree_hash hash;
    uint64_t size = 0;
    int err = vouch_backup_path(dir, entry->path, path, fault);
    if (err != 0) {
        return err;
    }
    if (lstat(path, &status) != 0 && errno == ENOENT) {
        return broken(fault, dir, entry->path, "is missing");
    }
    if (entry->is_dir) {
        return S_ISDIR(status.st_mode) ? 0 : broken(fault, dir, entry->path, "is not a folder");
    }
    err = vouch_backup_hash_file(path, &hash, &size, fault);
    if (err == 0 &&
        (size != entry->size || memcmp(hash.bytes, entry->hash.bytes, sizeof hash.bytes) != 0)) {
        return broken(fault, dir, entry->path, "is not as it was when the backup was made");
    }
    return err;
}

// Everything that is there has to be listed, so that nothing is restored that was not backed up.
static int check_folder(const char *dir, const char *below, const struct vouch_backup *backup,
                        unsigned depth, struct vouch_fault *fault) {
    char path[PATH_MAX], name[PATH_MAX];
    int err = vouch_backup_path(dir, below, path, fault);
    DIR *folder = err == 0 ? opendir(path) : NULL;
    if (folder == NULL || depth > DEPTH_MAX) {
        if (folder != NULL) {
            (void)closedir(folder);
        }
        return err != 0 ? err : broken(fault, dir, below, "cannot be read as a folder");
    }
    const struct dirent *found;
    while (err == 0 && (found = readdir(folder)) != NULL) {
        if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0) {
            continue;
        }
        (void)snprintf(name, sizeof name, "%.2000s%s%.255s", below, below[0] != '\0' ? "/" : "",
                       found->d_name);
        const struct vouch_backup_entry *entry = find(backup, name);
        if (entry == NULL && strcmp(name, VOUCH_BACKUP_MANIFEST) != 0) {
            err = broken(fault, dir, name, "is not in the list");
        } else if (entry != NULL && entry->is_dir) {
            err = check_folder(dir, name, backup, depth + 1, fault);
        }
    }
    (void)closedir(folder);
    return err;
}

static int check_files(const char *dir, const struct vouch_backup *backup,
                       struct vouch_fault *fault) {
    int err = check_order(backup, dir, fault);
    for (size_t i = 0; err == 0 && i < backup->count; i++) {
        err = check_listed(dir, &backup->entries[i], fault);
    }
    return err == 0 ? check_folder(dir, "", backup, 0, fault) : err;
}

static int check_ledger(const char *dir, const struct vouch_backup *backup, char *ret_origin,
                        struct vouch_fault *fault) {
    char path[PATH_MAX], what[512];
    struct vouch_ledger_report report = {0};
    int err = vouch_backup_path(dir, VOUCH_BACKUP_LEDGER, path, fault);
    const struct vouch_ledger_verify verify = {.dir = path};
    if (err == 0) {
        err = vouch_ledger_verify(&verify, &report, fault);
    }
    if (err == 0 && report.verdict != VOUCH_LEDGER_PROVEN) {
        const struct vouch_finding *first = report.findings.rows;
        (void)snprintf(what, sizeof what, "does not prove itself: %s: %s",
                       first != NULL ? first->where : "", first != NULL ? first->what : "");
        err = broken(fault, dir, VOUCH_BACKUP_LEDGER, what);
    }
    if (err == 0 && report.size != backup->records) {
        err = broken(fault, dir, VOUCH_BACKUP_LEDGER, "has another number of records than listed");
    }
    if (err == 0) {
        (void)snprintf(ret_origin, VOUCH_ORIGIN_MAX + 1, "%s", report.origin);
    }
    vouch_ledger_report_done(&report);
    return err;
}

static int check_meta(struct vouch_store *store, const char *dir, const char *origin,
                      const struct vouch_backup *backup, struct vouch_fault *fault) {
    struct vouch_arena arena = {0};
    struct vouch_store_meta meta = {0};
    int err = vouch_store_meta(store, &arena, &meta, fault);
    if (err == 0 && meta.origin.len > 0 &&
        !vouch_bytes_equal(meta.origin, vouch_bytes_of(origin))) {
        err = broken(fault, dir, VOUCH_BACKUP_DATABASE, "is the index of another ledger");
    }
    if (err == 0 && meta.position > backup->records) {
        err = broken(fault, dir, VOUCH_BACKUP_DATABASE, "indexes records that the ledger lacks");
    }
    vouch_arena_done(&arena);
    return err;
}

// What the database has of second factors opens only with identity's key.
static int check_seal_key(struct vouch_store *store, const char *dir,
                          const struct vouch_backup *backup, struct vouch_fault *fault) {
    uint64_t sealed = 0;
    int err = vouch_store_accounts_sealed(store, &sealed, fault);
    return err == 0 && sealed > 0 && find(backup, VOUCH_BACKUP_SEAL_KEY) == NULL
               ? broken(fault, dir, VOUCH_BACKUP_SEAL_KEY,
                        "is missing, and users have second factors that are sealed under it")
               : err;
}

static int check_database(const char *dir, const char *origin, const struct vouch_backup *backup,
                          struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct vouch_store *store = NULL;
    if (find(backup, VOUCH_BACKUP_DATABASE) == NULL) {
        return broken(fault, dir, VOUCH_BACKUP_DATABASE, "is missing");
    }
    int err = vouch_backup_path(dir, VOUCH_BACKUP_DATABASE, path, fault);
    const struct vouch_store_open what = {.where = path, .access = VOUCH_STORE_READ};
    if (err == 0) {
        err = vouch_store_open(&what, &store, fault);
    }
    if (err == 0) {
        err = vouch_store_check(store, fault);
    }
    if (err == 0) {
        err = check_meta(store, dir, origin, backup, fault);
    }
    if (err == 0) {
        err = check_seal_key(store, dir, backup, fault);
    }
    vouch_store_close(store);
    return err;
}

int vouch_backup_prove(const struct vouch_cli *cli, const char *dir,
                       struct vouch_backup *ret_backup, struct vouch_fault *fault) {
    char origin[VOUCH_ORIGIN_MAX + 1] = "";
    struct vouch_backup backup = {0};
    int err = vouch_backup_read(dir, &backup, fault);
    if (err == 0) {
        vouch_say_detail(&cli->term, "checking %zu files and folders", backup.count);
        err = check_files(dir, &backup, fault);
    }
    if (err == 0) {
        vouch_say_detail(&cli->term, "proving %" PRIu64 " records", backup.records);
        err = check_ledger(dir, &backup, origin, fault);
    }
    if (err == 0) {
        err = check_database(dir, origin, &backup, fault);
    }
    if (err != 0) {
        vouch_backup_done(&backup);
        return err;
    }
    *ret_backup = backup;
    return 0;
}

int vouch_backup_not_running(const char *dir, struct vouch_fault *fault) {
    char path[PATH_MAX];
    int fd = -1;
    int err = vouch_backup_path(dir, "run/admin.sock", path, fault);
    if (err != 0) {
        return err;
    }
    if (vouch_stream_connect(path, vouch_time_monotonic_ns() + CONNECT_NS, &fd) != 0) {
        return 0;
    }
    (void)close(fd);
    return vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_server_runs,
                           "%s: a server runs on it", dir);
}
