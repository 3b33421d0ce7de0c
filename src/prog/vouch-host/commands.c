// SPDX-License-Identifier: ISC
// The table of commands of vouch-host, and what they share: see commands.h.
#include "prog/vouch-host/commands.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const char *const examples[] = {
    "vouch-host enrol https://ca.example.com:8443 --pin sha256:... --token-file token",
    "vouch-host status",
    NULL,
};

const struct vouch_program vouch_program = {
    .name = "vouch-host",
    .title = "makes this machine a host of a Vouchsafe server, and keeps it one",
    .examples = examples,
};

const struct vouch_command *const vouch_commands[] = {
    &vouch_host_cmd_enrol,
    &vouch_host_cmd_status,
    &vouch_host_cmd_check,
    &vouch_host_cmd_renew,
    &vouch_host_cmd_sync,
    &vouch_host_cmd_run,
    &vouch_host_cmd_apply,
    &vouch_host_cmd_confirm,
    &vouch_host_cmd_scan,
    &vouch_host_cmd_leave,
    &vouch_cmd_help,
    &vouch_cmd_version,
    NULL,
};

int vouch_host_root(const struct vouch_cli *cli, char ret_root[static PATH_MAX],
                    struct vouch_fault *fault) {
    const char *given = vouch_args_value(&cli->args, "root");
    char *found = realpath(given != NULL ? given : "/", ret_root);
    return found != NULL ? 0
                         : vouch_usage(fault, "--root %s: there is no such folder",
                                       given != NULL ? given : "/");
}

int vouch_host_station(const struct vouch_cli *cli, enum vouch_station_share share,
                       struct vouch_station *ret_station, struct vouch_fault *fault) {
    char root[PATH_MAX];
    pid_t other = 0;
    int err = vouch_host_root(cli, root, fault);
    if (err == 0) {
        err = vouch_station_open(root, share, ret_station, &other, fault);
    }
    if (err == 0 && ret_station->is_weak && share == VOUCH_STATION_ALONE) { // once, at enrolling
        vouch_say_mark(&cli->term, VOUCH_MARK_WARN,
                       "there is no user " VOUCH_STATION_USER
                       ", so the agent works as nobody: systemd-sysusers makes it");
    }
    return err;
}

int vouch_host_member(const struct vouch_cli *cli, struct vouch_member *ret_member,
                      pid_t *ret_other, struct vouch_fault *fault) {
    char root[PATH_MAX];
    int err = vouch_host_root(cli, root, fault);
    return err == 0 ? vouch_member_open(root, ret_member, ret_other, fault) : err;
}

static char *escaped(struct vouch_bytes text) {
    struct vouch_buf out;
    size_t len = 0;
    vouch_buf_init(&out, 4 * text.len + 1);
    vouch_str_escape(text, &out);
    vouch_buf_put(&out, (struct vouch_bytes){(const uint8_t *)"", 1});
    return (char *)vouch_buf_take(&out, &len);
}

void vouch_host_say_step(void *context, struct vouch_bytes line) {
    const struct vouch_term *term = context;
    vouch_autofree char *text = escaped(line);
    vouch_say(term, "  %s  %s", vouch_term_mark_err(term, VOUCH_MARK_OK),
              text != NULL ? text : "done");
}

// Files here are a few lines, so a difference is told by lines that only one of both has.
static int has_line(struct vouch_bytes text, struct vouch_bytes line) {
    while (text.ptr != NULL) {
        if (vouch_bytes_equal(vouch_str_cut(&text, '\n'), line)) {
            return 1;
        }
    }
    return 0;
}

static size_t say_lines(const struct vouch_term *term, char mark, struct vouch_bytes text,
                        struct vouch_bytes other) {
    size_t count = 0;
    while (text.ptr != NULL) {
        struct vouch_bytes line = vouch_str_cut(&text, '\n');
        if (line.len > 0 && !has_line(other, line)) {
            vouch_autofree char *shown = escaped(line);
            vouch_say(term, "      %c %s", mark, shown != NULL ? shown : "");
            count++;
        }
    }
    return count;
}

static size_t count_lines(struct vouch_bytes text) {
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += text.ptr[i] == '\n';
    }
    return count;
}

static void say_file(const struct vouch_cli *cli, const struct vouch_apply_file *file,
                     enum vouch_apply_what what) {
    vouch_autofree char *path = escaped(file->path);
    size_t lines = count_lines(file->after);
    char how[40] = "";
    if (lines > 0) {
        (void)snprintf(how, sizeof how, "   (%zu line%s)", lines, lines == 1 ? "" : "s");
    }
    vouch_say(&cli->term, "  %s   %s%s",
              file->is_removed ? "-"
              : file->is_new   ? "+"
                               : "~",
              path != NULL ? path : "", file->is_removed ? "" : how);
    if (what == VOUCH_APPLY_SHOW || cli->term.verbose > 0) {
        (void)say_lines(&cli->term, '-', file->before, file->after);
        (void)say_lines(&cli->term, '+', file->after, file->before);
    }
}

void vouch_host_say_done(const struct vouch_cli *cli, const struct vouch_apply_done *done,
                         enum vouch_apply_what what) {
    for (size_t i = 0; i < done->file_count; i++) {
        say_file(cli, &done->files[i], what);
    }
    for (size_t i = 0; i < done->steps.count; i++) {
        vouch_host_say_step((void *)(uintptr_t)&cli->term, done->steps.items[i]);
    }
}

enum vouch_exit vouch_host_failed(const struct vouch_cli *cli, const struct vouch_fault *fault) {
    if (fault->kind == &vouch_fault_server_unreachable) {
        return VOUCH_EXIT_UNREACHABLE;
    }
    // The root part ended in the middle of an answer.
    if (fault->kind == &vouch_fault_peer) {
        return VOUCH_EXIT_LOCAL;
    }
    if (fault->kind == &vouch_fault_adoption) {
        return VOUCH_EXIT_WAITING;
    }
    if (fault->err == VOUCH_ERR_PASSPHRASE) {
        return VOUCH_EXIT_TOKEN;
    }
    if (fault->err == VOUCH_ERR_REFUSED) {
        return VOUCH_EXIT_REFUSED;
    }
    return vouch_command_usual_exit(cli->command, fault);
}
