// SPDX-License-Identifier: ISC
// vouch sign user, vouch sign host: keys in, certificates out, the ledger in between.
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/cert-text.h"
#include "prog/vouch/file-batch.h"
#include "prog/vouch/new-key.h"
#include "prog/vouch/prompt.h"
#include "prog/vouch/sign-job.h"
#include "signer/ca.h"

#define LINE_MAX_BYTES (512u * 1024)
#define KEYS_MAX 10000

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

// What would be signed, as if it had been.
static struct vouch_cert planned_cert(const struct vouch_sign_job *job,
                                      const struct vouch_sign_subject *subject,
                                      struct vouch_key *ca) {
    const struct vouch_sign_request *request = &job->request;
    struct vouch_cert cert = {
        .key = subject->key,
        .ca = ca,
        .type = request->type,
        .key_id = request->key_id,
        .principals = request->principals,
        .principal_count = request->principal_count,
        .valid_after = request->validity.after,
        .valid_before = request->validity.before,
        .critical_count = request->critical_count,
        .extension_count = request->extension_count,
    };
    // A parsed certificate owns its options; this one only shows those of the request.
    cert.critical = (struct vouch_cert_option *)(uintptr_t)request->critical;
    cert.extensions = (struct vouch_cert_option *)(uintptr_t)request->extensions;
    return cert;
}

static const struct vouch_column columns[] = {
    {"path", "PATH", 0},
    {"serial", "SERIAL", 0},
    {"key_id", "KEY-ID", 0},
    {"principals", "PRINCIPALS", 0},
    {"valid_before", "VALID-BEFORE", 0},
    {"key_fingerprint", "KEY", 1},
    {"ca_fingerprint", "CA", 1},
    {0},
};

static const struct vouch_list_spec list_spec = {
    .schema = "vouch.sign/1",
    .member = "certs",
    .columns = columns,
    .otherwise = VOUCH_FORM_NAME,
};

static int dry_run(const struct vouch_sign_job *job, struct vouch_fault *fault) {
    struct vouch_list *list = NULL;
    struct vouch_key *ca = NULL;
    int err = vouch_ca_read_key(job->dir, job->type, &ca, fault);
    if (err == 0) {
        err = vouch_list_open(&list_spec, &job->cli->args, &job->cli->term, &list, fault);
    }
    int as_text = vouch_args_value(&job->cli->args, "output") == NULL;
    for (size_t i = 0; err == 0 && i < job->count; i++) {
        struct vouch_cert cert = planned_cert(job, &job->subjects[i], ca);
        if (as_text) {
            (void)fputs(i > 0 ? "\nWould write " : "Would write ", stdout);
            vouch_print_path(&job->cli->term, job->subjects[i].out);
            vouch_cert_text(&cert, VOUCH_CERT_STAGE_PLANNED, &job->cli->term, job->now_s);
        } else {
            struct vouch_item *row = vouch_list_row(list);
            vouch_item_path(row, "path", job->subjects[i].out);
            vouch_item_yes_no(row, "dry_run", 1);
            vouch_cert_item(&cert, job->now_s, row);
        }
    }
    if (err == 0 && !as_text) {
        err = vouch_list_close(vouch_steal(list), fault);
    }
    vouch_list_free(list);
    vouch_key_free(ca);
    return err;
}

// The certificate as its file has it.
static int format_cert(const struct vouch_sign_subject *subject, const struct vouch_issued *issued,
                       struct vouch_buf *line, struct vouch_fault *fault) {
    vouch_buf_init(line, LINE_MAX_BYTES);
    vouch_cert_print(vouch_buf_bytes(&issued->cert), subject->comment, line);
    vouch_buf_put_text(line, "\n");
    return line->err != 0 ? no_memory(fault) : 0;
}

static int add_file(const struct vouch_sign_job *job, size_t at, const struct vouch_issued *issued,
                    struct vouch_file_batch *batch, struct vouch_fault *fault) {
    const struct vouch_sign_subject *subject = &job->subjects[at];
    struct vouch_io_file file = {.path = subject->out, .mode = 0644};
    struct vouch_buf line;
    if (vouch_args_count(&job->cli->args, "force") > 0) {
        file.existing = VOUCH_IO_REPLACE;
    }
    int err = format_cert(subject, issued, &line, fault);
    if (err == 0) {
        err = vouch_file_batch_add(batch, &file, vouch_buf_bytes(&line), fault);
    }
    vouch_buf_done(&line);
    return err;
}

// All files wait for the disk once. *ret_written is how many are there, also on failure.
static int write_files(const struct vouch_sign_job *job, const struct vouch_issued *issued,
                       size_t *ret_written, struct vouch_fault *fault) {
    struct vouch_file_batch *batch = vouch_file_batch_new(job->count);
    int err = batch == NULL ? no_memory(fault) : 0;
    *ret_written = 0;
    size_t added = 0;
    while (err == 0 && added < job->count) {
        err = add_file(job, added, &issued[added], batch, fault);
        added += err == 0;
    }
    if (err == 0) {
        err = vouch_file_batch_finish(batch, ret_written, fault);
        added = *ret_written;
    }
    vouch_file_batch_free(batch);
    if (err != 0) {
        vouch_fault_next(fault,
                         "make room, then fetch it from the ledger: vouch ledger show %s --serial "
                         "%llu --certs > %s",
                         job->dir, (unsigned long long)issued[added].serial,
                         job->subjects[added].out);
    }
    return err;
}

// With --out - the certificate itself is what standard output holds.
static int write_stdout(const struct vouch_sign_job *job, const struct vouch_issued *issued,
                        struct vouch_fault *fault) {
    struct vouch_buf line;
    int err = format_cert(&job->subjects[0], issued, &line, fault);
    if (err == 0) {
        (void)fwrite(line.ptr, 1, line.len, stdout);
    }
    vouch_buf_done(&line);
    return err;
}

static void say_signed(const struct vouch_sign_job *job, const struct vouch_sign_subject *subject,
                       uint64_t serial) {
    char until[VOUCH_TIME_TEXT_MAX], left[VOUCH_TIME_TEXT_MAX], out[300], id[300];
    const struct vouch_term *term = &job->cli->term;
    uint64_t before = job->request.validity.before;
    vouch_term_time(term, before, until, sizeof until);
    vouch_duration_text(before > job->now_s ? before - job->now_s : 0, left);
    vouch_str_escape_to(vouch_bytes_of(subject->out), out, sizeof out);
    vouch_str_escape_to(job->request.key_id, id, sizeof id);
    vouch_say_mark(term, VOUCH_MARK_OK, "%s: %s certificate \"%s\", serial %llu, until %s (%s)",
                   out, vouch_sign_type_word(job->type), id, (unsigned long long)serial, until,
                   left);
    if (before <= job->now_s) {
        vouch_say_mark(term, VOUCH_MARK_WARN, "%s: has expired already, as --valid asked for", out);
    }
}

// Without -o only the path is shown, which needs no look into the certificate.
static int add_row(const struct vouch_sign_job *job, const struct vouch_sign_subject *subject,
                   const struct vouch_issued *issued, struct vouch_list *list,
                   struct vouch_fault *fault) {
    struct vouch_cert *cert = NULL;
    struct vouch_where where = {0};
    struct vouch_item *row = vouch_list_row(list);
    vouch_item_path(row, "path", subject->out);
    if (vouch_args_value(&job->cli->args, "output") == NULL &&
        vouch_args_value(&job->cli->args, "columns") == NULL) {
        return 0;
    }
    int err = vouch_cert_parse(vouch_buf_bytes(&issued->cert), &cert, &where);
    if (err != 0) {
        return vouch_fault_where(fault, err, &vouch_fault_internal, subject->path, &where);
    }
    vouch_cert_item(cert, job->now_s, row);
    vouch_cert_free(cert);
    return 0;
}

static int report(const struct vouch_sign_job *job, const struct vouch_issued *issued, size_t count,
                  struct vouch_fault *fault) {
    struct vouch_list *list = NULL;
    int err = vouch_list_open(&list_spec, &job->cli->args, &job->cli->term, &list, fault);
    for (size_t i = 0; err == 0 && i < count; i++) {
        say_signed(job, &job->subjects[i], issued[i].serial);
        err = add_row(job, &job->subjects[i], &issued[i], list, fault);
    }
    if (err != 0) {
        vouch_list_free(list);
        return err;
    }
    return vouch_list_close(list, fault);
}

static int hand_out(const struct vouch_sign_job *job, const struct vouch_issued *issued,
                    struct vouch_fault *fault) {
    if (strcmp(job->subjects[0].out, "-") == 0) {
        say_signed(job, &job->subjects[0], issued[0].serial);
        return write_stdout(job, issued, fault);
    }
    size_t written = 0;
    struct vouch_fault unused;
    int err = write_files(job, issued, &written, fault);
    // What was written is told, also when a later one could not be.
    int report_err = written > 0 ? report(job, issued, written, err == 0 ? fault : &unused) : 0;
    return err != 0 ? err : report_err;
}

static int issue_with(struct vouch_ca *ca, const struct vouch_sign_job *job,
                      struct vouch_fault *fault) {
    char actor[256];
    size_t bad = 0;
    vouch_autofree struct vouch_issue *issues = calloc(job->count, sizeof *issues);
    vouch_autofree struct vouch_issued *issued = calloc(job->count, sizeof *issued);
    if (issues == NULL || issued == NULL) {
        return no_memory(fault);
    }
    vouch_actor_name(actor, sizeof actor);
    for (size_t i = 0; i < job->count; i++) {
        issues[i].spec = vouch_sign_request_spec(&job->request, job->subjects[i].key);
        issues[i].rules = VOUCH_CERT_RULES_CAREFUL;
        issues[i].actor = vouch_bytes_of(actor);
        issues[i].evidence = vouch_bytes_of("local: holds the CA key");
    }
    int err = vouch_ca_issue(ca, issues, job->count, issued, &bad, fault);
    if (err != 0) {
        return err;
    }
    err = hand_out(job, issued, fault);
    for (size_t i = 0; i < job->count; i++) {
        vouch_buf_done(&issued[i].cert);
    }
    return err;
}

static int issue(const struct vouch_sign_job *job, struct vouch_fault *fault) {
    struct vouch_prompt prompt;
    struct vouch_ca *ca = NULL;
    char fingerprint[VOUCH_FINGERPRINT_MAX];
    vouch_prompt_init(&prompt, job->cli);
    const struct vouch_ca_open what = {
        .dir = job->dir,
        .type = job->type,
        .passphrase = {vouch_prompt_passphrase, &prompt},
        .agent_socket = job->agent,
    };
    vouch_secret_harden_process();
    int err = vouch_ca_open(&what, &ca, fault);
    if (err != 0) {
        return err;
    }
    vouch_key_fingerprint(vouch_ca_key(ca), VOUCH_HASH_SHA256, fingerprint);
    vouch_say_detail(&job->cli->term, "%s CA %s, key in %s", vouch_sign_type_word(job->type),
                     fingerprint, job->agent != NULL ? "ssh-agent" : "its file");
    err = issue_with(ca, job, fault);
    vouch_ca_close(ca);
    return err;
}

static int run(const struct vouch_cli *cli, enum vouch_cert_type type, enum vouch_exit *ret_exit,
               struct vouch_fault *fault) {
    struct vouch_sign_job job = {0};
    int err = vouch_sign_job_read(cli, type, &job, fault);
    if (err == 0) {
        err =
            vouch_args_count(&cli->args, "dry-run") > 0 ? dry_run(&job, fault) : issue(&job, fault);
    }
    vouch_sign_job_done(&job);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static int run_user(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    return run(cli, VOUCH_CERT_USER, ret_exit, fault);
}

static int run_host(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    return run(cli, VOUCH_CERT_HOST, ret_exit, fault);
}

#define REQUIRED VOUCH_OPTION_REQUIRED

// What both kinds take.
#define COMMON_BEFORE(principals_help, valid_help)                                                  \
    {"ca", 0, VOUCH_OPTION_ONE, VOUCH_OPTION_USUAL, "DIR", "the folder of the CA"},                 \
        {"id", 0, VOUCH_OPTION_ONE, REQUIRED, "KEYID", "the key ID, which sshd writes to its log"}, \
        {"principals", 0, VOUCH_OPTION_MANY, REQUIRED, "P[,P...]", principals_help}, {              \
        "valid", 0, VOUCH_OPTION_ONE, 0, "SPEC", valid_help                                         \
    }

#define COMMON_AFTER                                                                               \
    {"out", 0, VOUCH_OPTION_ONE, 0, "FILE", "where the certificate goes (default: KEY-cert.pub)"}, \
        {"force", 0, VOUCH_OPTION_FLAG, 0, NULL, "replace a certificate that is there already"},   \
        {"agent", 0, VOUCH_OPTION_FLAG, 0, NULL, "the CA key is in ssh-agent (SSH_AUTH_SOCK)"},    \
        {"ca-key",                                                                                 \
         0,                                                                                        \
         VOUCH_OPTION_ONE,                                                                         \
         0,                                                                                        \
         "FILE.pub",                                                                               \
         "with --agent: which CA key; its folder is the CA's unless --ca says otherwise"},         \
        {"passphrase-file",                                                                        \
         0,                                                                                        \
         VOUCH_OPTION_ONE,                                                                         \
         0,                                                                                        \
         "FILE",                                                                                   \
         "its first line is the passphrase of the CA key; - for standard input"},                  \
        {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show what would be signed; sign nothing"}, { \
        0                                                                                          \
    }

static const struct vouch_option user_options[] = {
    COMMON_BEFORE("the logins or roles that it is good for",
                  "8h (default), -5m:+1h, or FROM:TO in RFC 3339"),
    {"force-command", 0, VOUCH_OPTION_ONE, 0, "COMMAND", "run this command and no other"},
    {"source-address", 0, VOUCH_OPTION_MANY, 0, "CIDR[,...]", "good only from these addresses"},
    {"verify-required", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "the security key has to verify its user (PIN or touch of a finger)"},
    {"permit", 0, VOUCH_OPTION_MANY, 0, "X",
     "add a permission: X11-forwarding, agent-forwarding, port-forwarding, user-rc, "
     "no-touch-required"},
    {"no-permit", 0, VOUCH_OPTION_MANY, 0, "X", "take one away: pty, which is the default"},
    COMMON_AFTER,
};

static const struct vouch_option host_options[] = {
    COMMON_BEFORE("the names that people type for this host, in lower case",
                  "30d (default), -5m:+1h, or FROM:TO in RFC 3339"),
    COMMON_AFTER,
};

static const char notes[] =
    "The serial number comes from the ledger of the CA. Several keys are one batch: one look at "
    "the "
    "CA key, one write to the disk. A certificate appears only after its record in the ledger is "
    "safe. The paths of the certificates are printed; -o json prints all that is in them.";

static const char *const user_examples[] = {
    "vouch sign user --ca ca --id alice@example.com --principals alice id_ed25519.pub",
    "vouch sign user --ca ca --id ci-42 --principals deploy --valid 15m --no-permit pty "
    "--force-command /usr/bin/deploy --source-address 10.0.0.0/8 ci.pub",
    "vouch sign user --ca ca --agent --id bob --principals bob,role:dev bob.pub",
    NULL,
};

static const char *const host_examples[] = {
    "vouch sign host --ca ca --id web1 --principals web1.example.com,web1 "
    "/etc/ssh/ssh_host_ed25519_key.pub",
    NULL,
};

const struct vouch_command vouch_cmd_sign_user = {
    .noun = "sign",
    .verb = "user",
    .summary = "sign certificates for people and programs that log in",
    .operands = "KEY.pub...",
    .operands_min = 1,
    .operands_max = KEYS_MAX,
    .options = user_options,
    .notes = notes,
    .examples = user_examples,
    .shape = VOUCH_SHAPE_LIST,
    .run = run_user,
};

const struct vouch_command vouch_cmd_sign_host = {
    .noun = "sign",
    .verb = "host",
    .summary = "sign certificates for hosts",
    .operands = "KEY.pub...",
    .operands_min = 1,
    .operands_max = KEYS_MAX,
    .options = host_options,
    .notes = notes,
    .examples = host_examples,
    .shape = VOUCH_SHAPE_LIST,
    .run = run_host,
};
