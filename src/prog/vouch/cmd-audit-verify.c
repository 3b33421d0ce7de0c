// SPDX-License-Identifier: ISC
// vouch audit verify: that a file of records is the one that a server gave out. It asks nobody.
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/command.h"
#include "prog/vouch/export-file.h"
#include "prog/vouch/load.h"
#include "prog/vouch/out.h"
#include "prog/vouch/settings.h"

struct verify {
    const struct vouch_cli *cli;
    const char *file;
    struct vouch_settings settings; // what was noted down about a server
    struct vouch_key *given_key;
    const struct vouch_key *key;
    const char *ledger; // that it has to be about; NULL: whatever the key signs for
    struct vouch_buf manifest;
    struct vouch_export_statement statement; // points into it
};

static void verify_done(struct verify *verify) {
    vouch_settings_done(&verify->settings);
    vouch_key_free(verify->given_key);
    vouch_buf_done(&verify->manifest);
}

// Key and ledger that were given, or else those that were noted down when the server was met.
static int find_key(struct verify *verify, struct vouch_fault *fault) {
    const char *path = vouch_args_value(&verify->cli->args, "checkpoint-key");
    verify->ledger = vouch_args_value(&verify->cli->args, "ledger");
    if (path != NULL) {
        int err = vouch_load_key(path, &verify->given_key, NULL, fault);
        verify->key = verify->given_key;
        return err;
    }
    int err = vouch_settings_read(&verify->settings, fault);
    if (err == VOUCH_ERR_NOT_FOUND || (err == 0 && verify->settings.checkpoint_key == NULL)) {
        vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_export_manifest,
                        "%s: it is not said whose signature it has to have", verify->file);
        return vouch_fault_next(fault, "give the ledger's key: --checkpoint-key FILE.pub");
    }
    verify->key = verify->settings.checkpoint_key;
    verify->ledger = verify->ledger != NULL ? verify->ledger : verify->settings.name;
    return err;
}

static int read_manifest(struct verify *verify, struct vouch_fault *fault) {
    const char *given = vouch_args_value(&verify->cli->args, "manifest");
    vouch_autofree char *beside = vouch_export_manifest_path(verify->file);
    if (beside == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    const char *path = given != NULL ? given : beside;
    int err = vouch_io_read(path, VOUCH_EXPORT_MANIFEST_MAX, &verify->manifest, fault);
    if (err == 0) {
        err = vouch_export_verify(vouch_buf_bytes(&verify->manifest), verify->key, path,
                                  &verify->statement, fault);
    }
    struct vouch_bytes ledger = verify->statement.ledger;
    if (err != 0 || verify->ledger == NULL ||
        vouch_bytes_equal(ledger, vouch_bytes_of(verify->ledger))) {
        return err;
    }
    return vouch_fault_set(fault, VOUCH_ERR_MISMATCH, &vouch_fault_export_ledger,
                           "%s: it is of the ledger %.*s, and not of %s", path, (int)ledger.len,
                           (const char *)ledger.ptr, verify->ledger);
}

static int check_file(struct verify *verify, struct vouch_fault *fault) {
    int fd = open(verify->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return vouch_fault_set(fault, VOUCH_ERR_IO, &vouch_fault_read, "%s: cannot be read: %m",
                               verify->file);
    }
    int err = vouch_export_check_file(fd, &verify->statement, verify->file, fault);
    close(fd);
    return err;
}

static void put_text(struct vouch_item *item, const char *name, struct vouch_bytes text) {
    if (text.len > 0) {
        vouch_item_text(item, name, text);
    }
}

static void put_statement(struct vouch_item *item, const struct vouch_export_statement *statement) {
    const struct vouch_export_query *query = &statement->query;
    put_text(item, "ledger", statement->ledger);
    vouch_item_word(item, "format", vouch_export_format_text(query->format));
    put_text(item, "words", query->words);
    put_text(item, "type", query->type);
    put_text(item, "actor", query->actor);
    put_text(item, "object", query->object);
    if (query->from_ms > 0) {
        vouch_item_time(item, "from", query->from_ms / 1000);
    }
    if (query->until_ms > 0) {
        vouch_item_time(item, "until", query->until_ms / 1000);
    }
    vouch_item_u64(item, "records", statement->records);
    vouch_item_u64(item, "searched", statement->searched);
    put_text(item, "asker", statement->asker);
    vouch_item_time(item, "time", statement->time_s);
}

static int report(const struct verify *verify, struct vouch_fault *fault) {
    enum vouch_form form = VOUCH_FORM_TABLE;
    int err = vouch_form_of_item(&verify->cli->args, &form, fault);
    if (err != 0) {
        return err;
    }
    struct vouch_item *item = vouch_item_new("vouch.export-verified/1");
    vouch_item_path(item, "path", verify->file);
    put_statement(item, &verify->statement);
    err = vouch_item_print(item, form, fault);
    vouch_item_free(item);
    if (err == 0) {
        vouch_say_mark(&verify->cli->term, VOUCH_MARK_OK,
                       "%s: as it was exported, each of its %" PRIu64 " records", verify->file,
                       verify->statement.records);
    }
    return err;
}

static int run_verify(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    struct verify verify = {.cli = cli, .file = cli->args.operands[0]};
    vouch_buf_init(&verify.manifest, VOUCH_EXPORT_MANIFEST_MAX);
    int err = find_key(&verify, fault);
    if (err == 0) {
        err = read_manifest(&verify, fault);
    }
    if (err == 0) {
        err = check_file(&verify, fault);
    }
    if (err == 0) {
        err = report(&verify, fault);
    }
    verify_done(&verify);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option options[] = {
    {"manifest", 0, VOUCH_OPTION_ONE, 0, "FILE", "its manifest (default: FILE.manifest)"},
    {"checkpoint-key", 0, VOUCH_OPTION_ONE, 0, "FILE.pub",
     "who must have signed (default: the key that vouch server set noted down)"},
    {"ledger", 0, VOUCH_OPTION_ONE, 0, "NAME",
     "the ledger that it has to be of (default: the one of the server that is set)"},
    {0},
};

static const char *const examples[] = {
    "vouch audit verify audit.jsonl",
    "vouch audit verify audit.csv --checkpoint-key checkpoint.pub",
    NULL,
};

const struct vouch_command vouch_cmd_audit_verify = {
    .noun = "audit",
    .verb = "verify",
    .summary =
        "prove that a file is what vouch audit export wrote: who signed, every byte, the count",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .options = options,
    .examples = examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_verify,
};
