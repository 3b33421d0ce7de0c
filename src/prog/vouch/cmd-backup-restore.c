// SPDX-License-Identifier: ISC
// vouch backup verify, vouch backup restore: whether a backup is whole, and a server's folder from it.
//
// A restored server must never give a serial that its later life has given. It need do nothing for that
// here: the signer notices that ledger and state are copies, and begins a new epoch of serials.
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
#include "prog/vouch/backup.h"
#include "prog/vouch/out.h"

static int print_backup(const struct vouch_cli *cli, const struct vouch_backup *backup,
                        const char *path, struct vouch_fault *fault) {
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (err != 0 || form == VOUCH_FORM_TABLE) {
        return err;
    }
    struct vouch_item *item = vouch_item_new("vouch.backup/1");
    vouch_item_path(item, "path", path);
    vouch_item_time(item, "time", backup->time_s);
    vouch_item_u64(item, "records", backup->records);
    vouch_item_u64(item, "bytes", backup->bytes);
    vouch_item_count(item, "entries", backup->count);
    err = vouch_item_print(item, form, fault);
    vouch_item_free(item);
    return err;
}

static void say_proven(const struct vouch_cli *cli, const char *path,
                       const struct vouch_backup *backup) {
    char time[40];
    vouch_term_time(&cli->term, backup->time_s, time, sizeof time);
    vouch_say_mark(&cli->term, VOUCH_MARK_OK,
                   "%s: whole, of %s: %zu files and folders, %" PRIu64 " records", path, time,
                   backup->count, backup->records);
}

// vouch backup verify

static int run_verify(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    struct vouch_backup backup = {0};
    const char *path = cli->args.operands[0];
    int err = vouch_backup_prove(cli, path, &backup, fault);
    if (err == 0) {
        say_proven(cli, path, &backup);
        err = print_backup(cli, &backup, path, fault);
    }
    vouch_backup_done(&backup);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

// A backup that proves to be broken is the answer "no"; what cannot be read is none.
static enum vouch_exit verify_failed(const struct vouch_cli *cli, const struct vouch_fault *fault) {
    if (fault->kind == &vouch_fault_backup || fault->kind == &vouch_fault_store_bad) {
        return fault->err == VOUCH_ERR_NOT_FOUND ? VOUCH_EXIT_NOT_FOUND : VOUCH_EXIT_NO;
    }
    return vouch_command_usual_exit(cli->command, fault);
}

static const char *const verify_examples[] = {"vouch backup verify /backup/vouch-2026-11-22", NULL};

const struct vouch_command vouch_cmd_backup_verify = {
    .noun = "backup",
    .verb = "verify",
    .summary = "prove that a backup is whole: every file, the ledger, the database",
    .operands = "BACKUP",
    .operands_min = 1,
    .operands_max = 1,
    .notes = "Exit status: 0 it is whole, 1 it is not, 2 or more if that could not be found out.",
    .examples = verify_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .manner = VOUCH_MANNER_ASKS,
    .run = run_verify,
    .failed = verify_failed,
};

// vouch backup restore

// Nonzero if there is nothing, or an empty folder.
static int is_free(const char *dir) {
    DIR *folder = opendir(dir);
    if (folder == NULL) {
        return errno == ENOENT;
    }
    const struct dirent *found;
    int count = 0;
    while ((found = readdir(folder)) != NULL) {
        count += strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0;
    }
    (void)closedir(folder);
    return count == 0;
}

static int check_target(const char *dir, struct vouch_fault *fault) {
    int err = vouch_backup_not_running(dir, fault);
    if (err != 0 || is_free(dir)) {
        return err;
    }
    vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_exists, "%s: is there already", dir);
    return vouch_fault_next(fault,
                            "move it away, for its ledger may have what the backup lacks: "
                            "mv %s %s.old",
                            dir, dir);
}

static int put_entry(const char *from_dir, const char *to_dir,
                     const struct vouch_backup_entry *entry, struct vouch_fault *fault) {
    char from[PATH_MAX], to[PATH_MAX];
    struct vouch_backup_entry copied = {0};
    int err = vouch_backup_path(from_dir, entry->path, from, fault);
    if (err == 0) {
        err = vouch_backup_path(to_dir, entry->path, to, fault);
    }
    if (err != 0) {
        return err;
    }
    if (entry->is_dir) {
        return mkdir(to, 0700) == 0 ? 0 : vouch_io_write_fault(to, fault);
    }
    const struct vouch_backup_copy what = {from, to, UINT64_MAX};
    err = vouch_backup_copy_file(&what, &copied, fault);
    if (err == 0 && memcmp(copied.hash.bytes, entry->hash.bytes, sizeof copied.hash.bytes) != 0) {
        err = vouch_fault_set(fault, VOUCH_ERR_CORRUPT, &vouch_fault_backup,
                              "%s: changed while it was restored", from);
    }
    return err;
}

// As root everything gets its owner back; as another user all is that user's, as vouchd init has it.
static int give_entry(const char *dir, const struct vouch_backup_entry *entry,
                      struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_backup_path(dir, entry->path, path, fault);
    if (err != 0) {
        return err;
    }
    if (geteuid() == 0 && lchown(path, entry->uid, entry->gid) != 0) {
        return vouch_io_write_fault(path, fault);
    }
    return chmod(path, entry->mode) == 0 ? 0 : vouch_io_write_fault(path, fault);
}

static int fill(const char *from, const char *dir, const struct vouch_backup *backup,
                struct vouch_fault *fault) {
    int err = 0;
    for (size_t i = 0; err == 0 && i < backup->count; i++) {
        err = put_entry(from, dir, &backup->entries[i], fault);
    }
    for (size_t i = backup->count; err == 0 && i > 0; i--) {
        err = give_entry(dir, &backup->entries[i - 1], fault);
    }
    vouch_autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (err == 0 && (fd < 0 || chmod(dir, 0755) != 0 || syncfs(fd) != 0)) {
        err = vouch_io_write_fault(dir, fault);
    }
    return err;
}

// Beside the target, and renamed when it is whole: a restore that is cut short leaves no server.
static int restore(const struct vouch_cli *cli, const char *from, const char *dir,
                   const struct vouch_backup *backup, struct vouch_fault *fault) {
    char aside[PATH_MAX];
    size_t len = strlen(dir);
    while (len > 1 && dir[len - 1] == '/') {
        len--;
    }
    if (snprintf(aside, sizeof aside, "%.*s.restore-XXXXXX", (int)len, dir) >= (int)sizeof aside) {
        return vouch_usage(fault, "%s: the path is longer than paths can be", dir);
    }
    if (mkdtemp(aside) == NULL) {
        return vouch_io_write_fault(dir, fault);
    }
    int err = fill(from, aside, backup, fault);
    if (err == 0 && (rename(aside, dir) != 0 || vouch_io_sync_folder(dir) != 0)) {
        err = vouch_io_write_fault(dir, fault);
    }
    if (err != 0) {
        vouch_backup_remove(cli, aside);
    }
    return err;
}

static int restore_into(const struct vouch_cli *cli, const char *from, const char *dir,
                        struct vouch_fault *fault) {
    struct vouch_backup backup = {0};
    int err = vouch_backup_prove(cli, from, &backup, fault);
    if (err == 0) {
        say_proven(cli, from, &backup);
    }
    if (err == 0 && vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would make %s of it; nothing was written", dir);
    } else if (err == 0) {
        err = restore(cli, from, dir, &backup, fault);
        if (err == 0) {
            vouch_say_mark(&cli->term, VOUCH_MARK_OK, "%s: restored", dir);
            vouch_say(&cli->term, "  start it: vouchd run %s; it begins a new epoch of serials",
                      dir);
        }
    }
    if (err == 0) {
        err = print_backup(cli, &backup, dir, fault);
    }
    vouch_backup_done(&backup);
    return err;
}

static int run_restore(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                       struct vouch_fault *fault) {
    const char *from = cli->args.operands[0], *dir = cli->args.operands[1];
    *ret_exit = VOUCH_EXIT_OK;
    int err = check_target(dir, fault);
    return err == 0 ? restore_into(cli, from, dir, fault) : err;
}

static const struct vouch_option restore_options[] = {
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "prove the backup; restore nothing"},
    {0},
};

static const char *const restore_examples[] = {
    "vouch backup restore /backup/vouch-2026-11-22 /var/lib/vouch",
    NULL,
};

const struct vouch_command vouch_cmd_backup_restore = {
    .noun = "backup",
    .verb = "restore",
    .summary = "make a server's folder from a backup; never over one that is there",
    .operands = "BACKUP DIR",
    .operands_min = 2,
    .operands_max = 2,
    .options = restore_options,
    .notes =
        "The backup is proven first. DIR must not be there, or be empty, and no server may run "
        "on it. What was issued after the backup was made is not in it: serials of that time "
        "are never given again, and what was revoked since has to be revoked anew.",
    .examples = restore_examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_restore,
};
