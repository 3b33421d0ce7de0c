// SPDX-License-Identifier: ISC
// vouch audit export: the events that fit a search in a file, with a manifest that proves where they come from.
//
// The file is written aside and takes its name when manifest and records have proven themselves: what was
// broken off or altered on the way never looks like a whole one.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "prog/vouch/audit-query.h"
#include "prog/vouch/export-file.h"
#include "prog/vouch/load.h"
#include "prog/vouch/out.h"

#define TAIL_MAX (2 * VOUCH_EXPORT_MANIFEST_MAX)
#define WAIT_MS (UINT64_C(6) * 3600 * 1000) // for all of it, however slow the way

struct export {
    const struct vouch_cli *cli;
    struct vouch_reach reach;
    const char *out;
    char *part; // where it is written
    int fd;     // of that; -1: not open
    struct vouch_key *given_key;
    const struct vouch_key *key; // who must have signed
    struct vouch_buf manifest;
    struct vouch_export_statement statement; // points into the manifest
};

static void export_done(struct export *export) {
    if (export->fd >= 0) {
        close(export->fd);
        (void)unlink(export->part);
    }
    vouch_reach_done(&export->reach);
    vouch_key_free(export->given_key);
    vouch_buf_done(&export->manifest);
    free(export->part);
}

static int broken(const struct export *export, struct vouch_fault *fault) {
    return vouch_io_write_fault(export->part, fault);
}

// Whose word counts: as for vouch krl fetch.
static int find_key(struct export *export, struct vouch_fault *fault) {
    const char *path = vouch_args_value(&export->cli->args, "checkpoint-key");
    struct vouch_reach *reach = &export->reach;
    if (path != NULL) {
        int err = vouch_load_key(path, &export->given_key, NULL, fault);
        export->key = export->given_key;
        return err;
    }
    if (reach->anchors != VOUCH_ANCHORS_NOTED && !reach->local) {
        vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_export_manifest,
                        "%s: nothing was noted down about its keys, so nothing proves its exports",
                        vouch_api_name(reach->api));
        return vouch_fault_next(
            fault, "vouch server set URL --pin sha256:..., or give --checkpoint-key FILE.pub");
    }
    int err = vouch_reach_keys(reach, fault);
    export->key = reach->settings.checkpoint_key;
    return err;
}

static int make_path(const struct export *export, char text[static VOUCH_AUDIT_PATH_MAX],
                     struct vouch_fault *fault) {
    static const char *const words[] = {"jsonl", "csv", NULL};
    const char *format = vouch_args_value(&export->cli->args, "format");
    struct vouch_buf path;
    if (format != NULL && vouch_args_choice("format", format, words, fault) < 0) {
        return VOUCH_ERR_ARGUMENT;
    }
    vouch_buf_init_fixed(&path, text, VOUCH_AUDIT_PATH_MAX - 1);
    return vouch_audit_path(export->cli,
                            format != NULL && strcmp(format, "csv") == 0
                                ? "/v1/audit/export?format=csv"
                                : "/v1/audit/export?format=jsonl",
                            text, &path, fault);
}

static int open_part(struct export *export, struct vouch_fault *fault) {
    if (asprintf(&export->part, "%s.part", export->out) < 0) {
        export->part = NULL;
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    export->fd = open(export->part, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    return export->fd >= 0 ? 0 : broken(export, fault);
}

static int take(void *context, struct vouch_bytes piece) {
    const struct export *export = context;
    return vouch_io_write_all(export->fd, piece);
}

static int fetch(struct export *export, struct vouch_fault *fault) {
    char path[VOUCH_AUDIT_PATH_MAX];
    struct vouch_api_answer answer = {0};
    const struct vouch_api_ask ask = {
        .path = path, .take = take, .take_context = export, .wait_ms = WAIT_MS};
    int err = make_path(export, path, fault);
    if (err == 0) {
        err = vouch_api_ask(export->reach.api, &ask, &answer, fault);
        vouch_buf_done(&answer.body);
    }
    return err;
}

static int no_manifest(const struct export *export, struct vouch_fault *fault) {
    vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_export_manifest,
                    "%s: the server's answer ended before its manifest; nothing was kept",
                    export->out);
    return vouch_fault_next(fault, "ask again; the server's log says what was in the way");
}

// Takes the manifest off the end of the file.
static int split(struct export *export, struct vouch_fault *fault) {
    uint8_t tail[TAIL_MAX];
    struct stat status;
    size_t end = 0, begin = 0;
    if (fstat(export->fd, &status) != 0) {
        return broken(export, fault);
    }
    uint64_t size = (uint64_t)status.st_size;
    uint64_t from = size > sizeof tail ? size - sizeof tail : 0;
    ssize_t got = pread(export->fd, tail, sizeof tail, (off_t)from);
    if (got < 0) {
        return broken(export, fault);
    }
    if (from + (uint64_t)got != size ||
        vouch_export_split((struct vouch_bytes){tail, (size_t)got}, &end, &begin) != 0) {
        return no_manifest(export, fault);
    }
    vouch_buf_put(&export->manifest, (struct vouch_bytes){tail + begin, (size_t)got - begin});
    if (export->manifest.err != 0) {
        return no_manifest(export, fault);
    }
    return ftruncate(export->fd, (off_t)(from + end)) == 0 ? 0 : broken(export, fault);
}

// The manifest goes first: a file with its name is a whole one.
static int put_in_place(struct export *export, struct vouch_fault *fault) {
    vouch_autofree char *path = vouch_export_manifest_path(export->out);
    if (path == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    const struct vouch_io_file file = {path, 0600, VOUCH_IO_REPLACE};
    int err = vouch_io_write(&file, vouch_buf_bytes(&export->manifest), fault);
    if (err != 0) {
        return err;
    }
    if (fsync(export->fd) != 0 || rename(export->part, export->out) != 0) {
        return broken(export, fault);
    }
    close(export->fd);
    export->fd = -1;
    return vouch_io_sync_folder(export->out) == 0 ? 0 : broken(export, fault);
}

static int report(const struct export *export, struct vouch_fault *fault) {
    enum vouch_form form = VOUCH_FORM_TABLE;
    const struct vouch_cli *cli = export->cli;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    if (err != 0) {
        return err;
    }
    vouch_say_mark(&cli->term, VOUCH_MARK_OK,
                   "%s: %" PRIu64 " records of the first %" PRIu64
                   " in the ledger; the proof is %s.manifest",
                   export->out, export->statement.records, export->statement.searched, export->out);
    if (form == VOUCH_FORM_TABLE) {
        return 0;
    }
    struct vouch_item *item = vouch_item_new("vouch.export/1");
    vouch_item_path(item, "path", export->out);
    vouch_item_u64(item, "records", export->statement.records);
    vouch_item_u64(item, "searched", export->statement.searched);
    err = vouch_item_print(item, form, fault);
    vouch_item_free(item);
    return err;
}

static int prove(struct export *export, struct vouch_fault *fault) {
    int err = vouch_export_verify(vouch_buf_bytes(&export->manifest), export->key,
                                  vouch_api_name(export->reach.api), &export->statement, fault);
    return err == 0 ? vouch_export_check_file(export->fd, &export->statement, export->out, fault)
                    : err;
}

static int run_export(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    struct export export = {.cli = cli, .out = vouch_args_value(&cli->args, "out"), .fd = -1};
    int (*const steps[])(struct export * export, struct vouch_fault * fault) = {
        find_key, open_part, fetch, split, prove, put_in_place};
    vouch_buf_init(&export.manifest, VOUCH_EXPORT_MANIFEST_MAX);
    int err = vouch_reach_open(cli, &export.reach, fault);
    for (size_t i = 0; err == 0 && i < sizeof steps / sizeof steps[0]; i++) {
        err = steps[i](&export, fault);
    }
    if (err == 0) {
        err = report(&export, fault);
    }
    export_done(&export);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option options[] = {
    {"out", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_REQUIRED, "FILE",
     "where the records go; the manifest goes to FILE.manifest"},
    {"format", 0, VOUCH_OPTION_ONE, 0, "FORMAT", "jsonl (default) or csv"},
    VOUCH_AUDIT_FILTER_OPTIONS,
    VOUCH_AUDIT_TIME_OPTIONS,
    {"checkpoint-key", 0, VOUCH_OPTION_ONE, 0, "FILE.pub",
     "who must have signed (default: the key that vouch server set noted down)"},
    VOUCH_REACH_OPTIONS,
};

static const char *const examples[] = {
    "vouch audit export --since -90d --out audit.jsonl",
    "vouch audit export alice --type 'cert.*' --format csv --out alice.csv",
    NULL,
};

const struct vouch_command vouch_cmd_audit_export = {
    .noun = "audit",
    .verb = "export",
    .summary = "the events that fit a search in a file, with a signed manifest beside it",
    .operands = "[WORD...]",
    .operands_max = 16,
    .options = options,
    .notes = "Words and filters are those of vouch audit search. That somebody took the records is "
             "itself recorded. vouch audit verify FILE proves them later, without a server.",
    .examples = examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_export,
    .failed = vouch_reach_failed,
};
