// SPDX-License-Identifier: ISC
// What ssh reads: see ssh-config.h.
#include "prog/vouch/ssh-config.h"

#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "prog/vouch/answer.h"
#include "prog/vouch/home.h"
#include "prog/vouch/zone-login.h"

#define CONFIG_MAX (4u * 1024 * 1024)
#define SAFE "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@=,:~"

static int no_memory(struct vouch_fault *fault) {
    return vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

// ssh takes ~ for the folder in the password file, whatever HOME says. What follows HOME in the path, or
// NULL where the two are not the same folder.
static const char *behind_home(const char *path) {
    char room[2048];
    struct passwd entry, *found = NULL;
    const char *home = getenv("HOME");
    if (home == NULL || getpwuid_r(getuid(), &entry, room, sizeof room, &found) != 0 ||
        found == NULL || strcmp(found->pw_dir, home) != 0) {
        return NULL;
    }
    size_t len = strlen(home);
    return strncmp(path, home, len) == 0 && path[len] == '/' ? path + len : NULL;
}

int vouch_ssh_path(const char *path, struct vouch_buf *out, struct vouch_fault *fault) {
    const char *rest = behind_home(path);
    const char *shown = rest != NULL ? rest : path;
    size_t len = strlen(shown);
    if (strspn(shown, SAFE " ") != len) {
        return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_ssh_files,
                               "%s: the path has a character that cannot stand in ssh's files",
                               path);
    }
    int quoted = strchr(shown, ' ') != NULL;
    vouch_buf_put_text(out, quoted ? "\"" : "");
    vouch_buf_put_text(out, rest != NULL ? "~" : "");
    vouch_buf_put_text(out, shown);
    vouch_buf_put_text(out, quoted ? "\"" : "");
    return 0;
}

// The program

// The first of PATH called vouch, as the shell will find it.
static int is_found_by_name(const char *self) {
    const char *path = getenv("PATH");
    char found[PATH_MAX], real[PATH_MAX];
    while (path != NULL && *path != '\0') {
        int len = (int)strcspn(path, ":");
        (void)snprintf(found, sizeof found, "%.*s/vouch", len, path);
        if (access(found, X_OK) == 0) {
            return realpath(found, real) != NULL && strcmp(real, self) == 0;
        }
        path += len;
        path += *path == ':';
    }
    return 0;
}

// How the shell that ssh starts calls this program.
static int put_program(struct vouch_buf *out, struct vouch_fault *fault) {
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    self[len > 0 ? len : 0] = '\0';
    if (len <= 0 || is_found_by_name(self)) {
        vouch_buf_put_text(out, "vouch");
        return 0;
    }
    if (strspn(self, SAFE) != (size_t)len) {
        return vouch_fault_set(fault, VOUCH_ERR_FORMAT, &vouch_fault_ssh_files,
                               "%s: the path has a character that cannot stand in ssh's files",
                               self);
    }
    vouch_buf_put_text(out, self);
    return 0;
}

// ~/.ssh/vouch/config

struct config {
    struct vouch_buf hosts; // lines that include lists of host names
    struct vouch_buf blocks;
};

static int put_file(const char *word, const struct vouch_zone_dir *dir, const char *name,
                    struct vouch_buf *out, struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_zone_dir_file(dir, name, path, fault);
    vouch_buf_put_text(out, word);
    if (err == 0) {
        err = vouch_ssh_path(path, out, fault);
    }
    return err;
}

// The person's own key where one was given: without .pub where its private half lies beside it.
static int put_identity(const struct vouch_zone_dir *dir, const json_t *login,
                        struct vouch_buf *out, struct vouch_fault *fault) {
    const char *own = vouch_answer_text(login, "key");
    char path[PATH_MAX];
    if (own == NULL) {
        return put_file("    IdentityFile    ", dir, "id", out, fault);
    }
    size_t len = strlen(own);
    (void)snprintf(path, sizeof path, "%s", own);
    if (len > 4 && len < sizeof path && strcmp(own + len - 4, ".pub") == 0) {
        path[len - 4] = '\0';
        if (access(path, F_OK) != 0) {
            (void)snprintf(path, sizeof path, "%s", own);
        }
    }
    vouch_buf_put_text(out, "    IdentityFile    ");
    return vouch_ssh_path(path, out, fault);
}

static int put_known_hosts(const struct vouch_zone_dir *dir, const char *patterns,
                           struct vouch_buf *out, struct vouch_fault *fault) {
    char own[PATH_MAX];
    vouch_buf_put_text(out, "Match host ");
    vouch_buf_put_text(out, patterns);
    int err = put_file("\n    UserKnownHostsFile ", dir, "known_hosts", out, fault);
    if (err == 0) {
        err = vouch_home_path(&vouch_home_ssh, "/known_hosts", own, fault);
    }
    vouch_buf_put_text(out, " ");
    return err == 0 ? vouch_ssh_path(own, out, fault) : err;
}

static int put_certificates(const struct vouch_zone_dir *dir, const json_t *login,
                            const char *patterns, struct vouch_buf *out,
                            struct vouch_fault *fault) {
    vouch_buf_put_text(out, "\nMatch host ");
    vouch_buf_put_text(out, patterns);
    vouch_buf_put_text(out, " exec \"");
    int err = put_program(out, fault);
    vouch_buf_put_text(out, " hook ");
    vouch_buf_put_text(out, dir->zone);
    vouch_buf_put_text(out, "\"\n");
    if (err == 0) {
        err = put_identity(dir, login, out, fault);
    }
    if (err == 0) {
        err = put_file("\n    CertificateFile ", dir, "id-cert.pub", out, fault);
    }
    if (err == 0) {
        err = put_file("\n    CertificateFile ", dir, "request-cert.pub", out, fault);
    }
    vouch_buf_put_text(out, "\n    IdentitiesOnly  yes\n");
    return err;
}

static int put_zone(void *context, const struct vouch_zone_dir *dir, struct vouch_fault *fault) {
    struct config *config = context;
    char text[VOUCH_ZONE_PATTERNS_MAX + 1];
    struct vouch_buf patterns;
    json_t *login = NULL;
    vouch_buf_init_fixed(&patterns, text, VOUCH_ZONE_PATTERNS_MAX);
    int err = vouch_zone_login_read(dir, &login, fault);
    if (err == 0) {
        err = vouch_zone_login_patterns(login, &patterns, fault);
    }
    text[patterns.len] = '\0';
    if (err == 0) {
        err = put_file("Include ", dir, "hosts", &config->hosts, fault);
        vouch_buf_put_text(&config->hosts, "\n");
    }
    if (err == 0) {
        err = put_known_hosts(dir, text, &config->blocks, fault);
    }
    if (err == 0) {
        err = put_certificates(dir, login, text, &config->blocks, fault);
    }
    json_decref(login);
    return err;
}

static int write_config(const char *path, struct config *config, struct vouch_fault *fault) {
    struct vouch_buf text;
    const struct vouch_io_file file = {.path = path, .mode = 0600, .existing = VOUCH_IO_REPLACE};
    vouch_buf_init(&text, CONFIG_MAX);
    vouch_buf_put_text(&text,
                       "# Written by vouch, which writes it anew at each login: do not edit. "
                       "\"vouch setup ssh --undo\" removes it.\n");
    vouch_buf_put(&text, vouch_buf_bytes(&config->hosts));
    vouch_buf_put(&text, vouch_buf_bytes(&config->blocks));
    int bad = config->hosts.err != 0 || config->blocks.err != 0 || text.err != 0;
    int err = bad ? no_memory(fault) : vouch_io_write(&file, vouch_buf_bytes(&text), fault);
    vouch_buf_done(&text);
    return err;
}

int vouch_ssh_config_write(struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct config config;
    vouch_buf_init(&config.hosts, CONFIG_MAX / 2);
    vouch_buf_init(&config.blocks, CONFIG_MAX / 2);
    int err = vouch_home_path(&vouch_home_ssh, "/vouch/config", path, fault);
    if (err == 0) {
        err = vouch_ssh_folder_make(fault);
    }
    if (err == 0) {
        err = vouch_home_make_folders(path, fault);
    }
    if (err == 0) {
        err = vouch_zone_each(put_zone, &config, fault);
    }
    if (err == 0) {
        err = write_config(path, &config, fault);
    }
    vouch_buf_done(&config.hosts);
    vouch_buf_done(&config.blocks);
    return err;
}
