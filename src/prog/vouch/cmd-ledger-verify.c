// SPDX-License-Identifier: ISC
// vouch ledger verify: whether the files of a ledger prove what they must.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "ledger/folder.h"
#include "ledger/verify.h"
#include "prog/vouch/command.h"
#include "prog/vouch/ledger-dir.h"
#include "prog/vouch/ledger-fetch.h"
#include "prog/vouch/load.h"
#include "prog/vouch/out.h"

#define LOG_MAX (1024u * 1024 * 1024)
#define VKEY_MAX 4096
#define PROGRESS_FIRST_NS 700000000 // a run that ends before shows nothing
#define PROGRESS_STEP_NS 200000000

struct progress {
    uint64_t next_ns;
    int shown;
};

struct verify {
    const struct vouch_cli *cli;
    const char *name;         // what is verified, as it is called
    struct vouch_reach reach; // where it is fetched first
    int fetched;              // nonzero: `dir` is a copy that has to go
    char dir[PATH_MAX];
    struct vouch_buf old, log, vkey;
    struct vouch_cert_list certs;
    struct vouch_ledger_wanted *wanted;
    char (*names)[320]; // of the certificates that are looked for
    struct progress progress;
};

static void verify_done(struct verify *verify) {
    if (verify->fetched && vouch_folder_remove(AT_FDCWD, verify->dir) != 0) {
        vouch_say_mark(&verify->cli->term, VOUCH_MARK_WARN, "%s: could not be removed",
                       verify->dir);
    }
    vouch_reach_done(&verify->reach);
    vouch_buf_done(&verify->old);
    vouch_buf_done(&verify->log);
    vouch_buf_done(&verify->vkey);
    vouch_cert_list_done(&verify->certs);
    free(verify->wanted);
    free(verify->names);
}

static void show_progress(void *context, uint64_t done, uint64_t total) {
    struct progress *progress = context;
    uint64_t now = vouch_time_monotonic_ns();
    if (now < progress->next_ns) {
        return;
    }
    progress->next_ns = now + PROGRESS_STEP_NS;
    progress->shown = 1;
    unsigned percent = total > 0 && done < total ? (unsigned)(done * 100 / total) : 100;
    (void)fprintf(stderr, "\r  %llu of %llu records, %u %%", (unsigned long long)done,
                  (unsigned long long)total, percent);
}

static void end_progress(const struct progress *progress) {
    if (progress->shown) {
        (void)fprintf(stderr, "\r\x1b[K");
    }
}

static int read_option(const struct verify *verify, const char *option, size_t max,
                       struct vouch_buf *text, struct vouch_fault *fault) {
    const char *path = vouch_args_value(&verify->cli->args, option);
    vouch_buf_init(text, max + 65536);
    return path != NULL ? vouch_io_read(path, max, text, fault) : 0;
}

// --key takes the vkey itself, or a file that holds it.
static int read_vkey(struct verify *verify, struct vouch_fault *fault) {
    const char *key = vouch_args_value(&verify->cli->args, "key");
    vouch_buf_init(&verify->vkey, VKEY_MAX + 65536);
    if (key == NULL) {
        return 0;
    }
    if (access(key, F_OK) != 0 && strchr(key, '+') != NULL) {
        vouch_buf_put_text(&verify->vkey, key);
    } else {
        int err = vouch_io_read(key, VKEY_MAX, &verify->vkey, fault);
        if (err != 0) {
            return err;
        }
    }
    while (verify->vkey.len > 0 && verify->vkey.ptr[verify->vkey.len - 1] <= ' ') {
        verify->vkey.len--;
    }
    vouch_buf_put(&verify->vkey, (struct vouch_bytes){(const uint8_t *)"", 1});
    return verify->vkey.err == 0
               ? 0
               : vouch_fault_set(fault, verify->vkey.err, &vouch_fault_memory, "out of memory");
}

static int load_wanted(struct verify *verify, struct vouch_fault *fault) {
    const struct vouch_args *args = &verify->cli->args;
    size_t cursor = 0, named = 0;
    const char *path;
    while ((path = vouch_args_next(args, "cert", &cursor)) != NULL) {
        int err = vouch_load_certs(path, &verify->certs, fault);
        char(*names)[320] = reallocarray(verify->names, verify->certs.count + 1, sizeof *names);
        if (err != 0 || names == NULL) {
            verify->names = names != NULL ? names : verify->names;
            return err != 0 ? err
                            : vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory,
                                              "out of memory");
        }
        verify->names = names;
        for (; named < verify->certs.count; named++) {
            (void)snprintf(names[named], sizeof names[named], "%.290s:%lu", path,
                           verify->certs.certs[named].line);
        }
    }
    return 0;
}

static int read_wanted(struct verify *verify, struct vouch_fault *fault) {
    int err = load_wanted(verify, fault);
    if (err != 0) {
        return err;
    }
    verify->wanted = calloc(verify->certs.count + 1, sizeof *verify->wanted);
    if (verify->wanted == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    for (size_t i = 0; i < verify->certs.count; i++) {
        verify->wanted[i] =
            (struct vouch_ledger_wanted){verify->names[i], verify->certs.certs[i].cert->blob};
    }
    return 0;
}

// An empty file must not pass for "no older checkpoint was given".
static int read_checkpoint(struct verify *verify, struct vouch_fault *fault) {
    const char *path = vouch_args_value(&verify->cli->args, "checkpoint");
    int err = read_option(verify, "checkpoint", VOUCH_CHECKPOINT_MAX, &verify->old, fault);
    if (err == 0 && path != NULL && verify->old.len == 0) {
        vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_input,
                        "%s: is empty, not a checkpoint", path);
        return vouch_fault_next(fault, "give a copy of ledger/checkpoint from an earlier day");
    }
    return err;
}

static int make_folder(struct verify *verify, struct vouch_fault *fault) {
    const char *parent = getenv("TMPDIR");
    parent = parent != NULL && parent[0] == '/' ? parent : "/tmp";
    (void)snprintf(verify->dir, sizeof verify->dir, "%.*s/vouch-ledger-XXXXXX", PATH_MAX - 30,
                   parent);
    if (mkdtemp(verify->dir) == NULL) {
        vouch_io_write_fault(verify->dir, fault);
        return vouch_fault_next(fault, "set TMPDIR to a folder that this user may write");
    }
    verify->fetched = 1;
    return 0;
}

// Over the network: a copy in the ledger's own layout, which is then verified as any other.
static int fetch(struct verify *verify, struct vouch_fault *fault) {
    const struct vouch_term *term = &verify->cli->term;
    vouch_ledger_progress_fn *progress = term->err_tty && !term->quiet ? show_progress : NULL;
    int err = vouch_reach_open(verify->cli, &verify->reach, fault);
    if (err == VOUCH_ERR_NOT_FOUND && fault->kind == &vouch_fault_server_unknown) {
        return vouch_fault_next(fault, "give DIR, or --server URL, or: vouch server set");
    }
    if (err == 0) {
        err = make_folder(verify, fault);
    }
    if (err == 0) {
        verify->name = vouch_api_name(verify->reach.api);
        verify->progress.next_ns = vouch_time_monotonic_ns() + PROGRESS_FIRST_NS;
        err = vouch_ledger_fetch(&verify->reach, verify->dir, progress, &verify->progress, fault);
        end_progress(&verify->progress);
    }
    return err;
}

static int find_ledger(struct verify *verify, struct vouch_fault *fault) {
    static const char *const options[] = {"server", "local", "pin", "ca-file", "token-file", NULL};
    const struct vouch_args *args = &verify->cli->args;
    if (args->operand_count == 0) {
        return fetch(verify, fault);
    }
    for (size_t i = 0; options[i] != NULL; i++) {
        if (vouch_args_value(args, options[i]) != NULL) {
            vouch_usage(fault, "ledger verify: DIR and --%s exclude each other", options[i]);
            return vouch_fault_next(fault, "verify the folder, and then the server");
        }
    }
    verify->name = args->operands[0];
    return vouch_ledger_dir(args->operands[0], verify->dir, fault);
}

static int read_all(struct verify *verify, struct vouch_fault *fault) {
    int err = find_ledger(verify, fault);
    if (err == 0) {
        err = read_checkpoint(verify, fault);
    }
    if (err == 0) {
        err = read_option(verify, "sshd-log", LOG_MAX, &verify->log, fault);
    }
    if (err == 0) {
        err = read_vkey(verify, fault);
    }
    return err == 0 ? read_wanted(verify, fault) : err;
}

static const struct vouch_column columns[] = {
    {"kind", "KIND", 0},
    {"where", "WHERE", 0},
    {"what", "WHAT", 0},
    {0},
};

static const struct vouch_list_spec findings_list = {
    .schema = "vouch.ledger-verify/1",
    .member = "findings",
    .columns = columns,
};

static void set_root(struct vouch_item *head, const struct vouch_ledger_report *report) {
    struct vouch_buf text;
    vouch_buf_init(&text, 128);
    vouch_str_base64((struct vouch_bytes){report->root.bytes, sizeof report->root.bytes}, '=',
                     &text);
    vouch_item_text(head, "root", vouch_buf_bytes(&text));
    vouch_buf_done(&text);
}

static int print_report(const struct verify *verify, const struct vouch_ledger_report *report,
                        struct vouch_fault *fault) {
    struct vouch_list *list = NULL;
    int err = vouch_list_open(&findings_list, &verify->cli->args, &verify->cli->term, &list, fault);
    if (err != 0) {
        return err;
    }
    struct vouch_item *head = vouch_list_head(list);
    vouch_item_word(head, "verdict",
                    report->verdict == VOUCH_LEDGER_PROVEN ? "proven" : "not proven");
    vouch_item_word(head, "origin", report->origin);
    vouch_item_u64(head, "size", report->size);
    set_root(head, report);
    vouch_item_u64(head, "records", report->records);
    vouch_item_u64(head, "certs", report->certs);
    vouch_item_u64(head, "events", report->events);
    vouch_item_u64(head, "logins", report->logins);
    vouch_item_u64(head, "plain_logins", report->plain_logins);
    vouch_item_u64(head, "finding_count", report->findings.total);
    for (size_t i = 0; i < report->findings.count; i++) {
        struct vouch_item *row = vouch_list_row(list);
        vouch_item_word(row, "kind", vouch_finding_text(report->findings.rows[i].kind));
        vouch_item_word(row, "where", report->findings.rows[i].where);
        vouch_item_word(row, "what", report->findings.rows[i].what);
    }
    return vouch_list_close(list, fault);
}

static const char *whose_word(const struct verify *verify) {
    if (verify->reach.anchors == VOUCH_ANCHORS_NOTED) {
        return "by the key that vouch server set noted down";
    }
    return verify->fetched ? "by the key that the server itself names; --key with a copy of "
                             "ledger/checkpoint.vkey kept elsewhere proves who signed"
                           : "by the key in the folder itself; --key with a copy of "
                             "ledger/checkpoint.vkey kept elsewhere proves who signed";
}

static void say_report(const struct verify *verify, const struct vouch_ledger_report *report) {
    const struct vouch_term *term = &verify->cli->term;
    char dir[300];
    vouch_str_escape_to(vouch_bytes_of(verify->name), dir, sizeof dir);
    if (report->verdict == VOUCH_LEDGER_PROVEN) {
        vouch_say_mark(term, VOUCH_MARK_OK, "%s: proven: %llu records, %llu certificates", dir,
                       (unsigned long long)report->records, (unsigned long long)report->certs);
    } else {
        vouch_say_mark(term, VOUCH_MARK_FAIL, "%s: not proven: %llu finding%s", dir,
                       (unsigned long long)report->findings.total,
                       report->findings.total == 1 ? "" : "s");
    }
    if (vouch_args_value(&verify->cli->args, "sshd-log") != NULL) {
        vouch_say(term, "  %llu logins by certificate were looked up, %llu by plain key were not",
                  (unsigned long long)report->logins, (unsigned long long)report->plain_logins);
    }
    if (verify->certs.count > 0) {
        vouch_say(term, "  %zu certificates were looked for", verify->certs.count);
    }
    if (vouch_args_value(&verify->cli->args, "key") == NULL &&
        report->verdict == VOUCH_LEDGER_PROVEN) {
        vouch_say(term, "  %s", whose_word(verify));
    }
}

static int verify_ledger(struct verify *verify, struct vouch_ledger_report *ret_report,
                         struct vouch_fault *fault) {
    const struct vouch_term *term = &verify->cli->term;
    struct vouch_ledger_verify what = {
        .dir = verify->dir,
        .vkey = verify->vkey.len > 0 ? (const char *)verify->vkey.ptr : NULL,
        .old_checkpoint = vouch_buf_bytes(&verify->old),
        .wanted = verify->wanted,
        .wanted_count = verify->certs.count,
        .sshd_log = vouch_buf_bytes(&verify->log),
        .settle_ms = verify->fetched ? 0 : VOUCH_LEDGER_SETTLE_MS,
    };
    if (term->err_tty && !term->quiet) {
        what.progress = show_progress;
        what.progress_context = &verify->progress;
    }
    verify->progress.next_ns = vouch_time_monotonic_ns() + PROGRESS_FIRST_NS;
    int err = vouch_ledger_verify(&what, ret_report, fault);
    end_progress(&verify->progress);
    return err;
}

static int run_verify(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                      struct vouch_fault *fault) {
    struct verify verify = {.cli = cli};
    struct vouch_ledger_report report = {0};
    int err = read_all(&verify, fault);
    if (err == 0) {
        err = verify_ledger(&verify, &report, fault);
    }
    if (err == 0) {
        say_report(&verify, &report);
        err = print_report(&verify, &report, fault);
    }
    *ret_exit = report.verdict == VOUCH_LEDGER_PROVEN ? VOUCH_EXIT_OK : VOUCH_EXIT_NO;
    vouch_ledger_report_done(&report);
    verify_done(&verify);
    return err;
}

static const struct vouch_option options[] = {
    {"checkpoint", 0, VOUCH_OPTION_ONE, 0, "OLD",
     "an older checkpoint: it has to be of a past of this ledger"},
    {"cert", 0, VOUCH_OPTION_MANY, 0, "FILE", "these certificates have to be recorded"},
    {"sshd-log", 0, VOUCH_OPTION_ONE, 0, "FILE",
     "every login by certificate in this log of sshd has to be recorded; - for stdin"},
    {"key", 0, VOUCH_OPTION_ONE, 0, "VKEY",
     "who has to have signed the checkpoint: the text of checkpoint.vkey, or a file with it"},
    VOUCH_REACH_OPTIONS,
};

static const char *const examples[] = {
    "vouch ledger verify ca",
    "vouch ledger verify ca --checkpoint checkpoint-of-january --key ca.vkey",
    "journalctl -u ssh | vouch ledger verify ca --sshd-log -",
    "vouch ledger verify --server https://ca.example.com:8443 --token-file auditor.token",
    NULL,
};

const struct vouch_command vouch_cmd_ledger_verify = {
    .noun = "ledger",
    .verb = "verify",
    .summary = "prove from the files alone that nothing was changed, cut, added or given twice",
    .operands = "[DIR]",
    .operands_max = 1,
    .options = options,
    .notes =
        "DIR is the CA's folder, or that of its ledger. Without it the server's ledger is fetched "
        "(with a token of the scope audit:read) and verified in the same way. Each finding is one "
        "line. Exit status: 0 all holds, 1 something does not, 2 or more if it could not be "
        "verified.",
    .examples = examples,
    .shape = VOUCH_SHAPE_LIST,
    .manner = VOUCH_MANNER_ASKS,
    .run = run_verify,
    .failed = vouch_reach_failed,
};
