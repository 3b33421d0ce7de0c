// SPDX-License-Identifier: ISC
// vouch setup completion: the completions of one person's shell, where they are not installed for all.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "prog/vouch/command.h"
#include "prog/vouch/completions.h"
#include "prog/vouch/home.h"

// Where each shell looks.
static const struct place {
    const char *shell;
    struct vouch_home_place home;
    const char *rest;
    const char *advice; // said when it is there; NULL: nothing has to be done
} places[] = {
    {"bash", {"XDG_DATA_HOME", "/.local/share"}, "/bash-completion/completions/vouch", NULL},
    {"zsh",
     {"XDG_DATA_HOME", "/.local/share"},
     "/zsh/site-functions/_vouch",
     "before compinit, ~/.zshrc needs: fpath+=(~/.local/share/zsh/site-functions)"},
    {"fish", {"XDG_CONFIG_HOME", "/.config"}, "/fish/completions/vouch.fish", NULL},
};

// The one that is named, or that SHELL is.
static int choose(const struct vouch_args *args, const struct place **ret_place,
                  struct vouch_fault *fault) {
    const char *shell = getenv("SHELL");
    const char *slash = shell != NULL ? strrchr(shell, '/') : NULL;
    shell = slash != NULL ? slash + 1 : shell;
    if (args->operand_count > 0) {
        shell = args->operands[0];
    }
    for (size_t i = 0; shell != NULL && i < sizeof places / sizeof places[0]; i++) {
        if (strcmp(places[i].shell, shell) == 0) {
            *ret_place = &places[i];
            return 0;
        }
    }
    vouch_usage(fault, "setup completion: there is none for %s, only: bash, zsh, fish",
                shell != NULL ? shell : "an unknown shell");
    return vouch_fault_next(fault, "name the shell: vouch setup completion bash");
}

static const char *text_for(const char *shell) {
    const struct vouch_completion *one = vouch_completions;
    while (one->shell != NULL && strcmp(one->shell, shell) != 0) {
        one++;
    }
    return one->shell != NULL ? one->text : "";
}

static int write_one(const struct vouch_cli *cli, const struct place *place, const char *path,
                     struct vouch_fault *fault) {
    const struct vouch_io_file file = {.path = path, .mode = 0644, .existing = VOUCH_IO_REPLACE};
    int err = vouch_home_make_folders(path, fault);
    if (err == 0) {
        err = vouch_io_write(&file, vouch_bytes_of(text_for(place->shell)), fault);
    }
    if (err == 0) {
        vouch_say_mark(&cli->term, VOUCH_MARK_OK, "%s: good from the next %s on", path,
                       place->shell);
    }
    if (err == 0 && place->advice != NULL) {
        vouch_say(&cli->term, "%s", place->advice);
    }
    return err;
}

static int remove_one(const struct vouch_cli *cli, const char *path, struct vouch_fault *fault) {
    if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR) {
        return vouch_io_write_fault(path, fault);
    }
    vouch_say_mark(&cli->term, VOUCH_MARK_OK, "there is no %s any more", path);
    return 0;
}

static int run_completion(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                          struct vouch_fault *fault) {
    char path[PATH_MAX];
    const struct place *place = NULL;
    int undo = vouch_args_count(&cli->args, "undo") > 0;
    *ret_exit = VOUCH_EXIT_OK;
    int err = choose(&cli->args, &place, fault);
    if (err == 0) {
        err = vouch_home_path(&place->home, place->rest, path, fault);
    }
    if (err != 0) {
        return err;
    }
    if (vouch_args_count(&cli->args, "dry-run") > 0) {
        vouch_say(&cli->term, "would %s %s; nothing was changed", undo ? "remove" : "write", path);
        return 0;
    }
    return undo ? remove_one(cli, path, fault) : write_one(cli, place, path, fault);
}

static const struct vouch_option options[] = {
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "say what would be written; change nothing"},
    {"undo", 0, VOUCH_OPTION_FLAG, 0, NULL, "remove it again"},
    {0},
};

static const char *const examples[] = {"vouch setup completion", "vouch setup completion zsh",
                                       NULL};

const struct vouch_command vouch_cmd_setup_completion = {
    .noun = "setup",
    .verb = "completion",
    .summary = "completion of vouch for your own shell",
    .operands = "[bash|zsh|fish]",
    .operands_max = 1,
    .options = options,
    .notes = "Where vouch was installed as a package, the completions are there already.",
    .examples = examples,
    .run = run_completion,
};
