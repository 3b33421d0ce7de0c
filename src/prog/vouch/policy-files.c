// SPDX-License-Identifier: ISC
// Policy files of this machine: see policy-files.h.
#include "prog/vouch/policy-files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"

#define SUFFIX ".yaml"

static int read_file(struct vouch_policy_draft *draft, const char *path,
                     struct vouch_fault *fault) {
    struct vouch_buf text;
    vouch_buf_init(&text, VOUCH_POLICY_FILE_MAX);
    int err = vouch_io_read(path, VOUCH_POLICY_FILE_MAX, &text, fault);
    if (err == 0) {
        const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
        err = vouch_policy_draft_read(draft, name, vouch_buf_bytes(&text), fault);
    }
    vouch_buf_done(&text);
    return err;
}

// Hidden files are those that editors leave behind.
static int is_policy_file(const struct dirent *entry) {
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > sizeof SUFFIX - 1 &&
           strcmp(entry->d_name + len - (sizeof SUFFIX - 1), SUFFIX) == 0;
}

// scandir() sorts by the locale otherwise, and the first fault would depend on it.
static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_folder(struct vouch_policy_draft *draft, const char *path,
                       struct vouch_fault *fault) {
    struct dirent **entries = NULL;
    int err = 0, count = scandir(path, &entries, is_policy_file, by_name);
    if (count <= 0) {
        free(entries);
        vouch_fault_set(fault, count < 0 ? VOUCH_ERR_IO : VOUCH_ERR_NOT_FOUND, &vouch_fault_read,
                        "%s: cannot read: %s", path,
                        count < 0 ? strerror(errno) : "there is no file *.yaml in it");
        return vouch_fault_next(fault, "name the folder or the files of the policy");
    }
    for (int i = 0; i < count; i++) {
        char file[PATH_MAX];
        int len = snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (err == 0 && len >= (int)sizeof file) {
            err = vouch_fault_set(fault, VOUCH_ERR_LIMIT, &vouch_fault_read,
                                  "%s: the path of a file in it is too long", path);
        }
        if (err == 0) {
            err = read_file(draft, file, fault);
        }
        free(entries[i]);
    }
    free(entries);
    return err;
}

int vouch_policy_files_read(char *const *paths, size_t count, struct vouch_policy **ret_policy,
                            struct vouch_fault *fault) {
    vouch_autodraft struct vouch_policy_draft *draft = NULL;
    int err = vouch_policy_draft_new(&draft, fault);
    for (size_t i = 0; i < count && err == 0; i++) {
        struct stat status;
        int is_folder = stat(paths[i], &status) == 0 && S_ISDIR(status.st_mode);
        err = is_folder ? read_folder(draft, paths[i], fault) : read_file(draft, paths[i], fault);
    }
    return err == 0 ? vouch_policy_new(vouch_policy_draft_content(draft), ret_policy, fault) : err;
}
