// SPDX-License-Identifier: ISC
// What ssh reads for one zone: see zone-dir.h.
#include "prog/vouch/zone-dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "prog/vouch/home.h"
#include "prog/vouch/key-pair.h"
#include "prog/vouch/load.h"
#include "prog/vouch/new-key.h"
#include "prog/vouch/ssh-config.h"

#define CERT_LINE_MAX (512u * 1024)
#define KEY_FILE_MAX (64u * 1024)
#define ZONES_MAX 256 // as many as a policy has

static const char *const files[] = {
    "id",    "id.pub",     "id-cert.pub", "request-cert.pub", "known_hosts",
    "hosts", "login.json", "lock",        "failed",           NULL,
};

int vouch_zone_root(char ret_path[static PATH_MAX], struct vouch_fault *fault) {
    return vouch_home_path(&vouch_home_ssh, "/vouch", ret_path, fault);
}

// As names of zones are in a policy; no folder of another kind can be meant by it.
static int is_name(const char *name, size_t max) {
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-");
    return len > 0 && len < max && name[len] == '\0' && name[0] != '.' && name[0] != '-';
}

int vouch_zone_dir_of(const char *zone, struct vouch_zone_dir *ret_dir, struct vouch_fault *fault) {
    struct vouch_zone_dir dir = {.zone = ""};
    char rest[sizeof "/vouch/" + sizeof dir.zone];
    if (!is_name(zone, sizeof dir.zone)) {
        vouch_fault_set(fault, VOUCH_ERR_ARGUMENT, &vouch_fault_usage,
                        "\"%s\" is not the name of a zone", zone);
        return vouch_fault_next(fault, "vouch status shows your zones");
    }
    (void)snprintf(dir.zone, sizeof dir.zone, "%s", zone);
    (void)snprintf(rest, sizeof rest, "/vouch/%s", zone);
    int err = vouch_home_path(&vouch_home_ssh, rest, dir.path, fault);
    if (err == 0) {
        *ret_dir = dir;
    }
    return err;
}

int vouch_zone_dir_make(const struct vouch_zone_dir *dir, struct vouch_fault *fault) {
    int err = vouch_ssh_folder_make(fault);
    if (err == 0) {
        err = vouch_home_make_folders(dir->path, fault);
    }
    if (err == 0 && mkdir(dir->path, 0700) != 0 && errno != EEXIST) {
        err = vouch_io_write_fault(dir->path, fault);
    }
    return err;
}

int vouch_zone_dir_file(const struct vouch_zone_dir *dir, const char *name,
                        char ret_path[static PATH_MAX], struct vouch_fault *fault) {
    int len = snprintf(ret_path, PATH_MAX, "%s/%s", dir->path, name);
    return len > 0 && len < PATH_MAX
               ? 0
               : vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_ssh_files,
                                 "%s: longer than a path can be", dir->path);
}

// The key

static int make_key(const struct vouch_zone_dir *dir, const char *path, const char *public_path,
                    struct vouch_key **ret_key, struct vouch_fault *fault) {
    char actor[256], comment[400];
    struct vouch_private_key *key = NULL;
    vouch_actor_name(actor, sizeof actor);
    (void)snprintf(comment, sizeof comment, "vouch %s %s", dir->zone, actor);
    const struct vouch_key_pair pair = {
        .path = path,
        .public_path = public_path,
        .comment = comment,
        .type = VOUCH_KEY_ED25519,
    };
    int err = vouch_key_pair_make(&pair, &key, fault);
    if (err != 0) {
        return err;
    }
    *ret_key = vouch_key_copy(vouch_private_key_public(key));
    vouch_private_key_free(key);
    return *ret_key != NULL
               ? 0
               : vouch_fault_set(fault, VOUCH_ERR_NO_MEMORY, &vouch_fault_memory, "out of memory");
}

// Of the private file, whatever stands in the other one: a certificate for any other key is of no use.
static int public_half(const char *path, struct vouch_key **ret_key, struct vouch_fault *fault) {
    vouch_autosecret struct vouch_secret file = {0};
    struct vouch_where where = {0};
    int err = vouch_io_read_secret(path, KEY_FILE_MAX, VOUCH_IO_PRIVATE, &file, fault);
    if (err != 0) {
        return err;
    }
    err = vouch_keyfile_parse_public(vouch_secret_bytes(&file), ret_key, &where);
    return err == 0 ? 0 : vouch_fault_where(fault, err, &vouch_fault_key_file, path, &where);
}

int vouch_zone_dir_key(const struct vouch_zone_dir *dir, struct vouch_key **ret_key,
                       struct vouch_fault *fault) {
    char path[PATH_MAX], public_path[PATH_MAX];
    int err = vouch_zone_dir_make(dir, fault);
    if (err == 0) {
        err = vouch_zone_dir_file(dir, "id", path, fault);
    }
    if (err == 0) {
        err = vouch_zone_dir_file(dir, "id.pub", public_path, fault);
    }
    if (err != 0) {
        return err;
    }
    if (access(path, F_OK) != 0) {
        // A public half alone is of no use to anybody.
        (void)unlink(public_path);
        return make_key(dir, path, public_path, ret_key, fault);
    }
    return public_half(path, ret_key, fault);
}

// Certificates and other files

int vouch_zone_dir_put(const struct vouch_zone_dir *dir, const char *name, struct vouch_bytes text,
                       struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = vouch_zone_dir_file(dir, name, path, fault);
    const struct vouch_io_file file = {.path = path, .mode = 0600, .existing = VOUCH_IO_REPLACE};
    return err == 0 ? vouch_io_write(&file, text, fault) : err;
}

int vouch_zone_dir_put_cert(const struct vouch_zone_dir *dir, const char *name,
                            const struct vouch_cert *cert, struct vouch_fault *fault) {
    struct vouch_buf line;
    vouch_buf_init(&line, CERT_LINE_MAX);
    vouch_cert_print(cert->blob, dir->zone, &line);
    vouch_buf_put_text(&line, "\n");
    int err = line.err != 0 ? vouch_fault_set(fault, line.err, &vouch_fault_memory, "out of memory")
                            : vouch_zone_dir_put(dir, name, vouch_buf_bytes(&line), fault);
    vouch_buf_done(&line);
    return err;
}

int vouch_zone_dir_cert(const struct vouch_zone_dir *dir, const char *name,
                        struct vouch_cert **ret_cert, struct vouch_fault *fault) {
    char path[PATH_MAX];
    struct vouch_cert_list list = {0};
    int err = vouch_zone_dir_file(dir, name, path, fault);
    if (err == 0) {
        err = vouch_load_certs(path, &list, fault);
    }
    if (err == 0) {
        *ret_cert = vouch_steal(list.certs[0].cert);
    }
    vouch_cert_list_done(&list);
    return err;
}

int vouch_zone_dir_remove(const struct vouch_zone_dir *dir, struct vouch_fault *fault) {
    char path[PATH_MAX];
    int err = 0;
    for (size_t i = 0; files[i] != NULL && err == 0; i++) {
        err = vouch_zone_dir_file(dir, files[i], path, fault);
        if (err == 0 && unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR) {
            err = vouch_io_write_fault(path, fault);
        }
    }
    if (err == 0) {
        (void)rmdir(dir->path); // stays where a person has put something else into it
    }
    return err;
}

// All zones

static int is_zone(const char *root, const char *name) {
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/%s/login.json", root, name);
    return is_name(name, sizeof((struct vouch_zone_dir *)0)->zone) && len < (int)sizeof path &&
           access(path, F_OK) == 0;
}

static int is_shown(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

int vouch_zone_each(vouch_zone_fn *each, void *context, struct vouch_fault *fault) {
    char root[PATH_MAX];
    struct dirent **entries = NULL;
    int err = vouch_zone_root(root, fault);
    int count = err == 0 ? scandir(root, &entries, is_shown, alphasort) : 0;
    unsigned seen = 0;
    for (int i = 0; i < count; i++) {
        struct vouch_zone_dir dir;
        if (err == 0 && seen < ZONES_MAX && is_zone(root, entries[i]->d_name)) {
            seen++;
            err = vouch_zone_dir_of(entries[i]->d_name, &dir, fault);
            err = err == 0 ? each(context, &dir, fault) : err;
        }
        free(entries[i]);
    }
    free(entries);
    return err;
}
