// SPDX-License-Identifier: ISC
// vouch ledger show: what a CA issued and did, record by record.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/cert-view.h"
#include "ledger/ledger.h"
#include "prog/vouch/cert-text.h"
#include "prog/vouch/command.h"
#include "prog/vouch/ledger-dir.h"
#include "prog/vouch/out.h"

#define LINE_BYTES (512u * 1024)

static const struct vouch_column columns[] = {
    {"number", "NUMBER", 0},
    {"time", "TIME", 0},
    {"event", "EVENT", 0},
    {"serial", "SERIAL", 0},
    {"key_id", "KEY-ID", 0},
    {"principals", "PRINCIPALS", 0},
    {"object", "OBJECT", 0},
    {"valid_before", "VALID-BEFORE", 1},
    {"actor", "ACTOR", 1},
    {"key_fingerprint", "KEY", 1},
    {"ca_fingerprint", "CA", 1},
    {"evidence", "EVIDENCE", 1},
    {"role", "ROLE", 1},
    {"request", "REQUEST", 1},
    {"source", "SOURCE", 1},
    {"policy", "POLICY", 1},
    {0},
};

static const struct vouch_list_spec show_list = {
    .schema = "vouch.ledger/1",
    .member = "records",
    .columns = columns,
};

struct show {
    const struct vouch_cli *cli;
    struct vouch_ledger_reader *reader;
    struct vouch_list *list; // NULL with --certs
    uint64_t from;
    uint64_t count;
    uint64_t *serials; // none: every record
    size_t serial_count;
    const char *key_id; // NULL: any
    uint64_t shown;
};

static void show_done(struct show *show) {
    vouch_ledger_reader_close(show->reader);
    vouch_list_free(show->list);
    free(show->serials);
}

static int read_number(const struct vouch_args *args, const char *option, uint64_t *number,
                       struct vouch_fault *fault) {
    const char *text = vouch_args_value(args, option);
    return text != NULL ? vouch_args_number(option, text, number, fault) : 0;
}

static int read_options(struct show *show, struct vouch_fault *fault) {
    const struct vouch_args *args = &show->cli->args;
    size_t cursor = 0;
    const char *text;
    show->count = UINT64_MAX;
    show->key_id = vouch_args_value(args, "key-id");
    show->serials = calloc(vouch_args_count(args, "serial") + 1, sizeof *show->serials);
    if (show->serials == NULL) {
        return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    int err = read_number(args, "from", &show->from, fault);
    if (err == 0) {
        err = read_number(args, "count", &show->count, fault);
    }
    while (err == 0 && (text = vouch_args_next(args, "serial", &cursor)) != NULL) {
        err = vouch_args_number("serial", text, &show->serials[show->serial_count++], fault);
    }
    return err;
}

// Without verifying signatures: that is what vouch ledger verify is for.
static int is_wanted(const struct show *show, const struct vouch_record *record) {
    struct vouch_cert_view cert;
    struct vouch_where where;
    int certs_only = vouch_args_count(&show->cli->args, "certs") > 0;
    if (show->serial_count == 0 && show->key_id == NULL) {
        return !certs_only || record->kind == VOUCH_RECORD_CERT;
    }
    if (record->kind != VOUCH_RECORD_CERT ||
        vouch_cert_view_read(record->cert, &cert, &where) != 0) {
        return 0;
    }
    if (show->key_id != NULL && !vouch_bytes_equal(cert.key_id, vouch_bytes_of(show->key_id))) {
        return 0;
    }
    int found = show->serial_count == 0;
    for (size_t i = 0; i < show->serial_count; i++) {
        found |= show->serials[i] == cert.serial;
    }
    return found;
}

static void add_cert(struct vouch_item *row, const struct vouch_record *record) {
    struct vouch_cert *cert = NULL;
    struct vouch_where where = {0};
    struct vouch_buf line;
    vouch_item_word(row, "event", "certificate");
    int err = vouch_cert_parse(record->cert, &cert, &where);
    if (err != 0) {
        vouch_item_word(row, "object", vouch_err_text(err));
    } else {
        vouch_cert_item(cert, record->time_ms / 1000, row);
        vouch_cert_free(cert);
    }
    vouch_buf_init(&line, LINE_BYTES);
    vouch_cert_print(record->cert, NULL, &line);
    vouch_item_text(row, "cert", vouch_buf_bytes(&line));
    vouch_buf_done(&line);
    vouch_item_text(row, "evidence", record->evidence);
    vouch_item_text(row, "role", record->role);
    vouch_item_text(row, "request", record->request);
    vouch_item_text(row, "source", record->source);
    vouch_item_text(row, "policy", record->policy);
}

static void add_event(struct vouch_item *row, const struct vouch_record *record) {
    struct vouch_bytes details = record->details, name, value;
    vouch_item_text(row, "event", record->type);
    vouch_item_text(row, "object", record->object);
    vouch_item_append(row, "details", NULL);
    while (vouch_record_detail_next(&details, &name, &value)) {
        struct vouch_item *child = vouch_item_child(row, "details");
        vouch_item_text(child, "name", name);
        vouch_item_text(child, "value", value);
    }
}

static void show_row(struct show *show, const struct vouch_record *record) {
    struct vouch_item *row = vouch_list_row(show->list);
    vouch_item_u64(row, "number", record->number);
    vouch_item_time(row, "time", record->time_ms / 1000);
    vouch_item_u64(row, "time_ms", record->time_ms);
    vouch_item_text(row, "actor", record->actor);
    if (record->kind == VOUCH_RECORD_CERT) {
        add_cert(row, record);
    } else {
        add_event(row, record);
    }
}

// The certificate as a line of a -cert.pub file.
static int print_cert(const struct vouch_record *record, struct vouch_fault *fault) {
    struct vouch_buf line;
    vouch_buf_init(&line, LINE_BYTES);
    vouch_cert_print(record->cert, NULL, &line);
    vouch_buf_put_text(&line, "\n");
    if (line.err == 0) {
        (void)fwrite(line.ptr, 1, line.len, stdout);
    }
    int err = line.err;
    vouch_buf_done(&line);
    return err == 0 ? 0
                    : vouch_fault_set(fault, err, &vouch_fault_memory, "record %llu: out of memory",
                                      (unsigned long long)record->number);
}

static int show_records(struct show *show, struct vouch_fault *fault) {
    struct vouch_record record;
    int found = 1, err = 0;
    while (err == 0 && show->shown < show->count) {
        err = vouch_ledger_reader_next(show->reader, &record, &found, fault);
        if (err != 0 || !found) {
            break;
        }
        if (!is_wanted(show, &record)) {
            continue;
        }
        show->shown++;
        if (show->list != NULL) {
            show_row(show, &record);
        } else {
            err = print_cert(&record, fault);
        }
    }
    return err;
}

static int nothing_found(const struct show *show, struct vouch_fault *fault) {
    vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_input,
                    "%s: no certificate with that serial or key ID is recorded",
                    show->cli->args.operands[0]);
    return vouch_fault_next(fault, "vouch ledger show %s lists all records",
                            show->cli->args.operands[0]);
}

static int run(struct show *show, struct vouch_fault *fault) {
    char dir[PATH_MAX];
    const struct vouch_args *args = &show->cli->args;
    int err = read_options(show, fault);
    if (err == 0) {
        err = vouch_ledger_dir(args->operands[0], dir, fault);
    }
    if (err == 0) {
        err = vouch_ledger_reader_open(dir, show->from, &show->reader, fault);
    }
    if (err == 0 && vouch_args_count(args, "certs") == 0) {
        err = vouch_list_open(&show_list, args, &show->cli->term, &show->list, fault);
    }
    if (err == 0) {
        err = show_records(show, fault);
    }
    if (err == 0 && show->list != NULL) {
        err = vouch_list_close(vouch_steal(show->list), fault);
    }
    int asked = show->serial_count > 0 || show->key_id != NULL;
    return err == 0 && asked && show->shown == 0 ? nothing_found(show, fault) : err;
}

static int run_show(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                    struct vouch_fault *fault) {
    struct show show = {.cli = cli};
    int err = run(&show, fault);
    show_done(&show);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

static const struct vouch_option options[] = {
    {"from", 0, VOUCH_OPTION_ONE, 0, "N", "begin at record N (default: 0, the oldest)"},
    {"count", 0, VOUCH_OPTION_ONE, 0, "N", "show at most so many"},
    {"serial", 0, VOUCH_OPTION_MANY, 0, "N", "only certificates with this serial"},
    {"key-id", 0, VOUCH_OPTION_ONE, 0, "ID", "only certificates with this key ID"},
    {"certs", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "print the certificates themselves, as in -cert.pub files"},
    {0},
};

static const char *const examples[] = {
    "vouch ledger show ca",
    "vouch ledger show ca --serial 4711 --certs > alice-cert.pub",
    "vouch ledger show ca -o jsonl --from 1000 --count 100",
    NULL,
};

const struct vouch_command vouch_cmd_ledger_show = {
    .noun = "ledger",
    .verb = "show",
    .summary = "what a CA issued and did, record by record",
    .operands = "DIR",
    .operands_min = 1,
    .operands_max = 1,
    .options = options,
    .notes = "DIR is the CA's folder, or that of its ledger. Works while certificates are being "
             "issued. It shows what is written there and proves nothing: vouch ledger verify does.",
    .examples = examples,
    .shape = VOUCH_SHAPE_LIST,
    .run = run_show,
};
