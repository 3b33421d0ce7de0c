// SPDX-License-Identifier: ISC
// vouch setup git: commits signed with the certificate of vouch login, and verified by the user CA.
//
// git is given one file to include and nothing else, so that what a person has set stays, and taking
// that line out undoes everything.
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "prog/vouch/home.h"
#include "prog/vouch/reach.h"
#include "prog/vouch/ssh-config.h"
#include "prog/vouch/trust.h"
#include "prog/vouch/zone-dir.h"

#define TEXT_MAX 65536
#define GIT_NOTHING 1  // git config: there is no such value
#define GIT_NO_VALUE 5 // git config --unset: likewise

extern char **environ;

struct git {
    const struct vouch_cli *cli;
    char config[PATH_MAX];  // what git includes
    char signers[PATH_MAX]; // whose signatures it believes
    struct vouch_zone_dir dir;
};

static int fail(struct vouch_fault *fault, const char *what, const char *why) {
    return vouch_fault_set(fault, VOUCH_ERR_NOT_FOUND, &vouch_fault_git_setup, "git: %s%s", what,
                           why);
}

// Runs `git config --global ...`; what it prints is not shown.
static int git_config(const char *const *words, int *ret_status, struct vouch_fault *fault) {
    char *argv[16] = {(char *)(uintptr_t) "git", (char *)(uintptr_t) "config",
                      (char *)(uintptr_t) "--global"};
    size_t count = 3;
    pid_t pid = 0;
    int status = 0;
    posix_spawn_file_actions_t actions;
    for (; *words != NULL && count + 1 < sizeof argv / sizeof argv[0]; words++) {
        argv[count++] = (char *)(uintptr_t)*words;
    }
    if (posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) != 0) {
        return fail(fault, "cannot be started: ", "out of memory");
    }
    int code = posix_spawnp(&pid, "git", &actions, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (code != 0) {
        fail(fault, "cannot be started: ", strerror(code));
        return vouch_fault_next(fault, "install git, and run it again");
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
    return 0;
}

static int is_included(const struct git *git, int *ret_is, struct vouch_fault *fault) {
    const char *const words[] = {"--fixed-value", "--get", "include.path", git->config, NULL};
    int status = 0;
    int err = git_config(words, &status, fault);
    if (err == 0 && status > GIT_NOTHING) {
        err = fail(fault, "its settings cannot be read", "");
    }
    *ret_is = status == 0;
    return err;
}

static int paths(struct git *git, struct vouch_fault *fault) {
    int err = vouch_home_path(&vouch_home_config, "/vouch/git/config", git->config, fault);
    return err == 0 ? vouch_home_path(&vouch_home_config, "/vouch/git/allowed_signers",
                                      git->signers, fault)
                    : err;
}

// The zone whose key signs: --zone, or the only one.

struct choice {
    const char *wanted;
    size_t count;
    struct vouch_zone_dir dir;
};

static int consider(void *context, const struct vouch_zone_dir *dir, struct vouch_fault *fault) {
    struct choice *choice = context;
    (void)fault;
    if (choice->wanted == NULL || strcmp(choice->wanted, dir->zone) == 0) {
        choice->dir = *dir;
        choice->count++;
    }
    return 0;
}

static int choose_zone(struct git *git, struct vouch_fault *fault) {
    struct choice choice = {.wanted = vouch_args_value(&git->cli->args, "zone")};
    int err = vouch_zone_each(consider, &choice, fault);
    if (err == 0 && choice.count == 0) {
        return vouch_session_signed_out(choice.wanted != NULL ? choice.wanted : "any zone", NULL,
                                        fault);
    }
    if (err == 0 && choice.count > 1) {
        vouch_usage(fault, "setup git: there are %zu zones, and one key signs", choice.count);
        return vouch_fault_next(fault, "add --zone ZONE, such as --zone %s", choice.dir.zone);
    }
    git->dir = choice.dir;
    return err;
}

// The two files

static void put_setting(struct vouch_buf *text, const char *name, const char *value) {
    vouch_buf_put_text(text, "\t");
    vouch_buf_put_text(text, name);
    vouch_buf_put_text(text, " = \"");
    for (; *value != '\0'; value++) {
        vouch_buf_put_text(text, *value == '"' || *value == '\\' ? "\\" : "");
        vouch_buf_put(text, (struct vouch_bytes){(const uint8_t *)value, 1});
    }
    vouch_buf_put_text(text, "\"\n");
}

static int make_config(const struct git *git, struct vouch_buf *text, struct vouch_fault *fault) {
    char key[PATH_MAX];
    int err = vouch_zone_dir_file(&git->dir, "id-cert.pub", key, fault);
    vouch_buf_put_text(text, "# Written by vouch setup git; vouch setup git --undo removes it.\n"
                             "[gpg]\n\tformat = ssh\n[gpg \"ssh\"]\n");
    put_setting(text, "allowedSignersFile", git->signers);
    vouch_buf_put_text(text, "[user]\n");
    put_setting(text, "signingKey", key);
    vouch_buf_put_text(text, "[commit]\n\tgpgSign = true\n[tag]\n\tgpgSign = true\n");
    return err;
}

// Every certificate of this CA, for signatures of git alone. The name that git shows is the principal:
// the role, where the zone has roles for principals.
static int make_signers(const struct vouch_settings *settings, struct vouch_buf *text,
                        struct vouch_fault *fault) {
    struct vouch_trust trust = {0};
    int err = vouch_trust_here(settings, &trust, fault);
    if (err == 0) {
        vouch_trust_put_lines(&trust, VOUCH_CERT_USER, "* cert-authority,namespaces=\"git\" ",
                              settings->name, text);
    }
    vouch_trust_done(&trust);
    return err;
}

static int write_text(const char *path, const struct vouch_buf *text, struct vouch_fault *fault) {
    const struct vouch_io_file file = {.path = path, .mode = 0600, .existing = VOUCH_IO_REPLACE};
    if (text->err != 0) {
        return vouch_fault_set(fault, text->err, &vouch_fault_memory, "out of memory");
    }
    int err = vouch_home_make_folders(path, fault);
    return err == 0 ? vouch_io_write(&file, vouch_buf_bytes(text), fault) : err;
}

static int write_files(const struct git *git, const struct vouch_buf *config,
                       struct vouch_fault *fault) {
    struct vouch_settings settings = {0};
    struct vouch_buf signers;
    vouch_buf_init(&signers, TEXT_MAX);
    int err = vouch_settings_read(&settings, fault);
    if (err == 0) {
        err = make_signers(&settings, &signers, fault);
    }
    if (err == 0) {
        err = write_text(git->signers, &signers, fault);
    }
    if (err == 0) {
        err = write_text(git->config, config, fault);
    }
    vouch_buf_done(&signers);
    vouch_settings_done(&settings);
    return err;
}

static int include(const struct git *git, struct vouch_fault *fault) {
    const char *const words[] = {"--add", "include.path", git->config, NULL};
    int status = 0, is = 0;
    int err = is_included(git, &is, fault);
    if (err != 0 || is) {
        return err;
    }
    err = git_config(words, &status, fault);
    return err == 0 && status != 0 ? fail(fault, "did not take the setting include.path", "") : err;
}

static int set_up(struct git *git, struct vouch_fault *fault) {
    const struct vouch_term *term = &git->cli->term;
    struct vouch_buf text;
    int err = choose_zone(git, fault);
    if (err != 0) {
        return err;
    }
    vouch_buf_init(&text, TEXT_MAX);
    err = make_config(git, &text, fault);
    if (err == 0 && vouch_args_count(&git->cli->args, "dry-run") > 0) {
        vouch_say(term, "would have git include this; nothing was changed");
        (void)fwrite(text.ptr, 1, text.len, stdout);
        vouch_buf_done(&text);
        return 0;
    }
    if (err == 0) {
        err = write_files(git, &text, fault);
    }
    vouch_buf_done(&text);
    if (err == 0) {
        err = include(git, fault);
    }
    if (err == 0) {
        vouch_say_mark(term, VOUCH_MARK_OK,
                       "git signs commits with the certificate for %s      (undo: vouch setup git "
                       "--undo)",
                       git->dir.zone);
        vouch_say(term,
                  "A signature proves the certificate's principals, such as role:dev, for the "
                  "time of the commit; it does not look at the e-mail address in it.");
    }
    return err;
}

static int undo(struct git *git, struct vouch_fault *fault) {
    const struct vouch_term *term = &git->cli->term;
    const char *const words[] = {"--fixed-value", "--unset-all", "include.path", git->config, NULL};
    int status = 0;
    if (vouch_args_count(&git->cli->args, "dry-run") > 0) {
        vouch_say(term, "would take include.path = %s out of git's settings; nothing was changed",
                  git->config);
        return 0;
    }
    int err = git_config(words, &status, fault);
    if (err == 0 && status != 0 && status != GIT_NO_VALUE && status != GIT_NOTHING) {
        err = fail(fault, "its settings could not be changed", "");
    }
    if (err == 0) {
        (void)unlink(git->config);
        (void)unlink(git->signers);
        *strrchr(git->config, '/') = '\0';
        (void)rmdir(git->config);
        vouch_say_mark(term, VOUCH_MARK_OK, "git's settings are as they were without vouch");
    }
    return err;
}

static int run_git(const struct vouch_cli *cli, enum vouch_exit *ret_exit,
                   struct vouch_fault *fault) {
    struct git git = {.cli = cli};
    *ret_exit = VOUCH_EXIT_OK;
    int err = paths(&git, fault);
    if (err != 0) {
        return err;
    }
    return vouch_args_count(&cli->args, "undo") > 0 ? undo(&git, fault) : set_up(&git, fault);
}

static const struct vouch_option options[] = {
    {"zone", 0, VOUCH_OPTION_ONE, 0, "ZONE", "whose key signs (default: the only one)"},
    {"dry-run", 'n', VOUCH_OPTION_FLAG, 0, NULL, "show what git would be told; change nothing"},
    {"undo", 0, VOUCH_OPTION_FLAG, 0, NULL, "take everything out again"},
    {0},
};

static const char *const examples[] = {"vouch setup git --dry-run", "vouch setup git --undo", NULL};

const struct vouch_command vouch_cmd_setup_git = {
    .noun = "setup",
    .verb = "git",
    .summary = "have git sign commits with the certificate, and verify those of others by the CA",
    .operands = "",
    .options = options,
    .notes =
        "Every certificate of this CA is good for a signature of git. A commit verifies if its "
        "certificate was valid at the commit's own date, which its author sets: for proof of when, "
        "rely on the time of the push.",
    .examples = examples,
    .run = run_git,
    .failed = vouch_reach_failed,
};
