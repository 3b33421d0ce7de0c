// SPDX-License-Identifier: ISC
// vouch setup ssh: the line by which ssh finds what vouch writes, and taking everything out again.
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "prog/vouch/command.h"
#include "prog/vouch/home.h"
#include "prog/vouch/ssh-config.h"
#include "prog/vouch/zone-dir.h"

static int say_zone(void *context, const struct vouch_zone_dir *dir, struct vouch_fault *fault) {
    const struct vouch_term *term = context;
    (void)fault;
    vouch_say(term, "  -   %s with its key and certificates", dir->path);
    return 0;
}

static int remove_zone(void *context, const struct vouch_zone_dir *dir, struct vouch_fault *fault) {
    (void)context;
    return vouch_zone_dir_remove(dir, fault);
}

static int line_of(char *ret_line, size_t size, struct vouch_fault *fault) {
    struct vouch_buf text;
    vouch_buf_init_fixed(&text, ret_line, size - 1);
    int err = vouch_ssh_include_line(&text, fault);
    ret_line[text.len] = '\0';
    return err;
}

static int remove_config(struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_home_path(&vouch_home_ssh, "/vouch/config", path, fault);
    if (err == 0 && unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR) {
        err = vouch_io_write_fault(path, fault);
    }
    if (err == 0) {
        err = vouch_zone_root(path, fault);
    }
    if (err == 0) {
        (void)rmdir(path); // stays where a person has put something else into it
    }
    return err;
}

static int undo(const struct vouch_cli *cli, const char *line, enum vouch_ssh_include state,
                struct vouch_fault *fault) {
    struct vouch_term term = cli->term;
    if (vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&term, "would take this out of ~/.ssh; nothing was changed");
        if (state == VOUCH_SSH_INCLUDED) {
            vouch_say(&term, "  -   ~/.ssh/config: %s", line);
        }
        return vouch_zone_each(say_zone, &term, fault);
    }
    int err = vouch_zone_each(remove_zone, NULL, fault);
    if (err == 0) {
        err = remove_config(fault);
    }
    if (err == 0) {
        err = vouch_ssh_include_remove(fault);
    }
    if (err == 0) {
        vouch_say_mark(&term, VOUCH_MARK_OK, "~/.ssh is as it was without vouch");
    }
    return err;
}

static int set_up(const struct vouch_cli *cli, const char *line, enum vouch_ssh_include state,
                  struct vouch_fault *fault) {
    if (vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term,
                  state == VOUCH_SSH_INCLUDED
                      ? "~/.ssh/config has the line already; nothing would change"
                      : "would put this in front of ~/.ssh/config; nothing was changed");
        if (state == VOUCH_SSH_NOT_INCLUDED) {
            (void)printf("%s\n", line);
        }
        return 0;
    }
    int err = vouch_ssh_config_write(fault);
    if (err == 0) {
        err = vouch_ssh_include_add(fault);
    }
    if (err == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK,
                       "~/.ssh/config %s: %s      (undo: vouch setup ssh --undo)",
                       state == VOUCH_SSH_INCLUDED ? "has it already" : "line 1", line);
    }
    return err;
}

static int run_ssh(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                   struct vouch_fault *fault) {
    char line[PATH_MAX + 32];
    enum vouch_ssh_include state = VOUCH_SSH_NOT_INCLUDED;
    *ret_exit = VOUCH_EXIT_OK;
    int err = line_of(line, sizeof line, fault);
    if (err == 0) {
        err = vouch_ssh_include_look(&state, fault);
    }
    if (err != 0) {
        return err;
    }
    return vouch_args_count(&cli->args, "undo") > 0 ? undo(cli, line, state, fault)
                                                    : set_up(cli, line, state, fault);
}

static const struct vouch_option options[] = {
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "say what would be changed; change nothing"},
    {"undo", 0, VOUCH_OPTION_FLAG, 0, NULL,
     "take out all that vouch wrote in ~/.ssh, keys and certificates of zones included"},
    {0},
};

static const char *const examples[] = {"vouch setup ssh --dry-run", "vouch setup ssh --undo", NULL};

const struct vouch_command vouch_cmd_setup_ssh = {
    .noun = "setup",
    .verb = "ssh",
    .summary = "make plain ssh use the certificates: one line in front of ~/.ssh/config",
    .operands = "",
    .options = options,
    .notes =
        "vouch login does it by itself. With --undo every byte of ~/.ssh is as it was; what was "
        "changed there by other hands stays.",
    .examples = examples,
    .run = run_ssh,
};
