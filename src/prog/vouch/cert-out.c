// SPDX-License-Identifier: ISC
// A granted certificate as a file: see cert-out.h.
#include "prog/vouch/cert-out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/str.h"
#include "base/time.h"
#include "prog/vouch/cert-text.h"

#define LINE_MAX_BYTES (512u * 1024)

char *vouch_cert_out_path(const char *key_path) {
    size_t len = strlen(key_path);
    char *out = NULL;
    len -= len > 4 && strcmp(key_path + len - 4, ".pub") == 0 ? 4 : 0;
    return asprintf(&out, "%.*s-cert.pub", (int)len, key_path) < 0 ? NULL : out;
}

int vouch_cert_out_check(const struct vouch_args *args, const char *path,
                         struct vouch_fault *fault) {
    struct stat status;
    if (strcmp(path, "-") == 0 || lstat(path, &status) != 0 ||
        vouch_args_count(args, "force") > 0) {
        return 0;
    }
    vouch_fault_set(fault, VOUCH_ERR_EXISTS, &vouch_fault_exists, "%s: exists already", path);
    return vouch_fault_next(fault, "add --force to replace it, or --out FILE for another name");
}

static void say_written(const struct vouch_cli *cli, const struct vouch_cert_out *out) {
    char until[VOUCH_TIME_TEXT_MAX], left[VOUCH_TIME_TEXT_MAX], path[300], id[300];
    uint64_t now_s = vouch_time_now_s(), before = out->cert->valid_before;
    vouch_term_time(&cli->term, before, until, sizeof until);
    vouch_duration_text(before > now_s ? before - now_s : 0, left);
    vouch_str_escape_to(vouch_bytes_of(out->path), path, sizeof path);
    vouch_str_escape_to(out->cert->key_id, id, sizeof id);
    vouch_say_mark(&cli->term, VOUCH_MARK_OK,
                   "%s: %s certificate \"%s\", serial %llu, until %s (%s)", path,
                   out->cert->type == VOUCH_CERT_HOST ? "host" : "user", id,
                   (unsigned long long)out->cert->serial, until, left);
}

static int print_written(const struct vouch_cli *cli, const struct vouch_cert_out *out,
                         enum vouch_form form, struct vouch_fault *fault) {
    if (form == VOUCH_FORM_TABLE) {
        vouch_print_path(&cli->term, out->path);
        return 0;
    }
    struct vouch_item *item = vouch_item_new("vouch.cert/1");
    vouch_item_path(item, "path", out->path);
    vouch_cert_item(out->cert, vouch_time_now_s(), item);
    int err = vouch_item_print(item, form, fault);
    vouch_item_free(item);
    return err;
}

static int write_line(const struct vouch_cert_out *out, struct vouch_bytes line,
                      struct vouch_fault *fault) {
    struct vouch_io_file file = {.path = out->path, .mode = 0644};
    file.existing = out->replace ? VOUCH_IO_REPLACE : VOUCH_IO_KEEP;
    int err = vouch_io_write(&file, line, fault);
    if (err != 0) {
        vouch_fault_next(fault, "make room, then: vouch cert show --line %llu > FILE",
                         (unsigned long long)out->cert->serial);
    }
    return err;
}

int vouch_cert_out_write(const struct vouch_cli *cli, const struct vouch_cert_out *out,
                         struct vouch_fault *fault) {
    enum vouch_form form = VOUCH_FORM_TABLE;
    struct vouch_buf line;
    int err = vouch_form_of_item(&cli->args, &form, fault);
    vouch_buf_init(&line, LINE_MAX_BYTES);
    vouch_cert_print(out->cert->blob, out->comment, &line);
    vouch_buf_put_text(&line, "\n");
    if (err == 0 && line.err != 0) {
        err = vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
    }
    if (err == 0) {
        err = write_line(out, vouch_buf_bytes(&line), fault);
    }
    vouch_buf_done(&line);
    if (err != 0) {
        return err;
    }
    say_written(cli, out);
    return strcmp(out->path, "-") == 0 ? 0 : print_written(cli, out, form, fault);
}
