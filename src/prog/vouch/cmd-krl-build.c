// SPDX-License-Identifier: ISC
// vouch krl build: revocations from options, lists and binary files into one KRL.
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/command.h"
#include "prog/vouch/krl-sources.h"
#include "prog/vouch/load.h"
#include "prog/vouch/out.h"

struct build {
    const struct vouch_cli *cli;
    const struct vouch_args *args;
    const char *out;
    struct vouch_loaded_krl old; // --update
    struct vouch_krl *krl;
    struct vouch_key *ca;
    struct vouch_krl_spec spec;
};

static void build_done(struct build *build) {
    if (build->krl != build->old.krl) {
        vouch_krl_free(build->krl);
    }
    vouch_loaded_krl_done(&build->old);
    vouch_key_free(build->ca);
}

static int read_ca(struct build *build, struct vouch_fault *fault) {
    const char *path = vouch_args_value(build->args, "ca");
    if (path == NULL) {
        return 0;
    }
    if (strcasecmp(path, "none") == 0) {
        build->spec.scope = VOUCH_KRL_SPEC_ANY_CA;
        return 0;
    }
    int err = vouch_load_key(path, &build->ca, NULL, fault);
    build->spec.scope = VOUCH_KRL_SPEC_ONE_CA;
    build->spec.ca = build->ca;
    return err;
}

static int open_list(struct build *build, struct vouch_fault *fault) {
    const char *old = vouch_args_value(build->args, "update");
    if (old == NULL) {
        build->krl = vouch_krl_new();
        return build->krl != NULL ? 0
                                  : vouch_krl_add_failed(fault, VOUCH_ERR_NO_MEMORY, build->out);
    }
    int err = vouch_load_krl(old, VOUCH_KRL_FILE_KRL_ONLY, &build->old, fault);
    build->krl = build->old.krl;
    return err;
}

static int add_sources(struct build *build, struct vouch_fault *fault) {
    return vouch_krl_sources_add(build->args, &build->spec, build->krl, fault);
}

#define autobuf __attribute__((cleanup(vouch_buf_done)))

// Version: what was asked for; else one more than the old list's, so that readers see which is newer.
static int set_header(struct build *build, struct vouch_fault *fault) {
    const char *version_text = vouch_args_value(build->args, "version");
    const char *comment = vouch_args_value(build->args, "comment");
    struct vouch_krl_header old = vouch_krl_header(build->krl);
    uint64_t version = vouch_args_count(build->args, "update") > 0 ? old.version + 1 : 1;
    vouch_autofree char *old_comment = vouch_str_copy(old.comment);
    if (old_comment == NULL) {
        return vouch_krl_add_failed(fault, VOUCH_ERR_NO_MEMORY, build->out);
    }
    int err =
        version_text != NULL ? vouch_args_number("version", version_text, &version, fault) : 0;
    if (err != 0) {
        return err;
    }
    comment = comment != NULL ? comment : old_comment;
    if (strlen(comment) > VOUCH_KRL_COMMENT_MAX) {
        return vouch_usage(fault, "--comment: longer than %d bytes", VOUCH_KRL_COMMENT_MAX);
    }
    vouch_krl_set_header(build->krl, version, vouch_time_now_s(), comment);
    return 0;
}

static int count_entry(void *context, const struct vouch_krl_entry *entry) {
    (void)entry;
    (*(size_t *)context)++;
    return 0;
}

// What was done, for somebody who looks on.
static void tell(const struct build *build, size_t entries, size_t size) {
    const struct vouch_term *term = &build->cli->term;
    int dry = vouch_args_count(build->args, "dry-run") > 0;
    char out[300];
    vouch_str_escape_to(vouch_bytes_of(build->out), out, sizeof out);
    vouch_say_mark(term, VOUCH_MARK_OK, "%s%s: version %llu, %zu entr%s, %zu bytes",
                   dry ? "would write " : "", out,
                   (unsigned long long)vouch_krl_header(build->krl).version, entries,
                   entries == 1 ? "y" : "ies", size);
    if (entries == 0) {
        vouch_say(term, "It revokes nothing yet. sshd needs the file to exist before RevokedKeys "
                        "names it.");
    }
}

static int print_item(const struct build *build, size_t entries, size_t size, enum vouch_form form,
                      struct vouch_fault *fault) {
    struct vouch_krl_header header = vouch_krl_header(build->krl);
    struct vouch_item *item = vouch_item_new("vouch.krl-build/1");
    vouch_item_word(item, "path", build->out);
    vouch_item_u64(item, "version", header.version);
    vouch_item_time(item, "generated", header.generated);
    vouch_item_count(item, "entries", entries);
    vouch_item_count(item, "bytes", size);
    vouch_item_yes_no(item, "dry_run", vouch_args_count(build->args, "dry-run") > 0);
    int err = vouch_item_print(item, form, fault);
    vouch_item_free(item);
    return err;
}

static int report(const struct build *build, size_t size, struct vouch_fault *fault) {
    const struct vouch_term *term = &build->cli->term;
    size_t entries = 0;
    enum vouch_form form;
    int err = vouch_form_of_item(build->args, &form, fault);
    if (err != 0) {
        return err;
    }
    // Counting walks over the whole list: only for somebody who is told.
    int is_told = !term->quiet || form != VOUCH_FORM_TABLE;
    if (is_told && vouch_krl_walk(build->krl, count_entry, &entries) != 0) {
        return vouch_krl_add_failed(fault, VOUCH_ERR_NO_MEMORY, build->out);
    }
    tell(build, entries, size);
    if (strcmp(build->out, "-") == 0) {
        return 0;
    }
    if (form == VOUCH_FORM_TABLE) {
        vouch_print_path(term, build->out);
        return 0;
    }
    return print_item(build, entries, size, form, fault);
}

static int write_list(const struct build *build, struct vouch_fault *fault) {
    autobuf struct vouch_buf blob;
    struct vouch_io_file file = {.path = build->out, .mode = 0644, .existing = VOUCH_IO_KEEP};
    const char *old = vouch_args_value(build->args, "update");
    if (vouch_args_count(build->args, "force") > 0 ||
        (old != NULL && strcmp(old, build->out) == 0)) {
        file.existing = VOUCH_IO_REPLACE;
    }
    vouch_buf_init(&blob, VOUCH_KRL_MAX);
    int err = vouch_krl_write(build->krl, &blob);
    if (err != 0) {
        return vouch_fault_set(fault, err, &vouch_fault_size, "%s: cannot be written: %s",
                               build->out, vouch_err_text(err));
    }
    if (vouch_args_count(build->args, "dry-run") == 0) {
        err = vouch_io_write(&file, vouch_buf_bytes(&blob), fault);
    }
    return err == 0 ? report(build, blob.len, fault) : err;
}

// Before the work, which may be long, and again when the file is written.
static int check_out(const struct build *build, struct vouch_fault *fault) {
    const char *old = vouch_args_value(build->args, "update");
    struct stat status;
    if (vouch_args_count(build->args, "force") > 0 || strcmp(build->out, "-") == 0 ||
        (old != NULL && strcmp(old, build->out) == 0) || lstat(build->out, &status) != 0) {
        return 0;
    }
    vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_exists, "%s: exists already", build->out);
    return vouch_fault_next(fault, "add --update %s to add to it, or --force to replace it",
                            build->out);
}

static int run_build(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                     struct vouch_fault *fault) {
    struct build build = {.cli = cli, .args = &cli->args};
    enum vouch_form form;
    build.out = vouch_args_value(&cli->args, "out");
    int err = vouch_form_of_item(&cli->args, &form, fault);
    int (*const steps[])(struct build *, struct vouch_fault *) = {read_ca, open_list, add_sources,
                                                                  set_header};
    if (err == 0) {
        err = check_out(&build, fault);
    }
    for (size_t i = 0; err == 0 && i < sizeof steps / sizeof steps[0]; i++) {
        err = steps[i](&build, fault);
    }
    if (err == 0) {
        err = write_list(&build, fault);
    }
    build_done(&build);
    *ret_exit = VOUCH_EXIT_OK;
    return err;
}

#define MANY VOUCH_OPTION_MANY
#define ONE VOUCH_OPTION_ONE

static const struct vouch_option options[] = {
    {"out", 0, ONE, VOUCH_OPTION_REQUIRED, "FILE", "where the list goes; - for standard output"},
    {"ca", 0, ONE, 0, "FILE.pub",
     "the CA of the serials and key IDs; none for certificates of any CA"},
    {"serial", 0, MANY, 0, "N|A-B", "certificates with this serial, or these"},
    {"key-id", 0, MANY, 0, "ID", "certificates with this key ID"},
    {"key", 0, MANY, 0, "FILE", "a public key, with every certificate of it or by it"},
    {"cert", 0, MANY, 0, "FILE", "a certificate: its serial under its CA (or its key ID)"},
    {"sha256", 0, MANY, 0, "SHA256:...|FILE", "a key by its fingerprint"},
    {"from", 0, MANY, 0, "FILE", "revocations in the text form of ssh-keygen -k; - for stdin"},
    {"binary-serials", 0, MANY, 0, "FILE", "serials, 8 bytes each, big-endian"},
    {"binary-hashes", 0, MANY, 0, "FILE", "SHA-256 hashes of keys, 32 bytes each"},
    {"key-ids", 0, MANY, 0, "FILE", "key IDs, one a line"},
    {"update", 0, ONE, 0, "OLD", "begin with what this list revokes"},
    {"version", 0, ONE, 0, "N", "version number (default: 1, or one more than OLD's)"},
    {"comment", 0, ONE, 0, "TEXT", "comment in the list"},
    {"force", 0, VOUCH_OPTION_FLAG, 0, NULL, "replace a file that is there already"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "build the list, but write nothing"},
    {0},
};

static const char *const examples[] = {
    "vouch krl build --out revoked.krl",
    "vouch krl build --out revoked.krl --update revoked.krl --ca user_ca.pub --serial 4711",
    "vouch krl build --out revoked.krl --ca user_ca.pub --key-id alice@example.com --from list.txt",
    "vouch krl build --out all.krl --ca user_ca.pub --binary-serials serials.bin",
    NULL,
};

const struct vouch_command vouch_cmd_krl_build = {
    .noun = "krl",
    .verb = "build",
    .summary = "build a revocation list (KRL) that every OpenSSH since 7.x reads",
    .operands = "",
    .options = options,
    .notes = "Without anything to revoke the list is empty, which is what a new host needs: sshd "
             "refuses everybody when the file that RevokedKeys names is missing. The file is "
             "replaced in one step.",
    .examples = examples,
    .shape = VOUCH_SHAPE_ITEM,
    .run = run_build,
};
